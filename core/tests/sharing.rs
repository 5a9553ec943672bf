//! What the connections of one configuration share, and its limits: large buffers, compressors, inflaters.

mod common;

use std::time::Duration;

use common::frames::{self, BINARY, CONTINUATION, FIN};
use sansock::{Config, Connection, Event, Received, Role};

const NOW: Duration = Duration::ZERO;
#[cfg(feature = "deflate")]
const RSV1: u8 = 0x40;

fn receive(connection: &mut Connection, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut input = bytes.to_vec();
    let Received { consumed, events, .. } = connection.receive(&mut input, NOW);
    assert_eq!(consumed, bytes.len());
    let data = events.map(|event| match event {
        Event::Binary(binary) => binary.data.to_vec(),
        other => panic!("{other:?}"),
    });
    data.collect()
}

/// A buffer that is larger than all that is kept goes back to the system, and not at the cost of those that are kept.
#[test]
fn a_message_larger_than_what_is_kept() {
    let config = Config::builder(Role::Client).start_open(true).max_message_size(64 << 20).build().unwrap();
    for len in [30 << 20, 1 << 20] {
        let mut connection = Connection::new(&config, [1; 32], NOW).unwrap();
        let half = vec![len as u8; len / 2];
        assert!(receive(&mut connection, &frames::server(BINARY, &half)).is_empty());
        let messages = receive(&mut connection, &frames::server(FIN | CONTINUATION, &half));
        assert!(messages.len() == 1 && messages[0] == [&half[..], &half].concat());
        connection.send_binary(&messages[0][..len.min(24 << 20)]).unwrap();
        connection.written(connection.output().len()).unwrap();
        connection.timeout(Duration::from_secs(2)).events.for_each(drop);
        let held = connection.memory_usage();
        assert!(held < 10_000, "an idle connection holds {held} bytes");
    }
}

/// More messages are under way at once than inflaters are kept, and each has its own.
#[cfg(feature = "deflate")]
#[test]
fn more_inflaters_are_in_use_than_are_kept() {
    let [server, client] = [Role::Server, Role::Client]
        .map(|role| Config::builder(role).start_open(true).deflate(true).deflate_threshold(1).build().unwrap());
    let mut pairs: Vec<_> =
        (0..12).map(|_| [&client, &server].map(|config| Connection::new(config, [5; 32], NOW).unwrap())).collect();
    for round in 0..3 {
        let mut rest = Vec::new();
        for (number, [client, server]) in pairs.iter_mut().enumerate() {
            let message = format!("the message {number} of round {round}, ").repeat(20).into_bytes();
            client.send_binary(&message).unwrap();
            let frame = frames::read_all(client.output()).swap_remove(0);
            client.written(client.output().len()).unwrap();
            assert_eq!(frame.first, FIN | RSV1 | BINARY);
            let (start, end) = frame.payload.split_at(frame.payload.len() / 2);
            assert!(receive(server, &frames::to(Role::Server, RSV1 | BINARY, start)).is_empty());
            rest.push((end.to_vec(), message));
        }
        for ([_, server], (end, message)) in pairs.iter_mut().zip(rest) {
            assert_eq!(receive(server, &frames::to(Role::Server, FIN | CONTINUATION, &end)), [message]);
        }
    }
}

/// RFC 7692 §7.1.2.1: connections of one server agree on windows of their own, and each is sent what fits in its window,
/// whichever compressors are free.
#[cfg(feature = "deflate")]
#[test]
fn section_7_1_2_1_each_connection_has_its_own_window() {
    let config = Config::server().deflate(true).deflate_threshold(1).server_no_context_takeover(true).build().unwrap();
    let mut connections = Vec::new();
    for bits in [9, 15, 12, 9, 15, 10] {
        let offer = format!("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits={bits}");
        let mut connection = Connection::new(&config, [3; 32], NOW).unwrap();
        let mut request = common::drive::request_with(&[&offer]);
        assert!(matches!(connection.receive(&mut request, NOW).events.next(), Some(Event::Request(_))));
        connection.accept(None, NOW).unwrap().events.for_each(drop);
        connection.written(connection.output().len()).unwrap();
        connections.push((bits, connection));
    }
    let noise: Vec<u8> = (0..8000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let message = noise.repeat(2);
    for _ in 0..3 {
        for (bits, connection) in &mut connections {
            connection.send_binary(&message).unwrap();
            let frame = frames::read_all(connection.output()).swap_remove(0);
            connection.written(connection.output().len()).unwrap();
            let furthest = common::deflate::distances(&frame.payload).into_iter().max().unwrap_or(0);
            assert!(furthest <= 1 << *bits, "{furthest} in a window of {bits} bits");
            assert_eq!(furthest == 8000, *bits > 12, "the repetition is used where it can be");
        }
    }
}

/// The inflater stops where the room for a step ends, also inside the last match.
#[cfg(feature = "deflate")]
#[test]
fn messages_of_every_length_around_a_step_of_the_inflater() {
    let [mut server, mut client] = [Role::Server, Role::Client].map(|role| {
        let config = Config::builder(role).start_open(true).deflate(true).deflate_threshold(1);
        let config = config.server_no_context_takeover(true).client_no_context_takeover(true).build().unwrap();
        Connection::new(&config, [7; 32], NOW).unwrap()
    });
    for len in (1..2400).chain(3900..4400).chain(8000..8500) {
        let message = vec![b'a'; len];
        client.send_binary(&message).unwrap();
        let wire = client.output().to_vec();
        client.written(wire.len()).unwrap();
        assert_eq!(receive(&mut server, &wire), [message], "{len} bytes");
    }
}
