//! A host, small: it does what every host must after each call, and keeps what came of it.

use std::time::Duration;

use sansock::{Config, ConfigBuilder, Connection, Error, FaultKind, Received, Role, Transport};

use super::transcript;

/// The key of RFC 6455 §1.3.
pub(crate) const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The seed of every connection in the tests.
pub(crate) fn seed() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

/// A time.
pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A configuration for a stream that is upgraded already.
pub(crate) fn opened(role: Role) -> ConfigBuilder {
    Config::builder(role).start_open(true)
}

/// A configuration for a client.
pub(crate) fn client() -> ConfigBuilder {
    Config::client("ws://example.com/chat")
}

/// A connection and its clock, with all events and all output so far.
pub(crate) struct Host {
    pub(crate) connection: Connection,
    /// In milliseconds.
    pub(crate) now: u64,
    pub(crate) events: Vec<String>,
    pub(crate) output: Vec<u8>,
    /// The output is left in the engine.
    pub(crate) held: bool,
    /// Fields for the next call that takes some.
    pub(crate) fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Host {
    pub(crate) fn new(config: ConfigBuilder) -> Self {
        Host::of(&config.build().expect("a good configuration"))
    }

    /// A host of a configuration that connections share.
    pub(crate) fn of(config: &Config) -> Self {
        Host::holding(config, false)
    }

    /// The same, which perhaps leaves the output in the engine from the start.
    pub(crate) fn holding(config: &Config, held: bool) -> Self {
        let connection = Connection::new(config, seed(), ms(0)).expect("memory");
        let mut host = Host { connection, now: 0, events: Vec::new(), output: Vec::new(), held, fields: Vec::new() };
        host.record(Vec::new());
        host
    }

    pub(crate) fn open(role: Role) -> Self {
        Host::new(opened(role))
    }

    /// Passes bytes on as one read. Returns how many were left because the engine could not consume them yet.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut input = bytes.to_vec();
        let mut at = 0;
        loop {
            let Received { consumed, events, .. } = self.connection.receive(&mut input[at..], ms(self.now));
            let lines = transcript::lines(events);
            let nothing_came = consumed == 0 && lines.is_empty();
            self.record(lines);
            at += consumed;
            if at == input.len() {
                self.take_more();
                return 0;
            }
            if nothing_came && !self.connection.has_more() {
                return input.len() - at;
            }
        }
    }

    /// Passes bytes on in pieces of this size.
    pub(crate) fn receive_in_pieces(&mut self, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            assert_eq!(self.receive(piece), 0, "the engine must consume all");
        }
    }

    /// Takes the events that are ready, as after a call that closed the connection.
    pub(crate) fn take_more(&mut self) {
        while self.connection.has_more() {
            let lines = transcript::lines(self.connection.receive(&mut [], ms(self.now)).events);
            let nothing_came = lines.is_empty();
            self.record(lines);
            assert!(!nothing_came || !self.connection.has_more(), "more is promised and nothing comes");
        }
    }

    pub(crate) fn eof(&mut self) {
        self.input(|connection, now| Ok(connection.receive_eof(now))).expect("always legal");
    }

    pub(crate) fn timeout(&mut self) {
        self.input(|connection, now| Ok(connection.timeout(now))).expect("always legal");
    }

    /// Accepts the request that has come.
    pub(crate) fn accept(&mut self) {
        self.input(|connection, now| connection.accept(None, now)).expect("a request that waits");
    }

    /// Makes an input call, and keeps its events.
    pub(crate) fn input(
        &mut self,
        call: impl for<'a> FnOnce(&'a mut Connection, Duration) -> Result<Received<'a>, Error>,
    ) -> Result<(), Error> {
        let lines = transcript::lines(call(&mut self.connection, ms(self.now))?.events);
        self.record(lines);
        Ok(())
    }

    /// Lets the clock run to `now`, calling `timeout` at each deadline on the way.
    pub(crate) fn run_to(&mut self, now: u64) {
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= now) {
            self.now = self.now.max(deadline);
            self.timeout();
        }
        self.now = now;
    }

    /// The next deadline in milliseconds.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.connection.next_deadline().map(|deadline| deadline.as_millis() as u64)
    }

    /// Takes the output, and what waits behind it.
    pub(crate) fn drain(&mut self) {
        while !self.connection.output().is_empty() {
            let bytes = self.connection.output();
            self.output.extend_from_slice(bytes);
            let count = bytes.len();
            self.connection.written(count).expect("no more than there is");
        }
    }

    /// The events since the last call of this.
    pub(crate) fn take_events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    /// The output since the last call of this.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        self.drain();
        std::mem::take(&mut self.output)
    }

    pub(crate) fn fault(&self) -> Option<FaultKind> {
        self.connection.fault().map(|fault| fault.kind)
    }

    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport()
    }

    /// Keeps events, and takes the output.
    fn record(&mut self, lines: Vec<String>) {
        self.events.extend(lines);
        if !self.held {
            self.drain();
        }
    }
}

/// What an engine in this configuration makes of these bytes, in one read.
pub(crate) fn verdict(config: ConfigBuilder, bytes: &[u8]) -> Option<FaultKind> {
    let mut host = Host::new(config);
    host.receive(bytes);
    host.fault()
}

/// A head: its first line, its other lines, and the end.
pub(crate) fn head(first: &str, lines: &[&str]) -> Vec<u8> {
    let mut head = format!("{first}\r\n");
    lines.iter().for_each(|line| head.push_str(&format!("{line}\r\n")));
    head.push_str("\r\n");
    head.into_bytes()
}

/// The headers of [`REQUEST`].
pub(crate) const HEADERS: [&str; 5] = [
    "Host: a",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A good request with these headers added.
pub(crate) fn request_with(lines: &[&str]) -> Vec<u8> {
    head("GET / HTTP/1.1", &[&HEADERS[..], lines].concat())
}

/// A good request with the header of this index replaced by these.
pub(crate) fn request_replacing(index: usize, lines: &[&str]) -> Vec<u8> {
    head("GET / HTTP/1.1", &[&HEADERS[..index], lines, &HEADERS[index + 1..]].concat())
}

/// A client and the good answer to its request, from RFC 6455 §4.2.2: the accept value is computed by a server.
pub(crate) fn client_and_answer(config: ConfigBuilder) -> (Host, Vec<u8>) {
    let mut client = Host::new(config);
    let mut server = Host::new(Config::server());
    server.receive(&client.take_output());
    server.accept();
    let answer = server.take_output();
    client.take_events();
    (client, answer)
}
