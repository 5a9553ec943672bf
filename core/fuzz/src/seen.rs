//! What a host sees of a connection, and what must hold of it.

use sansock::{Event, Events, MessageKind};

/// An event in a form that can be kept and compared.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    pub name: &'static str,
    pub number: u64,
    pub bytes: Vec<u8>,
}

impl Item {
    /// Whether it is a piece of a message, which does not end here.
    pub fn is_part(&self) -> bool {
        matches!(self.name, "text" | "binary") && self.number & (LAST | FRAME_END) == 0
    }
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = &self.bytes[..self.bytes.len().min(80)];
        write!(f, "{} {:x} {} \"{}\"", self.name, self.number, self.bytes.len(), shown.escape_ascii())
    }
}

const FIRST: u64 = 1;
const LAST: u64 = 2;
const FRAME_END: u64 = 4;
const COMPRESSED: u64 = 8;

/// All events so far.
#[derive(Default)]
pub struct Seen {
    pub items: Vec<Item>,
    pub is_closed: bool,
    /// A request waits for an answer.
    pub asked: bool,
    /// Kind and length so far of the message that is delivered in parts.
    message: Option<(MessageKind, u64)>,
    /// How much of a frame has been delivered, and its length.
    frame: Option<(u64, u64)>,
    /// Bytes of a text that so far end inside a code point.
    text: Vec<u8>,
    limit: u64,
}

impl Seen {
    pub fn new(limit: u64) -> Self {
        Seen { limit, ..Seen::default() }
    }

    /// Takes the events of a call. Returns how many there were.
    pub fn take(&mut self, events: Events<'_>) -> usize {
        events.map(|event| self.add(event)).count()
    }

    pub fn add(&mut self, event: Event<'_>) {
        assert!(!self.is_closed, "an event follows Closed: {event:?}");
        is_printable(&event);
        let item = match event {
            Event::Text(text) => {
                // It is handed out unchecked, and must be what its type promises.
                std::str::from_utf8(text.text.as_bytes()).expect("a text in UTF-8");
                self.message(MessageKind::Text, text.text.as_bytes(), text.first, text.last)
            }
            Event::Binary(binary) => self.message(MessageKind::Binary, binary.data, binary.first, binary.last),
            Event::Frame(frame) => self.frame(&frame),
            Event::Ping(ping) => control("ping", 0, ping.payload),
            Event::Pong(pong) => control("pong", 0, pong.payload),
            Event::Closing(closing) => control("closing", closing.code.get().into(), closing.reason.as_bytes()),
            Event::Closed(closed) => {
                self.is_closed = true;
                self.asked = false;
                let sent = closed.close_sent.map_or(0, |code| u64::from(code.get()));
                let fault = closed.fault.map_or(0, |fault| u64::from(fault.number()));
                let bits = u64::from(closed.clean) << 16 | u64::from(closed.by_peer) << 17;
                control(
                    "closed",
                    u64::from(closed.code.get()) | bits | sent << 24 | fault << 40,
                    closed.reason.as_bytes(),
                )
            }
            Event::Fault(fault) => item("fault", u64::from(fault.kind.number()), &[]),
            Event::Request(request) => {
                self.asked = true;
                let mut bytes = details(request.headers().map(|header| (header.name, header.value)));
                bytes.extend(request.target.bytes().chain(request.method().bytes()).chain(request.authority().bytes()));
                bytes.extend(request.origin().unwrap_or_default().bytes());
                request.subprotocols().chain(request.extensions()).for_each(|name| bytes.extend(name.bytes()));
                bytes.extend(request.preferred_subprotocol().unwrap_or_default().bytes());
                let fault = request.fault().map_or(0, |fault| u64::from(fault.number()));
                item("request", fault << 8 | request.origin_relation as u64, &bytes)
            }
            Event::Open(open) => {
                self.asked = false;
                let mut bytes = details(open.headers().map(|header| (header.name, header.value)));
                open.extensions().chain(open.subprotocol()).for_each(|name| bytes.extend(name.bytes()));
                item("open", 0, &bytes)
            }
            Event::Rejected(rejected) => {
                let mut bytes = details(rejected.headers().map(|header| (header.name, header.value)));
                bytes.extend(rejected.reason().iter().chain(rejected.body));
                item("rejected", u64::from(rejected.status) << 1 | u64::from(rejected.truncated), &bytes)
            }
            Event::Head(head) => {
                let mut bytes = details(head.headers().map(|header| (header.name, header.value)));
                bytes.extend(head.body);
                item("head", head.status.unwrap_or(0).into(), &bytes)
            }
            other => panic!("an event that is not known here: {other:?}"),
        };
        self.items.push(item);
    }

    fn message(&mut self, kind: MessageKind, data: &[u8], first: bool, last: bool) -> Item {
        let before = self.message.take();
        assert_eq!(before.is_none(), first, "parts out of order");
        let (begun, len) = before.unwrap_or((kind, 0));
        assert_eq!(begun, kind, "a message changes its kind");
        let len = len + data.len() as u64;
        assert!(len <= self.limit, "{len} bytes of a message, {} are allowed", self.limit);
        self.message = (!last).then_some((kind, len));
        item(name(kind), bit(first, FIRST) | bit(last, LAST), data)
    }

    fn frame(&mut self, frame: &sansock::event::Frame<'_>) -> Item {
        let (so_far, of) = self.frame.take().unwrap_or((0, frame.frame_len));
        let so_far = so_far + frame.data.len() as u64;
        assert!(of == frame.frame_len && so_far <= of || frame.compressed, "{so_far} of {of}");
        assert!(!frame.frame_end || frame.compressed || so_far == of, "a frame ends at {so_far} of {of}");
        self.frame = (!frame.frame_end).then_some((so_far, of));
        if frame.kind == MessageKind::Text {
            self.text.extend_from_slice(frame.data);
            match std::str::from_utf8(&self.text) {
                Ok(_) => self.text.clear(),
                Err(error) => {
                    assert!(error.error_len().is_none() && !frame.last, "a text that is not UTF-8");
                    self.text.drain(..error.valid_up_to());
                }
            }
        }
        let mut item = self.message(frame.kind, frame.data, frame.first, frame.last);
        item.number |= bit(frame.frame_end, FRAME_END) | bit(frame.compressed, COMPRESSED);
        item
    }

    /// The whole messages, with their kinds.
    pub fn messages(&self) -> Vec<(&'static str, Vec<u8>)> {
        let whole = joined(&self.items, false);
        let is_message = |item: &Item| matches!(item.name, "text" | "binary") && item.number & LAST != 0;
        whole.into_iter().filter(is_message).map(|item| (item.name, item.bytes)).collect()
    }

    /// The code of the peer's Close frame.
    pub fn closing(&self) -> Option<u16> {
        self.items.iter().find(|item| item.name == "closing").map(|item| item.number as u16)
    }

    pub fn count(&self, name: &str) -> usize {
        self.items.iter().filter(|item| item.name == name).count()
    }
}

/// The parts of each message joined; control frames between them stay where they are with `in_place`, else they follow.
pub fn joined(items: &[Item], in_place: bool) -> Vec<Item> {
    let mut list: Vec<Item> = Vec::new();
    let mut open: Option<usize> = None;
    for item in items {
        let is_data = matches!(item.name, "text" | "binary");
        let joins = |at: &usize| is_data && (!in_place || at + 1 == list.len()) && list[*at].number & LAST == 0;
        if let Some(at) = open.filter(joins).filter(|at| !in_place || list[*at].number & FRAME_END == 0) {
            list[at].bytes.extend_from_slice(&item.bytes);
            list[at].number |= item.number & !FIRST;
            continue;
        }
        open = if is_data { Some(list.len()) } else { open };
        list.push(item.clone());
    }
    list
}

/// The text of an event shows no byte of the peer's as it is.
fn is_printable(event: &Event<'_>) {
    let len = match event {
        Event::Text(text) => text.text.len(),
        Event::Binary(binary) => binary.data.len(),
        Event::Frame(frame) => frame.data.len(),
        _ => 0,
    };
    if len < 64 {
        assert!(!format!("{event:?}").contains(char::is_control), "a control character in a text");
    }
}

fn name(kind: MessageKind) -> &'static str {
    if kind == MessageKind::Text { "text" } else { "binary" }
}

fn bit(set: bool, bit: u64) -> u64 {
    if set { bit } else { 0 }
}

fn item(name: &'static str, number: u64, bytes: &[u8]) -> Item {
    Item { name, number, bytes: bytes.to_vec() }
}

fn control(name: &'static str, number: u64, bytes: &[u8]) -> Item {
    assert!(bytes.len() <= 125, "{name} with {} bytes", bytes.len());
    item(name, number, bytes)
}

fn details<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        assert!(!name.is_empty(), "a header without a name");
        assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "a header with a line end");
        bytes.extend(name.bytes().chain([0]).chain(value.iter().copied()).chain([0]));
    }
    bytes
}
