//! The events of the handshake as records: an event, then its details. Heads lie in the scratch buffer, and the details
//! refer to them there.

use super::fields::Field;
use super::head;
use super::request::Offer;
use super::response::Agreed;
use crate::abi::{Record, flag, kind, region};
use crate::receive::batch::{Batch, Place, header_record};

/// A complete head in the scratch buffer, and its fields.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) bytes: &'a [u8],
    /// Where it begins in the scratch buffer.
    pub(crate) start: usize,
    pub(crate) fields: &'a [Field<'a>],
}

impl Head<'_> {
    /// The place of a part of the head.
    fn place(&self, part: &[u8]) -> Place {
        let offset = part.as_ptr().addr() - self.bytes.as_ptr().addr();
        Place { region: region::SCRATCH, offset: self.start + offset, len: part.len() }
    }

    fn push_headers(&self, batch: &mut Batch) {
        for field in self.fields {
            batch.push(header_record(self.place(field.name), self.place(field.value)));
        }
    }
}

/// Delivers REQUEST. `preferred` is the subprotocol that is agreed if the host names none.
pub(super) fn request(
    head: &Head<'_>,
    target: &[u8],
    authority: &[u8],
    offer: &Offer<'_>,
    preferred: Option<&[u8]>,
    batch: &mut Batch,
) {
    let event = Record { code: offer.origin_relation as u16, ..head.place(target).whole(kind::REQUEST) };
    let most = 2 + offer.subprotocols.len() + offer.extensions.len() + head.fields.len();
    let first = begin(event, most, batch);
    batch.push(head.place(authority).record(kind::AUTHORITY, 0));
    if let Some(origin) = offer.origin {
        batch.push(head.place(origin).record(kind::ORIGIN, 0));
    }
    for name in &offer.subprotocols {
        let flags = if Some(*name) == preferred { flag::CHOSEN } else { 0 };
        batch.push(head.place(name).record(kind::SUBPROTOCOL, flags));
    }
    for extension in &offer.extensions {
        batch.push(head.place(extension).record(kind::EXTENSION, 0));
    }
    head.push_headers(batch);
    end(first, batch);
}

/// Delivers a client's OPEN.
pub(crate) fn open_client(head: &Head<'_>, agreed: &Agreed<'_>, batch: &mut Batch) {
    let first = begin(Record { kind: kind::OPEN, ..Record::default() }, 2 + head.fields.len(), batch);
    if let Some(name) = agreed.subprotocol {
        batch.push(head.place(name).record(kind::SUBPROTOCOL, 0));
    }
    if let Some((text, _)) = agreed.extension {
        batch.push(head.place(text).record(kind::EXTENSION, 0));
    }
    head.push_headers(batch);
    end(first, batch);
}

/// Delivers a server's OPEN, with copies of its details.
pub(super) fn open_server(subprotocol: Option<&[u8]>, extension: Option<&[u8]>, batch: &mut Batch) {
    batch.reset();
    let first = begin(Record { kind: kind::OPEN, ..Record::default() }, 0, batch);
    for (kind, text) in [(kind::SUBPROTOCOL, subprotocol), (kind::EXTENSION, extension)] {
        if let Some(text) = text {
            let place = batch.push_to_scratch(text);
            batch.push(place.record(kind, 0));
        }
    }
    end(first, batch);
}

/// Delivers REJECTED with its headers and the body that was kept. The head lies between these indices of the scratch
/// buffer, the body behind it.
pub(crate) fn refusal(start: usize, head_end: usize, status: u16, truncated: bool, batch: &mut Batch) {
    let scratch = core::mem::take(&mut batch.scratch);
    let bytes = &scratch[start..head_end];
    let body = Place { region: region::SCRATCH, offset: head_end, len: scratch.len() - head_end };
    let flags = if truncated { flag::TRUNCATED } else { 0 };
    let first = begin(Record { code: status, ..body.record(kind::REJECTED, flags) }, 0, batch);
    // It could be parsed when it arrived.
    if let Ok((_, fields)) = head::parse(bytes) {
        Head { bytes, start, fields: &fields }.push_headers(batch);
    }
    batch.scratch = scratch;
    end(first, batch);
}

/// Pushes an event, with room for this many details. Returns where those begin.
fn begin(event: Record, details: usize, batch: &mut Batch) -> usize {
    batch.records.reserve_exact(1 + details);
    batch.records.push(event);
    batch.records.len()
}

/// Writes to the event how many details it has.
fn end(first: usize, batch: &mut Batch) {
    let count = batch.records.len() - first;
    batch.records[first - 1].aux = count as u32;
}
