use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use sansock::{Config, ConfigBuilder, Connection, Event, MessageKind, Received, State, random_seed};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::handshake::{self, Responder};
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::Sink;
use crate::wire::{Kind, Role};

pub struct Sansock;

/// The clock stands still.
const NOW: Duration = Duration::ZERO;

fn open(role: Role, deflate: bool) -> Connection {
    let config = config(role, deflate).build().expect("a good configuration");
    Connection::new(&config, [7; 32], NOW).expect("memory")
}

fn config(role: Role, deflate: bool) -> ConfigBuilder {
    let config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client("ws://example.com/"),
    };
    config.start_open(true).deflate(deflate)
}

/// Writes what waits.
fn flush(connection: &mut Connection, sink: &Sink) {
    let output = connection.output();
    let len = output.len();
    sink.write(output);
    connection.written(len).expect("what there was");
}

/// Accepts the browser's request.
fn accept(config: &Config, sink: &Sink) -> Connection {
    let mut connection = Connection::new(config, [0; 32], NOW).expect("memory");
    let mut input = [0; handshake::REQUEST.len()];
    input.copy_from_slice(handshake::REQUEST);
    assert!(matches!(connection.receive(&mut input, NOW).events.next(), Some(Event::Request(_))));
    let mut accepted = connection.accept(None, NOW).expect("a request");
    assert!(matches!(accepted.events.next(), Some(Event::Open(_))));
    flush(&mut connection, sink);
    connection
}

/// Opens a connection to a server that answers.
fn connect(config: &Config, input: &mut [u8]) -> Connection {
    let mut connection = Connection::new(config, random_seed().expect("entropy"), NOW).expect("memory");
    let mut responder = Responder::default();
    let len = responder.write(connection.output()).expect("memory");
    connection.written(len).expect("what there was");
    let len = responder.read(input).expect("memory");
    assert!(matches!(connection.receive(&mut input[..len], NOW).events.next(), Some(Event::Open(_))));
    connection
}

/// In reads of this size, through one buffer. Of less than the payload that is due nothing can come: more is read first.
fn receive(task: &Receive, read: usize) -> Pass {
    let mut connection = open(task.role, task.deflate);
    let wire = task.wire.bytes.clone();
    let mut buffer = vec![0; read.max(SMALL)];
    Box::new(move || {
        let mut tally = Tally::default();
        let (mut filled, mut due) = (0, 0);
        for chunk in wire.chunks(read) {
            buffer[filled..filled + chunk.len()].copy_from_slice(chunk);
            filled += chunk.len();
            if filled < due && filled + read <= buffer.len() {
                continue;
            }
            let mut input = &mut buffer[..filled];
            loop {
                let Received { consumed, events, .. } = connection.receive(input, NOW);
                for event in events {
                    match event {
                        Event::Text(message) => tally.add(message.text.as_bytes()),
                        Event::Binary(message) => tally.add(message.data),
                        event => panic!("unexpected event: {event:?}"),
                    }
                }
                input = &mut input[consumed..];
                if input.is_empty() && !connection.has_more() {
                    break;
                }
            }
            filled = 0;
            due = usize::try_from(connection.payload_remaining()).unwrap_or(usize::MAX);
        }
        tally
    })
}

impl Entry for Sansock {
    fn name(&self) -> &'static str {
        "sansock"
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        Some(receive(task, task.read))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        let mut connection = open(task.role, task.deflate);
        let (kind, copy, alone, repeat, sink) = (task.kind, task.copy, task.alone, task.repeat, sink.clone());
        let payloads: Vec<_> = task.payloads.iter().map(|payload| String::from_utf8(payload.clone())).collect();
        let send = move |connection: &mut Connection, sink: &Sink| {
            for payload in &payloads {
                match (kind, payload) {
                    (Kind::Text, Ok(text)) => connection.send_text(text).expect("room"),
                    (_, payload) => {
                        let data = payload.as_ref().map_or_else(|error| error.as_bytes(), |text| text.as_bytes());
                        if copy {
                            connection.send_binary(data).expect("room");
                        } else {
                            connection.send_header(MessageKind::Binary, data.len() as u64, true).expect("room");
                            flush(connection, sink);
                            sink.write(data);
                        }
                    }
                }
                if alone || !connection.writable() {
                    flush(connection, sink);
                }
            }
        };
        Some(Box::new(move || {
            for _ in 0..repeat {
                send(&mut connection, &sink);
            }
            flush(&mut connection, &sink);
            Tally::written(sink.take_written())
        }))
    }

    fn handshake(&self, role: Role, count: u64, sink: &Arc<Sink>) -> Option<Pass> {
        let config = match role {
            Role::Server => Config::server(),
            Role::Client => Config::client(handshake::URL),
        };
        let config = config.build().expect("a good configuration");
        let sink = sink.clone();
        let mut input = vec![0; 4096];
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for _ in 0..count {
                let connection = match role {
                    Role::Server => accept(&config, &sink),
                    Role::Client => connect(&config, &mut input),
                };
                tally.messages += u64::from(connection.state() == State::Open);
            }
            tally
        }))
    }

    fn server(&self, echo: &Echo) -> Option<Box<dyn Server>> {
        let (bits, alone) = (echo.window.bits, !echo.window.takeover);
        let config = config(echo.task.role, echo.task.deflate)
            .server_max_window_bits(bits)
            .client_max_window_bits(bits)
            .server_no_context_takeover(alone)
            .client_no_context_takeover(alone)
            .build()
            .expect("a good configuration");
        Some(Box::new(Host { config, buffer: vec![0; echo.task.read], echo: echo.clone() }))
    }
}

/// One configuration and one read buffer serve all connections.
struct Host {
    config: Config,
    buffer: Vec<u8>,
    echo: Echo,
}

impl Serve for Host {
    type Connection = Connection;

    fn open(&mut self) -> Connection {
        let mut connection = Connection::new(&self.config, [7; 32], NOW).expect("memory");
        connection.set_compression(self.echo.compress);
        connection
    }

    #[inline]
    fn turn(&mut self, connection: &mut Connection, tally: &mut Tally) {
        let wire = &self.echo.task.wire.bytes;
        let mut input = &mut self.buffer[..wire.len()];
        input.copy_from_slice(wire);
        loop {
            let Received { consumed, events, sender } = connection.receive(input, NOW);
            for event in events {
                match event {
                    Event::Text(message) => {
                        tally.add(message.text.as_bytes());
                        sender.send_text(message.text).expect("room");
                    }
                    event => panic!("unexpected event: {event:?}"),
                }
            }
            input = &mut input[consumed..];
            if input.is_empty() && !connection.has_more() {
                break;
            }
        }
        flush(connection, &self.echo.sink);
    }
}

/// The same with a smaller buffer, which stays in the nearest cache.
pub struct SmallReads;

const SMALL: usize = 16 * 1024;

impl Entry for SmallReads {
    fn name(&self) -> &'static str {
        "sansock, 16 KiB reads"
    }

    fn is_variant(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        (task.read > SMALL && !task.deflate).then(|| receive(task, SMALL))
    }
}

/// A client that reads only headers with the engine, and payloads of binary messages to where it wants them.
pub struct HeadersOnly;

impl Entry for HeadersOnly {
    fn name(&self) -> &'static str {
        "sansock, receive_header"
    }

    fn is_variant(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        if task.role == Role::Server || task.kind == Kind::Text {
            return None;
        }
        let mut connection = open(task.role, task.deflate);
        let (wire, read) = (task.wire.bytes.clone(), task.read);
        let (mut buffer, mut message) = (vec![0; read], Vec::new());
        Some(Box::new(move || {
            let mut tally = Tally::default();
            let mut rest = &wire[..];
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(read));
                rest = after;
                buffer[..chunk.len()].copy_from_slice(chunk);
                let mut input = &mut buffer[..chunk.len()];
                while !input.is_empty() {
                    let Some(header) = connection.receive_header(input, 0, NOW) else {
                        // A read has cut the header: the engine takes the message, and what follows it in this read and the next.
                        let Received { consumed, events, .. } = connection.receive(input, NOW);
                        for event in events {
                            let Event::Binary(binary) = event else { panic!("unexpected event: {event:?}") };
                            tally.add(binary.data);
                        }
                        input = &mut input[consumed..];
                        continue;
                    };
                    let payload = header.payload_len as usize;
                    input = &mut input[header.header_len..];
                    if payload <= input.len() {
                        let (whole, after) = input.split_at_mut(payload);
                        tally.add(whole);
                        input = after;
                        continue;
                    }
                    message.clear();
                    message.reserve(payload);
                    message.extend_from_slice(input);
                    while message.len() < payload {
                        let (chunk, after) = rest.split_at(rest.len().min(read).min(payload - message.len()));
                        rest = after;
                        message.extend_from_slice(chunk);
                    }
                    tally.add(&message);
                    break;
                }
            }
            tally
        }))
    }
}
