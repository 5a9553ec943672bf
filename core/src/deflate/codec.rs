//! Compressing and inflating, in bounded steps.

use std::boxed::Box;
use std::sync::Mutex;
use std::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::{COMPRESSED_PIECE, Direction};
use crate::config::Settings;
use crate::error::{Error, Fault, FaultKind};
use crate::inbox;
use crate::utf8::Utf8;

/// What every message ends with on the stream, and lacks on the wire (RFC 7692 §7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];
/// An empty stored block without its tail: the payload of an empty message (§7.2.3.6).
const EMPTY: &[u8] = &[0x00];
/// The largest step of output, in bytes.
const MAX_STEP: usize = 16 * 1024;
const MIN_STEP: usize = 256;
/// How many idle compressors, and inflaters, a pool keeps.
const POOLED: usize = 4;
/// What a peer may refer back to at most.
const MAX_WINDOW: usize = 32 * 1024;

/// What a compressor of zlib-rs 0.6 holds, in bytes: window and chains, symbols, the heads of the chains, the rest. A test
/// holds this against the allocator.
const fn compressor_size(window_bits: u8, mem_level: u64) -> usize {
    (4 << window_bits as usize) + 7 * (64 << mem_level as usize) + 128 * 1024 + 3328
}

/// What an inflater holds, whatever its window.
const INFLATER_SIZE: usize = 47_680;

/// Idle compressors and inflaters of the connections of one configuration. Only those of directions without context
/// takeover come back.
#[derive(Default)]
pub(crate) struct Pool {
    compressors: Mutex<Vec<(u8, Deflate)>>,
    inflaters: Mutex<Vec<Inflate>>,
}

/// A changed configuration starts with an empty pool: its compressors have other parameters.
impl Clone for Pool {
    fn clone(&self) -> Self {
        Pool::default()
    }
}

impl core::fmt::Debug for Pool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pool")
    }
}

/// A pool that another thread's panic left behind is still a list of whole values.
fn locked<T>(list: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The compressing end of a direction. Empty until the first message.
#[derive(Default)]
pub(crate) struct Compressor {
    stream: Option<Box<Deflate>>,
    size: usize,
}

impl Compressor {
    /// Compresses a message, or a part of one. On failure the stream is as before: nothing was given to it.
    pub(crate) fn compress(
        &mut self,
        payload: &[u8],
        last: bool,
        direction: Direction,
        settings: &Settings,
    ) -> Result<Vec<u8>, Error> {
        let mut output = Vec::new();
        let bound = Self::bound(payload.len(), settings);
        output.try_reserve(bound).map_err(|_| Error::NoMemory)?;
        if payload.is_empty() {
            // A second flush in a row adds nothing to the stream, but the message needs its end.
            output.extend_from_slice(EMPTY);
            if !last {
                output.extend_from_slice(TAIL);
            }
        } else {
            let stream = self.stream(direction, settings);
            deflate_all(stream, payload, &mut output)?;
            if last {
                debug_assert!(output.ends_with(TAIL));
                output.truncate(output.len() - TAIL.len());
            }
        }
        debug_assert!(output.len() <= bound, "{} bytes became {}, more than {bound}", payload.len(), output.len());
        if last && !direction.takeover {
            self.give_back(direction, settings);
        }
        Ok(output)
    }

    /// The most that a payload of this length becomes. What does not shrink is stored, with up to six bytes for each block,
    /// which has at least as many bytes as the encoder has room for symbols; level 1 knows only the fixed code instead, in
    /// which a byte takes up to nine bits. A flush adds a few bytes.
    pub(crate) fn bound(len: usize, settings: &Settings) -> usize {
        let symbols = 63 << settings.deflate_mem_level;
        let fixed_code = if settings.deflate_level == 1 { len / 8 } else { 0 };
        len.saturating_add(fixed_code).saturating_add(len / symbols * 6).saturating_add(64)
    }

    pub(crate) fn heap(&self) -> usize {
        self.size
    }

    fn stream(&mut self, direction: Direction, settings: &Settings) -> &mut Deflate {
        self.size = compressor_size(direction.window_bits, settings.deflate_mem_level);
        self.stream.get_or_insert_with(|| {
            let mut pool = locked(&settings.pool.compressors);
            let fitting = pool.iter().position(|(bits, _)| *bits == direction.window_bits);
            match fitting {
                Some(index) => Box::new(pool.swap_remove(index).1),
                None => Box::new(Deflate::new_with_config(DeflateConfig {
                    level: settings.deflate_level as i32,
                    window_bits: -i32::from(direction.window_bits),
                    mem_level: settings.deflate_mem_level as i32,
                    ..DeflateConfig::default()
                })),
            }
        })
    }

    fn give_back(&mut self, direction: Direction, settings: &Settings) {
        self.size = 0;
        if let Some(mut stream) = self.stream.take() {
            let mut pool = locked(&settings.pool.compressors);
            if pool.len() < POOLED {
                stream.reset();
                pool.push((direction.window_bits, *stream));
            }
        }
    }
}

fn deflate_all(stream: &mut Deflate, payload: &[u8], output: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = payload;
    loop {
        let start = output.len();
        let room = (output.capacity() - start).max(MIN_STEP);
        output.try_reserve(room).map_err(|_| Error::NoMemory)?;
        output.resize(start + room, 0);
        let (read, written) = (stream.total_in(), stream.total_out());
        let result = stream.compress(input, &mut output[start..], DeflateFlush::SyncFlush);
        let written = (stream.total_out() - written) as usize;
        input = &input[(stream.total_in() - read) as usize..];
        output.truncate(start + written);
        result.map_err(|_| Error::NoMemory)?;
        if input.is_empty() && written < room {
            return Ok(());
        }
    }
}

/// The inflating end of a direction. Empty until the first compressed message.
#[derive(Default)]
pub(crate) struct Inflater {
    stream: Option<Box<Inflate>>,
    /// The stream has seen bytes of this message since it began or began anew.
    touched: bool,
}

/// Where inflated bytes go.
pub(crate) struct Target<'a> {
    pub(crate) store: &'a mut Vec<u8>,
    /// Where the message, as far as it is here, begins in the store.
    pub(crate) start: usize,
    /// How many bytes the message may still have.
    pub(crate) left: u64,
    /// The limit of the whole message, for the fault.
    pub(crate) limit: u64,
    /// Validates them, if they are text, as they are made.
    pub(crate) utf8: Option<&'a mut Utf8>,
}

impl Inflater {
    /// Inflates a piece of a message and appends it to `target`. On failure the inflater is dropped: it is of no more use.
    pub(crate) fn inflate(&mut self, piece: &[u8], target: &mut Target<'_>, settings: &Settings) -> Result<(), Fault> {
        self.inflate_or_drop(piece, false, target, settings)
    }

    fn inflate_or_drop(
        &mut self,
        piece: &[u8],
        last: bool,
        target: &mut Target<'_>,
        settings: &Settings,
    ) -> Result<(), Fault> {
        let result = self.inflate_all(piece, last, target, settings);
        if result.is_err() {
            self.stream = None;
        }
        result
    }

    /// The same of the last piece, with the tail that the message's sender left out.
    pub(crate) fn inflate_last(
        &mut self,
        piece: &[u8],
        target: &mut Target<'_>,
        direction: Direction,
        settings: &Settings,
    ) -> Result<(), Fault> {
        // A message without a byte has no open block for the tail to close.
        if self.touched || !piece.is_empty() {
            let mut buffer = [0; COMPRESSED_PIECE + TAIL.len()];
            let end = piece.len() + TAIL.len();
            buffer[..piece.len()].copy_from_slice(piece);
            buffer[piece.len()..end].copy_from_slice(TAIL);
            self.inflate_or_drop(&buffer[..end], true, target, settings)?;
            self.touched = false;
        }
        if !direction.takeover {
            self.give_back(settings);
        }
        Ok(())
    }

    pub(crate) fn heap(&self) -> usize {
        self.stream.as_ref().map_or(0, |_| INFLATER_SIZE)
    }

    fn inflate_all(
        &mut self,
        piece: &[u8],
        last: bool,
        target: &mut Target<'_>,
        settings: &Settings,
    ) -> Result<(), Fault> {
        let mut input = piece;
        while !input.is_empty() {
            let stream = self.stream.get_or_insert_with(|| take_inflater(settings));
            self.touched = true;
            let ended = inflate_some(stream, &mut input, target)?;
            if ended {
                // A block with BFINAL ends the DEFLATE stream, not the message (§7.2.3.4).
                self.restart(&target.store[target.start..]);
                // Nor has what ended with a final block an open one.
                if last && input.len() == TAIL.len() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Begins a new stream that may refer to what the last one made of this message.
    fn restart(&mut self, message: &[u8]) {
        let window = &message[message.len().saturating_sub(MAX_WINDOW)..];
        let mut stream = Box::new(new_inflater());
        let _ = stream.set_dictionary(window);
        self.stream = Some(stream);
        self.touched = false;
    }

    fn give_back(&mut self, settings: &Settings) {
        if let Some(mut stream) = self.stream.take() {
            let mut pool = locked(&settings.pool.inflaters);
            if pool.len() < POOLED {
                stream.reset(false);
                pool.push(*stream);
            }
        }
    }
}

fn take_inflater(settings: &Settings) -> Box<Inflate> {
    Box::new(locked(&settings.pool.inflaters).pop().unwrap_or_else(new_inflater))
}

/// With the largest window: zlib-rs makes room for it whatever it is told.
fn new_inflater() -> Inflate {
    Inflate::new(false, 15)
}

/// Inflates until the input is used up, or the stream has ended: `true`.
fn inflate_some(stream: &mut Inflate, input: &mut &[u8], target: &mut Target<'_>) -> Result<bool, Fault> {
    loop {
        let at = target.store.len();
        let step = input.len().saturating_mul(4).clamp(MIN_STEP, MAX_STEP);
        // One byte more than is allowed, to see that there is more.
        let step = usize::try_from(target.left.saturating_add(1)).map_or(step, |left| left.min(step));
        inbox::reserve(target.store, at, step, target.left.saturating_add(1))?;
        target.store.resize(at + step, 0);
        let (read, written) = (stream.total_in(), stream.total_out());
        let result = stream.decompress(input, &mut target.store[at..], InflateFlush::SyncFlush);
        let written = (stream.total_out() - written) as usize;
        let read = (stream.total_in() - read) as usize;
        *input = &input[read..];
        target.store.truncate(at + written);
        if let Some(utf8) = &mut target.utf8 {
            utf8.push(&target.store[at..]).map_err(|_| FaultKind::BadText)?;
        }
        if written as u64 > target.left {
            return Err(Fault::with(FaultKind::MessageTooBig, target.limit.saturating_add(1), target.limit));
        }
        target.left -= written as u64;
        match result {
            Ok(Status::StreamEnd) => return Ok(true),
            Ok(_) if input.is_empty() && written < step => return Ok(false),
            Ok(_) if read == 0 && written == 0 => return Err(FaultKind::BadCompressedData.into()),
            Ok(_) => {}
            Err(_) => return Err(FaultKind::BadCompressedData.into()),
        }
    }
}
