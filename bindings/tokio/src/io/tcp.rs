//! Sockets of TCP.

use tokio::net::TcpStream;

/// How much the system keeps, in bytes, that it has not sent yet.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT: u32 = 64 * 1024;

/// Sets up a connection over TCP as [`connect`](crate::connect) and [`Acceptor::serve`](crate::Acceptor::serve) do: for a stream
/// that you accept or connect yourself. What cannot be set stays as it is.
///
/// - Small messages are sent without delay (`TCP_NODELAY`).
/// - On Linux and Android the system takes no more than 64 KiB that it has not sent yet (`TCP_NOTSENT_LOWAT`). By default it
///   takes megabytes, and says only when a third of its buffer is free that there is room again. A peer that reads a few
///   thousand bytes a second does not get there within the option `write_timeout`, and its connection is ended though it reads.
///
/// ```
/// # async fn run() -> Result<(), sansock_tokio::Error> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let (stream, _) = listener.accept().await?;
/// sansock_tokio::set_up_tcp(&stream);
/// let websocket = sansock_tokio::accept(stream).await?;
/// # Ok(())
/// # }
/// ```
///
/// Under a server that accepts connections itself set the same there: with axum, `listener.tap_io(|stream| set_up_tcp(stream))`. On
/// systems without that option, raise `write_timeout` for peers so slow.
pub fn set_up_tcp(stream: &TcpStream) {
    // A stream for which this fails is closed already.
    stream.set_nodelay(true).ok();
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT).ok();
}
