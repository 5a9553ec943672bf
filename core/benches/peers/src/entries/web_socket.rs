use std::sync::Arc;

use tokio::io::BufReader;
use web_socket::{DataType, Event, MessageType, Stream, WebSocket};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

/// Behind a buffered reader, for it reads each field alone. It leaves UTF-8 and the joining of fragments to its user,
/// so both are done here as a user would.
pub struct WebSocketCrate;

const BUFFER: usize = 64 * 1024;

fn open<T>(role: Role, transport: T) -> WebSocket<T> {
    match role {
        Role::Server => WebSocket::server(transport),
        Role::Client => WebSocket::client(transport),
    }
}

fn deliver(tally: &mut Tally, kind: MessageType, data: &[u8]) {
    match kind {
        MessageType::Text => tally.add(simdutf8::basic::from_utf8(data).expect("text").as_bytes()),
        MessageType::Binary => tally.add(data),
    }
}

impl Entry for WebSocketCrate {
    fn name(&self) -> &'static str {
        "web-socket"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let messages = task.wire.expected.messages;
        let transport = Transport::new(task.wire.bytes.clone(), task.read, sink.clone());
        let mut socket = open(task.role, BufReader::with_capacity(BUFFER, transport));
        let mut joined = Vec::new();
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                while tally.messages < messages {
                    match socket.recv().await.expect("a message") {
                        Event::Data { ty: DataType::Complete(kind), data } => deliver(&mut tally, kind, &data),
                        Event::Data { ty: DataType::Stream(part), data } => {
                            joined.extend_from_slice(&data);
                            if let Stream::End(kind) = part {
                                deliver(&mut tally, kind, &joined);
                                joined.clear();
                            }
                        }
                        event => panic!("unexpected event: {event:?}"),
                    }
                }
                tally
            })
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let transport = Transport::sink(sink.clone());
        let mut socket = open(task.role, if task.copy { transport } else { transport.vectored() });
        let texts =
            task.payloads.iter().map(|payload| String::from_utf8_lossy(payload).into_owned()).collect::<Vec<_>>();
        let (payloads, kind, repeat, sink) = (task.payloads.clone(), task.kind, task.repeat, sink.clone());
        Some(Box::new(move || {
            run(async {
                for (text, payload) in (0..repeat).flat_map(|_| texts.iter().zip(&payloads)) {
                    match kind {
                        Kind::Text => socket.send(text.as_str()).await,
                        Kind::Binary => socket.send(payload.as_slice()).await,
                    }
                    .expect("room");
                }
            });
            Tally::written(sink.take_written())
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
    type Connection = WebSocket<BufReader<Transport>>;

    fn open(&mut self) -> Self::Connection {
        let size = self.0.buffer.unwrap_or(BUFFER);
        open(self.0.task.role, BufReader::with_capacity(size, self.0.transport()))
    }

    #[inline]
    fn turn(&mut self, socket: &mut Self::Connection, tally: &mut Tally) {
        run(async {
            let Event::Data { data, .. } = socket.recv().await.expect("a message") else { panic!("no message") };
            let text = simdutf8::basic::from_utf8(&data).expect("text");
            tally.add(text.as_bytes());
            socket.send(text).await.expect("room");
        });
    }
}
