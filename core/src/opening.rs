//! The opening handshake of one connection: reads heads, delivers what they say, writes the answers.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::batch::{Record, flag, kind, region};
use crate::config::{Config, ExtraHeader, Role, Settings};
use crate::deflate::{Agreement, negotiation};
use crate::error::{Answer, Error, Fault, FaultKind};
use crate::handshake::body::{BodyReader, Progress};
use crate::handshake::fields::Field;
use crate::handshake::head::{self, HeadReader, Kind, RequestLine};
use crate::handshake::request::{self, Offer};
use crate::handshake::{accept_for, key_for, response, write};
use crate::inbox::{Inbox, Place, header_record};
use crate::random::Keys;
use crate::sender::Sender;
use crate::states;
use crate::states::handshake::{Cue, Effect, HANDSHAKE, Stage};

/// How many interim responses a client reads before the final one.
const MAX_INTERIM: u32 = 8;
/// How many bytes behind a request are kept while the host decides.
const MAX_BACKLOG: usize = 64 * 1024;

/// An opening handshake under way. Dropped when the connection is open.
#[derive(Debug)]
pub(crate) struct Opening {
    stage: Stage,
    reader: HeadReader,
    refusal: Option<Refusal>,
    accept: [u8; 28],
    /// A server's preference, a client's offer.
    subprotocols: Vec<String>,
    /// The client's offer, once a server has read it.
    offered: Vec<Box<[u8]>>,
    /// What a server answers to the client's offer of compression.
    extension: Option<(String, Agreement)>,
    /// What is agreed on compression, once the connection is open.
    agreed: Option<Agreement>,
    headers: Vec<ExtraHeader>,
    /// For the coming answer only.
    response_headers: Vec<ExtraHeader>,
    /// What the client sent behind its request.
    backlog: Vec<u8>,
    interim: u32,
}

/// A response that refuses, while its body is read. Its head lies in the side buffer, the body behind it.
#[derive(Debug)]
struct Refusal {
    head_start: usize,
    head_end: usize,
    status: u16,
    body: BodyReader,
}

/// What came of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// More must arrive, or the host must decide.
    Wait,
    /// The connection is open, with this compression; what follows are frames.
    Open(Option<Agreement>),
    /// The server refused; it is delivered.
    Refused(u16),
}

impl Opening {
    /// A client sends its request at once.
    pub(crate) fn new(config: &Config, keys: &mut Keys, output: &mut Vec<u8>) -> Result<Self, Error> {
        let mut accept = [0; 28];
        let kind = match config.role {
            Role::Server => Kind::Request,
            Role::Client => {
                let key = key_for(keys.nonce());
                accept = accept_for(&key);
                let url = config.url.as_ref().ok_or(Error::InvalidArgument)?;
                let offer = config.settings.wants_deflate().then(|| negotiation::offer(&config.settings));
                let (origin, offer) = (config.origin.as_deref(), offer.as_deref());
                write::request(output, url, &key, origin, &config.subprotocols, offer, &config.headers);
                Kind::Response
            }
        };
        Ok(Opening {
            stage: if kind == Kind::Request { Stage::Request } else { Stage::Response },
            reader: HeadReader::new(kind, 0),
            refusal: None,
            accept,
            subprotocols: config.subprotocols.clone(),
            offered: Vec::new(),
            extension: None,
            agreed: None,
            headers: if config.role == Role::Server { config.headers.clone() } else { Vec::new() },
            response_headers: Vec::new(),
            backlog: Vec::new(),
            interim: 0,
        })
    }

    /// Whether the host has a request to decide on.
    pub(crate) fn awaits_decision(&self) -> bool {
        self.stage == Stage::Decision
    }

    /// Reads what it can of the input: how much, and what came of it.
    pub(crate) fn read(
        &mut self,
        input: &[u8],
        inbox: &mut Inbox,
        settings: &Settings,
    ) -> Result<(usize, Outcome), Fault> {
        let mut at = 0;
        while matches!(self.stage, Stage::Request | Stage::Response) {
            let (taken, complete) = self.reader.read(&input[at..], &mut inbox.side, settings)?;
            at += taken;
            if !complete {
                return Ok((at, Outcome::Wait));
            }
            self.read_head(inbox, settings)?;
        }
        match self.stage {
            Stage::Open => Ok((at, Outcome::Open(self.agreed))),
            Stage::Refusal => self.read_body(&input[at..], inbox, settings).map(|outcome| (input.len(), outcome)),
            _ => {
                let take = (input.len() - at).min(MAX_BACKLOG - self.backlog.len());
                self.backlog.try_reserve(take).map_err(|_| FaultKind::NoMemory)?;
                self.backlog.extend_from_slice(&input[at..at + take]);
                Ok((at + take, Outcome::Wait))
            }
        }
    }

    /// The server's stream has ended: that may complete its refusal.
    pub(crate) fn read_eof(&mut self, inbox: &mut Inbox) -> Result<Outcome, Fault> {
        let truncated = self.refusal.as_ref().is_some_and(|refusal| !refusal.body.ends_at_eof());
        self.end_refusal(Cue::StreamEnds, truncated, inbox)
    }

    /// Adds a header to the coming answer.
    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        self.response_headers.push(ExtraHeader::new(name, value)?);
        Ok(())
    }

    /// Writes the 101 and delivers OPEN. Returns what the client sent behind its request, and what is agreed on
    /// compression.
    pub(crate) fn accept(
        &mut self,
        chosen: Option<&[u8]>,
        inbox: &mut Inbox,
        sender: &mut Sender,
    ) -> Result<(Vec<u8>, Option<Agreement>), Error> {
        let subprotocol = match chosen {
            None => self.preferred(),
            Some(name) if self.offered.iter().any(|offer| **offer == *name) => core::str::from_utf8(name).ok(),
            Some(_) => return Err(Error::InvalidArgument),
        };
        let headers = || self.headers.iter().chain(&self.response_headers);
        let size: usize = headers().map(|header| header.name.len() + header.value.len() + 4).sum();
        let output = sender.http(512 + subprotocol.map_or(0, str::len) + size)?;
        let extension = self.extension.as_ref().map(|(text, _)| text.as_str());
        write::switching(output, &self.accept, subprotocol, extension, headers());
        inbox.release();
        deliver_open(subprotocol.map(str::as_bytes), extension.map(str::as_bytes), inbox);
        let agreement = self.extension.as_ref().map(|(_, agreement)| *agreement);
        self.happens(Cue::HostAccepts, &[Effect::SendSwitching, Effect::DeliverOpen]);
        Ok((core::mem::take(&mut self.backlog), agreement))
    }

    /// Writes a refusal of the host's.
    pub(crate) fn reject(&mut self, status: u16, body: &[u8], sender: &mut Sender) -> Result<(), Error> {
        if !(200..=599).contains(&status) || (write::has_no_body(status) && !body.is_empty()) {
            return Err(Error::InvalidArgument);
        }
        self.refuse(status, FaultKind::Refused, body, sender)?;
        self.happens(Cue::HostRejects, &[Effect::SendRefusal]);
        Ok(())
    }

    /// Writes the refusal that a fault calls for. `true` if it calls for one.
    pub(crate) fn refuse_for(&mut self, fault: Fault, sender: &mut Sender) -> bool {
        let effects = self.step(Cue::Faults);
        match fault.kind.answer() {
            Answer::Status(status) if effects.contains(&Effect::SendRefusal) => {
                self.response_headers.clear();
                self.refuse(status, fault.kind, b"", sender).is_ok()
            }
            _ => false,
        }
    }

    pub(crate) fn heap(&self) -> usize {
        let headers = self.headers.iter().chain(&self.response_headers);
        self.backlog.capacity()
            + headers.map(|header| size_of::<ExtraHeader>() + header.name.len() + header.value.len()).sum::<usize>()
            + self.offered.iter().map(|name| size_of_val(name) + name.len()).sum::<usize>()
            + self.subprotocols.iter().map(|name| size_of_val(name) + name.len()).sum::<usize>()
    }
}

impl Opening {
    /// Goes where the table says, and returns what is to be done.
    fn step(&mut self, cue: Cue) -> &'static [Effect] {
        let Some(transition) = states::find(HANDSHAKE, self.stage, cue) else { return &[] };
        self.stage = transition.to;
        transition.effects
    }

    /// The same where the table leaves no choice: `effects` are done, or are about to be.
    fn happens(&mut self, cue: Cue, effects: &[Effect]) {
        let listed = self.step(cue);
        debug_assert_eq!(listed, effects);
    }

    fn refuse(&mut self, status: u16, because: FaultKind, body: &[u8], sender: &mut Sender) -> Result<(), Error> {
        let headers = || self.headers.iter().chain(&self.response_headers);
        let size: usize = headers().map(|header| header.name.len() + header.value.len() + 4).sum();
        let output = sender.http(256 + size + body.len())?;
        write::refusal(output, status, because, headers(), body);
        self.backlog = Vec::new();
        Ok(())
    }

    /// The first subprotocol of the host's list that the client offered.
    fn preferred(&self) -> Option<&str> {
        let offered = |name: &&String| self.offered.iter().any(|offer| **offer == *name.as_bytes());
        self.subprotocols.iter().find(offered).map(String::as_str)
    }

    /// A head is complete in the side buffer.
    fn read_head(&mut self, inbox: &mut Inbox, settings: &Settings) -> Result<(), Fault> {
        // The records refer to the head, so it stays where it is; the copy is what is read from.
        let head = core::mem::take(&mut inbox.side);
        let start = self.reader.start();
        let result = match self.reader.kind() {
            Kind::Request => self.read_request(&head[start..], start, inbox, settings),
            Kind::Response => self.read_response(&head, start, inbox, settings),
        };
        // Nothing was put aside meanwhile: a head's records lie in the head itself.
        inbox.side = head;
        result
    }

    fn read_request(&mut self, head: &[u8], start: usize, inbox: &mut Inbox, settings: &Settings) -> Result<(), Fault> {
        let (line, fields) = head::parse(head)?;
        let line = RequestLine::parse(line)?;
        let authority = head::authority(&line, &fields)?;
        request::check_upgrade(&fields)?;
        let offer = Offer::read(&fields, authority)?;
        self.accept = accept_for(request::key(&fields)?);
        self.offered = offer.subprotocols.iter().map(|name| Box::from(*name)).collect();
        let offers = offer.extensions.iter().filter(|offer| settings.wants_deflate() && negotiation::is_deflate(offer));
        self.extension = offers.flat_map(|offer| negotiation::answer(offer, settings)).next();
        self.happens(Cue::RequestArrives, &[Effect::DeliverRequest]);

        let within = |part: &[u8]| within(head, start, part);
        let preferred = self.preferred().map(str::as_bytes);
        let event = Record { code: offer.origin_relation as u16, ..within(line.target).whole(kind::REQUEST) };
        let most = 2 + offer.subprotocols.len() + offer.extensions.len() + fields.len();
        let details = deliver(event, most, inbox);
        inbox.push(within(authority).record(kind::AUTHORITY, 0));
        if let Some(origin) = offer.origin {
            inbox.push(within(origin).record(kind::ORIGIN, 0));
        }
        for name in &offer.subprotocols {
            let flags = if Some(*name) == preferred { flag::CHOSEN } else { 0 };
            inbox.push(within(name).record(kind::SUBPROTOCOL, flags));
        }
        for extension in &offer.extensions {
            inbox.push(within(extension).record(kind::EXTENSION, 0));
        }
        push_headers(&fields, head, start, inbox);
        set_details(details, inbox);
        Ok(())
    }

    fn read_response(
        &mut self,
        buffer: &[u8],
        start: usize,
        inbox: &mut Inbox,
        settings: &Settings,
    ) -> Result<(), Fault> {
        let head = &buffer[start..];
        let (line, fields) = head::parse(head)?;
        let status = head::parse_status_line(line)?;
        match status {
            101 => {
                let agreed = response::check(&fields, &self.accept, &self.subprotocols, settings)?;
                let details = deliver(Record { kind: kind::OPEN, ..Record::default() }, 2 + fields.len(), inbox);
                if let Some(name) = agreed.subprotocol {
                    inbox.push(within(head, start, name).record(kind::SUBPROTOCOL, 0));
                }
                if let Some((text, _)) = agreed.extension {
                    inbox.push(within(head, start, text).record(kind::EXTENSION, 0));
                }
                push_headers(&fields, head, start, inbox);
                set_details(details, inbox);
                self.agreed = agreed.extension.map(|(_, agreement)| agreement);
                self.happens(Cue::SwitchingArrives, &[Effect::DeliverOpen]);
            }
            100..=199 => {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(Fault::with(FaultKind::TooManyInterim, self.interim.into(), MAX_INTERIM.into()));
                }
                self.reader = HeadReader::new(Kind::Response, buffer.len());
                self.happens(Cue::InterimArrives, &[Effect::ReadNextHead]);
            }
            _ => {
                let body = BodyReader::new(status, &fields)?;
                self.refusal = Some(Refusal { head_start: start, head_end: buffer.len(), status, body });
                self.happens(Cue::RefusalArrives, &[Effect::ReadBody]);
            }
        }
        Ok(())
    }

    fn read_body(&mut self, input: &[u8], inbox: &mut Inbox, settings: &Settings) -> Result<Outcome, Fault> {
        let Some(Refusal { head_end, body, .. }) = &mut self.refusal else { return Ok(Outcome::Wait) };
        let kept = inbox.side.len() - *head_end;
        let room = usize::try_from(settings.max_body_size).unwrap_or(usize::MAX) - kept;
        let progress = if body.is_empty() { Progress::Done } else { body.read(input, &mut inbox.side, room)? };
        match progress {
            Progress::More => Ok(Outcome::Wait),
            Progress::Done => self.end_refusal(Cue::BodyEnds, false, inbox),
            Progress::Truncated => self.end_refusal(Cue::BodyEnds, true, inbox),
        }
    }

    /// The body of a refusal has ended, if there is one.
    fn end_refusal(&mut self, cue: Cue, truncated: bool, inbox: &mut Inbox) -> Result<Outcome, Fault> {
        match (&self.refusal, states::find(HANDSHAKE, self.stage, cue)) {
            (Some(refusal), Some(transition)) => {
                self.stage = transition.to;
                deliver_refusal(refusal, truncated, inbox)?;
                Ok(Outcome::Refused(refusal.status))
            }
            _ => Ok(Outcome::Wait),
        }
    }
}

/// Delivers REJECTED with its details and its body.
fn deliver_refusal(refusal: &Refusal, truncated: bool, inbox: &mut Inbox) -> Result<(), Fault> {
    let Refusal { head_start, head_end, status, .. } = *refusal;
    let buffer = core::mem::take(&mut inbox.side);
    let head = &buffer[head_start..head_end];
    let body = Place { region: region::SCRATCH, offset: head_end, len: buffer.len() - head_end };
    let flags = if truncated { flag::TRUNCATED } else { 0 };
    let details = deliver(Record { code: status, ..body.record(kind::REJECTED, flags) }, 0, inbox);
    let result = head::parse(head).map(|(_, fields)| push_headers(&fields, head, head_start, inbox));
    inbox.side = buffer;
    set_details(details, inbox);
    Ok(result?)
}

/// Delivers OPEN with its details, which are put aside.
pub(crate) fn deliver_open(subprotocol: Option<&[u8]>, extension: Option<&[u8]>, inbox: &mut Inbox) {
    let details = deliver(Record { kind: kind::OPEN, ..Record::default() }, 0, inbox);
    if let Some(name) = subprotocol {
        let place = inbox.put_aside(name);
        inbox.push(place.record(kind::SUBPROTOCOL, 0));
    }
    if let Some(text) = extension {
        let place = inbox.put_aside(text);
        inbox.push(place.record(kind::EXTENSION, 0));
    }
    set_details(details, inbox);
}

/// Delivers an event, with room for so many details. Returns where they begin.
fn deliver(event: Record, details: usize, inbox: &mut Inbox) -> usize {
    inbox.records.reserve_exact(1 + details);
    inbox.records.push(event);
    inbox.records.len()
}

/// The place of a part of a head that begins at `start` of the side buffer.
fn within(head: &[u8], start: usize, part: &[u8]) -> Place {
    let offset = part.as_ptr().addr() - head.as_ptr().addr();
    Place { region: region::SCRATCH, offset: start + offset, len: part.len() }
}

fn push_headers(fields: &[Field<'_>], head: &[u8], start: usize, inbox: &mut Inbox) {
    for field in fields {
        inbox.push(header_record(within(head, start, field.name), within(head, start, field.value)));
    }
}

/// Tells the event before its details how many there are.
fn set_details(first: usize, inbox: &mut Inbox) {
    let count = inbox.records.len() - first;
    inbox.records[first - 1].aux = count as u32;
}
