//! Room for the output in WebAssembly, where no connection shares any: a buffer that is freed when it is empty, unless it is
//! small.

use alloc::vec::Vec;
use core::mem;

use super::output::KEPT_CAPACITY;
use crate::buffers::{self, Buffers};
use crate::error::Error;
use crate::frame::HEADER_ROOM;

/// How many bytes there were when the output was last emptied: an estimate of how many there will be.
#[derive(Default)]
pub(super) struct Room(usize);

/// The estimate is for as many times the bytes that are to be added: a pong after a large message is a pong.
const MOST_TIMES: usize = 16;

impl Room {
    pub(super) fn warm_up(&mut self, _: &mut Vec<u8>, _: usize, _: &Buffers) -> bool {
        false
    }

    /// Makes room for so many bytes behind those that there are, and for more up to `most`.
    pub(super) fn grow(
        &mut self,
        bytes: &mut Vec<u8>,
        additional: usize,
        most: usize,
        _: &Buffers,
    ) -> Result<(), Error> {
        if bytes.capacity() == 0 {
            let estimate = self.0.min(additional.saturating_mul(MOST_TIMES)).min(most);
            return bytes.try_reserve_exact(additional.max(estimate)).map_err(|_| Error::NoMemory);
        }
        buffers::grow(bytes, additional, most).map_err(|_| Error::NoMemory)
    }

    /// Empties the buffer, and frees it unless it is small.
    pub(super) fn clear(&mut self, bytes: &mut Vec<u8>, _: &Buffers) {
        self.0 = bytes.len() + HEADER_ROOM;
        bytes.clear();
        if bytes.capacity() > KEPT_CAPACITY {
            drop(mem::take(bytes));
        }
    }

    pub(super) fn heap(&self) -> usize {
        0
    }
}
