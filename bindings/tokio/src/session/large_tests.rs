//! Large messages: written from where they lie, and read to where they belong.

use std::io::IoSlice;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use sansock::config::ConfigBuilder;
use sansock::{CloseCode, Config, FaultKind, Role, State};

use super::Session;
use super::buffers::Buffer;
use crate::error::Error;
use crate::message::Message;

const NOW: Duration = Duration::ZERO;

fn session(options: ConfigBuilder) -> Session {
    Session::new(&options.parts(true).build().expect("valid options"), NOW).expect("a session")
}

fn open(role: Role) -> ConfigBuilder {
    Config::builder(role).start_open(true)
}

/// A server over a stream that takes several slices.
fn vectored(options: ConfigBuilder) -> Session {
    let mut server = session(options);
    server.set_vectored(true);
    server
}

fn bytes(len: usize) -> Bytes {
    (0..len).map(|number| (number * 7 % 251) as u8).collect()
}

/// Writes at most so many bytes. Returns them.
fn write(session: &mut Session, most: usize) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 3];
    let count = session.slices(&mut slices);
    let mut written = Vec::new();
    for slice in &slices[..count] {
        let piece = slice.len().min(most - written.len());
        written.extend_from_slice(&slice[..piece]);
    }
    session.written(written.len());
    written
}

fn write_all(session: &mut Session, most: usize) -> Vec<u8> {
    std::iter::repeat_with(|| write(session, most)).take_while(|piece| !piece.is_empty()).flatten().collect()
}

fn fault(session: &Session) -> Option<FaultKind> {
    session.closed().and_then(|closed| closed.fault).map(|fault| fault.kind)
}

#[test]
fn payloads_are_written_from_where_they_lie() {
    let mut server = vectored(open(Role::Server));
    let payload = bytes(100_000);
    server.send("before".into()).expect("sent");
    server.send(payload.clone().into()).expect("sent");
    let mut slices = [IoSlice::new(&[]); 4];
    assert_eq!(server.slices(&mut slices), 2);
    assert_eq!(slices[0].len(), 8 + 10);
    assert_eq!((slices[1].as_ptr(), slices[1].len()), (payload.as_ptr(), payload.len()));
}

#[test]
fn the_same_is_written_in_the_same_order() {
    let send_all = |session: &mut Session| {
        session.send("before".into()).expect("sent");
        session.send("größer ".repeat(20_000).into()).expect("sent");
        session.send(bytes(200_000).into()).expect("sent");
        session.ping(b"between", NOW).expect("sent");
        session.send(bytes(32 * 1024 - 1).into()).expect("sent");
        session.send(bytes(32 * 1024).into()).expect("sent");
        session.send("behind".into()).expect("sent");
        session.close(Some(CloseCode::GOING_AWAY), "bye", NOW).expect("closing");
        assert!(matches!(session.send(bytes(100_000).into()), Err(Error::Closing)));
    };
    let mut copied = session(open(Role::Server));
    send_all(&mut copied);
    for most in [7, 1000, 70_000, usize::MAX] {
        let mut server = vectored(open(Role::Server));
        send_all(&mut server);
        let end = server.output_end();
        assert_eq!(end, copied.output().len() as u64);
        assert!(write_all(&mut server, most) == copied.output(), "in writes of {most}");
        assert!(
            server.is_written() && server.is_written_to(end) && server.output().is_empty() && !server.has_payloads()
        );
    }
}

#[test]
fn what_is_sent_while_a_payload_is_written_goes_behind_it() {
    let mut server = vectored(open(Role::Server));
    let payload = bytes(50_000);
    server.send(payload.clone().into()).expect("sent");
    let mut wire = write(&mut server, 20_000);
    // The answer to a ping, and a message.
    server.receive(BytesMut::from(&b"\x89\x81\0\0\0\0p"[..]), NOW);
    server.send("behind".into()).expect("sent");
    wire.extend(write_all(&mut server, 15_000));
    let expected = [&b"\x82\x7e\xc3\x50"[..], &payload, b"\x8a\x01p\x81\x06behind"].concat();
    assert!(wire == expected);
}

#[test]
fn a_client_and_a_plain_stream_copy() {
    let mut client = vectored(open(Role::Client));
    let mut plain = session(open(Role::Server));
    for session in [&mut client, &mut plain] {
        session.send(bytes(100_000).into()).expect("sent");
        assert!(!session.has_payloads() && session.output().len() >= 100_010);
    }
}

#[cfg(feature = "deflate")]
#[test]
fn what_is_compressed_is_not_written_as_it_is() {
    let mut server = vectored(open(Role::Server).deflate(true));
    server.send(vec![0; 100_000].into()).expect("sent");
    assert!(!server.has_payloads() && server.output().len() < 1000);
    server.set_compression(false);
    server.send(vec![0; 100_000].into()).expect("sent");
    assert!(server.has_payloads());
}

#[test]
fn payloads_count_as_output() {
    let mut server = vectored(open(Role::Server).output_soft_limit(50_000).output_hard_limit(100_000));
    server.send(bytes(40_000).into()).expect("sent");
    assert!(server.is_writable());
    server.send(bytes(40_001).into()).expect("sent");
    assert!(!server.is_writable());
    server.send(bytes(40_002).into()).expect("parked");
    server.send(bytes(30_000).into()).expect("parked");
    assert_eq!(server.output_end(), u64::MAX, "nobody knows");
    let total = 4 * 4 + 40_000 + 40_001 + 40_002 + 30_000;
    let wire = write_all(&mut server, 10_000);
    assert_eq!(wire.len(), total);
    assert_eq!(server.output_end(), total as u64);
    assert!(server.is_written() && server.is_writable() && server.take_send_error().is_none());
    assert!(matches!(server.send(bytes(100_000).into()), Err(Error::TooLarge)));
    server.send(bytes(100_000 - 10).into()).expect("the largest that there is");
    server.send("small".into()).expect("parked");
    server.send(bytes(100_000).into()).expect("parked, and found to be too large when there is room");
    assert_eq!(write_all(&mut server, usize::MAX).len(), 100_000 + 7);
    assert!(matches!(server.take_send_error(), Some(Error::TooLarge)));
}

#[test]
fn a_peer_that_reads_slowly_is_kept_and_one_that_stops_is_not() {
    let options = open(Role::Server).write_timeout(Duration::from_secs(60));
    let mut server = vectored(options.output_hard_limit(1_000_100));
    server.send(bytes(1_000_000).into()).expect("sent");
    server.send(bytes(90_000).into()).expect("parked");
    let mut now = NOW;
    for _ in 0..40 {
        now += Duration::from_secs(50);
        assert_eq!(write(&mut server, 1000).len(), 1000);
        server.set_reading(true, now);
        assert!(server.next_deadline().expect("a deadline") > now);
    }
    server.timeout(now + Duration::from_secs(59));
    assert_eq!(server.state(), State::Open);
    server.timeout(now + Duration::from_secs(60));
    assert_eq!(fault(&server), Some(FaultKind::WriteTimeout));
    assert!(server.is_written() && !server.has_payloads() && server.output().is_empty());
    assert!(matches!(server.take_send_error(), Some(Error::Closed(_))), "what was parked is not sent");
}

#[test]
fn a_fault_is_answered_behind_the_payload() {
    let mut server = vectored(open(Role::Server));
    server.send(bytes(50_000).into()).expect("sent");
    let mut wire = write(&mut server, 10);
    server.receive(BytesMut::from(&b"\x83\x80\0\0\0\0"[..]), NOW);
    server.advance(NOW);
    assert_eq!(fault(&server), Some(FaultKind::ReservedOpcode));
    wire.extend(write_all(&mut server, 777));
    assert_eq!(wire[..4], *b"\x82\x7e\xc3\x50");
    assert_eq!(wire[4..50_004], bytes(50_000));
    assert_eq!(wire[50_004..50_008][..1], [0x88]);
    assert_eq!(wire[50_006..50_008], 1002_u16.to_be_bytes());
}

/// Reads some bytes as the driver does. Returns where to.
fn read(session: &mut Session, wire: &[u8]) -> Buffer {
    let (kind, mut buffer) = session.take_buffer();
    let len = wire.len().min(buffer.capacity());
    buffer.put_slice(&wire[..len]);
    session.receive(buffer, NOW);
    let rest = session.take_empty_input().unwrap_or_default();
    session.give_back(kind, rest);
    if len < wire.len() {
        read(session, &wire[len..]);
    }
    kind
}

fn read_all(session: &mut Session, wire: &[u8], cut: usize) {
    for piece in wire.chunks(cut) {
        read(session, piece);
    }
}

/// A masked frame of a client: a message, or a fragment.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0xff];
    frame.extend((payload.len() as u64).to_be_bytes());
    if payload.len() < 126 {
        frame.truncate(1);
        frame.push(0x80 | payload.len() as u8);
    } else if payload.len() < 65_536 {
        frame.truncate(1);
        frame.push(0xfe);
        frame.extend((payload.len() as u16).to_be_bytes());
    }
    let key = [1, 2, 3, 4];
    frame.extend(key);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]));
    frame
}

#[test]
fn however_a_large_message_is_cut_it_is_one() {
    let text = "größer ".repeat(30_000);
    let data = bytes(300_000);
    let (first, second) = data.split_at(150_000);
    let wire = [
        frame(0x82, &data),
        frame(0x81, text.as_bytes()),
        // In fragments, with a ping between.
        frame(0x02, first),
        frame(0x89, b"ping"),
        frame(0x00, &second[..5]),
        frame(0x80, &second[5..]),
        frame(0x82, b"small"),
        frame(0x82, &data[..5000]),
        frame(0x02, &data[..70_000]),
        frame(0x80, &data[70_000..]),
    ]
    .concat();
    let expected = [
        Message::from(data.clone()),
        text.into(),
        data.clone().into(),
        Message::binary(&b"small"[..]),
        data.slice(..5000).into(),
        data.into(),
    ];
    for cut in [100, 1000, 10_000, 33_000, 70_000, 200_000, usize::MAX] {
        let mut server = session(open(Role::Server));
        let mut messages = Vec::new();
        for piece in wire.chunks(cut) {
            let mut left = piece;
            while !left.is_empty() {
                let len = left.len().min(1 << 16);
                read(&mut server, &left[..len]);
                left = &left[len..];
                while server.advance(NOW) || !server.inbox.messages.is_empty() {
                    messages.extend(std::iter::from_fn(|| server.pop()));
                }
            }
        }
        assert!(messages == expected, "reads of {cut}");
    }
}

#[test]
fn frames_of_a_large_message_are_joined_too() {
    let data = bytes(300_000);
    let wire = [frame(0x02, &data[..200_000]), frame(0x80, &data[200_000..])].concat();
    let mut server = session(open(Role::Server).frames(true));
    read_all(&mut server, &wire, 50_000);
    assert!(server.pop() == Some(data.into()));
}

#[test]
fn the_rest_of_a_large_message_is_read_to_its_place() {
    let data = bytes(400_000);
    let wire = frame(0x82, &data);
    let mut server = session(open(Role::Server));
    let mut place = None;
    for (number, piece) in wire.chunks(40_000).enumerate() {
        let (kind, buffer) = server.take_buffer();
        assert_eq!(kind == Buffer::Room, number > 0);
        if number == 9 {
            place = Some(buffer.as_ptr().addr());
        }
        server.give_back(kind, buffer);
        read(&mut server, piece);
    }
    let message = server.pop().expect("a message");
    assert!(message.as_bytes() == data);
    let read_before = 9 * 40_000 - 14;
    assert_eq!(place, Some(message.as_bytes()[read_before..].as_ptr().addr()), "no byte of it has moved since");

    // Its memory is used again when nobody has it any more.
    let first = message.as_bytes().as_ptr().addr();
    drop(message);
    read_all(&mut server, &wire, 40_000);
    let kept = server.pop().expect("a message");
    assert_eq!(kept.as_bytes().as_ptr().addr(), first);
    read_all(&mut server, &wire, 40_000);
    assert!(server.pop().expect("a message") == kept && kept.as_bytes() == data);
}

/// However little of it came with the end of the message before.
#[test]
fn what_begins_behind_another_message_is_read_to_its_place() {
    let data = bytes(200_000);
    for begun in [0, 1, 100, 5000, 30_000, 50_000] {
        let mut server = session(open(Role::Server));
        read(&mut server, &[&frame(0x82, b"before")[..], &frame(0x82, &data)[..14 + begun]].concat());
        assert!(server.pop() == Some(Message::binary(&b"before"[..])));
        let rest = &frame(0x82, &data)[14 + begun..];
        read(&mut server, &rest[..40_000]);
        assert!(read(&mut server, &rest[40_000..80_000]) == Buffer::Room, "behind {begun} bytes");
        read_all(&mut server, &rest[80_000..], 40_000);
        assert!(server.pop() == Some(data.clone().into()));
    }
}

#[test]
fn a_peer_that_announces_much_and_sends_little_takes_little() {
    let wire = frame(0x82, &bytes(1_000_000));
    let mut server = session(open(Role::Server));
    for piece in wire[..30_000].chunks(1000) {
        assert!(read(&mut server, piece) == Buffer::Usual);
    }
    let wire = frame(0x81, &[b'x'; 100_000]);
    let mut server = session(open(Role::Server));
    assert!(read(&mut server, &wire[..30_000]) == Buffer::Usual);
    assert!(read(&mut server, &wire[30_000..50_000]) == Buffer::Usual);
    assert!(read(&mut server, &wire[50_000..]) == Buffer::Long);
    assert!(read(&mut server, b"\x8a\x80\0\0\0\0") == Buffer::Usual);
}

#[test]
fn a_small_message_behind_a_large_one_does_not_hold_its_memory() {
    let wire = frame(0x82, &bytes(600_000));
    let mut server = session(open(Role::Server));
    read_all(&mut server, &wire[..599_000], 60_000);
    read(&mut server, &[&wire[599_000..], &frame(0x82, &bytes(6000))].concat());
    let large = server.pop().expect("a message");
    let small = server.pop().expect("a message");
    assert_eq!((large.len(), small.len()), (600_000, 6000));
    let behind = small.as_bytes().as_ptr().addr().wrapping_sub(large.as_bytes().as_ptr().addr());
    assert!(behind > 700_000, "it is a copy, elsewhere");
}
