//! Masking (RFC 6455 §5.3): octet i of the result is octet i of the data XOR octet (i mod 4) of the key.

use sansock::{Config, Connection, Event, MessageKind, Role};

use crate::common::drive::{ms, opened, seed};
use crate::common::frames::{self, BINARY, FIN, TEXT};
use crate::{proved, step};

const LONGEST: usize = 256;
const ALIGNMENTS: usize = 64;
const KEYS: [[u8; 4]; 3] = [[0x37, 0xfa, 0x21, 0x3d], [0; 4], [0, 0, 0, 0x80]];

/// A payload whose bytes tell their places apart. A text of it has characters of two bytes.
fn payload(kind: MessageKind, len: usize) -> Vec<u8> {
    match kind {
        MessageKind::Binary => (0..len).map(|at| (at * 131 + at / 7) as u8).collect(),
        MessageKind::Text => {
            let mut text: String = ('!'..='~').cycle().take(len.saturating_sub(2)).collect();
            text.push_str(["", "a", "\u{e9}"][len.min(2)]);
            text.into_bytes()
        }
    }
}

/// An input of which the byte at `index` lies at this distance from an address that 64 divides.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn new(input: &[u8], index: usize, alignment: usize) -> Self {
        let mut bytes = vec![0; input.len() + 2 * ALIGNMENTS];
        let address = bytes.as_ptr() as usize + index;
        let start = (alignment + 2 * ALIGNMENTS - address % ALIGNMENTS) % ALIGNMENTS;
        bytes[start..start + input.len()].copy_from_slice(input);
        Aligned { bytes, start }
    }

    fn input(&mut self, len: usize) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + len]
    }
}

/// The message that comes of a frame in two reads, the second of which begins `cut` bytes into the payload.
fn received(config: &Config, kind: MessageKind, frame: &[u8], alignment: usize, cut: Option<usize>) -> Option<Vec<u8>> {
    let mut connection = Connection::new(config, seed(), ms(0)).expect("memory");
    let mut message = None;
    let mut read = |bytes: &[u8], index: usize| {
        let mut aligned = Aligned::new(bytes, index, alignment);
        for event in connection.receive(aligned.input(bytes.len()), ms(0)).events {
            message = match (kind, event) {
                (MessageKind::Text, Event::Text(text)) => Some(text.text.as_bytes().to_vec()),
                (MessageKind::Binary, Event::Binary(binary)) => Some(binary.data.to_vec()),
                (_, other) => panic!("{other:?}"),
            };
        }
    };
    let payload_at = |len: usize| frame.len() - len;
    match cut {
        None => read(frame, payload_at(payload_len(frame))),
        Some(cut) => {
            let at = payload_at(payload_len(frame)) + cut;
            read(&frame[..at], payload_at(payload_len(frame)));
            read(&frame[at..], 0);
        }
    }
    message
}

fn payload_len(frame: &[u8]) -> usize {
    frame.len() - if frame[1] & 0x7f < 126 { 6 } else { 8 }
}

#[test]
fn payloads_are_unmasked_at_every_alignment_and_cut() {
    let config = opened(Role::Server).build().expect("a good configuration");
    let mut cases = 0;
    for (kind, opcode) in [(MessageKind::Text, TEXT), (MessageKind::Binary, BINARY)] {
        for key in KEYS {
            for len in (0..=LONGEST).step_by(step(13)) {
                let payload = payload(kind, len);
                let frame = frames::client(FIN | opcode, &payload, key);
                for alignment in (0..ALIGNMENTS).step_by(step(11)) {
                    let cuts = (1..len).step_by(step(17)).map(Some);
                    for cut in [None].into_iter().chain(cuts) {
                        let message = received(&config, kind, &frame, alignment, cut);
                        assert_eq!(
                            message.as_ref(),
                            Some(&payload),
                            "{kind:?} of {len} bytes at {alignment}, cut at {cut:?}"
                        );
                        cases += 1;
                    }
                }
            }
        }
    }
    proved("unmasking: lengths 0 to 256 x alignments of 64 x cuts anywhere x text and binary x 3 keys", cases);
}

/// The second message follows one of `before` bytes, so that its payload lies anywhere in the output.
#[test]
fn payloads_are_masked_at_every_place_of_the_output() {
    let config = opened(Role::Client).build().expect("a good configuration");
    let mut cases = 0;
    for (kind, opcode) in [(MessageKind::Text, TEXT), (MessageKind::Binary, BINARY)] {
        for len in (0..=LONGEST).step_by(step(7)) {
            let payload = payload(kind, len);
            for before in (0..ALIGNMENTS).step_by(step(5)) {
                let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
                connection.send_binary(&vec![1; before]).expect("it is open");
                match kind {
                    MessageKind::Text => connection.send_text(str::from_utf8(&payload).expect("a text")),
                    MessageKind::Binary => connection.send_binary(&payload),
                }
                .expect("it is open");
                let sent = frames::read_all(connection.output());
                assert_eq!((sent[1].first, sent[1].masked), (FIN | opcode, true));
                assert_eq!(sent[1].payload, payload, "{kind:?} of {len} bytes behind {before}");
                cases += 1;
            }
        }
    }
    proved("masking: lengths 0 to 256 x 64 places in the output x text and binary", cases);
}
