//! The server's side of the opening handshake.

#[cfg(feature = "axum")]
pub(crate) mod axum;
#[cfg(feature = "hyper")]
pub(crate) mod hyper;
#[cfg(feature = "tokio")]
mod serve;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::sync::OnceLock;

use sansock::config::ConfigBuilder;
use sansock::{Config, FaultKind, Role};

use crate::error::Error;
use crate::handshake::{Answer, Request};
use crate::io::{ByteStream, DefaultRuntime, Runtime};
use crate::socket::Socket;
use crate::websocket::WebSocket;

/// Accepts a client's request on a stream that has been accepted, with every option at its default: from its own origin, and
/// from clients that are no browsers. For peers that read slowly set up its socket before, with [`set_up_tcp`](crate::set_up_tcp).
///
/// ```no_run
/// use tokio::net::TcpListener;
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:8765").await?;
/// loop {
///     let (stream, _) = listener.accept().await?;
///     tokio::spawn(async move {
///         let mut websocket = sansock_tokio::accept(stream).await?;
///         while let Some(message) = websocket.recv().await {
///             websocket.send(message?).await?;
///         }
///         Ok::<(), sansock_tokio::Error>(())
///     });
/// }
/// # }
/// ```
///
/// # Errors
///
/// As [`Acceptor::accept`].
#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub async fn accept<S: ByteStream<crate::Tokio>>(stream: S) -> Result<WebSocket<S>, Error> {
    usual()?.accept(stream).await
}

/// One with every option at its default: its connections share buffers.
#[cfg(feature = "tokio")]
pub(crate) fn usual() -> Result<&'static Acceptor, Error> {
    static USUAL: OnceLock<Result<Acceptor, Error>> = OnceLock::new();
    let usual = USUAL.get_or_init(|| Acceptor::new(Config::server()));
    usual.as_ref().map_err(Error::clone)
}

/// Accepts requests with the same options: make one for a server.
///
/// ```no_run
/// use std::time::Duration;
/// use sansock_tokio::{Acceptor, Answer, Config, Error};
/// use tokio::net::TcpStream;
///
/// # async fn serve(stream: TcpStream) -> Result<(), Error> {
/// let options = Config::server().subprotocol("chat").ping_interval(Duration::from_secs(20)).deflate(true);
/// let acceptor = Acceptor::new(options)?.allow_origin("https://app.example.com");
///
/// let websocket = acceptor
///     .accept_with(stream, |request| match request.path() {
///         "/chat" => Answer::accept(),
///         _ => Answer::reject(404, "no such page\n"),
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
pub struct Acceptor<R: Runtime = DefaultRuntime> {
    config: Config,
    origins: Origins,
    runtime: PhantomData<fn() -> R>,
}

/// The pages that may connect, besides those of the same origin.
#[derive(Clone, Debug)]
enum Origins {
    These(Arc<[String]>),
    Any,
}

impl Acceptor {
    /// With these options, which are those of a server: [`Config::server`] begins them. Connections of one acceptor, and of its
    /// clones, share buffers and compressors.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if an option has a value that is not allowed; [`Error::Argument`] if they are a client's.
    pub fn new(options: ConfigBuilder) -> Result<Self, Error> {
        // Parts are joined here, with at most one copy; whole messages would have two.
        let config = options.parts(true).build()?;
        if config.role() != Role::Server {
            return Err(sansock::Error::InvalidArgument.into());
        }
        Ok(Acceptor { config, origins: Origins::These(Arc::new([])), runtime: PhantomData })
    }
}

impl<R: Runtime> Acceptor<R> {
    /// Lets pages of another origin connect, as `https://app.example.com`. Without this only pages of the same origin may
    /// (RFC 6455 §10.2), and clients that are no browsers, which send no Origin header.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        if let Origins::These(origins) = &self.origins {
            self.origins = Origins::These(origins.iter().cloned().chain([origin.into()]).collect());
        }
        self
    }

    /// Lets pages of any origin connect. A page of another site then acts with the cookies of its user.
    #[must_use]
    pub fn allow_any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// The same for streams of another runtime.
    ///
    /// ```
    /// # #[cfg(feature = "futures")] {
    /// use sansock_tokio::{Acceptor, Config, Futures, Timer, WebSocket};
    ///
    /// async fn accept<T: Timer>(stream: smol::net::TcpStream) -> Result<(), sansock_tokio::Error> {
    ///     let acceptor = Acceptor::new(Config::server())?.runtime::<Futures<T>>();
    ///     let mut websocket = acceptor.accept(stream).await?;
    ///     websocket.send("hello").await
    /// }
    /// # }
    /// ```
    pub fn runtime<T: Runtime>(self) -> Acceptor<T> {
        Acceptor { config: self.config, origins: self.origins, runtime: PhantomData }
    }

    /// Reads a request and accepts it, unless it comes from a page that may not connect.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the request breaks a rule or comes from another origin: it has been answered, and the stream is
    /// done with; [`Error::Handshake`] if the client was gone or took too long.
    pub async fn accept<S: ByteStream<R>>(&self, stream: S) -> Result<WebSocket<S, R>, Error> {
        self.receive(stream).await?.answer(Answer::accept()).await
    }

    /// Reads a request, and answers it as `decide` says. Pages that may not connect are refused before.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept), and as [`Incoming::answer`].
    pub async fn accept_with<S, F>(&self, stream: S, decide: F) -> Result<WebSocket<S, R>, Error>
    where
        S: ByteStream<R>,
        F: FnOnce(&Request) -> Answer,
    {
        let incoming = self.receive(stream).await?;
        let answer = decide(incoming.request());
        incoming.answer(answer).await
    }

    /// The same where the decision waits for something.
    ///
    /// ```
    /// # use sansock_tokio::{Acceptor, Answer, Error};
    /// # use tokio::net::TcpStream;
    /// # async fn is_known(_: Option<&str>) -> bool { true }
    /// # async fn serve(acceptor: Acceptor, stream: TcpStream) -> Result<(), Error> {
    /// let decide = async |request: std::sync::Arc<sansock_tokio::Request>| {
    ///     if is_known(request.query()).await { Answer::accept() } else { Answer::reject(401, "") }
    /// };
    /// let websocket = acceptor.accept_with_async(stream, decide).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`accept_with`](Self::accept_with).
    pub async fn accept_with_async<S, F, A>(&self, stream: S, decide: F) -> Result<WebSocket<S, R>, Error>
    where
        S: ByteStream<R>,
        F: FnOnce(Arc<Request>) -> A,
        A: Future<Output = Answer>,
    {
        let incoming = self.receive(stream).await?;
        let answer = decide(incoming.request.clone()).await;
        incoming.answer(answer).await
    }

    /// Reads a request, for the caller to answer. Pages that may not connect are refused.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub async fn receive<S: ByteStream<R>>(&self, stream: S) -> Result<Incoming<S, R>, Error> {
        let mut socket = Socket::new(stream, &self.config)?;
        let Some(request) = poll_fn(|cx| socket.poll_opening(cx)).await? else {
            return Err(sansock::Error::InvalidState.into()); // the configuration starts open
        };
        let incoming = Incoming { socket, request };
        if self.allows(&incoming.request) {
            return Ok(incoming);
        }
        Err(incoming.refuse(Answer::reject(403, "")).await)
    }

    #[cfg(feature = "hyper")]
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the page that makes this request may connect. A request that cannot be accepted opens nothing.
    pub(crate) fn allows(&self, request: &Request) -> bool {
        let is_listed = |origin: &str| match &self.origins {
            Origins::Any => true,
            Origins::These(origins) => origins.iter().any(|listed| listed.eq_ignore_ascii_case(origin)),
        };
        request.fault.is_some() || request.same_origin() || request.origin.as_deref().is_some_and(is_listed)
    }
}

impl<R: Runtime> Clone for Acceptor<R> {
    fn clone(&self) -> Self {
        Acceptor { config: self.config.clone(), origins: self.origins.clone(), runtime: PhantomData }
    }
}

impl<R: Runtime> fmt::Debug for Acceptor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("origins", &self.origins).finish_non_exhaustive()
    }
}

/// A request that is to be answered, within the option `handshake_timeout`. When it is dropped, so is its stream.
///
/// ```
/// # use sansock_tokio::{Acceptor, Answer, Error};
/// # use tokio::net::TcpStream;
/// # async fn serve(acceptor: Acceptor, stream: TcpStream) -> Result<(), Error> {
/// let incoming = acceptor.receive(stream).await?;
/// if incoming.request().fault.is_some() {
///     // With the option `deliver_http`: a request for a page.
///     return incoming.reject(Answer::reject(200, "well\n")).await;
/// }
/// let websocket = incoming.answer(Answer::accept()).await?;
/// # Ok(())
/// # }
/// ```
pub struct Incoming<S, R: Runtime = DefaultRuntime> {
    socket: Socket<S, R>,
    request: Arc<Request>,
}

impl<S: ByteStream<R>, R: Runtime> Incoming<S, R> {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The stream that it came from.
    pub fn get_ref(&self) -> &S {
        &self.socket.driver.stream
    }

    /// Sends the answer. One that accepts a request that [cannot be accepted](Request::fault) refuses it with the status that its
    /// fault implies.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the answer refuses; [`Error::Argument`] if its subprotocol was not offered, or a header, a limit or the
    /// status is not allowed: then the client is answered with 500; [`Error::Closed`] if the client was gone.
    pub async fn answer(mut self, answer: Answer) -> Result<WebSocket<S, R>, Error> {
        let answer = match self.request.fault {
            Some(fault) if answer.status.is_none() => Answer::reject(status_for(fault), ""),
            _ => answer,
        };
        if answer.status.is_some() {
            return Err(self.refuse(answer).await);
        }
        if let Err(error) = self.socket.answer(&answer) {
            self.refuse(Answer::reject(500, "")).await;
            return Err(error);
        }
        poll_fn(|cx| self.socket.poll_flush(cx)).await?;
        Ok(WebSocket { socket: self.socket })
    }

    /// Sends an answer that opens no connection, and waits until it has arrived.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the answer accepts, or has a status or header that is not allowed; [`Error::Handshake`] if the
    /// client was gone.
    pub async fn reject(self, answer: Answer) -> Result<(), Error> {
        if answer.status.is_none() {
            self.refuse(Answer::reject(500, "")).await;
            return Err(sansock::Error::InvalidArgument.into());
        }
        match self.refuse(answer).await {
            Error::Refused { .. } => Ok(()),
            error => Err(error),
        }
    }

    async fn refuse(mut self, answer: Answer) -> Error {
        let result = self.socket.answer(&answer);
        if result.is_err() {
            self.socket.answer(&Answer::reject(500, "")).ok();
        }
        poll_fn(|cx| self.socket.poll_closed(cx)).await;
        result.err().unwrap_or_else(|| self.socket.session().failure())
    }
}

/// The status with which the engine refuses what breaks this rule.
pub(crate) fn status_for(fault: FaultKind) -> u16 {
    match fault.answer() {
        sansock::Answer::Status(status) => status,
        _ => 400,
    }
}

impl<S: fmt::Debug, R: Runtime> fmt::Debug for Incoming<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("request", &self.request).finish_non_exhaustive()
    }
}
