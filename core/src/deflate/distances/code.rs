//! Huffman codes (RFC 1951 §3.2.2).

use super::Stop;
use super::bits::Bits;

/// The longest code, in bits (§3.2.7).
const LONGEST: usize = 15;

/// The codes of a block.
pub(super) struct Codes {
    pub(super) literals: Code<288, 512>,
    pub(super) distances: Code<32, 128>,
}

/// Those of a block with fixed codes (§3.2.6).
pub(super) static FIXED: Codes = Codes::fixed();

/// A code, with a table for the first bits.
pub(super) struct Code<const SYMBOLS: usize, const TABLE: usize> {
    /// A symbol and the length of its code, in the lowest four bits; or 0, where codes are longer.
    table: [u16; TABLE],
    /// How many symbols have a code of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols, in the order of their codes.
    symbols: [u16; SYMBOLS],
}

impl Codes {
    pub(super) const NONE: Self = Codes { literals: Code::NONE, distances: Code::NONE };

    const fn fixed() -> Self {
        let mut lengths = [8; 288];
        let mut symbol = 144;
        while symbol < 280 {
            lengths[symbol] = if symbol < 256 { 9 } else { 7 };
            symbol += 1;
        }
        let mut codes = Codes::NONE;
        let _ = codes.literals.assign(&lengths);
        let _ = codes.distances.assign(&[5; 32]);
        codes
    }
}

impl<const SYMBOLS: usize, const TABLE: usize> Code<SYMBOLS, TABLE> {
    const NONE: Self = Code { table: [0; TABLE], counts: [0; LONGEST + 1], symbols: [0; SYMBOLS] };

    /// Gives codes of these lengths to the symbols, unless there are not as many. There may be more.
    pub(super) const fn assign(&mut self, lengths: &[u8]) -> Result<(), Stop> {
        (self.table, self.counts) = ([0; TABLE], [0; LONGEST + 1]);
        let mut symbol = 0;
        while symbol < lengths.len() {
            self.counts[lengths[symbol] as usize] += 1;
            symbol += 1;
        }
        self.counts[0] = 0;
        let Some((mut codes, mut places)) = self.first() else { return Err(Stop::Malformed) };
        symbol = 0;
        while symbol < lengths.len() {
            let length = lengths[symbol] as usize;
            if length > 0 {
                self.symbols[places[length]] = symbol as u16;
                self.enter(symbol, length, codes[length]);
                codes[length] += 1;
                places[length] += 1;
            }
            symbol += 1;
        }
        Ok(())
    }

    /// The first code of each length, and its place among all; or `None`, if there are not enough codes.
    const fn first(&self) -> Option<([u32; LONGEST + 1], [usize; LONGEST + 1])> {
        let (mut codes, mut places) = ([0; LONGEST + 1], [0; LONGEST + 1]);
        let mut length = 1;
        while length <= LONGEST {
            let before = length - 1;
            codes[length] = (codes[before] + self.counts[before] as u32) << 1;
            places[length] = places[before] + self.counts[before] as usize;
            if codes[length] + self.counts[length] as u32 > 1 << length {
                return None;
            }
            length += 1;
        }
        Some((codes, places))
    }

    /// Enters a symbol wherever its code is followed by other bits.
    const fn enter(&mut self, symbol: usize, length: usize, code: u32) {
        if 1 << length <= TABLE {
            let mut at = (code.reverse_bits() >> (32 - length)) as usize;
            while at < TABLE {
                self.table[at] = (symbol << 4 | length) as u16;
                at += 1 << length;
            }
        }
    }

    #[inline]
    pub(super) fn read(&self, bits: &mut Bits) -> Result<usize, Stop> {
        let entry = self.table[bits.bits as usize % TABLE];
        let (symbol, length) = match entry {
            0 => search(&self.counts, &self.symbols, *bits)?,
            _ => (entry >> 4, entry & 15),
        };
        bits.take(length.into())?;
        Ok(symbol.into())
    }
}

/// The symbol of the next code, whatever its length, and that.
#[cold]
fn search(counts: &[u16; LONGEST + 1], symbols: &[u16], bits: Bits) -> Result<(u16, u16), Stop> {
    let (mut code, mut first, mut place) = (0, 0, 0);
    for (length, count) in (1..).zip(&counts[1..]) {
        let count = usize::from(*count);
        code = code << 1 | (bits.bits >> (length - 1)) as usize & 1;
        first <<= 1;
        if code < first + count {
            return Ok((symbols[place + code - first], length));
        }
        first += count;
        place += count;
    }
    Err(if bits.count < LONGEST as u32 { Stop::WantsBits } else { Stop::Malformed })
}
