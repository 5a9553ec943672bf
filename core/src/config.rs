//! What a host can choose: one table of numeric options, a few texts, and extra headers.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::buffers::Buffers;
#[cfg(feature = "deflate")]
use crate::deflate::codec::Pool;
use crate::error::Error;
use crate::handshake::fields;
use crate::url::Url;

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Role {
    /// The end that sends the opening request and masks its frames.
    Client = 0,
    /// The end that answers it.
    Server = 1,
}

/// Numbers of the texts that [`Config::set_text`] takes.
pub mod text {
    /// The `ws://` or `wss://` URL of a client's request. Required for a client unless `START_OPEN` is set.
    pub const URL: u32 = 1;
    /// The Origin header of a client's request.
    pub const ORIGIN: u32 = 2;
    /// One subprotocol, added to the list: a client offers them, a server picks the first of its list that was offered.
    pub const SUBPROTOCOL: u32 = 3;
}

/// One numeric option, as every language sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionInfo {
    /// The stable number, for [`Config::set`].
    pub number: u32,
    /// The name in lower case.
    pub name: &'static str,
    /// The value in force when it is not set; `None` if it then follows from others or is off.
    pub default: Option<u64>,
    /// The smallest value allowed.
    pub min: u64,
    /// The largest value allowed.
    pub max: u64,
}

macro_rules! options {
    ($($(#[doc = $doc:literal])+ $number:literal $constant:ident $field:ident = $default:expr, $stored:expr, $min:expr, $max:expr;)*) => {
        /// Numbers of the options that [`Config::set`] takes.
        pub mod option {
            $($(#[doc = $doc])+ pub const $constant: u32 = $number;)*
        }

        /// Every option, in the order of its number.
        pub const OPTIONS: &[OptionInfo] = &[
            $(OptionInfo { number: $number, name: stringify!($field), default: $default, min: $min, max: $max },)*
        ];

        /// The values in force. Shared by the connections of one configuration.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $(pub(crate) $field: u64,)*
            #[cfg(feature = "deflate")]
            pub(crate) pool: Pool,
            pub(crate) buffers: Buffers,
        }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($field: $stored,)* #[cfg(feature = "deflate")] pool: Pool::default(), buffers: Buffers::default() }
            }
        }

        impl Settings {
            /// Sets an option; `None` if there is none of this number, or the value is out of its range.
            fn set(&mut self, number: u32, value: u64) -> Option<()> {
                let (field, min, max) = match number {
                    $($number => (&mut self.$field, $min, $max),)*
                    _ => return None,
                };
                (min..=max).contains(&value).then(|| *field = value)
            }
        }

        impl Config {
            $($(#[doc = $doc])+
            ///
            /// # Errors
            ///
            /// [`Error::InvalidArgument`] if the value is outside the range in [`OPTIONS`].
            pub fn $field(&mut self, value: u64) -> Result<&mut Self, Error> {
                self.set($number, value)?;
                Ok(self)
            })*
        }
    };
}

const MIB: u64 = 1 << 20;
const ANY: u64 = u64::MAX;
/// Deadlines are sums of the host's clock and these: half the range keeps them from wrapping.
const MAX_TIME: u64 = u64::MAX / 4;
/// Stored for an option that is not set.
const UNSET: u64 = u64::MAX;

options! {
    /// 1: the stream is upgraded already, there is no opening handshake; 0: there is one. Default 0.
    1 START_OPEN start_open = Some(0), 0, 0, 1;
    /// The largest message to receive, in bytes, inclusive. Default 16 MiB. A larger one fails the connection with 1009.
    2 MAX_MESSAGE_SIZE max_message_size = Some(16 * MIB), 16 * MIB, 1, ANY;
    /// The largest payload of one frame to receive, in bytes, inclusive. Default: as large as a message.
    3 MAX_FRAME_SIZE max_frame_size = None, UNSET, 1, ANY;
    /// The largest HTTP head to receive, in bytes. Default 16 KiB.
    4 MAX_HEAD_SIZE max_head_size = Some(16 * 1024), 16 * 1024, 1, MIB;
    /// The longest line of an HTTP head, in bytes without its end. Default 8 KiB.
    5 MAX_LINE_SIZE max_line_size = Some(8 * 1024), 8 * 1024, 1, MIB;
    /// The largest number of headers in an HTTP head. Default 128.
    6 MAX_HEADERS max_headers = Some(128), 128, 1, 10_000;
    /// How much of the body of a refusal a client keeps, in bytes. Default 64 KiB. The rest is not read.
    7 MAX_BODY_SIZE max_body_size = Some(64 * 1024), 64 * 1024, 1, 1 << 30;
    /// Pending output, in bytes, at which the connection counts as not writable and pongs are merged. Default 64 KiB.
    8 OUTPUT_SOFT_LIMIT output_soft_limit = Some(64 * 1024), 64 * 1024, 1, ANY;
    /// Pending output, in bytes, above which sending is refused with [`WouldBlock`](crate::Error::WouldBlock). Default: twice a message.
    9 OUTPUT_HARD_LIMIT output_hard_limit = None, UNSET, 1, ANY;
    /// Time for the opening handshake, in milliseconds. Default 10,000.
    10 HANDSHAKE_TIMEOUT handshake_timeout = Some(10_000), 10_000, 1, MAX_TIME;
    /// Time for the closing handshake and for the peer's end of the stream, in milliseconds. Default 10,000.
    11 CLOSE_TIMEOUT close_timeout = Some(10_000), 10_000, 1, MAX_TIME;
    /// Time between keepalive pings, in milliseconds. Default: no keepalive.
    12 PING_INTERVAL ping_interval = None, UNSET, 1, MAX_TIME;
    /// Time in which a keepalive ping must be answered, in milliseconds. Default 20,000.
    13 PONG_TIMEOUT pong_timeout = Some(20_000), 20_000, 1, MAX_TIME;
    /// 1: deliver parts of messages as they arrive; 0: whole messages. Default 0.
    14 PARTS parts = Some(0), 0, 0, 1;
    /// 1: answer pings; 0: leave that to the host. Default 1.
    15 AUTO_PONG auto_pong = Some(1), 1, 0, 1;
    /// 1: answer the peer's Close; 0: leave that to the host, which calls `close`. Default 1.
    16 AUTO_CLOSE auto_close = Some(1), 1, 0, 1;
    /// 1: only a pong shows that the peer is alive; 0: any byte does. Default 0.
    17 REQUIRE_PONG require_pong = Some(0), 0, 0, 1;
    /// 1: deliver messages that arrive after our own Close; 0: drop them. Default 0.
    18 RECEIVE_WHILE_CLOSING receive_while_closing = Some(0), 0, 0, 1;
    /// 1: accept frame lengths that are not in their shortest form, against RFC 6455 §5.2; 0: refuse them. Default 0.
    19 ALLOW_NON_MINIMAL_LENGTH allow_non_minimal_length = Some(0), 0, 0, 1;
    /// 1: offer or accept permessage-deflate (RFC 7692); 0: do not. Default 0. With `START_OPEN`: it is agreed, with the
    /// parameters that the next four options say. Refused by a build without DEFLATE.
    20 DEFLATE deflate = Some(0), 0, 0, cfg!(feature = "deflate") as u64;
    /// 1: the server compresses each message alone: asked for by a client, decided by a server. Default 0.
    21 SERVER_NO_CONTEXT_TAKEOVER server_no_context_takeover = Some(0), 0, 0, 1;
    /// 1: the client compresses each message alone: announced by a client, asked for by a server. Default 0.
    22 CLIENT_NO_CONTEXT_TAKEOVER client_no_context_takeover = Some(0), 0, 0, 1;
    /// The base-2 logarithm of the largest window that the server compresses in. Default 15. A server takes 9 for 8.
    23 SERVER_MAX_WINDOW_BITS server_max_window_bits = Some(15), 15, 8, 15;
    /// The base-2 logarithm of the largest window that the client compresses in. Default 15. A client takes 9 for 8.
    24 CLIENT_MAX_WINDOW_BITS client_max_window_bits = Some(15), 15, 8, 15;
    /// How hard to compress, from 1, fast, to 9, small. Default 6.
    25 DEFLATE_LEVEL deflate_level = Some(6), 6, 1, 9;
    /// How much memory to compress with, from 1 to 9. Default 8.
    26 DEFLATE_MEM_LEVEL deflate_mem_level = Some(8), 8, 1, 9;
    /// The smallest message that is compressed, in bytes. Default 64.
    27 DEFLATE_THRESHOLD deflate_threshold = Some(64), 64, 1, ANY;
}

impl Settings {
    pub(crate) fn max_frame(&self) -> u64 {
        self.max_frame_size.min(self.max_message_size)
    }

    pub(crate) fn hard_limit(&self) -> u64 {
        match self.output_hard_limit {
            UNSET => self.max_message_size.saturating_mul(2),
            limit => limit,
        }
    }

    /// Whether compression is wanted. Known to be false in a build without DEFLATE, which then leaves out all of it.
    pub(crate) fn wants_deflate(&self) -> bool {
        cfg!(feature = "deflate") && self.deflate == 1
    }

    pub(crate) fn keepalive(&self) -> Option<u64> {
        (self.ping_interval != UNSET).then_some(self.ping_interval)
    }
}

/// A header that the host adds.
#[derive(Clone, Debug)]
pub(crate) struct ExtraHeader {
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
}

impl ExtraHeader {
    /// Checks a header that the host adds: nothing in it may end the line, and it may not be one that the handshake
    /// itself writes.
    pub(crate) fn new(name: &[u8], value: &[u8]) -> Result<Self, Error> {
        let reserved = fields::RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved.as_bytes()));
        let name = core::str::from_utf8(name).map_err(|_| Error::InvalidArgument)?;
        if reserved || !fields::is_token(name.as_bytes()) || !fields::is_value(value) {
            return Err(Error::InvalidArgument);
        }
        Ok(ExtraHeader { name: name.into(), value: value.into() })
    }
}

/// The choices for connections of one role. One configuration serves any number of connections.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) role: Role,
    pub(crate) settings: Arc<Settings>,
    pub(crate) url: Option<Url>,
    pub(crate) origin: Option<String>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) headers: Vec<ExtraHeader>,
}

impl Config {
    /// A configuration with every option at its default. A client's needs its URL before a connection is made of it.
    pub fn new(role: Role) -> Self {
        Config {
            role,
            settings: Arc::new(Settings::default()),
            url: None,
            origin: None,
            subprotocols: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A client's configuration for a `ws://` or `wss://` URL.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] as for [`Url::parse`].
    pub fn client(url: &str) -> Result<Self, Error> {
        let mut config = Config::new(Role::Client);
        config.set_text(text::URL, url.as_bytes())?;
        Ok(config)
    }

    /// A server's configuration.
    pub fn server() -> Self {
        Config::new(Role::Server)
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The URL of a client, for a host that connects the transport.
    pub fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// Sets the [`option`] with this number. Connections that exist keep what they were created with.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is no such option, or the value is outside its range (see [`OPTIONS`]); 0 never
    /// means "no limit".
    pub fn set(&mut self, number: u32, value: u64) -> Result<(), Error> {
        Arc::make_mut(&mut self.settings).set(number, value).ok_or(Error::InvalidArgument)
    }

    /// Sets, or for a subprotocol adds, the [`text`] with this number.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is no such text, the role has no use for it, or the value is not allowed: a
    /// malformed URL, an origin with other than visible ASCII, a subprotocol that is not a token or is there already.
    pub fn set_text(&mut self, number: u32, value: &[u8]) -> Result<(), Error> {
        let string = core::str::from_utf8(value).map_err(|_| Error::InvalidArgument)?;
        match (number, self.role) {
            (text::URL, Role::Client) => self.url = Some(Url::parse(string)?),
            (text::ORIGIN, Role::Client) => {
                if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
                    return Err(Error::InvalidArgument);
                }
                self.origin = Some(string.into());
            }
            (text::SUBPROTOCOL, _) => {
                if !fields::is_token(value)
                    || self.subprotocols.iter().any(|other| other == string)
                    || self.subprotocols.len() >= fields::MAX_SUBPROTOCOLS
                {
                    return Err(Error::InvalidArgument);
                }
                self.subprotocols.push(string.into());
            }
            _ => return Err(Error::InvalidArgument),
        }
        Ok(())
    }

    /// Adds a subprotocol: a client offers its list in order, a server picks the first of its list that was offered.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] as for [`set_text`](Self::set_text).
    pub fn subprotocol(&mut self, name: &str) -> Result<&mut Self, Error> {
        self.set_text(text::SUBPROTOCOL, name.as_bytes())?;
        Ok(self)
    }

    /// Sets the Origin header of a client's request.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] as for [`set_text`](Self::set_text).
    pub fn origin(&mut self, origin: &str) -> Result<&mut Self, Error> {
        self.set_text(text::ORIGIN, origin.as_bytes())?;
        Ok(self)
    }

    /// Adds a header to a client's request, or to a server's every response.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the name is not a token, the value has control characters (RFC 9110 §5.5), or the
    /// header is one that the handshake writes itself (`Host`, `Connection`, `Upgrade`, `Content-Length`,
    /// `Transfer-Encoding`, `Origin`, `Allow` and all that begin with `Sec-WebSocket-`).
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.headers.push(ExtraHeader::new(name, value)?);
        Ok(())
    }
}
