//! The events of the opening handshake, which have details: headers and what they say.

use super::{OriginRelation, slice, text};
use crate::abi::{Record, flag, kind};
use crate::error::FaultKind;

/// A request to open a connection (RFC 6455 §4.2.1).
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Connection, Error, event::Request};
/// /// Whether to accept: a decision of the host's.
/// fn accepts(request: &Request<'_>) -> bool {
///     request.same_origin() && request.target == "/chat" && request.subprotocols().any(|name| name == "v2.chat")
/// }
/// # let config = sansock::Config::server().build()?;
/// # let mut server = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// # let mut bytes = *b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
/// #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v2.chat\r\n\r\n";
/// # let mut events = server.receive(&mut bytes, Duration::ZERO).events;
/// # assert!(events.any(|event| matches!(event, sansock::Event::Request(request) if accepts(&request))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The request target: path and query, or an absolute URI.
    pub target: &'a str,
    /// How the Origin header relates to the host that the request was made to.
    pub origin_relation: OriginRelation,
    pub(super) fault: Option<FaultKind>,
    pub(super) details: Details<'a>,
}

impl<'a> Request<'a> {
    /// Whether the request was not made by a page of another site: its Origin header is absent, or names the host that the
    /// request was made to. Refuse a request with 403 if this is false, unless pages of other sites may connect (RFC 6455
    /// §10.2).
    pub fn same_origin(&self) -> bool {
        self.origin_relation != OriginRelation::Cross
    }

    /// Why this request cannot be accepted: with the option [`deliver_http`](crate::ConfigBuilder::deliver_http), requests are
    /// delivered that are no valid opening requests. [`FaultKind::answer`] has the status for a refusal;
    /// [`respond`](crate::Connection::respond) takes any. `None` for all others.
    pub fn fault(&self) -> Option<FaultKind> {
        self.fault
    }

    /// The method: GET if [`fault`](Self::fault) is `None`, or CONNECT over HTTP/2 and HTTP/3.
    pub fn method(&self) -> &'a str {
        self.details.first(kind::METHOD).map_or("GET", text)
    }

    /// The host and port that the request was made to. Empty if a request of HTTP/1.0 does not name them.
    pub fn authority(&self) -> &'a str {
        self.details.first(kind::AUTHORITY).map(text).unwrap_or_default()
    }

    /// The Origin header.
    pub fn origin(&self) -> Option<&'a str> {
        self.details.first(kind::ORIGIN).map(text)
    }

    /// The subprotocols that the client offers, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.details.of(kind::SUBPROTOCOL).map(text)
    }

    /// The subprotocol that is agreed if `accept` names none.
    pub fn preferred_subprotocol(&self) -> Option<&'a str> {
        let chosen = |record: &&Record| record.kind == kind::SUBPROTOCOL && record.flags & flag::CHOSEN != 0;
        self.details.records.iter().find(chosen).map(|record| text(self.details.payload(record)))
    }

    /// The extensions that the client offers, with their parameters.
    pub fn extensions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.details.of(kind::EXTENSION).map(text)
    }

    /// All headers, as received.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// The opening handshake is complete.
///
/// ```
/// # use sansock::event::Open;
/// fn is_compressed(open: &Open<'_>) -> bool {
///     open.extensions().any(|extension| extension.starts_with("permessage-deflate"))
/// }
/// # use core::time::Duration;
/// # let mut client = sansock::Connection::new(&sansock::Config::client("ws://a/").build()?, [0; 32], Duration::ZERO)?;
/// # let mut server = sansock::Connection::new(&sansock::Config::server().build()?, [1; 32], Duration::ZERO)?;
/// # server.receive(&mut client.output().to_vec(), Duration::ZERO).events.for_each(drop);
/// # server.accept(None, Duration::ZERO)?.events.for_each(drop);
/// # let mut bytes = server.output().to_vec();
/// # let mut events = client.receive(&mut bytes, Duration::ZERO).events;
/// # assert!(events.any(|event| matches!(event, sansock::Event::Open(open) if !is_compressed(&open))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Open<'a> {
    pub(super) details: Details<'a>,
}

impl<'a> Open<'a> {
    /// The subprotocol agreed.
    pub fn subprotocol(&self) -> Option<&'a str> {
        self.details.first(kind::SUBPROTOCOL).map(text)
    }

    /// The extensions agreed, with their parameters.
    pub fn extensions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.details.of(kind::EXTENSION).map(text)
    }

    /// The headers of the response, on a client.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A server's refusal; or a response that accepts and breaks RFC 6455, if its status is 101 (200 over HTTP/2 and HTTP/3): then
/// `Closed` says how.
///
/// ```
/// # use sansock::event::Rejected;
/// /// Where to connect instead, if the server said so.
/// fn location<'a>(rejected: &Rejected<'a>) -> Option<&'a [u8]> {
///     let is_redirect = (300..400).contains(&rejected.status);
///     let header = rejected.headers().find(|header| header.name.eq_ignore_ascii_case("Location"))?;
///     is_redirect.then_some(header.value)
/// }
/// # use core::time::Duration;
/// # let mut client = sansock::Connection::new(&sansock::Config::client("ws://a/").build()?, [0; 32], Duration::ZERO)?;
/// # let mut bytes = *b"HTTP/1.1 302 Found\r\nLocation: ws://b/\r\nContent-Length: 0\r\n\r\n";
/// # let mut events = client.receive(&mut bytes, Duration::ZERO).events;
/// # let Some(sansock::Event::Rejected(rejected)) = events.next() else { panic!("it is refused") };
/// # assert_eq!(location(&rejected), Some(&b"ws://b/"[..]));
/// # events.for_each(drop);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rejected<'a> {
    /// The HTTP status; of a tunnel through SOCKS, the code of the reply.
    pub status: u16,
    /// The body, as far as it was kept.
    pub body: &'a [u8],
    /// Whether a part of the body is missing: it was longer than the limit, or the stream ended early.
    pub truncated: bool,
    pub(super) details: Details<'a>,
}

impl<'a> Rejected<'a> {
    /// The reason phrase; empty if there is none.
    pub fn reason(&self) -> &'a [u8] {
        self.details.first(kind::REASON).unwrap_or_default()
    }

    /// The headers of the response.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A head for the host to send, where the handshake is made of fields: see
/// [`Connection::receive_request`](crate::Connection::receive_request).
///
/// ```
/// # #[cfg(feature = "fields")] {
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, HttpVersion};
/// # let now = Duration::ZERO;
/// # let mut client = Connection::new(&Config::client("ws://a/").build()?, [0; 32], now)?;
/// let mut events = client.request_fields(HttpVersion::Http11, now)?.events;
/// let Some(Event::Head(head)) = events.next() else { panic!("the request") };
/// let names: Vec<&str> = head.headers().map(|header| header.name).collect();
/// assert_eq!(names[..4], [":method", ":path", "host", "upgrade"]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The status of a server's response; `None` for a client's request.
    pub status: Option<u16>,
    /// The body of a response that opens no connection.
    pub body: &'a [u8],
    pub(super) details: Details<'a>,
}

impl<'a> Head<'a> {
    /// The fields, with names in lower case. Those of a request begin with its pseudo-header fields.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A header, as received.
///
/// ```
/// # use sansock::event::{Header, Request};
/// fn user_agent<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
///     let header = |header: &Header<'_>| header.name.eq_ignore_ascii_case("User-Agent");
///     request.headers().find(header).map(|header| header.value)
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The name. Its case means nothing.
    pub name: &'a str,
    /// The value, without the white space around it.
    pub value: &'a [u8],
}

/// The records that follow an event and belong to it. They refer to the scratch buffer.
#[derive(Clone, Copy)]
pub(super) struct Details<'a> {
    pub(super) records: &'a [Record],
    pub(super) scratch: &'a [u8],
}

impl<'a> Details<'a> {
    fn payload(&self, record: &Record) -> &'a [u8] {
        slice(self.scratch, record.offset, record.len)
    }

    fn of(self, kind: u8) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.records.iter().filter(move |record| record.kind == kind).map(move |record| self.payload(record))
    }

    fn first(self, kind: u8) -> Option<&'a [u8]> {
        self.of(kind).next()
    }

    pub(super) fn headers(self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.records.iter().filter(|record| record.kind == kind::HEADER).map(move |record| Header {
            name: text(slice(self.scratch, record.offset, u64::from(record.aux))),
            value: slice(self.scratch, record.extra, record.len),
        })
    }
}
