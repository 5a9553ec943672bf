//! What the tests of the inspector share: a conversation, and readers of captures.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod packets;

use std::time::Duration;

use sansock::{CloseCode, Config, Connection, Event, Role};
use sansock_inspect::entry::Frame;
use sansock_inspect::{CaptureError, Entry, Inspector, Side, What};

/// Bytes that one end sends.
pub(crate) type Sent = (Side, Vec<u8>);

/// One end, its output carried by hand.
struct End(Connection);

impl End {
    fn output(&mut self) -> Vec<u8> {
        let output = self.0.output().to_vec();
        self.0.written(output.len()).expect("that is what there was");
        output
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let mut is_request = false;
        let events = self.0.receive(&mut bytes, Duration::ZERO).events;
        events.for_each(|event| is_request |= matches!(event, Event::Request(_)));
        if is_request {
            self.0.accept(None, Duration::ZERO).expect("a request waits").events.for_each(drop);
        }
        // The answer to Close waits for the next call.
        self.0.timeout(Duration::ZERO).events.for_each(drop);
    }
}

/// An opening handshake, messages both ways, a ping, and the closing handshake; as two ends with the engine write it.
pub(crate) fn conversation(deflate: bool) -> Vec<Sent> {
    let client = Config::client("ws://example.com/chat").deflate(deflate).build().expect("a configuration");
    let server = Config::builder(Role::Server).deflate(deflate).build().expect("a configuration");
    let mut client = End(Connection::new(&client, [7; 32], Duration::ZERO).expect("memory"));
    let mut server = End(Connection::new(&server, [0; 32], Duration::ZERO).expect("memory"));
    let mut sent = Vec::new();
    let mut carry = |client: &mut End, server: &mut End| {
        loop {
            let (to_server, to_client) = (client.output(), server.output());
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
            for (from, to, bytes) in [(Side::Client, &mut *server, to_server), (Side::Server, &mut *client, to_client)]
            {
                if !bytes.is_empty() {
                    to.receive(&bytes);
                    sent.push((from, bytes));
                }
            }
        }
    };
    carry(&mut client, &mut server);
    client.0.send_text("Hello, 世界").expect("open");
    carry(&mut client, &mut server);
    server.0.send_binary(&[0, 1, 2, 0xff].repeat(40)).expect("open");
    carry(&mut client, &mut server);
    for part in ["one, ", "two, ", "three, "] {
        server.0.send_part(sansock::MessageKind::Text, part.as_bytes(), part == "three, ").expect("open");
    }
    server.0.ping(b"there?", Duration::ZERO).expect("open");
    carry(&mut client, &mut server);
    client.0.close(CloseCode::NORMAL_CLOSURE, "bye", Duration::ZERO).expect("open");
    carry(&mut client, &mut server);
    sent
}

/// What comes of it: kind, sender and payload of each message, ping, pong and Close.
pub(crate) fn told_of_conversation() -> Vec<String> {
    let binary = "000102ff".repeat(40);
    [
        "Client text Hello, 世界".to_owned(),
        format!("Server binary {binary}"),
        "Server text one, two, three, ".to_owned(),
        "Server ping there?".to_owned(),
        "Client pong there?".to_owned(),
        "Client close 1000 bye".to_owned(),
        "Server close 1000 bye".to_owned(),
    ]
    .to_vec()
}

/// Each message, ping, pong and Close, as above.
pub(crate) fn told(entries: &[Entry]) -> Vec<String> {
    let line = |entry: &Entry| {
        let from = entry.from?;
        let what = match &entry.what {
            What::Message(message) => {
                let payload = &message.payload;
                format!("{} {}", message.kind, payload.text.as_ref().or(payload.hex.as_ref())?)
            }
            What::Frame(frame) if matches!(frame.kind, "ping" | "pong") && is_whole(entry, frame) => {
                format!("{} {}", frame.kind, frame.payload.text.as_ref().or(frame.payload.hex.as_ref())?)
            }
            What::Frame(frame) if frame.kind == "close" => format!("close {} {}", frame.code?, frame.reason.as_ref()?),
            _ => return None,
        };
        Some(format!("{from:?} {what}"))
    };
    entries.iter().filter_map(line).collect()
}

fn is_whole(entry: &Entry, frame: &Frame) -> bool {
    frame.header.len() >= 4 && entry.length == Some(frame.header.len() as u64 / 2 + frame.payload_length)
}

/// Names of the faults.
pub(crate) fn faults(entries: &[Entry]) -> Vec<&'static str> {
    let name = |entry: &Entry| match &entry.what {
        What::Fault(fault) => Some(fault.fault),
        _ => None,
    };
    entries.iter().filter_map(name).collect()
}

/// Texts of the notes, and of what is incomplete.
pub(crate) fn notes(entries: &[Entry]) -> Vec<String> {
    let text = |entry: &Entry| match &entry.what {
        What::Note { text } | What::Incomplete { text } => Some(text.clone()),
        _ => None,
    };
    entries.iter().filter_map(text).collect()
}

/// How many connections there are.
pub(crate) fn connections(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry.what, What::Connection { .. })).count()
}

/// An inspector for these tests: nothing is cut off.
pub(crate) fn inspector() -> Inspector {
    Inspector::with(1 << 20, [])
}

/// Reads a file in pieces of these sizes, over and over.
pub(crate) fn read_in(file: &[u8], sizes: &[usize]) -> (Vec<Entry>, Result<(), CaptureError>) {
    let mut inspector = inspector();
    let mut rest = file;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*size).clamp(1, rest.len()));
        inspector.push(piece);
        rest = behind;
    }
    let outcome = inspector.finish();
    (inspector.take().collect(), outcome)
}

/// Reads a file, and holds that no pieces of it make a difference.
pub(crate) fn read(file: &[u8]) -> (Vec<Entry>, Result<(), CaptureError>) {
    let whole = read_in(file, &[file.len().max(1)]);
    for sizes in [&[1][..], &[3, 1, 17, 5], &[1000]] {
        hold_same(&read_in(file, sizes), &whole, &format!("in pieces of {sizes:?}"));
    }
    hold_order(&whole.0);
    whole
}

/// What comes of a file is the same twice. If it is not, the first difference is shown.
pub(crate) fn hold_same<T: PartialEq + std::fmt::Debug>(one: &(Vec<Entry>, T), other: &(Vec<Entry>, T), what: &str) {
    for (one, other) in one.0.iter().zip(&other.0) {
        assert_eq!(one, other, "{what}");
    }
    assert_eq!((one.0.len(), &one.1), (other.0.len(), &other.1), "{what}");
}

/// Every id is there once, and they ascend.
pub(crate) fn hold_numbers(entries: &[Entry]) {
    let ids: Vec<u64> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, (1..=entries.len() as u64).collect::<Vec<_>>());
}

/// Every id is there once, and they ascend; what one sender's heads and frames say of their place is without a gap,
/// but for bodies.
pub(crate) fn hold_order(entries: &[Entry]) {
    hold_numbers(entries);
    let mut ends = std::collections::HashMap::new();
    for entry in entries {
        if let (What::Head(_) | What::Frame(_), Some(from)) = (&entry.what, entry.from) {
            let end = ends.entry((entry.connection, from)).or_insert(0);
            if matches!(entry.what, What::Head(_)) && entry.offset > Some(*end) {
                // Behind the body of another message.
                *end = entry.offset.expect("an offset");
            }
            assert_eq!(entry.offset, Some(*end), "{entry:?}");
            *end += entry.length.expect("a length");
        }
        if let (What::Message(message), Some(from), Some(offset)) = (&entry.what, entry.from, entry.offset) {
            assert_eq!(offset + entry.length.expect("a length"), ends[&(entry.connection, from)], "{entry:?}");
            assert!(message.frames > 0, "{entry:?}");
        }
    }
}

/// A file that is whole.
pub(crate) fn read_well(file: &[u8]) -> Vec<Entry> {
    let (entries, outcome) = read(file);
    assert_eq!(outcome, Ok(()));
    entries
}
