//! The opening stage of a connection: reads heads and bodies, delivers what they say, and writes the answers. Its machine is
//! the table [`HANDSHAKE`].

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::body::{BodyReader, Progress, has_no_body};
use super::deliver::{self, Head};
use super::head::{self, HeadKind, HeadReader, RequestLine};
use super::request::{self, Offer};
use super::response::{self, Agreed};
use super::{HandshakeConfig, accept_for, add_header, key_for, write};
use crate::deflate::{Agreement, negotiation};
use crate::error::{Answer, Error, Fault, FaultKind};
use crate::random::Keys;
use crate::receive::batch::Batch;
use crate::send::Sender;
use crate::settings::{Role, Settings};
use crate::states;
use crate::states::handshake::{Effect, HANDSHAKE, Input, Stage};

/// How many interim responses a client reads before the final one.
const MAX_INTERIM: u32 = 8;
/// How many bytes behind a request are kept while the host decides.
const MAX_BACKLOG: usize = 64 * 1024;

/// An opening handshake under way. Dropped when the connection is open.
#[derive(Debug)]
pub(crate) struct Opening {
    stage: Stage,
    config: Arc<HandshakeConfig>,
    reader: HeadReader,
    refusal: Option<Refusal>,
    /// The `Sec-WebSocket-Accept` that a server sends, or a client expects.
    accept: [u8; 28],
    /// The subprotocols that the client offered, once a server has read them.
    offered: Vec<Box<[u8]>>,
    /// A server's answer to the client's offer of compression.
    extension: Option<(String, Agreement)>,
    /// What was agreed on compression, once a client has read the response.
    agreed: Option<Agreement>,
    /// Header lines for the answer to this request only.
    response_headers: Vec<u8>,
    /// What the client sent behind its request.
    backlog: Vec<u8>,
    interim: u32,
}

/// A response that refuses, while its body is read. Its head lies in the scratch buffer, the body behind it.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    head_start: usize,
    head_end: usize,
    status: u16,
    body: BodyReader,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// More must arrive, or the host must decide.
    Wait,
    /// The connection is open, with this compression; frames follow.
    Open(Option<Agreement>),
    /// The server refused, and the refusal is delivered.
    Refused(u16),
}

/// What the stage works on besides itself.
pub(crate) struct Context<'a> {
    pub(crate) batch: &'a mut Batch,
    pub(crate) sender: &'a mut Sender,
}

/// What an input brings, for the effects of its transition.
enum Subject<'a> {
    None,
    Request { head: Head<'a>, target: &'a [u8], authority: &'a [u8], offer: Offer<'a> },
    Switching { head: Head<'a>, agreed: Agreed<'a> },
    Interim { end: usize },
    RefusalHead(Refusal),
    BodyEnd { truncated: bool },
    Accept { subprotocol: Option<&'a [u8]> },
    Refuse { status: u16, because: FaultKind, body: &'a [u8] },
}

impl Opening {
    /// The stage of a new connection. A client's request is written to `output`.
    pub(crate) fn new(
        role: Role,
        config: &Arc<HandshakeConfig>,
        settings: &Settings,
        keys: &mut Keys,
        output: &mut Vec<u8>,
    ) -> Result<Self, Error> {
        let mut accept = [0; 28];
        let (stage, kind) = match role {
            Role::Server => (Stage::Request, HeadKind::Request),
            Role::Client => {
                let key = key_for(keys.nonce());
                accept = accept_for(&key);
                let url = config.url.as_ref().ok_or(Error::InvalidArgument)?;
                let offer = settings.wants_deflate().then(|| negotiation::offer(settings));
                write::request(output, url, &key, config, offer.as_deref());
                (Stage::Response, HeadKind::Response)
            }
        };
        Ok(Opening {
            stage,
            config: config.clone(),
            reader: HeadReader::new(kind, 0),
            refusal: None,
            accept,
            offered: Vec::new(),
            extension: None,
            agreed: None,
            response_headers: Vec::new(),
            backlog: Vec::new(),
            interim: 0,
        })
    }

    /// Whether the host has a request to decide on.
    pub(crate) fn awaits_decision(&self) -> bool {
        self.stage == Stage::Decision
    }

    /// Reads what it can of the input. Returns how many bytes it consumed, and what that came to.
    pub(crate) fn read(&mut self, input: &[u8], context: &mut Context<'_>) -> Result<(usize, Outcome), Fault> {
        let mut at = 0;
        while matches!(self.stage, Stage::Request | Stage::Response) {
            let settings = context.sender.settings();
            let (read, complete) = self.reader.read(&input[at..], &mut context.batch.scratch, settings)?;
            at += read;
            if !complete {
                return Ok((at, Outcome::Wait));
            }
            self.read_head(context)?;
        }
        match self.stage {
            Stage::Open => Ok((at, Outcome::Open(self.agreed))),
            Stage::Refusal => self.read_body(&input[at..], context).map(|outcome| (input.len(), outcome)),
            _ => {
                let take = (input.len() - at).min(MAX_BACKLOG - self.backlog.len());
                self.backlog.try_reserve(take).map_err(|_| FaultKind::NoMemory)?;
                self.backlog.extend_from_slice(&input[at..at + take]);
                Ok((at + take, Outcome::Wait))
            }
        }
    }

    /// The server's stream has ended: that may complete its refusal.
    pub(crate) fn read_eof(&mut self, context: &mut Context<'_>) -> Outcome {
        let truncated = self.refusal.as_ref().is_some_and(|refusal| !refusal.body.ends_at_eof());
        self.end_refusal(Input::Eof, truncated, context)
    }

    /// Adds a header to the answer.
    pub(crate) fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        add_header(&mut self.response_headers, name, value)
    }

    /// Drops the headers that were added to the answer.
    pub(crate) fn clear_headers(&mut self) {
        self.response_headers.clear();
    }

    /// Accepts the request: writes the 101 and delivers OPEN. Returns what the client sent behind its request, and what was
    /// agreed on compression.
    pub(crate) fn accept(
        &mut self,
        chosen: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<(Vec<u8>, Option<Agreement>), Error> {
        if chosen.is_some_and(|name| !self.is_offered(name.as_bytes())) {
            return Err(Error::InvalidArgument);
        }
        let config = self.config.clone();
        let subprotocol = chosen.map(str::as_bytes).or_else(|| self.preferred(&config));
        self.apply(Input::HostAccept, &Subject::Accept { subprotocol }, context)?;
        let agreement = self.extension.as_ref().map(|(_, agreement)| *agreement);
        Ok((core::mem::take(&mut self.backlog), agreement))
    }

    /// Refuses the request.
    pub(crate) fn reject(&mut self, status: u16, body: &[u8], context: &mut Context<'_>) -> Result<(), Error> {
        if !(200..=599).contains(&status) || (has_no_body(status) && !body.is_empty()) {
            return Err(Error::InvalidArgument);
        }
        let refuse = Subject::Refuse { status, because: FaultKind::Refused, body };
        self.apply(Input::HostReject, &refuse, context).map(|_| ())
    }

    /// Ends the handshake for a fault. `true` if a refusal was written.
    pub(crate) fn refuse_for(&mut self, fault: Fault, context: &mut Context<'_>) -> bool {
        self.response_headers.clear();
        let subject = match fault.kind.answer() {
            Answer::Status(status) => Subject::Refuse { status, because: fault.kind, body: b"" },
            Answer::Close(_) | Answer::Nothing => Subject::None,
        };
        let before = context.sender.pending_output();
        let result = self.apply(Input::Fault, &subject, context);
        if result.is_err() {
            self.stage = Stage::Failed;
        }
        context.sender.pending_output() > before
    }

    pub(crate) fn heap(&self) -> usize {
        self.backlog.capacity()
            + self.response_headers.capacity()
            + self.offered.iter().map(|name| size_of_val(name) + name.len()).sum::<usize>()
    }
}

/// The machine.
impl Opening {
    /// Does what the table says for this input in this stage. `false` if it says nothing: then nothing has changed. Nor has
    /// anything after an error.
    fn apply(&mut self, input: Input, subject: &Subject<'_>, context: &mut Context<'_>) -> Result<bool, Error> {
        let Some(transition) = states::find(HANDSHAKE, self.stage, input) else { return Ok(false) };
        for effect in transition.effects {
            self.perform(*effect, subject, context)?;
        }
        self.stage = transition.to;
        Ok(true)
    }

    fn perform(&mut self, effect: Effect, subject: &Subject<'_>, context: &mut Context<'_>) -> Result<(), Error> {
        match (effect, subject) {
            (Effect::DeliverRequest, Subject::Request { head, target, authority, offer }) => {
                let preferred = self.preferred(&self.config);
                deliver::request(head, target, authority, offer, preferred, context.batch);
            }
            (Effect::SendSwitching, Subject::Accept { subprotocol }) => {
                self.send_switching(*subprotocol, context.sender)?;
            }
            (Effect::DeliverOpen, Subject::Accept { subprotocol }) => {
                let extension = self.extension.as_ref().map(|(text, _)| text.as_bytes());
                deliver::open_server(*subprotocol, extension, context.batch);
            }
            (Effect::DeliverOpen, Subject::Switching { head, agreed }) => {
                deliver::open_client(head, agreed, context.batch);
                self.agreed = agreed.extension.map(|(_, agreement)| agreement);
            }
            (Effect::SendRefusal, Subject::Refuse { status, because, body }) => {
                self.send_refusal(*status, *because, body, context.sender)?;
            }
            (Effect::ReadNextHead, Subject::Interim { end }) => {
                self.reader = HeadReader::new(HeadKind::Response, *end);
            }
            (Effect::ReadBody, Subject::RefusalHead(refusal)) => self.refusal = Some(*refusal),
            (Effect::DeliverRefusal, Subject::BodyEnd { truncated }) => {
                if let Some(Refusal { head_start, head_end, status, .. }) = self.refusal {
                    deliver::refusal(head_start, head_end, status, *truncated, context.batch);
                }
            }
            // A fault that has no status in HTTP refuses nothing.
            (_, other) => debug_assert!(matches!(other, Subject::None), "an input without what its effects need"),
        }
        Ok(())
    }

    fn send_switching(&self, subprotocol: Option<&[u8]>, sender: &mut Sender) -> Result<(), Error> {
        let extra = self.extra_headers();
        let output =
            sender.http(512 + subprotocol.map_or(0, <[u8]>::len) + extra.map(<[u8]>::len).iter().sum::<usize>())?;
        let extension = self.extension.as_ref().map(|(text, _)| text.as_bytes());
        write::switching(output, &self.accept, subprotocol, extension, extra);
        Ok(())
    }

    fn send_refusal(&mut self, status: u16, because: FaultKind, body: &[u8], sender: &mut Sender) -> Result<(), Error> {
        let extra = self.extra_headers();
        let output = sender.http(256 + extra.map(<[u8]>::len).iter().sum::<usize>() + body.len())?;
        write::refusal(output, status, because, extra, body);
        self.backlog = Vec::new();
        Ok(())
    }

    /// Header lines of the host's: those of the configuration, and those for this answer.
    fn extra_headers(&self) -> [&[u8]; 2] {
        [&self.config.headers, &self.response_headers]
    }

    /// The first subprotocol of the host's list that the client offered.
    fn preferred<'a>(&self, config: &'a HandshakeConfig) -> Option<&'a [u8]> {
        config.subprotocols().find(|name| self.is_offered(name))
    }

    fn is_offered(&self, name: &[u8]) -> bool {
        self.offered.iter().any(|offer| **offer == *name)
    }
}

/// What arrives.
impl Opening {
    /// A head is complete in the scratch buffer.
    fn read_head(&mut self, context: &mut Context<'_>) -> Result<(), Fault> {
        // Records refer to the head, so it stays where it is. Nothing else is put there meanwhile.
        let scratch = core::mem::take(&mut context.batch.scratch);
        let start = self.reader.start();
        let result = head::parse(&scratch[start..]).map_err(Fault::from).and_then(|(line, fields)| {
            let head = Head { bytes: &scratch[start..], start, fields: &fields };
            match self.reader.kind() {
                HeadKind::Request => self.read_request(line, head, context),
                HeadKind::Response => self.read_response(line, head, context),
            }
        });
        context.batch.scratch = scratch;
        result
    }

    fn read_request(&mut self, line: &[u8], head: Head<'_>, context: &mut Context<'_>) -> Result<(), Fault> {
        let line = RequestLine::parse(line)?;
        let authority = head::authority(&line, head.fields)?;
        request::check_upgrade(head.fields)?;
        let offer = Offer::read(head.fields, authority)?;
        self.accept = accept_for(request::key(head.fields)?);
        self.offered = offer.subprotocols.iter().map(|name| Box::from(*name)).collect();
        self.extension = answer_deflate(&offer, context.sender.settings());
        self.input(Input::ValidRequest, &Subject::Request { head, target: line.target, authority, offer }, context)
    }

    fn read_response(&mut self, line: &[u8], head: Head<'_>, context: &mut Context<'_>) -> Result<(), Fault> {
        let end = head.start + head.bytes.len();
        match head::parse_status_line(line)? {
            101 => {
                let settings = context.sender.settings();
                let agreed = response::check(head.fields, &self.accept, &self.config, settings)?;
                self.input(Input::SwitchingProtocols, &Subject::Switching { head, agreed }, context)
            }
            100..=199 => {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(Fault::with(FaultKind::TooManyInterim, self.interim.into(), MAX_INTERIM.into()));
                }
                self.input(Input::InterimResponse, &Subject::Interim { end }, context)
            }
            status => {
                let body = BodyReader::new(status, head.fields)?;
                let refusal = Refusal { head_start: head.start, head_end: end, status, body };
                self.input(Input::RefusalHead, &Subject::RefusalHead(refusal), context)
            }
        }
    }

    fn read_body(&mut self, input: &[u8], context: &mut Context<'_>) -> Result<Outcome, Fault> {
        let Some(Refusal { head_end, body, .. }) = &mut self.refusal else { return Ok(Outcome::Wait) };
        let scratch = &mut context.batch.scratch;
        let kept = scratch.len() - *head_end;
        let room = usize::try_from(context.sender.settings().max_body_size).unwrap_or(usize::MAX) - kept;
        let progress = if body.is_empty() { Progress::Done } else { body.read(input, scratch, room)? };
        Ok(match progress {
            Progress::More => Outcome::Wait,
            Progress::Done => self.end_refusal(Input::BodyEnd, false, context),
            Progress::Truncated => self.end_refusal(Input::BodyEnd, true, context),
        })
    }

    /// The body of a refusal has ended, if there is one.
    fn end_refusal(&mut self, input: Input, truncated: bool, context: &mut Context<'_>) -> Outcome {
        match (self.apply(input, &Subject::BodyEnd { truncated }, context), &self.refusal) {
            (Ok(true), Some(refusal)) => Outcome::Refused(refusal.status),
            _ => Outcome::Wait,
        }
    }

    /// Applies an input of the peer's, whose effects write nothing.
    fn input(&mut self, input: Input, subject: &Subject<'_>, context: &mut Context<'_>) -> Result<(), Fault> {
        self.apply(input, subject, context).map(|_| ()).map_err(|_| FaultKind::NoMemory.into())
    }
}

/// What a server answers to the first offer of compression that it can accept.
fn answer_deflate(offer: &Offer<'_>, settings: &Settings) -> Option<(String, Agreement)> {
    let wanted = |extension: &&&[u8]| settings.wants_deflate() && negotiation::is_deflate(extension);
    offer.extensions.iter().filter(wanted).flat_map(|extension| negotiation::answer(extension, settings)).next()
}
