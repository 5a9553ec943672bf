//! Messages in both directions, closing, and what is known of a connection.

mod common;

use common::{client_config, pair, pair_with, text};
use futures_util::{SinkExt, StreamExt};
use sansock_tokio::{
    Acceptor, CloseCode, Config, Connector, Error, FaultKind, Message, PreparedMessage, State, WebSocket,
};

#[tokio::test(start_paused = true)]
async fn both_ends_send_and_receive() {
    let (mut client, mut server) = pair().await;
    client.send("hello").await.expect("sent");
    assert_eq!(text(&mut server).await, "hello");
    server.send(vec![1, 2, 3]).await.expect("sent");
    let message = client.recv().await.expect("a message").expect("no error");
    assert_eq!(message, Message::binary(vec![1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn messages_of_every_size_arrive_in_order() {
    let (mut client, server) = pair_with(client_config().deflate(true), Config::server().deflate(true), 3000).await;
    let echo = tokio::spawn(async move {
        let mut server = server;
        while let Some(message) = server.recv().await {
            server.send(message.expect("a message")).await.expect("sent");
        }
        server.closed().expect("it has ended").clone()
    });
    for len in [0, 1, 125, 126, 4095, 4096, 4097, 65_535, 65_536, 300_000] {
        let data: Vec<u8> = (0..len).map(|number| (number * 7 % 251) as u8).collect();
        client.send(data.clone()).await.expect("sent");
        assert_eq!(client.recv().await.expect("an echo").expect("no error"), Message::from(data));
        let words = "día ".repeat(len / 5);
        client.send(words.as_str()).await.expect("sent");
        assert_eq!(client.recv().await.expect("an echo").expect("no error").as_text(), Some(words.as_str()));
    }
    client.close(1000, "done").await.expect("a clean close");
    let closed = echo.await.expect("the task ends");
    assert_eq!((closed.code, closed.reason.as_str(), closed.clean), (CloseCode::NORMAL_CLOSURE, "done", true));
}

#[tokio::test(start_paused = true)]
async fn fed_messages_are_written_by_the_next_wait() {
    let (mut client, mut server) = pair().await;
    for number in 0..100 {
        client.feed(number.to_string()).await.expect("fed");
    }
    let (received, flushed) = tokio::join!(server.recv(), client.flush());
    flushed.expect("flushed");
    assert_eq!(received.expect("a message").expect("no error").as_text(), Some("0"));
    for number in 1..100 {
        assert_eq!(text(&mut server).await, number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn one_message_goes_to_many() {
    let words = "news ".repeat(200);
    let (text_for_all, bytes_for_all) = (PreparedMessage::text(&words), PreparedMessage::binary(&[7; 3000]));
    let messages = [text_for_all.expect("memory"), bytes_for_all.expect("memory")];
    for deflate in [true, true, false] {
        let config = Config::server().deflate(deflate).output_soft_limit(1000).output_hard_limit(4000);
        let (mut client, server) = pair_with(client_config().deflate(true), config, 8192).await;
        for message in &messages {
            client.feed_prepared(message).await.expect("fed");
        }
        client.flush().await.expect("written");
        let (mut receiver, sender) = server.split();
        for message in &messages {
            assert_eq!(receiver.recv().await.expect("a message").expect("no error"), Message::from(message));
        }
        let reading = tokio::spawn(async move {
            let mut got = Vec::new();
            for _ in 0..6 {
                got.push(client.recv().await.expect("a message").expect("no error"));
            }
            got
        });
        for message in messages.iter().cycle().take(6) {
            sender.feed_prepared(message).await.expect("fed");
        }
        sender.flush().await.expect("written");
        let expected: Vec<Message> = messages.iter().cycle().take(6).map(Message::from).collect();
        assert_eq!(reading.await.expect("the task ends"), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_a_stream_and_a_sink() {
    let (client, server) = pair().await;
    let (sink, stream) = StreamExt::split::<Message>(server);
    let echo = tokio::spawn(stream.forward(sink));
    let (mut sender, receiver) = StreamExt::split::<Message>(client);
    for number in 0..10 {
        SinkExt::send(&mut sender, number.to_string().into()).await.expect("sent");
    }
    let received: Vec<_> = receiver.take(10).map(|message| message.expect("a message")).collect().await;
    let expected: Vec<Message> = (0..10).map(|number| number.to_string().into()).collect();
    assert_eq!(received, expected);
    drop(received);
    let closing = tokio::spawn(async move { SinkExt::close(&mut sender).await });
    closing.await.expect("no panic").expect("a clean close");
    echo.await.expect("no panic").expect("the echo ends");
}

#[tokio::test(start_paused = true)]
async fn closing_is_a_handshake_that_both_see() {
    let (mut client, mut server) = pair().await;
    assert_eq!((client.state(), client.closed().is_none()), (State::Open, true));
    let (closed, received) = tokio::join!(client.close(4000, "bye"), server.recv());
    closed.expect("a clean close");
    assert!(received.is_none());
    let (ours, theirs) = (client.closed().expect("closed"), server.closed().expect("closed"));
    assert_eq!((theirs.code.get(), theirs.reason.as_str(), theirs.by_peer, theirs.clean), (4000, "bye", true, true));
    assert_eq!((ours.code.get(), ours.by_peer, ours.close_sent), (4000, false, Some(CloseCode::from(4000))));
    assert!(client.recv().await.is_none());
    assert!(matches!(client.send("late").await, Err(Error::Closed(_))));
    assert!(matches!(server.send("late").await, Err(Error::Closed(_))));
}

#[tokio::test(start_paused = true)]
async fn a_server_answers_what_came_before_close() {
    let (mut client, mut server) = pair_with(client_config().receive_while_closing(true), Config::server(), 4096).await;
    client.feed("question").await.expect("fed");
    client.start_close(1000, "").expect("closing");
    let server = async {
        assert_eq!(text(&mut server).await, "question");
        server.send("answer").await.expect("sent");
        assert!(server.recv().await.is_none());
    };
    let client = async {
        assert_eq!(text(&mut client).await, "answer");
        assert!(client.recv().await.is_none());
        assert!(matches!(client.send("late").await, Err(Error::Closed(_))));
    };
    tokio::join!(server, client);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_behind_our_close() {
    let (mut client, _server) = pair().await;
    client.start_close(1001, "going").expect("closing");
    assert!(matches!(client.send("late").await, Err(Error::Closing)));
}

#[tokio::test(start_paused = true)]
async fn a_lost_stream_is_an_error_once() {
    let (client, mut server) = pair().await;
    drop(client);
    let Some(Err(Error::Closed(closed))) = server.recv().await else { panic!("no error") };
    assert_eq!((closed.code, closed.clean), (CloseCode::ABNORMAL_CLOSURE, false));
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::Eof));
    assert!(server.recv().await.is_none());
    assert!(matches!(server.send("late").await, Err(Error::Closed(_))));
}

#[tokio::test(start_paused = true)]
async fn misuse_is_an_error_and_changes_nothing() {
    let (mut client, mut server) = pair_with(client_config().output_hard_limit(1000), Config::server(), 4096).await;
    assert!(matches!(client.close(1005, "").await, Err(Error::Argument(_))));
    assert!(matches!(client.close(1000, &"x".repeat(124)).await, Err(Error::Argument(_))));
    assert!(matches!(client.ping([0; 126]).await, Err(Error::Argument(_))));
    assert!(matches!(client.send(vec![0; 1001]).await, Err(Error::TooLarge)));
    client.send("still here").await.expect("sent");
    assert_eq!(text(&mut server).await, "still here");
}

#[tokio::test(start_paused = true)]
async fn a_configuration_of_the_other_kind_is_refused() {
    assert!(matches!(Acceptor::new(client_config()), Err(Error::Argument(_))));
    assert!(matches!(Connector::new(Config::server()), Err(Error::Config(_) | Error::Argument(_))));
    assert!(matches!(Connector::new(Config::client("http://a/")), Err(Error::Config(_))));
    assert!(matches!(Acceptor::new(Config::server().max_message_size(0)), Err(Error::Config(_))));
    let (near, far) = tokio::io::duplex(64);
    let open = Acceptor::new(Config::server().start_open(true)).expect("valid options");
    assert!(matches!(open.accept(far).await, Err(Error::Argument(_))), "there is no request");
    let not_open = Config::server().build().expect("a configuration");
    let result: Result<WebSocket<_>, Error> = WebSocket::upgraded(near, &not_open);
    assert!(matches!(result, Err(Error::Argument(_))));
}

#[tokio::test(start_paused = true)]
async fn both_ends_know_what_was_agreed() {
    let client = client_config().subprotocol("v2.chat").subprotocol("chat").header("X-Token", "secret").deflate(true);
    let server = Config::server().subprotocol("chat").header("Server", "test").deflate(true);
    let (client, server) = pair_with(client, server, 4096).await;
    assert_eq!((client.subprotocol(), server.subprotocol()), (Some("chat"), Some("chat")));
    let request = server.request().expect("a request");
    assert_eq!((request.method.as_str(), request.target.as_str(), request.path()), ("GET", "/chat", "/chat"));
    assert_eq!(request.headers["x-token"], "secret");
    assert_eq!(request.subprotocols, ["v2.chat", "chat"]);
    let response = client.response().expect("a response");
    assert_eq!(response.headers["server"], "test");
    assert!(response.extensions[0].starts_with("permessage-deflate"));
    assert!(client.request().is_none());
}

#[test]
fn futures_that_hold_a_connection_are_small() {
    async fn echo(stream: tokio::net::TcpStream) -> Result<(), Error> {
        let mut websocket = sansock_tokio::accept(stream).await?;
        while let Some(message) = websocket.recv().await {
            websocket.send(message?).await?;
        }
        Ok(())
    }
    fn size_of_future<F: Future>(_: fn(tokio::net::TcpStream) -> F) -> usize {
        size_of::<F>()
    }
    assert!(size_of::<WebSocket<tokio::net::TcpStream>>() <= 64);
    assert!(size_of_future(echo) < 2048, "{} bytes for each connection", size_of_future(echo));
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn without_tls_a_secure_url_is_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("wss://{}/", listener.local_addr().expect("an address"));
    assert!(matches!(sansock_tokio::connect(&url).await, Err(Error::NoTls)));
}
