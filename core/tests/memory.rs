//! Memory, measured by an allocator that counts: what a message costs, what an idle connection holds, and what a
//! hostile peer can make it hold: no more than a message, the output limit, and 64 KiB.

#[path = "common/allocator.rs"]
mod allocator;
mod common;

use allocator::{CALLS, LIVE, held_since, peak_of};
use common::drive::{REQUEST, client, client_and_answer, ms, opened, request_with, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::{Config, ConfigBuilder, Connection, Event, Received, Role};

/// One read of an echo host: events handled in place, the output written. Nothing here allocates.
fn echo(connection: &mut Connection, buffer: &mut [u8]) -> usize {
    let mut at = 0;
    let mut messages = 0;
    loop {
        let Received { consumed, events, sender } = connection.receive(&mut buffer[at..], ms(0));
        for event in events {
            match event {
                Event::Text(text) => sender.send_text(text.text).unwrap(),
                Event::Binary(binary) => sender.send_binary(binary.data).unwrap(),
                _ => continue,
            }
            messages += 1;
        }
        at += consumed;
        let written = connection.output().len();
        connection.written(written).unwrap();
        if at == buffer.len() && !connection.has_more() {
            return messages;
        }
    }
}

/// A connection of a configuration of its own.
fn connection(config: ConfigBuilder) -> Connection {
    Connection::new(&config.build().unwrap(), seed(), ms(0)).unwrap()
}

/// Allocations of a thousand reads like this one, after ten that may find their room.
fn allocations_of_a_thousand(role: Role, read: &[u8], mut host: impl FnMut(&mut Connection, &mut [u8])) -> usize {
    let mut buffer = read.to_vec();
    let mut connection = connection(opened(role));
    let mut once = || {
        buffer.copy_from_slice(read);
        host(&mut connection, &mut buffer);
    };
    (0..10).for_each(|_| once());
    let before = CALLS.get();
    (0..1000).for_each(|_| once());
    CALLS.get() - before
}

#[test]
fn a_message_inside_one_read_allocates_nothing() {
    for role in [Role::Server, Role::Client] {
        for (first, len, count) in [
            (TEXT, 0, 1),
            (TEXT, 5, 1),
            (BINARY, 125, 3),
            (BINARY, 1, 64),
            (TEXT, 126, 20),
            (BINARY, 70_000, 1),
            (PING, 9, 1),
        ] {
            let read = frames::to(role, FIN | first, &vec![b'm'; len]).repeat(count);
            let calls = allocations_of_a_thousand(role, &read, |connection, buffer| {
                let len = buffer.len();
                let Received { consumed, events, .. } = connection.receive(buffer, ms(0));
                assert_eq!(consumed, len);
                assert_eq!(events.count(), count);
                let written = connection.output().len();
                connection.written(written).unwrap();
            });
            assert_eq!(calls, 0, "{role:?}: {count} frames of {len} bytes in a read");
        }
    }
}

#[test]
fn a_small_echo_allocates_nothing() {
    for role in [Role::Server, Role::Client] {
        for (opcode, len, count) in [(TEXT, 5, 1), (TEXT, 100, 1), (BINARY, 1, 10), (BINARY, 0, 3)] {
            let read = frames::to(role, FIN | opcode, &vec![b'm'; len]).repeat(count);
            let calls = allocations_of_a_thousand(role, &read, |connection, buffer| {
                assert_eq!(echo(connection, buffer), count)
            });
            assert_eq!(calls, 0, "{role:?}: {count} messages of {len} bytes in a read");
        }
    }
}

/// An idle connection keeps no large output buffer, but its configuration does.
#[test]
fn a_larger_echo_allocates_nothing_either() {
    for role in [Role::Server, Role::Client] {
        for (opcode, len, count) in
            [(TEXT, 125, 1), (TEXT, 1000, 1), (BINARY, 1, 64), (BINARY, 60, 30), (BINARY, 100_000, 1)]
        {
            let read = frames::to(role, FIN | opcode, &vec![b'm'; len]).repeat(count);
            let calls = allocations_of_a_thousand(role, &read, |connection, buffer| {
                assert_eq!(echo(connection, buffer), count)
            });
            assert_eq!(calls, 0, "{role:?}: {count} messages of {len} bytes in a read");
        }
    }
}

/// Writes all output.
fn write(connection: &mut Connection) -> usize {
    let len = connection.output().len();
    connection.written(len).unwrap();
    len
}

/// Of one connection or of several in turn, and with small messages between the larger ones.
#[test]
fn messages_that_are_written_one_at_a_time_allocate_nothing() {
    let message = vec![b'm'; 200_000];
    for role in [Role::Server, Role::Client] {
        for lens in [&[20][..], &[1024], &[130, 1024, 20, 60_000], &[100_000, 2, 2]] {
            let config = opened(role).build().unwrap();
            let mut connections: Vec<_> = (0..3).map(|_| Connection::new(&config, seed(), ms(0)).unwrap()).collect();
            let mut round = || {
                for len in lens {
                    for connection in &mut connections {
                        connection.send_binary(&message[..*len]).unwrap();
                        assert!(write(connection) > *len);
                    }
                }
            };
            (0..3).for_each(|_| round());
            let before = CALLS.get();
            (0..50).for_each(|_| round());
            assert_eq!(CALLS.get() - before, 0, "{role:?}: {lens:?}");
        }
    }
}

/// What earlier output needed says nothing of what comes.
#[test]
fn a_pong_after_a_large_message_takes_little() {
    for role in [Role::Server, Role::Client] {
        let mut connection = connection(opened(role).output_hard_limit(32 << 20));
        let idle = connection.memory_usage();
        connection.send_binary(&vec![b'm'; 16 << 20]).unwrap();
        assert!(connection.memory_usage() > 16 << 20);
        write(&mut connection);
        assert_eq!(connection.memory_usage(), idle);
        for payload in [&b"hi"[..], &[7; 125]] {
            connection.pong(payload).unwrap();
            assert!(connection.memory_usage() - idle < 4096, "{} and {idle}", connection.memory_usage());
            write(&mut connection);
        }
    }
}

/// What a slow reader has read gives its room to what comes.
#[test]
fn a_slow_reader_makes_the_output_hold_the_limit_and_a_fourth() {
    for role in [Role::Server, Role::Client] {
        for (limit, len, read) in
            [(100_000, 1, 40), (2_100_000, 1000, 700), (8_400_000, 300_000, 65_536), (20_000_000, 1_000_000, 400_000)]
        {
            let mut connection = connection(opened(role).output_hard_limit(limit as u64));
            let message = vec![b'm'; len];
            let (mut refused, mut most, mut written) = (0, 0, 0);
            while refused < 3 || written < 3 * limit {
                match connection.send_binary(&message) {
                    Ok(()) => most = most.max(connection.memory_usage()),
                    Err(_) => {
                        refused += 1;
                        connection.written(read).unwrap();
                        written += read;
                    }
                }
            }
            assert!(most <= limit + limit / 4 + 1024, "{role:?}, {limit}, {len}: {most}");
        }
    }
}

/// While one connection has the warm buffer, others take what the allocator gives. The configuration keeps a few of those
/// buffers, whether they were written or not.
#[test]
fn output_that_waits_is_its_connections() {
    const CONNECTIONS: usize = 100;
    const LEN: usize = 100_000;
    let message = vec![b'm'; LEN];
    for role in [Role::Server, Role::Client] {
        let config = opened(role).build().unwrap();
        let before = LIVE.get();
        let mut connections: Vec<_> =
            (0..CONNECTIONS).map(|_| Connection::new(&config, seed(), ms(0)).unwrap()).collect();
        for connection in &mut connections {
            connection.send_binary(&message).unwrap();
        }
        assert!(held_since(before) > CONNECTIONS * LEN);
        for connection in &mut connections[..CONNECTIONS / 2] {
            write(connection);
            assert!(connection.memory_usage() <= 1024, "{role:?}: {}", connection.memory_usage());
        }
        drop(connections);
        let held = held_since(before);
        assert!((LEN..=3 * LEN).contains(&held), "{role:?}: {held} wait");
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        let calls = CALLS.get();
        connection.send_binary(&message).unwrap();
        assert_eq!(CALLS.get() - calls, 0, "{role:?}: a buffer that was lent has not come back");
    }
}

/// After a handshake and one echo, with all that belongs to the connection and its own size.
#[test]
fn an_idle_connection_holds_less_than_one_kib() {
    let server_config = Config::server().build().unwrap();
    let client_config = client().subprotocol("chat");
    let mut request = request_with(&[
        "Origin: http://a",
        "User-Agent: a browser with a rather long name/1.0 (of some kind)",
        "Cookie: id=0123456789",
    ]);
    let before = LIVE.get();
    let mut server = Connection::new(&server_config, seed(), ms(0)).unwrap();
    server.receive(&mut request, ms(0)).events.for_each(drop);
    server.accept(None, ms(0)).unwrap().events.for_each(drop);
    let answer_len = server.output().len();
    server.written(answer_len).unwrap();
    let mut frame = frames::to(Role::Server, FIN | TEXT, b"hello");
    let frame_size = frame.capacity();
    assert_eq!(echo(&mut server, &mut frame), 1);
    let held = held_since(before) - frame_size + size_of::<Connection>();
    assert!(
        held <= 1024,
        "a server holds {held}: {} itself, {} by its own count",
        size_of::<Connection>(),
        server.memory_usage()
    );

    let (_, mut answer) = client_and_answer(client_config.clone());
    let client_config = client_config.build().unwrap();
    let mut frame = frames::to(Role::Client, FIN | TEXT, b"hello");
    // The warm buffer is the configuration's. With the request of another client it has grown.
    write(&mut Connection::new(&client_config, seed(), ms(0)).unwrap());
    let before = LIVE.get();
    let mut client = Connection::new(&client_config, seed(), ms(0)).unwrap();
    let request_len = client.output().len();
    client.written(request_len).unwrap();
    client.receive(&mut answer, ms(0)).events.for_each(drop);
    assert_eq!(echo(&mut client, &mut frame), 1);
    let held = held_since(before) + size_of::<Connection>();
    assert!(held <= 1024, "a client holds {held}");
    assert!(client.memory_usage().abs_diff(held) <= 64, "memory_usage says {}, {held} are held", client.memory_usage());
}

/// A message that came in pieces is the connection's until the next input call, for a second at most.
#[test]
fn the_memory_of_a_large_message_is_given_back_without_input() {
    for role in [Role::Server, Role::Client] {
        let config = opened(role).build().unwrap();
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        let before = connection.memory_usage();
        let mut frame = frames::to(role, FIN | BINARY, &vec![b'm'; 16 << 20]);
        let half = frame.len() / 2;
        echo(&mut connection, &mut frame[..half]);
        assert_eq!(connection.receive(&mut frame[half..], ms(500)).events.count(), 1);
        assert!(connection.memory_usage() > 16 << 20);
        assert_eq!(connection.next_deadline(), Some(ms(1500)), "RFC 6455 §10.4: memory is bounded");
        assert_eq!(connection.timeout(ms(1500)).events.count(), 0);
        assert!(connection.memory_usage() <= before + 64, "{} and {before}", connection.memory_usage());
        assert_eq!(connection.next_deadline(), None);
    }
}

/// Messages and control frames whole and cut, output of many sizes: what is kept for the next one stays small.
#[test]
fn small_traffic_leaves_an_idle_connection_small() {
    for role in [Role::Server, Role::Client] {
        // Shared by all connections of one configuration, so not theirs; nor is the warm buffer, once it has its size.
        let config = opened(role).build().unwrap();
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        connection.send_binary(&[b'm'; 5000]).unwrap();
        write(&mut connection);
        drop(connection);
        let before = LIVE.get();
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        let mut most = 0;
        for len in (0..126).chain([200, 250, 256, 300, 400, 500, 1000, 5000]) {
            for first in [FIN | BINARY, FIN | PING].into_iter().filter(|first| len <= 125 || *first == FIN | BINARY) {
                for cut in [0, 1, 3, 8, len] {
                    let mut frame = frames::to(role, first, &vec![b'm'; len]);
                    let cut = cut.min(frame.len());
                    echo(&mut connection, &mut frame[..cut]);
                    echo(&mut connection, &mut frame[cut..]);
                    drop(frame);
                    for _ in 0..8 {
                        let mut tiny = frames::to(role, FIN | PING, b"");
                        echo(&mut connection, &mut tiny);
                    }
                    most = most.max(held_since(before) + size_of::<Connection>());
                }
            }
        }
        assert!(most <= 1024, "{role:?} holds {most}");
    }
}

const MESSAGE: u64 = 300_000;
const OUTPUT: u64 = 100_000;
const PROMISE: usize = (MESSAGE + OUTPUT) as usize + 64 * 1024;

fn limited(config: ConfigBuilder) -> Config {
    config.max_message_size(MESSAGE).output_hard_limit(OUTPUT).build().unwrap()
}

/// What a connection holds at most while it is fed the same bytes again and again, and nothing is written.
fn peak_while_fed(config: &Config, start: &[u8], flood: &[u8], times: usize) -> usize {
    let mut input = start.to_vec();
    let mut buffer = flood.to_vec();
    peak_of(|| {
        let mut connection = Connection::new(config, seed(), ms(0)).unwrap();
        feed(&mut connection, &mut input);
        for _ in 0..times {
            buffer.copy_from_slice(flood);
            feed(&mut connection, &mut buffer);
        }
        assert!(connection.memory_usage() <= PROMISE, "memory_usage says {}", connection.memory_usage());
    }) + size_of::<Connection>()
}

/// As a host that never writes. What cannot be consumed is dropped.
fn feed(connection: &mut Connection, buffer: &mut [u8]) {
    let mut at = 0;
    loop {
        let Received { consumed, events, .. } = connection.receive(&mut buffer[at..], ms(0));
        let events = events.count();
        at += consumed;
        if (at == buffer.len() || (consumed == 0 && events == 0)) && !connection.has_more() {
            return;
        }
    }
}

#[test]
fn floods_stay_within_the_promise() {
    for role in [Role::Server, Role::Client] {
        let to = |first, payload: &[u8]| frames::to(role, first, payload);
        let large = |len: usize| to(BINARY, &vec![1; len]);
        let floods: [(&str, Vec<u8>, Vec<u8>, usize); 9] = [
            ("pings", vec![], to(FIN | PING, &[7; 125]).repeat(100), 300),
            ("empty pings", vec![], to(FIN | PING, b"").repeat(1000), 100),
            ("pings inside a large message", large(299_000), to(FIN | PING, &[7; 125]).repeat(100), 100),
            ("empty fragments", to(TEXT, b""), to(CONTINUATION, b"").repeat(100), 100),
            ("tiny fragments", to(BINARY, b"x"), to(CONTINUATION, b"x").repeat(100), 100),
            ("fragments of 64 bytes", to(BINARY, b"x"), to(CONTINUATION, &[9; 64]).repeat(10), 600),
            ("a message that never ends", to(FIN | BINARY, &vec![1; 300_000])[..200_000].to_vec(), vec![1; 1000], 99),
            ("large messages in pieces", to(FIN | BINARY, &vec![1; 300_000])[..150_000].to_vec(), vec![1; 150_004], 1),
            ("closes", vec![], to(FIN | CLOSE, &[3, 232, b'x']).repeat(100), 100),
        ];
        for (name, start, flood, times) in floods {
            let peak = peak_while_fed(&limited(opened(role)), &start, &flood, times);
            assert!(peak <= PROMISE, "{name}, {role:?}: {peak} of {PROMISE}");
        }
    }
}

#[test]
fn fragmented_messages_in_one_read_stay_within_the_promise() {
    // Many finished messages that had to be joined, and one under way.
    let message =
        [frames::to(Role::Server, BINARY, &[1; 50_000]), frames::to(Role::Server, FIN | CONTINUATION, &[2; 50_000])]
            .concat();
    let flood = message.repeat(30);
    let peak = peak_while_fed(
        &limited(opened(Role::Server)),
        &frames::to(Role::Server, FIN | BINARY, &[0; 10])[..8],
        &flood,
        3,
    );
    // The joined messages of one read are copies of what the host holds in its own buffer.
    assert!(peak <= PROMISE + flood.len(), "{peak}");
}

#[test]
fn heads_and_backlogs_stay_within_64_kib_and_a_bit() {
    let config = limited(Config::server());
    let frame = frames::to(Role::Server, FIN | BINARY, &[0; 1000]);
    let peak = peak_while_fed(&config, REQUEST.as_bytes(), &frame, 200);
    assert!(peak <= PROMISE, "backlog: {peak}");
    let peak = peak_while_fed(
        &config,
        b"GET / HTTP/1.1\r\n",
        b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
        1000,
    );
    assert!(peak <= 64 * 1024, "endless head: {peak}");
    let client = limited(Config::client("ws://a/"));
    let peak = peak_while_fed(&client, b"HTTP/1.1 500 x\r\n\r\n", &[b'b'; 1000], 1000);
    assert!(peak <= PROMISE, "endless body: {peak}");
}

#[test]
fn a_connection_that_has_ended_gives_everything_back() {
    for role in [Role::Server, Role::Client] {
        let config = limited(opened(role));
        let before = LIVE.get();
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        let mut start = frames::to(role, BINARY, &[1; 5_000]);
        feed(&mut connection, &mut start);
        connection.receive(&mut frames::to(role, FIN | 3, b""), ms(0)).events.for_each(drop);
        drop(start);
        let written = connection.output().len();
        connection.written(written).unwrap();
        connection.timeout(ms(0)).events.for_each(drop);
        let held = held_since(before);
        assert!(held <= 1024, "{role:?} holds {held} after its end");
        drop(connection);
        assert_eq!(held_since(before), 0, "{role:?} leaves something behind");
    }
}

/// A connection that ends inside a compressed message keeps no inflater.
#[cfg(feature = "deflate")]
#[test]
fn a_connection_that_has_ended_inflates_no_more() {
    for (name, end) in [("a fault", &[0xc0, 0x80, 0, 0, 0, 0][..]), ("Close", &[0x88, 0x80, 0, 0, 0, 0])] {
        let mut connection = connection(opened(Role::Server).deflate(true));
        let mut start = vec![0x41, 0x85, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9];
        feed(&mut connection, &mut start);
        assert!(connection.memory_usage() > 40_000);
        feed(&mut connection, &mut end.to_vec());
        assert!(connection.memory_usage() <= 1024, "{name}: {}", connection.memory_usage());
    }
}

/// No input call need follow the last event, so the call that brings it frees what was gathered.
#[test]
fn the_end_of_the_stream_frees_what_came_of_a_message() {
    for role in [Role::Server, Role::Client] {
        let mut connection = connection(opened(role));
        feed(&mut connection, &mut frames::to(role, BINARY, &[1; 5_000]));
        assert!(connection.memory_usage() > 5_000);
        assert!(matches!(connection.receive_eof(ms(0)).events.next(), Some(Event::Closed(_))));
        assert!(connection.memory_usage() <= 1024, "{role:?} holds {}", connection.memory_usage());
    }
}

/// Large buffers wait at the configuration for the next connection that needs one: 24 megabytes of them at most.
#[cfg(feature = "std")]
#[test]
fn large_buffers_are_the_configurations() {
    for role in [Role::Server, Role::Client] {
        let config = opened(role).build().unwrap();
        let before = LIVE.get();
        let mut connections: Vec<_> = (0..30).map(|_| Connection::new(&config, seed(), ms(0)).unwrap()).collect();
        for connection in &mut connections {
            let mut message = frames::to(role, FIN | BINARY, &[1; 1_000_000]);
            let (first, rest) = message.split_at_mut(600_000);
            feed(connection, first);
            feed(connection, rest);
        }
        for connection in &mut connections {
            assert!(connection.timeout(ms(0)).events.next().is_none());
            assert!(connection.memory_usage() <= 1024, "{role:?}: {}", connection.memory_usage());
        }
        drop(connections);
        let held = held_since(before);
        assert!((1_000_000..=(24 << 20) + 4096).contains(&held), "{role:?}: {held} wait");
        drop(config);
    }
}

/// Messages that reads cut, one after the other, go through the same buffers, whatever the size of the read: no memory is
/// asked for, and no more waits than their growth needs.
#[cfg(feature = "std")]
#[test]
fn messages_one_after_the_other_share_their_buffers() {
    for (size, read) in [(100_000, 4096), (1 << 20, 16 * 1024), (1 << 20, 64 * 1024), (4 << 20, 64 * 1024)] {
        let config = opened(Role::Server).build().unwrap();
        let before = LIVE.get();
        let message = frames::to(Role::Server, FIN | BINARY, &vec![1; size]);
        let mut buffer = vec![0; message.len()];
        let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
        let mut once = || {
            buffer.copy_from_slice(&message);
            buffer.chunks_mut(read).for_each(|read| feed(&mut connection, read));
        };
        (0..10).for_each(|_| once());
        let calls = CALLS.get();
        (0..20).for_each(|_| once());
        assert_eq!(CALLS.get() - calls, 0, "{size} bytes in reads of {read}");
        connection.release();
        let held = held_since(before) - message.len() - buffer.len();
        assert!(held <= 4 * size, "{size} bytes in reads of {read}: {held} wait");
    }
}

/// So do those that are inflated, but for their first few KiB, which are left to the allocator.
#[cfg(all(feature = "std", feature = "deflate"))]
#[test]
fn inflated_messages_one_after_the_other_share_their_buffers() {
    for (size, read) in [(100_000, 4096), (1 << 20, 64 * 1024), (4 << 20, 64 * 1024)] {
        let config = opened(Role::Server).deflate(true).build().unwrap();
        let before = LIVE.get();
        let mut client = connection(opened(Role::Client).deflate(true));
        let mut server = Connection::new(&config, seed(), ms(0)).unwrap();
        let message: Vec<u8> = (0..size as u32).flat_map(|number| [(number >> 8) as u8, number as u8]).collect();
        let mut output = Vec::with_capacity(4 * size);
        let mut calls = 0;
        for round in 0..12 {
            client.send_binary(&message[..size]).unwrap();
            output.clear();
            output.extend_from_slice(client.output());
            client.written(output.len()).unwrap();
            let before = CALLS.get();
            output.chunks_mut(read).for_each(|read| feed(&mut server, read));
            calls += if round < 6 { 0 } else { CALLS.get() - before };
        }
        assert!(calls <= 6, "{size} bytes in reads of {read}: {calls}");
        drop((client, server, output, message));
        let held = held_since(before);
        assert!(held <= 4 * size + CODECS, "{size} bytes in reads of {read}: {held} wait");
    }
}

/// Buffers that nobody takes make room for those that are in use.
#[cfg(feature = "std")]
#[test]
fn buffers_that_wait_too_long_are_freed() {
    // As many of these as may wait are too large for small reads, and leave no room for another one.
    let large = (24 << 20) / 25;
    let config = opened(Role::Server).max_message_size(large as u64).build().unwrap();
    let mut connections: Vec<_> = (0..30).map(|_| Connection::new(&config, seed(), ms(0)).unwrap()).collect();
    for connection in &mut connections {
        let mut message = frames::to(Role::Server, FIN | BINARY, &vec![1; large]);
        message.chunks_mut(large / 2).for_each(|read| feed(connection, read));
    }
    connections.iter_mut().for_each(Connection::release);
    let message = frames::to(Role::Server, FIN | BINARY, &[1; 60_000]);
    let mut calls = [0; 3];
    for calls in &mut calls {
        let (mut message, before) = (message.clone(), CALLS.get());
        message.chunks_mut(30_000).for_each(|read| feed(&mut connections[0], read));
        *calls = CALLS.get() - before;
    }
    assert_eq!(calls[2], 0, "the buffer of the first message serves the next");
}

/// A compressor and an inflater of zlib-rs, with the largest window and at memory level 8.
#[cfg(feature = "deflate")]
const CODECS: usize = 380_160 + 47_680;

/// Agreed on and not used, compression costs nothing. Used, it costs what the next message may refer to; the compressors
/// and inflaters are few, and the configuration's. Where each message stands alone it costs nothing again.
#[cfg(feature = "deflate")]
#[test]
fn compression_costs_its_window() {
    const CONNECTIONS: usize = 100;
    let said = [7; 1000];
    for (bits, level, alone) in [(15, 8, false), (9, 1, false), (12, 5, true)] {
        let plain = connection(opened(Role::Server)).memory_usage();
        let config = opened(Role::Server).deflate(true).server_max_window_bits(bits).deflate_mem_level(level);
        let config = config.server_no_context_takeover(alone).client_no_context_takeover(alone).build().unwrap();
        let mut connections = Vec::with_capacity(CONNECTIONS);
        let before = LIVE.get();
        for _ in 0..CONNECTIONS {
            let mut connection = Connection::new(&config, seed(), ms(0)).unwrap();
            assert_eq!(connection.memory_usage(), plain);
            let mut hello = vec![0xc1, 0x87, 0, 0, 0, 0, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
            assert_eq!(connection.receive(&mut hello, ms(0)).events.count(), 1);
            connection.send_binary(&said).unwrap();
            let written = connection.output().len();
            connection.written(written).unwrap();
            connection.receive(&mut [], ms(0)).events.for_each(drop);
            connections.push(connection);
        }
        let held = held_since(before);
        let reported: usize = connections.iter().map(Connection::memory_usage).sum();
        let reported = reported - CONNECTIONS * size_of::<Connection>();
        let pool = held.checked_sub(reported).expect("no more is reported than is held");
        let pooled = if alone { 1 } else { 8 };
        assert!(pool <= pooled * (CODECS + 512), "the pool holds {pool}");
        let each = reported / CONNECTIONS + size_of::<Connection>();
        let window = if alone { 0 } else { said.len().min(1 << bits) };
        assert!(each.abs_diff(plain + window) <= 256, "{each} each, {plain} without");
    }
}

/// However much is said, a connection keeps no more of it than the windows.
#[cfg(feature = "deflate")]
#[test]
fn the_window_bounds_what_compression_keeps() {
    let mut ends = [Role::Server, Role::Client].map(|role| connection(opened(role).deflate(true)));
    let plain = ends.each_ref().map(Connection::memory_usage);
    for round in 0..200u32 {
        for from in 0..2 {
            let message: Vec<u8> = (0..3000u32).map(|i| (i * i / 7 + round * 31) as u8).collect();
            ends[from].send_binary(&message).unwrap();
            let mut wire = ends[from].output().to_vec();
            ends[from].written(wire.len()).unwrap();
            let mut received = ends[1 - from].receive(&mut wire, ms(0));
            assert!(matches!(received.events.next(), Some(Event::Binary(binary)) if binary.data == message));
        }
    }
    for (end, plain) in ends.iter_mut().zip(plain) {
        end.receive(&mut [], ms(0)).events.for_each(drop);
        let kept = end.memory_usage() - plain;
        assert!((32 * 1024..=(32 + 8) * 1024 + 512).contains(&kept), "{kept}");
    }
}

/// What a call allocates: how often, and how many bytes it keeps.
fn cost_of<T>(call: impl FnOnce() -> T) -> (usize, usize) {
    let (calls, live) = (CALLS.get(), LIVE.get());
    let kept = call();
    let cost = (CALLS.get() - calls, held_since(live));
    drop(kept);
    cost
}

/// Whichever of its parts is long, and for no more than it needs.
#[test]
fn a_request_has_its_room_at_once() {
    const LONG: usize = 3000;
    let long = "x".repeat(LONG);
    let cost = |config: ConfigBuilder| {
        let config = config.build().unwrap();
        cost_of(|| Connection::new(&config, seed(), ms(0)).unwrap())
    };
    let (calls, held) = cost(Config::client("ws://a/"));
    let plain = || Config::client("ws://a/");
    for (times, config) in [
        (1, Config::client(&format!("ws://a/{long}"))),
        (1, Config::client(&format!("ws://{long}/"))),
        (2, Config::client(&format!("ws://{long}@a/"))), // in base64
        (1, plain().origin(&format!("http://{long}"))),
        (1, plain().subprotocol(&long)),
        (1, plain().header("X-Long", &long)),
        (4, Config::client(&format!("ws://{long}/{long}")).origin(&long).subprotocol(&long)),
    ] {
        let (more_calls, more) = cost(config);
        assert_eq!(more_calls, calls);
        assert!((LONG..=held + times * LONG + 100).contains(&more), "{more} bytes for {times} times {LONG}");
    }
}

#[test]
fn a_header_has_its_room_at_once() {
    let mut server = connection(Config::server());
    let mut request = REQUEST.as_bytes().to_vec();
    server.receive(&mut request, ms(0)).events.count();
    let value = [b'v'; 3000];
    let (calls, held) = cost_of(|| server.add_response_header("X-Long", value).unwrap());
    assert_eq!((calls, held), (1, "X-Long: \r\n".len() + value.len()));
}

/// However many there are of each, and for as many records as there are.
#[test]
fn the_details_of_a_request_have_their_room_at_once() {
    let request = |subprotocols: usize, extensions: usize, fields: usize| {
        let list = |name: &str, count: usize| match count {
            0 => None,
            _ => Some(format!(
                "{name}: {}",
                (0..count).map(|number| format!("a{number}")).collect::<Vec<_>>().join(", ")
            )),
        };
        let lists = [list("Sec-WebSocket-Protocol", subprotocols), list("Sec-WebSocket-Extensions", extensions)];
        let lines: Vec<String> =
            lists.into_iter().flatten().chain((0..fields).map(|number| format!("X{number}: y"))).collect();
        request_with(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let cost = |mut bytes: Vec<u8>| {
        let mut server = connection(Config::server());
        let calls = CALLS.get();
        let is_asked = |event| matches!(event, Some(Event::Request(_)));
        let peak = peak_of(|| assert!(is_asked(server.receive(&mut bytes, ms(0)).events.next())));
        (CALLS.get() - calls, peak)
    };
    // Room that is too small costs one more.
    assert_eq!(cost(request(0, 0, 40)).0, 4);
    let (_, peak) = cost(request(30, 15, 40));
    assert!(peak <= 7000, "{peak}");
}
