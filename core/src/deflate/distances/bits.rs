//! The bits of a stream that comes in pieces (RFC 1951 §3.1.1).

use super::Stop;

/// The next bits, the first one lowest.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    pub(super) bits: u64,
    pub(super) count: u32,
}

/// A piece of a stream, behind bits that the last one left.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) bits: Bits,
    pub(super) piece: &'a [u8],
    pub(super) at: usize,
}

impl Bits {
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> Result<u64, Stop> {
        if count > self.count {
            return Err(Stop::WantsBits);
        }
        let taken = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count -= count;
        Ok(taken)
    }

    /// Drops the rest of a byte that was begun.
    pub(super) fn align(&mut self) {
        self.bits >>= self.count % 8;
        self.count -= self.count % 8;
    }
}

impl Input<'_> {
    /// Makes 56 bits ready, or all there are.
    #[inline]
    pub(super) fn fill(&mut self) {
        let rest = &self.piece[self.at..];
        let next = rest.first_chunk().map_or_else(|| last_bytes(rest), |next| u64::from_le_bytes(*next));
        let bytes = rest.len().min((63 - self.bits.count as usize) / 8);
        // Some bits of the byte behind them come along, and are the same when they come again.
        self.bits.bits |= next << self.bits.count;
        self.bits.count += 8 * bytes as u32;
        self.at += bytes;
    }

    pub(super) fn take(&mut self, count: u32) -> Result<u64, Stop> {
        self.fill();
        self.bits.take(count)
    }

    /// Skips whole bytes, where one begins. Returns how many are not there yet.
    pub(super) fn skip(&mut self, bytes: usize) -> usize {
        let ready = bytes.min(self.bits.count as usize / 8);
        self.bits.bits >>= 8 * ready;
        self.bits.count -= 8 * ready as u32;
        let further = (bytes - ready).min(self.piece.len() - self.at);
        if further > 0 {
            self.bits = Bits::default();
            self.at += further;
        }
        bytes - ready - further
    }

    /// The byte of the last bit that was read, if that is one of this piece.
    pub(super) fn last_read(&self) -> usize {
        (8 * self.at - self.bits.count as usize - 1) / 8
    }
}

/// Fewer than eight bytes.
fn last_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
