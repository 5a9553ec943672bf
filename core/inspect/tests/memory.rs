//! What an inspector holds is within what the documentation of the crate says, whatever a capture inflates to, and however long it is.

#[path = "../../tests/common/allocator.rs"]
mod allocator;
mod common;

use std::time::Duration;

use allocator::{LIVE, held_since, peak_of};
use common::packets::{Tcp, file};
use common::{Sent, conversation};
use sansock::{Config, Connection, Role};
use sansock_inspect::{ENDED, ENTRY, Inspector, OPEN, PREVIEW, SHARED, Side, What};

/// How much of a file is pushed at once.
const PIECE: usize = 16 << 10;

/// Reads a file in pieces, taking entries as they come; returns how many frames there were, and the largest number of entries that waited.
fn read(inspector: &mut Inspector, file: &[u8]) -> (usize, usize) {
    let (mut frames, mut most) = (0, 0);
    for piece in file.chunks(PIECE) {
        inspector.push(piece);
        let mut waiting = 0;
        for entry in inspector.take() {
            waiting += 1;
            frames += usize::from(matches!(entry.what, What::Frame(_)));
        }
        most = most.max(waiting);
    }
    (frames, most)
}

/// What a connection sends behind its handshake.
fn with_handshake(deflate: bool, sent: Vec<Sent>) -> Vec<Sent> {
    conversation(deflate).into_iter().take(2).chain(sent).collect()
}

#[test]
fn a_long_capture_takes_no_more_than_a_short_one() {
    let text = [&[0x81, 126, 0, 200][..], &[b'a'; 200]].concat();
    let frames = [&text[..], &[0x01, 2, b'h', b'i'], &[0x80, 0], &[0x89, 3, b'y', b'o', b'u']].concat();
    let file = file(&Tcp::whole(&with_handshake(false, vec![(Side::Server, frames.repeat(25_000))]), 1400).packets);
    let (mut seen, mut most) = (0, 0);
    let peak = peak_of(|| {
        (seen, most) = read(&mut Inspector::new(), &file);
    });
    assert_eq!(seen, 100_000);
    // The queue of entries grows by doubling.
    let bound = OPEN + 2 * most * (ENTRY + 8 * PREVIEW) + PIECE;
    assert!(peak <= bound, "{peak} bytes, and not {bound}");
    assert!(most < 1000, "{most} entries of one piece");
}

#[test]
fn what_inflates_to_much_is_not_held() {
    const SIZE: usize = 64 << 20;
    let config = Config::builder(Role::Server)
        .start_open(true)
        .deflate(true)
        .output_hard_limit(1 << 30)
        .build()
        .expect("a configuration");
    let mut server = Connection::new(&config, [0; 32], Duration::ZERO).expect("memory");
    server.send_binary(&vec![0; SIZE]).expect("open");
    let bomb = server.output().to_vec();
    assert!(bomb.len() < SIZE / 900, "{} bytes", bomb.len());
    let file = file(&Tcp::whole(&with_handshake(true, vec![(Side::Server, bomb)]), 1400).packets);
    let mut size = 0;
    let peak = peak_of(|| {
        let mut inspector = Inspector::new();
        for piece in file.chunks(PIECE) {
            inspector.push(piece);
            for entry in inspector.take() {
                if let What::Message(message) = entry.what {
                    assert!(message.payload.cut);
                    size = message.size;
                }
            }
        }
    });
    assert_eq!(size, SIZE as u64);
    let bound = SHARED + OPEN + 20 * (ENTRY + 8 * PREVIEW) + PIECE;
    assert!(peak <= bound, "{peak} bytes, and not {bound}");
}

#[test]
fn a_connection_that_is_over_holds_little() {
    let before = LIVE.get();
    let mut inspector = Inspector::new();
    let count = 200;
    for number in 0..count {
        let mut tcp = Tcp::new(&format!("10.0.0.1:{}", 40_000 + number), "10.0.0.2:80");
        tcp.open();
        tcp.carry(&conversation(number % 2 == 0), 1000);
        tcp.close();
        let file = file(&tcp.packets);
        read(&mut inspector, if number == 0 { &file } else { &file[24..] });
    }
    let held = held_since(before);
    assert!(held <= count * ENDED + 100 * (ENTRY + 8 * PREVIEW), "{held} bytes for {count} connections");
}

#[test]
fn what_waits_for_lost_packets_is_bounded() {
    let mut tcp = Tcp::whole(&with_handshake(false, Vec::new()), 1000);
    tcp.packets.truncate(5);
    // 12 MiB behind one byte that never comes, in packets that are out of order.
    tcp.next[1] += 1;
    for _ in 0..12 << 10 {
        tcp.send(Side::Server, 16, &[0x82; 1024]);
    }
    tcp.packets[5..].reverse();
    let file = file(&tcp.packets);
    let peak = peak_of(|| {
        read(&mut Inspector::new(), &file);
    });
    let bound = OPEN + (5 << 20) + 64 * (ENTRY + 8 * PREVIEW);
    assert!(peak <= bound, "{peak} bytes, and not {bound}");
}

#[test]
fn frames_that_wait_for_a_response_are_bounded() {
    const PINGS: usize = 200_000;
    let request = conversation(false).swap_remove(0);
    let pings = (Side::Client, [0x89, 0x80, 1, 2, 3, 4].repeat(PINGS));
    let file = file(&Tcp::whole(&[request, pings], 1400).packets);
    let mut seen = 0;
    let peak = peak_of(|| {
        let mut inspector = Inspector::new();
        for piece in file.chunks(PIECE) {
            inspector.push(piece);
            seen += inspector.take().filter(|entry| matches!(entry.what, What::Frame(_))).count();
        }
    });
    assert_eq!(seen, PINGS);
    // What has waited is read at once: each frame, of 6 bytes, has two entries.
    let bound = OPEN + (512 << 10) + 2 * (256 << 10) / 6 * 2 * ENTRY;
    assert!(peak <= bound, "{peak} bytes, and not {bound}");
}
