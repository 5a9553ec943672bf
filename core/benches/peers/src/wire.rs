//! Messages, and frames as they are on the wire.

use std::ops::Range;
use std::sync::Arc;

use crate::tally::Tally;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// A small generator (xorshift), so that every run measures the same bytes.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed | 1)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// The numbers below `count` in a fixed order that no prefetcher guesses.
pub fn permutation(count: usize) -> Vec<u32> {
    let mut random = Random::new(11);
    let mut order: Vec<_> = (0..count as u32).collect();
    for end in (1..count).rev() {
        order.swap(end, (random.draw() % (end as u64 + 1)) as usize);
    }
    order
}

/// ASCII text of `len` bytes.
pub fn ascii(len: usize) -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog. ".iter().copied().cycle().take(len).collect()
}

/// Text of `len` bytes whose code points take one to four bytes each.
pub fn mixed(len: usize) -> Vec<u8> {
    let mut text = String::with_capacity(len + 4);
    let mut next = "Hello, ωραία γλώσσα, 世界の言葉, 🦀🚀 naïve café. ".chars().cycle();
    while text.len() + 4 <= len {
        text.extend(next.next());
    }
    text.extend(std::iter::repeat_n('.', len - text.len()));
    text.into_bytes()
}

/// `len` bytes that are no text.
pub fn noise(len: usize) -> Vec<u8> {
    let mut random = Random::new(7);
    (0..len).map(|_| random.draw() as u8).collect()
}

/// A JSON record of about 1 KiB; records of different numbers differ as those of a service do.
pub fn json(number: u64) -> Vec<u8> {
    const NAMES: [&str; 8] = ["ada", "grace", "edsger", "barbara", "donald", "tony", "leslie", "frances"];
    const KINDS: [&str; 4] = ["created", "updated", "moved", "archived"];
    let mut random = Random::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = format!("{{\"id\":{},\"sequence\":{number},\"items\":[", random.draw() % 1_000_000_000);
    while text.len() < 960 {
        let pick = random.draw();
        text += &format!(
            "{{\"user\":\"{}\",\"event\":\"{}\",\"price\":{}.{:02},\"at\":17{:08}}},",
            NAMES[(pick % 8) as usize],
            KINDS[(pick >> 8) as usize % 4],
            pick >> 16 & 0xfff,
            (pick >> 32) % 100,
            (pick >> 40) % 100_000_000,
        );
    }
    text += "null]}";
    text.into_bytes()
}

/// A frame's header, with the key if there is one.
pub fn header(first: u8, len: usize, mask: Option<[u8; 4]>) -> Vec<u8> {
    let bit = if mask.is_some() { 0x80 } else { 0 };
    let mut header = match len {
        0..126 => vec![first, bit | len as u8],
        126..65536 => [&[first, bit | 126][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[first, bit | 127][..], &(len as u64).to_be_bytes()].concat(),
    };
    header.extend(mask.into_iter().flatten());
    header
}

/// Applies a key, in blocks that compilers turn into vector instructions.
pub fn xor(bytes: &mut [u8], mask: [u8; 4]) {
    const BLOCK: usize = 64;
    let mut key = [0; BLOCK];
    key.chunks_exact_mut(4).for_each(|part| part.copy_from_slice(&mask));
    let (blocks, rest) = bytes.as_chunks_mut::<BLOCK>();
    for block in blocks {
        block.iter_mut().zip(&key).for_each(|(byte, key)| *byte ^= key);
    }
    rest.iter_mut().zip(&key).for_each(|(byte, key)| *byte ^= key);
}

/// Where a frame's payload lies on the wire, and its key.
#[derive(Clone, Debug)]
pub struct Span {
    pub payload: Range<usize>,
    pub mask: Option<[u8; 4]>,
}

impl Span {
    /// The payload without its mask.
    pub fn plain(&self, wire: &[u8]) -> Vec<u8> {
        let mut payload = wire[self.payload.clone()].to_vec();
        if let Some(mask) = self.mask {
            xor(&mut payload, mask);
        }
        payload
    }
}

/// Frames in a row, and what reading all of them must come to.
#[derive(Clone, Debug)]
pub struct Wire {
    pub bytes: Arc<[u8]>,
    pub spans: Arc<[Span]>,
    pub expected: Tally,
}

/// Builds a wire.
pub struct WireBuilder {
    masked: bool,
    keys: Random,
    bytes: Vec<u8>,
    spans: Vec<Span>,
    expected: Tally,
}

impl WireBuilder {
    /// A wire towards this role: what a server reads is masked.
    pub fn to(role: Role) -> Self {
        let masked = role == Role::Server;
        WireBuilder { masked, keys: Random::new(42), bytes: Vec::new(), spans: Vec::new(), expected: Tally::default() }
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        let mask = self.masked.then(|| (self.keys.draw() as u32).to_ne_bytes());
        self.bytes.extend(header(first, payload.len(), mask));
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        if let Some(mask) = mask {
            xor(&mut self.bytes[start..], mask);
        }
        self.spans.push(Span { payload: start..self.bytes.len(), mask });
    }

    /// Adds a message, in fragments of at most `fragment` bytes.
    pub fn message(&mut self, kind: Kind, payload: &[u8], fragment: usize) {
        let opcode = if kind == Kind::Text { 1 } else { 2 };
        let count = payload.len().div_ceil(fragment).max(1);
        for (number, part) in payload.chunks(fragment).enumerate() {
            let first = if number == 0 { opcode } else { 0 };
            let fin = if number + 1 == count { 0x80 } else { 0 };
            self.frame(fin | first, part);
        }
        self.expected.add(payload);
    }

    /// Adds a whole message that is compressed already; `plain` is what it says.
    pub fn compressed(&mut self, kind: Kind, data: &[u8], plain: &[u8]) {
        let opcode = if kind == Kind::Text { 1 } else { 2 };
        self.frame(0xc0 | opcode, data);
        self.expected.add(plain);
    }

    pub fn build(self) -> Wire {
        Wire { bytes: self.bytes.into(), spans: self.spans.into(), expected: self.expected }
    }
}

/// Reads frames back, unmasked: what an entry has sent must be what it was given.
pub fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (extended, short) = match second & 127 {
            126 => (2, 0),
            127 => (8, 0),
            len => (0, usize::from(len)),
        };
        let len = rest[..extended].iter().fold(short, |len, byte| len << 8 | usize::from(*byte));
        let rest = &rest[extended..];
        let (mask, rest) = if second & 128 != 0 { rest.split_at(4) } else { rest.split_at(0) };
        let (payload, rest) = rest.split_at(len);
        let mut payload = payload.to_vec();
        if let Ok(mask) = mask.try_into() {
            xor(&mut payload, mask);
        }
        frames.push((*first, payload));
        bytes = rest;
    }
    frames
}
