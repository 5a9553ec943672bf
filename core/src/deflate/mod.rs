//! permessage-deflate (RFC 7692): messages through one raw DEFLATE stream in each direction.
//!
//! [`negotiation`] decides on parameters; [`codec`] compresses and inflates. Compressors and inflaters are large, and slow
//! where there are so many that no cache holds them: the connections of one configuration share a few, in a
//! [`Pool`](codec::Pool), and what is a connection's own is the window: the bytes that its next message may refer to.

#[cfg(feature = "deflate")]
pub(crate) mod codec;
#[cfg(not(feature = "deflate"))]
#[path = "none.rs"]
pub(crate) mod codec;
pub(crate) mod negotiation;

use alloc::vec::Vec;

use crate::config::Settings;
use crate::error::Error;

/// Compressed bytes are read in pieces of at most this size, so that one call makes a bounded number of bytes of them.
pub(crate) const COMPRESSED_PIECE: usize = 1024;

/// What both ends agreed on, as seen from this end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// For messages to the peer.
    pub(crate) send: Direction,
    /// For messages from the peer.
    pub(crate) receive: Direction,
}

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Direction {
    /// The base-2 logarithm of the window, 8 to 15.
    pub(crate) window_bits: u8,
    /// Whether a message may refer to those before it.
    pub(crate) takeover: bool,
}

impl Direction {
    /// A window of 256 bytes can be inflated, but no encoder we know of makes it: such a direction sends uncompressed.
    pub(crate) fn can_compress(self) -> bool {
        self.window_bits > 8
    }
}

/// The compressing side of a connection.
pub(crate) struct Compression {
    agreed: Option<Agreement>,
    compressor: codec::Compressor,
    /// Whether the host wants what it sends to be compressed.
    pub(crate) on: bool,
}

impl Default for Compression {
    fn default() -> Self {
        Compression { agreed: None, compressor: codec::Compressor::default(), on: true }
    }
}

impl Compression {
    /// Known to be nothing in a build without DEFLATE, which then leaves out all that depends on it.
    pub(crate) fn agreed(&self) -> Option<Agreement> {
        if cfg!(feature = "deflate") { self.agreed } else { None }
    }

    pub(crate) fn agree(&mut self, agreement: Option<Agreement>) {
        self.agreed = agreement;
    }

    /// Whether a message that begins with this many bytes, and may end with them, is compressed.
    pub(crate) fn wanted(&self, len: usize, whole: bool, settings: &Settings) -> bool {
        let agreed = self.agreed().is_some_and(|agreed| agreed.send.can_compress());
        agreed && self.on && (!whole || len as u64 >= settings.deflate_threshold)
    }

    /// The most that a payload of this length becomes.
    pub(crate) fn bound(len: usize, settings: &Settings) -> usize {
        codec::Compressor::bound(len, settings)
    }

    /// Compresses a message, or a part of one.
    pub(crate) fn compress(&mut self, payload: &[u8], last: bool, settings: &Settings) -> Result<Vec<u8>, Error> {
        let agreed = self.agreed().ok_or(Error::InvalidState)?;
        self.compressor.compress(payload, last, agreed.send, settings)
    }

    pub(crate) fn heap(&self) -> usize {
        self.compressor.heap()
    }
}
