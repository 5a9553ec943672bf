//! RFC 9112 and the fields of RFC 9110, as far as an opening handshake meets them: tables of what is good and what not.

mod common;

use common::drive::{HEADERS, Host, client, client_and_answer, head, request_replacing, request_with, verdict};
use sansock::{Config, FaultKind, Transport};

fn server(request: &[u8]) -> Option<FaultKind> {
    verdict(Config::server(), request)
}

/// A good request whose first line is this one, byte for byte.
fn request_line(line: &[u8]) -> Vec<u8> {
    let rest = head("", &HEADERS);
    [line, &rest].concat()
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[test]
fn section_2_2_lines_end_with_cr_lf_alone() {
    let ends = ["\n", "\r", "\n\r", "\r\r\n", "\0\r\n", "\u{b}\r\n"];
    let good = String::from_utf8(request_with(&["X: y"])).unwrap();
    let places: Vec<usize> = good.match_indices("\r\n").map(|(at, _)| at).collect();
    for (end, at) in ends.iter().flat_map(|end| places.iter().map(move |at| (end, *at))) {
        let request = [&good[..at], end, &good[at + 2..]].concat();
        let mut host = Host::new(Config::server());
        host.receive(request.as_bytes());
        let opened = host.events.iter().any(|event| event.starts_with("request"));
        assert!(!opened, "{end:?} at {at}");
        // A bare CR alone may still become CR LF: no verdict before the next byte, and no request either.
        assert!(host.fault().is_some() || *end == "\r", "{end:?} at {at}: {:?}", host.events);
    }
}

#[test]
fn section_2_2_white_space_before_the_first_header() {
    for white in [" ", "\t", "  "] {
        assert_eq!(
            server(&request_replacing(0, &[&format!("{white}Host: a")])),
            Some(FaultKind::BadHeader),
            "{white:?}"
        );
    }
}

#[test]
fn section_3_every_byte_of_a_method() {
    for byte in 0..=u8::MAX {
        let fault = server(&request_line(&[b"G", &[byte][..], b"T / HTTP/1.1"].concat()));
        match byte {
            b'E' => assert_eq!(fault, None),
            _ if is_token_byte(byte) => assert_eq!(fault, Some(FaultKind::BadMethod), "{byte:02x}"),
            b'\n' => assert_eq!(fault, Some(FaultKind::BadLineEnd)),
            b'\r' => assert_eq!(fault, Some(FaultKind::BadLineEnd)),
            _ => assert_eq!(fault, Some(FaultKind::BadRequestLine), "{byte:02x}"),
        }
    }
}

#[test]
fn section_3_2_every_byte_of_a_target() {
    for byte in 0..=u8::MAX {
        let fault = server(&request_line(&[b"GET /a", &[byte][..], b"b HTTP/1.1"].concat()));
        match byte {
            b'\n' | b'\r' => assert_eq!(fault, Some(FaultKind::BadLineEnd), "{byte:02x}"),
            b' ' | 0..=8 | 0xb..=0x1f | 0x7f => assert_eq!(fault, Some(FaultKind::BadRequestLine), "{byte:02x}"),
            b'\t' | b'#' | b'"' | b'<' | b'>' | 0x80.. => assert_eq!(fault, Some(FaultKind::BadTarget), "{byte:02x}"),
            _ => assert_eq!(fault, None, "{byte:02x}"),
        }
    }
}

#[test]
fn section_2_3_every_version_of_http() {
    for (major, minor) in (b'0'..=b'9').flat_map(|major| (b'0'..=b'9').map(move |minor| (major, minor))) {
        let fault = server(&request_line(&[b"GET / HTTP/", &[major, b'.', minor][..]].concat()));
        // RFC 9110 §2.5: a later minor version is taken as 1.1.
        let expected = (major != b'1' || minor == b'0').then_some(FaultKind::BadHttpVersion);
        assert_eq!(fault, expected, "{}.{}", char::from(major), char::from(minor));
    }
    for version in [
        "http/1.1",
        "HTTP/1.1x",
        "HTTP/11",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP 1.1",
        "HTTP/1,1",
        "XTTP/1.1",
        "HTTP/a.1",
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/+1.1",
        "",
    ] {
        let fault = server(&request_line(format!("GET / {version}").as_bytes()));
        assert_eq!(fault, Some(FaultKind::BadRequestLine), "{version}");
    }
}

#[test]
fn section_3_2_forms_of_target() {
    let good = ["/", "//", "/?", "/a?b?c", "http://a", "HTTP://A/", "ws://a:1?x", "wss://[::1]/", "https://a.b/c?d"];
    let bad = [
        "*",
        "a",
        "a/b",
        "a:80",
        "?x",
        "http:",
        "http:/",
        "http://",
        "http:///",
        "http://:80/",
        "http://a b/",
        "ftp://a/",
        "http//a",
        "http://a:b/",
        "http://a:70000/",
        "http://[::1/",
        "http://u:p@a/",
        "/#",
        "/a#b",
        "javascript:1",
        "http://a\\b/",
    ];
    for target in good {
        assert_eq!(server(&request_line(format!("GET {target} HTTP/1.1").as_bytes())), None, "{target}");
    }
    for target in bad {
        let fault = server(&request_line(format!("GET {target} HTTP/1.1").as_bytes()));
        assert!(matches!(fault, Some(FaultKind::BadTarget | FaultKind::BadRequestLine)), "{target}: {fault:?}");
    }
}

#[test]
fn section_3_2_forms_of_host() {
    let good = [
        "a",
        "A.b",
        "a:1",
        "a:",
        "a:65535",
        "127.0.0.1:80",
        "[::1]",
        "[2001:db8::1]:443",
        "[::ffff:1.2.3.4]",
        "xn--a.b",
        "a_b",
        "a%20b",
        "a!$&'()*+;=b",
    ];
    let bad = [
        "",
        ":",
        ":80",
        "a:65536",
        "a:-1",
        "a:+1",
        "a:1a",
        "a:1:2",
        "a b",
        "a,b",
        "a/",
        "a?b",
        "a#b",
        "a@b",
        "a\\b",
        "[::1",
        "::1",
        "[]",
        "[a]",
        "[::1]a",
        "[::1]:x",
        "[1.2.3.4]",
        "[::1%25eth0]",
        "\"a\"",
        "<a>",
        "a\u{e9}",
        "a^b",
        "{a}",
        "%zz",
        "ex%00.com",
        "a%",
        "a%4",
        "a%2Fb",
        "a%3a80",
    ];
    for host in good {
        assert_eq!(server(&request_replacing(0, &[&format!("Host: {host}")])), None, "{host}");
    }
    for host in bad {
        assert_eq!(server(&request_replacing(0, &[&format!("Host: {host}")])), Some(FaultKind::BadHost), "{host}");
    }
    assert_eq!(server(&request_replacing(0, &[])), Some(FaultKind::BadHost));
    assert_eq!(server(&request_replacing(0, &["Host: a", "Host: a"])), Some(FaultKind::BadHost), "even two that agree");
    assert_eq!(server(&request_replacing(0, &["Host: a", "hOST: b"])), Some(FaultKind::BadHost));
}

#[test]
fn section_5_1_every_byte_of_a_header_name() {
    for byte in 0..=u8::MAX {
        for line in [[b"X", &[byte][..], b"Y: z"].concat(), [&[byte][..], b"Y: z"].concat()] {
            let request = [&b"GET / HTTP/1.1\r\n"[..], &line, b"\r\n", &head("", &HEADERS)[2..]].concat();
            let fault = server(&request);
            match byte {
                b'\n' | b'\r' => assert_eq!(fault, Some(FaultKind::BadLineEnd), "{byte:02x}"),
                // It ends the name, which is good if there is one.
                b':' if line[0] != b':' => assert_eq!(fault, None),
                _ if is_token_byte(byte) => assert_eq!(fault, None, "{byte:02x}"),
                _ => assert_eq!(fault, Some(FaultKind::BadHeader), "{byte:02x}"),
            }
        }
    }
}

#[test]
fn section_5_every_byte_of_a_header_value() {
    for byte in 0..=u8::MAX {
        for (before, after) in [("", ""), ("", "z"), ("y", "z"), ("y", "")] {
            let line = [b"X-Any: ", before.as_bytes(), &[byte], after.as_bytes()].concat();
            let request = [&b"GET / HTTP/1.1\r\n"[..], &line, b"\r\n", &head("", &HEADERS)[2..]].concat();
            let expected = match byte {
                b'\r' | b'\n' => Some(FaultKind::BadLineEnd),
                b'\t' | b' '..=b'~' | 0x80.. => None,
                _ => Some(FaultKind::BadHeader),
            };
            assert_eq!(server(&request), expected, "{byte:02x} between {before:?} and {after:?}");
        }
    }
}

#[test]
fn section_5_2_folded_lines_are_refused() {
    for (place, header) in HEADERS.iter().enumerate() {
        for fold in ["\r\n ", "\r\n\t", "\r\n  x"] {
            let folded = format!("{header}{fold}");
            assert_eq!(server(&request_replacing(place, &[&folded])), Some(FaultKind::BadHeader), "{folded:?}");
        }
    }
}

#[test]
fn section_6_a_request_has_no_body() {
    let good: [&[&str]; 4] =
        [&["Content-Length: 0"], &["Content-Length: 0", "content-length: 0"], &["Content-Length: 0, 0"], &[]];
    let bad: [&[&str]; 24] = [
        &["Content-Length: 1"],
        &["Content-Length: 10"],
        &["Content-Length: -1"],
        &["Content-Length: +0"],
        &["Content-Length: -0"],
        &["Content-Length: "],
        &["Content-Length: 0x0"],
        &["Content-Length: 0 0"],
        &["Content-Length: 0,1"],
        &["Content-Length: 1,1"],
        &["Content-Length: 0;x"],
        &["Content-Length: 0.0"],
        &["Content-Length: zero"],
        &["Content-Length: \"0\""],
        &["Content-Length: 99999999999999999999"],
        &["Content-Length: 0", "Content-Length: 1"],
        &["Content-Length: 0", "Content-Length: x"],
        &["Transfer-Encoding: chunked"],
        &["Transfer-Encoding: identity"],
        &["Transfer-Encoding: "],
        &["Transfer-Encoding: gzip, chunked"],
        &["Transfer-Encoding: chunked", "Content-Length: 0"],
        &["transfer-encoding: xchunked"],
        &["Transfer-Encoding:\tchunked"],
    ];
    for lines in good {
        assert_eq!(server(&request_with(lines)), None, "{lines:?}");
    }
    for lines in bad {
        assert_eq!(server(&request_with(lines)), Some(FaultKind::UnexpectedBody), "{lines:?}");
    }
}

#[test]
fn section_4_every_status_line() {
    for status in 0..=999 {
        let mut host = Host::new(client());
        host.receive(&head(&format!("HTTP/1.1 {status:03} x"), &["Content-Length: 0"]));
        match status {
            101 => assert_eq!(host.fault(), Some(FaultKind::BadUpgrade)),
            100..=199 => assert_eq!(host.fault(), None, "{status} is interim"),
            200..=599 => {
                assert_eq!(host.fault(), Some(FaultKind::HttpStatus), "{status}");
                assert!(host.events[0].starts_with(&format!("rejected {status} ")), "{:?}", host.events);
            }
            _ => assert_eq!(host.fault(), Some(FaultKind::BadStatusLine), "{status}"),
        }
    }
    for line in [
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 1",
        "HTTP/1.1 101",
        "HTTP/1.1101 x",
        "HTTP/1.1  101 x",
        "HTTP/1.1\t101 x",
        " HTTP/1.1 101 x",
        "HTTP/1.1 +101 x",
        "HTTP/1.1 101x",
        "HTTP/2 101 x",
        "HTTP/1.0 101 x",
        "HTTP/1.10 101 x",
        "HTTP/2.0 101 x",
        "HTTP/0.9 101 x",
        "101 x",
        "<html>",
    ] {
        assert_eq!(verdict(client(), &head(line, &[])), Some(FaultKind::BadStatusLine), "{line:?}");
    }
}

/// RFC 9110 §15.2: any number a server sends up to eight, then no more.
#[test]
fn section_15_2_of_9110_interim_responses() {
    for count in 0..20 {
        let (mut host, answer) = client_and_answer(client());
        let interim = head("HTTP/1.1 103 Early Hints", &["Link: </x>"]).repeat(count);
        host.receive(&[interim, answer].concat());
        assert_eq!(host.fault(), (count > 8).then_some(FaultKind::TooManyInterim), "{count}");
    }
}

#[test]
fn section_7_1_chunked_bodies() {
    let good = [
        ("0\r\n\r\n", ""),
        ("1\r\na\r\n0\r\n\r\n", "a"),
        ("00000001\r\na\r\n0\r\n\r\n", "a"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("1;x\r\na\r\n0\r\n\r\n", "a"),
        ("1 ; x = y\r\na\r\n0\r\n\r\n", "a"),
        ("1;x=\"a;b\"\r\na\r\n0\r\n\r\n", "a"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\\r\\n"),
        ("1\r\na\r\n0\r\nT: u\r\nV: w\r\n\r\n", "a"),
        ("1\r\na\r\n1\r\nb\r\n0;e\r\n\r\n", "ab"),
    ];
    let bad = [
        "\r\n",
        "\n",
        "x\r\n",
        "-1\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        "1\na\r\n",
        "1\ra\r\n",
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\r\na0\r\n",
        "1\r\na\r0\r\n",
        " 1\r\na\r\n",
        "1 x\r\na\r\n",
        "10000000000000000\r\n",
        "0\r\n\n",
        "0\r\nT: u\n",
        "0\r\n\r\r",
        "1\r\na\r\n\r\n",
        "1;\0\r\n",
        "0\r\nT: \u{1}\r\n\r\n",
        "1.0\r\n",
        "\u{ff11}\r\n",
    ];
    let refusal = head("HTTP/1.1 400 x", &["Transfer-Encoding: chunked"]);
    for (body, decoded) in good {
        let mut host = Host::new(client());
        host.receive(&[&refusal, body.as_bytes()].concat());
        assert_eq!(host.events[0], format!("rejected 400 \"{decoded}\""), "{body:?}");
        assert_eq!(host.fault(), Some(FaultKind::HttpStatus), "{body:?}");
    }
    for body in bad {
        assert_eq!(verdict(client(), &[&refusal, body.as_bytes()].concat()), Some(FaultKind::BadBody), "{body:?}");
    }
}

#[test]
fn section_6_3_lengths_of_a_refusal() {
    let table: [(&[&str], Option<FaultKind>); 10] = [
        (&["Content-Length: 2"], Some(FaultKind::HttpStatus)),
        (&["Content-Length: 2", "Content-Length: 2"], Some(FaultKind::HttpStatus)),
        (&["Content-Length: 2, 2"], Some(FaultKind::HttpStatus)),
        (&["Content-Length: 3"], None),
        (&[], None),
        (&["Content-Length: 2, 3"], Some(FaultKind::BadBody)),
        (&["Content-Length: 2", "Content-Length: 3"], Some(FaultKind::BadBody)),
        (&["Content-Length: -2"], Some(FaultKind::BadBody)),
        (&["Content-Length: "], Some(FaultKind::BadBody)),
        (&["Content-Length: 184467440737095516160"], Some(FaultKind::BadBody)),
    ];
    for (lines, expected) in table {
        let bytes = [&head("HTTP/1.1 403 x", lines), &b"no"[..]].concat();
        assert_eq!(verdict(client(), &bytes), expected, "{lines:?}");
    }
}

/// Limits are inclusive, and which one is broken does not depend on how the head is cut.
#[test]
fn heads_at_their_limits_however_cut() {
    let config = Config::server().max_head_size(400).max_line_size(100).max_headers(10).build().unwrap();
    let line = |name: &str, len: usize| format!("{name}: {}", "v".repeat(len - name.len() - 2));
    let base = head("GET / HTTP/1.1", &HEADERS).len();
    let room = 400 - base;
    let three = |total: usize| vec![line("X", 80), line("Y", 80), line("Z", total - 82 - 82 - 2)];
    let target = |len: usize| {
        [format!("GET /{} HTTP/1.1\r\n", "t".repeat(len - 14)).into_bytes(), head("", &HEADERS)[2..].to_vec()].concat()
    };
    let with = |lines: Vec<String>| request_with(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let table: [(Vec<u8>, Option<FaultKind>); 8] = [
        (with(vec![line("X", 100)]), None),
        (with(vec![line("X", 101)]), Some(FaultKind::HeaderTooLong)),
        (with(vec!["X: y".into(); 5]), None),
        (with(vec!["X: y".into(); 6]), Some(FaultKind::TooManyHeaders)),
        (with(three(room)), None),
        (with(three(room + 1)), Some(FaultKind::HeadTooLarge)),
        (target(100), None),
        (target(101), Some(FaultKind::RequestLineTooLong)),
    ];
    for (number, (request, expected)) in table.iter().enumerate() {
        for size in [1, 2, 3, 7, 64, request.len()] {
            let mut host = Host::of(&config);
            host.receive_in_pieces(request, size);
            assert_eq!(host.fault(), *expected, "row {number} in pieces of {size}");
        }
    }
}

#[test]
fn a_refusal_is_terminal() {
    for first in ["POST / HTTP/1.1", "GET / HTTP/1.0", "GET * HTTP/1.1", "nonsense"] {
        let mut host = Host::new(Config::server());
        host.receive(&head(first, &HEADERS));
        let answer = String::from_utf8(host.take_output()).unwrap();
        assert!(
            answer.contains("\r\nConnection: close\r\n") && answer.ends_with("\r\nContent-Length: 0\r\n\r\n"),
            "{answer}"
        );
        assert_eq!(host.transport(), Transport::ShutdownWrite);
        host.take_events();
        host.receive(common::drive::REQUEST.as_bytes());
        host.receive(b"\x81\x80\0\0\0\0");
        assert!(host.take_events().is_empty() && host.take_output().is_empty(), "what follows a refusal is not read");
        host.eof();
        assert_eq!(host.transport(), Transport::Close);
    }
}
