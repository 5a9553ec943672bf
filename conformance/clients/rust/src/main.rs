//! The command client (see ../../README.md) in Rust: that of `examples/rust` with every call and every event.
//!
//! `command_client URL [--subprotocol NAME]... [--echo]`

mod command;
mod lines;
mod printer;
#[path = "../../../../examples/rust/src/bin/client/threads.rs"]
mod threads;

use std::env;
use std::error::Error;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::process::{ExitCode, exit};
use std::time::{Duration, Instant};

use sansock::{CloseCode, Config, Connection, Event, Received, State, Transport, random_seed};

use command::Command;
use printer::Printer;
use threads::{Report, Threads};

/// The most that is handed to the writing thread at a time, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let deflate = env::var("DEFLATE").is_ok_and(|value| value == "1");
    let url = arguments.next().ok_or("a URL is missing")?;
    let mut config = Config::client(&url).receive_while_closing(true).deflate(deflate);
    let mut mode = Mode::Commands;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--subprotocol" => config = config.subprotocol(&arguments.next().ok_or("a subprotocol is missing")?),
            "--echo" => mode = Mode::Echo,
            _ => return Err(format!("unknown argument: {argument}").into()),
        }
    }
    let config = config.build()?;
    let url = config.url().ok_or("a URL is missing")?;
    if url.secure {
        return Err("this example has no TLS: use ws://".into());
    }
    let stream = TcpStream::connect((url.host.as_str(), url.port))?;
    stream.set_nodelay(true)?;
    let clean = Client::new(stream, &config, mode)?.run()?;
    // `exit`, because the thread that reads standard input may still be in a read.
    exit(if clean { 0 } else { 1 })
}

/// What the client does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Carries out each line of standard input, prints each event.
    Commands,
    /// Sends each message back.
    Echo,
}

struct Client {
    stream: TcpStream,
    connection: Connection,
    start: Instant,
    threads: Threads,
    printer: Printer,
    mode: Mode,
    waiting_for: Option<String>,
}

impl Client {
    fn new(stream: TcpStream, config: &Config, mode: Mode) -> Result<Self, Box<dyn Error>> {
        Ok(Client {
            connection: Connection::new(config, random_seed()?, Duration::ZERO)?,
            start: Instant::now(),
            threads: Threads::start(&stream)?,
            printer: Printer::default(),
            mode,
            waiting_for: None,
            stream,
        })
    }

    /// Runs until the transport is to be closed; returns whether the connection ended with a clean close.
    fn run(mut self) -> Result<bool, Box<dyn Error>> {
        loop {
            let output = self.connection.output();
            if !output.is_empty() {
                self.threads.write(&output[..output.len().min(CHUNK_SIZE)]);
            } else if self.connection.transport() == Transport::Close {
                return Ok(self.printer.clean);
            } else if self.connection.transport() == Transport::ShutdownWrite {
                // Shutting down again, or what the server has closed, does no harm.
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            if self.takes_line() {
                self.threads.read_line();
            }
            // What is sent back to a server that does not read would pile up.
            if self.mode != Mode::Echo || self.connection.writable() {
                self.threads.read();
            }
            match self.threads.wait(self.time_left()) {
                Some(Report::Received(bytes)) => self.receive(bytes)?,
                Some(Report::EndOfStream) => {
                    let received = self.connection.receive_eof(self.start.elapsed());
                    handle_events(received, self.mode, &mut self.printer)?;
                }
                // The engine drops its output when the time for writing it has passed.
                Some(Report::Written(length)) => self.connection.written(length).unwrap_or(()),
                Some(Report::Line(line)) if self.is_open() => self.run_line(&line)?,
                Some(Report::EndOfLines) if self.is_open() => {
                    self.connection.close(CloseCode::NORMAL_CLOSURE, "", self.start.elapsed())?;
                }
                Some(Report::Line(_) | Report::EndOfLines) => {}
                None => {
                    let received = self.connection.timeout(self.start.elapsed());
                    handle_events(received, self.mode, &mut self.printer)?;
                }
            }
        }
    }

    fn receive(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        let mut from = 0;
        while from < bytes.len() || self.connection.has_more() {
            let received = self.connection.receive(&mut bytes[from..], self.start.elapsed());
            from += received.consumed;
            handle_events(received, self.mode, &mut self.printer)?;
        }
        Ok(())
    }

    /// Whether the next line of standard input can be acted upon at once.
    fn takes_line(&mut self) -> bool {
        if let Some(name) = &self.waiting_for {
            if !self.printer.lines.take(name) {
                return false;
            }
            self.waiting_for = None;
        }
        self.mode != Mode::Echo && self.is_open() && self.connection.writable()
    }

    fn run_line(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let now = self.start.elapsed();
        match Command::parse(line)? {
            Command::Text(text) => self.connection.send_text(text)?,
            Command::Binary(data) => self.connection.send_binary(&data)?,
            Command::Parts(kind, parts) => {
                let last = parts.len() - 1;
                for (index, part) in parts.into_iter().enumerate() {
                    self.connection.send_part(kind, part, index == last)?;
                }
            }
            Command::Ping(payload) => self.connection.ping(payload.as_bytes(), now)?,
            Command::Pong(payload) => self.connection.pong(payload.as_bytes())?,
            Command::Close(code, reason) => self.connection.close(CloseCode::from(code), reason, now)?,
            Command::Wait(name) => self.waiting_for = Some(name.into()),
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.connection.state() == State::Open
    }

    fn time_left(&self) -> Option<Duration> {
        let deadline = self.connection.next_deadline()?;
        Some(deadline.saturating_sub(self.start.elapsed()))
    }
}

fn handle_events(received: Received<'_>, mode: Mode, printer: &mut Printer) -> io::Result<()> {
    let (echo, sender) = (mode == Mode::Echo, received.sender);
    for event in received.events {
        // Sending fails once our Close is on its way: what arrives after that has no echo.
        match &event {
            Event::Text(message) if echo => sender.send_text(message.text).unwrap_or(()),
            Event::Binary(message) if echo => sender.send_binary(message.data).unwrap_or(()),
            Event::Closed(_) => printer.print(&event)?,
            _ if echo => {}
            _ => printer.print(&event)?,
        }
    }
    Ok(())
}
