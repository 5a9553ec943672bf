//! HTTP/1.1 text that the engine sends: a client's request and a server's responses.

use alloc::vec::Vec;

use super::body::has_no_body;
use super::{HandshakeConfig, Url};
use crate::error::FaultKind;
use crate::text::decimal;

/// The two headers that both ends send.
const UPGRADE: &[u8] = b"Upgrade: websocket\r\nConnection: Upgrade\r\n";
/// Room for a request with the usual headers.
const USUAL_SIZE: usize = 512;

/// The client's opening request (RFC 6455 §4.1).
pub(crate) fn request(output: &mut Vec<u8>, url: &Url, key: &[u8], config: &HandshakeConfig, extension: Option<&str>) {
    output.reserve(USUAL_SIZE + url.target.len());
    push(output, &[b"GET ", url.target.as_bytes(), b" HTTP/1.1\r\n"]);
    header(output, b"Host", url.authority.as_bytes());
    push(output, &[UPGRADE]);
    header(output, b"Sec-WebSocket-Key", key);
    header(output, b"Sec-WebSocket-Version", b"13");
    if let Some(origin) = &config.origin {
        header(output, b"Origin", origin.as_bytes());
    }
    if !config.subprotocols.is_empty() {
        header(output, b"Sec-WebSocket-Protocol", &config.subprotocols);
    }
    if let Some(extension) = extension {
        header(output, b"Sec-WebSocket-Extensions", extension.as_bytes());
    }
    if let Some(authorization) = &url.authorization {
        header(output, b"Authorization", authorization.as_bytes());
    }
    push(output, &[&config.headers, b"\r\n"]);
}

/// The server's 101 (RFC 6455 §4.2.2). `extra` are header lines.
pub(crate) fn switching(
    output: &mut Vec<u8>,
    accept: &[u8; 28],
    subprotocol: Option<&[u8]>,
    extension: Option<&[u8]>,
    extra: [&[u8]; 2],
) {
    push(output, &[b"HTTP/1.1 101 Switching Protocols\r\n", UPGRADE]);
    header(output, b"Sec-WebSocket-Accept", accept);
    if let Some(name) = subprotocol {
        header(output, b"Sec-WebSocket-Protocol", name);
    }
    if let Some(extension) = extension {
        header(output, b"Sec-WebSocket-Extensions", extension);
    }
    push(output, &extra);
    output.extend_from_slice(b"\r\n");
}

/// The server's refusal. It is the last response on the connection: nothing that follows is read as HTTP.
pub(crate) fn refusal(output: &mut Vec<u8>, status: u16, because: FaultKind, extra: [&[u8]; 2], body: &[u8]) {
    status_line(output, status);
    // RFC 9110 §15.5.22: a 426 names the protocol in Upgrade, and RFC 6455 §4.4 the version.
    let upgrade_required = matches!(because, FaultKind::NotAnUpgrade | FaultKind::UnsupportedVersion);
    if upgrade_required {
        header(output, b"Upgrade", b"websocket");
        header(output, b"Sec-WebSocket-Version", b"13");
    }
    if because == FaultKind::BadMethod {
        header(output, b"Allow", b"GET");
    }
    push(output, &extra);
    header(output, b"Connection", if upgrade_required { b"Upgrade, close" } else { b"close" });
    if !has_no_body(status) {
        header(output, b"Content-Length", decimal(body.len() as u64).as_bytes());
    }
    push(output, &[b"\r\n", body]);
}

pub(crate) fn push(output: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        output.extend_from_slice(part);
    }
}

pub(crate) fn header(output: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    push(output, &[name, b": ", value, b"\r\n"]);
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
