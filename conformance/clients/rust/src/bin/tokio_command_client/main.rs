//! The command client (see ../../../../README.md) over `sansock-tokio`: every call and every event of that crate.
//!
//! `tokio_command_client URL [--subprotocol NAME]... [--echo]`

// The other client prints what the engine tells, and this one what the crate does.
#[path = "../../command.rs"]
mod command;
#[path = "../../lines.rs"]
mod lines;

use std::env;
use std::error::Error;
use std::process::exit;
use std::sync::Arc;

use sansock_tokio::{
    Closed, Config, ConfigBuilder, Connector, Error as WebSocketError, Event, Message, Receiver, Sender, WebSocket,
};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::sync::{Mutex, Notify};

use command::Command;
use lines::{Lines, ending, hex};

type Stream = sansock_tokio::ClientStream;
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (options, is_echo) = options(env::args().skip(1))?;
    let printed = Arc::new(Printed::default());
    let connected = Connector::new(options)?.connect().await;
    let closed = match connected {
        Ok(websocket) if is_echo => echo(websocket).await,
        Ok(websocket) => converse(websocket, &printed).await?,
        Err(WebSocketError::Rejected(refusal)) => {
            printed.line("rejected", refusal.status.to_string().as_bytes()).await?;
            exit(1)
        }
        Err(error) => return Err(error.into()),
    };
    printed.line("closed", ending(closed.code, &closed.reason).as_bytes()).await?;
    // `exit`, because the thread that reads standard input may still be in a read.
    exit(if closed.clean { 0 } else { 1 })
}

/// The options of the connection, and whether to send each message back.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<(ConfigBuilder, bool), Failure> {
    let deflate = env::var("DEFLATE").is_ok_and(|value| value == "1");
    let url = arguments.next().ok_or("a URL is missing")?;
    let mut options = Config::client(&url).receive_while_closing(true).deflate(deflate);
    let mut is_echo = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--subprotocol" => options = options.subprotocol(&arguments.next().ok_or("a subprotocol is missing")?),
            "--echo" => is_echo = true,
            _ => return Err(format!("unknown argument: {argument}").into()),
        }
    }
    Ok((options, is_echo))
}

/// Sends each message back, until the connection has ended.
async fn echo(mut websocket: WebSocket<Stream>) -> Closed {
    while let Some(Ok(message)) = websocket.recv().await {
        // It fails once our Close is on its way: what arrives after that has no echo.
        let _ = websocket.feed(message).await;
    }
    websocket.closed().expect("receiving ends with the connection").clone()
}

/// Carries out each line of standard input, and prints each event, until the connection has ended.
async fn converse(websocket: WebSocket<Stream>, printed: &Arc<Printed>) -> Result<Closed, Failure> {
    printed.line("open", websocket.subprotocol().unwrap_or_default().as_bytes()).await?;
    let (mut receiver, sender) = websocket.split();
    let commands = tokio::spawn(run_lines(sender, printed.clone()));
    print_events(&mut receiver, printed).await?;
    if commands.is_finished() {
        commands.await??;
    }
    Ok(receiver.closed().expect("receiving ends with the connection"))
}

async fn print_events(receiver: &mut Receiver<Stream>, printed: &Printed) -> Result<(), Failure> {
    // That it has failed stands in how it has ended.
    while let Some(Ok(event)) = receiver.recv_event().await {
        match event {
            Event::Message(Message::Text(text)) => printed.line("text", text.as_str().as_bytes()).await?,
            Event::Message(Message::Binary(data)) => printed.line("binary", hex(&data).as_bytes()).await?,
            Event::Ping(payload) => printed.line("ping", &payload).await?,
            Event::Pong(payload) => printed.line("pong", &payload).await?,
            Event::Closing(code, reason) => printed.line("closing", ending(code, &reason).as_bytes()).await?,
            _ => {}
        }
    }
    Ok(())
}

/// Carries out the lines of standard input. At their end the connection is closed.
async fn run_lines(sender: Sender<Stream>, printed: Arc<Printed>) -> Result<(), Failure> {
    let mut lines = BufReader::new(stdin()).lines();
    let result = loop {
        let Some(line) = lines.next_line().await? else {
            break sender.close(1000, "").await;
        };
        let command = match Command::parse(&line) {
            Ok(command) => command,
            Err(error) => {
                eprintln!("error: {error}");
                exit(1)
            }
        };
        if let Err(error) = run(command, &sender, &printed).await {
            break Err(error);
        }
    };
    match result {
        // How the connection has ended is printed by who receives.
        Ok(()) | Err(WebSocketError::Closing | WebSocketError::Closed(_)) => Ok(()),
        Err(error) => {
            eprintln!("error: {error}");
            exit(1)
        }
    }
}

async fn run(command: Command<'_>, sender: &Sender<Stream>, printed: &Printed) -> Result<(), WebSocketError> {
    match command {
        Command::Text(text) => sender.send(text).await,
        Command::Binary(data) => sender.send(data).await,
        Command::Parts(kind, parts) => sender.send_fragments(kind, parts.into_iter().map(<[u8]>::to_vec)).await,
        Command::Ping(payload) => sender.ping(payload).await,
        Command::Pong(payload) => sender.pong(payload).await,
        Command::Close(code, reason) => sender.close(code, reason).await,
        Command::Wait(name) => {
            printed.wait(name).await;
            Ok(())
        }
    }
}

/// What has been printed, for both tasks.
#[derive(Default)]
struct Printed {
    lines: Mutex<Lines>,
    more: Notify,
}

impl Printed {
    async fn line(&self, name: &'static str, detail: &[u8]) -> std::io::Result<()> {
        self.lines.lock().await.print(name, detail)?;
        self.more.notify_one();
        Ok(())
    }

    /// Waits until an event of this name has been printed that no earlier `wait` was for.
    async fn wait(&self, name: &str) {
        while !self.lines.lock().await.take(name) {
            self.more.notified().await;
        }
    }
}
