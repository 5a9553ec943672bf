//! Two engines and what is between them. What holds of them is in [`checks`].

mod checks;

use sansock::{CloseCode, Connection, Error, Event, FaultKind, MessageKind, Received, State, Transport};

use super::Setting;
use crate::common::drive::{ms, seed};

/// What can happen. All but the last is done by one end, or to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The host sends a short text.
    Text,
    /// It sends a text that is long enough to be compressed.
    Compressed,
    /// It sends a fragment of a text that does not end it, or one that does.
    Fragment,
    LastFragment,
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
    /// Fragments of the text that it is sending.
    fragments: u8,
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

impl End {
    fn may_send(&self) -> bool {
        self.is_open && !self.own_close && self.ended.is_none()
    }
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
                fragments: 0,
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
            Act::Text | Act::Compressed | Act::Fragment | Act::LastFragment => end.ended.is_none(),
            Act::Ping | Act::Close | Act::Fail => end.ended.is_none(),
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
            Act::Fragment => self.send_fragment(by, false),
            Act::LastFragment => self.send_fragment(by, true),
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

    /// §5.5.1: data is sent until our Close. §5.4: no other message is sent inside one.
    fn send(&mut self, by: usize, len: usize) {
        let end = &mut self.ends[by];
        let id = [b'a', b'A'][usize::from(len > 1)] + (end.sent.len() % 2) as u8;
        let text = char::from(id).to_string().repeat(len);
        let may_send = end.may_send() && end.fragments == 0;
        let result = end.connection.send_text(&text);
        let is_full = result == Err(Error::WouldBlock) && end.connection.pending_output() > 0;
        assert!(is_full || (result == Ok(())) == may_send, "{result:?} after {:?}", self.path);
        if result == Ok(()) {
            end.sent.push(id);
        }
    }

    fn send_fragment(&mut self, by: usize, last: bool) {
        let end = &mut self.ends[by];
        let id = [b'x', b'y'][usize::from(end.fragments > 0)];
        let result = end.connection.send_part(MessageKind::Text, &[id], last);
        assert_eq!(result.is_ok(), end.may_send(), "{result:?} after {:?}", self.path);
        match (result, last) {
            (Ok(()), true) => {
                end.sent.push(b'x');
                end.fragments = 0;
            }
            (Ok(()), false) => end.fragments = end.fragments.saturating_add(1),
            (Err(_), _) => {}
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
