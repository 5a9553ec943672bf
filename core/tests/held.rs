//! What `memory_usage` says is what a connection holds, to the byte, in each state in which it holds something of its own.

#[path = "common/allocator.rs"]
mod allocator;
mod common;

use allocator::{LIVE, held_since};
use common::drive::{HEADERS, REQUEST, head, ms, opened, request_with, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, TEXT};
use sansock::{CloseCode, Config, ConfigBuilder, Connection, Role};

/// Output beyond a kilobyte is written into a buffer that the configuration lends, in a box of so many bytes.
const LENT: usize = 32;

/// What is done to a connection of this configuration, and how much it must hold then at least. Its configuration is made
/// anew, so that nothing else has been given back to it, and dropped last.
fn holds(config: ConfigBuilder, least: usize, act: impl FnOnce(&mut Connection)) {
    let config = config.build().expect("a good configuration");
    let before = LIVE.get();
    let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
    act(&mut connection);
    let (held, said) = (held_since(before), connection.memory_usage() - size_of::<Connection>());
    assert!(said == held || said == held + LENT, "it says {said}, and holds {held}");
    assert!(held >= least, "{held} bytes are less than {least}");
}

fn receive(connection: &mut Connection, bytes: &[u8]) {
    let mut input = bytes.to_vec();
    connection.receive(&mut input, ms(0)).events.for_each(drop);
}

fn to_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frames::to(Role::Server, first, payload)
}

fn server() -> ConfigBuilder {
    opened(Role::Server)
}

#[test]
fn pings_that_are_not_answered() {
    for count in [1, 2, 5, 64, 100] {
        holds(server(), count.min(64) * 10, |connection| {
            for _ in 0..count {
                connection.ping(b"0123456789", ms(0)).expect("it is open");
                connection.written(connection.output().len()).expect("all of it");
            }
        });
    }
}

#[test]
fn a_pong_that_waits_for_room() {
    holds(server().output_soft_limit(100), 120, |connection| {
        connection.send_binary(&[1; 200]).expect("it is open");
        receive(connection, &to_server(FIN | PING, &[2; 120]));
    });
}

#[test]
fn what_reads_have_cut() {
    for len in [3, 50, 120] {
        holds(server(), len, |connection| receive(connection, &to_server(FIN | PING, &[1; 125])[..6 + len]));
    }
    for len in [1, 100, 5000] {
        holds(server(), len, |connection| receive(connection, &to_server(BINARY, &vec![1; len])));
        holds(server(), len, |connection| {
            let bytes = [to_server(TEXT, &vec![b'a'; len]), to_server(CONTINUATION, &vec![b'b'; len])].concat();
            receive(connection, &bytes);
        });
        holds(server(), len, |connection| receive(connection, &to_server(FIN | BINARY, &vec![1; 3 * len])[..len + 8]));
    }
}

#[test]
fn output_that_waits() {
    for len in [1, 100, 1000, 20_000, 200_000] {
        holds(server(), len, |connection| connection.send_binary(&vec![1; len]).expect("it is open"));
        holds(server(), len, |connection| {
            (0..3).for_each(|_| connection.send_binary(&vec![1; len]).expect("it is open"));
            connection.written(len / 2).expect("a part of it");
            connection.send_binary(&vec![2; len]).expect("it is open");
        });
    }
}

#[test]
fn handshakes_that_wait() {
    let fields = ["Sec-WebSocket-Protocol: chat, superchat, soap", "Origin: http://a", "X-A: b"];
    holds(Config::server().subprotocol("soap"), 100, |connection| receive(connection, &request_with(&fields)));
    holds(Config::server(), 100, |connection| receive(connection, &REQUEST.as_bytes()[..100]));
    holds(Config::server(), 3000, |connection| {
        receive(connection, REQUEST.as_bytes());
        receive(connection, &to_server(FIN | BINARY, &[1; 3000]));
        connection.add_response_header("X-A", "b").expect("a request awaits the decision");
    });
    holds(common::drive::client(), 100, |_| ());
    holds(common::drive::client(), 4000, |connection| {
        receive(connection, &head("HTTP/1.1 404 Not Found", &["Content-Length: 10000"]));
        receive(connection, &[b'a'; 4000]);
    });
    // A page, with a head that is not an opening request.
    holds(Config::server().deliver_http(true), 10, |connection| {
        receive(connection, &head("GET /page HTTP/1.1", &HEADERS[..1]));
    });
}

#[cfg(feature = "deflate")]
#[test]
fn handshakes_that_wait_with_offers_of_compression() {
    let offers = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate"];
    holds(Config::server().deflate(true), 100, |connection| receive(connection, &request_with(&offers)));
    holds(Config::server().deflate(true), 500, |connection| {
        receive(connection, &request_with(&offers));
        connection.limit_deflate(sansock::DeflateLimit::ServerMaxWindowBits(10)).expect("a window");
    });
}

#[test]
fn ends_that_are_under_way() {
    holds(server(), 10, |connection| {
        receive(connection, &to_server(FIN | CLOSE, &frames::close(1000, &"a".repeat(100))))
    });
    holds(server().auto_close(false), 100, |connection| {
        receive(connection, &to_server(FIN | CLOSE, &frames::close(1000, &"a".repeat(100))));
    });
    holds(server(), 1, |connection| receive(connection, &to_server(FIN | 3, b"")));
    holds(server().auto_fail(false), 1, |connection| receive(connection, &to_server(FIN | 3, b"")));
    holds(server(), 50, |connection| {
        connection.close(CloseCode::NORMAL_CLOSURE, &"b".repeat(50), ms(0)).expect("it is open");
    });
    holds(server(), 10, |connection| {
        connection.fail(CloseCode::INTERNAL_ERROR, "sorry", ms(0)).expect("it is open");
        receive(connection, b"");
    });
    holds(server(), 0, |connection| connection.receive_eof(ms(0)).events.for_each(drop));
}

#[cfg(feature = "deflate")]
#[test]
fn the_forms_of_a_prepared_message() {
    use sansock::PreparedMessage;

    let text = "the same, and the same again, ".repeat(50);
    let before = LIVE.get();
    let message = PreparedMessage::text(&text).expect("memory");
    let alone = held_since(before);
    assert!(message.memory_usage().abs_diff(alone) <= 64 + size_of::<PreparedMessage>(), "{alone}");
    for bits in [9, 12, 15] {
        let config = server().deflate(true).server_max_window_bits(bits).build().expect("a good configuration");
        let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
        let before = message.memory_usage();
        connection.send_prepared(&message).expect("it is open");
        let [frame] = &frames::read_all(connection.output())[..] else { panic!("one frame") };
        let form = frame.payload.len();
        assert!((form..form + 500).contains(&(message.memory_usage() - before)), "{form} bytes of {bits} bits");
        let before = message.memory_usage();
        connection.send_prepared(&message).expect("it is open");
        assert_eq!(message.memory_usage(), before, "it is compressed once");
    }
    let said = message.memory_usage();
    let before = LIVE.get();
    drop(message);
    let freed = usize::try_from(before - LIVE.get()).expect("nothing is taken");
    // Each form has two counts beside it, and is rounded up to words.
    assert!((said + 3 * 16..said + 3 * 24).contains(&freed), "it says {said}, and {freed} are freed");
}

/// With compression a connection keeps what the next messages may refer to. The streams are the configuration's, so what a
/// connection holds is what is freed when it goes.
#[cfg(feature = "deflate")]
#[test]
fn what_the_next_messages_may_refer_to() {
    // RFC 7692 §7.2.3.3: "Hello" in a stored block.
    let hello = to_server(FIN | 0x40 | TEXT, &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]);
    for bits in [9, 15] {
        for (received, sent) in [(1, 0), (0, 1), (1, 1), (300, 40), (0, 200)] {
            let config = server().deflate(true).deflate_threshold(1).server_max_window_bits(bits);
            let config = config.client_max_window_bits(bits).build().expect("a good configuration");
            let mut connection = Connection::new(&config, seed(), ms(0)).expect("memory");
            (0..received).for_each(|_| receive(&mut connection, &hello));
            for number in 0..sent {
                let message: Vec<u8> = (0..300_u32).map(|at| (at * at + number * at) as u8).collect();
                connection.send_binary(&message).expect("it is open");
                connection.written(connection.output().len()).expect("all of it");
            }
            receive(&mut connection, b"");
            let said = connection.memory_usage() - size_of::<Connection>();
            let before = LIVE.get();
            drop(connection);
            let freed = usize::try_from(before - LIVE.get()).expect("nothing is taken");
            assert_eq!(said, freed, "{received} messages received and {sent} sent in windows of {bits} bits");
            let least = (received * 5 + sent as usize * 300).min(1 << bits).min(8192);
            assert!(freed >= least, "{freed} are less than {least}");
        }
    }
}

/// What is incomplete is not what the last events hold: nothing is due for it.
#[test]
fn an_incomplete_message_waits_as_long_as_it_takes() {
    for len in [100, 100_000, 1_000_000] {
        let mut connection =
            Connection::new(&server().build().expect("a configuration"), seed(), ms(0)).expect("memory");
        receive(&mut connection, &to_server(BINARY, &vec![1; len]));
        assert_eq!(connection.next_deadline(), None, "{len} bytes");
        receive(&mut connection, &to_server(FIN | CONTINUATION, b""));
        assert_eq!(connection.next_deadline().is_some(), len > 100, "{len} bytes that have been delivered");
    }
}
