//! Memory of the engine that a host reads its transport to.

use alloc::vec::Vec;

use super::{Connection, Phase};
use crate::receive::Context;
use crate::receive::batch::Lent;

impl Connection {
    /// The buffer of the message under way, if at least `min` bytes of its payload can be read to their place: the events are
    /// dropped then.
    pub(crate) fn lend(&mut self, min: usize) -> Option<Lent<'_>> {
        if !matches!(self.phase, Phase::Frames) || !self.sender.is_open() || self.has_more() {
            return None;
        }
        let left = self.reader.joined_remaining(self.sender.settings())?;
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        self.batch.lend(min, left, self.sender.settings().max_message_size, &self.sender.shared().buffers)
    }

    /// Receives what is appended to the buffer that was lent. Meanwhile there was no input call.
    pub(crate) fn receive_lent(&mut self, append: impl FnOnce(&mut Vec<u8>), now: u64) {
        self.sender.advance(now);
        self.sender.flush_deferred();
        self.sender.note_activity();
        let is_read = matches!(self.phase, Phase::Frames) && !self.is_over();
        let left = self.reader.joined_remaining(self.sender.settings()).filter(|_| is_read);
        if let Some(left) = left {
            let from = self.batch.store.len();
            append(&mut self.batch.store);
            let read = self.batch.store.len().checked_sub(from);
            assert!(read.is_some_and(|read| read as u64 <= left), "what was appended is not of the frame");
            let mut context = Context { batch: &mut self.batch, sender: &mut self.sender, base: Some(0) };
            if let Err(fault) = self.reader.read_joined(from, &mut context) {
                self.fail_for(fault);
            }
        }
        self.finish();
    }
}
