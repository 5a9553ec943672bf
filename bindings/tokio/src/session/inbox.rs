//! What the events of a connection leave behind.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use sansock::{CloseCode, Event, MessageKind, Received};

use crate::error::Closed;
use crate::events::{Controls, Event as Arrived};
use crate::handshake::{Refusal, Request, Response, header_map};
use crate::message::Message;
use crate::session::buffers::{self, Partial};

/// A payload of at least this many bytes, and not a smaller part of the buffer that it was read into, stays there; a smaller one is
/// copied, so that it does not hold a whole buffer in memory.
const SHARED_FROM: usize = 4096;
const SHARED_PART: usize = 32;
/// What has arrived and was not taken yet, and what is known of the connection.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) messages: VecDeque<Message>,
    message_bytes: usize,
    /// How many messages have been taken.
    taken: u64,
    pub(crate) controls: Controls,
    /// A message of which parts have arrived: a text, or bytes.
    partial_text: String,
    pub(super) partial: Partial,
    /// Whether messages are dropped, because nobody receives them any more.
    pub(crate) is_abandoned: bool,
    pub(crate) request: Option<Arc<Request>>,
    pub(crate) response: Option<Arc<Response>>,
    pub(crate) rejected: Option<Box<Refusal>>,
    pub(crate) head: Option<Head>,
    pub(crate) closed: Option<Closed>,
    /// The close code that a fault calls for, where the engine leaves that to its host.
    pub(super) fault_code: Option<CloseCode>,
    pub(crate) latency: Option<Duration>,
}

/// A head to send, where the handshake is made of fields.
pub(crate) struct Head {
    #[cfg_attr(not(feature = "hyper"), expect(dead_code, reason = "only hyper sends heads"))]
    pub(crate) status: Option<u16>,
    #[cfg_attr(not(feature = "hyper"), expect(dead_code, reason = "only hyper sends heads"))]
    pub(crate) headers: HeaderMap,
    #[cfg_attr(not(feature = "hyper"), expect(dead_code, reason = "only hyper sends heads"))]
    pub(crate) body: Bytes,
}

/// What of a batch stays in the input until its events have been read.
pub(super) struct Kept {
    /// Where the input lies in memory: an event says only where its payload does.
    input: Range<usize>,
    /// A payload of at least this many bytes is worth to be kept there.
    shared_from: usize,
    /// In the order in which it was found.
    found: Vec<Found>,
}

struct Found {
    source: Source,
    /// The number of the message that it is, or that it completes.
    number: Option<usize>,
    /// The kind of the message of which it is a part; `None` if it is a whole message.
    part_of: Option<MessageKind>,
}

/// Where a payload is.
enum Source {
    /// There in the input.
    Input(Range<usize>),
    /// Elsewhere: it was copied.
    Copy(Bytes),
}

impl Kept {
    /// Of an input that may lie behind so many bytes of a message.
    pub(super) fn of(input: &BytesMut, before: usize) -> Self {
        let start = input.as_ptr().addr();
        let shared_from = SHARED_FROM.max((before + input.capacity()) / SHARED_PART);
        Kept { input: start..start + input.len(), shared_from, found: Vec::new() }
    }

    /// Nothing is kept.
    fn none() -> Self {
        Kept { input: 0..0, shared_from: 0, found: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether a part of a message waits, so that those which follow must wait too.
    fn has_parts(&self) -> bool {
        self.found.iter().any(|found| found.part_of.is_some())
    }

    /// Where in the input a payload lies, if it does.
    fn place(&self, payload: &[u8]) -> Option<Range<usize>> {
        let start = payload.as_ptr().addr();
        let end = start + payload.len();
        let is_within = self.input.start <= start && end <= self.input.end;
        is_within.then(|| start - self.input.start..end - self.input.start)
    }

    /// The same if it is worth to be kept there.
    fn large_place(&self, payload: &[u8]) -> Option<Range<usize>> {
        self.place(payload).filter(|_| payload.len() >= self.shared_from)
    }

    /// Gives the messages their payloads, which lie in `input`.
    pub(super) fn share(self, inbox: &mut Inbox, mut input: BytesMut) {
        if self.found.iter().all(|found| found.part_of.is_none()) {
            return self.share_messages(inbox, &input.freeze());
        }
        let mut taken = 0;
        for Found { source, number, part_of } in self.found {
            let (piece, follows) = match source {
                Source::Input(place) => {
                    let piece = input.split_to(place.end - taken).split_off(place.start - taken);
                    taken = place.end;
                    (piece, place.start == 0)
                }
                Source::Copy(data) => (data.into(), false),
            };
            let Some(kind) = part_of else {
                inbox.fill(number, Message::Binary(piece.freeze()));
                continue;
            };
            inbox.partial.join(piece, follows);
            if number.is_some() {
                let message = inbox.partial_message(kind);
                inbox.message_bytes += message.len();
                inbox.fill(number, message);
            }
        }
    }

    /// The same where there are whole messages only.
    fn share_messages(self, inbox: &mut Inbox, input: &Bytes) {
        for Found { source, number, .. } in self.found {
            if let Source::Input(place) = source {
                inbox.fill(number, Message::Binary(input.slice(place)));
            }
        }
    }
}

impl Inbox {
    /// Takes the events of a call without input.
    pub(super) fn take_all(&mut self, received: Received<'_>) {
        let mut nothing = Kept::none();
        for event in received.events {
            self.take(event, &mut nothing);
        }
    }

    pub(super) fn take(&mut self, event: Event<'_>, kept: &mut Kept) {
        match event {
            _ if self.is_abandoned && is_data(&event) => {}
            Event::Text(message) => self.take_text(message.text, message.last),
            Event::Binary(message) => self.take_binary(message.data, message.first, message.last, kept),
            Event::Frame(frame) => self.take_frame(frame.kind, frame.data, frame.last, kept),
            Event::Request(request) => self.request = Some(Arc::new(Request::of(&request))),
            Event::Open(open) => self.response = Some(Arc::new(Response::of(&open))),
            Event::Rejected(rejected) => self.rejected = Some(Box::new(Refusal::of(&rejected))),
            Event::Head(head) => self.head = Some(Head::of(&head)),
            Event::Ping(ping) => self.take_control(|| Arrived::Ping(Bytes::copy_from_slice(ping.payload))),
            Event::Pong(pong) => {
                self.latency = pong.round_trip_time.or(self.latency);
                self.take_control(|| Arrived::Pong(Bytes::copy_from_slice(pong.payload)));
            }
            Event::Closing(closing) => self.take_control(|| Arrived::Closing(closing.code, closing.reason.to_owned())),
            Event::Fault(fault) => self.fault_code = Some(fault.code),
            Event::Closed(closed) => self.closed = Some(Closed::of(&closed)),
            _ => {}
        }
    }

    /// Takes a control frame, which the engine answers.
    fn take_control(&mut self, event: impl FnOnce() -> Arrived) {
        self.controls.push(self.taken + self.messages.len() as u64, event);
    }

    /// Takes a text, or a part of one. Parts are joined as text, so that nothing is validated again.
    fn take_text(&mut self, text: &str, last: bool) {
        if !last {
            self.partial_text.push_str(text);
        } else if self.partial_text.is_empty() {
            self.push(text.into());
        } else {
            self.partial_text.push_str(text);
            let text = mem::take(&mut self.partial_text);
            self.push(text.into());
        }
    }

    /// Whether a text is under way of which much has arrived.
    pub(super) fn has_long_text(&self) -> bool {
        buffers::is_long(self.partial_text.len())
    }

    /// Takes bytes, or a part of them.
    fn take_binary(&mut self, data: &[u8], first: bool, last: bool, kept: &mut Kept) {
        if !first || !last {
            return self.take_frame(MessageKind::Binary, data, last, kept);
        }
        let Some(place) = kept.large_place(data) else { return self.push(data.into()) };
        let number = Some(self.hold_place(data.len()));
        kept.found.push(Found { source: Source::Input(place), number, part_of: None });
    }

    /// Takes a part of a message, or the data of a frame, which may cut a text anywhere.
    fn take_frame(&mut self, kind: MessageKind, data: &[u8], last: bool, kept: &mut Kept) {
        let is_behind = self.partial.is_followed_by(data);
        let source = match if is_behind { kept.place(data) } else { kept.large_place(data) } {
            Some(place) => Source::Input(place),
            None if !kept.has_parts() => {
                self.partial.push(data);
                if last {
                    let message = self.partial_message(kind);
                    self.push(message);
                }
                return;
            }
            // Behind a part that waits.
            None => kept.place(data).map_or_else(|| Source::Copy(Bytes::copy_from_slice(data)), Source::Input),
        };
        let number = last.then(|| self.hold_place(0));
        kept.found.push(Found { source, number, part_of: Some(kind) });
    }

    /// The message of which the last part has arrived.
    fn partial_message(&mut self, kind: MessageKind) -> Message {
        let payload = self.partial.finish();
        match kind {
            // The engine has validated it, over all its frames.
            MessageKind::Text => payload.try_into().map_or_else(|_| Message::from(""), Message::Text),
            _ => Message::Binary(payload),
        }
    }

    /// Holds the place of a message, which gets its payload when the batch is over. Returns its number.
    fn hold_place(&mut self, len: usize) -> usize {
        self.message_bytes += len;
        self.messages.push_back(Message::Binary(Bytes::new()));
        self.messages.len() - 1
    }

    /// Puts a message in its place.
    fn fill(&mut self, number: Option<usize>, message: Message) {
        if let Some(place) = number.and_then(|number| self.messages.get_mut(number)) {
            *place = message;
        }
    }

    fn push(&mut self, message: Message) {
        self.message_bytes += message.len();
        self.messages.push_back(message);
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.message_bytes -= message.len().min(self.message_bytes);
        self.taken += 1;
        if self.messages.is_empty() && self.messages.capacity() > 64 {
            self.messages = VecDeque::new();
        }
        Some(message)
    }

    /// The next message or control frame.
    pub(super) fn pop_event(&mut self) -> Option<Arrived> {
        self.controls.pop(self.taken).or_else(|| self.pop().map(Arrived::Message))
    }

    /// Whether nothing waits to be received.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.controls.has_wanted()
    }

    /// How many bytes of messages wait to be received.
    pub(super) fn message_bytes(&self) -> usize {
        self.message_bytes
    }

    /// Nobody receives messages any more.
    pub(crate) fn abandon(&mut self) {
        self.is_abandoned = true;
        self.messages = VecDeque::new();
        self.message_bytes = 0;
        self.controls.refuse();
        (self.partial_text, self.partial) = (String::new(), Partial::default());
    }
}

fn is_data(event: &Event<'_>) -> bool {
    matches!(event, Event::Text(_) | Event::Binary(_) | Event::Frame(_))
}

impl Head {
    fn of(head: &sansock::event::Head<'_>) -> Self {
        let mut headers = header_map(head.headers());
        headers.remove(HeaderName::from_static("content-length"));
        Head { status: head.status, headers, body: Bytes::copy_from_slice(head.body) }
    }
}

impl Closed {
    fn of(closed: &sansock::event::Closed<'_>) -> Self {
        Closed {
            code: closed.code,
            reason: closed.reason.to_owned(),
            clean: closed.clean,
            by_peer: closed.by_peer,
            close_sent: closed.close_sent,
            fault: None,
            io: None,
        }
    }
}
