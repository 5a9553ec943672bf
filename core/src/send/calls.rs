//! The calls of a host.

use core::time::Duration;

use super::closing::{Cause, State, Transport};
use super::{Output, Sender, milliseconds};
use crate::close::CloseCode;
use crate::close_payload::ClosePayload;
use crate::error::{Error, Fault};
use crate::frame::{self, HEADER_ROOM, MessageKind, Opcode};
use crate::states::closing::{ConnectionState, Input};

impl Sender {
    /// Sends a whole text message.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.send_text("hello")?;
    /// assert_eq!(connection.output(), b"\x81\x05hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.send_binary(&[1, 2, 3])?;
    /// assert_eq!(connection.output(), [0x82, 3, 1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, MessageKind, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.send_part(MessageKind::Text, b"hel", false)?;
    /// connection.send_part(MessageKind::Text, b"lo", true)?;
    /// assert_eq!(connection.output(), b"\x01\x03hel\x80\x02lo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, MessageKind, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let payload = vec![0; 70_000];
    /// connection.send_header(MessageKind::Binary, payload.len() as u64, true)?;
    /// let wire = [connection.output(), &payload].concat(); // what one vectored write sends
    /// assert_eq!(wire[..2], [0x82, 127]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        frame::encode(self.queue.reserve(HEADER_ROOM, &self.shared)?, last, opcode, 0, len, None);
        self.parts = (!last).then_some(parts);
        Ok(())
    }

    /// Whether a whole message of `len` bytes may be sent by [`send_header`](Self::send_header) in place of
    /// [`send_text`](Self::send_text) or [`send_binary`](Self::send_binary), which have limits that it does not ask for.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Error, MessageKind, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).output_soft_limit(1000).output_hard_limit(1000).build()?;
    /// # let connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// assert_eq!(connection.check_header(MessageKind::Binary, 996), Ok(()));
    /// assert_eq!(connection.check_header(MessageKind::Binary, 997), Err(Error::TooLarge)); // output_hard_limit is 1000
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] on a client, if the message would be compressed, and where they return it;
    /// [`Error::WouldBlock`] and [`Error::TooLarge`] as from them.
    pub fn check_header(&self, kind: MessageKind, len: u64) -> Result<(), Error> {
        let (opcode, _) = self.part(kind)?;
        let would_compress = self.would_compress(usize::try_from(len).unwrap_or(usize::MAX));
        if self.keys.is_some() || opcode == Opcode::Continuation || would_compress {
            return Err(Error::InvalidState);
        }
        self.check_room(len)
    }

    /// Copies the rest of such a payload to the output, if the transport has not taken all of it. Call it before any other
    /// call that adds output; and then report what was written of the output before it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, MessageKind, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.send_header(MessageKind::Binary, 5, true)?; // two bytes
    /// connection.send_rest(b"lo")?; // for one write took these two bytes, and "hel"
    /// connection.written(2)?;
    /// assert_eq!(connection.output(), b"lo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] on a client, and if the output is empty: there is no header in front of the rest;
    /// [`Error::WouldBlock`] if the output would exceed its hard limit; [`Error::NoMemory`].
    pub fn send_rest(&mut self, rest: &[u8]) -> Result<(), Error> {
        if self.keys.is_some() || self.queue.len() == 0 {
            return Err(Error::InvalidState);
        }
        let room = self.shared.settings.output_hard_limit.saturating_sub(self.queue.len() as u64);
        if rest.len() as u64 > room {
            return Err(Error::WouldBlock);
        }
        self.queue.reserve(rest.len(), &self.shared)?.extend_from_slice(rest);
        Ok(())
    }

    /// Reports that a piece of a payload has been written whose header [`send_header`](Self::send_header) made: the transport
    /// takes what it is given, so the deadline for writing starts anew. For hosts whose transport takes a payload in several
    /// writes, and that leave the last byte of its header unreported until all of it is written: while the engine knows of
    /// output, it has that deadline, and those of a ping or a Close behind the payload wait for it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, MessageKind, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.send_header(MessageKind::Binary, 70_000, true)?;
    /// connection.written(9)?; // the header, which has 10 bytes, is written, and so is a part of the payload
    /// connection.payload_written(); // another part of it
    /// connection.written(1)?; // the rest of it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn payload_written(&mut self) {
        if self.tracks_progress() {
            self.note_progress(0);
        }
    }

    /// The options `output_soft_limit` and `output_hard_limit` in bytes, for hosts that count the payloads which they write
    /// themselves.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// let config = Config::builder(Role::Server).start_open(true).output_soft_limit(1000).build()?;
    /// let connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// assert_eq!(connection.output_limits().0, 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output_limits(&self) -> (u64, u64) {
        let settings = &self.shared.settings;
        (settings.output_soft_limit, settings.output_hard_limit)
    }

    /// Whether a message of so many bytes would be compressed, which [`send_header`](Self::send_header) does not do.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// assert!(!connection.would_compress(70_000)); // it was not agreed
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn would_compress(&self, len: usize) -> bool {
        self.compresses(len, true)
    }

    /// Turns compression off and on for the messages that follow, where it was agreed. It is on at first. Turn it off for
    /// messages that hold a secret beside text that an attacker may choose (RFC 7692 §8).
    pub fn set_compression(&mut self, on: bool) {
        self.compression.on = on;
    }

    /// Sends a ping with up to 125 bytes. The pong that answers it carries the round-trip time.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Event, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// connection.ping(b"1", Duration::from_millis(100))?;
    /// let mut pong = *b"\x8a\x81\0\0\0\x001"; // from the peer, masked with zeros
    /// let Some(Event::Pong(pong)) = connection.receive(&mut pong, Duration::from_millis(130)).events.next() else {
    ///     panic!("no pong");
    /// };
    /// assert_eq!(pong.round_trip_time, Some(Duration::from_millis(30)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text), but a message may be being sent in parts; [`Error::InvalidArgument`] if the payload
    /// is longer.
    pub fn ping(&mut self, payload: &[u8], now: Duration) -> Result<(), Error> {
        self.advance(milliseconds(now));
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
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{CloseCode, Config, Connection, Event, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let now = Duration::ZERO;
    /// connection.close(CloseCode::NORMAL_CLOSURE, "bye", now)?;
    /// assert_eq!(connection.output(), b"\x88\x05\x03\xe8bye");
    ///
    /// let mut answer = *b"\x88\x82\0\0\0\0\x03\xe8"; // the peer's Close
    /// let Some(Event::Closing(_)) = connection.receive(&mut answer, now).events.next() else { panic!("no Close") };
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the code must not be sent (RFC 6455 §7.4), the reason is longer than 123 bytes, or there
    /// is a reason without a code.
    pub fn close(&mut self, code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error> {
        let payload = ClosePayload::new(code.into(), reason)?;
        self.advance(milliseconds(now));
        self.apply(Input::HostClose, Cause::host(payload));
        Ok(())
    }

    /// Fails the connection (RFC 6455 §7.1.7): sends Close with this code unless one was sent, and closes without waiting
    /// for an answer. `Closed` is delivered by the next input call, which is due at once.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{CloseCode, Config, Connection, Event, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// let now = Duration::ZERO;
    /// connection.fail(CloseCode::INTERNAL_ERROR, "", now)?;
    /// assert!(connection.has_more());
    /// let Some(Event::Closed(closed)) = connection.timeout(now).events.next() else { panic!("not closed") };
    /// assert_eq!((closed.clean, closed.close_sent), (false, Some(CloseCode::INTERNAL_ERROR)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close); [`Error::InvalidState`] if the connection is closed.
    pub fn fail(&mut self, code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error> {
        let payload = ClosePayload::new(code.into(), reason)?;
        self.advance(milliseconds(now));
        if !self.apply(Input::HostFail, Cause::host(payload)) {
            return Err(Error::InvalidState);
        }
        Ok(())
    }

    /// The host has stopped reading from the transport: the pong deadline stands still until [`resume`](Self::resume).
    /// Either may be called again.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// # let now = Duration::ZERO;
    /// if !connection.writable() {
    ///     connection.pause(now); // and do not read before resume()
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pause(&mut self, now: Duration) {
        self.advance(milliseconds(now));
        self.timers.pause();
    }

    /// The host reads again.
    pub fn resume(&mut self, now: Duration) {
        self.advance(milliseconds(now));
        self.timers.resume();
    }

    /// The bytes to write to the transport. Report what was written with [`written`](Self::written).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// use std::io::Write;
    ///
    /// # let mut socket = Vec::new();
    /// connection.send_text("hello")?;
    /// while !connection.output().is_empty() {
    ///     let count = socket.write(connection.output())?;
    ///     connection.written(count)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn output(&self) -> &[u8] {
        self.queue.pending()
    }

    /// The same bytes as a [`bytes::Buf`], which reports them as written as it advances.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::{Config, Connection, Role};
    /// # let config = Config::builder(Role::Server).start_open(true).build()?;
    /// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
    /// use bytes::Buf;
    ///
    /// connection.send_text("hello")?;
    /// let mut output = connection.output_buf();
    /// output.advance(output.remaining());
    /// assert_eq!(connection.pending_output(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if self.tracks_progress() && count > 0 {
            self.note_progress(count);
        }
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
            ConnectionState::CloseSent | ConnectionState::CloseReceived | ConnectionState::Faulted => State::Closing,
            ConnectionState::Closed => State::Closed,
        }
    }

    /// Why the connection was closed, if not by a closing handshake.
    pub fn fault(&self) -> Option<Fault> {
        self.closing.fault().map(|found| self.shared.settings.fault(found))
    }
}
