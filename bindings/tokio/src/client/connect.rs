//! Opening the transport of a client: TCP, a proxy, TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sansock::{Config, Proxy, TunnelConfig, Url};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::{ClientStream, Connector, tunnel};
use crate::error::Error;
use crate::io::{Tokio, set_up_tcp};
use crate::websocket::WebSocket;

/// Longer than anybody waits for a proxy.
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Connector<Tokio> {
    /// Goes through this proxy: `http://`, `https://` (with the feature `rustls`), `socks4a://`, `socks5://` or `socks5h://`, as
    /// [`Proxy`] describes them, perhaps with a name and a password. With `socks5` names are looked up here.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the URL is none of these.
    pub fn proxy(mut self, url: &str) -> Result<Self, Error> {
        self.proxy = Some(Proxy::parse(url)?);
        Ok(self)
    }

    /// Adds a header to the request to an HTTP proxy: see [`TunnelConfig::add_header`].
    #[must_use]
    pub fn proxy_header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.proxy_headers.push((name.into(), value.into()));
        self
    }

    /// How long everything before the opening handshake may take: looking up the name, TCP, the proxy, TLS. 10 seconds, unless
    /// this says otherwise. The handshake has the option `handshake_timeout`.
    #[must_use]
    pub fn connect_timeout(mut self, duration: Duration) -> Self {
        self.connect_timeout = duration;
        self
    }

    /// Connects to the server of the URL, over TCP with what [`set_up_tcp`] sets.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the name is unknown, the server cannot be reached, or TLS failed; [`Error::ConnectTimeout`];
    /// [`Error::Proxy`] if the proxy refused; [`Error::NoTls`] if the URL is `wss:` and there is no TLS; and as
    /// [`handshake`](Self::handshake).
    pub async fn connect(&self) -> Result<WebSocket<ClientStream>, Error> {
        let stream = match timeout(self.connect_timeout, self.transport()).await {
            Ok(result) => result?,
            Err(_) => return Err(Error::ConnectTimeout),
        };
        self.handshake(stream).await
    }

    /// A stream to the server.
    async fn transport(&self) -> Result<ClientStream, Error> {
        let url = url(&self.config)?;
        let stream = match &self.proxy {
            None => tcp(&url.host, url.port).await?,
            Some(proxy) => {
                let mut stream = tcp(&proxy.host, proxy.port).await?;
                if proxy.secure {
                    stream = self.secured(stream, &proxy.host).await?;
                }
                self.tunnelled(stream, proxy, url).await?
            }
        };
        if url.secure { self.secured(stream, &url.host).await } else { Ok(stream) }
    }

    /// The stream through a proxy to the server.
    async fn tunnelled(&self, stream: ClientStream, proxy: &Proxy, url: &Url) -> Result<ClientStream, Error> {
        let targets =
            if proxy.resolves_names { vec![url.host.clone()] } else { addresses(&url.host, url.port).await? };
        let target = targets.first().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut config = TunnelConfig::new(proxy, target, url.port)?;
        for (name, value) in &self.proxy_headers {
            config.add_header(name, value)?;
        }
        // The timeout around all of this is the one that counts.
        config.set_timeout(self.connect_timeout.clamp(Duration::from_millis(1), YEAR))?;
        tunnel::open(stream, &config).await
    }

    #[cfg(feature = "rustls")]
    async fn secured(&self, stream: ClientStream, host: &str) -> Result<ClientStream, Error> {
        super::tls::secured(stream, host, self.tls.as_ref()).await
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_async, reason = "as it is with TLS")]
    async fn secured(&self, _: ClientStream, _: &str) -> Result<ClientStream, Error> {
        Err(Error::NoTls)
    }
}

fn url(config: &Config) -> Result<&Url, Error> {
    Ok(config.url().ok_or(sansock::Error::InvalidArgument)?)
}

async fn tcp(host: &str, port: u16) -> Result<ClientStream, Error> {
    let stream = TcpStream::connect((host, port)).await?;
    set_up_tcp(&stream);
    Ok(ClientStream::Plain(stream))
}

/// The addresses of a host, as text. Those of IPv4 come first: more proxies can reach them.
async fn addresses(host: &str, port: u16) -> Result<Vec<String>, Error> {
    let mut found: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    Ok(found.iter().map(|address| address.ip().to_string()).collect())
}
