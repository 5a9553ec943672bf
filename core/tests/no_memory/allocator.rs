//! The system's allocator, which fails the requests that a test asks it to fail. Each thread has its own plan.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// The alignment that zlib-rs asks for, and nobody else. It asserts that it gets the memory of a stream.
const OF_ZLIB: usize = 64;

/// Which requests fail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// Requests for this many bytes or fewer succeed, and are not counted.
    pub(crate) spared: usize,
    /// The number of the first that fails, from 0.
    pub(crate) first: usize,
    /// Whether all that follow it fail as well.
    pub(crate) persists: bool,
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    static ARMED: Cell<bool> = const { Cell::new(false) };
    static SEEN: Cell<usize> = const { Cell::new(0) };
    static FAILED: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

pub(crate) struct Failing;

impl Failing {
    /// Whether this request fails. A thread that is ending has no plan any more.
    fn refuses(layout: Layout, size: usize) -> bool {
        if !ARMED.try_with(Cell::get).unwrap_or(false) || layout.align() == OF_ZLIB {
            return false;
        }
        let Some(plan) = PLAN.get().filter(|plan| size > plan.spared) else { return false };
        let number = SEEN.replace(SEEN.get() + 1);
        let fails = number == plan.first || plan.persists && number > plan.first;
        if fails {
            FAILED.set(FAILED.get() + 1);
        }
        fails
    }

    fn count(change: isize) {
        let _ = LIVE.try_with(|live| live.set(live.get() + change));
    }
}

// SAFETY: every call is passed on to `System` as it came, or fails as the trait allows.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Failing::refuses(layout, layout.size()) {
            return ptr::null_mut();
        }
        Failing::count(layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Failing::count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if Failing::refuses(layout, size) {
            return ptr::null_mut();
        }
        Failing::count(size as isize - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Starts a plan.
pub(crate) fn start(plan: Plan) {
    PLAN.set(Some(plan));
    SEEN.set(0);
    FAILED.set(0);
}

/// Nothing fails from here on, and nothing is counted.
pub(crate) fn stop() {
    PLAN.set(None);
}

/// Runs the engine: only its requests are counted, and fail.
pub(crate) fn armed<R>(call: impl FnOnce() -> R) -> R {
    ARMED.set(true);
    let result = call();
    ARMED.set(false);
    result
}

/// How many requests the engine has made since the plan was started, beyond those that are spared.
pub(crate) fn seen() -> usize {
    SEEN.get()
}

/// How many of them have failed.
pub(crate) fn failed() -> usize {
    FAILED.get()
}

/// How many bytes are allocated.
pub(crate) fn live() -> isize {
    LIVE.get()
}
