//! DEFLATE streams as a peer would write them, from RFC 1951 §3.2 alone, and the bytes they stand for; and the distances in
//! streams that anybody wrote.

use std::collections::HashMap;

/// The code of a block: the lengths of the codes of literals and lengths, and of distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Fixed,
    /// 226 codes of 8 bits and 60 of 9; 2 codes of 4 bits and 28 of 5.
    Dynamic,
    /// Few short codes, and otherwise ones of 14 and 15 bits.
    Long,
}

impl Block {
    fn literals(self) -> Vec<usize> {
        match self {
            Block::Fixed => [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat(),
            Block::Dynamic => [vec![8; 226], vec![9; 60]].concat(),
            Block::Long => [(1..=6).collect(), vec![14; 232], vec![15; 48]].concat(),
        }
    }

    fn distances(self) -> Vec<usize> {
        match self {
            Block::Fixed => vec![5; 30],
            Block::Dynamic => [vec![4; 2], vec![5; 28]].concat(),
            Block::Long => [(1..=10).collect(), vec![14; 12], vec![15; 8]].concat(),
        }
    }

    /// The lengths of the codes of the lengths above, in the order of [`ORDER`].
    fn lengths_of_lengths(self) -> Vec<usize> {
        match self {
            Block::Fixed => vec![],
            Block::Dynamic => vec![0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 0, 2],
            Block::Long => [vec![0; 3], vec![4; 16]].concat(),
        }
    }
}

const END_OF_BLOCK: usize = 256;
const LENGTHS: usize = 257;
/// The smallest length and the smallest distance of each code, and its extra bits.
const LENGTH: [(usize, usize); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
const DISTANCE: [(usize, usize); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12_289, 12),
    (16_385, 13),
    (24_577, 13),
];
/// The order in which a block has the lengths of the codes of code lengths.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// One direction of a connection: what has been written of the current message, and what all messages stand for.
#[derive(Default)]
pub(crate) struct Stream {
    bits: Vec<bool>,
    pub(crate) said: Vec<u8>,
    block: Option<(Block, bool)>,
    literals: Vec<String>,
    distances: Vec<String>,
}

impl Stream {
    /// Begins a block, and ends the last one.
    pub(crate) fn begin(&mut self, block: Block, is_final: bool) {
        self.end_block();
        self.number(usize::from(is_final), 1);
        self.number(if block == Block::Fixed { 1 } else { 2 }, 2);
        let lengths = [block.literals(), block.distances()].concat();
        if block != Block::Fixed {
            let of_lengths = block.lengths_of_lengths();
            self.number(286 - 257, 5);
            self.number(30 - 1, 5);
            self.number(of_lengths.len() - 4, 4);
            let mut by_length = [0; 19];
            for (symbol, length) in ORDER.into_iter().zip(of_lengths) {
                self.number(length, 3);
                by_length[symbol] = length;
            }
            let code = codes(&by_length);
            lengths.into_iter().for_each(|length| self.code(&code[length]));
        }
        (self.literals, self.distances) = (codes(&block.literals()), codes(&block.distances()));
        self.block = Some((block, is_final));
    }

    pub(crate) fn literal(&mut self, byte: u8) {
        let code = self.literals[usize::from(byte)].clone();
        self.code(&code);
        self.said.push(byte);
    }

    /// Refers back. What lies before the first byte counts as zeros.
    pub(crate) fn copy(&mut self, distance: usize, len: usize) {
        let symbol = LENGTH.iter().rposition(|(least, _)| *least <= len).unwrap();
        let code = self.literals[LENGTHS + symbol].clone();
        self.code(&code);
        self.number(len - LENGTH[symbol].0, LENGTH[symbol].1);
        let symbol = DISTANCE.iter().rposition(|(least, _)| *least <= distance).unwrap();
        let code = self.distances[symbol].clone();
        self.code(&code);
        self.number(distance - DISTANCE[symbol].0, DISTANCE[symbol].1);
        for _ in 0..len {
            let byte = self.said.len().checked_sub(distance).map_or(0, |at| self.said[at]);
            self.said.push(byte);
        }
    }

    /// A stored block, behind the last block.
    pub(crate) fn store(&mut self, data: &[u8], is_final: bool) {
        self.end_block();
        self.number(usize::from(is_final), 3);
        self.pad();
        self.number(data.len(), 16);
        self.number(0xffff - data.len(), 16);
        data.iter().for_each(|byte| self.number(usize::from(*byte), 8));
        self.said.extend_from_slice(data);
        if is_final {
            self.pad();
        }
    }

    /// Adds so many bytes, in the current block: a pattern that repeats after 251 bytes.
    pub(crate) fn fill(&mut self, bytes: usize) {
        let (first, rest) = (bytes.min(251), bytes.saturating_sub(251));
        (0..first).for_each(|byte| self.literal(byte as u8));
        let (copies, last) = (rest / 251, rest % 251);
        (0..copies).for_each(|_| self.copy(251, 251));
        (0..last).for_each(|byte| self.literal(byte as u8));
    }

    /// Ends the message, and returns its payload as it is on the wire (RFC 7692 §7.2.1).
    pub(crate) fn message(&mut self) -> Vec<u8> {
        self.end_block();
        self.number(0, 3);
        self.pad();
        self.bytes()
    }

    /// Ends the message behind a final block, with nothing for the tail to complete.
    pub(crate) fn message_that_is_final(&mut self) -> Vec<u8> {
        self.end_block();
        self.bytes()
    }

    /// Ends the message inside a block, which no compressor does.
    pub(crate) fn message_inside_a_block(&mut self) -> Vec<u8> {
        self.block = None;
        self.bytes()
    }

    fn bytes(&mut self) -> Vec<u8> {
        let bits = std::mem::take(&mut self.bits);
        bits.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }

    fn end_block(&mut self) {
        if let Some((_, is_final)) = self.block.take() {
            let code = self.literals[END_OF_BLOCK].clone();
            self.code(&code);
            if is_final {
                self.pad();
            }
        }
    }

    fn number(&mut self, number: usize, bits: usize) {
        self.bits.extend((0..bits).map(|bit| number >> bit & 1 == 1));
    }

    fn code(&mut self, code: &str) {
        self.bits.extend(code.bytes().map(|digit| digit == b'1'));
    }

    fn pad(&mut self) {
        self.bits.resize(self.bits.len().next_multiple_of(8), false);
    }
}

/// The codes of these lengths (RFC 1951 §3.2.2), as digits, the first bit first.
fn codes(lengths: &[usize]) -> Vec<String> {
    let mut next = 0;
    let mut codes = vec![String::new(); lengths.len()];
    for length in 1..=15 {
        next <<= 1;
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, of)| **of == length) {
            codes[symbol] = format!("{next:0length$b}");
            next += 1;
        }
    }
    codes
}

/// The distances in a message, up to where it is malformed.
pub(crate) fn distances(message: &[u8]) -> Vec<usize> {
    let bytes = message.iter().chain(&[0, 0, 0xff, 0xff]);
    let bits = bytes.flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect();
    let (mut reader, mut distances) = (Reader { bits, at: 0 }, Vec::new());
    while reader.block(&mut distances).is_some() {}
    distances
}

struct Reader {
    bits: Vec<bool>,
    at: usize,
}

impl Reader {
    fn block(&mut self, distances: &mut Vec<usize>) -> Option<()> {
        let is_final = self.number(1)? == 1;
        match self.number(2)? {
            0 => {
                self.at = self.at.next_multiple_of(8);
                let (len, complement) = (self.number(16)?, self.number(16)?);
                self.at += 8 * len;
                (len == 0xffff - complement).then_some(())?;
            }
            1 => self.symbols(&Block::Fixed.literals(), &Block::Fixed.distances(), distances)?,
            2 => {
                let (literals, all) = self.lengths()?;
                self.symbols(&all[..literals], &all[literals..], distances)?;
            }
            _ => return None,
        }
        if is_final {
            self.at = self.at.next_multiple_of(8);
        }
        Some(())
    }

    fn lengths(&mut self) -> Option<(usize, Vec<usize>)> {
        let (literals, distances) = (self.number(5)? + 257, self.number(5)? + 1);
        let mut of_lengths = [0; 19];
        for symbol in &ORDER[..self.number(4)? + 4] {
            of_lengths[*symbol] = self.number(3)?;
        }
        let code = read_codes(&of_lengths);
        let mut lengths: Vec<usize> = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match self.symbol(&code)? {
                16 => (*lengths.last()?, self.number(2)? + 3),
                17 => (0, self.number(3)? + 3),
                18 => (0, self.number(7)? + 11),
                length => (length, 1),
            };
            lengths.extend(vec![length; times]);
        }
        Some((literals, lengths))
    }

    fn symbols(&mut self, literals: &[usize], distances: &[usize], found: &mut Vec<usize>) -> Option<()> {
        let (literals, distances) = (read_codes(literals), read_codes(distances));
        loop {
            let symbol = self.symbol(&literals)?;
            if symbol == END_OF_BLOCK {
                return Some(());
            }
            if symbol >= LENGTHS {
                self.number(LENGTH.get(symbol - LENGTHS)?.1)?;
                let (least, extra) = *DISTANCE.get(self.symbol(&distances)?)?;
                found.push(least + self.number(extra)?);
            }
        }
    }

    fn symbol(&mut self, codes: &HashMap<String, usize>) -> Option<usize> {
        let mut code = String::new();
        loop {
            code.push(if self.number(1)? == 1 { '1' } else { '0' });
            match codes.get(&code) {
                None if code.len() < 15 => {}
                symbol => return symbol.copied(),
            }
        }
    }

    fn number(&mut self, bits: usize) -> Option<usize> {
        let number = self.bits.get(self.at..self.at + bits)?;
        self.at += bits;
        Some(number.iter().rev().fold(0, |number, bit| number << 1 | usize::from(*bit)))
    }
}

/// The symbol of each code.
fn read_codes(lengths: &[usize]) -> HashMap<String, usize> {
    let codes = codes(lengths).into_iter().enumerate().filter(|(_, code)| !code.is_empty());
    codes.map(|(symbol, code)| (code, symbol)).collect()
}
