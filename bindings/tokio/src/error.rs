//! What can go wrong.

use std::fmt;
use std::io;
use std::sync::Arc;

use sansock::{CloseCode, ConfigError, Fault, FaultKind};

use crate::handshake::Refusal;

/// Why a call failed.
///
/// ```
/// use sansock_tokio::Error;
///
/// fn describe(error: &Error) -> String {
///     match error {
///         Error::Rejected(refusal) => format!("the server says {}", refusal.status),
///         Error::Closed(closed) => format!("ended with {}", closed.code),
///         other => other.to_string(),
///     }
/// }
/// # assert!(describe(&Error::Closing).contains("closing"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is not allowed.
    Config(ConfigError),
    /// An argument is not allowed: a close code that must not be sent, a reason longer than 123 bytes, a ping longer than 125,
    /// a subprotocol that was not offered, a header that the handshake writes itself, a malformed URL.
    Argument(sansock::Error),
    /// The message is larger than the option `output_hard_limit`.
    TooLarge,
    /// The connection is closing: our Close has been sent, and nothing more can be. What it ended with is delivered by
    /// receiving.
    Closing,
    /// The connection has ended, and not by a closing handshake; or something was to be sent after its end.
    Closed(Closed),
    /// A client's request was answered by an HTTP response that opens no connection.
    Rejected(Box<Refusal>),
    /// A server has answered a request with this status, which opens no connection.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Which rule the request breaks, if it was not refused by choice.
        fault: Option<FaultKind>,
    },
    /// The opening handshake failed in another way: the peer broke its rules, was gone, or took too long.
    Handshake(Fault),
    /// The proxy refused the tunnel, or did not speak its protocol. The number of
    /// [`FaultKind::TunnelRefused`] is its HTTP status, or the reply code of SOCKS.
    Proxy(Fault),
    /// Connecting took longer than [`connect_timeout`](crate::Connector::connect_timeout).
    ConnectTimeout,
    /// The URL asks for TLS, which this build does not have (the feature `rustls`), or for which no certificate authorities
    /// are known.
    NoTls,
    /// The transport could not be opened, or TLS failed.
    Io(Arc<io::Error>),
}

/// How a connection ended (RFC 6455 §7.1.4 to §7.1.6).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Closed {
    /// The code of the peer's Close frame; 1005 if it had none, 1006 if there was no such frame.
    pub code: CloseCode,
    /// The peer's reason.
    pub reason: String,
    /// Whether a Close frame was sent and one received.
    pub clean: bool,
    /// Whether the peer began it: by its Close frame, its fault, or the end of its stream.
    pub by_peer: bool,
    /// The code of the Close frame that was sent, if there was one; 1005 if it had none.
    pub close_sent: Option<CloseCode>,
    /// What went wrong, if something did.
    pub fault: Option<Fault>,
    /// What the transport said, if it failed.
    pub io: Option<Arc<io::Error>>,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Some(fault) => write!(f, "the connection ended: {fault}"),
            None => write!(f, "the connection is closed: {}", self.code),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Config(error) => error.fmt(f),
            Error::Argument(error) => error.fmt(f),
            Error::TooLarge => f.write_str("the message is larger than the output may be"),
            Error::Closing => f.write_str("the connection is closing, and nothing more can be sent"),
            Error::Closed(closed) => closed.fmt(f),
            Error::Rejected(refusal) => refusal.fmt(f),
            Error::Refused { status, fault: Some(fault) } => write!(f, "refused with {status}: {}", fault.text()),
            Error::Refused { status, fault: None } => write!(f, "refused with {status}"),
            Error::Handshake(fault) => write!(f, "the opening handshake failed: {fault}"),
            Error::Proxy(fault) => write!(f, "there is no way through the proxy: {fault}"),
            Error::ConnectTimeout => f.write_str("connecting took too long"),
            Error::NoTls => f.write_str("the URL asks for TLS, which is not configured"),
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Closed(Closed { io: Some(error), .. }) => Some(&**error),
            Error::Closed(Closed { fault: Some(fault), .. }) | Error::Handshake(fault) | Error::Proxy(fault) => {
                Some(fault)
            }
            _ => None,
        }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Error::Config(error)
    }
}

impl From<sansock::Error> for Error {
    fn from(error: sansock::Error) -> Self {
        match error {
            sansock::Error::TooLarge => Error::TooLarge,
            error => Error::Argument(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(Arc::new(error))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => io::Error::new(error.kind(), error),
            error => io::Error::other(error),
        }
    }
}
