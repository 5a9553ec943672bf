//! One connection: what both ends send.

use core::time::Duration;
use std::borrow::Cow;

use crate::agreed::Agreed;
use crate::body::Body;
use crate::course::{Answered, Opening, Times};
use crate::entry::{Head, Side, What};
use crate::exchange::{Pending, Requests};
use crate::frames::Frames;
use crate::head::{self, Outcome, Responses};
use crate::log::{Log, Place};

/// The largest head that is waited for: what is longer is judged as it is.
const MAX_HEAD: usize = 1 << 20;

/// How many frames wait for a response, in bytes, before they are read without it.
const MAX_WAITING: usize = 256 << 10;

/// What is known of a connection before its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing: it may be under way.
    Unknown,
    /// It is under way, and may be of any protocol.
    Middle,
    /// It begins here, and may be of any protocol.
    Begin,
    /// It begins here, and is meant to be a WebSocket.
    WebSocket,
}

/// Both directions of a connection.
pub(crate) struct Conversation {
    number: u32,
    pub(crate) client: Stream,
    pub(crate) server: Stream,
    /// What the client has asked for, and was not answered.
    pub(crate) requests: Requests,
    /// Judges the responses to the oldest of these, if that asks for a WebSocket.
    pub(crate) responses: Option<Responses>,
    /// What has judged a refusal whose body is over.
    pub(crate) refused: Option<Responses>,
    /// Whether a request follows another: what comes then is HTTP, or is not read.
    pub(crate) has_followed: bool,
    agreed: Option<Agreed>,
    origin: Origin,
    opening: Opening,
    /// A proxy has been asked for a tunnel, and has not answered.
    is_tunnelling: bool,
}

/// What one end has sent.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) stage: Stage,
    /// Where the next byte is; in a body, where that begins.
    pub(crate) offset: u64,
    /// How much of the body has come.
    pub(crate) body: u64,
    pub(crate) is_eof: bool,
    /// Whether nothing follows the message under way.
    pub(crate) is_last: bool,
}

/// What the next bytes of an end are.
#[derive(Default)]
pub(crate) enum Stage {
    /// Not clear yet, or a head that is not whole.
    #[default]
    Begin,
    /// The same, with what has come, and how much of that has been searched for the end.
    Head(Vec<u8>, usize),
    /// Frames, which wait for the response that says how they are read.
    Waiting(Vec<u8>),
    Frames(Box<Frames>),
    /// The body of a message.
    Body(Body),
    Over,
}

impl Conversation {
    /// `begun` is when it began, if that is known.
    pub(crate) fn new(number: u32, origin: Origin, agreed: Option<Agreed>, begun: Option<u64>) -> Self {
        let mut opening = Opening::new();
        if begun.is_some() {
            opening.begin(now(begun));
        }
        Conversation {
            number,
            client: Stream::default(),
            server: Stream::default(),
            requests: Requests::default(),
            responses: None,
            refused: None,
            has_followed: false,
            agreed,
            origin,
            opening,
            is_tunnelling: false,
        }
    }

    pub(crate) fn stream(&mut self, side: Side) -> &mut Stream {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Whether nothing more is read of either end.
    pub(crate) fn is_over(&self) -> bool {
        matches!((&self.client.stage, &self.server.stage), (Stage::Over, Stage::Over))
    }

    /// Reads what an end has sent.
    pub(crate) fn receive(&mut self, from: Side, bytes: &[u8], time: Option<u64>, log: &mut Log) {
        let place = Place { connection: self.number, from, time };
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.receive_some(rest, place, log);
            debug_assert!(taken > 0, "a byte is read for ever");
            rest = &rest[taken.max(1)..];
        }
    }

    /// Reads one head, or all else that comes next, and returns how much that is.
    fn receive_some(&mut self, bytes: &[u8], place: Place, log: &mut Log) -> usize {
        match &mut self.stream(place.from).stage {
            Stage::Over => {}
            Stage::Body(body) => {
                let body = core::mem::replace(body, Body::UntilEof);
                return self.read_body(body, bytes, place, log);
            }
            Stage::Frames(_) => self.read_frames(bytes, place, log),
            Stage::Waiting(waiting) => {
                waiting.extend_from_slice(bytes);
                if waiting.len() > MAX_WAITING {
                    self.guess(place, log);
                }
            }
            Stage::Begin => return self.read_head(Cow::Borrowed(bytes), 0, false, place, log),
            Stage::Head(begun, searched) => {
                let (mut begun, searched) = (core::mem::take(begun), *searched);
                let known = begun.len();
                begun.extend_from_slice(bytes);
                // What was known is part of the head: it has not ended there.
                return self.read_head(Cow::Owned(begun), searched, false, place, log).saturating_sub(known);
            }
        }
        bytes.len()
    }

    /// An end sends nothing more: with a FIN, if `is_eof`, or only in the capture.
    pub(crate) fn end(&mut self, from: Side, is_eof: bool, time: Option<u64>, log: &mut Log) {
        let place = Place { connection: self.number, from, time };
        if matches!(self.stream(from).stage, Stage::Waiting(_)) {
            if is_eof {
                self.stream(from).is_eof = true;
                return;
            }
            self.guess(place, log);
        }
        match core::mem::replace(&mut self.stream(from).stage, Stage::Over) {
            Stage::Frames(mut frames) => frames.end(is_eof, now(time), place, log),
            Stage::Body(body) => self.cut_body(&body, is_eof, place, log),
            Stage::Begin if from == Side::Server && is_eof => {
                let refused = self.refused.take();
                self.tell_end(refused, place, log);
            }
            Stage::Head(begun, _) if self.may_be_other(from) && head::is_begun(&begun) == Some(false) => {
                // Too little came to tell what it is.
                self.stream(from).stage = Stage::Begin;
                let taken = self.read_head(Cow::Borrowed(&begun), 0, true, place, log);
                self.receive(from, &begun[taken..], time, log);
                self.end(from, is_eof, time, log);
            }
            Stage::Head(begun, _) => {
                self.judge_head(&begun, is_eof, place, log);
                self.stream(from).stage = Stage::Over;
                log.add(place, None, What::Incomplete { text: "it ends inside the handshake".to_owned() });
            }
            _ => {}
        }
    }

    /// Says what has been passed over.
    pub(crate) fn tell_skipped(&mut self, time: Option<u64>, log: &mut Log) {
        for from in [Side::Client, Side::Server] {
            let place = Place { connection: self.number, from, time };
            if let Stage::Frames(frames) = &mut self.stream(from).stage {
                frames.tell_skipped(place, log);
            }
        }
    }

    /// Bytes of an end are not in the capture: what follows them cannot be read.
    pub(crate) fn lose(&mut self, from: Side, missing: u64, time: Option<u64>, log: &mut Log) {
        if matches!(self.stream(from).stage, Stage::Over) {
            return;
        }
        let place = Place { connection: self.number, from, time };
        let is_in_handshake = matches!(self.stream(from).stage, Stage::Begin | Stage::Head(..));
        self.end(from, false, time, log);
        let text = format!("{missing} bytes are not in the capture; what follows is not read");
        log.add(place, None, What::Note { text });
        if is_in_handshake && from == Side::Server {
            self.guess(place, log);
        }
    }

    /// Reads the frames that wait for a response which is not in the capture.
    fn guess(&mut self, place: Place, log: &mut Log) {
        let agreed = self.agreed.unwrap_or(Agreed::Guessed);
        self.agree(agreed, place, log);
    }

    /// The capture is over.
    pub(crate) fn finish(&mut self, time: Option<u64>, log: &mut Log) {
        // What the server says tells how the client's frames are read.
        self.end(Side::Server, false, time, log);
        self.end(Side::Client, false, time, log);
    }

    /// Reads what comes first, of which so much has been searched for the end of a head, and returns how much was read. If it `is_all`,
    /// no more of it comes.
    fn read_head(&mut self, begun: Cow<'_, [u8]>, searched: usize, is_all: bool, place: Place, log: &mut Log) -> usize {
        let len = begun.len();
        let may_be_other = self.may_be_other(place.from);
        if !is_all && self.may_be_encrypted(&begun) {
            self.stream(place.from).stage = Stage::Head(begun.into_owned(), 0);
            return len;
        }
        match (head::is_begun(&begun), self.origin) {
            (Some(false), _) if self.has_followed && (place.from == Side::Client || self.requests.is_empty()) => {
                self.stream(place.from).stage = Stage::Over;
                log.add(place, None, What::Note { text: NOT_HTTP.to_owned() });
            }
            (None, _) => self.stream(place.from).stage = Stage::Head(begun.into_owned(), 0),
            (Some(false), Origin::Unknown | Origin::Middle)
                if may_be_other && !self.requests.is_other() && !self.is_encrypted(&begun) =>
            {
                self.agreed.get_or_insert(Agreed::Guessed);
                self.wait(begun.into_owned(), place, log);
            }
            (Some(is_http), Origin::Unknown | Origin::Middle | Origin::Begin)
                if !is_http && may_be_other || self.origin != Origin::Unknown && head::is_other(&begun, searched) =>
            {
                self.stop(if self.is_encrypted(&begun) { ENCRYPTED } else { OTHER }, place, log);
            }
            (Some(is_http), _) => match self.head_end(&begun, searched, is_http, place.from) {
                None => {
                    self.stream(place.from).stage = Stage::Head(begun.into_owned(), len);
                }
                Some(end) => {
                    self.stream(place.from).stage = Stage::Begin;
                    if is_tls(&begun) {
                        log.add(place, None, What::Note { text: ENCRYPTED.to_owned() });
                    }
                    self.judge_head(&begun[..end], true, place, log);
                    if begun[..end].ends_with(b"\n") {
                        return end;
                    }
                    // It is refused where it stands, and what follows is the rest of it.
                    self.stream(place.from).stage = Stage::Over;
                }
            },
        }
        len
    }

    /// Where a head ends: behind an empty line, or where it is tried whether it is at fault, and is. That is at lengths which are
    /// the same however it was cut, and few.
    fn head_end(&self, begun: &[u8], searched: usize, is_http: bool, from: Side) -> Option<usize> {
        // An empty line may have begun in what was searched.
        let behind = searched.saturating_sub(3);
        let end = head::end(&begun[behind..]).map(|end| behind + end).filter(|end| *end <= MAX_HEAD);
        if is_http {
            return end.or((begun.len() >= MAX_HEAD).then_some(MAX_HEAD));
        }
        let lengths = (1..=10).map(|power| 4_usize.pow(power));
        let mut tried = lengths.filter(|len| (searched + 1..=begun.len().min(end.unwrap_or(MAX_HEAD))).contains(len));
        tried.find(|len| self.is_refused(from, &begun[..*len])).or(end)
    }

    /// Whether a head is at fault before it has ended.
    fn is_refused(&self, from: Side, begun: &[u8]) -> bool {
        match from {
            _ if begun.len() >= MAX_HEAD => true,
            Side::Client => head::request(begun, 0, true, Times::default()).fault.is_some(),
            Side::Server => {
                let mut responses = Responses::to(self.requests.asked(), begun);
                responses.read(begun, 0, false, Times::default()).fault.is_some()
            }
        }
    }

    /// Whether what comes first need be no HTTP. What answers a request is a response, or wrong.
    fn may_be_other(&self, from: Side) -> bool {
        self.origin != Origin::WebSocket && !(from == Side::Server && self.requests.asked().is_some())
    }

    /// Whether what begins so is TLS. One that is under way is seen by any of its records.
    fn is_encrypted(&self, begun: &[u8]) -> bool {
        is_tls(begun) || self.origin == Origin::Middle && matches!(begun, [0x14..=0x17, 3, 0..=4, ..])
    }

    /// Whether so little has come that it may be TLS.
    fn may_be_encrypted(&self, begun: &[u8]) -> bool {
        match begun {
            [0x16] => true,
            [0x14..=0x17] | [0x14..=0x17, 3] => self.origin == Origin::Middle,
            _ => false,
        }
    }

    /// Judges a head, and goes on to what it leads to.
    ///
    /// Of one that is not whole it is known, or not, that its sender sent no more.
    pub(crate) fn judge_head(&mut self, bytes: &[u8], is_all: bool, place: Place, log: &mut Log) {
        let offset = self.stream(place.from).offset;
        if let Some(head) = self.tunnel(place.from, bytes) {
            log.add(place, Some((offset, bytes.len() as u64)), What::Head(head));
            self.stream(place.from).offset += bytes.len() as u64;
            if place.from == Side::Server && !matches!(bytes.get(9), Some(b'1' | b'2')) {
                self.begin_body(bytes, place, log);
            }
            return;
        }
        if place.from == Side::Client && self.has_followed {
            // Both ends begin anew.
            self.opening = Opening::new();
            self.refused = None;
        }
        self.opening.begin(now(place.time));
        let times = self.opening.times(now(place.time));
        let judged = match place.from {
            Side::Client => head::request(bytes, offset, self.is_meant(), times),
            Side::Server if self.is_other_response(bytes) => head::other_response(bytes),
            Side::Server => {
                let asked = self.requests.asked();
                self.responses.get_or_insert_with(|| Responses::to(asked, bytes)).read(bytes, offset, is_all, times)
            }
        };
        let id = log.add(place, Some((offset, bytes.len() as u64)), What::Head(judged.head));
        if let Some((engine, opening)) = judged.server {
            self.opening.asked(id, engine, opening, times.now, log);
        } else if place.from == Side::Server {
            let answered = match judged.outcome {
                Outcome::Open(_) => Answered::Accepted,
                Outcome::Refused => Answered::Refused,
                _ => Answered::Not,
            };
            self.opening.answered(id, answered, judged.client, times.now, log);
        }
        if let Some(fault) = judged.fault {
            log.add(place, None, What::Fault(crate::entry::Fault { frame: Some(id), ..fault }));
        }
        self.stream(place.from).offset += bytes.len() as u64;
        match judged.outcome {
            Outcome::Asked(asked) => {
                let body = Body::of_request(bytes).unwrap_or(Body::UntilEof);
                self.requests.add(Pending::Upgrade(asked, body));
                self.wait(Vec::new(), place, log);
            }
            Outcome::Open(agreed) => {
                self.stream(place.from).stage = Stage::Waiting(Vec::new());
                self.requests.clear();
                self.responses = None;
                self.agree(agreed, place, log);
            }
            Outcome::Interim => {}
            Outcome::Refused => self.refuse(bytes, place, log),
            Outcome::Other(text) if place.from == Side::Client => self.follow_request(bytes, text, place, log),
            Outcome::Other(_) if self.requests.is_other() => self.follow_response(bytes, place, log),
            Outcome::Other(text) if self.requests.is_empty() => self.stop(text, place, log),
            Outcome::Other(text) => {
                log.add(place, None, What::Note { text: text.to_owned() });
                self.refuse(bytes, place, log);
            }
        }
    }

    /// Whether a response is to a request that is not for WebSocket, or to one that is not in the capture.
    fn is_other_response(&self, bytes: &[u8]) -> bool {
        let is_unknown = !self.is_meant() && self.requests.asked().is_none() && !head::is_switching(bytes);
        self.requests.is_other() || is_unknown
    }

    /// Whether all that begins here is meant to be a WebSocket.
    fn is_meant(&self) -> bool {
        matches!(self.origin, Origin::Unknown | Origin::WebSocket)
    }

    /// The server's stream has ended behind a refusal, which this has read.
    pub(crate) fn tell_end(&mut self, refused: Option<Responses>, place: Place, log: &mut Log) {
        let Some(mut refused) = refused else { return };
        let entry = log.add_from(place, self.server.offset, What::Eof);
        if let Some(engine) = refused.reader() {
            self.opening.ended(entry, engine, now(place.time), log);
        }
    }

    /// The head of a request for a tunnel through a proxy, or of the answer to it. What is inside the tunnel begins anew.
    fn tunnel(&mut self, from: Side, bytes: &[u8]) -> Option<Head> {
        let is_request = from == Side::Client && self.origin != Origin::WebSocket && bytes.starts_with(b"CONNECT ");
        let is_answer = from == Side::Server && self.is_tunnelling && bytes.starts_with(b"HTTP/1.");
        if !is_request && !is_answer {
            return None;
        }
        let is_through = bytes.get(9) == Some(&b'2');
        self.is_tunnelling = is_request || !is_through;
        Some(if is_request { head::plain("request", bytes) } else { head::plain("response", bytes) })
    }

    /// Lets frames wait until it is known how they are read.
    fn wait(&mut self, frames: Vec<u8>, place: Place, log: &mut Log) {
        self.stream(place.from).stage = Stage::Waiting(frames);
        if let Some(agreed) = self.agreed {
            self.agree(agreed, place, log);
        }
    }

    /// It is known how frames are read.
    fn agree(&mut self, agreed: Agreed, place: Place, log: &mut Log) {
        self.agreed = Some(agreed);
        let is_doubtful = !self.is_meant() && agreed.is_guessed();
        let is_failed = self.opening.is_failed;
        for from in [Side::Client, Side::Server] {
            let place = Place { from, ..place };
            let stream = self.stream(from);
            if let Stage::Waiting(bytes) = &mut stream.stage {
                let bytes = core::mem::take(bytes);
                let config = log.configs.get(from, agreed);
                let frames =
                    config.and_then(|config| Frames::new(config, agreed, stream.offset, from.other(), now(place.time)));
                let frames = frames.map(|frames| if is_doubtful { frames.doubtful() } else { frames });
                let frames =
                    frames.map(|frames| if is_failed && from == Side::Server { frames.silent() } else { frames });
                stream.stage = frames.map_or(Stage::Over, |frames| Stage::Frames(Box::new(frames)));
                self.read_frames(&bytes, place, log);
            }
            if self.stream(from).is_eof {
                self.end(from, true, place.time, log);
            }
        }
    }

    fn read_frames(&mut self, bytes: &[u8], place: Place, log: &mut Log) {
        let Stage::Frames(frames) = &mut self.stream(place.from).stage else { return };
        let first = log.next();
        let sent = frames.receive(bytes, now(place.time), place, log);
        if let Stage::Frames(other) = &mut self.stream(place.from.other()).stage {
            other.wrote(first, now(place.time), log);
            sent.iter().for_each(|(entry, sent)| other.sent(sent, *entry, now(place.time), log));
        }
    }
}

const ENCRYPTED: &str = "it is encrypted (TLS): look at what is inside it, as a browser or a proxy saves it";

const OTHER: &str = "it does not begin with HTTP, so it is another protocol";

const NOT_HTTP: &str = "what follows is not read: it is no HTTP, and no WebSocket has been opened";

fn is_tls(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x16\x03")
}

/// The engines' clock: a capture without times has none.
fn now(time: Option<u64>) -> Duration {
    Duration::from_micros(time.unwrap_or_default())
}
