//! What the events of a connection leave behind.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
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
/// A buffer in which a message of at most this many bytes was joined is kept for the next one, of any connection of the thread.
const MAX_SPARE: usize = 4 << 20;

thread_local! {
    /// What is behind the last message that was joined. When nobody has that message any more, its memory is used again.
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// What has arrived and was not taken yet, and what is known of the connection.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) messages: VecDeque<Message>,
    message_bytes: usize,
    /// A message of which parts have arrived: a text, or bytes.
    partial_text: String,
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
            _ if self.is_abandoned && is_data(&event) => {}
            Event::Text(message) => self.take_text(message.text, message.last),
            Event::Binary(message) => self.take_binary(message.data, message.last, kept),
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

    /// Takes bytes, or a part of them.
    fn take_binary(&mut self, data: &[u8], last: bool, kept: &mut Kept) {
        if !last || !self.partial.is_empty() {
            return self.take_frame(MessageKind::Binary, data, last);
        }
        let Some(place) = kept.place(data) else { return self.push(data.into()) };
        kept.found.push((self.messages.len(), place));
        // It gets its payload when the batch is over.
        self.message_bytes += data.len();
        self.messages.push_back(Message::Binary(Bytes::new()));
    }

    /// Takes a part of a message, or the data of a frame, which may cut a text anywhere.
    fn take_frame(&mut self, kind: MessageKind, data: &[u8], last: bool) {
        if self.partial.is_empty() && !data.is_empty() {
            self.partial = SPARE.take();
        }
        self.partial.extend_from_slice(data);
        if !last {
            return;
        }
        let payload = self.partial.split().freeze();
        let spare = mem::take(&mut self.partial);
        if payload.len() <= MAX_SPARE {
            SPARE.set(spare);
        }
        match kind {
            MessageKind::Text => {
                // The engine has validated it, over all its frames.
                if let Ok(text) = payload.try_into() {
                    self.push(Message::Text(text));
                }
            }
            _ => self.push(Message::Binary(payload)),
        }
    }

    fn push(&mut self, message: Message) {
        self.message_bytes += message.len();
        self.messages.push_back(message);
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
        (self.partial_text, self.partial) = (String::new(), BytesMut::new());
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
