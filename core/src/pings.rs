//! Pings that we send (RFC 6455 §5.5.2): the latest, whose answer gives the round-trip time, and those of the keepalive.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// What is remembered of the pings sent.
#[derive(Debug)]
pub(crate) struct Pings {
    latest: Option<Box<Ping>>,
    /// How many the keepalive has sent; their payloads are these numbers.
    kept_alive: u64,
    /// When the keepalive sent its last, or the connection opened.
    keepalive_at: u64,
}

#[derive(Debug)]
struct Ping {
    payload: Vec<u8>,
    at: u64,
}

impl Pings {
    pub(crate) fn new(now: u64) -> Self {
        Pings { latest: None, kept_alive: 0, keepalive_at: now }
    }

    /// The connection has opened: the keepalive counts from here.
    pub(crate) fn open(&mut self, now: u64) {
        self.keepalive_at = now;
    }

    /// A ping was sent.
    pub(crate) fn sent(&mut self, payload: &[u8], now: u64) {
        self.latest = Some(Box::new(Ping { payload: payload.into(), at: now }));
    }

    /// The payload of the keepalive's next ping, which is sent now.
    pub(crate) fn next_keepalive(&mut self, now: u64) -> [u8; 8] {
        self.kept_alive += 1;
        self.keepalive_at = now;
        self.kept_alive.to_be_bytes()
    }

    /// When the keepalive's next ping is due.
    pub(crate) fn due(&self, interval: u64) -> u64 {
        self.keepalive_at.saturating_add(interval)
    }

    /// A pong has come. The time since the latest ping, if it answers that.
    pub(crate) fn answered(&mut self, payload: &[u8], now: u64) -> Option<u64> {
        let ping = self.latest.take_if(|ping| ping.payload == payload)?;
        Some(now - ping.at)
    }

    /// None is waited for any more.
    pub(crate) fn clear(&mut self) {
        self.latest = None;
    }

    pub(crate) fn heap(&self) -> usize {
        self.latest.as_ref().map_or(0, |ping| size_of::<Ping>() + ping.payload.capacity())
    }
}
