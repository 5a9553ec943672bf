//! The C ABI of Sansock: `libsansock`, with the header `include/sansock.h` generated from this crate.
//!
//! The engine is the crate `sansock`. Nothing here knows the protocol: an export checks its pointers, calls one method,
//! and refreshes the block. The rules for every export:
//!
//! 1. **Handles** are opaque. A magic word is checked before use and cleared on free, so a handle that is null, was
//!    freed, or is of another kind most often gets `BAD_HANDLE`. Freeing null does nothing.
//! 2. **One caller at a time.** A handle may move between threads. The second of two calls at once gets `BUSY`; several
//!    calls may read one configuration at once.
//! 3. **Panics stop here.** Each body runs in a guard that turns a panic into `POISONED`. The handle is then poisoned:
//!    every later call on it returns `POISONED`, its block says "close the transport", and only free works. In WebAssembly
//!    there is no unwinding: a panic is a trap, which ends the call, and the instance must not be called again. Without a
//!    standard library nothing can be unwound: a panic calls `abort`.
//! 4. **Buffers** are pointer and length. `(NULL, 0)` is an empty one; null with a length, and lengths above
//!    `isize::MAX`, are `INVALID_ARGUMENT`.
//! 5. **Out-parameters** are written on success only, and hold nothing the callee reads.
//! 6. **The block** of a connection lies inside its handle and is refreshed after every call, failed ones included.
//!    Records and payloads stay valid until the next input call, output until the next call of any kind.
//! 7. **Numbers, not enums**, cross the boundary: a value that this version does not know is an error, never undefined.
//! 8. No callback, no global, no thread-local, no thread, and no output but the message of a panic.
#![warn(unsafe_op_in_unsafe_fn)]
// The safety rules are the same for all exports: they are the file comment of the header.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

#[cfg(all(feature = "std", not(any(panic = "unwind", target_family = "wasm"))))]
compile_error!("the panic guard of the C ABI needs panic = \"unwind\"");

#[cfg(not(any(feature = "std", test)))]
mod bare;
pub mod config;
pub mod connection;
mod guard;
mod handle;
pub mod handshake;
pub mod numbers;
pub mod prepared;
pub mod tunnel;
pub mod types;
pub mod version;
