//! Huffman codes (RFC 1951 §3.2.2), of which only the lengths and the symbols that matter are of interest.

use std::boxed::Box;

use super::Stop;
use super::bits::Bits;

/// The longest code, in bits (§3.2.7).
const LONGEST: usize = 15;
/// How many entries a table has.
const TABLE: usize = 512;

/// What a code stands for: in the lowest bits, how many bits it has together with its extra bits; whether it is a length,
/// behind which a distance comes; and above, a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(u16);

const BITS: u16 = 63;
const LENGTH: u16 = 64;
const NUMBER: u16 = 128;

impl Entry {
    pub(super) const END_OF_BLOCK: u16 = 63;
    const UNUSED: u16 = 62;
    /// The code is longer than the table is for, or there is none.
    const LONGER: Self = Entry(61 * NUMBER);

    /// The symbol of a distance or of a code length, or a larger number for what does not go on.
    #[inline]
    pub(super) fn number(self) -> u16 {
        self.0 / NUMBER
    }

    #[inline]
    pub(super) fn bits(self) -> u32 {
        (self.0 & BITS).into()
    }

    /// What comes next.
    #[inline]
    pub(super) fn next(self) -> Kind {
        Kind(usize::from(self.0 & LENGTH) * (TABLE / LENGTH as usize))
    }
}

/// Whether a code is one of literals and lengths, or of distances: where its table begins. That the kind is a number, and
/// what comes next is computed, spares a branch that no processor foresees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(usize);

impl Kind {
    pub(super) const LITERAL: Self = Kind(0);
    pub(super) const DISTANCE: Self = Kind(TABLE);
}

/// What the first bits of a code stand for, the first one lowest: of literals and lengths, then of distances.
pub(in crate::deflate) struct Table([Entry; 2 * TABLE]);

/// That of a block with fixed codes (§3.2.6).
pub(in crate::deflate) fn fixed() -> Box<Table> {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    let mut codes = Codes::NONE;
    let _ = codes.assign(&lengths, &[5; 32]);
    Box::new(codes.table)
}

impl Table {
    /// Skips a few codes with their extra bits, if all of them are there, are short, and have numbers below `end`.
    #[inline]
    pub(super) fn skip(&self, kind: &mut Kind, bits: &mut Bits, end: u16) -> bool {
        let (mut ahead, mut next, mut used, mut largest) = (bits.bits, *kind, 0, 0);
        for _ in 0..4 {
            let entry = self.look(next, ahead);
            ahead >>= entry.bits();
            used += entry.bits();
            largest = entry.0.max(largest);
            next = entry.next();
        }
        let all = largest < end * NUMBER && used <= bits.count;
        if all {
            (*bits, *kind) = (Bits { bits: ahead, count: bits.count - used }, next);
        }
        all
    }

    /// Takes the next code and its extra bits. Only codes of a dynamic block are longer.
    pub(super) fn take(&self, longer: &Codes, kind: Kind, bits: &mut Bits) -> Result<Entry, Stop> {
        let entry = match (self.look(kind, bits.bits), kind) {
            (Entry::LONGER, Kind::LITERAL) => longer.literals.search(*bits)?,
            (Entry::LONGER, _) => longer.distances.search(*bits)?,
            (entry, _) => entry,
        };
        bits.take(entry.bits())?;
        Ok(entry)
    }

    #[inline]
    fn look(&self, kind: Kind, bits: u64) -> Entry {
        self.0[(bits as usize % TABLE + kind.0) % (2 * TABLE)]
    }
}

/// What symbols stand for.
#[derive(Clone, Copy)]
enum Alphabet {
    Literals,
    Distances,
    /// Without their extra bits, which count.
    CodeLengths,
}

impl Alphabet {
    /// A symbol without a code (§3.2.5).
    fn entry(self, symbol: usize) -> Entry {
        let symbol = symbol as u16;
        Entry(match (self, symbol) {
            (Alphabet::Literals, 0..256) => 0,
            (Alphabet::Literals, 256) => Entry::END_OF_BLOCK * NUMBER,
            (Alphabet::Literals, 265..285) => LENGTH + (symbol - 261) / 4,
            (Alphabet::Literals, 257..286) => LENGTH,
            (Alphabet::Distances, 4..30) => symbol * NUMBER + symbol / 2 - 1,
            (Alphabet::Distances, 0..4) | (Alphabet::CodeLengths, _) => symbol * NUMBER,
            _ => Entry::UNUSED * NUMBER,
        })
    }
}

/// The codes of a block.
pub(super) struct Codes {
    pub(super) table: Table,
    literals: Code,
    distances: Code,
}

impl Codes {
    pub(super) const NONE: Self =
        Codes { table: Table([Entry(0); 2 * TABLE]), literals: Code::NONE, distances: Code::NONE };

    /// Gives codes of these lengths to the symbols of a block.
    pub(super) fn assign(&mut self, literals: &[u8], distances: &[u8]) -> Result<(), Stop> {
        let (table, rest) = self.table.0.split_at_mut(TABLE);
        self.literals.assign(literals, Alphabet::Literals, table)?;
        self.distances.assign(distances, Alphabet::Distances, rest)
    }

    /// Gives codes of these lengths to code lengths, in the place of distances.
    pub(super) fn assign_lengths(&mut self, lengths: &[u8]) -> Result<(), Stop> {
        self.distances.assign(lengths, Alphabet::CodeLengths, &mut self.table.0[TABLE..])
    }
}

/// A code.
struct Code {
    /// How many symbols have a code of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols, in the order of their codes, as entries without the lengths of these.
    symbols: [Entry; 288],
}

impl Code {
    const NONE: Self = Code { counts: [0; LONGEST + 1], symbols: [Entry(0); 288] };

    /// Gives codes of these lengths to the symbols, unless there are not as many. There may be more.
    fn assign(&mut self, lengths: &[u8], alphabet: Alphabet, table: &mut [Entry]) -> Result<(), Stop> {
        self.counts = [0; LONGEST + 1];
        lengths.iter().for_each(|length| self.counts[usize::from(*length)] += 1);
        self.counts[0] = 0;
        let mut places = self.places()?;
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let place = &mut places[usize::from(*length)];
            self.symbols[*place] = alphabet.entry(symbol);
            *place += 1;
        }
        self.fill(table);
        Ok(())
    }

    /// The place of the first code of each length among all.
    fn places(&self) -> Result<[usize; LONGEST + 1], Stop> {
        let mut places = [0; LONGEST + 1];
        let mut left = 1;
        for length in 1..=LONGEST {
            places[length] = places[length - 1] + usize::from(self.counts[length - 1]);
            left = 2 * left - i32::from(self.counts[length]);
            if left < 0 {
                return Err(Stop::Malformed);
            }
        }
        Ok(places)
    }

    /// For each length the table is twice as long as for the one before.
    fn fill(&self, table: &mut [Entry]) {
        table[0] = Entry::LONGER;
        let (mut size, mut code) = (1, 0);
        let mut symbols = self.symbols.iter();
        for length in 1..=TABLE.ilog2() as u16 {
            table.copy_within(..size, size);
            size *= 2;
            for symbol in symbols.by_ref().take(self.counts[usize::from(length)].into()) {
                table[code] = Entry(symbol.0 + length);
                code = next(code, size);
            }
        }
    }

    /// The next code, whatever its length.
    #[cold]
    fn search(&self, bits: Bits) -> Result<Entry, Stop> {
        let (mut code, mut first, mut place) = (0, 0, 0);
        for (length, count) in (1..).zip(&self.counts[1..]) {
            let count = usize::from(*count);
            code = code << 1 | (bits.bits >> (length - 1)) as usize & 1;
            first <<= 1;
            if code < first + count {
                return Ok(Entry(self.symbols[place + code - first].0 + length));
            }
            first += count;
            place += count;
        }
        Err(if bits.count < LONGEST as u32 { Stop::WantsBits } else { Stop::Malformed })
    }
}

/// The next code of as many bits, the first one lowest: the zero furthest on becomes a one, and the ones behind it zeros.
fn next(code: usize, size: usize) -> usize {
    match (!code & (size - 1)).checked_ilog2() {
        Some(bit) => code & ((1 << bit) - 1) | 1 << bit,
        None => code,
    }
}
