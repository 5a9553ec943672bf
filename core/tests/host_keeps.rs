//! What a host may keep from the engine: the payload of a message that needs nothing done to it, in either direction, and
//! bytes of which nothing can come yet.

mod common;

use common::drive::{ms, opened, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::{
    CloseCode, Config, ConfigBuilder, Connection, Error, Event, FaultKind, MessageKind, Received, Role, boundary,
};

fn connection(config: ConfigBuilder) -> Connection {
    Connection::new(&config.build().unwrap(), seed(), ms(0)).unwrap()
}

fn client() -> Connection {
    connection(opened(Role::Client))
}

/// Passes bytes on. Returns how many events they made.
fn receive(connection: &mut Connection, bytes: &[u8]) -> usize {
    let mut input = bytes.to_vec();
    let Received { consumed, events, .. } = connection.receive(&mut input, ms(0));
    assert_eq!(consumed, bytes.len());
    events.count()
}

/// The lengths of header and payload of the message that begins here, if it is left to the host.
fn receive_header(connection: &mut Connection, bytes: &[u8]) -> Option<(usize, u64)> {
    let header = connection.receive_header(bytes, 0, ms(0))?;
    Some((header.header_len, header.payload_len))
}

#[test]
fn the_header_of_a_whole_binary_message_is_enough() {
    for (len, header_len) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
        let mut client = client();
        let frame = frames::server(FIN | BINARY, &vec![7; len]);
        assert_eq!(receive_header(&mut client, &frame), Some((header_len, len as u64)), "{len}");
        assert_eq!(receive_header(&mut client, &frame[..header_len]), Some((header_len, len as u64)), "{len}");
        for cut in 0..header_len {
            assert_eq!(receive_header(&mut client, &frame[..cut]), None, "{cut} bytes of the header for {len}");
        }
        // The message was the host's; what follows it is not.
        assert_eq!(receive(&mut client, &frames::server(FIN | TEXT, b"next")), 1);
    }
}

#[test]
fn a_payload_that_the_engine_must_see_is_not_left_to_the_host() {
    for (first, why) in [
        (FIN | TEXT, "text is validated"),
        (BINARY, "fragments are joined"),
        (FIN | CONTINUATION, "a fault"),
        (FIN | PING, "pings are answered"),
        (FIN | CLOSE, "the peer's Close is answered"),
        (FIN | 0x40 | BINARY, "RSV1 without compression is a fault"),
        (FIN | 3, "a reserved opcode is a fault"),
    ] {
        assert_eq!(receive_header(&mut client(), &frames::server(first, b"ab")), None, "{why}");
    }
    let masked = frames::client(FIN | BINARY, b"ab", [1, 2, 3, 4]);
    assert_eq!(receive_header(&mut client(), &masked), None, "a masked frame to a client is a fault");
    assert_eq!(receive_header(&mut connection(opened(Role::Server)), &masked), None, "it is unmasked");
}

#[test]
fn limits_and_options_hold_for_what_the_host_keeps() {
    let frame = frames::server(FIN | BINARY, &[0; 101]);
    let header = |config: ConfigBuilder| receive_header(&mut connection(config), &frame);
    let limited = |size| opened(Role::Client).max_message_size(size);
    assert_eq!(header(limited(100)), None);
    assert_eq!(header(limited(101)), Some((2, 101)));
    assert_eq!(header(limited(101).max_frame_size(100)), None);
    assert_eq!(header(opened(Role::Client).parts(true)), None);
    assert_eq!(client().receive_header(&frame, 102, ms(0)), None, "a smaller one than the host asks for");
    assert!(client().receive_header(&frame, 101, ms(0)).is_some());
}

#[cfg(feature = "deflate")]
#[test]
fn a_compressed_message_is_not_left_to_the_host() {
    let mut client = connection(opened(Role::Client).deflate(true));
    assert_eq!(receive_header(&mut client, &frames::server(FIN | 0x40 | BINARY, b"ab")), None);
    assert_eq!(receive_header(&mut client, &frames::server(FIN | BINARY, b"ab")), Some((2, 2)));
}

#[test]
fn nothing_is_left_to_the_host_while_anything_is_under_way() {
    let whole = frames::server(FIN | BINARY, b"ab");
    for under_way in [
        frames::server(BINARY, b"first fragment"),
        frames::server(FIN | BINARY, b"cut")[..3].to_vec(),
        frames::server(FIN | PING, b"cut")[..1].to_vec(),
        frames::server(FIN | PING, b"cut")[..2].to_vec(),
        frames::server(FIN | PING, b"cut")[..4].to_vec(),
        [frames::server(BINARY, b"first"), frames::server(FIN | PING, b"cut")[..3].to_vec()].concat(),
    ] {
        let mut client = client();
        receive(&mut client, &under_way);
        assert_eq!(receive_header(&mut client, &whole), None, "{under_way:?}");
    }
    let mut closing = client();
    closing.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap();
    assert_eq!(receive_header(&mut closing, &whole), None, "what arrives after our Close is dropped");
    let mut due = client();
    receive(&mut due, &frames::server(FIN | CLOSE, b""));
    assert!(due.has_more());
    assert_eq!(receive_header(&mut due, &whole), None);
    let mut full = client();
    full.receive(&mut frames::server(FIN | BINARY, b"a").repeat(257), ms(0)).events.for_each(drop);
    assert!(!full.has_more());
    assert_eq!(receive_header(&mut full, &whole), Some((2, 2)), "the rest is the host's to pass on, or to keep");
    let mut connecting = connection(Config::client("ws://a/"));
    assert_eq!(receive_header(&mut connecting, &whole), None);
}

fn write_all(client: &mut Connection) {
    let count = client.output().len();
    client.written(count).unwrap();
}

/// Any byte shows that the peer is alive.
#[test]
fn a_kept_message_counts_as_a_sign_of_life() {
    let mut client = connection(opened(Role::Client).ping_interval(ms(100)).pong_timeout(ms(50)));
    assert_eq!(client.timeout(ms(100)).events.count(), 0);
    write_all(&mut client);
    assert_eq!(client.next_deadline(), Some(ms(150)));
    let mut text = frames::server(TEXT, b"fragment");
    assert_eq!(client.receive(&mut text, ms(100)).events.count(), 0);
    let mut last = frames::server(FIN | CONTINUATION, b"s");
    assert_eq!(client.receive(&mut last, ms(120)).events.count(), 1);
    assert_eq!(client.timeout(ms(220)).events.count(), 0);
    write_all(&mut client);
    assert_eq!(client.next_deadline(), Some(ms(270)));
    assert!(client.receive_header(&frames::server(FIN | BINARY, b"ab"), 0, ms(260)).is_some());
    assert_eq!(client.next_deadline(), Some(ms(320)));
}

/// It is no input call: the records of the last read stay.
#[test]
fn a_kept_message_leaves_the_last_events_in_place() {
    let mut config = boundary::Config::new(boundary::role::CLIENT).unwrap();
    config.set(boundary::option::START_OPEN, 1).unwrap();
    let mut client = boundary::Connection::new(&config, seed(), 0).unwrap();
    let mut text = frames::server(FIN | TEXT, b"stays");
    client.receive(&mut text, 0);
    let records = client.records().to_vec();
    assert_eq!(records.len(), 1);
    assert_eq!(client.receive_header(&frames::server(FIN | BINARY, b"ab"), 0, 0), Some((2, 2)));
    assert_eq!(client.records(), records);
}

#[test]
fn payload_is_due_until_its_last_byte() {
    for role in [Role::Server, Role::Client] {
        let mut connection = connection(opened(role));
        assert_eq!(connection.payload_remaining(), 0);
        let frame = frames::to(role, FIN | BINARY, &[b'x'; 300]);
        let header = frame.len() - 300;
        assert_eq!(receive(&mut connection, &frame[..header - 1]), 0);
        assert_eq!(connection.payload_remaining(), 0, "a part of the header");
        assert_eq!(receive(&mut connection, &frame[header - 1..header]), 0);
        assert_eq!(connection.payload_remaining(), 300);
        assert_eq!(receive(&mut connection, &frame[header..header + 299]), 0);
        assert_eq!(connection.payload_remaining(), 1);
        assert_eq!(receive(&mut connection, &frame[header + 299..]), 1);
        assert_eq!(connection.payload_remaining(), 0);
    }
}

/// Gathered as the method says, any cut of the stream makes the same events.
#[test]
fn what_is_gathered_makes_the_same_events() {
    let messages = [
        frames::server(FIN | TEXT, "ä".repeat(20).as_bytes()),
        frames::server(BINARY, &[1; 70]),
        frames::server(FIN | PING, b"between"),
        frames::server(FIN | CONTINUATION, &[2; 90]),
        frames::server(FIN | BINARY, &[3; 1000]),
    ]
    .concat();
    let seen = |cut: usize, gathers: bool| {
        let (mut client, mut waiting, mut seen, mut calls) = (client(), Vec::new(), Vec::new(), 0);
        for read in messages.chunks(cut) {
            waiting.extend_from_slice(read);
            if gathers && (waiting.len() as u64) < client.payload_remaining() {
                continue;
            }
            calls += 1;
            let events = client.receive(&mut waiting, ms(0)).events;
            seen.extend(events.map(|event| match event {
                Event::Text(text) => text.text.as_bytes().to_vec(),
                Event::Binary(binary) => binary.data.to_vec(),
                Event::Ping(ping) => ping.payload.to_vec(),
                event => panic!("{event:?}"),
            }));
            waiting.clear();
        }
        (seen, calls)
    };
    for cut in [1, 2, 3, 7, 16, 100, 5000] {
        let ((each, each_calls), (gathered, calls)) = (seen(cut, false), seen(cut, true));
        assert_eq!(each, gathered, "{cut}");
        assert_eq!(each.len(), 4, "{cut}");
        assert!(calls <= each_calls && (cut > 16 || calls * 2 < each_calls), "{cut}: {calls} of {each_calls}");
    }
}

#[test]
fn nothing_is_due_where_each_byte_makes_an_event_or_none_ever_will() {
    let frame = frames::server(FIN | BINARY, &[1; 100]);
    let mut parts = connection(opened(Role::Client).parts(true));
    assert_eq!(receive(&mut parts, &frame[..50]), 1);
    assert_eq!(parts.payload_remaining(), 0);
    let mut closing = client();
    receive(&mut closing, &frame[..50]);
    closing.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap();
    assert_eq!(closing.payload_remaining(), 0);
    let mut text = client();
    receive(&mut text, &frames::server(FIN | TEXT, &[b'x'; 100])[..50]);
    assert_eq!(text.payload_remaining(), 0);
}

/// A server that has written all but the last byte of a header; the payload behind it is its host's.
fn writing(config: ConfigBuilder) -> Connection {
    let mut server = connection(config);
    server.send_header(MessageKind::Binary, 1 << 20, true).unwrap();
    let all_but_one = server.output().len() - 1;
    server.written(all_but_one).unwrap();
    server
}

#[test]
fn a_payload_that_is_written_piece_by_piece_is_not_late() {
    let mut server = writing(opened(Role::Server).write_timeout(ms(100)));
    for time in (0..2000).step_by(90) {
        assert_eq!(server.timeout(ms(time)).events.count(), 0, "{time}");
        assert_eq!(server.next_deadline(), Some(ms(time + 100)));
        server.payload_written();
    }
    // Nothing more is written.
    let last = server.next_deadline().unwrap();
    assert_eq!(server.timeout(last).events.count(), 0, "the time of the last piece is that of the next call");
    let mut ended = server.timeout(last + ms(100));
    let Some(Event::Closed(closed)) = ended.events.next() else { panic!("not closed") };
    assert_eq!(closed.fault, Some(FaultKind::WriteTimeout));
    assert_eq!(ended.events.count(), 0);
    assert_eq!(server.pending_output(), 0);
}

#[test]
fn deadlines_for_answers_wait_for_the_payload_before_them() {
    let mut server = writing(opened(Role::Server).write_timeout(ms(100)).close_timeout(ms(50)));
    server.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap();
    assert_eq!(server.next_deadline(), Some(ms(100)), "the Close frame is not written");
    server.payload_written();
    assert_eq!(server.timeout(ms(90)).events.count(), 0);
    write_all(&mut server);
    assert_eq!(server.timeout(ms(95)).events.count(), 0);
    assert_eq!(server.next_deadline(), Some(ms(145)), "it is");
}

#[test]
fn a_piece_of_a_payload_changes_nothing_where_nothing_is_late() {
    let mut server = connection(opened(Role::Server).ping_interval(ms(100)));
    server.payload_written();
    assert_eq!((server.next_deadline(), server.pending_output()), (Some(ms(100)), 0));
}

#[test]
fn a_host_can_count_and_choose_what_it_writes_itself() {
    let server = connection(opened(Role::Server).output_soft_limit(7).output_hard_limit(9));
    assert_eq!(server.output_limits(), (7, 9));
    assert!(!server.would_compress(1 << 20));
}

#[cfg(feature = "deflate")]
#[test]
fn a_host_knows_what_would_be_compressed() {
    let mut server = connection(opened(Role::Server).deflate(true).deflate_threshold(100));
    assert_eq!((server.would_compress(99), server.would_compress(100)), (false, true));
    server.set_compression(false);
    assert!(!server.would_compress(100));
}

#[test]
fn a_header_alone_has_the_limits_of_a_message() {
    use MessageKind::{Binary, Text};
    let limited = |role| opened(role).output_soft_limit(500).output_hard_limit(1000);
    let mut server = connection(limited(Role::Server));
    assert_eq!(server.check_header(Binary, 996), Ok(()));
    assert_eq!(server.check_header(Text, 997), Err(Error::TooLarge));
    assert_eq!(server.check_header(Binary, u64::MAX), Err(Error::TooLarge));
    server.ping(&[], ms(0)).unwrap();
    assert_eq!(server.check_header(Binary, 994), Ok(()));
    assert_eq!(server.check_header(Binary, 995), Err(Error::WouldBlock));
    server.send_part(Binary, &[], false).unwrap();
    for kind in [Text, Binary] {
        assert_eq!(server.check_header(kind, 1), Err(Error::InvalidState), "a message is under way in parts");
    }
    assert_eq!(connection(limited(Role::Client)).check_header(Binary, 1), Err(Error::InvalidState));
    server.close(CloseCode::NORMAL_CLOSURE, "", ms(0)).unwrap();
    assert_eq!(server.check_header(Binary, 1), Err(Error::InvalidState));
}

#[cfg(feature = "deflate")]
#[test]
fn a_message_that_would_be_compressed_is_not_left_to_the_host() {
    let mut server = connection(opened(Role::Server).deflate(true).deflate_threshold(100));
    assert_eq!(server.check_header(MessageKind::Binary, 99), Ok(()));
    assert_eq!(server.check_header(MessageKind::Binary, 100), Err(Error::InvalidState));
    server.set_compression(false);
    assert_eq!(server.check_header(MessageKind::Binary, 100), Ok(()));
}

/// Wherever a transport stops, what it is given is the same.
#[test]
fn the_rest_of_a_payload_follows_what_was_written() {
    let payload: Vec<u8> = (0..300).map(|byte| byte as u8).collect();
    let wire = [
        frames::server(FIN | TEXT, b"before"),
        frames::server(FIN | BINARY, &payload),
        frames::server(FIN | TEXT, b"behind"),
    ];
    for taken in 0..wire[0].len() + wire[1].len() {
        let mut server = connection(opened(Role::Server));
        server.send_text("before").unwrap();
        server.send_header(MessageKind::Binary, 300, true).unwrap();
        let mut written = [server.output(), &payload].concat();
        written.truncate(taken);
        let of_output = taken.min(server.output().len());
        server.send_rest(&payload[taken - of_output..]).unwrap();
        server.written(of_output).unwrap();
        server.send_text("behind").unwrap();
        written.extend_from_slice(server.output());
        assert_eq!(written, wire.concat(), "{taken}");
    }
}

#[test]
fn the_rest_of_a_payload_needs_a_header_and_room() {
    let mut server = connection(opened(Role::Server).output_soft_limit(500).output_hard_limit(1000));
    assert_eq!(server.send_rest(b"x"), Err(Error::InvalidState), "no header");
    server.send_header(MessageKind::Binary, 998, true).unwrap();
    assert_eq!(server.send_rest(&[0; 997]), Err(Error::WouldBlock));
    assert_eq!(server.send_rest(&[0; 996]), Ok(()));
    assert_eq!(server.pending_output(), 1000);
    let mut client = client();
    client.ping(&[], ms(0)).unwrap();
    assert_eq!(client.send_rest(b"x"), Err(Error::InvalidState), "its payloads are masked");
}
