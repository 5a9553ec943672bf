//! permessage-deflate (RFC 7692): messages through one raw DEFLATE stream in each direction.
//!
//! [`negotiation`] decides on parameters; [`codec`] compresses and inflates. Compressors and inflaters are large: they
//! are made for the first message that needs one, and, where no context is taken over, given back to a
//! [`Pool`](codec::Pool) that the connections of one configuration share.

#[cfg(feature = "deflate")]
pub(crate) mod codec;
#[cfg(not(feature = "deflate"))]
#[path = "none.rs"]
pub(crate) mod codec;
pub(crate) mod negotiation;

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
