use std::sync::Arc;

use tungstenite::protocol::{Message, Role as TheirRole, WebSocket, WebSocketConfig};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::handshake::{self, Responder};
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::{Sink, Transport};
use crate::wire::{Kind, Role};

/// With its default buffers of 128 KiB, which its documentation gives for high load, unless there are many connections.
pub struct Tungstenite;

fn open(role: Role, transport: Transport, buffer: Option<usize>) -> WebSocket<Transport> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    let config = WebSocketConfig::default();
    let config = buffer.map_or(config, |size| config.read_buffer_size(size).write_buffer_size(size));
    WebSocket::from_raw_socket(transport, role, Some(config))
}

fn count(tally: &mut Tally, message: &Message) {
    match message {
        Message::Text(text) => tally.add(text.as_str().as_bytes()),
        Message::Binary(data) => tally.add(data),
        message => panic!("unexpected message: {message:?}"),
    }
}

impl Entry for Tungstenite {
    fn name(&self) -> &'static str {
        "tungstenite"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let messages = task.wire.expected.messages;
        let mut socket = open(task.role, Transport::new(task.wire.bytes.clone(), task.read, sink.clone()), None);
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for _ in 0..messages {
                count(&mut tally, &socket.read().expect("a message"));
            }
            tally
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate || !task.copy {
            return None;
        }
        let mut socket = open(task.role, Transport::sink(sink.clone()), None);
        let message = |payload: &Vec<u8>| match task.kind {
            Kind::Text => Message::text(String::from_utf8(payload.clone()).expect("text")),
            Kind::Binary => Message::binary(payload.clone()),
        };
        let messages: Vec<_> = task.payloads.iter().map(message).collect();
        let (alone, repeat, sink) = (task.alone, task.repeat, sink.clone());
        Some(Box::new(move || {
            for message in (0..repeat).flat_map(|_| &messages) {
                socket.write(message.clone()).expect("room");
                if alone {
                    socket.flush().expect("room");
                }
            }
            socket.flush().expect("room");
            Tally::written(sink.take_written())
        }))
    }

    fn handshake(&self, role: Role, count: u64, sink: &Arc<Sink>) -> Option<Pass> {
        let request: Arc<[u8]> = handshake::REQUEST.into();
        let sink = sink.clone();
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for _ in 0..count {
                let open = match role {
                    Role::Server => {
                        let transport = Transport::new(request.clone(), 64 * 1024, sink.clone());
                        tungstenite::accept(transport).is_ok_and(|socket| socket.can_read())
                    }
                    Role::Client => tungstenite::client(handshake::URL, Responder::default())
                        .is_ok_and(|(socket, _)| socket.can_read()),
                };
                tally.messages += u64::from(open);
            }
            tally
        }))
    }

    fn server(&self, echo: &Echo) -> Option<Box<dyn Server>> {
        if echo.task.deflate {
            return None;
        }
        Some(Box::new(Host(echo.clone())))
    }
}

struct Host(Echo);

impl Serve for Host {
    type Connection = WebSocket<Transport>;

    fn open(&mut self) -> Self::Connection {
        open(self.0.task.role, self.0.transport(), self.0.buffer)
    }

    #[inline]
    fn turn(&mut self, socket: &mut Self::Connection, tally: &mut Tally) {
        let message = socket.read().expect("a message");
        count(tally, &message);
        socket.send(message).expect("room");
    }
}
