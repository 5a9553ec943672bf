//! What a client requires of the fields of a response that accepts (RFC 6455 §4.1).

use super::HandshakeConfig;
use super::fields::{Extensions, Fields, HttpVersion, Name};
use super::request::announces_body;
use crate::deflate::{Agreement, negotiation};
use crate::error::FaultKind;
use crate::settings::Settings;

/// What the response agrees to.
pub(crate) struct Agreed<'a> {
    pub(crate) subprotocol: Option<&'a [u8]>,
    pub(crate) extension: Option<(&'a [u8], Agreement)>,
}

/// Checks the fields of the response against the request.
pub(crate) fn check<'a>(
    version: HttpVersion,
    fields: &Fields<'a>,
    accept: &[u8; 28],
    config: &HandshakeConfig,
    settings: &Settings,
) -> Result<Agreed<'a>, FaultKind> {
    if version == HttpVersion::Http11 {
        check_upgrade(fields, accept)?;
    }
    let mut extension = None;
    for value in fields.values(Name::Extensions) {
        for element in Extensions::new(value) {
            let element = element.map_err(|_| FaultKind::BadExtensionParameters)?;
            if !settings.wants_deflate() || extension.is_some() || !negotiation::is_deflate(element) {
                return Err(FaultKind::ExtensionNotOffered);
            }
            let agreement = negotiation::check(element, settings).map_err(|_| FaultKind::BadExtensionParameters)?;
            extension = Some((element, agreement));
        }
    }
    let subprotocol = match fields.single(Name::Protocol) {
        Ok(None) => None,
        Ok(Some(chosen)) if config.subprotocols().any(|name| name == chosen) => Some(chosen),
        _ => return Err(FaultKind::SubprotocolNotOffered),
    };
    Ok(Agreed { subprotocol, extension })
}

/// What HTTP/1.1 adds to it.
fn check_upgrade(fields: &Fields<'_>, accept: &[u8; 28]) -> Result<(), FaultKind> {
    match fields.single(Name::Upgrade) {
        Ok(Some(value)) if value.eq_ignore_ascii_case(b"websocket") => {}
        _ => return Err(FaultKind::BadUpgrade),
    }
    if !fields.list_has(Name::Connection, "upgrade") {
        return Err(FaultKind::BadConnection);
    }
    match fields.single(Name::Accept) {
        Ok(Some(value)) if value == accept => {}
        _ => return Err(FaultKind::BadAccept),
    }
    if announces_body(fields) {
        return Err(FaultKind::BodyOn101);
    }
    Ok(())
}
