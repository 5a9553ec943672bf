//! The window that both ends agreed on (RFC 7692 §7.1.2): the peer may refer back to all of it, and no further.
#![cfg(feature = "deflate")]

mod common;

use std::time::Duration;

use common::deflate::{self, Block, Stream};
use common::frames::{self, BINARY, CONTINUATION, FIN, TEXT};
use sansock::{Config, ConfigBuilder, Connection, Event, FaultKind, Received, Role};

const NOW: Duration = Duration::ZERO;
/// The bit that marks a compressed message.
const RSV1: u8 = 0x40;

/// How a connection is used.
#[derive(Clone, Copy, Debug)]
struct Use {
    role: Role,
    bits: u8,
    /// Each message stands alone.
    alone: bool,
    parts: bool,
    /// How many bytes are read at once.
    read: usize,
}

impl Use {
    fn window(self) -> usize {
        1 << self.bits
    }

    fn connect(self) -> Connection {
        self.connect_with(|config| config)
    }

    fn connect_with(self, configure: impl Fn(ConfigBuilder) -> ConfigBuilder) -> Connection {
        let config = Config::builder(self.role).start_open(true).deflate(true).parts(self.parts);
        let config = config.server_max_window_bits(self.bits).client_max_window_bits(self.bits);
        let config = config.server_no_context_takeover(self.alone).client_no_context_takeover(self.alone);
        Connection::new(&configure(config).build().unwrap(), [5; 32], NOW).unwrap()
    }

    /// What these messages are inflated to by a new connection, all together, and its fault.
    fn read(self, messages: &[Vec<u8>]) -> (Vec<u8>, Option<FaultKind>) {
        let mut connection = self.connect();
        let (mut data, mut seed) = (Vec::new(), 9);
        for message in messages {
            let mut wire = frames::to(self.role, FIN | RSV1 | BINARY, message);
            receive(&mut connection, &mut wire, &mut data, || next(&mut seed) as usize % self.read + 1);
        }
        (data, connection.fault().map(|fault| fault.kind))
    }
}

/// Every use of a window of each size, with the reads of these sizes.
fn uses(bits: impl Iterator<Item = u8> + Clone, reads: &[usize]) -> Vec<Use> {
    let mut uses = Vec::new();
    for role in [Role::Server, Role::Client] {
        for bits in bits.clone() {
            for (alone, parts) in [(false, false), (false, true), (true, false), (true, true)] {
                uses.extend(reads.iter().map(|read| Use { role, bits, alone, parts, read: *read }));
            }
        }
    }
    uses
}

/// A small deterministic generator (xorshift).
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

fn receive(connection: &mut Connection, wire: &mut [u8], data: &mut Vec<u8>, mut step: impl FnMut() -> usize) {
    let (mut at, mut end) = (0, 0);
    while at < wire.len() || connection.has_more() {
        end = wire.len().min(end.max(at.saturating_add(step())));
        let Received { consumed, events, .. } = connection.receive(&mut wire[at..end], NOW);
        for event in events {
            if let Event::Binary(part) = event {
                data.extend_from_slice(part.data);
            }
        }
        at += consumed;
        if connection.fault().is_some() {
            return;
        }
    }
}

/// Asserts that a stream's messages are inflated to what they stand for, or refused for the last of them.
fn judge(of: Use, stream: &Stream, messages: &[Vec<u8>], allowed: bool, what: &str) {
    let (data, fault) = of.read(messages);
    if allowed {
        assert_eq!(fault, None, "{what}, {of:?}");
        assert!(data == stream.said, "{what}: other bytes, {of:?}");
    } else {
        assert_eq!(fault, Some(FaultKind::BadCompressedData), "{what}, {of:?}");
        assert!(stream.said.starts_with(&data), "{what}: other bytes, {of:?}");
    }
}

const BLOCKS: [Block; 3] = [Block::Fixed, Block::Dynamic, Block::Long];

/// Behind so many bytes more than the window has: the place in a ring differs.
fn behind(of: Use) -> [usize; 5] {
    [0, 1, 100, of.window() - 4, of.window() - 1]
}

#[test]
fn a_message_refers_to_the_whole_window_and_no_further() {
    for of in uses(8..=15, &[usize::MAX, 1]) {
        for (more, block) in behind(of).into_iter().zip(BLOCKS.into_iter().cycle()) {
            for (distance, allowed) in [(of.window(), true), (of.window() + 1, false)] {
                // DEFLATE has no distance beyond 32,768.
                if distance > 32_768 {
                    continue;
                }
                let mut stream = Stream::default();
                stream.begin(block, false);
                stream.fill(of.window() + more);
                stream.copy(distance, 5);
                stream.copy(1, 20);
                let message = stream.message();
                judge(of, &stream, &[message], allowed, &format!("{distance} behind {more} more, {block:?}"));
            }
        }
    }
}

#[test]
fn a_message_refers_to_those_before_it_within_the_window() {
    for of in uses(8..=15, &[usize::MAX, 1]).into_iter().filter(|of| !of.alone) {
        for (more, block) in behind(of).into_iter().zip(BLOCKS.into_iter().cycle()) {
            for (distance, allowed) in [(of.window(), true), (of.window() + 1, false)] {
                if distance > 32_768 {
                    continue;
                }
                let mut stream = Stream::default();
                stream.begin(block, false);
                stream.fill(of.window() + more - 3);
                let first = stream.message();
                stream.begin(block, false);
                b"abc".iter().for_each(|byte| stream.literal(*byte));
                stream.copy(distance, 258);
                let second = stream.message();
                judge(of, &stream, &[first, second], allowed, &format!("{distance} behind {more} more, {block:?}"));
            }
        }
    }
}

/// Before the window is full. Where each message stands alone, the first one has what the second refers to.
#[test]
fn nothing_refers_to_what_was_not_there() {
    for of in uses(8..=15, &[usize::MAX, 1]) {
        for there in [0, 1, 2, 17, 255, of.window() - 1] {
            for (distance, block) in [(there, Block::Fixed), (there + 1, Block::Fixed), (there + 1, Block::Dynamic)] {
                if distance == 0 {
                    continue;
                }
                let mut stream = Stream::default();
                stream.begin(Block::Fixed, false);
                stream.fill(if of.alone { there + 10 } else { 0 });
                let first = stream.message();
                stream.begin(block, false);
                stream.fill(there);
                stream.copy(distance, 3);
                let second = stream.message();
                let what = format!("{distance} where {there} are there, {block:?}");
                judge(of, &stream, &[first, second], distance <= there, &what);
            }
        }
    }
}

/// Stored blocks count, and final ones do not empty the window (§7.2.3.4).
#[test]
fn the_window_holds_what_came_in_any_block() {
    for of in uses(8..=15, &[usize::MAX, 1]).into_iter().filter(|of| !of.alone) {
        for (distance, allowed) in [(of.window(), true), (of.window() + 1, false)] {
            if distance > 32_768 {
                continue;
            }
            for is_final in [false, true] {
                let mut stream = Stream::default();
                stream.begin(Block::Fixed, is_final);
                stream.fill(of.window() / 2 + 1);
                stream.store(&[7; 100], is_final);
                stream.begin(Block::Dynamic, is_final);
                stream.fill(20);
                let first = stream.message();
                stream.begin(Block::Dynamic, is_final);
                stream.fill(of.window() / 2 - 121);
                stream.store(b"", is_final);
                stream.begin(Block::Fixed, is_final);
                stream.copy(distance, 258);
                let second = stream.message();
                judge(of, &stream, &[first, second], allowed, &format!("{distance}, final {is_final}"));
            }
        }
    }
}

/// Each block begins at each bit of a byte, and some end in the same byte.
#[test]
fn blocks_begin_and_end_at_any_bit() {
    for of in uses([8, 12, 15].into_iter(), &[usize::MAX, 1]) {
        for (nines, is_final) in (0..8).flat_map(|nines| [(nines, false), (nines, true)]) {
            for (empty, block) in BLOCKS.into_iter().flat_map(|empty| BLOCKS.map(|block| (empty, block))) {
                let mut stream = Stream::default();
                stream.begin(Block::Fixed, false);
                // A code of nine bits.
                (0..nines).for_each(|_| stream.literal(200));
                stream.begin(empty, is_final);
                stream.begin(empty, false);
                stream.begin(block, false);
                b"abcd".iter().for_each(|byte| stream.literal(*byte));
                stream.copy(4, 30);
                // In the fixed code, all zeros but the last bit.
                stream.begin(block, is_final);
                stream.copy(2, 3);
                stream.begin(block, is_final);
                stream.literal(b'e');
                let message = stream.message();
                let what = format!("{nines} codes of nine bits, final {is_final}, {empty:?}, {block:?}");
                judge(of, &stream, &[message], true, &what);
            }
        }
    }
}

/// In two reads, or in two frames, whatever the cut goes through.
#[test]
fn a_distance_is_found_wherever_the_message_is_cut() {
    for of in uses([8, 11, 14].into_iter(), &[usize::MAX]) {
        for (distance, fault) in [(of.window(), None), (of.window() + 1, Some(FaultKind::BadCompressedData))] {
            let mut stream = Stream::default();
            stream.store(&[7; 20], true);
            stream.begin(Block::Dynamic, false);
            stream.fill(of.window());
            stream.begin(Block::Fixed, true);
            stream.literal(200);
            stream.begin(Block::Dynamic, true);
            stream.copy(distance, 100);
            let message = stream.message();
            // The places in the copies that fill a large window are alike.
            let cuts = (0..600).chain(message.len() - 60..=message.len()).filter(|cut| *cut <= message.len());
            for cut in cuts {
                let whole = frames::to(of.role, FIN | RSV1 | BINARY, &message);
                let head = whole.len() - message.len();
                let (start, end) = message.split_at(cut);
                let two = [frames::to(of.role, RSV1 | BINARY, start), frames::to(of.role, FIN | CONTINUATION, end)];
                for (mut wire, first) in [(whole, head + cut), (two.concat(), usize::MAX)] {
                    let (mut connection, mut data) = (of.connect(), Vec::new());
                    let mut reads = [first, usize::MAX].into_iter();
                    receive(&mut connection, &mut wire, &mut data, || reads.next().unwrap_or(usize::MAX));
                    assert_eq!(connection.fault().map(|fault| fault.kind), fault, "{distance}, cut at {cut}, {of:?}");
                    assert!(stream.said.starts_with(&data), "{distance}, cut at {cut}, {of:?}");
                    assert!(fault.is_some() || data.len() == stream.said.len(), "{distance}, cut at {cut}, {of:?}");
                }
            }
        }
    }
}

/// Messages that end with a final block, and those without a byte of data: the next one refers to what was before.
#[test]
fn messages_end_with_final_blocks_or_have_no_data() {
    for of in uses(8..=15, &[usize::MAX, 1]) {
        for block in BLOCKS {
            let mut stream = Stream::default();
            let mut messages = vec![vec![], stream.message()];
            stream.begin(block, true);
            stream.fill(5);
            messages.push(stream.message_that_is_final());
            messages.push(vec![]);
            stream.store(b"stored", true);
            messages.push(stream.message_that_is_final());
            stream.begin(block, true);
            messages.push(stream.message_that_is_final());
            messages.push(stream.message());
            stream.begin(block, false);
            if of.alone {
                stream.fill(11);
            }
            stream.copy(11, 20);
            messages.push(stream.message());
            judge(of, &stream, &messages, true, &format!("{block:?}"));
        }
    }
}

/// What it leaves open would be continued by the next message, or not, as the decoder is still there.
#[test]
fn a_message_that_ends_inside_a_block_is_refused() {
    for of in uses(8..=15, &[usize::MAX, 1]) {
        let mut stream = Stream::default();
        stream.begin(Block::Fixed, false);
        stream.literal(b'a');
        let message = stream.message_inside_a_block();
        judge(of, &stream, &[message], false, "a message that ends inside a block");
    }
}

/// What can be referred to stays, and nothing else does: decoders are the configuration's.
#[test]
fn between_messages_a_connection_keeps_no_more_than_the_window() {
    for of in uses(8..=14, &[usize::MAX, 100]) {
        for len in [1, of.window() / 2, of.window(), 3 * of.window()] {
            let mut stream = Stream::default();
            stream.begin(Block::Dynamic, false);
            stream.fill(len);
            let mut wire = frames::to(of.role, FIN | RSV1 | BINARY, &stream.message());
            let (mut connection, mut data) = (of.connect(), Vec::new());
            let before = connection.memory_usage();
            receive(&mut connection, &mut wire, &mut data, || of.read);
            assert!(data == stream.said, "{len}, {of:?}");
            connection.release();
            let kept = connection.memory_usage() - before;
            let needed = if of.alone { 0 } else { len.min(of.window()) };
            let most = of.window().min(2 * needed) + 128;
            assert!((needed..=most).contains(&kept), "{kept} for {len}, {of:?}");
        }
    }
}

/// The codes of a dynamic block, which are needed to know how far a peer refers back.
#[test]
fn a_message_under_way_costs_little_more_in_a_small_window() {
    let under_way = |bits| {
        let of = Use { role: Role::Server, bits, alone: false, parts: false, read: usize::MAX };
        let mut stream = Stream::default();
        stream.begin(Block::Dynamic, false);
        stream.fill(100);
        let mut wire = frames::to(of.role, RSV1 | BINARY, &stream.message_inside_a_block());
        let mut connection = of.connect();
        receive(&mut connection, &mut wire, &mut Vec::new(), || of.read);
        connection.release();
        connection.memory_usage()
    };
    let largest = under_way(15);
    for bits in 8..=14 {
        let more = under_way(bits) - largest;
        assert!((1024..=4096).contains(&more), "{more} bytes more in a window of {bits} bits");
    }
}

/// The limit counts inflated bytes.
#[test]
fn the_limit_of_a_message_is_the_same_in_every_window() {
    const LIMIT: usize = 10_000;
    for of in uses(8..=15, &[usize::MAX, 1]).into_iter().filter(|of| !of.alone && !of.parts) {
        for (len, fault) in [(LIMIT, None), (LIMIT + 1, Some(FaultKind::MessageTooBig))] {
            let mut stream = Stream::default();
            stream.begin(Block::Fixed, false);
            stream.fill(len);
            let mut wire = frames::to(of.role, FIN | RSV1 | BINARY, &stream.message());
            let mut connection = of.connect_with(|config| config.max_message_size(LIMIT as u64));
            let mut data = Vec::new();
            receive(&mut connection, &mut wire, &mut data, || of.read);
            assert_eq!(connection.fault().map(|fault| fault.kind), fault, "{len}, {of:?}");
            assert!(data == stream.said || fault.is_some() && data.is_empty(), "{len}, {of:?}");
        }
    }
}

/// A text is validated as it is inflated, and what is wrong with it comes before what is wrong with the stream behind it.
#[test]
fn text_is_validated_in_every_window() {
    for of in uses(8..=15, &[usize::MAX, 1]) {
        for text in ["aé€", "aé\u{7ff}"] {
            for (cut, fault) in [(text.len(), FaultKind::BadCompressedData), (text.len() - 1, FaultKind::BadText)] {
                let mut stream = Stream::default();
                stream.begin(Block::Fixed, false);
                text.bytes().take(cut).for_each(|byte| stream.literal(byte));
                stream.literal(b'.');
                stream.copy(of.window(), 3);
                let mut wire = frames::to(of.role, FIN | RSV1 | TEXT, &stream.message());
                let mut connection = of.connect();
                receive(&mut connection, &mut wire, &mut Vec::new(), || of.read);
                assert_eq!(connection.fault().map(|found| found.kind), Some(fault), "{text}, {cut}, {of:?}");
            }
        }
    }
}

/// What would be copied counts neither as text nor for the limit, and what comes before it counts first, wherever reads cut the
/// message.
#[test]
fn a_distance_that_is_too_far_is_not_followed() {
    let cases = [
        ("é".as_bytes(), 0, FaultKind::BadCompressedData),
        (&[0xc3, b'.'], 0, FaultKind::BadText),
        ("é".as_bytes(), 1, FaultKind::MessageTooBig),
    ];
    for of in uses(8..=14, &[usize::MAX, 1]) {
        for (block, (start, beyond, expected)) in BLOCKS.into_iter().flat_map(|block| cases.map(|case| (block, case))) {
            let mut stream = Stream::default();
            stream.begin(block, false);
            start.iter().for_each(|byte| stream.literal(*byte));
            stream.literal(b'.');
            (0..of.window() / 128 - 1).for_each(|_| stream.copy(1, 128));
            stream.copy(1, 127);
            let limit = stream.said.len() as u64 - beyond;
            // From inside the code point.
            stream.copy(of.window() + 1, 3);
            let mut wire = frames::to(of.role, FIN | RSV1 | TEXT, &stream.message());
            let mut connection = of.connect_with(|config| config.max_message_size(limit));
            receive(&mut connection, &mut wire, &mut Vec::new(), || of.read);
            let fault = connection.fault().map(|fault| fault.kind);
            assert_eq!(fault, Some(expected), "{block:?}, {of:?}");
        }
    }
}

/// A stream of random blocks, literals, runs and references that keeps to the window, in several messages.
fn random_messages(of: Use, seed: &mut u64, count: usize) -> (Stream, Vec<Vec<u8>>) {
    let mut stream = Stream::default();
    let mut messages = Vec::new();
    for _ in 0..count {
        let start = if of.alone { stream.said.len() } else { 0 };
        for _ in 0..next(seed) % 5 {
            let is_final = next(seed).is_multiple_of(4);
            if next(seed).is_multiple_of(4) {
                let data: Vec<u8> = (0..next(seed) % 300).map(|_| next(seed) as u8).collect();
                stream.store(&data, is_final);
                continue;
            }
            stream.begin(BLOCKS[next(seed) as usize % 3], is_final);
            for _ in 0..next(seed) % 40 {
                let there = (stream.said.len() - start).min(of.window());
                if there == 0 || next(seed).is_multiple_of(2) {
                    stream.literal(next(seed) as u8);
                    continue;
                }
                let near = there.min([1, 4, there][next(seed) as usize % 3]);
                let distance = if next(seed).is_multiple_of(4) { there } else { 1 + next(seed) as usize % near };
                stream.copy(distance, 3 + next(seed) as usize % [6, 256][next(seed) as usize % 2]);
            }
        }
        messages.push(stream.message());
    }
    (stream, messages)
}

#[test]
fn random_streams_are_inflated_to_what_they_stand_for() {
    let mut seed = 77;
    for of in uses(8..=15, &[1, 40, 5000]) {
        for _ in 0..4 {
            let (mut stream, mut messages) = random_messages(of, &mut seed, 8);
            judge(of, &stream, &messages, true, "random blocks");
            let there = if of.alone { 0 } else { stream.said.len() };
            let beyond = there.min(of.window()) + 1 + next(&mut seed) as usize % 3;
            if beyond <= 32_768 {
                stream.begin(BLOCKS[next(&mut seed) as usize % 3], false);
                stream.copy(beyond, 3);
                messages.push(stream.message());
                judge(of, &stream, &messages, false, "random blocks, and a distance that is too far");
            }
        }
    }
}

/// What a compressor makes with the window, in reads of any size.
#[test]
fn a_thousand_messages_of_a_compressor_are_inflated() {
    let mut seed = 5;
    let words: Vec<String> = (0..400).map(|index| format!("word{index} {} ", index * index)).collect();
    for of in uses(9..=15, &[3, 300]) {
        let role = if of.role == Role::Server { Role::Client } else { Role::Server };
        let (mut from, mut to) = (Use { role, ..of }.connect(), of.connect());
        for _ in 0..18 {
            let len = next(&mut seed) % 400;
            let said: String = (0..len).map(|_| words[next(&mut seed) as usize % words.len()].as_str()).collect();
            from.send_binary(said.as_bytes()).unwrap();
            let mut wire = from.output().to_vec();
            from.written(wire.len()).unwrap();
            let mut data = Vec::new();
            receive(&mut to, &mut wire, &mut data, || next(&mut seed) as usize % of.read + 1);
            assert_eq!(to.fault().map(|fault| fault.kind), None, "{of:?}");
            assert!(data == said.as_bytes(), "{of:?}");
        }
    }
}

/// A peer that compresses in the largest window, whatever it has agreed to.
#[test]
fn a_compressor_with_a_larger_window_is_found_out() {
    let (mut seed, mut too_far, mut fine) = (8, 0, 0);
    let words: Vec<String> = (0..400).map(|index| format!("word{index} {} ", index * index)).collect();
    let largest = Use { role: Role::Client, bits: 15, alone: true, parts: false, read: 300 };
    let mut from = largest.connect_with(|config| config.deflate_threshold(1));
    for round in 0..280 {
        let len = next(&mut seed) as usize % [30, 200, 2000][round % 3];
        let varied = 1 + next(&mut seed) as usize % words.len();
        let said: String = (0..len).map(|_| words[next(&mut seed) as usize % varied].as_str()).collect();
        from.send_binary(said.as_bytes()).unwrap();
        let payload = frames::read_all(from.output())[0].payload.clone();
        from.written(from.output().len()).unwrap();
        let of = Use { role: Role::Server, bits: 8 + (round % 7) as u8, ..largest };
        let furthest = deflate::distances(&payload).into_iter().max().unwrap_or(0);
        let (data, fault) = of.read(&[payload]);
        if furthest > of.window() {
            assert_eq!(fault, Some(FaultKind::BadCompressedData), "{furthest}, {round}, {of:?}");
            assert!(said.as_bytes().starts_with(&data), "{round}, {of:?}");
            too_far += 1;
        } else {
            assert_eq!(fault, None, "{furthest}, {round}, {of:?}");
            assert!(data == said.as_bytes(), "{round}, {of:?}");
            fine += 1;
        }
    }
    assert!(too_far > 50 && fine > 50, "{too_far} too far, {fine} fine");
}

/// Messages that are not as they were made: a small window refuses what the largest refuses, and distances, and nothing else.
#[test]
fn a_small_window_refuses_distances_and_nothing_else() {
    let (mut seed, mut malformed, mut too_far, mut fine) = (31, 0, 0, 0);
    for round in 0..6000 {
        let made = Use { role: Role::Server, bits: 12, alone: true, parts: round % 2 == 0, read: 50 };
        let (_, messages) = random_messages(made, &mut seed, 1);
        let mut message = messages[0].clone();
        for _ in 0..next(&mut seed) % 4 {
            let at = next(&mut seed) as usize % message.len();
            message[at] ^= 1 << (next(&mut seed) % 8);
        }
        let of = Use { bits: 8 + (round % 7) as u8, ..made };
        let largest = Use { bits: 15, ..made };
        let ((data, fault), (all, fault_of_largest)) = (of.read(&[message.clone()]), largest.read(&[message.clone()]));
        assert!(all.starts_with(&data), "{message:02x?}, {of:?}");
        let furthest = deflate::distances(&message).into_iter().max().unwrap_or(0);
        let count = match (fault_of_largest, furthest > of.window()) {
            (Some(expected), _) => {
                assert_eq!(fault, Some(expected), "{message:02x?}, {of:?}");
                &mut malformed
            }
            (None, true) => {
                assert_eq!(fault, Some(FaultKind::BadCompressedData), "{furthest} in {message:02x?}, {of:?}");
                &mut too_far
            }
            (None, false) => {
                assert_eq!(fault, None, "{furthest} in {message:02x?}, {of:?}");
                assert!(data == all, "{message:02x?}, {of:?}");
                &mut fine
            }
        };
        *count += 1;
    }
    assert!(malformed > 500 && too_far > 100 && fine > 500, "{malformed} malformed, {too_far} too far, {fine} fine");
}
