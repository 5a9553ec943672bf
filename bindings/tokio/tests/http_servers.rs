//! Behind hyper and axum, over HTTP/1.1 and HTTP/2.
#![cfg(feature = "axum")]

use std::convert::Infallible;

use axum::Router;
use axum::routing::{any, get};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sansock_tokio::{
    Acceptor, Answer, Config, Connector, Error, FaultKind, Role, UpgradedWebSocket, WebSocket, WebSocketUpgrade,
    connect,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn echo(mut websocket: UpgradedWebSocket) {
    while let Some(Ok(message)) = websocket.recv().await {
        if websocket.send(message).await.is_err() {
            break;
        }
    }
}

/// A server of axum. Returns its address.
async fn axum_server() -> String {
    let config = Config::server().deflate(true).max_message_size(100_000);
    let acceptor = Acceptor::new(config).expect("valid options").allow_origin("https://app.example");
    let upgrade = move |upgrade: WebSocketUpgrade| async move {
        upgrade.acceptor(&acceptor).protocols(["v2", "v1"]).header("X-Server", "axum").on_upgrade(echo)
    };
    let usual = |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(echo) };
    let app =
        Router::new().route("/", get(|| async { "a page\n" })).route("/ws", any(upgrade)).route("/usual", any(usual));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address.to_string()
}

#[tokio::test]
async fn axum_upgrades() {
    let address = axum_server().await;
    let config = Config::client(&format!("ws://{address}/ws")).subprotocol("v1").subprotocol("v2").deflate(true);
    let mut client = Connector::new(config).expect("valid options").connect().await.expect("a connection");
    assert_eq!(client.subprotocol(), Some("v2"));
    let response = client.response().expect("a response");
    assert_eq!(response.headers["x-server"], "axum");
    assert!(response.extensions[0].starts_with("permessage-deflate"));
    for text in ["one".to_owned(), "two ".repeat(20_000)] {
        client.send(text.clone()).await.expect("sent");
        assert_eq!(client.recv().await.expect("an echo").expect("no error").as_text(), Some(text.as_str()));
    }
    client.close(1000, "").await.expect("a clean close");
    let mut plain = connect(&format!("ws://{address}/usual")).await.expect("a connection");
    plain.send("hello").await.expect("sent");
    assert_eq!(plain.recv().await.expect("an echo").expect("no error").as_text(), Some("hello"));
}

#[tokio::test]
async fn axum_refuses_what_is_due() {
    let address = axum_server().await;
    let url = format!("ws://{address}/ws");
    for (origin, expected) in [("https://evil.example", Some(403)), ("https://app.example", None)] {
        let config = Config::client(&url).origin(origin);
        let status = match Connector::new(config).expect("valid options").connect().await {
            Ok(_) => None,
            Err(Error::Rejected(refusal)) => Some(refusal.status),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(status, expected, "{origin}");
    }
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
}

/// A server of hyper for one connection, which takes what `serve` does.
async fn hyper_connection(stream: TcpStream, acceptor: Acceptor, answer: Answer) {
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let (response, upgrade) = acceptor.upgrade::<_, Full<Bytes>>(&mut request, answer);
            if let Some(upgrade) = upgrade {
                tokio::spawn(async move { echo(upgrade.websocket().await.expect("an upgrade")).await });
            }
            Ok::<_, Infallible>(response)
        }
    });
    let server = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
    let mut server = server;
    server.http2().enable_connect_protocol();
    server.serve_connection_with_upgrades(TokioIo::new(stream), service).await.ok();
}

/// Two connected sockets.
async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    (near, listener.accept().await.expect("a client").0)
}

fn acceptor() -> Acceptor {
    Acceptor::new(Config::server()).expect("valid options")
}

#[tokio::test]
async fn hyper_passes_on_what_comes_behind_the_request() {
    let (mut near, far) = sockets().await;
    tokio::spawn(hyper_connection(far, acceptor(), Answer::accept()));
    // The request and the first message in one write: RFC 6455 forbids it, and clients do it.
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x82\0\0\0\0hi";
    near.write_all(request).await.expect("written");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.expect("a head"));
    }
    let head = String::from_utf8(head).expect("text");
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    let mut echoed = [0; 4];
    near.read_exact(&mut echoed).await.expect("an echo");
    assert_eq!(&echoed, b"\x81\x02hi");
}

#[tokio::test]
async fn hyper_answers_with_the_decision() {
    for (answer, status) in
        [(Answer::accept(), 0), (Answer::reject(401, "who"), 401), (Answer::accept().subprotocol("no"), 500)]
    {
        let (near, far) = sockets().await;
        tokio::spawn(hyper_connection(far, acceptor(), answer));
        let connector = Connector::new(Config::client("ws://a/")).expect("valid options");
        match connector.handshake(near).await {
            Ok(mut websocket) => {
                assert_eq!(status, 0);
                websocket.close(1000, "").await.expect("a clean close");
            }
            Err(Error::Rejected(refusal)) => {
                assert_eq!((refusal.status, refusal.fault), (status, FaultKind::HttpStatus))
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn their_client_is_served_by_hyper() {
    let (near, far) = sockets().await;
    tokio::spawn(hyper_connection(far, acceptor(), Answer::accept()));
    let (mut client, _) = tokio_tungstenite::client_async("ws://a/", near).await.expect("a connection");
    let message = tokio_tungstenite::tungstenite::Message::binary(vec![9; 100_000]);
    client.send(message.clone()).await.expect("sent");
    assert_eq!(client.next().await.expect("an echo").expect("no error"), message);
    client.close(None).await.expect("closing");
}

/// A stream of HTTP/2, as a stream of bytes: what `h2` receives is copied one way, what it sends the other.
async fn http2_stream(near: TcpStream, request: http::Request<()>) -> (u16, tokio::io::DuplexStream) {
    let (client, connection) = h2::client::handshake(near).await.expect("HTTP/2");
    tokio::spawn(async move { connection.await.ok() });
    let mut client = client.ready().await.expect("ready");
    while !client.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await; // until the server's settings have come
    }
    let (response, mut sending) = client.send_request(request, false).expect("a request");
    let response = response.await.expect("a response");
    let status = response.status().as_u16();
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (mut from_ours, mut to_ours) = tokio::io::split(theirs);
    let mut body = response.into_body();
    tokio::spawn(async move {
        while let Some(Ok(data)) = body.data().await {
            body.flow_control().release_capacity(data.len()).expect("released");
            to_ours.write_all(&data).await.expect("written");
        }
        to_ours.shutdown().await.ok();
    });
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from_ours.read(&mut buffer).await {
            sending.send_data(Bytes::copy_from_slice(&buffer[..count]), false).expect("sent");
        }
        sending.send_data(Bytes::new(), true).ok();
    });
    (status, ours)
}

#[tokio::test]
async fn extended_connect_opens_a_connection_over_http2() {
    let (near, far) = sockets().await;
    tokio::spawn(hyper_connection(far, acceptor(), Answer::accept()));
    let request =
        http::Request::builder().method("CONNECT").uri("http://example.com/chat").version(http::Version::HTTP_2);
    let request = request.extension(h2::ext::Protocol::from("websocket")).header("sec-websocket-version", "13");
    let (status, stream) = http2_stream(near, request.body(()).expect("a request")).await;
    assert_eq!(status, 200);
    let config = Config::builder(Role::Client).start_open(true).build().expect("a configuration");
    let mut client: WebSocket<_> = WebSocket::upgraded(stream, &config).expect("a client");
    for size in [5, 50_000] {
        client.send(vec![1; size]).await.expect("sent");
        assert_eq!(client.recv().await.expect("an echo").expect("no error").len(), size);
    }
    client.close(1000, "").await.expect("a clean close");
}

#[tokio::test]
async fn extended_connect_for_another_protocol_is_refused() {
    let (near, far) = sockets().await;
    tokio::spawn(hyper_connection(far, acceptor(), Answer::accept()));
    let request =
        http::Request::builder().method("CONNECT").uri("http://example.com/chat").version(http::Version::HTTP_2);
    let request = request.extension(h2::ext::Protocol::from("connect-udp")).header("sec-websocket-version", "13");
    let (status, _) = http2_stream(near, request.body(()).expect("a request")).await;
    assert!((400..=501).contains(&status), "{status}");
}
