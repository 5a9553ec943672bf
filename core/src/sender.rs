//! The outgoing half of a connection: frames to send, the state of closing, deadlines.

mod ending;

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::batch::{Record, kind};
use crate::close::Payload;
use crate::config::{Role, Settings};
use crate::deflate::Compression;
use crate::error::{Error, Fault};
use crate::frame::{self, HEADER_ROOM, MAX_CONTROL, MAX_HEADER, Opcode};
use crate::life::{Ending, State, Transport};
use crate::mask;
use crate::output::{Output, Queue};
use crate::pings::Pings;
use crate::random::Keys;
use crate::states::closing::{Cue, Life};
use crate::timer::{NEVER, Timers};
use crate::utf8::{self, Utf8};
use ending::Cause;

/// A message that is being sent in parts.
#[derive(Clone, Copy, Debug)]
struct Parts {
    kind: u8,
    utf8: Utf8,
    compressed: bool,
}

/// The outgoing half of a [`Connection`](crate::Connection). It can be used while the events of the incoming half are read:
/// see [`Connection::events`](crate::Connection::events).
pub struct Sender {
    settings: Arc<Settings>,
    queue: Queue,
    pub(crate) timers: Timers,
    role: Role,
    life: Life,
    transport: Transport,
    close_sent: Option<u16>,
    /// Masking keys; a server has none.
    keys: Option<Box<Keys>>,
    parts: Option<Parts>,
    /// The answer to the newest ping, while the output is too full for it.
    pending_pong: Option<Box<[u8]>>,
    pings: Pings,
    ending: Option<Box<Ending>>,
    /// The peer's Close, while the host has not answered it.
    received: Option<Box<(u16, Box<str>)>>,
    /// Why the connection has ended, or, until it has, what ends it in the next input call.
    fault: Option<Box<Fault>>,
    compression: Compression,
}

impl Sender {
    pub(crate) fn new(role: Role, settings: Arc<Settings>, keys: Keys, now: u64) -> Self {
        let mut timers = Timers::new(now);
        timers.handshake = timers.after(settings.handshake_timeout);
        Sender {
            settings,
            queue: Queue::default(),
            timers,
            role,
            life: Life::Connecting,
            transport: Transport::Open,
            close_sent: None,
            keys: (role == Role::Client).then(|| Box::new(keys)),
            parts: None,
            pending_pong: None,
            pings: Pings::new(now),
            ending: None,
            received: None,
            fault: None,
            compression: Compression::default(),
        }
    }

    /// Sends a whole text message.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless the connection is open (our Close is not sent yet) and no message is being sent in parts,
    /// [`Error::WouldBlock`] while the output is full, [`Error::TooLarge`] if the message alone is larger than the output may
    /// be, [`Error::NoMemory`]. Nothing is queued then.
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_message(Opcode::Text, text.as_bytes())
    }

    /// Sends a whole text message that is bytes.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text), and [`Error::InvalidArgument`] if the bytes are not UTF-8.
    pub fn send_text_bytes(&mut self, text: &[u8]) -> Result<(), Error> {
        if !utf8::is_valid(text) {
            return Err(Error::InvalidArgument);
        }
        self.send_message(Opcode::Text, text)
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

    /// Sends a part of a message as a frame of its own (RFC 6455 §5.4). The first call names the [`kind`], TEXT or BINARY,
    /// and the ones that follow repeat it; `last` ends the message. A part of a text may end inside a code point.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text); [`Error::InvalidState`] if a message of the other kind is under way;
    /// [`Error::InvalidArgument`] if the kind is another, or the text so far is not UTF-8.
    pub fn send_part(&mut self, kind: u8, data: &[u8], last: bool) -> Result<(), Error> {
        let (opcode, mut parts) = self.part(kind)?;
        if parts.kind == kind::TEXT && (parts.utf8.push(data).is_err() || last && !parts.utf8.is_complete()) {
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

    /// Queues only the header of a message, or of a part of one, whose `len` bytes the host writes itself after the output:
    /// no copy of the payload is made, and none is compressed. Servers only, whose frames are not masked; the host answers for
    /// text being UTF-8.
    ///
    /// The host writes all of [`output`](Self::output), then the payload, before it calls anything else that adds output.
    ///
    /// # Errors
    ///
    /// As [`send_part`](Self::send_part); [`Error::InvalidState`] on a client; [`Error::InvalidArgument`] if `len` is 2^63 or more.
    pub fn send_header(&mut self, kind: u8, len: u64, last: bool) -> Result<(), Error> {
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
        frame::encode(self.queue.reserve(HEADER_ROOM, &self.settings.buffers)?, last, opcode, 0, len, None);
        self.parts = (!last).then_some(parts);
        Ok(())
    }

    /// Sends what `records` say: whole messages (TEXT, BINARY), PING and PONG, each with its payload at `offset` and `len` in
    /// `data`. Other fields mean nothing. Stops at the first that cannot be sent, and says how many were queued before it.
    pub fn send_batch(&mut self, records: &[Record], data: &[u8]) -> (usize, Result<(), Error>) {
        for (sent, record) in records.iter().enumerate() {
            let result = slice(record, data).and_then(|payload| match record.kind {
                kind::TEXT => self.send_text_bytes(payload),
                kind::BINARY => self.send_binary(payload),
                kind::PING => self.ping(payload, self.timers.now()),
                kind::PONG => self.pong(payload),
                _ => Err(Error::InvalidArgument),
            });
            if result.is_err() {
                return (sent, result);
            }
        }
        (records.len(), Ok(()))
    }

    /// Sends whole messages of one [`kind`], TEXT or BINARY, whose payloads lie in `data` one behind the other: so many bytes
    /// each. Stops at the first that cannot be sent, and says how many were queued before it.
    pub fn send_many(&mut self, kind: u8, lens: &[usize], data: &[u8]) -> (usize, Result<(), Error>) {
        let mut rest = data;
        for (sent, len) in lens.iter().enumerate() {
            let Some((payload, after)) = rest.split_at_checked(*len) else {
                return (sent, Err(Error::InvalidArgument));
            };
            let result = match kind {
                kind::TEXT => self.send_text_bytes(payload),
                kind::BINARY => self.send_binary(payload),
                _ => Err(Error::InvalidArgument),
            };
            if result.is_err() {
                return (sent, result);
            }
            rest = after;
        }
        (lens.len(), Ok(()))
    }

    /// Whether messages from here on are compressed, where that was agreed and they are long enough. They are unless the
    /// host says otherwise: secrets beside text that an attacker chooses should not be (RFC 7692 §8).
    pub fn set_compression(&mut self, on: bool) {
        self.compression.on = on;
    }

    /// Sends a ping with up to 125 bytes. The pong that answers it carries the round-trip time.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text) (parts of a message may be under way); [`Error::InvalidArgument`] if the payload is longer.
    pub fn ping(&mut self, payload: &[u8], now: u64) -> Result<(), Error> {
        self.timers.advance(now);
        self.send_control(Opcode::Ping, payload)?;
        self.pings.sent(payload, self.timers.now());
        Ok(())
    }

    /// Sends a pong with up to 125 bytes: an answer where automatic pongs are off, or an unsolicited one (§5.5.3).
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Begins the closing handshake, or answers the peer's Close where that is left to the host. `code` 0 sends no code.
    ///
    /// The connection ends when the peer's Close arrives, or when the close deadline passes. Calling it again, or after the
    /// peer's Close was answered, does nothing. During the opening handshake it ends the connection at once.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the code must not be sent (§7.4), the reason is longer than 123 bytes or not UTF-8, or
    /// there is a reason without a code.
    pub fn close(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error> {
        let payload = Payload::new(code, reason)?;
        self.timers.advance(now);
        self.happens(Cue::HostCloses, Cause::of_host(payload));
        Ok(())
    }

    /// Fails the connection (§7.1.7): sends Close with this code unless one was sent, and ends it without waiting for an answer.
    /// The `Closed` event comes with the next input call, which is due at once.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close); [`Error::InvalidState`] if the connection has ended.
    pub fn fail(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error> {
        let payload = Payload::new(code, reason)?;
        self.timers.advance(now);
        if !self.happens(Cue::HostFails, Cause::of_host(payload)) {
            return Err(Error::InvalidState);
        }
        Ok(())
    }

    /// The host has stopped reading from the transport: the pong deadline stands still until [`resume`](Self::resume).
    pub fn pause(&mut self, now: u64) {
        self.timers.advance(now);
        self.timers.pause();
    }

    /// The host reads again.
    pub fn resume(&mut self, now: u64) {
        self.timers.advance(now);
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

    /// Reports that the first `count` bytes of the output are written.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if that is more than there are.
    pub fn written(&mut self, count: usize) -> Result<(), Error> {
        self.queue.consume(count, &self.settings.buffers)?;
        self.flush_pong();
        if self.life == Life::Ended {
            self.rest();
        }
        Ok(())
    }

    /// How many bytes of output wait to be written.
    pub fn pending_output(&self) -> usize {
        self.queue.len()
    }

    /// Whether the output is below its soft limit. A host does well to read and send no more until it is.
    pub fn writable(&self) -> bool {
        (self.queue.len() as u64) < self.settings.output_soft_limit
    }

    /// What to do with the transport once all output is written.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        match self.life {
            Life::Connecting => State::Connecting,
            Life::Open => State::Open,
            Life::CloseSent | Life::CloseReceived => State::Closing,
            Life::Ended => State::Closed,
        }
    }

    /// Why the connection ended, if not by a closing handshake.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.as_deref().copied().filter(|_| self.life == Life::Ended)
    }
}

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
        self.compression.wanted(len, whole, &self.settings)
    }

    /// Compresses a payload and queues it. All room is made before, for what is compressed must be sent: the peer's window
    /// moves with ours.
    fn compressed_frame(&mut self, opcode: Opcode, fin: bool, payload: &[u8]) -> Result<(), Error> {
        let most = Compression::bound(payload.len(), &self.settings);
        self.check_room(most as u64)?;
        self.queue.reserve(HEADER_ROOM + most, &self.settings.buffers)?;
        let data = self.compression.compress(payload, fin, &self.settings)?;
        let rsv = if opcode == Opcode::Continuation { 0 } else { frame::COMPRESSED };
        self.write_frame(opcode, rsv, fin, &data)
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Error> {
        if payload.len() > MAX_CONTROL {
            return Err(Error::InvalidArgument);
        }
        if !self.may_send() {
            return Err(Error::InvalidState);
        }
        self.check_room(payload.len() as u64)?;
        self.frame(opcode, true, payload)
    }

    /// Until our own Close is sent (§5.5.1).
    fn may_send(&self) -> bool {
        matches!(self.life, Life::Open | Life::CloseReceived)
    }

    /// The opcode of the next part of a message of this kind, and the state to go on from.
    fn part(&self, kind: u8) -> Result<(Opcode, Parts), Error> {
        let opcode = match kind {
            kind::TEXT => Opcode::Text,
            kind::BINARY => Opcode::Binary,
            _ => return Err(Error::InvalidArgument),
        };
        match self.parts {
            _ if !self.may_send() => Err(Error::InvalidState),
            None => Ok((opcode, Parts { kind, utf8: Utf8::default(), compressed: false })),
            Some(parts) if parts.kind == kind => Ok((Opcode::Continuation, parts)),
            Some(_) => Err(Error::InvalidState),
        }
    }

    #[inline]
    fn check_room(&self, payload: u64) -> Result<(), Error> {
        let most = payload.saturating_add(MAX_HEADER as u64).saturating_add(self.queue.len() as u64);
        if most <= self.settings.hard_limit() { Ok(()) } else { self.check_exact_room(payload) }
    }

    #[cold]
    fn check_exact_room(&self, payload: u64) -> Result<(), Error> {
        let limit = self.settings.hard_limit();
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
        let bytes = self.queue.reserve(HEADER_ROOM + payload.len(), &self.settings.buffers)?;
        let key = self.keys.as_mut().map(|keys| keys.mask());
        frame::encode(bytes, fin, opcode, rsv, payload.len() as u64, key);
        match key {
            None => bytes.extend_from_slice(payload),
            Some(key) => mask::append(key, payload, bytes),
        }
        Ok(())
    }

    fn flush_pong(&mut self) {
        if !self.writable() || !self.may_send() {
            return;
        }
        if let Some(payload) = self.pending_pong.take()
            && self.frame(Opcode::Pong, true, &payload).is_err()
        {
            self.pending_pong = Some(payload);
        }
    }

    fn answered(&mut self) {
        self.timers.pong = NEVER;
        self.schedule_ping();
    }

    fn schedule_ping(&mut self) {
        if let Some(interval) = self.settings.keepalive() {
            self.timers.ping = self.pings.due(interval).min(NEVER - 1);
        }
    }

    fn send_keepalive(&mut self) {
        let now = self.timers.now();
        let payload = self.pings.next_keepalive(now);
        self.timers.ping = NEVER;
        self.timers.pong = self.timers.after(self.settings.pong_timeout);
        // Unless memory is short, and then the silence that follows is the peer's to break.
        if self.frame(Opcode::Ping, true, &payload).is_ok() {
            self.pings.sent(&payload, now);
        }
    }
}

/// Where a record's payload lies in the host's buffer.
fn slice<'a>(record: &Record, data: &'a [u8]) -> Result<&'a [u8], Error> {
    let start = usize::try_from(record.offset).map_err(|_| Error::InvalidArgument)?;
    let len = usize::try_from(record.len).map_err(|_| Error::InvalidArgument)?;
    let end = start.checked_add(len).ok_or(Error::InvalidArgument)?;
    data.get(start..end).ok_or(Error::InvalidArgument)
}
