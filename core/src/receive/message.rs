//! A data message under way (RFC 6455 §5.4, §5.6): its limits, its text, and how it is delivered.

use super::Context;
use super::batch::{Appended, Place};
use crate::abi::{Record, flag, kind, region};
use crate::deflate::COMPRESSED_PIECE;
use crate::error::{Breach, FaultKind};
use crate::frame::{Header, Opcode};
use crate::settings::Settings;
use crate::utf8::Utf8;

/// Joined payloads are read in pieces that stay in the nearest cache until they are validated.
const CACHED_PIECE: usize = 16 * 1024;

/// A data message of which a frame has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// The kind of its record.
    pub(super) kind: u8,
    pub(super) compressed: bool,
    /// Bytes of payload on the wire, those announced included.
    pub(super) size: u64,
    /// How many bytes it was inflated to so far.
    pub(super) inflated: u64,
    /// Frames so far. It stops at its largest value.
    pub(super) fragments: u32,
    /// Bytes of payload that its last frame has on the wire.
    frame_len: u64,
    pub(super) utf8: Utf8,
    /// In parts mode: a part has been delivered.
    has_part: bool,
}

/// What is done with the payload of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Joined in the store, and delivered whole.
    Join,
    /// Inflated into the store.
    Inflate,
    /// Delivered in parts, as it arrives.
    Parts,
}

impl Delivery {
    /// The longest piece that is processed at once.
    pub(super) fn max_piece(self) -> usize {
        match self {
            Delivery::Join => CACHED_PIECE,
            Delivery::Inflate => COMPRESSED_PIECE,
            Delivery::Parts => usize::MAX,
        }
    }
}

/// What ends with a piece of a message's payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) frame: bool,
    pub(super) message: bool,
}

/// A piece of a message's payload, unmasked: where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// At this index of the bytes being read.
    Bytes(usize),
    /// At this offset of the store.
    Store(usize),
}

impl Message {
    /// A message that begins with this frame.
    pub(super) fn new(header: &Header) -> Self {
        let kind = if header.opcode == Opcode::Text { kind::TEXT } else { kind::BINARY };
        let compressed = header.compressed;
        Message {
            kind,
            compressed,
            size: 0,
            inflated: 0,
            fragments: 0,
            frame_len: 0,
            utf8: Utf8::default(),
            has_part: false,
        }
    }

    pub(super) fn delivery(&self, settings: &Settings) -> Delivery {
        match self.compressed {
            true => Delivery::Inflate,
            false if settings.parts => Delivery::Parts,
            false => Delivery::Join,
        }
    }

    /// Counts a frame of the message, whose size is within the limits.
    pub(super) fn add_frame(&mut self, len: u64, settings: &Settings) -> Result<(), Breach> {
        self.fragments = self.fragments.saturating_add(1);
        self.size += len;
        self.frame_len = len;
        if u64::from(self.fragments) > settings.max_fragments {
            return Err(Breach::with(FaultKind::TooManyFragments, self.fragments.into()));
        }
        Ok(())
    }

    /// Validates the next piece if it is text, unless it is known to be valid: ASCII behind a whole code point.
    #[inline]
    pub(super) fn check_text(&mut self, appended: &Appended<'_>) -> Result<(), Breach> {
        if self.kind == kind::TEXT && !(appended.is_ascii && self.utf8.is_complete()) {
            self.utf8.push(appended.piece).map_err(|_| FaultKind::BadText)?;
        }
        Ok(())
    }

    /// A text must not end inside a code point.
    pub(super) fn check_complete(&self) -> Result<(), Breach> {
        if self.utf8.is_complete() { Ok(()) } else { Err(FaultKind::BadText.into()) }
    }

    /// Delivers a piece as a part. A code point that pieces cut is joined and delivered as a part of its own.
    pub(super) fn deliver_part(
        &mut self,
        source: Source,
        piece: &[u8],
        end: End,
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        if context.sender.settings().frames {
            return self.deliver_frame(source, piece, end, context);
        }
        let last = end.message;
        let mut joined = None;
        let (start, end) = if self.kind == kind::TEXT {
            let (code_point, start) = self.utf8.join(piece).map_err(|_| FaultKind::BadText)?;
            joined = code_point;
            (start, start + self.utf8.bulk(&piece[start..]).map_err(|_| FaultKind::BadText)?)
        } else {
            (0, piece.len())
        };
        if last {
            self.check_complete()?;
        }
        if !context.delivers() {
            return Ok(());
        }
        let remainder_is_empty = start == end;
        if let Some(joined) = joined {
            let place = context.batch.push_to_scratch(joined.as_bytes());
            self.push_part(place, last && remainder_is_empty, context);
            if remainder_is_empty {
                return Ok(());
            }
        }
        if last || !remainder_is_empty {
            let place = match source {
                Source::Bytes(at) => context.place(at + start, &piece[start..end])?,
                Source::Store(offset) => Place { region: region::STORE, offset: offset + start, len: end - start },
            };
            self.push_part(place, last, context);
        }
        Ok(())
    }

    /// Delivers a piece of a frame as it is. A text that was inflated has been validated.
    fn deliver_frame(
        &mut self,
        source: Source,
        piece: &[u8],
        end: End,
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        if self.kind == kind::TEXT && !self.compressed {
            self.utf8.push(piece).map_err(|_| FaultKind::BadText)?;
        }
        if end.message {
            self.check_complete()?;
        }
        if !context.delivers() || piece.is_empty() && !end.frame {
            return Ok(());
        }
        let place = match source {
            Source::Bytes(at) => context.place(at, piece)?,
            Source::Store(offset) => Place { region: region::STORE, offset, len: piece.len() },
        };
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = bit(!self.has_part, flag::FIRST)
            | bit(end.message, flag::LAST)
            | bit(end.frame, flag::FRAME_END)
            | bit(self.compressed, flag::COMPRESSED);
        self.has_part = true;
        let opcode = if self.kind == kind::TEXT { Opcode::Text } else { Opcode::Binary };
        let record = place.record(kind::FRAME, flags);
        context.batch.push(Record { code: opcode as u16, extra: self.frame_len, ..record });
        Ok(())
    }

    fn push_part(&mut self, place: Place, last: bool, context: &mut Context<'_>) {
        let first = if self.has_part { 0 } else { flag::FIRST };
        let last = if last { flag::LAST } else { 0 };
        self.has_part = true;
        context.batch.push(place.record(self.kind, first | last));
    }
}
