//! The head of an HTTP/1.1 message (RFC 9112 §2 to §5), read as it arrives.
//!
//! [`HeadReader`] finds the end of the head and refuses what is not strict HTTP. It visits each byte once, however the
//! head is cut. Then `httparse` parses the complete head.

use alloc::vec;
use alloc::vec::Vec;

use memchr::memchr;

use super::fields::{self, Field};
use crate::error::{Fault, FaultKind};
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
}

impl HeadReader {
    pub(crate) fn new(kind: HeadKind, start: usize) -> Self {
        HeadReader { kind, start, line_start: start, headers: 0, skipped_empty_line: false }
    }

    pub(crate) fn kind(&self) -> HeadKind {
        self.kind
    }

    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Reads bytes up to the end of the head. Returns how many, and whether the end is among them.
    pub(crate) fn read(
        &mut self,
        input: &[u8],
        buffer: &mut Vec<u8>,
        settings: &Settings,
    ) -> Result<(usize, bool), Fault> {
        let mut at = 0;
        let room = input.len().min(usize::try_from(settings.max_head_size).unwrap_or(usize::MAX));
        buffer.try_reserve(room).map_err(|_| FaultKind::NoMemory)?;
        while at < input.len() {
            let line_end = memchr(b'\n', &input[at..]).map(|index| at + index + 1);
            let piece = &input[at..line_end.unwrap_or(input.len())];
            self.append(piece, buffer, settings)?;
            at += piece.len();
            if line_end.is_some() && self.end_line(buffer, settings)? {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// Appends a piece of a line, within the limits. Which limit is exceeded first does not depend on how the head is cut.
    fn append(&self, piece: &[u8], buffer: &mut Vec<u8>, settings: &Settings) -> Result<(), Fault> {
        let line_limit = settings.max_line_size.saturating_add(2);
        let line = (buffer.len() - self.line_start + piece.len()) as u64;
        let head = (buffer.len() + piece.len()) as u64;
        let line_room = line_limit.saturating_add(self.line_start as u64);
        if line > line_limit && line_room <= settings.max_head_size {
            let kind = if self.in_first_line() { FaultKind::RequestLineTooLong } else { FaultKind::HeaderTooLong };
            return Err(Fault::with(kind, 0, settings.max_line_size));
        }
        if head > settings.max_head_size {
            return Err(Fault::with(FaultKind::HeadTooLarge, 0, settings.max_head_size));
        }
        buffer.try_reserve(piece.len()).map_err(|_| FaultKind::NoMemory)?;
        buffer.extend_from_slice(piece);
        Ok(())
    }

    fn in_first_line(&self) -> bool {
        self.line_start == self.start
    }

    /// Checks the line that the buffer now ends with. `true` if it ends the head.
    fn end_line(&mut self, buffer: &mut Vec<u8>, settings: &Settings) -> Result<bool, Fault> {
        let Some(line) = buffer[self.line_start..].strip_suffix(b"\r\n") else {
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
                buffer.truncate(self.start);
                return Ok(false);
            }
            if line.is_empty() || is_bad {
                return Err(self.bad_first_line());
            }
            // What can be no HTTP does not wait for the end of a head.
            self.check_first_line(line)?;
        } else if line.is_empty() {
            return Ok(true);
        } else if self.continues_a_line(line) {
            // RFC 9112 §5.2: a client replaces the fold, here CR LF, by spaces.
            buffer[self.line_start - 2..self.line_start].fill(b' ');
        } else {
            self.headers += 1;
            if self.headers > settings.max_headers {
                return Err(Fault::with(FaultKind::TooManyHeaders, self.headers, settings.max_headers));
            }
            if is_bad || begins_with_white_space(line) {
                return Err(FaultKind::BadHeader.into());
            }
        }
        self.line_start = buffer.len();
        Ok(false)
    }

    /// Whether a line continues the header before it (obs-fold, RFC 9112 §5.2). In a request that is a
    /// fault, as it is behind the first line.
    fn continues_a_line(&self, line: &[u8]) -> bool {
        self.kind == HeadKind::Response && self.headers > 0 && begins_with_white_space(line) && is_text(line)
    }

    fn check_first_line(&self, line: &[u8]) -> Result<(), FaultKind> {
        match self.kind {
            HeadKind::Request => RequestLine::parse(line).map(|_| ()),
            HeadKind::Response => parse_status_line(line).map(|_| ()),
        }
    }

    fn bad_first_line(&self) -> Fault {
        match self.kind {
            HeadKind::Request => FaultKind::BadRequestLine.into(),
            HeadKind::Response => FaultKind::BadStatusLine.into(),
        }
    }
}

fn begins_with_white_space(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

/// Splits a complete head into its first line and its fields.
pub(crate) fn parse(head: &[u8]) -> Result<(&[u8], Vec<Field<'_>>), FaultKind> {
    let line_len = memchr(b'\r', head).ok_or(FaultKind::BadHeader)?;
    let (first, rest) = head.split_at(line_len);
    let rest = rest.get(2..).ok_or(FaultKind::BadHeader)?;
    let lines = memchr::memchr_iter(b'\n', rest).count();
    let mut headers = vec![httparse::EMPTY_HEADER; lines];
    match httparse::parse_headers(rest, &mut headers) {
        Ok(httparse::Status::Complete((_, headers))) => {
            let fields =
                headers.iter().map(|header| Field { name: header.name.as_bytes(), value: header.value }).collect();
            Ok((first, fields))
        }
        _ => Err(FaultKind::BadHeader),
    }
}

/// The parts of a request line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) target: &'a [u8],
    /// The authority in a target in absolute form.
    pub(crate) authority: Option<&'a [u8]>,
}

impl<'a> RequestLine<'a> {
    /// RFC 9112 §3. RFC 6455 §4.2.1 requires GET and HTTP/1.1.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, FaultKind> {
        if line == b"PRI * HTTP/2.0" {
            return Err(FaultKind::Http2Preface);
        }
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(FaultKind::BadRequestLine);
        };
        if !is_token(method) || target.is_empty() {
            return Err(FaultKind::BadRequestLine);
        }
        check_version(version, FaultKind::BadRequestLine)?;
        if method != b"GET" {
            return Err(FaultKind::BadMethod);
        }
        Self::parse_target(target).ok_or(FaultKind::BadTarget)
    }

    /// Origin form, or absolute form with a scheme of ours (RFC 9112 §3.2).
    fn parse_target(target: &'a [u8]) -> Option<Self> {
        if !is_target(target) {
            return None;
        }
        if target.starts_with(b"/") {
            return Some(RequestLine { target, authority: None });
        }
        let schemes: [&[u8]; 4] = [b"http://", b"https://", b"ws://", b"wss://"];
        let rest = schemes.iter().find_map(|scheme| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        })?;
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
        let (authority, _) = rest.split_at(end);
        Authority::parse(authority)?;
        Some(RequestLine { target, authority: Some(authority) })
    }
}

/// The status of a response, if it is HTTP/1.1 or a later minor version, or HTTP/1.0 and not interim or 101 (RFC 9112 §4).
pub(crate) fn parse_status_line(line: &[u8]) -> Result<u16, FaultKind> {
    let bad = FaultKind::BadStatusLine;
    let (version, rest) = line.split_at_checked(9).ok_or(bad)?;
    let (digits, reason) = rest.split_at_checked(3).ok_or(bad)?;
    let reason_follows = reason.first() == Some(&b' ');
    let mut status = 0;
    for byte in digits {
        status = status * 10 + char::from(*byte).to_digit(10).ok_or(bad)?;
    }
    match version {
        _ if !reason_follows || !(100..=599).contains(&status) => Err(bad),
        b"HTTP/1.0 " if status < 200 => Err(bad),
        // A later minor version is read as 1.1 (RFC 9110 §2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9', b' '] => Ok(status as u16),
        _ => Err(bad),
    }
}

fn check_version(version: &[u8], malformed: FaultKind) -> Result<(), FaultKind> {
    match version {
        // A later minor version is read as 1.1 (RFC 9110 §2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(FaultKind::BadHttpVersion)
        }
        _ => Err(malformed),
    }
}

/// The authority that a request was made to: of its target, or else of exactly one valid Host (RFC 9112 §3.2).
pub(crate) fn authority<'a>(line: &RequestLine<'a>, fields: &'a [Field<'a>]) -> Result<&'a [u8], FaultKind> {
    match fields::single(fields, "Host") {
        Ok(Some(host)) if Authority::parse(host).is_some() => Ok(line.authority.unwrap_or(host)),
        _ => Err(FaultKind::BadHost),
    }
}
