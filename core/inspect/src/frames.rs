//! The frames of one end. The engine reads them as the other end does, and says what that would be told and what it would send.

use core::mem;
use core::time::Duration;

use sansock::{CloseCode, Config, Connection, Event, FaultKind};

use crate::agreed::Agreed;
use crate::course::Course;
use crate::entry::{Side, What};
use crate::gathered::{Gathered, hex, unmasked};
use crate::header::Header;
use crate::held::Held;
use crate::log::{Log, Place};
use crate::skipping::Skipped;
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

/// How much the engine is given at once: what is unmasked stays in the cache of the processor.
const CHUNK: usize = 1 << 16;

/// How much of a compressed frame the engine is given at once, from the begin of the frame on: how far it inflates before it finds a
/// fault depends on that.
const BLOCK: usize = 256;

/// So many frames without a fault show that a stream, whose begin is not in the capture, is one of frames.
const CREDIBLE: u64 = 3;

/// The reader of what one end sends.
pub(crate) struct Frames {
    pub(crate) engine: Connection,
    config: Config,
    pub(crate) course: Course,
    pub(crate) held: Held,
    /// The handshake is not in the capture: what is compressed may not be readable.
    is_guessed: bool,
    /// Why the rest of the message under way cannot be read.
    skipped: Option<&'static str>,
    /// How many more frames must be read before it is certain that these are frames.
    pub(crate) doubt: u64,
    pub(crate) is_over: bool,
    /// Whether the engine refuses the header of the frame under way.
    is_bad_header: bool,
    /// Whether it has been told that something follows the end.
    is_told: bool,
    /// Where the next byte is, in what this end sent.
    pub(crate) offset: u64,
    pub(crate) header: Header,
    payload: Payload,
    /// What the engine reads in place.
    chunk: Vec<u8>,
    /// The begin of a block.
    block: Vec<u8>,
    pub(crate) message: Option<UnderWay>,
    pub(crate) happened: Vec<Happened>,
    pub(crate) skipped_over: Skipped,
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

impl Frames {
    /// The reader for what is sent behind the handshake, which ends at `offset`. There is none without memory for it.
    /// `end` is who reads.
    pub(crate) fn new(config: Config, agreed: Agreed, offset: u64, end: Side, now: Duration) -> Option<Self> {
        Some(Frames {
            engine: traced(&config, now)?,
            config,
            course: Course::new(end),
            held: Held::default(),
            is_guessed: agreed.is_guessed(),
            skipped: None,
            doubt: 0,
            is_over: false,
            is_bad_header: false,
            is_told: false,
            offset,
            header: Header::default(),
            payload: Payload::default(),
            chunk: Vec::new(),
            block: Vec::new(),
            message: None,
            happened: Vec::new(),
            skipped_over: Skipped::default(),
        })
    }

    /// The same, if what comes first may be no frame: the capture begins inside the stream, and it may be another protocol's.
    pub(crate) fn doubtful(self) -> Self {
        Frames { doubt: CREDIBLE, ..self }
    }

    /// The same, of whose end nothing is told.
    pub(crate) fn silent(mut self) -> Self {
        self.held.is_silent = true;
        self
    }

    /// Reads what comes next, and returns what the other end's reader must know.
    pub(crate) fn receive(&mut self, mut bytes: &[u8], now: Duration, place: Place, log: &mut Log) -> Vec<(u64, Sent)> {
        let mut sent = Vec::new();
        self.held.pong = None;
        while !bytes.is_empty() && !self.is_over {
            if log.is_quiet || self.skipped_over.is_inside() {
                let skipped = self.skip(bytes, place.from, log);
                bytes = &bytes[skipped..];
                if bytes.is_empty() {
                    break;
                }
            }
            let taken = if self.header.is_complete() {
                self.read_payload(bytes, now, log.kept())
            } else {
                self.read_header(bytes, now, place.from, log)
            };
            bytes = &bytes[taken..];
            // A frame at fault is gathered too: what is shown of it must not depend on where reads have cut it. But whoever has the
            // header wrong may have the length wrong.
            if self.header.is_complete() && (self.payload.left == 0 || self.is_bad_header) {
                self.end_frame(now, place, log, &mut sent);
            }
        }
        if !bytes.is_empty() && !mem::replace(&mut self.is_told, true) {
            self.tell_skipped(place, log);
            let text = "what follows is not read: the connection is closed (RFC 6455 §1.4)";
            log.add_from(place, self.offset, What::Note { text: text.to_owned() });
        }
        sent
    }

    /// The stream is over: with a FIN, or only in the capture.
    pub(crate) fn end(&mut self, is_eof: bool, now: Duration, place: Place, log: &mut Log) {
        if !self.is_over {
            self.end_inside(now, place, log);
        }
        // Of what may be no frames nobody can say that Close is missing.
        if is_eof && self.doubt == 0 {
            self.end_of_stream(now, place, log);
        }
        self.is_over = true;
    }

    /// The stream may end inside something.
    fn end_inside(&mut self, now: Duration, place: Place, log: &mut Log) {
        let inside = match (self.header.bytes(), &self.message) {
            ([], None) if !self.skipped_over.is_inside() => None,
            ([], Some(_)) => Some("message"),
            _ => Some("frame"),
        };
        let is_skipped = self.end_skipped(place, log);
        if !is_skipped && inside == Some("frame") {
            self.feed_block(now, log.kept());
            if !self.header.is_complete() && !self.is_skipped() {
                let header = self.header.clone();
                self.feed(header.bytes(), now, log.kept());
            }
            self.end_frame(now, place, log, &mut Vec::new());
        }
        if self.is_over {
            return;
        }
        if let Some(inside) = inside {
            log.add(place, None, What::Incomplete { text: format!("it ends inside a {inside}") });
        }
    }

    /// The rule that the frame under way breaks.
    pub(crate) fn failure(&self) -> Option<FaultKind> {
        self.happened.iter().find_map(|happened| match happened {
            Happened::Closed { fault, .. } => *fault,
            _ => None,
        })
    }

    fn has_failed(&self) -> bool {
        self.failure().is_some()
    }

    /// Whether no message is under way, but for the header of its first frame.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.message.is_none() && self.skipped.is_none() && self.doubt == 0
    }

    /// Whether the frame under way is one that the engine cannot read.
    fn is_skipped(&self) -> bool {
        self.skipped.is_some() && !self.header.is_control()
    }

    fn read_header(&mut self, bytes: &[u8], now: Duration, from: Side, log: &Log) -> usize {
        let taken = self.header.take(bytes);
        let is_complete = self.header.is_complete();
        self.offset += taken as u64;
        if is_complete && log.is_quiet && self.skip_header(from, log) {
            return taken;
        }
        self.payload.left = self.header.payload_length();
        let opcode = self.header.opcode();
        if is_complete && self.doubt == CREDIBLE && self.skipped.is_none() && opcode == 0 {
            self.skipped = Some("it continues a message that begins before the capture");
        }
        if !is_complete || self.is_skipped() {
            return taken;
        }
        if self.message.is_none() && (opcode == 1 || opcode == 2) {
            self.message = Some(UnderWay::new(self.frame_offset(), &self.header));
        }
        let header = self.header.clone();
        self.feed(header.bytes(), now, log.kept());
        self.is_bad_header = self.has_failed();
        taken
    }

    fn read_payload(&mut self, bytes: &[u8], now: Duration, kept: usize) -> usize {
        let is_compressed =
            !self.header.is_control() && self.message.as_ref().is_some_and(|message| message.compressed);
        let most = if is_compressed { BLOCK - self.block.len() } else { CHUNK };
        let taken = usize::try_from(self.payload.left).map_or(most, |left| left.min(most)).min(bytes.len());
        let piece = &bytes[..taken];
        self.payload.wire.add(piece, kept);
        self.payload.left -= taken as u64;
        if is_compressed {
            self.block.extend_from_slice(piece);
            if self.block.len() == BLOCK || self.payload.left == 0 {
                self.feed_block(now, kept);
            }
        } else {
            self.read_plain(piece, now, kept);
        }
        self.payload.read += taken as u64;
        self.offset += taken as u64;
        taken
    }

    fn feed_block(&mut self, now: Duration, kept: usize) {
        let block = mem::take(&mut self.block);
        if !self.has_failed() {
            self.feed(&block, now, kept);
        }
        self.block = block;
        self.block.clear();
    }

    fn read_plain(&mut self, piece: &[u8], now: Duration, kept: usize) {
        let (key, read) = (self.header.key(), self.payload.read);
        // The engine does not deliver what is at fault, which is what one wants to see.
        if self.header.is_control() {
            self.payload.unmasked.extend(unmasked(piece, key, read));
        } else {
            self.payload.data.add_masked(piece, key, read, kept);
        }
        if self.is_skipped() || self.has_failed() {
            return;
        }
        let end = self.message.as_ref().map(|message| message.end.clone());
        self.feed(piece, now, kept);
        if let (true, Some(end)) = (self.has_failed(), end) {
            self.payload.bad_text = end.fault_in(&unmasked(piece, key, read), read);
        }
    }

    /// Where the frame under way begins.
    fn frame_offset(&self) -> u64 {
        self.offset - self.payload.read - self.header.bytes().len() as u64
    }

    /// Has the engine read bytes of one frame.
    fn feed(&mut self, bytes: &[u8], now: Duration, kept: usize) {
        let mut chunk = mem::take(&mut self.chunk);
        chunk.clear();
        chunk.extend_from_slice(bytes);
        let mut from = 0;
        // The answer to a Close is asked for with the frame: see [`crate::held`].
        while from < chunk.len() || self.engine.has_more() && !self.is_closing() {
            let received = self.engine.receive(&mut chunk[from..], now);
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
        self.chunk = chunk;
    }

    /// Whether the frame under way is a Close that is to be answered.
    pub(crate) fn is_closing(&self) -> bool {
        self.happened.iter().any(|happened| matches!(happened, Happened::Closing(..)))
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
    fn end_frame(&mut self, now: Duration, place: Place, log: &mut Log, sent: &mut Vec<(u64, Sent)>) {
        if self.doubt > 0 && self.is_no_frame(place, log) {
            return;
        }
        let skipped = if self.is_skipped() || self.gives_up(now) { self.skipped } else { None };
        let is_whole = self.header.is_complete() && self.payload.left == 0;
        let header = mem::take(&mut self.header);
        let payload = mem::take(&mut self.payload);
        let length = header.bytes().len() as u64 + payload.read;
        let offset = self.offset - length;
        let is_sound = is_whole && skipped.is_none() && self.happened.is_empty();
        if is_sound && !header.is_control() {
            log.known.add(place.from, &header);
            if log.is_quiet {
                self.count_frame(&payload);
                return self.skip_frame(offset, length, &header);
            }
        }
        self.tell_skipped(place, log);
        let mut frame = header.frame();
        let did = self.did(now);
        if header.is_control() {
            self.fill_control(&payload, &mut frame, log.shown());
        } else {
            self.count_frame(&payload);
            self.fill_data(&payload, &mut frame, log.shown());
        }
        frame.payload.wire = Some(hex(payload.wire.first(log.shown())));
        let id = log.add(place, Some((offset, length)), What::Frame(Box::new(frame)));
        let position = self.position(offset, &header, &payload);
        if let Some(text) = skipped {
            log.add(place, Some((offset, length)), What::Note { text: text.to_owned() });
            self.message = None;
            self.skipped = self.skipped.filter(|_| !header.fin());
        } else if is_whole {
            self.doubt = self.doubt.saturating_sub(1);
        }
        if !header.is_control() && is_whole && header.fin() && !self.has_failed() {
            self.end_message(offset + length, place, log);
        }
        self.tell(Some(id), position, place, log, sent);
        self.tell_course(id, did, now, log);
    }

    fn count_frame(&mut self, payload: &Payload) {
        if let Some(message) = &mut self.message {
            message.frames += 1;
            message.wire += payload.read;
        }
    }

    /// Whether what should be a frame is at fault where there may be no frames at all. Then nothing more is read.
    fn is_no_frame(&mut self, place: Place, log: &mut Log) -> bool {
        let Some(fault) = self.failure().filter(|fault| *fault != FaultKind::BadCompressedData) else { return false };
        let text = format!(
            "what begins here is no frame ({}): the capture begins inside one, or this is another protocol",
            fault.text()
        );
        log.add_from(place, self.frame_offset(), What::Note { text });
        (self.is_over, self.is_told) = (true, true);
        true
    }

    /// Whether a message cannot be inflated because the capture lacks what it refers to. Then a new engine takes over.
    fn gives_up(&mut self, now: Duration) -> bool {
        if !self.is_guessed || self.failure() != Some(FaultKind::BadCompressedData) {
            return false;
        }
        let Some(engine) = traced(&self.config, now) else { return false };
        self.engine = engine;
        self.is_bad_header = false;
        self.happened.clear();
        self.payload.data = Gathered::default();
        self.skipped =
            Some("it is compressed with what came before the capture, so it cannot be inflated (RFC 7692 §7.2.3.2)");
        true
    }
}

/// An engine that notes what it does.
fn traced(config: &Config, now: Duration) -> Option<Connection> {
    let mut engine = Connection::new(config, SEED, now).ok()?;
    engine.set_trace(true);
    Some(engine)
}
