//! The engine as a WebAssembly module.
//!
//! Every export takes and returns plain numbers; no object crosses the border. A host drives it like this:
//!
//! - **Handles** name configurations, connections and tunnels; 0 is none. One module instance serves all connections.
//! - **The transfer buffer** is one growable buffer in linear memory through which all bytes come in, and texts go out. Ask for
//!   room with `transfer_reserve`, write, call. It moves only when `transfer_reserve`, or a call
//!   that returns a text, makes it grow.
//! - **The block** of a connection is at a fixed address and up to date after every call on that connection: status,
//!   events, output, deadline, transport (see [`sansock::boundary::Block`], 80 bytes here).
//! - **Views**: any call may grow linear memory. Look at `memory.buffer` again after each.
//! - **Status** results are 0 or the negative number of a [`sansock::boundary::Error`]. Calls that return something else say
//!   0 on failure and leave the reason to `last_status`.
//! - **Times** are milliseconds of the host's monotonic clock; fractions are dropped.
//!
//! With the feature `objects` the module exports classes and plain objects instead, and none of these numbers.
//!
//! A trap leaves the module unusable: drop the instance. Nothing a peer sends, and no misuse by the host, leads to one.

#![forbid(unsafe_code)]

#[cfg(not(feature = "objects"))]
mod connection;
#[cfg(not(feature = "objects"))]
pub mod exports;
#[cfg(feature = "objects")]
pub mod objects;
#[cfg(not(feature = "objects"))]
mod slots;
#[cfg(not(feature = "objects"))]
mod state;
#[cfg(not(feature = "objects"))]
mod transfer;
#[cfg(all(feature = "tunnel", not(feature = "objects")))]
mod tunnel;

/// Several kilobytes smaller than the standard library's, and of constant time.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
