//! Close codes (RFC 6455 §7.4, and the registry that it opens).

use core::fmt;

/// The longest reason of a Close frame in bytes: a control frame holds 125, of which the code takes two.
pub const MAX_REASON: usize = 123;

/// The code of a Close frame, or of how a connection ended (RFC 6455 §7.4).
///
/// ```
/// use sansock::CloseCode;
///
/// assert_eq!(CloseCode::GOING_AWAY, 1001);
/// assert!(CloseCode::from(4000).may_be_sent());
/// assert!(!CloseCode::ABNORMAL_CLOSURE.may_be_sent());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $constant:ident = $name:literal;)*) => {
        impl CloseCode {
            $($(#[$doc])* pub const $constant: CloseCode = CloseCode($number);)*

            /// The name in the registry of close codes, if the code has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// The purpose of the connection has been fulfilled.
    1000 NORMAL_CLOSURE = "Normal Closure";
    /// A server is going down, or a browser has left the page.
    1001 GOING_AWAY = "Going Away";
    /// The peer broke the protocol.
    1002 PROTOCOL_ERROR = "Protocol error";
    /// The peer sent a type of data that the endpoint cannot accept.
    1003 UNSUPPORTED_DATA = "Unsupported Data";
    /// Reported for a Close frame without a code; never sent.
    1005 NO_STATUS_RECEIVED = "No Status Rcvd";
    /// Reported when no Close frame was received; never sent.
    1006 ABNORMAL_CLOSURE = "Abnormal Closure";
    /// Data that is not consistent with its type, such as text that is not UTF-8.
    1007 INVALID_FRAME_PAYLOAD_DATA = "Invalid frame payload data";
    /// A message violates the endpoint's policy.
    1008 POLICY_VIOLATION = "Policy Violation";
    /// A message is too big to process.
    1009 MESSAGE_TOO_BIG = "Message Too Big";
    /// The server did not negotiate an extension that the client needs.
    1010 MANDATORY_EXTENSION = "Mandatory Ext.";
    /// The endpoint met a condition that it did not expect.
    1011 INTERNAL_ERROR = "Internal Error";
    /// The service restarts.
    1012 SERVICE_RESTART = "Service Restart";
    /// The service is overloaded.
    1013 TRY_AGAIN_LATER = "Try Again Later";
    /// A gateway received an invalid response from its server.
    1014 BAD_GATEWAY = "Bad Gateway";
    /// Reserved for a failed TLS handshake; never sent.
    1015 TLS_HANDSHAKE = "TLS handshake";
}

impl CloseCode {
    /// Whether a Close frame may carry this code: 1000 to 1003, 1007 to 1014, 3000 to 4999.
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        CloseCode(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl PartialEq<u16> for CloseCode {
    fn eq(&self, code: &u16) -> bool {
        self.0 == *code
    }
}

/// The number, and its name if it has one: `1000 (Normal Closure)`.
impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => self.0.fmt(f),
        }
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(kani)]
mod proofs {
    use super::*;

    /// RFC 6455 §7.4, and the registry.
    #[kani::proof]
    fn reserved_codes_are_never_sent() {
        let code: u16 = kani::any();
        let is_reserved = code < 1000 || (1004..=1006).contains(&code) || (1015..3000).contains(&code) || code > 4999;
        assert_eq!(CloseCode::from(code).may_be_sent(), !is_reserved);
    }
}
