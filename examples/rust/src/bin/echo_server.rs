//! Echo server over `std::net`, a thread for each connection: `echo_server [PORT]`. With DEFLATE=1 in the environment it
//! compresses, with HTTP=1 it also answers plain HTTP.
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

use sansock::event::Request;
use sansock::{Config, Connection, Error as Misuse, Event, Received, Transport, random_seed};

/// Enough for a connection in any state: message bytes live on the heap.
const STACK_SIZE: usize = 128 * 1024;
const BUFFER_SIZE: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);

    let is_on = |switch| env::var(switch).is_ok_and(|value| value == "1");
    let config = Config::server().subprotocol("chat").subprotocol("echo");
    let config = config.deflate(is_on("DEFLATE")).deliver_http(is_on("HTTP")).build()?;
    loop {
        let spawned = listener.accept().and_then(|(stream, _)| {
            let config = config.clone();
            let thread = thread::Builder::new().stack_size(STACK_SIZE);
            // A connection that ends with an error has ended all the same, and nobody waits for the result.
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
        let seed = random_seed().map_err(io::Error::other)?;
        let connection = Connection::new(config, seed, Duration::ZERO).map_err(io::Error::other)?;
        Ok(Echo { stream, connection, start: Instant::now(), shut_down: false })
    }

    /// The loop of every host: write the output, obey the transport instruction, read until the deadline, and handle the
    /// events of each input call.
    fn run(mut self) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER_SIZE];
        let mut unread = 0..0; // what the engine has not consumed of the last read
        loop {
            if !self.connection.output().is_empty() {
                self.write()?;
            } else if self.connection.transport() == Transport::Close {
                return Ok(());
            } else if !unread.is_empty() || self.connection.has_more() {
                let now = self.now();
                let received = self.connection.receive(&mut buffer[unread.clone()], now);
                unread.start += received.consumed;
                let answer = handle_events(received);
                self.answer(answer);
            } else {
                self.shut_down_writing()?;
                unread = self.read(&mut buffer)?;
            }
        }
    }

    /// Answers a request, if one has come.
    fn answer(&mut self, answer: Option<Answer>) {
        let now = self.now();
        let received = match answer {
            Some(Answer::Accept) => self.connection.accept(None, now),
            Some(Answer::Refuse) => self.connection.reject(403, "", now),
            Some(Answer::Page { status, body }) => self.respond(status, body),
            None => return,
        };
        // Messages may have come with the request, but not a second request.
        received.map(handle_events).ok();
    }

    fn respond(&mut self, status: u16, body: &str) -> Result<Received<'_>, Misuse> {
        self.connection.add_response_header("Content-Type", "text/plain")?;
        if status == 405 {
            self.connection.add_response_header("Allow", "GET, HEAD")?;
        }
        self.connection.respond(status, "", body, self.now())
    }

    fn write(&mut self) -> io::Result<()> {
        self.stream.set_write_timeout(self.time_left())?;
        match self.stream.write(self.connection.output()) {
            Ok(written) => self.connection.written(written).map_err(io::Error::other),
            Err(error) => self.time_out(error),
        }
    }

    /// Reads once. Returns where in the buffer the bytes are.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Range<usize>> {
        self.stream.set_read_timeout(self.time_left())?;
        match self.stream.read(buffer) {
            Ok(0) => {
                handle_events(self.connection.receive_eof(self.now()));
                Ok(0..0)
            }
            Ok(length) => Ok(0..length),
            Err(error) => self.time_out(error).map(|()| 0..0),
        }
    }

    /// What an interrupted read or write means: usually that the deadline has passed.
    fn time_out(&mut self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            // Which of the two a timeout is, depends on the system.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                handle_events(self.connection.timeout(self.now()));
                Ok(())
            }
            ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        }
    }

    fn shut_down_writing(&mut self) -> io::Result<()> {
        if self.connection.transport() == Transport::ShutdownWrite && !self.shut_down {
            self.stream.shutdown(Shutdown::Write)?;
            self.shut_down = true;
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Until the deadline. A socket takes no timeout of zero.
    fn time_left(&self) -> Option<Duration> {
        let deadline = self.connection.next_deadline()?;
        Some(deadline.saturating_sub(self.now()).max(Duration::from_millis(1)))
    }
}

/// What a request is answered with.
enum Answer {
    Accept,
    Refuse,
    Page { status: u16, body: &'static str },
}

/// Handles the events of an input call. Returns the answer to a request, if one has come.
fn handle_events(received: Received<'_>) -> Option<Answer> {
    let mut answer = None;
    for event in received.events {
        // Sending fails once our Close is on its way: what arrives after that has no echo.
        let _ = match event {
            Event::Text(message) => received.sender.send_text(message.text),
            Event::Binary(message) => received.sender.send_binary(message.data),
            Event::Request(request) => {
                answer = Some(answer_to(&request));
                Ok(())
            }
            _ => Ok(()), // pings and Close are answered by the engine
        };
    }
    answer
}

/// Accepts a request, unless it comes from a page of another site. A server may also look at its target and headers.
fn answer_to(request: &Request<'_>) -> Answer {
    if request.fault().is_some() {
        page(request)
    } else if request.same_origin() {
        Answer::Accept
    } else {
        Answer::Refuse
    }
}

/// Plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page, a health check.
fn page(request: &Request<'_>) -> Answer {
    match (request.method(), request.target) {
        ("GET" | "HEAD", "/health") => Answer::Page { status: 200, body: "ok\n" },
        ("GET" | "HEAD", _) => Answer::Page { status: 404, body: "no such page\n" },
        _ => Answer::Page { status: 405, body: "only GET and HEAD\n" },
    }
}
