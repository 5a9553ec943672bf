//! Tunnels: what is refused as misuse, how answers are cut, and that nothing a proxy sends does harm. What proxies say and
//! what comes of it is in `core/vectors/tunnel.vec`.
#![cfg(feature = "tunnel")]

mod common;

use common::drive::ms;
use common::transcript;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sansock::tunnel::ProxyKind;
use sansock::{Error, Event, FaultKind, Proxy, State, Transport, Tunnel, TunnelConfig};

fn config(url: &str) -> TunnelConfig {
    TunnelConfig::new(&Proxy::parse(url).expect("a good URL"), "example.com", 443).expect("a good target")
}

fn tunnel(url: &str) -> Tunnel {
    Tunnel::new(&config(url), ms(0)).expect("a tunnel")
}

/// Passes on pieces of these lengths, then the rest, as long as everything is consumed. Returns the events, the output, and
/// how much was consumed. A tunnel that fails drops its output, so that is compared only where it does not.
fn replay(url: &str, bytes: &[u8], lengths: &[usize]) -> (Vec<String>, Vec<u8>, usize) {
    let mut tunnel = tunnel(url);
    let (mut events, mut output, mut at) = (Vec::new(), tunnel.output().to_vec(), 0);
    tunnel.written(output.len()).expect("what there is");
    for len in lengths.iter().copied().chain([usize::MAX]) {
        let piece = &bytes[at..at + len.min(bytes.len() - at)];
        let received = tunnel.receive(piece, ms(1));
        at += received.consumed;
        let is_over = received.consumed < piece.len();
        events.extend(transcript::lines(received.events));
        output.extend_from_slice(tunnel.output());
        tunnel.written(tunnel.output().len()).expect("what there is");
        if is_over {
            break;
        }
    }
    if tunnel.state() == State::Closed {
        output.clear();
    }
    if tunnel.state() != State::Connecting {
        assert_eq!(tunnel.receive(b"next", ms(2)).consumed, 0);
    }
    (events, output, at)
}

const HTTP: &str = "http://me:secret@proxy.example";
const SOCKS5: &str = "socks5h://me:secret@proxy.example";
const SOCKS4A: &str = "socks4a://me@proxy.example";

#[test]
fn urls_of_proxies() {
    let parts = |url: &str| {
        let proxy = Proxy::parse(url).unwrap_or_else(|_| panic!("{url}"));
        (proxy.kind, proxy.secure, proxy.host, proxy.port, proxy.resolves_names)
    };
    let http = |secure, host: &str, port| (ProxyKind::Http, secure, host.to_owned(), port, true);
    assert_eq!(parts("http://proxy.example"), http(false, "proxy.example", 80));
    assert_eq!(parts("HTTP://proxy.example/"), http(false, "proxy.example", 80));
    assert_eq!(parts("https://me@127.0.0.1:3128"), http(true, "127.0.0.1", 3128));
    assert_eq!(parts("https://[::1]"), http(true, "::1", 443));
    assert_eq!(parts("socks4a://a"), (ProxyKind::Socks4a, false, "a".into(), 1080, true));
    assert_eq!(parts("socks5://a:1"), (ProxyKind::Socks5, false, "a".into(), 1, false));
    assert_eq!(parts("socks5h://me:secret@a"), (ProxyKind::Socks5, false, "a".into(), 1080, true));
    let long = "a".repeat(256);
    for bad in [
        "",
        "proxy.example",
        "ftp://a",
        "socks4://a",
        "socks://a",
        "ws://a",
        "http:/a",
        "http://",
        "http:///",
        "http://a:0",
        "http://a:65536",
        "http://a:b",
        "http://a b",
        "http://a/path",
        "http://a//",
        "http://a?q",
        "http://a/?q",
        "http://a#f",
        "http://a\r\n",
        "http://[::1",
        "http://a:b:c@",
        "http://%0d%0a@a",
        "http://a%00b@c",
        "http://a%3ab:c@d",
        "http://a b@c",
        "http://a:%7f@b",
        "http://%zz@a",
        "http://a/b@c",
        "http://me@a/b",
        "http://\u{fc}@a",
        "socks5://me@a",
        "socks5://:pw@a",
        "socks4a://me:pw@a",
        "socks4a://a%00b@c",
        &format!("socks5://{long}:a@b"),
        &format!("socks5://a:{long}@b"),
        &format!("socks4a://{long}@b"),
    ] {
        assert_eq!(Proxy::parse(bad), Err(Error::InvalidArgument), "{bad:?}");
    }
    let longest = &long[1..];
    assert!(Proxy::parse(&format!("socks5://{longest}:{longest}@b")).is_ok());
}

#[test]
fn targets_are_what_the_proxy_can_reach() {
    let made = |url: &str, host: &str, port| TunnelConfig::new(&Proxy::parse(url).unwrap(), host, port).map(|_| ());
    let refused = Err(Error::InvalidArgument);
    for url in ["http://p", "https://p", "socks4a://p", "socks5h://p"] {
        assert_eq!(made(url, "example.com", 1), Ok(()), "{url}");
        assert_eq!(made(url, "192.0.2.1", 65535), Ok(()), "{url}");
        assert_eq!(made(url, "example.com", 0), refused, "{url}");
        for bad in
            ["", "a b", "a\r\nHost: b", "a\0", "a:1", "[a]", "b\u{fc}cher.example", "a/b", "me@a", &"a".repeat(256)]
        {
            assert_eq!(made(url, bad, 1), refused, "{url} {bad:?}");
        }
    }
    for url in ["http://p", "socks5://p", "socks5h://p"] {
        assert_eq!(made(url, "::1", 1), Ok(()), "{url}");
        assert_eq!(made(url, "[::1]", 1), Ok(()), "{url}");
        assert_eq!(made(url, "0.0.0.1", 1), Ok(()), "{url}");
    }
    // The host program resolves names.
    assert_eq!(made("socks5://p", "example.com", 1), refused);
    assert_eq!(made("socks5://p", "192.0.2.1", 1), Ok(()));
    // SOCKS4a has no room for these, or takes them for a name that follows.
    assert_eq!(made("socks4a://p", "::1", 1), refused);
    assert_eq!(made("socks4a://p", "0.0.0.1", 1), refused);
}

#[test]
fn credentials_must_fit_the_protocol_whatever_is_written_to_the_fields() {
    let mut proxy = Proxy::parse("http://user-without-password@p").unwrap();
    proxy.kind = ProxyKind::Socks5;
    assert_eq!(TunnelConfig::new(&proxy, "a", 1).map(|_| ()), Err(Error::InvalidArgument));
    proxy.kind = ProxyKind::Socks4a;
    assert!(TunnelConfig::new(&proxy, "a", 1).is_ok());
}

#[test]
fn headers_that_would_change_the_request_are_refused() {
    let refused = Err(Error::InvalidArgument);
    let add = |url: &str, name: &str, value: &str| config(url).add_header(name, value);
    for name in ["Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "a b", "", "a:"] {
        assert_eq!(add("http://p", name, "a"), refused, "{name}");
    }
    for value in ["a\r\nb", "a\nb", "a\0", " a", "a ", "a\x7f"] {
        assert_eq!(add("http://p", "A", value), refused, "{value:?}");
    }
    assert_eq!(add("http://p", "Proxy-Authorization", "Bearer abc"), Ok(()));
    assert_eq!(add(HTTP, "proxy-authorization", "Bearer abc"), refused);
    assert_eq!(add(SOCKS5, "User-Agent", "a"), refused);
    assert_eq!(add(SOCKS4A, "User-Agent", "a"), refused);
}

#[test]
fn options_have_ranges() {
    let mut config = config(HTTP);
    assert_eq!(config.set_timeout(ms(0)), Err(Error::InvalidArgument));
    assert_eq!(config.set_timeout(core::time::Duration::MAX), Err(Error::InvalidArgument));
    assert_eq!(config.set_max_head_size(0), Err(Error::InvalidArgument));
    assert_eq!(config.set_max_line_size(0), Err(Error::InvalidArgument));
    assert_eq!(config.set_max_headers(0), Err(Error::InvalidArgument));
    assert_eq!(Tunnel::new(&config, ms(5)).unwrap().next_deadline(), Some(ms(10_005)));
    config.set_timeout(ms(3)).unwrap();
    assert_eq!(Tunnel::new(&config, ms(5)).unwrap().next_deadline(), Some(ms(8)));
}

#[test]
fn secrets_are_not_shown() {
    let mut config = config(HTTP);
    config.add_header("X-Token", "hidden").unwrap();
    let mut tunnel = Tunnel::new(&config, ms(0)).unwrap();
    let events = format!("{:?}", tunnel.receive(b"HTTP/1.1 407 No\r\n\r\n", ms(0)).events);
    let fault = tunnel.fault().unwrap();
    for text in [format!("{config:?}"), events, format!("{fault:?} {fault}")] {
        for secret in ["me", "secret", "bWU6c2VjcmV0", "hidden"] {
            assert!(!text.contains(secret) || secret == "me", "{text}");
        }
    }
    assert!(!format!("{config:?}").contains("\"me\""));
}

#[test]
fn output_is_written_in_pieces() {
    let mut tunnel = tunnel(SOCKS5);
    assert_eq!(tunnel.output(), [5, 2, 0, 2]);
    assert_eq!(tunnel.written(5), Err(Error::InvalidArgument));
    tunnel.written(3).unwrap();
    assert_eq!(tunnel.output(), [2]);
    assert!(tunnel.receive(&[5, 2], ms(0)).events.next().is_none());
    assert_eq!(tunnel.output(), b"\x02\x01\x02me\x06secret");
    tunnel.written(12).unwrap();
    assert_eq!(tunnel.output(), b"");
    assert_eq!(tunnel.written(1), Err(Error::InvalidArgument));
}

#[test]
fn the_fault_has_the_number_of_the_refusal() {
    let mut http = tunnel(HTTP);
    http.receive(b"HTTP/1.1 503 No\r\n\r\n", ms(0)).events.for_each(drop);
    let fault = http.fault().unwrap();
    assert_eq!((fault.kind, fault.actual()), (FaultKind::TunnelRefused, Some(503)));
    assert_eq!(fault.to_string(), "the proxy refused the tunnel: 503");
    assert_eq!((http.state(), http.transport()), (State::Closed, Transport::Close));
    let mut socks = tunnel(SOCKS4A);
    let mut events = socks.receive(&[0, 92, 0, 0, 0, 0, 0, 0], ms(0)).events;
    assert!(matches!(events.next(), Some(Event::Rejected(rejected)) if rejected.status == 92));
    assert!(matches!(events.next(), Some(Event::Closed(_))));
    assert_eq!(socks.fault().unwrap().actual(), Some(92));
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "were not read")]
fn events_that_are_dropped_are_noticed() {
    let mut tunnel = tunnel(HTTP);
    let _ = tunnel.receive_eof(ms(0));
    let _ = tunnel.receive_eof(ms(0));
}

/// A whole conversation, for each protocol. The bytes of SOCKS5 are those of three answers.
fn conversations() -> Vec<(&'static str, Vec<u8>)> {
    let reply = |text: &[u8]| text.to_vec();
    vec![
        (HTTP, reply(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVia: 1.1 a,\r\n b\r\nA: b\r\n\r\n\x16\x03\x03")),
        (HTTP, reply(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=a\r\nContent-Length: 2\r\n\r\nno")),
        (HTTP, reply(b"HTTP/1.1 200 OK\r\nA b\r\n\r\nxyz")),
        (SOCKS5, reply(b"\x05\x02\x01\x00\x05\x00\x00\x03\x07example\x00\x50\x16\x03\x03")),
        (SOCKS5, reply(b"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00\x00")),
        (SOCKS5, reply(b"\x05\x02\x01\x01\x00")),
        (
            SOCKS5,
            reply(b"\x05\x00\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50x"),
        ),
        (SOCKS4A, reply(b"\x00\x5a\x00\x00\x00\x00\x00\x00\x16\x03\x03")),
        (SOCKS4A, reply(b"\x00\x5b\x00\x00\x00\x00\x00\x00")),
    ]
}

#[test]
fn every_cut_in_three_gives_the_same() {
    for (url, bytes) in conversations() {
        let whole = replay(url, &bytes, &[]);
        assert!(!whole.0.is_empty(), "{url}");
        for first in 0..=bytes.len() {
            for second in 0..=bytes.len() - first {
                assert_eq!(replay(url, &bytes, &[first, second]), whole, "{url} {first} {second}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, rng_seed: RngSeed::Fixed(1928), ..ProptestConfig::default()
    })]

    /// Whatever arrives, there is one outcome at most, and it makes no difference how it is cut.
    #[test]
    fn nothing_that_arrives_does_harm(
        conversation in 0..9_usize,
        keep in 0..80_usize,
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        lengths in proptest::collection::vec(0..40_usize, 0..12),
    ) {
        let (url, start) = conversations().swap_remove(conversation);
        let bytes = [&start[..keep.min(start.len())], &noise].concat();
        let whole = replay(url, &bytes, &[]);
        prop_assert_eq!(&replay(url, &bytes, &lengths), &whole);
        let outcomes = whole.0.iter().filter(|line| *line == "open" || line.starts_with("closed ")).count();
        prop_assert!(outcomes <= 1, "{:?}", whole.0);
        prop_assert!(whole.2 == bytes.len() || outcomes == 1, "{:?}", whole);
        // An answer of SOCKS is never longer than the longest one.
        prop_assert!(url == HTTP || whole.2 <= 2 + 2 + 262, "{:?}", whole);
    }
}
