//! HTTP/1.1 text that the engine sends: a client's request, a server's answers.

use alloc::string::String;
use alloc::vec::Vec;

use super::decimal;
use crate::config::ExtraHeader;
use crate::error::FaultKind;
use crate::url::Url;

/// Both sides send these two.
const UPGRADE: &[u8] = b"Upgrade: websocket\r\nConnection: Upgrade\r\n";
/// Room for a request of the usual headers.
const USUAL_SIZE: usize = 512;

/// The client's opening request (RFC 6455 §4.1).
pub(crate) fn request(
    output: &mut Vec<u8>,
    url: &Url,
    key: &[u8],
    origin: Option<&str>,
    subprotocols: &[String],
    extension: Option<&str>,
    extra: &[ExtraHeader],
) {
    output.reserve(USUAL_SIZE + url.target.len());
    push(output, &[b"GET ", url.target.as_bytes(), b" HTTP/1.1\r\n"]);
    header(output, "Host", url.authority.as_bytes());
    push(output, &[UPGRADE]);
    header(output, "Sec-WebSocket-Key", key);
    header(output, "Sec-WebSocket-Version", b"13");
    if let Some(origin) = origin {
        header(output, "Origin", origin.as_bytes());
    }
    if !subprotocols.is_empty() {
        header(output, "Sec-WebSocket-Protocol", subprotocols.join(", ").as_bytes());
    }
    if let Some(extension) = extension {
        header(output, "Sec-WebSocket-Extensions", extension.as_bytes());
    }
    if let Some(authorization) = &url.authorization {
        header(output, "Authorization", authorization.as_bytes());
    }
    headers(output, extra);
    output.extend_from_slice(b"\r\n");
}

/// The server's 101 (RFC 6455 §4.2.2).
pub(crate) fn switching<'a>(
    output: &mut Vec<u8>,
    accept: &[u8; 28],
    subprotocol: Option<&str>,
    extension: Option<&str>,
    extra: impl Iterator<Item = &'a ExtraHeader>,
) {
    push(output, &[b"HTTP/1.1 101 Switching Protocols\r\n", UPGRADE]);
    header(output, "Sec-WebSocket-Accept", accept);
    if let Some(name) = subprotocol {
        header(output, "Sec-WebSocket-Protocol", name.as_bytes());
    }
    if let Some(extension) = extension {
        header(output, "Sec-WebSocket-Extensions", extension.as_bytes());
    }
    headers(output, extra);
    output.extend_from_slice(b"\r\n");
}

/// The server's refusal. It is the last response on the connection: nothing that follows is read as HTTP.
pub(crate) fn refusal<'a>(
    output: &mut Vec<u8>,
    status: u16,
    because: FaultKind,
    extra: impl Iterator<Item = &'a ExtraHeader>,
    body: &[u8],
) {
    status_line(output, status);
    // RFC 9110 §15.5.22: a 426 names the protocol in Upgrade, and RFC 6455 §4.4 the version.
    let upgrade_required = matches!(because, FaultKind::NotAnUpgrade | FaultKind::UnsupportedVersion);
    if upgrade_required {
        header(output, "Upgrade", b"websocket");
        header(output, "Sec-WebSocket-Version", b"13");
    }
    if because == FaultKind::BadMethod {
        header(output, "Allow", b"GET");
    }
    headers(output, extra);
    header(output, "Connection", if upgrade_required { b"Upgrade, close" } else { b"close" });
    if !has_no_body(status) {
        header(output, "Content-Length", decimal(body.len() as u64).as_bytes());
    }
    push(output, &[b"\r\n", body]);
}

/// A response with this status never has a body, not even an empty one with a length (RFC 9110 §8.6).
pub(crate) fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 304)
}

fn push(output: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        output.extend_from_slice(part);
    }
}

fn header(output: &mut Vec<u8>, name: &str, value: &[u8]) {
    push(output, &[name.as_bytes(), b": ", value, b"\r\n"]);
}

fn headers<'a>(output: &mut Vec<u8>, extra: impl IntoIterator<Item = &'a ExtraHeader>) {
    for field in extra {
        header(output, &field.name, &field.value);
    }
}

fn status_line(output: &mut Vec<u8>, status: u16) {
    let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
    push(output, &[b"HTTP/1.1 ", &digits, b" ", reason(status).as_bytes(), b"\r\n"]);
}

/// The phrases of RFC 9110 §15 and RFC 6585.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
