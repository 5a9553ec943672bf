use std::any::Any;
use std::sync::Arc;

use futures_util::SinkExt;
use yawc::frame::{Frame, OpCode};
use yawc::{Options, Role as TheirRole, WebSocket};

use super::{Echo, Entry, Pass};
use crate::cells::{Receive, Send};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

/// With the UTF-8 check that it leaves off by default, and buffers of 64 KiB.
pub struct Yawc;

fn open(role: Role, transport: Transport, deflate: bool) -> WebSocket<Transport> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    let options = Options::default()
        .with_utf8()
        .with_limits(16 << 20, 64 << 20)
        .with_read_buffer_capacity(64 * 1024)
        .with_write_buffer_capacity(64 * 1024)
        .with_backpressure_boundary(64 * 1024);
    let (options, extensions) = match deflate {
        true => (options.with_balanced_compression().with_compression_threshold(64), Some("permessage-deflate")),
        false => (options.without_compression(), None),
    };
    WebSocket::from_stream_with_extensions(transport, role, extensions, options).expect("a connection")
}

impl Entry for Yawc {
    fn name(&self) -> &'static str {
        "yawc"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        let messages = task.wire.expected.messages;
        let transport = Transport::new(task.wire.bytes.clone(), task.read, sink.clone());
        let mut socket = open(task.role, transport, task.deflate);
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..messages {
                    let frame = socket.next_frame().await.expect("a message");
                    match frame.opcode() {
                        OpCode::Text | OpCode::Binary => tally.add(frame.payload()),
                        opcode => panic!("unexpected frame: {opcode:?}"),
                    }
                }
                tally
            })
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if !task.copy {
            return None;
        }
        let mut socket = open(task.role, Transport::sink(sink.clone()), task.deflate);
        let frame = |payload: &Vec<u8>| match task.kind {
            Kind::Text => Frame::text(payload.clone()),
            Kind::Binary => Frame::binary(payload.clone()),
        };
        let frames: Vec<_> = task.payloads.iter().map(frame).collect();
        let (repeat, sink) = (task.repeat, sink.clone());
        Some(Box::new(move || {
            run(async {
                for frame in (0..repeat).flat_map(|_| &frames) {
                    socket.feed(frame.clone()).await.expect("room");
                }
                socket.flush().await.expect("room");
            });
            Tally::written(sink.take_written())
        }))
    }

    fn idle(&self, echo: &Echo) -> Option<Box<dyn Any>> {
        let mut socket = Box::new(open(echo.task.role, echo.transport(), echo.task.deflate));
        run(async {
            let frame = socket.next_frame().await.expect("a message");
            socket.send(Frame::text(frame.into_payload())).await.expect("room");
        });
        Some(socket)
    }
}
