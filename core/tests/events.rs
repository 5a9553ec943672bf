//! Events as Rust sees them, and what they share with their flat records.

mod common;

use common::drive::{client, client_and_answer, head, ms, opened, request_with, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use sansock::boundary::{self, Record, flag, kind, origin, region};
use sansock::event::OriginRelation;
use sansock::{Answer, CloseCode, Config, ConfigBuilder, Connection, Event, Events, FaultKind, Received, Role};

fn connection(config: ConfigBuilder) -> Connection {
    Connection::new(&config.build().unwrap(), seed(), ms(0)).unwrap()
}

/// Calls `look` with the events of one read.
fn read<R>(connection: &mut Connection, bytes: &[u8], look: impl FnOnce(&[Event<'_>]) -> R) -> R {
    let mut input = bytes.to_vec();
    let Received { consumed, events, .. } = connection.receive(&mut input, ms(30));
    assert_eq!(consumed, bytes.len());
    look(&events.collect::<Vec<_>>())
}

#[test]
fn a_request_and_its_details() {
    let mut connection = connection(Config::server().subprotocol("v2").subprotocol("v1"));
    read(&mut connection, &detailed_request(), |events| {
        let [Event::Request(request)] = events else { panic!("{events:?}") };
        assert_eq!((request.target, request.authority(), request.origin()), ("/", "a", Some("http://a")));
        assert_eq!(request.origin_relation, OriginRelation::Same);
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["v1", "v2"]);
        assert_eq!(request.preferred_subprotocol(), Some("v2"));
        assert_eq!(request.extensions().collect::<Vec<_>>(), ["x; y=1", "z"]);
        let headers: Vec<_> = request.headers().collect();
        assert_eq!((headers.len(), headers[0].name, headers[0].value), (9, "Host", &b"a"[..]));
        assert_eq!((headers[8].name, headers[8].value), ("Cookie", "caf\u{e9}".as_bytes()));
    });
    let mut events = connection.accept(None, ms(0)).unwrap().events;
    let Some(Event::Open(open)) = events.next() else { panic!("it opens first") };
    assert_eq!((open.subprotocol(), open.headers().count()), (Some("v2"), 0));
    assert!(events.next().is_none());
}

/// The same in the form that other languages read.
#[test]
fn a_request_and_its_details_in_records() {
    let mut config = boundary::Config::new(boundary::role::SERVER).unwrap();
    config.set_text(boundary::text::SUBPROTOCOL, b"v2").unwrap();
    config.set_text(boundary::text::SUBPROTOCOL, b"v1").unwrap();
    let mut connection = boundary::Connection::new(&config, seed(), 0).unwrap();
    let mut input = detailed_request();
    assert_eq!(connection.receive(&mut input, 0), input.len());
    let slice = |offset: u64, len: u64| &connection.region(region::SCRATCH)[offset as usize..][..len as usize];
    let payload = |record: &Record| {
        assert_eq!(record.flags & flag::REGION, region::SCRATCH);
        String::from_utf8(slice(record.offset, record.len).to_vec()).unwrap()
    };
    let (request, details) = connection.records().split_first().unwrap();
    assert_eq!((request.kind, request.code, payload(request).as_str()), (kind::REQUEST, origin::SAME, "/"));
    assert_eq!(request.aux as usize, details.len());
    let (others, headers) = details.split_at(6);
    let others: Vec<_> =
        others.iter().map(|record| (record.kind, payload(record), record.flags & flag::CHOSEN)).collect();
    let expected = [
        (kind::AUTHORITY, "a".into(), 0),
        (kind::ORIGIN, "http://a".into(), 0),
        (kind::SUBPROTOCOL, "v1".into(), 0),
        (kind::SUBPROTOCOL, "v2".into(), flag::CHOSEN),
        (kind::EXTENSION, "x; y=1".into(), 0),
        (kind::EXTENSION, "z".into(), 0),
    ];
    assert_eq!(others, expected);
    let header = |record: &Record| (slice(record.offset, record.aux.into()), slice(record.extra, record.len));
    assert!(headers.len() == 9 && headers.iter().all(|record| record.kind == kind::HEADER));
    assert_eq!(header(&headers[0]), (&b"Host"[..], &b"a"[..]));
    assert_eq!(header(&headers[8]), (&b"Cookie"[..], "caf\u{e9}".as_bytes()));
}

fn detailed_request() -> Vec<u8> {
    request_with(&[
        "Origin: http://a",
        "Sec-WebSocket-Protocol: v1, v2",
        "Sec-WebSocket-Extensions: x; y=1, z",
        "Cookie:  caf\u{e9} ",
    ])
}

#[test]
fn the_three_relations_of_an_origin() {
    for (lines, relation, same) in [
        (&[][..], OriginRelation::Absent, true),
        (&["Origin: http://a"], OriginRelation::Same, true),
        (&["Origin: http://b"], OriginRelation::Cross, false),
    ] {
        read(&mut connection(Config::server()), &request_with(lines), |events| {
            let [Event::Request(request)] = events else { panic!("{events:?}") };
            assert_eq!((request.origin_relation, request.same_origin()), (relation, same), "{lines:?}");
        });
    }
}

#[test]
fn an_answer_and_its_details() {
    let (mut host, answer) = client_and_answer(client());
    read(&mut host.connection, &answer, |events| {
        let [Event::Open(open)] = events else { panic!("{events:?}") };
        assert_eq!(open.subprotocol(), None);
        assert_eq!(open.headers().map(|header| header.name).collect::<Vec<_>>()[0], "Upgrade");
    });
}

#[test]
fn a_refusal_and_its_details() {
    let mut connection = connection(client().max_body_size(4));
    let refusal = [head("HTTP/1.1 503 Busy", &["Retry-After: 7", "Content-Length: 5"]), b"later".to_vec()].concat();
    read(&mut connection, &refusal, |events| {
        let [Event::Rejected(rejected), Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!((rejected.status, rejected.body, rejected.truncated), (503, &b"late"[..], true));
        assert_eq!(rejected.headers().next().map(|header| header.value), Some(&b"7"[..]));
        assert_eq!((closed.code.get(), closed.clean, closed.by_peer, closed.close_sent), (1006, false, true, None));
        assert_eq!(closed.fault, Some(FaultKind::HttpStatus));
        assert_eq!(closed.fault.map(FaultKind::answer), Some(Answer::Nothing));
    });
    let fault = connection.fault().unwrap();
    assert_eq!((fault.kind, fault.actual(), fault.limit()), (FaultKind::HttpStatus, Some(503), None));
    assert_eq!(fault.close_code(), None);
}

#[test]
fn messages_and_control_frames() {
    let mut connection = connection(opened(Role::Server));
    connection.ping(b"rtt", ms(10)).unwrap();
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
        assert_eq!((ping.payload, binary.data, binary.first, binary.last), (&b"p"[..], &b"ab"[..], true, true));
        assert_eq!((other.payload, other.round_trip_time), (&b"other"[..], None));
        assert_eq!((pong.payload, pong.round_trip_time), (&b"rtt"[..], Some(ms(20))));
        assert_eq!((closing.code.get(), closing.reason), (1001, "bye"));
    });
    read(&mut connection, b"", |events| {
        let [Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!((closed.code.get(), closed.reason, closed.clean, closed.by_peer), (1001, "bye", true, true));
        assert_eq!((closed.close_sent.map(CloseCode::get), closed.fault), (Some(1001), None));
    });
}

#[test]
fn parts_are_marked() {
    let mut connection = connection(opened(Role::Server).parts(true));
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
    let mut connection = connection(opened(Role::Server).max_message_size(10));
    read(&mut connection, &frames::to(Role::Server, FIN | TEXT, b"eleven byte"), |events| {
        let [Event::Closed(closed)] = events else { panic!("{events:?}") };
        assert_eq!(closed.fault, Some(FaultKind::MessageTooBig));
        assert_eq!(closed.fault.map(FaultKind::answer), Some(Answer::Close(1009.into())));
    });
    let fault = connection.fault().unwrap();
    assert_eq!(fault.close_code().map(CloseCode::get), Some(1009));
    assert_eq!((fault.actual(), fault.limit()), (Some(11), Some(10)));
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
            let mut connection = connection(opened(role));
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
        let mut connection = connection(Config::server());
        let mut request = [&request_with(&[])[..], &frames[..cut]].concat();
        let len = request.len();
        let Received { consumed, mut events, .. } = connection.receive(&mut request, ms(0));
        assert_eq!(consumed, len);
        assert!(matches!(events.next(), Some(Event::Request(_))));
        let mut seen = binaries_of(connection.accept(None, ms(0)).unwrap().events);
        seen.extend(binaries(&mut connection, &mut frames[cut..].to_vec()));
        assert!(seen.iter().eq([&said, &next]), "{cut} behind the request");
    }
}

/// The binary messages of one read.
fn binaries(connection: &mut Connection, input: &mut [u8]) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    let mut at = 0;
    loop {
        let Received { consumed, events, .. } = connection.receive(&mut input[at..], ms(0));
        seen.extend(binaries_of(events));
        at += consumed;
        if at == input.len() && !connection.has_more() {
            return seen;
        }
    }
}

fn binaries_of(events: Events<'_>) -> Vec<Vec<u8>> {
    let binary = |event| if let Event::Binary(binary) = event { Some(binary.data.to_vec()) } else { None };
    events.filter_map(binary).collect()
}

/// Text as text, bytes as byte string literals; never a list of numbers.
#[test]
fn debug_shows_text() {
    let show = |config: ConfigBuilder, bytes: &[u8]| {
        read(&mut connection(config), bytes, |events| {
            let [event] = events else { panic!("{events:?}") };
            format!("{event:?}")
        })
    };
    let frame = |first, payload: &[u8]| show(opened(Role::Server), &frames::to(Role::Server, first, payload));
    assert_eq!(frame(FIN | TEXT, b"say \"hi\""), r#"Text(Text { text: "say \"hi\"", first: true, last: true })"#);
    assert_eq!(frame(FIN | BINARY, b"a\0\xff"), r#"Binary(Binary { data: b"a\x00\xff", first: true, last: true })"#);
    assert_eq!(frame(FIN | PING, b"are you there?"), r#"Ping(Ping { payload: b"are you there?" })"#);
    assert_eq!(frame(FIN | PONG, b"yes\n"), r#"Pong(Pong { payload: b"yes\n", round_trip_time: None })"#);

    let request = show(Config::server(), &request_with(&["Cookie: caf\u{e9}"]));
    let start =
        r#"Request(Request { method: "GET", target: "/", authority: "a", origin_relation: Absent, fault: None, "#;
    assert!(request.starts_with(start), "{request}");
    assert!(request.ends_with(r#", "Cookie: caf\xc3\xa9"] })"#), "{request}");

    // A batch is a list of its events.
    let mut connection = connection(opened(Role::Server));
    let mut input = frames::to(Role::Server, FIN | TEXT, b"x");
    let events = connection.receive(&mut input, ms(0)).events;
    assert_eq!(format!("{events:?}"), r#"[Text(Text { text: "x", first: true, last: true })]"#);
    assert_eq!(events.count(), 1);
}
