//! Work that an entry cannot avoid, alone.

use std::hint::black_box;
use std::sync::Arc;

use super::{Entry, Pass};
use crate::cells::{Receive, Send};
use crate::codec::{Compressor, Decompressor};
use crate::handshake;
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
