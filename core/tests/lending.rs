//! Memory of the engine that a host reads its transport to: where the payload of a large message belongs.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::bytes::show;
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::boundary::{self, Block, Connection, flag, kind, option, region, role, status};
use sansock::{FaultKind, Transport};

/// A host that reads to what it is lent, if it is lent at least so many bytes.
struct Host {
    connection: Connection,
    min: Option<usize>,
    events: Vec<String>,
    /// How many bytes were read to what was lent.
    lent: usize,
}

impl Host {
    fn new(role: u32, options: &[(u32, u64)], min: Option<usize>) -> Self {
        let mut config = boundary::Config::new(role).unwrap();
        config.set(option::START_OPEN, 1).unwrap();
        options.iter().for_each(|(option, value)| config.set(*option, *value).unwrap());
        let connection = Connection::new(&config, [7; 32], 0).unwrap();
        Host { connection, min, events: Vec::new(), lent: 0 }
    }

    /// Reads bytes, at most `longest` at once.
    fn read(&mut self, bytes: &[u8], longest: usize) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let read = self.read_once(&rest[..rest.len().min(longest)]);
            rest = &rest[read..];
        }
    }

    /// Reads some of these bytes. Returns how many.
    fn read_once(&mut self, bytes: &[u8]) -> usize {
        let lent = self.min.and_then(|min| self.connection.lend(min));
        let Some((store, room)) = lent else {
            let mut input = bytes.to_vec();
            let consumed = self.connection.receive(&mut input, 0);
            self.keep(&input);
            return consumed;
        };
        assert!(room <= store.capacity() - store.len());
        let (before, place) = (store.len(), store.as_ptr());
        let read = room.min(bytes.len());
        self.connection.receive_lent(
            |store| {
                assert_eq!((store.len(), store.as_ptr()), (before, place), "it is where it was");
                store.extend_from_slice(&bytes[..read]);
                assert_eq!(store.as_ptr(), place, "it had room");
            },
            0,
        );
        self.lent += read;
        self.keep(&[]);
        read
    }

    fn keep(&mut self, input: &[u8]) {
        let mut lines = Vec::new();
        for record in self.connection.records() {
            let memory = match record.flags & flag::REGION {
                region::INPUT => input,
                own => self.connection.region(own),
            };
            let payload = &memory[record.offset as usize..][..record.len as usize];
            let (kind, flags) = (record.kind, record.flags & !flag::REGION);
            lines.push(format!("{kind} {flags} {} {} {}", record.code, record.aux, show(payload)));
        }
        self.events.extend(lines);
    }

    fn block(&self) -> Block {
        let mut block = Block::EMPTY;
        self.connection.block(&mut block, [].as_ptr(), 0, 0, status::OK);
        block
    }
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame to an engine of this role.
fn frame(role: u32, first: u8, payload: &[u8]) -> Vec<u8> {
    if role == role::SERVER { frames::client(first, payload, KEY) } else { frames::server(first, payload) }
}

/// Text of about so many bytes, with characters of every length.
fn text(len: usize) -> Vec<u8> {
    "wörld €, \u{1f600} ".repeat(len / 16 + 1).into_bytes()
}

/// Messages of all sorts, with control frames between their fragments.
fn conversation(role: u32) -> Vec<u8> {
    let binary: Vec<u8> = (0..300_000_u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let long = text(100_000);
    [
        frame(role, FIN | BINARY, &binary),
        frame(role, FIN | TEXT, &long),
        frame(role, TEXT, &long[..20_001]),
        frame(role, FIN | PING, b"between"),
        frame(role, CONTINUATION, &long[20_001..20_003]),
        frame(role, CONTINUATION, &[]),
        frame(role, FIN | CONTINUATION, &long[20_003..]),
        frame(role, FIN | BINARY, &binary[..40_000]),
        frame(role, FIN | BINARY, b"short"),
        frame(role, BINARY, &binary[..70_000]),
        frame(role, FIN | CONTINUATION, &binary[70_000..]),
        frame(role, FIN | CLOSE, &frames::close(1000, "bye")),
    ]
    .concat()
}

#[test]
fn what_is_read_to_its_place_makes_the_same_events() {
    for role in [role::SERVER, role::CLIENT] {
        let bytes = conversation(role);
        let mut plain = Host::new(role, &[], None);
        plain.read(&bytes, 4096);
        plain.connection.release();
        assert_eq!(plain.events.len(), 8, "{:#?}", plain.events);
        for min in [1, 2, 4096, 16 * 1024, 100_000] {
            for longest in [100, 1460, 4096, 16 * 1024, 65_536, usize::MAX] {
                let mut host = Host::new(role, &[], Some(min));
                host.read(&bytes, longest);
                host.connection.release();
                assert_eq!(host.events, plain.events, "at least {min} lent, reads of {longest}");
                assert_eq!(host.connection.output(), plain.connection.output());
                assert!(host.lent > 0 || longest == usize::MAX, "at least {min} lent, reads of {longest}");
                assert!(host.connection.memory_usage() < 1024, "{} bytes", host.connection.memory_usage());
            }
        }
    }
}

/// What is missing of a message may be lent, no byte behind it, and at most as much as has come or there is room for.
#[test]
fn a_loan_is_for_the_payload_of_one_frame_and_no_more_than_has_come() {
    let frame = frame(role::SERVER, BINARY, &[1; 100_000]);
    let mut host = Host::new(role::SERVER, &[], None);
    let header = frame.len() - 100_000;
    host.read(&frame[..header], header);
    assert!(host.connection.lend(1).is_none(), "nothing of it has come");
    let mut here = 5000;
    host.read(&frame[header..header + here], here);
    assert!(host.connection.lend(95_001).is_none(), "it is not that long");
    while here < 100_000 {
        let least = (100_000 - here).min(here / 2);
        let (store, room) = host.connection.lend(least).expect("a loan");
        assert!(room <= 100_000 - here, "behind the frame is a header");
        assert!(store.capacity() <= 4 * here, "{} for {here}", store.capacity());
        here += room;
        host.connection.receive_lent(|store| store.resize(store.len() + room, 1), 0);
        assert!(host.connection.records().is_empty());
    }
    assert!(host.connection.lend(1).is_none(), "the next byte begins a header");
}

#[test]
fn what_is_appended_beside_the_frame_is_the_hosts_mistake() {
    for (mistake, len) in [("a byte behind the frame", 101), ("less than there was", -1)] {
        let frame = frame(role::SERVER, FIN | BINARY, &[1; 10_000]);
        let mut host = Host::new(role::SERVER, &[], None);
        let cut = frame.len() - 100;
        host.read(&frame[..cut], cut);
        assert!(host.connection.lend(1).is_some());
        let append = |store: &mut Vec<u8>| store.resize(store.len().saturating_add_signed(len), 1);
        let panic = catch_unwind(AssertUnwindSafe(|| host.connection.receive_lent(append, 0))).expect_err(mistake);
        assert_eq!(panic.downcast_ref(), Some(&"what was appended is not of the frame"), "{mistake}");
    }
}

#[test]
fn nothing_is_lent_for_what_is_not_joined() {
    let (binary, parts) = (frame(role::SERVER, FIN | BINARY, &[0; 50_000]), [(option::PARTS, 1)]);
    for (options, why) in [
        (&parts[..], "parts are delivered as they come"),
        (&[(option::FRAMES, 1)][..], "so is the data of frames"),
        (&[][..], "but messages are joined"),
    ] {
        let mut host = Host::new(role::SERVER, options, None);
        host.read(&binary[..30_000], 30_000);
        assert_eq!(host.connection.lend(1).is_some(), options.is_empty(), "{why}");
    }
    let mut host = Host::new(role::SERVER, &[], None);
    host.read(&frame(role::SERVER, FIN | PING, &[0; 100])[..50], 50);
    assert!(host.connection.lend(1).is_none(), "control frames are not joined with messages");
    let mut host = Host::new(role::SERVER, &[], None);
    host.read(&binary[..30_000], 30_000);
    host.connection.close(1000, b"", 0).unwrap();
    assert!(host.connection.lend(1).is_none(), "messages behind our Close are dropped");
}

#[cfg(feature = "deflate")]
#[test]
fn nothing_is_lent_for_a_compressed_message() {
    let mut host = Host::new(role::SERVER, &[(option::DEFLATE, 1)], None);
    let frame = frame(role::SERVER, FIN | 0x40 | BINARY, &[0; 50_000]);
    host.read(&frame[..10], 10);
    assert!(host.connection.lend(1).is_none());
}

/// The loan was made before the host closed the connection: what it reads is still read, and the peer's Close behind it.
#[test]
fn what_is_read_to_its_place_after_close_is_dropped_and_frames_go_on() {
    let binary = frame(role::SERVER, FIN | BINARY, &[0; 50_000]);
    let mut host = Host::new(role::SERVER, &[], None);
    host.read(&binary[..30_000], 30_000);
    let (_, room) = host.connection.lend(1).expect("a loan");
    let read = room.min(binary.len() - 30_000);
    host.connection.close(1000, b"", 0).unwrap();
    host.connection.receive_lent(|store| store.extend_from_slice(&binary[30_000..][..read]), 0);
    host.keep(&[]);
    host.read(&binary[30_000 + read..], usize::MAX);
    host.read(&frame(role::SERVER, FIN | CLOSE, &frames::close(1000, "")), usize::MAX);
    host.connection.timeout(0);
    host.keep(&[]);
    let closed = format!("{} ", kind::CLOSED);
    assert!(host.events.last().is_some_and(|event| event.starts_with(&closed)), "{:?}", host.events);
    assert!(!host.events.iter().any(|event| event.starts_with(&format!("{} ", kind::BINARY))), "{:?}", host.events);
    assert_eq!((host.block().fault, host.block().transport), (0, Transport::Close as u8));
}

#[test]
fn what_is_read_to_its_place_after_the_connection_has_failed_is_ignored() {
    let binary = frame(role::SERVER, FIN | BINARY, &[0; 50_000]);
    let mut host = Host::new(role::SERVER, &[], None);
    host.read(&binary[..30_000], 30_000);
    assert!(host.connection.lend(1).is_some());
    host.connection.fail(1011, b"", 0).unwrap();
    host.connection.receive_lent(|_| panic!("nobody reads it"), 0);
    host.keep(&[]);
    assert_eq!(host.events.len(), 1, "{:?}", host.events);
    assert!(host.events[0].starts_with(&format!("{} ", kind::CLOSED)));
}

/// RFC 6455 §8.1, wherever a text is at fault.
#[test]
fn a_text_that_is_not_utf8_fails_where_it_would_have_failed() {
    for at in [20_000, 33_333, 49_999] {
        let mut payload = text(50_000);
        payload[at] = 0xff;
        let bytes = [frame(role::SERVER, FIN | PING, b""), frame(role::SERVER, FIN | TEXT, &payload)].concat();
        let mut plain = Host::new(role::SERVER, &[], None);
        plain.read(&bytes, 10_000);
        let mut host = Host::new(role::SERVER, &[], Some(1));
        host.read(&bytes, 10_000);
        assert!(host.lent > 0);
        assert_eq!(host.events, plain.events);
        let (block, expected) = (host.block(), plain.block());
        assert_eq!(block.fault, FaultKind::BadText.number());
        assert_eq!((block.fault, block.fault_position), (expected.fault, expected.fault_position));
        let sent = frames::read_all(host.connection.output());
        assert_eq!(sent.last().map(|frame| frame.first), Some(FIN | CLOSE));
        assert_eq!(sent, frames::read_all(plain.connection.output()));
    }
}

/// What arrives, wherever it is read to, shows that the peer is alive.
#[test]
fn what_is_read_to_its_place_counts_as_activity() {
    let binary = frame(role::SERVER, FIN | BINARY, &[0; 50_000]);
    let mut host = Host::new(role::SERVER, &[(option::PING_INTERVAL, 1000), (option::REQUIRE_PONG, 0)], None);
    host.read(&binary[..30_000], 30_000);
    host.connection.timeout(1000);
    host.connection.written(host.connection.output().len()).unwrap();
    let pong = host.block().next_deadline;
    assert!(host.connection.lend(1).is_some());
    host.connection.receive_lent(|store| store.extend_from_slice(&binary[30_000..30_100]), 1500);
    host.connection.timeout(pong);
    assert_eq!(host.block().fault, 0, "the ping was not answered, but the peer is alive");
}
