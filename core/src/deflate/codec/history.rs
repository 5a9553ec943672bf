//! What a direction may refer back to.

use std::collections::TryReserveError;
use std::vec::Vec;

use crate::buffers;

/// The last bytes of a direction, which later messages may refer to.
#[derive(Default)]
pub(super) struct History {
    bytes: Vec<u8>,
    /// Where the oldest byte is. The bytes before it are the newest.
    start: usize,
}

impl History {
    /// Makes room for more bytes. No more than `most` are kept in all.
    pub(super) fn reserve(&mut self, additional: usize, most: usize) -> Result<(), TryReserveError> {
        let free = most - self.bytes.len();
        buffers::grow(&mut self.bytes, additional.min(free), most)
    }

    /// Adds the newest bytes, for which there is room, and forgets the oldest beyond `most`.
    pub(super) fn push(&mut self, bytes: &[u8], most: usize) {
        let bytes = &bytes[bytes.len().saturating_sub(most)..];
        let (appended, rest) = bytes.split_at(bytes.len().min(most - self.bytes.len()));
        self.bytes.extend_from_slice(appended);
        let (to_the_end, rest) = rest.split_at(rest.len().min(most - self.start));
        self.bytes[self.start..self.start + to_the_end.len()].copy_from_slice(to_the_end);
        self.bytes[..rest.len()].copy_from_slice(rest);
        self.start = (self.start + to_the_end.len() + rest.len()) % most;
    }

    /// The bytes in two pieces, the oldest first.
    pub(super) fn pieces(&self) -> [&[u8]; 2] {
        let (newest, oldest) = self.bytes.split_at(self.start);
        [oldest, newest]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn heap(&self) -> usize {
        self.bytes.capacity()
    }
}
