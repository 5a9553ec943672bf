//! What the incoming half, the handshake and the clock do to the outgoing half, and how a connection ends.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Sender;
use crate::close::{self, Payload};
use crate::config::{Role, Settings};
use crate::deflate::{Agreement, Compression};
use crate::error::{Answer, Error, Fault, FaultKind};
use crate::frame::Opcode;
use crate::life::{Ending, Transport};
use crate::output::Queue;
use crate::random::Keys;
use crate::states;
use crate::states::closing::{CLOSING, Cue, Effect, Life};
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

    /// Whether the connection is open and owes nothing.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.life == Life::Open && self.fault.is_none()
    }

    pub(crate) fn deflate(&self) -> Option<Agreement> {
        self.compression.agreed()
    }

    /// Room for HTTP text, which is not bounded by the output limits: it is the host's own.
    pub(crate) fn http(&mut self, len: usize) -> Result<&mut Vec<u8>, Error> {
        self.queue.reserve(len, &self.settings.buffers)
    }

    /// The opening handshake is complete.
    pub(crate) fn open(&mut self, deflate: Option<Agreement>) {
        self.compression.agree(deflate);
        self.happens(Cue::Opens, Cause::default());
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
        self.happens(Cue::PeerCloses, Cause::default());
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
        self.happens(Cue::AnswerIsDue, Cause { payload: Some(payload), ..Cause::default() });
    }

    /// Ends the connection for a fault: tells the peer what there is to tell.
    pub(crate) fn end_with_fault(&mut self, fault: Fault) {
        let payload = match fault.kind.answer() {
            Answer::Close(code) => Some(Payload::echo(code, "")),
            Answer::Status(_) | Answer::Nothing => None,
        };
        let by_peer = fault.kind != FaultKind::NoMemory;
        self.happens(Cue::Faults, Cause { payload, fault: Some(fault), by_peer });
    }

    /// Ends the connection during the opening handshake. A refusal that was sent must not be lost to a reset: the
    /// transport stays until the peer has seen it.
    pub(crate) fn end_handshake(&mut self, fault: Fault, by_peer: bool, refusal_sent: bool) {
        let cue = if refusal_sent { Cue::Refuses } else { Cue::HandshakeFails };
        self.happens(cue, Cause { payload: None, fault: Some(fault), by_peer });
    }

    /// The peer's stream has ended.
    pub(crate) fn received_eof(&mut self) {
        let kind = if self.life == Life::Connecting { FaultKind::EofInHandshake } else { FaultKind::Eof };
        self.happens(Cue::StreamEnds, Cause { payload: None, fault: Some(kind.into()), by_peer: true });
    }

    /// Acts on a deadline that has passed. The handshake's is the caller's.
    pub(crate) fn act(&mut self, due: Due) {
        match due {
            Due::Handshake => {}
            Due::Close => {
                let by_peer = self.life == Life::CloseReceived;
                let fault = Some(FaultKind::CloseTimeout.into());
                self.happens(Cue::DeadlinePasses, Cause { payload: None, fault, by_peer });
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
        self.fault = Some(Box::new(fault));
    }

    /// Pays what the last input call left owing: the answer to the peer's Close, or to its fault.
    #[inline]
    pub(crate) fn settle(&mut self) {
        if self.owes_fault()
            && let Some(fault) = self.fault.take()
        {
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
        self.owes_fault() || self.owes_close()
    }

    fn owes_fault(&self) -> bool {
        self.life != Life::Ended && self.fault.is_some()
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
            + self.fault.as_ref().map_or(0, |_| size_of::<Fault>())
            + self.ending.as_ref().map_or(0, |ending| size_of::<Ending>() + ending.reason.len())
            + self.received.as_ref().map_or(0, |received| size_of::<(u16, Box<str>)>() + received.1.len())
    }
}

/// Why something happens, for the transition that follows.
#[derive(Default)]
pub(super) struct Cause {
    /// The Close to send, where the transition sends one.
    payload: Option<Payload>,
    fault: Option<Fault>,
    by_peer: bool,
}

impl Cause {
    pub(super) fn of_host(payload: Payload) -> Self {
        Cause { payload: Some(payload), fault: Some(FaultKind::FailedByHost.into()), by_peer: false }
    }
}

impl Sender {
    /// Does what the table says. `false` if it says nothing.
    pub(super) fn happens(&mut self, cue: Cue, cause: Cause) -> bool {
        let Some(transition) = states::find(CLOSING, self.life, cue) else { return false };
        for effect in transition.effects {
            match effect {
                Effect::StartKeepalive => self.start_keepalive(),
                Effect::SendClose => self.send_close(cause.payload.as_ref()),
                Effect::StartCloseDeadline => self.start_close_deadline(),
                // The peer began it if ours was the second Close.
                Effect::TellClean => self.tell(None, self.life == Life::CloseReceived),
                Effect::TellFailed => self.tell(cause.fault, cause.by_peer),
                Effect::LetServerClose if self.role == Role::Client => self.transport = Transport::Open,
                Effect::LetServerClose | Effect::CloseTransport => self.transport = Transport::Close,
                Effect::ShutDownWriting => self.transport = Transport::ShutdownWrite,
                Effect::DropOutput => self.queue = Queue::default(),
            }
        }
        self.life = transition.to;
        if self.life == Life::Ended {
            self.rest();
        }
        true
    }

    fn start_keepalive(&mut self) {
        self.timers.handshake = NEVER;
        self.pings.open(self.timers.now());
        self.schedule_ping();
    }

    fn start_close_deadline(&mut self) {
        self.timers.stop();
        self.timers.close = self.timers.after(self.settings.close_timeout);
    }

    /// Sends Close, once (§5.5.1: nothing follows it).
    fn send_close(&mut self, payload: Option<&Payload>) {
        let Some(payload) = payload.filter(|_| self.close_sent.is_none()) else { return };
        if self.frame(Opcode::Close, true, payload.as_bytes()).is_err() {
            return;
        }
        self.close_sent = Some(payload.code);
        self.pending_pong = None;
        self.parts = None;
    }

    /// Leaves word of the end, and gives back what only a living connection needs.
    fn tell(&mut self, fault: Option<Fault>, by_peer: bool) {
        let (code, reason) = self.received.take().map_or((close::ABNORMAL, Box::default()), |received| *received);
        let (clean, sent) = (fault.is_none(), self.close_sent);
        self.fault = fault.map(Box::new);
        self.ending = Some(Box::new(Ending { code, reason, clean, by_peer, sent, fault }));
        self.keys = None;
        self.parts = None;
        self.compression = Compression::default();
        self.pending_pong = None;
        self.pings.clear();
        self.start_close_deadline();
    }

    /// No deadline is left when the transport is to be closed and nothing waits to be written.
    pub(super) fn rest(&mut self) {
        if self.transport == Transport::Close && self.queue.len() == 0 {
            self.timers.stop();
        }
    }
}
