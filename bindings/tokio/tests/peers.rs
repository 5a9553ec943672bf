//! With tokio-tungstenite at the other end, in both roles, over TCP.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sansock_tokio::{CloseCode, Error, FaultKind, Message, accept, connect};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as TheirMessage;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode as TheirCode};

const LONG: Duration = Duration::from_secs(20);
const SIZES: [usize; 8] = [0, 1, 125, 126, 4096, 65_535, 65_536, 1_000_000];

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/chat", listener.local_addr().expect("an address"));
    (listener, url)
}

#[tokio::test]
async fn our_server_echoes_to_their_client() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let mut websocket = accept(listener.accept().await.expect("a client").0).await.expect("a connection");
        while let Some(message) = websocket.recv().await {
            websocket.send(message.expect("a message")).await.expect("sent");
        }
        websocket.closed().expect("it has ended").clone()
    });
    let (mut client, _) = tokio_tungstenite::connect_async(&url).await.expect("a connection");
    for size in SIZES {
        for message in [TheirMessage::binary(vec![7; size]), TheirMessage::text("é".repeat(size / 2))] {
            client.send(message.clone()).await.expect("sent");
            assert_eq!(client.next().await.expect("an echo").expect("no error"), message);
        }
    }
    client.send(TheirMessage::Ping(Bytes::from_static(b"now"))).await.expect("sent");
    assert_eq!(client.next().await.expect("a pong").expect("no error"), TheirMessage::Pong(Bytes::from_static(b"now")));
    let frame = CloseFrame { code: TheirCode::Library(4000), reason: "bye".into() };
    client.close(Some(frame.clone())).await.expect("closing");
    assert_eq!(client.next().await.expect("an answer").expect("no error"), TheirMessage::Close(Some(frame)));
    assert!(client.next().await.is_none(), "the server ends the stream");
    let closed = server.await.expect("no panic");
    assert_eq!((closed.code.get(), closed.reason.as_str(), closed.clean, closed.by_peer), (4000, "bye", true, true));
}

#[tokio::test]
async fn our_client_talks_to_their_server() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let stream = listener.accept().await.expect("a client").0;
        let mut websocket = tokio_tungstenite::accept_async(stream).await.expect("a connection");
        let mut close = None;
        while let Some(Ok(message)) = websocket.next().await {
            match message {
                TheirMessage::Text(_) | TheirMessage::Binary(_) => websocket.send(message).await.expect("sent"),
                TheirMessage::Close(frame) => close = frame,
                _ => {}
            }
        }
        close.map(|frame| (u16::from(frame.code), frame.reason.to_string()))
    });
    let mut client = connect(&url).await.expect("a connection");
    for size in SIZES {
        for message in [Message::binary(vec![7; size]), Message::text("é".repeat(size / 2))] {
            client.send(message.clone()).await.expect("sent");
            assert_eq!(client.recv().await.expect("an echo").expect("no error"), message);
        }
    }
    client.close(1001, "leaving").await.expect("a clean close");
    assert_eq!(server.await.expect("no panic"), Some((1001, "leaving".to_owned())));
}

#[tokio::test]
async fn their_client_gets_the_code_of_its_fault() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let mut websocket = accept(listener.accept().await.expect("a client").0).await.expect("a connection");
        websocket.recv().await
    });
    let (mut client, _) = tokio_tungstenite::connect_async(&url).await.expect("a connection");
    let stream = client.get_mut();
    stream.write_all(b"\x81\x81\0\0\0\0\xff").await.expect("a text that is not UTF-8");
    let TheirMessage::Close(Some(frame)) = client.next().await.expect("an answer").expect("no error") else {
        panic!("no Close")
    };
    assert_eq!(frame.code, TheirCode::Invalid);
    while client.next().await.is_some() {}
    drop(client);
    let Some(Err(Error::Closed(closed))) = server.await.expect("no panic") else { panic!("no error") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::BadText));
    assert_eq!(closed.close_sent, Some(CloseCode::INVALID_FRAME_PAYLOAD_DATA));
}

#[tokio::test]
async fn messages_flow_in_both_directions_at_once() {
    let (listener, url) = listener().await;
    let server = tokio::spawn(async move {
        let stream = listener.accept().await.expect("a client").0;
        let websocket = tokio_tungstenite::accept_async(stream).await.expect("a connection");
        let (sink, stream) = websocket.split();
        stream.filter(|message| std::future::ready(!matches!(message, Ok(TheirMessage::Close(_))))).forward(sink).await
    });
    let (mut receiver, sender) = connect(&url).await.expect("a connection").split();
    let sending = tokio::spawn(async move {
        for number in 0..3000_u32 {
            sender.send(number.to_be_bytes().repeat(1 + number as usize % 500)).await.expect("sent");
        }
        sender
    });
    for number in 0..3000_u32 {
        let message = timeout(LONG, receiver.recv()).await.expect("in time").expect("an echo").expect("no error");
        assert_eq!(message.as_bytes(), number.to_be_bytes().repeat(1 + number as usize % 500));
    }
    let sender = sending.await.expect("no panic");
    sender.close(1000, "").await.expect("a clean close");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn halves_on_many_threads_miss_no_wake_up() {
    let (listener, url) = listener().await;
    tokio::spawn(async move {
        let mut websocket = accept(listener.accept().await.expect("a client").0).await.expect("a connection");
        while let Some(Ok(message)) = websocket.recv().await {
            if websocket.feed(message).await.is_err() {
                break;
            }
        }
    });
    let (mut receiver, sender) = connect(&url).await.expect("a connection").split();
    let senders: Vec<_> = (0..8_u32)
        .map(|task| {
            let sender = sender.clone();
            tokio::spawn(async move {
                for number in 0..1000_u32 {
                    let size = if number % 100 == 0 { 100_000 } else { number as usize % 50 };
                    let numbers = [task.to_be_bytes(), number.to_be_bytes()].concat();
                    timeout(LONG, sender.send([numbers, vec![0; size]].concat()))
                        .await
                        .expect("in time")
                        .expect("sent");
                }
            })
        })
        .collect();
    let mut next = [0; 8];
    for _ in 0..8000 {
        let message = timeout(LONG, receiver.recv()).await.expect("in time").expect("an echo").expect("no error");
        let word = |at| u32::from_be_bytes(message.as_bytes()[at..at + 4].try_into().expect("four bytes"));
        let (task, number) = (word(0) as usize, word(4));
        assert_eq!(next[task], number);
        next[task] += 1;
    }
    for task in senders {
        task.await.expect("no panic");
    }
    sender.close(1000, "").await.expect("a clean close");
}

#[tokio::test]
async fn a_reset_is_an_error_that_names_it() {
    let (listener, url) = listener().await;
    let connecting = tokio::spawn(async move { connect(&url).await });
    let mut server = accept(listener.accept().await.expect("a peer").0).await.expect("a connection");
    let client = connecting.await.expect("no panic").expect("a connection");
    server.send("unread").await.expect("sent");
    client.get_ref().tcp().readable().await.expect("it has arrived");
    drop(client); // with bytes that were not read, which resets the connection
    let Some(Err(Error::Closed(closed))) = server.recv().await else { panic!("no error") };
    assert_eq!((closed.code, closed.clean), (CloseCode::ABNORMAL_CLOSURE, false));
    assert_eq!(closed.io.as_ref().map(|error| error.kind()), Some(std::io::ErrorKind::ConnectionReset));
    assert!(std::error::Error::source(&Error::Closed(closed)).is_some());
}

#[tokio::test]
async fn nothing_behind_the_end_of_a_stream_is_waited_for() {
    let (listener, _) = listener().await;
    let address = listener.local_addr().expect("an address");
    let mut peer = TcpStream::connect(address).await.expect("a connection");
    let stream = listener.accept().await.expect("a peer").0;
    peer.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n").await.expect("half a request");
    peer.shutdown().await.expect("shut down");
    let result = timeout(LONG, accept(stream)).await.expect("in time");
    assert!(matches!(result, Err(Error::Handshake(fault)) if fault.kind == FaultKind::EofInHandshake), "{result:?}");
}
