//! Work that an entry cannot avoid, alone.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::codec::{Compressor, Decompressor};
use crate::handshake;
use crate::serve::{Echo, Serve, Server};
use crate::tally::Tally;
use crate::transport::Sink;
use crate::wire::{Kind, Role, Span, header, xor};

/// Whether each frame is a message, as the floors take it.
fn whole(task: &Receive) -> bool {
    !task.deflate && task.wire.spans.len() as u64 == task.wire.expected.messages
}

/// Copies each payload into a buffer, then does something to it there.
fn copied(task: &Receive, then: fn(&mut [u8], &Span)) -> Pass {
    let (wire, spans) = (task.wire.bytes.clone(), task.wire.spans.clone());
    let longest = spans.iter().map(|span| span.payload.len()).max().unwrap_or_default();
    let mut buffer = vec![0; longest];
    Box::new(move || {
        let mut tally = Tally::default();
        for span in spans.iter() {
            let payload = &mut buffer[..span.payload.len()];
            payload.copy_from_slice(&wire[span.payload.clone()]);
            then(payload, span);
            tally.add(payload);
        }
        tally
    })
}

pub struct Memcpy;

impl Entry for Memcpy {
    fn name(&self) -> &'static str {
        "memcpy"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        (whole(task) && task.wire.spans.iter().all(|span| span.mask.is_none())).then(|| copied(task, |_, _| ()))
    }
}

pub struct Xor;

impl Entry for Xor {
    fn name(&self) -> &'static str {
        "memcpy, XOR"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        (whole(task) && task.wire.spans.iter().all(|span| span.mask.is_some())).then(|| {
            copied(task, |payload, span| {
                if let Some(mask) = span.mask {
                    xor(payload, mask);
                }
            })
        })
    }

    fn server(&self, echo: &Echo) -> Option<Box<dyn Server>> {
        (!echo.task.deflate).then(|| -> Box<dyn Server> { Box::new(Blocks::new(echo)) })
    }
}

/// What an echo cannot do without: a look at what is known of the connection, the copy behind a header, and the key.
struct Blocks {
    echo: Echo,
    /// The answer, its header written already. Its payload begins a cache line.
    buffer: Vec<u8>,
    header: Range<usize>,
}

/// What is known of a connection, in words.
const BLOCK: usize = 512 / size_of::<u64>();
/// Bytes of a cache line.
const LINE: usize = 64;

impl Blocks {
    fn new(echo: &Echo) -> Self {
        let len = echo.task.wire.spans[0].payload.len();
        let header = header(0x81, len, None);
        let mut buffer = vec![0; header.len() + LINE + len];
        let payload = header.len() + buffer[header.len()..].as_ptr().align_offset(LINE);
        let place = payload - header.len()..payload;
        buffer[place.clone()].copy_from_slice(&header);
        buffer.truncate(payload + len);
        Blocks { echo: echo.clone(), buffer, header: place }
    }
}

impl Serve for Blocks {
    type Connection = Box<[u64; BLOCK]>;

    fn open(&mut self) -> Self::Connection {
        Box::new([1; BLOCK])
    }

    #[inline]
    fn turn(&mut self, block: &mut Self::Connection, tally: &mut Tally) {
        black_box(block[0]);
        let wire = &self.echo.task.wire;
        let payload = &mut self.buffer[self.header.end..];
        payload.copy_from_slice(&wire.bytes[wire.spans[0].payload.clone()]);
        if let Some(mask) = wire.spans[0].mask {
            xor(payload, mask);
        }
        tally.add(payload);
        self.echo.sink.write(&self.buffer[self.header.start..]);
    }
}

pub struct Utf8;

impl Entry for Utf8 {
    fn name(&self) -> &'static str {
        "str::from_utf8"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        if !whole(task) || task.kind != Kind::Text {
            return None;
        }
        let plain: Vec<_> = task.wire.spans.iter().map(|span| span.plain(&task.wire.bytes)).collect();
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for message in &plain {
                tally.add(str::from_utf8(black_box(message)).expect("text").as_bytes());
            }
            tally
        }))
    }
}

pub struct Codec;

impl Entry for Codec {
    fn name(&self) -> &'static str {
        "zlib-rs"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn receive(&self, task: &Receive, _: &Arc<Sink>) -> Option<Pass> {
        if !task.deflate {
            return None;
        }
        let data: Vec<_> = task.wire.spans.iter().map(|span| span.plain(&task.wire.bytes)).collect();
        let mut decompressor = Decompressor::default();
        let mut buffer = vec![0; 64 * 1024];
        Some(Box::new(move || {
            let mut tally = Tally::default();
            for data in &data {
                let len = decompressor.decompress(data, &mut buffer);
                tally.add(&buffer[..len]);
            }
            tally
        }))
    }

    fn send(&self, task: &Send, sink: &Arc<Sink>) -> Option<Pass> {
        if !task.deflate {
            return None;
        }
        let (payloads, sink) = (task.payloads.clone(), sink.clone());
        let mut compressor = Compressor::default();
        let mut buffer = vec![0; 64 * 1024];
        Some(Box::new(move || {
            for payload in &payloads {
                let len = compressor.compress(payload, &mut buffer);
                sink.write(&header(0xc1, len, None));
                sink.write(&buffer[..len]);
            }
            Tally::written(sink.take_written())
        }))
    }
}

/// What a client of the engine is created with: bytes from the operating system, by a system call.
pub struct Seed;

impl Entry for Seed {
    fn name(&self) -> &'static str {
        "the seed"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn handshake(&self, role: Role, count: u64, _: &Arc<Sink>) -> Option<Pass> {
        (role == Role::Client).then(|| -> Pass {
            Box::new(move || {
                for _ in 0..count {
                    black_box(sansock::random_seed().expect("entropy"));
                }
                Tally { messages: count, ..Tally::default() }
            })
        })
    }
}

/// The answer to a client's request, which the harness makes.
pub struct Answer;

impl Entry for Answer {
    fn name(&self) -> &'static str {
        "the server's answer"
    }

    fn is_floor(&self) -> bool {
        true
    }

    fn handshake(&self, role: Role, count: u64, sink: &Arc<Sink>) -> Option<Pass> {
        if role == Role::Server {
            return None;
        }
        let sink = sink.clone();
        Some(Box::new(move || {
            for _ in 0..count {
                sink.write(&handshake::answer(black_box(handshake::REQUEST)));
            }
            Tally { messages: count, ..Tally::default() }
        }))
    }
}
