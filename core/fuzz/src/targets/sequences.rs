//! Frames, not bytes: good ones most of the time, so that a run gets far.

use arbitrary::{Arbitrary, Unstructured};
use sansock::Role;
use zlib_rs::{Deflate, DeflateFlush};

use crate::host::Host;
use crate::input::Input;
use crate::plan::{PLAN_LEN, Plan, Start, bit};
use crate::wire::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT};

/// What a peer sends next.
#[derive(Arbitrary, Debug)]
enum Piece {
    Text(Body, Cut),
    Binary(Body, Cut),
    Compressed {
        is_text: bool,
        body: Body,
        cut: Cut,
    },
    Ping(Body),
    Pong(Body),
    Close {
        code: u16,
        reason: Body,
    },
    /// A frame of any first byte, and a length that need not be its own.
    Odd {
        first: u8,
        body: Body,
        len: Option<u32>,
        long: bool,
    },
    Bytes(Vec<u8>),
    Wait(u16),
}

#[derive(Arbitrary, Debug)]
enum Body {
    Short(u8),
    Long {
        byte: u8,
        len: u16,
    },
    Bytes(Vec<u8>),
    /// Characters of every length.
    Characters(Vec<char>),
}

/// How a message is divided into frames, and what stands between them.
#[derive(Arbitrary, Debug)]
pub(super) enum Cut {
    Whole,
    InTwo(u8),
    WithPing(u8),
    Unfinished,
}

impl Body {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Body::Short(byte) => vec![b'a' + byte % 26; usize::from(byte % 127)],
            Body::Long { byte, len } => (0..*len).map(|at| byte.wrapping_add((at / 7 % 11) as u8)).collect(),
            Body::Bytes(bytes) => bytes.clone(),
            Body::Characters(characters) => characters.iter().collect::<String>().into_bytes(),
        }
    }

    fn control(&self) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.truncate(126);
        bytes
    }
}

pub fn frames_server(bytes: &[u8]) {
    run(Role::Server, bytes);
}

pub fn frames_client(bytes: &[u8]) {
    run(Role::Client, bytes);
}

fn run(role: Role, bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    let compresses = plan[0] & bit::DEFLATE != 0;
    let mut host = Host::new(&Plan::of(role, Start::Open, plan));
    let mut peer = Peer::new(role, compresses);
    let pieces = Vec::<Piece>::arbitrary_take_rest(Unstructured::new(input.rest())).unwrap_or_default();
    let mut sent = 0;
    for piece in pieces {
        if let Piece::Wait(time) = piece {
            host.run_to(host.now + u64::from(time));
            continue;
        }
        let stream = peer.write(&piece);
        sent += stream.len();
        assert_eq!(host.receive(&stream), 0, "an open connection takes all");
        if sent > 1 << 20 {
            break;
        }
    }
    host.finish();
}

/// What writes to an engine of this role.
pub(super) struct Peer {
    role: Role,
    key: [u8; 4],
    deflate: Deflate,
    compresses: bool,
}

impl Peer {
    pub(super) fn new(role: Role, compresses: bool) -> Self {
        Peer { role, key: [1, 2, 3, 4], deflate: Deflate::new(6, false, 15), compresses }
    }

    fn write(&mut self, piece: &Piece) -> Vec<u8> {
        let mut stream = Vec::new();
        match piece {
            Piece::Text(body, cut) => self.message(TEXT, &body.bytes(), cut, &mut stream),
            Piece::Binary(body, cut) => self.message(BINARY, &body.bytes(), cut, &mut stream),
            Piece::Compressed { is_text, body, cut } => {
                let payload = if self.compresses { self.compress(&body.bytes()) } else { body.bytes() };
                let kind = if *is_text { TEXT } else { BINARY };
                self.message(kind | RSV1, &payload, cut, &mut stream);
            }
            Piece::Ping(body) => self.frame(FIN | PING, &body.control(), &mut stream),
            Piece::Pong(body) => self.frame(FIN | PONG, &body.control(), &mut stream),
            Piece::Close { code: 0, .. } => self.frame(FIN | CLOSE, b"", &mut stream),
            Piece::Close { code, reason } => {
                let payload = [&code.to_be_bytes()[..], &reason.control()].concat();
                self.frame(FIN | CLOSE, &payload, &mut stream);
            }
            Piece::Odd { first, body, len, long } => {
                let payload = body.control();
                let len = len.map_or(payload.len() as u64, u64::from);
                wire::write_header(self.role == Role::Server, *first, len, *long, &mut stream);
                stream.extend_from_slice(&payload);
            }
            Piece::Bytes(bytes) => stream.extend_from_slice(bytes),
            Piece::Wait(_) => {}
        }
        stream
    }

    pub(super) fn message(&mut self, first: u8, payload: &[u8], cut: &Cut, stream: &mut Vec<u8>) {
        let at = match cut {
            Cut::Whole => return self.frame(FIN | first, payload, stream),
            Cut::Unfinished => return self.frame(first, payload, stream),
            Cut::InTwo(at) | Cut::WithPing(at) => usize::from(*at).min(payload.len()),
        };
        self.frame(first, &payload[..at], stream);
        if matches!(cut, Cut::WithPing(_)) {
            self.frame(FIN | PING, b"between", stream);
        }
        self.frame(FIN | CONTINUATION, &payload[at..], stream);
    }

    fn frame(&mut self, first: u8, payload: &[u8], stream: &mut Vec<u8>) {
        self.key.rotate_left(1);
        self.key[0] = self.key[0].wrapping_mul(31).wrapping_add(payload.len() as u8);
        wire::write(self.role, first, payload, self.key, stream);
    }

    /// As RFC 7692 §7.2.1 wants it.
    pub(super) fn compress(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut room = vec![0; payload.len() * 2 + 64];
        let before = self.deflate.total_out();
        let _ = self.deflate.compress(payload, &mut room, DeflateFlush::SyncFlush).expect("it compresses");
        room.truncate((self.deflate.total_out() - before) as usize);
        if room.ends_with(&[0, 0, 0xff, 0xff]) {
            room.truncate(room.len() - 4);
        }
        // §7.2.3.6: where there was nothing to flush.
        if room.is_empty() { vec![0] } else { room }
    }
}
