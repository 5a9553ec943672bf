//! The frames of one end. The engine reads them as the other end does, and says what that would be told and what it would send.

use core::mem;
use core::time::Duration;

use sansock::{CloseCode, Config, Connection, Event, FaultKind, Role};

use crate::agreed::Agreed;
use crate::entry::{Side, What};
use crate::gathered::{Gathered, hex};
use crate::header::Header;
use crate::log::{Log, Place};
use crate::telling::{Happened, happened};
use crate::text_end::TextEnd;

/// The engines here draw keys for the answers that they would send: the same capture always looks the same.
const SEED: [u8; 32] = [0; 32];

/// What an end has sent that the other end's reader must know of.
#[derive(Debug)]
pub(crate) enum Sent {
    Ping(Vec<u8>),
    Close(CloseCode, String),
}

/// The reader of what one end sends.
pub(crate) struct Frames {
    engine: Connection,
    config: Config,
    /// The handshake is not in the capture: what is compressed may not be readable.
    is_guessed: bool,
    /// The rest of the message under way cannot be inflated.
    is_skipping: bool,
    pub(crate) is_over: bool,
    /// Whether it has been told that something follows the end.
    is_told: bool,
    /// Where the next byte is, in what this end sent.
    offset: u64,
    header: Header,
    payload: Payload,
    pub(crate) message: Option<UnderWay>,
    pub(crate) happened: Vec<Happened>,
}

/// A frame's payload that is under way.
#[derive(Default)]
pub(crate) struct Payload {
    left: u64,
    pub(crate) read: u64,
    pub(crate) wire: Gathered,
    pub(crate) data: Gathered,
    /// The payload of a control frame as it is on the wire, but for the mask.
    pub(crate) unmasked: Vec<u8>,
    /// Where a text is no UTF-8.
    pub(crate) bad_text: Option<u64>,
}

/// A message that is under way.
pub(crate) struct UnderWay {
    pub(crate) offset: u64,
    pub(crate) is_text: bool,
    pub(crate) compressed: bool,
    pub(crate) frames: u64,
    pub(crate) wire: u64,
    pub(crate) data: Gathered,
    end: TextEnd,
}

impl UnderWay {
    fn new(offset: u64, header: &Header) -> Self {
        UnderWay {
            offset,
            is_text: header.opcode() == 1,
            compressed: header.rsv1(),
            frames: 0,
            wire: 0,
            data: Gathered::default(),
            end: TextEnd::default(),
        }
    }
}

fn unmask(bytes: &mut [u8], key: Option<[u8; 4]>, from: u64) {
    let key = key.unwrap_or_default();
    for (at, byte) in (from % 4..).zip(bytes) {
        *byte ^= key[at as usize % 4];
    }
}

impl Frames {
    /// The reader for what `from` sends behind the handshake, which ends at `offset`. There is none without memory for it.
    pub(crate) fn new(from: Side, agreed: Agreed, offset: u64, now: Duration) -> Option<Self> {
        let role = if from == Side::Client { Role::Server } else { Role::Client };
        let config = agreed.config(role)?;
        Some(Frames {
            engine: Connection::new(&config, SEED, now).ok()?,
            config,
            is_guessed: agreed.is_guessed(),
            is_skipping: false,
            is_over: false,
            is_told: false,
            offset,
            header: Header::default(),
            payload: Payload::default(),
            message: None,
            happened: Vec::new(),
        })
    }

    /// Tells the engine what its own end has sent.
    pub(crate) fn sent(&mut self, sent: &Sent, now: Duration) {
        // It may be closed by then: the capture tells the order in which the two ends were heard, not in which they spoke.
        let _ = match sent {
            Sent::Ping(payload) => self.engine.ping(payload, now),
            Sent::Close(code, reason) => self.engine.close(Some(*code).filter(|code| code.may_be_sent()), reason, now),
        };
        self.output();
    }

    /// Reads what comes next, and returns what the other end's reader must know.
    pub(crate) fn receive(&mut self, mut bytes: &[u8], now: Duration, place: Place, log: &mut Log) -> Vec<Sent> {
        let mut sent = Vec::new();
        while !bytes.is_empty() && !self.is_over {
            let taken = if self.header.is_complete() {
                self.read_payload(bytes, now, log.kept())
            } else {
                self.read_header(bytes, now, log.kept())
            };
            bytes = &bytes[taken..];
            let is_whole = self.header.is_complete() && self.payload.left == 0;
            if is_whole || self.has_failed() {
                self.end_frame(is_whole, now, place, log, &mut sent);
            }
        }
        if !bytes.is_empty() && !mem::replace(&mut self.is_told, true) {
            let text = "what follows is not read: the connection is closed (RFC 6455 §1.4)";
            log.add(place, Some((self.offset, bytes.len() as u64)), What::Note { text: text.to_owned() });
        }
        sent
    }

    /// The stream is over: with a FIN, or only in the capture.
    pub(crate) fn end(&mut self, is_eof: bool, now: Duration, place: Place, log: &mut Log) {
        if self.is_over {
            return;
        }
        let inside = match (self.header.bytes(), &self.message) {
            ([], None) => None,
            ([], Some(_)) => Some("message"),
            _ => Some("frame"),
        };
        if inside == Some("frame") {
            self.end_frame(false, now, place, log, &mut Vec::new());
        }
        if let Some(inside) = inside {
            log.add(place, None, What::Incomplete { text: format!("it ends inside a {inside}") });
        }
        if is_eof {
            let events = self.engine.receive_eof(now).events;
            self.happened.extend(events.filter_map(happened));
            self.tell(None, self.offset, place, log, &mut Vec::new());
        }
        self.is_over = true;
    }

    fn has_failed(&self) -> bool {
        self.happened.iter().any(|happened| matches!(happened, Happened::Closed { fault: Some(_), .. }))
    }

    /// Whether the frame under way is one that the engine cannot read.
    fn is_skipped(&self) -> bool {
        self.is_skipping && !self.header.is_control()
    }

    fn read_header(&mut self, bytes: &[u8], now: Duration, kept: usize) -> usize {
        let taken = self.header.take(bytes);
        let is_complete = self.header.is_complete();
        self.payload.left = self.header.payload_length();
        // A header that comes in pieces is shown to the engine in pieces, so that a fault is found where it is.
        if !self.is_skipped() {
            let opcode = self.header.opcode();
            if is_complete && self.message.is_none() && (opcode == 1 || opcode == 2) {
                self.message = Some(UnderWay::new(self.frame_offset(), &self.header));
            }
            self.feed(&bytes[..taken], now, kept);
        }
        self.offset += taken as u64;
        taken
    }

    fn read_payload(&mut self, bytes: &[u8], now: Duration, kept: usize) -> usize {
        let taken = usize::try_from(self.payload.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let piece = &bytes[..taken];
        self.payload.wire.add(piece, kept);
        self.payload.left -= taken as u64;
        let mut unmasked = piece.to_vec();
        unmask(&mut unmasked, self.header.key(), self.payload.read);
        if self.header.is_control() {
            self.payload.unmasked.extend_from_slice(&unmasked);
        } else if self.message.as_ref().is_none_or(|message| !message.compressed) {
            // The engine does not deliver what is at fault, which is what one wants to see.
            self.payload.data.add(&unmasked, kept);
        }
        if !self.is_skipped() {
            let end = self.message.as_ref().map(|message| message.end.clone());
            self.feed(piece, now, kept);
            if let (true, Some(end)) = (self.has_failed(), end) {
                self.payload.bad_text = end.fault_in(&unmasked).map(|at| self.payload.read + at as u64);
            }
        }
        self.payload.read += taken as u64;
        self.offset += taken as u64;
        taken
    }

    /// Where the frame under way begins.
    fn frame_offset(&self) -> u64 {
        self.offset - (self.payload.read + self.header.bytes().len() as u64).min(self.offset)
    }

    /// Has the engine read bytes of one frame.
    fn feed(&mut self, bytes: &[u8], now: Duration, kept: usize) {
        let mut bytes = bytes.to_vec();
        let mut from = 0;
        while from < bytes.len() || self.engine.has_more() {
            let received = self.engine.receive(&mut bytes[from..], now);
            from += received.consumed;
            for event in received.events {
                if let Event::Frame(frame) = &event {
                    if frame.compressed {
                        self.payload.data.add(frame.data, kept);
                    }
                    if let Some(message) = &mut self.message {
                        message.data.add(frame.data, kept);
                        message.end.add(frame.data);
                    }
                }
                self.happened.extend(happened(event));
            }
        }
    }

    pub(crate) fn engine_fault(&self) -> Option<sansock::Fault> {
        self.engine.fault()
    }

    /// All that is pending, which is thereby sent.
    pub(crate) fn output(&mut self) -> Vec<u8> {
        let output = self.engine.output().to_vec();
        let _ = self.engine.written(output.len());
        output
    }

    /// A frame is whole, or no more of it will come or be read.
    fn end_frame(&mut self, is_whole: bool, now: Duration, place: Place, log: &mut Log, sent: &mut Vec<Sent>) {
        let is_skipped = self.is_skipped() || self.gives_up(now);
        let header = mem::take(&mut self.header);
        let payload = mem::take(&mut self.payload);
        let length = header.bytes().len() as u64 + payload.read;
        let offset = self.offset - length;
        let mut frame = header.frame();
        if self.happened.iter().any(|happened| matches!(happened, Happened::Closing(..))) {
            let events = self.engine.timeout(now).events;
            self.happened.extend(events.filter_map(happened));
        }
        if let (false, Some(message)) = (header.is_control(), &mut self.message) {
            message.frames += 1;
            message.wire += payload.read;
        }
        if header.is_control() {
            self.fill_control(&payload, &mut frame, log.shown());
        } else {
            self.fill_data(&payload, &mut frame, log.shown());
        }
        frame.payload.wire = Some(hex(payload.wire.first(log.shown())));
        let id = log.add(place, Some((offset, length)), What::Frame(Box::new(frame)));
        let position = self.position(offset, &header, &payload);
        if is_skipped {
            let text =
                "it is compressed with what came before the capture, so it cannot be inflated (RFC 7692 §7.2.3.2)";
            log.add(place, Some((offset, length)), What::Note { text: text.to_owned() });
            self.message = None;
            self.is_skipping = !(header.is_control() || header.fin());
        }
        if !header.is_control() && is_whole && header.fin() && !self.has_failed() {
            self.end_message(offset + length, place, log);
        }
        self.tell(Some(id), position, place, log, sent);
    }

    /// Whether a message cannot be inflated because the capture lacks what it refers to. Then a new engine takes over.
    fn gives_up(&mut self, now: Duration) -> bool {
        let is_unreadable = |happened: &Happened| match happened {
            Happened::Closed { fault: Some(fault), .. } => *fault == FaultKind::BadCompressedData,
            _ => false,
        };
        if !self.is_guessed || !self.happened.iter().any(is_unreadable) {
            return false;
        }
        let Ok(engine) = Connection::new(&self.config, SEED, now) else { return false };
        self.engine = engine;
        self.happened.clear();
        self.payload.data = Gathered::default();
        self.is_skipping = true;
        true
    }
}
