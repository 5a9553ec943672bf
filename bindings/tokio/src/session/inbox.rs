//! What the events of a connection leave behind.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use sansock::{CloseCode, Event, MessageKind, Received};

use crate::error::Closed;
use crate::handshake::{Refusal, Request, Response, header_map};
use crate::message::Message;

/// A payload of at least this many bytes stays in the buffer that it was read into; a smaller one is copied, so that it
/// does not hold a whole buffer in memory.
const SHARED_FROM: usize = 4096;

/// What has arrived and was not taken yet, and what is known of the connection.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) messages: VecDeque<Message>,
    message_bytes: usize,
    /// A message of which parts have arrived, where the engine delivers parts.
    partial: BytesMut,
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

/// The payloads in a batch that stay in the input.
pub(super) struct Kept {
    /// Where the input lies in memory: an event says only where its payload does.
    input: Range<usize>,
    /// Messages by number, and where in the input they are.
    found: Vec<(usize, Range<usize>)>,
}

impl Kept {
    pub(super) fn of(input: &[u8]) -> Self {
        let start = input.as_ptr().addr();
        Kept { input: start..start + input.len(), found: Vec::new() }
    }

    /// Nothing is kept.
    fn none() -> Self {
        Kept { input: 0..0, found: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Where in the input a payload lies, if it is worth to be kept there.
    fn place(&self, payload: &[u8]) -> Option<Range<usize>> {
        let start = payload.as_ptr().addr();
        let end = start + payload.len();
        let is_kept = payload.len() >= SHARED_FROM && self.input.start <= start && end <= self.input.end;
        is_kept.then(|| start - self.input.start..end - self.input.start)
    }

    /// Gives the messages their payloads, which lie in `input`.
    pub(super) fn share(self, inbox: &mut Inbox, input: Bytes) {
        for (number, place) in self.found {
            if let Some(message) = inbox.messages.get_mut(number) {
                *message = Message::Binary(input.slice(place));
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
            Event::Text(message) => {
                self.take_data(MessageKind::Text, message.text.as_bytes(), message.last, |_| message.text.into());
            }
            Event::Binary(message) => {
                let number = self.messages.len();
                let whole = |data: &[u8]| match kept.place(data) {
                    Some(place) => {
                        kept.found.push((number, place));
                        Message::Binary(Bytes::new())
                    }
                    None => data.into(),
                };
                self.take_data(MessageKind::Binary, message.data, message.last, whole);
            }
            Event::Frame(frame) => self.take_frame(frame.kind, frame.data, frame.last),
            Event::Request(request) => self.request = Some(Arc::new(Request::of(&request))),
            Event::Open(open) => self.response = Some(Arc::new(Response::of(&open))),
            Event::Rejected(rejected) => self.rejected = Some(Box::new(Refusal::of(&rejected))),
            Event::Head(head) => self.head = Some(Head::of(&head)),
            Event::Pong(pong) => self.latency = pong.round_trip_time.or(self.latency),
            Event::Fault(fault) => self.fault_code = Some(fault.code),
            Event::Closed(closed) => self.closed = Some(Closed::of(&closed)),
            _ => {} // pings and Close are answered by the engine
        }
    }

    /// Takes a message, or a part of one. `whole` makes the message, if it is one.
    fn take_data(&mut self, kind: MessageKind, data: &[u8], last: bool, whole: impl FnOnce(&[u8]) -> Message) {
        if self.is_abandoned {
            return;
        }
        if !last || !self.partial.is_empty() {
            return self.take_frame(kind, data, last);
        }
        self.message_bytes += data.len();
        self.messages.push_back(whole(data));
    }

    /// Takes a part of a message that has several.
    fn take_frame(&mut self, kind: MessageKind, data: &[u8], last: bool) {
        if self.is_abandoned {
            return;
        }
        self.partial.extend_from_slice(data);
        if !last {
            return;
        }
        let payload = self.partial.split().freeze();
        self.message_bytes += payload.len();
        // The engine has validated a text.
        self.messages.extend(match kind {
            MessageKind::Text => payload.try_into().map(Message::Text).ok(),
            _ => Some(Message::Binary(payload)),
        });
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.message_bytes -= message.len().min(self.message_bytes);
        if self.messages.is_empty() && self.messages.capacity() > 64 {
            self.messages = VecDeque::new();
        }
        Some(message)
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
    }
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
