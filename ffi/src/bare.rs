//! What the standard library is for elsewhere, from the C library of a machine without an operating system: memory, and an end.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::panic::PanicInfo;
use core::ptr;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(place: *mut c_void, size: usize) -> *mut c_void;
    fn free(place: *mut c_void);
    fn abort() -> !;
}

/// What `malloc` promises: room for any scalar of C.
const ALIGNMENT: usize = 8;

struct Memory;

#[global_allocator]
static MEMORY: Memory = Memory;

// SAFETY: memory is that of `malloc`, which is aligned as far as is promised; more is refused.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGNMENT {
            return ptr::null_mut();
        }
        // SAFETY: any size may be asked for.
        unsafe { malloc(layout.size()) }.cast()
    }

    unsafe fn dealloc(&self, place: *mut u8, _: Layout) {
        // SAFETY: it came from `malloc` or `realloc`, says the caller.
        unsafe { free(place.cast()) };
    }

    unsafe fn realloc(&self, place: *mut u8, _: Layout, size: usize) -> *mut u8 {
        // SAFETY: it came from `malloc` or `realloc`, and so its alignment is one that they give.
        unsafe { realloc(place.cast(), size) }.cast()
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    // SAFETY: it may be called anywhere.
    unsafe { abort() }
}
