//! What a pass has delivered, so that no entry can leave out work unseen.

use std::hint::black_box;

/// Messages and bytes, and a checksum of each message's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub messages: u64,
    pub bytes: u64,
    pub check: u64,
}

impl Tally {
    /// Counts a message, and touches it.
    #[inline]
    pub fn add(&mut self, message: &[u8]) {
        let message = black_box(message);
        self.messages += 1;
        self.bytes += message.len() as u64;
        if let (Some(first), Some(last)) = (message.first(), message.last()) {
            self.check = self.check.wrapping_add(u64::from(*first) << 8 | u64::from(*last));
        }
    }

    /// Counts bytes that went out, which are no message yet.
    pub fn written(bytes: u64) -> Self {
        Tally { bytes, ..Tally::default() }
    }
}
