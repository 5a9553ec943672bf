//! What a WebSocket needs of a runtime: a stream of bytes, a clock and a timer.

#[cfg(feature = "futures")]
mod futures;
#[cfg(feature = "tokio")]
mod tcp;
#[cfg(feature = "tokio")]
mod tokio;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;

#[cfg(feature = "futures")]
pub use self::futures::{Futures, Timer};
#[cfg(feature = "tokio")]
pub use self::tcp::set_up_tcp;
#[cfg(feature = "tokio")]
pub use self::tokio::Tokio;

/// The runtime that is meant where none is named: tokio, if this build has it.
#[cfg(feature = "tokio")]
pub type DefaultRuntime = Tokio;
/// The runtime that is meant where none is named: tokio, if this build has it.
#[cfg(not(feature = "tokio"))]
pub type DefaultRuntime = NoRuntime;

/// Stands for a runtime where none is named and this build has no tokio.
#[cfg(not(feature = "tokio"))]
#[derive(Debug)]
pub enum NoRuntime {}

#[cfg(not(feature = "tokio"))]
impl Runtime for NoRuntime {
    type Sleep = std::future::Pending<()>;

    fn start() -> Self {
        unreachable!("name a runtime: Futures<T>")
    }

    fn elapsed(&self) -> Duration {
        match *self {}
    }

    fn sleep(&self, _: Duration) -> Self::Sleep {
        match *self {}
    }
}

/// A clock that has been started, and a timer: [`Tokio`](crate::Tokio), or [`Futures`](crate::Futures) with a timer of yours.
pub trait Runtime: Unpin {
    /// What ends when a time has passed.
    type Sleep: Future;

    /// Starts the clock.
    fn start() -> Self;

    /// The time since the start.
    fn elapsed(&self) -> Duration;

    /// Waits for a time.
    fn sleep(&self, duration: Duration) -> Self::Sleep;
}

/// A stream of bytes in both directions, as the runtime `R` has it. All streams of the runtime are.
pub trait ByteStream<R>: Unpin {
    /// Reads what has arrived, at most `limit` bytes, to the end of `buffer`, which has room. `Ok(0)`: the peer has ended its
    /// stream.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
        limit: usize,
    ) -> Poll<io::Result<usize>>;

    /// Writes some bytes of `data`.
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Writes some bytes of `slices`, one after the other. By default that is some of the first one that is not empty.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(cx, first.map_or(&[], |slice| slice))
    }

    /// Whether the stream writes several slices at once. Where it does, a server writes large payloads from where they lie.
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// Passes on what the stream has kept of that.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends our side of the stream.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
