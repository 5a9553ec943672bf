//! The outgoing half of a connection: messages to frames.
//!
//! What sends pings is in [`keepalive`], what closes in [`closing`]; [`output`] holds the bytes, [`timer`] the deadlines.

pub(crate) mod closing;
mod keepalive;
mod output;
pub(crate) mod timer;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::close::CloseCode;
use crate::close_payload::ClosePayload;
use crate::deflate::{Agreement, Compression};
use crate::error::{Error, Fault};
use crate::frame::{self, HEADER_ROOM, MAX_HEADER, MessageKind, Opcode};
use crate::mask;
use crate::random::Keys;
use crate::settings::{Role, Settings};
use crate::shared::Shared;
use crate::states::closing::{ConnectionState, Input};
use crate::utf8::Utf8;
use closing::{Cause, Closing, State, Transport};
use keepalive::Keepalive;
pub use output::Output;
use output::Queue;
use timer::{Deadline, Timers};

/// A message that is being sent in parts.
#[derive(Clone, Copy, Debug)]
struct Parts {
    kind: MessageKind,
    utf8: Utf8,
    compressed: bool,
}

/// The outgoing half of a [`Connection`](crate::Connection). It is borrowed beside the events of an input call, so that a
/// host can answer while it reads them: see [`Received`](crate::Received).
pub struct Sender {
    shared: Arc<Shared>,
    queue: Queue,
    pub(crate) timers: Timers,
    role: Role,
    pub(crate) closing: Closing,
    /// Masking keys; a server has none.
    keys: Option<Box<Keys>>,
    parts: Option<Parts>,
    keepalive: Keepalive,
    compression: Compression,
}

/// The host's clock in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What a host sends.
impl Sender {
    /// Sends a whole text message.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless the connection is open (our Close has not been sent) and no message is being sent in
    /// parts; [`Error::WouldBlock`] while the output is full; [`Error::TooLarge`] if the message alone is larger than the
    /// output may be; [`Error::NoMemory`]. Nothing is queued then.
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_message(Opcode::Text, text.as_bytes())
    }

    /// Sends a whole binary message.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.send_message(Opcode::Binary, data)
    }

    /// Sends a part of a message as a frame of its own (RFC 6455 §5.4). Every part of a message names the same kind, and
    /// `last` ends the message. A part of a text may end inside a code point.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text); [`Error::InvalidState`] if a message of the other kind is being sent;
    /// [`Error::InvalidArgument`] if the text so far is not UTF-8.
    pub fn send_part(&mut self, kind: MessageKind, data: &[u8], last: bool) -> Result<(), Error> {
        let (opcode, mut parts) = self.part(kind)?;
        if kind == MessageKind::Text && (parts.utf8.push(data).is_err() || last && !parts.utf8.is_complete()) {
            return Err(Error::InvalidArgument);
        }
        parts.compressed |= opcode != Opcode::Continuation && self.compresses(data.len(), last);
        if parts.compressed {
            self.compressed_frame(opcode, last, data)?;
        } else {
            self.check_room(data.len() as u64)?;
            self.frame(opcode, last, data)?;
        }
        self.parts = (!last).then_some(parts);
        Ok(())
    }

    /// Queues only the header of a message, or of a part of one, with a payload of `len` bytes that the host writes itself:
    /// the payload is not copied, and not compressed. For servers, whose frames are not masked. That a text is UTF-8 is up
    /// to the host.
    ///
    /// Write all of [`output`](Self::output), then the payload, before any other call that adds output.
    ///
    /// # Errors
    ///
    /// As [`send_part`](Self::send_part); [`Error::InvalidState`] on a client; [`Error::InvalidArgument`] if `len` is 2^63 or more.
    pub fn send_header(&mut self, kind: MessageKind, len: u64, last: bool) -> Result<(), Error> {
        if self.keys.is_some() {
            return Err(Error::InvalidState);
        }
        let (opcode, parts) = self.part(kind)?;
        if len > i64::MAX as u64 || !parts.utf8.is_complete() {
            return Err(Error::InvalidArgument);
        }
        if parts.compressed {
            return Err(Error::InvalidState);
        }
        self.check_room(0)?;
        frame::encode(self.queue.reserve(HEADER_ROOM, &self.shared.buffers)?, last, opcode, 0, len, None);
        self.parts = (!last).then_some(parts);
        Ok(())
    }

    /// Turns compression off and on for the messages that follow, where it was agreed. It is on at first. Turn it off for
    /// messages that hold a secret beside text that an attacker may choose (RFC 7692 §8).
    pub fn set_compression(&mut self, on: bool) {
        self.compression.on = on;
    }

    /// Sends a ping with up to 125 bytes. The pong that answers it carries the round-trip time.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text), but a message may be being sent in parts; [`Error::InvalidArgument`] if the payload
    /// is longer.
    pub fn ping(&mut self, payload: &[u8], now: Duration) -> Result<(), Error> {
        self.timers.advance(milliseconds(now));
        self.send_ping(payload)
    }

    /// Sends a pong with up to 125 bytes: an answer where automatic pongs are off, or an unsolicited one
    /// (RFC 6455 §5.5.3).
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Starts the closing handshake, or answers the peer's Close where that is left to the host. `None` sends no code.
    ///
    /// The connection is closed when the peer's Close arrives, or when the close deadline passes: go on with input calls
    /// until `Closed` is delivered. A second call, or a call after the peer's Close was answered, does nothing. During the
    /// opening handshake the connection is closed at once.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the code must not be sent (RFC 6455 §7.4), the reason is longer than 123 bytes, or there
    /// is a reason without a code.
    pub fn close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error> {
        let payload = ClosePayload::new(code.into(), reason)?;
        self.timers.advance(milliseconds(now));
        self.apply(Input::HostClose, Cause::host(payload));
        Ok(())
    }

    /// Fails the connection (RFC 6455 §7.1.7): sends Close with this code unless one was sent, and closes without waiting
    /// for an answer. `Closed` is delivered by the next input call, which is due at once.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close); [`Error::InvalidState`] if the connection is closed.
    pub fn fail(&mut self, code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error> {
        let payload = ClosePayload::new(code.into(), reason)?;
        self.timers.advance(milliseconds(now));
        if !self.apply(Input::HostFail, Cause::host(payload)) {
            return Err(Error::InvalidState);
        }
        Ok(())
    }

    /// The host has stopped reading from the transport: the pong deadline stands still until [`resume`](Self::resume).
    pub fn pause(&mut self, now: Duration) {
        self.timers.advance(milliseconds(now));
        self.timers.pause();
    }

    /// The host reads again.
    pub fn resume(&mut self, now: Duration) {
        self.timers.advance(milliseconds(now));
        self.timers.resume();
    }

    /// The bytes to write to the transport. Report what was written with [`written`](Self::written).
    pub fn output(&self) -> &[u8] {
        self.queue.pending()
    }

    /// The same bytes as a [`bytes::Buf`], which reports them as they are taken.
    pub fn output_buf(&mut self) -> Output<'_> {
        Output(self)
    }

    /// Reports that the first `count` bytes of the output were written.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if that is more than there are.
    pub fn written(&mut self, count: usize) -> Result<(), Error> {
        self.queue.written(count, &self.shared.buffers)?;
        self.flush_pong();
        self.stop_timers_when_done();
        Ok(())
    }

    /// How many bytes of output wait to be written.
    pub fn pending_output(&self) -> usize {
        self.queue.len()
    }

    /// Whether the output is below its soft limit. While it is not, stop reading from the peer and sending to it.
    pub fn writable(&self) -> bool {
        (self.queue.len() as u64) < self.shared.settings.output_soft_limit
    }

    /// What to do with the transport once all output is written.
    pub fn transport(&self) -> Transport {
        self.closing.transport()
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        match self.connection_state() {
            ConnectionState::Connecting => State::Connecting,
            ConnectionState::Open => State::Open,
            ConnectionState::CloseSent | ConnectionState::CloseReceived => State::Closing,
            ConnectionState::Closed => State::Closed,
        }
    }

    /// Why the connection was closed, if not by a closing handshake.
    pub fn fault(&self) -> Option<Fault> {
        self.closing.fault()
    }
}

/// What the other rooms ask of this one.
impl Sender {
    pub(crate) fn new(role: Role, shared: Arc<Shared>, keys: Keys, now: u64) -> Self {
        let mut timers = Timers::new(now);
        timers.start(Deadline::Handshake, shared.settings.handshake_timeout);
        Sender {
            shared,
            queue: Queue::default(),
            timers,
            role,
            closing: Closing::new(),
            keys: (role == Role::Client).then(|| Box::new(keys)),
            parts: None,
            keepalive: Keepalive::new(now),
            compression: Compression::default(),
        }
    }

    /// The opening handshake is complete.
    pub(crate) fn open(&mut self, deflate: Option<Agreement>) {
        self.compression.agree(deflate);
        self.apply(Input::HandshakeComplete, Cause::default());
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    #[inline]
    pub(crate) fn connection_state(&self) -> ConnectionState {
        self.closing.state()
    }

    /// Whether the connection is open and nothing is deferred.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.connection_state() == ConnectionState::Open && !self.closing.has_deferred()
    }

    pub(crate) fn deflate(&self) -> Option<Agreement> {
        self.compression.agreed()
    }

    /// Room for HTTP text, which is the host's own and not bounded by the output limits.
    pub(crate) fn http(&mut self, len: usize) -> Result<&mut Vec<u8>, Error> {
        self.queue.reserve(len, &self.shared.buffers)
    }

    pub(crate) fn heap(&self) -> usize {
        self.queue.capacity()
            + self.compression.heap()
            + self.keys.as_ref().map_or(0, |_| size_of::<Keys>())
            + self.keepalive.heap()
            + self.closing.heap()
    }

    fn drop_output(&mut self) {
        self.queue = Queue::default();
    }
}

/// Frames.
impl Sender {
    #[inline]
    fn send_message(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Error> {
        if !self.may_send() || self.parts.is_some() {
            return Err(Error::InvalidState);
        }
        if self.compresses(payload.len(), true) {
            return self.compressed_frame(opcode, true, payload);
        }
        self.check_room(payload.len() as u64)?;
        self.frame(opcode, true, payload)
    }

    #[inline]
    fn compresses(&self, len: usize, whole: bool) -> bool {
        self.compression.wanted(len, whole, &self.shared.settings)
    }

    /// Compresses a payload and queues it. Room is made first, because what was compressed must be sent: the peer's window
    /// moves with ours.
    fn compressed_frame(&mut self, opcode: Opcode, fin: bool, payload: &[u8]) -> Result<(), Error> {
        let most = Compression::bound(payload.len(), &self.shared.settings);
        self.check_room(most as u64)?;
        self.queue.reserve(HEADER_ROOM + most, &self.shared.buffers)?;
        let shared = &*self.shared;
        let data = self.compression.compress(payload, fin, &shared.settings, &shared.pool)?;
        let rsv = if opcode == Opcode::Continuation { 0 } else { frame::COMPRESSED };
        self.write_frame(opcode, rsv, fin, &data)
    }

    /// Frames can be sent until our Close has been (§5.5.1).
    fn may_send(&self) -> bool {
        matches!(self.connection_state(), ConnectionState::Open | ConnectionState::CloseReceived)
    }

    /// The opcode of the next part of a message of this kind, and the state that it starts from.
    fn part(&self, kind: MessageKind) -> Result<(Opcode, Parts), Error> {
        match self.parts {
            _ if !self.may_send() => Err(Error::InvalidState),
            None => Ok((kind.opcode(), Parts { kind, utf8: Utf8::default(), compressed: false })),
            Some(parts) if parts.kind == kind => Ok((Opcode::Continuation, parts)),
            Some(_) => Err(Error::InvalidState),
        }
    }

    #[inline]
    fn check_room(&self, payload: u64) -> Result<(), Error> {
        let most = payload.saturating_add(MAX_HEADER as u64).saturating_add(self.queue.len() as u64);
        if most <= self.shared.settings.hard_limit() { Ok(()) } else { self.check_exact_room(payload) }
    }

    #[cold]
    fn check_exact_room(&self, payload: u64) -> Result<(), Error> {
        let limit = self.shared.settings.hard_limit();
        let frame = payload.saturating_add(frame::encoded_len(payload, self.keys.is_some()) as u64);
        if frame > limit {
            Err(Error::TooLarge)
        } else if frame > limit.saturating_sub(self.queue.len() as u64) {
            Err(Error::WouldBlock)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn frame(&mut self, opcode: Opcode, fin: bool, payload: &[u8]) -> Result<(), Error> {
        self.write_frame(opcode, 0, fin, payload)
    }

    #[inline]
    fn write_frame(&mut self, opcode: Opcode, rsv: u8, fin: bool, payload: &[u8]) -> Result<(), Error> {
        let bytes = self.queue.reserve(HEADER_ROOM + payload.len(), &self.shared.buffers)?;
        let key = self.keys.as_mut().map(|keys| keys.mask());
        frame::encode(bytes, fin, opcode, rsv, payload.len() as u64, key);
        match key {
            None => bytes.extend_from_slice(payload),
            Some(key) => mask::append(key, payload, bytes),
        }
        Ok(())
    }
}
