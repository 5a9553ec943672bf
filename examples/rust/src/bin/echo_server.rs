//! Echo server over `std::net`, a thread for each connection: `echo_server [PORT]`. With DEFLATE=1 in the environment it
//! compresses.
//!
//! A blocking socket needs no buffer of its own and gives back-pressure for nothing: while a write blocks, nothing is
//! read. The timer is the timeout of the read or write that is under way.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::Range;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use sansock::{Config, Connection, Event, Transport, random_seed};

/// Enough for a connection in any state: message bytes live on the heap.
const STACK_SIZE: usize = 128 * 1024;
const BUFFER_SIZE: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);

    let mut config = Config::server();
    config.subprotocol("chat")?.subprotocol("echo")?;
    config.deflate(u64::from(env::var("DEFLATE").is_ok_and(|value| value == "1")))?;
    loop {
        let spawned = listener.accept().and_then(|(stream, _)| {
            let config = config.clone();
            let thread = thread::Builder::new().stack_size(STACK_SIZE);
            // A connection that ends with an error has ended all the same: there is nobody to tell.
            thread.spawn(move || Echo::new(stream, &config).and_then(Echo::run).ok())
        });
        if spawned.is_err() {
            // Out of descriptors or threads: give the connections there are some time to end.
            thread::sleep(Duration::from_millis(20));
        }
    }
}

struct Echo {
    stream: TcpStream,
    connection: Connection,
    start: Instant,
    shut_down: bool,
}

impl Echo {
    fn new(stream: TcpStream, config: &Config) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let connection = random_seed().and_then(|seed| Connection::new(config, seed, 0)).map_err(io::Error::other)?;
        Ok(Echo { stream, connection, start: Instant::now(), shut_down: false })
    }

    /// The loop of every host: write the output, obey the transport instruction, read until the deadline; after each
    /// input call, handle its events.
    fn run(mut self) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut unread = 0..0; // what the engine has not taken of the last read
        loop {
            if !self.connection.output().is_empty() {
                self.write()?;
            } else if self.connection.transport() == Transport::Close {
                return Ok(());
            } else if !unread.is_empty() || self.connection.more() {
                let taken = self.connection.receive(&mut buffer[unread.clone()], self.now());
                let end = unread.start + taken;
                self.handle_events(&buffer[unread.start..end]);
                unread.start = end;
            } else {
                self.shut_down_if_told()?;
                unread = self.read(&mut buffer)?;
            }
        }
    }

    fn handle_events(&mut self, input: &[u8]) {
        let mut requested = false;
        let (events, sender) = self.connection.events(input);
        for event in events {
            // Sending fails once a Close is on its way: what arrives after that has no echo.
            let _ = match event {
                Event::Text(message) => sender.send_text(message.text),
                Event::Binary(message) => sender.send_binary(message.data),
                Event::Request(_) => {
                    requested = true;
                    Ok(())
                }
                _ => Ok(()),
            };
        }
        if requested && self.connection.accept(None, self.now()).is_ok() {
            self.handle_events(&[]); // `accept` is an input call: frames may have come with the request
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.stream.set_write_timeout(self.time_left())?;
        match self.stream.write(self.connection.output()) {
            Ok(written) => self.connection.written(written).map_err(io::Error::other),
            Err(error) => self.time_out(error),
        }
    }

    /// Reads once; returns where in the buffer the bytes are that came.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Range<usize>> {
        self.stream.set_read_timeout(self.time_left())?;
        match self.stream.read(buffer) {
            Ok(0) => {
                self.connection.receive_eof(self.now());
                self.handle_events(&[]);
                Ok(0..0)
            }
            Ok(length) => Ok(0..length),
            Err(error) => self.time_out(error).map(|()| 0..0),
        }
    }

    /// What an interrupted read or write means: usually that the deadline has come.
    fn time_out(&mut self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            // Which of the two a timeout is, depends on the system.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                self.connection.timeout(self.now());
                self.handle_events(&[]);
                Ok(())
            }
            ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        }
    }

    fn shut_down_if_told(&mut self) -> io::Result<()> {
        if self.connection.transport() == Transport::ShutdownWrite && !self.shut_down {
            self.stream.shutdown(Shutdown::Write)?;
            self.shut_down = true;
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// Until the deadline. A socket takes no timeout of zero.
    fn time_left(&self) -> Option<Duration> {
        let deadline = self.connection.next_deadline()?;
        Some(Duration::from_millis(deadline.saturating_sub(self.now()).max(1)))
    }
}
