//! Another static library in Rust. It panics too, and calls back while it does.

use std::panic::{catch_unwind, set_hook};
use std::sync::atomic::{AtomicU32, Ordering};

static PANICS: AtomicU32 = AtomicU32::new(0);

/// Calls `then` when it is dropped: when a panic unwinds its scope.
struct OnUnwind(extern "C" fn());

impl Drop for OnUnwind {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// From now on, panics are counted, and `then` is called in the middle of each.
#[unsafe(no_mangle)]
pub extern "C" fn other_set_hook(then: extern "C" fn()) {
    set_hook(Box::new(move |_| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        then();
    }));
}

/// How often this library has panicked.
#[unsafe(no_mangle)]
pub extern "C" fn other_panics() -> u32 {
    PANICS.load(Ordering::SeqCst)
}

/// Panics, calls `then` while that unwinds, and catches it.
#[unsafe(no_mangle)]
pub extern "C" fn other_panic(then: extern "C" fn()) -> bool {
    catch_unwind(|| {
        let _guard = OnUnwind(then);
        panic!("the other library panics");
    })
    .is_err()
}

/// The same in another thread, which the panic ends.
#[unsafe(no_mangle)]
pub extern "C" fn other_panic_in_thread(then: extern "C" fn()) -> bool {
    let thread = std::thread::spawn(move || {
        let _guard = OnUnwind(then);
        panic!("a thread of the other library panics");
    });
    thread.join().is_err()
}
