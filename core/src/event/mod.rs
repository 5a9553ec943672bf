//! Events as Rust sees them: a view of the records of a batch.

mod debug;

#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use crate::abi::{REGION_COUNT, Record, flag, kind, origin, region};
use crate::close::CloseCode;
use crate::error::FaultKind;

pub use crate::handshake::request::OriginRelation;

/// What happened on a connection. Payloads are borrowed until the next input call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server has read a valid opening request. Call [`accept`](crate::Connection::accept) or
    /// [`reject`](crate::Connection::reject): nothing more is delivered until then.
    Request(Request<'a>),
    /// The connection is open.
    Open(Open<'a>),
    /// The server refused a client's request. `Closed` comes next.
    Rejected(Rejected<'a>),
    /// A text message, or a part of one.
    Text(Text<'a>),
    /// A binary message, or a part of one.
    Binary(Binary<'a>),
    /// A ping. It has been answered unless automatic pongs are off.
    Ping(Ping<'a>),
    /// A pong.
    Pong(Pong<'a>),
    /// The peer's Close frame. The host can still send. The next input call, which is due at once, sends the answer and
    /// brings `Closed`, unless automatic Close is off.
    Closing(Closing<'a>),
    /// The last event.
    Closed(Closed<'a>),
}

/// A request to open a connection (RFC 6455 §4.2.1).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Request<'a> {
    /// The request target: path and query, or an absolute URI.
    pub target: &'a str,
    /// How the Origin header relates to the host that the request was made to.
    pub origin_relation: OriginRelation,
    details: Details<'a>,
}

impl<'a> Request<'a> {
    /// Whether the request was not made by a page of another site: its Origin header is absent, or names the host that the
    /// request was made to. Refuse a request with 403 if this is false, unless pages of other sites may connect (RFC 6455
    /// §10.2).
    pub fn same_origin(&self) -> bool {
        self.origin_relation != OriginRelation::Cross
    }

    /// The host and port that the request was made to.
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
#[derive(Clone, Copy)]
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
    pub fn extensions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.details.of(kind::EXTENSION).map(text)
    }

    /// The headers of the response, on a client.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A server's refusal.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rejected<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it was kept.
    pub body: &'a [u8],
    /// Whether a part of the body is missing: it was longer than the limit, or the stream ended early.
    pub truncated: bool,
    details: Details<'a>,
}

impl<'a> Rejected<'a> {
    /// The headers of the response.
    pub fn headers(&self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.details.headers()
    }
}

/// A header, as received.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The name. Its case means nothing.
    pub name: &'a str,
    /// The value, without the white space around it.
    pub value: &'a [u8],
}

/// A text message, or a part of one. A part never ends inside a code point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text<'a> {
    /// The text.
    pub text: &'a str,
    /// Whether a message begins here. Always true unless parts are delivered.
    pub first: bool,
    /// Whether the message ends here.
    pub last: bool,
}

/// A binary message, or a part of one.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binary<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// Whether a message begins here. Always true unless parts are delivered.
    pub first: bool,
    /// Whether the message ends here.
    pub last: bool,
}

/// A ping.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ping<'a> {
    /// Its payload, which the pong repeats.
    pub payload: &'a [u8],
}

/// A pong.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong<'a> {
    /// Its payload.
    pub payload: &'a [u8],
    /// The time since the latest ping, if this answers it.
    pub round_trip_time: Option<Duration>,
}

/// The peer's Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closing<'a> {
    /// Its code; 1005 if it had none.
    pub code: CloseCode,
    /// Its reason.
    pub reason: &'a str,
}

/// How a connection was closed (RFC 6455 §7.1.4 to §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed<'a> {
    /// The code of the peer's Close frame; 1005 if it had none, 1006 if there was no such frame.
    pub code: CloseCode,
    /// The peer's reason.
    pub reason: &'a str,
    /// Whether a Close frame was sent and one received.
    pub clean: bool,
    /// Whether the peer began it: by its Close frame, its fault, or the end of its stream.
    pub by_peer: bool,
    /// The code of the Close frame that was sent, if there was one; 1005 if it had none.
    pub close_sent: Option<CloseCode>,
    /// What went wrong, if something did. [`Connection::fault`](crate::Connection::fault) has its numbers.
    pub fault: Option<FaultKind>,
}

/// An iterator over the events of a batch.
#[derive(Clone)]
pub struct Events<'a> {
    records: &'a [Record],
    regions: [&'a [u8]; REGION_COUNT],
    /// Whether the batch has not been read yet.
    #[cfg(debug_assertions)]
    unread: &'a AtomicBool,
}

impl<'a> Events<'a> {
    /// Of records that refer to these regions, none of which has changed since they were made.
    #[inline]
    pub(crate) fn new(
        records: &'a [Record],
        regions: [&'a [u8]; REGION_COUNT],
        #[cfg(debug_assertions)] unread: &'a AtomicBool,
    ) -> Self {
        Events {
            records,
            regions,
            #[cfg(debug_assertions)]
            unread,
        }
    }

    #[inline]
    fn mark_read(&self) {
        #[cfg(debug_assertions)]
        self.unread.store(false, Ordering::Relaxed);
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    #[inline]
    fn next(&mut self) -> Option<Event<'a>> {
        self.mark_read();
        let (record, remaining) = self.records.split_first()?;
        let (first, last) = (record.flags & flag::FIRST != 0, record.flags & flag::LAST != 0);
        match record.kind {
            kind::TEXT => {
                self.records = remaining;
                Some(Event::Text(Text { text: self.text(record), first, last }))
            }
            kind::BINARY => {
                self.records = remaining;
                Some(Event::Binary(Binary { data: self.payload(record), first, last }))
            }
            _ => self.next_other(),
        }
    }
}

impl<'a> Events<'a> {
    /// The text of a TEXT record, which was validated when the record was made.
    #[allow(unsafe_code)]
    #[inline]
    fn text(&self, record: &Record) -> &'a str {
        // SAFETY: a TEXT record is made only for bytes that are a text, or the part of one between two code points, and the
        // regions have not changed since.
        unsafe { crate::utf8::view_unchecked(self.payload(record)) }
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

    /// The next event, which is not a message.
    fn next_other(&mut self) -> Option<Event<'a>> {
        let (record, remaining) = self.records.split_first()?;
        let has_details = matches!(record.kind, kind::REQUEST | kind::OPEN | kind::REJECTED);
        let (details, remaining) = remaining.split_at(if has_details { record.aux as usize } else { 0 });
        self.records = remaining;
        let details = Details { records: details, scratch: self.regions[2] };
        Some(view(record, self.payload(record), details))
    }
}

fn slice(region: &[u8], offset: u64, len: u64) -> &[u8] {
    let from = region.get(offset as usize..).unwrap_or_default();
    from.get(..len as usize).unwrap_or_default()
}

/// The event of a record that is not a message.
fn view<'a>(record: &Record, payload: &'a [u8], details: Details<'a>) -> Event<'a> {
    match record.kind {
        kind::REQUEST => {
            let origin_relation = match record.code {
                origin::ABSENT => OriginRelation::Absent,
                origin::SAME => OriginRelation::Same,
                _ => OriginRelation::Cross,
            };
            Event::Request(Request { target: text(payload), origin_relation, details })
        }
        kind::OPEN => Event::Open(Open { details }),
        kind::REJECTED => {
            let truncated = record.flags & flag::TRUNCATED != 0;
            Event::Rejected(Rejected { status: record.code, body: payload, truncated, details })
        }
        kind::PING => Event::Ping(Ping { payload }),
        kind::PONG => {
            let known = Some(record.extra).filter(|time| *time != u64::MAX);
            Event::Pong(Pong { payload, round_trip_time: known.map(Duration::from_millis) })
        }
        kind::CLOSING => Event::Closing(Closing { code: record.code.into(), reason: text(payload) }),
        _ => Event::Closed(Closed {
            code: record.code.into(),
            reason: text(payload),
            clean: record.flags & flag::CLEAN != 0,
            by_peer: record.flags & flag::BY_PEER != 0,
            close_sent: u16::try_from(record.extra).ok().filter(|code| *code != 0).map(CloseCode::from),
            fault: FaultKind::from_number(record.aux),
        }),
    }
}

/// The records that follow an event and belong to it. They refer to the scratch buffer.
#[derive(Clone, Copy)]
struct Details<'a> {
    records: &'a [Record],
    scratch: &'a [u8],
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

    fn headers(self) -> impl Iterator<Item = Header<'a>> + use<'a> {
        self.records.iter().filter(|record| record.kind == kind::HEADER).map(move |record| Header {
            name: text(slice(self.scratch, record.offset, u64::from(record.aux))),
            value: slice(self.scratch, record.extra, record.len),
        })
    }
}

/// Text that was validated when it was received, checked once more: it is short, or read once.
fn text(bytes: &[u8]) -> &str {
    crate::utf8::view(bytes).unwrap_or_default()
}
