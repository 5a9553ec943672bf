//! permessage-deflate (RFC 7692): messages through one raw DEFLATE stream in each direction.
//!
//! [`negotiation`] decides on parameters, and [`codec`] compresses and inflates. Compressors and inflaters are large, and
//! slow where there are more of them than fit in a cache. So the connections of one configuration share a few, in a
//! [`Pool`](codec::Pool), and a connection has only a window of its own: the bytes that its next message may refer to. A
//! peer that has agreed to a small window and refers to more is found by `distances`.

#[cfg(feature = "deflate")]
pub(crate) mod codec;
#[cfg(not(feature = "deflate"))]
#[path = "none.rs"]
pub(crate) mod codec;
#[cfg(feature = "deflate")]
mod distances;
pub(crate) mod negotiation;

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::Error;
use crate::settings::Settings;

/// Compressed bytes are read in pieces of at most this size, so that each piece inflates to a bounded number of bytes.
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
    /// A window of 256 bytes can be inflated, but zlib-rs does not compress with it: such a direction sends uncompressed.
    pub(crate) fn can_compress(self) -> bool {
        self.window_bits > 8
    }
}

/// How hard to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "deflate"), allow(dead_code))]
pub(crate) struct Effort {
    /// From 1, fast, to 9, small.
    pub(crate) level: u8,
    /// How much memory to use, from 1 to 9.
    pub(crate) mem_level: u8,
}

impl Effort {
    fn of(settings: &Settings) -> Self {
        Effort { level: settings.deflate_level as u8, mem_level: settings.deflate_mem_level as u8 }
    }
}

/// The compressing half of a connection.
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
    /// Always `None` in a build without compression, which then leaves out all that depends on it.
    pub(crate) fn agreed(&self) -> Option<Agreement> {
        if cfg!(feature = "deflate") { self.agreed } else { None }
    }

    pub(crate) fn agree(&mut self, agreement: Option<Agreement>) {
        self.agreed = agreement;
    }

    /// Whether a message is compressed that begins with this many bytes, which may be all of it.
    pub(crate) fn wanted(&self, len: usize, whole: bool, settings: &Settings) -> bool {
        let agreed = self.agreed().is_some_and(|agreed| agreed.send.can_compress());
        agreed && self.on && (!whole || len as u64 >= settings.deflate_threshold)
    }

    /// The largest size that a payload of this length is compressed to.
    pub(crate) fn bound(&self, len: usize, settings: &Settings) -> usize {
        self.agreed().map_or(len, |agreed| codec::Compressor::bound(len, agreed.send, Effort::of(settings)))
    }

    /// Compresses a message, or a part of one.
    pub(crate) fn compress(
        &mut self,
        payload: &[u8],
        last: bool,
        settings: &Settings,
        pool: &codec::Pool,
    ) -> Result<Vec<u8>, Error> {
        let agreed = self.agreed().ok_or(Error::InvalidState)?;
        self.compressor.compress(payload, last, agreed.send, Effort::of(settings), pool)
    }

    /// The compressed form of a message for many connections that this one can send.
    pub(crate) fn form(
        &self,
        forms: &codec::Forms,
        payload: &[u8],
        settings: &Settings,
        pool: &codec::Pool,
    ) -> Result<Arc<[u8]>, Error> {
        let agreed = self.agreed().ok_or(Error::InvalidState)?;
        forms.get(payload, agreed.send, Effort::of(settings), pool)
    }

    /// Such a form has been sent.
    pub(crate) fn pass(&mut self, payload: &[u8], pool: &codec::Pool) {
        if let Some(agreed) = self.agreed() {
            self.compressor.pass(payload, agreed.send, pool);
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.compressor.heap()
    }
}
