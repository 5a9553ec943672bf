//! Every call of a host, in any order, on two ends that are connected to each other.

use arbitrary::{Arbitrary, Unstructured};
use bytes::Buf;
use sansock::handshake::fields::Field;
use sansock::{CloseCode, DeflateLimit, Error, HttpVersion, MessageKind, PreparedMessage, Role};

use crate::host::Host;
use crate::input::Input;
use crate::plan::{PLAN_LEN, Plan, Start};

/// A call, or what happens around calls.
#[derive(Arbitrary, Debug)]
enum Act {
    /// Bytes that the other end has written arrive.
    Carry(u16),
    /// So do bytes that it has not.
    Receive(Vec<u8>),
    Peek(Vec<u8>, u8),
    Eof,
    Timeout,
    Wait(u16),
    WaitLong(u32),
    /// A clock that goes back.
    Back(u16),
    Accept(Option<String>),
    Respond(u16, String, Vec<u8>),
    AddHeader(String, Vec<u8>),
    ClearResponse,
    Limit(u8, u8),
    RequestFields(u8),
    ReceiveRequest(u8, Vec<(Vec<u8>, Vec<u8>)>),
    ReceiveGoodRequest(u8),
    ReceiveResponse(u16, Vec<(Vec<u8>, Vec<u8>)>),
    Text(String),
    Binary(Vec<u8>),
    Long(u32),
    Prepared(Vec<u8>),
    Part {
        is_text: bool,
        data: Vec<u8>,
        last: bool,
    },
    Header {
        is_text: bool,
        len: u32,
        last: bool,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
    Fail(u16, String),
    Pause,
    Resume,
    Release,
    Compression(bool),
    Write(u16),
    Advance(u8),
    WriteTooMuch,
    Hold(bool),
    /// The start of a good message, of which the host takes the payload itself.
    PeekMessage {
        len: u16,
        least: u8,
    },
}

/// An end, and how much of its output the other has received.
struct End {
    host: Host,
    carried: usize,
}

/// What comes first: how both begin, when their clocks begin, and the plan of each.
pub fn calls(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let how = input.byte();
    let start = if how & 1 == 0 { Start::Open } else { Start::Text };
    let clock = if how & 2 == 0 { 0 } else { u64::MAX / 2 };
    let mut ends = [Role::Client, Role::Server].map(|role| {
        let plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
        End { host: Host::starting(&Plan::of(role, start, plan), clock), carried: 0 }
    });
    let acts = Vec::<(bool, Act)>::arbitrary_take_rest(Unstructured::new(input.rest())).unwrap_or_default();
    for (by, act) in acts {
        let by = usize::from(by);
        if let Act::Carry(count) = act {
            let from = &mut ends[1 - by];
            let stream = &from.host.wire.all[from.carried..];
            let stream = stream[..stream.len().min(usize::from(count))].to_vec();
            let left = ends[by].host.receive(&stream);
            ends[1 - by].carried += stream.len() - left;
            continue;
        }
        make(&mut ends[by].host, act);
    }
    ends.into_iter().for_each(|mut end| end.host.finish());
}

/// Makes a call. Errors are answers too.
fn make(host: &mut Host, act: Act) {
    match act {
        Act::Carry(_) => {}
        Act::Receive(bytes) => receive(host, &bytes),
        Act::Peek(bytes, least) => peek(host, &bytes, least),
        Act::PeekMessage { len, least } => {
            let mut bytes = Vec::new();
            crate::wire::write(Role::Client, 0x82, &vec![b'p'; len.into()], [0; 4], &mut bytes);
            peek(host, &bytes, least);
        }
        Act::Eof => host.eof(),
        Act::Timeout => host.timeout(),
        Act::Wait(time) => host.run_to(host.now + u64::from(time)),
        Act::WaitLong(time) => host.run_to(host.now + u64::from(time) % 1_000_000),
        Act::Back(time) => go_back(host, time.into()),
        Act::Pause => host.call(|connection, now| connection.pause(now)),
        Act::Resume => host.call(|connection, now| connection.resume(now)),
        Act::Release => host.call(|connection, _| connection.release()),
        Act::Compression(on) => host.call(|connection, _| connection.set_compression(on)),
        Act::Write(count) => host.write(count.into()),
        Act::Advance(count) => advance(host, count),
        Act::WriteTooMuch => {
            let count = host.connection.output().len() + 1;
            assert!(host.connection.written(count).is_err(), "more was written than there is");
        }
        Act::Hold(hold) => host.held = hold,
        other => drop(try_to(host, other)),
    }
    host.take_more();
}

/// The calls that may be refused.
fn try_to(host: &mut Host, act: Act) -> Result<(), Error> {
    let kind = |is_text| if is_text { MessageKind::Text } else { MessageKind::Binary };
    match act {
        Act::Accept(name) => host.input(|connection, now| connection.accept(name.as_deref(), now)),
        Act::Respond(status, reason, body) => {
            host.input(|connection, now| connection.respond(status % 700, &reason, &body, now))
        }
        Act::AddHeader(name, value) => host.call(|connection, _| connection.add_response_header(&name, &value)),
        Act::ClearResponse => host.call(|connection, _| connection.clear_response()),
        Act::Limit(which, bits) => host.call(|connection, _| connection.limit_deflate(limit(which, bits))),
        Act::RequestFields(which) => {
            host.input(|connection, now| connection.request_fields(version(which), now))?;
            host.wire.has_no_head();
            Ok(())
        }
        Act::ReceiveRequest(which, fields) => receive_request(host, which, &views(&fields)),
        Act::ReceiveGoodRequest(which) => receive_request(host, which, &good(version(which))),
        Act::ReceiveResponse(status, fields) => {
            host.input(|connection, now| connection.receive_response(status % 700, &views(&fields), now))
        }
        Act::Text(text) => host.call(|connection, _| connection.send_text(&text)),
        Act::Binary(data) => host.call(|connection, _| connection.send_binary(&data)),
        Act::Long(len) => host.call(|connection, _| connection.send_binary(&vec![b'l'; len as usize % 200_000])),
        Act::Prepared(data) => {
            let message = PreparedMessage::binary(&data)?;
            host.call(|connection, _| connection.send_prepared(&message))
        }
        Act::Part { is_text, data, last } => {
            host.call(|connection, _| connection.send_part(kind(is_text), &data, last))
        }
        Act::Header { is_text, len, last } => send_header(host, kind(is_text), len, last),
        Act::Ping(payload) => host.call(|connection, now| connection.ping(&payload, now)),
        Act::Pong(payload) => host.call(|connection, _| connection.pong(&payload)),
        Act::Close(code, reason) => host.call(|connection, now| connection.close(close_code(code), &reason, now)),
        Act::Fail(code, reason) => host.call(|connection, now| connection.fail(close_code(code), &reason, now)),
        other => panic!("not a call that may be refused: {other:?}"),
    }
}

/// What an engine leaves that awaits the answer to a request is dropped.
fn receive(host: &mut Host, bytes: &[u8]) {
    host.receive(bytes);
}

fn go_back(host: &mut Host, time: u64) {
    let now = host.now;
    host.now = now.saturating_sub(time);
    host.timeout();
    host.now = now;
}

/// A message whose payload the host takes from the stream itself, where it lies there in one piece.
fn peek(host: &mut Host, bytes: &[u8], least: u8) {
    let found = host.call(|connection, now| connection.receive_header(bytes, least.into(), now));
    let mut rest = bytes;
    if let Some(header) = found {
        assert!(header.header_len >= 2 && header.header_len <= 10 && header.payload_len >= least.into());
        let len = header.header_len as u64 + header.payload_len;
        rest = usize::try_from(len).ok().and_then(|len| bytes.get(len..)).unwrap_or(bytes);
    }
    host.receive(rest);
}

/// The frame's payload is the host's to write.
fn send_header(host: &mut Host, kind: MessageKind, len: u32, last: bool) -> Result<(), Error> {
    let held = std::mem::replace(&mut host.held, true);
    let len = len % 100_000;
    let result = host.call(|connection, _| connection.send_header(kind, len.into(), last));
    if result.is_ok() {
        host.wire.insert(host.connection.pending_output(), vec![b'h'; len as usize]);
    }
    host.held = held;
    result
}

/// Output is taken as a buffer of the crate `bytes`.
fn advance(host: &mut Host, count: u8) {
    let mut taken = Vec::new();
    {
        let mut output = host.connection.output_buf();
        let count = usize::from(count).min(output.remaining());
        taken.extend_from_slice(&output.chunk()[..count]);
        output.advance(count);
    }
    host.wire.take(&taken);
}

fn receive_request(host: &mut Host, which: u8, fields: &[Field<'_>]) -> Result<(), Error> {
    let result = host.input(|connection, now| connection.receive_request(version(which), fields, now));
    if result.is_ok() {
        host.wire.has_no_head();
    }
    result
}

fn views(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<Field<'_>> {
    fields.iter().map(|(name, value)| Field { name, value }).collect()
}

/// A request that can be accepted.
fn good(version: HttpVersion) -> Vec<Field<'static>> {
    let fields: &[(&str, &str)] = match version {
        HttpVersion::Http11 => &[
            (":method", "GET"),
            (":path", "/"),
            ("host", "a"),
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-key", crate::plan::KEY),
            ("sec-websocket-version", "13"),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ],
        _ => &[
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", "/"),
            (":authority", "a"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ],
    };
    fields.iter().map(|(name, value)| Field { name: name.as_bytes(), value: value.as_bytes() }).collect()
}

fn version(which: u8) -> HttpVersion {
    [HttpVersion::Http11, HttpVersion::Http2, HttpVersion::Http3][usize::from(which % 3)]
}

fn limit(which: u8, bits: u8) -> DeflateLimit {
    match which % 5 {
        0 => DeflateLimit::Off,
        1 => DeflateLimit::ServerNoContextTakeover,
        2 => DeflateLimit::ClientNoContextTakeover,
        3 => DeflateLimit::ServerMaxWindowBits(bits % 20),
        _ => DeflateLimit::ClientMaxWindowBits(bits % 20),
    }
}

fn close_code(code: u16) -> Option<CloseCode> {
    (code != 0).then(|| CloseCode::from(code % 6000))
}
