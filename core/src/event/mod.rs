//! Events as Rust sees them: a view of the records of a batch.

mod debug;
mod opening;

#[cfg(debug_assertions)]
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use crate::abi::{REGION_COUNT, Record, flag, kind, origin, region};
use crate::close::CloseCode;
use crate::error::FaultKind;
use crate::frame::MessageKind;

pub use crate::handshake::request::OriginRelation;
use opening::Details;
pub use opening::{Head, Header, Open, Rejected, Request};

/// What happened on a connection. Payloads are borrowed until the next input call.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x81\x05hello";
/// for event in connection.receive(&mut arrived, Duration::ZERO).events {
///     match event {
///         Event::Text(message) => assert_eq!(message.text, "hello"),
///         Event::Closed(closed) => println!("closed with {}", closed.code),
///         _ => {}
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A server has read a valid opening request, or another one that [it wants](crate::ConfigBuilder::deliver_http). Call
    /// [`accept`](crate::Connection::accept), [`reject`](crate::Connection::reject) or
    /// [`respond`](crate::Connection::respond): nothing more is delivered until then.
    Request(Request<'a>),
    /// The connection is open, or the tunnel is through.
    Open(Open<'a>),
    /// The server refused a client's request, or accepted it wrongly; or a proxy refused the tunnel. `Closed` comes next.
    Rejected(Rejected<'a>),
    /// A head for the host to send, where the handshake is made of fields.
    Head(Head<'a>),
    /// A text message, or a part of one.
    Text(Text<'a>),
    /// A binary message, or a part of one.
    Binary(Binary<'a>),
    /// With the option [`frames`](crate::ConfigBuilder::frames): data of a frame.
    Frame(Frame<'a>),
    /// A ping. It has been answered unless automatic pongs are off.
    Ping(Ping<'a>),
    /// A pong.
    Pong(Pong<'a>),
    /// The peer's Close frame. The host can still send. The next input call, which is due at once, sends the answer and
    /// brings `Closed`, unless automatic Close is off.
    Closing(Closing<'a>),
    /// With the option [`auto_fail`](crate::ConfigBuilder::auto_fail) off: a fault, which the host is to answer with
    /// [`fail`](crate::Connection::fail) or [`close`](crate::Connection::close), within the close deadline. It can still send
    /// messages before. What follows the fault is not read.
    Fault(ReportedFault),
    /// The last event.
    Closed(Closed<'a>),
}

/// A text message, or a part of one. A part never ends inside a code point.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x01\x03one\x80\x03two"; // a message in two frames
/// let mut events = connection.receive(&mut arrived, Duration::ZERO).events;
/// let Some(Event::Text(message)) = events.next() else { panic!("a message") };
/// assert_eq!((message.text, message.first, message.last), ("onetwo", true, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).parts(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x02\x03one\x80\x03two"; // a message in two frames
/// let mut events = connection.receive(&mut arrived, Duration::ZERO).events;
/// let Some(Event::Binary(part)) = events.next() else { panic!("the first part") };
/// assert_eq!((part.data, part.first, part.last), (&b"one"[..], true, false));
/// let Some(Event::Binary(part)) = events.next() else { panic!("the second part") };
/// assert_eq!((part.data, part.first, part.last), (&b"two"[..], false, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// Data of a frame of a message, where frames are delivered, as it arrives and after inflation.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).frames(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x01\x00\x80\x02hi"; // an empty frame, and one that ends the message
/// let events = connection.receive(&mut arrived, Duration::ZERO).events;
/// let frames: Vec<_> = events.map(|event| match event {
///     Event::Frame(frame) => (frame.data, frame.frame_end, frame.last),
///     other => panic!("{other:?}"),
/// }).collect();
/// assert_eq!(frames, [(&b""[..], true, false), (b"hi", true, true)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// Whether its message is a text. The text of all frames together is valid so far; this data may begin and end inside a
    /// code point.
    pub kind: MessageKind,
    /// The bytes.
    pub data: &'a [u8],
    /// Whether a message begins here.
    pub first: bool,
    /// Whether the message ends here.
    pub last: bool,
    /// Whether the frame ends here.
    pub frame_end: bool,
    /// Whether the message is compressed on the wire.
    pub compressed: bool,
    /// The length of the whole frame's payload on the wire, in bytes.
    pub frame_len: u64,
}

/// A fault that the host is to answer.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, FaultKind, Role};
/// # let config = Config::builder(Role::Client).start_open(true).auto_fail(false).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let now = Duration::ZERO;
/// let mut arrived = *b"\x81\x02hi\x81\x01\xff"; // a text, and what is none
/// let received = connection.receive(&mut arrived, now);
/// for event in received.events {
///     if let Event::Fault(fault) = event {
///         assert_eq!(fault.kind, FaultKind::BadText);
///         received.sender.fail(fault.code, "not UTF-8", now)?;
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedFault {
    /// The rule that was broken. [`Connection::fault`](crate::Connection::fault) has its numbers.
    pub kind: FaultKind,
    /// The close code that it calls for.
    pub code: CloseCode,
}

/// A ping.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x89\x02hi";
/// let mut events = connection.receive(&mut arrived, Duration::ZERO).events;
/// assert!(matches!(events.next(), Some(Event::Ping(ping)) if ping.payload == b"hi"));
/// drop(events);
/// assert_eq!(connection.output()[0], 0x8a); // a pong
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ping<'a> {
    /// Its payload, which the pong repeats.
    pub payload: &'a [u8],
}

/// A pong.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// connection.ping(b"hi", Duration::from_millis(100))?;
/// let mut arrived = *b"\x8a\x02hi";
/// let mut events = connection.receive(&mut arrived, Duration::from_millis(130)).events;
/// let Some(Event::Pong(pong)) = events.next() else { panic!("the answer") };
/// assert_eq!(pong.round_trip_time, Some(Duration::from_millis(30)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong<'a> {
    /// Its payload.
    pub payload: &'a [u8],
    /// The time since the latest ping, if this answers it.
    pub round_trip_time: Option<Duration>,
}

/// The peer's Close frame.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{CloseCode, Config, Connection, Event, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x88\x06\x03\xe9away";
/// let received = connection.receive(&mut arrived, Duration::ZERO);
/// for event in received.events {
///     if let Event::Closing(closing) = event {
///         assert_eq!((closing.code, closing.reason), (CloseCode::GOING_AWAY, "away"));
///         received.sender.send_text("a last word")?; // the answer to Close follows with the next input call
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closing<'a> {
    /// Its code; 1005 if it had none.
    pub code: CloseCode,
    /// Its reason.
    pub reason: &'a str,
}

/// How a connection was closed (RFC 6455 §7.1.4 to §7.1.6).
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{CloseCode, Config, Connection, Event, FaultKind, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut events = connection.receive_eof(Duration::ZERO).events; // the stream ends without Close
/// let Some(Event::Closed(closed)) = events.next() else { panic!("the end") };
/// assert_eq!((closed.code, closed.clean), (CloseCode::ABNORMAL_CLOSURE, false));
/// assert_eq!(closed.fault, Some(FaultKind::Eof));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// let mut arrived = *b"\x81\x01a\x81\x01b";
/// let events = connection.receive(&mut arrived, Duration::ZERO).events;
/// assert_eq!(events.count(), 2); // they are dropped by the next input call
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        let has_details = matches!(record.kind, kind::REQUEST | kind::OPEN | kind::REJECTED | kind::HEAD);
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

/// The event of a record that is not a message. Cold, so that a loop over messages stays short.
#[cold]
fn view<'a>(record: &Record, payload: &'a [u8], details: Details<'a>) -> Event<'a> {
    match record.kind {
        kind::REQUEST => {
            let origin_relation = match record.code {
                origin::ABSENT => OriginRelation::Absent,
                origin::SAME => OriginRelation::Same,
                _ => OriginRelation::Cross,
            };
            let fault = FaultKind::from_number(record.extra as u32);
            Event::Request(Request { target: text(payload), origin_relation, fault, details })
        }
        kind::OPEN => Event::Open(Open { details }),
        kind::REJECTED => {
            let truncated = record.flags & flag::TRUNCATED != 0;
            Event::Rejected(Rejected { status: record.code, body: payload, truncated, details })
        }
        kind::HEAD => {
            Event::Head(Head { status: Some(record.code).filter(|status| *status != 0), body: payload, details })
        }
        kind::FRAME => Event::Frame(Frame {
            kind: if record.code == 1 { MessageKind::Text } else { MessageKind::Binary },
            data: payload,
            first: record.flags & flag::FIRST != 0,
            last: record.flags & flag::LAST != 0,
            frame_end: record.flags & flag::FRAME_END != 0,
            compressed: record.flags & flag::COMPRESSED != 0,
            frame_len: record.extra,
        }),
        kind::FAULT => {
            let kind = FaultKind::from_number(record.aux).unwrap_or(FaultKind::FailedByHost);
            Event::Fault(ReportedFault { kind, code: record.code.into() })
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

/// Text that was validated when it was received, checked once more: it is short, or read once.
fn text(bytes: &[u8]) -> &str {
    crate::utf8::view(bytes).unwrap_or_default()
}
