//! Pairs of connections over streams in memory.
#![allow(dead_code, reason = "each test uses a part of it")]

use sansock_tokio::{Acceptor, Config, ConfigBuilder, Connector, Message, WebSocket};
use tokio::io::{DuplexStream, duplex};

pub(crate) type Socket = WebSocket<DuplexStream>;

pub(crate) fn client_config() -> ConfigBuilder {
    Config::client("ws://example.com/chat")
}

/// A client and a server with these options, connected by a stream that holds `room` bytes in each direction.
pub(crate) async fn pair_with(client: ConfigBuilder, server: ConfigBuilder, room: usize) -> (Socket, Socket) {
    let (near, far) = duplex(room);
    let connector = Connector::new(client).expect("valid options");
    let acceptor = Acceptor::new(server).expect("valid options");
    let (client, server) = tokio::join!(connector.handshake(near), acceptor.accept(far));
    (client.expect("a client"), server.expect("a server"))
}

pub(crate) async fn pair() -> (Socket, Socket) {
    pair_with(client_config(), Config::server(), 64 * 1024).await
}

/// The text that arrives next.
pub(crate) async fn text(socket: &mut Socket) -> String {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
        other => panic!("no text, but {other:?}"),
    }
}
