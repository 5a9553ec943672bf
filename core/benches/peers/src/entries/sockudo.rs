//! Twice: the stream, and the buffer-level core that it is made of.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::cork::ZERO_COPY_MIN;
use sockudo_ws::deflate::DeflateConfig;
use sockudo_ws::handshake::{client_handshake, server_handshake};
use sockudo_ws::protocol::{CompressedProtocol, Message, Protocol, Role as TheirRole};
use sockudo_ws::{Config, DeflateWindowBits, WebSocketStream};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::handshake::{self, Responder};
use crate::serve::{Echo, Serve, Server, Window};
use crate::tally::Tally;
use crate::transport::{Sink, Transport, run};
use crate::wire::{Kind, Role};

const MAX_FRAME: usize = 16 << 20;
const MAX_MESSAGE: usize = 64 << 20;

fn role(role: Role) -> TheirRole {
    match role {
        Role::Server => TheirRole::Server,
        Role::Client => TheirRole::Client,
    }
}

fn count(tally: &mut Tally, message: &Message) {
    match message {
        Message::Text(data) | Message::Binary(data) => tally.add(data),
        message => panic!("unexpected message: {message:?}"),
    }
}

fn messages(task: &Send) -> Vec<Message> {
    let message = |payload: &Vec<u8>| {
        let payload = Bytes::from(payload.clone());
        match task.kind {
            Kind::Text => Message::Text(payload),
            Kind::Binary => Message::Binary(payload),
        }
    };
    task.payloads.iter().map(message).collect()
}

/// Without its timers, for there is no runtime to run them.
pub struct SockudoStream;

fn open<T: AsyncRead + AsyncWrite + Unpin>(task_role: Role, transport: T, buffer: Option<usize>) -> WebSocketStream<T> {
    let mut config = Config::builder().auto_ping(false).idle_timeout(0).build();
    config.write_buffer_size = buffer.unwrap_or(config.write_buffer_size);
    WebSocketStream::from_raw(transport, role(task_role), config)
}

impl Entry for SockudoStream {
    fn name(&self) -> &'static str {
        "sockudo-ws"
    }

    fn receive(&self, task: &Receive, sink: &Arc<Sink>) -> Option<Pass> {
        if task.deflate {
            return None;
        }
        let messages = task.wire.expected.messages;
        let mut socket = open(task.role, Transport::new(task.wire.bytes.clone(), task.read, sink.clone()), None);
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..messages {
                    count(&mut tally, &socket.next().await.expect("a message").expect("a message"));
                }
                tally
            })
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        // From a size on the stream does not copy unmasked payloads.
        let copies = task.role == Role::Client || task.payloads.iter().all(|payload| payload.len() < ZERO_COPY_MIN);
        if task.deflate || copies != task.copy {
            return None;
        }
        let mut socket = open(task.role, Transport::sink(sink.clone()).vectored(), None);
        let (messages, alone, repeat, sink) = (messages(task), task.alone, task.repeat, sink.clone());
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

    fn handshake(&self, task_role: Role, count: u64, sink: &Arc<Sink>) -> Option<Pass> {
        let request: Arc<[u8]> = handshake::REQUEST.into();
        let sink = sink.clone();
        Some(Box::new(move || {
            run(async {
                let mut tally = Tally::default();
                for _ in 0..count {
                    let open = match task_role {
                        Role::Server => {
                            let mut transport = Transport::new(request.clone(), 64 * 1024, sink.clone());
                            server_handshake(&mut transport).await.expect("a request");
                            !open(task_role, transport, None).is_closed()
                        }
                        Role::Client => {
                            let mut transport = Responder::default();
                            let (host, path) = ("chat.example.com", "/rooms/lobby?since=1718");
                            client_handshake(&mut transport, host, path, None).await.expect("an answer");
                            !open(task_role, transport, None).is_closed()
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
        Some(Box::new(StreamHost(echo.clone())))
    }
}

struct StreamHost(Echo);

impl Serve for StreamHost {
    type Connection = WebSocketStream<Transport>;

    fn open(&mut self) -> Self::Connection {
        open(self.0.task.role, self.0.transport(), self.0.buffer)
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

pub struct SockudoCore;

fn config(window: Window) -> DeflateConfig {
    let bits = DeflateWindowBits::try_from(window.bits).expect("9 to 15");
    DeflateConfig {
        server_max_window_bits: bits,
        client_max_window_bits: bits,
        server_no_context_takeover: !window.takeover,
        client_no_context_takeover: !window.takeover,
        ..DeflateConfig::default()
    }
}

/// The core with or without compression: two types of the same calls.
enum Core {
    Plain(Box<Protocol>),
    Compressed(Box<CompressedProtocol>),
}

impl Core {
    fn new(task_role: Role, deflate: Option<Window>) -> Self {
        match (task_role, deflate.map(config)) {
            (_, None) => Core::Plain(Box::new(Protocol::new(role(task_role), MAX_FRAME, MAX_MESSAGE))),
            (Role::Server, Some(config)) => {
                Core::Compressed(Box::new(CompressedProtocol::server(MAX_FRAME, MAX_MESSAGE, config)))
            }
            (Role::Client, Some(config)) => {
                Core::Compressed(Box::new(CompressedProtocol::client(MAX_FRAME, MAX_MESSAGE, config)))
            }
        }
    }

    #[inline]
    fn process(&mut self, buffer: &mut BytesMut, messages: &mut Vec<Message>) {
        match self {
            Core::Plain(core) => core.process_into(buffer, messages),
            Core::Compressed(core) => core.process_into(buffer, messages),
        }
        .expect("messages");
    }

    #[inline]
    fn encode(&mut self, message: &Message, buffer: &mut BytesMut) {
        match self {
            Core::Plain(core) => core.encode_message(message, buffer),
            Core::Compressed(core) => core.encode_message(message, buffer),
        }
        .expect("a frame");
    }
}

impl Entry for SockudoCore {
    fn name(&self) -> &'static str {
        "sockudo-ws core"
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        let mut core = Core::new(task.role, task.deflate.then(Window::default));
        let (wire, read) = (task.wire.bytes.clone(), task.read);
        let mut buffer = BytesMut::with_capacity(read);
        let mut messages = Vec::new();
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for chunk in wire.chunks(read) {
                buffer.extend_from_slice(chunk);
                core.process(&mut buffer, &mut messages);
                messages.iter().for_each(|message| count(&mut tally, message));
                messages.clear();
            }
            tally
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if !task.copy {
            return None;
        }
        let mut core = Core::new(task.role, task.deflate.then(Window::default));
        let (messages, alone, repeat, sink) = (messages(task), task.alone, task.repeat, sink.clone());
        let mut buffer = BytesMut::with_capacity(64 * 1024);
        Some(Box::new(move || {
            for message in (0..repeat).flat_map(|_| &messages) {
                core.encode(message, &mut buffer);
                if alone || buffer.len() >= 64 * 1024 {
                    sink.write(&buffer);
                    buffer.clear();
                }
            }
            sink.write(&buffer);
            buffer.clear();
            Tally::written(sink.take_written())
        }))
    }

    fn server(&self, echo: &Echo) -> Option<Box<dyn Server>> {
        let buffer = || BytesMut::with_capacity(echo.task.read);
        Some(Box::new(CoreHost {
            echo: echo.clone(),
            input: buffer(),
            output: buffer(),
            messages: Vec::with_capacity(1),
        }))
    }
}

/// Its buffers serve all connections: between turns they are empty.
struct CoreHost {
    echo: Echo,
    input: BytesMut,
    output: BytesMut,
    messages: Vec<Message>,
}

impl Serve for CoreHost {
    type Connection = Core;

    fn open(&mut self) -> Core {
        Core::new(self.echo.task.role, self.echo.task.deflate.then_some(self.echo.window))
    }

    #[inline]
    fn turn(&mut self, core: &mut Core, tally: &mut Tally) {
        self.input.extend_from_slice(&self.echo.task.wire.bytes);
        core.process(&mut self.input, &mut self.messages);
        for message in self.messages.drain(..) {
            count(tally, &message);
            core.encode(&message, &mut self.output);
        }
        self.echo.sink.write(&self.output);
        self.output.clear();
    }
}
