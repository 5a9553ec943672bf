//! permessage-deflate (RFC 7692) between two engines.
#![cfg(feature = "deflate")]

use sansock::batch::kind;
use sansock::config::{Config, Role};
use sansock::{Connection, Event};

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
    from.consumed(bytes.len()).unwrap();
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

#[test]
fn a_bomb_is_refused_with_1009_and_bounded_memory() {
    for split in [1000, usize::MAX] {
        let mut config = Config::new(Role::Server);
        config.start_open(1).unwrap().deflate(1).unwrap();
        let mut client = Config::new(Role::Client);
        client.start_open(1).unwrap().deflate(1).unwrap();
        let mut client = Connection::new(&client, [3; 32], 0).unwrap();
        client.send_binary(&vec![0; (16 << 20) + 1]).unwrap();
        let mut bytes = client.output().to_vec();
        assert!(bytes.len() < 20_000, "{}", bytes.len());
        let mut server = Connection::new(&config, [4; 32], 0).unwrap();
        let mut most = 0;
        'all: for chunk in bytes.chunks_mut(split) {
            let mut at = 0;
            while at < chunk.len() {
                at += server.receive(&mut chunk[at..], 0);
                most = most.max(server.memory_usage());
                for event in server.events(&[]).0 {
                    if let Event::Closed(closed) = event {
                        assert_eq!(closed.sent, Some(1009));
                        break 'all;
                    }
                }
            }
        }
        assert!(server.fault().is_some());
        assert!(most <= (16 << 20) + 65536, "{most}");
    }
}
