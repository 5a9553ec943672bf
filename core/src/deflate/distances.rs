//! The distances of a peer that has promised to keep to a window of less than 32 KiB (RFC 7692 §7.1.2).
//!
//! zlib-rs holds a distance against what there is, not against the window that was agreed on. So the compressed bytes are
//! read here first, without making anything of them. What is wrong with them otherwise is left to zlib-rs, which reads the
//! same bytes: nothing is checked behind it.

mod bits;
mod code;

use bits::{Bits, Input};
use code::{Codes, Entry, Kind};
pub(super) use code::{Table, fixed};

/// How many symbols stand for distances (RFC 1951 §3.2.5).
const DISTANCES: u16 = 30;
/// The order of the lengths of the codes of code lengths (§3.2.7).
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Reads a message.
pub(super) struct Distances {
    /// The symbol of the first distance that is too far. A distance beyond a power of two has another symbol than those up
    /// to it.
    too_far: u16,
    /// What has been read of the bytes, but not of the message.
    bits: Bits,
    state: State,
    /// The current block is the last one of its stream.
    is_final: bool,
    /// Of the next code in the current block.
    kind: Kind,
    /// The lengths of the codes of a dynamic block: of literals and lengths, then of distances.
    lengths: [u8; 320],
    dynamic: Codes,
}

/// What comes next.
#[derive(Clone, Copy)]
enum State {
    Header,
    StoredLength,
    Stored(usize),
    Counts,
    /// The lengths of the codes of code lengths: the next one, and how many there are.
    CodeLengths(usize, Counts),
    /// The lengths of all other codes: the next one.
    Lengths(usize, Counts),
    Symbols(Block),
    /// zlib-rs refuses the message.
    Nothing,
}

/// How many codes a dynamic block has.
#[derive(Clone, Copy)]
struct Counts {
    literals: usize,
    distances: usize,
    lengths: usize,
}

#[derive(Clone, Copy)]
enum Block {
    Fixed,
    Dynamic,
}

/// Why reading stopped.
enum Stop {
    WantsBits,
    Malformed,
    TooFar,
}

impl Distances {
    pub(super) fn new(window_bits: u8) -> Self {
        Distances {
            too_far: 2 * u16::from(window_bits),
            bits: Bits::default(),
            state: State::Header,
            is_final: false,
            kind: Kind::LITERAL,
            lengths: [0; 320],
            dynamic: Codes::NONE,
        }
    }

    /// Reads a piece of the message. Returns how many bytes of it lie before the one in which a distance ends that is too
    /// far.
    pub(super) fn check(&mut self, piece: &[u8], fixed: &Table) -> Option<usize> {
        let mut input = Input { bits: self.bits, piece, at: 0 };
        loop {
            match self.step(&mut input, fixed) {
                Ok(state) => self.state = state,
                Err(Stop::TooFar) => return Some(input.last_read()),
                Err(Stop::Malformed) => self.state = State::Nothing,
                Err(Stop::WantsBits) => {
                    self.bits = input.bits;
                    return None;
                }
            }
        }
    }

    fn step(&mut self, input: &mut Input<'_>, fixed: &Table) -> Result<State, Stop> {
        match self.state {
            State::Header => self.header(input),
            State::StoredLength => stored_length(input),
            State::Stored(left) => match input.skip(left) {
                0 => Ok(self.end_block(input)),
                left => {
                    self.state = State::Stored(left);
                    Err(Stop::WantsBits)
                }
            },
            State::Counts => counts(input),
            State::CodeLengths(next, counts) => self.code_lengths(next, counts, input),
            State::Lengths(next, counts) => self.lengths(next, counts, input),
            State::Symbols(block) => {
                let table = match block {
                    Block::Fixed => fixed,
                    Block::Dynamic => &self.dynamic.table,
                };
                symbols(table, &self.dynamic, &mut self.kind, self.too_far, input)?;
                Ok(self.end_block(input))
            }
            State::Nothing => Err(Stop::WantsBits),
        }
    }

    /// §3.2.3.
    fn header(&mut self, input: &mut Input<'_>) -> Result<State, Stop> {
        let header = input.take(3)?;
        self.is_final = header & 1 == 1;
        match header >> 1 {
            0 => {
                input.bits.align();
                Ok(State::StoredLength)
            }
            1 => Ok(State::Symbols(Block::Fixed)),
            2 => Ok(State::Counts),
            _ => Err(Stop::Malformed),
        }
    }

    /// What follows the last block of a stream begins at a whole byte.
    fn end_block(&self, input: &mut Input<'_>) -> State {
        if self.is_final {
            input.bits.align();
        }
        State::Header
    }

    fn code_lengths(&mut self, next: usize, counts: Counts, input: &mut Input<'_>) -> Result<State, Stop> {
        if next == 0 {
            self.lengths = [0; 320];
        }
        if next < counts.lengths {
            self.lengths[usize::from(ORDER[next])] = input.take(3)? as u8;
            return Ok(State::CodeLengths(next + 1, counts));
        }
        self.dynamic.assign_lengths(&self.lengths[..ORDER.len()])?;
        Ok(State::Lengths(0, counts))
    }

    /// §3.2.7.
    fn lengths(&mut self, mut next: usize, counts: Counts, input: &mut Input<'_>) -> Result<State, Stop> {
        let Counts { literals, distances, .. } = counts;
        let all = literals + distances;
        while next < all {
            self.state = State::Lengths(next, counts);
            input.fill();
            let mut bits = input.bits;
            let (length, times) = match self.dynamic.table.take(&self.dynamic, Kind::DISTANCE, &mut bits)?.number() {
                16 if next == 0 => return Err(Stop::Malformed),
                16 => (self.lengths[next - 1], 3 + bits.take(2)?),
                17 => (0, 3 + bits.take(3)?),
                18 => (0, 11 + bits.take(7)?),
                length => (length as u8, 1),
            };
            let end = next + times as usize;
            if end > all {
                return Err(Stop::Malformed);
            }
            self.lengths[next..end].fill(length);
            (input.bits, next) = (bits, end);
        }
        self.dynamic.assign(&self.lengths[..literals], &self.lengths[literals..all])?;
        Ok(State::Symbols(Block::Dynamic))
    }
}

/// §3.2.4.
fn stored_length(input: &mut Input<'_>) -> Result<State, Stop> {
    let lengths = input.take(32)?;
    let (length, complement) = (lengths & 0xffff, lengths >> 16);
    if length == !complement & 0xffff { Ok(State::Stored(length as usize)) } else { Err(Stop::Malformed) }
}

fn counts(input: &mut Input<'_>) -> Result<State, Stop> {
    let bits = input.take(14)? as usize;
    let counts = Counts { literals: 257 + (bits & 31), distances: 1 + (bits >> 5 & 31), lengths: 4 + (bits >> 10) };
    Ok(State::CodeLengths(0, counts))
}

/// Reads up to the end of a block.
fn symbols(table: &Table, longer: &Codes, kind: &mut Kind, too_far: u16, input: &mut Input<'_>) -> Result<(), Stop> {
    loop {
        input.fill();
        if table.skip(kind, &mut input.bits, too_far) {
            continue;
        }
        let entry = table.take(longer, *kind, &mut input.bits)?;
        *kind = entry.next();
        match entry.number() {
            Entry::END_OF_BLOCK => return Ok(()),
            number if number < too_far => {}
            ..DISTANCES => return Err(Stop::TooFar),
            _ => return Err(Stop::Malformed),
        }
    }
}
