//! The head of an HTTP/1.1 message (RFC 9112 §2 to §5), read as it arrives.
//!
//! [`HeadReader`] finds the end of the head and refuses what is not strict HTTP. It visits each byte once, however the
//! head is cut. Then `httparse` parses the complete head.

use alloc::vec::Vec;

use memchr::memchr;

use super::fields::{Field, Fields, HttpVersion, Name};
use crate::buffers::room_for;
use crate::error::{Breach, FaultKind};
use crate::settings::Settings;
use crate::syntax::{Authority, is_target, is_text, is_token};

/// Whether a head is a request's or a response's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadKind {
    Request,
    Response,
}

/// Reads one head into a buffer. The head begins at the index `start` of the buffer.
#[derive(Debug)]
pub(crate) struct HeadReader {
    kind: HeadKind,
    start: usize,
    line_start: usize,
    headers: u64,
    skipped_empty_line: bool,
    /// What the request line lacks; the line itself is well-formed.
    line_fault: Option<FaultKind>,
}

impl HeadReader {
    pub(crate) fn new(kind: HeadKind, start: usize) -> Self {
        HeadReader { kind, start, line_start: start, headers: 0, skipped_empty_line: false, line_fault: None }
    }

    pub(crate) fn kind(&self) -> HeadKind {
        self.kind
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The parts of the first line of a request that has been read.
    pub(crate) fn request_line<'a>(&self, line: &'a [u8]) -> Result<RequestLine<'a>, FaultKind> {
        let [method, target, _] = RequestLine::split(line)?;
        let authority = RequestLine::authority_of(target).ok_or(FaultKind::BadTarget)?;
        Ok(RequestLine { method, target, authority, fault: self.line_fault })
    }

    /// Reads bytes up to the end of the head. Returns how many, and whether the end is among them.
    pub(crate) fn read(
        &mut self,
        input: &[u8],
        buffer: &mut Vec<u8>,
        settings: &Settings,
    ) -> Result<(usize, bool), Breach> {
        let mut at = 0;
        while at < input.len() {
            let (read, complete) = self.read_lines(&input[at..], buffer, settings)?;
            at += read;
            if complete {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// Appends what may belong to the head, and checks the lines that end in it. What turns out to follow the head, or an empty
    /// line before it, is taken back.
    fn read_lines(&mut self, input: &[u8], buffer: &mut Vec<u8>, settings: &Settings) -> Result<(usize, bool), Breach> {
        let mut from = buffer.len();
        let room = usize::try_from(settings.max_head_size).unwrap_or(usize::MAX).saturating_sub(from);
        let take = input.len().min(room);
        buffer.try_reserve(take).map_err(|_| FaultKind::NoMemory)?;
        buffer.extend_from_slice(&input[..take]);
        loop {
            let line_end = memchr(b'\n', &buffer[from..]).map(|index| from + index + 1);
            // Of what there is no room for, one byte is enough to exceed the limit.
            self.check_limits(line_end.unwrap_or(buffer.len() + usize::from(take < input.len())), settings)?;
            let Some(end) = line_end else { return Ok((take, false)) };
            let line = self.end_line(end, buffer, settings)?;
            if line == Line::Field {
                from = end;
                continue;
            }
            let rest = buffer.len() - end;
            buffer.truncate(if line == Line::Last { end } else { self.start });
            return Ok((take - rest, line == Line::Last));
        }
    }

    /// Checks a line that reaches to this index. Which limit is exceeded first does not depend on how the head is cut.
    fn check_limits(&self, end: usize, settings: &Settings) -> Result<(), Breach> {
        // `end` is at most one byte beyond the limit of the head: a line that is too long has exceeded its limit first.
        let line_limit = settings.max_line_size.saturating_add(2);
        if (end - self.line_start) as u64 > line_limit {
            let kind = if self.in_first_line() { FaultKind::RequestLineTooLong } else { FaultKind::HeaderTooLong };
            return Err(Breach::with(kind, 0));
        }
        if end as u64 > settings.max_head_size {
            return Err(Breach::with(FaultKind::HeadTooLarge, 0));
        }
        Ok(())
    }

    fn in_first_line(&self) -> bool {
        self.line_start == self.start
    }

    /// Checks the line that ends at this index.
    fn end_line(&mut self, end: usize, buffer: &mut [u8], settings: &Settings) -> Result<Line, Breach> {
        let Some(line) = buffer[self.line_start..end].strip_suffix(b"\r\n") else {
            return Err(FaultKind::BadLineEnd.into());
        };
        let is_bad = !is_text(line);
        if is_bad && line.contains(&b'\r') {
            return Err(FaultKind::BadLineEnd.into());
        }
        if self.in_first_line() {
            if line.is_empty() && self.kind == HeadKind::Request && !self.skipped_empty_line {
                // RFC 9112 §2.2: a server ignores an empty line before the request line.
                self.skipped_empty_line = true;
                return Ok(Line::Skipped);
            }
            if line.is_empty() || is_bad {
                return Err(self.bad_first_line());
            }
            // What can be no HTTP does not wait for the end of a head.
            self.line_fault = self.check_first_line(line, settings)?;
        } else if line.is_empty() {
            return Ok(Line::Last);
        } else if self.continues_a_line(line) {
            // RFC 9112 §5.2: a client replaces the fold, here CR LF, by spaces.
            buffer[self.line_start - 2..self.line_start].fill(b' ');
        } else {
            self.headers += 1;
            if self.headers > settings.max_headers {
                return Err(Breach::with(FaultKind::TooManyHeaders, self.headers));
            }
            if is_bad || begins_with_white_space(line) {
                return Err(FaultKind::BadHeader.into());
            }
        }
        self.line_start = end;
        Ok(Line::Field)
    }

    /// Whether a line continues the header before it (obs-fold, RFC 9112 §5.2). In a request that is a
    /// fault, as it is behind the first line.
    fn continues_a_line(&self, line: &[u8]) -> bool {
        self.kind == HeadKind::Response && self.headers > 0 && begins_with_white_space(line) && is_text(line)
    }

    /// What the first line lacks if it is well-formed, unless that keeps it from being read on.
    fn check_first_line(&self, line: &[u8], settings: &Settings) -> Result<Option<FaultKind>, FaultKind> {
        match self.kind {
            HeadKind::Request => match RequestLine::parse(line)?.fault {
                Some(fault) if !settings.deliver_http => Err(fault),
                fault => Ok(fault),
            },
            HeadKind::Response => parse_status_line(line).map(|_| None),
        }
    }

    fn bad_first_line(&self) -> Breach {
        match self.kind {
            HeadKind::Request => FaultKind::BadRequestLine.into(),
            HeadKind::Response => FaultKind::BadStatusLine.into(),
        }
    }
}

/// What a line of a head is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The first line, or a field.
    Field,
    /// An empty one before the first, which counts for nothing.
    Skipped,
    /// The empty one behind all others.
    Last,
}

fn begins_with_white_space(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// Room for the fields of a head: for the usual number without an allocation.
pub(crate) struct FieldRoom<'a> {
    usual: Option<[Field<'a>; USUAL_FIELDS]>,
    more: Vec<Field<'a>>,
}

/// So many fields are usual. In WebAssembly the size of the code counts for more than an allocation.
const USUAL_FIELDS: usize = if cfg!(target_family = "wasm") { 0 } else { 24 };

impl FieldRoom<'_> {
    pub(crate) fn new() -> Self {
        FieldRoom { usual: None, more: Vec::new() }
    }
}

/// Splits a complete head into its first line and its fields.
pub(crate) fn parse<'a, 'r>(
    head: &'a [u8],
    room: &'r mut FieldRoom<'a>,
) -> Result<(&'a [u8], &'r [Field<'a>]), FaultKind> {
    let line_len = memchr(b'\r', head).ok_or(FaultKind::BadHeader)?;
    let (first, rest) = head.split_at(line_len);
    let rest = rest.get(2..).ok_or(FaultKind::BadHeader)?;
    let usual = if USUAL_FIELDS == 0 { None } else { parse_usual(rest, &mut room.usual)? };
    let fields = match usual {
        Some(fields) => fields,
        None => {
            room.more = parse_many(rest)?;
            &room.more
        }
    };
    Ok((first, fields))
}

/// The fields of a head that has no more of them than usual.
fn parse_usual<'a, 'r>(
    lines: &'a [u8],
    room: &'r mut Option<[Field<'a>; USUAL_FIELDS]>,
) -> Result<Option<&'r [Field<'a>]>, FaultKind> {
    let mut headers = [httparse::EMPTY_HEADER; USUAL_FIELDS];
    let count = match httparse::parse_headers(lines, &mut headers) {
        Ok(httparse::Status::Complete((_, headers))) => headers.len(),
        Err(httparse::Error::TooManyHeaders) => return Ok(None),
        _ => return Err(FaultKind::BadHeader),
    };
    Ok(Some(&room.insert(headers.map(field_of))[..count]))
}

/// The fields of a head, whose lines are no fewer.
#[cfg_attr(not(target_family = "wasm"), cold)]
fn parse_many(lines: &[u8]) -> Result<Vec<Field<'_>>, FaultKind> {
    let most = lines.iter().filter(|byte| **byte == b'\n').count();
    let mut headers = room_for(most).map_err(|_| FaultKind::NoMemory)?;
    headers.resize(most, httparse::EMPTY_HEADER);
    let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(lines, &mut headers) else {
        return Err(FaultKind::BadHeader);
    };
    let mut fields = room_for(headers.len()).map_err(|_| FaultKind::NoMemory)?;
    fields.extend(headers.iter().copied().map(field_of));
    Ok(fields)
}

fn field_of(header: httparse::Header<'_>) -> Field<'_> {
    Field { name: header.name.as_bytes(), value: header.value }
}

/// The parts of a request line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
    /// The authority in a target in absolute form.
    pub(crate) authority: Option<&'a [u8]>,
    /// Why it begins no opening request: RFC 6455 §4.2.1 requires GET and HTTP/1.1.
    pub(crate) fault: Option<FaultKind>,
}

impl<'a> RequestLine<'a> {
    /// RFC 9112 §3.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, FaultKind> {
        if line == b"PRI * HTTP/2.0" {
            return Err(FaultKind::Http2Preface);
        }
        let [method, target, version] = Self::split(line)?;
        if !is_token(method) || target.is_empty() {
            return Err(FaultKind::BadRequestLine);
        }
        let fault = match check_version(version)? {
            Minor::Old => Some(FaultKind::BadHttpVersion),
            Minor::Current if method != b"GET" => Some(FaultKind::BadMethod),
            Minor::Current => None,
        };
        match Self::authority_of(target) {
            Some(authority) if is_target(target) => Ok(RequestLine { method, target, authority, fault }),
            _ => Err(fault.unwrap_or(FaultKind::BadTarget)),
        }
    }

    /// Method, target and version.
    fn split(line: &'a [u8]) -> Result<[&'a [u8]; 3], FaultKind> {
        let (method, rest) = split_at_space(line)?;
        let (target, version) = split_at_space(rest)?;
        Ok([method, target, version])
    }

    /// The authority in a target in absolute form with a scheme of ours, or of none in origin form (RFC 9112 §3.2); `None` if
    /// it is malformed.
    #[expect(clippy::option_option, reason = "well-formed without an authority, and malformed")]
    fn authority_of(target: &'a [u8]) -> Option<Option<&'a [u8]>> {
        if target.starts_with(b"/") {
            return Some(None);
        }
        let schemes: [&[u8]; 4] = [b"http://", b"https://", b"ws://", b"wss://"];
        let rest = schemes.iter().find_map(|scheme| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        })?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, _) = rest.split_at(end);
        Authority::parse(authority)?;
        Some(Some(authority))
    }
}

fn split_at_space(line: &[u8]) -> Result<(&[u8], &[u8]), FaultKind> {
    let space = memchr(b' ', line).ok_or(FaultKind::BadRequestLine)?;
    Ok((&line[..space], &line[space + 1..]))
}

/// The status of a response and its reason phrase, if it is HTTP/1.1 or a later minor version, or HTTP/1.0 and not interim or
/// 101 (RFC 9112 §4).
pub(crate) fn parse_status_line(line: &[u8]) -> Result<(u16, &[u8]), FaultKind> {
    let bad = FaultKind::BadStatusLine;
    let (version, rest) = line.split_at_checked(9).ok_or(bad)?;
    let (digits, reason) = rest.split_at_checked(3).ok_or(bad)?;
    let [b' ', reason @ ..] = reason else { return Err(bad) };
    let mut status = 0;
    for byte in digits {
        status = status * 10 + char::from(*byte).to_digit(10).ok_or(bad)?;
    }
    match version {
        _ if !(100..=599).contains(&status) => Err(bad),
        b"HTTP/1.0 " if status < 200 => Err(bad),
        // A later minor version is read as 1.1 (RFC 9110 §2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' '] => Ok((status as u16, reason)),
        _ => Err(bad),
    }
}

/// The minor version of HTTP/1.
enum Minor {
    /// 1.0.
    Old,
    /// 1.1, or a later one, which is read as 1.1 (RFC 9110 §2.5).
    Current,
}

fn check_version(version: &[u8]) -> Result<Minor, FaultKind> {
    match version {
        b"HTTP/1.0" => Ok(Minor::Old),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Minor::Current),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(FaultKind::BadHttpVersion)
        }
        _ => Err(FaultKind::BadRequestLine),
    }
}

/// The authority that a request was made to: of its target, or else of Host. There is exactly one Host (RFC 9112 §3.2), but
/// HTTP/1.0 needs none, and later versions have a pseudo-header field in its place, which it must not contradict (RFC 9113
/// §8.3.1).
pub(crate) fn authority<'a>(
    version: HttpVersion,
    line: &RequestLine<'a>,
    fields: &Fields<'a>,
) -> Result<&'a [u8], FaultKind> {
    let is_text = version == HttpVersion::Http11;
    let host = fields.single(Name::Host).map_err(|_| FaultKind::BadHost)?;
    let is_bad = |authority: Option<&[u8]>| authority.is_some_and(|authority| Authority::parse(authority).is_none());
    match (host, line.authority) {
        _ if is_bad(host) || is_bad(line.authority) => Err(FaultKind::BadHost),
        (None, Some(_)) if is_text => Err(FaultKind::BadHost),
        (None, None) if line.fault != Some(FaultKind::BadHttpVersion) => Err(FaultKind::BadHost),
        (Some(host), Some(authority)) if !is_text && !host.eq_ignore_ascii_case(authority) => Err(FaultKind::BadHost),
        (host, authority) => Ok(authority.or(host).unwrap_or_default()),
    }
}
