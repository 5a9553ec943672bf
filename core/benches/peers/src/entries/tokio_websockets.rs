use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Config, Limits, Message, Payload, ServerBuilder, WebSocketStream};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::handshake::{self, Responder};
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

/// It never copies what is not masked, so it sends unmasked messages in that section alone.
pub struct TokioWebsockets;

fn open(role: Role, transport: Transport) -> WebSocketStream<Transport> {
    // Larger messages than this it would send in fragments.
    let config = Config::default().flush_threshold(64 * 1024).frame_size(64 << 20);
    match role {
        Role::Server => ServerBuilder::new().config(config).limits(Limits::default()).serve(transport),
        Role::Client => ClientBuilder::new().config(config).limits(Limits::default()).take_over(transport),
    }
}

fn count(tally: &mut Tally, message: &Message) {
    match message.as_text() {
        Some(text) => tally.add(text.as_bytes()),
        None => tally.add(message.as_payload()),
    }
}

impl Entry for TokioWebsockets {
    fn name(&self) -> &'static str {
        "tokio-websockets"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let messages = task.wire.expected.messages;
        let mut socket = open(task.role, Transport::new(task.wire.bytes.clone(), task.read, sink.clone()));
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..messages {
                    let message = socket.next().await.expect("a message").expect("a message");
                    count(&mut tally, &message);
                }
                tally
            })
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate || task.copy == (task.role == Role::Server) {
            return None;
        }
        let mut socket = open(task.role, Transport::sink(sink.clone()).vectored());
        let message = |payload: &Vec<u8>| {
            let payload = Payload::from(Bytes::from(payload.clone()));
            match task.kind {
                Kind::Text => Message::text(payload),
                Kind::Binary => Message::binary(payload),
            }
        };
        let messages: Vec<_> = task.payloads.iter().map(message).collect();
        let (alone, repeat, sink) = (task.alone, task.repeat, sink.clone());
        Some(Box::new(move || {
            run(async {
                for message in (0..repeat).flat_map(|_| &messages) {
                    socket.feed(message.clone()).await.expect("room");
                    if alone {
                        socket.flush().await.expect("room");
                    }
                }
                socket.flush().await.expect("room");
            });
            Tally::written(sink.take_written())
        }))
    }

    fn handshake(&self, role: Role, count: u64, sink: &Arc<Sink>) -> Option<Pass> {
        let request: Arc<[u8]> = handshake::REQUEST.into();
        let sink = sink.clone();
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..count {
                    let open = match role {
                        Role::Server => {
                            let transport = Transport::new(request.clone(), 64 * 1024, sink.clone());
                            ServerBuilder::new().accept(transport).await.is_ok()
                        }
                        Role::Client => {
                            let builder = ClientBuilder::new().uri(handshake::URL).expect("a URL");
                            builder.connect_on(Responder::default()).await.is_ok()
                        }
                    };
                    tally.messages += u64::from(open);
                }
                tally
            })
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
    type Connection = WebSocketStream<Transport>;

    fn open(&mut self) -> Self::Connection {
        open(self.0.task.role, self.0.transport())
    }

    #[inline]
    fn turn(&mut self, socket: &mut Self::Connection, tally: &mut Tally) {
        run(async {
            let message = socket.next().await.expect("a message").expect("a message");
            count(tally, &message);
            socket.send(message).await.expect("room");
        });
    }
}
