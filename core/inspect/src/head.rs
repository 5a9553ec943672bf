//! The heads of the opening handshake, as the engine judges them.

use core::time::Duration;

use sansock::{Config, Connection, Event, FaultKind};

use crate::agreed::{Agreed, Parameters};
use crate::course::{Course, Did, Running, Times};
use crate::entry::{self, Head, Line, Side, Verdict};
use crate::gathered::shown;
use crate::telling::fault;

/// The key of RFC 6455 §1.3 and what accepts it: where the request is not in the capture, they stand for what cannot be checked.
const SAMPLE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const SAMPLE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What a request asks for, as far as its answer depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    url: String,
    key: String,
    subprotocols: Vec<String>,
    offers: Vec<Parameters>,
}

/// What has been found of a head.
pub(crate) struct Judged {
    pub(crate) head: Head,
    pub(crate) fault: Option<entry::Fault>,
    pub(crate) outcome: Outcome,
    /// The engine that has read a request, and the deadlines that it began with.
    pub(crate) server: Option<(Connection, Running)>,
    /// What a response has made a client do.
    pub(crate) client: Did,
}

/// What comes behind a head.
pub(crate) enum Outcome {
    /// The response to it. Of a request at fault it is not known what it asks for.
    Asked(Option<Asked>),
    /// Frames.
    Open(Agreed),
    /// Another head.
    Interim,
    /// The body of a refusal.
    Refused,
    /// What belongs to another message: nothing that concerns WebSocket.
    Other(&'static str),
}

/// Whether bytes begin an HTTP message: `None` if too few have come.
pub(crate) fn is_begun(bytes: &[u8]) -> Option<bool> {
    let token =
        bytes.iter().take(16).take_while(|byte| byte.is_ascii_uppercase() || b"/.0123456789-".contains(byte)).count();
    match bytes.get(token) {
        _ if token == 16 => Some(false),
        None => None,
        Some(b' ') => Some(token >= 3 && bytes[0].is_ascii_uppercase()),
        Some(_) => Some(false),
    }
}

/// Where a head ends, the empty line included.
pub(crate) fn end(bytes: &[u8]) -> Option<usize> {
    // A head whose lines end with LF alone is at fault, and is judged where it ends.
    let empty = |at: &usize| bytes[at + 1..].starts_with(b"\n") || bytes[at + 1..].starts_with(b"\r\n");
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).find(empty);
    ends.map(|at| at + if bytes[at + 1] == b'\n' { 2 } else { 3 })
}

/// Whether a text that begins like HTTP is none, by its first line, if that ends behind what has been `searched`.
pub(crate) fn is_other(bytes: &[u8], searched: usize) -> bool {
    const LONGEST: usize = 16 << 10;
    if searched >= LONGEST {
        return false;
    }
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b'\n');
    let is_version = |line: &[u8]| line.starts_with(b"HTTP/") || line.windows(6).any(|part| part == b" HTTP/");
    end.is_some_and(|end| end >= searched && !is_version(&bytes[..end]))
}

/// Whether a response is to a request for an upgrade, as far as one can see without the request.
pub(crate) fn is_switching(bytes: &[u8]) -> bool {
    bytes.get(9..12) == Some(b"101") || !values(bytes, "sec-websocket-accept").is_empty()
}

/// A response to a request that is not in the capture, or is none for WebSocket.
pub(crate) fn other_response(bytes: &[u8]) -> Judged {
    let is_interim = bytes.get(9) == Some(&b'1') && !is_switching(bytes);
    let outcome = if is_interim { Outcome::Interim } else { Outcome::Other("a response that is not for WebSocket") };
    Judged::of(plain("response", bytes), None, outcome)
}

/// A head that is not of an opening handshake.
pub(crate) fn plain(kind: &'static str, bytes: &[u8]) -> Head {
    Head { kind, lines: lines(bytes, if kind == "request" { REQUEST } else { RESPONSE }) }
}

/// Judges a request, or what there is of one. It may be one that is not for WebSocket, unless it `is_meant` to be.
pub(crate) fn request(bytes: &[u8], offset: u64, is_meant: bool, times: Times) -> Judged {
    let lines = lines(bytes, REQUEST);
    if !is_meant
        && !lines.iter().any(|line| line.text.to_ascii_lowercase().starts_with("upgrade:"))
        && end(bytes).is_some()
    {
        let is_get = bytes.starts_with(b"GET ");
        let head = Head { kind: "request", lines };
        let text = if is_get { "a request that asks for no upgrade" } else { "a request that is not for WebSocket" };
        return Judged::of(head, None, Outcome::Other(text));
    }
    let mut outcome = Outcome::Asked(None);
    let mut broken = None;
    let mut answer = Vec::new();
    let config = Config::server().max_head_size(MOST).max_line_size(MOST).max_headers(10_000).build();
    let mut server = None;
    if let Some(mut engine) = config.ok().and_then(|config| Connection::new(&config, [0; 32], times.begun).ok()) {
        let mut bytes = bytes.to_vec();
        let opening = engine.deadlines();
        engine.set_trace(true);
        for event in engine.receive(&mut bytes, times.now).events {
            match event {
                Event::Request(request) => outcome = Outcome::Asked(Some(asked(&request))),
                Event::Closed(closed) => broken = closed.fault,
                _ => {}
            }
        }
        answer = engine.output().to_vec();
        let _ = engine.written(answer.len());
        server = Some((engine, opening));
    }
    let answer = (!answer.is_empty()).then(|| shown(&answer, false));
    Judged { server, ..judged("request", lines, bytes, offset, broken, answer, outcome) }
}

fn asked(request: &sansock::event::Request<'_>) -> Asked {
    let header = |name: &str| request.headers().find(|header| header.name.eq_ignore_ascii_case(name));
    let key = header("Sec-WebSocket-Key").map(|header| shown(header.value, false));
    let is_absolute = request.target.contains("://");
    Asked {
        url: if is_absolute {
            request.target.to_owned()
        } else {
            format!("ws://{}{}", request.authority(), request.target)
        },
        key: key.unwrap_or_default(),
        subprotocols: request.subprotocols().map(str::to_owned).collect(),
        offers: request.extensions().filter_map(Parameters::of).collect(),
    }
}

/// Judges the responses to one request.
pub(crate) struct Responses {
    asked: Asked,
    /// Whether that is what the request asked for.
    is_asked: bool,
    /// Reads the body of a refusal.
    body: Option<Connection>,
}

impl Responses {
    /// Those to what was asked; or to a request that is not in the capture.
    pub(crate) fn to(asked: Option<&Asked>, response: &[u8]) -> Self {
        let unknown = || Asked {
            url: "ws://unknown/".to_owned(),
            key: SAMPLE_KEY.to_owned(),
            subprotocols: values(response, "sec-websocket-protocol"),
            offers: values(response, "sec-websocket-extensions")
                .iter()
                .filter_map(|value| Parameters::of(value))
                .collect(),
        };
        let is_asked = asked.is_some();
        Responses { asked: asked.cloned().unwrap_or_else(unknown), is_asked, body: None }
    }

    /// Judges one head, or what there is of one. If it `is_all`, no more of it comes.
    pub(crate) fn read(&mut self, bytes: &[u8], offset: u64, is_all: bool, times: Times) -> Judged {
        let lines = lines(bytes, RESPONSE);
        let status = bytes.get(9..12).and_then(|status| core::str::from_utf8(status).ok()).unwrap_or_default();
        let is_interim = status.starts_with('1') && status != "101";
        let mut read = if self.is_asked { bytes.to_vec() } else { accepting(bytes) };
        let mut open = None;
        let mut broken = None;
        let mut did = Did::default();
        if let Some(mut engine) = client(&self.asked, times.begun) {
            let mut happened = |event: Event<'_>| match event {
                Event::Open(event) => open = Some(event.extensions().find_map(Parameters::of)),
                Event::Closed(closed) => broken = closed.fault,
                _ => {}
            };
            engine.receive(&mut read.clone(), times.now).events.for_each(&mut happened);
            did = Course::new(Side::Client).did(&mut engine);
            if !is_interim && is_all {
                engine.receive_eof(Duration::ZERO).events.for_each(&mut happened);
            }
        }
        let outcome = match open {
            // The end of the stream is only that of the head.
            Some(agreed) => {
                broken = None;
                Outcome::Open(agreed.map_or(Agreed::Plain, Agreed::Deflate))
            }
            None if is_interim && broken.is_none() => Outcome::Interim,
            // Where the server is wrong, and its client does not mind, frames follow all the same.
            None if status == "101" => {
                let agreed = values(bytes, "sec-websocket-extensions").iter().find_map(|value| Parameters::of(value));
                Outcome::Open(agreed.map_or(Agreed::Plain, Agreed::Deflate))
            }
            None => {
                self.body = client(&self.asked, times.begun);
                if let Some(engine) = &mut self.body {
                    engine.receive(&mut read, times.now).events.for_each(drop);
                    did = Course::new(Side::Client).did(engine);
                }
                Outcome::Refused
            }
        };
        Judged { client: did, ..judged("response", lines, bytes, offset, broken, None, outcome) }
    }

    /// The engine that reads the body of a refusal.
    pub(crate) fn reader(&mut self) -> Option<&mut Connection> {
        self.body.as_mut()
    }

    /// Reads the body of a refusal, or its end, and says what is wrong with it.
    pub(crate) fn body(&mut self, bytes: Option<&[u8]>, offset: u64) -> Option<entry::Fault> {
        let engine = self.body.as_mut()?;
        let mut copy = bytes.unwrap_or_default().to_vec();
        let events = match bytes {
            Some(_) => engine.receive(&mut copy, Duration::ZERO).events,
            None => engine.receive_eof(Duration::ZERO).events,
        };
        let faults = events.filter_map(|event| match event {
            Event::Closed(closed) => closed.fault,
            _ => None,
        });
        let broken = faults.last().filter(|kind| *kind == FaultKind::BadBody)?;
        Some(fault(broken, None, offset, None, None))
    }
}

/// A client that asked the same.
fn client(asked: &Asked, begun: Duration) -> Option<Connection> {
    let build = |url: &str| {
        let mut builder = Config::client(url).key(&asked.key);
        builder = builder.max_head_size(MOST).max_line_size(MOST).max_headers(10_000);
        for subprotocol in &asked.subprotocols {
            builder = builder.subprotocol(subprotocol);
        }
        if let Some(widest) = asked.offers.iter().copied().reduce(widest) {
            builder = widest.set(builder);
        }
        builder.build().ok()
    };
    let config = build(&asked.url).or_else(|| build("ws://unknown/"))?;
    let mut engine = Connection::new(&config, [0; 32], begun).ok()?;
    let written = engine.output().len();
    engine.written(written).ok()?;
    engine.set_trace(true);
    Some(engine)
}

/// Of two offers what allows the more answers: the server may take either.
fn widest(one: Parameters, other: Parameters) -> Parameters {
    Parameters {
        server_no_context_takeover: one.server_no_context_takeover && other.server_no_context_takeover,
        client_no_context_takeover: one.client_no_context_takeover && other.client_no_context_takeover,
        server_max_window_bits: one.server_max_window_bits.max(other.server_max_window_bits),
        client_max_window_bits: one.client_max_window_bits.max(other.client_max_window_bits),
    }
}

/// The elements of a header, in lists or repeated.
pub(crate) fn values(head: &[u8], name: &str) -> Vec<String> {
    let text = shown(head, false);
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let values = lines.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    values
        .flat_map(|(_, value)| value.split(','))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

/// A response with the accept of the sample key in place of its own.
fn accepting(head: &[u8]) -> Vec<u8> {
    let lines = head.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let is_accept = name.eq_ignore_ascii_case(b"Sec-WebSocket-Accept");
        if is_accept { format!("Sec-WebSocket-Accept: {SAMPLE_ACCEPT}\r\n").into_bytes() } else { line.to_vec() }
    });
    lines.collect::<Vec<_>>().concat()
}

fn judged(
    kind: &'static str,
    mut lines: Vec<Line>,
    bytes: &[u8],
    offset: u64,
    broken: Option<FaultKind>,
    answer: Option<String>,
    outcome: Outcome,
) -> Judged {
    let fault = broken.map(|broken| {
        let at = place(broken).and_then(|place| at_fault(&lines, place));
        if let Some(line) = at.and_then(|at| lines.get_mut(at)) {
            *line = Line {
                text: line.text.clone(),
                verdict: Verdict::Fault,
                note: Some(broken.text()),
                rule: Some(broken.clause()),
            };
        }
        let before =
            bytes.split_inclusive(|byte| *byte == b'\n').take(at.unwrap_or_default()).map(<[u8]>::len).sum::<usize>();
        fault(broken, None, offset + before as u64, None, answer)
    });
    Judged::of(Head { kind, lines }, fault, outcome)
}

impl Judged {
    /// What nothing is known of but what it says.
    fn of(head: Head, fault: Option<entry::Fault>, outcome: Outcome) -> Self {
        Judged { head, fault, outcome, server: None, client: Did::default() }
    }
}

/// Which line a fault is of.
enum Place {
    First,
    Header(&'static str),
}

fn place(kind: FaultKind) -> Option<Place> {
    use FaultKind as Kind;
    Some(match kind {
        Kind::BadRequestLine | Kind::BadMethod | Kind::BadHttpVersion | Kind::BadTarget | Kind::RequestLineTooLong => {
            Place::First
        }
        Kind::BadStatusLine | Kind::HttpStatus | Kind::Http2Preface => Place::First,
        Kind::BadHost => Place::Header("host"),
        Kind::BadKey => Place::Header("sec-websocket-key"),
        Kind::BadVersion | Kind::UnsupportedVersion => Place::Header("sec-websocket-version"),
        Kind::BadSubprotocol | Kind::SubprotocolNotOffered => Place::Header("sec-websocket-protocol"),
        Kind::BadExtensions | Kind::ExtensionNotOffered | Kind::BadExtensionParameters => {
            Place::Header("sec-websocket-extensions")
        }
        Kind::BadOrigin => Place::Header("origin"),
        Kind::BadUpgrade => Place::Header("upgrade"),
        Kind::BadConnection => Place::Header("connection"),
        Kind::BadAccept => Place::Header("sec-websocket-accept"),
        Kind::NotAnUpgrade => Place::Header("upgrade"),
        Kind::UnexpectedBody | Kind::BodyOn101 => Place::Header("content-length"),
        _ => return None,
    })
}

/// The last line of that kind: where one is repeated, the repetition is at fault.
fn at_fault(lines: &[Line], place: Place) -> Option<usize> {
    match place {
        Place::First => Some(0),
        Place::Header(name) => {
            lines.iter().rposition(|line| name_of(&line.text).is_some_and(|own| own.eq_ignore_ascii_case(name)))
        }
    }
}

fn name_of(line: &str) -> Option<&str> {
    line.split_once(':').map(|(name, _)| name)
}

/// The lines of a head, each with what it is.
fn lines(bytes: &[u8], table: &[Known]) -> Vec<Line> {
    let text = shown(bytes, false);
    let mut lines: Vec<Line> =
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).map(|line| of(line, table)).collect();
    while lines.last().is_some_and(|line| line.text.is_empty()) {
        lines.pop();
    }
    if let Some(first) = lines.first_mut() {
        first.verdict = Verdict::Needed;
    }
    lines
}

fn of(line: &str, table: &[Known]) -> Line {
    let known = name_of(line).and_then(|name| table.iter().find(|known| known.0.eq_ignore_ascii_case(name)));
    let (verdict, note, rule) =
        known.map_or((Verdict::Unknown, None, None), |known| (known.1, Some(known.2), Some(known.3)));
    Line { text: line.to_owned(), verdict, note, rule }
}

/// The limits here are the largest there are: those of the ends are not known.
const MOST: u64 = 1 << 20;

/// A header that means something: its name, what it is, what it does, and where that is written.
type Known = (&'static str, Verdict, &'static str, &'static str);

const REQUEST: &[Known] = &[
    ("Host", Verdict::Needed, "names the server", "RFC 9112 §3.2"),
    ("Upgrade", Verdict::Needed, "asks for websocket", "RFC 6455 §4.1"),
    ("Connection", Verdict::Needed, "says that Upgrade is for this hop", "RFC 6455 §4.1"),
    ("Sec-WebSocket-Key", Verdict::Needed, "is 16 random bytes that the server must answer", "RFC 6455 §11.3.1"),
    ("Sec-WebSocket-Version", Verdict::Needed, "is the version of the protocol: 13", "RFC 6455 §11.3.5"),
    ("Sec-WebSocket-Protocol", Verdict::Known, "offers subprotocols, the preferred first", "RFC 6455 §11.3.4"),
    ("Sec-WebSocket-Extensions", Verdict::Known, "offers extensions", "RFC 6455 §11.3.2"),
    ("Origin", Verdict::Known, "names the site of the page that asks", "RFC 6455 §10.2"),
    ("Authorization", Verdict::Known, "has credentials for the server", "RFC 9110 §11.6.2"),
    ("Cookie", Verdict::Known, "has what the server stored at the client", "RFC 6265 §5.4"),
    ("Content-Length", Verdict::Known, "announces a body, which an opening request has not", "RFC 9110 §8.6"),
    ("Transfer-Encoding", Verdict::Known, "announces a body, which an opening request has not", "RFC 9112 §6.1"),
];

const RESPONSE: &[Known] = &[
    ("Upgrade", Verdict::Needed, "says that the stream is websocket from here", "RFC 6455 §4.2.2"),
    ("Connection", Verdict::Needed, "says that Upgrade is for this hop", "RFC 6455 §4.2.2"),
    ("Sec-WebSocket-Accept", Verdict::Needed, "is made of the client's key", "RFC 6455 §11.3.3"),
    ("Sec-WebSocket-Protocol", Verdict::Known, "is the subprotocol chosen", "RFC 6455 §11.3.4"),
    ("Sec-WebSocket-Extensions", Verdict::Known, "has the extensions agreed on", "RFC 6455 §11.3.2"),
    ("Sec-WebSocket-Version", Verdict::Known, "names the versions that the server speaks", "RFC 6455 §4.4"),
    ("Set-Cookie", Verdict::Known, "stores something at the client", "RFC 6265 §4.1"),
    ("Location", Verdict::Known, "says where to ask instead", "RFC 9110 §10.2.2"),
    ("WWW-Authenticate", Verdict::Known, "asks for credentials", "RFC 9110 §11.6.1"),
    ("Retry-After", Verdict::Known, "says when to ask again", "RFC 9110 §10.2.3"),
    ("Content-Length", Verdict::Known, "announces a body", "RFC 9110 §8.6"),
    ("Transfer-Encoding", Verdict::Known, "announces a body", "RFC 9112 §6.1"),
];
