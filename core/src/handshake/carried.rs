//! Handshakes whose heads a host passes as fields. They are checked as a reader of text checks lines, and written to the
//! scratch buffer as the head that they would be in HTTP/1.1, so that one piece of code reads both.

use alloc::vec::Vec;

use super::fields::{Field, HttpVersion};
use super::head::RequestLine;
use crate::error::{Breach, FaultKind};
use crate::settings::Settings;
use crate::syntax::{is_text, is_token, is_value};

/// What the pseudo-header fields of a request say besides the path. Authority and method lie before the head.
pub(super) struct Pseudo {
    /// How many bytes the authority has; 0 if there is none.
    authority_len: usize,
    /// Where the head begins.
    pub(super) len: usize,
    /// Whether the scheme is that of TLS, if there is one.
    pub(super) secure: Option<bool>,
    /// What keeps the request from being an opening request of its version.
    fault: Option<FaultKind>,
}

impl Pseudo {
    /// The request line, with what the pseudo-header fields say.
    pub(super) fn request_line<'a>(&self, bytes: &'a [u8], line: &'a [u8]) -> Result<RequestLine<'a>, FaultKind> {
        let mut line = RequestLine::parse(line)?;
        let (authority, method) = bytes[..self.len].split_at(self.authority_len);
        if !authority.is_empty() {
            line.authority = Some(authority);
        }
        line.method = method;
        line.fault = self.fault.or(line.fault);
        Ok(line)
    }
}

/// Fields that HTTP/2 and HTTP/3 do not have (RFC 9113 §8.2.2).
const CONNECTION_SPECIFIC: [&[u8]; 5] =
    [b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"];

/// Writes a request to the buffer: authority and method, then the head.
pub(super) fn request(
    version: HttpVersion,
    fields: &[Field<'_>],
    buffer: &mut Vec<u8>,
    settings: &Settings,
) -> Result<Pseudo, Breach> {
    let [mut method, mut path, mut authority, mut scheme, mut protocol] = [None; 5];
    let regular = fields.iter().position(|field| !field.name.starts_with(b":")).unwrap_or(fields.len());
    let (pseudo, regular) = fields.split_at(regular);
    for field in pseudo {
        let known: &mut Option<&[u8]> = match field.name {
            b":method" => &mut method,
            b":path" => &mut path,
            b":authority" => &mut authority,
            b":scheme" => &mut scheme,
            b":protocol" => &mut protocol,
            _ => return Err(FaultKind::BadPseudoHeaders.into()),
        };
        if known.replace(field.value).is_some() || !is_text(field.value) {
            return Err(FaultKind::BadPseudoHeaders.into());
        }
    }
    let (Some(method), Some(path)) = (method, path) else { return Err(FaultKind::BadPseudoHeaders.into()) };
    if scheme.is_some_and(|scheme: &[u8]| ![&b"http"[..], b"https"].contains(&scheme)) {
        return Err(FaultKind::BadPseudoHeaders.into());
    }
    let is_connect = version != HttpVersion::Http11 && method == b"CONNECT";
    let fault = match protocol {
        // The upgrade of HTTP/1.1 is judged with its other fields.
        None if version == HttpVersion::Http11 => None,
        Some(protocol) if is_connect && scheme.is_some() => {
            (!protocol.eq_ignore_ascii_case(b"websocket")).then_some(FaultKind::UnsupportedProtocol)
        }
        None if scheme.is_some() => Some(FaultKind::NotExtendedConnect),
        _ => return Err(FaultKind::BadPseudoHeaders.into()),
    };
    if version != HttpVersion::Http11 && !path.starts_with(b"/") {
        return Err(FaultKind::BadTarget.into());
    }
    let authority = authority.unwrap_or_default();
    push(buffer, &[authority, method])?;
    let (authority_len, len) = (authority.len(), buffer.len());
    // An extended CONNECT is to HTTP/2 what GET is to HTTP/1.1.
    let method = if is_connect { b"GET" } else { method };
    push(buffer, &[method, b" ", path, b" HTTP/1.1"])?;
    // As in text, the first line is judged before the fields.
    let line = RequestLine::parse(&buffer[len..])?;
    match fault.or(line.fault) {
        Some(fault) if !settings.deliver_http => return Err(fault.into()),
        _ => push(buffer, &[b"\r\n"])?,
    }
    push_fields(version, regular, buffer, settings)?;
    let secure = scheme.map(|scheme| scheme == b"https");
    Ok(Pseudo { authority_len, len, secure, fault })
}

/// Writes a response to the buffer.
pub(super) fn response(
    version: HttpVersion,
    status: u16,
    fields: &[Field<'_>],
    buffer: &mut Vec<u8>,
    settings: &Settings,
) -> Result<(), Breach> {
    if !(100..=599).contains(&status) {
        return Err(FaultKind::BadStatusLine.into());
    }
    // Hosts that pass on all fields pass on the status among them.
    let regular = fields.iter().position(|field| field.name != b":status").unwrap_or(fields.len());
    let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
    push(buffer, &[b"HTTP/1.1 ", &digits, b" \r\n"])?;
    push_fields(version, &fields[regular..], buffer, settings)
}

/// Writes the fields as lines, and the end of the head.
fn push_fields(
    version: HttpVersion,
    fields: &[Field<'_>],
    buffer: &mut Vec<u8>,
    settings: &Settings,
) -> Result<(), Breach> {
    let count = fields.len() as u64;
    if count > settings.max_headers {
        return Err(Breach::with(FaultKind::TooManyHeaders, count));
    }
    for Field { name, value } in fields {
        let mut bad = !is_token(name) || !is_value(value);
        if version != HttpVersion::Http11 {
            bad |= name.iter().any(u8::is_ascii_uppercase) || CONNECTION_SPECIFIC.contains(name);
        }
        let len = (name.len() + 2 + value.len()) as u64;
        if bad {
            return Err(FaultKind::BadHeader.into());
        } else if len > settings.max_line_size {
            return Err(Breach::with(FaultKind::HeaderTooLong, len));
        } else if len + buffer.len() as u64 > settings.max_head_size {
            return Err(Breach::with(FaultKind::HeadTooLarge, 0));
        }
        push(buffer, &[name, b": ", value, b"\r\n"])?;
    }
    Ok(push(buffer, &[b"\r\n"])?)
}

fn push(buffer: &mut Vec<u8>, parts: &[&[u8]]) -> Result<(), FaultKind> {
    buffer.try_reserve(parts.iter().map(|part| part.len()).sum()).map_err(|_| FaultKind::NoMemory)?;
    parts.iter().for_each(|part| buffer.extend_from_slice(part));
    Ok(())
}
