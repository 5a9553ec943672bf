//! The events of the handshake as records: an event, then its details. Heads lie in the scratch buffer, and the details
//! refer to them there.

use super::fields::Fields;
use super::head::{self, FieldRoom};
use super::request::Offer;
use super::response::Agreed;
use crate::abi::{Record, flag, kind, region};
use crate::error::{Error, FaultKind};
use crate::receive::batch::{Batch, MAX_RECORDS, Place, header_record};

/// A complete head in the scratch buffer, and its fields.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) bytes: &'a [u8],
    /// Where it begins in the scratch buffer.
    pub(crate) start: usize,
    pub(crate) fields: &'a Fields<'a>,
}

impl Head<'_> {
    /// The place of a part of the head.
    fn place(&self, part: &[u8]) -> Place {
        let offset = part.as_ptr().addr() - self.bytes.as_ptr().addr();
        Place { region: region::SCRATCH, offset: self.start + offset, len: part.len() }
    }

    fn push_headers(&self, batch: &mut Batch) {
        for field in self.fields.all {
            batch.push(header_record(self.place(field.name), self.place(field.value)));
        }
    }
}

/// A request, as it is delivered.
pub(super) struct Request<'a> {
    pub(super) head: Head<'a>,
    pub(super) method: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) authority: &'a [u8],
    pub(super) offer: Offer<'a>,
    /// The subprotocol that is agreed if the host names none.
    pub(super) preferred: Option<&'a [u8]>,
    /// Why it cannot be accepted.
    pub(super) fault: Option<FaultKind>,
}

/// Delivers REQUEST.
pub(super) fn request(request: &Request<'_>, batch: &mut Batch) -> Result<(), Error> {
    let Request { head, method, target, authority, offer, preferred, fault } = request;
    let event = Record {
        code: offer.origin_relation as u16,
        extra: fault.map_or(0, |fault| fault.number().into()),
        ..head.place(target).whole(kind::REQUEST)
    };
    let most = 3 + offer.subprotocols.len() + offer.extensions.len() + head.fields.all.len();
    let first = begin(event, most, batch)?;
    if *method != b"GET" {
        batch.push(head.place(method).record(kind::METHOD, 0));
    }
    if !authority.is_empty() {
        batch.push(head.place(authority).record(kind::AUTHORITY, 0));
    }
    if let Some(origin) = offer.origin {
        batch.push(head.place(origin).record(kind::ORIGIN, 0));
    }
    for name in &offer.subprotocols {
        let flags = if Some(*name) == *preferred { flag::CHOSEN } else { 0 };
        batch.push(head.place(name).record(kind::SUBPROTOCOL, flags));
    }
    for extension in &offer.extensions {
        batch.push(head.place(extension).record(kind::EXTENSION, 0));
    }
    head.push_headers(batch);
    end(first, batch);
    Ok(())
}

/// Delivers a client's OPEN.
pub(crate) fn open_client(head: &Head<'_>, agreed: &Agreed<'_>, batch: &mut Batch) -> Result<(), Error> {
    let first = begin(Record { kind: kind::OPEN, ..Record::default() }, 2 + head.fields.all.len(), batch)?;
    if let Some(name) = agreed.subprotocol {
        batch.push(head.place(name).record(kind::SUBPROTOCOL, 0));
    }
    if let Some((text, _)) = agreed.extension {
        batch.push(head.place(text).record(kind::EXTENSION, 0));
    }
    head.push_headers(batch);
    end(first, batch);
    Ok(())
}

/// Delivers a server's OPEN, with copies of its details.
pub(super) fn open_server(
    subprotocol: Option<&[u8]>,
    extension: Option<&[u8]>,
    batch: &mut Batch,
) -> Result<(), Error> {
    let details = [(kind::SUBPROTOCOL, subprotocol), (kind::EXTENSION, extension)];
    let texts = details.iter().filter_map(|(_, text)| *text);
    batch.scratch.try_reserve_exact(texts.clone().map(<[u8]>::len).sum()).map_err(|_| Error::NoMemory)?;
    let first = begin(Record { kind: kind::OPEN, ..Record::default() }, texts.count(), batch)?;
    for (kind, text) in details {
        if let Some(text) = text {
            batch.push_detail(kind, text);
        }
    }
    end(first, batch);
    Ok(())
}

/// A response that opens no connection, as it is delivered.
pub(super) struct Rejected<'a> {
    pub(super) head: Head<'a>,
    pub(super) status: u16,
    pub(super) reason: &'a [u8],
    /// Where what was kept of the body lies, and whether that is not all of it.
    pub(super) body: Option<(Place, bool)>,
}

/// Delivers REJECTED with its headers and the body that was kept. The head lies between these indices of the scratch
/// buffer, the body behind it.
pub(crate) fn refusal(
    start: usize,
    head_end: usize,
    status: u16,
    truncated: bool,
    batch: &mut Batch,
) -> Result<(), Error> {
    let scratch = core::mem::take(&mut batch.scratch);
    let bytes = &scratch[start..head_end];
    let body = Place { region: region::SCRATCH, offset: head_end, len: scratch.len() - head_end };
    // It could be parsed when it arrived: now only memory can be missing.
    let mut room = FieldRoom::new();
    let result = head::parse(bytes, &mut room).map_err(|_| Error::NoMemory).and_then(|(line, fields)| {
        let reason = head::parse_status_line(line).map_or(&[][..], |(_, reason)| reason);
        let head = Head { bytes, start, fields: &Fields::new(fields) };
        rejected(&Rejected { head, status, reason, body: Some((body, truncated)) }, batch)
    });
    batch.scratch = scratch;
    result
}

/// Delivers REJECTED.
pub(super) fn rejected(rejected: &Rejected<'_>, batch: &mut Batch) -> Result<(), Error> {
    let Rejected { head, status, reason, body } = rejected;
    let (body, truncated) = body.unwrap_or((head.place(&head.bytes[..0]), false));
    let flags = if truncated { flag::TRUNCATED } else { 0 };
    let event = Record { code: *status, ..body.record(kind::REJECTED, flags) };
    let first = begin(event, 1 + head.fields.all.len(), batch)?;
    if !reason.is_empty() {
        batch.push(head.place(reason).record(kind::REASON, 0));
    }
    head.push_headers(batch);
    end(first, batch);
    Ok(())
}

/// A batch with HEAD: these lines as fields, with names in lower case. `status` is 0 for a request.
pub(super) fn head(lines: &[u8], status: u16, body: &[u8]) -> Result<Batch, Error> {
    let mut batch = Batch::default();
    batch.scratch.try_reserve(lines.len() + body.len()).map_err(|_| Error::NoMemory)?;
    let body = batch.push_to_scratch(body);
    let details = lines.iter().filter(|byte| **byte == b'\n').count();
    let first = begin(Record { code: status, ..body.record(kind::HEAD, 0) }, details, &mut batch)?;
    for line in lines.split(|byte| *byte == b'\n') {
        // The name of a pseudo-header field begins with a colon.
        let colon = line.iter().skip(1).position(|byte| *byte == b':').map(|at| at + 1);
        if let (Some(colon), [line @ .., b'\r']) = (colon, line) {
            let name = batch.push_to_scratch(&line[..colon]);
            batch.scratch[name.offset..].make_ascii_lowercase();
            let value = batch.push_to_scratch(&line[colon + 2..]);
            batch.push(header_record(name, value));
        }
    }
    end(first, &mut batch);
    Ok(batch)
}

/// Pushes an event, with room for this many details. Returns where those begin.
fn begin(event: Record, details: usize, batch: &mut Batch) -> Result<usize, Error> {
    // Behind so many nothing comes in the same batch but a fault and the end.
    let end = if details >= MAX_RECORDS { 2 } else { 0 };
    batch.records.try_reserve_exact(1 + details + end).map_err(|_| Error::NoMemory)?;
    batch.records.push(event);
    Ok(batch.records.len())
}

/// Writes to the event how many details it has.
fn end(first: usize, batch: &mut Batch) {
    let count = batch.records.len() - first;
    batch.records[first - 1].aux = count as u32;
}
