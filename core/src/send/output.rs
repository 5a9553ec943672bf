//! The output: bytes on their way to the transport.

use alloc::vec::Vec;
use core::mem;

use bytes::Buf;

use super::Sender;
use crate::buffers::Buffers;
use crate::error::Error;
use crate::frame::HEADER_ROOM;

/// An empty buffer with more capacity than this is given back, so that an idle connection stays small.
const KEPT_CAPACITY: usize = 160;

/// A queue of bytes: appended at the end, written and reported at the front.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    bytes: Vec<u8>,
    /// How many at the front have been written.
    written: usize,
    /// How many there were before the queue was last emptied: an estimate of how many there will be.
    last_len: usize,
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

    #[cold]
    fn make_room(&mut self, additional: usize, buffers: &Buffers) -> Result<(), Error> {
        if self.written > 0 && self.written >= self.len() {
            // Fewer bytes are moved than were written since the last move, so all moves together take linear time.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        let mut likely = additional;
        if self.bytes.capacity() == 0 {
            likely = additional.max(self.last_len);
            self.bytes = buffers.take(likely);
        }
        self.bytes.try_reserve(likely).map_err(|_| Error::NoMemory)
    }

    /// Removes bytes at the front, which have been written.
    pub(crate) fn written(&mut self, count: usize, buffers: &Buffers) -> Result<(), Error> {
        if count > self.len() {
            return Err(Error::InvalidArgument);
        }
        self.written += count;
        if self.written == self.bytes.len() {
            self.written = 0;
            self.last_len = self.bytes.len() + HEADER_ROOM;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY {
                buffers.give(mem::take(&mut self.bytes));
            }
        }
        Ok(())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
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
