//! A connection whose calls take and return flat data.

use core::time::Duration;

use super::{Block, Config, Error, Field, NEVER, Record, block, http, kind, option, region, string};
use crate::close::CloseCode;
use crate::connection;
use crate::error::Fault;
use crate::frame::MessageKind;
use crate::handshake::fields::HttpVersion;
use crate::send::{PreparedMessage, Sender};
use crate::settings::DeflateLimit;

/// A connection whose calls take and return flat data.
pub struct Connection(pub(super) connection::Connection);

impl Connection {
    /// See [`connection::Connection::new`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a client's configuration has no URL and does not start open; [`Error::NoMemory`].
    pub fn new(config: &Config, seed: [u8; 32], now: u64) -> Result<Self, Error> {
        let config = config.built()?;
        Ok(Connection(connection::Connection::new(config, seed, time(now))?))
    }

    /// See [`connection::Connection::receive`]. Returns how many bytes were consumed.
    #[inline]
    pub fn receive(&mut self, input: &mut [u8], now: u64) -> usize {
        self.0.receive_bytes(input, now)
    }

    /// See [`connection::Connection::receive_header`]. Returns the lengths of header and payload.
    pub fn receive_header(&mut self, bytes: &[u8], min_payload: u64, now: u64) -> Option<(usize, u64)> {
        let header = self.0.receive_header(bytes, min_payload, time(now))?;
        Some((header.header_len, header.payload_len))
    }

    /// See [`connection::Connection::receive_eof`].
    pub fn receive_eof(&mut self, now: u64) {
        let _ = self.0.receive_eof(time(now));
    }

    /// See [`connection::Connection::timeout`].
    pub fn timeout(&mut self, now: u64) {
        let _ = self.0.timeout(deadline(now));
    }

    /// See [`connection::Connection::add_response_header`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_response_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        Ok(self.0.add_response_header(string(name)?, value)?)
    }

    /// See [`connection::Connection::clear_response`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn clear_response(&mut self) -> Result<(), Error> {
        Ok(self.0.clear_response()?)
    }

    /// See [`connection::Connection::limit_deflate`]. `option` is DEFLATE, to be set to 0; a NO_CONTEXT_TAKEOVER, to be set to 1;
    /// or a MAX_WINDOW_BITS.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another option or a value that narrows nothing.
    pub fn limit_deflate(&mut self, option: u32, value: u64) -> Result<(), Error> {
        let bits = u8::try_from(value).unwrap_or(u8::MAX);
        let limit = match (option, value) {
            (option::DEFLATE, 0) => DeflateLimit::Off,
            (option::SERVER_NO_CONTEXT_TAKEOVER, 1) => DeflateLimit::ServerNoContextTakeover,
            (option::CLIENT_NO_CONTEXT_TAKEOVER, 1) => DeflateLimit::ClientNoContextTakeover,
            (option::SERVER_MAX_WINDOW_BITS, _) => DeflateLimit::ServerMaxWindowBits(bits),
            (option::CLIENT_MAX_WINDOW_BITS, _) => DeflateLimit::ClientMaxWindowBits(bits),
            _ => return Err(Error::InvalidArgument),
        };
        Ok(self.0.limit_deflate(limit)?)
    }

    /// See [`connection::Connection::receive_request`]. `version` is one of [`http`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another version.
    pub fn receive_request(&mut self, version: u32, fields: &[Field<'_>], now: u64) -> Result<(), Error> {
        let _ = self.0.receive_request(http_version(version)?, fields, time(now))?;
        Ok(())
    }

    /// See [`connection::Connection::request_fields`]. `version` is one of [`http`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another version.
    pub fn request_fields(&mut self, version: u32, now: u64) -> Result<(), Error> {
        let _ = self.0.request_fields(http_version(version)?, time(now))?;
        Ok(())
    }

    /// See [`connection::Connection::receive_response`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn receive_response(&mut self, status: u16, fields: &[Field<'_>], now: u64) -> Result<(), Error> {
        let _ = self.0.receive_response(status, fields, time(now))?;
        Ok(())
    }

    /// See [`connection::Connection::accept`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn accept(&mut self, subprotocol: Option<&[u8]>, now: u64) -> Result<(), Error> {
        let subprotocol = subprotocol.map(string).transpose()?;
        let _ = self.0.accept(subprotocol, time(now))?;
        Ok(())
    }

    /// See [`connection::Connection::respond`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn respond(&mut self, status: u16, reason: &[u8], body: &[u8], now: u64) -> Result<(), Error> {
        let _ = self.0.respond(status, reason, body, time(now))?;
        Ok(())
    }

    /// See [`Sender::send_text`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] if the bytes are not UTF-8.
    pub fn send_text(&mut self, text: &[u8]) -> Result<(), Error> {
        send_message(self.0.sender(), kind::TEXT, text)
    }

    /// See [`Sender::send_binary`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        send_message(self.0.sender(), kind::BINARY, data)
    }

    /// Sends a whole message, TEXT or BINARY, or a PING or PONG. `now` is for PING.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text) and [`ping`](Self::ping), and [`Error::InvalidArgument`] for another kind.
    pub fn send(&mut self, kind: u8, payload: &[u8], now: u64) -> Result<(), Error> {
        send(self.0.sender(), kind, payload, now)
    }

    /// See [`Sender::send_part`]. `kind` is [`kind::TEXT`] or [`kind::BINARY`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another kind.
    pub fn send_part(&mut self, kind: u8, data: &[u8], last: bool) -> Result<(), Error> {
        Ok(self.0.send_part(message_kind(kind)?, data, last)?)
    }

    /// See [`Sender::send_header`]. `kind` is [`kind::TEXT`] or [`kind::BINARY`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another kind.
    pub fn send_header(&mut self, kind: u8, len: u64, last: bool) -> Result<(), Error> {
        Ok(self.0.send_header(message_kind(kind)?, len, last)?)
    }

    /// See [`Sender::send_prepared`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        Ok(self.0.send_prepared(message)?)
    }

    /// See [`Sender::payload_written`].
    pub fn payload_written(&mut self) {
        self.0.payload_written();
    }

    /// Sends what `records` say: whole messages (TEXT, BINARY), PING and PONG, each with its payload at `offset` and `len` in
    /// `data`. Other fields are ignored. Stops at the first that cannot be sent, and returns how many were queued before it.
    pub fn send_batch(&mut self, records: &[Record], data: &[u8]) -> (usize, Result<(), Error>) {
        let sender = self.0.sender();
        let now = sender.timers.now();
        for (sent, record) in records.iter().enumerate() {
            let result = slice(record, data).and_then(|payload| send(sender, record.kind, payload, now));
            if result.is_err() {
                return (sent, result);
            }
        }
        (records.len(), Ok(()))
    }

    /// Sends whole messages of one kind, TEXT or BINARY, whose payloads of these lengths lie in `data` one behind the other.
    /// Stops at the first that cannot be sent, and returns how many were queued before it.
    pub fn send_many(&mut self, kind: u8, lens: &[usize], data: &[u8]) -> (usize, Result<(), Error>) {
        let sender = self.0.sender();
        let mut remaining = data;
        for (sent, len) in lens.iter().enumerate() {
            let Some((payload, after)) = remaining.split_at_checked(*len) else {
                return (sent, Err(Error::InvalidArgument));
            };
            let result = send_message(sender, kind, payload);
            if result.is_err() {
                return (sent, result);
            }
            remaining = after;
        }
        (lens.len(), Ok(()))
    }

    /// See [`Sender::ping`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn ping(&mut self, payload: &[u8], now: u64) -> Result<(), Error> {
        Ok(self.0.ping(payload, time(now))?)
    }

    /// See [`Sender::pong`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        Ok(self.0.pong(payload)?)
    }

    /// See [`Sender::close`]. Code 0 sends none.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn close(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error> {
        Ok(self.0.close(close_code(code), string(reason)?, time(now))?)
    }

    /// See [`Sender::fail`]. Code 0 sends none.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn fail(&mut self, code: u16, reason: &[u8], now: u64) -> Result<(), Error> {
        Ok(self.0.fail(close_code(code), string(reason)?, time(now))?)
    }

    /// See [`Sender::set_compression`].
    pub fn set_compression(&mut self, on: bool) {
        self.0.set_compression(on);
    }

    /// See [`Sender::pause`].
    pub fn pause(&mut self, now: u64) {
        self.0.pause(time(now));
    }

    /// See [`Sender::resume`].
    pub fn resume(&mut self, now: u64) {
        self.0.resume(time(now));
    }

    /// See [`connection::Connection::release`].
    pub fn release(&mut self) {
        self.0.release();
    }

    /// See [`Sender::output`].
    pub fn output(&self) -> &[u8] {
        self.0.output()
    }

    /// See [`Sender::written`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn written(&mut self, count: usize) -> Result<(), Error> {
        Ok(self.0.written(count)?)
    }

    /// See [`Sender::writable`].
    pub fn writable(&self) -> bool {
        self.0.writable()
    }

    /// See [`Sender::fault`].
    pub fn fault(&self) -> Option<Fault> {
        self.0.fault()
    }

    /// See [`connection::Connection::set_trace`].
    #[cfg(feature = "trace")]
    pub fn set_trace(&mut self, on: bool) {
        self.0.set_trace(on);
    }

    /// See [`connection::Connection::take_steps`].
    #[cfg(feature = "trace")]
    pub fn take_steps(&mut self) -> alloc::vec::Vec<crate::states::trace::Step> {
        self.0.take_steps()
    }

    /// See [`connection::Connection::deadlines`].
    #[cfg(feature = "trace")]
    pub fn deadlines(&self) -> alloc::vec::Vec<(crate::send::Timer, Duration)> {
        self.0.deadlines()
    }

    /// See [`connection::Connection::memory_usage`].
    pub fn memory_usage(&self) -> usize {
        self.0.memory_usage()
    }

    /// The events of the last input call.
    pub fn records(&self) -> &[Record] {
        self.0.mark_read();
        &self.0.batch().records
    }

    /// The bytes of a [`region`] of the connection's own. The input region is the host's.
    pub fn region(&self, number: u8) -> &[u8] {
        match number {
            region::STORE => &self.0.batch().store,
            region::SCRATCH => &self.0.batch().scratch,
            _ => &[],
        }
    }

    /// Fills the block. `input` and `input_len` are where the bytes of the last `receive` were, `consumed` how many of them it
    /// consumed, `status` what the last call returned. The pointers are only stored.
    pub fn block(&self, block: &mut Block, input: *const u8, input_len: usize, consumed: usize, status: i32) {
        self.0.mark_read();
        let (batch, sender, output) = (self.0.batch(), self.0.outgoing(), self.0.output());
        let fault = sender.fault();
        let [fault_actual, fault_limit, fault_position] = fault.map_or([0, 0, NEVER], |fault| fault.numbers());
        *block = Block {
            status,
            event_count: batch.records.len() as u32,
            transport: sender.transport() as u8,
            state: sender.state() as u8,
            flags: self.flags(),
            fault: fault.map_or(0, |fault| fault.kind.number()),
            consumed: consumed as u64,
            next_deadline: self.0.deadline(),
            payload_remaining: self.0.payload_remaining(),
            fault_actual,
            fault_limit,
            fault_position,
            events: batch.records.as_ptr(),
            regions: [input, batch.store.as_ptr(), batch.scratch.as_ptr()],
            region_lens: [input_len, batch.store.len(), batch.scratch.len()],
            output: output.as_ptr(),
            output_len: output.len(),
        };
    }

    /// The flags of the block.
    fn flags(&self) -> u16 {
        let sender = self.0.outgoing();
        let (more, writable) = (self.0.has_more(), sender.writable());
        let defer = !more && sender.may_defer_written();
        let bit = |set: bool, bit: u16| if set { bit } else { 0 };
        bit(more, block::MORE) | bit(writable, block::WRITABLE) | bit(defer, block::DEFER_WRITTEN)
    }
}

fn send(sender: &mut Sender, kind: u8, payload: &[u8], now: u64) -> Result<(), Error> {
    match kind {
        kind::PING => Ok(sender.ping(payload, time(now))?),
        kind::PONG => Ok(sender.pong(payload)?),
        _ => send_message(sender, kind, payload),
    }
}

fn send_message(sender: &mut Sender, kind: u8, payload: &[u8]) -> Result<(), Error> {
    match message_kind(kind)? {
        MessageKind::Text => Ok(sender.send_text(string(payload)?)?),
        MessageKind::Binary => Ok(sender.send_binary(payload)?),
    }
}

/// A message for many connections. `kind` is [`kind::TEXT`] or [`kind::BINARY`].
///
/// # Errors
///
/// As [`PreparedMessage::text`], and [`Error::InvalidArgument`] for another kind, or a text that is not UTF-8.
pub fn prepare(kind: u8, payload: &[u8]) -> Result<PreparedMessage, Error> {
    match message_kind(kind)? {
        MessageKind::Text => Ok(PreparedMessage::text(string(payload)?)?),
        MessageKind::Binary => Ok(PreparedMessage::binary(payload)?),
    }
}

pub(super) fn message_kind(kind: u8) -> Result<MessageKind, Error> {
    match kind {
        kind::TEXT => Ok(MessageKind::Text),
        kind::BINARY => Ok(MessageKind::Binary),
        _ => Err(Error::InvalidArgument),
    }
}

/// Where a record's payload lies in the host's buffer.
fn slice<'a>(record: &Record, data: &'a [u8]) -> Result<&'a [u8], Error> {
    let range = || {
        let start = usize::try_from(record.offset).ok()?;
        let len = usize::try_from(record.len).ok()?;
        data.get(start..start.checked_add(len)?)
    };
    range().ok_or(Error::InvalidArgument)
}

fn http_version(number: u32) -> Result<HttpVersion, Error> {
    match number {
        http::VERSION_1_1 => Ok(HttpVersion::Http11),
        http::VERSION_2 => Ok(HttpVersion::Http2),
        http::VERSION_3 => Ok(HttpVersion::Http3),
        _ => Err(Error::InvalidArgument),
    }
}

fn close_code(code: u16) -> Option<CloseCode> {
    (code != 0).then_some(code.into())
}

/// A deadline that has come. [`NEVER`], which a host may pass on as it got it, is no time: 0 leaves the clock as it is.
pub(super) fn deadline(milliseconds: u64) -> Duration {
    time(if milliseconds == NEVER { 0 } else { milliseconds })
}

pub(super) fn time(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
