//! The fast paths: what most connections receive most of the time, in fewer steps.
//!
//! Each path states what it serves. It stops in front of anything else, which the general path of [`super`] then reads from
//! there; no path decides on a fault but bad text, which it reports exactly as the general path does. A test reads all
//! vectors with and without the fast paths and compares.

use super::batch::Place;
use super::message::Delivery;
use super::{Context, FrameReader, Position};
use crate::abi::{kind, region};
use crate::error::{Breach, FaultKind};
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
    pub(crate) fn read_messages(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Breach> {
        match self.position {
            Position::Header if self.is_between_messages() && enabled() => {
                read_whole_messages(0, bytes, context).map_err(|at| self.bad_text(at))
            }
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
    pub(super) fn read_fast(
        &mut self,
        at: usize,
        bytes: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<usize, Breach> {
        if !enabled() {
            Ok(at)
        } else if self.is_between_messages() {
            read_whole_messages(at, bytes, context).map_err(|at| self.bad_text(at))
        } else if self.header_len == 0 && !context.batch.is_full() {
            self.read_fragments(at, bytes, context)
        } else {
            Ok(at)
        }
    }

    /// The fault of a text whose frame begins at this index of the bytes.
    #[cold]
    fn bad_text(&mut self, at: usize) -> Breach {
        self.frame_start = self.received + at as u64;
        FaultKind::BadText.into()
    }

    /// Serves: fragments of a message that is under way and joined, each at most 65,535 bytes and whole in the input, one
    /// after the other, within the limits. After the last fragment it stops.
    fn read_fragments(&mut self, from: usize, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Breach> {
        let settings = context.sender.settings();
        let (limit, max_fragments) = (settings.max_message_size, settings.max_fragments);
        let below = settings.fast_below;
        let masked = context.sender.role() == Role::Server;
        let Some(message) = &mut self.message else { return Ok(from) };
        if message.delivery(settings) != Delivery::Join || !context.delivers() {
            return Ok(from);
        }
        let mut at = from;
        while let Some(frame) = frame::decode_short(&bytes[at..], masked, below) {
            let (fragments, size) = (message.fragments.saturating_add(1), message.size + frame.len as u64);
            let is_fragment = matches!(frame.first, frame::CONTINUATION | frame::FIN_CONTINUATION);
            if !is_fragment || size > limit || u64::from(fragments) > max_fragments {
                break;
            }
            self.frame_start = self.received + at as u64;
            at += frame.size;
            let payload = &bytes[at..at + frame.len];
            at += frame.len;
            (message.fragments, message.size) = (fragments, size);
            context.sender.note_frame(true, frame.first);
            message.check_text(&context.batch.append(
                frame.key,
                payload,
                limit,
                &context.sender.shared().buffers,
            )?)?;
            if frame.first == frame::FIN_CONTINUATION {
                self.finish_message(context)?;
                break;
            }
        }
        Ok(at)
    }

    /// Serves: input that lies in the middle of a frame's payload, of a message that is joined, while the connection is open.
    #[inline]
    fn read_middle(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Result<usize, Breach> {
        let (Position::Payload { left, key, last }, Some(message)) = (self.position, &mut self.message) else {
            return Ok(0);
        };
        let settings = context.sender.settings();
        if message.delivery(settings) != Delivery::Join {
            return Ok(0);
        }
        let appended = context.batch.append(key, bytes, settings.max_message_size, &context.sender.shared().buffers)?;
        message.check_text(&appended)?;
        self.position = Position::Payload { left: left - bytes.len() as u64, key: appended.key, last };
        Ok(bytes.len())
    }
}

/// Serves: messages in one frame each, not compressed, at most 65,535 bytes, whole in the host's input, one after the
/// other, while the connection is open. Nothing is copied. A text that is not UTF-8 fails with the index of its frame.
#[inline]
fn read_whole_messages(from: usize, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, usize> {
    let is_open = context.sender.connection_state() == ConnectionState::Open;
    let Some(base) = context.base.filter(|_| is_open) else { return Ok(from) };
    let settings = context.sender.settings();
    let below = settings.fast_below;
    let masked = context.sender.role() == Role::Server;
    let mut at = from;
    for _ in 0..context.batch.remaining_records() {
        let Some(frame) = frame::decode_short(&bytes[at..], masked, below) else { break };
        if !matches!(frame.first, frame::FIN_TEXT | frame::FIN_BINARY) {
            break;
        }
        context.sender.note_frame(false, frame.first);
        at += frame.size;
        let payload = &mut bytes[at..at + frame.len];
        let kind = if frame.first == frame::FIN_BINARY {
            mask::apply(frame.key, payload);
            kind::BINARY
        } else if masked && mask::apply_to_text(frame.key, payload).1 || utf8::is_valid(payload) {
            kind::TEXT
        } else {
            return Err(at - frame.size);
        };
        context.batch.push(Place { region: region::INPUT, offset: base + at, len: frame.len }.whole(kind));
        at += frame.len;
    }
    Ok(at)
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
