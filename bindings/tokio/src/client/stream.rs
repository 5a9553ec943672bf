//! The stream that a client has connected.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(feature = "rustls")]
use tokio_rustls::client::TlsStream;

/// The transport of a client: TCP, or TLS over that. A proxy may be between.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientStream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP, or over TLS to a proxy.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    Tls(Box<TlsStream<ClientStream>>),
}

impl ClientStream {
    /// The socket, whatever is over it.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            ClientStream::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => stream.get_ref().0.tcp(),
        }
    }
}

/// A call of the stream, whichever it is.
macro_rules! delegate {
    ($this:expr, $call:path $(, $argument:expr)*) => {
        match $this.get_mut() {
            ClientStream::Plain(stream) => $call(Pin::new(stream) $(, $argument)*),
            #[cfg(feature = "rustls")]
            ClientStream::Tls(stream) => $call(Pin::new(&mut **stream) $(, $argument)*),
        }
    };
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self, AsyncRead::poll_read, cx, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, AsyncWrite::poll_write, cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, AsyncWrite::poll_flush, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, AsyncWrite::poll_shutdown, cx)
    }
}
