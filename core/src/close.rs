//! Close codes and the payload of Close frames (RFC 6455 §5.5.1, §7.4).

use crate::error::{Error, Fault, FaultKind};
use crate::frame::MAX_CONTROL;

/// Normal closure.
pub const NORMAL: u16 = 1000;
/// The endpoint is going away.
pub const GOING_AWAY: u16 = 1001;
/// A frame broke the protocol.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A kind of data that the endpoint cannot accept.
pub const UNSUPPORTED_DATA: u16 = 1003;
/// Reported when a Close frame had no code; never sent.
pub const NO_STATUS: u16 = 1005;
/// Reported when no Close frame was received; never sent.
pub const ABNORMAL: u16 = 1006;
/// Data that does not fit its type, as text that is not UTF-8.
pub const INVALID_DATA: u16 = 1007;
/// A policy was violated.
pub const POLICY_VIOLATION: u16 = 1008;
/// A message was too big.
pub const TOO_BIG: u16 = 1009;
/// The client missed an extension in the server's answer.
pub const EXTENSION_REQUIRED: u16 = 1010;
/// The endpoint met an unexpected condition.
pub const INTERNAL_ERROR: u16 = 1011;

/// The longest reason in bytes: a control frame holds 125, of which the code takes two.
pub const MAX_REASON: usize = 123;

/// Whether a Close frame may carry this code: 1000 to 1003, 1007 to 1014, 3000 to 4999 (§7.4, and the registry it opens).
pub const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the payload of a Close frame: its code (1005 when it is empty) and its reason.
pub(crate) fn parse(payload: &[u8]) -> Result<(u16, &str), Fault> {
    match payload {
        [] => Ok((NO_STATUS, "")),
        [_] => Err(FaultKind::CloseTooShort.into()),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !may_be_sent(code) {
                return Err(Fault::with(FaultKind::BadCloseCode, u64::from(code), 0));
            }
            match core::str::from_utf8(reason) {
                Ok(reason) => Ok((code, reason)),
                Err(_) => Err(FaultKind::BadCloseReason.into()),
            }
        }
    }
}

/// The payload of a Close frame to send.
pub(crate) struct Payload {
    pub(crate) code: u16,
    bytes: [u8; MAX_CONTROL],
    len: usize,
}

impl Payload {
    pub(crate) fn new(code: u16, reason: &[u8]) -> Result<Self, Error> {
        let reason = core::str::from_utf8(reason).map_err(|_| Error::InvalidArgument)?;
        match code {
            0 if reason.is_empty() => Ok(Self::echo(NO_STATUS, "")),
            _ if may_be_sent(code) && reason.len() <= MAX_REASON => Ok(Self::echo(code, reason)),
            _ => Err(Error::InvalidArgument),
        }
    }

    /// Of a code and reason that are known to be good. 1005 stands for an empty payload.
    pub(crate) fn echo(code: u16, reason: &str) -> Self {
        let mut payload = Payload { code, bytes: [0; MAX_CONTROL], len: 0 };
        if code != NO_STATUS {
            payload.len = 2 + reason.len();
            payload.bytes[..2].copy_from_slice(&code.to_be_bytes());
            payload.bytes[2..payload.len].copy_from_slice(reason.as_bytes());
        }
        payload
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
