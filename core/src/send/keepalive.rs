//! Pings and pongs (RFC 6455 §5.5.2, §5.5.3): those of the host, those of the keepalive, and the answers to the peer's.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Sender;
use super::timer::Deadline;
use crate::error::Error;
use crate::frame::{MAX_CONTROL, Opcode};
use crate::states::closing::ConnectionState;

/// What is remembered of pings and pongs.
#[derive(Debug)]
pub(crate) struct Keepalive {
    /// The latest ping that was sent, whose answer gives the round-trip time.
    latest: Option<Box<Ping>>,
    /// How many pings the keepalive has sent. Their payloads are these numbers.
    count: u64,
    /// When the keepalive sent its last ping, or the connection opened.
    last_at: u64,
    /// The answer to the newest ping of the peer, while the output is too full for it.
    pending_pong: Option<Box<[u8]>>,
}

#[derive(Debug)]
struct Ping {
    payload: Vec<u8>,
    sent_at: u64,
}

impl Keepalive {
    pub(crate) fn new(now: u64) -> Self {
        Keepalive { latest: None, count: 0, last_at: now, pending_pong: None }
    }

    /// The payload of the keepalive's next ping, which is sent now.
    fn next_payload(&mut self, now: u64) -> [u8; 8] {
        self.count += 1;
        self.last_at = now;
        self.count.to_be_bytes()
    }

    fn record_ping(&mut self, payload: &[u8], now: u64) {
        self.latest = Some(Box::new(Ping { payload: payload.into(), sent_at: now }));
    }

    /// The time since the latest ping, if this pong answers it.
    fn round_trip_time(&mut self, payload: &[u8], now: u64) -> Option<u64> {
        let ping = self.latest.take_if(|ping| ping.payload == payload)?;
        Some(now - ping.sent_at)
    }

    /// Nothing is sent any more.
    pub(crate) fn stop(&mut self) {
        self.latest = None;
        self.pending_pong = None;
    }

    pub(crate) fn drop_pending_pong(&mut self) {
        self.pending_pong = None;
    }

    pub(crate) fn heap(&self) -> usize {
        self.latest.as_ref().map_or(0, |ping| size_of::<Ping>() + ping.payload.capacity())
            + self.pending_pong.as_ref().map_or(0, |pong| pong.len())
    }
}

impl Sender {
    /// Sends a ping of the host's.
    pub(super) fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_control(Opcode::Ping, payload)?;
        self.keepalive.record_ping(payload, self.timers.now());
        Ok(())
    }

    pub(super) fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Error> {
        if payload.len() > MAX_CONTROL {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send() {
            return Err(Error::InvalidState);
        }
        self.check_room(payload.len() as u64)?;
        self.frame(opcode, true, payload)
    }

    /// Bytes have arrived. Unless only a pong counts, they show that the peer is alive.
    #[inline]
    pub(crate) fn note_activity(&mut self) {
        if self.timers.is_running(Deadline::Pong) && !self.shared.settings.require_pong {
            self.end_pong_wait();
        }
    }

    /// Answers a ping, or keeps the answer until there is room for it. Newest wins (§5.5.3): a peer that sends pings and
    /// does not read costs one pong.
    pub(crate) fn received_ping(&mut self, payload: &[u8]) {
        if !self.shared.settings.auto_pong || self.connection_state() != ConnectionState::Open {
            return;
        }
        if !self.writable() || self.frame(Opcode::Pong, true, payload).is_err() {
            self.keepalive.pending_pong = Some(payload.into());
        }
    }

    /// The round-trip time, if this answers the latest ping.
    pub(crate) fn received_pong(&mut self, payload: &[u8]) -> Option<u64> {
        let round_trip_time = self.keepalive.round_trip_time(payload, self.timers.now())?;
        if self.timers.is_running(Deadline::Pong) {
            self.end_pong_wait();
        }
        Some(round_trip_time)
    }

    /// Sends the pong that waits for room, if there is room now.
    pub(super) fn flush_pong(&mut self) {
        if !self.writable() || !self.may_send() {
            return;
        }
        if let Some(payload) = self.keepalive.pending_pong.take()
            && self.frame(Opcode::Pong, true, &payload).is_err()
        {
            self.keepalive.pending_pong = Some(payload);
        }
    }

    /// The connection has opened: the keepalive counts from here.
    pub(super) fn start_keepalive(&mut self) {
        self.timers.stop(Deadline::Handshake);
        self.keepalive.last_at = self.timers.now();
        self.schedule_ping();
    }

    fn end_pong_wait(&mut self) {
        self.timers.stop(Deadline::Pong);
        self.schedule_ping();
    }

    fn schedule_ping(&mut self) {
        if let Some(interval) = self.shared.settings.keepalive() {
            self.timers.start_at(Deadline::Ping, self.keepalive.last_at.saturating_add(interval));
        }
    }

    /// Sends the keepalive's ping, which is due now.
    pub(super) fn send_keepalive(&mut self) {
        let now = self.timers.now();
        let payload = self.keepalive.next_payload(now);
        self.timers.stop(Deadline::Ping);
        self.timers.start(Deadline::Pong, self.shared.settings.pong_timeout);
        // Without memory for the ping the deadline runs all the same: any byte of the peer's still stops it.
        if self.frame(Opcode::Ping, true, &payload).is_ok() {
            self.keepalive.record_ping(&payload, now);
        }
    }
}
