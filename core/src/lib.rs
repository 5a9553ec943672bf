//! **Sansock is WebSocket without the socket**: a strict engine for RFC 6455 that does no I/O. A host feeds it the bytes
//! that arrive and reads events, takes the bytes to send, and sets one timer.
//!
//! Start with [`Config`] and [`Connection`]. The engine has no clock, no thread and no global state, and asks nothing of the
//! operating system: the same inputs give the same outputs, byte for byte. A peer never makes a call fail: its faults close
//! the connection with a [`Closed`](Event::Closed) event. A host's misuse is an [`Error`] and changes nothing.
//!
//! # Features
//!
//! - `std` (default): faster UTF-8 validation, with detection of the processor, and pools of buffers. Behaviour is the same
//!   without it.
//! - `deflate` (default): permessage-deflate (RFC 7692). Without it the option that asks for it is refused.
//! - `fields` (default): handshakes made of fields, for hosts with an HTTP of their own and over HTTP/2 and HTTP/3: see
//!   [`Connection::receive_request`]. Without it their calls are refused.
//! - `tunnel` (default): [`Tunnel`], the way to a server through an HTTP or SOCKS proxy.
//! - `getrandom`: [`random_seed`], which asks the operating system for the bytes that a connection is created with.
//! - `trace`: [`states`], the three machines of a connection as data, what they have done, and which deadlines run: for
//!   programs that show connections.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
// The tests that stand in this crate read the conformance vectors with the code of the tests beside it.
#[cfg(test)]
extern crate self as sansock;
#[cfg(any(feature = "std", test))]
extern crate std;

mod abi;
#[doc(hidden)]
pub mod boundary;
mod buffers;
mod close;
mod close_payload;
pub mod config;
mod connection;
mod deflate;
mod error;
pub mod event;
mod frame;
pub mod handshake;
mod mask;
mod random;
mod receive;
mod send;
mod settings;
mod shared;
#[cfg(not(feature = "trace"))]
mod states;
#[cfg(feature = "trace")]
#[cfg_attr(docsrs, doc(cfg(feature = "trace")))]
pub mod states;
mod syntax;
mod text;
#[cfg(feature = "tunnel")]
#[cfg_attr(docsrs, doc(cfg(feature = "tunnel")))]
pub mod tunnel;
mod utf8;

pub use close::{CloseCode, MAX_REASON};
pub use config::{Config, ConfigBuilder, ConfigError};
pub use connection::{Connection, PayloadHeader, Received};
pub use error::{Answer, Error, Fault, FaultKind};
pub use event::{Event, Events};
pub use frame::MessageKind;
pub use handshake::Url;
pub use handshake::fields::HttpVersion;
#[cfg(feature = "getrandom")]
#[cfg_attr(docsrs, doc(cfg(feature = "getrandom")))]
pub use random::random_seed;
#[cfg(feature = "trace")]
#[cfg_attr(docsrs, doc(cfg(feature = "trace")))]
pub use send::Timer;
pub use send::closing::{State, Transport};
pub use send::{Output, PreparedMessage, Sender};
pub use settings::{DeflateLimit, Role};
#[cfg(feature = "tunnel")]
#[cfg_attr(docsrs, doc(cfg(feature = "tunnel")))]
pub use tunnel::{Proxy, Tunnel, TunnelConfig};

/// The version of the library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
