//! The paths whose instructions are counted: a table, and what runs a line of it.

use std::hint::black_box;
use std::time::Duration;

use sansock::{Config, ConfigBuilder, Connection, Event, Received};

#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Binary,
}

#[derive(Clone, Copy)]
pub enum Direction {
    /// Masked frames, as a server gets them.
    Receive,
    /// As a client, whose frames are masked.
    SendMasked,
    /// As a server.
    SendUnmasked,
}

#[derive(Clone, Copy)]
pub struct Path {
    pub direction: Direction,
    pub kind: Kind,
    pub bytes: usize,
    /// Messages that one read brings, or one write takes.
    pub batch: usize,
}

/// All paths.
pub fn all() -> impl Iterator<Item = Path> {
    use Direction::{Receive, SendMasked, SendUnmasked};
    let lines = [(Receive, 1), (Receive, 16), (SendMasked, 1), (SendMasked, 16), (SendUnmasked, 1), (SendUnmasked, 16)];
    lines.into_iter().flat_map(|(direction, batch)| {
        [20, 1024]
            .into_iter()
            .flat_map(move |bytes| [Kind::Text, Kind::Binary].map(|kind| Path { direction, kind, bytes, batch }))
    })
}

impl Path {
    pub fn name(&self) -> String {
        let direction = match self.direction {
            Direction::Receive => "receive masked",
            Direction::SendMasked => "send masked",
            Direction::SendUnmasked => "send unmasked",
        };
        let kind = match self.kind {
            Kind::Text => "text",
            Kind::Binary => "binary",
        };
        format!("{direction} {kind}, {} B, {} at a time", self.bytes, self.batch)
    }

    /// Runs the path for `passes` batches.
    pub fn run(&self, passes: usize) {
        let payload = "The quick brown fox jumps over the lazy dog. ".repeat(self.bytes / 45 + 1);
        let payload = &payload[..self.bytes];
        match self.direction {
            Direction::Receive => self.receive(payload, passes),
            Direction::SendMasked => self.send(Config::client("ws://example.com/"), payload, passes),
            Direction::SendUnmasked => self.send(Config::server(), payload, passes),
        }
    }

    fn receive(&self, payload: &str, passes: usize) {
        let mut client = open(Config::client("ws://example.com/"));
        for _ in 0..self.batch {
            self.queue(&mut client, payload);
        }
        let wire = client.output();
        let mut server = open(Config::server());
        let mut buffer = vec![0; wire.len()];
        let mut received = 0;
        for _ in 0..passes {
            buffer.copy_from_slice(wire);
            let Received { consumed, events, .. } = server.receive(&mut buffer, Duration::ZERO);
            assert_eq!(consumed, wire.len());
            for event in events {
                received += match event {
                    Event::Text(message) => black_box(message.text).len(),
                    Event::Binary(message) => black_box(message.data).len(),
                    event => panic!("unexpected event: {event:?}"),
                };
            }
        }
        assert_eq!(received, passes * self.batch * self.bytes);
    }

    fn send(&self, config: ConfigBuilder, payload: &str, passes: usize) {
        let mut connection = open(config);
        for _ in 0..passes {
            for _ in 0..self.batch {
                self.queue(&mut connection, payload);
            }
            let len = black_box(connection.output()).len();
            assert!(len > self.batch * self.bytes);
            connection.written(len).expect("what there was");
        }
    }

    fn queue(&self, connection: &mut Connection, payload: &str) {
        match self.kind {
            Kind::Text => connection.send_text(payload).expect("room"),
            Kind::Binary => connection.send_binary(payload.as_bytes()).expect("room"),
        }
    }
}

fn open(config: ConfigBuilder) -> Connection {
    let config = config.start_open(true).build().expect("a good configuration");
    Connection::new(&config, [7; 32], Duration::ZERO).expect("memory")
}
