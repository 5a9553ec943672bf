//! The code point that a piece of text ends inside of: where a text stops being UTF-8 is seen only with it.

/// The first bytes of a code point that ends in what comes next.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextEnd(Vec<u8>);

impl TextEnd {
    /// Takes note of text that has been read.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&bytes[bytes.len() - bytes.len().min(3)..]);
        let last = self.0.len() - self.0.len().min(3);
        let begun = (last..self.0.len()).rev().find(|at| self.0[*at] & 0xc0 != 0x80);
        let begun = begun.filter(|at| self.0.len() - at < length(self.0[*at]));
        self.0.drain(..begun.unwrap_or(self.0.len()));
    }

    /// Where in a frame the code point begins that makes these next bytes of it no UTF-8, if so many bytes of it came before: 0
    /// if it began in the frame before.
    pub(crate) fn fault_in(&self, bytes: &[u8], before: u64) -> Option<u64> {
        let text = [&self.0[..], bytes].concat();
        let error = core::str::from_utf8(&text).err()?;
        Some((before + error.valid_up_to() as u64).saturating_sub(self.0.len() as u64))
    }
}

/// The length of the code point that begins with this byte.
fn length(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}
