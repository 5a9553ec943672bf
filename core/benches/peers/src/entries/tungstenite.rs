use std::any::Any;
use std::sync::Arc;

use tungstenite::protocol::{Message, Role as TheirRole, WebSocket};

use super::{Echo, Entry, Pass};
use crate::cells::{Receive, Send};
use crate::handshake::{self, Responder};
use crate::tally::Tally;
use crate::transport::{Sink, Transport};
use crate::wire::{Kind, Role};

/// With its default buffers of 128 KiB, which its documentation gives for high load.
pub struct Tungstenite;

fn open(role: Role, transport: Transport) -> WebSocket<Transport> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    WebSocket::from_raw_socket(transport, role, None)
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
        let mut socket = open(task.role, Transport::new(task.wire.bytes.clone(), task.read, sink.clone()));
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for _ in 0..messages {
                match socket.read().expect("a message") {
                    Message::Text(text) => tally.add(text.as_str().as_bytes()),
                    Message::Binary(data) => tally.add(&data),
                    message => panic!("unexpected message: {message:?}"),
                }
            }
            tally
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate || !task.copy {
            return None;
        }
        let mut socket = open(task.role, Transport::sink(sink.clone()));
        let message = |payload: &Vec<u8>| match task.kind {
            Kind::Text => Message::text(String::from_utf8(payload.clone()).expect("text")),
            Kind::Binary => Message::binary(payload.clone()),
        };
        let messages: Vec<_> = task.payloads.iter().map(message).collect();
        let (repeat, sink) = (task.repeat, sink.clone());
        Some(Box::new(move || {
            for message in (0..repeat).flat_map(|_| &messages) {
                socket.write(message.clone()).expect("room");
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

    fn idle(&self, echo: &Echo) -> Option<Box<dyn Any>> {
        if echo.task.deflate {
            return None;
        }
        let mut socket = Box::new(open(echo.task.role, echo.transport()));
        let message = socket.read().expect("a message");
        socket.send(message).expect("room");
        Some(socket)
    }
}
