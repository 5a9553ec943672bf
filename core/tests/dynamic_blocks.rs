//! Headers of dynamic blocks (RFC 1951 §3.2.7) in messages to a small window, where the engine reads them as zlib does.
#![cfg(feature = "deflate")]

mod common;

use common::drive::{Host, opened};
use common::frames::{self, BINARY, FIN};
use sansock::{FaultKind, Role};

const RSV1: u8 = 0x40;
/// The order in which a header has the lengths of the codes of code lengths.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits as DEFLATE packs them.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn number(&mut self, number: usize, bits: usize) -> &mut Self {
        self.0.extend((0..bits).map(|bit| number as u64 >> bit & 1 == 1));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
    }
}

/// The start of a block with so many codes of literals and of distances, whose code lengths have codes of two bits: 00 for
/// the first of these four symbols, 01 for the second, and so on, the first bit first.
fn header(literals: usize, distances: usize, symbols: [usize; 4]) -> Bits {
    let mut bits = Bits::default();
    bits.number(0, 1).number(2, 2).number(literals - 257, 5).number(distances - 1, 5).number(ORDER.len() - 4, 4);
    for symbol in ORDER {
        bits.number(if symbols.contains(&symbol) { 2 } else { 0 }, 3);
    }
    bits
}

/// The symbols in their order, as the codes of [`header`] have them.
const ZERO: usize = 0b00;
const ONE: usize = 0b10;
const REPEAT: usize = 0b01;
const ZEROS: usize = 0b11;
const SYMBOLS: [usize; 4] = [0, 1, 16, 18];

/// What comes of a message of these bytes, to a server with this window.
fn fault(bits: &Bits, window: u8) -> Option<FaultKind> {
    let config = opened(Role::Server).deflate(true).client_max_window_bits(window);
    let mut host = Host::new(config);
    host.receive(&frames::to(Role::Server, FIN | RSV1 | BINARY, &bits.bytes()));
    host.fault()
}

/// 256 literals without a code, then the end of the block and one more code of one bit each.
fn lengths(bits: &mut Bits) -> &mut Bits {
    bits.number(ZEROS, 2).number(138 - 11, 7).number(ZEROS, 2).number(118 - 11, 7).number(ONE, 2).number(ONE, 2)
}

#[test]
fn section_3_2_7_lengths_end_with_the_last_code() {
    for window in [9, 15] {
        // The code of distances may have one symbol, of one bit; then the block ends, and an empty one follows.
        let mut good = header(258, 1, SYMBOLS);
        lengths(&mut good).number(ONE, 2).number(0, 1).number(0, 3);
        assert_eq!(fault(&good, window), None, "{window}");

        // Lengths may be repeated from the last literal to the first distances.
        let mut across = header(258, 4, SYMBOLS);
        lengths(&mut across).number(ONE, 2).number(ONE, 2).number(ZERO, 2).number(ZERO, 2).number(0, 1).number(0, 3);
        assert_eq!(fault(&across, window), None, "{window}");

        // Repetitions that would go on behind the last code.
        let mut zeros = header(258, 1, SYMBOLS);
        zeros.number(ZEROS, 2).number(138 - 11, 7).number(ZEROS, 2).number(138 - 11, 7).number(0, 64);
        assert_eq!(fault(&zeros, window), Some(FaultKind::BadCompressedData), "{window}");
        let mut repeat = header(258, 1, SYMBOLS);
        lengths(&mut repeat).number(REPEAT, 2).number(0, 2).number(0, 64);
        assert_eq!(fault(&repeat, window), Some(FaultKind::BadCompressedData), "{window}");
    }
}

#[test]
fn section_3_2_7_the_first_length_repeats_nothing() {
    for window in [9, 15] {
        let mut first = header(258, 1, SYMBOLS);
        first.number(REPEAT, 2).number(0, 2).number(0, 64);
        assert_eq!(fault(&first, window), Some(FaultKind::BadCompressedData), "{window}");
    }
}

#[test]
fn section_3_2_7_codes_that_are_no_codes() {
    for window in [9, 15] {
        // Three codes of one bit, and one code of two bits alone, for code lengths.
        for lengths in [[1, 1, 1, 0], [2, 0, 0, 0]] {
            let mut bits = Bits::default();
            bits.number(0, 1).number(2, 2).number(0, 5).number(0, 5).number(0, 4);
            for length in lengths {
                bits.number(length, 3);
            }
            bits.number(0, 64);
            assert_eq!(fault(&bits, window), Some(FaultKind::BadCompressedData), "{window}: {lengths:?}");
        }
    }
}
