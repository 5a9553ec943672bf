//! Events as Rust sees them: a view over the records of a batch.

use crate::batch::{Record, flag, kind, region};
use crate::error::{Fault, FaultKind};
use crate::handshake::request::OriginRelation;

pub use crate::handshake::fields::Field as Header;

/// What happened on a connection. Payloads are borrowed until the next input call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server has read a valid opening request. Call [`accept`](crate::Connection::accept) or
    /// [`reject`](crate::Connection::reject); nothing more is delivered until then.
    Request(Request<'a>),
    /// The connection is open.
    Open(Open<'a>),
    /// The server refused a client's request. `Closed` comes next.
    Rejected(Rejected<'a>),
    /// A text message, or a part of one.
    Text(Text<'a>),
    /// A binary message, or a part of one.
    Binary(Binary<'a>),
    /// A ping. It is answered already, unless automatic pongs are off.
    Ping(&'a [u8]),
    /// A pong.
    Pong(Pong<'a>),
    /// The peer's Close frame. The host can still send; the next input call, which is due at once, answers it and brings
    /// `Closed`, unless automatic Close is off.
    Closing(Closing<'a>),
    /// The last event.
    Closed(Closed<'a>),
}

/// A request to open a connection (RFC 6455 §4.2.1).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The request target: path and query, or an absolute URI.
    pub target: &'a [u8],
    /// How the Origin relates to the host the request was made to. Unless the server is meant for pages of other sites,
    /// refuse [`Cross`](OriginRelation::Cross) with 403 (RFC 6455 §10.2).
    pub origin_relation: OriginRelation,
    details: Details<'a>,
}

impl<'a> Request<'a> {
    /// Host and port that the request was made to.
    pub fn authority(&self) -> &'a [u8] {
        self.details.first(kind::AUTHORITY).unwrap_or_default()
    }

    /// The Origin header.
    pub fn origin(&self) -> Option<&'a [u8]> {
        self.details.first(kind::ORIGIN)
    }

    /// The subprotocols offered, most wanted first.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.details.of(kind::SUBPROTOCOL).map(text)
    }

    /// The subprotocol that is agreed if `accept` names none.
    pub fn preferred_subprotocol(&self) -> Option<&'a str> {
        let chosen = |record: &&Record| record.kind == kind::SUBPROTOCOL && record.flags & flag::CHOSEN != 0;
        self.details.records.iter().find(chosen).map(|record| text(self.details.payload(record)))
    }

    /// The extension offers, with their parameters.
    pub fn extensions(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.details.of(kind::EXTENSION)
    }

    /// All headers, as received.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// The opening handshake is complete.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Open<'a> {
    details: Details<'a>,
}

impl<'a> Open<'a> {
    /// The subprotocol agreed.
    pub fn subprotocol(&self) -> Option<&'a str> {
        self.details.first(kind::SUBPROTOCOL).map(text)
    }

    /// The extensions agreed, with their parameters.
    pub fn extensions(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.details.of(kind::EXTENSION)
    }

    /// The headers of the response, on a client.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A server's refusal.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rejected<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it was kept.
    pub body: &'a [u8],
    /// Whether the body is not all of it: it was longer than the limit, or the stream ended early.
    pub truncated: bool,
    details: Details<'a>,
}

impl<'a> Rejected<'a> {
    /// The headers of the response.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A text message, or a part of one: a part never cuts a code point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether a message begins here. Always true unless parts are asked for.
    pub first: bool,
    /// Whether it ends here.
    pub last: bool,
}

/// A binary message, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binary<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// Whether a message begins here. Always true unless parts are asked for.
    pub first: bool,
    /// Whether it ends here.
    pub last: bool,
}

/// A pong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong<'a> {
    /// Its payload.
    pub payload: &'a [u8],
    /// Milliseconds since the latest ping, if this answers it.
    pub round_trip_time: Option<u64>,
}

/// The peer's Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closing<'a> {
    /// Its code; 1005 if it had none.
    pub code: u16,
    /// Its reason.
    pub reason: &'a str,
}

/// How a connection ended (RFC 6455 §7.1.4 to §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed<'a> {
    /// The code of the peer's Close frame; 1005 if it had none, 1006 if there was no such frame.
    pub code: u16,
    /// The peer's reason.
    pub reason: &'a str,
    /// Whether a Close frame was sent and one received.
    pub clean: bool,
    /// Whether the peer began it: by its Close frame, its fault, or the end of its stream.
    pub by_peer: bool,
    /// The code that was sent to the peer, if a Close frame was sent; 1005 if it had none.
    pub sent: Option<u16>,
    /// What went wrong, if something did. [`Connection::fault`](crate::Connection::fault) has its numbers.
    pub fault: Option<FaultKind>,
}

/// An iterator over the events of a batch.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    records: &'a [Record],
    regions: [&'a [u8]; region::COUNT],
    /// The input region has been borrowed since the engine read it.
    input_is_unchanged: bool,
}

impl<'a> Events<'a> {
    pub(crate) fn new(records: &'a [Record], regions: [&'a [u8]; region::COUNT]) -> Self {
        Events { records, regions, input_is_unchanged: false }
    }

    /// Of records whose input has been borrowed, by the host's call, from before it was read until now.
    pub(crate) fn of_unchanged(records: &'a [Record], regions: [&'a [u8]; region::COUNT]) -> Self {
        Events { records, regions, input_is_unchanged: true }
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    #[inline]
    fn next(&mut self) -> Option<Event<'a>> {
        let (record, rest) = self.records.split_first()?;
        let (first, last) = (record.flags & flag::FIRST != 0, record.flags & flag::LAST != 0);
        match record.kind {
            kind::TEXT => {
                self.records = rest;
                Some(Event::Text(Text { text: self.text(record), first, last }))
            }
            kind::BINARY => {
                self.records = rest;
                Some(Event::Binary(Binary { data: self.payload(record), first, last }))
            }
            _ => self.next_of_the_rest(),
        }
    }
}

impl<'a> Events<'a> {
    /// The text of a TEXT record, which was validated when the record was made.
    #[allow(unsafe_code)]
    #[inline]
    fn text(&self, record: &Record) -> &'a str {
        let bytes = self.payload(record);
        if record.flags & flag::REGION == region::INPUT && !self.input_is_unchanged {
            return text(bytes);
        }
        // SAFETY: a TEXT record is made only for bytes that are a text, or the part of one between two code points; those
        // of the connection's own regions nobody else can change, those of the input nobody could.
        unsafe { crate::utf8::view_unchecked(bytes) }
    }

    #[inline]
    fn payload(&self, record: &Record) -> &'a [u8] {
        let region = match record.flags & flag::REGION {
            region::INPUT => self.regions[0],
            region::STORE => self.regions[1],
            _ => self.regions[2],
        };
        slice(region, record.offset, record.len)
    }

    /// The next event, which is not a message: with details, or of a kind that this version does not know.
    fn next_of_the_rest(&mut self) -> Option<Event<'a>> {
        loop {
            let (record, rest) = self.records.split_first()?;
            let has_details = matches!(record.kind, kind::REQUEST | kind::OPEN | kind::REJECTED);
            let (details, rest) = rest.split_at(if has_details { record.aux as usize } else { 0 });
            self.records = rest;
            let details = Details { records: details, side: self.regions[2] };
            if let Some(event) = view(record, self.payload(record), details) {
                return Some(event);
            }
        }
    }
}

fn slice(region: &[u8], offset: u64, len: u64) -> &[u8] {
    let from = region.get(offset as usize..).unwrap_or_default();
    from.get(..len as usize).unwrap_or_default()
}

fn view<'a>(record: &Record, payload: &'a [u8], details: Details<'a>) -> Option<Event<'a>> {
    let (first, last) = (record.flags & flag::FIRST != 0, record.flags & flag::LAST != 0);
    Some(match record.kind {
        kind::REQUEST => {
            let origin_relation = match record.code {
                crate::batch::origin::ABSENT => OriginRelation::Absent,
                crate::batch::origin::SAME => OriginRelation::Same,
                _ => OriginRelation::Cross,
            };
            Event::Request(Request { target: payload, origin_relation, details })
        }
        kind::OPEN => Event::Open(Open { details }),
        kind::REJECTED => {
            let truncated = record.flags & flag::TRUNCATED != 0;
            Event::Rejected(Rejected { status: record.code, body: payload, truncated, details })
        }
        kind::TEXT => Event::Text(Text { text: text(payload), first, last }),
        kind::BINARY => Event::Binary(Binary { data: payload, first, last }),
        kind::PING => Event::Ping(payload),
        kind::PONG => {
            Event::Pong(Pong { payload, round_trip_time: Some(record.extra).filter(|time| *time != u64::MAX) })
        }
        kind::CLOSING => Event::Closing(Closing { code: record.code, reason: text(payload) }),
        kind::CLOSED => Event::Closed(Closed {
            code: record.code,
            reason: text(payload),
            clean: record.flags & flag::CLEAN != 0,
            by_peer: record.flags & flag::BY_PEER != 0,
            sent: u16::try_from(record.extra).ok().filter(|code| *code != 0),
            fault: FaultKind::from_number(record.aux),
        }),
        _ => return None,
    })
}

/// The records that follow an event and belong to it. What they refer to lies in the side buffer.
#[derive(Clone, Copy, Debug)]
struct Details<'a> {
    records: &'a [Record],
    side: &'a [u8],
}

impl<'a> Details<'a> {
    fn payload(&self, record: &Record) -> &'a [u8] {
        slice(self.side, record.offset, record.len)
    }

    fn of(self, kind: u8) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.records.iter().filter(move |record| record.kind == kind).map(move |record| self.payload(record))
    }

    fn first(self, kind: u8) -> Option<&'a [u8]> {
        self.of(kind).next()
    }

    fn headers(self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.records.iter().filter(|record| record.kind == kind::HEADER).map(move |record| Header {
            name: slice(self.side, record.offset, u64::from(record.aux)),
            value: slice(self.side, record.extra, record.len),
        })
    }
}

/// Text that the engine has validated. Checking it again is what safe code costs; an input that is not the one the
/// events came from gives an empty text.
fn text(bytes: &[u8]) -> &str {
    crate::utf8::view(bytes).unwrap_or_default()
}

impl Closed<'_> {
    /// The close code that the fault implies, if it implies one.
    pub fn fault_close_code(&self) -> Option<u16> {
        self.fault.and_then(|kind| Fault::from(kind).close_code())
    }
}
