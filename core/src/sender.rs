//! The outgoing half of a connection: frames to send, the state of closing, deadlines.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::batch::{Record, kind};
use crate::close::{self, Payload};
use crate::config::{Role, Settings};
use crate::deflate::Agreement;
use crate::deflate::codec::Compressor;
use crate::error::{Answer, Error, Fault, FaultKind};
use crate::frame::{self, MAX_CONTROL, MAX_HEADER, Opcode};
use crate::life::{Ending, Life, State, Transport};
use crate::mask;
use crate::output::{Output, Queue};
use crate::random::Keys;
use crate::timer::{Due, NEVER, Timers};
use crate::utf8::{self, Utf8};

/// The latest ping, whose answer gives the round-trip time.
#[derive(Debug)]
struct LastPing {
    payload: Vec<u8>,
    at: u64,
}

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
    last_ping: Option<Box<LastPing>>,
    keepalive_count: u64,
    last_keepalive: u64,
    ending: Option<Box<Ending>>,
    /// The peer's Close, while the host has not answered it.
    received: Option<Box<(u16, Box<str>)>>,
    fault: Option<Fault>,
    /// A fault of the peer's that ends the connection in the next input call.
    owed: Option<Box<Fault>>,
    /// What was agreed on compression.
    deflate: Option<Agreement>,
    compressor: Compressor,
    /// Whether the host wants what it sends to be compressed.
    compression: bool,
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
            last_ping: None,
            keepalive_count: 0,
            last_keepalive: now,
            ending: None,
            received: None,
            fault: None,
            owed: None,
            deflate: None,
            compressor: Compressor::default(),
            compression: true,
        }
    }

    /// Sends a whole text message.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidState`] unless the connection is open (our Close is not sent yet) and no message is being sent in parts,
    /// [`Error::WouldBlock`] while the output is full, [`Error::TooLarge`] if the message alone is larger than the output may
    /// be, [`Error::NoMemory`]. Nothing is queued then.
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
        self.queue.reserve(MAX_HEADER)?.extend_from_slice(frame::encode(last, opcode, 0, len, None).as_bytes());
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

    /// Whether messages from here on are compressed, where that was agreed and they are long enough. They are unless the
    /// host says otherwise: secrets beside text that an attacker chooses should not be (RFC 7692 §8).
    pub fn set_compression(&mut self, on: bool) {
        self.compression = on;
    }

    /// Sends a ping with up to 125 bytes. The pong that answers it carries the round-trip time.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text) (parts of a message may be under way); [`Error::InvalidArgument`] if the payload is longer.
    pub fn ping(&mut self, payload: &[u8], now: u64) -> Result<(), Error> {
        self.timers.advance(now);
        self.send_control(Opcode::Ping, payload)?;
        self.last_ping = Some(Box::new(LastPing { payload: payload.into(), at: self.timers.now() }));
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
        match self.life {
            Life::Connecting => self.abort(),
            Life::Open => {
                self.send_close(&payload);
                self.life = Life::CloseSent;
                self.timers.stop();
                self.timers.close = self.timers.after(self.settings.close_timeout);
            }
            Life::CloseReceived => {
                self.send_close(&payload);
                self.end_closed(true);
            }
            Life::CloseSent | Life::Ended => {}
        }
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
        match self.life {
            Life::Connecting => self.abort(),
            Life::Ended => return Err(Error::InvalidState),
            Life::Open | Life::CloseSent | Life::CloseReceived => {
                self.send_close(&payload);
                self.end_failed(FaultKind::FailedByHost.into(), false);
            }
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

    /// The bytes to write to the transport. Report what was written with [`consumed`](Self::consumed).
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
    pub fn consumed(&mut self, count: usize) -> Result<(), Error> {
        self.queue.consume(count)?;
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
        self.fault
    }
}

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
        if cfg!(feature = "deflate") { self.deflate } else { None }
    }

    /// Room for HTTP text, which is not bounded by the output limits: it is the host's own.
    pub(crate) fn http(&mut self, len: usize) -> Result<&mut Vec<u8>, Error> {
        self.queue.reserve(len)
    }

    /// The opening handshake is complete.
    pub(crate) fn open(&mut self, deflate: Option<Agreement>) {
        self.deflate = deflate;
        self.life = Life::Open;
        self.timers.handshake = NEVER;
        self.last_keepalive = self.timers.now();
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
        let at = self.last_ping.as_ref().filter(|ping| ping.payload == payload)?.at;
        self.last_ping = None;
        if self.timers.pong != NEVER {
            self.answered();
        }
        Some(self.timers.now() - at)
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
            + self.compressor.heap()
            + self.keys.as_ref().map_or(0, |_| size_of::<Keys>())
            + self.pending_pong.as_ref().map_or(0, |pong| pong.len())
            + self.last_ping.as_ref().map_or(0, |ping| size_of::<LastPing>() + ping.payload.capacity())
            + self.ending.as_ref().map_or(0, |ending| size_of::<Ending>() + ending.reason.len())
            + self.received.as_ref().map_or(0, |received| size_of::<(u16, Box<str>)>() + received.1.len())
    }
}

impl Sender {
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

    /// Whether a message that begins with this payload is compressed.
    fn compresses(&self, len: usize, whole: bool) -> bool {
        let agreed = self.deflate().is_some_and(|deflate| deflate.send.can_compress());
        agreed && self.compression && (!whole || len as u64 >= self.settings.deflate_threshold)
    }

    /// Compresses a payload and queues it. All room is made before, for what is compressed must be sent: the peer's window
    /// moves with ours.
    fn compressed_frame(&mut self, opcode: Opcode, fin: bool, payload: &[u8]) -> Result<(), Error> {
        let Some(deflate) = self.deflate() else { return Err(Error::InvalidState) };
        let most = Compressor::bound(payload.len());
        self.check_room(most as u64)?;
        self.queue.reserve(MAX_HEADER + most)?;
        let data = self.compressor.compress(payload, fin, deflate.send, &self.settings)?;
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

    fn check_room(&self, payload: u64) -> Result<(), Error> {
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
        let bytes = self.queue.reserve(MAX_HEADER + payload.len())?;
        let key = self.keys.as_mut().map(|keys| keys.mask());
        bytes.extend_from_slice(frame::encode(fin, opcode, rsv, payload.len() as u64, key).as_bytes());
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(key, &mut bytes[start..]);
        }
        Ok(())
    }

    /// Sends Close, once (§5.5.1: nothing follows it).
    fn send_close(&mut self, payload: &Payload) {
        if self.close_sent.is_some() || self.frame(Opcode::Close, true, payload.as_bytes()).is_err() {
            return;
        }
        self.close_sent = Some(payload.code);
        self.pending_pong = None;
        self.parts = None;
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
            self.timers.ping = self.last_keepalive.saturating_add(interval).min(NEVER - 1);
        }
    }

    fn send_keepalive(&mut self) {
        self.keepalive_count += 1;
        self.last_keepalive = self.timers.now();
        self.timers.ping = NEVER;
        self.timers.pong = self.timers.after(self.settings.pong_timeout);
        let payload = self.keepalive_count.to_be_bytes();
        // Unless memory is short, and then the silence that follows is the peer's to break.
        if self.frame(Opcode::Ping, true, &payload).is_ok() {
            self.last_ping = Some(Box::new(LastPing { payload: payload.into(), at: self.last_keepalive }));
        }
    }

    /// The host gives up during the opening handshake.
    fn abort(&mut self) {
        self.end_handshake(FaultKind::FailedByHost.into(), false, false);
    }

    /// Both Close frames have passed. The server closes the transport first (§7.1.1); a client waits for that.
    fn end_closed(&mut self, by_peer: bool) {
        let transport = match self.role {
            Role::Server => Transport::Close,
            Role::Client => Transport::Open,
        };
        let received = self.received.take();
        self.end(received, true, by_peer, None, transport);
    }

    fn end_failed(&mut self, fault: Fault, by_peer: bool) {
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
        self.compressor = Compressor::default();
        self.pending_pong = None;
        self.last_ping = None;
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
    fn rest(&mut self) {
        if self.transport == Transport::Close && self.queue.len() == 0 {
            self.timers.stop();
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
