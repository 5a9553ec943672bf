//! The fast paths: what most connections receive most of the time, in fewer steps.
//!
//! Each path states what it serves. It stops in front of anything else, which the general path of [`super`] then reads from
//! there; no path decides on a fault but bad text, which it reports exactly as the general path does. A test reads all
//! vectors with and without the fast paths and compares.

use super::batch::Place;
use super::message::Delivery;
use super::{Context, FrameReader, Position};
use crate::abi::{kind, region};
use crate::error::{Fault, FaultKind};
use crate::frame;
use crate::mask;
use crate::settings::Role;
use crate::states::closing::ConnectionState;
use crate::utf8;

impl FrameReader {
    /// The entry of an open connection: the common cases, before anything of the general path is set up. Returns how many
    /// bytes it read.
    ///
    /// It serves messages that lie in the input whole, and input that lies in the middle of one. (A host of WebAssembly
    /// gathers what [`payload_remaining`](crate::Connection::payload_remaining) allows, and needs no path for the middle.)
    #[inline]
    pub(crate) fn read_messages(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        match self.position {
            Position::Header if self.is_between_messages() && enabled() => self.read_whole_messages(0, bytes, context),
            Position::Payload { left, .. }
                if !cfg!(target_family = "wasm") && (bytes.len() as u64) < left && enabled() =>
            {
                self.read_middle(bytes, context)
            }
            _ => Ok(0),
        }
    }

    /// At the start of a frame: reads what a fast path serves. Returns where the first frame begins that none does.
    #[inline]
    pub(super) fn read_fast(&mut self, at: usize, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        if !enabled() {
            Ok(at)
        } else if self.is_between_messages() {
            self.read_whole_messages(at, bytes, context)
        } else if self.header_len == 0 && !context.batch.is_full() {
            self.read_fragments(at, bytes, context)
        } else {
            Ok(at)
        }
    }

    /// Serves: messages in one frame each, not compressed, at most 65,535 bytes, whole in the host's input, one after the
    /// other, while the connection is open. Nothing is copied.
    #[inline]
    fn read_whole_messages(
        &mut self,
        from: usize,
        bytes: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<usize, Fault> {
        let is_open = context.sender.connection_state() == ConnectionState::Open;
        let Some(base) = context.base.filter(|_| is_open) else { return Ok(from) };
        let settings = context.sender.settings();
        let most = usize::try_from(settings.max_frame_size).unwrap_or(usize::MAX);
        let masked = context.sender.role() == Role::Server;
        let mut at = from;
        for _ in 0..context.batch.remaining_records() {
            let Some(frame) = frame::decode_short(&bytes[at..], masked, most) else { break };
            if !matches!(frame.first, frame::FIN_TEXT | frame::FIN_BINARY) {
                break;
            }
            at += frame.size;
            let payload = &mut bytes[at..at + frame.len];
            let kind = if frame.first == frame::FIN_BINARY {
                mask::apply(frame.key, payload);
                kind::BINARY
            } else if masked && mask::apply_to_text(frame.key, payload).1 || utf8::is_valid(payload) {
                kind::TEXT
            } else {
                return Err(FaultKind::BadText.into());
            };
            context.batch.push(Place { region: region::INPUT, offset: base + at, len: frame.len }.whole(kind));
            at += frame.len;
        }
        Ok(at)
    }

    /// Serves: fragments of a message that is under way and joined, each at most 65,535 bytes and whole in the input, one
    /// after the other, within the limits. After the last fragment it stops.
    fn read_fragments(&mut self, from: usize, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        let settings = context.sender.settings();
        let (limit, max_fragments) = (settings.max_message_size, settings.max_fragments);
        let most = usize::try_from(settings.max_frame_size).unwrap_or(usize::MAX);
        let masked = context.sender.role() == Role::Server;
        let Some(message) = &mut self.message else { return Ok(from) };
        if message.delivery(settings) != Delivery::Join || !context.delivers() {
            return Ok(from);
        }
        let mut at = from;
        while let Some(frame) = frame::decode_short(&bytes[at..], masked, most) {
            let (fragments, size) = (message.fragments + 1, message.size + frame.len as u64);
            let is_fragment = matches!(frame.first, frame::CONTINUATION | frame::FIN_CONTINUATION);
            if !is_fragment || size > limit || fragments > max_fragments {
                break;
            }
            at += frame.size;
            let payload = &bytes[at..at + frame.len];
            at += frame.len;
            (message.fragments, message.size) = (fragments, size);
            message.check_text(&context.batch.append(frame.key, payload, limit)?)?;
            if frame.first == frame::FIN_CONTINUATION {
                self.finish_message(context)?;
                break;
            }
        }
        Ok(at)
    }

    /// Serves: input that lies in the middle of a frame's payload, of a message that is joined, while the connection is open.
    #[inline]
    fn read_middle(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        let (Position::Payload { left, key, last }, Some(message)) = (self.position, &mut self.message) else {
            return Ok(0);
        };
        let settings = context.sender.settings();
        if message.delivery(settings) != Delivery::Join {
            return Ok(0);
        }
        let appended = context.batch.append(key, bytes, settings.max_message_size)?;
        message.check_text(&appended)?;
        self.position = Position::Payload { left: left - bytes.len() as u64, key: appended.key, last };
        Ok(bytes.len())
    }
}

#[cfg(test)]
std::thread_local! {
    /// Whether this thread's connections use the fast paths.
    pub(super) static ENABLED: core::cell::Cell<bool> = const { core::cell::Cell::new(true) };
}

/// Whether the fast paths are used: always, except where a test turns them off.
#[inline(always)]
fn enabled() -> bool {
    #[cfg(test)]
    return ENABLED.get();
    #[cfg(not(test))]
    true
}
