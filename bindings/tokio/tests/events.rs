//! Control frames as they arrive, and messages in fragments.

mod common;

use bytes::Bytes;
use common::{Socket, client_config, pair, pair_with, text};
use sansock_tokio::{CloseCode, Config, Error, Event, Message, MessageKind, Role, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

async fn event(socket: &mut Socket) -> Event {
    socket.recv_event().await.expect("an event").expect("no error")
}

fn ping(payload: &'static str) -> Event {
    Event::Ping(Bytes::from_static(payload.as_bytes()))
}

fn pong(payload: &'static str) -> Event {
    Event::Pong(Bytes::from_static(payload.as_bytes()))
}

/// A server after its handshake, and the other end of its stream.
fn raw_server(options: Config) -> (Socket, DuplexStream) {
    let (near, far) = duplex(64 * 1024);
    (WebSocket::upgraded(near, &options).expect("a connection"), far)
}

fn open_server() -> Config {
    Config::builder(Role::Server).start_open(true).build().expect("valid options")
}

async fn read(stream: &mut DuplexStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).await.expect("bytes");
    bytes
}

#[tokio::test(start_paused = true)]
async fn events_come_in_the_order_in_which_they_arrived() {
    let (mut client, mut server) = pair().await;
    client.feed("one").await.expect("fed");
    client.ping("a").await.expect("sent");
    client.pong("b").await.expect("sent");
    client.feed(vec![1]).await.expect("fed");
    client.ping("").await.expect("sent");
    client.start_close(4000, "enough").expect("a code that may be sent");
    let received = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = server.recv_event().await {
            events.push(event.expect("no error"));
        }
        (events, server.closed().expect("it has ended").clone())
    });
    client.wait_closed().await.expect("a clean end");
    let (events, closed) = received.await.expect("the task ends");
    let closing = Event::Closing(CloseCode::from(4000), "enough".to_owned());
    let messages = [Event::Message(Message::from("one")), Event::Message(Message::from(vec![1]))];
    let [one, two] = messages;
    assert_eq!(events, [one, ping("a"), pong("b"), two, ping(""), closing]);
    assert!(closed.clean && closed.by_peer);
}

#[tokio::test(start_paused = true)]
async fn one_read_may_bring_all_of_it() {
    let (mut server, mut far) = raw_server(open_server());
    // A text in two fragments with a ping between them, a pong, and a Close without a code; the keys are zero.
    let frames = b"\x01\x81\0\0\0\0a\x89\x81\0\0\0\0p\x80\x81\0\0\0\0b\x8a\x80\0\0\0\0\x88\x80\0\0\0\0";
    far.write_all(frames).await.expect("written");
    assert_eq!(event(&mut server).await, ping("p"));
    assert_eq!(event(&mut server).await, Event::Message(Message::from("ab")));
    assert_eq!(event(&mut server).await, pong(""));
    assert_eq!(event(&mut server).await, Event::Closing(CloseCode::NO_STATUS_RECEIVED, String::new()));
    // The answer to the Close waits for the next call.
    server.send("last").await.expect("sent");
    assert_eq!(read(&mut far, 3).await, b"\x8a\x01p");
    assert_eq!(read(&mut far, 6).await, b"\x81\x04last");
    assert!(server.recv_event().await.is_none());
    assert_eq!(read(&mut far, 2).await, b"\x88\x00");
}

#[tokio::test(start_paused = true)]
async fn who_receives_messages_sees_nothing_else() {
    let (mut client, mut server) = pair().await;
    client.ping("first").await.expect("sent");
    client.send("hello").await.expect("sent");
    // Nobody had said yet what is to be received.
    assert_eq!(event(&mut server).await, ping("first"));
    client.ping("second").await.expect("sent");
    assert_eq!(text(&mut server).await, "hello");
    client.send("again").await.expect("sent");
    assert_eq!(text(&mut server).await, "again");
    client.ping("third").await.expect("sent");
    assert_eq!(event(&mut server).await, ping("third"));
    for _ in 0..1000 {
        client.ping("many").await.expect("sent");
    }
    client.send("end").await.expect("sent");
    assert_eq!(text(&mut server).await, "end");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_waits_for_who_asks_for_them() {
    let (mut server, mut far) = raw_server(open_server());
    let writing = tokio::spawn(async move {
        let mut answers = vec![0; 20_000];
        for number in 0..20_000_u32 {
            let mut frame = b"\x89\x84\0\0\0\0".to_vec();
            frame.extend(number.to_be_bytes());
            far.write_all(&frame).await.expect("written");
            if number % 1000 == 0 {
                // Some of the answers are read, so that the server may write.
                let _ = far.read(&mut answers).await;
            }
        }
        far
    });
    for number in 0..20_000_u32 {
        assert_eq!(event(&mut server).await, Event::Ping(Bytes::copy_from_slice(&number.to_be_bytes())));
    }
    writing.await.expect("all were written");
}

#[tokio::test(start_paused = true)]
async fn each_fragment_is_a_frame() {
    let (mut server, mut far) = raw_server(open_server());
    server.send_fragments(MessageKind::Text, ["h", "", "i"]).await.expect("sent");
    assert_eq!(read(&mut far, 8).await, b"\x01\x01h\x00\x00\x80\x01i");
    server.send_fragments(MessageKind::Binary, [vec![1], vec![2]]).await.expect("sent");
    assert_eq!(read(&mut far, 6).await, b"\x02\x01\x01\x80\x01\x02");
    server.send_fragments(MessageKind::Text, [] as [&str; 0]).await.expect("sent");
    assert_eq!(read(&mut far, 2).await, b"\x81\x00");
}

#[tokio::test(start_paused = true)]
async fn fragments_are_sent_whole_or_not_at_all() {
    let limited = Config::server().output_hard_limit(100_000).output_soft_limit(1000);
    let (mut client, mut server) = pair_with(client_config().deflate(true), limited.deflate(true), 1000).await;
    // Cut within a code point.
    server.send_fragments(MessageKind::Text, [&b"\xc3"[..], &b"\xa9"[..]]).await.expect("sent");
    assert_eq!(text(&mut client).await, "é");
    let refused = server.send_fragments(MessageKind::Text, [&b"a"[..], &b"\xff"[..]]).await;
    assert!(matches!(refused, Err(Error::Argument(_))), "{refused:?}");
    let refused = server.send_fragments(MessageKind::Binary, [vec![0; 60_000], vec![0; 60_000]]).await;
    assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    let large: Vec<Vec<u8>> = (0..3).map(|seed| noise(seed, 20_000)).collect();
    let echo = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(message) = client.recv().await {
            received.push(message.expect("a message").into_bytes());
        }
        received
    });
    let (receiver, sender) = server.split();
    let others = sender.clone();
    // There is room for one of these at a time.
    let (one, two) = tokio::join!(
        sender.send_fragments(MessageKind::Binary, large.clone()),
        others.send_fragments(MessageKind::Binary, large.clone())
    );
    one.and(two).expect("both are sent");
    sender.send("a message between them would be an error").await.expect("sent");
    sender.close(1000, "").await.expect("a clean end");
    assert!(receiver.closed().expect("it has ended").clean);
    assert!(matches!(sender.send_fragments(MessageKind::Text, ["late"]).await, Err(Error::Closed(_))));
    let received = echo.await.expect("the task ends");
    assert_eq!(received.len(), 3);
    assert!(received[..2].iter().all(|data| *data == large.concat()));
}

#[tokio::test(start_paused = true)]
async fn halves_do_the_same() {
    let (client, mut server) = pair().await;
    let (mut receiver, sender) = client.split();
    let peer = tokio::spawn(async move {
        let first = (event(&mut server).await, event(&mut server).await);
        server.ping("from the server").await.expect("sent");
        while server.recv_event().await.is_some() {}
        first
    });
    sender.pong("unasked").await.expect("sent");
    sender.send_fragments(MessageKind::Text, ["a", "b"]).await.expect("sent");
    let next = receiver.recv_event().await.expect("an event").expect("no error");
    assert_eq!(next, ping("from the server"));
    let too_long = sender.pong([0; 126]).await;
    assert!(matches!(too_long, Err(Error::Argument(_))), "{too_long:?}");
    sender.close(1000, "").await.expect("a clean end");
    let (unasked, message) = peer.await.expect("the task ends");
    assert_eq!((unasked, message), (pong("unasked"), Event::Message(Message::from("ab"))));
}

/// Bytes that no compressor makes smaller.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed + 1;
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*state >> 24) as u8
    };
    (0..len).map(|_| step(&mut state)).collect()
}
