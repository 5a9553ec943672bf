//! **Sansock is WebSocket without the socket**: a strict engine for RFC 6455 that does no I/O. A host feeds it the bytes
//! that arrive and reads events, takes the bytes to send, and sets one timer.
//!
//! Start with [`Config`] and [`Connection`]. The engine has no clock, no thread, no global state, and asks nothing of the operating
//! system: the same inputs give the same outputs, byte for byte. A peer never makes a call fail: its faults end the
//! connection with a [`Closed`](Event::Closed) event; a host's misuse is an [`Error`] and changes nothing.
//!
//! For hosts in other languages the same events have a flat form: see [`batch`].
#![no_std]
#![deny(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod batch;
mod buffers;
pub mod close;
pub mod config;
mod connection;
mod deflate;
mod error;
pub mod event;
mod frame;
pub mod handshake;
mod inbox;
mod life;
mod mask;
mod message;
mod opening;
mod output;
mod pings;
mod random;
mod sender;
mod states;
mod timer;
mod url;
mod utf8;

pub use batch::{Block, Record};
pub use config::{Config, Role};
pub use connection::Connection;
pub use error::{Answer, Error, Fault, FaultKind};
pub use event::Event;
pub use life::{State, Transport};
pub use output::Output;
#[cfg(feature = "getrandom")]
pub use random::random_seed;
pub use sender::Sender;
pub use timer::NEVER;
pub use url::Url;

/// The number of the binary interface: records, block, kinds, flags, options, errors and faults. It grows with every
/// change that a host built against an earlier one cannot read.
pub const ABI_VERSION: u32 = 1;

/// The version of the library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
