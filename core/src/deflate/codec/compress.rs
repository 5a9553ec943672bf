//! Compressing.

use std::boxed::Box;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::history::History;
use super::pool::{Kept, Owner, Pool};
use super::{MAX_WINDOW, MIN_STEP, TAIL};
use crate::deflate::{Direction, Effort};
use crate::error::Error;

/// An empty stored block without its tail: the payload of an empty message (§7.2.3.6).
const EMPTY: &[u8] = &[0x00];
/// How far back we refer at most with a compressor that has served another connection meanwhile, in bytes. The compressor
/// must be primed with these bytes, and what lies further back seldom makes up for that.
const PRIMED: usize = 8 * 1024;

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
        let bound = Self::bound(payload.len(), direction, effort);
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
    /// uses the fixed code instead, in which a byte takes up to nine bits, and so does a small window, which the start of a
    /// block may have left when it is to be stored. A flush adds a few bytes.
    pub(crate) fn bound(len: usize, direction: Direction, effort: Effort) -> usize {
        let symbols = 63 << effort.mem_level;
        let has_fixed_code = effort.level == 1 || direction.window() < MAX_WINDOW;
        let fixed_code = if has_fixed_code { len / 8 } else { 0 };
        len.saturating_add(fixed_code).saturating_add(len / symbols * 6).saturating_add(64)
    }

    /// The peer receives a message that another compressor has made, and that stands alone. If messages of this direction may
    /// refer to those before them, and there are some, the next may refer to this one, too.
    pub(crate) fn pass(&mut self, payload: &[u8], direction: Direction, pool: &Pool) {
        let Some(Sent { owner, history }) = self.0.as_deref_mut() else { return };
        let most = direction.window().min(PRIMED);
        if history.reserve(payload.len(), most).is_ok() {
            history.push(payload, most);
            // The stream in the pool, if there is one, has not seen it.
            *owner = pool.new_owner();
        } else {
            self.0 = None;
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.0.as_ref().map_or(0, |sent| size_of::<Sent>() + sent.history.heap())
    }
}

/// The compressed forms of one message, each standing alone, by the window and the effort.
#[derive(Default)]
pub(crate) struct Forms(Mutex<Vec<Form>>);

struct Form {
    window_bits: u8,
    effort: Effort,
    bytes: Arc<[u8]>,
}

impl Forms {
    /// The form for this direction, which is made at its first use.
    pub(crate) fn get(
        &self,
        payload: &[u8],
        direction: Direction,
        effort: Effort,
        pool: &Pool,
    ) -> Result<Arc<[u8]>, Error> {
        let window_bits = direction.window_bits;
        // After a panic in another thread the list still holds whole values.
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(form) = forms.iter().find(|form| form.window_bits == window_bits && form.effort == effort) {
            return Ok(form.bytes.clone());
        }
        let alone = Direction { takeover: false, ..direction };
        let bytes: Arc<[u8]> = Compressor::default().compress(payload, true, alone, effort, pool)?.into();
        forms.try_reserve(1).map_err(|_| Error::NoMemory)?;
        forms.push(Form { window_bits, effort, bytes: bytes.clone() });
        Ok(bytes)
    }

    pub(crate) fn heap(&self) -> usize {
        let forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forms.capacity() * size_of::<Form>() + forms.iter().map(|form| form.bytes.len()).sum::<usize>()
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
