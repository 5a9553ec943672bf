//! Large buffers that the connections of one configuration hand on to each other. Idle connections hold none, and busy
//! ones need not ask the operating system for memory, and have it zeroed, for each large message.

use alloc::vec::Vec;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
use std::sync::{Mutex, PoisonError};

/// Smaller buffers are the allocator's.
const FROM: usize = 8 * 1024;
/// How many bytes are kept at most, for all connections of the configuration: the largest message by default, and half as much.
#[cfg(all(feature = "std", not(target_family = "wasm")))]
const KEPT: usize = 24 * 1024 * 1024;

/// Buffers that wait for their next use. Without `std`, which has the lock, there are none, nor in WebAssembly, whose memory
/// never goes back to the operating system anyway.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    waiting: Mutex<Vec<Vec<u8>>>,
}

/// A changed configuration begins with none.
impl Clone for Buffers {
    fn clone(&self) -> Self {
        Buffers::default()
    }
}

impl Buffers {
    /// An empty buffer for about so many bytes; it may have more room, or none yet.
    pub(crate) fn take(&self, bytes: usize) -> Vec<u8> {
        #[cfg(all(feature = "std", not(target_family = "wasm")))]
        if bytes >= FROM {
            return self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        }
        let _ = bytes;
        Vec::new()
    }

    /// Takes back a buffer that is not needed now.
    pub(crate) fn give(&self, buffer: Vec<u8>) {
        if buffer.capacity() >= FROM {
            self.keep(buffer);
        }
    }

    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    fn keep(&self, mut buffer: Vec<u8>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = waiting.iter().map(Vec::capacity).sum();
        if kept + buffer.capacity() <= KEPT {
            buffer.clear();
            waiting.push(buffer);
        }
    }

    #[cfg(not(all(feature = "std", not(target_family = "wasm"))))]
    fn keep(&self, _: Vec<u8>) {}
}
