//! Where the events of one input call are gathered: records, and the bytes they refer to that are not the host's.

use alloc::vec::Vec;

use crate::batch::{Record, flag, kind, region};
use crate::error::{Fault, FaultKind};

/// How many records end a batch. The rest of the input waits for the next call.
const MAX_RECORDS: usize = 256;
/// How many bytes of finished messages in the store end a batch.
const MAX_STORED: usize = 1 << 20;
/// Above these an empty buffer is given back, so that an idle connection stays small.
const KEEP_RECORDS: usize = 8;
const KEEP_BYTES: usize = 256;

/// The events of one input call.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) records: Vec<Record>,
    /// Messages that do not lie in the input in one piece. The last one may still be growing.
    pub(crate) store: Vec<u8>,
    /// Where the growing message begins in the store.
    growing: usize,
    /// Heads, control frames cut by reads, code points cut by parts.
    pub(crate) side: Vec<u8>,
}

impl Inbox {
    /// Makes room for the events of a new input call. The growing message stays.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.clear_records();
        if self.growing > 0 {
            self.store.drain(..self.growing);
            self.growing = 0;
        }
        if self.store.is_empty() && self.store.capacity() > KEEP_BYTES {
            self.store = Vec::new();
        }
        self.side.clear();
        if self.side.capacity() > KEEP_BYTES {
            self.side = Vec::new();
        }
    }

    /// The same, while the side buffer holds a head that is being read.
    #[inline]
    pub(crate) fn clear_records(&mut self) {
        // A batch that needed the room is likely followed by another.
        let shrink = self.records.capacity() > KEEP_RECORDS && self.records.len() <= KEEP_RECORDS;
        self.records.clear();
        if shrink {
            self.records = Vec::new();
        }
    }

    /// Whether the host must take what there is before more is added.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() >= MAX_RECORDS || self.growing >= MAX_STORED
    }

    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Appends to the growing message.
    #[inline]
    pub(crate) fn grow(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.store.try_reserve(bytes.len()).map_err(|_| FaultKind::NoMemory)?;
        self.store.extend_from_slice(bytes);
        Ok(())
    }

    /// The growing message is complete: where it lies.
    pub(crate) fn finish(&mut self) -> Place {
        let place = Place { region: region::STORE, offset: self.growing, len: self.store.len() - self.growing };
        self.growing = self.store.len();
        place
    }

    /// Drops the growing message.
    pub(crate) fn abandon(&mut self) {
        self.store.truncate(self.growing);
    }

    /// Puts bytes in the store that are not part of the growing message. There is none.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Result<Place, Fault> {
        self.grow(bytes)?;
        Ok(self.finish())
    }

    /// Puts a few bytes in the side buffer.
    pub(crate) fn put_aside(&mut self, bytes: &[u8]) -> Place {
        let offset = self.side.len();
        self.side.extend_from_slice(bytes);
        Place { region: region::SIDE, offset, len: bytes.len() }
    }

    pub(crate) fn heap(&self) -> usize {
        self.records.capacity() * size_of::<Record>() + self.store.capacity() + self.side.capacity()
    }
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
