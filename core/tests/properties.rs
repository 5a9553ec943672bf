//! What holds for all inputs. The cases are drawn from a fixed seed: every run sees the same ones.

#![cfg_attr(not(feature = "fields"), allow(unused, reason = "what the tests of fields need"))]

mod common;

use common::bytes::show;
use common::drive::{Host, REQUEST, client, client_and_answer, ms, opened, seed};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sansock::boundary::{self, Block, Record, block, flag, kind, option, region};
use sansock::handshake::fields::Field;
use sansock::{CloseCode, Config, Connection, Event, FaultKind, HttpVersion, MessageKind, Role, State, Transport};

fn drawn(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(6455), ..ProptestConfig::default() }
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Client), Just(Role::Server)]
}

/// Text with characters of every length, and the places where they can be cut.
fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just('a'), Just('\u{e9}'), Just('\u{20ac}'), Just('\u{1f600}')], 0..60)
        .prop_map(|chars| chars.into_iter().collect::<String>().into_bytes())
}

fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..longest)
}

/// A message in fragments, control frames between them.
fn message() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let body = prop_oneof![text().prop_map(|text| (TEXT, text)), bytes(300).prop_map(|bytes| (BINARY, bytes))];
    (
        body,
        proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
        proptest::option::of((0..5_usize, bytes(125))),
    )
        .prop_map(|((opcode, payload), cuts, control)| {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.push(payload.len());
            let mut sent = 0;
            let mut list = Vec::new();
            for (at, cut) in cuts.iter().enumerate() {
                let first = if at == 0 { opcode } else { CONTINUATION };
                let last = if at + 1 == cuts.len() { FIN } else { 0 };
                list.push((first | last, payload[sent..*cut].to_vec()));
                sent = *cut;
            }
            if let Some((at, payload)) = control {
                list.insert(at.min(list.len()), (FIN | if payload.len() % 2 == 0 { PING } else { PONG }, payload));
            }
            list
        })
}

/// A conversation of good frames, perhaps with an end, perhaps with a byte spoilt.
fn stream(role: Role) -> impl Strategy<Value = Vec<u8>> {
    let close = proptest::option::of((prop_oneof![Just(1000_u16), Just(1001), Just(4000), Just(1005)], text()));
    let spoilt = proptest::option::weighted(0.4, (any::<prop::sample::Index>(), any::<u8>()));
    let keyed = proptest::collection::vec((message(), any::<[u8; 4]>()), 0..8);
    (keyed, close, spoilt).prop_map(move |(messages, close, spoilt)| {
        let mut bytes = Vec::new();
        for (message, key) in messages {
            for (first, payload) in message {
                bytes.extend(match role {
                    Role::Server => frames::client(first, &payload, key),
                    Role::Client => frames::server(first, &payload),
                });
            }
        }
        if let Some((code, reason)) = close {
            let reason = &reason[..reason.len().min(100)];
            bytes.extend(frames::to(role, FIN | CLOSE, &[&code.to_be_bytes()[..], reason].concat()));
        }
        if let Some((at, byte)) = spoilt.filter(|_| !bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

fn role_and_stream() -> impl Strategy<Value = (Role, Vec<u8>)> {
    role().prop_flat_map(|role| stream(role).prop_map(move |bytes| (role, bytes)))
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1..4_usize, 1..200_usize], 1..30)
}

/// Passes the bytes on in pieces of these sizes, over and over.
fn receive_cut(host: &mut Host, mut bytes: &[u8], sizes: &[usize]) {
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            return;
        }
        let (piece, rest) = bytes.split_at(bytes.len().min(*size));
        assert_eq!(host.receive(piece), 0);
        bytes = rest;
    }
}

/// Events and output of a connection that receives these bytes and then the end of the stream.
fn outcome(config: &Config, bytes: &[u8], sizes: &[usize]) -> (Vec<String>, Vec<u8>, Transport) {
    let mut host = Host::of(config);
    receive_cut(&mut host, bytes, sizes);
    host.eof();
    let output = host.take_output();
    (host.events, output, host.connection.transport())
}

/// The parts of messages, joined. A message that does not end stays apart.
fn joined(events: &[String]) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for event in events {
        let (body, mark) = match event.rsplit_once("\" ") {
            Some((body, mark @ ("first" | "middle" | "last")))
                if event.starts_with("text") || event.starts_with("binary") =>
            {
                (body, mark)
            }
            _ => {
                list.push(event.clone());
                continue;
            }
        };
        match (open.take(), mark) {
            (None, "first") => open = Some(body.into()),
            (Some(so_far), mark @ ("middle" | "last")) => {
                let (so_far, (_, more)) = (so_far, body.split_once('"').expect("a quote"));
                if mark == "last" {
                    list.push(format!("{so_far}{more}\""));
                } else {
                    open = Some(format!("{so_far}{more}"));
                }
            }
            other => panic!("parts out of order: {other:?} in {events:?}"),
        }
    }
    list
}

/// Header lines of opening requests: those of a good one, in several forms, and bad ones.
const LINES: [(&str, &str); 24] = [
    ("Host", "a"),
    ("Host", "a"),
    ("host", "[::1]:80"),
    ("Host", "a b"),
    ("Upgrade", "websocket"),
    ("Upgrade", "WebSocket, h2c"),
    ("Connection", "Upgrade"),
    ("connection", "keep-alive, upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-key", "short"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Version", "8"),
    ("Origin", "http://a"),
    ("Origin", "null"),
    ("Sec-WebSocket-Protocol", "chat, other"),
    ("Sec-WebSocket-Protocol", "a b"),
    ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=10"),
    ("Sec-WebSocket-Extensions", ";"),
    ("Content-Length", "0"),
    ("Content-Length", "5"),
    ("Transfer-Encoding", "chunked"),
    ("X", "\u{e9}"),
];

/// Messages, a fault and output.
type Data = (Vec<(MessageKind, Vec<u8>)>, Option<FaultKind>, Vec<u8>);

/// What a host gets of these bytes: messages joined (an incomplete one is left out), the fault, and all output.
fn data(config: &Config, mut bytes: &[u8], sizes: &[usize]) -> Data {
    let mut connection = Connection::new(config, seed(), ms(0)).unwrap();
    let (mut messages, mut message, mut frame, mut output) = (Vec::new(), Vec::new(), 0, Vec::new());
    let mut sizes = sizes.iter().cycle();
    while !bytes.is_empty() || connection.has_more() {
        let mut input = bytes[..bytes.len().min(*sizes.next().unwrap())].to_vec();
        let received = connection.receive(&mut input, ms(0));
        let consumed = received.consumed;
        for event in received.events {
            let (kind, data, last) = match event {
                Event::Text(text) => (MessageKind::Text, text.text.as_bytes(), text.last),
                Event::Binary(binary) => (MessageKind::Binary, binary.data, binary.last),
                Event::Frame(part) => {
                    frame += part.data.len();
                    assert!(frame as u64 <= part.frame_len);
                    if part.frame_end {
                        assert_eq!(frame as u64, part.frame_len);
                        frame = 0;
                    }
                    (part.kind, part.data, part.last)
                }
                _ => continue,
            };
            message.extend_from_slice(data);
            if last {
                messages.push((kind, std::mem::take(&mut message)));
            }
        }
        bytes = &bytes[consumed..];
        output.extend_from_slice(connection.output());
        connection.written(connection.output().len()).unwrap();
    }
    (messages, connection.fault().map(|fault| fault.kind), output)
}

proptest! {
    #![proptest_config(drawn(250))]

    /// Rule 9: same bytes, any chunking, same events and same output.
    #[test]
    fn frames_mean_the_same_however_cut((role, bytes) in role_and_stream(), sizes in pieces()) {
        let config = opened(role).build().unwrap();
        let whole = outcome(&config, &bytes, &[usize::MAX]);
        prop_assert_eq!(&outcome(&config, &bytes, &sizes), &whole);
        prop_assert_eq!(&outcome(&config, &bytes, &[1]), &whole);
    }

    /// Parts, joined, are the messages; and every part of a text is text (rule 14).
    #[test]
    fn parts_are_the_messages_in_pieces((role, bytes) in role_and_stream(), sizes in pieces()) {
        let whole = outcome(&opened(role).build().unwrap(), &bytes, &sizes);
        let parts = outcome(&opened(role).parts(true).build().unwrap(), &bytes, &sizes);
        let only = |events: &[String], data: bool| -> Vec<String> {
            let is_data = |event: &&String| event.starts_with("text") || event.starts_with("binary");
            events.iter().filter(|event| is_data(event) == data).cloned().collect()
        };
        // Long payloads are shown as hashes, which do not join.
        prop_assume!(!parts.0.iter().chain(&whole.0).any(|event| event.contains("fnv1a")));
        prop_assert_eq!(only(&joined(&parts.0), true), only(&whole.0, true));
        prop_assert_eq!(only(&parts.0, false), only(&whole.0, false));
        prop_assert_eq!(parts.1, whole.1);
    }

    /// Frames, joined, are the messages; the ends of frames are those on the wire; and answers and faults are the same.
    #[test]
    fn frames_are_the_messages_as_they_arrive((role, bytes) in role_and_stream(), sizes in pieces()) {
        let whole = data(&opened(role).build().unwrap(), &bytes, &sizes);
        let config = opened(role).frames(true).auto_pong(true).auto_close(true).auto_fail(true).build().unwrap();
        let frames = data(&config, &bytes, &sizes);
        prop_assert_eq!(&frames, &whole);
        prop_assert_eq!(&data(&config, &bytes, &[1]), &whole);
    }

    /// A request means the same as text and as fields, and so does the answer to it.
    #[test]
    #[cfg(feature = "fields")]
    fn a_request_means_the_same_as_text_and_as_fields(
        lines in proptest::collection::vec(0..LINES.len(), 3..9),
        target in prop_oneof![Just("/chat?a=b"), Just("/"), Just("http://a/x"), Just("no"), Just("/\u{e9}")],
        method in prop_oneof![9 => Just("GET"), 1 => Just("POST"), 1 => Just("HEAD"), 1 => Just("G T")],
        deliver in any::<bool>(),
    ) {
        let config = Config::server().subprotocol("chat").deflate(cfg!(feature = "deflate")).deliver_http(deliver);
        let config = config.build().unwrap();
        let lines: Vec<(&str, &str)> = lines.iter().map(|index| LINES[*index]).collect();
        let mut text = Host::of(&config);
        let mut head = format!("{method} {target} HTTP/1.1\r\n");
        lines.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        text.receive(format!("{head}\r\n").as_bytes());
        let mut carried = Host::of(&config);
        let all = [(":method", method), (":path", target)].into_iter().chain(lines.iter().copied());
        let fields: Vec<Field<'_>> =
            all.map(|(name, value)| Field { name: name.as_bytes(), value: value.as_bytes() }).collect();
        carried.input(|connection, now| connection.receive_request(HttpVersion::Http11, &fields, now)).unwrap();
        for host in [&mut text, &mut carried] {
            let asked = host.events.iter().any(|event| event.starts_with("request"));
            if asked && host.input(|connection, now| connection.accept(None, now)).is_err() {
                host.input(|connection, now| connection.respond(200, "", b"page", now)).unwrap();
            }
        }
        // The response is a head among the events in place of text in the output.
        let mut response = text.take_output();
        let mut events = Vec::new();
        let mut fields = Vec::new();
        let mut in_head = false;
        for event in carried.take_events() {
            in_head = event.starts_with("head ") || in_head && event.starts_with("  ");
            if in_head { fields.push(event) } else { events.push(event) }
        }
        prop_assert_eq!(text.take_events(), events);
        prop_assert!(carried.take_output().is_empty());
        let status = fields.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
        let start = format!("HTTP/1.1 {status} ");
        prop_assert!(response.starts_with(start.as_bytes()), "{status} and {}", response.escape_ascii());
        response.make_ascii_lowercase();
        let response = String::from_utf8(response).unwrap();
        for field in &fields[1..] {
            let parts: Vec<&str> = field.split('"').collect();
            let line = format!("\r\n{}: {}\r\n", parts[1], parts[3].to_lowercase());
            prop_assert!(response.contains(&line), "{line} is not in {response}");
        }
        prop_assert_eq!(response.split("\r\n\r\n").next().unwrap().matches("\r\n").count(), fields.len() - 1);
        prop_assert_eq!(text.fault(), carried.fault());
    }

    /// Anything at all: one end, reported once and last, and nothing but whole frames sent.
    #[test]
    fn noise_ends_in_one_closed_event(role in role(), bytes in bytes(200), sizes in pieces()) {
        let (events, output, transport) = outcome(&opened(role).build().unwrap(), &bytes, &sizes);
        prop_assert_eq!(events.iter().filter(|event| event.starts_with("closed ")).count(), 1);
        prop_assert!(events.last().unwrap().starts_with("closed "));
        prop_assert_eq!(transport, Transport::Close);
        frames::read_all(&output);
    }

    /// A request, spoilt in a few places: the same verdict however cut, and never more than one answer.
    #[test]
    fn requests_mean_the_same_however_cut(
        spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..3),
        sizes in pieces(),
    ) {
        let request = spoil(REQUEST.as_bytes().to_vec(), &spoils);
        let config = Config::server().build().unwrap();
        let whole = outcome(&config, &request, &[usize::MAX]);
        prop_assert_eq!(&outcome(&config, &request, &sizes), &whole);
        prop_assert_eq!(&outcome(&config, &request, &[1]), &whole);
        prop_assert!(String::from_utf8_lossy(&whole.1).matches("HTTP/1.1").count() <= 1);
    }

    #[test]
    fn responses_mean_the_same_however_cut(
        refused in any::<bool>(),
        spoils in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..3),
        sizes in pieces(),
    ) {
        let response = spoil(if refused { refusal() } else { answer_and_message() }, &spoils);
        let config = client().build().unwrap();
        let whole = outcome(&config, &response, &[usize::MAX]);
        prop_assert_eq!(&outcome(&config, &response, &sizes), &whole);
        prop_assert_eq!(&outcome(&config, &response, &[1]), &whole);
    }
}

fn refusal() -> Vec<u8> {
    let body = "5;x=y\r\nlater\r\n0\r\nT: u\r\n\r\n";
    format!("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\nRetry-After: 1\r\n\r\n{body}").into_bytes()
}

fn answer_and_message() -> Vec<u8> {
    let (_, answer) = client_and_answer(client());
    [answer, frames::server(FIN | TEXT, b"hi")].concat()
}

/// Replaces, removes or inserts bytes.
fn spoil(mut bytes: Vec<u8>, spoils: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, byte, how) in spoils {
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = *byte,
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

/// What one of two engines does next.
#[derive(Clone, Debug)]
enum Act {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Parts(Vec<Vec<u8>>),
    Ping(Vec<u8>),
    /// Lets this many bytes through in this direction.
    Carry(usize),
    /// Lets the clock run.
    Wait(u64),
}

fn act() -> impl Strategy<Value = (bool, Act)> {
    let act = prop_oneof![
        3 => text().prop_map(Act::Text),
        2 => bytes(400).prop_map(Act::Binary),
        1 => (65_000..66_000_usize).prop_map(|len| Act::Binary(vec![b'x'; len])),
        2 => proptest::collection::vec(bytes(60), 1..5).prop_map(Act::Parts),
        1 => bytes(125).prop_map(Act::Ping),
        4 => (1..500_usize).prop_map(Act::Carry),
        1 => (1..3000_u64).prop_map(Act::Wait),
    ];
    (any::<bool>(), act)
}

/// Whether a ping looks like one of the keepalive, whose payload is a small number.
fn is_keepalive(event: &str) -> bool {
    event.starts_with("ping \"\\x00\\x00\\x00\\x00\\x00\\x00\\x00")
}

/// Two engines and what is between them.
struct Pair {
    hosts: [Host; 2],
    sent: [Vec<String>; 2],
    /// On its way to each.
    wire: [Vec<u8>; 2],
}

impl Pair {
    fn new() -> Self {
        let mut hosts = [client(), Config::server()].map(|config| {
            Host::new(config.receive_while_closing(true).ping_interval(ms(5_000)).pong_timeout(ms(4_000)))
        });
        let request = hosts[0].take_output();
        hosts[1].receive(&request);
        hosts[1].accept();
        let answer = hosts[1].take_output();
        hosts[0].receive(&answer);
        hosts.iter_mut().for_each(|host| drop(host.take_events()));
        Pair { hosts, sent: Default::default(), wire: Default::default() }
    }

    fn act(&mut self, by: usize, act: &Act) {
        let host = &mut self.hosts[by];
        let now = ms(host.now);
        let sent = match act {
            Act::Text(text) => {
                let sent = host.connection.send_text(str::from_utf8(text).expect("text"));
                sent.map(|()| format!("text {}", show(text)))
            }
            Act::Binary(data) => host.connection.send_binary(data).map(|()| format!("binary {}", show(data))),
            Act::Parts(parts) => {
                let last = parts.len() - 1;
                let each =
                    |(at, part): (usize, &Vec<u8>)| host.connection.send_part(MessageKind::Binary, part, at == last);
                parts.iter().enumerate().try_for_each(each).map(|()| format!("binary {}", show(&parts.concat())))
            }
            // A peer that has both Close frames reads no more.
            Act::Ping(_) if host.connection.state() != State::Open => return,
            Act::Ping(payload) => host.connection.ping(payload, now).map(|()| format!("ping {}", show(payload))),
            Act::Carry(count) => return self.carry(by, *count),
            Act::Wait(time) => {
                let now = host.now + time;
                self.carry_all();
                self.hosts.iter_mut().for_each(|host| host.run_to(now));
                return self.carry_all();
            }
        };
        // Whoever has sent or answered Close sends no more.
        if let Ok(sent) = sent {
            self.sent[by].push(sent);
        }
    }

    /// Carries up to `count` bytes to one of them.
    fn carry(&mut self, to: usize, count: usize) {
        let output = self.hosts[1 - to].take_output();
        self.wire[to].extend(output);
        let count = count.min(self.wire[to].len());
        let piece: Vec<u8> = self.wire[to].drain(..count).collect();
        self.hosts[to].receive(&piece);
    }

    /// Carries until nothing moves.
    fn carry_all(&mut self) {
        loop {
            (0..2).for_each(|to| self.carry(to, usize::MAX));
            if self.hosts.iter().all(|host| host.output.is_empty()) && self.wire.iter().all(Vec::is_empty) {
                return;
            }
        }
    }

    /// What one of them received of what the other sent: not the keepalive, whose payload is a number.
    fn received(&self, by: usize) -> Vec<&String> {
        let own = |event: &&String| ["text ", "binary ", "ping "].iter().any(|start| event.starts_with(start));
        self.hosts[by].events.iter().filter(own).filter(|event| !is_keepalive(event)).collect()
    }
}

proptest! {
    #![proptest_config(drawn(100))]

    /// Client and server, back to back: all that was sent is delivered, in order, and both ends are clean.
    #[test]
    fn two_engines_deliver_everything(
        acts in proptest::collection::vec(act(), 0..60),
        closer in 0..3_usize,
        close_at in 0..60_usize,
        code in prop_oneof![Just(0_u16), Just(1000), Just(3333)],
    ) {
        let mut pair = Pair::new();
        for (at, (by_server, act)) in acts.iter().enumerate() {
            if at == close_at {
                close(&mut pair, closer, code);
            }
            pair.act(usize::from(*by_server), act);
        }
        close(&mut pair, closer, code);
        pair.carry_all();
        for by in 0..2 {
            let sent: Vec<&String> = pair.sent[1 - by].iter().filter(|event| !is_keepalive(event)).collect();
            prop_assert_eq!(pair.received(by), sent);
            let closed = pair.hosts[by].events.last().unwrap();
            prop_assert!(closed.starts_with("closed ") && closed.contains(" clean "), "{}", closed);
            prop_assert_eq!(pair.hosts[by].fault(), None);
        }
        // The server closes TCP first; the client sees the end of the stream.
        prop_assert_eq!(pair.hosts[1].transport(), Transport::Close);
        prop_assert_eq!(pair.hosts[0].transport(), Transport::Open);
        pair.hosts[0].eof();
        prop_assert_eq!(pair.hosts[0].transport(), Transport::Close);
    }
}

/// One of them closes, or both at once.
fn close(pair: &mut Pair, closer: usize, code: u16) {
    for host in pair.hosts.iter_mut().enumerate().filter(|(by, _)| closer == 2 || *by == closer).map(|(_, host)| host) {
        let code = (code != 0).then(|| CloseCode::from(code));
        host.connection.close(code, "", ms(host.now)).unwrap();
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let output = || {
        let mut host = Host::open(Role::Client);
        host.connection.send_text("same").unwrap();
        host.receive(&frames::server(FIN | PING, b"p"));
        host.take_output()
    };
    assert_eq!(output(), output());
    assert_eq!(seed()[31], 31);
}

/// Any call a host can make.
#[derive(Clone, Debug)]
enum Call {
    Receive(Vec<u8>),
    Eof,
    Timeout(u64),
    Accept,
    Reject(u16),
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Part(u8, Vec<u8>, bool),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, Vec<u8>),
    Fail(u16),
    Pause,
    Resume,
    Consumed(usize),
    Hold(bool),
}

fn call(role: Role) -> impl Strategy<Value = Call> {
    prop_oneof![
        6 => stream(role).prop_map(Call::Receive),
        1 => Just(Call::Eof),
        3 => (0..20_000_u64).prop_map(Call::Timeout),
        1 => Just(Call::Accept),
        1 => (0..700_u16).prop_map(Call::Reject),
        2 => bytes(140).prop_map(Call::Text),
        2 => bytes(140).prop_map(Call::Binary),
        3 => (4..7_u8, text(), any::<bool>()).prop_map(|(kind, data, last)| Call::Part(kind, data, last)),
        1 => bytes(130).prop_map(Call::Ping),
        1 => bytes(130).prop_map(Call::Pong),
        1 => (990..1020_u16, text()).prop_map(|(code, reason)| Call::Close(code, reason)),
        1 => (1000..1012_u16).prop_map(Call::Fail),
        1 => Just(Call::Pause),
        1 => Just(Call::Resume),
        2 => (0..300_usize).prop_map(Call::Consumed),
        2 => any::<bool>().prop_map(Call::Hold),
    ]
}

fn role_and_calls() -> impl Strategy<Value = (Role, Vec<Call>)> {
    role().prop_flat_map(|role| (Just(role), proptest::collection::vec(call(role), 0..40)))
}

/// Makes the call; errors are answers too. `true` if it dropped output, as the close deadline does when nobody reads it.
fn make(host: &mut Host, call: &Call) -> bool {
    let pending = host.connection.pending_output();
    make_call(host, call);
    matches!(call, Call::Timeout(_)) && pending > 0 && host.connection.output().is_empty()
}

/// What a Rust program cannot pass, text that is not text and kinds that are none, is not passed.
fn make_call(host: &mut Host, call: &Call) {
    let now = ms(host.now);
    let connection = &mut host.connection;
    let _ = match call {
        Call::Receive(bytes) => {
            host.receive(bytes);
            return;
        }
        Call::Eof => return host.eof(),
        Call::Timeout(time) => {
            host.now += time;
            return host.timeout();
        }
        Call::Accept => host.input(|connection, now| connection.accept(None, now)),
        Call::Reject(status) => host.input(|connection, now| connection.reject(*status, b"", now)),
        Call::Text(text) => str::from_utf8(text).map_or(Ok(()), |text| connection.send_text(text)),
        Call::Binary(data) => connection.send_binary(data),
        Call::Part(kind, data, last) => {
            message_kind(*kind).map_or(Ok(()), |kind| connection.send_part(kind, data, *last))
        }
        Call::Ping(payload) => connection.ping(payload, now),
        Call::Pong(payload) => connection.pong(payload),
        Call::Close(code, reason) => {
            connection.close(CloseCode::from(*code), str::from_utf8(reason).expect("text"), now)
        }
        Call::Fail(code) => connection.fail(CloseCode::from(*code), "", now),
        Call::Pause => {
            connection.pause(now);
            Ok(())
        }
        Call::Resume => {
            connection.resume(now);
            Ok(())
        }
        Call::Consumed(count) => {
            let count = (*count).min(connection.output().len());
            host.output.extend_from_slice(&connection.output()[..count]);
            connection.written(count)
        }
        Call::Hold(hold) => {
            host.held = *hold;
            Ok(())
        }
    };
    host.take_more();
}

fn message_kind(number: u8) -> Option<MessageKind> {
    match number {
        kind::TEXT => Some(MessageKind::Text),
        kind::BINARY => Some(MessageKind::Binary),
        _ => None,
    }
}

/// The same host behind a boundary: it passes numbers and bytes, and reads records and the block.
struct FlatHost {
    connection: boundary::Connection,
    block: Block,
    now: u64,
    /// The beginning of each line of a transcript.
    events: Vec<String>,
    output: Vec<u8>,
    held: bool,
}

impl FlatHost {
    fn new(config: &boundary::Config) -> Self {
        let connection = boundary::Connection::new(config, seed(), 0).unwrap();
        FlatHost { connection, block: Block::EMPTY, now: 0, events: Vec::new(), output: Vec::new(), held: false }
    }

    fn make_call(&mut self, call: &Call) {
        let now = self.now;
        let connection = &mut self.connection;
        let refused = Err(boundary::Error::InvalidArgument);
        let _ = match call {
            Call::Receive(bytes) => return self.receive(bytes),
            Call::Eof => return self.eof(),
            Call::Timeout(time) => {
                self.now += time;
                return self.timeout();
            }
            Call::Accept => connection.accept(None, now),
            Call::Reject(status) => connection.respond(*status, b"", b"", now),
            Call::Text(text) => {
                let result = connection.send_text(text);
                assert!(str::from_utf8(text).is_ok() || result == refused, "{result:?}");
                result
            }
            Call::Binary(data) => connection.send_binary(data),
            Call::Part(kind, data, last) => {
                let result = connection.send_part(*kind, data, *last);
                assert!(message_kind(*kind).is_some() || result == refused, "{result:?}");
                result
            }
            Call::Ping(payload) => connection.ping(payload, now),
            Call::Pong(payload) => connection.pong(payload),
            Call::Close(code, reason) => connection.close(*code, reason, now),
            Call::Fail(code) => connection.fail(*code, b"", now),
            Call::Pause => {
                connection.pause(now);
                Ok(())
            }
            Call::Resume => {
                connection.resume(now);
                Ok(())
            }
            Call::Consumed(count) => {
                let count = (*count).min(connection.output().len());
                self.output.extend_from_slice(&connection.output()[..count]);
                connection.written(count)
            }
            Call::Hold(hold) => {
                self.held = *hold;
                Ok(())
            }
        };
        self.fill_block();
        self.take_more();
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut input = bytes.to_vec();
        let mut at = 0;
        loop {
            let consumed = self.connection.receive(&mut input[at..], self.now);
            let nothing_came = consumed == 0 && self.connection.records().is_empty();
            self.after(&input[at..]);
            at += consumed;
            if at == input.len() {
                return self.take_more();
            }
            assert!(!nothing_came || self.has_more(), "the engine must consume all");
        }
    }

    fn take_more(&mut self) {
        while self.has_more() {
            self.connection.receive(&mut [], self.now);
            self.after(&[]);
        }
    }

    fn eof(&mut self) {
        self.connection.receive_eof(self.now);
        self.after(&[]);
    }

    fn timeout(&mut self) {
        self.connection.timeout(self.now);
        self.after(&[]);
    }

    fn run_to(&mut self, now: u64) {
        while self.block.next_deadline <= now {
            self.now = self.now.max(self.block.next_deadline);
            self.timeout();
        }
        self.now = now;
    }

    fn drain(&mut self) {
        while !self.connection.output().is_empty() {
            let bytes = self.connection.output();
            self.output.extend_from_slice(bytes);
            let count = bytes.len();
            self.connection.written(count).expect("no more than there is");
        }
        self.fill_block();
    }

    fn has_more(&self) -> bool {
        self.block.flags & block::MORE != 0
    }

    /// What an input call leads to. `input` is what `receive` was called with.
    fn after(&mut self, input: &[u8]) {
        let lines = self.connection.records().iter().map(|record| self.line(record, input)).collect::<Vec<_>>();
        self.events.extend(lines);
        if !self.held {
            self.drain();
        }
        self.fill_block();
    }

    fn fill_block(&mut self) {
        self.connection.block(&mut self.block, std::ptr::null(), 0, 0, 0);
    }

    fn line(&self, record: &Record, input: &[u8]) -> String {
        let region = match record.flags & flag::REGION {
            region::INPUT => input,
            other => self.connection.region(other),
        };
        let payload = show(&region[record.offset as usize..][..record.len as usize]);
        match record.kind {
            kind::TEXT => format!("text {payload}"),
            kind::BINARY => format!("binary {payload}"),
            kind::PING => format!("ping {payload}"),
            kind::PONG => format!("pong {payload}"),
            kind::CLOSING => format!("closing {} {payload}", record.code),
            kind::CLOSED => format!("closed {} {payload}", record.code),
            other => panic!("unknown kind {other}"),
        }
    }
}

/// What comes of the same calls behind a boundary, at the end of which the output is read and the clock runs on.
fn flat_outcome(role: Role, calls: &[Call], options: &[(u32, u64)]) -> FlatHost {
    let mut config = boundary::Config::new(role as u32).unwrap();
    options.iter().for_each(|(number, value)| config.set(*number, *value).unwrap());
    let mut host = FlatHost::new(&config);
    calls.iter().for_each(|call| host.make_call(call));
    host.held = false;
    host.drain();
    host.eof();
    host.take_more();
    host.run_to(host.now + 100_000);
    host.drain();
    host
}

proptest! {
    #![proptest_config(drawn(200))]

    /// Whatever a host calls, in whatever order: the output is whole frames of legal messages, Close is the last of
    /// them, the end is reported once, and nothing moves after it. Behind a boundary the same comes of the same calls.
    #[test]
    fn any_calls_in_any_order((role, calls) in role_and_calls(), soft in 1..400_u64, parts in 0..2_u64) {
        let config = opened(role).output_soft_limit(soft).output_hard_limit(500).ping_interval(ms(7_000));
        let mut host = Host::new(config.parts(parts == 1));
        let dropped = calls.iter().filter(|call| make(&mut host, call)).count() > 0;
        host.held = false;
        host.drain();
        host.eof();
        host.take_more();
        host.run_to(host.now + 100_000);
        prop_assert_eq!(host.events.iter().filter(|event| event.starts_with("closed ")).count(), 1);
        prop_assert!(host.events.last().unwrap().starts_with("closed "));
        prop_assert_eq!(host.transport(), Transport::Close);
        prop_assert_eq!(host.connection.next_deadline(), None);
        let output = host.take_output();
        let flat = flat_outcome(role, &calls, &[
            (option::START_OPEN, 1),
            (option::OUTPUT_SOFT_LIMIT, soft),
            (option::OUTPUT_HARD_LIMIT, 500),
            (option::PING_INTERVAL, 7_000),
            (option::PARTS, parts),
        ]);
        let begins = |(line, flat): (&String, &String)| line.starts_with(flat);
        prop_assert!(
            host.events.len() == flat.events.len() && host.events.iter().zip(&flat.events).all(begins),
            "{:?} behind a boundary: {:?}", host.events, flat.events
        );
        prop_assert_eq!(&flat.output, &output);
        prop_assert_eq!(flat.block.transport, boundary::transport::CLOSE);
        prop_assert_eq!(flat.block.next_deadline, boundary::NEVER);
        let mut in_message = false;
        let mut closed = false;
        let (sent, rest) = frames::read_whole(&output);
        prop_assert!(rest.is_empty() || dropped, "the output ends inside a frame");
        for frame in sent {
            prop_assert!(!closed || matches!(frame.first & 0xf, PING | PONG), "no data follows Close");
            prop_assert_eq!(frame.masked, role == Role::Client);
            prop_assert_eq!(frame.first & 0x70, 0);
            let (fin, opcode) = (frame.first & FIN != 0, frame.first & 0xf);
            match opcode {
                TEXT | BINARY | CONTINUATION => {
                    prop_assert_eq!(opcode == CONTINUATION, in_message);
                    in_message = !fin;
                }
                CLOSE | PING | PONG => prop_assert!(fin && frame.payload.len() <= 125),
                other => prop_assert!(false, "opcode {}", other),
            }
            closed |= opcode == CLOSE;
        }
    }
}
