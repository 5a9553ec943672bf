//! permessage-deflate (RFC 7692) between two engines.
#![cfg(feature = "deflate")]

use std::time::Duration;

use sansock::{
    CloseCode, Config, ConfigBuilder, Connection, Error, Event, FaultKind, MessageKind, PreparedMessage, Received, Role,
};

/// The time of every call.
const NOW: Duration = Duration::ZERO;

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

/// A configuration for a stream that is upgraded already, with compression.
fn opened(role: Role) -> ConfigBuilder {
    Config::builder(role).start_open(true).deflate(true)
}

/// A connection of this configuration.
fn connection(config: ConfigBuilder, seed: u8) -> Connection {
    Connection::new(&config.build().unwrap(), [seed; 32], NOW).unwrap()
}

fn pair(configure: impl Fn(ConfigBuilder) -> ConfigBuilder) -> (Connection, Connection) {
    let mut server = connection(configure(Config::server().deflate(true)), 1);
    let mut client = connection(configure(Config::client("ws://example.com/").deflate(true)), 2);
    carry(&mut client, &mut server);
    assert!(matches!(server.accept(None, NOW).unwrap().events.next(), Some(Event::Open(_))));
    carry(&mut server, &mut client);
    (client, server)
}

/// Carries all output, and returns the messages it made.
fn carry(from: &mut Connection, to: &mut Connection) -> Vec<String> {
    let mut bytes = from.output().to_vec();
    from.written(bytes.len()).unwrap();
    let mut at = 0;
    let mut messages = Vec::new();
    let mut parts = String::new();
    loop {
        let Received { consumed, events, .. } = to.receive(&mut bytes[at..], NOW);
        for event in events {
            match event {
                Event::Text(text) => {
                    parts.push_str(text.text);
                    if text.last {
                        messages.push(std::mem::take(&mut parts));
                    }
                }
                Event::Closed(closed) => panic!("{closed:?}"),
                _ => {}
            }
        }
        at += consumed;
        if at == bytes.len() && !to.has_more() {
            return messages;
        }
    }
}

#[test]
fn messages_survive_every_window_and_both_takeover_modes() {
    let mut random = Random(7);
    let words: Vec<String> = (0..400).map(|index| format!("word{index}é {} ", index * index)).collect();
    for parts in [false, true] {
        for bits in 8..=15 {
            for alone in [false, true] {
                let (mut client, mut server) = pair(|config| {
                    let config = config.server_max_window_bits(bits).client_max_window_bits(bits);
                    let config = config.server_no_context_takeover(alone).client_no_context_takeover(alone);
                    config.parts(parts).deflate_threshold(1)
                });
                let mut sent = [Vec::new(), Vec::new()];
                let mut received = [Vec::new(), Vec::new()];
                for _ in 0..60 {
                    for (index, end) in [&mut client, &mut server].into_iter().enumerate() {
                        let message = random.message(&words);
                        if random.next().is_multiple_of(4) {
                            let cut = message.len() / 3;
                            end.send_part(MessageKind::Text, &message.as_bytes()[..cut], false).unwrap();
                            end.ping(b"between", NOW).unwrap();
                            let empty_end = random.next().is_multiple_of(2);
                            end.send_part(MessageKind::Text, &message.as_bytes()[cut..], !empty_end).unwrap();
                            if empty_end {
                                end.send_part(MessageKind::Text, b"", true).unwrap();
                            }
                        } else if random.next().is_multiple_of(4) {
                            end.send_prepared(&PreparedMessage::text(&message).unwrap()).unwrap();
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

/// It is compressed once for all that can send the same bytes, and once more where the window or the level is another.
#[test]
fn a_prepared_message_is_compressed_once() {
    let text = "the quick brown fox jumps over the lazy dog, ".repeat(40);
    let message = PreparedMessage::text(&text).unwrap();
    assert_eq!((message.kind(), message.payload()), (MessageKind::Text, text.as_bytes()));
    let config = opened(Role::Server);
    let mut sent = Vec::new();
    let mut held = vec![message.memory_usage()];
    for seed in 0..20 {
        let mut server = connection(config.clone(), seed);
        let before = server.memory_usage();
        server.send_prepared(&message).unwrap();
        sent.push(server.output().to_vec());
        held.push(message.memory_usage());
        server.written(sent[0].len()).unwrap();
        assert!(
            server.memory_usage() <= before + 512,
            "a connection that compresses nothing for itself keeps no history"
        );
    }
    assert!(sent.iter().all(|bytes| *bytes == sent[0] && bytes.len() < text.len() / 4));
    assert!(held[1] > held[0] && held[1..].iter().all(|usage| *usage == held[1]));
    let small = connection(config.clone().server_max_window_bits(10), 0).send_prepared(&message);
    let fast = connection(config.clone().deflate_level(1), 0).send_prepared(&message);
    let off = connection(config.deflate(false), 0).send_prepared(&message);
    assert_eq!((small, fast, off), (Ok(()), Ok(()), Ok(())));
    assert!(message.memory_usage() > held[1] + 2 * 40);
}

/// Threads that send one message at the same time all send the same bytes.
#[test]
fn a_prepared_message_is_shared_by_threads() {
    let text = "shared ".repeat(500);
    let message = PreparedMessage::text(&text).unwrap();
    let config = opened(Role::Server).build().unwrap();
    let send = &|seed| {
        let mut server = Connection::new(&config, [seed; 32], NOW).unwrap();
        server.send_prepared(&message).unwrap();
        server.output().to_vec()
    };
    let sent: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || send(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(sent.iter().all(|bytes| *bytes == sent[0]));
}

/// Connections of one configuration, more of them than it has compressors, in turn and in disorder.
#[test]
fn many_connections_share_a_few_compressors() {
    let mut random = Random(11);
    let words: Vec<String> = (0..400).map(|index| format!("word{index}é {} ", index * index)).collect();
    for (bits, alone, parts) in [(15, false, false), (15, false, true), (10, false, false), (15, true, false)] {
        let [server, client] = [Role::Server, Role::Client].map(|role| {
            let config = opened(role).deflate_threshold(1).parts(parts);
            let config = config.server_max_window_bits(bits).client_max_window_bits(bits);
            config.server_no_context_takeover(alone).client_no_context_takeover(alone).build().unwrap()
        });
        let mut pairs: Vec<_> =
            (0..30).map(|_| [&client, &server].map(|config| Connection::new(config, [5; 32], NOW).unwrap())).collect();
        for _ in 0..1500 {
            let pair = random.next() as usize % pairs.len();
            let [one, other] = &mut pairs[pair];
            let (from, to) = if random.next().is_multiple_of(2) { (one, other) } else { (other, one) };
            let message = random.message(&words);
            if random.next().is_multiple_of(4) {
                // Both ends give everything back between the parts of a message, or hold on to it.
                let cut = message.len() / 2;
                from.send_part(MessageKind::Binary, &message.as_bytes()[..cut], false).unwrap();
                from.send_part(MessageKind::Binary, &message.as_bytes()[cut..], true).unwrap();
                let mut wire = from.output().to_vec();
                from.written(wire.len()).unwrap();
                let mut received = Vec::new();
                let mut at = 0;
                while at < wire.len() || to.has_more() {
                    let Received { consumed, events, .. } = to.receive(&mut wire[at..], NOW);
                    for event in events {
                        if let Event::Binary(binary) = event {
                            received.extend_from_slice(binary.data);
                        }
                    }
                    at += consumed;
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
        let config = |role| opened(role).client_max_window_bits(bits).build().unwrap();
        let server = config(Role::Server);
        let mut pairs: Vec<_> = (0..12)
            .map(|_| [&config(Role::Client), &server].map(|config| Connection::new(config, [5; 32], NOW).unwrap()))
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
                let mut events = server.receive(&mut wire, NOW).events;
                assert!(matches!(events.next(), Some(Event::Binary(binary)) if binary.data == message));
                said.extend_from_slice(&message);
            }
        }
        assert!(saved > 10 * window, "the references were not made: {saved}");
    }
}

/// A connection that comes back finds its window, whoever used the compressors meanwhile. Nobody finds another's: the length
/// of what one connection says would give away what another has said (RFC 7692 §8).
#[test]
fn contexts_of_connections_stay_apart() {
    let config = opened(Role::Server).build().unwrap();
    let mut random = Random(3);
    let said: String = (0..500).map(|_| char::from(b'a' + (random.next() % 26) as u8)).collect();
    let mut say = |connection: &mut Connection| {
        connection.send_text(&said).unwrap();
        let written = connection.output().len();
        connection.written(written).unwrap();
        written
    };
    let mut connections: Vec<_> = (0..20).map(|_| Connection::new(&config, [5; 32], NOW).unwrap()).collect();
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
            let config = opened(Role::Server).deflate_level(level).deflate_mem_level(memory);
            let mut connection = connection(config.output_hard_limit(noise.len() as u64), 5);
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

/// A message that may not fit when it is compressed is refused; what is stored needs a few bytes more for each block, and no
/// eighth of it, which codes of nine bits would take.
#[test]
fn noise_fits_where_it_is_stored() {
    let mut random = Random(3);
    let noise: Vec<u8> = (0..100_000).map(|_| random.next() as u8).collect();
    for (level, fits) in [(6, true), (9, true), (1, false)] {
        let config = opened(Role::Server).deflate_level(level).output_hard_limit(noise.len() as u64 + 200);
        assert_eq!(connection(config, 5).send_binary(&noise).is_ok(), fits, "level {level}");
    }
    let config = opened(Role::Server).server_max_window_bits(14).output_hard_limit(noise.len() as u64 + 200);
    assert_eq!(connection(config, 5).send_binary(&noise), Err(Error::TooLarge));
}

/// An encoder with little memory ends a block more often, and each has a table of its codes.
#[test]
fn more_memory_compresses_better() {
    let mut random = Random(11);
    let words: Vec<String> = (0..2000).map(|_| format!("{:x} ", random.next() >> 40)).collect();
    let text: String = (0..2000).map(|_| words[(random.next() % 2000) as usize].as_str()).collect();
    let [little, much] = [1, 8].map(|memory| {
        let mut connection = connection(opened(Role::Server).deflate_mem_level(memory), 5);
        connection.send_text(&text).unwrap();
        connection.output().len()
    });
    assert!(little > much + much / 10, "{little} and {much} bytes");
}

/// The start of a block may have left a small window when the block is to be stored.
#[test]
fn noise_stays_within_the_bound_in_a_small_window() {
    let mut state = 1u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let noise: Vec<u8> = (0..70_000).map(|_| random()).collect();
    for bits in 9..=14 {
        for (level, memory) in [(1, 9), (6, 8), (6, 9), (9, 9)] {
            let config = opened(Role::Server).server_max_window_bits(bits);
            let config = config.deflate_level(level).deflate_mem_level(memory);
            let mut connection = connection(config, 5);
            for len in [65_529, 70_000] {
                connection.send_binary(&noise[..len]).unwrap();
                let written = connection.output().len();
                assert!(
                    written <= len + len / 8 + 1000,
                    "{bits} bits, level {level}, memory {memory}: {len} became {written}"
                );
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
        let mut client = connection(opened(Role::Client), 3);
        let zeros = vec![0; LIMIT + 1];
        let parts = zeros.chunks(part);
        let last = parts.len() - 1;
        for (index, part) in parts.enumerate() {
            client.send_part(MessageKind::Binary, part, index == last).unwrap();
        }
        let mut bytes = client.output().to_vec();
        assert!(bytes.len() < 25_000, "{}", bytes.len());

        let mut server = connection(opened(Role::Server), 4);
        let mut most = 0;
        let mut sent = None;
        for chunk in bytes.chunks_mut(read) {
            let mut at = 0;
            while at < chunk.len() || server.has_more() {
                let Received { consumed, events, .. } = server.receive(&mut chunk[at..], NOW);
                for event in events {
                    let Event::Closed(closed) = event else { panic!("an event of a message that is too big") };
                    sent = closed.close_sent;
                }
                at += consumed;
                most = most.max(server.memory_usage());
            }
        }
        assert_eq!(sent.map(CloseCode::get), Some(1009));
        assert_eq!(server.fault().map(|fault| fault.kind), Some(FaultKind::MessageTooBig));
        assert!(most <= LIMIT + 65536, "{most}");
    }
}

/// A stored block (RFC 1951 §3.2.4).
fn stored(data: &[u8], is_final: bool) -> Vec<u8> {
    let len = u16::try_from(data.len()).unwrap();
    [&[u8::from(is_final)][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data].concat()
}

/// What a server says of a compressed message from its client, behind one that fills the window.
fn judge(payload: &[u8]) -> Result<usize, FaultKind> {
    let mut server = connection(opened(Role::Server), 1);
    let mut read = |payload: &[u8]| {
        let len = (payload.len() as u64).to_be_bytes();
        let len = match payload.len() {
            0..126 => vec![0x80 | len[7]],
            126..65_536 => [&[0xfe][..], &len[6..]].concat(),
            _ => [&[0xff][..], &len].concat(),
        };
        let mut bytes = [&[0xc2][..], &len, &[0; 4], payload].concat();
        let (mut at, mut len) = (0, 0);
        while at < bytes.len() {
            let Received { consumed, events, .. } = server.receive(&mut bytes[at..], NOW);
            len += events
                .map(|event| if let Event::Binary(message) = event { message.data.len() } else { 0 })
                .sum::<usize>();
            at += consumed;
        }
        server.fault().map_or(Ok(len), |fault| Err(fault.kind))
    };
    read(&[stored(&[7; 32_767], false), vec![0]].concat())?;
    read(payload)
}

/// RFC 7692 §7.2.3.4 allows a final block anywhere. Behind each the inflater is shown up to 64 KiB again.
#[test]
fn final_blocks_inside_a_message_cost_no_more_than_other_bytes() {
    const EMPTY_AND_FINAL: &[u8] = &[0x03, 0x00];
    let long = stored(&[8; 32_767], false);
    let hostile = [&long[..], &EMPTY_AND_FINAL.repeat(500_000), &[0]].concat();
    assert_eq!(judge(&hostile), Err(FaultKind::BadCompressedData));
    // What the messages before have left counts as well: 32 KiB for each two bytes.
    let after = |blocks| judge(&[&EMPTY_AND_FINAL.repeat(blocks)[..], &[0]].concat());
    assert_eq!((after(30), after(40)), (Ok(0), Err(FaultKind::BadCompressedData)));
    for (blocks, len) in [(10, 1), (1000, 1000), (100_000, 64)] {
        let whole = [stored(&vec![9; len], true).repeat(blocks), vec![0]].concat();
        assert_eq!(judge(&whole), Ok(blocks * len), "{blocks} final blocks of {len} bytes");
    }
}

/// What a connection holds does not depend on how many messages arrive at once.
#[test]
fn batches_of_inflated_messages_follow_the_limit_of_a_message() {
    for limit in [1024, 65_536, 300_000] {
        let config = opened(Role::Server).max_message_size(limit).output_hard_limit(65_536);
        let mut server = connection(config, 1);
        let mut client = connection(opened(Role::Client), 2);
        client.send_binary(&vec![0; limit as usize]).unwrap();
        let frame = client.output().to_vec();
        let mut bytes = frame.repeat(65_536 / frame.len());
        let (mut at, mut count, mut most) = (0, 0, 0);
        while at < bytes.len() || server.has_more() {
            let Received { consumed, events, .. } = server.receive(&mut bytes[at..], NOW);
            count += events.count();
            at += consumed;
            most = most.max(server.memory_usage() as u64);
        }
        assert_eq!(count, 65_536 / frame.len());
        assert!(most <= limit + (65_536 + 65_536 + 90 * 1024), "{most} with a limit of {limit}");
    }
}
