//! The deadlines of a connection. The host owns the clock and one timer; the engine owns what the timer is for.
//!
//! All times are milliseconds of the host's clock, which never runs backwards here: see [`Timers::advance`].

use crate::abi::NEVER;

/// What a deadline is for. If several have passed, the first of these is acted on first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// The opening handshake must be complete.
    Handshake,
    /// The peer's Close must have arrived, and after that the end of its stream.
    Close,
    /// The answer to a keepalive ping must have arrived.
    Pong,
    /// The next keepalive ping is sent.
    Ping,
}

impl Deadline {
    const ALL: &[Deadline; 4] = &[Deadline::Handshake, Deadline::Close, Deadline::Pong, Deadline::Ping];
}

/// All deadlines of a connection, and the host's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    now: u64,
    /// By [`Deadline`]; [`NEVER`] for one that is not running.
    deadlines: [u64; Deadline::ALL.len()],
    /// Since when the host does not read; [`NEVER`] if it reads.
    paused_at: u64,
}

impl Timers {
    pub(crate) fn new(now: u64) -> Self {
        Timers { now, deadlines: [NEVER; Deadline::ALL.len()], paused_at: NEVER }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Takes the host's clock. It never runs backwards.
    #[inline]
    pub(crate) fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// Starts a deadline that many milliseconds from now.
    pub(crate) fn start(&mut self, deadline: Deadline, after: u64) {
        self.start_at(deadline, self.now.saturating_add(after));
    }

    /// Starts a deadline at this time.
    pub(crate) fn start_at(&mut self, deadline: Deadline, at: u64) {
        self.deadlines[deadline as usize] = at.min(NEVER - 1);
    }

    pub(crate) fn stop(&mut self, deadline: Deadline) {
        self.deadlines[deadline as usize] = NEVER;
    }

    /// Stops all deadlines.
    pub(crate) fn stop_all(&mut self) {
        *self = Timers::new(self.now);
    }

    #[inline]
    pub(crate) fn is_running(&self, deadline: Deadline) -> bool {
        self.deadlines[deadline as usize] != NEVER
    }

    /// The earliest deadline, or [`NEVER`].
    pub(crate) fn next(&self) -> u64 {
        Deadline::ALL.iter().fold(NEVER, |next, deadline| next.min(self.at(*deadline)))
    }

    /// The first deadline that has passed.
    pub(crate) fn passed(&self) -> Option<Deadline> {
        Deadline::ALL.iter().copied().find(|deadline| self.at(*deadline) <= self.now)
    }

    /// When a deadline passes. While the host does not read, it cannot see a pong: that deadline stands still.
    fn at(&self, deadline: Deadline) -> u64 {
        let stands_still = deadline == Deadline::Pong && self.paused_at != NEVER;
        if stands_still { NEVER } else { self.deadlines[deadline as usize] }
    }

    /// The host has stopped reading.
    pub(crate) fn pause(&mut self) {
        if self.paused_at == NEVER {
            self.paused_at = self.now;
        }
    }

    /// The host reads again: the peer gets the time back in which no pong could be seen.
    pub(crate) fn resume(&mut self) {
        if self.paused_at != NEVER && self.is_running(Deadline::Pong) {
            let pong = self.deadlines[Deadline::Pong as usize];
            self.start_at(Deadline::Pong, pong.saturating_add(self.now - self.paused_at));
        }
        self.paused_at = NEVER;
    }
}
