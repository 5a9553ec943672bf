//! The heads of the opening handshake, kept.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use sansock::event::{Header, OriginRelation};
use sansock::{DeflateLimit, FaultKind, event};

/// A client's opening request (RFC 6455 §4.2.1), as a server sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The method: GET, or CONNECT over HTTP/2. Another one can arrive only with the option `deliver_http`.
    pub method: String,
    /// The request target: path and query.
    pub target: String,
    /// The host and port that the request was made to.
    pub authority: String,
    /// The Origin header, which browsers send.
    pub origin: Option<String>,
    /// How the Origin header relates to the authority.
    pub origin_relation: OriginRelation,
    /// The subprotocols that the client offers, in its order of preference.
    pub subprotocols: Vec<String>,
    /// The extensions that the client offers, with their parameters.
    pub extensions: Vec<String>,
    /// All headers.
    pub headers: HeaderMap,
    /// Why this request cannot be accepted: with the option `deliver_http`, requests arrive that are no valid opening requests.
    pub fault: Option<FaultKind>,
}

impl Request {
    /// Whether the request was not made by a page of another site: its Origin header is absent, or names the host that the
    /// request was made to (RFC 6455 §10.2).
    pub fn same_origin(&self) -> bool {
        self.origin_relation != OriginRelation::Cross
    }

    /// The path of the target, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query of the target, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    pub(crate) fn of(request: &event::Request<'_>) -> Self {
        Request {
            method: request.method().to_owned(),
            target: request.target.to_owned(),
            authority: request.authority().to_owned(),
            origin: request.origin().map(str::to_owned),
            origin_relation: request.origin_relation,
            subprotocols: request.subprotocols().map(str::to_owned).collect(),
            extensions: request.extensions().map(str::to_owned).collect(),
            headers: header_map(request.headers()),
            fault: request.fault(),
        }
    }
}

/// A server's answer to a request.
///
/// ```
/// use sansock_tokio::{Answer, Request};
///
/// fn answer(request: &Request) -> Answer {
///     match request.path() {
///         "/chat" => Answer::accept().subprotocol("chat").header("Set-Cookie", "session=1"),
///         _ => Answer::reject(404, "no such page\n"),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is to be returned, or passed to `Incoming::answer`"]
pub struct Answer {
    /// `None` accepts.
    pub(crate) status: Option<u16>,
    pub(crate) subprotocol: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) deflate: Vec<DeflateLimit>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Accepts. The subprotocol is the first of those in the configuration that the client offers.
    pub fn accept() -> Self {
        Answer { status: None, subprotocol: None, headers: Vec::new(), deflate: Vec::new(), body: Bytes::new() }
    }

    /// Refuses with an HTTP status and a body; or answers a plain request, with the option
    /// [`deliver_http`](sansock::config::ConfigBuilder::deliver_http). The status is 200 to 599.
    pub fn reject(status: u16, body: impl Into<Bytes>) -> Self {
        Answer { status: Some(status), body: body.into(), ..Answer::accept() }
    }

    /// Agrees on this subprotocol, which must be one of those offered.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocol = Some(name.into());
        self
    }

    /// Declines or narrows the compression of this connection, whatever the options allow. All limits hold together.
    ///
    /// ```
    /// use sansock_tokio::{Answer, DeflateLimit};
    ///
    /// let answer = Answer::accept().limit_deflate(DeflateLimit::ServerNoContextTakeover);
    /// ```
    pub fn limit_deflate(mut self, limit: DeflateLimit) -> Self {
        self.deflate.push(limit);
        self
    }

    /// Adds a header to the response: one that [`ConfigBuilder::header`](sansock::config::ConfigBuilder::header) takes.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What was agreed on when the connection opened (RFC 6455 §4.2.2).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Response {
    /// The subprotocol agreed.
    pub subprotocol: Option<String>,
    /// The extensions agreed, with their parameters.
    pub extensions: Vec<String>,
    /// The headers of the server's response, on a client.
    pub headers: HeaderMap,
}

impl Response {
    pub(crate) fn of(open: &event::Open<'_>) -> Self {
        Response {
            subprotocol: open.subprotocol().map(str::to_owned),
            extensions: open.extensions().map(str::to_owned).collect(),
            headers: header_map(open.headers()),
        }
    }
}

/// A server's response that opens no connection, as its client sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status. If it is 101 (200 over HTTP/2) the response accepts the request and breaks RFC 6455: see `fault`.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to the option `max_body_size`.
    pub body: Bytes,
    /// Whether a part of the body is missing.
    pub truncated: bool,
    /// The rule that the response breaks, or [`FaultKind::HttpStatus`].
    pub fault: FaultKind,
}

impl Refusal {
    pub(crate) fn of(rejected: &event::Rejected<'_>) -> Self {
        Refusal {
            status: rejected.status,
            headers: header_map(rejected.headers()),
            body: Bytes::copy_from_slice(rejected.body),
            truncated: rejected.truncated,
            fault: FaultKind::HttpStatus,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered with status {}: {}", self.status, self.fault.text())
    }
}

/// Headers as the crate `http` has them. The engine has checked names and values by the same grammar.
pub(crate) fn header_map<'a>(headers: impl Iterator<Item = Header<'a>>) -> HeaderMap {
    let parsed = headers.filter_map(|header| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(header.value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in parsed {
        map.append(name, value);
    }
    map
}
