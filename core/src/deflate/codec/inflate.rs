//! Inflating.

use std::boxed::Box;
use std::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::history::History;
use super::pool::{Kept, Owner, Pool};
use super::{MAX_WINDOW, MAX_WINDOW_BITS, MIN_STEP, TAIL};
use crate::buffers::Buffers;
use crate::deflate::Direction;
use crate::deflate::distances::Distances;
use crate::error::{Breach, FaultKind};
use crate::utf8::Utf8;

/// The largest step of output, in bytes.
const MAX_STEP: usize = 16 * 1024;
/// How many bytes may be shown to streams that begin inside a message: so many in any message, and so many for each byte that
/// has arrived of it. The latter is what a byte is inflated to at most, so that such a message costs no more than others.
const FREELY_SHOWN: u64 = 1 << 20;
const SHOWN_PER_BYTE: u64 = 1024;

/// What an inflater holds, in bytes, whatever its window.
const INFLATER_SIZE: usize = 47_680;

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
    /// Those of this message, where the window is not the largest.
    distances: Option<Box<Distances>>,
}

/// Where inflated bytes go.
pub(crate) struct Target<'a> {
    pub(crate) store: &'a mut Vec<u8>,
    /// What waits for a store that must grow.
    pub(crate) buffers: &'a Buffers,
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
            let distances = received.distances.as_ref().map_or(0, |_| size_of::<Distances>());
            size_of::<Received>() + received.history.heap() + stream + distances
        };
        self.0.as_deref().map_or(0, heap)
    }
}

impl Received {
    fn new(owner: Owner) -> Self {
        Received {
            owner,
            history: History::default(),
            stream: None,
            touched: false,
            may_show: FREELY_SHOWN,
            distances: None,
        }
    }

    fn inflate_piece(
        &mut self,
        piece: &[u8],
        last: bool,
        target: &mut Target<'_>,
        direction: Direction,
        pool: &Pool,
    ) -> Result<(), Breach> {
        self.inflate_within_window(piece, target, direction, pool)?;
        if last {
            self.end_block()?;
            self.give_back(direction, pool);
        }
        if target.leaves && (direction.takeover || !last) {
            let (made, most) = (&target.store[target.start..], direction.window());
            self.history.reserve(made.len(), most).map_err(|_| FaultKind::NoMemory)?;
            self.history.push(made, most);
        }
        Ok(())
    }

    /// Refuses a distance beyond the agreed window, behind all that comes before it.
    fn inflate_within_window(
        &mut self,
        piece: &[u8],
        target: &mut Target<'_>,
        direction: Direction,
        pool: &Pool,
    ) -> Result<(), Breach> {
        if direction.window() < MAX_WINDOW {
            let new = || Box::new(Distances::new(direction.window_bits));
            if let Some(within) = self.distances.get_or_insert_with(new).check(piece, pool.fixed()) {
                self.inflate_all(&piece[..within], target, pool)?;
                return Err(FaultKind::BadCompressedData.into());
            }
        }
        self.inflate_all(piece, target, pool)
    }

    fn inflate_all(&mut self, piece: &[u8], target: &mut Target<'_>, pool: &Pool) -> Result<(), Breach> {
        let mut input = piece;
        self.may_show = self.may_show.saturating_add(SHOWN_PER_BYTE * piece.len() as u64);
        while !input.is_empty() {
            let mut stream = self.stream.take().unwrap_or_else(|| self.take_stream(pool));
            let ended = inflate_some(&mut stream, &mut input, target)?;
            if ended {
                // A block with BFINAL ends the DEFLATE stream, not the message (§7.2.3.4): what follows may refer to both.
                let message = &target.store[target.start..];
                let message = &message[message.len().saturating_sub(MAX_WINDOW)..];
                let shown = (self.history.len() + message.len()) as u64;
                self.may_show = self.may_show.checked_sub(shown).ok_or(FaultKind::BadCompressedData)?;
                self.begin(&mut stream, message);
            }
            self.touched = !ended;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Ends the block that is open, with the tail that the sender left out (§7.2.2). A message without a byte has none, nor
    /// has a stream that ended with a final block. A message that ends inside a block is corrupt: what came next would be
    /// read in that block, or not, if this stream has served others meanwhile.
    fn end_block(&mut self) -> Result<(), Breach> {
        let Some(stream) = self.stream.as_mut().filter(|_| self.touched) else { return Ok(()) };
        let (read, written) = (stream.total_in(), stream.total_out());
        // It stops between two blocks, and the byte behind the tail shows whether that is there.
        let result = stream.decompress(&[0x00, 0x00, 0xff, 0xff, 0x00], &mut [0; 1], InflateFlush::Block);
        let is_between = stream.total_in() - read == TAIL.len() as u64 && stream.total_out() == written;
        if is_between && result.is_ok() { Ok(()) } else { Err(FaultKind::BadCompressedData.into()) }
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
        (self.touched, self.may_show, self.distances) = (false, FREELY_SHOWN, None);
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
        let most = ((at - target.start) as u64).saturating_add(target.left).saturating_add(1);
        target.buffers.reserve(target.store, target.start, step, most)?;
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
