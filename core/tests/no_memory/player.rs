//! A host that plays a scenario, whatever fails, and keeps what came of it.

use std::fmt::Debug;
use std::time::Duration;

use sansock::{Config, Connection, Error, FaultKind, MessageKind, Received, Transport};

use super::allocator::{armed, failed, stop};
use super::common::drive::{ms, seed};
use super::common::transcript;

/// What came of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<String>,
    pub(crate) output: Vec<u8>,
    /// The engine has reported that there was no memory, in an event. The scenario was not played further.
    pub(crate) ended: bool,
    /// Calls that returned that there was no memory, changed nothing, and were made again.
    pub(crate) repeated: usize,
}

/// A connection, and its host.
pub(crate) struct Player {
    connection: Connection,
    now: u64,
    outcome: Outcome,
}

/// What a host can see of a connection that an error must leave as it is.
fn visible(connection: &Connection) -> impl PartialEq + Debug + use<> {
    let fault = connection.fault().map(|fault| fault.kind);
    let (state, transport) = (connection.state(), connection.transport());
    (connection.output().to_vec(), connection.next_deadline(), state, transport, fault, connection.has_more())
}

/// Makes a call that may want for memory. If it does, nothing fails when it is made again.
fn persist<T, R>(subject: &mut T, mut call: impl FnMut(&mut T) -> Result<R, Error>) -> (Result<R, Error>, usize) {
    let before = failed();
    match call(subject) {
        Err(Error::NoMemory) => {
            assert!(failed() > before, "no memory is reported where there was enough");
            stop();
            (call(subject), 1)
        }
        result => (result, 0),
    }
}

impl Player {
    pub(crate) fn new(config: &Config) -> Self {
        let (connection, repeated) = persist(&mut (), |()| armed(|| Connection::new(config, seed(), ms(0))));
        let outcome = Outcome { repeated, ..Outcome::default() };
        Player { connection: connection.expect("memory"), now: 0, outcome }
    }

    /// The outcome. The connection is dropped.
    pub(crate) fn finish(mut self) -> Outcome {
        self.write();
        if self.outcome.ended {
            self.connection.receive_eof(ms(self.now)).events.for_each(drop);
            self.write();
            assert!(self.connection.transport() != Transport::Open, "a connection that has ended is open");
        }
        self.outcome
    }

    /// Makes a call that is no input call.
    pub(crate) fn call<R>(&mut self, mut call: impl FnMut(&mut Connection, Duration) -> Result<R, Error>) {
        if self.outcome.ended {
            return;
        }
        let now = ms(self.now);
        let (result, repeated) = persist(&mut self.connection, |connection| {
            let before = visible(connection);
            let result = armed(|| call(connection, now));
            if matches!(result, Err(Error::NoMemory)) {
                assert_eq!(visible(connection), before, "a call that fails changes nothing");
            }
            result
        });
        self.outcome.repeated += repeated;
        assert!(result.is_ok(), "{:?}", result.err());
    }

    /// Makes an input call, and takes its events. Returns how much was consumed.
    pub(crate) fn input(
        &mut self,
        mut call: impl for<'a> FnMut(&'a mut Connection, Duration) -> Result<Received<'a>, Error>,
    ) -> (usize, bool) {
        if self.outcome.ended {
            return (0, false);
        }
        let now = ms(self.now);
        let (result, repeated) = persist(&mut self.connection, |connection| {
            let before = visible(connection);
            let result = match armed(|| call(connection, now)) {
                Ok(received) => Ok((received.consumed, transcript::lines(received.events))),
                Err(error) => Err(error),
            };
            if matches!(result, Err(Error::NoMemory)) {
                assert_eq!(visible(connection), before, "a call that fails changes nothing");
            }
            result
        });
        self.outcome.repeated += repeated;
        let (consumed, lines) = result.expect("a call at its time");
        let came = !lines.is_empty();
        self.outcome.ended |= lines.iter().any(|line| is_no_memory(line));
        self.outcome.events.extend(lines);
        (consumed, came)
    }

    /// Passes bytes on in reads of this size.
    pub(crate) fn receive_in(&mut self, bytes: &[u8], size: usize) {
        let pieces: Vec<&[u8]> = if bytes.is_empty() { vec![bytes] } else { bytes.chunks(size).collect() };
        for piece in pieces {
            let mut input = piece.to_vec();
            let mut at = 0;
            while at < input.len() || self.connection.has_more() {
                let taken = self.receive_once(&mut input[at..]);
                at += taken.0;
                if taken == (0, false) {
                    break;
                }
            }
        }
    }

    fn receive_once(&mut self, input: &mut [u8]) -> (usize, bool) {
        if self.outcome.ended {
            return (0, false);
        }
        let received = armed(|| self.connection.receive(input, ms(self.now)));
        let consumed = received.consumed;
        let lines = transcript::lines(received.events);
        self.outcome.ended |= lines.iter().any(|line| is_no_memory(line));
        let came = !lines.is_empty();
        self.outcome.events.extend(lines);
        (consumed, came)
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.receive_in(bytes, bytes.len());
    }

    pub(crate) fn eof(&mut self) {
        self.input(|connection, now| Ok(connection.receive_eof(now)));
    }

    pub(crate) fn accept(&mut self) {
        self.input(|connection, now| connection.accept(None, now));
        self.receive(&[]);
    }

    pub(crate) fn respond(&mut self, status: u16, reason: &str, body: &[u8]) {
        self.input(|connection, now| connection.respond(status, reason, body, now));
    }

    pub(crate) fn header(&mut self, name: &str, value: &[u8]) {
        self.call(|connection, _| connection.add_response_header(name, value));
    }

    pub(crate) fn send(&mut self, kind: MessageKind, payload: &[u8]) {
        self.call(|connection, _| match kind {
            MessageKind::Text => connection.send_text(str::from_utf8(payload).expect("a text")),
            MessageKind::Binary => connection.send_binary(payload),
        });
    }

    pub(crate) fn part(&mut self, kind: MessageKind, data: &[u8], last: bool) {
        self.call(|connection, _| connection.send_part(kind, data, last));
    }

    pub(crate) fn run_to(&mut self, now: u64) {
        while let Some(deadline) = self.connection.next_deadline().filter(|deadline| *deadline <= ms(now)) {
            if self.outcome.ended {
                return;
            }
            self.now = self.now.max(deadline.as_millis() as u64);
            self.input(|connection, now| Ok(connection.timeout(now)));
        }
        self.now = now;
    }

    /// Writes all output.
    pub(crate) fn write(&mut self) {
        while !self.connection.output().is_empty() {
            let bytes = self.connection.output();
            self.outcome.output.extend_from_slice(bytes);
            let count = bytes.len();
            armed(|| self.connection.written(count)).expect("no more than there is");
        }
    }
}

/// Whether an event says that there was no memory.
pub(crate) fn is_no_memory(line: &str) -> bool {
    let name = FaultKind::NoMemory.name();
    line.strip_prefix("closed ").is_some_and(|rest| rest.ends_with(&format!("fault={name}")))
        || line.strip_prefix("fault ").is_some_and(|rest| rest.starts_with(name))
}

/// Plays a conversation with a proxy. `header`: the length of a header that is sent to it, if it is not 0.
#[cfg(feature = "tunnel")]
pub(crate) fn play_tunnel(url: &str, header: usize, answer: &[u8]) -> Outcome {
    let proxy = sansock::Proxy::parse(url).expect("the URL of a proxy");
    let mut config = sansock::TunnelConfig::new(&proxy, "example.com", 443).expect("a target");
    if header > 0 {
        config.add_header("X-Large", "v".repeat(header)).expect("a header");
    }
    let (tunnel, repeated) = persist(&mut (), |()| armed(|| sansock::Tunnel::new(&config, ms(0))));
    let (mut tunnel, mut outcome) = (tunnel.expect("memory"), Outcome { repeated, ..Outcome::default() });
    let write = |tunnel: &mut sansock::Tunnel, outcome: &mut Outcome| {
        outcome.output.extend_from_slice(tunnel.output());
        tunnel.written(tunnel.output().len()).expect("no more than there is");
    };
    write(&mut tunnel, &mut outcome);
    for piece in answer.chunks(900) {
        let received = armed(|| tunnel.receive(piece, ms(1)));
        outcome.events.extend(transcript::lines(received.events));
        write(&mut tunnel, &mut outcome);
    }
    let received = armed(|| tunnel.timeout(ms(90_000)));
    outcome.events.extend(transcript::lines(received.events));
    outcome.ended = outcome.events.iter().any(|line| is_no_memory(line));
    outcome
}
