//! One case against the engine, through its public interface alone.

use std::time::Duration;

use sansock::handshake::fields::Field;
use sansock::{
    CloseCode, Config, ConfigBuilder, Connection, DeflateLimit, Error, Fault, HttpVersion, MessageKind,
    PreparedMessage, Received, Role, Transport,
};

use super::case::{Case, split_word};
use super::common::bytes::{parse, show};
use super::common::drive::{Host, ms};
use super::common::options;
use super::cuts::Cuts;

/// Runs a case. Returns one transcript for each step.
pub(crate) fn replay(case: &Case, cuts: &mut Cuts) -> Vec<Vec<String>> {
    let mut host = start(case);
    let mut shown = Shown { deadline: None, writable: true, transport: Transport::Open, fault: None };
    let mut transcripts = vec![transcript(case, &mut host, &mut shown, Ok(()), 0)];
    for step in &case.steps[1..] {
        let mut left = 0;
        let result = run(&mut host, &step.call, cuts, &mut left);
        host.take_more();
        transcripts.push(transcript(case, &mut host, &mut shown, result, left));
    }
    transcripts
}

/// Runs the first `count` steps of a case, and of the next one, if it is a `receive`, the first `part` sixteenths of its
/// bytes. Then the stream ends.
pub(crate) fn replay_to_the_end(case: &Case, count: usize, part: usize) -> Host {
    let mut host = start(case);
    for step in &case.steps[1..count] {
        let _ = run(&mut host, &step.call, &mut Cuts::Whole, &mut 0);
        host.take_more();
    }
    if let Some(rest) = case.steps.get(count).and_then(|step| step.call.strip_prefix("receive ")) {
        let bytes = bytes(rest);
        host.receive(&bytes[..bytes.len() * part / 16]);
    }
    host.eof();
    host.take_more();
    host.eof();
    host.held = false;
    host.drain();
    host
}

fn start(case: &Case) -> Host {
    assert_eq!(case.steps[0].call, "start", "the first step");
    let config = configure(case).build().expect("a good configuration");
    Host::holding(&config, case.setup("hold").next().is_some())
}

/// What the transcript shows only when it changes.
struct Shown {
    deadline: Option<u64>,
    writable: bool,
    transport: Transport,
    fault: Option<Fault>,
}

fn configure(case: &Case) -> ConfigBuilder {
    let role = match case.setup("role").next() {
        Some("server") => Role::Server,
        Some("client") => Role::Client,
        other => panic!("role {other:?}"),
    };
    let mut config = Config::builder(role);
    for (keyword, rest) in &case.setup {
        let text = || string(&bytes(rest)).expect("text").to_owned();
        config = match keyword.as_str() {
            "option" => {
                let (name, value) = split_word(rest);
                options::set(config, name, value.parse().expect("a number"))
            }
            "url" => config.url(&text()),
            "origin" => config.origin(&text()),
            "key" => config.key(&text()),
            "subprotocol" => config.subprotocol(&text()),
            "header" => {
                let (name, value) = two_strings(rest);
                config.header(string(&name).expect("a name"), value)
            }
            "rfc" | "about" | "role" | "show" | "whole" | "hold" => config,
            other => panic!("unknown set-up line: {other}"),
        };
    }
    config
}

fn run(host: &mut Host, call: &str, cuts: &mut Cuts, left: &mut usize) -> Result<(), Error> {
    let (verb, rest) = split_word(call);
    let (word, after) = split_word(rest);
    let now = ms(host.now);
    let connection = &mut host.connection;
    match verb {
        "receive" => *left = receive(host, &bytes(rest), cuts),
        "eof" => host.eof(),
        "time" => host.now = number(rest),
        "timeout" => host.timeout(),
        "accept" => {
            let subprotocol = (!rest.is_empty()).then(|| bytes(rest));
            let subprotocol = subprotocol.as_deref().map(string).transpose()?;
            host.input(|connection, now| connection.accept(subprotocol, now))?;
        }
        "reject" => {
            let (status, body) = (number(word) as u16, bytes(after));
            host.input(|connection, now| connection.reject(status, &body, now))?;
        }
        "respond" => {
            let (status, (reason, body)) = (number(word) as u16, two_strings(after));
            host.input(|connection, now| connection.respond(status, &reason, &body, now))?;
        }
        "limit-deflate" => connection.limit_deflate(deflate_limit(word, number(after)))?,
        "field" => host.fields.push(two_strings(rest)),
        "receive-request" => {
            let version = http_version(word);
            fields_call(host, |connection, fields, now| connection.receive_request(version, fields, now))?;
        }
        "request-fields" => {
            let version = http_version(word);
            host.input(|connection, now| connection.request_fields(version, now))?;
        }
        "receive-response" => {
            let status = number(word) as u16;
            fields_call(host, |connection, fields, now| connection.receive_response(status, fields, now))?;
        }
        "response-header" => {
            let (name, value) = two_strings(rest);
            connection.add_response_header(string(&name)?, value)?;
        }
        "text" => connection.send_text(string(&bytes(rest))?)?,
        "binary" => connection.send_binary(&bytes(rest))?,
        "part" => {
            let (after, last) = ends_with_last(after);
            connection.send_part(kind_of(word), &bytes(after), last)?;
        }
        "prepared" => connection.send_prepared(&prepare(kind_of(word), &bytes(after))?)?,
        "header" => {
            let (after, last) = ends_with_last(after);
            connection.send_header(kind_of(word), number(after), last)?;
        }
        "ping" => connection.ping(&bytes(rest), now)?,
        "pong" => connection.pong(&bytes(rest))?,
        "close" => connection.close(code(word), string(&bytes(after))?, now)?,
        "fail" => connection.fail(code(word), string(&bytes(after))?, now)?,
        "pause" => connection.pause(now),
        "resume" => connection.resume(now),
        "hold" => host.held = true,
        "drain" => host.held = false,
        other => panic!("unknown step: {other}"),
    }
    Ok(())
}

/// Bytes that a Rust program passes as text: what is not text it cannot pass.
fn string(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(|_| Error::InvalidArgument)
}

/// A close code; 0 stands for none.
fn code(word: &str) -> Option<CloseCode> {
    Some(number(word) as u16).filter(|code| *code != 0).map(CloseCode::from)
}

/// Passes the bytes on in pieces. Returns how many were not taken.
fn receive(host: &mut Host, bytes: &[u8], cuts: &mut Cuts) -> usize {
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(cuts.next(rest.len()));
        let left = host.receive(piece);
        if left > 0 || after.is_empty() {
            return left + after.len();
        }
        rest = after;
    }
}

fn transcript(case: &Case, host: &mut Host, shown: &mut Shown, result: Result<(), Error>, left: usize) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(result.err().map(|error| format!("error {}", name(error))));
    lines.extend(host.take_events());
    if left > 0 {
        lines.push(format!("left {left}"));
    }
    if !host.held {
        let output = host.take_output();
        if !output.is_empty() {
            lines.push(format!("out {}", show(&output)));
        }
    }
    let transport = host.transport();
    if transport != shown.transport {
        shown.transport = transport;
        lines.push(match transport {
            Transport::Open => "transport open".into(),
            Transport::ShutdownWrite => "transport shutdown-write".into(),
            Transport::Close => "transport close".into(),
        });
    }
    let deadline = host.next_deadline();
    if case.shows("deadline") && deadline != shown.deadline {
        shown.deadline = deadline;
        lines.push(deadline.map_or("deadline never".into(), |deadline| format!("deadline {deadline}")));
    }
    let writable = host.connection.writable();
    if case.shows("writable") && writable != shown.writable {
        shown.writable = writable;
        lines.push(format!("writable {}", if writable { "yes" } else { "no" }));
    }
    let fault = host.connection.fault();
    if case.shows("fault") && fault != shown.fault {
        shown.fault = fault;
        lines.extend(fault.map(|fault| {
            let number =
                |name: &str, number: Option<u64>| number.map_or(String::new(), |number| format!(" {name}={number}"));
            let (actual, limit) = (number("actual", fault.actual()), number("limit", fault.limit()));
            format!("fault {}{actual}{limit}{}", fault.kind.name(), number("position", fault.position()))
        }));
    }
    lines
}

fn name(error: Error) -> &'static str {
    match error {
        Error::InvalidArgument => "INVALID_ARGUMENT",
        Error::InvalidState => "INVALID_STATE",
        Error::WouldBlock => "WOULD_BLOCK",
        Error::TooLarge => "TOO_LARGE",
        Error::NoMemory => "NO_MEMORY",
        other => panic!("not from the engine: {other:?}"),
    }
}

fn bytes(text: &str) -> Vec<u8> {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn http_version(word: &str) -> HttpVersion {
    match word {
        "1.1" => HttpVersion::Http11,
        "2" => HttpVersion::Http2,
        "3" => HttpVersion::Http3,
        other => panic!("not a version of HTTP: {other}"),
    }
}

fn deflate_limit(option: &str, value: u64) -> DeflateLimit {
    match (option, value) {
        ("deflate", 0) => DeflateLimit::Off,
        ("server_no_context_takeover", 1) => DeflateLimit::ServerNoContextTakeover,
        ("client_no_context_takeover", 1) => DeflateLimit::ClientNoContextTakeover,
        ("server_max_window_bits", bits) => DeflateLimit::ServerMaxWindowBits(bits as u8),
        ("client_max_window_bits", bits) => DeflateLimit::ClientMaxWindowBits(bits as u8),
        other => panic!("not a limit: {other:?}"),
    }
}

/// Makes a call with the fields that were given, and forgets them.
fn fields_call(
    host: &mut Host,
    call: impl for<'a> FnOnce(&'a mut Connection, &[Field<'_>], Duration) -> Result<Received<'a>, Error>,
) -> Result<(), Error> {
    let fields = std::mem::take(&mut host.fields);
    let fields: Vec<Field<'_>> = fields.iter().map(|(name, value)| Field { name, value }).collect();
    host.input(|connection, now| call(connection, &fields, now))
}

fn kind_of(word: &str) -> MessageKind {
    match word {
        "text" => MessageKind::Text,
        "binary" => MessageKind::Binary,
        other => panic!("not a kind of message: {other}"),
    }
}

fn prepare(kind: MessageKind, payload: &[u8]) -> Result<PreparedMessage, Error> {
    match kind {
        MessageKind::Text => PreparedMessage::text(string(payload)?),
        MessageKind::Binary => PreparedMessage::binary(payload),
    }
}

fn ends_with_last(text: &str) -> (&str, bool) {
    text.strip_suffix("last").map_or((text, false), |rest| (rest, true))
}

/// Two quoted strings. The first, a name, holds no quotes.
fn two_strings(text: &str) -> (Vec<u8>, Vec<u8>) {
    let end = text[1..].find('"').expect("a closing quote") + 2;
    (bytes(&text[..end]), bytes(&text[end..]))
}
