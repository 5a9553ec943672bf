//! Events as Rust sees them, and what they share with their flat records.

mod common;

use common::drive::{client, client_and_answer, head, opened, request_with, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use sansock::handshake::request::OriginRelation;
use sansock::{Config, Connection, Event, FaultKind, Role};

/// Calls `look` with the events of one read.
fn read<R>(connection: &mut Connection, bytes: &[u8], look: impl FnOnce(&[Event<'_>]) -> R) -> R {
    let mut input = bytes.to_vec();
    assert_eq!(connection.receive(&mut input, 30), input.len());
    let (events, _) = connection.events(&input);
    look(&events.collect::<Vec<_>>())
}

#[test]
fn a_request_and_its_details() {
    let mut config = Config::server();
    config.subprotocol("v2").unwrap().subprotocol("v1").unwrap();
    let mut connection = Connection::new(&config, seed(), 0).unwrap();
    let request = request_with(&[
        "Origin: http://a",
        "Sec-WebSocket-Protocol: v1, v2",
        "Sec-WebSocket-Extensions: x; y=1, z",
        "Cookie:  caf\u{e9} ",
    ]);
    read(&mut connection, &request, |events| {
        let [Event::Request(request)] = events else { panic!("{events:?}") };
        assert_eq!(
            (request.target, request.authority(), request.origin()),
            (&b"/"[..], &b"a"[..], Some(&b"http://a"[..]))
        );
        assert_eq!(request.origin_relation, OriginRelation::Same);
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["v1", "v2"]);
        assert_eq!(request.preferred_subprotocol(), Some("v2"));
        assert_eq!(request.extensions().collect::<Vec<_>>(), [&b"x; y=1"[..], b"z"]);
        let headers: Vec<_> = request.headers().collect();
        assert_eq!((headers.len(), headers[0].name, headers[0].value), (9, &b"Host"[..], &b"a"[..]));
        assert_eq!((headers[8].name, headers[8].value), (&b"Cookie"[..], "caf\u{e9}".as_bytes()));
    });
    connection.accept(None, 0).unwrap();
    let (mut events, _) = connection.events(&[]);
    let Some(Event::Open(open)) = events.next() else { panic!("it opens first") };
    assert_eq!((open.subprotocol(), open.headers().count()), (Some("v2"), 0));
    assert!(events.next().is_none());
}

#[test]
fn an_answer_and_its_details() {
    let (mut host, answer) = client_and_answer(&client());
    read(&mut host.connection, &answer, |events| {
        let [Event::Open(open)] = events else { panic!("{events:?}") };
        assert_eq!(open.subprotocol(), None);
        assert_eq!(open.headers().map(|header| header.name.to_vec()).collect::<Vec<_>>()[0], b"Upgrade");
    });
}

#[test]
fn a_refusal_and_its_details() {
    let mut config = client();
    config.max_body_size(4).unwrap();
    let mut connection = Connection::new(&config, seed(), 0).unwrap();
    let refusal = [head("HTTP/1.1 503 Busy", &["Retry-After: 7", "Content-Length: 5"]), b"later".to_vec()].concat();
    read(&mut connection, &refusal, |events| {
        let [Event::Rejected(rejected), Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!((rejected.status, rejected.body, rejected.truncated), (503, &b"late"[..], true));
        assert_eq!(rejected.headers().next().map(|header| header.value), Some(&b"7"[..]));
        assert_eq!((closed.code, closed.clean, closed.by_peer, closed.sent), (1006, false, true, None));
        assert_eq!(closed.fault, Some(FaultKind::HttpStatus));
        assert_eq!(closed.fault_close_code(), None);
    });
    let fault = connection.fault().unwrap();
    assert_eq!((fault.kind, fault.actual), (FaultKind::HttpStatus, 503));
}

#[test]
fn messages_and_control_frames() {
    let mut connection = Connection::new(&opened(Role::Server), seed(), 0).unwrap();
    connection.ping(b"rtt", 10).unwrap();
    let to = |first, payload: &[u8]| frames::to(Role::Server, first, payload);
    let bytes = [
        to(FIN | TEXT, "h\u{e9}".as_bytes()),
        to(BINARY, b"a"),
        to(FIN | PING, b"p"),
        to(FIN | CONTINUATION, b"b"),
        to(FIN | PONG, b"other"),
        to(FIN | PONG, b"rtt"),
        to(FIN | CLOSE, &frames::close(1001, "bye")),
    ];
    read(&mut connection, &bytes.concat(), |events| {
        let [
            Event::Text(text),
            Event::Ping(ping),
            Event::Binary(binary),
            Event::Pong(other),
            Event::Pong(pong),
            Event::Closing(closing),
        ] = events
        else {
            panic!("{events:?}")
        };
        assert_eq!((text.text, text.first, text.last), ("h\u{e9}", true, true));
        assert_eq!((*ping, binary.data, binary.first, binary.last), (&b"p"[..], &b"ab"[..], true, true));
        assert_eq!((other.payload, other.round_trip_time), (&b"other"[..], None));
        assert_eq!((pong.payload, pong.round_trip_time), (&b"rtt"[..], Some(20)));
        assert_eq!((closing.code, closing.reason), (1001, "bye"));
    });
    read(&mut connection, b"", |events| {
        let [Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!((closed.code, closed.reason, closed.clean, closed.by_peer), (1001, "bye", true, true));
        assert_eq!((closed.sent, closed.fault), (Some(1001), None));
    });
}

#[test]
fn parts_are_marked() {
    let mut config = opened(Role::Server);
    config.parts(1).unwrap();
    let mut connection = Connection::new(&config, seed(), 0).unwrap();
    let frame = frames::to(Role::Server, FIN | TEXT, "ab\u{20ac}c".as_bytes());
    let mark = |bytes: &[u8], connection: &mut Connection| {
        read(connection, bytes, |events| {
            let part = |event: &Event<'_>| match event {
                Event::Text(text) => (text.text.to_owned(), text.first, text.last),
                other => panic!("{other:?}"),
            };
            events.iter().map(part).collect::<Vec<_>>()
        })
    };
    assert_eq!(mark(&frame[..9], &mut connection), [("ab".into(), true, false)]);
    assert_eq!(mark(&frame[9..], &mut connection), [("\u{20ac}".into(), false, false), ("c".into(), false, true)]);
}

#[test]
fn faults_carry_their_numbers_and_no_byte_of_the_peer() {
    let mut config = opened(Role::Server);
    config.max_message_size(10).unwrap();
    let mut connection = Connection::new(&config, seed(), 0).unwrap();
    read(&mut connection, &frames::to(Role::Server, FIN | TEXT, b"eleven byte"), |events| {
        let [Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!((closed.fault, closed.fault_close_code()), (Some(FaultKind::MessageTooBig), Some(1009)));
    });
    let fault = connection.fault().unwrap();
    assert_eq!((fault.actual, fault.limit), (11, 10));
    assert_eq!(fault.to_string(), "the message is larger than the limit: 11, limit 10");
}

#[test]
fn numbers_of_faults_are_distinct_and_stable() {
    let mut seen = std::collections::HashSet::new();
    for kind in FaultKind::ALL {
        assert!(seen.insert(kind.number()), "{kind:?}");
        assert_eq!(FaultKind::from_number(kind.number()), Some(*kind));
        assert!(kind.name().bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'));
        assert!(!kind.text().ends_with('.') && kind.clause().contains('§'), "{kind:?}");
    }
    assert_eq!(FaultKind::from_number(0), None);
    assert_eq!(FaultKind::BadText.number(), 213);
}
