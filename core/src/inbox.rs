//! Where the events of one input call are gathered: records, and the bytes they refer to that are not the host's.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use crate::batch::{Record, flag, kind, region};
use crate::buffers::Buffers;
use crate::error::{Fault, FaultKind};
use crate::mask::{self, Key};

/// How many records end a batch. The rest of the input waits for the next call.
const MAX_RECORDS: usize = 256;
/// How many bytes of finished messages in the store, or inflated ones, end a batch.
const MAX_STORED: usize = 1 << 20;
/// Room for more records than this is given back, so that an idle connection stays small.
const KEEP_RECORDS: usize = 1;
/// After so many small batches in a row the room for a large one is given back.
const SMALL_BATCHES: u8 = 4;

/// Room that the announcement of a frame is worth before its bytes are here: so many bytes, and so many times what is here.
const EXPECTED: usize = 1024;
const TRUST: usize = 4;

/// The events of one input call.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) records: Vec<Record>,
    /// Messages that do not lie in the input in one piece. The last one may still be growing.
    pub(crate) store: Vec<u8>,
    /// Where the growing message begins in the store.
    growing: usize,
    /// The growing message instead, if it goes on in the next batch and the store has others: the next store.
    #[expect(clippy::box_collection, reason = "one word in each idle connection, not three")]
    next: Option<Box<Vec<u8>>>,
    /// Heads, control frames cut by reads, code points cut by parts.
    pub(crate) side: Vec<u8>,
    /// How many bytes compressed messages were inflated to in this batch.
    inflated: u32,
    /// How many batches in a row were small.
    small: u8,
}

impl Inbox {
    /// Makes room for the events of a new input call. The growing message stays.
    #[inline]
    pub(crate) fn clear(&mut self, buffers: &Buffers) {
        self.clear_records();
        let grows_alone = self.growing == 0 && !self.store.is_empty() && self.next.is_none();
        if self.side.capacity() | self.inflated as usize > 0 || self.store.capacity() > 0 && !grows_alone {
            self.clear_bytes(buffers);
        }
    }

    fn clear_bytes(&mut self, buffers: &Buffers) {
        self.inflated = 0;
        if let Some(next) = self.next.take() {
            buffers.give(mem::replace(&mut self.store, *next));
        } else if self.growing > 0 {
            self.store.drain(..self.growing);
        }
        self.growing = 0;
        // Both are needed only for what reads have cut: an idle connection has neither.
        if self.store.is_empty() {
            buffers.give(mem::take(&mut self.store));
        }
        self.side = Vec::new();
    }

    /// The same, while the side buffer holds a head that is being read.
    #[inline]
    pub(crate) fn clear_records(&mut self) {
        // A batch that needed the room is likely followed by another: it is kept for a while.
        self.small = if self.records.len() > KEEP_RECORDS { 0 } else { self.small.saturating_add(1) };
        self.records.clear();
        if self.small >= SMALL_BATCHES && self.records.capacity() > KEEP_RECORDS {
            self.records = Vec::new();
        }
    }

    /// Gives back what the opening handshake needed.
    pub(crate) fn release(&mut self) {
        *self = Inbox::default();
    }

    /// Whether the host must take what there is before more is added.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= MAX_RECORDS || self.growing.max(self.inflated as usize) >= MAX_STORED
    }

    /// How many records there is room for.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        if self.is_full() { 0 } else { MAX_RECORDS - self.records.len() }
    }

    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        if self.records.capacity() == 0 {
            self.records.reserve_exact(KEEP_RECORDS);
        }
        self.records.push(record);
    }

    /// Makes room for more of the growing message, which may have `limit` bytes.
    #[inline]
    fn room_for(&mut self, additional: usize, limit: u64) -> Result<&mut Vec<u8>, Fault> {
        let (store, start) = match &mut self.next {
            None => (&mut self.store, self.growing),
            Some(next) => (&mut **next, 0),
        };
        if additional > store.capacity() - store.len() {
            reserve(store, start, additional, limit)?;
        }
        Ok(store)
    }

    /// Unmasks a piece of the growing message, which may have `limit` bytes, and appends it.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn grow(&mut self, key: Key, masked: &[u8], limit: u64) -> Result<Grown<'_>, Fault> {
        let store = self.room_for(masked.len(), limit)?;
        let start = store.len();
        let (key, is_ascii) = mask::append_text(key, masked, store);
        Ok(Grown { key, piece: &store[start..], is_ascii })
    }

    /// A frame goes on of which `here` bytes have arrived now and `len` are announced: makes room for them if there is a
    /// buffer to be had, else for a few times what is here, for what is announced may never come. `waits`: its end is not in
    /// this batch.
    pub(crate) fn expect(
        &mut self,
        here: usize,
        len: u64,
        waits: bool,
        limit: u64,
        buffers: &Buffers,
    ) -> Result<(), Fault> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if self.store.capacity() == 0 {
            self.store = buffers.take(len);
        } else if waits && self.growing > 0 && self.growing == self.store.len() && self.next.is_none() {
            // A message that begins behind others would have to be moved to the front.
            self.next = Some(Box::new(buffers.take(len)));
        }
        let worth = len.min(here.saturating_mul(TRUST).max(EXPECTED));
        self.room_for(worth, limit).map(|_| ())
    }

    /// Where the growing message begins in the store.
    pub(crate) fn growing(&self) -> usize {
        self.growing
    }

    pub(crate) fn count_inflated(&mut self, bytes: usize) {
        self.inflated = self.inflated.saturating_add(bytes as u32);
    }

    /// The growing message is complete: where it lies.
    pub(crate) fn finish(&mut self) -> Place {
        debug_assert!(self.next.is_none(), "what waits for the next batch is not complete");
        let place = Place { region: region::STORE, offset: self.growing, len: self.store.len() - self.growing };
        self.growing = self.store.len();
        place
    }

    /// Drops the growing message.
    pub(crate) fn abandon(&mut self) {
        self.store.truncate(self.growing);
        self.next = None;
    }

    /// Drops the growing message for good.
    pub(crate) fn end(&mut self, buffers: &Buffers) {
        self.abandon();
        if self.store.is_empty() {
            buffers.give(mem::take(&mut self.store));
        }
    }

    /// Puts bytes in the store that are not part of the growing message. There is none.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Result<Place, Fault> {
        self.room_for(bytes.len(), bytes.len() as u64)?.extend_from_slice(bytes);
        Ok(self.finish())
    }

    /// Puts a few bytes in the side buffer.
    pub(crate) fn put_aside(&mut self, bytes: &[u8]) -> Place {
        let offset = self.side.len();
        self.side.extend_from_slice(bytes);
        Place { region: region::SCRATCH, offset, len: bytes.len() }
    }

    pub(crate) fn heap(&self) -> usize {
        let next = self.next.as_ref().map_or(0, |next| size_of::<Vec<u8>>() + next.capacity());
        self.records.capacity() * size_of::<Record>() + self.store.capacity() + next + self.side.capacity()
    }
}

/// Makes room for `additional` bytes of a message that begins at index `start` and may have `limit` bytes: twice what
/// there was, so that it is made seldom, but never more than the limit can need.
pub(crate) fn reserve(store: &mut Vec<u8>, start: usize, additional: usize, limit: u64) -> Result<(), Fault> {
    let needed = store.len().checked_add(additional).ok_or(FaultKind::NoMemory)?;
    if needed > store.capacity() {
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(start);
        let capacity = store.capacity().saturating_mul(2).min(most).max(needed);
        store.try_reserve_exact(capacity - store.len()).map_err(|_| FaultKind::NoMemory)?;
    }
    Ok(())
}

/// A piece that was added to the growing message.
pub(crate) struct Grown<'a> {
    /// The key for the byte after it.
    pub(crate) key: Key,
    /// The piece, unmasked.
    pub(crate) piece: &'a [u8],
    /// Whether all of it is ASCII.
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

/// A header detail, its name and value both in the side buffer.
pub(crate) fn header_record(name: Place, value: Place) -> Record {
    let record = value.record(kind::HEADER, 0);
    Record { aux: name.len as u32, offset: name.offset as u64, extra: record.offset, ..record }
}
