//! Frame headers (RFC 6455 §5.2): bytes to [`Header`] and back. The functions are pure: the state of the connection is an
//! argument, [`Rules`].

use alloc::vec::Vec;

use crate::error::{Breach, Error, FaultKind};
use crate::mask::{self, Key};
use crate::states::message::{Effect, FragmentState, Input, MESSAGE};

/// The largest header: 2 bytes, a 64-bit length, and a masking key.
pub(crate) const MAX_HEADER: usize = 14;

/// Room for a header to write: [`encode`] may write a few bytes more than it keeps.
pub(crate) const HEADER_ROOM: usize = MAX_HEADER + 4;

/// The longest payload of a control frame (§5.5), and of a frame whose length is in the second byte.
pub(crate) const MAX_CONTROL: usize = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

/// The two kinds of messages.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, MessageKind, Role};
/// # let config = Config::builder(Role::Client).start_open(true).build()?;
/// # let mut connection = Connection::new(&config, [0; 32], Duration::ZERO)?;
/// connection.send_part(MessageKind::Text, b"a message ", false)?;
/// connection.send_part(MessageKind::Text, b"in two parts", true)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

impl MessageKind {
    /// The opcode of the first frame of such a message.
    pub(crate) fn opcode(self) -> Opcode {
        match self {
            MessageKind::Text => Opcode::Text,
            MessageKind::Binary => Opcode::Binary,
        }
    }
}

impl Opcode {
    /// The opcode of a first byte that is no fault.
    fn of(byte: u8) -> Self {
        match byte & 0x0f {
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xa => Opcode::Pong,
            _ => Opcode::Continuation,
        }
    }
}

/// The header of a frame that is complete and whose payload has at most 65,535 bytes: the common case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short {
    /// The first byte, which has not been checked yet.
    pub(crate) first: u8,
    pub(crate) key: Key,
    /// Length of the header.
    pub(crate) size: usize,
    /// Length of the payload.
    pub(crate) len: usize,
}

/// Reads such a header at the start of `bytes` if the payload has fewer than `below` bytes and all of them follow. `None` may
/// mean anything else, faults included: call [`decode`].
#[inline]
pub(crate) fn decode_short(bytes: &[u8], masked: bool, below: usize) -> Option<Short> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest, length_size) = match second & 0x7f {
        126 => {
            let (field, rest) = rest.split_first_chunk()?;
            let len = usize::from(u16::from_be_bytes(*field));
            (len, rest, if len > MAX_CONTROL { 2 } else { return None })
        }
        127 => return None,
        len => (usize::from(len), rest, 0),
    };
    let (key, rest, key_size) = match (masked, rest.split_first_chunk()) {
        (false, _) => (&[0; 4], rest, 0),
        (true, Some((key, rest))) => (key, rest, 4),
        (true, None) => return None,
    };
    let fits = len < below && len <= rest.len() && (second & 0x80 != 0) == masked;
    fits.then_some(Short { first, key: *key, size: 2 + length_size + key_size, len })
}

/// First bytes of frames: of a whole message that is not compressed, and of the frames that continue one.
pub(crate) const FIN_TEXT: u8 = 0x80 | Opcode::Text as u8;
pub(crate) const FIN_BINARY: u8 = 0x80 | Opcode::Binary as u8;
pub(crate) const CONTINUATION: u8 = Opcode::Continuation as u8;
pub(crate) const FIN_CONTINUATION: u8 = 0x80 | CONTINUATION;

/// What a first byte means in the state of the message: the effects of a row of [`MESSAGE`], in one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    /// A message in one frame.
    Whole,
    /// The first frame of several.
    First,
    /// A frame between the first and the last.
    Middle,
    /// The last frame of several.
    Last,
    /// A control frame.
    Control,
    ReservedBits,
    ReservedOpcode,
    ControlFragmented,
    UnexpectedContinuation,
    ExpectedContinuation,
}

impl Step {
    /// Whether a data frame ends its message.
    pub(crate) fn is_last(self) -> bool {
        matches!(self, Step::Whole | Step::Last)
    }

    fn is_fault(self) -> bool {
        self as u8 >= Step::ReservedBits as u8
    }
}

/// The meaning of every first byte, for each value of [`Rules::index`]. A table without a row for one would not compile.
static STEPS: [[Step; 256]; 4] = [steps(0), steps(IN_MESSAGE), steps(DEFLATE), steps(IN_MESSAGE | DEFLATE)];
const IN_MESSAGE: usize = 1;
const DEFLATE: usize = 1 << 1;

const fn steps(rules: usize) -> [Step; 256] {
    let state = if rules & IN_MESSAGE == 0 { FragmentState::BetweenMessages } else { FragmentState::InMessage };
    let mut table = [Step::Control; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = step(byte as u8, state, rules & DEFLATE != 0);
        byte += 1;
    }
    table
}

const fn step(byte: u8, state: FragmentState, deflate: bool) -> Step {
    let input = Input::of(byte);
    // RSV1 marks a compressed message on its first frame (RFC 7692 §6). Otherwise the bits are 0 (§5.2).
    let first = matches!(input, Input::Message | Input::FirstFragment);
    if byte & 0x70 != 0 && !(byte & 0x70 == COMPRESSED && deflate && first) {
        return Step::ReservedBits;
    }
    let mut row = 0;
    while MESSAGE[row].from as u8 != state as u8 || MESSAGE[row].on as u8 != input as u8 {
        row += 1;
    }
    match MESSAGE[row].effects {
        [Effect::Begin, Effect::Deliver] => Step::Whole,
        [Effect::Begin] => Step::First,
        [Effect::Append] => Step::Middle,
        [Effect::Append, Effect::Deliver] => Step::Last,
        [Effect::HandleControl] => Step::Control,
        [Effect::Fail(FaultKind::ReservedOpcode)] => Step::ReservedOpcode,
        [Effect::Fail(FaultKind::ControlFragmented)] => Step::ControlFragmented,
        [Effect::Fail(FaultKind::UnexpectedContinuation)] => Step::UnexpectedContinuation,
        [Effect::Fail(FaultKind::ExpectedContinuation)] => Step::ExpectedContinuation,
        _ => panic!("a row of the table has effects that no step stands for"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) step: Step,
    pub(crate) opcode: Opcode,
    /// RSV1: the message that begins here is compressed (RFC 7692 §6).
    pub(crate) compressed: bool,
    pub(crate) key: Key,
    pub(crate) len: u64,
}

/// What a header is checked against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Frames must be masked (they come from a client), or must not be (§5.1).
    pub(crate) masked: bool,
    /// A fragmented message is under way (§5.4).
    pub(crate) in_message: bool,
    /// Messages may be compressed: RSV1 may be set on the first frame of one.
    pub(crate) deflate: bool,
    /// Lengths need not be in their shortest form.
    pub(crate) non_minimal: bool,
}

impl Rules {
    fn index(self) -> usize {
        usize::from(self.in_message) | usize::from(self.deflate) << 1
    }
}

/// Reads the header at the start of `bytes`. Returns it and its length; `None` if it is incomplete.
///
/// Each byte is checked as soon as it has arrived, so that a fault does not wait for the end of the header.
#[inline]
pub(crate) fn decode(bytes: &[u8], rules: Rules) -> Result<Option<(Header, usize)>, Breach> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let step = STEPS[rules.index()][usize::from(first)];
    if step.is_fault() {
        return Err(first_byte_fault(step, first));
    }
    let Some(&second) = bytes.get(1) else { return Ok(None) };
    let short = second & 0x7f;
    if (second & 0x80 != 0) != rules.masked {
        return Err(if rules.masked { FaultKind::Unmasked } else { FaultKind::Masked }.into());
    }
    if step == Step::Control && usize::from(short) > MAX_CONTROL {
        return Err(FaultKind::ControlTooLong.into());
    }
    let (len, mut size) = match short {
        126 => {
            let Some(field) = bytes.get(2..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
            let len = u64::from(u16::from_be_bytes(*field));
            if len <= MAX_CONTROL as u64 && !rules.non_minimal {
                return Err(Breach::with(FaultKind::NonMinimalLength, len));
            }
            (len, 4)
        }
        127 => {
            if bytes.get(2).is_some_and(|byte| byte & 0x80 != 0) {
                return Err(FaultKind::LengthOverflow.into());
            }
            let Some(field) = bytes.get(2..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
            let len = u64::from_be_bytes(*field);
            if len <= u64::from(u16::MAX) && !rules.non_minimal {
                return Err(Breach::with(FaultKind::NonMinimalLength, len));
            }
            (len, 10)
        }
        len => (u64::from(len), 2),
    };
    let mut key = Key::default();
    if rules.masked {
        let Some(field) = bytes.get(size..).and_then(<[u8]>::first_chunk) else { return Ok(None) };
        key = *field;
        size += 4;
    }
    let compressed = first & COMPRESSED != 0;
    Ok(Some((Header { step, opcode: Opcode::of(first), compressed, key, len }, size)))
}

/// The fault of a first byte, with the bits or the opcode that it has.
#[cold]
fn first_byte_fault(step: Step, first: u8) -> Breach {
    match step {
        Step::ReservedBits => Breach::with(FaultKind::ReservedBits, u64::from(first >> 4 & 0x7)),
        Step::ControlFragmented => FaultKind::ControlFragmented.into(),
        Step::UnexpectedContinuation => FaultKind::UnexpectedContinuation.into(),
        Step::ExpectedContinuation => FaultKind::ExpectedContinuation.into(),
        _ => Breach::with(FaultKind::ReservedOpcode, u64::from(first & 0x0f)),
    }
}

/// The length of the header of a payload of this length.
pub(crate) fn encoded_len(payload_len: u64, masked: bool) -> usize {
    let length = match payload_len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    if masked { length + 4 } else { length }
}

/// Marks a header as that of a compressed message.
pub(crate) const COMPRESSED: u8 = 0x40;

/// Appends a header with the length in its shortest form, masked if there is a key. `rsv` is 0 or [`COMPRESSED`].
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(crate) fn encode(output: &mut Vec<u8>, fin: bool, opcode: Opcode, rsv: u8, payload_len: u64, key: Option<Key>) {
    let first = u64::from(u8::from(fin) << 7 | rsv | opcode as u8);
    let (mask_bit, key, key_size) = match key {
        None => (0, 0, 0),
        Some(key) => (0x8000, u64::from(u32::from_le_bytes(key)), key.len()),
    };
    // Every header but the longest is one little-endian word, which is written whole and then cut.
    let (word, size) = match payload_len {
        0..=125 => (first | mask_bit | payload_len << 8 | key << 16, 2),
        126..=0xffff => {
            let length = u64::from((payload_len as u16).swap_bytes());
            (first | mask_bit | 126 << 8 | length << 16 | key << 32, 4)
        }
        _ => {
            output.extend_from_slice(&(first | mask_bit | 127 << 8).to_le_bytes()[..2]);
            output.extend_from_slice(&payload_len.to_be_bytes());
            (key, 0)
        }
    };
    let end = output.len() + size + key_size;
    output.extend_from_slice(&word.to_le_bytes());
    output.truncate(end);
}

/// Appends a frame that belongs to no connection, with its first byte as it is on the wire. Refused if no connection could send
/// it.
pub(crate) fn encode_alone(output: &mut Vec<u8>, first: u8, payload: &[u8], key: Option<Key>) -> Result<(), Error> {
    let steps = [DEFLATE, DEFLATE | IN_MESSAGE].map(|rules| STEPS[rules][usize::from(first)]);
    let is_too_long = steps.contains(&Step::Control) && payload.len() > MAX_CONTROL;
    if steps.into_iter().all(Step::is_fault) || is_too_long {
        return Err(Error::InvalidArgument);
    }
    output.try_reserve(HEADER_ROOM + payload.len()).map_err(|_| Error::NoMemory)?;
    encode(output, first & 0x80 != 0, Opcode::of(first), first & COMPRESSED, payload.len() as u64, key);
    match key {
        None => output.extend_from_slice(payload),
        Some(key) => mask::append(key, payload, output),
    }
    Ok(())
}

#[cfg(kani)]
mod proofs {
    use super::*;

    fn rules() -> Rules {
        Rules { masked: kani::any(), in_message: kani::any(), deflate: kani::any(), non_minimal: kani::any() }
    }

    /// Whatever arrives: no panic, and a header lies in the bytes and has a length that the RFC allows.
    #[kani::proof]
    #[kani::unwind(16)]
    fn a_header_lies_in_its_bytes() {
        let bytes: [u8; MAX_HEADER] = kani::any();
        let len: usize = kani::any();
        kani::assume(len <= bytes.len());
        if let Ok(Some((header, size))) = decode(&bytes[..len], rules()) {
            assert!(size <= len && header.len >> 63 == 0);
            assert!(header.step != Step::Control || header.len <= MAX_CONTROL as u64);
            assert!(!header.step.is_fault());
        }
    }

    /// The short way reads what the other reads.
    #[kani::proof]
    #[kani::unwind(16)]
    fn a_short_header_is_the_same_header() {
        let bytes: [u8; MAX_HEADER] = kani::any();
        let rules = Rules { non_minimal: false, ..rules() };
        if let (Some(short), Ok(decoded)) = (decode_short(&bytes, rules.masked, usize::MAX), decode(&bytes, rules)) {
            let (header, size) = decoded.expect("a short header is complete");
            assert_eq!((short.size, short.len as u64, short.key), (size, header.len, header.key));
        }
    }
}
