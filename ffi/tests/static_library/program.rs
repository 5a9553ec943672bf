//! A program in Rust that links the C library: the runtime of the program is not that of the library.

use std::panic::catch_unwind;

const POISONED: i32 = -8;

unsafe extern "C" {
    fn sansock_panic_next();
    fn sansock_random_seed(seed: *mut u8) -> i32;
}

fn main() {
    let mut seed = [0; 32];
    assert!(catch_unwind(|| panic!("the program panics")).is_err());
    // SAFETY: 32 bytes can be written.
    let status = unsafe {
        sansock_panic_next();
        sansock_random_seed(seed.as_mut_ptr())
    };
    assert_eq!(status, POISONED);
    // SAFETY: as above.
    assert_eq!(unsafe { sansock_random_seed(seed.as_mut_ptr()) }, 0);
    assert_ne!(seed, [0; 32]);
}
