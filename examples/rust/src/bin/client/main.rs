//! Client over `std::net`: `client URL [--subprotocol NAME]... [--commands]`.
//!
//! Threads do what blocks (see [`threads`]) and report to the main thread, which alone has the engine and which waits in
//! one place: for a report, until the deadline.

mod command;
mod printer;
mod threads;

use std::error::Error;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::process::{ExitCode, exit};
use std::time::{Duration, Instant};

use sansock::{Config, Connection, State, Transport, random_seed};

use command::Command;
use printer::Printer;
use threads::{Report, Threads};

/// The most that is handed to the writing thread at a time, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut config = Config::client(&arguments.next().ok_or("a URL is missing")?)?;
    config.receive_while_closing(1)?; // for the echoes of what was sent before the end of standard input
    let mut commands = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--subprotocol" => config.subprotocol(&arguments.next().ok_or("a subprotocol is missing")?).map(drop)?,
            "--commands" => commands = true,
            _ => return Err(format!("unknown argument: {argument}").into()),
        }
    }
    let url = config.url().ok_or("a URL is missing")?;
    if url.secure {
        return Err("this example has no TLS: use ws://".into());
    }
    let stream = TcpStream::connect((url.host.as_str(), url.port))?;
    stream.set_nodelay(true)?;
    let clean = Client::new(stream, &config, commands)?.run()?;
    // `exit`, because the thread that reads standard input may still be in a read.
    exit(if clean { 0 } else { 1 })
}

struct Client {
    stream: TcpStream,
    connection: Connection,
    start: Instant,
    threads: Threads,
    printer: Printer,
    commands: bool,
    waiting_for: Option<String>,
}

impl Client {
    fn new(stream: TcpStream, config: &Config, commands: bool) -> Result<Self, Box<dyn Error>> {
        Ok(Client {
            connection: Connection::new(config, random_seed()?, 0)?,
            start: Instant::now(),
            threads: Threads::start(&stream)?,
            printer: Printer::new(commands),
            commands,
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
            match self.threads.wait(self.time_left()) {
                Some(Report::Received(bytes)) => self.receive(bytes)?,
                Some(Report::EndOfStream) => {
                    self.connection.receive_eof(self.now());
                    self.print_events(&[])?;
                }
                // The engine forgets its output when the time for writing it is up.
                Some(Report::Written(length)) => self.connection.consumed(length).unwrap_or(()),
                Some(Report::Line(line)) if self.is_open() => self.run_line(&line)?,
                Some(Report::EndOfLines) if self.is_open() => self.connection.close(1000, b"", self.now())?,
                Some(Report::Line(_) | Report::EndOfLines) => {}
                None => {
                    self.connection.timeout(self.now());
                    self.print_events(&[])?;
                }
            }
        }
    }

    fn receive(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        let mut rest = bytes.as_mut_slice();
        while !rest.is_empty() || self.connection.more() {
            let taken = self.connection.receive(rest, self.now());
            let (input, untaken) = rest.split_at_mut(taken);
            self.print_events(input)?;
            rest = untaken;
        }
        Ok(())
    }

    fn print_events(&mut self, input: &[u8]) -> io::Result<()> {
        let (events, _) = self.connection.events(input);
        events.into_iter().try_for_each(|event| self.printer.print(&event))
    }

    /// Whether the next line of standard input can be acted upon at once.
    fn takes_line(&mut self) -> bool {
        if let Some(name) = &self.waiting_for {
            if !self.printer.take(name) {
                return false;
            }
            self.waiting_for = None;
        }
        self.is_open() && self.connection.writable()
    }

    fn run_line(&mut self, line: &[u8]) -> Result<(), Box<dyn Error>> {
        if !self.commands {
            return Ok(self.connection.send_text_bytes(line)?);
        }
        let now = self.now();
        match Command::parse(line)? {
            Command::Text(text) => self.connection.send_text_bytes(text)?,
            Command::Binary(data) => self.connection.send_binary(&data)?,
            Command::Parts(kind, parts) => {
                let last = parts.len() - 1;
                for (index, part) in parts.into_iter().enumerate() {
                    self.connection.send_part(kind, part, index == last)?;
                }
            }
            Command::Ping(payload) => self.connection.ping(payload, now)?,
            Command::Pong(payload) => self.connection.pong(payload)?,
            Command::Close(code, reason) => self.connection.close(code, reason, now)?,
            Command::Wait(name) => self.waiting_for = Some(name.into()),
        }
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.connection.state() == State::Open
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn time_left(&self) -> Option<Duration> {
        let deadline = self.connection.next_deadline()?;
        Some(Duration::from_millis(deadline.saturating_sub(self.now())))
    }
}
