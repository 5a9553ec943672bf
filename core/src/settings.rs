//! The numeric options: one table, from which the setters of Rust, the numbers of every other language and the tables of the
//! documentation are made.

use crate::abi::role;
use crate::error::{Fault, FaultKind, Located};

/// Which end of the connection this is.
///
/// ```
/// use sansock::{Config, Role};
///
/// // Behind an HTTP server that has made the opening handshake itself.
/// let config = Config::builder(Role::Server).start_open(true).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Role {
    /// The end that sends the opening request and masks its frames.
    Client = role::CLIENT,
    /// The end that answers the opening request.
    Server = role::SERVER,
}

/// What a server does not agree to on compression (RFC 7692 §7.1) for one connection, whatever its configuration allows: see
/// [`Connection::limit_deflate`](crate::Connection::limit_deflate).
///
/// ```
/// # use sansock::{Connection, DeflateLimit, Error};
/// /// Less memory for each connection while there are many.
/// fn save_memory(connection: &mut Connection) -> Result<(), Error> {
///     connection.limit_deflate(DeflateLimit::ServerNoContextTakeover)?;
///     connection.limit_deflate(DeflateLimit::ServerMaxWindowBits(10))
/// }
/// # let config = sansock::Config::server().build()?;
/// # let mut server = Connection::new(&config, [0; 32], core::time::Duration::ZERO)?;
/// # assert_eq!(save_memory(&mut server), Err(Error::InvalidState)); // no request yet
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeflateLimit {
    /// No compression.
    Off,
    /// The server compresses each message alone.
    ServerNoContextTakeover,
    /// The client compresses each message alone.
    ClientNoContextTakeover,
    /// The window of the server is at most this, 8 to 15.
    ServerMaxWindowBits(u8),
    /// The window of the client is at most this, 8 to 15, if it has said that it understands the parameter.
    ClientMaxWindowBits(u8),
}

/// What the number of an option counts.
///
/// ```
/// use sansock::config::{OPTIONS, Unit};
///
/// let times = OPTIONS.iter().filter(|option| option.unit == Unit::Milliseconds);
/// assert!(times.map(|option| option.name).eq([
///     "handshake_timeout",
///     "close_timeout",
///     "ping_interval",
///     "pong_timeout",
///     "write_timeout",
/// ]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Things.
    Count,
    /// 0 for off, 1 for on.
    Switch,
    /// The base-2 logarithm of a number of bytes.
    Bits,
    /// A level without a unit.
    Level,
}

/// One numeric option, as every language sees it.
///
/// ```
/// use sansock::config::OPTIONS;
///
/// let option = OPTIONS.iter().find(|option| option.name == "max_headers").expect("an option");
/// assert_eq!((option.default, option.default_text, option.min), (Some(128), "128", 1));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionInfo {
    /// The stable number.
    pub number: u32,
    /// The name, in lower case.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// The value in force when it is not set; `None` if it then follows from other options or is off.
    pub default: Option<u64>,
    /// The same in words: `16 MiB`.
    pub default_text: &'static str,
    /// The smallest value allowed.
    pub min: u64,
    /// The largest value allowed.
    pub max: u64,
    /// What it does.
    pub text: &'static str,
}

/// The table of options. `$user` is a macro that makes something of every row.
macro_rules! option_table {
    ($user:ident) => {
        $user! {
            /// The stream has been upgraded already: there is no opening handshake.
            1 START_OPEN start_open: Switch = Some(0), "off", 0, 1;
            /// The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009.
            2 MAX_MESSAGE_SIZE max_message_size: Bytes = Some(16 * MIB), "16 MiB", 1, ANY;
            /// The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection
            /// with 1009.
            3 MAX_FRAME_SIZE max_frame_size: Bytes = None, "as large as a message", 1, ANY;
            /// The largest HTTP head to receive. A server answers a larger one with 431.
            4 MAX_HEAD_SIZE max_head_size: Bytes = Some(16 * 1024), "16 KiB", 1, MIB;
            /// The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the
            /// request line.
            5 MAX_LINE_SIZE max_line_size: Bytes = Some(8 * 1024), "8 KiB", 1, MIB;
            /// The largest number of headers in an HTTP head. A server answers more with 431.
            6 MAX_HEADERS max_headers: Count = Some(128), "128", 1, 10_000;
            /// How much of the body of a refusal a client keeps. The rest is not read.
            7 MAX_BODY_SIZE max_body_size: Bytes = Some(64 * 1024), "64 KiB", 1, 1 << 30;
            /// Pending output at which the connection is not writable any more, and only the newest ping is answered.
            8 OUTPUT_SOFT_LIMIT output_soft_limit: Bytes = Some(64 * 1024), "64 KiB", 1, ANY;
            /// Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out.
            9 OUTPUT_HARD_LIMIT output_hard_limit: Bytes = Some(32 * MIB), "32 MiB", 1, ANY;
            /// Time for the opening handshake.
            10 HANDSHAKE_TIMEOUT handshake_timeout: Milliseconds = Some(10_000), "10,000 ms", 1, MAX_TIME;
            /// Time for the closing handshake, and then for the end of the peer's stream.
            11 CLOSE_TIMEOUT close_timeout: Milliseconds = Some(10_000), "10,000 ms", 1, MAX_TIME;
            /// Time between keepalive pings.
            12 PING_INTERVAL ping_interval: Milliseconds = None, "no keepalive", 1, MAX_TIME;
            /// Time in which a keepalive ping must be answered, or the connection fails with 1011.
            13 PONG_TIMEOUT pong_timeout: Milliseconds = Some(20_000), "20,000 ms", 1, MAX_TIME;
            /// Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code
            /// point.
            14 PARTS parts: Switch = Some(0), "off", 0, 1;
            /// Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with `frames` it is off
            /// unless it is set.
            15 AUTO_PONG auto_pong: Switch = Some(1), "on", 0, 1;
            /// Answer the peer's Close automatically. Off for hosts that answer it themselves, with `close`; with `frames` it is
            /// off unless it is set.
            16 AUTO_CLOSE auto_close: Switch = Some(1), "on", 0, 1;
            /// Only a pong shows that the peer is alive. When off, any byte does.
            17 REQUIRE_PONG require_pong: Switch = Some(0), "off", 0, 1;
            /// Deliver messages that arrive after our own Close. When off, they are dropped.
            18 RECEIVE_WHILE_CLOSING receive_while_closing: Switch = Some(0), "off", 0, 1;
            /// Accept frame lengths that are not in their shortest form, against RFC 6455 §5.2.
            19 ALLOW_NON_MINIMAL_LENGTH allow_non_minimal_length: Switch = Some(0), "off", 0, 1;
            /// Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the
            /// parameters that the next four options give. A build without compression refuses it.
            20 DEFLATE deflate: Switch = Some(0), "off", 0, cfg!(feature = "deflate") as u64;
            /// The server compresses each message alone: a client asks for it, a server decides it.
            21 SERVER_NO_CONTEXT_TAKEOVER server_no_context_takeover: Switch = Some(0), "off", 0, 1;
            /// The client compresses each message alone: a client announces it, a server asks for it.
            22 CLIENT_NO_CONTEXT_TAKEOVER client_no_context_takeover: Switch = Some(0), "off", 0, 1;
            /// The largest window that the server compresses with. A server uses 9 for 8.
            23 SERVER_MAX_WINDOW_BITS server_max_window_bits: Bits = Some(15), "15", 8, 15;
            /// The largest window that the client compresses with. A client uses 9 for 8.
            24 CLIENT_MAX_WINDOW_BITS client_max_window_bits: Bits = Some(15), "15", 8, 15;
            /// How hard to compress, from 1 (fast) to 9 (small).
            25 DEFLATE_LEVEL deflate_level: Level = Some(6), "6", 1, 9;
            /// How much memory to compress with, from 1 to 9.
            26 DEFLATE_MEM_LEVEL deflate_mem_level: Level = Some(8), "8", 1, 9;
            /// The smallest message that is compressed.
            27 DEFLATE_THRESHOLD deflate_threshold: Bytes = Some(64), "64 bytes", 1, ANY;
            /// The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection
            /// with 1008.
            28 MAX_FRAGMENTS max_fragments: Count = Some(131_072), "131,072", 1, ANY;
            /// Time without progress while output waits to be written; progress is what the host reports as written. Then the
            /// connection is closed, because the peer does not read.
            29 WRITE_TIMEOUT write_timeout: Milliseconds = Some(60_000), "60,000 ms", 1, MAX_TIME;
            /// A server delivers every well-formed request, also one that is no valid opening request, so that the host can
            /// serve other pages and health checks on the same port. When off, such requests are refused.
            30 DELIVER_HTTP deliver_http: Switch = Some(0), "off", 0, 1;
            /// Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end
            /// inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the host,
            /// unless `auto_pong`, `auto_close` and `auto_fail` are turned on.
            31 FRAMES frames: Switch = Some(0), "off", 0, 1;
            /// Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with `frames` it is
            /// off unless it is set.
            32 AUTO_FAIL auto_fail: Switch = Some(1), "on", 0, 1;
            /// The Close frame for a fault says in words which it is. When off, its reason is empty.
            33 CLOSE_REASON close_reason: Switch = Some(1), "on", 0, 1;
            /// A server's connections are over TLS, so that a page is of its own origin only if its scheme is `https`; when off,
            /// only if it is `http`. If it is not set, the scheme is not compared, but for that of a request made of fields.
            34 SECURE secure: Switch = None, "not known", 0, 1;
        }
    };
}
pub(crate) use option_table;

/// How many interim responses are read before the final one (RFC 9110 §15.2).
pub(crate) const MAX_INTERIM: u32 = 8;
pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const ANY: u64 = u64::MAX;
/// Deadlines are sums of the host's clock and these: a quarter of the range keeps them from overflowing.
pub(crate) const MAX_TIME: u64 = u64::MAX / 4;
/// Stored for an option without a default that is not set.
const UNSET: u64 = u64::MAX;

/// How a switch is stored, and how every other option is.
macro_rules! stored {
    (Switch) => {
        bool
    };
    ($unit:ident) => {
        u64
    };
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $number:literal $constant:ident $name:ident: $unit:ident
        = $default:expr, $default_text:literal, $min:expr, $max:expr;)*) => {
        /// The numbers of the options.
        pub mod option {
            $($(#[doc = $doc])+ pub const $constant: u32 = $number;)*
        }

        /// Every option, in the order of its number.
        pub const OPTIONS: &[OptionInfo] = &[
            $(OptionInfo {
                number: $number,
                name: stringify!($name),
                unit: Unit::$unit,
                default: $default,
                default_text: $default_text,
                min: $min,
                max: $max,
                text: concat!($($doc),+),
            },)*
        ];

        /// The values in force.
        #[derive(Clone, Debug)]
        pub(crate) struct Settings {
            $(pub(crate) $name: stored!($unit),)*
            /// The options that were set: a bit for each number.
            set: u64,
            /// Whole messages in frames with payloads below this are read by the fast path.
            pub(crate) fast_below: usize,
        }

        impl Default for Settings {
            fn default() -> Self {
                Settings { $($name: Stored::stored($default.unwrap_or(UNSET)),)* set: 0, fast_below: 0 }
            }
        }

        impl Settings {
            /// Sets the option with this number; `None` if there is no such option, or the value is out of its range.
            pub(crate) fn set(&mut self, number: u32, value: u64) -> Option<()> {
                match number {
                    $($number if ($min..=$max).contains(&value) => self.$name = Stored::stored(value),)*
                    _ => return None,
                }
                self.set |= 1 << number;
                Some(())
            }
        }
    };
}

option_table!(settings);

/// A value as it is stored.
trait Stored {
    fn stored(number: u64) -> Self;
}

impl Stored for bool {
    fn stored(number: u64) -> Self {
        number == 1
    }
}

impl Stored for u64 {
    fn stored(number: u64) -> Self {
        number
    }
}

impl Settings {
    /// Whether a server's connections are over TLS, if that is known.
    pub(crate) fn is_secure(&self) -> Option<bool> {
        self.is_set(option::SECURE).then_some(self.secure)
    }

    /// With the options that follow from others in their place.
    pub(crate) fn resolved(mut self) -> Self {
        self.max_frame_size = self.max_frame_size.min(self.max_message_size);
        self.fast_below = usize::try_from(self.max_frame_size).map_or(usize::MAX, |most| most.saturating_add(1));
        if self.frames {
            self.fast_below = 0;
            // Data is delivered as it arrives, with the ends of frames.
            self.parts = true;
            self.auto_pong &= self.is_set(option::AUTO_PONG);
            self.auto_close &= self.is_set(option::AUTO_CLOSE);
            self.auto_fail &= self.is_set(option::AUTO_FAIL);
        }
        self
    }

    fn is_set(&self, number: u32) -> bool {
        self.set & 1 << number != 0
    }

    /// A fault with the limit that it exceeds.
    pub(crate) fn fault(&self, found: Located) -> Fault {
        use FaultKind::*;
        let limit = match found.breach.kind {
            HeadTooLarge => self.max_head_size,
            RequestLineTooLong | HeaderTooLong => self.max_line_size,
            TooManyHeaders => self.max_headers,
            TooManyInterim => MAX_INTERIM.into(),
            MessageTooBig => self.max_message_size,
            FrameTooBig => self.max_frame_size,
            TooManyFragments => self.max_fragments,
            _ => 0,
        };
        Fault::new(found, limit)
    }

    /// Whether compression is wanted. A constant in a build without it, which then leaves out all that depends on it.
    pub(crate) fn wants_deflate(&self) -> bool {
        cfg!(feature = "deflate") && self.deflate
    }

    /// Takes a limit; `None` if it is out of range. What is narrower already stays.
    pub(crate) fn narrow(&mut self, limit: DeflateLimit) -> Option<()> {
        let (bits, value) = match limit {
            DeflateLimit::Off => {
                self.deflate = false;
                return Some(());
            }
            DeflateLimit::ServerNoContextTakeover => {
                self.server_no_context_takeover = true;
                return Some(());
            }
            DeflateLimit::ClientNoContextTakeover => {
                self.client_no_context_takeover = true;
                return Some(());
            }
            DeflateLimit::ServerMaxWindowBits(value) => (&mut self.server_max_window_bits, value),
            DeflateLimit::ClientMaxWindowBits(value) => (&mut self.client_max_window_bits, value),
        };
        *bits = (*bits).min((8..=15).contains(&value).then_some(value.into())?);
        Some(())
    }

    /// The time between keepalive pings, in milliseconds, if there is a keepalive.
    pub(crate) fn keepalive(&self) -> Option<u64> {
        (self.ping_interval != UNSET).then_some(self.ping_interval)
    }
}
