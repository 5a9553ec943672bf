//! The distances of a peer that has promised to keep to a window of less than 32 KiB (RFC 7692 §7.1.2).
//!
//! zlib-rs holds a distance against what there is, not against the window that was agreed on. So the compressed bytes are
//! read here first, without making anything of them. What is wrong with them otherwise is left to zlib-rs, which reads the
//! same bytes: nothing is checked behind it.

mod bits;
mod code;

use bits::{Bits, Input};
use code::{Codes, FIXED};

const END_OF_BLOCK: usize = 256;
/// The first symbol that stands for a length, and how many extra bits these symbols have (RFC 1951 §3.2.5).
const LENGTHS: usize = 257;
const EXTRA: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// How many distances have a code, of those that have a symbol.
const DISTANCES: usize = 30;
/// The order of the lengths of the codes of code lengths (§3.2.7).
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Reads a message.
pub(super) struct Distances {
    window: u64,
    /// What has been read of the bytes, but not of the message.
    bits: Bits,
    state: State,
    /// The current block is the last one of its stream.
    is_final: bool,
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
    pub(super) fn new(window: usize) -> Self {
        Distances {
            window: window as u64,
            bits: Bits::default(),
            state: State::Header,
            is_final: false,
            lengths: [0; 320],
            dynamic: Codes::NONE,
        }
    }

    /// Reads a piece of the message. Returns how many bytes of it lie before the one in which a distance ends that is too
    /// far.
    pub(super) fn check(&mut self, piece: &[u8]) -> Option<usize> {
        let mut input = Input { bits: self.bits, piece, at: 0 };
        loop {
            match self.step(&mut input) {
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

    fn step(&mut self, input: &mut Input<'_>) -> Result<State, Stop> {
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
            State::Lengths(next, counts) => self.code_length(next, counts, input),
            State::Symbols(block) => {
                let codes = match block {
                    Block::Fixed => &FIXED,
                    Block::Dynamic => &self.dynamic,
                };
                symbols(codes, self.window, input)?;
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
        self.dynamic.distances.assign(&self.lengths[..ORDER.len()])?;
        Ok(State::Lengths(0, counts))
    }

    /// §3.2.7.
    fn code_length(&mut self, next: usize, counts: Counts, input: &mut Input<'_>) -> Result<State, Stop> {
        let Counts { literals, distances, .. } = counts;
        if next == literals + distances {
            self.dynamic.literals.assign(&self.lengths[..literals])?;
            self.dynamic.distances.assign(&self.lengths[literals..next])?;
            return Ok(State::Symbols(Block::Dynamic));
        }
        input.fill();
        let mut bits = input.bits;
        let symbol = self.dynamic.distances.read(&mut bits)?;
        let (length, times) = match symbol {
            16 if next == 0 => return Err(Stop::Malformed),
            16 => (self.lengths[next - 1], 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            length => (length as u8, 1),
        };
        let end = next + times as usize;
        if end > literals + distances {
            return Err(Stop::Malformed);
        }
        self.lengths[next..end].fill(length);
        input.bits = bits;
        Ok(State::Lengths(end, counts))
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

/// Reads up to the end of a block. A length and its distance have 48 bits at most, and are read at once.
fn symbols(codes: &Codes, window: u64, input: &mut Input<'_>) -> Result<(), Stop> {
    loop {
        input.fill();
        let mut bits = input.bits;
        let symbol = codes.literals.read(&mut bits)?;
        if symbol > END_OF_BLOCK {
            let extra = EXTRA.get(symbol - LENGTHS).ok_or(Stop::Malformed)?;
            bits.take((*extra).into())?;
            let symbol = codes.distances.read(&mut bits)?;
            let distance = distance(symbol, &mut bits)?;
            input.bits = bits;
            if distance > window {
                return Err(Stop::TooFar);
            }
        }
        input.bits = bits;
        if symbol == END_OF_BLOCK {
            return Ok(());
        }
    }
}

/// §3.2.5.
fn distance(symbol: usize, bits: &mut Bits) -> Result<u64, Stop> {
    match symbol {
        0..2 => Ok(symbol as u64 + 1),
        2..DISTANCES => {
            let extra = symbol as u32 / 2 - 1;
            Ok(((2 + (symbol as u64 & 1)) << extra) + 1 + bits.take(extra)?)
        }
        _ => Err(Stop::Malformed),
    }
}
