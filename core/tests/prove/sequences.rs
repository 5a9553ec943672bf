//! Sequences of frames (RFC 6455 §5.4, §5.5, RFC 7692 §6): all that begin with frames of a live connection, to a length.
//!
//! The alphabet is every first byte: opcodes, FIN and RSV1 (one reserved opcode of each class stands for all, and so does RSV1
//! for the three bits where no compression was agreed: `headers` has the others). A sequence that goes on behind a fault or
//! Close is not enumerated; that what follows is ignored is checked instead.

use sansock::{Config, Role};

use crate::common::bytes::show;
use crate::common::drive::{Host, opened};
use crate::common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use crate::{proved, whole};

const RSV1: u8 = 0x40;
const OPCODES: [u8; 8] = [CONTINUATION, TEXT, BINARY, 0x3, CLOSE, PING, PONG, 0xb];
/// "Hello" (RFC 7692 §7.2.3.1), and the end of its block, which a message lacks (§7.2.1) and a continuation supplies.
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const BLOCK_END: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A message that is under way.
#[derive(Clone)]
struct Message {
    opcode: u8,
    compressed: bool,
    text: String,
}

/// What a peer that reads these frames delivers and sends.
#[derive(Clone, Default)]
struct Model {
    deflate: bool,
    message: Option<Message>,
    events: Vec<String>,
    /// First bytes and payloads. Of Close, only the code.
    sent: Vec<(u8, Vec<u8>)>,
    ended: bool,
}

impl Model {
    /// The payload of the next frame if it has this first byte.
    fn payload(&self, first: u8) -> Vec<u8> {
        let continues = first & 0xf == CONTINUATION;
        match first & 0xf {
            PING | PONG => b"p".to_vec(),
            CLOSE => 1000_u16.to_be_bytes().to_vec(),
            _ if continues && self.message.as_ref().is_some_and(|message| message.compressed) => {
                [&BLOCK_END[..], &HELLO].concat()
            }
            _ if first & RSV1 != 0 => HELLO.to_vec(),
            _ => b"Hello".to_vec(),
        }
    }

    fn read(&mut self, first: u8) {
        let (is_final, rsv1, opcode) = (first & FIN != 0, first & RSV1 != 0, first & 0xf);
        let begins = matches!(opcode, TEXT | BINARY);
        if rsv1 && !(self.deflate && begins) {
            return self.fail("RESERVED_BITS");
        }
        match opcode {
            PING | PONG | CLOSE if !is_final => self.fail("CONTROL_FRAGMENTED"),
            PING => {
                self.events.push("ping \"p\"".to_owned());
                self.sent.push((FIN | PONG, b"p".to_vec()));
            }
            PONG => self.events.push("pong \"p\"".to_owned()),
            CLOSE => {
                self.events.push("closing 1000 \"\"".to_owned());
                self.end("closed 1000 \"\" clean by-peer sent=1000", 1000);
            }
            TEXT | BINARY | CONTINUATION => self.read_data(is_final, rsv1, opcode),
            _ => self.fail("RESERVED_OPCODE"),
        }
    }

    fn read_data(&mut self, is_final: bool, rsv1: bool, opcode: u8) {
        let message = match (self.message.take(), opcode) {
            (None, CONTINUATION) => return self.fail("UNEXPECTED_CONTINUATION"),
            (Some(message), CONTINUATION) => Message { text: message.text + "Hello", ..message },
            (Some(_), _) => return self.fail("EXPECTED_CONTINUATION"),
            (None, _) => Message { opcode, compressed: rsv1, text: "Hello".to_owned() },
        };
        if is_final {
            let kind = if message.opcode == TEXT { "text" } else { "binary" };
            self.events.push(format!("{kind} {}", show(message.text.as_bytes())));
        } else {
            self.message = Some(message);
        }
    }

    fn fail(&mut self, name: &str) {
        self.end(&format!("closed 1006 \"\" unclean by-peer sent=1002 fault={name}"), 1002);
    }

    fn end(&mut self, event: &str, code: u16) {
        self.events.push(event.to_owned());
        self.sent.push((FIN | CLOSE, code.to_be_bytes().to_vec()));
        self.ended = true;
    }
}

/// How frames arrive.
#[derive(Clone, Copy, Debug)]
enum Reads {
    Together,
    OneByOne,
    Bytes,
}

fn check(config: &Config, sequence: &[u8], frames: &[Vec<u8>], model: &Model, reads: Reads) {
    let case = || format!("{:?} reads {sequence:02x?} {reads:?}", config.role());
    let mut host = Host::of(config);
    match reads {
        Reads::Together => host.receive_in_pieces(&frames.concat(), usize::MAX),
        Reads::OneByOne => frames.iter().for_each(|frame| host.receive_in_pieces(frame, usize::MAX)),
        Reads::Bytes => host.receive_in_pieces(&frames.concat(), 1),
    }
    assert_eq!(host.events, model.events, "{}", case());
    let sent = frames::read_all(&host.take_output());
    let sent: Vec<(u8, Vec<u8>)> = sent
        .into_iter()
        .map(|frame| {
            (frame.first, if frame.first == FIN | CLOSE { frame.payload[..2].to_vec() } else { frame.payload })
        })
        .collect();
    assert_eq!(sent, model.sent, "{}", case());
}

/// Checks all sequences that begin with this one. Returns how many they are.
fn extend(config: &Config, sequence: &mut Vec<u8>, frames: &mut Vec<Vec<u8>>, model: &Model, longest: usize) -> u64 {
    let mut cases = 0;
    for opcode in OPCODES {
        for flags in [FIN, 0, FIN | RSV1, RSV1] {
            let first = flags | opcode;
            let mut next = model.clone();
            frames.push(frames::to(config.role(), first, &next.payload(first)));
            sequence.push(first);
            next.read(first);
            if next.ended {
                // What follows is ignored.
                frames.push(frames::to(config.role(), FIN | TEXT, b"late"));
            }
            for reads in [Reads::Together, Reads::OneByOne, Reads::Bytes] {
                check(config, sequence, frames, &next, reads);
            }
            cases += 1;
            if next.ended {
                frames.pop();
            } else if sequence.len() < longest {
                cases += extend(config, sequence, frames, &next, longest);
            }
            frames.pop();
            sequence.pop();
        }
    }
    cases
}

#[test]
fn every_sequence_of_frames_is_read_as_the_rfc_says() {
    let longest = if whole() { 6 } else { 3 };
    let mut cases = 0;
    for role in [Role::Client, Role::Server] {
        for deflate in [false, true] {
            if deflate && !cfg!(feature = "deflate") {
                continue;
            }
            let config = opened(role).deflate(deflate).build().expect("a good configuration");
            let model = Model { deflate, ..Model::default() };
            cases += extend(&config, &mut Vec::new(), &mut Vec::new(), &model, longest);
        }
    }
    let domain =
        format!("sequences of frames to length {longest}: opcodes x FIN x RSV1 x compression x roles, in 3 cuts");
    proved(&domain, cases);
}
