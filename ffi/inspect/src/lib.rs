//! The inspector as a shared library, `libsansock_inspect`: captures in, entries out, as text.
//!
//! It is a library of its own, so that programs that inspect nothing do not carry the readers of captures. It is private to
//! the Python package, and so has no header; its interface may change with any release, and `sansock_inspector_abi_version`
//! says when it has.
//!
//! The rules are those of the C library, whose handles and guard these are: a handle that is null or was freed most often gets
//! `BAD_HANDLE`; the second of two calls at once gets `BUSY`; a panic becomes `POISONED`, and after it only free works. A
//! buffer is pointer and length, and `(NULL, 0)` an empty one. An out-parameter is written on success only. A status is 0, or
//! the negative number of an error of the engine's.
//!
//! Text comes out as a pointer and a length, in UTF-8 and without a NUL at its end. It is valid until the next call with the
//! same handle, and nobody frees it.
//!
//! Sides are 0, the client, and 1, the server. Times are in microseconds, since any moment.
#![warn(unsafe_op_in_unsafe_fn)]
// The safety rules are the same for all exports, and stand above.
#![allow(clippy::missing_safety_doc)]

#[cfg(not(all(feature = "std", panic = "unwind")))]
compile_error!("the panic guard needs the feature `std`, and panic = \"unwind\"");

// For what is shared with the C library, which can do without a standard library.
extern crate alloc;

mod exports;
#[path = "../../src/guard.rs"]
#[expect(dead_code, reason = "the inspector changes no buffer in place")]
mod guard;
#[path = "../../src/handle.rs"]
#[expect(dead_code, reason = "the inspector has no block")]
mod handle;

pub use exports::*;

/// The numbers that the guard knows by name.
mod numbers {
    pub(crate) const SANSOCK_OK: i32 = 0;
}
