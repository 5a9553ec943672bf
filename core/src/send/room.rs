//! Room for the output: a small buffer of the connection's own, the warm one of the configuration, or a large one.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::output::KEPT_CAPACITY;
use crate::buffers::{self, Buffers, Lent, MAX_WARM};
use crate::error::Error;

/// How much larger than what is to be written a buffer of the pool may be.
const MOST_TIMES: usize = 4;

/// The box of the warm buffer while the connection has that. It then holds the connection's small buffer, which is empty.
#[derive(Default)]
pub(super) struct Room(Option<Box<Lent>>);

impl Room {
    /// Exchanges an empty buffer for the warm one. Returns whether there is room now.
    #[inline]
    pub(super) fn warm_up(&mut self, bytes: &mut Vec<u8>, additional: usize, buffers: &Buffers) -> bool {
        if !bytes.is_empty() || !is_warm(additional) || self.0.is_some() {
            return false;
        }
        let mut warm = buffers.warm.take();
        mem::swap(&mut warm.bytes, bytes);
        self.0 = Some(warm);
        bytes.capacity() >= additional
    }

    /// Makes room for so many bytes behind those that there are, and for more up to `most`.
    pub(super) fn grow(
        &mut self,
        bytes: &mut Vec<u8>,
        additional: usize,
        most: usize,
        buffers: &Buffers,
    ) -> Result<(), Error> {
        let needed = bytes.len() + additional;
        if needed <= KEPT_CAPACITY {
            return buffers::grow(bytes, additional, KEPT_CAPACITY).map_err(|_| Error::NoMemory);
        }
        if self.0.is_some() {
            // The warm buffer grows.
        } else if is_warm(needed) {
            let mut warm = buffers.warm.take();
            if warm.bytes.try_reserve_exact(needed).is_err() {
                buffers.warm.give(warm);
                return Err(Error::NoMemory);
            }
            warm.bytes.append(bytes);
            mem::swap(&mut warm.bytes, bytes);
            self.0 = Some(warm);
        } else if bytes.is_empty() {
            *bytes = buffers.take(additional, additional.saturating_mul(MOST_TIMES).min(most));
        }
        buffers::grow(bytes, additional, most).map_err(|_| Error::NoMemory)
    }

    /// Empties the buffer, and gives it back unless it is small.
    #[inline(always)]
    pub(super) fn clear(&mut self, bytes: &mut Vec<u8>, buffers: &Buffers) {
        bytes.clear();
        if let Some(mut warm) = self.0.take() {
            mem::swap(&mut warm.bytes, bytes);
            if warm.bytes.capacity() > MAX_WARM {
                buffers.give(mem::take(&mut warm.bytes));
            }
            buffers.warm.give(warm);
        } else if bytes.capacity() > KEPT_CAPACITY {
            buffers.give(mem::take(bytes));
        }
    }

    pub(super) fn heap(&self) -> usize {
        self.0.as_ref().map_or(0, |warm| size_of::<Lent>() + warm.bytes.capacity())
    }
}

/// Whether the warm buffer is for so many bytes: more than a connection keeps room for, and no more than are kept warm.
fn is_warm(bytes: usize) -> bool {
    (KEPT_CAPACITY + 1..=MAX_WARM).contains(&bytes)
}
