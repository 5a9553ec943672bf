//! What is passed over: whole messages that nobody wants to see, so that one can begin to look at any later time.

use crate::entry::{Side, What};
use crate::frames::Frames;
use crate::header::Header;
use crate::log::{Log, Place};

/// How frames begin that the engine has taken as whole messages without compression, by their sender: the first byte, and whether they
/// are masked. It takes others that begin so, wherever it takes a message.
#[derive(Debug, Default)]
pub(crate) struct Known([Vec<(u8, bool)>; 2]);

impl Known {
    fn of(&self, from: Side) -> &[(u8, bool)] {
        &self.0[usize::from(from == Side::Server)]
    }

    /// Remembers a frame that the engine has taken.
    pub(crate) fn add(&mut self, from: Side, header: &Header) {
        let known = (header.first(), header.is_masked());
        let is_plain = header.opcode() != 0 && header.fin() && !header.rsv1();
        if is_plain && !self.of(from).contains(&known) {
            self.0[usize::from(from == Side::Server)].push(known);
        }
    }
}

/// What has been passed over and not been told.
#[derive(Default)]
pub(crate) struct Skipped {
    /// How much of the payload under way is still to come.
    left: u64,
    /// Where it begins, in what its sender sent.
    from: u64,
    bytes: u64,
    frames: u64,
    messages: u64,
}

impl Skipped {
    /// Whether a frame is under way.
    pub(crate) fn is_inside(&self) -> bool {
        self.left > 0
    }

    /// Adds a frame that begins here, and has so many bytes.
    pub(crate) fn add(&mut self, offset: u64, length: u64, is_last: bool) {
        if self.frames == 0 {
            self.from = offset;
        }
        self.frames += 1;
        self.messages += u64::from(is_last);
        self.bytes += length;
    }
}

impl Frames {
    /// Passes over the rest of a payload, and if nobody looks over whole messages behind that: of those only headers are read.
    /// Returns how much that is. The first frame that is anything else is for the engine.
    pub(crate) fn skip(&mut self, bytes: &[u8], from: Side, log: &Log) -> usize {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let taken = usize::try_from(self.skipped_over.left).map_or(rest.len(), |left| left.min(rest.len()));
            self.skipped_over.left -= taken as u64;
            at += taken;
            let may_begin = log.is_quiet && self.header.bytes().is_empty() && self.is_between_messages();
            if self.skipped_over.is_inside() || !may_begin {
                return self.advance(at);
            }
            let Some((header, payload)) = Header::of_message(&bytes[at..], log.known.of(from)) else {
                return self.advance(at);
            };
            self.skipped_over.add(self.offset + at as u64, header as u64 + payload, true);
            self.skipped_over.left = payload;
            at += header;
        }
    }

    /// Passes over a message whose header has come in pieces. Returns whether it does.
    pub(crate) fn skip_header(&mut self, from: Side, log: &Log) -> bool {
        let known = log.known.of(from);
        let header = Header::of_message(self.header.bytes(), known).filter(|_| self.is_between_messages());
        let Some((header, payload)) = header else { return false };
        self.skipped_over.add(self.offset - header as u64, header as u64 + payload, true);
        self.skipped_over.left = payload;
        self.header = Header::default();
        true
    }

    fn advance(&mut self, taken: usize) -> usize {
        self.offset += taken as u64;
        taken
    }

    /// Passes over a frame that the engine has read.
    pub(crate) fn skip_frame(&mut self, offset: u64, length: u64, header: &Header) {
        self.skipped_over.add(offset, length, header.fin());
        self.message = self.message.take().filter(|_| !header.fin());
        self.doubt = self.doubt.saturating_sub(1);
    }

    /// The stream is over: says what has been passed over, and whether that ends inside a frame.
    pub(crate) fn end_skipped(&mut self, place: Place, log: &mut Log) -> bool {
        let left = core::mem::take(&mut self.skipped_over.left);
        self.skipped_over.bytes = self.skipped_over.bytes.saturating_sub(left);
        self.tell_skipped(place, log);
        left > 0
    }

    /// Says what has been passed over.
    pub(crate) fn tell_skipped(&mut self, place: Place, log: &mut Log) {
        let Skipped { from, bytes, frames, messages, .. } = self.skipped_over;
        if frames == 0 {
            return;
        }
        let (frames, messages) = (plural(frames, "frame"), plural(messages, "message"));
        let text = format!("passed over without a look: {messages} in {frames}");
        log.add(place, Some((from, bytes)), What::Note { text });
        let skipped = &mut self.skipped_over;
        (skipped.bytes, skipped.frames, skipped.messages) = (0, 0, 0);
    }
}

fn plural(count: u64, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}
