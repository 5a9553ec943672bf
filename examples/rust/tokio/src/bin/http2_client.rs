//! A WebSocket client over HTTP/2 (RFC 8441): `http2_client URL`. Lines and messages are as in the client over `std::net`.
//! There is no TLS: the URL is a `ws:` URL of a server that speaks HTTP/2. DEFLATE=1 in the environment offers compression.

use std::env;
use std::error::Error;
use std::io::{BufRead, stdin};
use std::process::exit;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::Ping;
use h2::client::{self, SendRequest};
use sansock::{Config, Connection, Event, HttpVersion, Sender, random_seed};
use sansock_examples_tokio::{Application, WebSocketStream, heads};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

/// How many lines are read ahead.
const READ_AHEAD: usize = 16;
/// What a server has to send its settings.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::client(&env::args().nth(1).ok_or("a URL is missing")?)
        .receive_while_closing(true) // for the echoes of what was sent before the end of standard input
        .deflate(env::var("DEFLATE").is_ok_and(|value| value == "1"))
        .build()?;
    let url = config.url().ok_or("a URL is missing")?;
    if url.secure {
        return Err("this example has no TLS: use ws://".into());
    }
    let stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
    stream.set_nodelay(true)?;
    let (requests, mut http2) = client::Builder::new().enable_push(false).handshake::<_, Bytes>(stream).await?;
    let ping_pong = http2.ping_pong();
    let running = tokio::spawn(http2);
    // The answer to a ping comes behind the settings of the server.
    let pong = match ping_pong {
        Some(mut ping_pong) => timeout(PATIENCE, ping_pong.ping(Ping::opaque())).await.is_ok_and(|pong| pong.is_ok()),
        None => false,
    };
    if !pong || !requests.is_extended_connect_protocol_enabled() {
        eprintln!("error: the server has no WebSockets over HTTP/2");
        exit(1);
    }
    let clean = talk(requests, &config).await?;
    // No handle is left: `h2` takes leave of the server.
    let _ = timeout(PATIENCE, running).await;
    // `exit`, because the thread that reads standard input may still be in a read.
    exit(if clean { 0 } else { 1 })
}

/// Has one stream; returns whether it ended with a clean close.
async fn talk(requests: SendRequest<Bytes>, config: &Config) -> Result<bool, Box<dyn Error>> {
    let mut requests = requests.ready().await?;
    let mut connection = Connection::new(config, random_seed()?, Duration::ZERO)?;
    let event = connection.request_fields(HttpVersion::Http2, Duration::ZERO)?.events.next();
    let Some(Event::Head(head)) = event else { return Err("there is no request".into()) };
    let (response, outgoing) = requests.send_request(heads::request(&head)?, false)?;
    let client = Client { clean: false };
    Ok(WebSocketStream::client(client, connection, response, outgoing, lines()).run().await.clean)
}

/// The lines of standard input, which a thread reads.
fn lines() -> Receiver<String> {
    let (sender, receiver) = channel(READ_AHEAD);
    thread::spawn(move || {
        let lines = stdin().lock().split(b'\n').map_while(|line| String::from_utf8(line.ok()?).ok());
        for line in lines {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Prints what it receives.
struct Client {
    /// Whether the connection has ended with a clean close.
    clean: bool,
}

impl Application for Client {
    fn handle(&mut self, event: Event<'_>, _sender: &mut Sender) {
        match event {
            Event::Text(message) => println!("{}", message.text),
            Event::Binary(message) => {
                let digits: String = message.data.iter().map(|byte| format!("{byte:02x}")).collect();
                println!("{digits}");
            }
            Event::Closed(closed) => {
                self.clean = closed.clean;
                let space = if closed.reason.is_empty() { "" } else { " " };
                println!("closed {}{space}{}", closed.code.get(), closed.reason);
            }
            _ => {} // pings and Close are answered by the engine
        }
    }
}
