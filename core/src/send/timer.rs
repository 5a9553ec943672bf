//! The deadlines of a connection. The host owns the clock and one timer; the engine owns what the timer is for.
//!
//! All times are milliseconds of the host's clock, which never runs backwards here: see [`Timers::advance`].
//!
//! A deadline that passes fails or closes the connection, but for [`Deadline::Ping`]. A host that comes late may have the
//! bytes that it would have needed in its socket, so the engine never judges by a `timeout` that is late: it puts the
//! deadline off by a millisecond, once, so that one more read has its chance.

use crate::abi::NEVER;

/// What a deadline is for. One of the first four runs at a time, and beside it the one for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// The opening handshake must be complete.
    Handshake,
    /// The next keepalive ping is sent.
    Ping,
    /// The answer to a keepalive ping must have arrived.
    Pong,
    /// The peer's Close must have arrived, and after that the end of its stream.
    Close,
    /// Some of the output must have been written.
    Write,
}

/// All deadlines of a connection, and the host's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    now: u64,
    /// What `at` is for: [`Deadline::Handshake`] too if none is running.
    running: Deadline,
    /// When the running deadline passes; [`NEVER`] if none is running.
    at: u64,
    /// When [`Deadline::Write`] passes; [`NEVER`] if it is not running.
    write_at: u64,
    /// Since when the host does not read; [`NEVER`] if it reads.
    paused_at: u64,
    /// The running deadline, or the one for writing, has been put off.
    put_off: bool,
    write_put_off: bool,
}

impl Timers {
    pub(crate) fn new(now: u64) -> Self {
        Timers {
            now,
            running: Deadline::Handshake,
            at: NEVER,
            write_at: NEVER,
            paused_at: NEVER,
            put_off: false,
            write_put_off: false,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Takes the host's clock. It never runs backwards.
    #[inline]
    pub(crate) fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// Starts a deadline that many milliseconds from now, in place of the one that runs.
    pub(crate) fn start(&mut self, deadline: Deadline, after: u64) {
        self.start_at(deadline, self.now.saturating_add(after));
    }

    /// Starts a deadline at this time, in place of the one that runs.
    pub(crate) fn start_at(&mut self, deadline: Deadline, at: u64) {
        if deadline != Deadline::Write {
            self.running = deadline;
        }
        self.set(deadline, at, false);
    }

    fn set(&mut self, deadline: Deadline, at: u64, put_off: bool) {
        let at = at.min(NEVER - 1);
        match deadline {
            Deadline::Write => (self.write_at, self.write_put_off) = (at, put_off),
            _ => (self.at, self.put_off) = (at, put_off),
        }
    }

    pub(crate) fn stop(&mut self, deadline: Deadline) {
        match deadline {
            Deadline::Write => self.write_at = NEVER,
            _ if self.running == deadline => self.stop_running(),
            _ => {}
        }
    }

    /// Stops the running deadline; the one for writing goes on.
    pub(crate) fn stop_running(&mut self) {
        (self.running, self.at) = (Deadline::Handshake, NEVER);
    }

    #[inline]
    pub(crate) fn is_running(&self, deadline: Deadline) -> bool {
        match deadline {
            Deadline::Write => self.write_at != NEVER,
            Deadline::Handshake => self.at != NEVER && self.running == deadline,
            _ => self.running == deadline,
        }
    }

    /// The earliest deadline, or [`NEVER`].
    pub(crate) fn next(&self) -> u64 {
        self.running_at().min(self.write_at)
    }

    /// The running deadline, and the one for writing, each with its time: [`NEVER`] if it does not run.
    #[cfg(feature = "trace")]
    pub(crate) fn running(&self) -> [(Deadline, u64); 2] {
        [(self.running, self.running_at()), (Deadline::Write, self.write_at)]
    }

    /// A deadline that has passed, and is not put off.
    pub(crate) fn passed(&mut self) -> Option<Deadline> {
        let running = (self.running, self.running_at(), self.put_off);
        let writing = (Deadline::Write, self.write_at, self.write_put_off);
        for (deadline, at, put_off) in [running, writing] {
            if at > self.now || at == NEVER {
                continue;
            }
            if at == self.now || put_off || deadline == Deadline::Ping {
                return Some(deadline);
            }
            self.set(deadline, self.now.saturating_add(1), true);
        }
        None
    }

    /// When the running deadline passes. While the host does not read, it cannot see a pong: that deadline stands still.
    fn running_at(&self) -> u64 {
        let stands_still = self.running == Deadline::Pong && self.paused_at != NEVER;
        if stands_still { NEVER } else { self.at }
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
            self.start_at(Deadline::Pong, self.at.saturating_add(self.now - self.paused_at));
        }
        self.paused_at = NEVER;
    }
}
