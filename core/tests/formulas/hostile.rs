//! What a hostile peer sends, shaped by the limits of the one that receives it.

use sansock::{Connection, Role};

use super::common::drive::{HEADERS, head, ms};
use super::common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use super::formula::Setup;

/// The RSV1 bit: the message is compressed.
const COMPRESSED: u8 = 0x40;

pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

fn input(name: impl Into<String>, bytes: Vec<u8>) -> Input {
    Input { name: name.into(), bytes }
}

/// Everything for a connection that is open, or behind the head that opens it.
pub(crate) fn frames(setup: &Setup) -> Vec<Input> {
    let to = |first: u8, payload: &[u8]| frames::to(setup.role, first, payload);
    let most = setup.option("max_message_size") as usize;
    let (half, rest) = (most / 2, most - most / 2);
    let flood = (setup.option("output_hard_limit") as usize / 100).clamp(300, 2000);
    let split = |len: usize| [to(BINARY, &vec![1; len / 2]), to(FIN | CONTINUATION, &vec![2; len - len / 2])].concat();
    let stored = (2 << 20).min(8 * most) + most.min(300_000);
    let mut inputs = vec![
        input("pings", to(FIN | PING, &[7; 125]).repeat(flood)),
        input("empty pings", to(FIN | PING, b"").repeat(flood)),
        input("pongs", to(FIN | PONG, &[7; 125]).repeat(300)),
        input("closes", to(FIN | CLOSE, &frames::close(1000, &"r".repeat(123))).repeat(3)),
        input("a close behind messages", [to(FIN | TEXT, b"x").repeat(400), to(FIN | CLOSE, b"")].concat()),
        input(
            "pings inside a message",
            [to(BINARY, &vec![1; most - 1]), to(FIN | PING, &[7; 125]).repeat(50)].concat(),
        ),
        input("empty fragments", [to(TEXT, b""), to(CONTINUATION, b"").repeat(2000)].concat()),
        input("tiny fragments", [to(BINARY, b"x"), to(CONTINUATION, b"x").repeat(most.min(3000))].concat()),
        input(
            "fragments of 64 bytes",
            [to(BINARY, b"x"), to(CONTINUATION, &[9; 64]).repeat(most.min(200_000) / 64)].concat(),
        ),
        input(
            "code points cut",
            [to(TEXT, b"\xc3"), to(CONTINUATION, b"\xa9a\xc3").repeat(most.min(2000) / 3)].concat(),
        ),
        input("a message in one frame", to(FIN | BINARY, &vec![1; most]).repeat(2)),
        input("small messages", to(FIN | BINARY, &[1; 20]).repeat(1000)),
        input(
            "a message and the start of another",
            [split(most), to(FIN | BINARY, &vec![1; most])[..half + 14].to_vec()].concat(),
        ),
        input("halves of messages", split(most).repeat(2)),
        input("messages of two fragments", split(most.min(50_000)).repeat(stored / most.min(50_000))),
        input(
            "more than a message",
            [to(BINARY, &vec![1; half]), to(CONTINUATION, &vec![1; rest]), to(FIN | CONTINUATION, b"x")].concat(),
        ),
        input("a frame too large", to(FIN | BINARY, &vec![1; most + 1])),
        input("messages that fill the store", fills_the_store(setup, most)),
    ];
    if setup.is("deflate") {
        inputs.extend(compressed(setup, most));
    }
    inputs
}

/// Complete messages up to the size that ends a batch, and another that goes on behind it.
fn fills_the_store(setup: &Setup, most: usize) -> Vec<u8> {
    let to = |first: u8, payload: &[u8]| frames::to(setup.role, first, payload);
    let first = most.min((1 << 20) - 16);
    let tiny = [to(BINARY, b"x"), to(FIN | CONTINUATION, b"")].concat();
    let mut bytes = [to(BINARY, &vec![1; first - 1]), to(FIN | CONTINUATION, b"x"), tiny].concat();
    let last = to(FIN | BINARY, &vec![3; most]);
    bytes.extend_from_slice(&last[..last.len() - 1]);
    bytes
}

/// Frames of a compressed message.
pub(crate) fn compressed_frames(role: Role, data: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = data.chunks(size).count();
    for (at, piece) in data.chunks(size).enumerate() {
        let opcode = if at == 0 { COMPRESSED | BINARY } else { CONTINUATION };
        bytes.extend(frames::to(role, if at + 1 == count { FIN | opcode } else { opcode }, piece));
    }
    bytes
}

/// What a sender of the other role makes of a message, without the head of the frame.
pub(crate) fn deflated(setup: &Setup, payload: &[u8]) -> Vec<u8> {
    let role = if setup.role == Role::Server { Role::Client } else { Role::Server };
    let names = ["server_max_window_bits", "client_max_window_bits"].map(|name| (name, setup.option(name)));
    let sender =
        Setup::new(role).with(&[("start_open", 1), ("deflate", 1)]).with(&names).with(&[("deflate_threshold", 1)]);
    let config = sender.build(sansock::Config::builder(role));
    let mut connection = Connection::new(&config, [1; 32], ms(0)).expect("memory");
    connection.send_binary(payload).expect("room");
    let frames = frames::read_all(connection.output());
    frames[0].payload.clone()
}

fn compressed(setup: &Setup, most: usize) -> Vec<Input> {
    let role = setup.role;
    let pieces = |data: &[u8], size: usize| compressed_frames(role, data, size);
    let zeros = |len: usize| deflated(setup, &vec![0; len]);
    let noise: Vec<u8> = (0..most.min(300_000) as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let noisy = deflated(setup, &noise);
    let stored_block = |len: usize| {
        let size = (len as u16).to_le_bytes();
        [&[0, size[0], size[1], !size[0], !size[1]][..], &vec![5; len]].concat()
    };
    let quarter = pieces(&zeros((most / 4).max(1)), usize::MAX);
    let mut inputs = vec![
        input("the largest message, compressed", pieces(&zeros(most), 100_000).repeat(3)),
        input("the largest message in tiny frames", pieces(&zeros(most), 7).repeat(2)),
        input("a bomb", pieces(&zeros(most + 1), 100_000)),
        input("a bomb of many messages", quarter.repeat(30)),
        input(
            "a compressed message under way",
            [pieces(&noisy, 100_000), frames::to(role, COMPRESSED | BINARY, &zeros(most))].concat(),
        ),
        input("noise, compressed", [pieces(&noisy, 1000), pieces(&noisy, 100_000)].concat()),
        input("empty stored blocks", frames::to(role, COMPRESSED | BINARY, &stored_block(0).repeat(2000))),
        input("empty final blocks", frames::to(role, COMPRESSED | BINARY, &[3, 0].repeat(3000))),
        input(
            "stored blocks of a byte",
            frames::to(role, COMPRESSED | BINARY, &stored_block(1).repeat(most.min(2000))),
        ),
    ];
    let mut mixed = quarter;
    mixed.extend([frames::to(role, BINARY, &vec![1; most / 2]), frames::to(role, FIN | CONTINUATION, b"x")].concat());
    inputs.push(input("compressed and not", mixed.repeat(8)));
    inputs
}

/// Heads for a server.
pub(crate) fn requests(setup: &Setup) -> Vec<Input> {
    let (most, headers) = (setup.option("max_head_size") as usize, setup.option("max_headers") as usize);
    let good = head("GET / HTTP/1.1", &HEADERS);
    let short: Vec<String> = (0..headers.saturating_sub(5)).map(|_| "a:".to_owned()).collect();
    let names: Vec<String> = (0..64).map(|at| format!("n{at}")).collect();
    let lists = [
        format!("Sec-WebSocket-Protocol: {}", names.join(",")),
        format!("Sec-WebSocket-Extensions: {}", ["permessage-deflate; client_max_window_bits"; 16].join(",")),
    ];
    let with = |lines: &[String]| {
        let lines: Vec<&str> = HEADERS.iter().copied().chain(lines.iter().map(String::as_str)).collect();
        head("GET / HTTP/1.1", &lines)
    };
    let long = |room: usize| with(&[format!("X: {}", "y".repeat(room.saturating_sub(good.len() + 5)))]);
    let behind = frames::to(Role::Server, FIN | BINARY, &[0; 100]).repeat(800);
    vec![
        input("a request", good.clone()),
        input("many short headers", with(&short)),
        input("too many headers", [with(&short), with(&short)].concat().replace_end(headers)),
        input("a long head", long(most)),
        input("a head too long", long(most + 1)),
        input(
            "a head without end",
            [&good[..good.len() - 2], &b"X: yyyyyyyyyyyyyyy\r\n".repeat(most / 20 + 2)].concat(),
        ),
        input("long lists", with(&lists)),
        input("a request and a backlog", [&good[..], &behind].concat()),
        input("a long head and a backlog", [&long(most)[..], &behind].concat()),
        input("a bad request", head("GET / HTTP/1.1", &HEADERS[1..])),
        input(
            "pings behind the request",
            [&good[..], &frames::to(Role::Server, FIN | PING, &[7; 125]).repeat(600)].concat(),
        ),
    ]
}

trait ReplaceEnd {
    fn replace_end(self, headers: usize) -> Self;
}

impl ReplaceEnd for Vec<u8> {
    /// The head goes on with so many headers instead of ending.
    fn replace_end(mut self, headers: usize) -> Self {
        let end = self.windows(4).position(|four| four == b"\r\n\r\n").expect("an end") + 2;
        self.truncate(end);
        self.extend(b"a:\r\n".repeat(headers));
        self
    }
}

/// Answers to a client that open nothing. What opens it is made of its request.
pub(crate) fn refusals(setup: &Setup) -> Vec<Input> {
    let (most, headers) = (setup.option("max_head_size") as usize, setup.option("max_headers") as usize);
    let body = setup.option("max_body_size") as usize;
    let status = |lines: &[&str]| head("HTTP/1.1 500 x", lines);
    let short = vec!["a:"; headers];
    let long = format!("X: {}", "y".repeat(most.saturating_sub(status(&[]).len() + 5)));
    let interim = head("HTTP/1.1 103 x", &["Link: y"]);
    vec![
        input("an endless body", [status(&[]), vec![b'b'; body + 100]].concat()),
        input("a long head and its body", [status(&[&long]), vec![b'b'; body + 100]].concat()),
        input("many headers and a body", [status(&short), vec![b'b'; body + 100]].concat()),
        input("tiny chunks", [status(&["Transfer-Encoding: chunked"]), b"1\r\nx\r\n".repeat(body + 3)].concat()),
        input("chunk extensions", [status(&["Transfer-Encoding: chunked"]), b"1;e=f\r\nx\r\n".repeat(3000)].concat()),
        input("interim responses", [interim.repeat(9), status(&[&long])].concat()),
        input(
            "a head without end",
            [&b"HTTP/1.1 101 x\r\n"[..], &b"X: yyyyyyyyyyyyyyy\r\n".repeat(most / 20 + 2)].concat(),
        ),
    ]
}
