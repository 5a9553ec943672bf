use std::sync::Arc;

use futures_util::SinkExt;
use yawc::frame::{Frame, OpCode};
use yawc::{DeflatePool, Options, Role as TheirRole, WebSocket};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::serve::{Echo, Serve, Server, Window};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

/// With the UTF-8 check that it leaves off by default, and buffers of 64 KiB.
pub struct Yawc;

const BUFFER: usize = 64 * 1024;
/// Compressors that wait for connections that compress each message alone.
const POOLED: usize = 4;

/// Its limit for a frame is exclusive, and counts more than the payload.
fn options(buffer: usize, deflate: bool) -> Options {
    let options = Options::default();
    let options = match deflate {
        true => options.with_balanced_compression().with_compression_threshold(64),
        false => options.without_compression(),
    };
    options
        .with_utf8()
        .with_limits(32 << 20, 64 << 20)
        .with_read_buffer_capacity(buffer)
        .with_write_buffer_capacity(buffer)
        .with_backpressure_boundary(buffer)
}

fn open(role: Role, transport: Transport, extensions: Option<String>, options: Options) -> WebSocket<Transport> {
    let role = match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    };
    WebSocket::from_stream_with_extensions(transport, role, extensions.as_deref(), options).expect("a connection")
}

/// What a handshake would have agreed to.
fn agreed(window: Window) -> String {
    let mut text = String::from("permessage-deflate");
    for side in ["server", "client"] {
        if window.bits < Window::default().bits {
            text += &format!("; {side}_max_window_bits={}", window.bits);
        }
        if !window.takeover {
            text += &format!("; {side}_no_context_takeover");
        }
    }
    text
}

impl Entry for Yawc {
    fn name(&self) -> &'static str {
        "yawc"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        let messages = task.wire.expected.messages;
        let transport = Transport::new(task.wire.bytes.clone(), task.read, sink.clone());
        let extensions = task.deflate.then(|| agreed(Window::default()));
        let mut socket = open(task.role, transport, extensions, options(BUFFER, task.deflate));
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
        let extensions = task.deflate.then(|| agreed(Window::default()));
        let transport = Transport::sink(sink.clone());
        let mut socket = open(task.role, transport, extensions, options(BUFFER, task.deflate));
        let frame = |payload: &Vec<u8>| match task.kind {
            Kind::Text => Frame::text(payload.clone()),
            Kind::Binary => Frame::binary(payload.clone()),
        };
        let frames: Vec<_> = task.payloads.iter().map(frame).collect();
        let (alone, repeat, sink) = (task.alone, task.repeat, sink.clone());
        Some(Box::new(move || {
            run(async {
                for frame in (0..repeat).flat_map(|_| &frames) {
                    socket.feed(frame.clone()).await.expect("room");
                    if alone {
                        socket.flush().await.expect("room");
                    }
                }
                socket.flush().await.expect("room");
            });
            Tally::written(sink.take_written())
        }))
    }

    fn server(&self, echo: &Echo) -> Option<Box<dyn Server>> {
        let mut options = options(echo.buffer.unwrap_or(BUFFER), echo.task.deflate);
        if !echo.window.takeover {
            options = options.with_deflate_pool(DeflatePool::new(POOLED));
        }
        Some(Box::new(Host { options, echo: echo.clone() }))
    }
}

struct Host {
    options: Options,
    echo: Echo,
}

impl Serve for Host {
    type Connection = WebSocket<Transport>;

    fn open(&mut self) -> Self::Connection {
        let Echo { task, window, .. } = &self.echo;
        let extensions = task.deflate.then(|| agreed(*window));
        open(task.role, self.echo.transport(), extensions, self.options.clone())
    }

    #[inline]
    fn turn(&mut self, socket: &mut Self::Connection, tally: &mut Tally) {
        run(async {
            let frame = socket.next_frame().await.expect("a message");
            tally.add(frame.payload());
            socket.send(Frame::text(frame.into_payload())).await.expect("room");
        });
    }
}
