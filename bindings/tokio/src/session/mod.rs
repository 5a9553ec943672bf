//! A connection as its users see it, without I/O: messages that have arrived, backpressure, closing, deadlines. It reads no
//! clock and waits for nothing: the [driver](crate::driver) does.
//!
//! Messages are pulled: bytes are read and passed to the engine only when no message waits to be received, so that what a
//! connection holds is at most what one batch of the engine holds.

mod buffers;
mod inbox;
#[cfg(test)]
mod large_tests;
mod opening;
mod outgoing;
#[cfg(test)]
mod tests;

use std::io::IoSlice;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use sansock::{CloseCode, Config, Connection, PreparedMessage, Received, Role, State, Transport, random_seed};

use crate::error::{Closed, Error};
use crate::events::{Event, Fragments};
use crate::message::Message;
use buffers::Buffer;
#[cfg(feature = "hyper")]
pub(crate) use inbox::Head;
use inbox::{Inbox, Kept};
pub(crate) use opening::Opening;
use outgoing::Outgoing;

/// How long a peer's Close waits for its answer while messages before it have not been received.
const CLOSE_GRACE: Duration = Duration::from_secs(10);
/// How many bytes of messages are kept while we close, when nobody receives them.
const MAX_CLOSING: usize = 256 * 1024;

/// One connection.
pub(crate) struct Session {
    connection: Connection,
    role: Role,
    /// What has been read, and what of it the engine has not consumed.
    input: BytesMut,
    pub(crate) inbox: Inbox,
    outgoing: Outgoing,
    /// Whether we have started the closing handshake.
    close_started: bool,
    /// Whether the engine knows that nothing is read.
    is_paused: bool,
    /// Since when something is due that waits for messages to be received.
    waiting_since: Option<Duration>,
}

impl Session {
    /// A new connection. A client's request is in the output.
    pub(crate) fn new(config: &Config, now: Duration) -> Result<Self, Error> {
        let role = config.role();
        // A server draws no random numbers.
        let seed = if role == Role::Client { random_seed()? } else { [0; 32] };
        let connection = Connection::new(config, seed, now)?;
        let mut inbox = Inbox::default();
        if connection.state() != State::Connecting {
            // The stream has been upgraded already: there is no handshake here.
            inbox.response = Some(Arc::default());
        }
        Ok(Session {
            connection,
            role,
            input: BytesMut::new(),
            inbox,
            outgoing: Outgoing::default(),
            close_started: false,
            is_paused: false,
            waiting_since: None,
        })
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    // Input

    /// Whether to read: no message waits to be received, nor do bytes for the engine.
    pub(crate) fn wants_read(&self) -> bool {
        self.input.is_empty() && self.takes_events()
    }

    /// Takes what has been read.
    pub(crate) fn receive(&mut self, input: BytesMut, now: Duration) {
        self.input = input;
        self.advance(now);
    }

    /// Gives back the buffer that was passed to [`receive`](Self::receive), once it is empty.
    pub(crate) fn take_empty_input(&mut self) -> Option<BytesMut> {
        self.input.is_empty().then(|| std::mem::take(&mut self.input))
    }

    /// Takes a buffer to read into. It may be passed to [`receive`](Self::receive), and then what there is of it to
    /// [`give_back`](Self::give_back).
    pub(crate) fn take_buffer(&mut self) -> (Buffer, BytesMut) {
        if let Some(room) = self.inbox.partial.take_room() {
            return (Buffer::Room, room);
        }
        let buffer = if self.inbox.has_long_text() { Buffer::Long } else { Buffer::Usual };
        (buffer, buffers::take(buffer))
    }

    pub(crate) fn give_back(&mut self, buffer: Buffer, bytes: BytesMut) {
        match buffer {
            Buffer::Room => self.inbox.partial.give_back(bytes),
            Buffer::Usual | Buffer::Long => buffers::give_back(buffer, bytes),
        }
    }

    /// The peer's stream has ended, or the transport is lost.
    pub(crate) fn receive_eof(&mut self, now: Duration) {
        let received = self.connection.receive_eof(now);
        self.inbox.take_all(received);
        self.settle(now);
    }

    /// Acts on the deadline.
    pub(crate) fn timeout(&mut self, now: Duration) {
        self.waiting_since = None;
        let received = self.connection.timeout(now);
        self.inbox.take_all(received);
        self.settle(now);
    }

    /// Has the engine go on, if it has something to do and no message waits to be received. Returns whether it did.
    pub(crate) fn advance(&mut self, now: Duration) -> bool {
        let mut has_advanced = false;
        while self.takes_events() && (!self.input.is_empty() || self.connection.has_more()) {
            let (before, had_more) = (self.input.len(), self.connection.has_more());
            self.receive_batch(now);
            self.settle(now);
            if self.input.len() == before && !had_more {
                break; // it waits for the answer to a request
            }
            has_advanced = true;
        }
        if !self.connection.has_more() {
            self.waiting_since = None;
        } else if self.waiting_since.is_none() {
            self.waiting_since = Some(now);
        }
        has_advanced
    }

    /// Whether events may be asked for. The answer to a peer's Close waits for the messages before it to be received, so that
    /// these can be answered.
    fn takes_events(&self) -> bool {
        self.inbox.is_empty() || (self.close_started && self.inbox.message_bytes() <= MAX_CLOSING)
    }

    fn receive_batch(&mut self, now: Duration) {
        let mut kept = Kept::of(&self.input, self.inbox.partial.len());
        let Received { consumed, events, .. } = self.connection.receive(&mut self.input, now);
        for event in events {
            self.inbox.take(event, &mut kept);
        }
        if !kept.is_empty() {
            kept.share(&mut self.inbox, self.input.split_to(consumed));
        } else if consumed == self.input.len() {
            self.input.clear();
        } else {
            self.input.advance(consumed);
        }
    }

    /// What follows from the events of a batch.
    fn settle(&mut self, now: Duration) {
        if self.inbox.closed.is_some() {
            self.outgoing.follow(&self.connection);
            if self.connection.pending_output() == 0 {
                self.send_parked(); // which says why they are not sent
            }
        }
        if let Some(closed) = self.inbox.closed.as_mut().filter(|closed| closed.fault.is_none()) {
            closed.fault = self.connection.fault();
        }
        if let (Some(refusal), Some(fault)) = (&mut self.inbox.rejected, self.connection.fault()) {
            refusal.fault = fault.kind;
        }
        if let Some(code) = self.inbox.fault_code.take() {
            // Where the option `auto_fail` is off.
            self.connection.fail(code, "", now).ok();
        }
    }

    /// Tells the engine whether bytes are being read, when that changes: a pong that is not read is not late. And while
    /// output waits it tells the time, from which the deadline for writing runs.
    pub(crate) fn set_reading(&mut self, reads: bool, now: Duration) {
        if reads == self.is_paused || self.connection.pending_output() > 0 {
            self.is_paused = !reads;
            if reads { self.connection.resume(now) } else { self.connection.pause(now) }
        }
    }

    // Output

    /// Whether the stream takes several slices with one write, so that a large payload can be written from where it lies.
    pub(crate) fn set_vectored(&mut self, is_vectored: bool) {
        self.outgoing.set_vectored(is_vectored && self.role == Role::Server);
    }

    /// What is to be written, if it is in one piece.
    pub(crate) fn output(&self) -> &[u8] {
        self.connection.output()
    }

    /// Whether it is in more than one piece, which are [`slices`](Self::slices).
    pub(crate) fn has_payloads(&self) -> bool {
        self.outgoing.has_payloads()
    }

    /// What is to be written next. Returns how many of the slices that is.
    pub(crate) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.slices(&self.connection, slices)
    }

    pub(crate) fn written(&mut self, count: usize) {
        self.outgoing.written(count, &mut self.connection);
        self.send_parked();
    }

    /// Sends what had to wait for room.
    fn send_parked(&mut self) {
        while let Some(message) = self.outgoing.parked.pop_front() {
            match self.outgoing.send(&message, &mut self.connection) {
                Ok(()) => {}
                Err(sansock::Error::WouldBlock) => {
                    self.outgoing.parked.push_front(message);
                    break;
                }
                Err(error) => self.outgoing.error = Some(self.refused(error)),
            }
        }
    }

    /// Why a message was not sent after all, once.
    pub(crate) fn take_send_error(&mut self) -> Option<Error> {
        self.outgoing.error.take()
    }

    /// Whether all that was sent has been written.
    pub(crate) fn is_written(&self) -> bool {
        self.connection.pending_output() == 0 && self.outgoing.parked.is_empty()
    }

    /// Where the output ends that there is so far. If something is parked, that is not known.
    pub(crate) fn output_end(&self) -> u64 {
        self.outgoing.end(&self.connection)
    }

    /// Whether the output has been written up to there, which may be before its end: others may be sending.
    pub(crate) fn is_written_to(&self, end: u64) -> bool {
        self.outgoing.written >= end || self.is_written()
    }

    /// What to do with the transport once all output is written.
    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport()
    }

    /// When to call [`timeout`](Self::timeout).
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match self.waiting_since {
            // It is due at once, but for the messages that wait.
            Some(since) if self.connection.has_more() => Some(since + CLOSE_GRACE),
            _ => self.connection.next_deadline(),
        }
    }

    // Messages

    /// The next message, if one has arrived.
    pub(crate) fn pop(&mut self) -> Option<Message> {
        self.inbox.pop()
    }

    /// The next message or control frame, if one has arrived.
    pub(crate) fn pop_event(&mut self) -> Option<Event> {
        self.inbox.pop_event()
    }

    /// Whether there is room for a message.
    pub(crate) fn is_writable(&self) -> bool {
        self.outgoing.is_writable(&self.connection)
    }

    /// Sends a message. If the output is full, it is kept until there is room.
    pub(crate) fn send(&mut self, message: Message) -> Result<(), Error> {
        if !self.outgoing.parked.is_empty() {
            self.outgoing.parked.push_back(message);
            return Ok(());
        }
        match self.outgoing.send(&message, &mut self.connection) {
            Err(sansock::Error::WouldBlock) => self.outgoing.parked.push_back(message),
            result => result.map_err(|error| self.refused(error))?,
        }
        Ok(())
    }

    /// Sends a message that was made for many connections. If the output is full, a copy is kept until there is room.
    pub(crate) fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        if self.outgoing.parked.is_empty() {
            match self.connection.send_prepared(message) {
                Err(sansock::Error::WouldBlock) => {}
                result => return result.map_err(|error| self.refused(error)),
            }
        }
        self.outgoing.parked.push_back(Message::from(message));
        Ok(())
    }

    /// Sends a message in fragments, if there is room for all of it; only then is anything sent. Returns whether there was.
    pub(crate) fn send_fragments(&mut self, fragments: &Fragments) -> Result<bool, Error> {
        let (_, limit) = self.connection.output_limits();
        let room = fragments.room();
        if room > limit {
            return Err(sansock::Error::TooLarge.into());
        }
        if !self.outgoing.parked.is_empty() || self.outgoing.pending(&self.connection) + room > limit {
            return Ok(false);
        }
        let last = fragments.parts.len() - 1;
        for (number, part) in fragments.parts.iter().enumerate() {
            let sent = self.connection.send_part(fragments.kind, part, number == last);
            sent.map_err(|error| self.refused(error))?;
        }
        Ok(true)
    }

    /// Sends a pong that nobody asked for.
    pub(crate) fn pong(&mut self, payload: &[u8]) -> Result<(), Error> {
        match self.connection.pong(payload) {
            Err(sansock::Error::WouldBlock) => Ok(()),
            result => result.map_err(|error| self.refused(error)),
        }
    }

    /// Sends a ping.
    pub(crate) fn ping(&mut self, payload: &[u8], now: Duration) -> Result<(), Error> {
        match self.connection.ping(payload, now) {
            // So much waits to be written that a ping would say nothing: the peer does not read.
            Err(sansock::Error::WouldBlock) => Ok(()),
            result => result.map_err(|error| self.refused(error)),
        }
    }

    /// Starts the closing handshake, unless it has begun.
    pub(crate) fn close(&mut self, code: Option<CloseCode>, reason: &str, now: Duration) -> Result<(), Error> {
        self.connection.close(code, reason, now)?;
        self.close_started = true;
        Ok(())
    }

    /// Why nothing can be sent, if that is so.
    pub(crate) fn check_open(&self) -> Result<(), Error> {
        match &self.inbox.closed {
            Some(closed) => Err(Error::Closed(closed.clone())),
            None if self.close_started => Err(Error::Closing),
            None => Ok(()),
        }
    }

    /// What an error of the engine means.
    fn refused(&self, error: sansock::Error) -> Error {
        match (error, &self.inbox.closed) {
            (sansock::Error::InvalidState, Some(closed)) => Error::Closed(closed.clone()),
            (sansock::Error::InvalidState, None) => Error::Closing,
            (error, _) => error.into(),
        }
    }

    // State

    pub(crate) fn state(&self) -> State {
        if self.inbox.closed.is_some() { State::Closed } else { self.connection.state() }
    }

    pub(crate) fn closed(&self) -> Option<&Closed> {
        self.inbox.closed.as_ref()
    }

    /// Keeps what the transport said when it failed.
    pub(crate) fn set_transport_error(&mut self, error: Arc<std::io::Error>) {
        if let Some(closed) = self.inbox.closed.as_mut().filter(|closed| !closed.clean) {
            closed.io.get_or_insert(error);
        }
    }

    pub(crate) fn set_compression(&mut self, on: bool) {
        self.connection.set_compression(on);
    }
}
