//! What the incoming half, the handshake and the clock do to the outgoing half, and how a connection ends.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Sender;
use crate::close::{self, Payload};
use crate::config::{Role, Settings};
use crate::deflate::{Agreement, Compression};
use crate::error::{Answer, Error, Fault, FaultKind};
use crate::frame::Opcode;
use crate::life::{Ending, Life, Transport};
use crate::output::Queue;
use crate::random::Keys;
use crate::timer::{Due, NEVER};

/// What the incoming half and the handshake do to the outgoing one.
impl Sender {
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn life(&self) -> Life {
        self.life
    }

    pub(crate) fn deflate(&self) -> Option<Agreement> {
        self.compression.agreed()
    }

    /// Room for HTTP text, which is not bounded by the output limits: it is the host's own.
    pub(crate) fn http(&mut self, len: usize) -> Result<&mut Vec<u8>, Error> {
        self.queue.reserve(len)
    }

    /// The opening handshake is complete.
    pub(crate) fn open(&mut self, deflate: Option<Agreement>) {
        self.compression.agree(deflate);
        self.life = Life::Open;
        self.timers.handshake = NEVER;
        self.pings.open(self.timers.now());
        self.schedule_ping();
    }

    /// Bytes have arrived: unless only a pong will do, the peer is alive.
    #[inline]
    pub(crate) fn heard(&mut self) {
        if self.timers.pong != NEVER && self.settings.require_pong == 0 {
            self.answered();
        }
    }

    pub(crate) fn received_ping(&mut self, payload: &[u8]) {
        if self.settings.auto_pong == 0 || self.life != Life::Open {
            return;
        }
        // Newest wins (§5.5.3): a peer that pings and does not read costs one pong.
        if !self.writable() || self.frame(Opcode::Pong, true, payload).is_err() {
            self.pending_pong = Some(payload.into());
        }
    }

    /// The round-trip time, if this answers the latest ping.
    pub(crate) fn received_pong(&mut self, payload: &[u8]) -> Option<u64> {
        let round_trip_time = self.pings.answered(payload, self.timers.now())?;
        if self.timers.pong != NEVER {
            self.answered();
        }
        Some(round_trip_time)
    }

    /// The peer's Close, already checked.
    pub(crate) fn received_close(&mut self, code: u16, reason: &str) {
        self.received = Some(Box::new((code, reason.into())));
        match self.life {
            Life::Open => {
                self.life = Life::CloseReceived;
                self.timers.stop();
                self.timers.close = self.timers.after(self.settings.close_timeout);
            }
            _ => self.end_closed(false),
        }
    }

    /// Whether the peer's Close is to be answered by the engine. The answer waits for the next input call, so that the host
    /// can still answer the messages that arrived before it (§5.5.1 allows the delay).
    fn owes_close(&self) -> bool {
        self.life == Life::CloseReceived && self.settings.auto_close == 1
    }

    /// Answers the peer's Close with the same code and reason (§5.5.1).
    fn answer_close(&mut self) {
        let payload = match self.received.as_deref() {
            Some((code, reason)) => Payload::echo(*code, reason),
            None => Payload::echo(close::NO_STATUS, ""),
        };
        self.send_close(&payload);
        self.end_closed(true);
    }

    /// Ends the connection for a fault: tells the peer what there is to tell.
    pub(crate) fn end_with_fault(&mut self, fault: Fault) {
        if let Answer::Close(code) = fault.kind.answer() {
            self.send_close(&Payload::echo(code, ""));
        }
        self.end_failed(fault, !matches!(fault.kind, FaultKind::CloseTimeout | FaultKind::NoMemory));
    }

    /// Ends the connection during the opening handshake. A refusal that was sent must not be lost to a reset: the
    /// transport stays until the peer has seen it.
    pub(crate) fn end_handshake(&mut self, fault: Fault, by_peer: bool, refusal_sent: bool) {
        let transport = if refusal_sent { Transport::ShutdownWrite } else { Transport::Close };
        self.end(None, false, by_peer, Some(fault), transport);
    }

    /// The peer's stream has ended.
    pub(crate) fn received_eof(&mut self) {
        match self.life {
            Life::Connecting => self.end_handshake(FaultKind::EofInHandshake.into(), true, false),
            Life::Ended => self.finish(),
            _ => {
                let received = self.received.take();
                self.end(received, false, true, Some(FaultKind::Eof.into()), Transport::Close);
            }
        }
    }

    /// Acts on a deadline that has passed. `false` when none is left. The handshake's is the caller's.
    pub(crate) fn act(&mut self, due: Due) {
        match due {
            Due::Handshake => {}
            Due::Close => {
                if self.life != Life::Ended {
                    self.end_failed(FaultKind::CloseTimeout.into(), self.life == Life::CloseReceived);
                }
                // A peer that does not read must not keep the connection: what it has not taken by now is dropped.
                self.queue = Queue::default();
                self.finish();
            }
            Due::Pong => self.end_with_fault(FaultKind::PongTimeout.into()),
            Due::Ping => self.send_keepalive(),
        }
    }

    pub(crate) fn take_ending(&mut self) -> Option<Box<Ending>> {
        self.ending.take()
    }

    /// The peer's fault came after events: it waits for the next input call, so that the host can still answer those.
    pub(crate) fn owe_fault(&mut self, fault: Fault) {
        self.owed = Some(Box::new(fault));
    }

    /// Pays what the last input call left owing: the answer to the peer's Close, or to its fault.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if let Some(fault) = self.owed.take().filter(|_| self.life != Life::Ended) {
            self.end_with_fault(*fault);
        } else if self.owes_close() {
            self.answer_close();
        }
    }

    /// Whether the next input call has something to say whatever its input.
    pub(crate) fn is_due(&self) -> bool {
        self.ending.is_some() || self.owes()
    }

    /// Whether the peer's Close, or its fault, waits for its answer.
    pub(crate) fn owes(&self) -> bool {
        self.owed.is_some() || self.owes_close()
    }

    /// The next deadline, or [`NEVER`].
    pub(crate) fn deadline(&self) -> u64 {
        self.timers.next()
    }

    pub(crate) fn heap(&self) -> usize {
        self.queue.capacity()
            + self.compression.heap()
            + self.keys.as_ref().map_or(0, |_| size_of::<Keys>())
            + self.pending_pong.as_ref().map_or(0, |pong| pong.len())
            + self.pings.heap()
            + self.ending.as_ref().map_or(0, |ending| size_of::<Ending>() + ending.reason.len())
            + self.received.as_ref().map_or(0, |received| size_of::<(u16, Box<str>)>() + received.1.len())
    }
}

impl Sender {
    /// The host gives up during the opening handshake.
    pub(super) fn abort(&mut self) {
        self.end_handshake(FaultKind::FailedByHost.into(), false, false);
    }

    /// Both Close frames have passed. The server closes the transport first (§7.1.1); a client waits for that.
    pub(super) fn end_closed(&mut self, by_peer: bool) {
        let transport = match self.role {
            Role::Server => Transport::Close,
            Role::Client => Transport::Open,
        };
        let received = self.received.take();
        self.end(received, true, by_peer, None, transport);
    }

    pub(super) fn end_failed(&mut self, fault: Fault, by_peer: bool) {
        let received = self.received.take();
        self.end(received, false, by_peer, Some(fault), Transport::ShutdownWrite);
    }

    fn end(
        &mut self,
        received: Option<Box<(u16, Box<str>)>>,
        clean: bool,
        by_peer: bool,
        fault: Option<Fault>,
        transport: Transport,
    ) {
        debug_assert_ne!(self.life, Life::Ended);
        let (code, reason) = received.map_or((close::ABNORMAL, Box::default()), |received| *received);
        self.life = Life::Ended;
        self.fault = fault;
        self.ending = Some(Box::new(Ending { code, reason, clean, by_peer, sent: self.close_sent, fault }));
        self.keys = None;
        self.parts = None;
        self.compression = Compression::default();
        self.pending_pong = None;
        self.pings.clear();
        self.transport = transport;
        self.timers.stop();
        self.timers.close = self.timers.after(self.settings.close_timeout);
        self.rest();
    }

    /// There is nothing more to wait for but the output.
    fn finish(&mut self) {
        self.transport = Transport::Close;
        self.rest();
    }

    /// No deadline is left when the transport is to be closed and nothing waits to be written.
    pub(super) fn rest(&mut self) {
        if self.transport == Transport::Close && self.queue.len() == 0 {
            self.timers.stop();
        }
    }
}
