//! Text (RFC 3629, RFC 6455 §8.1): strings of up to four bytes against the standard library's definition of UTF-8.
//!
//! A prefix is *dead* if no string that begins with it is UTF-8, as `str::from_utf8` says. The engine fails a connection at
//! the last byte of a dead prefix, while the message goes on; then nothing that follows is read. So a string with a dead
//! prefix is judged by that prefix, and each prefix whose own prefixes are alive is enumerated. Behind a whole code point
//! text goes on as it began: of the first bytes of code points of one byte and of two, a few stand for all. Of those of
//! three and four bytes, where the rules of RFC 3629 §4 differ from one to the next, none does.

use sansock::{Config, Connection, Event, FaultKind, Role};

use crate::common::drive::{ms, opened, seed};
use crate::common::frames::{CONTINUATION, FIN, TEXT};
use crate::{proved, step};

/// First bytes that stand for others: of one byte, of two, and of none.
const STAND_INS: [u8; 10] = [0x00, 0x7f, 0xc2, 0xdf, 0x80, 0xbf, 0xc0, 0xc1, 0xf5, 0xff];

/// Whether a string is UTF-8, begins such strings only, or begins none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Valid,
    Unfinished,
    Dead,
}

fn class(bytes: &[u8]) -> Class {
    match str::from_utf8(bytes) {
        Ok(_) => Class::Valid,
        Err(error) if error.error_len().is_none() => Class::Unfinished,
        Err(_) => Class::Dead,
    }
}

/// Faults are left to the host, which spares their answers.
fn config() -> Config {
    opened(Role::Server).auto_fail(false).build().expect("a good configuration")
}

/// What comes of these reads: whether the text was delivered, and whether it was found to be none.
fn read(config: &Config, reads: &mut [&mut [u8]], text: &[u8]) -> (bool, bool) {
    let mut connection = Connection::new(config, seed(), ms(0)).expect("memory");
    let mut delivered = false;
    for bytes in reads {
        for event in connection.receive(bytes, ms(0)).events {
            if let Event::Text(message) = event {
                assert_eq!(message.text.as_bytes(), text);
                delivered = true;
            }
        }
    }
    let fault = connection.fault().map(|fault| fault.kind);
    assert!(fault.is_none_or(|kind| kind == FaultKind::BadText), "{fault:?}");
    (delivered, fault.is_some())
}

/// A frame of at most 125 bytes to a server, of which `missing` do not follow yet, with a key of zeros or another.
fn frame(output: &mut Vec<u8>, first: u8, payload: &[u8], missing: usize, key: [u8; 4]) {
    output.extend([first, 0x80 | (payload.len() + missing) as u8]);
    output.extend(key);
    output.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Visits every string of up to `longest` bytes whose prefixes are alive.
fn visit(longest: usize, first_bytes: &[u8], check: &mut impl FnMut(&[u8], Class)) {
    fn extend(prefix: &mut Vec<u8>, longest: usize, bytes: &[u8], check: &mut impl FnMut(&[u8], Class)) {
        for byte in bytes {
            prefix.push(*byte);
            let class = class(prefix);
            check(prefix, class);
            if class != Class::Dead && prefix.len() < longest {
                let all: [u8; 256] = core::array::from_fn(|byte| byte as u8);
                extend(prefix, longest, &all, check);
            }
            prefix.pop();
        }
    }
    extend(&mut Vec::new(), longest, first_bytes, check);
}

fn first_bytes() -> Vec<u8> {
    STAND_INS.into_iter().chain(0xe0..=0xf4).collect()
}

/// One of `share` strings, and all of one byte.
struct Share {
    index: usize,
    step: usize,
}

impl Share {
    fn new(share: usize) -> Self {
        Share { index: 0, step: step(share) }
    }

    fn takes(&mut self, text: &[u8]) -> bool {
        self.index += 1;
        text.len() < 2 || self.index.is_multiple_of(self.step)
    }
}

/// Whole messages in one frame and one read.
#[test]
fn every_short_string_is_text_or_not() {
    let config = config();
    let mut cases = 0;
    let mut check = |text: &[u8]| {
        let mut bytes = Vec::with_capacity(16);
        frame(&mut bytes, FIN | TEXT, text, 0, [0; 4]);
        let is_valid = class(text) == Class::Valid;
        assert_eq!(read(&config, &mut [&mut bytes], text), (is_valid, !is_valid), "{text:02x?}");
        cases += 1;
    };
    check(b"");
    for (len, share) in [(1, 1), (2, 211), (3, 4001), (4, 500_009)] {
        for number in (0..1_u64 << (8 * len)).step_by(step(share)) {
            check(&(number as u32).to_be_bytes()[4 - len..]);
        }
    }
    proved("text whole: strings of 0 to 4 bytes, in one frame and one read", cases);
}

/// Cuts of a string: between its bytes, and between none.
const CUTS: [&[usize]; 5] = [&[], &[1], &[2], &[3], &[1, 2, 3]];
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The string in fragments that end at the cuts. Without an end, the last frame does not end the message.
fn in_fragments(text: &[u8], cuts: &[usize], ends: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    let mut start = 0;
    for cut in cuts.iter().copied().filter(|cut| *cut < text.len()).chain([text.len()]) {
        let first = if start == 0 { TEXT } else { CONTINUATION };
        let last = if ends && cut == text.len() { FIN } else { 0 };
        frame(&mut bytes, first | last, &text[start..cut], 0, KEY);
        start = cut;
    }
    bytes
}

/// The string in one frame, in reads that end at the cuts. Without an end, a byte is missing.
fn in_reads(config: &Config, text: &[u8], cuts: &[usize], ends: bool) -> (bool, bool) {
    let mut bytes = Vec::with_capacity(16);
    frame(&mut bytes, FIN | TEXT, text, usize::from(!ends), KEY);
    let mut reads: [&mut [u8]; 4] = [&mut [], &mut [], &mut [], &mut []];
    let mut rest = &mut bytes[..];
    let mut at = 0;
    for (read, cut) in reads.iter_mut().zip(cuts.iter().copied().filter(|cut| *cut < text.len()).chain([text.len()])) {
        let len = cut - at + if at == 0 { 6 } else { 0 };
        (*read, rest) = rest.split_at_mut(len);
        at = cut;
    }
    read(config, &mut reads, text)
}

#[test]
fn every_string_is_text_or_not_however_it_is_cut() {
    let config = config();
    let mut share = Share::new(8009);
    let mut cases = 0;
    visit(4, &first_bytes(), &mut |text, class| {
        if !share.takes(text) {
            return;
        }
        let is_inside = |cuts: &&&[usize]| cuts.first().is_none_or(|cut| *cut < text.len());
        for cuts in CUTS.iter().filter(is_inside) {
            // Behind a dead prefix nothing is read, and so not its end.
            for ends in [false, true].into_iter().take(if class == Class::Dead { 1 } else { 2 }) {
                let expected = (ends && class == Class::Valid, class == Class::Dead || ends && class != Class::Valid);
                let mut fragments = in_fragments(text, cuts, ends);
                assert_eq!(read(&config, &mut [&mut fragments], text), expected, "{text:02x?}, {cuts:?}, {ends}");
                assert_eq!(in_reads(&config, text, cuts, ends), expected, "{text:02x?}, {cuts:?}, {ends}");
                cases += 2;
            }
        }
    });
    proved(
        "text cut: strings of 1 to 4 bytes up to their first dead prefix, in fragments and in reads, ended or not",
        cases,
    );
}

/// A long text is validated with vectors: the string stands at its start, across the ends of blocks, and at its end.
#[test]
fn every_string_is_text_or_not_inside_a_long_text() {
    const LEN: usize = 96;
    let config = config();
    let mut share = Share::new(8009);
    let mut cases = 0;
    visit(4, &first_bytes(), &mut |text, class| {
        if !share.takes(text) {
            return;
        }
        for place in [0, 30, 62, LEN - text.len()] {
            let mut long = [b'a'; LEN];
            long[place..place + text.len()].copy_from_slice(text);
            let mut bytes = Vec::with_capacity(LEN + 6);
            frame(&mut bytes, FIN | TEXT, &long, 0, [0; 4]);
            let is_valid = class == Class::Valid;
            assert_eq!(read(&config, &mut [&mut bytes], &long), (is_valid, !is_valid), "{text:02x?} at {place}");
            cases += 1;
        }
    });
    proved("text inside a long one: strings of 1 to 4 bytes up to their first dead prefix, at 4 places", cases);
}
