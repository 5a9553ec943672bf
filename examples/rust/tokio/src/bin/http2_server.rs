//! A WebSocket echo server over HTTP/2 (RFC 8441): `http2_server PORT`. There is no TLS: clients have to know that this is
//! HTTP/2. With DEFLATE=1 in the environment it compresses.

use std::env;
use std::error::Error;
use std::process;
use std::time::Duration;

use bytes::Bytes;
use h2::server;
use sansock::event::Request;
use sansock::{Config, Event, Sender};
use sansock_examples_tokio::{Application, WebSocketStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const MAX_STREAMS: u32 = 100;
/// The window of a stream. That of the connection has room for all streams: one that is not read does not stop the others.
const WINDOW_SIZE: u32 = 65_535;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);

    let deflate = env::var("DEFLATE").is_ok_and(|value| value == "1");
    let config = Config::server().subprotocol("chat").subprotocol("echo").deflate(deflate).build()?;
    loop {
        match listener.accept().await {
            // A connection that ends with an error has ended all the same.
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, config.clone()))),
            // Out of descriptors: give the connections there are some time to end.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Serves one connection: each request has a task.
async fn serve(stream: TcpStream, config: Config) -> Result<(), h2::Error> {
    stream.set_nodelay(true).ok();
    let mut http2 = server::Builder::new()
        .enable_connect_protocol()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(WINDOW_SIZE)
        .initial_connection_window_size(MAX_STREAMS * WINDOW_SIZE)
        .handshake::<_, Bytes>(stream)
        .await?;
    while let Some(request) = http2.accept().await {
        let (request, respond) = request?;
        if let Ok(stream) = WebSocketStream::server(Echo, &config, request, respond) {
            tokio::spawn(stream.run());
        }
    }
    Ok(())
}

/// Accepts requests of its own origin, and sends every message back.
struct Echo;

impl Application for Echo {
    fn handle(&mut self, event: Event<'_>, sender: &mut Sender) {
        // Sending fails once our Close is on its way: what arrives after that has no echo.
        let _ = match event {
            Event::Text(message) => sender.send_text(message.text),
            Event::Binary(message) => sender.send_binary(message.data),
            _ => Ok(()), // pings and Close are answered by the engine
        };
    }

    fn accepts(&mut self, request: &Request<'_>) -> bool {
        request.same_origin()
    }
}
