//! Every term is there because something takes it: for each there is a case that takes four fifths of the whole formula.

use sansock::{Config, Role};

use super::common::drive::{HEADERS, head, ms};
use super::common::frames::{self, BINARY, CONTINUATION, FIN, TEXT};
use super::formula::{Setup, sum};
#[cfg(feature = "deflate")]
use super::hostile::{compressed_frames, deflated};
use super::start;
#[cfg(feature = "deflate")]
use super::watch::PAYLOAD;
use super::watch::{Style, Watched};

const SMALL: &[(&str, u64)] = &[("start_open", 1), ("max_message_size", 1000), ("output_hard_limit", 1024)];

fn to_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frames::to(Role::Server, first, payload)
}

/// Runs a case whose host passes so many bytes at a time, and compares the most that was held with the formula.
fn takes_most(term: &str, setup: Setup, passed: usize, case: impl FnOnce(&mut Watched)) {
    takes_most_after(term, setup, passed, |_| (), case);
}

/// The same, when others have used the configuration.
fn takes_most_after(
    term: &str,
    mut setup: Setup,
    passed: usize,
    others: impl FnOnce(&Config),
    case: impl FnOnce(&mut Watched),
) {
    setup.passed = passed as u64;
    let config = setup.build(start(setup.role));
    others(&config);
    let mut watched = Watched::new(&config, Style::Silent, true, !setup.warm);
    case(&mut watched);
    let most = watched.end().most;
    let formula = sum(&setup.connection());
    println!("{:5.1} % of {formula:>9}: {term}", 100.0 * most as f64 / formula as f64);
    assert!(most <= formula, "{term}: {most} of {formula}: {:?}", super::terms(&setup));
    // The formula counts pointers of 64 bits. With smaller ones less is held.
    let nearly = cfg!(not(target_pointer_width = "64")) || most * 5 >= formula * 4;
    assert!(nearly, "{term}: only {most} of {formula}: {:?}", super::terms(&setup));
}

fn pings_of_the_host(watched: &mut Watched) {
    for at in 0..64 {
        watched.call(|connection| connection.ping(&[at; 125], ms(0)).expect("room"));
        watched.write(usize::MAX);
    }
}

#[test]
fn events_and_pings() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("parts", 1), ("output_hard_limit", 300)]);
    let pieces = [to_server(TEXT, b"x\xc3"), to_server(CONTINUATION, b"\xa9a\xc3").repeat(300)].concat();
    takes_most("events, pings of the host", setup, pieces.len(), |watched| {
        pings_of_the_host(watched);
        watched.feed(&pieces, usize::MAX);
    });
}

#[test]
fn a_message() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("max_message_size", 2_500_000)]);
    let bytes = to_server(FIN | BINARY, &vec![1; 2_500_000]);
    takes_most("messages: one under way", setup, 4096, |watched| watched.feed(&bytes[..bytes.len() - 1], 4096));
}

fn fragmented(len: usize) -> Vec<u8> {
    [to_server(BINARY, &vec![1; len - 1]), to_server(FIN | CONTINUATION, b"x")].concat()
}

#[test]
fn complete_messages() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("max_message_size", 300_000)]);
    let last = to_server(FIN | BINARY, &vec![1; 300_000]);
    let bytes = [fragmented(300_000).repeat(3), fragmented(148_000), last[..300_000].to_vec()].concat();
    let flood = [&last[300_000..], &fragmented(100_000).repeat(30)].concat();
    takes_most("messages: complete ones", setup, flood.len(), |watched| {
        watched.feed(&bytes, usize::MAX);
        watched.feed(&flood, usize::MAX);
    });
}

#[test]
fn the_next_message() {
    let most = (1 << 20) - 16;
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("max_message_size", most)]);
    let last = to_server(FIN | BINARY, &vec![1; most as usize]);
    let bytes = [fragmented(most as usize), fragmented(2), last[..last.len() - 1].to_vec()].concat();
    takes_most("next message", setup, bytes.len(), |watched| watched.feed(&bytes, usize::MAX));
}

/// The offers of compression are kept until the host decides.
#[cfg(feature = "deflate")]
#[test]
fn the_head_of_a_request() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("start_open", 0), ("max_head_size", 400_000)]);
    let setup = setup.with(&[("max_line_size", 400_000), ("deflate", 1)]);
    let offer = format!("Sec-WebSocket-Extensions: permessage-deflate; a={}", "y".repeat(24_800));
    let lines: Vec<&str> = HEADERS.iter().copied().chain([offer.as_str(); 16]).collect();
    let request = head("GET / HTTP/1.1", &lines);
    takes_most("head", setup, request.len(), |watched| {
        let (start, end) = request.split_at(request.len() - 1);
        watched.feed(start, usize::MAX);
        watched.feed(end, usize::MAX);
        watched.feed(&[0; 65_535], usize::MAX);
        watched.feed(&[0], usize::MAX);
    });
}

#[test]
fn the_headers_of_a_request() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("start_open", 0), ("max_head_size", 26_000)]);
    let setup = setup.with(&[("max_headers", 6200)]);
    let lines: Vec<&str> = HEADERS.iter().copied().chain(["a:"; 6195]).collect();
    let request = head("GET / HTTP/1.1", &lines);
    takes_most("parsed", setup, request.len(), |watched| watched.feed(&request, usize::MAX));
}

#[test]
fn a_backlog() {
    let setup =
        Setup::new(Role::Server).with(SMALL).with(&[("start_open", 0), ("max_head_size", 2048), ("max_headers", 16)]);
    let request = head("GET / HTTP/1.1", &HEADERS);
    let behind = fragmented(1000).repeat(140);
    takes_most("backlog", setup, 65_535, |watched| {
        watched.feed(&request, usize::MAX);
        watched.feed(&behind[..65_535], usize::MAX);
        watched.feed(&behind[65_535..], 10_000);
        watched.finish();
    });
}

#[test]
fn the_body_of_a_refusal() {
    let setup = Setup::new(Role::Client).with(SMALL).with(&[("start_open", 0), ("max_body_size", 300_000)]);
    let mut bytes = head("HTTP/1.1 500 x", &[&format!("X: {}", "y".repeat(8000)), &format!("X: {}", "y".repeat(8000))]);
    bytes.extend(vec![b'b'; 300_000]);
    takes_most("head and body", setup, bytes.len(), |watched| {
        let (start, end) = bytes.split_at(bytes.len() - 1);
        watched.feed(start, usize::MAX);
        watched.feed(end, usize::MAX);
    });
}

/// The output has grown to what it may have, and waits for a slow reader.
fn fill_output(watched: &mut Watched) {
    while watched.call(|connection| connection.send_binary(&[7; 60]).is_ok()) {}
    watched.write(2000);
    while watched.call(|connection| connection.send_binary(&[7; 60]).is_ok()) {}
}

#[test]
fn output() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("output_hard_limit", 1_000_000)]);
    takes_most("output", setup, 1, fill_output);
}

/// A buffer that another connection has left is up to four times as large as what is written.
#[cfg(feature = "std")]
#[test]
fn output_in_a_buffer_of_the_pool() {
    let mut setup = Setup::new(Role::Server).with(SMALL);
    setup = setup.with(&[("output_hard_limit", 1_000_000), ("max_message_size", 3_999_000)]);
    setup.warm = true;
    let mut bytes = to_server(FIN | BINARY, &vec![1; 3_999_000]);
    let noise = vec![1; 999_900];
    let another = bytes[..bytes.len() - 1].to_vec();
    let others = |config: &Config| {
        let mut other = sansock::Connection::new(config, [1; 32], ms(0)).expect("memory");
        let (first, rest) = bytes.split_at_mut(3_000_000);
        other.receive(first, ms(0)).events.for_each(drop);
        other.receive(rest, ms(0)).events.for_each(drop);
        other.receive(&mut [], ms(0)).events.for_each(drop);
    };
    takes_most_after("output in a buffer of the pool", setup, 1000, others, |watched| {
        watched.call(|connection| connection.send_binary(&noise).expect("room"));
        watched.feed(&another, 1000);
    });
}

#[cfg(feature = "deflate")]
#[test]
fn the_output_of_a_compression() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("output_hard_limit", 1_000_000), ("deflate", 1)]);
    let noise = PAYLOAD.repeat(16);
    takes_most("compressed output", setup, 1, |watched| {
        watched.call(|connection| connection.set_compression(false));
        fill_output(watched);
        watched.call(|connection| {
            let len = connection.output().len() - 100;
            connection.written(len).expect("what there is");
            connection.set_compression(true);
            connection.send_binary(&noise[..999_000]).expect("room");
        });
    });
}

#[cfg(feature = "deflate")]
#[test]
fn windows_and_an_inflater() {
    let setup = Setup::new(Role::Server).with(SMALL).with(&[("output_hard_limit", 4096), ("deflate", 1)]);
    let message = compressed_frames(Role::Server, &deflated(&setup, &[0; 1000]), usize::MAX);
    let mut bytes = message.repeat(130);
    // It goes on behind its first byte.
    bytes.extend(&message[..message.len() - 1]);
    takes_most("windows and an inflater", setup, bytes.len(), |watched| {
        pings_of_the_host(watched);
        for at in 0..10 {
            let noise = [&PAYLOAD[at * 100..][..100], &[0; 900]].concat();
            watched.call(|connection| connection.send_binary(&noise).expect("room"));
            watched.write(usize::MAX);
        }
        watched.feed(&bytes, usize::MAX);
    });
}
