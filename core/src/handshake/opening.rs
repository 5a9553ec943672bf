//! The opening stage of a connection: reads heads and bodies, delivers what they say, and writes the answers. Its machine is
//! the table [`HANDSHAKE`].
//!
//! The handshake is carried by the text of HTTP/1.1 in input and output, or by fields that the host passes and takes.
//! [`arrive`] has what arrives, [`answer`] what a server answers.

pub(crate) mod answer;
mod arrive;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::body::BodyReader;
use super::deliver::{self, Head, Rejected};
use super::fields::HttpVersion;
use super::head::{HeadKind, HeadReader};
use super::response::Agreed;
use super::write::{self, Response};
use super::{HandshakeConfig, accept_for, key_for};
use crate::buffers::room_for;
use crate::deflate::{Agreement, negotiation};
use crate::error::{Error, FaultKind};
use crate::receive::batch::Batch;
use crate::send::Sender;
use crate::settings::{Role, Settings};
use crate::states;
use crate::states::handshake::{Effect, HANDSHAKE, Input, Stage};

/// How many bytes behind a request are kept while the host decides.
const MAX_BACKLOG: usize = 64 * 1024;

/// An opening handshake under way. Dropped when the connection is open.
#[derive(Debug)]
pub(crate) struct Opening {
    stage: Stage,
    config: Arc<HandshakeConfig>,
    reader: HeadReader,
    /// The version of HTTP whose fields carry the handshake; `None` for the text of HTTP/1.1.
    carrier: Option<HttpVersion>,
    refusal: Option<Refusal>,
    /// The `Sec-WebSocket-Key` of a client.
    key: [u8; 24],
    /// The `Sec-WebSocket-Accept` that a server sends, or a client expects.
    accept: [u8; 28],
    /// The subprotocols that the client offered, once a server has read them.
    offered: Vec<u8>,
    /// The client's offers of compression, as a list.
    deflate_offers: Vec<u8>,
    /// The settings for the compression of this connection, if the host has narrowed them.
    narrowed: Option<Box<Settings>>,
    /// What was agreed on compression, once a client has read the response.
    agreed: Option<Agreement>,
    /// Header lines for the answer to this request only.
    response_headers: Vec<u8>,
    /// The request is for the head of the response only.
    is_head_request: bool,
    /// Why the host refuses, as far as the response depends on it.
    because: FaultKind,
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
    Request(deliver::Request<'a>),
    Switching { head: Head<'a>, agreed: Agreed<'a> },
    FaultySwitching(Rejected<'a>),
    Interim { end: usize },
    RefusalHead(Refusal),
    BodyEnd { truncated: bool },
    Accept { subprotocol: Option<&'a [u8]>, extension: Option<&'a [u8]> },
    Respond(Response<'a>),
}

impl Opening {
    /// The stage of a new connection. A client's request is written to the output.
    pub(crate) fn new(config: &Arc<HandshakeConfig>, sender: &mut Sender) -> Result<Box<Self>, Error> {
        let (stage, kind) = match sender.role() {
            Role::Server => (Stage::Request, HeadKind::Request),
            Role::Client => (Stage::Response, HeadKind::Response),
        };
        let mut opening = Box::new(Opening {
            stage,
            config: config.clone(),
            reader: HeadReader::new(kind, 0),
            carrier: None,
            refusal: None,
            key: [0; 24],
            accept: [0; 28],
            offered: Vec::new(),
            deflate_offers: Vec::new(),
            narrowed: None,
            agreed: None,
            response_headers: Vec::new(),
            is_head_request: false,
            because: FaultKind::Refused,
            backlog: Vec::new(),
            interim: 0,
        });
        if let Some(nonce) = sender.nonce() {
            opening.key = config.key.unwrap_or_else(|| key_for(nonce));
            opening.accept = accept_for(&opening.key);
            let offer = offer(sender.settings());
            let request = opening.request(offer.as_deref())?;
            request.write(None, sender.http(request.room())?);
        }
        Ok(opening)
    }

    /// The client's request, with this offer of an extension.
    fn request<'a>(&'a self, extension: Option<&'a str>) -> Result<write::Request<'a>, Error> {
        let url = self.config.url.as_ref().ok_or(Error::InvalidArgument)?;
        Ok(write::Request { url, key: &self.key, config: &self.config, extension })
    }

    /// What carries the handshake. A constant in a build without fields, which then leaves out all that depends on it.
    fn carrier(&self) -> Option<HttpVersion> {
        self.carrier.filter(|_| cfg!(feature = "fields"))
    }

    /// Whether the host has a request to decide on.
    pub(crate) fn awaits_decision(&self) -> bool {
        matches!(self.stage, Stage::Decision | Stage::PlainHttp)
    }

    /// Whether nothing has been read yet, and the text of a client's request is all there is in the output.
    fn is_fresh(&self, context: &Context<'_>) -> bool {
        self.carrier().is_none() && context.batch.scratch.is_empty()
    }

    /// Delivers the client's request as fields for this version of HTTP, in place of the text in the output.
    pub(crate) fn request_fields(&mut self, version: HttpVersion, context: &mut Context<'_>) -> Result<(), Error> {
        if self.stage != Stage::Response || !self.is_fresh(context) {
            return Err(Error::InvalidState);
        }
        let offer = offer(context.sender.settings());
        let request = self.request(offer.as_deref())?;
        let mut lines = room_for(request.room())?;
        request.write(None, &mut lines);
        if context.sender.output() != lines {
            return Err(Error::InvalidState);
        }
        lines.clear();
        request.write(Some(version), &mut lines);
        *context.batch = deliver::head(&lines, 0, b"")?;
        context.sender.drop_output();
        self.reader = HeadReader::new(HeadKind::Response, context.batch.scratch.len());
        self.carrier = Some(version);
        Ok(())
    }

    pub(crate) fn heap(&self) -> usize {
        self.backlog.capacity()
            + self.response_headers.capacity()
            + self.deflate_offers.capacity()
            + self.narrowed.as_ref().map_or(0, |_| size_of::<Settings>())
            + self.offered.capacity()
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
        #[cfg(feature = "trace")]
        context.sender.trace.note(states::trace::Machine::Handshake, HANDSHAKE, transition);
        Ok(true)
    }

    fn perform(&mut self, effect: Effect, subject: &Subject<'_>, context: &mut Context<'_>) -> Result<(), Error> {
        match (effect, subject) {
            (Effect::DeliverRequest, Subject::Request(request)) => deliver::request(request, context.batch)?,
            (Effect::SendSwitching, Subject::Accept { subprotocol, extension }) => {
                self.send_switching(*subprotocol, *extension, context)?;
            }
            // With the response.
            (Effect::DeliverOpen, Subject::Accept { .. }) => {}
            (Effect::DeliverOpen, Subject::Switching { head, agreed }) => {
                deliver::open_client(head, agreed, context.batch)?;
                self.agreed = agreed.extension.map(|(_, agreement)| agreement);
            }
            (Effect::SendRefusal, Subject::Respond(response)) => self.send_response(response, context)?,
            (Effect::ReadNextHead, Subject::Interim { end }) => {
                self.reader = HeadReader::new(HeadKind::Response, *end);
            }
            (Effect::ReadBody, Subject::RefusalHead(refusal)) => self.refusal = Some(*refusal),
            (Effect::DeliverRefusal, Subject::BodyEnd { truncated }) => {
                if let Some(Refusal { head_start, head_end, status, .. }) = self.refusal {
                    deliver::refusal(head_start, head_end, status, *truncated, context.batch)?;
                }
            }
            (Effect::DeliverRefusal, Subject::FaultySwitching(rejected)) => {
                deliver::rejected(rejected, context.batch)?;
            }
            // A fault that has no status in HTTP refuses nothing.
            (_, other) => debug_assert!(matches!(other, Subject::None), "an input without what its effects need"),
        }
        Ok(())
    }
}

/// A client's offer of compression, if it wants any.
fn offer(settings: &Settings) -> Option<String> {
    settings.wants_deflate().then(|| negotiation::offer(settings))
}
