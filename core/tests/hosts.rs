//! What a host can do wrong, and what follows: the right error, and nothing else (rule 7).

mod common;

use common::drive::{Host, REQUEST, client, client_and_answer, opened, seed};
use common::frames::{self, CLOSE, FIN, TEXT};
use sansock::batch::{Record, kind};
use sansock::config::{OPTIONS, option, text};
use sansock::{Config, Connection, Error, Event, Role, State, Transport, Url};

type Call = fn(&mut Connection) -> Result<(), Error>;

/// Every state of a connection, as far as the calls can tell them apart.
fn states() -> [(&'static str, Host); 9] {
    let asked = || {
        let mut host = Host::new(&Config::server());
        host.receive(REQUEST.as_bytes());
        host
    };
    let with = |mut host: Host, act: Call| {
        act(&mut host.connection).expect("a legal call");
        host.connection.timeout(0);
        host.after(&[]);
        host
    };
    let mut left = opened(Role::Server);
    left.auto_close(0).unwrap();
    let mut left = Host::new(&left);
    left.receive(&frames::to(Role::Server, FIN | CLOSE, &frames::close(1000, "")));
    let mut ended = Host::open(Role::Server);
    ended.eof();
    [
        ("reading the request", Host::new(&Config::server())),
        ("deciding", asked()),
        ("waiting for the response", Host::new(&client())),
        ("open", Host::open(Role::Server)),
        ("open client", Host::open(Role::Client)),
        ("inside a text", with(Host::open(Role::Server), |c| c.send_part(kind::TEXT, b"a", false))),
        ("close sent", with(Host::open(Role::Server), |c| c.close(1000, b"", 0))),
        ("close received", left),
        ("closed", ended),
    ]
}

/// What a host can see of a connection.
fn seen(connection: &Connection) -> impl PartialEq + std::fmt::Debug + use<> {
    let records = connection.records().to_vec();
    let answers =
        (connection.state(), connection.transport(), connection.next_deadline(), connection.fault(), connection.more());
    (connection.output().to_vec(), records, answers, connection.writable(), connection.memory_usage())
}

/// One column for each state: `.` the call is legal, `S` it is refused as INVALID_STATE.
#[test]
fn every_call_in_every_state() {
    #[rustfmt::skip]
    let table: [(&str, &str, Call); 19] = [
        //                          R D W O C I S L E
        ("accept", "S . S S S S S S S", |c| c.accept(None, 0)),
        ("reject", "S . S S S S S S S", |c| c.reject(403, b"", 0)),
        ("add_response_header", "S . S S S S S S S", |c| c.add_response_header(b"A", b"b")),
        ("send_text", "S S S . . S S . S", |c| c.send_text("x")),
        ("send_text_bytes", "S S S . . S S . S", |c| c.send_text_bytes(b"x")),
        ("send_binary", "S S S . . S S . S", |c| c.send_binary(b"x")),
        ("send_part of text", "S S S . . . S . S", |c| c.send_part(kind::TEXT, b"x", true)),
        ("send_part of binary", "S S S . . S S . S", |c| c.send_part(kind::BINARY, b"x", true)),
        ("send_header", "S S S . S . S . S", |c| c.send_header(kind::TEXT, 1, true)),
        ("send_header of binary", "S S S . S S S . S", |c| c.send_header(kind::BINARY, 1, true)),
        ("ping", "S S S . . . S . S", |c| c.ping(b"x", 0)),
        ("pong", "S S S . . . S . S", |c| c.pong(b"x")),
        ("send_batch", "S S S . . S S . S", |c| c.send_batch(&[record(kind::TEXT, 0, 1)], b"x").1),
        ("send_many", "S S S . . S S . S", |c| c.send_many(kind::TEXT, &[1], b"x").1),
        ("close", ". . . . . . . . .", |c| c.close(1000, b"", 0)),
        ("fail", ". . . . . . . . S", |c| c.fail(1011, b"", 0)),
        ("consumed nothing", ". . . . . . . . .", |c| c.written(0)),
        ("pause", ". . . . . . . . .", |c| {
            c.pause(0);
            Ok(())
        }),
        ("resume", ". . . . . . . . .", |c| {
            c.resume(0);
            Ok(())
        }),
    ];
    for (name, row, call) in table {
        for ((state, mut host), expected) in states().into_iter().zip(row.split(' ')) {
            host.connection.records();
            let before = seen(&host.connection);
            let result = call(&mut host.connection);
            match expected {
                "." => assert_eq!(result, Ok(()), "{name} while {state}"),
                _ => {
                    assert_eq!(result, Err(Error::InvalidState), "{name} while {state}");
                    assert_eq!(seen(&host.connection), before, "{name} while {state} changed something");
                }
            }
        }
    }
}

fn record(kind: u8, offset: u64, len: u64) -> Record {
    Record { kind, offset, len, ..Record::default() }
}

#[test]
fn arguments_that_are_refused_change_nothing() {
    let open: [(&str, Call); 24] = [
        ("text that is not UTF-8", |c| c.send_text_bytes(b"\xff")),
        ("text cut short", |c| c.send_text_bytes(b"a\xe2\x82")),
        ("part that cannot become text", |c| c.send_part(kind::TEXT, b"\xc0", false)),
        ("last part cut short", |c| c.send_part(kind::TEXT, b"\xe2", true)),
        ("part of no message", |c| c.send_part(kind::PING, b"", true)),
        ("header of no message", |c| c.send_header(kind::CLOSED, 1, true)),
        ("header of 2^63 bytes", |c| c.send_header(kind::BINARY, 1 << 63, true)),
        ("ping of 126 bytes", |c| c.ping(&[0; 126], 0)),
        ("pong of 126 bytes", |c| c.pong(&[0; 126])),
        ("close 999", |c| c.close(999, b"", 0)),
        ("close 1005", |c| c.close(1005, b"", 0)),
        ("close 1006", |c| c.close(1006, b"", 0)),
        ("close 1015", |c| c.close(1015, b"", 0)),
        ("close 5000", |c| c.close(5000, b"", 0)),
        ("reason without a code", |c| c.close(0, b"r", 0)),
        ("reason of 124 bytes", |c| c.close(1000, &[b'r'; 124], 0)),
        ("reason that is not UTF-8", |c| c.close(1000, b"\xff", 0)),
        ("fail 1004", |c| c.fail(1004, b"", 0)),
        ("fail with a long reason", |c| c.fail(1011, &[b'r'; 124], 0)),
        ("more consumed than there is", |c| c.written(1)),
        ("batch beyond its data", |c| c.send_batch(&[record(kind::BINARY, 1, 1)], b"x").1),
        ("many beyond their data", |c| c.send_many(kind::BINARY, &[2, 1], b"x").1),
        ("many of another kind", |c| c.send_many(kind::PING, &[1], b"x").1),
        ("batch beyond all data", |c| c.send_batch(&[record(kind::BINARY, u64::MAX, 2)], b"x").1),
    ];
    for (name, call) in open {
        let mut host = Host::open(Role::Server);
        let before = seen(&host.connection);
        assert_eq!(call(&mut host.connection), Err(Error::InvalidArgument), "{name}");
        assert_eq!(seen(&host.connection), before, "{name} changed something");
        host.connection.send_text("good").unwrap();
        assert_eq!(host.take_output(), frames::server(FIN | TEXT, b"good"), "{name}");
    }
    let deciding: [(&str, Call); 14] = [
        ("subprotocol not offered", |c| c.accept(Some(b"chat"), 0)),
        ("empty subprotocol", |c| c.accept(Some(b""), 0)),
        ("reject 0", |c| c.reject(0, b"", 0)),
        ("reject 101", |c| c.reject(101, b"", 0)),
        ("reject 199", |c| c.reject(199, b"", 0)),
        ("reject 600", |c| c.reject(600, b"", 0)),
        ("body of a 204", |c| c.reject(204, b"x", 0)),
        ("body of a 304", |c| c.reject(304, b"x", 0)),
        ("header without a name", |c| c.add_response_header(b"", b"x")),
        ("header with a space", |c| c.add_response_header(b"A B", b"x")),
        ("header of two lines", |c| c.add_response_header(b"A", b"x\r\nB: y")),
        ("header with white space around", |c| c.add_response_header(b"A", b" x")),
        ("header of the handshake", |c| c.add_response_header(b"Sec-WebSocket-Accept", b"x")),
        ("header of the body", |c| c.add_response_header(b"content-length", b"0")),
    ];
    for (name, call) in deciding {
        let mut host = Host::new(&Config::server());
        host.receive(REQUEST.as_bytes());
        assert_eq!(call(&mut host.connection), Err(Error::InvalidArgument), "{name}");
        assert!(host.connection.output().is_empty(), "{name}");
        host.accept();
        let answer = String::from_utf8(host.take_output()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 ") && answer.matches("\r\n").count() == 5, "{name}: {answer}");
    }
}

#[test]
fn every_option_has_a_range() {
    let mut numbers = Vec::new();
    for info in OPTIONS {
        numbers.push(info.number);
        let mut config = Config::server();
        for good in [info.min, info.max, info.default.unwrap_or(info.min)] {
            assert_eq!(config.set(info.number, good), Ok(()), "{} {good}", info.name);
        }
        if let Some(low) = info.min.checked_sub(1) {
            assert_eq!(config.set(info.number, low), Err(Error::InvalidArgument), "{} {low}", info.name);
        }
        if let Some(high) = info.max.checked_add(1) {
            assert_eq!(config.set(info.number, high), Err(Error::InvalidArgument), "{} {high}", info.name);
        }
        let boolean = info.max <= 1;
        assert!(boolean || info.min > 0, "{}: 0 is no limit", info.name);
    }
    assert_eq!(numbers, (1..=27).collect::<Vec<u32>>());
    for unknown in [0, 28, 1000, u32::MAX] {
        assert_eq!(Config::server().set(unknown, 1), Err(Error::InvalidArgument));
    }
    assert_eq!((option::START_OPEN, option::PARTS, option::ALLOW_NON_MINIMAL_LENGTH), (1, 14, 19));
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let defaults: Vec<(&str, Option<u64>)> = OPTIONS.iter().map(|info| (info.name, info.default)).collect();
    let expected = [
        ("start_open", Some(0)),
        ("max_message_size", Some(16 << 20)),
        ("max_frame_size", None),
        ("max_head_size", Some(16 << 10)),
        ("max_line_size", Some(8 << 10)),
        ("max_headers", Some(128)),
        ("max_body_size", Some(64 << 10)),
        ("output_soft_limit", Some(64 << 10)),
        ("output_hard_limit", None),
        ("handshake_timeout", Some(10_000)),
        ("close_timeout", Some(10_000)),
        ("ping_interval", None),
        ("pong_timeout", Some(20_000)),
        ("parts", Some(0)),
        ("auto_pong", Some(1)),
        ("auto_close", Some(1)),
        ("require_pong", Some(0)),
        ("receive_while_closing", Some(0)),
        ("allow_non_minimal_length", Some(0)),
        ("deflate", Some(0)),
        ("server_no_context_takeover", Some(0)),
        ("client_no_context_takeover", Some(0)),
        ("server_max_window_bits", Some(15)),
        ("client_max_window_bits", Some(15)),
        ("deflate_level", Some(6)),
        ("deflate_mem_level", Some(8)),
        ("deflate_threshold", Some(64)),
    ];
    assert_eq!(defaults, expected);
}

#[test]
fn texts_of_a_configuration() {
    let refused = |result: Result<(), Error>| assert_eq!(result, Err(Error::InvalidArgument));
    refused(Config::server().set_text(text::URL, b"ws://a/"));
    refused(Config::server().set_text(text::ORIGIN, b"http://a"));
    refused(Config::new(Role::Client).set_text(4, b"x"));
    for name in [&b""[..], b"a b", b"a,b", b"\xff", b"a\r\n"] {
        refused(Config::server().set_text(text::SUBPROTOCOL, name));
        refused(client().set_text(text::SUBPROTOCOL, name));
    }
    let mut config = client();
    config.set_text(text::SUBPROTOCOL, b"chat").unwrap();
    refused(config.set_text(text::SUBPROTOCOL, b"chat"));
    config.set_text(text::SUBPROTOCOL, b"Chat").unwrap();
    for origin in [&b""[..], b"http://a b", b"http://a\r\n", b"http://caf\xc3\xa9"] {
        refused(client().set_text(text::ORIGIN, origin));
    }
    assert_eq!(
        Connection::new(&Config::new(Role::Client), seed(), 0).err(),
        Some(Error::InvalidArgument),
        "there is no URL"
    );
}

#[test]
fn urls() {
    let url = |text: &str| Url::parse(text);
    let good = url("wss://u:p%20@Example.com/a?b").unwrap();
    assert_eq!((good.secure, good.host.as_str(), good.port), (true, "Example.com", 443));
    assert_eq!((good.target.as_str(), good.authority.as_str()), ("/a?b", "Example.com"));
    assert_eq!(good.authorization.as_deref(), Some("Basic dTpwIA=="));
    let six = url("ws://[2001:db8::1]:81").unwrap();
    assert_eq!(
        (six.host.as_str(), six.port, six.authority.as_str(), six.target.as_str()),
        ("2001:db8::1", 81, "[2001:db8::1]:81", "/")
    );
    let bad = [
        "",
        "ws",
        "ws:",
        "ws:/a",
        "ws://",
        "ws:///a",
        "http://a/",
        "https://a/",
        "wss//a",
        "://a",
        "ws://a b/",
        "ws://a/b c",
        "ws://a/#",
        "ws://a/#b",
        "ws://a#b",
        "ws://a:0/",
        "ws://a:65536/",
        "ws://a:x/",
        "ws://a:-1/",
        "ws://:80/",
        "ws://[::1/",
        "ws://[::g]/",
        "ws://::1/",
        "ws://a/\r\nX: y",
        "ws://a\n/",
        "ws://a/\u{e9}",
        "ws://caf\u{e9}/",
        "ws://u:%zz@a/",
        "ws://u:%4@a/",
        "ws://u%3Av:p@a/",
        "ws://a\\b/",
        " ws://a/",
        "ws://a/ ",
    ];
    for text in bad {
        assert_eq!(url(text).err(), Some(Error::InvalidArgument), "{text:?}");
    }
}

#[test]
fn a_host_may_answer_while_it_reads() {
    let mut connection = Connection::new(&opened(Role::Server), seed(), 0).unwrap();
    let mut input =
        [frames::to(Role::Server, FIN | TEXT, b"one"), frames::to(Role::Server, FIN | TEXT, b"two")].concat();
    connection.receive(&mut input, 0);
    let (events, sender) = connection.events(&input);
    let mut count = 0;
    for event in events {
        let Event::Text(text) = event else { panic!("{event:?}") };
        sender.send_text(text.text).unwrap();
        count += 1;
    }
    assert_eq!(count, 2);
    assert_eq!(connection.output(), [frames::server(FIN | TEXT, b"one"), frames::server(FIN | TEXT, b"two")].concat());
}

#[test]
fn a_host_may_answer_what_came_with_the_close() {
    for role in [Role::Server, Role::Client] {
        let mut connection = Connection::new(&opened(role), seed(), 0).unwrap();
        let mut input =
            [frames::to(role, FIN | TEXT, b"last words"), frames::to(role, FIN | CLOSE, &frames::close(1000, ""))]
                .concat();
        let mut at = 0;
        let mut ended = false;
        while !ended {
            let taken = connection.receive(&mut input[at..], 0);
            let (events, sender) = connection.events(&input[at..]);
            for event in events {
                match event {
                    Event::Text(text) => sender.send_text(text.text).unwrap(),
                    Event::Closed(closed) => ended = closed.clean,
                    _ => {}
                }
            }
            at += taken;
        }
        let sent: Vec<Vec<u8>> = frames::read_all(connection.output()).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(sent, [b"last words".to_vec(), frames::close(1000, "")], "{role:?}");
    }
}

/// Sending, closing and the rest leave the events of the last input call in place.
#[test]
fn records_stay_until_the_next_input_call() {
    let mut host = Host::open(Role::Server);
    let mut input = frames::to(Role::Server, FIN | TEXT, b"stay");
    let cut = input.len() - 1;
    host.receive(&input[..cut]);
    host.connection.receive(&mut input[cut..], 0);
    let records = host.connection.records().to_vec();
    let payload =
        |connection: &Connection| connection.region(records[0].flags & 3)[records[0].offset as usize..][..4].to_vec();
    assert_eq!(payload(&host.connection), b"stay");
    host.connection.send_binary(&[0; 1000]).unwrap();
    host.connection.ping(b"", 0).unwrap();
    host.connection.pause(0);
    host.connection.resume(0);
    host.drain();
    host.connection.close(1000, b"", 0).unwrap();
    host.connection.fail(1011, b"", 0).unwrap();
    assert_eq!(host.connection.records(), records);
    assert_eq!(payload(&host.connection), b"stay");
}

#[test]
fn a_batch_stops_at_the_first_that_cannot_be_sent() {
    let mut host = Host::open(Role::Server);
    let data = b"onetwo\xffend";
    let records = [
        record(kind::TEXT, 0, 3),
        record(kind::BINARY, 3, 3),
        record(kind::PING, 0, 1),
        record(kind::PONG, 0, 0),
        record(kind::TEXT, 6, 1),
        record(kind::TEXT, 7, 3),
    ];
    let (sent, result) = host.connection.send_batch(&records, data);
    assert_eq!((sent, result), (4, Err(Error::InvalidArgument)));
    let expected = [
        frames::server(FIN | TEXT, b"one"),
        frames::server(FIN | 2, b"two"),
        frames::server(FIN | 9, b"o"),
        frames::server(FIN | 0xa, b""),
    ];
    assert_eq!(host.take_output(), expected.concat());
    assert_eq!(host.connection.send_batch(&records[5..], data), (1, Ok(())));
    assert_eq!(host.connection.send_batch(&[], &[]), (0, Ok(())));
    assert_eq!(host.connection.send_batch(&[record(kind::CLOSED, 0, 0)], b"").1, Err(Error::InvalidArgument));
}

#[test]
fn a_clock_that_runs_backwards_is_stopped() {
    let mut config = opened(Role::Server);
    config.ping_interval(1000).unwrap();
    let mut host = Host::new(&config);
    host.run_to(900);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"x"));
    host.connection.timeout(0);
    host.after(&[]);
    assert_eq!(host.connection.next_deadline(), Some(1000));
    host.connection.close(1000, b"", 100).unwrap();
    assert_eq!(host.connection.next_deadline(), Some(10_900), "10 s from the latest time it heard of");
    host.run_to(u64::MAX - 1);
    assert_eq!(host.transport(), Transport::Close, "even at the end of time");
}

#[test]
fn output_is_reported_in_any_pieces() {
    let mut host = Host::open(Role::Client);
    let mut expected = Vec::new();
    for len in [0, 5, 300, 70_000] {
        host.connection.send_binary(&vec![1; len]).unwrap();
        expected.push(vec![1; len]);
    }
    let mut bytes = Vec::new();
    for size in [1, 2, 3, 500, 7, 100_000].iter().cycle() {
        let output = host.connection.output();
        let count = output.len().min(*size);
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&output[..count]);
        let left = output.len() - count;
        host.connection.written(count).unwrap();
        assert_eq!(host.connection.pending_output(), left);
    }
    let sent: Vec<Vec<u8>> = frames::read_all(&bytes).into_iter().map(|frame| frame.payload).collect();
    assert_eq!(sent, expected);
}

#[test]
fn output_that_nobody_reads_does_not_hold_the_connection() {
    for role in [Role::Server, Role::Client] {
        for end in [FIN | CLOSE, FIN | 7] {
            let mut host = Host::open(role);
            host.held = true;
            host.connection.send_binary(&[0; 100_000]).unwrap();
            host.receive(&frames::to(role, end, b""));
            assert!(host.connection.next_deadline().is_some(), "someone must end this");
            host.run_to(20_000);
            assert_eq!(host.transport(), Transport::Close);
            assert!(host.connection.output().is_empty(), "the host would wait for it to be written");
            assert_eq!(host.connection.next_deadline(), None);
        }
    }
}

#[test]
fn states_of_a_life() {
    let (mut client, answer) = client_and_answer(&client());
    assert_eq!(client.connection.state(), State::Connecting);
    client.receive(&answer);
    assert_eq!(client.connection.state(), State::Open);
    client.connection.close(1000, b"", 0).unwrap();
    assert_eq!(client.connection.state(), State::Closing);
    client.receive(&frames::server(FIN | CLOSE, &frames::close(1000, "")));
    assert_eq!(client.connection.state(), State::Closed);
    assert_eq!(client.transport(), Transport::Open, "the server ends TCP");
    client.eof();
    assert_eq!(client.transport(), Transport::Close);
}

/// One drain rule: a host that drops events hears of it while it is tested.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "not read")]
fn events_that_are_not_read_are_noticed() {
    let mut connection = Connection::new(&opened(Role::Server), seed(), 0).unwrap();
    connection.receive(&mut frames::to(Role::Server, FIN | TEXT, b"x"), 0);
    connection.receive(&mut [], 0);
}

/// A request with a thousand messages behind it, and its first batch.
fn more_than_a_batch() -> Host {
    let mut host = Host::new(&Config::server());
    host.receive(REQUEST.as_bytes());
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"x").repeat(1000));
    host.accept();
    assert!(host.connection.more() && host.events.len() < 300);
    assert_eq!(host.connection.next_deadline(), Some(0), "due now");
    host
}

/// The limits of the output count frames as they are on the wire, and are inclusive.
#[test]
fn the_hard_limit_of_output_is_exact() {
    for (role, mask) in [(Role::Server, 0), (Role::Client, 4)] {
        for (len, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = len + header + mask;
            for (limit, expected) in [(frame, Ok(())), (frame - 1, Err(Error::TooLarge))] {
                let mut config = opened(role);
                config.output_hard_limit(limit as u64).unwrap();
                let mut host = Host::new(&config);
                assert_eq!(host.connection.send_binary(&vec![0; len]), expected, "{role:?}: {len} in {limit}");
                assert_eq!(host.connection.pending_output(), if expected.is_ok() { frame } else { 0 });
                if expected.is_ok() {
                    assert_eq!(host.connection.send_binary(&vec![0; len]), Err(Error::WouldBlock));
                    host.drain();
                    assert_eq!(host.connection.send_binary(&vec![0; len]), Ok(()));
                }
            }
        }
    }
}

#[test]
fn a_batch_has_at_most_256_events() {
    let mut connection = Connection::new(&opened(Role::Server), seed(), 0).unwrap();
    let message = frames::to(Role::Server, FIN | TEXT, b"x");
    let mut input = message.repeat(600);
    for (expected, taken) in [(256, 256), (256, 256), (88, 88)] {
        assert_eq!(connection.receive(&mut input, 0), taken * message.len());
        assert_eq!(connection.records().len(), expected);
        input.drain(..taken * message.len());
    }
    assert!(!connection.more());
}

fn texts(host: &Host) -> usize {
    host.events.iter().filter(|event| *event == "text \"x\"").count()
}

#[test]
fn more_comes_with_receive_or_with_timeout() {
    let mut host = more_than_a_batch();
    host.take_more();
    assert_eq!(texts(&host), 1000);

    let mut host = more_than_a_batch();
    for _ in 0..10 {
        if host.connection.next_deadline() == Some(0) {
            host.connection.timeout(0);
            host.after(&[]);
        }
    }
    assert_eq!(texts(&host), 1000, "a host that obeys the deadline gets everything");
    assert_eq!(host.connection.next_deadline(), None);
}

#[test]
fn the_end_of_the_stream_waits_for_what_came_before() {
    let mut host = more_than_a_batch();
    host.eof();
    host.take_more();
    assert_eq!(texts(&host), 1000);
    assert_eq!(host.events.last().unwrap(), "closed 1006 \"\" unclean by-peer fault=EOF");
    assert_eq!(host.transport(), Transport::Close);
}

#[test]
fn a_decision_comes_too_late_after_giving_up() {
    for give_up in [(|c| c.close(1000, b"", 0)) as Call, |c| c.fail(1011, b"", 0)] {
        for decide in
            [(|c| c.accept(None, 0)) as Call, |c| c.reject(403, b"", 0), |c| c.add_response_header(b"A", b"b")]
        {
            let mut host = Host::new(&Config::server());
            host.receive(REQUEST.as_bytes());
            give_up(&mut host.connection).unwrap();
            assert_eq!(decide(&mut host.connection), Err(Error::InvalidState));
            host.take_more();
            assert_eq!(host.events.last().unwrap(), "closed 1006 \"\" unclean by-us fault=FAILED_BY_HOST");
            assert!(host.take_output().is_empty());
        }
    }
}
