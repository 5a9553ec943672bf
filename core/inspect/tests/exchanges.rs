//! Requests and responses on one connection before one of them opens a WebSocket: each is told, and what follows is read.

mod common;

use common::packets::{Tcp, file};
use common::{Sent, connections, conversation, faults, hold_order, notes, read, read_well, told, told_of_conversation};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use sansock_inspect::{Entry, Inspector, Side, What};

fn head(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn client(text: &str) -> Sent {
    (Side::Client, head(text))
}

fn server(text: &str) -> Sent {
    (Side::Server, head(text))
}

const GET: &str = "GET /page HTTP/1.1\nHost: example.com\n\n";
const UPGRADE: &str = "GET /chat HTTP/1.1\nHost: example.com\nUpgrade: websocket\nConnection: Upgrade\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n";

/// Reads what was sent, and then a conversation over the same connection.
fn before_conversation(sent: &[Sent], size: usize) -> Vec<Entry> {
    let sent = [sent, &conversation(true)].concat();
    read_well(&file(&Tcp::whole(&sent, size).packets))
}

fn first_lines(entries: &[Entry]) -> Vec<String> {
    let line = |entry: &Entry| match &entry.what {
        What::Head(head) => head.lines.first().map(|line| line.text.clone()),
        _ => None,
    };
    entries.iter().filter_map(line).collect()
}

#[test]
fn a_page_comes_before_the_handshake() {
    let bodies = [
        "Content-Length: 5\n\nhello",
        "Content-Length: 0\n\n",
        "Content-Length: 2, 2\nContent-Length: 2\n\nno",
        "Transfer-Encoding: chunked\n\n5\nhello\nb;name=value\n wide world\n0\n\n",
        "Transfer-Encoding: gzip, chunked\n\n0\nTrailer: x\n\n",
    ];
    for body in bodies {
        let sent = [client(GET), server(&format!("HTTP/1.1 200 OK\n{body}"))];
        for size in [1, 7, 1000] {
            let entries = before_conversation(&sent, size);
            assert_eq!((told(&entries), faults(&entries)), (told_of_conversation(), vec![]), "{body}");
            assert_eq!(notes(&entries), ["a request that asks for no upgrade"], "{body}");
            let lines =
                ["GET /page HTTP/1.1", "HTTP/1.1 200 OK", "GET /chat HTTP/1.1", "HTTP/1.1 101 Switching Protocols"];
            assert_eq!(first_lines(&entries), lines, "{body}");
            assert_eq!(connections(&entries), 1);
        }
    }
}

#[test]
fn a_refusal_comes_before_the_handshake() {
    let refusals = [
        "401 Unauthorized\nWWW-Authenticate: Basic realm=\"x\"\nContent-Length: 2",
        "403 Forbidden\nContent-Length: 2",
        "503 Service Unavailable\nRetry-After: 1\nContent-Length: 2",
        "307 Temporary Redirect\nLocation: /other\nContent-Length: 2",
    ];
    for refusal in refusals {
        let sent = [client(UPGRADE), server(&format!("HTTP/1.1 {refusal}\n\nno"))];
        for size in [1, 7, 1000] {
            let entries = before_conversation(&sent, size);
            assert_eq!(told(&entries), told_of_conversation(), "{refusal}");
            assert_eq!((faults(&entries), notes(&entries)), (vec!["HTTP_STATUS"], vec![]), "{refusal}");
            assert_eq!(first_lines(&entries).len(), 4);
            // As one sees them who relays them.
            let mut inspector = Inspector::with(1 << 20, []);
            let number = inspector.begin("client", "server", 0);
            for (from, bytes) in [&sent[..], &conversation(true)].concat() {
                bytes.chunks(size).for_each(|piece| inspector.feed(number, from, piece, 0));
            }
            let entries: Vec<Entry> = inspector.take().collect();
            assert_eq!((told(&entries), faults(&entries)), (told_of_conversation(), vec!["HTTP_STATUS"]), "{refusal}");
            hold_order(&entries);
        }
    }
}

#[test]
fn many_requests_follow_one_another() {
    let sent = [
        client("POST /form HTTP/1.1\nHost: a\nContent-Length: 7\n\na=GET /"),
        server("HTTP/1.1 100 Continue\n\n"),
        server("HTTP/1.1 303 See Other\nContent-Length: 0\n\n"),
        client("POST /form HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n"),
        client("HEAD / HTTP/1.1\nHost: a\n\n"),
        server("HTTP/1.1 204 No Content\n\nHTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 OK\nContent-Length: 1000\n\n"),
        client(GET),
        server("HTTP/1.1 304 Not Modified\nContent-Length: 9\n\n"),
        client(UPGRADE),
        server("HTTP/1.1 100 Continue\n\nHTTP/1.1 401 Unauthorized\nTransfer-Encoding: chunked\n\n2\nno\n0\n\n"),
        client(UPGRADE),
        server("HTTP/1.0 403 Forbidden\nConnection: keep-alive\nContent-Length: 2\n\nno"),
    ];
    for size in [1, 7, 10_000] {
        let entries = before_conversation(&sent, size);
        assert_eq!((told(&entries), faults(&entries)), (told_of_conversation(), vec!["HTTP_STATUS"; 2]));
        assert_eq!(first_lines(&entries).len(), 17);
    }
}

#[test]
fn requests_that_do_not_wait_for_their_responses() {
    let page = "HTTP/1.1 200 OK\nContent-Length: 2\n\nok";
    // The last of them opens the connection, and the one before it is refused.
    let sent = [
        client(&[GET, GET, UPGRADE].concat()),
        server(&[page, page].concat()),
        server("HTTP/1.1 403 Forbidden\nContent-Length: 0\n\n"),
    ];
    for size in [1, 1000] {
        let entries = before_conversation(&sent, size);
        assert_eq!((told(&entries), faults(&entries)), (told_of_conversation(), vec!["HTTP_STATUS"]));
    }
    let mut sent = conversation(true);
    sent[0].1 = [head(GET), head(UPGRADE), sent[0].1.clone()].concat();
    sent[1].1 = [head(page), head("HTTP/1.1 403 Forbidden\nContent-Length: 1\n\nx"), sent[1].1.clone()].concat();
    let entries = read_well(&file(&Tcp::whole(&sent, 1000).packets));
    assert_eq!(told(&entries), told_of_conversation());
}

#[test]
fn nothing_is_read_behind_the_last_message() {
    let lasts = [
        "HTTP/1.1 403 Forbidden\nConnection: close\nContent-Length: 2\n\nno",
        "HTTP/1.0 403 Forbidden\nContent-Length: 2\n\nno",
        "HTTP/1.1 403 Forbidden\n\nno",
        "HTTP/1.1 403 Forbidden\nTransfer-Encoding: gzip\n\nno",
    ];
    for last in lasts {
        for request in [GET, UPGRADE] {
            let entries = before_conversation(&[client(request), server(last)], 1000);
            assert_eq!((told(&entries), first_lines(&entries).len()), (vec![], 2), "{last}");
        }
    }
}

#[test]
fn what_is_no_http_is_said() {
    let page = server("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
    let stopped = "nobody can tell where this body ends (RFC 9112 §6.3): nothing more is read";
    let no_http = "what follows is not read: it is no HTTP, and no WebSocket has been opened";
    let cases = [
        (vec![page.clone(), (Side::Client, b"\x81\x80\0\0\0\0".to_vec())], no_http),
        (vec![page, (Side::Server, b"\x81\x02hi".to_vec())], no_http),
        (vec![server("HTTP/1.1 200 OK\nContent-Length: x\n\n")], stopped),
        (vec![server("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n")], stopped),
        (vec![server("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nx\n")], stopped),
        (vec![server("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n1\nxy\n")], stopped),
        (vec![server("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n11111111111111111\n")], stopped),
        (vec![server(&format!("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n{}", "0".repeat(20_000)))], stopped),
        (vec![server("HTTP/1.1 101 Switching Protocols\nUpgrade: x\n\n")], "it switches to another protocol"),
        (vec![server("HTTP/1.1 200 OK\nContent-Length: 3\n\nok")], "it ends inside a body"),
        (vec![client(&GET.repeat(257))], "256 requests wait for their responses: nothing more is read"),
    ];
    for (sent, text) in cases {
        let sent = [vec![client(GET)], sent].concat();
        for size in [1, 1000] {
            let entries = read_well(&file(&Tcp::whole(&sent, size).packets));
            assert_eq!(notes(&entries).last().map(String::as_str), Some(text));
            assert_eq!(faults(&entries), Vec::<&str>::new(), "{text}");
        }
    }
}

#[test]
fn a_refusal_with_a_bad_body_is_at_fault() {
    let sent = [client(UPGRADE), server("HTTP/1.1 403 Forbidden\nTransfer-Encoding: chunked\n\nx\n")];
    let entries = read_well(&file(&Tcp::whole(&sent, 1000).packets));
    assert_eq!(faults(&entries), ["HTTP_STATUS", "BAD_BODY"]);
    // The engine reads no body behind a head at fault, and nothing that follows it is read here.
    let sent = [client(UPGRADE), server("HTTP 403\nTransfer-Encoding: chunked\n\nx\n0\n\nHTTP/1.1 200 OK\n\n")];
    for size in [1, 7, 1000] {
        let mut inspector = Inspector::new();
        let number = inspector.begin("client", "server", 0);
        for (from, bytes) in &sent {
            bytes.chunks(size).for_each(|piece| inspector.feed(number, *from, piece, 0));
        }
        let entries: Vec<Entry> = inspector.take().collect();
        assert_eq!((faults(&entries), first_lines(&entries).len()), (vec!["BAD_STATUS_LINE"], 2));
    }
}

#[test]
fn a_capture_of_a_page_a_refusal_and_a_conversation() {
    let capture = include_bytes!("../captures/exchanges/websockets.pcap");
    let (entries, outcome) = read(capture);
    assert_eq!((outcome, connections(&entries)), (Ok(()), 1));
    assert_eq!(faults(&entries), ["HTTP_STATUS"]);
    let lines = first_lines(&entries);
    let wanted = [
        "GET / HTTP/1.1",
        "HTTP/1.1 200 OK",
        "GET /chat HTTP/1.1",
        "HTTP/1.1 401 Unauthorized",
        "GET /chat HTTP/1.1",
        "HTTP/1.1 101 Switching Protocols",
    ];
    assert_eq!(lines, wanted);
    let said = ["text Hello", "text Grüße, 世界 🎉"].map(|text| [format!("Client {text}"), format!("Server {text}")]);
    let closed = ["Client close 1000 done".to_owned(), "Server close 1000 done".to_owned()];
    assert_eq!(told(&entries), [said.concat(), closed.to_vec()].concat());
}

/// Neither recursion nor a copy of all that follows for each of them.
#[test]
fn many_heads_in_one_piece() {
    let mut inspector = Inspector::new();
    let number = inspector.begin("client", "server", 0);
    inspector.feed(number, Side::Client, &head(UPGRADE), 0);
    inspector.feed(number, Side::Server, &head("HTTP/1.1 100 Continue\n\n").repeat(20_000), 0);
    assert_eq!(inspector.take().count(), 2 + 20_000);
    let refused = head("HTTP/1.1 403 Forbidden\nContent-Length: 1\n\nx").repeat(2000);
    inspector.feed(number, Side::Server, &refused, 0);
    assert!(inspector.take().count() > 2000);
}

/// A message of HTTP, well made or not.
fn message() -> impl Strategy<Value = Sent> {
    let request = prop_oneof![
        Just(head(GET)),
        Just(head(UPGRADE)),
        Just(head("POST / HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc")),
        Just(head("HEAD / HTTP/1.1\nHost: a\n\n")),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    let response = prop_oneof![
        Just(head("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc")),
        Just(head("HTTP/1.1 403 Forbidden\nTransfer-Encoding: chunked\n\n1\nx\n0\n\n")),
        Just(head("HTTP/1.1 100 Continue\n\n")),
        Just(head("HTTP/1.1 200 OK\n\n")),
        Just(head("HTTP/1.1 101 Switching Protocols\n\n")),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![request.prop_map(|bytes| (Side::Client, bytes)), response.prop_map(|bytes| (Side::Server, bytes))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Messages in any order are read the same, however they are cut.
    #[test]
    fn any_messages(sent in prop::collection::vec(message(), 0..12), size in 1_usize..50, is_meant: bool) {
        let read = |size: usize| {
            let mut inspector = Inspector::with(100, []);
            if is_meant {
                inspector.begin("client", "server", 0);
            }
            for (from, bytes) in &sent {
                bytes.chunks(size).for_each(|piece| inspector.feed(1, *from, piece, 0));
            }
            inspector.end(1, Side::Server, 0);
            inspector.end(1, Side::Client, 0);
            inspector.take().collect::<Vec<Entry>>()
        };
        let entries = read(usize::MAX);
        prop_assert_eq!(&read(size), &entries);
        common::hold_numbers(&entries);
        prop_assert!(entries.len() < 100);
    }
}
