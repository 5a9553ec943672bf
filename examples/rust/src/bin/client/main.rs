//! Client over `std::net`: `client URL`. Each line of standard input is sent as a text message, each message received is
//! printed as a line (binary in hexadecimal), and the end of the input closes the connection. The last line printed is
//! `closed CODE REASON`; the status is 0 only for a clean close. DEFLATE=1 in the environment offers compression.
//!
//! Threads do what blocks (see [`threads`]) and report to the main thread, which alone has the engine and which waits in
//! one place: for a report, until the deadline.

mod threads;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{ExitCode, exit};
use std::time::{Duration, Instant};

use sansock::{CloseCode, Config, Connection, Event, Received, State, Transport, random_seed};

use threads::{Report, Threads};

/// The most that is handed to the writing thread at a time, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let config = Config::client(&env::args().nth(1).ok_or("a URL is missing")?)
        .receive_while_closing(true) // for the echoes of what was sent before the end of standard input
        .deflate(env::var("DEFLATE").is_ok_and(|value| value == "1"))
        .build()?;
    let url = config.url().ok_or("a URL is missing")?;
    if url.secure {
        return Err("this example has no TLS: use ws://".into());
    }
    let stream = TcpStream::connect((url.host.as_str(), url.port))?;
    stream.set_nodelay(true)?;
    let clean = Client::new(stream, &config)?.run()?;
    // `exit`, because the thread that reads standard input may still be in a read.
    exit(if clean { 0 } else { 1 })
}

struct Client {
    stream: TcpStream,
    connection: Connection,
    start: Instant,
    threads: Threads,
    /// Whether the connection has ended with a clean close.
    clean: bool,
}

impl Client {
    fn new(stream: TcpStream, config: &Config) -> Result<Self, Box<dyn Error>> {
        Ok(Client {
            connection: Connection::new(config, random_seed()?, Duration::ZERO)?,
            start: Instant::now(),
            threads: Threads::start(&stream)?,
            clean: false,
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
                return Ok(self.clean);
            } else if self.connection.transport() == Transport::ShutdownWrite {
                // Shutting down again, or what the server has closed, does no harm.
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            if self.is_open() && self.connection.writable() {
                self.threads.read_line();
            }
            self.threads.read();
            match self.threads.wait(self.time_left()) {
                Some(Report::Received(bytes)) => self.receive(bytes)?,
                Some(Report::EndOfStream) => {
                    self.clean |= print_events(self.connection.receive_eof(self.start.elapsed()))?;
                }
                // The engine drops its output when the time for writing it has passed.
                Some(Report::Written(length)) => self.connection.written(length).unwrap_or(()),
                Some(Report::Line(line)) if self.is_open() => self.connection.send_text(&line)?,
                Some(Report::EndOfLines) if self.is_open() => {
                    self.connection.close(CloseCode::NORMAL_CLOSURE, "", self.start.elapsed())?;
                }
                Some(Report::Line(_) | Report::EndOfLines) => {}
                None => {
                    self.clean |= print_events(self.connection.timeout(self.start.elapsed()))?;
                }
            }
        }
    }

    fn receive(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        let mut from = 0;
        while from < bytes.len() || self.connection.has_more() {
            let received = self.connection.receive(&mut bytes[from..], self.start.elapsed());
            from += received.consumed;
            self.clean |= print_events(received)?;
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

/// Prints messages, and how the connection was closed. Returns whether it was closed cleanly.
fn print_events(received: Received<'_>) -> io::Result<bool> {
    let mut output = io::stdout().lock();
    let mut clean = false;
    for event in received.events {
        match event {
            Event::Text(message) => writeln!(output, "{}", message.text)?,
            Event::Binary(message) => {
                message.data.iter().try_for_each(|byte| write!(output, "{byte:02x}"))?;
                writeln!(output)?;
            }
            Event::Closed(closed) => {
                clean = closed.clean;
                let space = if closed.reason.is_empty() { "" } else { " " };
                writeln!(output, "closed {}{space}{}", closed.code.get(), closed.reason)?;
            }
            _ => {} // pings and Close are answered by the engine
        }
    }
    Ok(clean)
}
