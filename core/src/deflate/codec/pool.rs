//! What connections share.

use core::fmt;
use std::boxed::Box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::vec::Vec;

use zlib_rs::{Deflate, Inflate};

use crate::deflate::distances::{self, Table};

/// How many compressors, and inflaters, a pool keeps.
const POOLED: usize = 8;

/// The compressors and inflaters of the connections of one configuration. Between messages a connection holds none, only
/// the bytes that the next message may refer to. It continues with the stream that it used last if that is still here;
/// otherwise another stream is primed with those bytes.
#[derive(Default)]
pub(crate) struct Pool {
    owners: AtomicUsize,
    pub(super) compressors: Shelf<Deflate>,
    pub(super) inflaters: Shelf<Inflate>,
    /// Made where a peer has agreed to a small window.
    fixed: OnceLock<Box<Table>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl Pool {
    pub(super) fn new_owner(&self) -> Owner {
        Owner(self.owners.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn fixed(&self) -> &Table {
        self.fixed.get_or_init(distances::fixed)
    }
}

/// Whose messages a compressor or an inflater has seen: those of one direction of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(usize);

/// A compressor or an inflater in a pool.
pub(super) struct Kept<T> {
    /// `None` if no direction will continue with it.
    pub(super) owner: Option<Owner>,
    pub(super) window_bits: u8,
    pub(super) stream: Box<T>,
}

/// The unused streams of one type, the longest unused first.
pub(super) struct Shelf<T>(Mutex<Vec<Kept<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf(Mutex::new(Vec::new()))
    }
}

impl<T> Shelf<T> {
    /// A stream for a window of this size, and whether it is as its owner left it: if not, it must be reset.
    pub(super) fn take(&self, owner: Owner, window_bits: u8) -> Option<(Box<T>, bool)> {
        let mut kept = self.lock();
        let own = kept.iter().position(|kept| kept.owner == Some(owner));
        let is_full = kept.len() >= POOLED;
        let free = |kept: &Kept<T>| kept.window_bits == window_bits && (is_full || kept.owner.is_none());
        let index = own.or_else(|| kept.iter().position(free))?;
        Some((kept.remove(index).stream, own.is_some()))
    }

    pub(super) fn put(&self, kept: Kept<T>) {
        let mut all = self.lock();
        if all.len() >= POOLED {
            all.remove(0);
        }
        all.push(kept);
    }

    /// After a panic in another thread the list still holds whole values.
    fn lock(&self) -> MutexGuard<'_, Vec<Kept<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
