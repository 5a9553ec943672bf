//! Memory of the engine that a host reads its transport to, where that saves a copy of a large message.

use alloc::vec::Vec;

use super::Connection;

impl Connection {
    /// Lends the memory in which the message under way is joined, for the transport to be read straight to its end, where the
    /// payload belongs. Returns how many bytes may be appended within its capacity, and drops the events. Next:
    /// [`receive_lent`](Self::receive_lent), or any other call if nothing was read.
    ///
    /// `None` if they are fewer than `min`: then nothing has changed, and what is read goes to [`receive`](Self::receive).
    pub fn lend(&mut self, min: usize) -> Option<(&mut Vec<u8>, usize)> {
        self.0.mark_read();
        self.0.lend(min).map(|lent| (lent.store, lent.room))
    }

    /// Receives what `append` appends to the memory that was lent, no more than there is room for. Since then, no input call
    /// was made. `append` is not called if nothing that arrives matters any more.
    ///
    /// # Panics
    ///
    /// If it appends more than the frame has left, or takes away what was there.
    pub fn receive_lent(&mut self, append: impl FnOnce(&mut Vec<u8>), now: u64) {
        self.0.receive_lent(append, now);
    }
}
