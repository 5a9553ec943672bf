//! The bits of a stream that comes in pieces (RFC 1951 §3.1.1).

use super::Stop;

/// What is read at once has this many bits at most: a length and a distance, each with a code and extra bits.
const UNIT: u32 = 15 + 5 + 15 + 13;

/// The next bits, the first one lowest.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    pub(super) bits: u64,
    pub(super) count: u32,
}

/// A piece of a stream, behind bits that the last one left.
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
    /// Makes as many bits ready as are read at once, or all there are.
    #[inline]
    pub(super) fn fill(&mut self) {
        if self.bits.count >= UNIT {
            return;
        }
        let Bits { bits, count } = &mut self.bits;
        let rest = &self.piece[self.at..];
        if let Some(next) = rest.first_chunk() {
            // Bits of the last byte are read before it counts. They are the same when it comes again.
            *bits |= u64::from_le_bytes(*next) << *count;
            self.at += (63 - *count as usize) / 8;
            *count |= 56;
            return;
        }
        for byte in rest.iter().take((63 - *count as usize) / 8) {
            *bits |= u64::from(*byte) << *count;
            *count += 8;
            self.at += 1;
        }
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
