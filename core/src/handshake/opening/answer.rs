//! What a server answers to a request: as text in the output, or as a head that the host sends.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::{Context, Opening, Subject, deliver, negotiation, write};
use crate::buffers::{reserve_text, room_for};
use crate::deflate::Agreement;
use crate::error::{Answer, Breach, Error};
use crate::handshake::body::has_no_body;
use crate::handshake::fields::{self, Extensions};
use crate::handshake::write::Response;
use crate::handshake::{add_header, offer_of};
use crate::receive::batch::Batch;
use crate::send::Sender;
use crate::settings::{DeflateLimit, Settings};
use crate::states::handshake::{Input, Stage};
use crate::syntax::is_value;

impl Opening {
    /// Adds a header to the answer.
    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        // A host that serves other pages knows which methods they allow.
        let reserved = fields::RESERVED.split_last().map_or(&[][..], |(_allow, others)| others);
        add_header(&mut self.response_headers, name, value, reserved)
    }

    /// Drops the headers and the limits that were added to the answer.
    pub(crate) fn clear_answer(&mut self) {
        self.response_headers.clear();
        self.narrowed = None;
    }

    /// Narrows what is agreed on compression.
    pub(crate) fn limit_deflate(&mut self, limit: DeflateLimit, sender: &Sender) -> Result<(), Error> {
        if !cfg!(feature = "deflate") {
            return Ok(());
        }
        let mut settings = self.narrowed.as_deref().unwrap_or(sender.settings()).clone();
        settings.narrow(limit).ok_or(Error::InvalidArgument)?;
        self.narrowed = Some(settings.into());
        Ok(())
    }

    /// Accepts the request: sends the response and delivers OPEN. Returns what the client sent behind its request, and what was
    /// agreed on compression.
    pub(crate) fn accept(
        &mut self,
        chosen: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<(Box<[u8]>, Option<Agreement>), Error> {
        if self.stage != Stage::Decision {
            return Err(Error::InvalidState);
        }
        // It is not changed meanwhile, and what is chosen lies in it.
        let offered = mem::take(&mut self.offered);
        let result = self.accept_from(&offered, chosen, context);
        self.offered = offered;
        result
    }

    /// Accepts with one of the subprotocols offered, or none.
    fn accept_from(
        &mut self,
        offered: &[u8],
        chosen: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<(Box<[u8]>, Option<Agreement>), Error> {
        let subprotocol = match chosen {
            Some(name) => Some(offer_of(offered, name.as_bytes()).ok_or(Error::InvalidArgument)?),
            None => self.config.preferred(offered),
        };
        let settings = self.narrowed.as_deref().unwrap_or(context.sender.settings());
        let answer = answer_deflate(&self.deflate_offers, settings);
        let extension = answer.as_ref().map(|(text, _)| text.as_bytes());
        let backlog = boxed(&self.backlog)?;
        self.apply(Input::HostAccept, &Subject::Accept { subprotocol, extension }, context)?;
        self.backlog = Vec::new();
        Ok((backlog, answer.map(|(_, agreement)| agreement)))
    }

    /// Answers the request with a response that opens no connection.
    pub(crate) fn respond(
        &mut self,
        status: u16,
        reason: &[u8],
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        let has_forbidden_body = has_no_body(status) && !body.is_empty();
        if !(200..=599).contains(&status) || has_forbidden_body || !is_value(reason) {
            return Err(Error::InvalidArgument);
        }
        let response = Response { status, reason, because: self.because, body };
        self.apply(Input::HostReject, &Subject::Respond(response), context).map(|_| ())
    }

    /// Ends the handshake for a fault. `true` if a refusal is sent.
    pub(crate) fn refuse_for(&mut self, fault: Breach, context: &mut Context<'_>) -> bool {
        self.clear_answer();
        let is_asked = self.stage == Stage::Request || self.awaits_decision();
        let subject = match fault.kind.answer() {
            Answer::Status(status) if is_asked => {
                Subject::Respond(Response { status, reason: b"", because: fault.kind, body: b"" })
            }
            _ => Subject::None,
        };
        let sends = !matches!(subject, Subject::None);
        let result = self.apply(Input::Fault, &subject, context);
        if result.is_err() {
            self.stage = Stage::Failed;
        }
        sends && result.is_ok()
    }

    /// Sends the response and delivers OPEN. The subprotocol may be that of the request's event: it is copied before that goes,
    /// and nothing changes if there is no memory.
    pub(super) fn send_switching(
        &self,
        subprotocol: Option<&[u8]>,
        extension: Option<&[u8]>,
        context: &mut Context<'_>,
    ) -> Result<(), Error> {
        let extra = self.extra_headers();
        let room = 512 + subprotocol.map_or(0, <[u8]>::len) + extra.map(<[u8]>::len).iter().sum::<usize>();
        let switching = |output: &mut Vec<u8>| {
            write::switching(output, self.carrier(), &self.accept, subprotocol, extension, extra);
        };
        match self.carrier() {
            None => {
                let mut batch = Batch::default();
                deliver::open_server(subprotocol, extension, &mut batch)?;
                switching(context.sender.http(room)?);
                *context.batch = batch;
            }
            Some(version) => {
                let mut lines = room_for(room)?;
                switching(&mut lines);
                let mut batch = deliver::head(&lines, version.accepting_status(), b"")?;
                deliver::open_server(subprotocol, extension, &mut batch)?;
                *context.batch = batch;
            }
        }
        Ok(())
    }

    pub(super) fn send_response(&mut self, response: &Response<'_>, context: &mut Context<'_>) -> Result<(), Error> {
        let extra = self.extra_headers();
        let body = if self.is_head_request { b"" } else { response.body };
        let room = 256 + response.reason.len() + extra.map(<[u8]>::len).iter().sum::<usize>() + body.len();
        match self.carrier() {
            None => {
                let output = context.sender.http(room)?;
                write::response(output, None, response, extra);
                output.extend_from_slice(body);
                context.batch.reset();
            }
            version => {
                let mut lines = room_for(room)?;
                write::response(&mut lines, version, response, extra);
                *context.batch = deliver::head(&lines, response.status, body)?;
            }
        }
        self.backlog = Vec::new();
        Ok(())
    }

    /// Header lines of the host's: those of the configuration, and those for this answer.
    fn extra_headers(&self) -> [&[u8]; 2] {
        [&self.config.headers, &self.response_headers]
    }
}

/// What a server answers to the first offer of compression that it can accept.
fn answer_deflate(offers: &[u8], settings: &Settings) -> Option<(String, Agreement)> {
    if !settings.wants_deflate() {
        return None;
    }
    Extensions::new(offers).flatten().flat_map(|extension| negotiation::answer(extension, settings)).next()
}

/// A copy that has no room for more.
pub(crate) fn boxed(bytes: &[u8]) -> Result<Box<[u8]>, Error> {
    let mut copy = room_for(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy.into())
}

/// The offers of compression among the extensions, as a list.
pub(super) fn deflate_offers(extensions: &[&[u8]], settings: &Settings) -> Result<Vec<u8>, Error> {
    if !settings.wants_deflate() {
        return Ok(Vec::new());
    }
    list(&mut extensions.iter().copied().filter(|extension| negotiation::is_deflate(extension)))
}

/// Elements as a list in a header.
pub(super) fn list(elements: &mut dyn Iterator<Item = &[u8]>) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    for element in elements {
        reserve_text(&mut list, element.len() + fields::SEPARATOR.len())?;
        if !list.is_empty() {
            list.extend_from_slice(fields::SEPARATOR);
        }
        list.extend_from_slice(element);
    }
    Ok(list)
}
