//! Requests and responses that follow one another on a connection, before one of them opens a WebSocket (RFC 9112 §9.3).

use std::collections::VecDeque;

use crate::body::{Body, Unframed};
use crate::conversation::{Conversation, Stage};
use crate::entry::{Side, What};
use crate::head::{self, Asked};
use crate::log::{Log, Place};

/// How many requests may wait for their responses (RFC 9112 §9.3.2).
const MAX_PENDING: usize = 256;

/// A request that has not been answered.
pub(crate) enum Pending {
    /// It asks for a WebSocket: for what, unless it is at fault, and what body it has all the same.
    Upgrade(Option<Asked>, Body),
    /// Any other. To HEAD there are only heads.
    Other { is_head: bool },
}

/// The requests that have not been answered, the oldest first. Nothing is read behind one that asks for a WebSocket.
#[derive(Default)]
pub(crate) struct Requests(VecDeque<Pending>);

impl Requests {
    /// What the oldest asks for.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        match self.0.front() {
            Some(Pending::Upgrade(asked, _)) => asked.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn add(&mut self, request: Pending) {
        self.0.push_back(request);
    }

    /// Whether the oldest asks for something else.
    pub(crate) fn is_other(&self) -> bool {
        matches!(self.0.front(), Some(Pending::Other { .. }))
    }

    fn is_to_head(&self) -> bool {
        matches!(self.0.front(), Some(Pending::Other { is_head: true }))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Conversation {
    /// Goes on behind the head of a request that asks for something else than a WebSocket.
    pub(crate) fn follow_request(&mut self, head: &[u8], note: &str, place: Place, log: &mut Log) {
        log.add(place, None, What::Note { text: note.to_owned() });
        self.requests.add(Pending::Other { is_head: head.starts_with(b"HEAD ") });
        self.has_followed = true;
        if self.requests.0.len() > MAX_PENDING {
            return self.stop(MANY, place, log);
        }
        match Body::of_request(head) {
            Ok(body) => self.client.stage = if body.is_over() { Stage::Begin } else { Stage::Body(body) },
            Err(Unframed) => self.stop_unframed(place, log),
        }
    }

    /// Goes on behind the head of a response to such a request.
    pub(crate) fn follow_response(&mut self, head: &[u8], place: Place, log: &mut Log) {
        if head::is_switching(head) {
            return self.stop(SWITCHED, place, log);
        }
        self.begin_body(head, place, log);
        if self.server.is_last {
            self.client.stage = Stage::Over;
        }
    }

    /// A request for a WebSocket is refused. If the client has sent what follows it, that is read: it may ask once more.
    pub(crate) fn refuse(&mut self, head: &[u8], place: Place, log: &mut Log) {
        let asked = match self.requests.0.front_mut() {
            Some(Pending::Upgrade(_, body)) => Some(core::mem::replace(body, Body::Length(0))),
            _ => None,
        };
        let client = core::mem::replace(&mut self.client.stage, Stage::Over);
        if let (Stage::Head(begun, _), None) = (&client, &asked) {
            // A request can be refused before all of it has come.
            self.judge_head(begun, false, Place { from: Side::Client, ..place }, log);
            self.client.stage = Stage::Over;
        }
        self.begin_body(head, place, log);
        let Stage::Waiting(waiting) = client else { return };
        if self.server.is_last || matches!(self.server.stage, Stage::Over) {
            return;
        }
        self.has_followed = true;
        let body = asked.filter(|body| !body.is_over());
        self.client.stage = body.map_or(Stage::Begin, Stage::Body);
        self.receive(Side::Client, &waiting, place.time, log);
        if self.client.is_eof {
            self.end(Side::Client, true, place.time, log);
        }
    }

    /// Goes on behind the head of the last response to a request.
    pub(crate) fn begin_body(&mut self, head: &[u8], place: Place, log: &mut Log) {
        let names = |name: &str| head::values(head, "connection").iter().any(|value| value.eq_ignore_ascii_case(name));
        self.server.is_last = names("close") || head.starts_with(b"HTTP/1.0") && !names("keep-alive");
        match Body::of_response(head, self.requests.is_to_head()) {
            Ok(body) => {
                self.server.is_last |= matches!(body, Body::UntilEof);
                self.server.stage = Stage::Body(body);
                self.end_body(Side::Server);
            }
            // The engine says so, where it reads the body.
            Err(Unframed) if self.responses.is_some() => self.server.stage = Stage::Body(Body::UntilEof),
            Err(Unframed) => self.stop_unframed(place, log),
        }
    }

    /// Reads what belongs to a body, and returns how much that is.
    pub(crate) fn read_body(&mut self, mut body: Body, bytes: &[u8], place: Place, log: &mut Log) -> usize {
        let taken = match body.read(bytes) {
            Ok(taken) => taken,
            // The engine says so, and nothing follows.
            Err(Unframed) if place.from == Side::Server && self.responses.is_some() => {
                body = Body::UntilEof;
                bytes.len()
            }
            Err(Unframed) => {
                self.stop_unframed(place, log);
                return bytes.len();
            }
        };
        self.stream(place.from).stage = Stage::Body(body);
        if place.from == Side::Client || !self.judge_body(Some(&bytes[..taken]), place, log) {
            self.stream(place.from).body += taken as u64;
            self.end_body(place.from);
        }
        taken
    }

    /// Goes on behind a body, if it is over.
    fn end_body(&mut self, from: Side) {
        let stream = self.stream(from);
        if !matches!(&stream.stage, Stage::Body(body) if body.is_over()) {
            return;
        }
        stream.offset += core::mem::take(&mut stream.body);
        stream.stage = Stage::Begin;
        if from == Side::Client {
            return;
        }
        self.requests.0.pop_front();
        self.refused = self.responses.take();
        if self.server.is_last {
            (self.client.stage, self.server.stage) = (Stage::Over, Stage::Over);
        }
    }

    /// The stream ends inside a body.
    pub(crate) fn cut_body(&mut self, body: &Body, is_eof: bool, place: Place, log: &mut Log) {
        if place.from == Side::Server && self.responses.is_some() {
            self.judge_body(None, place, log);
            let refused = self.responses.take();
            if is_eof {
                self.tell_end(refused, place, log);
            }
        } else if !body.ends_with_stream() {
            log.add(place, None, What::Incomplete { text: "it ends inside a body".to_owned() });
        }
    }

    /// Has the engine read the body of a refusal, or its end, and returns whether it is at fault. That is told where the body begins.
    fn judge_body(&mut self, bytes: Option<&[u8]>, place: Place, log: &mut Log) -> bool {
        let offset = self.server.offset;
        let Some(fault) = self.responses.as_mut().and_then(|responses| responses.body(bytes, offset)) else {
            return false;
        };
        log.add(place, None, What::Fault(fault));
        self.server.stage = Stage::Over;
        true
    }

    /// Nobody can tell where a body ends. That is no fault of a WebSocket.
    fn stop_unframed(&mut self, place: Place, log: &mut Log) {
        let offset = self.stream(place.from).offset;
        (self.client.stage, self.server.stage) = (Stage::Over, Stage::Over);
        log.add_from(place, offset, What::Note { text: UNFRAMED.to_owned() });
    }

    /// Nothing more is read.
    pub(crate) fn stop(&mut self, text: &str, place: Place, log: &mut Log) {
        (self.client.stage, self.server.stage) = (Stage::Over, Stage::Over);
        log.add(place, None, What::Note { text: text.to_owned() });
    }
}

const MANY: &str = "256 requests wait for their responses: nothing more is read";

const UNFRAMED: &str = "nobody can tell where this body ends (RFC 9112 §6.3): nothing more is read";

const SWITCHED: &str = "it switches to another protocol";
