//! Control frames (RFC 6455 §5.5): they are acted on and delivered as soon as they are complete.

use super::batch::Place;
use super::{Context, FrameReader, Position, Progress, available};
use crate::abi::{Record, kind, region};
use crate::close_payload;
use crate::error::Breach;
use crate::frame::{MAX_CONTROL, Opcode};
use crate::mask::{self, Key};

impl FrameReader {
    /// Reads a piece of a control frame's payload.
    pub(super) fn read_control(
        &mut self,
        at: usize,
        bytes: &mut [u8],
        opcode: Opcode,
        left: usize,
        key: Key,
        context: &mut Context<'_>,
    ) -> Result<Progress, Breach> {
        let end = at + available(bytes.len() - at, left as u64);
        let key = mask::apply(key, &mut bytes[at..end]);
        let left = left - (end - at);
        let piece = &bytes[at..end];
        if left > 0 {
            if !piece.is_empty() {
                self.control.get_or_insert_default().extend_from_slice(piece);
            }
            self.position = Position::Control { opcode, left, key };
            return Ok(Progress::Done(end));
        }
        self.position = Position::Header;
        let start = self.control.take();
        let place = if start.is_none() && context.base.is_some() {
            context.place(at, piece)?
        } else {
            let mut whole = start.unwrap_or_default();
            whole.extend_from_slice(piece);
            context.batch.push_to_scratch(&whole)
        };
        deliver_control(opcode, place, piece, context)?;
        Ok(if opcode == Opcode::Close { Progress::Done(end) } else { Progress::At(end) })
    }
}

/// Acts on a complete control frame and delivers it. `last_piece` is the piece of its payload that this read had.
fn deliver_control(opcode: Opcode, place: Place, last_piece: &[u8], context: &mut Context<'_>) -> Result<(), Breach> {
    let mut copy = [0; MAX_CONTROL];
    let payload = if place.region == region::INPUT {
        last_piece
    } else {
        copy[..place.len].copy_from_slice(&context.batch.scratch[place.offset..place.offset + place.len]);
        &copy[..place.len]
    };
    match opcode {
        Opcode::Ping => {
            context.sender.received_ping(payload);
            context.batch.push(place.whole(kind::PING));
        }
        Opcode::Pong => {
            let extra = context.sender.received_pong(payload).unwrap_or(u64::MAX);
            context.batch.push(Record { extra, ..place.whole(kind::PONG) });
        }
        _ => {
            let (code, reason) = close_payload::parse(payload)?;
            let offset = place.offset + place.len - reason.len();
            let reason_place = Place { offset, len: reason.len(), ..place };
            context.batch.push(Record { code: code.get(), ..reason_place.whole(kind::CLOSING) });
            context.sender.received_close(code, reason);
        }
    }
    Ok(())
}
