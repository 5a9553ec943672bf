//! The outgoing half of a connection: messages to frames.
//!
//! [`calls`] has the calls of a host. What sends pings is in [`keepalive`], what closes in [`closing`]; [`output`] holds the
//! bytes, [`timer`] the deadlines.

mod calls;
pub(crate) mod closing;
mod keepalive;
mod output;
mod prepared;
mod progress;
#[cfg_attr(target_family = "wasm", path = "room_wasm.rs")]
mod room;
pub(crate) mod timer;
#[cfg(feature = "trace")]
mod trace;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::deflate::{Agreement, Compression};
use crate::error::Error;
use crate::frame::{self, HEADER_ROOM, MAX_HEADER, MessageKind, Opcode};
use crate::mask;
use crate::random::Keys;
use crate::settings::{Role, Settings};
use crate::shared::Shared;
#[cfg(feature = "trace")]
use crate::states;
use crate::states::closing::{ConnectionState, Input};
use crate::utf8::Utf8;
use closing::{Cause, Closing};
use keepalive::Keepalive;
pub use output::Output;
use output::Queue;
pub use prepared::PreparedMessage;
use progress::Progress;
use timer::{Deadline, Timers};
#[cfg(feature = "trace")]
pub use trace::Timer;

/// A message that is being sent in parts.
#[derive(Clone, Copy, Debug)]
struct Parts {
    kind: MessageKind,
    utf8: Utf8,
    compressed: bool,
}

/// The outgoing half of a [`Connection`](crate::Connection). It is borrowed beside the events of an input call, so that a
/// host can answer while it reads them: see [`Received`](crate::Received).
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x81\x05hello";
/// let received = connection.receive(&mut arrived, Duration::ZERO);
/// for event in received.events {
///     if let Event::Text(message) = event {
///         received.sender.send_text(message.text)?; // while the events are borrowed
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sender {
    shared: Arc<Shared>,
    queue: Queue,
    pub(crate) timers: Timers,
    progress: Progress,
    role: Role,
    pub(crate) closing: Closing,
    /// Masking keys; a server has none.
    keys: Option<Box<Keys>>,
    parts: Option<Parts>,
    keepalive: Keepalive,
    compression: Compression,
    #[cfg(feature = "trace")]
    pub(crate) trace: states::trace::Trace,
}

/// The host's clock in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the other rooms ask of this one.
impl Sender {
    pub(crate) fn new(role: Role, shared: Arc<Shared>, seed: [u8; 32], now: u64) -> Self {
        let mut timers = Timers::new(now);
        timers.start(Deadline::Handshake, shared.settings.handshake_timeout);
        Sender {
            shared,
            queue: Queue::default(),
            timers,
            progress: Progress::default(),
            role,
            closing: Closing::new(),
            keys: (role == Role::Client).then(|| Box::new(Keys::new(seed))),
            parts: None,
            keepalive: Keepalive::new(now),
            compression: Compression::default(),
            #[cfg(feature = "trace")]
            trace: states::trace::Trace::default(),
        }
    }

    /// The first byte of a frame has been read whose meaning depends on whether a message is under way.
    #[inline(always)]
    pub(crate) fn note_frame(&mut self, _is_in_message: bool, _first: u8) {
        #[cfg(feature = "trace")]
        self.trace.note_frame(_is_in_message, _first);
    }

    /// The opening handshake is complete.
    pub(crate) fn open(&mut self, deflate: Option<Agreement>) {
        self.compression.agree(deflate);
        self.apply(Input::HandshakeComplete, Cause::default());
    }

    /// The 16 bytes behind a client's `Sec-WebSocket-Key`; a server has none.
    pub(crate) fn nonce(&mut self) -> Option<[u8; 16]> {
        self.keys.as_mut().map(|keys| keys.nonce())
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

    /// Whether the opening handshake is under way.
    pub(crate) fn is_connecting(&self) -> bool {
        self.connection_state() == ConnectionState::Connecting
    }

    /// Whether the connection is open and nothing is deferred.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.connection_state() == ConnectionState::Open && !self.closing.has_deferred()
    }

    /// Whether reporting output as written would change nothing but release its bytes.
    pub(crate) fn may_defer_written(&self) -> bool {
        self.is_open() && self.writable() && !self.tracks_progress()
    }

    pub(crate) fn deflate(&self) -> Option<Agreement> {
        self.compression.agreed()
    }

    /// Room for HTTP text, which is the host's own and not bounded by the output limits.
    pub(crate) fn http(&mut self, len: usize) -> Result<&mut Vec<u8>, Error> {
        self.queue.reserve(len, &self.shared)
    }

    pub(crate) fn heap(&self) -> usize {
        self.queue.heap()
            + self.compression.heap()
            + self.keys.as_ref().map_or(0, |_| size_of::<Keys>())
            + self.keepalive.heap()
            + self.closing.heap()
    }

    pub(crate) fn drop_output(&mut self) {
        self.queue.clear(&self.shared.buffers);
        self.progress = Progress::default();
        self.timers.stop(Deadline::Write);
    }
}

/// What was lent to the connection goes back.
#[cfg(not(target_family = "wasm"))]
impl Drop for Sender {
    fn drop(&mut self) {
        self.queue.clear(&self.shared.buffers);
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
    /// moves with ours. It is not inlined, or all messages would pay for the registers that it needs.
    #[inline(never)]
    fn compressed_frame(&mut self, opcode: Opcode, fin: bool, payload: &[u8]) -> Result<(), Error> {
        let most = self.compression.bound(payload.len(), &self.shared.settings);
        self.check_room(most as u64)?;
        self.queue.reserve(HEADER_ROOM + most, &self.shared)?;
        let shared = &*self.shared;
        let data = self.compression.compress(payload, fin, &shared.settings, &shared.pool)?;
        let rsv = if opcode == Opcode::Continuation { 0 } else { frame::COMPRESSED };
        self.write_frame(opcode, rsv, fin, &data)
    }

    /// Data frames can be sent until our Close has been (§5.5.1).
    fn may_send(&self) -> bool {
        matches!(
            self.connection_state(),
            ConnectionState::Open | ConnectionState::CloseReceived | ConnectionState::Faulted
        )
    }

    /// Control frames can also be sent while the peer's Close is awaited (§5.5.2).
    fn may_send_control(&self) -> bool {
        self.may_send() || self.connection_state() == ConnectionState::CloseSent
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
        if most <= self.shared.settings.output_hard_limit { Ok(()) } else { self.check_exact_room(payload) }
    }

    #[cold]
    fn check_exact_room(&self, payload: u64) -> Result<(), Error> {
        let limit = self.shared.settings.output_hard_limit;
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
        let bytes = self.queue.reserve(HEADER_ROOM + payload.len(), &self.shared)?;
        let key = self.keys.as_mut().map(|keys| keys.mask());
        frame::encode(bytes, fin, opcode, rsv, payload.len() as u64, key);
        match key {
            None => bytes.extend_from_slice(payload),
            Some(key) => mask::append(key, payload, bytes),
        }
        Ok(())
    }
}
