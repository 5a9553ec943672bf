//! The warm buffer, into which one connection after the other writes its output: it is in the caches for that.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::mem::ManuallyDrop;
#[cfg(feature = "std")]
use std::sync::OnceLock;

#[cfg(feature = "std")]
use crossbeam_utils::CachePadded;
use crossbeam_utils::atomic::AtomicCell;

/// It has no more capacity than this: what is written at once while the output is below its soft limit, by default, and as
/// much again.
pub(crate) const MAX_WARM: usize = 128 * 1024;

/// A buffer that is lent. In a box it moves as one word, by one atomic operation. A lock would need two, each way, and cost
/// what the allocator does.
pub(crate) struct Lent {
    pub(crate) bytes: Vec<u8>,
    /// The number of its place.
    place: u8,
}

/// The numbers of places: of the first, and of a buffer that has none and is freed when it is given back. Between them are
/// those of [`Warm::more`].
const FIRST: u8 = 0;
const NOWHERE: u8 = u8::MAX;

/// It is empty while the buffer is lent, and nobody puts another one there: so it can be stored without a look at what was
/// there, which would wait until all bytes that have just been written are in the cache.
type Place = AtomicCell<Word>;

/// What is in a place. `AtomicCell` moves a word as an integer, which compilers support and Miri does not: a pointer loses
/// its provenance. Under Miri it is no word, and moves under a lock.
#[cfg_attr(miri, repr(align(32)))]
struct Word(ManuallyDrop<Option<Box<Lent>>>);

impl Word {
    #[inline]
    fn new(lent: Option<Box<Lent>>) -> Self {
        Word(ManuallyDrop::new(lent))
    }
}

/// How many more there are, for threads that would fight over one.
#[cfg(feature = "std")]
const MORE: usize = 8;

/// The warm buffer of one configuration. There are more from when two connections have needed it at once.
pub(crate) struct Warm {
    first: Place,
    #[cfg(feature = "std")]
    more: OnceLock<Box<[CachePadded<Place>; MORE]>>,
}

impl Default for Warm {
    fn default() -> Self {
        Warm {
            first: with_buffer(FIRST),
            #[cfg(feature = "std")]
            more: OnceLock::new(),
        }
    }
}

fn with_buffer(place: u8) -> Place {
    AtomicCell::new(Word::new(Some(Lent::new(place))))
}

fn take(place: &Place) -> Option<Box<Lent>> {
    ManuallyDrop::into_inner(place.swap(Word::new(None)).0)
}

impl Warm {
    /// A buffer, which is empty: the warm one, or a new one while another connection has that.
    #[inline]
    pub(crate) fn take(&self) -> Box<Lent> {
        take(self.place()).unwrap_or_else(|| self.another())
    }

    /// Takes back an empty buffer.
    #[inline]
    pub(crate) fn give(&self, lent: Box<Lent>) {
        debug_assert!(lent.bytes.is_empty() && lent.bytes.capacity() <= MAX_WARM);
        if lent.place == FIRST {
            self.first.store(Word::new(Some(lent)));
        } else {
            self.give_to_another(lent);
        }
    }

    #[cfg_attr(not(feature = "std"), allow(clippy::unused_self))]
    fn give_to_another(&self, lent: Box<Lent>) {
        #[cfg(feature = "std")]
        if let Some(place) = self.more.get().and_then(|more| more.get(usize::from(lent.place) - 1)) {
            place.store(Word::new(Some(lent)));
            return;
        }
        drop(lent);
    }

    #[inline]
    fn place(&self) -> &Place {
        #[cfg(feature = "std")]
        if let Some(more) = self.more.get() {
            return &more[here()];
        }
        &self.first
    }

    #[cfg_attr(not(feature = "std"), allow(clippy::unused_self))]
    #[cold]
    fn another(&self) -> Box<Lent> {
        #[cfg(feature = "std")]
        self.more.get_or_init(|| {
            Box::new(core::array::from_fn(|index| CachePadded::new(with_buffer(index as u8 + FIRST + 1))))
        });
        Lent::new(NOWHERE)
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        drop(take(&self.first));
        #[cfg(feature = "std")]
        if let Some(more) = self.more.get() {
            more.iter().for_each(|place| drop(take(place)));
        }
    }
}

impl Lent {
    fn new(place: u8) -> Box<Self> {
        Box::new(Lent { bytes: Vec::new(), place })
    }
}

/// The place for this thread. Threads have their stacks apart; that two have the same place is possible, and does no harm.
#[cfg(feature = "std")]
#[inline]
fn here() -> usize {
    let local = 0_u8;
    let stack = core::ptr::from_ref(&local).addr() >> 20;
    ((stack as u32).wrapping_mul(0x9e37_79b9) >> 29) as usize
}

impl fmt::Debug for Warm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Warm")
    }
}
