//! What a host chooses for its connections: numeric options, a few texts, and extra headers.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::error::Error;
use crate::handshake::request::is_key;
use crate::handshake::{HandshakeConfig, Url};
use crate::send::milliseconds;
use crate::settings::{Role, Settings, option_table};
use crate::shared::Shared;

pub use crate::settings::{OPTIONS, OptionInfo, Unit};

/// The choices for connections of one role. Make one for all connections that have the same choices: they share large
/// buffers, compressors and inflaters. Cloning is cheap, and a clone is the same configuration.
///
/// ```
/// use core::time::Duration;
/// use sansock::Config;
///
/// let config = Config::client("wss://example.com/chat")
///     .subprotocol("chat")
///     .max_message_size(1 << 20)
///     .ping_interval(Duration::from_secs(20))
///     .build()?;
/// assert_eq!(config.url().map(|url| url.port), Some(443));
///
/// let error = Config::server().max_message_size(0).build().unwrap_err();
/// assert_eq!(error.option(), "max_message_size");
/// # Ok::<(), sansock::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) role: Role,
    pub(crate) handshake: Arc<HandshakeConfig>,
    pub(crate) shared: Arc<Shared>,
}

impl Config {
    /// Starts the configuration of a client, for a `ws:` or `wss:` URL. A user name and password in the URL become a Basic
    /// Authorization header (RFC 7617); no other can be added then.
    pub fn client(url: &str) -> ConfigBuilder {
        Config::builder(Role::Client).url(url)
    }

    /// Starts the configuration of a server.
    pub fn server() -> ConfigBuilder {
        Config::builder(Role::Server)
    }

    /// Starts a configuration. A client's needs a [`url`](ConfigBuilder::url), or [`start_open`](ConfigBuilder::start_open).
    pub fn builder(role: Role) -> ConfigBuilder {
        ConfigBuilder { role, settings: Settings::default(), handshake: HandshakeConfig::default(), error: None }
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The URL of a client, for a host that connects the transport.
    pub fn url(&self) -> Option<&Url> {
        self.handshake.url.as_ref()
    }
}

/// A [`Config`] in the making. Setters never fail: [`build`](Self::build) reports the first value that is not allowed.
///
/// ```
/// use core::time::Duration;
/// use sansock::Config;
///
/// let config = Config::server()
///     .subprotocol("v2.chat")
///     .max_message_size(1024 * 1024)
///     .ping_interval(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "call build() to make a configuration of it"]
pub struct ConfigBuilder {
    pub(crate) role: Role,
    settings: Settings,
    handshake: HandshakeConfig,
    error: Option<ConfigError>,
}

/// A value of a configuration that is not allowed, or one that is missing.
///
/// ```
/// use sansock::Config;
///
/// let error = Config::server().max_headers(0).build().expect_err("0 is no limit");
/// assert_eq!(error.option(), "max_headers");
/// println!("{error}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    option: &'static str,
    problem: &'static str,
}

impl ConfigError {
    /// The name of the option: that of its setter.
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.option, self.problem)
    }
}

impl core::error::Error for ConfigError {}

impl ConfigBuilder {
    /// Makes the configuration.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names the first option with a value that is not allowed, or the URL that a client lacks.
    pub fn build(self) -> Result<Config, ConfigError> {
        match self.error {
            Some(error) => Err(error),
            None => self.to_config().ok_or(ConfigError { option: "url", problem: "a client needs one" }),
        }
    }

    /// The `ws:` or `wss:` URL of a client's request, as [`Url::parse`] takes it.
    pub fn url(self, url: &str) -> Self {
        self.record("url", "it is not a valid ws: or wss: URL, or this is a server", |builder| builder.set_url(url))
    }

    /// The Origin header of a client's request: visible ASCII.
    pub fn origin(self, origin: &str) -> Self {
        self.record("origin", "it is not visible ASCII, or this is a server", |builder| builder.set_origin(origin))
    }

    /// The Sec-WebSocket-Key of a client's request: 16 bytes in base64. Without it the key is random, as RFC 6455 §4.1 requires:
    /// this is for tests, and for proxies that pass on the key of their client.
    pub fn key(self, key: &str) -> Self {
        self.record("key", "it is not 16 bytes in base64, or this is a server", |builder| builder.set_key(key))
    }

    /// Adds a subprotocol: a client offers its list in order, a server picks the first of its list that was offered. It is
    /// a token (RFC 9110 §5.6.2) that is not in the list yet.
    pub fn subprotocol(self, name: &str) -> Self {
        let problem = "it is not a token, is in the list already, or is one too many";
        self.record("subprotocol", problem, |builder| builder.add_subprotocol(name))
    }

    /// Adds a header to a client's request, or to every response of a server.
    ///
    /// The name is a token, the value has no control characters (RFC 9110 §5.5), and the header is not one that the
    /// handshake writes itself: `Host`, `Connection`, `Upgrade`, `Content-Length`, `Transfer-Encoding`, `Trailer`, `Origin`,
    /// `Allow`, and those that begin with `Sec-WebSocket-`.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let problem = "the name is no token or is reserved, or the value has characters that are not allowed";
        self.record("header", problem, |builder| builder.add_header(name.as_bytes(), value.as_ref()))
    }

    /// Makes a change, or keeps the first error.
    fn record(
        mut self,
        option: &'static str,
        problem: &'static str,
        change: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Self {
        if change(&mut self).is_err() {
            self.error = self.error.or(Some(ConfigError { option, problem }));
        }
        self
    }
}

/// What the flat face of the engine needs: changes that can fail one by one, and change nothing then.
impl ConfigBuilder {
    /// The configuration as it is now; `None` if a client's has no URL and does not start open.
    pub(crate) fn to_config(&self) -> Option<Config> {
        let needs_url = self.role == Role::Client && !self.settings.start_open;
        if needs_url && self.handshake.url.is_none() {
            return None;
        }
        let handshake = Arc::new(self.handshake.clone());
        Some(Config { role: self.role, handshake, shared: Arc::new(Shared::new(self.settings.clone())) })
    }

    /// Sets the option with this number.
    pub(crate) fn set(&mut self, number: u32, value: u64) -> Result<(), Error> {
        self.settings.set(number, value).ok_or(Error::InvalidArgument)
    }

    pub(crate) fn set_url(&mut self, url: &str) -> Result<(), Error> {
        self.assert_client()?;
        self.handshake.set_url(Url::parse(url)?)
    }

    pub(crate) fn set_origin(&mut self, origin: &str) -> Result<(), Error> {
        self.assert_client()?;
        if origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::InvalidArgument);
        }
        self.handshake.origin = Some(String::from(origin));
        Ok(())
    }

    pub(crate) fn set_key(&mut self, key: &str) -> Result<(), Error> {
        self.assert_client()?;
        let key = key.as_bytes();
        self.handshake.key = Some(key.try_into().ok().filter(|_| is_key(key)).ok_or(Error::InvalidArgument)?);
        Ok(())
    }

    pub(crate) fn add_subprotocol(&mut self, name: &str) -> Result<(), Error> {
        self.handshake.add_subprotocol(name)
    }

    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.handshake.add_header(name, value)
    }

    fn assert_client(&self) -> Result<(), Error> {
        if self.role == Role::Client { Ok(()) } else { Err(Error::InvalidArgument) }
    }
}

/// The type in which a setter takes an option.
macro_rules! argument {
    (Switch) => {
        bool
    };
    (Milliseconds) => {
        Duration
    };
    (Bits) => {
        u8
    };
    (Level) => {
        u8
    };
    ($unit:ident) => {
        u64
    };
}

macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $number:literal $constant:ident $name:ident: $unit:ident
        = $default:expr, $default_text:literal, $min:expr, $max:expr;)*) => {
        /// The numeric options.
        impl ConfigBuilder {
            $($(#[doc = $doc])+
            #[doc = ""]
            #[doc = concat!("Default: ", $default_text, ".")]
            pub fn $name(self, value: argument!($unit)) -> Self {
                let problem = "the value is out of range";
                self.record(stringify!($name), problem, |builder| builder.set($number, number(value)))
            })*
        }
    };
}

option_table!(setters);

/// The number of a value that a setter takes.
fn number(value: impl Number) -> u64 {
    value.number()
}

trait Number {
    fn number(self) -> u64;
}

impl Number for bool {
    fn number(self) -> u64 {
        self.into()
    }
}

impl Number for u8 {
    fn number(self) -> u64 {
        self.into()
    }
}

impl Number for u64 {
    fn number(self) -> u64 {
        self
    }
}

impl Number for Duration {
    fn number(self) -> u64 {
        milliseconds(self)
    }
}
