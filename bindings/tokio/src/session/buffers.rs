//! Where bytes are read to, and joined to messages that take several reads.
//!
//! Once much of a binary message has arrived, the rest is read to where it belongs: the read buffer is then the room behind
//! what there is, and its front joins that without a copy. Where something else lies between, such as the header of a fragment,
//! the message is copied, once, and what follows is read elsewhere. A text is copied into its place, but read in long pieces.

use std::cell::{Cell, RefCell};
use std::mem;

use bytes::{Bytes, BytesMut};

/// The usual read buffer, with room for a message of 64 KiB and its header. The connections of a thread share one while nothing
/// of it is kept.
const USUAL: usize = 64 * 1024 + 64;
/// A buffer of which the front is kept by messages is read into while there is this much room.
const MIN_READ: usize = 8 * 1024;
/// The buffer for long texts, which the connections of a thread share too.
const LONG: usize = 1024 * 1024;
/// A message of which so many bytes have arrived is long. The rest of bytes is read behind these: a peer that has sent less
/// makes nobody hold more than that.
const LONG_FROM: usize = 32 * 1024;
/// The least room behind a message for a read, and how much is made.
const MIN_ROOM: usize = 16 * 1024;
const ROOM: usize = 128 * 1024;
/// How much is read into it at once: what is of the next message has to be copied out of there.
const ROOM_READ: usize = 256 * 1024;
/// How much memory, in bytes, is kept for messages of any connection of the thread, in so many buffers at most.
const MAX_SPARE: usize = 4 << 20;
const MAX_SPARES: usize = 8;

thread_local! {
    static USUAL_BUFFER: Cell<BytesMut> = Cell::new(BytesMut::new());
    static LONG_BUFFER: Cell<BytesMut> = Cell::new(BytesMut::new());
    /// Buffers of messages that were joined, with their sizes. When nobody has such a message any more, its memory is used again.
    static SPARES: RefCell<Vec<(BytesMut, usize)>> = const { RefCell::new(Vec::new()) };
}

/// Which buffer is read into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffer {
    Usual,
    /// For a text of which much has arrived.
    Long,
    /// The room behind a message.
    Room,
}

impl Buffer {
    /// How much to read into it at once, in bytes.
    pub(crate) fn read_limit(self) -> usize {
        if self == Buffer::Room { ROOM_READ } else { usize::MAX }
    }
}

/// A buffer of the thread, or another one if too much of that is kept.
pub(super) fn take(buffer: Buffer) -> BytesMut {
    let (mut bytes, size) = match buffer {
        Buffer::Long => (LONG_BUFFER.take(), LONG),
        _ => (USUAL_BUFFER.take(), USUAL),
    };
    if !bytes.try_reclaim(size) && bytes.capacity() < MIN_READ {
        bytes.reserve(size);
    }
    bytes
}

/// Gives back what is left of a buffer of the thread.
pub(super) fn give_back(buffer: Buffer, bytes: BytesMut) {
    match buffer {
        _ if bytes.capacity() == 0 => {}
        Buffer::Long => LONG_BUFFER.set(bytes),
        _ => USUAL_BUFFER.set(bytes),
    }
}

/// Whether a message of which this much has arrived is long.
pub(super) fn is_long(len: usize) -> bool {
    len >= LONG_FROM
}

/// What of a message has arrived.
#[derive(Default)]
pub(super) struct Partial {
    bytes: BytesMut,
    /// Whether what was added last followed what there was, or was the first: the rest of the frame is what is read next.
    is_joined: bool,
    /// How long the last message was of which the buffer has not been given back.
    ended: usize,
}

impl Partial {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds bytes that lie elsewhere.
    pub(super) fn push(&mut self, data: &[u8]) {
        self.begin(data.len());
        self.is_joined = false;
        self.bytes.extend_from_slice(data);
    }

    /// Adds a piece of a read buffer. It stays where it is if that is behind the bytes that there are. `follows`: it was read
    /// first, so that no header lies between.
    pub(super) fn join(&mut self, piece: BytesMut, follows: bool) {
        let is_first = self.bytes.is_empty();
        self.is_joined = is_first || follows;
        if is_first {
            self.begin(piece.len());
            self.bytes.extend_from_slice(&piece);
        } else {
            self.bytes.unsplit(piece);
        }
    }

    /// Whether these bytes lie behind those that there are.
    pub(super) fn is_followed_by(&self, data: &[u8]) -> bool {
        !self.bytes.is_empty() && self.bytes.as_ptr_range().end == data.as_ptr()
    }

    /// Takes a buffer for a message that begins.
    fn begin(&mut self, len: usize) {
        if self.bytes.is_empty() && len > 0 {
            self.bytes = take_spare();
        }
    }

    /// The message, which is complete.
    pub(super) fn finish(&mut self) -> Bytes {
        let payload = self.bytes.split().freeze();
        self.ended = payload.len();
        let rest = mem::take(&mut self.bytes);
        if rest.capacity() > 0 {
            self.give_back(rest);
        }
        payload
    }

    /// The room behind a message of which much has arrived, to read the rest of it into. It is to be given back.
    pub(super) fn take_room(&mut self) -> Option<BytesMut> {
        if !self.is_joined || !is_long(self.bytes.len()) {
            return None;
        }
        if self.bytes.capacity() - self.bytes.len() < MIN_ROOM {
            self.bytes.reserve(ROOM);
        }
        Some(self.bytes.split_off(self.bytes.len()))
    }

    /// Takes back what is left of the room.
    pub(super) fn give_back(&mut self, rest: BytesMut) {
        if !self.bytes.is_empty() {
            self.bytes.unsplit(rest);
        } else if self.ended > 0 {
            let size = mem::take(&mut self.ended) + rest.capacity();
            keep_spare(rest, size);
        }
    }
}

/// A buffer that nobody uses any more, or an empty one.
fn take_spare() -> BytesMut {
    SPARES.with_borrow_mut(|spares| {
        let place = spares.iter_mut().rposition(|(spare, size)| spare.try_reclaim(*size));
        place.map(|place| spares.remove(place).0).unwrap_or_default()
    })
}

/// Keeps what is behind a message, with the memory of that message.
fn keep_spare(rest: BytesMut, size: usize) {
    SPARES.with_borrow_mut(|spares| {
        if size <= MAX_SPARE {
            spares.push((rest, size));
        }
        while spares.len() > MAX_SPARES || spares.iter().map(|(_, size)| size).sum::<usize>() > MAX_SPARE {
            spares.remove(0);
        }
    });
}
