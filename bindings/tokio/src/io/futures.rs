//! Runtimes with the streams of `futures-io`, such as smol.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use futures_io::{AsyncRead, AsyncWrite};

use super::{ByteStream, Runtime};

/// How much is read at a time. The bytes are set to zero before each read, which these streams ask for.
const READ_SIZE: usize = 16 * 1024;

/// Streams of `futures-io`, with the timer `T`.
#[derive(Debug)]
pub struct Futures<T>(T);

/// A clock and a timer, for runtimes other than tokio.
///
/// ```
/// use std::time::{Duration, Instant};
/// use sansock_tokio::Timer;
///
/// struct SmolTimer(Instant);
///
/// impl Timer for SmolTimer {
///     type Sleep = smol::Timer;
///
///     fn start() -> Self {
///         SmolTimer(Instant::now())
///     }
///
///     fn elapsed(&self) -> Duration {
///         self.0.elapsed()
///     }
///
///     fn sleep(&self, duration: Duration) -> smol::Timer {
///         smol::Timer::after(duration)
///     }
/// }
/// ```
pub trait Timer: Unpin {
    /// What ends when a time has passed.
    type Sleep: Future;

    /// Starts the clock.
    fn start() -> Self;

    /// The time since the start.
    fn elapsed(&self) -> Duration;

    /// Waits for a time.
    fn sleep(&self, duration: Duration) -> Self::Sleep;
}

impl<T: Timer> Runtime for Futures<T> {
    type Sleep = T::Sleep;

    fn start() -> Self {
        Futures(T::start())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> T::Sleep {
        self.0.sleep(duration)
    }
}

impl<T, S: AsyncRead + AsyncWrite + Unpin> ByteStream<Futures<T>> for S {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        let start = buffer.len();
        buffer.resize(start + READ_SIZE.min(limit), 0);
        let result = AsyncRead::poll_read(self, cx, &mut buffer[start..]);
        let count = if let Poll::Ready(Ok(count)) = result { count } else { 0 };
        buffer.truncate(start + count);
        result
    }

    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, data)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(self, cx, slices)
    }

    /// Streams of `futures-io` do not say so. One that does not is given a header and its payload one after the other.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(self, cx)
    }
}
