//! Deadlines. The host owns the clock and one timer; the engine owns what it is for.

/// A deadline that is not set.
pub const NEVER: u64 = u64::MAX;

/// All deadlines of a connection, in milliseconds of the host's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    now: u64,
    /// For the opening handshake.
    pub(crate) handshake: u64,
    /// For the peer's Close, and after that for the end of its stream.
    pub(crate) close: u64,
    /// When the next keepalive ping is due.
    pub(crate) ping: u64,
    /// For the answer to a keepalive ping.
    pub(crate) pong: u64,
    paused_at: u64,
}

/// A deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Handshake,
    Close,
    Ping,
    Pong,
}

impl Timers {
    pub(crate) fn new(now: u64) -> Self {
        Timers { now, handshake: NEVER, close: NEVER, ping: NEVER, pong: NEVER, paused_at: NEVER }
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Takes the host's clock. It never runs backwards.
    pub(crate) fn advance(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// The deadline `after` milliseconds from now.
    pub(crate) fn after(&self, after: u64) -> u64 {
        self.now.saturating_add(after).min(NEVER - 1)
    }

    pub(crate) fn next(&self) -> u64 {
        self.handshake.min(self.close).min(self.ping).min(self.running_pong())
    }

    /// A deadline that has passed, the gravest first.
    pub(crate) fn due(&self) -> Option<Due> {
        let passed = |deadline: u64| deadline <= self.now;
        if passed(self.handshake) {
            Some(Due::Handshake)
        } else if passed(self.close) {
            Some(Due::Close)
        } else if passed(self.running_pong()) {
            Some(Due::Pong)
        } else if passed(self.ping) {
            Some(Due::Ping)
        } else {
            None
        }
    }

    /// While the host does not read, a pong cannot be seen: its deadline stands still.
    fn running_pong(&self) -> u64 {
        if self.paused_at == NEVER { self.pong } else { NEVER }
    }

    pub(crate) fn pause(&mut self) {
        if self.paused_at == NEVER {
            self.paused_at = self.now;
        }
    }

    pub(crate) fn resume(&mut self) {
        if self.paused_at != NEVER && self.pong != NEVER {
            self.pong = self.pong.saturating_add(self.now - self.paused_at).min(NEVER - 1);
        }
        self.paused_at = NEVER;
    }

    /// Unsets all deadlines.
    pub(crate) fn stop(&mut self) {
        *self = Timers::new(self.now);
    }
}
