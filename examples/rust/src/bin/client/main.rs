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

use sansock::{Config, Connection, Event, State, Transport, random_seed};

use threads::{Report, Threads};

/// The most that is handed to the writing thread at a time, in bytes.
const CHUNK_SIZE: usize = 64 * 1024;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut config = Config::client(&env::args().nth(1).ok_or("a URL is missing")?)?;
    config.receive_while_closing(1)?; // for the echoes of what was sent before the end of standard input
    config.deflate(u64::from(env::var("DEFLATE").is_ok_and(|value| value == "1")))?;
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
            connection: Connection::new(config, random_seed()?, 0)?,
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
                    self.connection.receive_eof(self.now());
                    self.handle_events(&[])?;
                }
                // The engine forgets its output when the time for writing it is up.
                Some(Report::Written(length)) => self.connection.written(length).unwrap_or(()),
                Some(Report::Line(line)) if self.is_open() => self.connection.send_text_bytes(&line)?,
                Some(Report::EndOfLines) if self.is_open() => self.connection.close(1000, b"", self.now())?,
                Some(Report::Line(_) | Report::EndOfLines) => {}
                None => {
                    self.connection.timeout(self.now());
                    self.handle_events(&[])?;
                }
            }
        }
    }

    fn receive(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        let mut rest = bytes.as_mut_slice();
        while !rest.is_empty() || self.connection.more() {
            let taken = self.connection.receive(rest, self.now());
            let (input, untaken) = rest.split_at_mut(taken);
            self.handle_events(input)?;
            rest = untaken;
        }
        Ok(())
    }

    fn handle_events(&mut self, input: &[u8]) -> io::Result<()> {
        let mut output = io::stdout().lock();
        let (events, _) = self.connection.events(input);
        for event in events {
            match event {
                Event::Text(message) => writeln!(output, "{}", message.text)?,
                Event::Binary(message) => {
                    message.data.iter().try_for_each(|byte| write!(output, "{byte:02x}"))?;
                    writeln!(output)?;
                }
                Event::Closed(closed) => {
                    self.clean = closed.clean;
                    let space = if closed.reason.is_empty() { "" } else { " " };
                    writeln!(output, "closed {}{space}{}", closed.code, closed.reason)?;
                }
                _ => {} // pings and Close are answered by the engine
            }
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
