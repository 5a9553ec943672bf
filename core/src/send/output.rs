//! The output: bytes on their way to the transport.

use alloc::vec::Vec;
use core::cmp::Ordering;

use bytes::Buf;

use super::Sender;
use super::room::Room;
use crate::buffers::Buffers;
use crate::error::Error;

/// An empty buffer with more capacity than this is given back, so that an idle connection stays small.
pub(super) const KEPT_CAPACITY: usize = 160;

/// A queue of bytes: appended at the end, written and reported at the front.
#[derive(Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    /// How many at the front have been written.
    written: usize,
    room: Room,
}

impl Queue {
    #[inline]
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// The bytes to append to, with room for `additional` more.
    #[inline]
    pub(crate) fn reserve(&mut self, additional: usize, buffers: &Buffers) -> Result<&mut Vec<u8>, Error> {
        if self.bytes.capacity() - self.bytes.len() < additional {
            self.make_room(additional, buffers)?;
        }
        Ok(&mut self.bytes)
    }

    #[inline]
    fn make_room(&mut self, additional: usize, buffers: &Buffers) -> Result<(), Error> {
        if self.room.warm_up(&mut self.bytes, additional, buffers) { Ok(()) } else { self.grow(additional, buffers) }
    }

    #[cold]
    fn grow(&mut self, additional: usize, buffers: &Buffers) -> Result<(), Error> {
        if self.written > 0 && self.written >= self.len() {
            // Fewer bytes are moved than were written since the last move, so all moves together take linear time.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        self.room.grow(&mut self.bytes, additional, buffers)
    }

    /// Removes bytes at the front, which have been written.
    pub(crate) fn written(&mut self, count: usize, buffers: &Buffers) -> Result<(), Error> {
        match count.cmp(&self.len()) {
            Ordering::Less => self.written += count,
            Ordering::Equal => {
                self.written = 0;
                self.room.clear(&mut self.bytes, buffers);
            }
            Ordering::Greater => return Err(Error::InvalidArgument),
        }
        Ok(())
    }

    /// Drops what there is, and gives the buffer back.
    #[cold]
    pub(crate) fn clear(&mut self, buffers: &Buffers) {
        self.written = 0;
        self.room.clear(&mut self.bytes, buffers);
    }

    pub(crate) fn heap(&self) -> usize {
        self.bytes.capacity() + self.room.heap()
    }
}

/// The pending output of a connection as a [`bytes::Buf`], for hosts whose writers take one. Advancing it reports the
/// bytes as written.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// use bytes::Buf;
///
/// connection.send_binary(&[1, 2, 3])?;
/// let mut socket = Vec::new();
/// socket.extend_from_slice(connection.output_buf().chunk());
/// connection.output_buf().advance(socket.len());
/// assert!(connection.output().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Output<'a>(pub(super) &'a mut Sender);

impl Buf for Output<'_> {
    fn remaining(&self) -> usize {
        self.0.pending_output()
    }

    fn chunk(&self) -> &[u8] {
        self.0.output()
    }

    /// # Panics
    ///
    /// If `count` is more than what remains, as the trait asks.
    fn advance(&mut self, count: usize) {
        assert!(self.0.written(count).is_ok(), "cannot advance past the end of the output");
    }
}
