//! Pings and pongs (RFC 6455 §5.5.2, §5.5.3): those of the host, those of the keepalive, and the answers to the peer's.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Sender;
use super::timer::Deadline;
use crate::error::Error;
use crate::frame::{MAX_CONTROL, Opcode};

/// How many pings are remembered while they are not answered.
const MAX_OUTSTANDING: usize = 64;

/// What is remembered of pings and pongs.
#[derive(Debug)]
pub(crate) struct Keepalive {
    outstanding: Option<Box<Outstanding>>,
    /// How many pings the keepalive has sent. Their payloads are these numbers.
    count: u64,
    /// When the keepalive sent its last ping, or the connection opened.
    last_at: u64,
    /// The answer to the newest ping of the peer, while the output is too full for it.
    #[expect(clippy::box_collection, reason = "one word in each idle connection, not three")]
    pending_pong: Option<Box<Vec<u8>>>,
}

/// The pings that have not been answered, in the order in which they were sent.
#[derive(Debug, Default)]
struct Outstanding {
    pings: Vec<Ping>,
    /// There were more than are remembered, so that no pong can be told from the answer to one that was dropped.
    overflowed: bool,
}

#[derive(Debug)]
struct Ping {
    payload: Box<[u8]>,
    sent_at: u64,
    /// It is the keepalive's, whose deadline its answer stops.
    is_keepalive: bool,
}

/// What a pong answers.
pub(crate) struct Answered {
    /// The round-trip time, if it is known.
    round_trip_time: Option<u64>,
    /// Whether the keepalive's ping is answered.
    keepalive: bool,
}

impl Keepalive {
    pub(crate) fn new(now: u64) -> Self {
        Keepalive { outstanding: None, count: 0, last_at: now, pending_pong: None }
    }

    /// The payload of the keepalive's next ping, which is sent now.
    fn next_payload(&mut self, now: u64) -> [u8; 8] {
        self.count += 1;
        self.last_at = now;
        self.count.to_be_bytes()
    }

    fn record_ping(&mut self, payload: &[u8], now: u64, is_keepalive: bool) {
        let outstanding = self.outstanding.get_or_insert_default();
        if outstanding.pings.len() == MAX_OUTSTANDING {
            // A keepalive has one ping outstanding: that one is kept.
            let oldest = outstanding.pings.iter().position(|ping| !ping.is_keepalive);
            outstanding.pings.remove(oldest.unwrap_or_default());
            outstanding.overflowed = true;
        }
        outstanding.pings.push(Ping { payload: payload.into(), sent_at: now, is_keepalive });
    }

    /// A pong answers the ping with its payload, and all that were sent before it (§5.5.3 lets a peer answer the latest only).
    /// Where several have that payload, it is the first at least, and the time is not known.
    fn answer(&mut self, payload: &[u8], now: u64) -> Option<Answered> {
        let outstanding = self.outstanding.as_mut()?;
        let mut same = outstanding.pings.iter().enumerate().filter(|(_, ping)| *ping.payload == *payload);
        let (index, ping) = same.next()?;
        let is_known = same.next().is_none() && !outstanding.overflowed;
        let round_trip_time = is_known.then(|| now - ping.sent_at);
        let keepalive = outstanding.pings.drain(..=index).any(|ping| ping.is_keepalive);
        if outstanding.pings.is_empty() {
            self.outstanding = None;
        }
        Some(Answered { round_trip_time, keepalive })
    }

    /// Nothing is sent any more.
    pub(crate) fn stop(&mut self) {
        self.outstanding = None;
        self.pending_pong = None;
    }

    pub(crate) fn heap(&self) -> usize {
        let pings = |outstanding: &Outstanding| {
            let payloads: usize = outstanding.pings.iter().map(|ping| ping.payload.len()).sum();
            size_of::<Outstanding>() + outstanding.pings.capacity() * size_of::<Ping>() + payloads
        };
        self.outstanding.as_deref().map_or(0, pings)
            + self.pending_pong.as_ref().map_or(0, |pong| size_of::<Vec<u8>>() + pong.capacity())
    }
}

impl Sender {
    /// Sends a ping of the host's.
    pub(super) fn send_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_control(Opcode::Ping, payload)?;
        self.keepalive.record_ping(payload, self.timers.now(), false);
        Ok(())
    }

    pub(super) fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Error> {
        if payload.len() > MAX_CONTROL {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send_control() {
            return Err(Error::InvalidState);
        }
        self.check_room(payload.len() as u64)?;
        self.frame(opcode, true, payload)
    }

    /// Bytes have arrived. Unless only a pong counts, they show that the peer is alive.
    #[inline]
    pub(crate) fn note_activity(&mut self) {
        if self.progress.awaits_pong && !self.shared.settings.require_pong {
            self.end_pong_wait();
        }
    }

    /// Answers a ping, or keeps the answer until there is room for it. Newest wins (§5.5.3): a peer that sends pings and
    /// does not read costs one pong.
    pub(crate) fn received_ping(&mut self, payload: &[u8]) {
        if !self.shared.settings.auto_pong || !self.may_send_control() {
            return;
        }
        if !self.writable() || self.send_control(Opcode::Pong, payload).is_err() {
            self.keepalive.pending_pong = Some(Box::new(payload.into()));
        }
    }

    /// The round-trip time, if this answers a ping and the time is known.
    pub(crate) fn received_pong(&mut self, payload: &[u8]) -> Option<u64> {
        let answered = self.keepalive.answer(payload, self.timers.now())?;
        if answered.keepalive && self.progress.awaits_pong {
            self.end_pong_wait();
        }
        answered.round_trip_time
    }

    /// Sends the pong that waits for room, if there is room now.
    pub(super) fn flush_pong(&mut self) {
        if self.keepalive.pending_pong.is_some() && self.writable() {
            self.send_pending_pong();
        }
    }

    #[cold]
    fn send_pending_pong(&mut self) {
        if let Some(payload) = self.keepalive.pending_pong.take()
            && self.send_control(Opcode::Pong, &payload).is_err()
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
        self.stop_waiting();
        self.schedule_ping();
    }

    fn schedule_ping(&mut self) {
        if let Some(interval) = self.shared.settings.keepalive() {
            self.timers.start_at(Deadline::Ping, self.keepalive.last_at.saturating_add(interval));
        }
    }

    /// Sends the keepalive's ping, which is due now. If there is no room or no memory for it, the next one is sent in its turn:
    /// while output waits, the deadline for writing runs.
    pub(super) fn send_keepalive(&mut self) {
        let now = self.timers.now();
        let payload = self.keepalive.next_payload(now);
        if self.send_control(Opcode::Ping, &payload).is_ok() {
            self.keepalive.record_ping(&payload, now, true);
            self.start_when_written(Deadline::Pong);
        } else {
            self.schedule_ping();
        }
    }
}
