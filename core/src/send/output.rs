//! The output: bytes on their way to the transport.

use alloc::vec::Vec;
use core::cmp::Ordering;

use bytes::Buf;

use super::Sender;
use super::room::Room;
use crate::buffers::Buffers;
use crate::error::Error;
use crate::settings::Settings;
use crate::shared::Shared;

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
    pub(crate) fn reserve(&mut self, additional: usize, shared: &Shared) -> Result<&mut Vec<u8>, Error> {
        if self.bytes.capacity() - self.bytes.len() < additional {
            self.make_room(additional, shared)?;
        }
        Ok(&mut self.bytes)
    }

    #[inline]
    fn make_room(&mut self, additional: usize, shared: &Shared) -> Result<(), Error> {
        let is_warm = self.room.warm_up(&mut self.bytes, additional, &shared.buffers);
        if is_warm { Ok(()) } else { self.grow(additional, shared) }
    }

    /// Moves the bytes to the front where as many have been written, or a fourth as many and the buffer may not grow further:
    /// at most four bytes are moved for each that is written, so all moves together take linear time.
    #[cold]
    fn grow(&mut self, additional: usize, shared: &Shared) -> Result<(), Error> {
        let most = most_capacity(&shared.settings);
        if self.written > 0 && (self.written >= self.len() || self.bytes.len() + additional > most) {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        self.room.grow(&mut self.bytes, additional, most, &shared.buffers)
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

/// The capacity to which the buffer grows by doubling: the hard limit, and a fourth for what has been written.
fn most_capacity(settings: &Settings) -> usize {
    let limit = settings.output_hard_limit;
    usize::try_from(limit.saturating_add(limit / 4)).unwrap_or(usize::MAX)
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
