//! What arrives after our own Close (RFC 6455 §5.5.1, §7.1.2), and when an end of the stream ends what.

mod common;

use common::drive::{Host, client_and_answer, opened};
use common::frames::{self, BINARY, CLOSE, CONTINUATION, FIN, TEXT};
use sansock::{CloseCode, ConfigBuilder, FaultKind, Role, Transport};

/// A server that has sent its Close.
fn closing(config: impl Fn(ConfigBuilder) -> ConfigBuilder) -> Host {
    let mut host = Host::new(config(opened(Role::Server)));
    host.connection.close(CloseCode::NORMAL_CLOSURE, "", common::drive::ms(0)).expect("an open connection");
    host.take_output();
    host
}

fn to_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frames::to(Role::Server, first, payload)
}

/// What these bytes bring before the peer's Close, which ends the conversation.
fn events_until_closed(mut host: Host, bytes: &[u8]) -> Vec<String> {
    host.receive(bytes);
    host.receive(&to_server(FIN | CLOSE, &frames::close(1000, "")));
    let mut events = host.take_events();
    let [.., closing, closed] = &events[..] else { panic!("{events:?}") };
    assert!(closing == "closing 1000 \"\"" && closed.starts_with("closed 1000 \"\" clean by-us"), "{events:?}");
    events.truncate(events.len() - 2);
    assert_eq!(host.fault(), None);
    events
}

#[test]
fn messages_behind_our_close_are_dropped_unless_the_host_wants_them() {
    let fragments = [to_server(TEXT, b"a"), to_server(FIN | CONTINUATION, b"b")].concat();
    let cut = to_server(FIN | BINARY, &[1; 200]);
    for (bytes, wanted) in [(to_server(FIN | TEXT, b"ab"), 1), (fragments, 1), (cut, 1)] {
        assert_eq!(events_until_closed(closing(|config| config), &bytes), [""; 0]);
        let kept = events_until_closed(closing(|config| config.receive_while_closing(true)), &bytes);
        assert_eq!(kept.len(), wanted, "{kept:?}");
        // Limits and text count all the same.
        let mut limited = closing(|config| config.max_message_size(1));
        limited.receive(&bytes);
        assert_eq!(limited.fault(), Some(FaultKind::MessageTooBig));
    }
}

#[test]
fn frames_behind_our_close_are_dropped_too() {
    let bytes = [to_server(FIN | TEXT, b"ab"), to_server(BINARY, b""), to_server(FIN | CONTINUATION, b"c")].concat();
    let frames = |config: ConfigBuilder| config.frames(true);
    let mut host = closing(frames);
    host.receive(&bytes);
    assert_eq!(host.take_events(), [""; 0]);
    let mut host = closing(|config| frames(config).receive_while_closing(true));
    host.receive(&bytes);
    assert_eq!(host.take_events().len(), 3);
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_behind_our_close_are_inflated_and_dropped() {
    // RFC 7692 §7.2.3.1: "Hello".
    let hello = to_server(FIN | 0x40 | TEXT, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    let again = to_server(FIN | 0x40 | TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00]);
    let both = [hello.clone(), again].concat();
    assert_eq!(events_until_closed(closing(|config| config.deflate(true)), &both), [""; 0]);
    let kept = events_until_closed(closing(|config| config.deflate(true).receive_while_closing(true)), &both);
    assert_eq!(kept, ["text \"Hello\"", "text \"Hello\""]);
    let mut limited = closing(|config| config.deflate(true).max_message_size(4));
    limited.receive(&hello);
    assert_eq!(limited.fault(), Some(FaultKind::MessageTooBig));
}

/// The end of the stream ends the body of a refusal, and nothing of a connection that is over already.
#[test]
fn the_stream_ends_once_the_handshake_is_over() {
    let (mut client, _) = client_and_answer(common::drive::client());
    client.receive(b"HTTP/1.1 404 Not Found\r\n\r\nno");
    assert_eq!(client.transport(), Transport::Open);
    client.eof();
    let events = client.take_events();
    assert!(events.iter().any(|event| event.starts_with("rejected 404")), "{events:?}");
    assert_eq!(events.iter().filter(|event| event.starts_with("closed")).count(), 1);
    for _ in 0..3 {
        client.eof();
        assert_eq!(client.take_events(), [""; 0], "there is one end");
    }
    let mut late = Host::new(common::drive::client());
    late.run_to(10_000);
    assert_eq!(late.fault(), Some(FaultKind::HandshakeTimeout));
    late.take_events();
    late.eof();
    assert_eq!((late.take_events(), late.fault()), (Vec::new(), Some(FaultKind::HandshakeTimeout)));
}

/// A host that gives up while the handshake is under way: nothing that comes later is read, from bytes, fields, or the end of
/// the stream.
#[test]
fn nothing_is_read_after_giving_up() {
    let give_up = |host: &mut Host| {
        host.connection.close(CloseCode::NORMAL_CLOSURE, "", common::drive::ms(0)).expect("always legal");
        host.take_events();
    };
    let over = |host: &mut Host| {
        host.take_more();
        let events = host.take_events();
        assert_eq!(events, ["closed 1006 \"\" unclean by-us fault=FAILED_BY_HOST"]);
        assert!(host.take_output().is_empty());
    };
    // In every stage: no byte has come, a part of a head, and a part of the body of a refusal.
    for start in ["", "HTTP/1.1 404 Not", "HTTP/1.1 404 Not Found\r\n\r\npage"] {
        for more in ["", " Found\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"] {
            let (mut client, _) = client_and_answer(common::drive::client());
            client.receive(start.as_bytes());
            give_up(&mut client);
            if more.is_empty() {
                client.eof();
            } else {
                client.receive(more.as_bytes());
                client.eof();
            }
            over(&mut client);
        }
    }
    for start in ["", "GET / HTTP/1.1\r\nHost", common::drive::REQUEST] {
        let mut server = Host::new(sansock::Config::server());
        server.receive(start.as_bytes());
        give_up(&mut server);
        server.eof();
        over(&mut server);
    }
}

#[cfg(feature = "fields")]
#[test]
fn no_fields_are_read_or_made_after_giving_up() {
    use sansock::handshake::fields::Field;
    use sansock::{Error, HttpVersion};

    let now = common::drive::ms(0);
    let fields = [Field { name: b":method", value: b"GET" }];
    let mut server = Host::new(sansock::Config::server());
    server.connection.close(CloseCode::NORMAL_CLOSURE, "", now).expect("always legal");
    let result = server.connection.receive_request(HttpVersion::Http2, &fields, now).map(drop);
    assert_eq!(result, Err(Error::InvalidState));
    let mut client = Host::holding(&common::drive::client().build().expect("a configuration"), true);
    client.connection.close(CloseCode::NORMAL_CLOSURE, "", now).expect("always legal");
    let result = client.connection.request_fields(HttpVersion::Http2, now).map(drop);
    assert_eq!(result, Err(Error::InvalidState));
    let result = client.connection.receive_response(200, &[], now).map(drop);
    assert_eq!(result, Err(Error::InvalidState));
}
