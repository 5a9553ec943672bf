//! What waits to be written: the output of the engine, and the large payloads between its bytes, which are written from where
//! they lie.
//!
//! The engine makes the header of such a payload ([`Connection::send_header`]) and knows nothing of what follows it. While a
//! payload is being written, the last byte of its header is not reported as written: so the engine has output that waits, with
//! all the deadlines that this has.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use sansock::{Connection, MessageKind};

use crate::error::Error;
use crate::message::Message;

/// From this size on, in bytes, it costs less to pass on where a payload lies than to copy it.
const LARGE: usize = 32 * 1024;
/// Longer than the header of any frame.
const HEADER_ROOM: u64 = 16;

/// What waits to be written.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Large payloads, whose headers are in the output.
    payloads: VecDeque<Payload>,
    /// How many bytes of these are left.
    payload_bytes: usize,
    /// How many bytes of the engine's output have been written...
    taken: u64,
    /// ...and how many of them have been reported.
    reported: u64,
    /// How many bytes have been written, those of large payloads included.
    pub(super) written: u64,
    /// Messages for which there was no room.
    pub(super) parked: VecDeque<Message>,
    /// Why one of them was not sent when there was room.
    pub(super) error: Option<Error>,
    /// Whether large payloads are written from where they lie.
    is_vectored: bool,
}

/// A payload that is written from where it lies.
struct Payload {
    /// How many bytes of the engine's output go before it, counted from the first one.
    at: u64,
    data: Bytes,
}

impl Outgoing {
    pub(super) fn set_vectored(&mut self, is_vectored: bool) {
        self.is_vectored = is_vectored;
    }

    // Sending

    /// Sends a message. [`WouldBlock`](sansock::Error::WouldBlock): there is no room for it.
    pub(super) fn send(&mut self, message: &Message, connection: &mut Connection) -> Result<(), sansock::Error> {
        let len = message.len();
        let takes_payload = self.is_vectored && len >= LARGE && !connection.would_compress(len);
        if takes_payload || self.payload_bytes > 0 {
            let (_, limit) = connection.output_limits();
            let frame = len as u64 + HEADER_ROOM;
            let has_room = frame <= limit.saturating_sub(self.pending(connection));
            if takes_payload && has_room {
                return self.send_payload(message, connection);
            }
            // A message that is too large for any room is the engine's to refuse.
            if self.payload_bytes > 0 && !has_room && frame <= limit {
                return Err(sansock::Error::WouldBlock);
            }
        }
        match message {
            Message::Text(text) => connection.send_text(text),
            Message::Binary(data) => connection.send_binary(data),
        }
    }

    fn send_payload(&mut self, message: &Message, connection: &mut Connection) -> Result<(), sansock::Error> {
        let kind = match message {
            Message::Text(_) => MessageKind::Text,
            Message::Binary(_) => MessageKind::Binary,
        };
        connection.send_header(kind, message.len() as u64, true)?;
        let data = message.clone().into_bytes();
        self.payload_bytes += data.len();
        self.payloads.push_back(Payload { at: self.reported + connection.pending_output() as u64, data });
        Ok(())
    }

    /// Whether there is room for a message, below the soft limit.
    pub(super) fn is_writable(&self, connection: &Connection) -> bool {
        if self.payload_bytes == 0 {
            return connection.writable() && self.parked.is_empty();
        }
        self.pending(connection) < connection.output_limits().0 && self.parked.is_empty()
    }

    // Writing

    /// How many bytes wait to be written.
    pub(super) fn pending(&self, connection: &Connection) -> u64 {
        connection.pending_output().saturating_sub(self.held()) as u64 + self.payload_bytes as u64
    }

    /// Where the output ends that there is so far. If something is parked, that is not known.
    pub(super) fn end(&self, connection: &Connection) -> u64 {
        if self.parked.is_empty() { self.written + self.pending(connection) } else { u64::MAX }
    }

    pub(super) fn has_payloads(&self) -> bool {
        !self.payloads.is_empty()
    }

    /// What is to be written next, as far as the slices are enough. Returns how many of them are used.
    pub(super) fn slices<'a>(&'a self, connection: &'a Connection, slices: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(self.pieces(connection)) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        count
    }

    /// What is to be written, in order: output of the engine and payloads in turn.
    fn pieces<'a>(&'a self, connection: &'a Connection) -> impl Iterator<Item = &'a [u8]> {
        let output = connection.output().get(self.held()..).unwrap_or_default();
        let place = |payload: &Payload| (payload.at - self.taken) as usize;
        let last = self.payloads.back().map_or(0, place);
        let mut start = 0;
        let pieces = self.payloads.iter().flat_map(move |payload| {
            let before = start..place(payload);
            start = before.end;
            [output.get(before).unwrap_or_default(), &payload.data]
        });
        pieces.chain([output.get(last..).unwrap_or_default()]).filter(|piece| !piece.is_empty())
    }

    /// This much has been written.
    pub(super) fn written(&mut self, count: usize, connection: &mut Connection) {
        self.written += count as u64;
        let mut left = count;
        while let Some(payload) = self.payloads.front_mut() {
            let before = left.min((payload.at - self.taken) as usize);
            self.taken += before as u64;
            left -= before;
            let piece = left.min(payload.data.len());
            payload.data.advance(piece);
            self.payload_bytes -= piece;
            left -= piece;
            if !payload.data.is_empty() {
                break;
            }
            self.payloads.pop_front();
        }
        self.taken += left as u64;
        self.report(connection);
    }

    /// Reports what has been written of the engine's output, but for the last byte before a payload that is being written.
    fn report(&mut self, connection: &mut Connection) {
        let is_within = self.payloads.front().is_some_and(|payload| payload.at == self.taken);
        let count = (self.taken - self.reported) as usize - usize::from(is_within);
        if count == 0 {
            return connection.payload_written();
        }
        self.reported += count as u64;
        // It may have dropped its output meanwhile.
        connection.written(count).ok();
    }

    /// Drops payloads if the engine has dropped its output: there is some while a payload is not written.
    pub(super) fn follow(&mut self, connection: &Connection) {
        if !self.payloads.is_empty() && connection.pending_output() == 0 {
            self.payloads.clear();
            self.payload_bytes = 0;
            self.reported = self.taken;
        }
    }

    /// Bytes of the engine's output that have been written and not reported.
    fn held(&self) -> usize {
        (self.taken - self.reported) as usize
    }
}
