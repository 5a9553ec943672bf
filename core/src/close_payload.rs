//! The payload of Close frames (RFC 6455 §5.5.1): a code and a reason, or nothing.

use crate::close::{CloseCode, MAX_REASON};
use crate::error::{Breach, Error, FaultKind};
use crate::frame::MAX_CONTROL;

/// Reads the payload of a Close frame: its code (1005 if it is empty) and its reason.
pub(crate) fn parse(payload: &[u8]) -> Result<(CloseCode, &str), Breach> {
    match payload {
        [] => Ok((CloseCode::NO_STATUS_RECEIVED, "")),
        [_] => Err(FaultKind::CloseTooShort.into()),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !CloseCode::from(code).may_be_sent() {
                return Err(Breach::with(FaultKind::BadCloseCode, u64::from(code)));
            }
            match core::str::from_utf8(reason) {
                Ok(reason) => Ok((code.into(), reason)),
                Err(_) => Err(FaultKind::BadCloseReason.into()),
            }
        }
    }
}

/// The payload of a Close frame to send.
pub(crate) struct ClosePayload {
    pub(crate) code: CloseCode,
    bytes: [u8; MAX_CONTROL],
    len: usize,
}

impl ClosePayload {
    /// Of what the host asks for. `None` sends no code, and then there is no reason either.
    pub(crate) fn new(code: Option<CloseCode>, reason: &str) -> Result<Self, Error> {
        match code {
            None if reason.is_empty() => Ok(Self::valid(CloseCode::NO_STATUS_RECEIVED, "")),
            Some(code) if code.may_be_sent() && reason.len() <= MAX_REASON => Ok(Self::valid(code, reason)),
            _ => Err(Error::InvalidArgument),
        }
    }

    /// Of a code and a reason that are known to be valid. 1005 stands for an empty payload.
    pub(crate) fn valid(code: CloseCode, reason: &str) -> Self {
        let mut payload = ClosePayload { code, bytes: [0; MAX_CONTROL], len: 0 };
        if code != CloseCode::NO_STATUS_RECEIVED {
            payload.len = 2 + reason.len();
            payload.bytes[..2].copy_from_slice(&code.get().to_be_bytes());
            payload.bytes[2..payload.len].copy_from_slice(reason.as_bytes());
        }
        payload
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
