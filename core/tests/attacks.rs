//! One regression test for each attack on WebSocket software that is known to us and concerns what the engine does,
//! named after its advisory, or the project and change where it was found.
//!
//! Tests of work per byte take an input so large that the attacked algorithm would not finish: they have no clock.

mod common;

use common::drive::{
    Host, REQUEST, client, client_and_answer, head, ms, opened, request_replacing, request_with, seed, verdict,
};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use sansock::boundary::{self, role, text};
use sansock::{CloseCode, Config, Connection, FaultKind, MessageKind, Role, Transport};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

fn memory(host: &Host) -> usize {
    host.connection.memory_usage()
}

// The opening handshake.

#[test]
fn cve_2023_43669_dripped_head_is_linear() {
    let request = request_with(&[&format!("X: {}", "x".repeat(300_000))]);
    let mut host = Host::new(Config::server().max_head_size(1 << 20).max_line_size(1 << 20));
    host.receive_in_pieces(&request, 1);
    assert!(host.events[0].starts_with("request "));
}

#[test]
fn cve_2023_43669_its_cure_must_not_hit_honest_clients() {
    for size in 1..40 {
        let mut host = Host::new(Config::server());
        host.receive_in_pieces(&request_with(&["Cookie: abcdefghijklmnopqrstuvwxyz"]), size);
        assert!(host.events[0].starts_with("request "), "in reads of {size}");
    }
}

#[test]
fn cve_2026_54467_endless_head_is_bounded() {
    let endless: [(&[u8], &[u8]); 4] = [
        (b"GET /", b"aaaaaaaaaaaaaaaa"),
        (b"GET / HTTP/1.1\r\n", b"nnnnnnnnnnnnnnnn"),
        (b"GET / HTTP/1.1\r\nX: ", b"vvvvvvvvvvvvvvvv"),
        (b"GET / HTTP/1.1\r\n", b"X: vvvvvvvvvv\r\n"),
    ];
    for (start, more) in endless {
        let mut host = Host::new(Config::server());
        host.receive(start);
        for _ in 0..5_000 {
            host.receive(more);
            assert!(memory(&host) <= 34 * 1024, "{}", memory(&host));
        }
        assert!(host.fault().is_some());
        assert!(memory(&host) <= 1024, "a refused head is given back: {}", memory(&host));
    }
}

#[test]
fn tomcat_67b01c13bc_endless_response_head_is_bounded() {
    let mut host = Host::new(client());
    host.receive(b"HTTP/1.1 101 x\r\n");
    for _ in 0..5_000 {
        host.receive(b"X: vvvvvvvvvv\r\n");
        assert!(memory(&host) <= 34 * 1024, "{}", memory(&host));
    }
    assert!(matches!(host.fault(), Some(FaultKind::HeadTooLarge | FaultKind::TooManyHeaders)));
    assert_eq!(host.transport(), Transport::Close);
}

#[test]
fn cve_2024_37890_headers_behind_a_limit_do_not_vanish() {
    for extra in 120..=130 {
        let lines: Vec<String> = (0..extra).map(|number| format!("X{number}: y")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).chain(common::drive::HEADERS).collect();
        let fault = verdict(Config::server(), &head("GET / HTTP/1.1", &lines));
        assert_eq!(fault, (extra + 5 > 128).then_some(FaultKind::TooManyHeaders), "{extra}");
    }
}

#[test]
fn cve_2025_67725_equal_names_are_not_joined() {
    let lines = vec!["X-Equal: 0123456789012345678901234567890123456789"; 9_900];
    let request = request_with(&lines);
    let mut host = Host::new(Config::server().max_head_size(1 << 20).max_headers(10_000));
    host.receive(&request);
    assert_eq!(host.events.iter().filter(|event| event.starts_with("  header \"X-Equal\"")).count(), 9_900);
    assert!(memory(&host) < 4 * request.len(), "{} for {}", memory(&host), request.len());
}

#[test]
fn cve_2021_32640_spaces_in_subprotocols_are_linear() {
    long_lists("Sec-WebSocket-Protocol", FaultKind::BadSubprotocol);
}

#[test]
fn cve_2020_7662_spaces_and_quotes_in_extensions_are_linear() {
    long_lists("Sec-WebSocket-Extensions", FaultKind::BadExtensions);
}

fn long_lists(name: &str, fault: FaultKind) {
    let config = Config::server().max_head_size(1 << 20).max_line_size(1 << 20);
    for (repeated, end) in
        [(" ", "x"), ("\t ", "x"), (";a=\"\\", "\""), ("\\\"", ""), (";a=\"b\"", "\""), (" ; ", ""), (",b ", "\"")]
    {
        let request = request_with(&[&format!("{name}: b{}{end}", repeated.repeat(500_000 / repeated.len()))]);
        assert_eq!(verdict(config.clone(), &request), Some(fault), "{repeated:?}");
    }
}

#[test]
fn ws_3_3_1_extensions_named_as_properties() {
    for name in ["constructor", "__proto__", "hasOwnProperty", "toString", "prototype", "valueOf"] {
        let mut host = Host::new(Config::server());
        host.receive(&request_with(&[&format!("Sec-WebSocket-Extensions: {name}; {name}={name}")]));
        assert!(host.events.contains(&format!("  extension \"{name}; {name}={name}\"")), "{:?}", host.events);
        let (mut client, answer) = client_and_answer(client());
        client.receive(&with_header(&answer, &format!("Sec-WebSocket-Extensions: {name}")));
        assert_eq!(client.fault(), Some(FaultKind::ExtensionNotOffered));
    }
    for list in [";;=", "=", ";", "\"", "a;\"b\"", "a=b", "a b", "a;b=\"", "a;b=\"\\", "a;b=\"c\\\"", "a;=b"] {
        let fault = verdict(Config::server(), &request_with(&[&format!("Sec-WebSocket-Extensions: {list}")]));
        assert_eq!(fault, Some(FaultKind::BadExtensions), "{list}");
    }
}

/// The answer with a header added.
fn with_header(answer: &[u8], line: &str) -> Vec<u8> {
    [&answer[..answer.len() - 2], line.as_bytes(), b"\r\n\r\n"].concat()
}

#[test]
fn libwebsockets_b0073c76d_more_extensions_than_slots() {
    for count in [1, 2, 8, 16, 17, 100, 400] {
        let list = format!("Sec-WebSocket-Extensions: {}", vec!["permessage-deflate"; count].join(","));
        let fault = verdict(Config::server(), &request_with(&[&list]));
        assert_eq!(fault, (count > 16).then_some(FaultKind::BadExtensions), "{count}");
        let (mut client, answer) = client_and_answer(client());
        client.receive(&with_header(&answer, &list));
        assert_eq!(client.fault(), Some(FaultKind::ExtensionNotOffered), "{count}");
    }
}

#[test]
fn cve_2026_55517_any_byte_in_any_header_is_judged() {
    let ours = [
        ("Host", FaultKind::BadHost),
        ("Sec-WebSocket-Key", FaultKind::BadKey),
        ("Sec-WebSocket-Version", FaultKind::BadVersion),
        ("Sec-WebSocket-Protocol", FaultKind::BadSubprotocol),
        ("Sec-WebSocket-Extensions", FaultKind::BadExtensions),
        ("Origin", FaultKind::BadOrigin),
        ("Upgrade", FaultKind::NotAnUpgrade),
        ("Connection", FaultKind::NotAnUpgrade),
        ("Content-Length", FaultKind::UnexpectedBody),
    ];
    for ((name, fault), byte) in ours.into_iter().flat_map(|header| (0x80..=0xff).map(move |byte| (header, byte))) {
        let mut request = b"GET / HTTP/1.1\r\n".to_vec();
        for line in common::drive::HEADERS.iter().filter(|line| !line.starts_with(&format!("{name}:"))) {
            request.extend([line.as_bytes(), b"\r\n"].concat());
        }
        request.extend([name.as_bytes(), b": a", &[byte], b"b\r\n\r\n"].concat());
        assert_eq!(verdict(Config::server(), &request), Some(fault), "{name} {byte:02x}");
    }
}

#[test]
fn cve_2023_30589_control_bytes_end_nothing() {
    let controls = (0..0x20).chain([0x7f]).filter(|byte| *byte != b'\t');
    for (byte, header) in controls.flat_map(|byte| common::drive::HEADERS.iter().map(move |header| (byte, header))) {
        let at = header.find(": ").unwrap();
        for place in [0, 1, at, at + 1, at + 2, header.len()] {
            let mut line = header.as_bytes().to_vec();
            line.insert(place, byte);
            let index = common::drive::HEADERS.iter().position(|other| other == header).unwrap();
            let mut request = request_replacing(index, &["\u{1}"]);
            let hole = request.iter().position(|byte| *byte == 1).unwrap();
            request.splice(hole..=hole, line);
            let fault = verdict(Config::server(), &request);
            // CR directly before CR LF would be CR CR LF, as bad as any.
            assert!(
                matches!(fault, Some(FaultKind::BadHeader | FaultKind::BadLineEnd)),
                "{byte:02x} at {place} of {header}: {fault:?}"
            );
        }
    }
}

#[test]
fn websocket_smuggle_nothing_after_a_refusal_is_read() {
    let good = REQUEST.as_bytes();
    let refused = [
        request_replacing(4, &["Sec-WebSocket-Version: 1338"]),
        request_replacing(4, &[]),
        request_replacing(1, &[]),
        request_replacing(3, &["Sec-WebSocket-Key: x"]),
        request_with(&["Content-Length: 56"]),
        head("POST / HTTP/1.1", &common::drive::HEADERS),
    ];
    let followers = [
        good.to_vec(),
        frames::client(FIN | TEXT, b"x", [0; 4]),
        frames::client(FIN | CLOSE, b"", [0; 4]),
        b"\r\n\r\n".to_vec(),
    ];
    for (request, follower) in
        refused.iter().flat_map(|request| followers.iter().map(move |follower| (request, follower)))
    {
        let mut host = Host::new(Config::server());
        host.receive(&[&request[..], follower].concat());
        host.receive(follower);
        let answer = String::from_utf8(host.take_output()).unwrap();
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        assert!(!answer.contains("101 Switching"));
        assert_eq!(host.events.len(), 1, "{:?}", host.events);
    }
}

#[test]
fn tungstenite_junk_after_request_is_kept_for_the_frames() {
    let frame = frames::client(FIN | TEXT, b"hi", [1, 2, 3, 4]);
    let bytes = [REQUEST.as_bytes(), &frame].concat();
    for cut in 0..=bytes.len() {
        let mut host = Host::new(Config::server());
        host.receive(&bytes[..cut]);
        if cut >= REQUEST.len() {
            host.accept();
            host.receive(&bytes[cut..]);
        } else {
            host.receive(&bytes[cut..]);
            host.accept();
        }
        assert_eq!(host.events.last().unwrap(), "text \"hi\"", "cut at {cut}");
    }
}

#[test]
fn backlog_of_an_undecided_request_is_bounded() {
    let mut host = Host::new(Config::server());
    host.receive(REQUEST.as_bytes());
    let flood = frames::client(FIN | BINARY, &[0; 1000], [0; 4]).repeat(200);
    let left = host.receive(&flood);
    assert_eq!(flood.len() - left, 64 * 1024);
    assert_eq!(host.receive(&flood), flood.len(), "nothing more is consumed");
    assert!(memory(&host) <= 2 * 64 * 1024 + 4096, "{}", memory(&host));
    host.accept();
    assert_eq!(host.receive(&flood[flood.len() - left..]), 0);
    host.eof();
    assert_eq!(host.events.iter().filter(|event| event.starts_with("binary")).count(), 200);
}

#[test]
fn frames_glued_to_the_101_at_every_cut() {
    let (_, answer) = client_and_answer(client());
    let bytes = [answer, frames::server(FIN | TEXT, b"hi")].concat();
    for cut in 0..bytes.len() {
        let (mut host, _) = client_and_answer(client());
        host.receive(&bytes[..cut]);
        host.receive(&bytes[cut..]);
        assert_eq!(host.events.last().unwrap(), "text \"hi\"", "cut at {cut}");
    }
}

#[test]
fn fastwebsockets_bd38ea5_any_header_may_be_missing() {
    for index in 0..5 {
        assert!(verdict(Config::server(), &request_replacing(index, &[])).is_some());
    }
    assert!(verdict(Config::server(), &head("GET / HTTP/1.1", &[])).is_some());
    assert_eq!(verdict(client(), &head("HTTP/1.1 101 x", &[])), Some(FaultKind::BadUpgrade));
}

#[test]
fn curl_endless_interim_responses() {
    let mut host = Host::new(client());
    for _ in 0..1000 {
        host.receive(&head("HTTP/1.1 100 Continue", &["X: y"]));
        assert!(memory(&host) <= 34 * 1024);
    }
    assert_eq!(host.fault(), Some(FaultKind::TooManyInterim));
}

#[test]
fn rustsec_2021_0079_chunk_sizes_do_not_overflow() {
    let refusal = head("HTTP/1.1 400 x", &["Transfer-Encoding: chunked"]);
    for size in ["ffffffffffffffff", "FFFFFFFFFFFFFFF0", "8000000000000000", "7fffffffffffffff"] {
        let mut host = Host::new(client());
        host.receive(&[&refusal[..], size.as_bytes(), b"\r\n", &[b'x'; 100_000]].concat());
        assert!(host.events[0].ends_with(" truncated"), "{:?}", host.events);
    }
    for size in ["10000000000000000", "fffffffffffffffff", "00000000000000000000001"] {
        assert_eq!(verdict(client(), &[&refusal[..], size.as_bytes(), b"\r\n"].concat()), Some(FaultKind::BadBody));
    }
}

#[test]
fn cve_2024_22019_chunk_extensions_are_bounded() {
    for (start, flood) in [("1;", b'e'), ("1;x=\"", b'e'), ("1", b' '), ("1 ", b'\t'), ("0\r\nX: ", b'e')] {
        let mut host = Host::new(client());
        host.receive(&head("HTTP/1.1 400 x", &["Transfer-Encoding: chunked"]));
        host.receive(start.as_bytes());
        for _ in 0..2_000 {
            host.receive(&[flood; 100]);
            assert!(memory(&host) <= 4096, "{}", memory(&host));
        }
        assert_eq!(host.fault(), Some(FaultKind::BadBody), "{start}");
    }
}

#[test]
fn cve_2026_56810_bodies_of_refusals_are_bounded() {
    for (line, start) in
        [("Transfer-Encoding: chunked", "ffffffff\r\n"), ("Content-Length: 4294967295", ""), ("X: y", "")]
    {
        let mut host = Host::new(client());
        host.receive(&head("HTTP/1.1 400 x", &[line]));
        host.receive(start.as_bytes());
        for _ in 0..1_000 {
            host.receive(&[b'b'; 1000]);
            assert!(memory(&host) <= 2 * 64 * 1024 + 8192, "{}", memory(&host));
        }
        assert!(host.events[0].ends_with(" truncated"));
    }
}

#[test]
fn cve_2026_1527_no_byte_of_ours_writes_a_header() {
    for byte in 0..=u8::MAX {
        let bytes = [b'a', byte, b'b'];
        let ends_a_line = matches!(byte, b'\r' | b'\n' | 0);
        let mut config = boundary::Config::new(role::CLIENT).unwrap();
        config.set_text(text::URL, b"ws://example.com/chat").unwrap();
        let name = config.add_header(&bytes, b"v");
        let value = config.add_header(b"X", &bytes);
        let subprotocol = config.set_text(text::SUBPROTOCOL, &bytes);
        let origin = config.set_text(text::ORIGIN, &bytes);
        let url = config.set_text(text::URL, &[b"ws://example.com/", &bytes[..]].concat());
        let host = config.set_text(text::URL, &[b"ws://", &bytes[..], b"/"].concat());
        if ends_a_line {
            assert!([name, value, subprotocol, origin, url, host].iter().all(Result::is_err), "{byte:02x}");
        }
        // Whatever was accepted, the request is one head, of the lines that were asked for. An `@` makes credentials.
        let request = boundary::Connection::new(&config, seed(), 0).unwrap().output().to_vec();
        let lines = request.split(|byte| *byte == b'\n').count() - 1;
        let added = usize::from(name.is_ok())
            + usize::from(value.is_ok())
            + usize::from(subprotocol.is_ok())
            + usize::from(origin.is_ok());
        let added = added + usize::from(byte == b'@' && host.is_ok());
        assert_eq!(lines, 7 + added, "{byte:02x}: {}", String::from_utf8_lossy(&request));
        let mut server = Host::new(Config::server());
        server.receive(&request);
        assert!(server.events[0].starts_with("request "), "{byte:02x}: {}", String::from_utf8_lossy(&request));
    }
}

#[test]
fn cve_2026_1527_no_byte_of_ours_writes_a_response_header() {
    for byte in 0..=u8::MAX {
        let bytes = [b'a', byte, b'b'];
        let config = boundary::Config::new(role::SERVER).unwrap();
        let mut connection = boundary::Connection::new(&config, seed(), 0).unwrap();
        let mut request = REQUEST.as_bytes().to_vec();
        connection.receive(&mut request, 0);
        assert_eq!(connection.records()[0].kind, boundary::kind::REQUEST);
        let added = [connection.add_response_header(&bytes, b"v"), connection.add_response_header(b"X", &bytes)];
        connection.accept(None, 0).expect("a request that waits");
        let answer = connection.output();
        let lines = answer.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(lines, 5 + added.iter().filter(|result| result.is_ok()).count(), "{byte:02x}");
        if matches!(byte, b'\r' | b'\n' | 0) {
            assert_eq!(added, [Err(boundary::Error::InvalidArgument); 2]);
        }
    }
}

#[test]
fn circuits_251_headers_of_the_handshake_are_not_set_twice() {
    let names = [
        "Host",
        "hOST",
        "Connection",
        "Upgrade",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "sec-websocket-accept",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
    ];
    for name in names {
        for role in [role::CLIENT, role::SERVER] {
            let mut config = boundary::Config::new(role).unwrap();
            let error = config.add_header(name.as_bytes(), b"x").err();
            assert_eq!(error, Some(boundary::Error::InvalidArgument), "{name}");
        }
        for config in [client(), Config::server()] {
            assert_eq!(config.header(name, b"x").build().unwrap_err().option(), "header", "{name}");
        }
    }
}

#[test]
fn libsoup_b3df7199_subprotocols_are_exact() {
    let config = client().subprotocol("chat").subprotocol("v2.chat");
    for (chosen, good) in [
        ("chat", true),
        ("v2.chat", true),
        ("Chat", false),
        ("CHAT", false),
        ("v2", false),
        ("chat2", false),
        ("chat,v2.chat", false),
    ] {
        let (mut host, answer) = client_and_answer(config.clone());
        host.receive(&with_header(&answer, &format!("Sec-WebSocket-Protocol: {chosen}")));
        assert_eq!(host.fault(), (!good).then_some(FaultKind::SubprotocolNotOffered), "{chosen}");
    }
}

#[test]
fn cve_2025_24010_a_server_never_accepts_by_itself() {
    for origin in ["http://evil.example", "null", "http://a", "http://127.0.0.1"] {
        let mut host = Host::new(Config::server());
        host.receive(&request_with(&[&format!("Origin: {origin}")]));
        let relation = if origin == "http://a" { "same" } else { "cross" };
        assert_eq!(host.events[0], format!("request \"/\" origin={relation}"));
        assert!(host.take_output().is_empty(), "not before the host has decided");
        host.run_to(9_999);
        assert!(host.take_output().is_empty());
    }
}

#[test]
fn slowloris_the_handshake_has_a_deadline() {
    for role in ROLES {
        let mut host = Host::new(if role == Role::Server { Config::server() } else { client() });
        host.take_events();
        for (second, byte) in b"GET / HTTP/1.1\r\n".iter().enumerate() {
            host.run_to(second as u64 * 1000);
            host.receive(&[*byte]);
        }
        assert_eq!(host.fault(), Some(FaultKind::HandshakeTimeout));
        host.run_to(60_000);
        assert_eq!(host.transport(), Transport::Close);
    }
}

// Frames.

#[test]
fn cve_2020_27813_lengths_are_compared_and_never_summed() {
    for role in ROLES {
        let mask: u8 = if role == Role::Server { 0x80 } else { 0 };
        for length in [
            1 << 31,
            (1 << 31) + 1,
            (1 << 32) - 1,
            1 << 32,
            1 << 53,
            (1 << 53) + 1,
            i64::MAX as u64 - 1,
            i64::MAX as u64,
        ] {
            for have in [0, 1, 100] {
                let mut host = Host::open(role);
                let first = if have == 0 { FIN | BINARY } else { FIN | CONTINUATION };
                if have > 0 {
                    host.receive(&frames::to(role, BINARY, &vec![7; have]));
                }
                let header =
                    [&[first, mask | 127][..], &u64::to_be_bytes(length), &vec![0; usize::from(mask) / 32]].concat();
                host.receive(&header);
                assert_eq!(host.fault(), Some(FaultKind::MessageTooBig), "{length} after {have}, {role:?}");
            }
        }
    }
}

#[test]
fn rustsec_2022_0035_declared_sizes_are_not_allocated() {
    for role in ROLES {
        let config = opened(role).max_message_size(u64::MAX).build().unwrap();
        let mask: u8 = if role == Role::Server { 0x80 } else { 0 };
        for length in [1_u64 << 20, 1 << 40, i64::MAX as u64] {
            let mut host = Host::of(&config);
            host.receive(&[&[FIN | BINARY, mask | 127][..], &length.to_be_bytes(), &[0; 4]].concat());
            assert!(memory(&host) <= 2048, "{length}: {}", memory(&host));
            host.receive(&[0; 1000]);
            assert!(memory(&host) <= 8192, "{length}: {}", memory(&host));
            assert_eq!(host.fault(), None);
        }
    }
}

/// The buffers of large messages that others have sent or received are no gift.
#[test]
fn rustsec_2022_0035_declared_sizes_are_not_taken_from_a_pool() {
    let config = opened(Role::Server).build().unwrap();
    let mut other = Host::of(&config);
    other.receive_in_pieces(&frames::to(Role::Server, FIN | BINARY, &vec![7; 4 << 20]), 64 * 1024);
    for _ in 0..100 {
        other.connection.send_binary(&[7; 60_000]).unwrap();
    }
    other.take_output();
    other.receive(&[]);
    for here in [1000, 9000, 64_000] {
        let mut host = Host::of(&config);
        host.receive(&frames::to(Role::Server, FIN | BINARY, &vec![7; 1 << 20])[..here]);
        assert!(memory(&host) <= 16 * here + 1024, "{here}: {}", memory(&host));
    }
}

#[test]
fn cve_2025_10148_masks_are_fresh_per_frame_and_per_connection() {
    let keys = |byte| {
        let mut connection = Connection::new(&opened(Role::Client).build().unwrap(), [byte; 32], ms(0)).unwrap();
        (0..100).for_each(|_| connection.send_binary(b"").unwrap());
        connection.output().chunks(6).map(|frame| frame[2..].to_vec()).collect::<Vec<_>>()
    };
    let (one, two) = (keys(1), keys(2));
    let all: std::collections::HashSet<_> = one.iter().chain(&two).collect();
    assert_eq!(all.len(), 200);
}

#[test]
fn cve_2026_59881_reserved_bits_need_an_extension() {
    for role in ROLES {
        for (bits, opcode) in (1..8).flat_map(|bits| [TEXT, BINARY, PING, PONG, CLOSE].map(|opcode| (bits, opcode))) {
            let fault = verdict(opened(role), &frames::to(role, FIN | bits << 4 | opcode, b""));
            assert_eq!(fault, Some(FaultKind::ReservedBits), "{bits} {opcode}");
        }
    }
}

#[test]
fn undici_c5ed78756_empty_first_fragments_begin_a_message() {
    for role in ROLES {
        let first = frames::to(role, TEXT, b"");
        let nested = [first.clone(), frames::to(role, FIN | TEXT, b"x")].concat();
        assert_eq!(verdict(opened(role), &nested), Some(FaultKind::ExpectedContinuation));
        let mut host = Host::open(role);
        host.receive(
            &[first, frames::to(role, CONTINUATION, b""), frames::to(role, FIN | CONTINUATION, b"x")].concat(),
        );
        assert_eq!(host.events, ["text \"x\""]);
    }
}

#[test]
fn cve_2026_48779_tiny_fragments_hold_no_memory() {
    for payload in [&b""[..], b"x"] {
        let mut host = Host::new(opened(Role::Server).max_fragments(1024));
        host.receive(&frames::to(Role::Server, BINARY, payload));
        let fragment = frames::to(Role::Server, CONTINUATION, payload);
        let mut sent = 1;
        while host.fault().is_none() {
            host.receive(&fragment);
            sent += 1;
            assert!(memory(&host) <= 4096, "{} after {sent}", memory(&host));
            assert!(sent <= 1025, "the flood is never refused");
        }
        assert_eq!(host.fault(), Some(FaultKind::TooManyFragments));
        assert_eq!(sent, 1025);
        let close = &frames::read_all(&host.take_output())[0].payload;
        assert!(close.starts_with(&frames::close(1008, "")), "{close:?}");
    }
}

#[test]
fn cve_2026_12151_empty_fragments_count() {
    let mut host = Host::open(Role::Client);
    host.receive(&frames::server(TEXT, b"x"));
    let empty = frames::server(CONTINUATION, b"").repeat(131_072);
    host.receive(&empty);
    assert_eq!(host.fault(), Some(FaultKind::TooManyFragments));
}

#[test]
fn cve_2026_65623_many_fragments_are_linear() {
    let mut host = Host::open(Role::Server);
    let fragment = frames::to(Role::Server, CONTINUATION, &[b'f'; 64]);
    host.receive(&frames::to(Role::Server, TEXT, b""));
    let thousand = fragment.repeat(1000);
    for _ in 0..100 {
        host.receive(&thousand);
    }
    host.receive(&frames::to(Role::Server, FIN | CONTINUATION, b""));
    assert!(host.events[0].starts_with("text bytes 6400000 "), "{:?}", host.fault());
}

#[test]
fn sockudo_text_is_not_validated_again_at_each_read() {
    let mut host = Host::open(Role::Client);
    let text = "\u{e9}".repeat(150_000);
    host.receive_in_pieces(&frames::server(FIN | TEXT, text.as_bytes()), 1);
    assert!(host.events[0].starts_with("text bytes 300000 "));
}

#[test]
fn cve_2026_42786_the_limit_is_for_the_message() {
    let config = opened(Role::Server).max_message_size(60).build().unwrap();
    for pieces in [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] {
        for over in [false, true] {
            let mut host = Host::of(&config);
            for piece in 0..pieces {
                let last = piece + 1 == pieces;
                let first = if piece == 0 { BINARY } else { CONTINUATION } | if last { FIN } else { 0 };
                let len = 60 / pieces + usize::from(last && over);
                host.receive(&frames::to(Role::Server, first, &vec![b'm'; len]));
            }
            assert_eq!(host.fault(), over.then_some(FaultKind::MessageTooBig), "{pieces} pieces");
        }
    }
}

#[test]
fn cve_2026_48779_tiny_reads_hold_no_memory() {
    let mut host = Host::open(Role::Server);
    host.receive(&frames::to(Role::Server, FIN | BINARY, &[0; 50_000])[..8]);
    for received in 0..40_000 {
        host.receive(&[0]);
        assert!(memory(&host) <= 4096 + 2 * received, "{} after {received}", memory(&host));
    }
}

#[test]
fn ws_8_22_2_an_idle_connection_pins_no_buffer() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.receive(&frames::to(role, FIN | BINARY, &[0; 65_000]));
        host.receive_in_pieces(&frames::to(role, FIN | BINARY, &[0; 65_000]), 1000);
        host.connection.send_binary(&[0; 65_000]).unwrap();
        host.drain();
        // The start of a frame is all that is left.
        host.receive(&frames::to(role, FIN | BINARY, &[0; 300])[..3]);
        assert!(memory(&host) <= 1024, "{role:?}: {}", memory(&host));
    }
}

#[test]
fn cve_2026_45736_only_the_bytes_given_are_sent() {
    let mut host = Host::open(Role::Server);
    let secret = vec![b'S'; 500];
    host.connection.send_binary(&secret).unwrap();
    host.take_output();
    host.connection.ping(b"p", ms(0)).unwrap();
    host.connection.close(CloseCode::NORMAL_CLOSURE, "r", ms(0)).unwrap();
    assert_eq!(
        host.take_output(),
        [frames::server(FIN | PING, b"p"), frames::server(FIN | CLOSE, &frames::close(1000, "r"))].concat()
    );
}

#[test]
fn aiohttp_01e583bc3_control_frames_at_every_place_of_a_message() {
    let parts = [(TEXT, "a\u{e9}"), (CONTINUATION, ""), (CONTINUATION, "b"), (FIN | CONTINUATION, "\u{1f600}")];
    for place in 0..=parts.len() {
        let mut bytes = Vec::new();
        for (at, (first, payload)) in parts.iter().enumerate() {
            if at == place {
                bytes.extend(frames::to(Role::Server, FIN | PING, b"ping"));
                bytes.extend(frames::to(Role::Server, FIN | PONG, b""));
            }
            bytes.extend(frames::to(Role::Server, *first, payload.as_bytes()));
        }
        for cut in 0..bytes.len() {
            let mut host = Host::open(Role::Server);
            host.receive(&bytes[..cut]);
            host.receive(&bytes[cut..]);
            assert_eq!(host.events.last().unwrap(), "text \"a\\xc3\\xa9b\\xf0\\x9f\\x98\\x80\"", "{place}, {cut}");
            assert_eq!(host.events.len(), if place < parts.len() { 3 } else { 1 });
        }
    }
}

#[test]
fn cve_2026_11586_ping_flood_grows_nothing() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.held = true;
        let pings: Vec<u8> = (0..200_u8).flat_map(|number| frames::to(role, FIN | PING, &[number; 125])).collect();
        for _ in 0..100 {
            host.receive(&pings);
            host.take_events();
        }
        assert!(host.connection.pending_output() <= 64 * 1024 + 131, "{}", host.connection.pending_output());
        assert!(memory(&host) <= 3 * 64 * 1024, "{}", memory(&host));
        host.held = false;
        let sent = frames::read_all(&host.take_output());
        assert!(sent.iter().all(|frame| frame.first == FIN | PONG));
        assert_eq!(sent.last().unwrap().payload, [199; 125], "the newest is answered");
        host.connection.send_text("still here").unwrap();
    }
}

#[test]
fn cve_2026_11586_ping_flood_against_a_slow_reader() {
    let mut host = Host::open(Role::Server);
    host.held = true;
    let ping = frames::to(Role::Server, FIN | PING, &[7; 125]);
    host.receive(&ping.repeat(1000));
    for _ in 0..1000 {
        host.receive(&ping);
        host.connection.written(1).unwrap();
        assert!(host.connection.pending_output() <= 64 * 1024 + 127, "{}", host.connection.pending_output());
    }
}

/// No soft limit makes room beyond the hard one.
#[test]
fn cve_2026_11586_ping_flood_below_a_soft_limit_above_the_hard_one() {
    for (soft, hard) in [(65_536, 1000), (u64::MAX, 65_536)] {
        let mut host = Host::new(opened(Role::Server).output_soft_limit(soft).output_hard_limit(hard));
        host.held = true;
        let pings = frames::to(Role::Server, FIN | PING, &[7; 125]).repeat(100);
        for _ in 0..20 {
            host.receive(&pings);
            host.take_events();
            assert!(host.connection.pending_output() as u64 <= hard, "{}", host.connection.pending_output());
        }
        host.held = false;
        let sent = frames::read_all(&host.take_output());
        assert!(sent.len() as u64 >= hard / 127 && sent.iter().all(|frame| frame.first == FIN | PONG));
    }
}

/// Nor do the keepalive's own pings.
#[test]
fn keepalive_pings_stay_below_the_hard_limit() {
    let config = opened(Role::Server).ping_interval(ms(1)).pong_timeout(ms(1)).require_pong(true);
    let mut host = Host::new(config.output_hard_limit(1000).write_timeout(ms(1_000_000)));
    host.held = true;
    host.connection.send_binary(&[0; 990]).unwrap();
    for now in 1..5000 {
        host.run_to(now);
        assert!(host.connection.pending_output() <= 1000, "{}", host.connection.pending_output());
    }
    assert_eq!(host.fault(), None, "no ping was sent that could have been answered");
    host.held = false;
    host.take_output();
    host.run_to(5001);
    assert_eq!(frames::read_all(&host.take_output())[0].first, FIN | PING);
}

#[test]
fn cve_2025_5399_writing_the_output_ends() {
    let mut host = Host::new(opened(Role::Server).output_soft_limit(1));
    host.held = true;
    host.receive(&frames::to(Role::Server, FIN | PING, b"x").repeat(100));
    let mut written = 0;
    while !host.connection.output().is_empty() {
        host.connection.written(1).unwrap();
        written += 1;
        assert!(written <= 6, "one pong, and the one that waited");
    }
    host.run_to(1000);
    assert!(host.connection.next_deadline().is_none(), "nothing is left to do but to give the batch's memory back");
}

#[test]
fn tomcat_06da787736_pongs_do_not_race_the_close() {
    for role in ROLES {
        let ping = frames::to(role, FIN | PING, b"p");
        let close = frames::to(role, FIN | CLOSE, &frames::close(1000, ""));
        let bytes = [ping.clone(), ping.clone(), close, ping].concat();
        for cut in 0..bytes.len() {
            let mut host = Host::open(role);
            host.receive(&bytes[..cut]);
            host.receive(&bytes[cut..]);
            let sent: Vec<u8> = frames::read_all(&host.take_output()).iter().map(|frame| frame.first & 0xf).collect();
            assert_eq!(sent, [PONG, PONG, CLOSE], "{cut}");
        }
    }
}

// Text and closing.

#[test]
fn cowlib_80de18a_code_points_cut_anywhere() {
    let text = "a\u{e9}\u{20ac}\u{1f600}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\0z".as_bytes();
    for cuts in (0..text.len()).flat_map(|first| (first..text.len()).map(move |second| (first, second))) {
        let mut host = Host::open(Role::Server);
        host.receive(&frames::to(Role::Server, TEXT, &text[..cuts.0]));
        host.receive(&frames::to(Role::Server, CONTINUATION, &text[cuts.0..cuts.1]));
        host.receive(&frames::to(Role::Server, FIN | CONTINUATION, &text[cuts.1..]));
        assert_eq!(host.events, [format!("text {}", common::bytes::show(text))], "{cuts:?}");
    }
}

/// Every string of two, three and four bytes out of the ones that matter, cut at every place, against `std`.
#[test]
fn utf8_over_fragments_agrees_with_std() {
    let edges = [
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4,
        0xf5, 0xff,
    ];
    let mut strings: Vec<Vec<u8>> = vec![Vec::new()];
    for length in 1..=4 {
        let longer = strings.iter().filter(|string| string.len() == length - 1);
        // Longer strings only behind what may still become text: the engine has failed at the others.
        let open = longer.filter(|string| {
            std::str::from_utf8(string).map_or_else(|error| error.error_len().is_none(), |_| length <= 2)
        });
        let next: Vec<Vec<u8>> = open.flat_map(|string| edges.map(|byte| [&string[..], &[byte]].concat())).collect();
        strings.extend(next);
    }
    assert!(strings.len() > 1500, "{}", strings.len());
    for string in &strings {
        for cut in 0..=string.len() {
            let bytes =
                [frames::server(TEXT, &string[..cut]), frames::server(FIN | CONTINUATION, &string[cut..])].concat();
            let fault = verdict(opened(Role::Client), &bytes);
            assert_eq!(
                fault,
                std::str::from_utf8(string).is_err().then_some(FaultKind::BadText),
                "{string:02x?} cut at {cut}"
            );
        }
    }
}

#[test]
fn libsoup_6a7976f3_no_message_after_a_fault() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.receive(&[frames::to(role, FIN | 3, b""), frames::to(role, FIN | TEXT, b"late")].concat());
        host.receive(&frames::to(role, FIN | TEXT, b"later"));
        assert_eq!(host.events.len(), 1, "{:?}", host.events);
    }
}

#[test]
fn a_flood_of_closes_is_answered_once() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.receive(&frames::to(role, FIN | CLOSE, &frames::close(1000, "x")).repeat(1000));
        assert_eq!(frames::read_all(&host.take_output()).len(), 1);
        assert_eq!(host.events.len(), 2);
    }
}

#[test]
fn a_peer_that_never_closes_does_not_hold_the_connection() {
    for role in ROLES {
        let mut host = Host::open(role);
        host.connection.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap();
        for second in 1..30 {
            host.run_to(second * 1000);
            host.receive(&frames::to(role, FIN | PING, b""));
        }
        assert_eq!(host.fault(), Some(FaultKind::CloseTimeout));
        assert_eq!(host.transport(), Transport::Close);
    }
}

#[test]
fn quinn_rustsec_2026_0185_small_pieces_of_a_message_cost_their_bytes() {
    let mut host = Host::open(Role::Server);
    host.receive(&frames::to(Role::Server, BINARY, &[1; 64]));
    let fragment = frames::to(Role::Server, CONTINUATION, &[1; 64]);
    for count in 1..5_000 {
        host.receive(&fragment);
        assert!(memory(&host) <= 2 * 64 * (count + 1) + 4096, "{} after {count}", memory(&host));
    }
    host.connection.send_part(MessageKind::Binary, b"", true).unwrap();
}
