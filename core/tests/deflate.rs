//! permessage-deflate (RFC 7692) between two engines.
#![cfg(feature = "deflate")]

use sansock::batch::kind;
use sansock::config::{Config, Role};
use sansock::{Connection, Error, Event, FaultKind};

/// A small deterministic generator (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Text with repetitions near and far, or noise.
    fn message(&mut self, words: &[String]) -> String {
        let len = self.next() % 60;
        (0..len).map(|_| words[(self.next() % words.len() as u64) as usize].as_str()).collect()
    }
}

fn pair(configure: impl Fn(&mut Config)) -> (Connection, Connection) {
    let mut server = Config::server();
    let mut client = Config::client("ws://example.com/").unwrap();
    server.deflate(1).unwrap();
    client.deflate(1).unwrap();
    configure(&mut server);
    configure(&mut client);
    let mut server = Connection::new(&server, [1; 32], 0).unwrap();
    let mut client = Connection::new(&client, [2; 32], 0).unwrap();
    carry(&mut client, &mut server);
    server.accept(None, 0).unwrap();
    server.records();
    carry(&mut server, &mut client);
    (client, server)
}

/// Carries all output, and returns the messages it made.
fn carry(from: &mut Connection, to: &mut Connection) -> Vec<String> {
    let mut bytes = from.output().to_vec();
    from.written(bytes.len()).unwrap();
    let mut at = 0;
    let mut messages = Vec::new();
    let mut growing = String::new();
    loop {
        let taken = to.receive(&mut bytes[at..], 0);
        for event in to.events(&bytes[at..]).0 {
            match event {
                Event::Text(text) => {
                    growing.push_str(text.text);
                    if text.last {
                        messages.push(std::mem::take(&mut growing));
                    }
                }
                Event::Closed(closed) => panic!("{closed:?}"),
                _ => {}
            }
        }
        at += taken;
        if at == bytes.len() && !to.more() {
            return messages;
        }
    }
}

#[test]
fn messages_survive_every_window_and_both_takeover_modes() {
    let mut random = Random(7);
    let words: Vec<String> = (0..400).map(|index| format!("word{index}é {} ", index * index)).collect();
    for parts in [0, 1] {
        for bits in 8..=15 {
            for alone in [0, 1] {
                let (mut client, mut server) = pair(|config| {
                    config.server_max_window_bits(bits).unwrap().client_max_window_bits(bits).unwrap();
                    config.server_no_context_takeover(alone).unwrap().client_no_context_takeover(alone).unwrap();
                    config.parts(parts).unwrap().deflate_threshold(1).unwrap();
                });
                let mut sent = [Vec::new(), Vec::new()];
                let mut received = [Vec::new(), Vec::new()];
                for _ in 0..60 {
                    for (index, end) in [&mut client, &mut server].into_iter().enumerate() {
                        let message = random.message(&words);
                        if random.next().is_multiple_of(4) {
                            let cut = message.len() / 3;
                            end.send_part(kind::TEXT, &message.as_bytes()[..cut], false).unwrap();
                            end.ping(b"between", 0).unwrap();
                            let empty_end = random.next().is_multiple_of(2);
                            end.send_part(kind::TEXT, &message.as_bytes()[cut..], !empty_end).unwrap();
                            if empty_end {
                                end.send_part(kind::TEXT, b"", true).unwrap();
                            }
                        } else {
                            end.set_compression(!random.next().is_multiple_of(5));
                            end.send_text(&message).unwrap();
                        }
                        sent[index].push(message);
                    }
                    received[0].extend(carry(&mut client, &mut server));
                    received[1].extend(carry(&mut server, &mut client));
                }
                assert_eq!(sent, received, "{bits} bits, alone {alone}, parts {parts}");
            }
        }
    }
}

/// Connections of one configuration, more of them than it has compressors, in turn and in disorder.
#[test]
fn many_connections_share_a_few_compressors() {
    let mut random = Random(11);
    let words: Vec<String> = (0..400).map(|index| format!("word{index}é {} ", index * index)).collect();
    for (bits, alone, parts) in [(15, 0, 0), (15, 0, 1), (10, 0, 0), (15, 1, 0)] {
        let [server, client] = [Role::Server, Role::Client].map(|role| {
            let mut config = Config::new(role);
            config.start_open(1).unwrap().deflate(1).unwrap().deflate_threshold(1).unwrap().parts(parts).unwrap();
            config.server_max_window_bits(bits).unwrap().client_max_window_bits(bits).unwrap();
            config.server_no_context_takeover(alone).unwrap().client_no_context_takeover(alone).unwrap();
            config
        });
        let mut pairs: Vec<_> =
            (0..30).map(|_| [&client, &server].map(|config| Connection::new(config, [5; 32], 0).unwrap())).collect();
        for _ in 0..1500 {
            let pair = random.next() as usize % pairs.len();
            let [one, other] = &mut pairs[pair];
            let (from, to) = if random.next().is_multiple_of(2) { (one, other) } else { (other, one) };
            let message = random.message(&words);
            if random.next().is_multiple_of(4) {
                // Both ends give everything back between the parts of a message, or hold on to it.
                let cut = message.len() / 2;
                from.send_part(kind::BINARY, &message.as_bytes()[..cut], false).unwrap();
                from.send_part(kind::BINARY, &message.as_bytes()[cut..], true).unwrap();
                let mut wire = from.output().to_vec();
                from.written(wire.len()).unwrap();
                let mut received = Vec::new();
                let mut at = 0;
                while at < wire.len() || to.more() {
                    let (taken, events, _) = to.receive_events(&mut wire[at..], 0);
                    for event in events {
                        if let Event::Binary(binary) = event {
                            received.extend_from_slice(binary.data);
                        }
                    }
                    at += taken;
                }
                assert!(received == message.as_bytes());
            } else {
                from.send_text(&message).unwrap();
                assert_eq!(carry(from, to).concat(), message);
            }
        }
    }
}

/// References over the whole window, to inflaters that served others meanwhile: the clients have a compressor each, the
/// servers share eight inflaters.
#[test]
fn a_shared_inflater_knows_the_whole_window() {
    let mut random = Random(23);
    for bits in [15, 11] {
        let config = |role| {
            let mut config = Config::new(role);
            config.start_open(1).unwrap().deflate(1).unwrap().client_max_window_bits(bits).unwrap();
            config
        };
        let server = config(Role::Server);
        let mut pairs: Vec<_> = (0..12)
            .map(|_| [&config(Role::Client), &server].map(|config| Connection::new(config, [5; 32], 0).unwrap()))
            .collect();
        let mut said: Vec<Vec<u8>> = vec![Vec::new(); pairs.len()];
        let window = 1 << bits;
        let mut saved = 0;
        for _ in 0..40 {
            for ([client, server], said) in pairs.iter_mut().zip(&mut said) {
                // Noise, and what was said long ago, but within the window.
                let mut message: Vec<u8> = (0..window / 12).map(|_| random.next() as u8).collect();
                if said.len() > window {
                    let far = said.len() - window * 7 / 10;
                    message.extend_from_slice(&said[far..far + window / 12]);
                }
                client.send_binary(&message).unwrap();
                let mut wire = client.output().to_vec();
                client.written(wire.len()).unwrap();
                saved += message.len() - wire.len().min(message.len());
                let (_, mut events, _) = server.receive_events(&mut wire, 0);
                assert!(matches!(events.next(), Some(Event::Binary(binary)) if binary.data == message));
                said.extend_from_slice(&message);
            }
        }
        assert!(saved > 10 * window, "the references were not made: {saved}");
    }
}

/// A connection that comes back finds its window, whoever used the compressors meanwhile; nobody finds another's: what one
/// connection says can be told from the length of what another says otherwise (RFC 7692 §8).
#[test]
fn contexts_of_connections_stay_apart() {
    let mut config = Config::new(Role::Server);
    config.start_open(1).unwrap().deflate(1).unwrap();
    let mut random = Random(3);
    let said: String = (0..500).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect();
    let mut say = |connection: &mut Connection| {
        connection.send_text(&said).unwrap();
        let written = connection.output().len();
        connection.written(written).unwrap();
        written
    };
    let mut connections: Vec<_> = (0..20).map(|_| Connection::new(&config, [5; 32], 0).unwrap()).collect();
    let first: Vec<_> = connections.iter_mut().map(&mut say).collect();
    assert!(first.iter().all(|len| *len == first[0] && *len > 300), "{first:?}");
    let again: Vec<_> = connections.iter_mut().map(&mut say).collect();
    assert!(again.iter().all(|len| *len < 30), "{again:?}");
    let at_once: Vec<_> = connections.iter_mut().map(|connection| (say(connection), say(connection))).collect();
    assert!(at_once.iter().all(|(one, other)| *one < 30 && *other < 30), "{at_once:?}");
}

/// Noise grows when it is compressed, most where the encoder has little memory: never beyond the room that was made for it,
/// which the engine asserts in debug builds, and the limit of the output holds.
#[test]
fn what_does_not_shrink_stays_within_the_room_made_for_it() {
    let mut random = Random(7);
    let noise: Vec<u8> = (0..200_000).map(|_| random.next() as u8 | 0x80).collect();
    for level in 1..=9 {
        for memory in 1..=9 {
            let mut config = Config::new(Role::Server);
            config.start_open(1).unwrap().deflate(1).unwrap().deflate_level(level).unwrap();
            config.deflate_mem_level(memory).unwrap().output_hard_limit(noise.len() as u64).unwrap();
            let mut connection = Connection::new(&config, [5; 32], 0).unwrap();
            assert_eq!(connection.send_binary(&noise), Err(Error::TooLarge), "level {level}, memory {memory}");
            for len in [0, 1, 60, 1000, 100_000] {
                connection.send_binary(&noise[..len]).unwrap();
                let written = connection.output().len();
                assert!(written <= noise.len(), "level {level}, memory {memory}: {len} bytes became {written}");
                connection.written(written).unwrap();
            }
        }
    }
}

/// 16 MiB and one byte of zeros in 16 KB, as one frame or in fragments, in one read or in many.
#[test]
fn a_bomb_is_refused_with_1009_and_bounded_memory() {
    const LIMIT: usize = 16 << 20;
    for (part, read) in [(LIMIT + 1, 1000), (LIMIT + 1, usize::MAX), (100_000, 1000), (100_000, usize::MAX)] {
        let mut client = Config::new(Role::Client);
        client.start_open(1).unwrap().deflate(1).unwrap();
        let mut client = Connection::new(&client, [3; 32], 0).unwrap();
        let zeros = vec![0; LIMIT + 1];
        let parts = zeros.chunks(part);
        let last = parts.len() - 1;
        for (index, part) in parts.enumerate() {
            client.send_part(kind::BINARY, part, index == last).unwrap();
        }
        let mut bytes = client.output().to_vec();
        assert!(bytes.len() < 25_000, "{}", bytes.len());

        let mut config = Config::new(Role::Server);
        config.start_open(1).unwrap().deflate(1).unwrap();
        let mut server = Connection::new(&config, [4; 32], 0).unwrap();
        let mut most = 0;
        let mut sent = None;
        for chunk in bytes.chunks_mut(read) {
            let mut at = 0;
            while at < chunk.len() || server.more() {
                at += server.receive(&mut chunk[at..], 0);
                most = most.max(server.memory_usage());
                for event in server.events(&[]).0 {
                    let Event::Closed(closed) = event else { panic!("an event of a message that is too big") };
                    sent = closed.sent;
                }
            }
        }
        assert_eq!(sent, Some(1009));
        assert_eq!(server.fault().map(|fault| fault.kind), Some(FaultKind::MessageTooBig));
        assert!(most <= LIMIT + 65536, "{most}");
    }
}
