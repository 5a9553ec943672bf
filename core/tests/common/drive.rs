//! A host, small: it does what every host must after each call, and keeps what came of it.

use sansock::{Config, Connection, Event, FaultKind, Role, Transport};

use super::transcript;

/// The key of RFC 6455 §1.3.
pub(crate) const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The seed of every connection in the tests.
pub(crate) fn seed() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

/// A configuration for a stream that is upgraded already.
pub(crate) fn opened(role: Role) -> Config {
    let mut config = Config::new(role);
    config.start_open(1).expect("a boolean");
    config
}

/// A connection and its clock, with all events and all output so far.
pub(crate) struct Host {
    pub(crate) connection: Connection,
    pub(crate) now: u64,
    pub(crate) events: Vec<String>,
    pub(crate) output: Vec<u8>,
    /// The output is left in the engine.
    pub(crate) held: bool,
}

impl Host {
    pub(crate) fn new(config: &Config) -> Self {
        let connection = Connection::new(config, seed(), 0).expect("a good configuration");
        let mut host = Host { connection, now: 0, events: Vec::new(), output: Vec::new(), held: false };
        host.after(&[]);
        host
    }

    pub(crate) fn open(role: Role) -> Self {
        Host::new(&opened(role))
    }

    /// Passes bytes on as one read. Returns how many were left because the engine could not take them yet.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> usize {
        let mut input = bytes.to_vec();
        let mut at = 0;
        loop {
            let (taken, events, _) = self.connection.receive_events(&mut input[at..], self.now);
            // Text is handed out unchecked: it must be what it is said to be.
            for event in events {
                if let Event::Text(text) = event {
                    str::from_utf8(text.text.as_bytes()).expect("text that is UTF-8");
                }
            }
            let before = self.events.len();
            self.after(&input[at..]);
            at += taken;
            if at == input.len() {
                self.take_more();
                return 0;
            }
            if taken == 0 && self.events.len() == before && !self.connection.more() {
                return input.len() - at;
            }
        }
    }

    /// Passes bytes on in pieces of this size.
    pub(crate) fn receive_in_pieces(&mut self, bytes: &[u8], size: usize) {
        for piece in bytes.chunks(size) {
            assert_eq!(self.receive(piece), 0, "the engine must take all");
        }
    }

    /// Takes the events that are ready, as after a call that ended the connection.
    pub(crate) fn take_more(&mut self) {
        while self.connection.more() {
            let before = self.events.len();
            self.connection.receive(&mut [], self.now);
            self.after(&[]);
            assert!(self.events.len() > before || !self.connection.more(), "more is promised and nothing comes");
        }
    }

    pub(crate) fn eof(&mut self) {
        self.connection.receive_eof(self.now);
        self.after(&[]);
    }

    /// Lets the clock run to `now`, calling `timeout` at each deadline on the way.
    pub(crate) fn run_to(&mut self, now: u64) {
        while let Some(deadline) = self.connection.next_deadline().filter(|deadline| *deadline <= now) {
            self.now = self.now.max(deadline);
            self.connection.timeout(self.now);
            self.after(&[]);
        }
        self.now = now;
    }

    /// Takes the output, and what waits behind it.
    pub(crate) fn drain(&mut self) {
        while !self.connection.output().is_empty() {
            let bytes = self.connection.output();
            self.output.extend_from_slice(bytes);
            let count = bytes.len();
            self.connection.written(count).expect("no more than there is");
        }
    }

    /// The events since the last call of this.
    pub(crate) fn take_events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    /// The output since the last call of this.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        self.drain();
        std::mem::take(&mut self.output)
    }

    pub(crate) fn fault(&self) -> Option<FaultKind> {
        self.connection.fault().map(|fault| fault.kind)
    }

    /// Accepts the request that has come.
    pub(crate) fn accept(&mut self) {
        self.connection.accept(None, self.now).expect("a request that waits");
        self.after(&[]);
    }

    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport()
    }

    /// Handles the events of an input call made on `connection` directly.
    pub(crate) fn after(&mut self, input: &[u8]) {
        self.events.extend(transcript::lines(&self.connection, input));
        if !self.held {
            self.drain();
        }
    }
}

/// What an engine in this configuration makes of these bytes, in one read.
pub(crate) fn verdict(config: &Config, bytes: &[u8]) -> Option<FaultKind> {
    let mut host = Host::new(config);
    host.receive(bytes);
    host.fault()
}

/// A head: its first line, its other lines, and the end.
pub(crate) fn head(first: &str, lines: &[&str]) -> Vec<u8> {
    let mut head = format!("{first}\r\n");
    lines.iter().for_each(|line| head.push_str(&format!("{line}\r\n")));
    head.push_str("\r\n");
    head.into_bytes()
}

/// The headers of [`REQUEST`].
pub(crate) const HEADERS: [&str; 5] = [
    "Host: a",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A good request with these headers added.
pub(crate) fn request_with(lines: &[&str]) -> Vec<u8> {
    head("GET / HTTP/1.1", &[&HEADERS[..], lines].concat())
}

/// A good request with the header of this index replaced by these.
pub(crate) fn request_replacing(index: usize, lines: &[&str]) -> Vec<u8> {
    head("GET / HTTP/1.1", &[&HEADERS[..index], lines, &HEADERS[index + 1..]].concat())
}

/// A client and the good answer to its request, from RFC 6455 §4.2.2: the accept value is computed by a server.
pub(crate) fn client_and_answer(config: &Config) -> (Host, Vec<u8>) {
    let mut client = Host::new(config);
    let mut server = Host::new(&Config::server());
    server.receive(&client.take_output());
    server.connection.accept(None, 0).expect("a request");
    server.after(&[]);
    let answer = server.take_output();
    client.take_events();
    (client, answer)
}

/// A configuration for a client.
pub(crate) fn client() -> Config {
    Config::client("ws://example.com/chat").expect("a good URL")
}
