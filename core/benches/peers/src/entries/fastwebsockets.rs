use std::sync::Arc;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role as TheirRole, WebSocket};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

/// Through its `FragmentCollector`, which is what delivers whole messages.
pub struct Fastwebsockets;

fn open(role: Role, transport: Transport) -> WebSocket<Transport> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    WebSocket::after_handshake(transport, role)
}

impl Entry for Fastwebsockets {
    fn name(&self) -> &'static str {
        "fastwebsockets"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let messages = task.wire.expected.messages;
        let transport = Transport::new(task.wire.bytes.clone(), task.read, sink.clone());
        let mut socket = FragmentCollector::new(open(task.role, transport));
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..messages {
                    let frame = socket.read_frame().await.expect("a message");
                    match frame.opcode {
                        OpCode::Text | OpCode::Binary => tally.add(&frame.payload),
                        opcode => panic!("unexpected frame: {opcode:?}"),
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
        let mut socket = open(task.role, Transport::sink(sink.clone()).vectored());
        socket.set_writev(!task.copy);
        socket.set_writev_threshold(0);
        let (payloads, kind, repeat, sink) = (task.payloads.clone(), task.kind, task.repeat, sink.clone());
        Some(Box::new(move || {
            let payloads = payloads.as_slice();
            run(async {
                for payload in (0..repeat).flat_map(|_| payloads) {
                    let frame = match kind {
                        Kind::Text => Frame::text(Payload::Borrowed(payload)),
                        Kind::Binary => Frame::binary(Payload::Borrowed(payload)),
                    };
                    socket.write_frame(frame).await.expect("room");
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
    type Connection = FragmentCollector<Transport>;

    fn open(&mut self) -> Self::Connection {
        FragmentCollector::new(open(self.0.task.role, self.0.transport()))
    }

    #[inline]
    fn turn(&mut self, socket: &mut Self::Connection, tally: &mut Tally) {
        run(async {
            let frame = socket.read_frame().await.expect("a message");
            tally.add(&frame.payload);
            socket.write_frame(frame).await.expect("room");
        });
    }
}
