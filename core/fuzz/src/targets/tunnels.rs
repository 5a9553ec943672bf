//! What a proxy answers.

use sansock::{Event, Proxy, State, Transport, Tunnel, TunnelConfig};

use crate::host::ms;
use crate::input::{Cuts, Input};
use crate::seen::Seen;

const HTTP: [&str; 3] = ["http://proxy", "https://me:secret@proxy:8443", "http://me@[::1]"];
const SOCKS: [&str; 5] =
    ["socks5h://proxy", "socks5h://me:secret@proxy", "socks4a://me@proxy", "socks4a://proxy", "socks5://proxy"];
const HOSTS: [&str; 3] = ["10.0.0.1", "example.com", "::1"];

/// How a tunnel ended.
type Outcome = (Vec<crate::seen::Item>, usize, State);

pub fn tunnel_http(bytes: &[u8]) {
    tunnel(&HTTP, bytes);
}

pub fn tunnel_socks(bytes: &[u8]) {
    tunnel(&SOCKS, bytes);
}

fn tunnel(urls: &[&str], bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let proxy = Proxy::parse(input.pick(urls)).expect("a good URL");
    let host = input.pick(&HOSTS);
    let host = if proxy.resolves_names { host } else { HOSTS[0] };
    let small = input.byte();
    let cuts = Cuts::of(input.byte());
    let stream = input.rest();
    let Ok(mut config) = TunnelConfig::new(&proxy, host, 443) else { return };
    assert!(!format!("{proxy:?} {config:?}").contains("secret"), "the password is shown");
    if small & 1 != 0 {
        config.set_max_head_size(200).expect("a good size");
        config.set_max_line_size(60).expect("a good size");
        config.set_max_headers(3).expect("a good number");
    }
    if small & 2 != 0 {
        let _ = config.add_header("X-Extra", "some value");
    }
    let (whole, sent) = run(&config, stream, Cuts::WHOLE, small & 4 != 0);
    let (cut, sent_cut) = run(&config, stream, cuts, small & 4 != 0);
    assert_eq!(cut, whole, "it depends on how the answer is cut");
    // What waits when the tunnel fails is dropped.
    assert!(sent == sent_cut || whole.2 == State::Closed && sent_cut.starts_with(&sent), "the output depends on it");
}

fn run(config: &TunnelConfig, stream: &[u8], mut cuts: Cuts, late: bool) -> (Outcome, Vec<u8>) {
    let mut tunnel = Tunnel::new(config, ms(0)).expect("a tunnel");
    let mut seen = Seen::new(0);
    let mut output = Vec::new();
    let mut rest = stream;
    drain(&mut tunnel, &mut output);
    while tunnel.state() == State::Connecting && !rest.is_empty() {
        let piece = &rest[..cuts.next(rest.len())];
        let received = tunnel.receive(piece, ms(1));
        let consumed = received.consumed;
        seen.take(received.events);
        assert!(consumed == piece.len() || tunnel.state() != State::Connecting, "bytes are left without an outcome");
        rest = &rest[consumed..];
        drain(&mut tunnel, &mut output);
    }
    end(&mut tunnel, &mut seen, late);
    let outcomes = seen.count("open") + seen.count("closed");
    assert_eq!(outcomes, 1, "{:?}", seen.items);
    assert_eq!(tunnel.next_deadline(), None);
    assert_eq!(tunnel.transport() == Transport::Close, tunnel.state() == State::Closed);
    assert_eq!(tunnel.fault().is_some(), tunnel.state() == State::Closed);
    assert!(tunnel.output().is_empty());
    begins_well(config, &output);
    ((seen.items, stream.len() - rest.len(), tunnel.state()), output)
}

/// The stream ends, or the deadline passes; then nothing moves.
fn end(tunnel: &mut Tunnel, seen: &mut Seen, late: bool) {
    if late {
        let deadline = tunnel.next_deadline().unwrap_or(ms(1));
        seen.take(tunnel.timeout(deadline).events);
    }
    seen.take(tunnel.receive_eof(ms(2)).events);
    assert_ne!(tunnel.state(), State::Connecting);
    for events in [tunnel.receive_eof(ms(3)).events.count(), tunnel.timeout(ms(1 << 40)).events.count()] {
        assert_eq!(events, 0, "an event follows the outcome");
    }
    let received = tunnel.receive(b"more", ms(1 << 40));
    assert_eq!((received.consumed, received.events.filter(|event| !matches!(event, Event::Pong(_))).count()), (0, 0));
}

fn drain(tunnel: &mut Tunnel, output: &mut Vec<u8>) {
    let count = tunnel.output().len();
    output.extend_from_slice(tunnel.output());
    tunnel.written(count).expect("no more than there is");
    assert!(tunnel.written(1).is_err());
}

fn begins_well(config: &TunnelConfig, output: &[u8]) {
    match config.proxy().kind {
        sansock::tunnel::ProxyKind::Http => {
            assert!(output.starts_with(b"CONNECT ") && output.ends_with(b"\r\n\r\n"));
            assert_eq!(output.windows(4).filter(|end| end == b"\r\n\r\n").count(), 1);
        }
        sansock::tunnel::ProxyKind::Socks5 => assert!(output.starts_with(&[5])),
        _ => assert!(output.starts_with(&[4, 1]) && output.ends_with(&[0])),
    }
}
