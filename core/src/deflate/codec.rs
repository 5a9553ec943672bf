//! Compressing and inflating, in bounded steps.

use core::fmt;
use std::boxed::Box;
use std::collections::TryReserveError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::{COMPRESSED_PIECE, Direction, Effort};
use crate::buffers;
use crate::error::{Breach, Error, FaultKind};
use crate::utf8::Utf8;

/// What every message ends with on the stream, and lacks on the wire (RFC 7692 §7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];
/// An empty stored block without its tail: the payload of an empty message (§7.2.3.6).
const EMPTY: &[u8] = &[0x00];
/// The smallest and the largest step of output, in bytes.
const MIN_STEP: usize = 2048;
const MAX_STEP: usize = 16 * 1024;
/// How many compressors, and inflaters, a pool keeps.
const POOLED: usize = 8;
/// What a peer may refer back to at most.
const MAX_WINDOW: usize = 1 << MAX_WINDOW_BITS;
const MAX_WINDOW_BITS: u8 = 15;
/// How far back we refer at most with a compressor that has served another connection meanwhile, in bytes. The compressor
/// must be primed with these bytes, and what lies further back seldom makes up for that.
const PRIMED: usize = 8 * 1024;

/// How many bytes may be shown to streams that begin inside a message: so many in any message, and so many for each byte that
/// has arrived of it. The latter is what a byte is inflated to at most, so that such a message costs no more than others.
const FREELY_SHOWN: u64 = 1 << 20;
const SHOWN_PER_BYTE: u64 = 1024;

/// What an inflater holds, in bytes, whatever its window.
const INFLATER_SIZE: usize = 47_680;

/// The compressors and inflaters of the connections of one configuration. Between messages a connection holds none, only
/// the bytes that the next message may refer to. It continues with the stream that it used last if that is still here;
/// otherwise another stream is primed with those bytes.
#[derive(Default)]
pub(crate) struct Pool {
    owners: AtomicUsize,
    compressors: Shelf<Deflate>,
    inflaters: Shelf<Inflate>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl Pool {
    fn new_owner(&self) -> Owner {
        Owner(self.owners.fetch_add(1, Ordering::Relaxed))
    }
}

impl Direction {
    /// The window, in bytes.
    fn window(self) -> usize {
        1 << self.window_bits
    }
}

/// Whose messages a compressor or an inflater has seen: those of one direction of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner(usize);

/// A compressor or an inflater in a pool.
struct Kept<T> {
    /// `None` if no direction will continue with it.
    owner: Option<Owner>,
    window_bits: u8,
    stream: Box<T>,
}

/// The unused streams of one type, the longest unused first.
struct Shelf<T>(Mutex<Vec<Kept<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Shelf(Mutex::new(Vec::new()))
    }
}

impl<T> Shelf<T> {
    /// A stream for a window of this size, and whether it is as its owner left it: if not, it must be reset.
    fn take(&self, owner: Owner, window_bits: u8) -> Option<(Box<T>, bool)> {
        let mut kept = self.lock();
        let own = kept.iter().position(|kept| kept.owner == Some(owner));
        let is_full = kept.len() >= POOLED;
        let free = |kept: &Kept<T>| kept.window_bits == window_bits && (is_full || kept.owner.is_none());
        let index = own.or_else(|| kept.iter().position(free))?;
        Some((kept.remove(index).stream, own.is_some()))
    }

    fn put(&self, kept: Kept<T>) {
        let mut all = self.lock();
        if all.len() >= POOLED {
            all.remove(0);
        }
        all.push(kept);
    }

    /// After a panic in another thread the list still holds whole values.
    fn lock(&self) -> MutexGuard<'_, Vec<Kept<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last bytes of a direction, which later messages may refer to.
#[derive(Default)]
struct History {
    bytes: Vec<u8>,
    /// Where the oldest byte is. The bytes before it are the newest.
    start: usize,
}

impl History {
    /// Makes room for more bytes. No more than `most` are kept in all.
    fn reserve(&mut self, additional: usize, most: usize) -> Result<(), TryReserveError> {
        let needed = self.bytes.len().saturating_add(additional).min(most);
        let capacity = needed.max(self.bytes.capacity() * 2).min(most);
        let is_short = needed > self.bytes.capacity();
        if is_short { self.bytes.try_reserve_exact(capacity - self.bytes.len()) } else { Ok(()) }
    }

    /// Adds the newest bytes, for which there is room, and forgets the oldest beyond `most`.
    fn push(&mut self, bytes: &[u8], most: usize) {
        let bytes = &bytes[bytes.len().saturating_sub(most)..];
        let (appended, rest) = bytes.split_at(bytes.len().min(most - self.bytes.len()));
        self.bytes.extend_from_slice(appended);
        let (to_the_end, rest) = rest.split_at(rest.len().min(most - self.start));
        self.bytes[self.start..self.start + to_the_end.len()].copy_from_slice(to_the_end);
        self.bytes[..rest.len()].copy_from_slice(rest);
        self.start = (self.start + to_the_end.len() + rest.len()) % most;
    }

    /// The bytes in two pieces, the oldest first.
    fn pieces(&self) -> [&[u8]; 2] {
        let (newest, oldest) = self.bytes.split_at(self.start);
        [oldest, newest]
    }
}

/// The compressing end of a direction. Empty until the first message, and between messages that stand alone.
#[derive(Default)]
pub(crate) struct Compressor(Option<Box<Sent>>);

/// What the peer's inflater has seen.
struct Sent {
    owner: Owner,
    history: History,
}

impl Compressor {
    /// Compresses a message, or a part of one. On failure the direction is as before, because the peer receives nothing.
    pub(crate) fn compress(
        &mut self,
        payload: &[u8],
        last: bool,
        direction: Direction,
        effort: Effort,
        pool: &Pool,
    ) -> Result<Vec<u8>, Error> {
        let mut output = Vec::new();
        let bound = Self::bound(payload.len(), effort);
        output.try_reserve(bound).map_err(|_| Error::NoMemory)?;
        if payload.is_empty() {
            // A second flush in a row adds nothing to the stream, but the message needs its end.
            output.extend_from_slice(EMPTY);
            if !last {
                output.extend_from_slice(TAIL);
            }
        } else {
            self.deflate(payload, last, &mut output, direction, effort, pool)?;
            if last {
                debug_assert!(output.ends_with(TAIL));
                output.truncate(output.len() - TAIL.len());
            }
        }
        debug_assert!(output.len() <= bound, "{} bytes became {}, more than {bound}", payload.len(), output.len());
        if last && !direction.takeover {
            self.0 = None;
        }
        Ok(output)
    }

    fn deflate(
        &mut self,
        payload: &[u8],
        last: bool,
        output: &mut Vec<u8>,
        direction: Direction,
        effort: Effort,
        pool: &Pool,
    ) -> Result<(), Error> {
        let new = || Box::new(Sent { owner: pool.new_owner(), history: History::default() });
        let Sent { owner, history } = &mut **self.0.get_or_insert_with(new);
        let most = direction.window().min(PRIMED);
        history.reserve(payload.len(), most).map_err(|_| Error::NoMemory)?;
        let (mut stream, knows_history) = match pool.compressors.take(*owner, direction.window_bits) {
            Some((mut stream, false)) => {
                stream.reset();
                (stream, false)
            }
            Some(own) => own,
            None => (new_compressor(direction, effort), false),
        };
        if !knows_history {
            for piece in history.pieces() {
                let _ = stream.set_dictionary(piece);
            }
        }
        deflate_all(&mut stream, payload, output)?;
        history.push(payload, most);
        let goes_on = direction.takeover || !last;
        pool.compressors.put(Kept { owner: goes_on.then_some(*owner), window_bits: direction.window_bits, stream });
        Ok(())
    }

    /// The largest size that a payload of this length is compressed to. Data that does not shrink is stored, with up to six
    /// bytes of overhead for each block, and a block has at least as many bytes as the encoder has room for symbols. Level 1
    /// uses the fixed code instead, in which a byte takes up to nine bits. A flush adds a few bytes.
    pub(crate) fn bound(len: usize, effort: Effort) -> usize {
        let symbols = 63 << effort.mem_level;
        let fixed_code = if effort.level == 1 { len / 8 } else { 0 };
        len.saturating_add(fixed_code).saturating_add(len / symbols * 6).saturating_add(64)
    }

    pub(crate) fn heap(&self) -> usize {
        self.0.as_ref().map_or(0, |sent| size_of::<Sent>() + sent.history.bytes.capacity())
    }
}

fn new_compressor(direction: Direction, effort: Effort) -> Box<Deflate> {
    Box::new(Deflate::new_with_config(DeflateConfig {
        level: effort.level.into(),
        window_bits: -i32::from(direction.window_bits),
        mem_level: effort.mem_level.into(),
        ..DeflateConfig::default()
    }))
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

/// The inflating end of a direction. Empty until the first compressed message, and between messages that stand alone.
#[derive(Default)]
pub(crate) struct Inflater(Option<Box<Received>>);

/// What the peer may refer to.
struct Received {
    owner: Owner,
    history: History,
    /// In the pool between messages.
    stream: Option<Box<Inflate>>,
    /// The stream has read bytes of this message since it was last reset.
    touched: bool,
    /// How many bytes more may be shown to streams that begin inside this message.
    may_show: u64,
}

/// Where inflated bytes go.
pub(crate) struct Target<'a> {
    pub(crate) store: &'a mut Vec<u8>,
    /// Where the part of the message that has been inflated begins in the store.
    pub(crate) start: usize,
    /// The store does not keep the message after this piece.
    pub(crate) leaves: bool,
    /// How many more bytes the message may have.
    pub(crate) left: u64,
    /// The limit of the whole message, for the fault.
    pub(crate) limit: u64,
    /// Validates the bytes of a text as they are inflated.
    pub(crate) utf8: Option<&'a mut Utf8>,
}

impl Inflater {
    /// Inflates a piece of a message, which may be the last, and appends it to `target`. On failure the inflater is dropped,
    /// because it cannot continue.
    pub(crate) fn inflate(
        &mut self,
        piece: &[u8],
        last: bool,
        target: &mut Target<'_>,
        direction: Direction,
        pool: &Pool,
    ) -> Result<(), Breach> {
        let received = self.0.get_or_insert_with(|| Box::new(Received::new(pool.new_owner())));
        let result = received.inflate_piece(piece, last, target, direction, pool);
        if result.is_err() || last && !direction.takeover {
            self.0 = None;
        }
        result
    }

    pub(crate) fn heap(&self) -> usize {
        let heap = |received: &Received| {
            let stream = if received.stream.is_some() { INFLATER_SIZE } else { 0 };
            size_of::<Received>() + received.history.bytes.capacity() + stream
        };
        self.0.as_deref().map_or(0, heap)
    }
}

impl Received {
    fn new(owner: Owner) -> Self {
        Received { owner, history: History::default(), stream: None, touched: false, may_show: FREELY_SHOWN }
    }

    fn inflate_piece(
        &mut self,
        piece: &[u8],
        last: bool,
        target: &mut Target<'_>,
        direction: Direction,
        pool: &Pool,
    ) -> Result<(), Breach> {
        if !last {
            self.inflate_all(piece, false, target, pool)?;
        } else if self.touched || !piece.is_empty() {
            // With the tail that the sender left out. A message without a byte has no open block for the tail to close.
            let mut buffer = [0; COMPRESSED_PIECE + TAIL.len()];
            let end = piece.len() + TAIL.len();
            buffer[..piece.len()].copy_from_slice(piece);
            buffer[piece.len()..end].copy_from_slice(TAIL);
            self.inflate_all(&buffer[..end], true, target, pool)?;
        }
        if last {
            self.give_back(direction, pool);
        }
        if target.leaves && (direction.takeover || !last) {
            let (made, most) = (&target.store[target.start..], direction.window());
            self.history.reserve(made.len(), most).map_err(|_| FaultKind::NoMemory)?;
            self.history.push(made, most);
        }
        Ok(())
    }

    fn inflate_all(&mut self, piece: &[u8], last: bool, target: &mut Target<'_>, pool: &Pool) -> Result<(), Breach> {
        let mut input = piece;
        self.may_show = self.may_show.saturating_add(SHOWN_PER_BYTE * piece.len() as u64);
        while !input.is_empty() {
            let mut stream = self.stream.take().unwrap_or_else(|| self.take_stream(pool));
            let ended = inflate_some(&mut stream, &mut input, target)?;
            if ended {
                // A block with BFINAL ends the DEFLATE stream, not the message (§7.2.3.4): what follows may refer to both.
                let message = &target.store[target.start..];
                let message = &message[message.len().saturating_sub(MAX_WINDOW)..];
                let shown = (self.history.bytes.len() + message.len()) as u64;
                self.may_show = self.may_show.checked_sub(shown).ok_or(FaultKind::BadCompressedData)?;
                self.begin(&mut stream, message);
            }
            self.touched = !ended;
            self.stream = Some(stream);
            // Nor does a stream that ended with a final block have an open one.
            if ended && last && input.len() == TAIL.len() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The stream that produced the history, or one that is primed with it.
    fn take_stream(&mut self, pool: &Pool) -> Box<Inflate> {
        match pool.inflaters.take(self.owner, MAX_WINDOW_BITS) {
            Some((stream, true)) => stream,
            other => {
                // With the largest window, for which zlib-rs makes room in any case.
                let mut stream =
                    other.map_or_else(|| Box::new(Inflate::new(false, MAX_WINDOW_BITS)), |(stream, _)| stream);
                self.begin(&mut stream, &[]);
                stream
            }
        }
    }

    /// Starts a new stream, which may refer to earlier messages and to the end of what has been inflated of this one.
    fn begin(&self, stream: &mut Inflate, message: &[u8]) {
        stream.reset(false);
        let [oldest, newest] = self.history.pieces();
        for piece in [oldest, newest, message] {
            let _ = stream.set_dictionary(piece);
        }
    }

    fn give_back(&mut self, direction: Direction, pool: &Pool) {
        (self.touched, self.may_show) = (false, FREELY_SHOWN);
        // A stream that has seen more than the agreed window would let the peer refer to all of it.
        let goes_on = direction.takeover && direction.window() == MAX_WINDOW;
        if let Some(stream) = self.stream.take() {
            pool.inflaters.put(Kept { owner: goes_on.then_some(self.owner), window_bits: MAX_WINDOW_BITS, stream });
        }
    }
}

/// Inflates until the input is used up, or the stream has ended: `true`.
fn inflate_some(stream: &mut Inflate, input: &mut &[u8], target: &mut Target<'_>) -> Result<bool, Breach> {
    loop {
        let at = target.store.len();
        let step = input.len().saturating_mul(4).clamp(MIN_STEP, MAX_STEP);
        // Room for one byte more than is allowed shows that there is more.
        let step = usize::try_from(target.left.saturating_add(1)).map_or(step, |left| left.min(step));
        buffers::reserve(target.store, at, step, target.left.saturating_add(1))?;
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
            return Err(Breach::with(FaultKind::MessageTooBig, target.limit.saturating_add(1)));
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
