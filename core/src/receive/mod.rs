//! Frames to messages (RFC 6455 §5.4 to §5.6): payloads are unmasked in place, fragments joined or delivered as parts, text
//! is validated as it arrives, and limits are enforced.
//!
//! [`FrameReader::read`] is the general path. It is complete: it reads every input to the same events as any other way. What
//! most connections receive most of the time, whole messages and runs of fragments, is first offered to the fast paths in
//! [`fast`]; each takes what it serves and leaves everything else, faults included, to the general path.

pub(crate) mod batch;
mod control;
mod fast;
mod joined;
mod message;
#[cfg(test)]
#[allow(dead_code, unreachable_patterns, reason = "code of the tests beside this crate")]
mod tests;
#[cfg(feature = "trace")]
mod trace;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::abi::{kind, region};
use crate::deflate::codec::{Inflater, Target};
use crate::error::{Breach, FaultKind};
use crate::frame::{self, Header, MAX_HEADER, Opcode, Rules, Step};
use crate::mask::{self, Key};
use crate::send::Sender;
use crate::settings::{Role, Settings};
use crate::states::closing::ConnectionState;
use crate::utf8;
use batch::{Batch, Place, Rest};
use message::{Delivery, End, Message, Source};

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Position {
    Header,
    /// The payload of a data frame: how much of it is missing, the masking key as it applies to the next byte, and whether
    /// the frame ends its message.
    Payload {
        left: u64,
        key: Key,
        last: bool,
    },
    /// The payload of a control frame.
    Control {
        opcode: Opcode,
        left: usize,
        key: Key,
    },
}

/// Reads frames. It owns what must outlive a read: at most the start of a header, the start of a control frame's payload,
/// and the state of a message.
pub(crate) struct FrameReader {
    position: Position,
    message: Option<Message>,
    header: [u8; MAX_HEADER],
    header_len: u8,
    /// How many bytes of frames were read by the calls before.
    received: u64,
    /// Where the last frame began of which a fault may tell, counted as they are.
    frame_start: u64,
    #[expect(clippy::box_collection, reason = "one word in each idle connection, not three")]
    control: Option<Box<Vec<u8>>>,
    inflater: Inflater,
}

/// What a reader works on besides itself.
pub(crate) struct Context<'a> {
    pub(crate) batch: &'a mut Batch,
    pub(crate) sender: &'a mut Sender,
    /// The index in the host's input of the first byte that is read; `None` if the bytes are not the host's input, and what
    /// is delivered of them must be copied.
    pub(crate) base: Option<usize>,
}

impl Context<'_> {
    /// Where a payload lies that is at this index of the bytes being read: it is copied if they are not the host's.
    #[inline]
    fn place(&mut self, at: usize, bytes: &[u8]) -> Result<Place, Breach> {
        match self.base {
            Some(base) => Ok(Place { region: region::INPUT, offset: base + at, len: bytes.len() }),
            None => self.batch.push_to_store(bytes, &self.sender.shared().buffers),
        }
    }

    /// Messages that arrive after our own Close are dropped unless the host wants them.
    fn delivers(&self) -> bool {
        self.sender.connection_state() == ConnectionState::Open || self.sender.settings().receive_while_closing
    }
}

/// What a read came to.
enum Progress {
    /// Continue at this index.
    At(usize),
    /// Return it.
    Done(usize),
}

impl FrameReader {
    pub(crate) fn new() -> Self {
        FrameReader {
            position: Position::Header,
            message: None,
            header: [0; MAX_HEADER],
            header_len: 0,
            received: 0,
            frame_start: 0,
            control: None,
            inflater: Inflater::default(),
        }
    }

    /// Reads frames until the bytes, or the room for events, are used up, or the peer's Close has arrived. Returns how many
    /// bytes it consumed. What was read before a fault is in the batch.
    pub(crate) fn read(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Breach> {
        let end = self.read_frames(bytes, context)?;
        self.count(end);
        Ok(end)
    }

    /// Nothing that arrives matters any more: gives back what the rest of a message needs.
    pub(crate) fn end(&mut self) {
        self.inflater = Inflater::default();
    }

    /// This many bytes have been read.
    #[inline]
    pub(crate) fn count(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    /// Where the frame began that was read last, if it is at fault.
    pub(crate) fn frame_start(&self) -> u64 {
        self.frame_start
    }

    fn read_frames(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Breach> {
        let mut at = 0;
        loop {
            let progress = match self.position {
                Position::Header => {
                    at = self.read_fast(at, bytes, context)?;
                    self.read_frame_header(at, bytes, context)?
                }
                Position::Payload { left, key, last } => self.read_payload(at, bytes, left, key, last, context)?,
                Position::Control { opcode, left, key } => self.read_control(at, bytes, opcode, left, key, context)?,
            };
            match progress {
                Progress::At(next) => at = next,
                Progress::Done(end) => return Ok(end),
            }
        }
    }

    /// Reads a header, and the payload behind it if that is a whole message.
    #[inline]
    fn read_frame_header(
        &mut self,
        at: usize,
        bytes: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<Progress, Breach> {
        if context.batch.is_full() {
            return Ok(Progress::Done(at));
        }
        if self.header_len == 0 {
            self.frame_start = self.received + at as u64;
        }
        #[cfg(feature = "trace")]
        let first = self.first_byte(&bytes[at..]);
        let read = self.read_header(&bytes[at..], context.sender);
        #[cfg(feature = "trace")]
        self.note_header(first, &read, context.sender);
        let Some((header, size)) = read? else {
            return Ok(Progress::Done(bytes.len()));
        };
        let at = at + size;
        if !self.begin_frame(&header, bytes.len() - at, context.sender.settings())? {
            return Ok(Progress::At(at));
        }
        let end = at + header.len as usize;
        self.read_whole(&header, at, &mut bytes[at..end], context)?;
        Ok(Progress::At(end))
    }

    /// Reads a piece of a data frame's payload.
    #[inline]
    fn read_payload(
        &mut self,
        at: usize,
        bytes: &mut [u8],
        left: u64,
        key: Key,
        last: bool,
        context: &mut Context<'_>,
    ) -> Result<Progress, Breach> {
        let Some(message) = &self.message else { return Ok(Progress::Done(at)) };
        let delivery = message.delivery(context.sender.settings());
        let read = bytes.len() - at;
        let take = available(read, left).min(delivery.max_piece());
        let left = left - take as u64;
        let ends = left == 0 && last;
        // Behind the request's backlog there may be more to read in this batch.
        let continues = context.base.is_some() && left > (read - take) as u64;
        let piece = &mut bytes[at..at + take];
        let key = match delivery {
            Delivery::Join => self.join(piece, key, left, Rest { read, continues }, context)?,
            Delivery::Inflate => {
                let next = mask::apply(key, piece);
                self.inflate(piece, End { frame: left == 0, message: ends }, context)?;
                next
            }
            Delivery::Parts => {
                let next = mask::apply(key, piece);
                if let Some(message) = &mut self.message {
                    message.deliver_part(Source::Bytes(at), piece, End { frame: left == 0, message: ends }, context)?;
                }
                next
            }
        };
        if ends {
            self.finish_message(context)?;
        }
        let at = at + take;
        self.position = if left > 0 { Position::Payload { left, key, last } } else { Position::Header };
        let stops = left > 0 && (at == bytes.len() || context.batch.is_full());
        Ok(if stops { Progress::Done(at) } else { Progress::At(at) })
    }

    /// The next header: from the bytes, or from the start of one that an earlier read left and the bytes.
    #[inline]
    fn read_header(&mut self, bytes: &[u8], sender: &Sender) -> Result<Option<(Header, usize)>, Breach> {
        let rules = self.rules(sender);
        if self.header_len == 0 {
            let decoded = frame::decode(bytes, rules)?;
            if decoded.is_none() {
                self.header[..bytes.len()].copy_from_slice(bytes);
                self.header_len = bytes.len() as u8;
            }
            return Ok(decoded);
        }
        for (read, byte) in bytes.iter().enumerate() {
            self.header[usize::from(self.header_len)] = *byte;
            self.header_len += 1;
            if let Some((header, _)) = frame::decode(&self.header[..usize::from(self.header_len)], rules)? {
                self.header_len = 0;
                return Ok(Some((header, read + 1)));
            }
        }
        Ok(None)
    }

    /// Checks a frame against the limits and enters it. `true` if it is a whole message that is not compressed and its
    /// payload is among the `here` bytes that follow: [`read_whole`](Self::read_whole) then reads that.
    #[inline]
    fn begin_frame(&mut self, header: &Header, here: usize, settings: &Settings) -> Result<bool, Breach> {
        if header.step == Step::Control {
            self.position = Position::Control { opcode: header.opcode, left: header.len as usize, key: header.key };
            return Ok(false);
        }
        let (before, compressed) = match &self.message {
            Some(message) => (message.size, message.compressed),
            None => (0, header.compressed),
        };
        check_size(header.len, before, compressed, settings)?;
        let message = match &mut self.message {
            None if header.step == Step::Whole && !compressed && header.len <= here as u64 && !settings.frames => {
                return Ok(true);
            }
            None => self.message.insert(Message::new(header)),
            Some(message) => message,
        };
        message.add_frame(header.len, settings)?;
        self.position = Position::Payload { left: header.len, key: header.key, last: header.step.is_last() };
        Ok(false)
    }

    /// Reads a message in one frame, all of which has arrived.
    fn read_whole(
        &mut self,
        header: &Header,
        at: usize,
        payload: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        mask::apply(header.key, payload);
        let kind = match header.opcode {
            Opcode::Text if !utf8::is_valid(payload) => return Err(FaultKind::BadText.into()),
            Opcode::Text => kind::TEXT,
            _ => kind::BINARY,
        };
        if context.delivers() {
            let place = context.place(at, payload)?;
            context.batch.push(place.whole(kind));
        }
        Ok(())
    }

    /// Joins a piece to its message in the store. `left` bytes are missing in its frame. Returns the key as it applies to them.
    fn join(
        &mut self,
        piece: &[u8],
        key: Key,
        left: u64,
        rest: Rest,
        context: &mut Context<'_>,
    ) -> Result<Key, Breach> {
        let Some(message) = &mut self.message else { return Ok(key) };
        let delivers = context.delivers();
        let (limit, buffers) = (context.sender.settings().max_message_size, &context.sender.shared().buffers);
        if left > 0 && delivers {
            let announced = left + piece.len() as u64;
            context.batch.announce(piece.len(), announced, rest, limit, buffers)?;
        }
        let appended = context.batch.append(key, piece, limit, buffers)?;
        let key = appended.key;
        message.check_text(&appended)?;
        if !delivers {
            context.batch.discard_message();
        }
        Ok(key)
    }

    /// Inflates a piece of a compressed message, which is unmasked, into the store.
    fn inflate(&mut self, piece: &[u8], end: End, context: &mut Context<'_>) -> Result<(), Breach> {
        let last = end.message;
        let (Some(message), Some(deflate)) = (&mut self.message, context.sender.deflate()) else { return Ok(()) };
        let delivers = context.delivers();
        let (settings, shared) = (context.sender.settings(), context.sender.shared());
        let before = context.batch.store.len();
        let utf8_before = message.utf8;
        let mut target = Target {
            start: context.batch.message_start(),
            leaves: last || settings.parts || !delivers,
            store: &mut context.batch.store,
            buffers: &shared.buffers,
            left: settings.max_message_size - message.inflated,
            limit: settings.max_message_size,
            utf8: (message.kind == kind::TEXT).then_some(&mut message.utf8),
        };
        self.inflater.inflate(piece, last, &mut target, deflate.receive, &shared.pool)?;
        let inflated = context.batch.store.len() - before;
        message.inflated += inflated as u64;
        context.batch.count_inflated(inflated, settings.max_message_size);
        if context.sender.settings().parts {
            if last {
                message.check_complete()?;
            }
            // The text is known to be valid; a second pass finds the code points that the pieces cut.
            if !context.sender.settings().frames {
                message.utf8 = utf8_before;
            }
            let store = core::mem::take(&mut context.batch.store);
            message.deliver_part(Source::Store(before), &store[before..], end, context)?;
            context.batch.store = store;
            context.batch.finish_message();
        } else if !delivers {
            context.batch.discard_message();
        }
        Ok(())
    }

    /// The message is complete. Whole messages are delivered here; parts have been already.
    fn finish_message(&mut self, context: &mut Context<'_>) -> Result<(), Breach> {
        let Some(message) = self.message.take() else { return Ok(()) };
        message.check_complete()?;
        if !context.sender.settings().parts && context.delivers() {
            let record = context.batch.finish_message().whole(message.kind);
            context.batch.push(record);
        }
        Ok(())
    }

    /// How many bytes of payload are missing before they can produce an event, output or a fault. 0 if each byte matters:
    /// text that is not UTF-8, and data that cannot be inflated or grows too large, is a fault at once.
    pub(crate) fn payload_remaining(&self, settings: &Settings) -> u64 {
        let is_binary = self.message.is_some_and(|message| message.kind == kind::BINARY);
        if is_binary { self.joined_remaining(settings).unwrap_or(0) } else { 0 }
    }

    /// The lengths of the header and of the payload, if a whole message begins with these bytes whose payload is delivered
    /// as it is: binary, not masked, not compressed.
    pub(crate) fn peek_unprocessed(&self, bytes: &[u8], sender: &Sender) -> Option<(usize, u64)> {
        let settings = sender.settings();
        if !self.is_between_messages() || sender.role() == Role::Server || settings.parts {
            return None;
        }
        let (header, size) = frame::decode(bytes, self.rules(sender)).ok()??;
        let whole = header.step == Step::Whole && header.opcode == Opcode::Binary && !header.compressed;
        (whole && header.len <= settings.max_frame_size).then_some((size, header.len))
    }

    /// Whether the next byte begins a header, and no message is under way.
    fn is_between_messages(&self) -> bool {
        matches!(self.position, Position::Header) && self.message.is_none() && self.header_len == 0
    }

    fn rules(&self, sender: &Sender) -> Rules {
        Rules {
            masked: sender.role() == Role::Server,
            in_message: self.message.is_some(),
            deflate: sender.deflate().is_some(),
            non_minimal: sender.settings().allow_non_minimal_length,
        }
    }

    pub(crate) fn heap(&self) -> usize {
        let control = self.control.as_ref().map_or(0, |start| size_of::<Vec<u8>>() + start.capacity());
        control + self.inflater.heap()
    }
}

/// Checks the announced length of a frame whose message has `before` bytes of payload already.
#[inline]
fn check_size(len: u64, before: u64, compressed: bool, settings: &Settings) -> Result<(), Breach> {
    // The limits count what a message is inflated to. Data that does not shrink grows: by five bytes for each stored block, and
    // encoders with little memory write blocks of a hundred bytes.
    let on_wire = |limit: u64| if compressed { limit.saturating_add(limit / 16 + 1024) } else { limit };
    let (max_frame, max_message) = (settings.max_frame_size, settings.max_message_size);
    if len > on_wire(max_frame) && len <= on_wire(max_message) {
        return Err(Breach::with(FaultKind::FrameTooBig, len));
    }
    // Compared, never added: the length is the peer's.
    if len > on_wire(max_message) - before {
        return Err(Breach::with(FaultKind::MessageTooBig, len.saturating_add(before)));
    }
    Ok(())
}

/// How many of the bytes belong to a payload of which `left` are missing.
#[inline]
fn available(bytes: usize, left: u64) -> usize {
    usize::try_from(left).map_or(bytes, |left| bytes.min(left))
}
