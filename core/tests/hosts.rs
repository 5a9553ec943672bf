//! What a host can do wrong, and what follows: the right error, and nothing else (rule 7).

#![cfg_attr(not(feature = "fields"), allow(unused, reason = "what the tests of fields need"))]

mod common;

use std::time::Duration;

use common::drive::{Host, REQUEST, client, client_and_answer, ms, opened, seed};
use common::frames::{self, CLOSE, FIN, TEXT};
use common::options;
use sansock::boundary::{self, Block, Connection as Flat, Record, flag, http, kind, option, role, status, text};
use sansock::config::{OPTIONS, Unit};
use sansock::{
    CloseCode, Config, ConfigBuilder, Connection, DeflateLimit, Error, Event, HttpVersion, MessageKind,
    PreparedMessage, Received, Role, State, Transport, Url,
};

/// A call of a Rust program.
type Call = fn(&mut Connection) -> Result<(), Error>;
/// The call of a host in another language.
type FlatCall = fn(&mut Flat) -> Result<(), boundary::Error>;

/// The time of every call that does not say otherwise.
const NOW: Duration = Duration::ZERO;
const NORMAL: CloseCode = CloseCode::NORMAL_CLOSURE;
/// A request that asks for no upgrade.
const PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn connection(config: ConfigBuilder) -> Connection {
    Connection::new(&config.build().unwrap(), seed(), NOW).unwrap()
}

/// Every state of a connection, as far as the calls can distinguish them.
#[cfg(feature = "fields")]
fn states() -> [(&'static str, Host); 13] {
    let asked = || {
        let mut host = Host::new(Config::server());
        host.receive(REQUEST.as_bytes());
        host
    };
    let with = |mut host: Host, act: Call| {
        act(&mut host.connection).expect("a legal call");
        host.timeout();
        host
    };
    let mut left = Host::new(opened(Role::Server).auto_close(false));
    left.receive(&frames::to(Role::Server, FIN | CLOSE, &frames::close(1000, "")));
    let mut ended = Host::open(Role::Server);
    ended.eof();
    let mut page = Host::new(Config::server().deliver_http(true));
    page.receive(PAGE);
    let mut faulted = Host::new(opened(Role::Server).auto_fail(false));
    faulted.receive(&frames::to(Role::Server, FIN | 3, b""));
    let unwritten = || Host::holding(&client().build().expect("a good configuration"), true);
    let mut carried = unwritten();
    carried.input(|connection, now| connection.request_fields(HttpVersion::Http2, now)).expect("nothing is written");
    [
        ("reading the request", Host::new(Config::server())),
        ("deciding", asked()),
        ("waiting for the response", Host::new(client())),
        ("open", Host::open(Role::Server)),
        ("open client", Host::open(Role::Client)),
        ("inside a text", with(Host::open(Role::Server), |c| c.send_part(MessageKind::Text, b"a", false))),
        ("close sent", with(Host::open(Role::Server), |c| c.close(NORMAL, "", NOW))),
        ("close received", left),
        ("closed", ended),
        ("deciding on a page", page),
        ("faulted", faulted),
        ("before the request is written", unwritten()),
        ("waiting for a response made of fields", carried),
    ]
}

/// The same states, as a host in another language gets there.
#[cfg(feature = "fields")]
fn flat_states() -> [Flat; 13] {
    let after = |mut connection: Flat, act: &dyn Fn(&mut Flat)| {
        act(&mut connection);
        connection.records();
        take_output(&mut connection);
        connection
    };
    let close = frames::to(Role::Server, FIN | CLOSE, &frames::close(1000, ""));
    let unwritten = || Flat::new(&flat_config(role::CLIENT), seed(), 0).unwrap();
    [
        flat(role::SERVER, &[]),
        after(flat(role::SERVER, &[]), &|c| receive(c, REQUEST.as_bytes())),
        flat(role::CLIENT, &[]),
        flat_open(role::SERVER),
        flat_open(role::CLIENT),
        after(flat_open(role::SERVER), &|c| c.send_part(kind::TEXT, b"a", false).unwrap()),
        after(flat_open(role::SERVER), &|c| c.close(1000, b"", 0).unwrap()),
        after(flat(role::SERVER, &[(option::START_OPEN, 1), (option::AUTO_CLOSE, 0)]), &|c| receive(c, &close)),
        after(flat_open(role::SERVER), &|c| c.receive_eof(0)),
        after(flat(role::SERVER, &[(option::DELIVER_HTTP, 1)]), &|c| receive(c, PAGE)),
        after(flat(role::SERVER, &[(option::START_OPEN, 1), (option::AUTO_FAIL, 0)]), &|c| {
            receive(c, &frames::to(Role::Server, FIN | 3, b""));
        }),
        unwritten(),
        after(unwritten(), &|c| c.request_fields(http::VERSION_2, 0).unwrap()),
    ]
}

/// A connection of a host in another language, with these options. Its output has been written.
fn flat(role: u32, options: &[(u32, u64)]) -> Flat {
    let mut config = flat_config(role);
    options.iter().for_each(|(option, value)| config.set(*option, *value).unwrap());
    let mut connection = Flat::new(&config, seed(), 0).unwrap();
    take_output(&mut connection);
    connection
}

fn flat_open(role: u32) -> Flat {
    flat(role, &[(option::START_OPEN, 1)])
}

/// A configuration with all that is required.
fn flat_config(role: u32) -> boundary::Config {
    let mut config = boundary::Config::new(role).unwrap();
    if role == role::CLIENT {
        config.set_text(text::URL, b"ws://example.com/chat").unwrap();
    }
    config
}

fn receive(connection: &mut Flat, bytes: &[u8]) {
    assert_eq!(connection.receive(&mut bytes.to_vec(), 0), bytes.len());
}

fn take_output(connection: &mut Flat) -> Vec<u8> {
    let output = connection.output().to_vec();
    connection.written(output.len()).unwrap();
    output
}

/// What a Rust program can see of a connection.
fn seen(connection: &Connection) -> impl PartialEq + std::fmt::Debug + use<> {
    let answers = (
        connection.state(),
        connection.transport(),
        connection.next_deadline(),
        connection.fault(),
        connection.has_more(),
    );
    (connection.output().to_vec(), answers, connection.writable(), connection.memory_usage())
}

/// What a host in another language can see of a connection.
fn flat_seen(connection: &Flat) -> impl PartialEq + std::fmt::Debug + use<> {
    let block = block(connection);
    let answers = (block.state, block.transport, block.next_deadline, block.flags, connection.fault());
    let records = connection.records().to_vec();
    (connection.output().to_vec(), records, answers, connection.writable(), connection.memory_usage())
}

fn block(connection: &Flat) -> Block {
    let mut block = Block::EMPTY;
    connection.block(&mut block, std::ptr::null(), 0, 0, status::OK);
    block
}

/// One column for each state: `.` the call is legal, `S` it is refused as INVALID_STATE.
#[test]
#[cfg(feature = "fields")]
fn every_call_in_every_state() {
    #[rustfmt::skip]
    let table: [(&str, &str, Option<Call>, FlatCall); 26] = [
        //                          R D W O C I S L E H F B T
        ("accept", "S . S S S S S S S S S S S", Some(|c| c.accept(None, NOW).map(drop)), |c| c.accept(None, 0)),
        ("reject", "S . S S S S S S S . S S S", Some(|c| c.reject(403, b"", NOW).map(drop)), |c| c.respond(403, b"", b"", 0)),
        ("respond", "S . S S S S S S S . S S S",
            Some(|c| c.respond(200, "OK", b"", NOW).map(drop)), |c| c.respond(200, b"OK", b"", 0)),
        ("limit_deflate", "S . S S S S S S S . S S S",
            Some(|c| c.limit_deflate(DeflateLimit::Off)), |c| c.limit_deflate(option::DEFLATE, 0)),
        ("receive_request", ". S S S S S S S S S S S S",
            Some(|c| c.receive_request(HttpVersion::Http2, &[], NOW).map(drop)),
            |c| c.receive_request(http::VERSION_2, &[], 0)),
        ("request_fields", "S S S S S S S S S S S . S",
            Some(|c| c.request_fields(HttpVersion::Http3, NOW).map(drop)), |c| c.request_fields(http::VERSION_3, 0)),
        ("receive_response", "S S S S S S S S S S S S .",
            Some(|c| c.receive_response(200, &[], NOW).map(drop)), |c| c.receive_response(200, &[], 0)),
        ("add_response_header", "S . S S S S S S S . S S S",
            Some(|c| c.add_response_header("A", b"b")), |c| c.add_response_header(b"A", b"b")),
        ("clear_response", "S . S S S S S S S . S S S",
            Some(|c| c.clear_response()), |c| c.clear_response()),
        ("send_text", "S S S . . S S . S S . S S", Some(|c| c.send_text("x")), |c| c.send_text(b"x")),
        ("send_binary", "S S S . . S S . S S . S S", Some(|c| c.send_binary(b"x")), |c| c.send_binary(b"x")),
        ("send_part of text", "S S S . . . S . S S . S S",
            Some(|c| c.send_part(MessageKind::Text, b"x", true)), |c| c.send_part(kind::TEXT, b"x", true)),
        ("send_part of binary", "S S S . . S S . S S . S S",
            Some(|c| c.send_part(MessageKind::Binary, b"x", true)), |c| c.send_part(kind::BINARY, b"x", true)),
        ("send_header", "S S S . S . S . S S . S S",
            Some(|c| c.send_header(MessageKind::Text, 1, true)), |c| c.send_header(kind::TEXT, 1, true)),
        ("send_header of binary", "S S S . S S S . S S . S S",
            Some(|c| c.send_header(MessageKind::Binary, 1, true)), |c| c.send_header(kind::BINARY, 1, true)),
        ("send_prepared", "S S S . . S S . S S . S S",
            Some(|c| c.send_prepared(&PreparedMessage::text("x")?)),
            |c| c.send_prepared(&boundary::prepare(kind::TEXT, b"x")?)),
        ("ping", "S S S . . . . . S S . S S", Some(|c| c.ping(b"x", NOW)), |c| c.ping(b"x", 0)),
        ("pong", "S S S . . . . . S S . S S", Some(|c| c.pong(b"x")), |c| c.pong(b"x")),
        ("send_batch", "S S S . . S S . S S . S S", None, |c| c.send_batch(&[record(kind::TEXT, 0, 1)], b"x").1),
        ("send_many", "S S S . . S S . S S . S S", None, |c| c.send_many(kind::TEXT, &[1], b"x").1),
        ("close", ". . . . . . . . . . . . .", Some(|c| c.close(NORMAL, "", NOW)), |c| c.close(1000, b"", 0)),
        ("fail", ". . . . . . . . S . . . .",
            Some(|c| c.fail(CloseCode::INTERNAL_ERROR, "", NOW)), |c| c.fail(1011, b"", 0)),
        ("written nothing", ". . . . . . . . . . . . .", Some(|c| c.written(0)), |c| c.written(0)),
        ("pause", ". . . . . . . . . . . . .",
            Some(|c| { c.pause(NOW); Ok(()) }), |c| { c.pause(0); Ok(()) }),
        ("release", ". . . . . . . . . . . . .",
            Some(|c| { c.release(); Ok(()) }), |c| { c.release(); Ok(()) }),
        ("resume", ". . . . . . . . . . . . .",
            Some(|c| { c.resume(NOW); Ok(()) }), |c| { c.resume(0); Ok(()) }),
    ];
    for (name, row, call, flat_call) in table {
        for (((state, mut host), mut flat), expected) in states().into_iter().zip(flat_states()).zip(row.split(' ')) {
            assert_eq!(block(&flat).state, host.connection.state() as u8, "{state}");
            if let Some(call) = call {
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
            let before = flat_seen(&flat);
            let result = flat_call(&mut flat);
            match expected {
                "." => assert_eq!(result, Ok(()), "{name} while {state}"),
                _ => {
                    assert_eq!(result, Err(boundary::Error::InvalidState), "{name} while {state}");
                    assert_eq!(flat_seen(&flat), before, "{name} while {state} changed something");
                }
            }
        }
    }
}

#[test]
#[cfg(not(feature = "fields"))]
fn a_build_without_fields_refuses_them() {
    let mut server = connection(Config::server());
    assert!(server.receive_request(HttpVersion::Http11, &[], NOW).is_err_and(|error| error == Error::InvalidArgument));
    let mut client = connection(client());
    assert!(client.request_fields(HttpVersion::Http2, NOW).is_err_and(|error| error == Error::InvalidArgument));
    assert!(client.receive_response(200, &[], NOW).is_err_and(|error| error == Error::InvalidArgument));
}

fn record(kind: u8, offset: u64, len: u64) -> Record {
    Record { kind, offset, len, ..Record::default() }
}

#[test]
fn arguments_that_are_refused_change_nothing() {
    #[rustfmt::skip]
    let open: [(&str, Option<Call>, FlatCall); 24] = [
        ("text that is not UTF-8", None, |c| c.send_text(b"\xff")),
        ("text cut short", None, |c| c.send_text(b"a\xe2\x82")),
        ("part that cannot become text",
            Some(|c| c.send_part(MessageKind::Text, b"\xc0", false)), |c| c.send_part(kind::TEXT, b"\xc0", false)),
        ("last part cut short",
            Some(|c| c.send_part(MessageKind::Text, b"\xe2", true)), |c| c.send_part(kind::TEXT, b"\xe2", true)),
        ("part of no message", None, |c| c.send_part(kind::PING, b"", true)),
        ("header of no message", None, |c| c.send_header(kind::CLOSED, 1, true)),
        ("header of 2^63 bytes",
            Some(|c| c.send_header(MessageKind::Binary, 1 << 63, true)), |c| c.send_header(kind::BINARY, 1 << 63, true)),
        ("ping of 126 bytes", Some(|c| c.ping(&[0; 126], NOW)), |c| c.ping(&[0; 126], 0)),
        ("pong of 126 bytes", Some(|c| c.pong(&[0; 126])), |c| c.pong(&[0; 126])),
        ("close 999", Some(|c| c.close(CloseCode::from(999), "", NOW)), |c| c.close(999, b"", 0)),
        ("close 1005", Some(|c| c.close(CloseCode::NO_STATUS_RECEIVED, "", NOW)), |c| c.close(1005, b"", 0)),
        ("close 1006", Some(|c| c.close(CloseCode::ABNORMAL_CLOSURE, "", NOW)), |c| c.close(1006, b"", 0)),
        ("close 1015", Some(|c| c.close(CloseCode::TLS_HANDSHAKE, "", NOW)), |c| c.close(1015, b"", 0)),
        ("close 5000", Some(|c| c.close(CloseCode::from(5000), "", NOW)), |c| c.close(5000, b"", 0)),
        ("reason without a code", Some(|c| c.close(None, "r", NOW)), |c| c.close(0, b"r", 0)),
        ("reason of 124 bytes", Some(|c| c.close(NORMAL, &"r".repeat(124), NOW)), |c| c.close(1000, &[b'r'; 124], 0)),
        ("reason that is not UTF-8", None, |c| c.close(1000, b"\xff", 0)),
        ("fail 1004", Some(|c| c.fail(CloseCode::from(1004), "", NOW)), |c| c.fail(1004, b"", 0)),
        ("fail with a long reason",
            Some(|c| c.fail(CloseCode::INTERNAL_ERROR, &"r".repeat(124), NOW)), |c| c.fail(1011, &[b'r'; 124], 0)),
        ("more written than there is", Some(|c| c.written(1)), |c| c.written(1)),
        ("batch beyond its data", None, |c| c.send_batch(&[record(kind::BINARY, 1, 1)], b"x").1),
        ("many beyond their data", None, |c| c.send_many(kind::BINARY, &[2, 1], b"x").1),
        ("many of another kind", None, |c| c.send_many(kind::PING, &[1], b"x").1),
        ("batch beyond all data", None, |c| c.send_batch(&[record(kind::BINARY, u64::MAX, 2)], b"x").1),
    ];
    for (name, call, flat_call) in open {
        if let Some(call) = call {
            let mut host = Host::open(Role::Server);
            let before = seen(&host.connection);
            assert_eq!(call(&mut host.connection), Err(Error::InvalidArgument), "{name}");
            assert_eq!(seen(&host.connection), before, "{name} changed something");
            host.connection.send_text("good").unwrap();
            assert_eq!(host.take_output(), frames::server(FIN | TEXT, b"good"), "{name}");
        }
        let mut flat = flat_open(role::SERVER);
        let before = flat_seen(&flat);
        assert_eq!(flat_call(&mut flat), Err(boundary::Error::InvalidArgument), "{name}");
        assert_eq!(flat_seen(&flat), before, "{name} changed something");
        flat.send_text(b"good").unwrap();
        assert_eq!(take_output(&mut flat), frames::server(FIN | TEXT, b"good"), "{name}");
    }
}

#[test]
fn arguments_of_a_decision_that_are_refused_change_nothing() {
    #[rustfmt::skip]
    let deciding: [(&str, Call, FlatCall); 14] = [
        ("subprotocol not offered", |c| c.accept(Some("chat"), NOW).map(drop), |c| c.accept(Some(b"chat"), 0)),
        ("empty subprotocol", |c| c.accept(Some(""), NOW).map(drop), |c| c.accept(Some(b""), 0)),
        ("reject 0", |c| c.reject(0, b"", NOW).map(drop), |c| c.respond(0, b"", b"", 0)),
        ("reject 101", |c| c.reject(101, b"", NOW).map(drop), |c| c.respond(101, b"", b"", 0)),
        ("reject 199", |c| c.reject(199, b"", NOW).map(drop), |c| c.respond(199, b"", b"", 0)),
        ("reject 600", |c| c.reject(600, b"", NOW).map(drop), |c| c.respond(600, b"", b"", 0)),
        ("body of a 204", |c| c.reject(204, b"x", NOW).map(drop), |c| c.respond(204, b"", b"x", 0)),
        ("body of a 304", |c| c.reject(304, b"x", NOW).map(drop), |c| c.respond(304, b"", b"x", 0)),
        ("header without a name", |c| c.add_response_header("", b"x"), |c| c.add_response_header(b"", b"x")),
        ("header with a space", |c| c.add_response_header("A B", b"x"), |c| c.add_response_header(b"A B", b"x")),
        ("header of two lines",
            |c| c.add_response_header("A", b"x\r\nB: y"), |c| c.add_response_header(b"A", b"x\r\nB: y")),
        ("header with white space around", |c| c.add_response_header("A", b" x"), |c| c.add_response_header(b"A", b" x")),
        ("header of the handshake",
            |c| c.add_response_header("Sec-WebSocket-Accept", b"x"),
            |c| c.add_response_header(b"Sec-WebSocket-Accept", b"x")),
        ("header of the body",
            |c| c.add_response_header("content-length", b"0"), |c| c.add_response_header(b"content-length", b"0")),
    ];
    let is_plain = |answer: &[u8]| {
        let answer = String::from_utf8(answer.to_vec()).unwrap();
        answer.starts_with("HTTP/1.1 101 ") && answer.matches("\r\n").count() == 5
    };
    for (name, call, flat_call) in deciding {
        let mut host = Host::new(Config::server());
        host.receive(REQUEST.as_bytes());
        assert_eq!(call(&mut host.connection), Err(Error::InvalidArgument), "{name}");
        assert!(host.connection.output().is_empty(), "{name}");
        host.accept();
        let answer = host.take_output();
        assert!(is_plain(&answer), "{name}: {}", answer.escape_ascii());

        let mut flat = flat(role::SERVER, &[]);
        receive(&mut flat, REQUEST.as_bytes());
        assert_eq!(flat.records()[0].kind, kind::REQUEST);
        assert_eq!(flat_call(&mut flat), Err(boundary::Error::InvalidArgument), "{name}");
        assert!(flat.output().is_empty(), "{name}");
        flat.accept(None, 0).unwrap();
        let answer = take_output(&mut flat);
        assert!(is_plain(&answer), "{name}: {}", answer.escape_ascii());
    }
}

#[test]
fn headers_that_were_cleared_are_not_sent() {
    const LINES: [&str; 2] = ["Set-Cookie: a=b\r\n", "X-Configured: 1\r\n"];
    let is_right = |answer: &[u8]| {
        let answer = String::from_utf8(answer.to_vec()).unwrap();
        LINES.iter().all(|line| answer.contains(line)) && !answer.contains("X-Dropped")
    };
    let mut host = Host::new(Config::server().header("X-Configured", "1"));
    host.receive(REQUEST.as_bytes());
    host.connection.add_response_header("X-Dropped", "1").unwrap();
    host.connection.clear_response().unwrap();
    host.connection.add_response_header("Set-Cookie", "a=b").unwrap();
    host.accept();
    assert!(is_right(&host.take_output()));

    let mut config = flat_config(role::SERVER);
    config.add_header(b"X-Configured", b"1").unwrap();
    let mut flat = Flat::new(&config, seed(), 0).unwrap();
    receive(&mut flat, REQUEST.as_bytes());
    assert_eq!(flat.records()[0].kind, kind::REQUEST);
    flat.add_response_header(b"X-Dropped", b"1").unwrap();
    flat.clear_response().unwrap();
    flat.add_response_header(b"Set-Cookie", b"a=b").unwrap();
    flat.respond(403, b"", b"", 0).unwrap();
    assert!(is_right(&take_output(&mut flat)));
}

/// Zero is no code that may be sent; other languages write it for no code.
#[test]
fn a_code_of_zero_is_not_the_same_as_no_code() {
    let mut host = Host::open(Role::Server);
    assert_eq!(host.connection.close(CloseCode::from(0), "", NOW), Err(Error::InvalidArgument));
    assert_eq!(host.connection.state(), State::Open);
    host.connection.close(None, "", NOW).unwrap();
    assert_eq!(host.take_output(), frames::server(FIN | CLOSE, b""));
    let mut flat = flat_open(role::SERVER);
    flat.close(0, b"", 0).unwrap();
    assert_eq!(take_output(&mut flat), frames::server(FIN | CLOSE, b""));
}

#[test]
fn every_option_has_a_range() {
    const REFUSED: Result<(), boundary::Error> = Err(boundary::Error::InvalidArgument);
    let mut numbers = Vec::new();
    for info in OPTIONS {
        numbers.push(info.number);
        let mut config = flat_config(role::SERVER);
        for good in [info.min, info.max, info.default.unwrap_or(info.min)] {
            assert_eq!(config.set(info.number, good), Ok(()), "{} {good}", info.name);
        }
        if let Some(low) = info.min.checked_sub(1) {
            assert_eq!(config.set(info.number, low), REFUSED, "{} {low}", info.name);
        }
        if let Some(high) = info.max.checked_add(1) {
            assert_eq!(config.set(info.number, high), REFUSED, "{} {high}", info.name);
        }
        let boolean = info.max <= 1;
        assert!(boolean || info.min > 0, "{}: 0 is no limit", info.name);
    }
    assert_eq!(numbers, (1..=34).collect::<Vec<u32>>());
    for unknown in [0, 35, 1000, u32::MAX] {
        assert_eq!(flat_config(role::SERVER).set(unknown, 1), REFUSED);
    }
    assert_eq!((option::START_OPEN, option::PARTS, option::ALLOW_NON_MINIMAL_LENGTH), (1, 14, 19));
}

/// In Rust the ranges are the same, except that a switch has none, and the error names the option.
#[test]
fn an_error_of_a_configuration_names_the_option() {
    for info in OPTIONS.iter().filter(|info| info.unit != Unit::Switch) {
        let build = |value| options::set(Config::server(), info.name, value).build().map_err(|error| error.option());
        for good in [info.min, info.max, info.default.unwrap_or(info.min)] {
            assert_eq!(build(good).err(), None, "{} {good}", info.name);
        }
        for bad in info.min.checked_sub(1).into_iter().chain(info.max.checked_add(1)) {
            assert_eq!(build(bad).err(), Some(info.name), "{bad}");
        }
    }
    for (config, option) in [
        (Config::builder(Role::Client), "url"),
        (Config::client("http://a/"), "url"),
        (Config::server().url("ws://a/"), "url"),
        (Config::server().origin("http://a"), "origin"),
        (client().origin("http://a b"), "origin"),
        (client().subprotocol("a b"), "subprotocol"),
        (client().subprotocol("chat").subprotocol("chat"), "subprotocol"),
        (client().header("A B", "x"), "header"),
        (client().header("A", "x\r\n"), "header"),
        (client().max_headers(0).max_line_size(0), "max_headers"),
        (client().max_headers(0).max_headers(1), "max_headers"),
    ] {
        assert_eq!(config.build().err().map(|error| error.option()), Some(option));
    }
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
        ("output_hard_limit", Some(32 << 20)),
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
        ("max_fragments", Some(131_072)),
        ("write_timeout", Some(60_000)),
        ("deliver_http", Some(0)),
        ("frames", Some(0)),
        ("auto_fail", Some(1)),
        ("close_reason", Some(1)),
        ("secure", None),
    ];
    assert_eq!(defaults, expected);
}

#[test]
fn texts_of_a_configuration() {
    let refused = |result| assert_eq!(result, Err(boundary::Error::InvalidArgument));
    let server = || flat_config(role::SERVER);
    let client = || flat_config(role::CLIENT);
    refused(server().set_text(text::URL, b"ws://a/"));
    refused(server().set_text(text::ORIGIN, b"http://a"));
    refused(boundary::Config::new(role::CLIENT).unwrap().set_text(4, b"x"));
    for name in [&b""[..], b"a b", b"a,b", b"\xff", b"a\r\n"] {
        refused(server().set_text(text::SUBPROTOCOL, name));
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
        Flat::new(&boundary::Config::new(role::CLIENT).unwrap(), seed(), 0).err(),
        Some(boundary::Error::InvalidArgument),
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
    let mut connection = connection(opened(Role::Server));
    let mut input =
        [frames::to(Role::Server, FIN | TEXT, b"one"), frames::to(Role::Server, FIN | TEXT, b"two")].concat();
    let Received { events, sender, .. } = connection.receive(&mut input, NOW);
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
        let mut connection = connection(opened(role));
        let mut input =
            [frames::to(role, FIN | TEXT, b"last words"), frames::to(role, FIN | CLOSE, &frames::close(1000, ""))]
                .concat();
        let mut at = 0;
        let mut ended = false;
        while !ended {
            let Received { consumed, events, sender } = connection.receive(&mut input[at..], NOW);
            for event in events {
                match event {
                    Event::Text(text) => sender.send_text(text.text).unwrap(),
                    Event::Closed(closed) => ended = closed.clean,
                    _ => {}
                }
            }
            at += consumed;
        }
        let sent: Vec<Vec<u8>> = frames::read_all(connection.output()).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(sent, [b"last words".to_vec(), frames::close(1000, "")], "{role:?}");
    }
}

/// Sending, closing and the other calls leave the events of the last input call in place.
#[test]
fn records_stay_until_the_next_input_call() {
    let mut host = flat_open(role::SERVER);
    let mut input = frames::to(Role::Server, FIN | TEXT, b"stay");
    let cut = input.len() - 1;
    host.receive(&mut input[..cut], 0);
    host.receive(&mut input[cut..], 0);
    let records = host.records().to_vec();
    let payload = |connection: &Flat| {
        connection.region(records[0].flags & flag::REGION)[records[0].offset as usize..][..4].to_vec()
    };
    assert_eq!(payload(&host), b"stay");
    host.send_binary(&[0; 1000]).unwrap();
    host.ping(b"", 0).unwrap();
    host.pause(0);
    host.resume(0);
    take_output(&mut host);
    host.close(1000, b"", 0).unwrap();
    host.fail(1011, b"", 0).unwrap();
    assert_eq!(host.records(), records);
    assert_eq!(payload(&host), b"stay");
}

/// As whoever writes a `Buf` sees it.
#[test]
fn output_is_a_buffer_that_can_be_read() {
    use bytes::Buf;

    let mut connection = Connection::new(&opened(Role::Server).build().unwrap(), seed(), ms(0)).unwrap();
    connection.send_binary(b"payload").unwrap();
    let expected = frames::server(FIN | 2, b"payload");
    assert_eq!(connection.output_buf().remaining(), expected.len());
    let mut written = Vec::new();
    while connection.output_buf().has_remaining() {
        let len = connection.output_buf().chunk().len().min(4);
        written.extend_from_slice(&connection.output_buf().copy_to_bytes(len));
    }
    assert_eq!((written, connection.pending_output()), (expected, 0));
}

#[test]
fn a_batch_stops_at_the_first_that_cannot_be_sent() {
    let mut host = flat_open(role::SERVER);
    let data = b"onetwo\xffend";
    let records = [
        record(kind::TEXT, 0, 3),
        record(kind::BINARY, 3, 3),
        record(kind::PING, 0, 1),
        record(kind::PONG, 0, 0),
        record(kind::TEXT, 6, 1),
        record(kind::TEXT, 7, 3),
    ];
    let (sent, result) = host.send_batch(&records, data);
    assert_eq!((sent, result), (4, Err(boundary::Error::InvalidArgument)));
    let expected = [
        frames::server(FIN | TEXT, b"one"),
        frames::server(FIN | 2, b"two"),
        frames::server(FIN | 9, b"o"),
        frames::server(FIN | 0xa, b""),
    ];
    assert_eq!(take_output(&mut host), expected.concat());
    assert_eq!(host.send_batch(&records[5..], data), (1, Ok(())));
    assert_eq!(host.send_batch(&[], &[]), (0, Ok(())));
    assert_eq!(host.send_batch(&[record(kind::CLOSED, 0, 0)], b"").1, Err(boundary::Error::InvalidArgument));
}

#[test]
fn a_clock_that_runs_backwards_is_stopped() {
    let mut host = Host::new(opened(Role::Server).ping_interval(ms(1000)));
    host.run_to(900);
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"x"));
    host.input(|connection, _| Ok(connection.timeout(ms(0)))).unwrap();
    assert_eq!(host.next_deadline(), Some(1000));
    host.connection.close(NORMAL, "", ms(100)).unwrap();
    host.drain();
    assert_eq!(host.next_deadline(), Some(10_900), "10 s from the latest time it was given");
    host.run_to(u64::MAX - 1);
    assert_eq!(host.transport(), Transport::Close, "even at the end of time");
}

/// What a block says may be passed on as it is, also if no deadline runs.
#[test]
fn a_deadline_that_never_comes_is_no_time() {
    let mut connection = flat(role::SERVER, &[(option::START_OPEN, 1)]);
    assert_eq!(block(&connection).next_deadline, boundary::NEVER);
    connection.timeout(boundary::NEVER);
    connection.close(1000, b"", 0).unwrap();
    take_output(&mut connection);
    connection.timeout(boundary::NEVER);
    assert_eq!(block(&connection).next_deadline, 10_000, "the clock was never at its end");
}

/// At both ends of the clock all deadlines come, once, and every call returns.
#[test]
fn clocks_at_both_ends_of_their_range() {
    let last = Duration::from_millis(u64::MAX - 1);
    for (start, end) in [(ms(0), ms(0)), (ms(0), last), (last, last), (Duration::MAX, Duration::MAX)] {
        for role in [Role::Client, Role::Server] {
            let config = opened(role).ping_interval(ms(1)).pong_timeout(ms(1)).build().unwrap();
            let mut connection = Connection::new(&config, [0; 32], start).unwrap();
            for _ in 0..5 {
                connection.timeout(end).events.for_each(drop);
                let len = connection.output().len();
                connection.written(len).unwrap();
            }
            let _ = connection.fail(CloseCode::INTERNAL_ERROR, "", end); // it may have failed by a deadline
            connection.timeout(end).events.for_each(drop);
            assert_eq!(connection.state(), State::Closed);
        }
    }
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
            host.run_to(60_001);
            assert_eq!(host.transport(), Transport::Close);
            assert!(host.connection.output().is_empty(), "the host would wait for it to be written");
            assert_eq!(host.connection.next_deadline(), None);
        }
    }
}

#[test]
fn states_of_a_life() {
    let (mut client, answer) = client_and_answer(client());
    assert_eq!(client.connection.state(), State::Connecting);
    client.receive(&answer);
    assert_eq!(client.connection.state(), State::Open);
    client.connection.close(NORMAL, "", NOW).unwrap();
    assert_eq!(client.connection.state(), State::Closing);
    client.receive(&frames::server(FIN | CLOSE, &frames::close(1000, "")));
    assert_eq!(client.connection.state(), State::Closed);
    assert_eq!(client.transport(), Transport::Open, "the server ends TCP");
    client.eof();
    assert_eq!(client.transport(), Transport::Close);
}

/// A host that drops events notices it in a debug build.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "not read")]
fn events_that_are_not_read_are_noticed() {
    let mut connection = connection(opened(Role::Server));
    let _ = connection.receive(&mut frames::to(Role::Server, FIN | TEXT, b"x"), NOW);
    let _ = connection.receive(&mut [], NOW);
}

/// A request with a thousand messages behind it, and its first batch.
fn more_than_a_batch() -> Host {
    let mut host = Host::new(Config::server());
    host.receive(REQUEST.as_bytes());
    host.receive(&frames::to(Role::Server, FIN | TEXT, b"x").repeat(1000));
    host.accept();
    assert!(host.connection.has_more() && host.events.len() < 300);
    assert_eq!(host.next_deadline(), Some(0), "due now");
    host
}

/// The limits of the output count frames as they are on the wire, and are inclusive.
#[test]
fn the_hard_limit_of_output_is_exact() {
    for (role, mask) in [(Role::Server, 0), (Role::Client, 4)] {
        for (len, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = len + header + mask;
            for (limit, expected) in [(frame, Ok(())), (frame - 1, Err(Error::TooLarge))] {
                let mut host = Host::new(opened(role).output_hard_limit(limit as u64));
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
    let mut connection = connection(opened(Role::Server));
    let message = frames::to(Role::Server, FIN | TEXT, b"x");
    let mut input = message.repeat(600);
    for (expected, messages) in [(256, 256), (256, 256), (88, 88)] {
        let Received { consumed, events, .. } = connection.receive(&mut input, NOW);
        assert_eq!(events.count(), expected);
        assert_eq!(consumed, messages * message.len());
        input.drain(..consumed);
    }
    assert!(!connection.has_more());
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
        if host.next_deadline() == Some(0) {
            host.timeout();
        }
    }
    assert_eq!(texts(&host), 1000, "a host that obeys the deadline gets everything");
    assert_eq!(host.next_deadline(), Some(1000), "the memory of the batch is given back");
    host.run_to(1000);
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
    let ways: [Call; 2] = [|c| c.close(NORMAL, "", NOW), |c| c.fail(CloseCode::INTERNAL_ERROR, "", NOW)];
    let decisions: [Call; 5] = [
        |c| c.accept(None, NOW).map(drop),
        |c| c.reject(403, b"", NOW).map(drop),
        |c| c.limit_deflate(DeflateLimit::Off),
        |c| c.add_response_header("A", b"b"),
        |c| c.clear_response(),
    ];
    for give_up in ways {
        for decide in decisions {
            let mut host = Host::new(Config::server());
            host.receive(REQUEST.as_bytes());
            give_up(&mut host.connection).unwrap();
            assert_eq!(decide(&mut host.connection), Err(Error::InvalidState));
            host.take_more();
            assert_eq!(host.events.last().unwrap(), "closed 1006 \"\" unclean by-us fault=FAILED_BY_HOST");
            assert!(host.take_output().is_empty());
        }
    }
}
