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

/// Fragments longer than the pieces they are read in, behind a message that is complete, in one read and in many, and behind
/// the request.
#[test]
fn long_fragments_behind_a_joined_message_are_joined_too() {
    let fragmented = |role, seed: u8| {
        let payload: Vec<u8> = (0..60_000_u32).map(|i| (i / 251) as u8 ^ seed).collect();
        let (first, last) = payload.split_at(40_000);
        (
            [frames::to(role, BINARY, first), frames::to(role, FIN | CONTINUATION, last)].concat(),
            [frames::to(role, FIN | BINARY, &payload)].concat(),
            payload,
        )
    };
    for role in [Role::Server, Role::Client] {
        let ((one, whole, said), (two, _, next)) = (fragmented(role, 1), fragmented(role, 2));
        let wire = [one.clone(), two.clone(), whole, two, one].concat();
        let expected = [&said, &next, &said, &next, &said];
        for size in [wire.len(), 70_000, 64 * 1024, 50_001, 16 * 1024, 1000] {
            let mut connection = Connection::new(&opened(role), seed(), 0).unwrap();
            let mut seen = Vec::new();
            for chunk in wire.chunks(size) {
                seen.extend(binaries(&mut connection, &mut chunk.to_vec()));
            }
            assert_eq!(seen.len(), expected.len(), "{role:?} in reads of {size}");
            assert!(seen.iter().eq(expected), "{role:?} in reads of {size}");
        }
    }
    // What arrived behind the request, and what arrives later, in one batch.
    let ((one, _, said), (two, _, next)) = (fragmented(Role::Server, 1), fragmented(Role::Server, 2));
    let frames = [one, two].concat();
    for cut in [1, 10_000, 50_000, 60_020, 60_500, 65_000] {
        let mut connection = Connection::new(&Config::server(), seed(), 0).unwrap();
        let mut request = [&request_with(&[])[..], &frames[..cut]].concat();
        assert_eq!(connection.receive(&mut request, 0), request.len());
        assert!(matches!(connection.events(&request).0.next(), Some(Event::Request(_))));
        connection.accept(None, 0).unwrap();
        let mut seen = binaries_of(&mut connection, &[]);
        seen.extend(binaries(&mut connection, &mut frames[cut..].to_vec()));
        assert!(seen.iter().eq([&said, &next]), "{cut} behind the request");
    }
}

/// The binary messages of one read.
fn binaries(connection: &mut Connection, mut input: &mut [u8]) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    loop {
        let taken = connection.receive(input, 0);
        seen.extend(binaries_of(connection, input));
        input = &mut input[taken..];
        if input.is_empty() && !connection.more() {
            return seen;
        }
    }
}

fn binaries_of(connection: &mut Connection, input: &[u8]) -> Vec<Vec<u8>> {
    let binary = |event| if let Event::Binary(binary) = event { Some(binary.data.to_vec()) } else { None };
    connection.events(input).0.filter_map(binary).collect()
}
