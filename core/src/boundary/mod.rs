//! Connections as hosts across a language boundary see them: numbers and bytes in, records and a [`Block`] out. The C
//! library and the WebAssembly module export these calls; a Rust program has no use for them.
//!
//! All times are milliseconds of a monotonic clock. Where a call takes text as bytes, bytes that are not UTF-8 are
//! [`Error::InvalidArgument`].

mod config;
mod connection;
mod lending;
mod payload;
#[cfg(feature = "tunnel")]
mod tunnel;

use alloc::vec::Vec;

pub use crate::abi::*;
use crate::error;
use crate::frame;
pub use crate::handshake::fields::Field;
pub use crate::send::PreparedMessage;
pub use crate::settings::option;
use crate::utf8;
pub use config::Config;
pub use connection::{Connection, prepare};
#[cfg(feature = "tunnel")]
pub use tunnel::{Tunnel, TunnelConfig};

/// Appends a frame that belongs to no connection. `first` is its first byte: FIN, RSV1 if the payload is compressed, the opcode.
/// It is masked if there is a key.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if no connection could send it; [`Error::NoMemory`].
pub fn encode_frame(output: &mut Vec<u8>, first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Result<(), Error> {
    Ok(frame::encode_alone(output, first, payload, key)?)
}

/// A call that could not be carried out. The connection is as it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Error {
    /// See [`error::Error::InvalidArgument`].
    InvalidArgument = status::INVALID_ARGUMENT,
    /// See [`error::Error::InvalidState`].
    InvalidState = status::INVALID_STATE,
    /// See [`error::Error::WouldBlock`].
    WouldBlock = status::WOULD_BLOCK,
    /// See [`error::Error::TooLarge`].
    TooLarge = status::TOO_LARGE,
    /// See [`error::Error::NoMemory`].
    NoMemory = status::NO_MEMORY,
    /// The handle is null, freed, or of another kind.
    BadHandle = status::BAD_HANDLE,
    /// The handle is in use by another thread.
    Busy = status::BUSY,
    /// The engine failed in an earlier call on this handle, which can only be freed now.
    Poisoned = status::POISONED,
    /// See [`error::Error::Entropy`].
    Entropy = status::ENTROPY,
}

impl Error {
    /// Every error, in the order of its number.
    pub const ALL: [Error; 9] = [
        Error::InvalidArgument,
        Error::InvalidState,
        Error::WouldBlock,
        Error::TooLarge,
        Error::NoMemory,
        Error::BadHandle,
        Error::Busy,
        Error::Poisoned,
        Error::Entropy,
    ];

    /// The stable number of this error: one of [`status`].
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// What happened, in one sentence without a full stop.
    pub const fn text(self) -> &'static str {
        match self {
            Error::InvalidArgument => error::Error::InvalidArgument.text(),
            Error::InvalidState => error::Error::InvalidState.text(),
            Error::WouldBlock => error::Error::WouldBlock.text(),
            Error::TooLarge => error::Error::TooLarge.text(),
            Error::NoMemory => error::Error::NoMemory.text(),
            Error::BadHandle => "the handle is null, freed, or of another kind",
            Error::Busy => "the handle is in use by another thread",
            Error::Poisoned => "the engine failed on this handle: it can only be freed",
            Error::Entropy => error::Error::Entropy.text(),
        }
    }
}

impl From<error::Error> for Error {
    fn from(error: error::Error) -> Self {
        match error {
            error::Error::InvalidArgument => Error::InvalidArgument,
            error::Error::InvalidState => Error::InvalidState,
            error::Error::WouldBlock => Error::WouldBlock,
            error::Error::TooLarge => Error::TooLarge,
            error::Error::NoMemory => Error::NoMemory,
            error::Error::Entropy => Error::Entropy,
        }
    }
}

/// The status of a call.
pub fn status_of(result: Result<(), Error>) -> i32 {
    result.map_or_else(Error::number, |()| status::OK)
}

/// Text that a host passes as bytes.
fn string(bytes: &[u8]) -> Result<&str, Error> {
    utf8::view(bytes).ok_or(Error::InvalidArgument)
}
