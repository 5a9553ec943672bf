//! Two engines, what is between them, and the properties that hold of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use sansock::{CloseCode, Connection, Error, Event, FaultKind, Received, State, Transport};

use super::Setting;
use crate::common::drive::{ms, seed};
use crate::common::frames::{self, CLOSE, FIN, PING, PONG, TEXT};

/// What can happen. All but the last is done by one end, or to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The host sends a short text.
    Text,
    /// It sends a text that is long enough to be compressed.
    Compressed,
    Ping,
    Close,
    Fail,
    /// It stops reading.
    Pause,
    Resume,
    Accept,
    Reject,
    /// It writes all output.
    Write,
    /// The transport takes half of the output.
    WriteHalf,
    /// All that is on its way arrives, or the end of the stream behind it.
    Deliver,
    /// Half of it arrives.
    DeliverHalf,
    /// The stream to this end breaks: what is on its way is lost.
    Cut,
    /// The host calls `timeout`, which is due.
    Due,
    /// The clock runs to the next deadline that has not passed.
    Jump,
}

/// How a connection ended, as its host was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ended {
    code: u16,
    clean: bool,
    by_peer: bool,
    close_sent: Option<u16>,
    fault: Option<FaultKind>,
}

/// One of the two.
struct End {
    connection: Connection,
    /// On its way to this end, and whether the stream ends behind it.
    inbox: Vec<u8>,
    inbox_ends: bool,
    eof: bool,
    /// All that it has written.
    log: Vec<u8>,
    /// The first bytes of the texts that it has sent, and that it has received.
    sent: Vec<u8>,
    received: Vec<u8>,
    is_open: bool,
    request_waits: bool,
    /// The host has called `close` or `fail`.
    own_close: bool,
    closing: bool,
    ended: Option<Ended>,
    /// Its host has closed the transport.
    gone: bool,
    paused_at: Option<u64>,
    /// When output was written, or began to wait.
    output_at: u64,
    /// When the closing began, or ended.
    closing_at: u64,
    pings: u8,
    /// What the transport was last told to do.
    transport: Transport,
    /// How many bytes it had written or queued when it was closed.
    last_byte: Option<usize>,
}

/// An event, without its borrows.
enum Fact {
    Open,
    Request,
    Text(u8),
    Closing,
    Ended(Ended),
    Other,
}

fn facts(received: Received<'_>) -> Vec<Fact> {
    let fact = |event| match event {
        Event::Open(_) => Fact::Open,
        Event::Request(_) => Fact::Request,
        Event::Text(text) => Fact::Text(text.text.as_bytes()[0]),
        Event::Closing(_) => Fact::Closing,
        Event::Closed(closed) => Fact::Ended(Ended {
            code: closed.code.get(),
            clean: closed.clean,
            by_peer: closed.by_peer,
            close_sent: closed.close_sent.map(CloseCode::get),
            fault: closed.fault,
        }),
        _ => Fact::Other,
    };
    received.events.map(fact).collect()
}

pub(crate) struct World {
    ends: [End; 2],
    now: u64,
    path: Vec<(u8, Act)>,
    acts: &'static [Act],
    keepalive: bool,
    /// The link was cut, a host gave up, or the clock ran: then a connection need not end cleanly.
    disturbed: bool,
    /// The server has refused the request.
    refused: bool,
}

impl World {
    fn new(setting: &Setting) -> Self {
        let ends = setting.configs.each_ref().map(|config| {
            let connection = Connection::new(config, seed(), ms(0)).expect("memory");
            End {
                is_open: connection.state() == State::Open,
                connection,
                inbox: Vec::new(),
                inbox_ends: false,
                eof: false,
                log: Vec::new(),
                sent: Vec::new(),
                received: Vec::new(),
                request_waits: false,
                own_close: false,
                closing: false,
                ended: None,
                gone: false,
                paused_at: None,
                output_at: 0,
                closing_at: 0,
                pings: 0,
                transport: Transport::Open,
                last_byte: None,
            }
        });
        World {
            ends,
            now: 0,
            path: Vec::new(),
            acts: setting.acts,
            keepalive: setting.keepalive,
            disturbed: false,
            refused: false,
        }
    }

    /// The world at the end of a path.
    pub(crate) fn after(setting: &Setting, path: &[(u8, Act)]) -> Self {
        let mut world = World::new(setting);
        path.iter().for_each(|step| world.act(*step));
        world
    }

    /// What can happen next.
    pub(crate) fn possible(&self) -> Vec<(u8, Act)> {
        let by = |by: u8| self.acts.iter().map(move |act| (by, *act));
        by(0).chain(by(1)).filter(|step| self.is_possible(*step)).collect()
    }

    fn is_possible(&self, (by, act): (u8, Act)) -> bool {
        let end = &self.ends[usize::from(by)];
        let pending = end.connection.pending_output();
        match act {
            Act::Jump => by == 0 && self.next_jump().is_some(),
            _ if end.gone => false,
            Act::Text | Act::Compressed | Act::Ping | Act::Close | Act::Fail => end.ended.is_none(),
            Act::Pause => end.is_open && end.paused_at.is_none() && end.ended.is_none(),
            Act::Resume => end.paused_at.is_some(),
            Act::Accept | Act::Reject => end.request_waits,
            Act::Write => pending > 0,
            Act::WriteHalf => pending > 1,
            Act::Deliver => end.paused_at.is_none() && (!end.inbox.is_empty() || end.inbox_ends && !end.eof),
            Act::DeliverHalf => end.paused_at.is_none() && end.inbox.len() > 1,
            Act::Cut => !end.eof,
            Act::Due => self.is_due(by.into()),
        }
    }

    fn deadline(&self, by: usize) -> Option<u64> {
        let end = &self.ends[by];
        end.connection.next_deadline().filter(|_| !end.gone).map(|deadline| deadline.as_millis() as u64)
    }

    fn is_due(&self, by: usize) -> bool {
        self.deadline(by).is_some_and(|deadline| deadline <= self.now)
    }

    fn next_jump(&self) -> Option<u64> {
        (0..2).filter_map(|by| self.deadline(by)).filter(|deadline| *deadline > self.now).min()
    }

    pub(crate) fn act(&mut self, (by, act): (u8, Act)) {
        self.path.push((by, act));
        let by = usize::from(by);
        let now = ms(self.now);
        let pending = self.ends[by].connection.pending_output();
        match act {
            Act::Text => self.send(by, 1),
            Act::Compressed => self.send(by, 80),
            Act::Ping => self.ping(by),
            Act::Close | Act::Fail => self.close(by, act),
            Act::Pause => {
                self.ends[by].paused_at = Some(self.now);
                self.ends[by].connection.pause(now);
            }
            Act::Resume => self.resume(by),
            Act::Accept | Act::Reject => self.decide(by, act),
            Act::Write => self.write(by, pending),
            Act::WriteHalf => self.write(by, pending / 2),
            Act::Deliver => self.deliver(by, usize::MAX),
            Act::DeliverHalf => self.deliver(by, self.ends[by].inbox.len() / 2),
            Act::Cut => {
                self.disturbed = true;
                self.ends[by].inbox.clear();
                self.ends[by].inbox_ends = true;
                self.deliver(by, 0);
            }
            Act::Due => self.timeout(by),
            Act::Jump => {
                self.disturbed = true;
                self.now = self.next_jump().expect("a deadline");
            }
        }
        if pending == 0 {
            self.ends[by].output_at = self.now;
        }
        (0..2).for_each(|by| self.obey(by));
    }

    /// §5.5.1: data is sent until our Close.
    fn send(&mut self, by: usize, len: usize) {
        let end = &mut self.ends[by];
        let id = [b'a', b'A'][usize::from(len > 1)] + (end.sent.len() % 2) as u8;
        let text = char::from(id).to_string().repeat(len);
        let may_send = end.is_open && !end.own_close && end.ended.is_none();
        let result = end.connection.send_text(&text);
        let is_full = result == Err(Error::WouldBlock) && end.connection.pending_output() > 0;
        assert!(is_full || (result == Ok(())) == may_send, "{result:?} after {:?}", self.path);
        if result == Ok(()) {
            end.sent.push(id);
        }
    }

    fn ping(&mut self, by: usize) {
        let end = &mut self.ends[by];
        if end.connection.ping(b"p", ms(self.now)).is_ok() {
            end.pings = end.pings.saturating_add(1);
        }
    }

    /// Either call does nothing where the connection is closed, and `fail` says so.
    fn close(&mut self, by: usize, act: Act) {
        let now = ms(self.now);
        let end = &mut self.ends[by];
        self.disturbed |= !end.is_open || act == Act::Fail;
        let expected = match (act, end.connection.state()) {
            (Act::Fail, State::Closed) => Err(Error::InvalidState),
            _ => Ok(()),
        };
        let result = match act {
            Act::Fail => end.connection.fail(CloseCode::INTERNAL_ERROR, "", now),
            _ => end.connection.close([CloseCode::NORMAL_CLOSURE, CloseCode::GOING_AWAY][by], "", now),
        };
        assert_eq!(result, expected, "after {:?}", self.path);
        if !end.own_close {
            end.closing_at = self.now;
        }
        end.own_close = true;
        end.request_waits = false;
    }

    fn resume(&mut self, by: usize) {
        self.ends[by].paused_at = None;
        self.ends[by].connection.resume(ms(self.now));
    }

    fn decide(&mut self, by: usize, act: Act) {
        let now = ms(self.now);
        let end = &mut self.ends[by];
        end.request_waits = false;
        self.refused = act == Act::Reject;
        let received = match act {
            Act::Accept => end.connection.accept(None, now),
            _ => end.connection.reject(403, "no", now),
        };
        let facts = facts(received.expect("a request waits"));
        self.note(by, facts);
    }

    fn timeout(&mut self, by: usize) {
        let facts = facts(self.ends[by].connection.timeout(ms(self.now)));
        self.note(by, facts);
    }

    fn write(&mut self, by: usize, count: usize) {
        let now = self.now;
        let [end, peer] = both(&mut self.ends, by);
        let bytes = &end.connection.output()[..count];
        end.log.extend_from_slice(bytes);
        if !peer.inbox_ends && !peer.gone {
            peer.inbox.extend_from_slice(bytes);
        }
        end.connection.written(count).expect("no more than there is");
        end.output_at = now;
    }

    fn deliver(&mut self, by: usize, count: usize) {
        let now = ms(self.now);
        let end = &mut self.ends[by];
        let facts = if end.inbox.is_empty() {
            end.eof = true;
            facts(end.connection.receive_eof(now))
        } else {
            let count = count.min(end.inbox.len());
            let mut bytes: Vec<u8> = end.inbox.drain(..count).collect();
            let received = end.connection.receive(&mut bytes, now);
            assert_eq!(received.consumed, count, "after {:?}", self.path);
            facts(received)
        };
        self.note(by, facts);
    }

    /// Keeps what the host is told, and checks what can be checked at once.
    fn note(&mut self, by: usize, facts: Vec<Fact>) {
        let now = self.now;
        let path = &self.path;
        let [end, peer] = both(&mut self.ends, by);
        for fact in facts {
            assert!(end.ended.is_none(), "an event behind the last, after {path:?}");
            match fact {
                Fact::Open => end.is_open = true,
                Fact::Request => end.request_waits = true,
                Fact::Text(id) => {
                    let next = peer.sent.get(end.received.len());
                    assert!(next == Some(&id) && !end.closing, "a text out of order, after {path:?}");
                    end.received.push(id);
                }
                Fact::Closing => {
                    assert_eq!(end.received, peer.sent, "Close overtakes messages, after {path:?}");
                    (end.closing, end.closing_at) = (true, now);
                }
                Fact::Ended(ended) => {
                    (end.ended, end.closing_at) = (Some(ended), now);
                    (end.is_open, end.request_waits) = (false, false);
                }
                Fact::Other => {}
            }
        }
    }

    /// The host does with the transport what it is told, which is never taken back. A closed connection adds no output.
    fn obey(&mut self, by: usize) {
        let path = &self.path;
        let [end, peer] = both(&mut self.ends, by);
        let transport = end.connection.transport();
        assert!(transport as u8 >= end.transport as u8, "{transport:?} after {path:?}");
        end.transport = transport;
        if end.connection.state() == State::Closed {
            let len = end.log.len() + end.connection.pending_output();
            let last_byte = *end.last_byte.get_or_insert(len);
            assert!(len <= last_byte, "output of a closed connection, after {path:?}");
        }
        if end.gone || !end.connection.output().is_empty() || transport == Transport::Open {
            return;
        }
        peer.inbox_ends = true;
        if transport == Transport::Close && end.ended.is_some() {
            end.gone = true;
            end.inbox.clear();
        }
    }
}

/// This end, and the other.
fn both(ends: &mut [End; 2], by: usize) -> [&mut End; 2] {
    let [client, server] = ends;
    if by == 0 { [client, server] } else { [server, client] }
}

/// What a state is.
impl World {
    /// All that the hosts and the link can see: what the engines say of themselves, output, bytes on their way, messages not
    /// delivered, deadlines; and how long ago that began on which a deadline may depend.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.disturbed, self.refused).hash(&mut hasher);
        for (by, end) in self.ends.iter().enumerate() {
            let connection = &end.connection;
            let since = |at: u64| self.now - at;
            (connection.state() as u8, connection.transport() as u8, connection.has_more()).hash(&mut hasher);
            (connection.output(), connection.writable(), connection.fault().map(|fault| fault.kind)).hash(&mut hasher);
            (&end.inbox, end.inbox_ends, end.eof, end.gone, end.ended).hash(&mut hasher);
            (end.is_open, end.request_waits, end.own_close, end.closing).hash(&mut hasher);
            (end.sent.len() % 2, &self.ends[1 - by].sent[end.received.len()..]).hash(&mut hasher);
            self.deadline(by).map(|deadline| deadline.saturating_sub(self.now)).hash(&mut hasher);
            end.paused_at.map(since).hash(&mut hasher);
            let waits = connection.pending_output() > 0;
            let closes = end.own_close || end.closing || end.ended.is_some();
            (waits.then(|| since(end.output_at)), closes.then(|| since(end.closing_at))).hash(&mut hasher);
            // What is remembered from before: pings without their pongs, and the windows of compressors.
            (end.pings.min(2), end.sent.iter().filter(|id| **id < b'a').count().min(2)).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// What holds of each state.
impl World {
    /// Nobody waits without a deadline, and nobody has one who waits for nothing.
    pub(crate) fn check_waits(&self) {
        for end in self.ends.iter().filter(|end| !end.gone) {
            let connection = &end.connection;
            let has_deadline = connection.next_deadline().is_some();
            let is_over = connection.transport() == Transport::Close && end.ended.is_some();
            let is_watched = self.keepalive && end.paused_at.is_none();
            let is_idle = connection.pending_output() == 0 && !connection.has_more();
            let waits = connection.state() != State::Open || !is_idle || is_watched;
            if waits && !(is_over && connection.pending_output() == 0) {
                assert!(has_deadline, "nobody would end the wait, after {:?}", self.path);
            }
        }
    }

    /// Lets all that waits happen, fairly and in time. Then both hosts close, if nothing else has closed the connection.
    pub(crate) fn settle(mut self) {
        let mut jumps = 0;
        loop {
            self.move_all();
            if self.ends.iter().all(|end| end.gone) {
                break;
            }
            let is_quiet = self.ends.iter().all(|end| end.ended.is_none() && !end.own_close && !end.closing);
            if let Some(by) = (0..2).find(|by| self.ends[*by].request_waits) {
                self.decide(by, Act::Accept);
            } else if is_quiet {
                self.act((0, Act::Close));
            } else {
                assert!(self.disturbed, "only a deadline would end this, after {:?}", self.path);
                jumps += 1;
                assert!(jumps < 20, "it does not end, after {:?}", self.path);
                self.now = self.next_jump().unwrap_or_else(|| panic!("nothing ends this, after {:?}", self.path));
            }
        }
        self.check_ends();
    }

    /// Moves bytes and ends of streams until nothing moves.
    fn move_all(&mut self) {
        let mut moves = true;
        while moves {
            moves = false;
            for by in 0..2 {
                if self.ends[by].paused_at.is_some() {
                    self.resume(by);
                }
                for act in [Act::Due, Act::Write, Act::Deliver] {
                    if self.is_possible((by as u8, act)) {
                        self.act((by as u8, act));
                        moves = true;
                    }
                }
            }
        }
    }

    fn check_ends(&self) {
        let path = &self.path;
        for end in &self.ends {
            assert_eq!(end.connection.transport(), Transport::Close, "after {path:?}");
            assert_eq!(end.connection.next_deadline(), None, "after {path:?}");
            assert_eq!(end.connection.pending_output(), 0, "after {path:?}");
        }
        let [client, server] = [0, 1].map(|by| self.ends[by].ended.expect("it is gone"));
        let are_clean = client.clean && server.clean;
        if self.refused {
            let faults = [client.fault, server.fault];
            let told = faults == [Some(FaultKind::HttpStatus), Some(FaultKind::Refused)];
            assert!(told || self.disturbed, "{faults:?} after {path:?}");
        } else {
            assert!(are_clean || self.disturbed, "{client:?} and {server:?} after {path:?}");
        }
        for (by, own, other) in [(0, client, server), (1, server, client)] {
            let (end, peer) = (&self.ends[by], &self.ends[1 - by]);
            assert_eq!(own.clean, own.fault.is_none(), "after {path:?}");
            if are_clean {
                assert_eq!(end.received, peer.sent, "after {path:?}");
                assert_eq!(Some(own.code), other.close_sent, "after {path:?}");
                // §5.5.1: the answer to a Close repeats its code.
                assert!(end.own_close || own.close_sent == Some(own.code), "{own:?} after {path:?}");
                assert!(!(own.by_peer && other.by_peer), "each says that the other began, after {path:?}");
            }
            self.check_log(end, by == 0, own);
        }
    }

    /// What an end has written: whole frames of whole messages, one Close, and no data behind it (RFC 6455 §5.5.1). Only
    /// pings and pongs may follow it.
    fn check_log(&self, end: &End, masked: bool, ended: Ended) {
        let path = &self.path;
        let (sent, _) = frames::read_whole(behind_head(&end.log));
        let mut close = None;
        for frame in sent {
            assert_eq!(frame.masked, masked, "after {path:?}");
            match frame.first & 0xf {
                PING | PONG => {}
                CLOSE => {
                    assert_eq!(close, None, "two Close frames after {path:?}");
                    close = Some(u16::from_be_bytes([frame.payload[0], frame.payload[1]]));
                }
                opcode => assert!(opcode == TEXT && close.is_none(), "data behind Close, after {path:?}"),
            }
            assert_ne!(frame.first & FIN, 0, "after {path:?}");
        }
        assert!(close.is_none() || close == ended.close_sent, "after {path:?}");
    }
}

/// The frames behind a head, if there is one. Behind a refusal there are none.
fn behind_head(log: &[u8]) -> &[u8] {
    let is_head = log.starts_with(b"GET") || log.starts_with(b"HTTP");
    let end = log.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(log.len(), |at| at + 4);
    match log.starts_with(b"GET") || log.starts_with(b"HTTP/1.1 101") {
        true => &log[end..],
        false if is_head => &[],
        false => log,
    }
}
