//! Payloads that the host has read straight to where their message is joined.

use super::message::Delivery;
use super::{Context, FrameReader, Position};
use crate::abi::kind;
use crate::error::Breach;
use crate::settings::Settings;

impl FrameReader {
    /// How many bytes are missing in a payload that is joined, so that they may be read to their place. `None` between payloads,
    /// and in those that are not joined.
    pub(crate) fn joined_remaining(&self, settings: &Settings) -> Option<u64> {
        match (self.position, &self.message) {
            (Position::Payload { left, .. }, Some(message)) if message.delivery(settings) == Delivery::Join => {
                Some(left)
            }
            _ => None,
        }
    }

    /// Reads the bytes of the store from an index on: the next ones of a payload that is joined, no more than are missing.
    pub(crate) fn read_joined(&mut self, from: usize, context: &mut Context<'_>) -> Result<(), Breach> {
        let (Position::Payload { left, mut key, last }, Some(message)) = (self.position, &mut self.message) else {
            return Ok(());
        };
        let end = context.batch.store.len();
        let mut at = from;
        while at < end {
            let piece = (end - at).min(Delivery::Join.max_piece());
            let appended = context.batch.unmask(key, at, piece, message.kind == kind::TEXT);
            message.check_text(&appended)?;
            key = appended.key;
            at += piece;
        }
        let left = left - (end - from) as u64;
        self.count(end - from);
        self.position = if left > 0 { Position::Payload { left, key, last } } else { Position::Header };
        if !context.delivers() {
            context.batch.discard_message();
        }
        if left == 0 && last { self.finish_message(context) } else { Ok(()) }
    }
}
