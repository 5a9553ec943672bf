//! What a client asks of the fields of a 101 response (RFC 6455 §4.1).

use super::fields::{self, Field};
use super::request::has_no_content;
use crate::error::FaultKind;

/// Checks the fields of a 101 response against the request. Returns the subprotocol agreed.
pub(crate) fn check<'a>(
    fields: &'a [Field<'a>],
    accept: &[u8; 28],
    offered: &[impl AsRef<str>],
) -> Result<Option<&'a [u8]>, FaultKind> {
    match fields::single(fields, "Upgrade") {
        Ok(Some(value)) if value.eq_ignore_ascii_case(b"websocket") => {}
        _ => return Err(FaultKind::BadUpgrade),
    }
    if !fields::list_has(fields::all(fields, "Connection"), "upgrade") {
        return Err(FaultKind::BadConnection);
    }
    match fields::single(fields, "Sec-WebSocket-Accept") {
        Ok(Some(value)) if value == accept => {}
        _ => return Err(FaultKind::BadAccept),
    }
    if fields::all(fields, "Sec-WebSocket-Extensions").next().is_some() {
        return Err(FaultKind::ExtensionNotOffered);
    }
    if fields::all(fields, "Transfer-Encoding").next().is_some() || !has_no_content(fields) {
        return Err(FaultKind::BodyOn101);
    }
    match fields::single(fields, "Sec-WebSocket-Protocol") {
        Ok(None) => Ok(None),
        Ok(Some(chosen)) if offered.iter().any(|name| name.as_ref().as_bytes() == chosen) => Ok(Some(chosen)),
        _ => Err(FaultKind::SubprotocolNotOffered),
    }
}
