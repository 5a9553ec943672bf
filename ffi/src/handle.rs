//! What is behind an opaque pointer: a value with a magic word, a count of its users, and a mark of a past panic.

use alloc::alloc::{Layout, alloc};
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sansock::boundary::Error;

use crate::guard::guard;

/// A type that C holds a handle of.
pub(crate) trait Kind {
    /// Distinguishes handles of this kind from other memory.
    const MAGIC: u64;

    /// The value is broken, and no call will reach it again: leave no pointer for the host to follow.
    fn poison(&mut self);
}

/// The memory behind a handle.
#[repr(C)]
pub(crate) struct Handle<T> {
    /// Not among the first words: a freed block's first words are the allocator's.
    value: UnsafeCell<T>,
    /// 0: nobody; [`WRITER`]: one call that may change the value; else that many calls that read it.
    users: AtomicU32,
    poisoned: AtomicBool,
    magic: UnsafeCell<u64>,
}

const WRITER: u32 = u32::MAX;

impl<T: Kind> Handle<T> {
    /// Moves a value to its fixed address. Unlike `Box::new` it survives a lack of memory.
    pub(crate) fn create(value: T) -> Result<*mut Self, Error> {
        // SAFETY: the layout of a handle is not of size zero.
        let place = unsafe { alloc(Layout::new::<Self>()) }.cast::<Self>();
        if place.is_null() {
            return Err(Error::NoMemory);
        }
        let handle = Handle {
            value: UnsafeCell::new(value),
            users: AtomicU32::new(0),
            poisoned: AtomicBool::new(false),
            magic: UnsafeCell::new(T::MAGIC),
        };
        // SAFETY: `place` is fresh memory of this layout.
        unsafe { place.write(handle) };
        Ok(place)
    }

    /// Looks at the magic word of a handle.
    ///
    /// # Safety
    /// `handle` is null or points at readable memory. Freed memory often is readable: that a freed handle is recognised
    /// helps to find mistakes, but is not promised.
    pub(crate) unsafe fn open<'a>(handle: *const Self) -> Result<&'a Self, Error> {
        if handle.is_null() || !handle.is_aligned() {
            return Err(Error::BadHandle);
        }
        // SAFETY: readable, says the caller; any bit pattern is a u64.
        let magic = unsafe { (&raw const (*handle).magic).cast::<u64>().read_volatile() };
        if magic != T::MAGIC {
            return Err(Error::BadHandle);
        }
        // SAFETY: the magic word says that `create` wrote it and `destroy` did not come since.
        Ok(unsafe { &*handle })
    }

    /// Where the value is. For places inside it that are read or written without a call.
    pub(crate) fn value(&self) -> *mut T {
        self.value.get()
    }

    /// Runs a call that may change the value.
    pub(crate) fn change<R>(&self, body: impl FnOnce(&mut T) -> Result<R, Error>) -> Result<R, Error> {
        if self.users.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Error::Busy);
        }
        let result = if self.poisoned.load(Ordering::Relaxed) {
            Err(Error::Poisoned)
        } else {
            // SAFETY: WRITER was set, so no other reference to the value lives until it is cleared.
            let result = guard(|| body(unsafe { &mut *self.value.get() }));
            if matches!(result, Err(Error::Poisoned)) {
                self.poisoned.store(true, Ordering::Relaxed);
                // SAFETY: still the only user; the reference inside the guard has ended.
                unsafe { &mut *self.value.get() }.poison();
            }
            result
        };
        self.users.store(0, Ordering::Release);
        result
    }

    /// Runs a call that only reads the value.
    pub(crate) fn read<R>(&self, body: impl FnOnce(&T) -> Result<R, Error>) -> Result<R, Error> {
        let enter = |users: u32| (users < WRITER - 1).then(|| users + 1);
        if self.users.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_err() {
            return Err(Error::Busy);
        }
        let result = if self.poisoned.load(Ordering::Relaxed) {
            Err(Error::Poisoned)
        } else {
            // SAFETY: this reader was counted, so no exclusive reference lives until it leaves.
            let result = guard(|| body(unsafe { &*self.value.get() }));
            if matches!(result, Err(Error::Poisoned)) {
                self.poisoned.store(true, Ordering::Relaxed);
            }
            result
        };
        self.users.fetch_sub(1, Ordering::Release);
        result
    }

    /// Frees a handle. One that is null, of another kind, or in use by another thread is left alone.
    ///
    /// # Safety
    /// As for [`Handle::open`].
    pub(crate) unsafe fn destroy(handle: *mut Self) {
        // SAFETY: promised by the caller.
        let Ok(this) = (unsafe { Self::open(handle) }) else { return };
        if this.users.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        // SAFETY: the magic word lies in the live handle. Volatile: a plain store before a free may be left out.
        unsafe { (&raw mut (*handle).magic).cast::<u64>().write_volatile(0) };
        // SAFETY: it came from `create`, with the global allocator and this layout, and nobody else uses it.
        let owned = unsafe { Box::from_raw(handle) };
        // A value that a panic left half changed may panic again as it is dropped.
        let _ = guard(|| {
            drop(owned);
            Ok(())
        });
    }
}
