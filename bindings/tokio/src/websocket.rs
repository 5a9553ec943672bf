//! What users call.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_sink::Sink;
use sansock::{CloseCode, Config, MessageKind, PreparedMessage, Role, State};

use crate::error::{Closed, Error};
use crate::events::{Event, Fragments};
use crate::handshake::{Request, Response};
use crate::io::{ByteStream, DefaultRuntime, Runtime};
use crate::message::Message;
use crate::socket::{Socket, outcome};
use crate::split::{Receiver, Sender, split};

/// A WebSocket connection over the stream `S`, open or ended.
///
/// It comes from [`connect`](crate::connect), [`Connector`](crate::Connector), [`accept`](crate::accept) or
/// [`Acceptor`](crate::Acceptor); from a stream that has been upgraded elsewhere, with [`upgraded`](Self::upgraded).
///
/// # Receiving
///
/// [`recv`](Self::recv), or the `Stream`, gives whole messages. `None` is a clean end: both Close frames were exchanged, with whatever
/// code, and the transport is closed as TCP wants it. Any other end is an error once, and then `None`. [`closed`](Self::closed) has the close
/// code and the reason.
///
/// # Sending
///
/// [`send`](Self::send) and the `Sink` wait while the peer does not read. What [`feed`](Self::feed) has taken is written by the
/// next call of any kind that waits, so that many small messages go out together: with `feed` in place of `send`, a loop that answers
/// what it receives writes once for all messages that came in one read.
///
/// # What drives it
///
/// Everything else happens while any of its futures is polled: pings and Close are answered, keepalive pings are sent, and
/// deadlines end the connection. Nothing happens in a task of its own, and nothing is written when it is dropped: end a
/// connection with [`close`](Self::close), or by receiving to the end. With tokio its time must be enabled, as it is by
/// `#[tokio::main]`.
///
/// Bytes are read only while no message waits to be received, so that a peer whose messages nobody takes is stopped by TCP.
///
/// # Cancellation
///
/// Each future may be dropped at any time, as `select!` does. `recv` loses no message then. A `send` that is dropped has sent its
/// message whole or not at all, and what it took is written by the next call.
///
/// ```
/// use sansock_tokio::{Error, Message, WebSocket};
/// use tokio::net::TcpStream;
///
/// async fn echo(mut websocket: WebSocket<TcpStream>) -> Result<(), Error> {
///     while let Some(message) = websocket.recv().await {
///         websocket.send(message?).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct WebSocket<S, R: Runtime = DefaultRuntime> {
    pub(crate) socket: Socket<S, R>,
}

impl<S: ByteStream<R>, R: Runtime> WebSocket<S, R> {
    /// A connection over a stream on which an opening handshake has been made elsewhere. `config` has the role and all options;
    /// [`start_open`](sansock::config::ConfigBuilder::start_open) must be among them. Bytes that were read behind the head of that
    /// handshake are to be read from the stream again.
    ///
    /// ```
    /// # async fn upgraded() -> Result<(), sansock_tokio::Error> {
    /// use sansock_tokio::{Config, Role, WebSocket};
    ///
    /// let (stream, _peer) = tokio::io::duplex(4096);
    /// let config = Config::builder(Role::Server).start_open(true).build()?;
    /// let websocket: WebSocket<_> = WebSocket::upgraded(stream, &config)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] without `start_open`, if there are no random bytes, or no memory.
    pub fn upgraded(stream: S, config: &Config) -> Result<Self, Error> {
        let socket = Socket::new(stream, config)?;
        if socket.session().state() == State::Connecting {
            return Err(sansock::Error::InvalidState.into());
        }
        Ok(WebSocket { socket })
    }

    /// Receives the next message. `None`: the connection was closed cleanly, or an error has said how it ended.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], once, if the connection ended other than by a closing handshake.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.socket.poll_recv(cx)).await
    }

    /// Receives the next message or control frame, in the order in which they arrived. Control frames have been answered: this only
    /// shows them. Those that arrive while [`recv`](Self::recv) is used are not kept.
    ///
    /// ```
    /// # use sansock_tokio::{ClientStream, Error, Event, WebSocket};
    /// # async fn example(mut websocket: WebSocket<ClientStream>) -> Result<(), Error> {
    /// while let Some(event) = websocket.recv_event().await {
    ///     match event? {
    ///         Event::Message(message) => println!("{message:?}"),
    ///         other => println!("a control frame: {other:?}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_event(&mut self) -> Option<Result<Event, Error>> {
        poll_fn(|cx| self.socket.poll_event(cx)).await
    }

    /// Sends a message, and waits until it has been handed to the operating system.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] if it is larger than the option `output_hard_limit`; [`Error::Closing`] once the closing handshake
    /// has been started; [`Error::Closed`] if the connection has ended.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.feed(message).await?;
        self.flush().await
    }

    /// Sends a message as soon as there is room, and leaves it to the next call to write it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        poll_fn(|cx| self.socket.poll_ready(cx)).await?;
        self.socket.session_mut().send(message.into())
    }

    /// Sends a message that was made for many connections, as soon as there is room, and leaves it to the next call to write it.
    /// It is compressed once for all connections that agreed to the same window and have the same options of compression.
    ///
    /// ```
    /// # use sansock_tokio::{ClientStream, Error, PreparedMessage, WebSocket};
    /// # async fn example(members: &mut [WebSocket<ClientStream>]) -> Result<(), Error> {
    /// let news = PreparedMessage::text("news").expect("memory");
    /// for member in members {
    ///     member.feed_prepared(&news).await?;
    ///     member.flush().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        poll_fn(|cx| self.socket.poll_ready(cx)).await?;
        self.socket.session_mut().send_prepared(message)
    }

    /// Sends one message in fragments (RFC 6455 §5.4), each of these a frame, and waits as [`send`](Self::send) does. Peers join them:
    /// this is for those that look at frames. A text must be UTF-8 as a whole, and may be cut anywhere. A future that is dropped has
    /// sent all fragments or none.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`Error::Argument`] if a text is not UTF-8.
    pub async fn send_fragments(
        &mut self,
        kind: MessageKind,
        fragments: impl IntoIterator<Item = impl Into<Bytes>>,
    ) -> Result<(), Error> {
        let fragments = Fragments::new(kind, fragments)?;
        poll_fn(|cx| self.socket.poll_fragments(&fragments, cx)).await?;
        self.flush().await
    }

    /// Waits until all that was sent has been handed to the operating system.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection failed before.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.socket.poll_flush(cx)).await
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). When its pong has arrived, [`latency`](Self::latency) is the time
    /// that it took. While the output is full none is sent. For a keepalive use the option
    /// [`ping_interval`](sansock::config::ConfigBuilder::ping_interval).
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the payload is longer; [`Error::Closed`] if the connection has ended.
    pub async fn ping(&mut self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        self.socket.ping(payload.as_ref())?;
        self.flush().await
    }

    /// Sends a pong that answers no ping, with up to 125 bytes (RFC 6455 §5.5.3). Pings are answered without it.
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub async fn pong(&mut self, payload: impl AsRef<[u8]>) -> Result<(), Error> {
        self.socket.session_mut().pong(payload.as_ref())?;
        self.flush().await
    }

    /// Closes the connection (RFC 6455 §7.1.2): sends Close, waits for the peer's, and for the end of the stream. That takes
    /// twice the option `close_timeout` at most.
    ///
    /// Messages that arrived before and were not received still can be. Those that arrive while it waits are dropped, unless
    /// the option `receive_while_closing` is on: then up to 256 KiB are kept for [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the code must not be sent (§7.4) or the reason is longer than 123 bytes; [`Error::Closed`] if the
    /// connection ended in another way.
    pub async fn close(&mut self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.start_close(code, reason)?;
        self.wait_closed().await
    }

    /// Sends Close and does not wait: receive to the end, or [`wait_closed`](Self::wait_closed).
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] as [`close`](Self::close).
    pub fn start_close(&mut self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.socket.start_close(Some(code.into()), reason)
    }

    /// Waits until the connection has ended and its transport is done with, without starting that.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if it ended other than by a closing handshake.
    pub async fn wait_closed(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.socket.poll_closed(cx)).await;
        outcome(self.closed())
    }

    /// Turns compression off and on for the messages that follow, where it was agreed. Turn it off for messages that hold a
    /// secret beside text that an attacker may choose (RFC 7692 §8).
    pub fn set_compression(&mut self, on: bool) {
        self.socket.session_mut().set_compression(on);
    }

    /// Two halves, for tasks of their own. The one that sends can be cloned.
    pub fn split(self) -> (Receiver<S, R>, Sender<S, R>) {
        split(self.socket)
    }

    /// How the connection ended; `None` while it has not.
    pub fn closed(&self) -> Option<&Closed> {
        self.socket.session().closed()
    }

    /// The state of the connection.
    pub fn state(&self) -> State {
        self.socket.session().state()
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.socket.session().role()
    }

    /// The subprotocol agreed on, if any.
    pub fn subprotocol(&self) -> Option<&str> {
        self.response().and_then(|response| response.subprotocol.as_deref())
    }

    /// The request of the client; `None` on a client.
    pub fn request(&self) -> Option<&Request> {
        self.socket.session().inbox.request.as_deref()
    }

    /// What was agreed on, with the headers of the response on a client.
    pub fn response(&self) -> Option<&Response> {
        self.socket.session().inbox.response.as_deref()
    }

    /// The round-trip time of the latest ping that was answered, if one was.
    pub fn latency(&self) -> Option<Duration> {
        self.socket.session().inbox.latency
    }

    /// The stream underneath: to ask it for addresses or certificates.
    pub fn get_ref(&self) -> &S {
        &self.socket.driver.stream
    }
}

impl<S: ByteStream<R>, R: Runtime> Stream for WebSocket<S, R> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.socket.poll_recv(cx)
    }
}

/// Closing the sink closes the connection with 1000, and waits for its end.
impl<S: ByteStream<R>, R: Runtime> Sink<Message> for WebSocket<S, R> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.socket.session_mut().send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.socket.poll_close(cx)
    }
}

impl<S: Unpin, R: Runtime> Unpin for WebSocket<S, R> {}

impl<S: fmt::Debug, R: Runtime> fmt::Debug for WebSocket<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = self.socket.session();
        f.debug_struct("WebSocket")
            .field("stream", &self.socket.driver.stream)
            .field("role", &session.role())
            .field("state", &session.state())
            .finish_non_exhaustive()
    }
}
