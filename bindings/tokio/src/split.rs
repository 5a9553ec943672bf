//! The halves of a WebSocket.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_sink::Sink;
use sansock::{CloseCode, MessageKind, PreparedMessage, State};

use crate::error::{Closed, Error};
use crate::events::{Event, Fragments};
use crate::io::{ByteStream, DefaultRuntime, Runtime};
use crate::message::Message;
use crate::socket::{Socket, outcome};

/// Both halves, and what they share. It is locked while one of them is polled, which never waits.
pub(crate) fn split<S: ByteStream<R>, R: Runtime>(socket: Socket<S, R>) -> (Receiver<S, R>, Sender<S, R>) {
    let shared = Arc::new(Mutex::new(socket));
    (Receiver { shared: shared.clone() }, Sender { shared })
}

fn lock<S, R: Runtime>(shared: &Mutex<Socket<S, R>>) -> MutexGuard<'_, Socket<S, R>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The half of a [`WebSocket`](crate::WebSocket) that receives.
///
/// When it is dropped, messages that arrive are dropped too, and everything else goes on.
pub struct Receiver<S: ByteStream<R>, R: Runtime = DefaultRuntime> {
    shared: Arc<Mutex<Socket<S, R>>>,
}

/// The half of a [`WebSocket`](crate::WebSocket) that sends. Clones send on the same connection, from any number of tasks: each
/// message goes out whole.
///
/// ```
/// # use sansock_tokio::{Error, Sender};
/// # use tokio::net::TcpStream;
/// use std::time::Duration;
///
/// fn tick(sender: &Sender<TcpStream>) {
///     let sender = sender.clone();
///     tokio::spawn(async move {
///         loop {
///             tokio::time::sleep(Duration::from_secs(1)).await;
///             sender.send("tick").await?;
///         }
///         # #[allow(unreachable_code)]
///         Ok::<(), Error>(())
///     });
/// }
/// ```
pub struct Sender<S: ByteStream<R>, R: Runtime = DefaultRuntime> {
    shared: Arc<Mutex<Socket<S, R>>>,
}

impl<S: ByteStream<R>, R: Runtime> Receiver<S, R> {
    /// Receives the next message: see [`WebSocket::recv`](crate::WebSocket::recv).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], once, if the connection ended other than by a closing handshake.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| lock(&self.shared).poll_recv(cx)).await
    }

    /// Receives the next message or control frame: see [`WebSocket::recv_event`](crate::WebSocket::recv_event).
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_event(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| lock(&self.shared).poll_event(cx)).await
    }

    /// How the connection ended; `None` while it has not.
    pub fn closed(&self) -> Option<Closed> {
        lock(&self.shared).session().closed().cloned()
    }
}

impl<S: ByteStream<R>, R: Runtime> Sender<S, R> {
    /// Sends a message, and waits until it has been handed to the operating system.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`](crate::WebSocket::send).
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Sends a message as soon as there is room, and leaves it to the next call, of either half, to write it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed(&self, message: impl Into<Message>) -> Result<(), Error> {
        let mut message = Some(message.into());
        poll_fn(|cx| {
            let mut socket = lock(&self.shared);
            if socket.poll_ready(cx)?.is_pending() {
                return Poll::Pending;
            }
            // Under the same lock, so that no other sender has taken the room.
            Poll::Ready(message.take().map_or(Ok(()), |message| socket.session_mut().send(message)))
        })
        .await
    }

    /// The same for a message that was made for many connections: see
    /// [`WebSocket::feed_prepared`](crate::WebSocket::feed_prepared).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        poll_fn(|cx| {
            let mut socket = lock(&self.shared);
            if socket.poll_ready(cx)?.is_pending() {
                return Poll::Pending;
            }
            Poll::Ready(socket.session_mut().send_prepared(message))
        })
        .await
    }

    /// Sends one message in fragments: see [`WebSocket::send_fragments`](crate::WebSocket::send_fragments). No other message comes
    /// between them.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send_fragments`](crate::WebSocket::send_fragments).
    pub async fn send_fragments(
        &self,
        kind: MessageKind,
        fragments: impl IntoIterator<Item = impl Into<Bytes>>,
    ) -> Result<(), Error> {
        let fragments = Fragments::new(kind, fragments)?;
        poll_fn(|cx| lock(&self.shared).poll_fragments(&fragments, cx)).await?;
        self.flush().await
    }

    /// Waits until all that has been sent so far is handed to the operating system.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection failed before.
    pub async fn flush(&self) -> Result<(), Error> {
        // What other senders add meanwhile is not waited for.
        let end = lock(&self.shared).session().output_end();
        poll_fn(|cx| lock(&self.shared).poll_flush_to(end, cx)).await
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    pub async fn ping(&self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        lock(&self.shared).ping(payload.as_ref())?;
        self.flush().await
    }

    /// Sends a pong that answers no ping: see [`WebSocket::pong`](crate::WebSocket::pong).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::pong`](crate::WebSocket::pong).
    pub async fn pong(&self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        lock(&self.shared).session_mut().pong(payload.as_ref())?;
        self.flush().await
    }

    /// Closes the connection, and waits for its end: see [`WebSocket::close`](crate::WebSocket::close). Meanwhile the other half can
    /// receive.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`](crate::WebSocket::close).
    pub async fn close(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        lock(&self.shared).start_close(Some(code.into()), reason)?;
        self.wait_closed().await
    }

    /// Waits until the connection has ended and its transport is done with, without starting that.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if it ended other than by a closing handshake.
    pub async fn wait_closed(&self) -> Result<(), Error> {
        poll_fn(|cx| lock(&self.shared).poll_closed(cx)).await;
        outcome(lock(&self.shared).session().closed())
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        lock(&self.shared).session().state()
    }

    /// How the connection ended; `None` while it has not.
    pub fn closed(&self) -> Option<Closed> {
        lock(&self.shared).session().closed().cloned()
    }

    /// The round-trip time of the latest ping that was answered, if one was.
    pub fn latency(&self) -> Option<Duration> {
        lock(&self.shared).session().inbox.latency
    }
}

impl<S: ByteStream<R>, R: Runtime> Clone for Sender<S, R> {
    fn clone(&self) -> Self {
        Sender { shared: self.shared.clone() }
    }
}

impl<S: ByteStream<R>, R: Runtime> Drop for Receiver<S, R> {
    fn drop(&mut self) {
        lock(&self.shared).abandon();
    }
}

impl<S: ByteStream<R>, R: Runtime> Stream for Receiver<S, R> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        lock(&self.shared).poll_recv(cx)
    }
}

/// Closing the sink closes the connection with 1000, and waits for its end.
impl<S: ByteStream<R>, R: Runtime> Sink<Message> for Sender<S, R> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        lock(&self.shared).poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        lock(&self.shared).session_mut().send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        lock(&self.shared).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        lock(&self.shared).poll_close(cx)
    }
}

impl<S: ByteStream<R>, R: Runtime> fmt::Debug for Receiver<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl<S: ByteStream<R>, R: Runtime> fmt::Debug for Sender<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
