//! Frame headers (RFC 6455 §5.2, §5.4, §5.5; RFC 7692 §6): every first word, in every state of a message, with every class of
//! length.

use sansock::{Config, Role};

use crate::common::bytes::show;
use crate::common::drive::{Host, opened};
use crate::common::frames::{self, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use crate::{proved, whole};

/// Extended lengths of 16 bits, and the limit of messages beside which they are chosen.
const SHORT: (&[u64], u64) = (&[0, 1, 125, 126, 197, 198, 200, 201, 65_535], 200);
/// Those of 64 bits.
const LONG: (&[u64], u64) = (
    &[0, 1, 125, 126, 65_535, 65_536, 65_597, 65_598, 65_600, 65_601, 1 << 62, u64::MAX >> 1, 1 << 63, u64::MAX],
    65_600,
);

/// A message that is under way: its opcode, whether it is compressed, and the payload of its first fragment.
type UnderWay = Option<(u8, bool, &'static [u8])>;

const NOTHING: UnderWay = None;
const FRAGMENTED_TEXT: UnderWay = Some((TEXT, false, b"abc"));
const FRAGMENTED_BINARY: UnderWay = Some((BINARY, false, b"abc"));
/// "Hello" (RFC 7692 §7.2.3.1).
const FRAGMENTED_COMPRESSED: UnderWay = Some((TEXT, true, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));

/// What a header arrives in.
#[derive(Clone, Copy, Debug)]
struct Place {
    role: Role,
    deflate: bool,
    under_way: UnderWay,
    limit: u64,
}

/// The first word of a frame, and its extended length if it has one.
#[derive(Clone, Copy, Debug)]
struct Head {
    first: u8,
    second: u8,
    extended: u64,
}

impl Head {
    fn opcode(self) -> u8 {
        self.first & 0xf
    }

    fn is_final(self) -> bool {
        self.first & 0x80 != 0
    }

    fn is_control(self) -> bool {
        self.opcode() & 0x8 != 0
    }

    fn payload_len(self) -> u64 {
        match self.second & 0x7f {
            126 | 127 => self.extended,
            len => len.into(),
        }
    }

    /// The bytes, masked with a key of zeros if the mask bit is set.
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![self.first, self.second];
        match self.second & 0x7f {
            126 => bytes.extend((self.extended as u16).to_be_bytes()),
            127 => bytes.extend(self.extended.to_be_bytes()),
            _ => {}
        }
        if self.second & 0x80 != 0 {
            bytes.extend([0; 4]);
        }
        bytes
    }

    /// Whether the frame belongs to a compressed message.
    fn is_compressed(self, place: &Place) -> bool {
        match place.under_way {
            Some((_, compressed, _)) => compressed && !self.is_control(),
            None => self.first & 0x40 != 0,
        }
    }
}

/// The fault of a header, the close code that it calls for, and the length of the header up to the byte that shows it.
fn fault(head: Head, place: &Place) -> Option<(&'static str, u16, usize)> {
    first_byte(head, place)
        .map(|name| (name, 1002, 1))
        .or_else(|| second_byte(head, place).map(|name| (name, 1002, 2)))
        .or_else(|| length(head).map(|(name, at)| (name, 1002, at)))
        .or_else(|| is_too_big(head, place).then(|| ("MESSAGE_TOO_BIG", 1009, head.to_bytes().len())))
}

fn first_byte(head: Head, place: &Place) -> Option<&'static str> {
    let may_compress = place.deflate && matches!(head.opcode(), TEXT | BINARY);
    match head.first & 0x70 {
        0 => {}
        0x40 if may_compress => {}
        _ => return Some("RESERVED_BITS"),
    }
    match head.opcode() {
        CONTINUATION => place.under_way.is_none().then_some("UNEXPECTED_CONTINUATION"),
        TEXT | BINARY => place.under_way.is_some().then_some("EXPECTED_CONTINUATION"),
        CLOSE | PING | PONG => (!head.is_final()).then_some("CONTROL_FRAGMENTED"),
        _ => Some("RESERVED_OPCODE"),
    }
}

fn second_byte(head: Head, place: &Place) -> Option<&'static str> {
    match (place.role, head.second & 0x80 != 0) {
        (Role::Server, false) => Some("UNMASKED"),
        (Role::Client, true) => Some("MASKED"),
        _ => (head.is_control() && head.second & 0x7f > 125).then_some("CONTROL_TOO_LONG"),
    }
}

fn length(head: Head) -> Option<(&'static str, usize)> {
    match (head.second & 0x7f, head.extended) {
        (126, 0..=125) => Some(("NON_MINIMAL_LENGTH", 4)),
        (127, 0..=0xffff) => Some(("NON_MINIMAL_LENGTH", 10)),
        (127, len) if len >> 63 == 1 => Some(("LENGTH_OVERFLOW", 3)),
        _ => None,
    }
}

fn is_too_big(head: Head, place: &Place) -> bool {
    let before = match place.under_way {
        Some((_, false, start)) => start.len() as u64,
        _ => 0,
    };
    !head.is_control() && head.payload_len() + before > place.limit
}

/// The limit counts inflated bytes: how many more there may be on the wire is not the RFC's to say.
fn is_open_to_choice(head: Head, place: &Place) -> bool {
    head.is_compressed(place) && (place.limit..place.limit * 2 + 2048).contains(&head.payload_len())
}

/// What comes of a frame whose header is good: its payload, and the first event or fault.
fn outcome(head: Head, place: &Place) -> (Vec<u8>, Option<String>, Option<&'static str>) {
    let mut payload = vec![b'a'; head.payload_len() as usize];
    let text = |payload: &[u8]| show(payload);
    match head.opcode() {
        PING => (payload.clone(), Some(format!("ping {}", text(&payload))), None),
        PONG => (payload.clone(), Some(format!("pong {}", text(&payload))), None),
        CLOSE if payload.len() == 1 => (payload, None, Some("CLOSE_TOO_SHORT")),
        CLOSE if payload.is_empty() => (payload, Some("closing 1005 \"\"".to_owned()), None),
        CLOSE => {
            payload[..2].copy_from_slice(&1000_u16.to_be_bytes());
            let reason = text(&payload[2..]);
            (payload, Some(format!("closing 1000 {reason}")), None)
        }
        opcode => {
            let (opcode, start) = place.under_way.map_or((opcode, &b""[..]), |(opcode, _, start)| (opcode, start));
            let kind = if opcode == TEXT { "text" } else { "binary" };
            let message = || format!("{kind} {}", text(&[start, &payload].concat()));
            (payload.clone(), head.is_final().then(message), None)
        }
    }
}

/// An engine in this place.
fn host(config: &Config, place: &Place) -> Host {
    let mut host = Host::of(config);
    if let Some((opcode, compressed, start)) = place.under_way {
        let first = if compressed { 0x40 | opcode } else { opcode };
        host.receive(&frames::to(place.role, first, start));
    }
    host
}

/// What the engine reports after these reads.
fn reported(place: &Place, config: &Config, reads: &[&[u8]]) -> (Host, Option<&'static str>) {
    let mut engine = host(config, place);
    reads.iter().for_each(|bytes| engine.receive_in_pieces(bytes, usize::MAX));
    let fault = engine.fault().map(|kind| kind.name());
    (engine, fault)
}

fn check(head: Head, place: &Place, config: &Config) {
    match fault(head, place) {
        Some(fault) => check_fault(head, place, config, fault),
        None if head.is_compressed(place) => check_compressed(head, place, config),
        None => check_frame(head, place, config),
    }
}

/// The fault is found at its byte, and also where the payload is there already.
fn check_fault(head: Head, place: &Place, config: &Config, (name, code, at): (&'static str, u16, usize)) {
    let case = || format!("{head:02x?} at {place:?}");
    let bytes = head.to_bytes();
    let payload = vec![b'a'; if head.payload_len() < 100_000 { head.payload_len() as usize } else { 0 }];
    let (_, before) = reported(place, config, &[&bytes[..at - 1]]);
    assert_eq!(before, None, "{} before byte {at}", case());
    let whole = [&bytes[..], &payload].concat();
    for reads in [&[&bytes[..at - 1], &bytes[at - 1..at]][..], &[&bytes], &[&whole]] {
        let (mut engine, actual) = reported(place, config, reads);
        assert_eq!(actual, Some(name), "{} in {} reads", case(), reads.len());
        assert_eq!(engine.events.len(), 1, "{}: {:?}", case(), engine.events);
        let sent = frames::read_all(&engine.take_output()).pop().map(|frame| frame.payload[..2].to_vec());
        assert_eq!(sent, Some(code.to_be_bytes().to_vec()), "{}", case());
    }
}

/// What the payload is inflated to is not for the header to say.
fn check_compressed(head: Head, place: &Place, config: &Config) {
    let (_, actual) = reported(place, config, &[&head.to_bytes()]);
    let is_whole = head.payload_len() == 0 && head.is_final() && place.under_way.is_none();
    assert!(actual.is_none() || is_whole, "{head:02x?} at {place:?}: {actual:?}");
}

fn check_frame(head: Head, place: &Place, config: &Config) {
    let bytes = head.to_bytes();
    let (payload, event, fault) = outcome(head, place);
    let whole = [&bytes[..], &payload].concat();
    let (first, rest) = bytes.split_at(1);
    for reads in [&[&whole[..]][..], &[&bytes, &payload], &[first, rest, &payload]] {
        let case = || format!("{head:02x?} at {place:?} in {} reads", reads.len());
        let (engine, actual) = reported(place, config, reads);
        assert_eq!(engine.events.first().filter(|_| fault.is_none()), event.as_ref(), "{}", case());
        assert_eq!(actual, fault, "{}", case());
    }
}

/// Every kind of opcode, no reserved bit or one, and the second bytes where the meaning changes.
fn is_in_share(first: u8, second: u8) -> bool {
    let opcodes = [CONTINUATION, TEXT, BINARY, 0x3, CLOSE, PING, PONG, 0xf];
    opcodes.contains(&(first & 0xf))
        && [0, 0x10, 0x40].contains(&(first & 0x70))
        && [0, 1, 125, 126, 127].contains(&(second & 0x7f))
}

fn check_all(role: Role, deflate: bool, under_way: UnderWay) -> u64 {
    let mut cases = 0;
    let all = whole();
    for word in 0..=u16::MAX {
        let [first, second] = word.to_be_bytes();
        if !all && !is_in_share(first, second) {
            continue;
        }
        let (lengths, limit) = match second & 0x7f {
            126 => SHORT,
            127 => LONG,
            _ => (&[0][..], SHORT.1),
        };
        let place = Place { role, deflate, under_way, limit };
        let config = opened(role).deflate(deflate).max_message_size(limit).build().expect("a good configuration");
        for extended in lengths {
            let head = Head { first, second, extended: *extended };
            if !is_open_to_choice(head, &place) {
                check(head, &place, &config);
                cases += 1;
            }
        }
    }
    cases
}

#[test]
fn every_header_means_what_the_rfc_says() {
    let mut cases = 0;
    for role in [Role::Client, Role::Server] {
        for under_way in [NOTHING, FRAGMENTED_TEXT, FRAGMENTED_BINARY] {
            cases += check_all(role, false, under_way);
        }
        if cfg!(feature = "deflate") {
            for under_way in [NOTHING, FRAGMENTED_TEXT, FRAGMENTED_BINARY, FRAGMENTED_COMPRESSED] {
                cases += check_all(role, true, under_way);
            }
        }
    }
    proved("frame headers: first words x lengths x states of a message x compression x roles", cases);
}
