//! Compressed data for the table: from a client of the engine, and blocks written by hand (RFC 1951).

use std::time::Duration;

use sansock::{Config, Connection};

/// Documents of about 1 KiB.
pub fn documents(count: usize) -> Vec<Vec<u8>> {
    let entry = |at: usize| {
        format!(
            "{{\"id\":{},\"name\":\"user {}\",\"online\":{},\"score\":{}}}",
            at * 7919 % 10_007,
            at * 31 % 997,
            at.is_multiple_of(3),
            at * at % 8191
        )
    };
    let document = |at: usize| {
        let entries: Vec<String> = (0..18).map(|index| entry(at * 18 + index)).collect();
        format!("{{\"type\":\"update\",\"seq\":{at},\"users\":[{}]}}", entries.join(",")).into_bytes()
    };
    (0..count).map(document).collect()
}

/// What a client makes of messages, each alone, so that they can be sent again and again.
pub fn compress(messages: &[Vec<u8>], bits: u8) -> Vec<Vec<u8>> {
    let config = Config::client("ws://example.com/").start_open(true).deflate(true).deflate_threshold(1);
    let config = config.client_no_context_takeover(true).client_max_window_bits(bits).build().expect("a configuration");
    let mut client = Connection::new(&config, [7; 32], Duration::ZERO).expect("memory");
    let mut compressed = Vec::new();
    for message in messages {
        client.send_binary(message).expect("room");
        let output = client.output();
        let (start, len) = match output[1] & 0x7f {
            126 => (4, usize::from(u16::from_be_bytes([output[2], output[3]]))),
            127 => panic!("a frame that is too long"),
            len => (2, usize::from(len)),
        };
        let (key, payload) = output[start..].split_at(4);
        compressed.push(payload[..len].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect());
        let len = output.len();
        client.written(len).expect("what there is");
    }
    compressed
}

/// A message in frames that a usual length field can say.
pub fn frames(data: &[u8], frame: impl Fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let count = data.chunks(60_000).count();
    let mut bytes = Vec::new();
    for (at, piece) in data.chunks(60_000).enumerate() {
        let fin = if at + 1 == count { 0x80 } else { 0 };
        bytes.extend(frame(fin | if at == 0 { 0x42 } else { 0 }, piece));
    }
    bytes
}

/// A stored block (§3.2.4).
pub fn stored(data: &[u8]) -> Vec<u8> {
    let len = (data.len() as u16).to_le_bytes();
    [&[0, len[0], len[1], !len[0], !len[1]][..], data].concat()
}

/// An empty block with BFINAL, in the fixed code (§3.2.6).
pub const FINAL: [u8; 2] = [3, 0];

/// Blocks, and the empty stored one without its length that a message ends with.
pub fn ended(blocks: &[u8], count: usize) -> Vec<u8> {
    [&blocks.repeat(count)[..], &[0]].concat()
}

/// Bits, the first in the lowest place (§3.1.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn push(&mut self, value: u32, count: usize) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// The message ends with an empty stored block, of which three bits are written and the length is left out.
    fn end(mut self) -> Vec<u8> {
        self.push(0, 3);
        self.bytes
    }
}

/// The order of the lengths of the code for lengths (§3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The start of a block with its own codes: so many lengths, and the code for lengths.
fn begin_block(bits: &mut Bits, literals: u32, distances: u32, lengths: &[(usize, u32)]) {
    bits.push(0b100, 3);
    bits.push(literals - 257, 5);
    bits.push(distances - 1, 5);
    let length = |symbol: usize| lengths.iter().find(|(of, _)| *of == symbol).map_or(0, |(_, length)| *length);
    let count = ORDER.iter().rposition(|symbol| length(*symbol) > 0).map_or(4, |last| (last + 1).max(4));
    bits.push(count as u32 - 4, 4);
    ORDER[..count].iter().for_each(|symbol| bits.push(length(*symbol), 3));
}

/// Blocks whose only code is the end of the block.
pub fn small_tables(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for _ in 0..count {
        // Symbol 1 is 0, symbol 18 is 1: 256 times no length, then twice a length of one.
        begin_block(&mut bits, 257, 1, &[(18, 1), (1, 1)]);
        for zeros in [138, 118] {
            bits.push(1, 1);
            bits.push(zeros - 11, 7);
        }
        bits.push(0, 2);
        bits.push(0, 1);
    }
    bits.end()
}

/// Blocks with codes for all symbols: 226 literals of eight bits, 60 of nine, and 30 distances of five and fewer.
pub fn large_tables(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for _ in 0..count {
        // 5 is 00, 8 is 01, 9 is 10, 4 is 110, 16 is 111, from the highest bit on.
        begin_block(&mut bits, 286, 30, &[(8, 2), (9, 2), (5, 2), (16, 3), (4, 3)]);
        run(&mut bits, &[0, 1], 226, &[1, 1, 1]);
        run(&mut bits, &[1, 0], 60, &[1, 1, 1]);
        // Two of four bits and 28 of five.
        run(&mut bits, &[1, 1, 0], 2, &[1, 1, 1]);
        run(&mut bits, &[0, 0], 28, &[1, 1, 1]);
        // The end of the block is the 257th of the canonical code: nine bits, 452 + 30.
        (0..9).rev().for_each(|bit| bits.push((226 * 2 + 30) >> bit & 1, 1));
    }
    bits.end()
}

/// A length, and as often again as the symbol 16 repeats it.
fn run(bits: &mut Bits, symbol: &[u32], count: u32, repeat: &[u32; 3]) {
    symbol.iter().for_each(|bit| bits.push(*bit, 1));
    let mut left = count - 1;
    while left >= 3 {
        let times = left.min(6);
        repeat.iter().for_each(|bit| bits.push(*bit, 1));
        bits.push(times - 3, 2);
        left -= times;
    }
    for _ in 0..left {
        symbol.iter().for_each(|bit| bits.push(*bit, 1));
    }
}
