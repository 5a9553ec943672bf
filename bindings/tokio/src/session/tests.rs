//! Two sessions whose bytes are carried by hand, on a clock that is a number.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sansock::config::ConfigBuilder;
use sansock::{CloseCode, Config, FaultKind, Role, State, Transport};

use super::{CLOSE_GRACE, Opening, Session};
use crate::error::Error;
use crate::handshake::Answer;
use crate::message::Message;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn open(role: Role) -> ConfigBuilder {
    Config::builder(role).start_open(true).parts(true)
}

fn session(options: ConfigBuilder) -> Session {
    Session::new(&options.build().expect("valid options"), Duration::ZERO).expect("a session")
}

fn pair() -> (Session, Session) {
    (session(open(Role::Client)), session(open(Role::Server)))
}

/// Takes the output of one to the other, in reads of at most this many bytes, as long as it wants to read. Returns how many
/// bytes it has read.
fn carry(from: &mut Session, to: &mut Session, read: usize, now: Duration) -> usize {
    let mut carried = 0;
    to.advance(now);
    while to.wants_read() && !from.output().is_empty() {
        let length = from.output().len().min(read);
        to.receive(BytesMut::from(&from.output()[..length]), now);
        from.written(length);
        carried += length;
    }
    carried
}

fn text(session: &mut Session) -> Option<String> {
    session.pop().map(|message| message.as_text().expect("text").to_owned())
}

#[test]
fn messages_are_pulled_one_batch_at_a_time() {
    let (mut client, mut server) = pair();
    for number in 0..1000 {
        client.send(number.to_string().into()).expect("sent");
    }
    let total = client.output().len();
    assert_eq!(
        carry(&mut client, &mut server, 100, seconds(0)),
        100,
        "one read, and then its messages are to be received"
    );
    let mut expected = 0;
    let mut carried = 100;
    while carried < total || server.inbox.messages.front().is_some() {
        while let Some(text) = text(&mut server) {
            assert_eq!(text, expected.to_string());
            expected += 1;
        }
        carried += carry(&mut client, &mut server, 100, seconds(0));
    }
    assert_eq!(expected, 1000);
}

#[test]
fn a_batch_that_is_full_leaves_input_for_the_next() {
    let (mut client, mut server) = pair();
    for _ in 0..1000 {
        client.send("".into()).expect("sent");
    }
    carry(&mut client, &mut server, usize::MAX, seconds(0));
    assert!(client.output().is_empty(), "all of it was read at once");
    let mut batches = 0;
    let mut count = 0;
    while !server.inbox.messages.is_empty() {
        assert!(server.inbox.messages.len() <= 256 && !server.wants_read());
        batches += 1;
        count += std::iter::from_fn(|| server.pop()).count();
        server.advance(seconds(0));
    }
    assert_eq!((count, batches, server.wants_read()), (1000, 4, true));
}

#[test]
fn large_payloads_stay_where_they_were_read() {
    let (mut client, mut server) = pair();
    let data: Vec<u8> = (0..20_000).map(|number| number as u8).collect();
    client.send(data.clone().into()).expect("sent");
    client.send(Message::binary(&b"small"[..])).expect("sent");
    client.send(data.clone().into()).expect("sent");
    let input = BytesMut::from(client.output());
    let place = input.as_ptr().addr()..input.as_ptr().addr() + input.len();
    server.receive(input, seconds(0));
    let messages: Vec<Bytes> = std::iter::from_fn(|| server.pop()).map(Message::into_bytes).collect();
    assert_eq!(messages, [&data[..], b"small", &data]);
    let is_shared: Vec<bool> = messages.iter().map(|data| place.contains(&data.as_ptr().addr())).collect();
    assert_eq!(is_shared, [true, false, true]);
}

#[test]
fn however_a_message_is_cut_it_is_one() {
    for read in [1, 7, 1000, 70_000] {
        let (mut client, mut server) = pair();
        let (words, data) = ("größer ".repeat(5000), Bytes::from(vec![9; 50_000]));
        client.send(words.as_str().into()).expect("sent");
        client.send(data.clone().into()).expect("sent");
        let mut messages = Vec::new();
        while carry(&mut client, &mut server, read, seconds(0)) > 0 {
            messages.extend(std::iter::from_fn(|| server.pop()));
        }
        assert_eq!(messages, [words.as_str().into(), data.into()], "reads of {read}");
    }
}

#[test]
fn frames_are_joined_too() {
    let mut client = session(open(Role::Client));
    let mut server = session(open(Role::Server).frames(true).auto_pong(true).auto_close(true).auto_fail(true));
    client.send("größer".into()).expect("sent");
    client.send("".into()).expect("sent");
    while carry(&mut client, &mut server, 3, seconds(0)) > 0 {}
    assert_eq!(text(&mut server).as_deref(), Some("größer"));
    carry(&mut client, &mut server, 3, seconds(0));
    while !client.output().is_empty() {
        carry(&mut client, &mut server, 3, seconds(0));
    }
    assert_eq!(text(&mut server).as_deref(), Some(""));
}

#[test]
fn what_has_no_room_is_parked_in_order() {
    let mut client = session(open(Role::Client).output_hard_limit(1000).output_soft_limit(100));
    let mut server = session(open(Role::Server));
    for (number, size) in [600, 900, 10, 950].into_iter().enumerate() {
        client.send(vec![number as u8; size].into()).expect("sent");
    }
    client.send(vec![0; 1001].into()).expect("parked, and found to be too large when there is room");
    assert!(!client.is_writable() && !client.is_written());
    let mut sizes = Vec::new();
    while !client.is_written() || server.inbox.messages.front().is_some() {
        carry(&mut client, &mut server, 100, seconds(0));
        sizes.extend(std::iter::from_fn(|| server.pop()).map(|message| (message.as_bytes()[0], message.len())));
    }
    assert_eq!(sizes, [(0, 600), (1, 900), (2, 10), (3, 950)]);
    assert!(client.is_writable());
    assert!(matches!(client.take_send_error(), Some(Error::TooLarge)));
    assert!(matches!(client.send(vec![0; 1001].into()), Err(Error::TooLarge)));
}

#[test]
fn close_waits_for_the_messages_before_it() {
    let (mut client, mut server) = pair();
    client.send("question".into()).expect("sent");
    client.close(Some(CloseCode::GOING_AWAY), "", seconds(1)).expect("closing");
    assert!(matches!(client.check_open(), Err(Error::Closing)));
    carry(&mut client, &mut server, usize::MAX, seconds(1));
    // It is not answered while the question waits.
    assert!(!server.advance(seconds(2)) && server.output().is_empty());
    assert_eq!(text(&mut server).as_deref(), Some("question"));
    server.send("answer".into()).expect("sent");
    assert!(server.advance(seconds(3)));
    let closed = server.closed().expect("it has ended");
    assert_eq!((closed.code, closed.clean, closed.by_peer), (CloseCode::GOING_AWAY, true, true));
    assert_eq!(server.output(), b"\x81\x06answer\x88\x02\x03\xe9");
    assert_eq!(server.transport(), Transport::Close);
    assert!(matches!(server.send("late".into()), Err(Error::Closed(_))));
}

#[test]
fn close_does_not_wait_for_ever() {
    let (mut client, mut server) = pair();
    client.send("nobody takes this".into()).expect("sent");
    client.close(None, "", seconds(1)).expect("closing");
    carry(&mut client, &mut server, usize::MAX, seconds(1));
    let deadline = server.next_deadline().expect("a deadline");
    assert_eq!(deadline, seconds(1) + CLOSE_GRACE);
    server.timeout(deadline);
    assert!(server.closed().is_some());
    assert_eq!(server.output(), b"\x88\x00");
    assert_eq!(text(&mut server).as_deref(), Some("nobody takes this"));
}

#[test]
fn a_fault_comes_after_what_was_before_it() {
    let (_, mut server) = pair();
    server.receive(BytesMut::from(&b"\x81\x82\0\0\0\0hi\x83\x80\0\0\0\0"[..]), seconds(0));
    assert!(server.closed().is_none());
    assert_eq!(text(&mut server).as_deref(), Some("hi"));
    server.advance(seconds(0));
    let closed = server.closed().expect("it has ended");
    let fault = closed.fault.expect("a fault");
    assert_eq!((fault.kind, fault.actual()), (FaultKind::ReservedOpcode, Some(3)));
    assert_eq!((closed.close_sent, closed.clean), (Some(CloseCode::PROTOCOL_ERROR), false));
}

#[test]
fn a_fault_that_is_left_to_the_host_is_answered() {
    let mut server = session(open(Role::Server).auto_fail(false));
    server.receive(BytesMut::from(&b"\x83\x80\0\0\0\0"[..]), seconds(0));
    server.advance(seconds(0));
    assert_eq!(server.closed().and_then(|closed| closed.close_sent), Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn a_pong_that_is_not_read_is_not_late() {
    let options = open(Role::Server).ping_interval(seconds(10)).pong_timeout(seconds(5));
    let mut server = session(options);
    server.timeout(seconds(10));
    let ping = server.output().len();
    server.written(ping);
    server.set_reading(false, seconds(11));
    server.timeout(seconds(100));
    assert!(server.closed().is_none());
    server.set_reading(true, seconds(100));
    server.receive(BytesMut::from(&b"\x8a\x80\0\0\0\0"[..]), seconds(101));
    server.timeout(seconds(110));
    assert!(server.closed().is_none());
}

#[test]
fn nobody_receives_and_everything_else_goes_on() {
    let (mut client, mut server) = pair();
    server.inbox.abandon();
    for _ in 0..100 {
        client.send(vec![0; 10_000].into()).expect("sent");
    }
    client.ping(b"still there", seconds(0)).expect("sent");
    carry(&mut client, &mut server, 1000, seconds(0));
    assert!(client.output().is_empty() && server.pop().is_none());
    assert_eq!(server.output(), b"\x8a\x0bstill there");
}

#[test]
fn a_handshake_has_two_sides() {
    let mut client = session(Config::client("ws://example.com/chat?room=1").subprotocol("chat"));
    let mut server = session(Config::server());
    carry(&mut client, &mut server, 10, seconds(0));
    let Opening::Request(request) = server.opening() else { panic!("no request") };
    assert_eq!((request.path(), request.query(), request.authority.as_str()), ("/chat", Some("room=1"), "example.com"));
    // An answer that is not allowed changes nothing.
    let wrong = Answer::accept().header("X-Kept", "no").subprotocol("other");
    assert!(matches!(server.answer(&wrong, seconds(0)), Err(Error::Argument(_))));
    server.answer(&Answer::accept().subprotocol("chat"), seconds(0)).expect("accepted");
    assert!(!String::from_utf8_lossy(server.output()).contains("X-Kept"));
    carry(&mut server, &mut client, 10, seconds(0));
    assert!(matches!((client.opening(), server.opening()), (Opening::Open, Opening::Open)));
    assert_eq!((client.state(), server.state()), (State::Open, State::Open));
    assert_eq!(client.inbox.response.as_ref().and_then(|response| response.subprotocol.as_deref()), Some("chat"));
}

#[test]
fn the_end_of_the_stream_is_an_end() {
    let (mut client, mut server) = pair();
    client.send("before".into()).expect("sent");
    carry(&mut client, &mut server, usize::MAX, seconds(0));
    assert_eq!(text(&mut server).as_deref(), Some("before"));
    server.receive_eof(seconds(0));
    let closed = server.closed().expect("it has ended");
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::Eof));
    assert_eq!((closed.code, server.state()), (CloseCode::ABNORMAL_CLOSURE, State::Closed));
}
