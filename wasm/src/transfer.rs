//! The one buffer through which bytes and texts cross the border.

use sansock::boundary::Error;

/// The transfer buffer is never smaller than this: enough for what most sockets read at once.
const SMALL: usize = 64 * 1024;
/// A transfer buffer larger than this is given back when less is asked for.
const LARGE: usize = 4 * 1024 * 1024;

pub(crate) struct TransferBuffer(Vec<u8>);

impl TransferBuffer {
    pub(crate) const fn new() -> Self {
        TransferBuffer(Vec::new())
    }

    /// Makes room for at least `len` bytes. A large buffer shrinks when less is asked for.
    pub(crate) fn reserve(&mut self, len: u32) -> Result<(), Error> {
        let wanted = (len as usize).max(SMALL);
        let held = self.0.len();
        if held < wanted {
            self.0.try_reserve_exact(wanted - held).map_err(|_| Error::NoMemory)?;
            self.0.resize(wanted, 0);
        } else if held > LARGE && held > wanted {
            self.0.truncate(wanted);
            self.0.shrink_to_fit();
        }
        Ok(())
    }

    /// Where the buffer begins.
    pub(crate) fn address(&self) -> u32 {
        self.0.as_ptr() as u32
    }

    pub(crate) fn bytes(&self, len: u32) -> Result<&[u8], Error> {
        self.0.get(..len as usize).ok_or(Error::InvalidArgument)
    }

    /// The first bytes, and all that lies behind them.
    pub(crate) fn split(&self, first: u32) -> Result<(&[u8], &[u8]), Error> {
        self.0.split_at_checked(first as usize).ok_or(Error::InvalidArgument)
    }

    /// Two arguments, one after the other.
    pub(crate) fn pair(&self, first: u32, second: u32) -> Result<(&[u8], &[u8]), Error> {
        let both = first.checked_add(second).ok_or(Error::InvalidArgument)?;
        Ok(self.bytes(both)?.split_at(first as usize))
    }

    pub(crate) fn bytes_mut(&mut self, offset: u32, len: u32) -> Result<&mut [u8], Error> {
        let end = offset.checked_add(len).ok_or(Error::InvalidArgument)?;
        self.0.get_mut(offset as usize..end as usize).ok_or(Error::InvalidArgument)
    }

    /// Puts a text at the beginning of the transfer buffer, and returns its length in bytes.
    pub(crate) fn put(&mut self, text: &str) -> Result<u32, Error> {
        self.put_bytes(text.as_bytes())
    }

    /// The same with bytes.
    pub(crate) fn put_bytes(&mut self, bytes: &[u8]) -> Result<u32, Error> {
        let len = u32::try_from(bytes.len()).map_err(|_| Error::NoMemory)?;
        if self.0.len() < bytes.len() {
            self.reserve(len)?;
        }
        self.bytes_mut(0, len)?.copy_from_slice(bytes);
        Ok(len)
    }
}
