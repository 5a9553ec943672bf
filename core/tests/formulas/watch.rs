//! A host that watches what its connection holds.

use sansock::{Config, Connection, Event, Received};

use super::allocator::{LIVE, PEAK};
use super::common::drive::{ms, seed};

/// What a host does besides reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// It never writes.
    Silent,
    /// It writes all output at once.
    Writes,
    /// It sends back what it receives, and never writes.
    Echoes,
    /// It sends all the time, and the peer reads slowly.
    Sends,
}

/// What the host of style `Sends` sends.
pub(crate) static PAYLOAD: [u8; 1 << 16] = noise();

const fn noise() -> [u8; 1 << 16] {
    let (mut bytes, mut state, mut at) = ([0; 1 << 16], 0x9e37_79b9_u32, 0);
    while at < bytes.len() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[at] = state as u8;
        at += 1;
    }
    bytes
}

pub(crate) struct Watched {
    connection: Connection,
    style: Style,
    /// A request is accepted only when all has been received.
    accepts_late: bool,
    /// Its configuration has no buffers of other connections.
    is_first: bool,
    awaits: bool,
    sent: usize,
    before: isize,
    most: u64,
    most_beside: u64,
    now: u64,
    /// What it had to send before any byte came.
    request: u64,
    written: u64,
}

/// What came of a connection.
pub(crate) struct Came {
    /// The most that the connection held, itself included.
    pub(crate) most: u64,
    /// The most that was live and that the connection did not hold: its configuration's.
    pub(crate) most_beside: u64,
    /// How much it sent because of what it received.
    pub(crate) answered: u64,
}

impl Watched {
    pub(crate) fn new(config: &Config, style: Style, accepts_late: bool, is_first: bool) -> Self {
        let before = LIVE.get();
        PEAK.set(before);
        let connection = Connection::new(config, seed(), ms(0)).expect("memory");
        let request = connection.output().len() as u64;
        let mut watched = Watched {
            connection,
            style,
            accepts_late,
            is_first,
            awaits: false,
            sent: 0,
            before,
            most: 0,
            most_beside: 0,
            now: 0,
            request,
            written: 0,
        };
        watched.note();
        watched
    }

    /// Makes a call, and looks at what was live meanwhile and what is left.
    pub(crate) fn call<T>(&mut self, call: impl FnOnce(&mut Connection) -> T) -> T {
        PEAK.set(LIVE.get());
        let result = call(&mut self.connection);
        self.note();
        result
    }

    /// What was live in the call beyond what is live after it was the connection's.
    fn note(&mut self) {
        let usage = self.connection.memory_usage();
        let live = LIVE.get();
        self.most = self.most.max((usage as isize + PEAK.get() - live) as u64);
        let beside = live - self.before - (usage - size_of::<Connection>()) as isize;
        // A buffer of another connection was counted before.
        assert!(beside >= -SLACK || !self.is_first, "memory_usage says {usage}, {} are live", live - self.before);
        self.most_beside = self.most_beside.max(beside.max(0) as u64);
    }

    /// Passes bytes on in reads of at most so many.
    pub(crate) fn feed(&mut self, bytes: &[u8], at_most: usize) {
        let mut buffer = bytes[..bytes.len().min(at_most)].to_vec();
        self.before += buffer.capacity() as isize;
        for piece in bytes.chunks(at_most) {
            buffer[..piece.len()].copy_from_slice(piece);
            self.receive(&mut buffer[..piece.len()]);
        }
        self.before -= buffer.capacity() as isize;
    }

    fn receive(&mut self, buffer: &mut [u8]) {
        let (style, now) = (self.style, self.now);
        let mut at = 0;
        loop {
            let (consumed, events, asks) = self.call(|connection| {
                let Received { consumed, events, sender } = connection.receive(&mut buffer[at..], ms(now));
                let (mut count, mut asks) = (0, false);
                for event in events {
                    count += 1;
                    match event {
                        Event::Request(request) => asks = request.fault().is_none(),
                        Event::Text(text) if style == Style::Echoes => drop(sender.send_text(text.text)),
                        Event::Binary(binary) if style == Style::Echoes => drop(sender.send_binary(binary.data)),
                        _ => {}
                    }
                }
                (consumed, count, asks)
            });
            at += consumed;
            self.awaits |= asks;
            if self.awaits && !self.accepts_late {
                self.accept();
            }
            self.act();
            let stalls = consumed == 0 && events == 0 || at == buffer.len();
            if stalls && !self.connection.has_more() {
                return;
            }
        }
    }

    fn accept(&mut self) {
        self.awaits = false;
        let now = self.now;
        self.call(|connection| {
            if let Ok(received) = connection.accept(None, ms(now)) {
                received.events.for_each(drop);
            }
        });
    }

    fn act(&mut self) {
        match self.style {
            Style::Silent | Style::Echoes => {}
            Style::Writes => self.write(usize::MAX),
            Style::Sends => {
                for len in [20, 1000, 50, 7001, 16_000] {
                    let data = &PAYLOAD[self.sent % 7..][..len - 7];
                    if self.call(|connection| connection.send_binary(data)).is_ok() {
                        self.sent += 1;
                    }
                }
                self.write(300);
            }
        }
    }

    pub(crate) fn write(&mut self, most: usize) {
        self.written += self.call(|connection| {
            let len = connection.output().len().min(most);
            connection.written(len).expect("no more than there is");
            len as u64
        });
    }

    /// The clock moves on, with the deadlines on the way.
    pub(crate) fn pause(&mut self) {
        self.now += 1500;
        let now = self.now;
        if self.connection.next_deadline().is_some_and(|deadline| deadline <= ms(now)) {
            self.call(|connection| connection.timeout(ms(now)).events.for_each(drop));
        }
    }

    /// Accepts what was not accepted before, and takes what waits.
    pub(crate) fn finish(&mut self) {
        if self.awaits {
            self.accept();
            self.receive(&mut []);
        }
    }

    /// Ends it. What is freed with the connection is what it said that it held.
    pub(crate) fn end(mut self) -> Came {
        while !self.connection.output().is_empty() {
            self.write(usize::MAX);
        }
        let usage = self.connection.memory_usage() as isize;
        let live = LIVE.get();
        drop(self.connection);
        let freed = live - LIVE.get() + size_of::<Connection>() as isize;
        assert!((usage - freed).abs() <= SLACK, "memory_usage says {usage}, and {freed} are freed");
        Came { most: self.most, most_beside: self.most_beside, answered: self.written - self.request }
    }
}

/// How far `memory_usage` may be from what the allocator counts, in bytes.
const SLACK: isize = 512;
