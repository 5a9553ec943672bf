//! The events of one input call, and the bytes they refer to that are not the host's.
//!
//! # Goals
//!
//! 1. A message that lies in the host's input in one piece costs a record and nothing else: no copy, no allocation.
//! 2. What lies in pieces is joined in one flat buffer, so that fragments cost no memory.
//! 3. An idle connection holds nothing, and a busy one does not ask for memory with each batch.
//! 4. A peer decides how long a message it announces, but not how much memory that takes before its bytes arrive.
//! 5. A batch ends before it holds too much: the host takes the events, then passes the rest of the input.
//!
//! # Plan
//!
//! Records are pushed to `records`. A message is joined at the end of `store`, from `message_start` on, behind the messages
//! of this batch that are complete. When the next input call clears the batch, a message under way must come to the front of
//! the store. A short one is moved there. A long one that begins behind others is not moved: it is joined in `next_store`
//! from the moment it is known that its frame does not end in this batch, and that buffer becomes the store.
//!
//! Everything else that records refer to, HTTP heads and the pieces of what reads have cut, is in `scratch`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use crate::abi::{Record, flag, kind, region};
use crate::buffers::{self, Buffers};
use crate::error::Breach;
use crate::mask::{self, Key};

/// How many records end a batch. The rest of the input waits for the next call.
pub(crate) const MAX_RECORDS: usize = 256;
/// How many bytes of complete messages in the store, or inflated bytes, end a batch.
const MAX_STORED: usize = 1 << 20;
/// Where messages are limited to less, a batch need not inflate more than one of them, or than this.
const MIN_INFLATED: u64 = 64 * 1024;
/// Capacity for more records than this is given back, so that an idle connection stays small.
const KEPT_RECORDS: usize = 1;
/// Events that hold at most this many bytes may wait for the next input call.
const KEPT_BYTES: usize = 1024;
/// After this many small batches in a row the capacity for a large one is given back.
const SMALL_BATCHES: u8 = 4;

/// How much memory the announced length of a frame is worth before its bytes arrive: this many bytes, or this many times
/// what has arrived.
const ANNOUNCED_MIN: usize = 1024;
const ANNOUNCED_FACTOR: usize = 4;
/// How much larger than the frame a buffer of the pool may be.
const POOLED_FRAMES: usize = 4;

/// The events of one input call.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    /// Messages that do not lie in the input in one piece. The last one may be incomplete.
    pub(crate) store: Vec<u8>,
    /// Where the incomplete message begins in the store: at its end if there is none.
    message_start: usize,
    /// The store of the next batch, with the incomplete message, if that cannot stay in `store`.
    #[expect(clippy::box_collection, reason = "one word in each idle connection, not three")]
    next_store: Option<Box<Vec<u8>>>,
    /// HTTP heads, control frames cut by reads, code points cut by parts.
    pub(crate) scratch: Vec<u8>,
    /// How many bytes compressed messages were inflated to in this batch.
    inflated: u32,
    /// How many batches in a row were small.
    small_batches: u8,
}

impl Batch {
    /// Drops the events of the last input call. The incomplete message stays.
    #[inline]
    pub(crate) fn clear(&mut self, buffers: &Buffers) {
        self.clear_records();
        let only_incomplete = self.message_start == 0 && !self.store.is_empty() && self.next_store.is_none();
        let has_bytes = self.store.capacity() > 0 && !only_incomplete;
        if self.scratch.capacity() | self.inflated as usize > 0 || has_bytes {
            self.clear_bytes(buffers);
        }
    }

    fn clear_bytes(&mut self, buffers: &Buffers) {
        self.inflated = 0;
        if let Some(next) = self.next_store.take() {
            buffers.give(mem::replace(&mut self.store, *next));
        } else if self.message_start > 0 {
            self.store.drain(..self.message_start);
        }
        self.message_start = 0;
        // Both hold only what reads have cut: an idle connection has neither.
        if self.store.is_empty() {
            buffers.give(mem::take(&mut self.store));
        }
        self.scratch = Vec::new();
    }

    /// Drops the records only, while the scratch buffer holds a head that is being read.
    #[inline]
    pub(crate) fn clear_records(&mut self) {
        // A batch that needed the capacity is likely to be followed by another one: it is kept for a while.
        self.small_batches = if self.records.len() > KEPT_RECORDS { 0 } else { self.small_batches.saturating_add(1) };
        self.records.clear();
        if self.small_batches >= SMALL_BATCHES {
            self.shrink();
        }
    }

    /// Whether the events hold more memory than is kept for the next ones.
    pub(crate) fn is_large(&self) -> bool {
        let messages = if self.message_start > 0 { self.store.capacity() } else { 0 };
        self.records.capacity() * size_of::<Record>() + messages + self.scratch.capacity() > KEPT_BYTES
    }

    /// Gives back the capacity that a large batch needed for its records. They have been dropped.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        if self.records.capacity() > KEPT_RECORDS {
            self.records = Vec::new();
        }
    }

    /// Gives back what the opening handshake needed.
    pub(crate) fn reset(&mut self) {
        *self = Batch::default();
    }

    /// Whether the host must take the events before more are added.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= MAX_RECORDS || self.message_start.max(self.inflated as usize) >= MAX_STORED
    }

    /// How many more records the batch may hold.
    #[inline]
    pub(crate) fn remaining_records(&self) -> usize {
        if self.is_full() { 0 } else { MAX_RECORDS - self.records.len() }
    }

    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        if self.records.capacity() == 0 {
            self.records.reserve_exact(KEPT_RECORDS);
        }
        self.records.push(record);
    }

    /// The buffer of the incomplete message, which may have `limit` bytes, with room for `additional` more.
    #[inline]
    fn message_buffer(&mut self, additional: usize, limit: u64, buffers: &Buffers) -> Result<&mut Vec<u8>, Breach> {
        let (store, start) = match &mut self.next_store {
            None => (&mut self.store, self.message_start),
            Some(next) => (&mut **next, 0),
        };
        buffers.reserve(store, start, additional, limit)?;
        Ok(store)
    }

    /// Unmasks a piece of the incomplete message, which may have `limit` bytes, and appends it.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn append(
        &mut self,
        key: Key,
        masked: &[u8],
        limit: u64,
        buffers: &Buffers,
    ) -> Result<Appended<'_>, Breach> {
        let store = self.message_buffer(masked.len(), limit, buffers)?;
        let start = store.len();
        let (key, is_ascii) = mask::append_text(key, masked, store);
        Ok(Appended { key, piece: &store[start..], is_ascii })
    }

    /// Lends the buffer of the incomplete message, if it has room for at least `min` of the `left` bytes that are missing in its
    /// frame, and drops the events. It grows as it does with what arrives: by as much as is there. Otherwise the events stay.
    pub(crate) fn lend(&mut self, min: usize, left: usize, limit: u64, buffers: &Buffers) -> Option<Lent<'_>> {
        let here = self.next_store.as_ref().map_or(self.store.len() - self.message_start, |next| next.len());
        if here == 0 || left < min {
            return None;
        }
        let store = self.message_buffer(min.min(here), limit, buffers).ok()?;
        if store.capacity() - store.len() < min {
            return None;
        }
        self.clear(buffers);
        let room = left.min(self.store.capacity() - self.store.len());
        Some(Lent { store: &mut self.store, room })
    }

    /// Unmasks a piece of the incomplete message that was read to its place: from this index of the store on.
    pub(crate) fn unmask(&mut self, key: Key, from: usize, len: usize, is_text: bool) -> Appended<'_> {
        let piece = &mut self.store[from..from + len];
        let (key, is_ascii) = if is_text { mask::apply_to_text(key, piece) } else { (mask::apply(key, piece), false) };
        Appended { key, piece, is_ascii }
    }

    /// Makes room for a frame of `len` bytes of which `here` have arrived now and the rest has not: in a buffer of the pool
    /// if there is one that is not much larger than the read, otherwise for a few times what is here, because the rest may
    /// never arrive.
    pub(crate) fn announce(
        &mut self,
        here: usize,
        len: u64,
        rest: Rest,
        limit: u64,
        buffers: &Buffers,
    ) -> Result<(), Breach> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let is_first_piece = self.message_start == self.store.len() && self.next_store.is_none();
        let most = buffers::worth(rest.read).min(len.saturating_mul(POOLED_FRAMES));
        if self.store.capacity() == 0 {
            self.store = buffers.take(len, most);
        } else if rest.continues && self.message_start > 0 && is_first_piece {
            self.next_store = Some(Box::new(buffers.take(len, most)));
        }
        let additional = len.min(here.saturating_mul(ANNOUNCED_FACTOR).max(ANNOUNCED_MIN));
        self.message_buffer(additional, limit, buffers).map(|_| ())
    }

    /// Where the incomplete message begins in the store.
    pub(crate) fn message_start(&self) -> usize {
        self.message_start
    }

    /// Counts bytes of messages that may have `limit` bytes.
    pub(crate) fn count_inflated(&mut self, bytes: usize, limit: u64) {
        self.inflated = self.inflated.saturating_add(bytes as u32);
        if u64::from(self.inflated) >= limit.max(MIN_INFLATED) {
            self.inflated = self.inflated.max(MAX_STORED as u32);
        }
    }

    /// The incomplete message is complete. Returns where it lies.
    pub(crate) fn finish_message(&mut self) -> Place {
        debug_assert!(self.next_store.is_none(), "a message that continues in the next batch is not complete");
        let start = self.message_start;
        self.message_start = self.store.len();
        Place { region: region::STORE, offset: start, len: self.store.len() - start }
    }

    /// Drops the incomplete message, or a piece of it.
    pub(crate) fn discard_message(&mut self) {
        self.store.truncate(self.message_start);
        self.next_store = None;
    }

    /// Drops the incomplete message, which will not be continued.
    pub(crate) fn end(&mut self, buffers: &Buffers) {
        self.discard_message();
        if self.store.is_empty() {
            buffers.give(mem::take(&mut self.store));
        }
    }

    /// Copies bytes to the store. No message is incomplete.
    pub(crate) fn push_to_store(&mut self, bytes: &[u8], buffers: &Buffers) -> Result<Place, Breach> {
        self.message_buffer(bytes.len(), bytes.len() as u64, buffers)?.extend_from_slice(bytes);
        Ok(self.finish_message())
    }

    /// Copies a few bytes to the scratch buffer.
    pub(crate) fn push_to_scratch(&mut self, bytes: &[u8]) -> Place {
        let offset = self.scratch.len();
        self.scratch.extend_from_slice(bytes);
        Place { region: region::SCRATCH, offset, len: bytes.len() }
    }

    /// Adds a detail whose payload is copied to the scratch buffer.
    pub(crate) fn push_detail(&mut self, kind: u8, bytes: &[u8]) {
        let place = self.push_to_scratch(bytes);
        self.push(place.record(kind, 0));
    }

    pub(crate) fn heap(&self) -> usize {
        let next = self.next_store.as_ref().map_or(0, |next| size_of::<Vec<u8>>() + next.capacity());
        self.records.capacity() * size_of::<Record>() + self.store.capacity() + next + self.scratch.capacity()
    }
}

/// The buffer of the incomplete message, and how many bytes may be appended to it within its capacity.
pub(crate) struct Lent<'a> {
    pub(crate) store: &'a mut Vec<u8>,
    pub(crate) room: usize,
}

/// What is known of the rest of a frame when a piece of it is joined.
#[derive(Clone, Copy)]
pub(crate) struct Rest {
    /// How many bytes of the read there are from the piece on.
    pub(crate) read: usize,
    /// The end of the frame is not in this batch.
    pub(crate) continues: bool,
}

/// A piece that was appended to the incomplete message.
pub(crate) struct Appended<'a> {
    /// The masking key, as it applies to the byte after the piece.
    pub(crate) key: Key,
    /// The piece, unmasked.
    pub(crate) piece: &'a [u8],
    /// Whether the piece is ASCII.
    pub(crate) is_ascii: bool,
}

/// Where a payload lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) region: u8,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

impl Place {
    /// A record with this payload.
    #[inline]
    pub(crate) fn record(self, kind: u8, flags: u8) -> Record {
        let (offset, len) = (self.offset as u64, self.len as u64);
        Record { kind, flags: flags | self.region, offset, len, ..Record::default() }
    }

    /// A whole message or control payload.
    #[inline]
    pub(crate) fn whole(self, kind: u8) -> Record {
        self.record(kind, flag::FIRST | flag::LAST)
    }
}

/// A header detail, with name and value in the scratch buffer.
pub(crate) fn header_record(name: Place, value: Place) -> Record {
    let record = value.record(kind::HEADER, 0);
    Record { aux: name.len as u32, offset: name.offset as u64, extra: record.offset, ..record }
}
