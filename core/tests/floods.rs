//! Floods that go on: what a connection holds after ten times as many bytes is what it held before, whether its output is
//! written or not, with compression and without, while the host goes on sending.

mod common;

#[allow(dead_code, reason = "nothing fails here")]
#[path = "no_memory/allocator.rs"]
mod allocator;

use allocator::{Failing, live};
use common::drive::{ms, opened, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use sansock::{Connection, Error, Received, Role};

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// What the connection is sent first, and again and again.
struct Flood {
    name: &'static str,
    start: Vec<u8>,
    round: Vec<u8>,
}

/// How the flood meets its connection.
#[derive(Clone, Copy, Debug)]
struct Host {
    role: Role,
    deflate: bool,
    parts: bool,
    /// The output is written after each round.
    writes: bool,
    /// A message is sent after each round, if there is room.
    sends: bool,
}

fn floods(role: Role) -> Vec<Flood> {
    let to = |first, payload: &[u8]| frames::to(role, first, payload);
    let message = [to(TEXT, b"x"), to(CONTINUATION, b"x").repeat(98), to(FIN | CONTINUATION, b"x")].concat();
    let floods = [
        ("pings", vec![], to(FIN | PING, &[7; 125]).repeat(50)),
        ("empty pings", vec![], to(FIN | PING, b"").repeat(300)),
        ("pings inside a message", to(BINARY, &[1; 9_000]), to(FIN | PING, &[7; 125]).repeat(50)),
        ("pongs", vec![], to(FIN | PONG, &[7; 125]).repeat(50)),
        ("messages of tiny fragments", vec![], message.repeat(3)),
        ("empty fragments", to(TEXT, b""), to(CONTINUATION, b"").repeat(100)),
        ("empty messages", vec![], to(FIN | TEXT, b"").repeat(700)),
        ("tiny messages", vec![], to(FIN | BINARY, b"x").repeat(700)),
        ("large messages", vec![], to(FIN | BINARY, &[5; 40_000])),
        ("opcodes that do not exist", vec![], to(FIN | 3, b"x").repeat(50)),
        ("opcodes that do not exist, behind a message", to(FIN | TEXT, b"first"), to(FIN | 0xb, &[1; 125]).repeat(50)),
        ("closes", vec![], to(FIN | CLOSE, &[3, 232, b'x']).repeat(50)),
        ("noise", vec![], vec![0xff; 5_000]),
    ];
    floods.map(|(name, start, round)| Flood { name, start, round }).into()
}

/// Messages that inflate to much, within the limit and beyond it.
#[cfg(feature = "deflate")]
fn bombs(role: Role) -> [Flood; 2] {
    let other = if role == Role::Server { Role::Client } else { Role::Server };
    [("bombs", 90_000), ("bombs beyond the limit", 300_000)].map(|(name, len)| {
        let config = opened(other).deflate(true).output_hard_limit(1 << 20).build().unwrap();
        let mut peer = Connection::new(&config, seed(), ms(0)).unwrap();
        peer.send_binary(&vec![0; len]).unwrap();
        Flood { name, start: Vec::new(), round: peer.output().to_vec() }
    })
}

/// Bytes that do not shrink, so that the output is full before long.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> [u8; 400] {
        core::array::from_fn(|_| {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 24) as u8
        })
    }
}

/// What is held at most after any of so many rounds.
fn most_held(flood: &Flood, host: Host, rounds: usize) -> isize {
    let config = opened(host.role).deflate(host.deflate).parts(host.parts).max_message_size(100_000);
    let config = config.output_soft_limit(10_000).output_hard_limit(30_000).build().unwrap();
    let mut buffer = flood.round.clone();
    let mut noise = Noise(1);
    let before = live();
    let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
    let mut most = 0;
    feed(&mut connection, &mut flood.start.clone());
    for _ in 0..rounds {
        buffer.copy_from_slice(&flood.round);
        feed(&mut connection, &mut buffer);
        if host.sends {
            let sent = connection.send_binary(&noise.next());
            assert!(matches!(sent, Ok(()) | Err(Error::WouldBlock | Error::InvalidState)), "{sent:?}");
        }
        if host.writes {
            let len = connection.output().len();
            connection.written(len).unwrap();
        }
        most = most.max(live() - before);
    }
    most
}

/// Passes all on, and drops the events.
fn feed(connection: &mut Connection, buffer: &mut [u8]) {
    let mut at = 0;
    while at < buffer.len() || connection.has_more() {
        let Received { consumed, events, .. } = connection.receive(&mut buffer[at..], ms(0));
        let came = events.count();
        at += consumed;
        if consumed == 0 && came == 0 {
            return;
        }
    }
}

const ROUNDS: usize = 100;
/// What a fault may hold, which comes after many fragments.
const AT_THE_END: isize = 512;

fn check(flood: &Flood, host: Host) {
    let (held, later) = (most_held(flood, host, ROUNDS), most_held(flood, host, 10 * ROUNDS));
    assert!(later <= held + AT_THE_END, "{}, {host:?}: {held} bytes, and {later} after ten times as many", flood.name);
    assert!(held < 900_000, "{}, {host:?}: {held} bytes", flood.name);
}

#[test]
fn what_is_held_stays_flat() {
    for role in [Role::Server, Role::Client] {
        for flood in floods(role) {
            for (deflate, writes, sends) in
                [(false, true, false), (false, false, true), (true, false, true), (true, true, true)]
            {
                let deflate = deflate && cfg!(feature = "deflate");
                check(&flood, Host { role, deflate, parts: false, writes, sends });
            }
            check(&flood, Host { role, deflate: false, parts: true, writes: false, sends: true });
        }
    }
}

#[cfg(feature = "deflate")]
#[test]
fn what_is_held_stays_flat_while_bombs_come() {
    for role in [Role::Server, Role::Client] {
        for (flood, parts) in bombs(role).iter().flat_map(|flood| [(flood, false), (flood, true)]) {
            for (writes, sends) in [(true, false), (false, true)] {
                check_few(flood, Host { role, deflate: true, parts, writes, sends });
            }
        }
    }
}

/// Each bomb takes its time, and leaves its buffer to the pool, which has a limit.
#[cfg(feature = "deflate")]
fn check_few(flood: &Flood, host: Host) {
    const POOL: isize = 24 << 20;
    let (held, later) = (most_held(flood, host, 27), most_held(flood, host, 270));
    assert!(
        later <= held.max(POOL + 700_000),
        "{}, {host:?}: {held} bytes, and {later} after ten times as many",
        flood.name
    );
}
