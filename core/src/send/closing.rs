//! How a connection closes (RFC 6455 §5.5.1, §7): its state, moved by the table in [`crate::states::closing`]; what the
//! host does with the transport; the answer that waits for the next input call; and the outcome.

use alloc::boxed::Box;

use super::Sender;
use super::timer::Deadline;
use crate::abi::{flag, state, transport};
use crate::close::CloseCode;
use crate::close_payload::ClosePayload;
use crate::deflate::Compression;
use crate::error::{Answer, Breach, FaultKind, Located};
use crate::frame::Opcode;
use crate::settings::Role;
use crate::states;
use crate::states::closing::{CLOSING, ConnectionState, Effect, Input};

/// The state of a connection (RFC 6455 §4.1, §7.1).
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Role, State};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// assert_eq!(connection.state(), State::Open);
/// connection.close(None, "", Duration::ZERO)?;
/// assert_eq!(connection.state(), State::Closing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// The opening handshake is under way.
    Connecting = state::CONNECTING,
    /// Messages can be sent and received.
    Open = state::OPEN,
    /// A Close frame was sent or received, or the host is to answer a fault, and the connection is not closed yet.
    Closing = state::CLOSING,
    /// The connection is closed: the `Closed` event has been delivered, or comes with the next input call.
    Closed = state::CLOSED,
}

/// What the host does with the transport once all output is written.
///
/// ```no_run
/// # use std::net::{Shutdown, TcpStream};
/// # use sansock::{Connection, Transport};
/// # fn obey(connection: &Connection, stream: &TcpStream) -> std::io::Result<bool> {
/// if connection.output().is_empty() {
///     match connection.transport() {
///         Transport::Open => {}
///         Transport::ShutdownWrite => stream.shutdown(Shutdown::Write)?,
///         Transport::Close => return Ok(true), // dropping the stream closes it
///     }
/// }
/// # Ok(false)
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Transport {
    /// Keep reading and writing.
    Open = transport::OPEN,
    /// Shut down the writing side, and keep reading until EOF or the next deadline. A host whose transport cannot be
    /// shut down by halves (TLS in some libraries) just keeps reading.
    ShutdownWrite = transport::SHUTDOWN_WRITE,
    /// Close the transport.
    Close = transport::CLOSE,
}

/// The closing half of a connection.
pub(crate) struct Closing {
    state: ConnectionState,
    transport: Transport,
    /// The code of the Close frame that was sent; 1005 if it had none.
    close_sent: Option<CloseCode>,
    deferred: Option<Box<Deferred>>,
    /// The peer's Close, until the connection is closed.
    peer_close: Option<Box<(CloseCode, Box<str>)>>,
    outcome: Option<Box<Outcome>>,
    closed_is_due: bool,
}

/// What is still to be sent.
#[derive(Debug)]
enum Deferred {
    /// The answer to the peer's Close, by the next input call before anything else: so the host can still answer the messages
    /// that arrived before it (§5.5.1 allows the delay).
    CloseReply,
    /// The Close frame for a fault of the peer's, likewise.
    Fault(Located),
    /// The Close frame for this fault, by the host.
    Reported(Located),
}

/// How a connection was closed.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The code of the peer's Close; 1005 if it had none, 1006 if there was no such frame.
    pub(crate) code: CloseCode,
    pub(crate) reason: Box<str>,
    pub(crate) by_peer: bool,
    pub(crate) close_sent: Option<CloseCode>,
    /// `None` if the connection was closed cleanly.
    pub(crate) fault: Option<Located>,
}

impl Outcome {
    /// The flags of the CLOSED record.
    pub(crate) fn flags(&self) -> u8 {
        let clean = if self.fault.is_none() { flag::CLEAN } else { 0 };
        let by_peer = if self.by_peer { flag::BY_PEER } else { 0 };
        clean | by_peer
    }
}

impl Closing {
    pub(crate) fn new() -> Self {
        Closing {
            state: ConnectionState::Connecting,
            transport: Transport::Open,
            close_sent: None,
            deferred: None,
            peer_close: None,
            outcome: None,
            closed_is_due: false,
        }
    }

    #[inline]
    pub(crate) fn state(&self) -> ConnectionState {
        self.state
    }

    pub(crate) fn transport(&self) -> Transport {
        self.transport
    }

    pub(crate) fn fault(&self) -> Option<Located> {
        match self.deferred.as_deref() {
            Some(Deferred::Reported(fault)) => Some(*fault),
            _ => self.outcome.as_ref().and_then(|outcome| outcome.fault),
        }
    }

    /// Whether the next input call delivers or sends something whatever its input is.
    pub(crate) fn is_due(&self) -> bool {
        self.closed_is_due || self.has_deferred()
    }

    /// Whether the next input call sends something before anything else.
    pub(crate) fn has_deferred(&self) -> bool {
        self.deferred.is_some() && self.state != ConnectionState::Faulted
    }

    pub(crate) fn heap(&self) -> usize {
        self.deferred.as_ref().map_or(0, |_| size_of::<Deferred>())
            + self.peer_close.as_ref().map_or(0, |close| size_of_val(&**close) + close.1.len())
            + self.outcome.as_ref().map_or(0, |outcome| size_of::<Outcome>() + outcome.reason.len())
    }
}

/// Why a transition is made, for its effects.
#[derive(Default)]
pub(super) struct Cause {
    /// The Close frame to send, where the transition sends one.
    payload: Option<ClosePayload>,
    fault: Option<Located>,
    by_peer: bool,
}

impl Cause {
    pub(super) fn host(payload: ClosePayload) -> Self {
        Cause { payload: Some(payload), fault: Some(Breach::from(FaultKind::FailedByHost).into()), by_peer: false }
    }

    fn fault(fault: Located, by_peer: bool) -> Self {
        Cause { payload: None, fault: Some(fault), by_peer }
    }
}

/// The inputs of the machine that come from the handshake, from the peer and from the clock.
impl Sender {
    /// The opening handshake failed. The transport stays open until the peer has seen a refusal that was sent: a reset would
    /// lose it.
    pub(crate) fn handshake_failed(&mut self, fault: Breach, by_peer: bool, refusal_sent: bool) {
        let input = if refusal_sent { Input::HandshakeRefused } else { Input::HandshakeFailed };
        self.apply(input, Cause::fault(fault.into(), by_peer));
    }

    /// The peer's Close, which is valid.
    pub(crate) fn received_close(&mut self, code: CloseCode, reason: &str) {
        self.closing.peer_close = Some(Box::new((code, reason.into())));
        self.apply(Input::PeerClose, Cause::default());
        if self.connection_state() == ConnectionState::CloseReceived && self.shared.settings.auto_close {
            self.closing.deferred = Some(Box::new(Deferred::CloseReply));
        }
    }

    /// The peer's stream has ended.
    pub(crate) fn received_eof(&mut self) {
        let connecting = self.connection_state() == ConnectionState::Connecting;
        let kind = if connecting { FaultKind::EofInHandshake } else { FaultKind::Eof };
        self.apply(Input::Eof, Cause::fault(Breach::from(kind).into(), true));
    }

    /// Fails the connection (§7.1.7): sends Close if the fault has a code.
    pub(crate) fn fail_connection(&mut self, fault: Located) {
        let kind = fault.breach.kind;
        let payload = match kind.answer() {
            Answer::Close(code) => {
                let reason = if self.shared.settings.close_reason { kind.text() } else { "" };
                Some(ClosePayload::valid(code, reason))
            }
            Answer::Status(_) | Answer::Nothing => None,
        };
        self.apply(Input::Fault, Cause { payload, ..Cause::fault(fault, fault.breach.kind.is_of_peer()) });
    }

    /// Leaves the answer to a fault to the host, if it wants that and the fault has a close code. `true` if it is so.
    pub(crate) fn report_fault(&mut self, fault: Located) -> bool {
        let is_left = !self.shared.settings.auto_fail && fault.breach.kind.close_code().is_some();
        let reported = is_left && self.apply(Input::ReportedFault, Cause::default());
        if reported {
            self.closing.deferred = Some(Box::new(Deferred::Reported(fault)));
        }
        reported
    }

    /// The same with the next input call: events came before the fault, and the host can still answer those.
    pub(crate) fn defer_fault(&mut self, fault: Located) {
        self.closing.deferred = Some(Box::new(Deferred::Fault(fault)));
    }

    /// Sends what the last input call deferred.
    #[inline]
    pub(crate) fn flush_deferred(&mut self) {
        if self.closing.has_deferred() {
            self.send_deferred();
        }
    }

    fn send_deferred(&mut self) {
        match self.closing.deferred.take().map(|deferred| *deferred) {
            Some(Deferred::Fault(fault)) => self.fail_connection(fault),
            Some(Deferred::CloseReply) => self.reply_to_close(),
            Some(Deferred::Reported(_)) | None => {}
        }
    }

    /// Answers the peer's Close with the same code and reason (§5.5.1).
    fn reply_to_close(&mut self) {
        let payload = match self.closing.peer_close.as_deref() {
            Some((code, reason)) => ClosePayload::valid(*code, reason),
            None => ClosePayload::valid(CloseCode::NO_STATUS_RECEIVED, ""),
        };
        self.apply(Input::CloseReply, Cause { payload: Some(payload), ..Cause::default() });
    }

    /// Acts on a deadline that has passed. The handshake's is the caller's, and so is that of a pong.
    pub(crate) fn on_deadline(&mut self, deadline: Deadline) {
        match deadline {
            Deadline::Handshake | Deadline::Pong => {}
            Deadline::Close => {
                let by_peer = self.connection_state() == ConnectionState::CloseReceived;
                self.apply(Input::Timeout, Cause::fault(Breach::from(FaultKind::CloseTimeout).into(), by_peer));
            }
            Deadline::Write => {
                self.apply(Input::Timeout, Cause::fault(Breach::from(FaultKind::WriteTimeout).into(), true));
            }
            Deadline::Ping => self.send_keepalive(),
        }
    }

    /// The outcome, once, for the event that delivers it.
    pub(crate) fn take_closed(&mut self) -> Option<&mut Outcome> {
        core::mem::take(&mut self.closing.closed_is_due).then_some(self.closing.outcome.as_deref_mut()).flatten()
    }
}

/// The machine.
impl Sender {
    /// Does what the table says for this input in this state. `false` if it says nothing: then nothing has changed.
    pub(super) fn apply(&mut self, input: Input, cause: Cause) -> bool {
        let Some(transition) = states::find(CLOSING, self.connection_state(), input) else { return false };
        #[cfg(feature = "trace")]
        self.trace.note(states::trace::Machine::Closing, CLOSING, transition);
        for effect in transition.effects {
            match effect {
                Effect::StartKeepalive => self.start_keepalive(),
                Effect::SendClose => self.send_close(cause.payload.as_ref()),
                Effect::StartCloseDeadline => self.start_when_written(Deadline::Close),
                // The peer began it if ours is the second Close.
                Effect::RecordClean => {
                    self.record_closed(None, self.connection_state() == ConnectionState::CloseReceived)
                }
                Effect::RecordFailed => match self.closing.deferred.as_deref() {
                    Some(Deferred::Reported(fault)) => self.record_closed(Some(*fault), fault.breach.kind.is_of_peer()),
                    _ => self.record_closed(cause.fault, cause.by_peer),
                },
                Effect::ServerClosesTransport if self.role == Role::Client => {
                    self.closing.transport = Transport::Open;
                }
                Effect::ServerClosesTransport | Effect::CloseTransport => self.closing.transport = Transport::Close,
                Effect::ShutDownWriting => self.closing.transport = Transport::ShutdownWrite,
                Effect::DropOutput => self.drop_output(),
            }
        }
        self.closing.state = transition.to;
        self.stop_timers_when_done();
        true
    }

    /// Sends Close, once: no frame follows it (§5.5.1).
    fn send_close(&mut self, payload: Option<&ClosePayload>) {
        let Some(payload) = payload.filter(|_| self.closing.close_sent.is_none()) else { return };
        if self.frame(Opcode::Close, true, payload.as_bytes()).is_err() {
            return;
        }
        self.closing.close_sent = Some(payload.code);
        self.parts = None;
    }

    /// Records the outcome, and gives back what only an open connection needs.
    fn record_closed(&mut self, fault: Option<Located>, by_peer: bool) {
        let closing = &mut self.closing;
        let (code, reason) = match closing.peer_close.take() {
            Some(close) => *close,
            None => (CloseCode::ABNORMAL_CLOSURE, Box::default()),
        };
        let close_sent = closing.close_sent;
        closing.outcome = Some(Box::new(Outcome { code, reason, by_peer, close_sent, fault }));
        closing.closed_is_due = true;
        closing.deferred = None;
        self.keys = None;
        self.parts = None;
        self.compression = Compression::default();
        self.keepalive.stop();
        self.start_when_written(Deadline::Close);
    }

    /// A closed connection has no deadline once its output is written and the transport is to be closed.
    pub(super) fn stop_timers_when_done(&mut self) {
        let closed = self.connection_state() == ConnectionState::Closed;
        if closed && self.closing.transport == Transport::Close && self.pending_output() == 0 {
            self.stop_waiting();
        }
    }
}
