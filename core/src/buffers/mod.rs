//! Buffers that the connections of one configuration share. Idle connections hold none, and busy ones need not ask the
//! allocator for each message, nor the operating system for each large one, and have it zeroed.

#[cfg(not(target_family = "wasm"))]
mod warm;

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::mem;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, FaultKind};
#[cfg(not(target_family = "wasm"))]
pub(crate) use warm::{Lent, MAX_WARM, Warm};

/// Smaller buffers are left to the allocator.
const MIN_POOLED: usize = 8 * 1024;
/// How many bytes are kept at most for all connections of the configuration: one and a half times the largest message
/// allowed by default.
#[cfg(all(feature = "std", not(target_family = "wasm")))]
const MAX_POOLED: usize = 24 * 1024 * 1024;

/// How much larger than what there is of a message a buffer of the pool may be: 64 KiB, which is a usual read, are worth
/// 1 MiB, though the header of a frame is in them.
const WORTH_FACTOR: usize = 16;
const WORTH_MORE: usize = 1024;

/// The largest buffer of the pool for a message of which there are so many bytes.
pub(crate) fn worth(bytes: usize) -> usize {
    bytes.saturating_mul(WORTH_FACTOR).saturating_add(WORTH_MORE)
}

/// Buffers that wait for their next use. There are no large ones without `std`, which has the lock, and none at all in
/// WebAssembly, whose memory never goes back to the operating system, and whose allocator costs less than the code would.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) warm: Warm,
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    waiting: Mutex<Vec<Vec<u8>>>,
}

impl Buffers {
    /// An empty buffer for about this many bytes. It may have more capacity, up to `most`, or none yet.
    pub(crate) fn take(&self, bytes: usize, most: usize) -> Vec<u8> {
        let buffer = if bytes >= MIN_POOLED { self.find(0, most) } else { None };
        buffer.unwrap_or_default()
    }

    /// Makes room for `additional` bytes of a message that begins at index `start` and may have `limit` bytes, and for no
    /// more than the limit can need. If a buffer waits that has room, and is not much larger than the message is or than a
    /// fresh one would be, the bytes move there: that costs a copy, as growing may do, and no fresh memory.
    #[inline]
    pub(crate) fn reserve(
        &self,
        store: &mut Vec<u8>,
        start: usize,
        additional: usize,
        limit: u64,
    ) -> Result<(), FaultKind> {
        if additional <= store.capacity() - store.len() {
            Ok(())
        } else {
            self.make_room(store, start, additional, limit)
        }
    }

    #[cold]
    #[inline(never)]
    fn make_room(&self, store: &mut Vec<u8>, start: usize, additional: usize, limit: u64) -> Result<(), FaultKind> {
        let needed = store.len().saturating_add(additional);
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(start);
        let fresh = grown(store, needed, most);
        if let Some(mut larger) = self.find(needed, worth(store.len() - start).max(fresh)) {
            larger.extend_from_slice(store);
            self.give(mem::replace(store, larger));
            return Ok(());
        }
        store.try_reserve_exact(fresh - store.len()).map_err(|_| FaultKind::NoMemory)
    }

    /// Takes back a buffer that is not needed any more.
    pub(crate) fn give(&self, buffer: Vec<u8>) {
        if buffer.capacity() >= MIN_POOLED {
            self.keep(buffer);
        }
    }

    /// The newest buffer that has room for `needed` bytes, and for no more than `most`.
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    fn find(&self, needed: usize, most: usize) -> Option<Vec<u8>> {
        if most < MIN_POOLED {
            return None;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = waiting.iter().rposition(|buffer| (needed..=most).contains(&buffer.capacity()));
        newest.map(|index| waiting.remove(index))
    }

    /// The oldest make room for it: those that nobody takes must not keep out those that are in use.
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    fn keep(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() > MAX_POOLED {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = buffer.capacity() + waiting.iter().map(Vec::capacity).sum::<usize>();
        let mut dropped = 0;
        while kept > MAX_POOLED {
            kept -= waiting[dropped].capacity();
            dropped += 1;
        }
        waiting.drain(..dropped);
        buffer.clear();
        waiting.push(buffer);
    }

    #[cfg(not(all(feature = "std", not(target_family = "wasm"))))]
    fn find(&self, _: usize, _: usize) -> Option<Vec<u8>> {
        None
    }

    #[cfg(not(all(feature = "std", not(target_family = "wasm"))))]
    fn keep(&self, _: Vec<u8>) {}
}

/// Makes room for `additional` bytes of text in an HTTP head.
#[inline(never)]
pub(crate) fn reserve_text(text: &mut Vec<u8>, additional: usize) -> Result<(), Error> {
    text.try_reserve(additional).map_err(|_| Error::NoMemory)
}

/// An empty list with room for so many, and no more.
pub(crate) fn room_for<T>(count: usize) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    list.try_reserve_exact(count).map_err(|_| Error::NoMemory)?;
    Ok(list)
}

/// Makes room for `additional` bytes behind those that there are, and for more up to `most`.
pub(crate) fn grow(bytes: &mut Vec<u8>, additional: usize, most: usize) -> Result<(), TryReserveError> {
    let needed = bytes.len().saturating_add(additional);
    if needed > bytes.capacity() { bytes.try_reserve_exact(grown(bytes, needed, most) - bytes.len()) } else { Ok(()) }
}

/// The capacity of a buffer that grows: twice the old one, so that it is done seldom, but no more than `most` for what is
/// to come later.
fn grown(bytes: &Vec<u8>, needed: usize, most: usize) -> usize {
    bytes.capacity().saturating_mul(2).min(most).max(needed)
}
