//! The client's side of the opening handshake.

#[cfg(feature = "tokio")]
mod connect;
#[cfg(feature = "tokio")]
mod stream;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(feature = "tokio")]
mod tunnel;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
#[cfg(feature = "rustls")]
use std::sync::Arc;
#[cfg(feature = "tokio")]
use std::time::Duration;

#[cfg(feature = "tokio")]
use sansock::Proxy;
use sansock::config::ConfigBuilder;
use sansock::{Config, Role};

use crate::error::Error;
use crate::io::{ByteStream, DefaultRuntime, Runtime};
use crate::socket::Socket;
use crate::websocket::WebSocket;
#[cfg(feature = "tokio")]
pub use stream::ClientStream;

/// How long connecting may take, unless the user says otherwise.
#[cfg(feature = "tokio")]
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to a `ws:` or `wss:` URL, with every option at its default.
///
/// ```no_run
/// # async fn run() -> Result<(), sansock_tokio::Error> {
/// let mut websocket = sansock_tokio::connect("ws://127.0.0.1:8765/").await?;
/// websocket.send("hello").await?;
/// if let Some(message) = websocket.recv().await {
///     println!("{:?}", message?);
/// }
/// websocket.close(1000, "").await
/// # }
/// ```
///
/// # Errors
///
/// As [`Connector::connect`]; [`Error::Config`] if the URL is malformed.
#[cfg(feature = "tokio")]
pub async fn connect(url: &str) -> Result<WebSocket<ClientStream>, Error> {
    Connector::new(Config::client(url))?.connect().await
}

/// Connects with the same options, as often as it is asked to.
///
/// ```no_run
/// use std::time::Duration;
/// use sansock_tokio::{Config, Connector};
///
/// # async fn run() -> Result<(), sansock_tokio::Error> {
/// let options = Config::client("ws://example.com/chat")
///     .subprotocol("chat")
///     .header("Authorization", "Bearer secret")
///     .ping_interval(Duration::from_secs(20));
/// let connector = Connector::new(options)?.proxy("socks5h://127.0.0.1:9050")?.connect_timeout(Duration::from_secs(5));
/// let websocket = connector.connect().await?;
/// # Ok(())
/// # }
/// ```
pub struct Connector<R: Runtime = DefaultRuntime> {
    config: Config,
    #[cfg(feature = "tokio")]
    proxy: Option<Proxy>,
    #[cfg(feature = "tokio")]
    proxy_headers: Vec<(String, Vec<u8>)>,
    #[cfg(feature = "tokio")]
    connect_timeout: Duration,
    #[cfg(feature = "rustls")]
    tls: Option<Arc<tokio_rustls::rustls::ClientConfig>>,
    runtime: PhantomData<fn() -> R>,
}

impl Connector {
    /// With these options, which are those of a client: [`Config::client`] begins them. Connections of one connector, and of
    /// its clones, share buffers and compressors.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the URL is malformed, or an option has a value that is not allowed; [`Error::Argument`] if they are a
    /// server's.
    pub fn new(options: ConfigBuilder) -> Result<Self, Error> {
        // Parts are joined here, with at most one copy; whole messages would have two.
        let config = options.parts(true).build()?;
        if config.role() != Role::Client {
            return Err(sansock::Error::InvalidArgument.into());
        }
        Ok(Connector {
            config,
            #[cfg(feature = "tokio")]
            proxy: None,
            #[cfg(feature = "tokio")]
            proxy_headers: Vec::new(),
            #[cfg(feature = "tokio")]
            connect_timeout: CONNECT_TIMEOUT,
            #[cfg(feature = "rustls")]
            tls: None,
            runtime: PhantomData,
        })
    }
}

impl<R: Runtime> Connector<R> {
    /// The same for streams of another runtime, which [`handshake`](Self::handshake) takes.
    pub fn runtime<T: Runtime>(self) -> Connector<T> {
        Connector {
            config: self.config,
            #[cfg(feature = "tokio")]
            proxy: self.proxy,
            #[cfg(feature = "tokio")]
            proxy_headers: self.proxy_headers,
            #[cfg(feature = "tokio")]
            connect_timeout: self.connect_timeout,
            #[cfg(feature = "rustls")]
            tls: self.tls,
            runtime: PhantomData,
        }
    }

    /// Makes the opening handshake on a stream that is connected to the server, with TLS if the URL asks for it: a Unix socket,
    /// a stream in memory, or one through a proxy of another kind.
    ///
    /// ```
    /// # async fn run() -> Result<(), sansock_tokio::Error> {
    /// use sansock_tokio::{Config, Connector};
    ///
    /// let (near, far) = tokio::io::duplex(4096);
    /// let connector = Connector::new(Config::client("ws://localhost/"))?;
    /// let (client, server) = tokio::join!(connector.handshake(near), sansock_tokio::accept(far));
    /// client?.send("hello").await?;
    /// let message = server?.recv().await.expect("a message")?;
    /// assert_eq!(message.as_text(), Some("hello"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(run()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`] if the server refused, with its status, headers and body; [`Error::Handshake`] if it was gone, took
    /// too long (the option `handshake_timeout`) or broke a rule.
    pub async fn handshake<S: ByteStream<R>>(&self, stream: S) -> Result<WebSocket<S, R>, Error> {
        let mut socket = Socket::new(stream, &self.config)?;
        poll_fn(|cx| socket.poll_opening(cx)).await?;
        Ok(WebSocket { socket })
    }
}

impl<R: Runtime> Clone for Connector<R> {
    fn clone(&self) -> Self {
        Connector {
            config: self.config.clone(),
            #[cfg(feature = "tokio")]
            proxy: self.proxy.clone(),
            #[cfg(feature = "tokio")]
            proxy_headers: self.proxy_headers.clone(),
            #[cfg(feature = "tokio")]
            connect_timeout: self.connect_timeout,
            #[cfg(feature = "rustls")]
            tls: self.tls.clone(),
            runtime: PhantomData,
        }
    }
}

/// Shows no header, as one may hold a secret.
impl<R: Runtime> fmt::Debug for Connector<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.config.url().map(|url| (&url.host, url.port, url.secure));
        f.debug_struct("Connector").field("url", &url).finish_non_exhaustive()
    }
}
