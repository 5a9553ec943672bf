//! What can go wrong, in two types that never mix.
//!
//! [`Error`] is the host's misuse of a call: it is returned, and nothing has changed. [`Fault`] is what the peer, the
//! transport or the time did wrong: no call fails because of it, and the [`Closed`](crate::Event::Closed) event that ends
//! the connection carries it.

use alloc::string::String;
use core::fmt;

use crate::abi::NEVER;
use crate::close::CloseCode;
use crate::text::decimal;

/// A call that could not be carried out. The connection is as it was before the call.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Error, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// connection.close(None, "", Duration::ZERO)?;
/// assert_eq!(connection.send_text("too late"), Err(Error::InvalidState)); // and nothing has changed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// An argument is outside what the protocol allows.
    InvalidArgument,
    /// The connection is not in a state in which this call means anything (sending after Close, accepting twice).
    InvalidState,
    /// The output is at its hard limit: write [`output`](crate::Connection::output), report it with
    /// [`written`](crate::Connection::written), and call again.
    WouldBlock,
    /// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
    TooLarge,
    /// Memory could not be allocated.
    NoMemory,
    /// The operating system offered no random bytes.
    Entropy,
}

impl Error {
    /// What happened, in one sentence without a full stop.
    pub const fn text(self) -> &'static str {
        match self {
            Error::InvalidArgument => "an argument is not allowed here",
            Error::InvalidState => "the connection is not in a state that allows this call",
            Error::WouldBlock => "the output is full: write it, report it as written, and call again",
            Error::TooLarge => "the payload is larger than the output limit: send it in parts",
            Error::NoMemory => "memory could not be allocated",
            Error::Entropy => "the operating system offered no random bytes",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}

/// What the engine sends to the peer when a fault ends the connection.
///
/// ```
/// use sansock::{Answer, CloseCode, FaultKind};
///
/// assert_eq!(FaultKind::BadText.answer(), Answer::Close(CloseCode::INVALID_FRAME_PAYLOAD_DATA));
/// assert_eq!(FaultKind::BadMethod.answer(), Answer::Status(405));
/// assert_eq!(FaultKind::Eof.answer(), Answer::Nothing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A Close frame with this code.
    Close(CloseCode),
    /// An HTTP response with this status.
    Status(u16),
    /// Nothing: the peer is gone, or the protocol has no way to say it.
    Nothing,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $number:literal $name:ident = $label:literal, $answer:expr, $clause:literal, $text:literal;)*) => {
        /// Which rule was broken, or what else ended the connection. One kind for each clause.
        ///
        /// ```
        /// use sansock::{Answer, CloseCode, FaultKind};
        ///
        /// let kind = FaultKind::BadText;
        /// assert_eq!((kind.number(), kind.name(), kind.clause()), (213, "BAD_TEXT", "RFC 6455 §8.1"));
        /// assert_eq!(kind.answer(), Answer::Close(CloseCode::INVALID_FRAME_PAYLOAD_DATA));
        /// ```
        ///
        /// The numbers are stable and the same in every language: 100 to 149 for the opening handshake as a server sees it,
        /// 150 to 199 as a client sees it, 200 to 299 for frames, text and closing, 300 to 399 for limits, 400 to 499 for
        /// time, EOF and the host, 500 to 599 for tunnels through proxies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum FaultKind {
            $(#[doc = concat!($text, " (", $clause, ").")] $(#[$doc])* $name = $number,)*
        }

        impl FaultKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [FaultKind] = &[$(FaultKind::$name,)*];

            /// The kind with this number.
            pub fn from_number(number: u32) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.number() == number)
            }

            /// The name used in every language and in the conformance vectors, in upper case.
            pub const fn name(self) -> &'static str {
                self.of(const { &[$(in_build($number, $label),)*] })
            }

            /// What happened, in a phrase without a full stop.
            pub const fn text(self) -> &'static str {
                self.of(const { &[$(in_build($number, $text),)*] })
            }

            /// The clause that was broken, as "RFC 6455 §5.2".
            pub const fn clause(self) -> &'static str {
                self.of(&[$($clause,)*])
            }

            /// This kind's entry in a column. Tables and a search compile to less than a branch for each kind.
            const fn of(self, column: &[&'static str]) -> &'static str {
                let mut row = 0;
                while row < Self::ALL.len() && row < column.len() {
                    if Self::ALL[row] as u16 == self as u16 {
                        return column[row];
                    }
                    row += 1;
                }
                ""
            }

            /// What the engine sends to the peer.
            pub const fn answer(self) -> Answer {
                match self { $(FaultKind::$name => $answer,)* }
            }
        }
    };
}

/// The text about a fault. A WebAssembly module, which must be small, has none about faults that it cannot find.
const fn in_build(number: u16, text: &'static str) -> &'static str {
    let has_tunnels = cfg!(feature = "tunnel") || number < 500;
    let has_fields = cfg!(feature = "fields") || !matches!(number, 120..=122);
    let has_deflate = cfg!(feature = "deflate") || number != 214;
    if has_tunnels && has_fields && has_deflate || cfg!(not(target_family = "wasm")) { text } else { "" }
}

use Answer::{Close, Nothing, Status};

faults! {
    100 HeadTooLarge = "HEAD_TOO_LARGE", Status(431), "RFC 6585 §5", "the HTTP head is larger than the limit";
    101 RequestLineTooLong = "REQUEST_LINE_TOO_LONG", Status(414), "RFC 9110 §15.5.15", "the first line is longer than the limit";
    102 HeaderTooLong = "HEADER_TOO_LONG", Status(431), "RFC 6585 §5", "a header line is longer than the limit";
    103 TooManyHeaders = "TOO_MANY_HEADERS", Status(431), "RFC 6585 §5", "there are more headers than the limit";
    104 BadLineEnd = "BAD_LINE_END", Status(400), "RFC 9112 §2.2", "a line does not end with CR LF";
    105 BadRequestLine = "BAD_REQUEST_LINE", Status(400), "RFC 9112 §3", "the request line is malformed";
    106 BadHeader = "BAD_HEADER", Status(400), "RFC 9112 §5", "a header is malformed";
    107 BadMethod = "BAD_METHOD", Status(405), "RFC 6455 §4.2.1", "the method is not GET";
    108 BadHttpVersion = "BAD_HTTP_VERSION", Status(505), "RFC 6455 §4.2.1", "the HTTP version is not 1.1";
    109 Http2Preface = "HTTP2_PREFACE", Status(505), "RFC 9113 §3.4", "the peer speaks HTTP/2";
    110 BadTarget = "BAD_TARGET", Status(400), "RFC 9112 §3.2", "the request target is malformed";
    111 BadHost = "BAD_HOST", Status(400), "RFC 9112 §3.2", "there is not exactly one valid Host header";
    112 UnexpectedBody = "UNEXPECTED_BODY", Status(400), "RFC 9112 §6", "the request carries a body";
    113 NotAnUpgrade = "NOT_AN_UPGRADE", Status(426), "RFC 6455 §4.2.1", "the request does not ask for an upgrade to websocket";
    114 BadKey = "BAD_KEY", Status(400), "RFC 6455 §4.2.1", "there is not exactly one Sec-WebSocket-Key of 16 bytes in base64";
    115 BadVersion = "BAD_VERSION", Status(400), "RFC 6455 §4.2.1", "there is not exactly one Sec-WebSocket-Version";
    116 UnsupportedVersion = "UNSUPPORTED_VERSION", Status(426), "RFC 6455 §4.4", "the protocol version is not 13";
    117 BadSubprotocol = "BAD_SUBPROTOCOL", Status(400), "RFC 6455 §4.1", "Sec-WebSocket-Protocol is not a list of distinct tokens";
    118 BadExtensions = "BAD_EXTENSIONS", Status(400), "RFC 6455 §9.1", "Sec-WebSocket-Extensions is malformed";
    119 BadOrigin = "BAD_ORIGIN", Status(400), "RFC 6454 §7.3", "the Origin header is repeated or malformed";
    120 BadPseudoHeaders = "BAD_PSEUDO_HEADERS", Status(400), "RFC 9113 §8.3", "a pseudo-header field is missing, repeated, misplaced or unknown";
    121 NotExtendedConnect = "NOT_EXTENDED_CONNECT", Status(400), "RFC 8441 §4", "the request is no extended CONNECT";
    122 UnsupportedProtocol = "UNSUPPORTED_PROTOCOL", Status(501), "RFC 9220 §3", "the protocol of the extended CONNECT is not websocket";
    150 BadStatusLine = "BAD_STATUS_LINE", Nothing, "RFC 9112 §4", "the status line is malformed or not HTTP/1.1";
    151 HttpStatus = "HTTP_STATUS", Nothing, "RFC 6455 §4.1", "the server refused the request";
    152 BadUpgrade = "BAD_UPGRADE", Nothing, "RFC 6455 §4.1", "the Upgrade header of the response is not websocket";
    153 BadConnection = "BAD_CONNECTION", Nothing, "RFC 6455 §4.1", "the Connection header of the response lacks upgrade";
    154 BadAccept = "BAD_ACCEPT", Nothing, "RFC 6455 §4.1", "Sec-WebSocket-Accept does not match the key";
    155 SubprotocolNotOffered = "SUBPROTOCOL_NOT_OFFERED", Nothing, "RFC 6455 §4.1", "the server chose a subprotocol that was not offered";
    156 ExtensionNotOffered = "EXTENSION_NOT_OFFERED", Nothing, "RFC 6455 §4.1", "the server chose an extension that was not offered";
    157 BodyOn101 = "BODY_ON_101", Nothing, "RFC 9110 §8.6", "the 101 response announces a body";
    158 TooManyInterim = "TOO_MANY_INTERIM", Nothing, "RFC 9110 §15.2", "there were too many interim responses";
    159 BadBody = "BAD_BODY", Nothing, "RFC 9112 §7.1", "the body of the refusal is malformed";
    160 BadExtensionParameters = "BAD_EXTENSION_PARAMETERS", Nothing, "RFC 7692 §7.1", "the answer to the compression offer is not valid";
    180 Refused = "REFUSED", Nothing, "RFC 6455 §4.2.2", "the host answered with another response";
    200 ReservedBits = "RESERVED_BITS", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.2", "a reserved bit is set";
    201 ReservedOpcode = "RESERVED_OPCODE", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.2", "the opcode is reserved";
    202 Unmasked = "UNMASKED", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.1", "a frame from the client is not masked";
    203 Masked = "MASKED", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.1", "a frame from the server is masked";
    204 NonMinimalLength = "NON_MINIMAL_LENGTH", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.2", "the length is not in its shortest form";
    205 LengthOverflow = "LENGTH_OVERFLOW", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.2", "the top bit of a 64-bit length is set";
    206 ControlTooLong = "CONTROL_TOO_LONG", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.5", "a control frame is longer than 125 bytes";
    207 ControlFragmented = "CONTROL_FRAGMENTED", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.5", "a control frame is fragmented";
    208 UnexpectedContinuation = "UNEXPECTED_CONTINUATION", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.4", "a continuation frame has nothing to continue";
    209 ExpectedContinuation = "EXPECTED_CONTINUATION", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.4", "a new message begins inside another";
    210 CloseTooShort = "CLOSE_TOO_SHORT", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §5.5.1", "the payload of Close is one byte";
    211 BadCloseCode = "BAD_CLOSE_CODE", Close(CloseCode::PROTOCOL_ERROR), "RFC 6455 §7.4", "the close code must not be sent";
    212 BadCloseReason = "BAD_CLOSE_REASON", Close(CloseCode::INVALID_FRAME_PAYLOAD_DATA), "RFC 6455 §5.5.1", "the close reason is not UTF-8";
    213 BadText = "BAD_TEXT", Close(CloseCode::INVALID_FRAME_PAYLOAD_DATA), "RFC 6455 §8.1", "the text message is not UTF-8";
    214 BadCompressedData = "BAD_COMPRESSED_DATA", Close(CloseCode::INVALID_FRAME_PAYLOAD_DATA), "RFC 7692 §7.2.2", "the compressed data is corrupt, or begins too many streams";
    300 MessageTooBig = "MESSAGE_TOO_BIG", Close(CloseCode::MESSAGE_TOO_BIG), "RFC 6455 §7.4.1", "the message is larger than the limit";
    301 FrameTooBig = "FRAME_TOO_BIG", Close(CloseCode::MESSAGE_TOO_BIG), "RFC 6455 §7.4.1", "the frame is larger than the limit";
    302 TooManyFragments = "TOO_MANY_FRAGMENTS", Close(CloseCode::POLICY_VIOLATION), "RFC 6455 §10.4", "the message has more fragments than the limit";
    303 NoMemory = "NO_MEMORY", Close(CloseCode::MESSAGE_TOO_BIG), "RFC 6455 §7.4.1", "memory for the message could not be allocated";
    400 EofInHandshake = "EOF_IN_HANDSHAKE", Nothing, "RFC 9112 §8", "the peer closed the transport during the handshake";
    401 Eof = "EOF", Nothing, "RFC 6455 §7.1.5", "the peer closed the transport without a Close frame";
    402 HandshakeTimeout = "HANDSHAKE_TIMEOUT", Status(408), "RFC 9110 §15.5.9", "the handshake took too long";
    403 PongTimeout = "PONG_TIMEOUT", Close(CloseCode::INTERNAL_ERROR), "RFC 6455 §5.5.2", "a ping was not answered in time";
    404 CloseTimeout = "CLOSE_TIMEOUT", Nothing, "RFC 6455 §7.1.1", "the closing handshake took too long";
    405 FailedByHost = "FAILED_BY_HOST", Nothing, "RFC 6455 §7.1.7", "the host ended the connection";
    406 DecisionTimeout = "DECISION_TIMEOUT", Status(503), "RFC 9110 §15.6.4", "the host did not decide on the request in time";
    407 WriteTimeout = "WRITE_TIMEOUT", Nothing, "RFC 6455 §7.1.7", "the peer did not read in time";
    500 TunnelRefused = "TUNNEL_REFUSED", Nothing, "RFC 9110 §9.3.6", "the proxy refused the tunnel";
    501 TunnelBadAnswer = "TUNNEL_BAD_ANSWER", Nothing, "RFC 1928 §6", "the answer of the proxy is malformed or of another protocol";
    502 TunnelAuthentication = "TUNNEL_AUTHENTICATION", Nothing, "RFC 9110 §15.5.8", "the proxy does not accept the credentials, or their absence";
    503 TunnelEof = "TUNNEL_EOF", Nothing, "RFC 9112 §8", "the proxy closed the transport before its answer was complete";
    504 TunnelTimeout = "TUNNEL_TIMEOUT", Nothing, "RFC 9110 §9.3.6", "the proxy did not answer in time";
}

impl FaultKind {
    /// The stable number of this kind.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether the peer can be to blame for it: not if memory or a decision of the host's is missing.
    pub(crate) const fn is_of_peer(self) -> bool {
        !matches!(self, FaultKind::NoMemory | FaultKind::DecisionTimeout)
    }

    /// Whether it is a fault of a frame: one of frames, text, closing or limits.
    pub(crate) const fn is_of_frame(self) -> bool {
        matches!(self.number(), 200..=399)
    }

    /// The close code that the engine sends for it, if it sends one.
    pub(crate) const fn close_code(self) -> Option<CloseCode> {
        match self.answer() {
            Close(code) => Some(code),
            Status(_) | Nothing => None,
        }
    }
}

/// Why a connection ended other than by a closing handshake: see [`Connection::fault`](crate::Connection::fault).
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, FaultKind, Role};
/// let config = Config::builder(Role::Server).start_open(true).max_message_size(1000).build()?;
/// let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut header = [0x82, 0xfe, 0x04, 0x00, 0, 0, 0, 0]; // a message of 1024 bytes begins
/// for event in connection.receive(&mut header, Duration::ZERO).events {
///     println!("{event:?}"); // Closed
/// }
/// let fault = connection.fault().expect("a fault");
/// assert_eq!((fault.kind, fault.actual(), fault.limit()), (FaultKind::MessageTooBig, Some(1024), Some(1000)));
/// assert_eq!(fault.position(), Some(0)); // it was the first frame
/// assert_eq!(fault.to_string(), "the message is larger than the limit: 1024, limit 1000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The rule that was broken.
    pub kind: FaultKind,
    /// 0 where the kind has none.
    actual: u64,
    /// 0 where the kind has none.
    limit: u64,
    /// [`NEVER`] where the kind has none.
    position: u64,
}

impl Fault {
    /// The fault that was found. `limit` is 0 where the kind has none.
    pub(crate) fn new(found: Located, limit: u64) -> Self {
        let Located { breach: Breach { kind, actual }, position } = found;
        Fault { kind, actual, limit, position }
    }

    /// The numbers as the block has them: what is at fault, the limit, the position.
    pub(crate) fn numbers(&self) -> [u64; 3] {
        [self.actual, self.limit, self.position]
    }

    /// Where the frame at fault begins, in bytes from the end of the opening handshake, if it is a fault of a frame.
    pub const fn position(&self) -> Option<u64> {
        if self.position == NEVER { None } else { Some(self.position) }
    }

    /// The number at fault (a size in bytes, a count, a status, an opcode), if the kind has one.
    pub const fn actual(&self) -> Option<u64> {
        if self.actual == 0 { None } else { Some(self.actual) }
    }

    /// The limit that was exceeded, if the kind has one.
    pub const fn limit(&self) -> Option<u64> {
        if self.limit == 0 { None } else { Some(self.limit) }
    }

    /// The close code the engine sends for this fault, if it sends one.
    pub const fn close_code(&self) -> Option<CloseCode> {
        self.kind.close_code()
    }
}

/// A fault on its way through the engine: without what follows from the settings and from where it was found. It is small,
/// because so many calls may return one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) kind: FaultKind,
    /// 0 where the kind has none.
    actual: u64,
}

impl Breach {
    pub(crate) const fn with(kind: FaultKind, actual: u64) -> Self {
        Breach { kind, actual }
    }
}

/// A fault, and where the frame at fault begins; [`NEVER`] if no frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) breach: Breach,
    pub(crate) position: u64,
}

impl From<Breach> for Located {
    fn from(breach: Breach) -> Self {
        Located { breach, position: NEVER }
    }
}

impl From<FaultKind> for Breach {
    fn from(kind: FaultKind) -> Self {
        Breach::with(kind, 0)
    }
}

impl Fault {
    /// What happened, with its numbers; never a byte of the peer's. The same as it is displayed.
    pub fn to_text(&self) -> String {
        let mut text = String::from(self.kind.text());
        if self.actual > 0 {
            text.push_str(": ");
            text.push_str(&decimal(self.actual));
        }
        if self.limit > 0 {
            text.push_str(if self.actual > 0 { ", limit " } else { ": limit " });
            text.push_str(&decimal(self.limit));
        }
        text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl core::error::Error for Fault {}
