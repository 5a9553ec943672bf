//! The body of a refusal, as a client reads it (RFC 9112 §6, §7.1).

use alloc::vec::Vec;

use super::fields::{self, Fields, Name};
use crate::error::{Breach, FaultKind};
use crate::syntax::is_text_byte;

/// The largest number of digits in the size of a chunk: 64 bits.
const MAX_SIZE_DIGITS: u32 = 16;
/// The largest number of bytes in chunk extensions and trailers together.
const MAX_OVERHEAD: u32 = 16 * 1024;

/// How far the reading of a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyReader {
    /// This many bytes are missing.
    Length(u64),
    /// The body ends with the stream.
    UntilEof,
    Chunked(Chunked),
}

/// Where in the chunked coding the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunked {
    at: ChunkState,
    size: u64,
    digits: u32,
    overhead: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkState {
    Size,
    SizeBlank,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

/// What reading a piece of a body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    Done,
    /// The limit is reached, and the remaining bytes are not read.
    Truncated,
}

/// A response with this status never has a body, not even an empty one with a length (RFC 9110 §8.6).
pub(crate) fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 304)
}

impl BodyReader {
    /// The framing of the body of a response with this status (RFC 9112 §6.3). `is_coded`: a transfer coding that the fields
    /// name is in the bytes that follow.
    pub(crate) fn new(status: u16, fields: &Fields<'_>, is_coded: bool) -> Result<Self, FaultKind> {
        if has_no_body(status) {
            return Ok(BodyReader::Length(0));
        }
        let mut coding = None;
        for value in fields.values(Name::TransferEncoding).filter(|_| is_coded) {
            coding = fields::elements(value).last().or(coding);
        }
        if let Some(last) = coding {
            let chunked = Chunked { at: ChunkState::Size, size: 0, digits: 0, overhead: 0 };
            let is_chunked = last.eq_ignore_ascii_case(b"chunked");
            return Ok(if is_chunked { BodyReader::Chunked(chunked) } else { BodyReader::UntilEof });
        }
        let mut length = None;
        for value in fields.values(Name::ContentLength) {
            let mut numbers = fields::elements(value).peekable();
            if numbers.peek().is_none() {
                return Err(FaultKind::BadBody);
            }
            for number in numbers {
                let number = parse_length(number).ok_or(FaultKind::BadBody)?;
                if length.replace(number).is_some_and(|other| other != number) {
                    return Err(FaultKind::BadBody);
                }
            }
        }
        Ok(length.map_or(BodyReader::UntilEof, BodyReader::Length))
    }

    /// Whether the body is complete before its first byte.
    pub(crate) fn is_empty(&self) -> bool {
        *self == BodyReader::Length(0)
    }

    /// Appends the bytes of the body in `input` to `body`, up to `room` bytes.
    pub(crate) fn read(&mut self, input: &[u8], body: &mut Vec<u8>, room: usize) -> Result<Progress, Breach> {
        match self {
            BodyReader::UntilEof => append(input, body, room),
            BodyReader::Length(left) => {
                let take = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= take as u64;
                let progress = append(&input[..take], body, room)?;
                Ok(if *left == 0 && progress == Progress::More { Progress::Done } else { progress })
            }
            BodyReader::Chunked(chunked) => chunked.read(input, body, room),
        }
    }

    /// Whether the body is complete if the stream ends here.
    pub(crate) fn ends_at_eof(&self) -> bool {
        matches!(self, BodyReader::UntilEof | BodyReader::Length(0))
    }
}

fn append(data: &[u8], body: &mut Vec<u8>, room: usize) -> Result<Progress, Breach> {
    let take = data.len().min(room);
    body.try_reserve(take).map_err(|_| FaultKind::NoMemory)?;
    body.extend_from_slice(&data[..take]);
    Ok(if take < data.len() { Progress::Truncated } else { Progress::More })
}

/// The number of an element, which has at least one byte.
fn parse_length(digits: &[u8]) -> Option<u64> {
    digits
        .iter()
        .try_fold(0_u64, |number, byte| number.checked_mul(10)?.checked_add(char::from(*byte).to_digit(10)?.into()))
}

impl Chunked {
    fn read(&mut self, input: &[u8], body: &mut Vec<u8>, mut room: usize) -> Result<Progress, Breach> {
        let mut at = 0;
        while at < input.len() {
            if self.at == ChunkState::Data {
                let take = (input.len() - at).min(usize::try_from(self.size).unwrap_or(usize::MAX));
                if append(&input[at..at + take], body, room)? == Progress::Truncated {
                    return Ok(Progress::Truncated);
                }
                room -= take;
                at += take;
                self.size -= take as u64;
                if self.size == 0 {
                    self.at = ChunkState::DataCr;
                }
            } else {
                if self.step(input[at])? {
                    return Ok(Progress::Done);
                }
                at += 1;
            }
        }
        Ok(Progress::More)
    }

    /// Reads one byte outside chunk data. `true` if it ends the body.
    fn step(&mut self, byte: u8) -> Result<bool, Breach> {
        use ChunkState::*;
        self.at = match (self.at, byte) {
            (Size, _) if byte.is_ascii_hexdigit() && self.digits < MAX_SIZE_DIGITS => {
                self.digits += 1;
                self.size = self.size << 4 | u64::from(char::from(byte).to_digit(16).unwrap_or(0));
                Size
            }
            (Size, b'\r') if self.digits > 0 => SizeLf,
            (Size | SizeBlank, b';') if self.digits > 0 => Extension,
            (Size | SizeBlank, b' ' | b'\t') if self.digits > 0 && self.overhead < MAX_OVERHEAD => {
                self.overhead += 1;
                SizeBlank
            }
            (SizeBlank | Extension, b'\r') => SizeLf,
            (SizeLf, b'\n') => {
                self.digits = 0;
                if self.size == 0 { TrailerStart } else { Data }
            }
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size,
            (TrailerStart, b'\r') => EndLf,
            (Trailer, b'\r') => TrailerLf,
            (TrailerLf, b'\n') => TrailerStart,
            (EndLf, b'\n') => return Ok(true),
            (Extension | TrailerStart | Trailer, _) if is_text_byte(byte) && self.overhead < MAX_OVERHEAD => {
                self.overhead += 1;
                if self.at == Extension { Extension } else { Trailer }
            }
            _ => return Err(FaultKind::BadBody.into()),
        };
        Ok(false)
    }
}
