//! The `Debug` form of events: text as text, bytes as byte string literals.

use core::fmt;

use super::opening::Details;
use super::{Binary, Events, Frame, Head, Header, Open, Ping, Pong, Rejected, Request};

impl fmt::Debug for Events<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Bytes as a byte string literal.
struct Bytes<'a>(&'a [u8]);

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}: {}\"", self.name, self.value.escape_ascii())
    }
}

/// Headers, in the `Debug` form of the events that have them.
struct Headers<'a>(Details<'a>);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.headers()).finish()
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("target", &self.target)
            .field("authority", &self.authority())
            .field("origin_relation", &self.origin_relation)
            .field("fault", &self.fault())
            .field("headers", &Headers(self.details))
            .finish()
    }
}

impl fmt::Debug for Open<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open")
            .field("subprotocol", &self.subprotocol())
            .field("extension", &self.extensions().next())
            .field("headers", &Headers(self.details))
            .finish()
    }
}

impl fmt::Debug for Rejected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejected")
            .field("status", &self.status)
            .field("reason", &Bytes(self.reason()))
            .field("headers", &Headers(self.details))
            .field("body", &Bytes(self.body))
            .field("truncated", &self.truncated)
            .finish()
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("headers", &Headers(self.details))
            .field("body", &Bytes(self.body))
            .finish()
    }
}

impl fmt::Debug for Binary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Binary");
        debug.field("data", &Bytes(self.data)).field("first", &self.first).field("last", &self.last).finish()
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("kind", &self.kind)
            .field("data", &Bytes(self.data))
            .field("first", &self.first)
            .field("last", &self.last)
            .field("frame_end", &self.frame_end)
            .field("compressed", &self.compressed)
            .field("frame_len", &self.frame_len)
            .finish()
    }
}

impl fmt::Debug for Ping<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ping").field("payload", &Bytes(self.payload)).finish()
    }
}

impl fmt::Debug for Pong<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Pong");
        debug.field("payload", &Bytes(self.payload)).field("round_trip_time", &self.round_trip_time).finish()
    }
}
