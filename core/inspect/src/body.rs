//! Where the bodies of HTTP messages end, so that what follows on the same connection can be read (RFC 9112 §6, §7.1). Whether they are
//! well made is for the engine to say, where it reads them.

use httparse::{InvalidChunkSize, Status};

use crate::head::values;

/// The longest line of the chunked coding, without its end, and all lines behind the last chunk together.
const MAX_LINES: usize = 16 << 10;

/// A body that is under way.
#[derive(Debug)]
pub(crate) enum Body {
    /// This many bytes are missing.
    Length(u64),
    /// It ends with the stream.
    UntilEof,
    Chunked(Chunked),
}

/// A body is not framed as HTTP frames bodies: nobody can tell where it ends.
#[derive(Debug)]
pub(crate) struct Unframed;

/// A body in the chunked coding.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    at: At,
    /// The line under way.
    line: Vec<u8>,
    /// How many bytes the lines behind the last chunk have.
    trailers: usize,
}

/// Where in the coding the next byte is.
#[derive(Debug, Default)]
enum At {
    #[default]
    Size,
    Data(u64),
    /// Behind the data of a chunk.
    DataEnd,
    Trailers,
    End,
}

impl Body {
    /// That of a request with this head.
    pub(crate) fn of_request(head: &[u8]) -> Result<Self, Unframed> {
        Ok(of(head)?.unwrap_or(Body::Length(0)))
    }

    /// That of a response with this head. One to HEAD has none, nor have some by their status (RFC 9110 §6.4.1).
    pub(crate) fn of_response(head: &[u8], is_to_head: bool) -> Result<Self, Unframed> {
        if is_to_head || matches!(head.get(9..12), Some(b"204" | b"304")) {
            return Ok(Body::Length(0));
        }
        Ok(of(head)?.unwrap_or(Body::UntilEof))
    }

    /// Whether no more of it comes.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Body::Length(0) | Body::Chunked(Chunked { at: At::End, .. }))
    }

    /// Whether it may end with the stream.
    pub(crate) fn ends_with_stream(&self) -> bool {
        matches!(self, Body::UntilEof) || self.is_over()
    }

    /// Reads what belongs to it, and returns how much that is.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<usize, Unframed> {
        match self {
            Body::UntilEof => Ok(bytes.len()),
            Body::Length(left) => Ok(take(left, bytes)),
            Body::Chunked(chunked) => chunked.read(bytes),
        }
    }
}

/// What a head says of its body, if it says anything.
fn of(head: &[u8]) -> Result<Option<Body>, Unframed> {
    if let Some(last) = values(head, "transfer-encoding").last() {
        let is_chunked = last.eq_ignore_ascii_case("chunked");
        return Ok(Some(if is_chunked { Body::Chunked(Chunked::default()) } else { Body::UntilEof }));
    }
    let lengths = values(head, "content-length");
    let Some(length) = lengths.first() else { return Ok(None) };
    let is_one = lengths.iter().all(|other| other == length) && length.bytes().all(|byte| byte.is_ascii_digit());
    let length = length.parse().ok().filter(|_| is_one);
    length.map(|length| Some(Body::Length(length))).ok_or(Unframed)
}

fn take(left: &mut u64, bytes: &[u8]) -> usize {
    let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
    *left -= taken as u64;
    taken
}

impl Chunked {
    fn read(&mut self, bytes: &[u8]) -> Result<usize, Unframed> {
        let mut at = 0;
        while at < bytes.len() && !matches!(self.at, At::End) {
            if let At::Data(left) = &mut self.at {
                at += take(left, &bytes[at..]);
                if *left == 0 {
                    self.at = At::DataEnd;
                }
                continue;
            }
            let rest = &bytes[at..];
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            self.line.extend_from_slice(&rest[..end]);
            at += end;
            if self.line.len() + self.trailers > MAX_LINES {
                return Err(Unframed);
            }
            if self.line.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(at)
    }

    fn end_line(&mut self) -> Result<(), Unframed> {
        let line = core::mem::take(&mut self.line);
        let is_empty = line == b"\r\n";
        self.at = match self.at {
            At::Size => match httparse::parse_chunk_size(&line) {
                Ok(Status::Complete((_, 0))) => At::Trailers,
                Ok(Status::Complete((_, size))) => At::Data(size),
                Ok(Status::Partial) | Err(InvalidChunkSize) => return Err(Unframed),
            },
            At::DataEnd if is_empty => At::Size,
            At::DataEnd => return Err(Unframed),
            At::Trailers if is_empty => At::End,
            At::Trailers => {
                self.trailers += line.len();
                At::Trailers
            }
            At::Data(left) => At::Data(left),
            At::End => At::End,
        };
        Ok(())
    }
}
