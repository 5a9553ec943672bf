//! Frames to messages (RFC 6455 §5.4 to §5.6): payloads unmasked in place, fragments joined or delivered as parts,
//! text validated as it arrives, limits held.

use alloc::vec::Vec;

use crate::batch::{Record, flag, kind, region};
use crate::close;
use crate::config::{Role, Settings};
use crate::deflate::COMPRESSED_PIECE;
use crate::deflate::codec::{Inflater, Target};
use crate::error::{Fault, FaultKind};
use crate::frame::{self, Header, MAX_CONTROL, MAX_HEADER, Opcode, Rules, Step};
use crate::inbox::{Grown, Inbox, Place};
use crate::mask::{self, Key};
use crate::sender::Sender;
use crate::states::closing::Life;
use crate::utf8::{self, Utf8};

/// Fragments that a message may have however short it is, and the bytes that earn it one more.
const FREE_FRAGMENTS: u64 = 1024;
const BYTES_PER_FRAGMENT: u64 = 64;
/// What is gathered is read in pieces that stay in the nearest cache until they are validated.
const CACHED_PIECE: usize = 16 * 1024;

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug)]
enum Expect {
    Header,
    Data { left: u64, key: Key, last: bool },
    Control { opcode: Opcode, left: usize, key: Key },
}

/// A data message under way.
#[derive(Clone, Copy, Debug)]
struct Message {
    kind: u8,
    compressed: bool,
    /// Bytes of payload on the wire.
    size: u64,
    /// Bytes that they were inflated to.
    inflated: u64,
    fragments: u64,
    utf8: Utf8,
    /// In parts mode: a part has been delivered.
    begun: bool,
}

/// The reader of frames. It owns what must outlive a read: at most the start of a header, the start of a control
/// frame's payload, and the state of a message.
pub(crate) struct Reader {
    expect: Expect,
    message: Option<Message>,
    header: [u8; MAX_HEADER],
    header_len: u8,
    control: Vec<u8>,
    inflater: Inflater,
}

/// A piece of a message's payload: where it lies.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// At this index of the bytes being read.
    Bytes(usize),
    /// At this offset of the store.
    Store(usize),
}

/// What becomes of a piece of a message's payload.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// It is gathered in the store.
    Gather,
    /// It is inflated into the store.
    Inflate,
    /// It is delivered as it came.
    Deliver,
}

impl Way {
    fn of(message: &Message, context: &Context<'_>) -> Self {
        match context.sender.settings().parts {
            _ if message.compressed => Way::Inflate,
            1 => Way::Deliver,
            _ => Way::Gather,
        }
    }

    fn largest_piece(self) -> usize {
        match self {
            Way::Gather => CACHED_PIECE,
            Way::Inflate => COMPRESSED_PIECE,
            Way::Deliver => usize::MAX,
        }
    }
}

/// What one call of the reader works on besides the reader itself.
pub(crate) struct Context<'a> {
    pub(crate) inbox: &'a mut Inbox,
    pub(crate) sender: &'a mut Sender,
    /// The index in the host's input of the first byte; `None` if the bytes are not the host's input, and what is
    /// delivered of them must be copied.
    pub(crate) base: Option<usize>,
}

impl Context<'_> {
    /// A payload at `at` in the bytes being read: where it lies, copied if they are not the host's.
    #[inline]
    fn place(&mut self, at: usize, bytes: &[u8]) -> Result<Place, Fault> {
        match self.base {
            Some(base) => Ok(Place { region: region::INPUT, offset: base + at, len: bytes.len() }),
            None => self.inbox.keep(bytes),
        }
    }

    /// Messages that arrive after our own Close are dropped unless the host wants them.
    fn delivers(&self) -> bool {
        self.sender.life() == Life::Open || self.sender.settings().receive_while_closing == 1
    }
}

impl Reader {
    pub(crate) fn new() -> Self {
        Reader {
            expect: Expect::Header,
            message: None,
            header: [0; MAX_HEADER],
            header_len: 0,
            control: Vec::new(),
            inflater: Inflater::default(),
        }
    }

    /// Reads frames until the bytes, or the room for events, are used up, or the peer's Close has arrived. Returns how many
    /// bytes it took. What was read before a fault is in the inbox.
    pub(crate) fn read(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        let mut at = 0;
        loop {
            match self.expect {
                Expect::Header => {
                    if self.is_between_messages() {
                        at = self.read_whole_messages(at, bytes, context)?;
                    } else if self.header_len == 0 && !context.inbox.is_full() {
                        at = self.read_fragments(at, bytes, context)?;
                    }
                    if context.inbox.is_full() {
                        return Ok(at);
                    }
                    let Some((header, size)) = self.read_header(&bytes[at..], context.sender)? else {
                        return Ok(bytes.len());
                    };
                    at += size;
                    if self.begin_frame(&header, &bytes[at..], context.sender.settings())? {
                        let end = at + header.len as usize;
                        self.read_whole(&header, at, &mut bytes[at..end], context)?;
                        at = end;
                        continue;
                    }
                }
                Expect::Data { left, key, last } => {
                    let Some(message) = &self.message else { return Ok(at) };
                    let way = Way::of(message, context);
                    let take = available(bytes.len() - at, left).min(way.largest_piece());
                    let left = left - take as u64;
                    let ends = left == 0 && last;
                    // Behind the request's backlog there may be more to read in this batch.
                    let waits = context.base.is_some() && left > (bytes.len() - at - take) as u64;
                    let piece = &mut bytes[at..at + take];
                    let key = match way {
                        Way::Gather => self.gather(piece, key, left, waits, ends, context)?,
                        Way::Inflate => {
                            let next = mask::apply(key, piece);
                            self.inflate(piece, ends, context)?;
                            next
                        }
                        Way::Deliver => {
                            let next = mask::apply(key, piece);
                            self.deliver(at, piece, ends, context)?;
                            next
                        }
                    };
                    at += take;
                    self.expect = if left > 0 { Expect::Data { left, key, last } } else { Expect::Header };
                    if left > 0 && (at == bytes.len() || context.inbox.is_full()) {
                        return Ok(at);
                    }
                }
                Expect::Control { opcode, left, key } => {
                    let take = available(bytes.len() - at, left as u64);
                    let key = mask::apply(key, &mut bytes[at..at + take]);
                    let left = left - take;
                    let start = at;
                    at += take;
                    if left > 0 {
                        self.control.extend_from_slice(&bytes[start..at]);
                        self.expect = Expect::Control { opcode, left, key };
                        return Ok(at);
                    }
                    self.expect = Expect::Header;
                    let whole = self.control.is_empty() && context.base.is_some();
                    let place = if whole {
                        context.place(start, &bytes[start..at])?
                    } else {
                        self.control.extend_from_slice(&bytes[start..at]);
                        context.inbox.put_aside(&core::mem::take(&mut self.control))
                    };
                    self.deliver_control(opcode, place, &bytes[start..at], context)?;
                    if opcode == Opcode::Close {
                        return Ok(at);
                    }
                }
            }
        }
    }

    /// The common cases of [`read`](Self::read), first: messages that lie in the input whole, and input that lies in the
    /// middle of one. Stops where anything else begins. A host of WebAssembly gathers what
    /// [`payload_remaining`](crate::Connection::payload_remaining) says, and needs no such case for the middle.
    #[inline]
    pub(crate) fn read_messages(&mut self, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        match self.expect {
            Expect::Header if self.is_between_messages() => self.read_whole_messages(0, bytes, context),
            Expect::Data { left, key, last } if !cfg!(target_family = "wasm") && (bytes.len() as u64) < left => {
                let Some(message) = &mut self.message else { return Ok(0) };
                if message.compressed || context.sender.settings().parts == 1 {
                    return Ok(0);
                }
                let grown = context.inbox.grow(key, bytes, context.sender.settings().max_message_size)?;
                message.check_text(&grown)?;
                self.expect = Expect::Data { left: left - bytes.len() as u64, key: grown.key, last };
                Ok(bytes.len())
            }
            _ => Ok(0),
        }
    }

    fn is_between_messages(&self) -> bool {
        self.message.is_none() && self.header_len == 0
    }

    /// How many bytes of payload are to come before anything can come of them: text that is not UTF-8, and what cannot be
    /// inflated or grows too large, is a fault at once.
    pub(crate) fn payload_remaining(&self, settings: &Settings) -> u64 {
        match (self.expect, self.message) {
            (Expect::Data { left, .. }, Some(message))
                if settings.parts == 0 && message.kind == kind::BINARY && !message.compressed =>
            {
                left
            }
            _ => 0,
        }
    }

    /// The lengths of the header and of the payload, if a whole message begins with these bytes that needs nothing done to
    /// its payload: binary, not masked, not compressed.
    pub(crate) fn peek_untouched(&self, bytes: &[u8], sender: &Sender) -> Option<(usize, u64)> {
        let settings = sender.settings();
        let begins = matches!(self.expect, Expect::Header) && self.is_between_messages();
        if !begins || sender.role() == Role::Server || settings.parts == 1 {
            return None;
        }
        let (header, size) = frame::decode(bytes, self.rules(sender)).ok()??;
        let whole = header.step == Step::Whole && header.opcode == Opcode::Binary && !header.compressed;
        (whole && header.len <= settings.max_frame()).then_some((size, header.len))
    }

    fn rules(&self, sender: &Sender) -> Rules {
        Rules {
            masked: sender.role() == Role::Server,
            in_message: self.message.is_some(),
            deflate: sender.deflate().is_some(),
            non_minimal: sender.settings().allow_non_minimal_length == 1,
        }
    }

    pub(crate) fn heap(&self) -> usize {
        self.control.capacity() + self.inflater.heap()
    }

    /// The next header: from the bytes, or from what an earlier read left of it and the bytes.
    #[inline]
    fn read_header(&mut self, bytes: &[u8], sender: &Sender) -> Result<Option<(Header, usize)>, Fault> {
        let rules = self.rules(sender);
        if self.header_len == 0 {
            let decoded = frame::decode(bytes, rules)?;
            if decoded.is_none() {
                self.header[..bytes.len()].copy_from_slice(bytes);
                self.header_len = bytes.len() as u8;
            }
            return Ok(decoded);
        }
        for (taken, byte) in bytes.iter().enumerate() {
            self.header[usize::from(self.header_len)] = *byte;
            self.header_len += 1;
            if let Some((header, _)) = frame::decode(&self.header[..usize::from(self.header_len)], rules)? {
                self.header_len = 0;
                return Ok(Some((header, taken + 1)));
            }
        }
        Ok(None)
    }

    /// Holds a frame against the limits and enters it. `true` if it is a whole message and its payload is all there: it
    /// is then left to [`read_whole`](Self::read_whole).
    #[inline]
    fn begin_frame(&mut self, header: &Header, rest: &[u8], settings: &Settings) -> Result<bool, Fault> {
        if header.step == Step::Control {
            self.expect = Expect::Control { opcode: header.opcode, left: header.len as usize, key: header.key };
            return Ok(false);
        }
        let compressed = self.message.map_or(header.compressed, |message| message.compressed);
        // The limits count what a message is inflated to. What does not shrink grows: by five bytes for each stored block, and
        // encoders with little memory make those of a hundred bytes.
        let wire = |limit: u64| if compressed { limit.saturating_add(limit / 16 + 1024) } else { limit };
        if header.len > wire(settings.max_frame()) && header.len <= wire(settings.max_message_size) {
            return Err(Fault::with(FaultKind::FrameTooBig, header.len, settings.max_frame()));
        }
        let before = self.message.map_or(0, |message| message.size);
        // Compared, never summed: the length is the peer's.
        if header.len > wire(settings.max_message_size) - before {
            return Err(Fault::with(
                FaultKind::MessageTooBig,
                header.len.saturating_add(before),
                settings.max_message_size,
            ));
        }
        let message = match &mut self.message {
            None if header.step == Step::Whole && !compressed && header.len <= rest.len() as u64 => return Ok(true),
            None => {
                let kind = if header.opcode == Opcode::Text { kind::TEXT } else { kind::BINARY };
                let utf8 = Utf8::default();
                let message = Message { kind, compressed, size: 0, inflated: 0, fragments: 0, utf8, begun: false };
                self.message.insert(message)
            }
            Some(message) => message,
        };
        message.fragments += 1;
        message.size += header.len;
        let allowed = allowed_fragments(message.size);
        if message.fragments > allowed {
            return Err(Fault::with(FaultKind::TooManyFragments, message.fragments, allowed));
        }
        self.expect = Expect::Data { left: header.len, key: header.key, last: header.step.is_last() };
        Ok(false)
    }

    /// Messages in one frame each, all of it in the host's input, one after the other: nothing is copied. Returns where the
    /// first frame begins that is anything else.
    #[inline]
    fn read_whole_messages(
        &mut self,
        from: usize,
        bytes: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<usize, Fault> {
        let Some(base) = context.base.filter(|_| context.sender.life() == Life::Open) else { return Ok(from) };
        let settings = context.sender.settings();
        let most = usize::try_from(settings.max_frame().min(settings.max_message_size)).unwrap_or(usize::MAX);
        let masked = context.sender.role() == Role::Server;
        let mut at = from;
        for _ in 0..context.inbox.room() {
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
            context.inbox.push(Place { region: region::INPUT, offset: base + at, len: frame.len }.whole(kind));
            at += frame.len;
        }
        Ok(at)
    }

    /// Fragments of a message that has begun, each of them all there, one after the other. Returns where the first frame
    /// begins that is anything else; after the last fragment that is where the next message begins.
    fn read_fragments(&mut self, from: usize, bytes: &mut [u8], context: &mut Context<'_>) -> Result<usize, Fault> {
        let settings = context.sender.settings();
        let limit = settings.max_message_size;
        let most = usize::try_from(settings.max_frame()).unwrap_or(usize::MAX);
        let masked = context.sender.role() == Role::Server;
        let Some(message) = &mut self.message else { return Ok(from) };
        if message.compressed || settings.parts == 1 || !context.delivers() {
            return Ok(from);
        }
        let mut at = from;
        while let Some(frame) = frame::decode_short(&bytes[at..], masked, most) {
            let (fragments, size) = (message.fragments + 1, message.size + frame.len as u64);
            let is_fragment = matches!(frame.first, frame::CONTINUATION | frame::FIN_CONTINUATION);
            if !is_fragment || size > limit || fragments > allowed_fragments(size) {
                break;
            }
            at += frame.size;
            let payload = &bytes[at..at + frame.len];
            at += frame.len;
            (message.fragments, message.size) = (fragments, size);
            message.check_text(&context.inbox.grow(frame.key, payload, limit)?)?;
            if frame.first == frame::FIN_CONTINUATION {
                if !message.utf8.is_complete() {
                    return Err(FaultKind::BadText.into());
                }
                let record = context.inbox.finish().whole(message.kind);
                context.inbox.push(record);
                self.message = None;
                break;
            }
        }
        Ok(at)
    }

    /// A message in one frame, all of it there.
    fn read_whole(
        &mut self,
        header: &Header,
        at: usize,
        payload: &mut [u8],
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        mask::apply(header.key, payload);
        let kind = match header.opcode {
            Opcode::Text if !utf8::is_valid(payload) => return Err(FaultKind::BadText.into()),
            Opcode::Text => kind::TEXT,
            _ => kind::BINARY,
        };
        if context.delivers() {
            let place = context.place(at, payload)?;
            context.inbox.push(place.whole(kind));
        }
        Ok(())
    }

    /// A piece of a message's payload, which is gathered in the store; `left` bytes are to come in its frame, and it `waits` if
    /// they are not all in this batch. Returns the key for them.
    fn gather(
        &mut self,
        piece: &[u8],
        key: Key,
        left: u64,
        waits: bool,
        ends: bool,
        context: &mut Context<'_>,
    ) -> Result<Key, Fault> {
        let Some(message) = &mut self.message else { return Ok(key) };
        let delivers = context.delivers();
        let settings = context.sender.settings();
        if left > 0 && delivers {
            let announced = left + piece.len() as u64;
            context.inbox.expect(piece.len(), announced, waits, settings.max_message_size, &settings.buffers)?;
        }
        let grown = context.inbox.grow(key, piece, settings.max_message_size)?;
        let key = grown.key;
        message.check_text(&grown)?;
        if ends && !message.utf8.is_complete() {
            return Err(FaultKind::BadText.into());
        }
        if !delivers {
            context.inbox.abandon();
        }
        if ends {
            if delivers {
                let record = context.inbox.finish().whole(message.kind);
                context.inbox.push(record);
            }
            self.message = None;
        }
        Ok(key)
    }

    /// A piece of a message's payload, unmasked, which is delivered as a part.
    fn deliver(&mut self, at: usize, piece: &[u8], ends: bool, context: &mut Context<'_>) -> Result<(), Fault> {
        let Some(message) = &mut self.message else { return Ok(()) };
        message.deliver_part(Source::Bytes(at), piece, ends, context.delivers(), context)?;
        if ends {
            self.message = None;
        }
        Ok(())
    }

    /// A piece of a compressed message's payload, unmasked, which is inflated into the store.
    fn inflate(&mut self, piece: &[u8], last: bool, context: &mut Context<'_>) -> Result<(), Fault> {
        let (Some(message), Some(deflate)) = (&mut self.message, context.sender.deflate()) else { return Ok(()) };
        let delivers = context.delivers();
        let settings = context.sender.settings();
        let parts = settings.parts == 1;
        let before = context.inbox.store.len();
        let utf8_before = message.utf8;
        let mut target = Target {
            start: context.inbox.growing(),
            leaves: last || parts || !delivers,
            store: &mut context.inbox.store,
            left: settings.max_message_size - message.inflated,
            limit: settings.max_message_size,
            utf8: (message.kind == kind::TEXT).then_some(&mut message.utf8),
        };
        self.inflater.inflate(piece, last, &mut target, deflate.receive, settings)?;
        let made = context.inbox.store.len() - before;
        message.inflated += made as u64;
        context.inbox.count_inflated(made);
        if last && !message.utf8.is_complete() {
            return Err(FaultKind::BadText.into());
        }
        if parts {
            // The text is known to be good; this pass finds the code points that the pieces cut.
            message.utf8 = utf8_before;
            let store = core::mem::take(&mut context.inbox.store);
            message.deliver_part(Source::Store(before), &store[before..], last, delivers, context)?;
            context.inbox.store = store;
            context.inbox.finish();
        } else if !delivers {
            context.inbox.abandon();
        } else if last {
            let record = context.inbox.finish().whole(message.kind);
            context.inbox.push(record);
        }
        if last {
            self.message = None;
        }
        Ok(())
    }

    /// A complete control frame; `rest` is the piece of its payload that this read had.
    fn deliver_control(
        &mut self,
        opcode: Opcode,
        place: Place,
        rest: &[u8],
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let mut copy = [0; MAX_CONTROL];
        let payload = if place.region == region::INPUT {
            rest
        } else {
            copy[..place.len].copy_from_slice(&context.inbox.side[place.offset..place.offset + place.len]);
            &copy[..place.len]
        };
        match opcode {
            Opcode::Ping => {
                context.sender.received_ping(payload);
                context.inbox.push(place.whole(kind::PING));
            }
            Opcode::Pong => {
                let extra = context.sender.received_pong(payload).unwrap_or(u64::MAX);
                context.inbox.push(Record { extra, ..place.whole(kind::PONG) });
            }
            _ => {
                let (code, reason) = close::parse(payload)?;
                let reason_place =
                    Place { offset: place.offset + place.len - reason.len(), len: reason.len(), ..place };
                context.inbox.push(Record { code, ..reason_place.whole(kind::CLOSING) });
                context.sender.received_close(code, reason);
            }
        }
        Ok(())
    }
}

/// How many fragments a message of this size may have.
#[inline]
fn allowed_fragments(size: u64) -> u64 {
    FREE_FRAGMENTS + size / BYTES_PER_FRAGMENT
}

/// How many of the bytes belong to a payload of which `left` are to come.
#[inline]
fn available(bytes: usize, left: u64) -> usize {
    usize::try_from(left).map_or(bytes, |left| bytes.min(left))
}

impl Message {
    /// Validates the next piece, if it is text and not known to be good: ASCII behind a whole code point.
    #[inline]
    fn check_text(&mut self, grown: &Grown<'_>) -> Result<(), Fault> {
        if self.kind == kind::TEXT && !(grown.is_ascii && self.utf8.is_complete()) {
            self.utf8.push(grown.piece).map_err(|_| FaultKind::BadText)?;
        }
        Ok(())
    }

    /// Delivers a piece as it came, but for code points that it cuts: those are joined in a part of their own.
    fn deliver_part(
        &mut self,
        source: Source,
        piece: &[u8],
        last: bool,
        delivers: bool,
        context: &mut Context<'_>,
    ) -> Result<(), Fault> {
        let mut joined = None;
        let (start, end) = if self.kind == kind::TEXT {
            let (code_point, start) = self.utf8.join(piece).map_err(|_| FaultKind::BadText)?;
            joined = code_point;
            (start, start + self.utf8.bulk(&piece[start..]).map_err(|_| FaultKind::BadText)?)
        } else {
            (0, piece.len())
        };
        if last && !self.utf8.is_complete() {
            return Err(FaultKind::BadText.into());
        }
        if !delivers {
            return Ok(());
        }
        let rest_is_empty = start == end;
        if let Some(joined) = joined {
            let place = context.inbox.put_aside(joined.as_bytes());
            self.push_part(place, last && rest_is_empty, context);
            if rest_is_empty {
                return Ok(());
            }
        }
        if last || !rest_is_empty {
            let place = match source {
                Source::Bytes(at) => context.place(at + start, &piece[start..end])?,
                Source::Store(offset) => Place { region: region::STORE, offset: offset + start, len: end - start },
            };
            self.push_part(place, last, context);
        }
        Ok(())
    }

    fn push_part(&mut self, place: Place, last: bool, context: &mut Context<'_>) {
        let first = if self.begun { 0 } else { flag::FIRST };
        let last = if last { flag::LAST } else { 0 };
        self.begun = true;
        context.inbox.push(place.record(self.kind, first | last));
    }
}
