//! Heads that the engine sends, a client's request and a server's responses: as the text of HTTP/1.1, or as lines of fields
//! for the host to send.

use alloc::string::String;
use alloc::vec::Vec;

use super::body::has_no_body;
use super::fields::HttpVersion;
use super::{HandshakeConfig, Url};
use crate::error::FaultKind;
use crate::text::decimal;

/// The two headers that both ends send in HTTP/1.1.
const UPGRADE: &[u8] = b"Upgrade: websocket\r\nConnection: Upgrade\r\n";
/// Room for a request with the headers that a handshake needs, without what they hold.
const USUAL_SIZE: usize = 320;

/// Whether the head is of HTTP/1.1, as text or as fields.
fn is_http11(carrier: Option<HttpVersion>) -> bool {
    carrier.is_none_or(|version| version == HttpVersion::Http11)
}

/// The client's opening request (RFC 6455 §4.1, RFC 8441 §4).
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    pub(crate) key: &'a [u8; 24],
    pub(crate) config: &'a HandshakeConfig,
    /// The extension that is offered.
    pub(crate) extension: Option<&'a str>,
}

impl Request<'_> {
    /// How many bytes it has at most.
    pub(crate) fn room(&self) -> usize {
        let Request { url, config, extension, .. } = self;
        let texts = [config.origin.as_ref(), url.authorization.as_ref()].map(|text| text.map_or(0, String::len));
        let lists = config.subprotocols.len() + config.headers.len() + extension.map_or(0, str::len);
        USUAL_SIZE + url.target.len() + url.authority.len() + texts.iter().sum::<usize>() + lists
    }

    /// Writes it where there is room for it.
    pub(crate) fn write(&self, carrier: Option<HttpVersion>, output: &mut Vec<u8>) {
        let Request { url, key, config, extension } = *self;
        request_line(url, carrier, output);
        if is_http11(carrier) {
            header(output, b"Host", url.authority.as_bytes());
            push(output, &[UPGRADE]);
            header(output, b"Sec-WebSocket-Key", key);
        }
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
        push(output, &[&config.headers]);
        end(output, carrier);
    }
}

/// The request line, or the pseudo-header fields.
fn request_line(url: &Url, carrier: Option<HttpVersion>, output: &mut Vec<u8>) {
    let (target, authority) = (url.target.as_bytes(), url.authority.as_bytes());
    match carrier {
        None => push(output, &[b"GET ", target, b" HTTP/1.1\r\n"]),
        Some(HttpVersion::Http11) => push(output, &[b":method: GET\r\n:path: ", target, b"\r\n"]),
        Some(_) => {
            let scheme: &[u8] = if url.secure { b"https" } else { b"http" };
            push(output, &[b":method: CONNECT\r\n:protocol: websocket\r\n:scheme: ", scheme, b"\r\n:path: ", target]);
            push(output, &[b"\r\n:authority: ", authority, b"\r\n"]);
        }
    }
}

/// The server's response that accepts (RFC 6455 §4.2.2, RFC 8441 §5). `extra` are header lines.
pub(crate) fn switching(
    output: &mut Vec<u8>,
    carrier: Option<HttpVersion>,
    accept: &[u8; 28],
    subprotocol: Option<&[u8]>,
    extension: Option<&[u8]>,
    extra: [&[u8]; 2],
) {
    if carrier.is_none() {
        push(output, &[b"HTTP/1.1 101 Switching Protocols\r\n"]);
    }
    if is_http11(carrier) {
        push(output, &[UPGRADE]);
        header(output, b"Sec-WebSocket-Accept", accept);
    }
    if let Some(name) = subprotocol {
        header(output, b"Sec-WebSocket-Protocol", name);
    }
    if let Some(extension) = extension {
        header(output, b"Sec-WebSocket-Extensions", extension);
    }
    push(output, &extra);
    end(output, carrier);
}

/// A response that opens no connection.
#[derive(Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// The reason phrase; empty for the usual one.
    pub(crate) reason: &'a [u8],
    /// Why it is sent.
    pub(crate) because: FaultKind,
    pub(crate) body: &'a [u8],
}

/// The head of that response. It is the last one on the connection: nothing that follows is read as HTTP.
pub(crate) fn response(output: &mut Vec<u8>, carrier: Option<HttpVersion>, response: &Response<'_>, extra: [&[u8]; 2]) {
    let Response { status, reason, because, body } = *response;
    if carrier.is_none() {
        let digits = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + digit as u8);
        let reason = if reason.is_empty() { usual_reason(status).as_bytes() } else { reason };
        push(output, &[b"HTTP/1.1 ", &digits, b" ", reason, b"\r\n"]);
    }
    // RFC 9110 §15.5.22: a 426 names the protocol in Upgrade. RFC 6455 §4.4: it names the version, and so does any response
    // to a request of another version.
    let upgrade_required = status == 426;
    if upgrade_required && is_http11(carrier) {
        header(output, b"Upgrade", b"websocket");
    }
    if upgrade_required || because == FaultKind::UnsupportedVersion {
        header(output, b"Sec-WebSocket-Version", b"13");
    }
    if because == FaultKind::BadMethod {
        header(output, b"Allow", b"GET");
    }
    push(output, &extra);
    if is_http11(carrier) {
        header(output, b"Connection", if upgrade_required { b"Upgrade, close" } else { b"close" });
    }
    if !has_no_body(status) {
        header(output, b"Content-Length", decimal(body.len() as u64).as_bytes());
    }
    end(output, carrier);
}

pub(crate) fn push(output: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        output.extend_from_slice(part);
    }
}

pub(crate) fn header(output: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    push(output, &[name, b": ", value, b"\r\n"]);
}

/// Ends a head of text.
fn end(output: &mut Vec<u8>, carrier: Option<HttpVersion>) {
    if carrier.is_none() {
        push(output, &[b"\r\n"]);
    }
}

/// The phrases of RFC 9110 §15 and RFC 6585 for what servers often answer. There need not be one (RFC 9112 §4).
fn usual_reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        426 => "Upgrade Required",
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
