//! What arrives in the opening stage: heads as text or as fields, bodies of refusals, and what follows a request.

use core::mem;

use super::answer::{deflate_offers, list};
use super::{Context, MAX_BACKLOG, Opening, Outcome, Refusal, Subject, deliver};
use crate::error::{Breach, FaultKind};
use crate::handshake::body::{BodyReader, Progress};
use crate::handshake::deliver::{Head, Rejected};
use crate::handshake::fields::{Field, Fields, HttpVersion};
use crate::handshake::head::{self, FieldRoom, HeadKind, RequestLine};
use crate::handshake::request::{self, Host, Offer};
use crate::handshake::response;
use crate::handshake::{accept_for, carried};
use crate::settings::MAX_INTERIM;
use crate::states::handshake::{Input, Stage};

/// Bytes.
impl Opening {
    /// Reads what it can of the input. Returns how many bytes it consumed, and what that came to.
    pub(crate) fn read(&mut self, input: &[u8], context: &mut Context<'_>) -> Result<(usize, Outcome), Breach> {
        let mut at = 0;
        while matches!(self.stage, Stage::Request | Stage::Response) {
            if self.carrier().is_some() {
                // The response comes as fields, before any byte of its stream.
                return Ok((0, Outcome::Wait));
            }
            let settings = context.sender.settings();
            let (read, complete) = self.reader.read(&input[at..], &mut context.batch.scratch, settings)?;
            at += read;
            if !complete {
                return Ok((at, Outcome::Wait));
            }
            self.read_head(None, context)?;
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
    pub(crate) fn read_eof(&mut self, context: &mut Context<'_>) -> Result<Outcome, Breach> {
        let truncated = self.refusal.as_ref().is_some_and(|refusal| !refusal.body.ends_at_eof());
        self.end_refusal(Input::Eof, truncated, context)
    }

    fn read_body(&mut self, input: &[u8], context: &mut Context<'_>) -> Result<Outcome, Breach> {
        let Some(Refusal { head_end, body, .. }) = &mut self.refusal else { return Ok(Outcome::Wait) };
        let scratch = &mut context.batch.scratch;
        let kept = scratch.len() - *head_end;
        let room = usize::try_from(context.sender.settings().max_body_size).unwrap_or(usize::MAX) - kept;
        let progress = if body.is_empty() { Progress::Done } else { body.read(input, scratch, room)? };
        match progress {
            Progress::More => Ok(Outcome::Wait),
            Progress::Done => self.end_refusal(Input::BodyEnd, false, context),
            Progress::Truncated => self.end_refusal(Input::BodyEnd, true, context),
        }
    }

    /// The body of a refusal has ended, if there is one.
    fn end_refusal(&mut self, input: Input, truncated: bool, context: &mut Context<'_>) -> Result<Outcome, Breach> {
        let ends = self.apply(input, &Subject::BodyEnd { truncated }, context).map_err(|_| FaultKind::NoMemory)?;
        Ok(match &self.refusal {
            Some(refusal) if ends => Outcome::Refused(refusal.status),
            _ => Outcome::Wait,
        })
    }
}

/// Heads.
impl Opening {
    /// Whether a request can be read from fields: nothing of one has arrived.
    pub(crate) fn awaits_request_fields(&self, context: &Context<'_>) -> bool {
        self.stage == Stage::Request && self.is_fresh(context)
    }

    /// Whether a response can be read from fields: the request was made of fields.
    pub(crate) fn awaits_response_fields(&self) -> bool {
        self.stage == Stage::Response && self.carrier().is_some()
    }

    /// Reads a request from its fields.
    pub(crate) fn read_request_fields(
        &mut self,
        version: HttpVersion,
        fields: &[Field<'_>],
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        self.carrier = Some(version);
        let pseudo = carried::request(version, fields, &mut context.batch.scratch, context.sender.settings())?;
        self.read_head(Some(&pseudo), context)
    }

    /// Reads a response from its status and fields.
    pub(crate) fn read_response_fields(
        &mut self,
        status: u16,
        fields: &[Field<'_>],
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        let version = self.carrier().unwrap_or(HttpVersion::Http11);
        carried::response(version, status, fields, &mut context.batch.scratch, context.sender.settings())?;
        self.read_head(None, context)
    }

    /// A head is complete in the scratch buffer.
    fn read_head(&mut self, pseudo: Option<&carried::Pseudo>, context: &mut Context<'_>) -> Result<(), Breach> {
        // Records refer to the head, so it stays where it is. Nothing else is put there meanwhile.
        let scratch = core::mem::take(&mut context.batch.scratch);
        let start = self.reader.start();
        let text = start + pseudo.map_or(0, |pseudo| pseudo.len);
        let mut room = FieldRoom::new();
        let result = head::parse(&scratch[text..], &mut room).map_err(Breach::from).and_then(|(line, fields)| {
            let head = Head { bytes: &scratch[start..], start, fields: &Fields::new(fields) };
            match (self.reader.kind(), pseudo) {
                (HeadKind::Request, None) => self.read_request(&self.reader.request_line(line)?, None, head, context),
                (HeadKind::Request, Some(pseudo)) => {
                    let line = pseudo.request_line(&scratch[start..], line)?;
                    self.read_request(&line, pseudo.secure, head, context)
                }
                (HeadKind::Response, _) => self.read_response(line, head, context),
            }
        });
        context.batch.scratch = scratch;
        result
    }

    fn read_request(
        &mut self,
        line: &RequestLine<'_>,
        secure: Option<bool>,
        head: Head<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), Breach> {
        let version = self.carrier().unwrap_or(HttpVersion::Http11);
        let authority = head::authority(version, line, head.fields)?;
        self.is_head_request = line.method == b"HEAD";
        let settings = context.sender.settings();
        let host = Host { authority, secure: settings.is_secure().or(secure) };
        let (input, fault, offer) = match request::check(version, line.fault, head.fields, &host) {
            Ok((offer, key)) => {
                self.accept = key.map_or([0; 28], accept_for);
                self.offered = list(&mut offer.subprotocols.iter().copied()).map_err(|_| FaultKind::NoMemory)?;
                self.deflate_offers = deflate_offers(&offer.extensions, settings).map_err(|_| FaultKind::NoMemory)?;
                (Input::ValidRequest, None, offer)
            }
            Err(fault) if settings.deliver_http => {
                if fault == FaultKind::UnsupportedVersion {
                    self.because = fault;
                }
                (Input::OtherRequest, Some(fault), Offer::of_other(head.fields, &host))
            }
            Err(fault) => return Err(fault.into()),
        };
        // It is not changed meanwhile, and what is preferred lies in it.
        let offered = mem::take(&mut self.offered);
        let preferred = self.config.preferred(&offered);
        let RequestLine { method, target, .. } = *line;
        let request = deliver::Request { head, method, target, authority, offer, preferred, fault };
        let result = self.input(input, &Subject::Request(request), context);
        self.offered = offered;
        result
    }

    fn read_response(&mut self, line: &[u8], head: Head<'_>, context: &mut Context<'_>) -> Result<(), Breach> {
        let end = head.start + head.bytes.len();
        let version = self.carrier().unwrap_or(HttpVersion::Http11);
        match head::parse_status_line(line)? {
            (status, reason) if status == version.accepting_status() => {
                let settings = context.sender.settings();
                match response::check(version, head.fields, &self.accept, &self.config, settings) {
                    Ok(agreed) => self.input(Input::SwitchingProtocols, &Subject::Switching { head, agreed }, context),
                    Err(fault) => {
                        let rejected = Rejected { head, status, reason, body: None };
                        self.input(Input::FaultySwitching, &Subject::FaultySwitching(rejected), context)?;
                        Err(fault.into())
                    }
                }
            }
            (100..=199, _) => {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(Breach::with(FaultKind::TooManyInterim, self.interim.into()));
                }
                self.input(Input::InterimResponse, &Subject::Interim { end }, context)
            }
            (status, _) => {
                let body = BodyReader::new(status, head.fields, self.carrier().is_none())?;
                let refusal = Refusal { head_start: head.start, head_end: end, status, body };
                self.input(Input::RefusalHead, &Subject::RefusalHead(refusal), context)
            }
        }
    }

    /// Applies an input of the peer's, whose effects write nothing.
    fn input(&mut self, input: Input, subject: &Subject<'_>, context: &mut Context<'_>) -> Result<(), Breach> {
        self.apply(input, subject, context).map(|_| ()).map_err(|_| FaultKind::NoMemory.into())
    }
}
