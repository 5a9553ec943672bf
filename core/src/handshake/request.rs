//! What a server requires of the fields of an opening request (RFC 6455 §4.2.1).

use alloc::vec::Vec;

use super::fields::{self, Extensions, Field, Fields, HttpVersion, MAX_EXTENSIONS, MAX_SUBPROTOCOLS, Name};
use crate::abi::origin;
use crate::error::FaultKind;
use crate::syntax::{Authority, is_base64, is_token, trim};

/// How the Origin header of a request relates to the host that the request was made to (RFC 6454, RFC 6455 §10.2).
///
/// ```
/// # use sansock::event::{OriginRelation, Request};
/// /// Pages of other sites may connect, as for a public feed; what is no browser must show its credentials.
/// fn needs_credentials(request: &Request<'_>) -> bool {
///     request.origin_relation == OriginRelation::Absent
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum OriginRelation {
    /// There is no Origin header: the client is not a browser.
    Absent = origin::ABSENT,
    /// The same host and port, and the same scheme if that is known: see [`secure`](crate::ConfigBuilder::secure).
    Same = origin::SAME,
    /// Another host or port, or the opaque origin `null`: a page of another site made this request.
    Cross = origin::CROSS,
}

/// What a request offers, whatever version of HTTP carried it.
///
/// ```
/// use sansock::handshake::fields::Field;
/// use sansock::handshake::request::Offer;
///
/// let fields = [
///     Field { name: b"Sec-WebSocket-Version", value: b"13" },
///     Field { name: b"Sec-WebSocket-Protocol", value: b"chat, superchat" },
/// ];
/// let offer = Offer::read(&fields, b"example.com").expect("a valid request");
/// assert_eq!(offer.subprotocols, [&b"chat"[..], b"superchat"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer<'a> {
    /// The Origin field.
    pub origin: Option<&'a [u8]>,
    /// How it relates to the host.
    pub origin_relation: OriginRelation,
    /// The subprotocols, in the client's order of preference.
    pub subprotocols: Vec<&'a [u8]>,
    /// The extension offers with their parameters, in the client's order of preference.
    pub extensions: Vec<&'a [u8]>,
}

impl<'a> Offer<'a> {
    /// Checks the fields that are the same in every version of HTTP: version, Origin, subprotocols, extensions.
    ///
    /// `authority` is the host and port that the request was made to (Host, or `:authority`).
    ///
    /// # Errors
    ///
    /// The kind of the first fault; its [`answer`](FaultKind::answer) is the status to refuse with.
    pub fn read(fields: &'a [Field<'a>], authority: &[u8]) -> Result<Self, FaultKind> {
        Self::read_from(&Fields::new(fields), &Host { authority, secure: None })
    }

    fn read_from(fields: &Fields<'a>, host: &Host<'_>) -> Result<Self, FaultKind> {
        check_version(fields)?;
        let origin = fields.single(Name::Origin).map_err(|_| FaultKind::BadOrigin)?;
        if origin.is_some_and(|value| value.is_empty() || !value.iter().all(|byte| matches!(byte, b' '..=b'~'))) {
            return Err(FaultKind::BadOrigin);
        }
        Ok(Offer {
            origin,
            origin_relation: relation(origin, host),
            subprotocols: read_subprotocols(fields)?,
            extensions: read_extensions(fields)?,
        })
    }
}

impl<'a> Offer<'a> {
    /// What of an offer a request has that is no valid opening request: an origin. One that cannot be read is no friend's.
    pub(crate) fn of_other(fields: &Fields<'a>, host: &Host<'_>) -> Self {
        let origin = fields.values(Name::Origin).next();
        let is_one = fields.single(Name::Origin).is_ok();
        let origin_relation = if is_one { relation(origin, host) } else { OriginRelation::Cross };
        Offer { origin, origin_relation, subprotocols: Vec::new(), extensions: Vec::new() }
    }
}

/// The server that a request was made to, as far as origins are compared with it.
pub(crate) struct Host<'a> {
    pub(crate) authority: &'a [u8],
    /// Whether it is reached over TLS, if that is known.
    pub(crate) secure: Option<bool>,
}

/// Checks an opening request of this version. `fault` is what its first line or its pseudo-header fields lack. Returns what it
/// offers, and the key that HTTP/1.1 requires.
pub(crate) fn check<'a>(
    version: HttpVersion,
    fault: Option<FaultKind>,
    fields: &Fields<'a>,
    host: &Host<'_>,
) -> Result<(Offer<'a>, Option<&'a [u8]>), FaultKind> {
    if let Some(fault) = fault {
        return Err(fault);
    }
    if version != HttpVersion::Http11 {
        return if has_no_content(fields) {
            Ok((Offer::read_from(fields, host)?, None))
        } else {
            Err(FaultKind::UnexpectedBody)
        };
    }
    upgrade(fields)?;
    let offer = Offer::read_from(fields, host)?;
    Ok((offer, Some(key_of(fields)?)))
}

/// Checks what HTTP/1.1 adds to it: no body, `Upgrade` and `Connection`.
///
/// # Errors
///
/// [`FaultKind::UnexpectedBody`] or [`FaultKind::NotAnUpgrade`].
pub fn check_upgrade(fields: &[Field<'_>]) -> Result<(), FaultKind> {
    upgrade(&Fields::new(fields))
}

fn upgrade(fields: &Fields<'_>) -> Result<(), FaultKind> {
    if announces_body(fields) {
        return Err(FaultKind::UnexpectedBody);
    }
    if !fields.list_has(Name::Connection, "upgrade") || !fields.list_has(Name::Upgrade, "websocket") {
        return Err(FaultKind::NotAnUpgrade);
    }
    Ok(())
}

/// The `Sec-WebSocket-Key`, which HTTP/1.1 requires.
///
/// # Errors
///
/// [`FaultKind::BadKey`] if there is not exactly one, or it is not 16 bytes in base64.
pub fn key<'a>(fields: &'a [Field<'a>]) -> Result<&'a [u8], FaultKind> {
    key_of(&Fields::new(fields))
}

fn key_of<'a>(fields: &Fields<'a>) -> Result<&'a [u8], FaultKind> {
    match fields.single(Name::Key) {
        Ok(Some(key)) if is_key(key) => Ok(key),
        _ => Err(FaultKind::BadKey),
    }
}

/// Whether a body follows, or may follow, in HTTP/1.1 (RFC 9112 §6).
pub(crate) fn announces_body(fields: &Fields<'_>) -> bool {
    fields.values(Name::TransferEncoding).next().is_some() || !has_no_content(fields)
}

/// Content-Length may be there if it is 0, any number of times (RFC 9110 §8.6).
fn has_no_content(fields: &Fields<'_>) -> bool {
    fields.values(Name::ContentLength).all(|value| value.split(|byte| *byte == b',').all(|part| trim(part) == b"0"))
}

fn check_version(fields: &Fields<'_>) -> Result<(), FaultKind> {
    match fields.single(Name::Version) {
        Ok(Some(b"13")) => Ok(()),
        Ok(Some(value)) if value.is_ascii() => Err(FaultKind::UnsupportedVersion),
        _ => Err(FaultKind::BadVersion),
    }
}

/// 16 bytes in base64: 22 digits and two pads.
pub(crate) fn is_key(key: &[u8]) -> bool {
    matches!(key, [digits @ .., b'=', b'='] if digits.len() == 22 && is_base64(digits))
}

fn read_subprotocols<'a>(fields: &Fields<'a>) -> Result<Vec<&'a [u8]>, FaultKind> {
    let mut list: Vec<&[u8]> = Vec::new();
    for value in fields.values(Name::Protocol) {
        let before = list.len();
        for name in fields::elements(value) {
            if !is_token(name) || list.contains(&name) || list.len() == MAX_SUBPROTOCOLS {
                return Err(FaultKind::BadSubprotocol);
            }
            list.push(name);
        }
        if list.len() == before {
            return Err(FaultKind::BadSubprotocol);
        }
    }
    Ok(list)
}

fn read_extensions<'a>(fields: &Fields<'a>) -> Result<Vec<&'a [u8]>, FaultKind> {
    let mut list = Vec::new();
    for value in fields.values(Name::Extensions) {
        let before = list.len();
        for offer in Extensions::new(value) {
            match offer {
                Ok(offer) if list.len() < MAX_EXTENSIONS => list.push(offer),
                _ => return Err(FaultKind::BadExtensions),
            }
        }
        if list.len() == before {
            return Err(FaultKind::BadExtensions);
        }
    }
    Ok(list)
}

/// RFC 6454 §4: an origin is a scheme, a host and a port.
fn relation(origin: Option<&[u8]>, host: &Host<'_>) -> OriginRelation {
    let Some(origin) = origin else { return OriginRelation::Absent };
    let schemes: [(&[u8], bool, u16); 2] = [(b"http://", false, 80), (b"https://", true, 443)];
    let same = schemes.iter().any(|(scheme, is_secure, port)| {
        let Some((start, rest)) = origin.split_at_checked(scheme.len()) else { return false };
        start.eq_ignore_ascii_case(scheme)
            && host.secure.is_none_or(|secure| secure == *is_secure)
            && match Authority::parse(rest) {
                // What is the same in every letter need not be compared in its parts.
                Some(_) if !cfg!(target_family = "wasm") && rest == host.authority => true,
                Some(origin) => Authority::parse(host.authority).is_some_and(|host| origin.same(&host, *port)),
                None => false,
            }
    });
    if same { OriginRelation::Same } else { OriginRelation::Cross }
}
