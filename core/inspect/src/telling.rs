//! What the engine tells about frames, as entries.

use sansock::{CloseCode, Event, Fault, FaultKind};

use crate::entry::{self, Frame, Message, What};
use crate::frames::{Frames, Payload, Sent};
use crate::gathered::{hex, of};
use crate::header::Header;
use crate::log::{Log, Place};

/// What the engine told while it read a frame.
pub(crate) enum Happened {
    Ping(Vec<u8>),
    Pong,
    Closing(CloseCode, String),
    Closed { code: CloseCode, reason: String, clean: bool, by_peer: bool, fault: Option<FaultKind> },
}

/// What of an event is told; data is gathered as it comes.
pub(crate) fn happened(event: Event<'_>) -> Option<Happened> {
    match event {
        Event::Ping(ping) => Some(Happened::Ping(ping.payload.to_vec())),
        Event::Pong(_) => Some(Happened::Pong),
        Event::Closing(closing) => Some(Happened::Closing(closing.code, closing.reason.to_owned())),
        Event::Closed(closed) => Some(Happened::Closed {
            code: closed.code,
            reason: closed.reason.to_owned(),
            clean: closed.clean,
            by_peer: closed.by_peer,
            fault: closed.fault,
        }),
        _ => None,
    }
}

impl Frames {
    pub(crate) fn fill_data(&self, payload: &Payload, frame: &mut Frame, shown: usize) {
        let is_text = self.message.as_ref().is_some_and(|message| message.is_text);
        let is_of_message = frame.opcode <= 2 && self.message.is_some();
        frame.message_kind = is_of_message.then_some(if is_text { "text" } else { "binary" });
        frame.compressed = self.message.as_ref().is_some_and(|message| message.compressed);
        frame.payload = payload.data.payload(is_text, shown);
    }

    pub(crate) fn fill_control(&self, payload: &Payload, frame: &mut Frame, shown: usize) {
        let mut may_be_text = false;
        for happened in &self.happened {
            match happened {
                Happened::Ping(_) | Happened::Pong => may_be_text = true,
                Happened::Closing(code, reason) => {
                    (frame.code, frame.reason) = (Some(code.get()), Some(reason.clone()));
                }
                Happened::Closed { .. } => {}
            }
        }
        let bytes = &payload.unmasked;
        let is_text = may_be_text && core::str::from_utf8(bytes).is_ok();
        frame.payload = of(&bytes[..shown.min(bytes.len())], bytes.len() as u64, is_text);
    }

    /// A message has ended: the host gets it.
    pub(crate) fn end_message(&mut self, end: u64, place: Place, log: &mut Log) {
        let Some(message) = self.message.take() else { return };
        let what = What::Message(Message {
            kind: if message.is_text { "text" } else { "binary" },
            frames: message.frames,
            size: message.data.size(),
            wire: message.wire,
            compressed: message.compressed,
            payload: message.data.payload(message.is_text, log.shown()),
        });
        log.add(place, Some((message.offset, end - message.offset)), what);
    }

    /// Tells what has happened, in order. `position` is where a fault is.
    pub(crate) fn tell(
        &mut self,
        frame: Option<u64>,
        position: u64,
        place: Place,
        log: &mut Log,
        sent: &mut Vec<(u64, Sent)>,
    ) {
        self.owe();
        let output = self.output();
        let number = frame.unwrap_or_default();
        for happened in core::mem::take(&mut self.happened) {
            match happened {
                Happened::Ping(payload) => {
                    if !output.is_empty() {
                        log.add(place, None, What::Answer { what: "pong", hex: hex(&output) });
                    }
                    sent.push((number, Sent::Ping(payload)));
                }
                Happened::Pong => {}
                Happened::Closing(code, reason) => {
                    if !output.is_empty() {
                        log.add(place, None, What::Answer { what: "close", hex: hex(&output) });
                    }
                    sent.push((number, Sent::Close(code, reason)));
                }
                Happened::Closed { code, reason, clean, by_peer, fault } => {
                    if let Some(fault) = fault {
                        let answer = (!output.is_empty()).then(|| hex(&output));
                        log.add(place, None, What::Fault(self.fault(fault, position, frame, answer)));
                    }
                    log.add(place, None, What::Closed { code: code.get(), reason, clean, by_peer });
                    self.is_over = true;
                }
            }
        }
    }

    fn fault(&self, kind: FaultKind, position: u64, frame: Option<u64>, answer: Option<String>) -> entry::Fault {
        fault(kind, self.engine_fault(), position, frame, answer)
    }

    /// The byte at fault.
    pub(crate) fn position(&self, offset: u64, header: &Header, payload: &Payload) -> u64 {
        let behind_header = offset + header.bytes().len() as u64;
        match self.failure() {
            Some(FaultKind::Unmasked | FaultKind::Masked | FaultKind::ControlTooLong) => offset + 1,
            Some(FaultKind::NonMinimalLength | FaultKind::LengthOverflow) => offset + 2,
            Some(FaultKind::CloseTooShort | FaultKind::BadCloseCode) => behind_header,
            Some(FaultKind::BadCloseReason) => {
                let reason = payload.unmasked.get(2..).unwrap_or_default();
                behind_header + 2 + core::str::from_utf8(reason).err().map_or(0, |error| error.valid_up_to() as u64)
            }
            Some(FaultKind::BadText) => behind_header + payload.bad_text.unwrap_or_default(),
            Some(FaultKind::BadCompressedData) => behind_header,
            _ => offset,
        }
    }
}

/// A broken rule as an entry says it.
pub(crate) fn fault(
    kind: FaultKind,
    details: Option<Fault>,
    position: u64,
    frame: Option<u64>,
    answer: Option<String>,
) -> entry::Fault {
    let details = details.filter(|fault| fault.kind == kind);
    entry::Fault {
        fault: kind.name(),
        number: kind.number(),
        rule: kind.clause(),
        text: details.map_or_else(|| kind.text().to_owned(), |fault| fault.to_string()),
        position,
        frame,
        code: match kind.answer() {
            sansock::Answer::Close(code) => Some(code.get()),
            _ => None,
        },
        status: match kind.answer() {
            sansock::Answer::Status(status) => Some(status),
            _ => None,
        },
        answer,
    }
}
