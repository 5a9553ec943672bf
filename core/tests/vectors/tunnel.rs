//! One case of the role `tunnel` against the engine, through its public interface alone.

use sansock::{Proxy, State, Transport, Tunnel, TunnelConfig};

use super::case::{Case, split_word};
use super::common::bytes::{parse, show};
use super::common::drive::ms;
use super::common::transcript;
use super::cuts::Cuts;

/// A tunnel and its clock.
struct Host {
    tunnel: Tunnel,
    now: u64,
    held: bool,
    transport: Transport,
    deadline: Option<u64>,
    output: Vec<u8>,
}

/// Runs a case. Returns one transcript for each step.
pub(crate) fn replay(case: &Case, cuts: &mut Cuts) -> Vec<Vec<String>> {
    assert_eq!(case.steps[0].call, "start", "the first step");
    let mut host = Host::new(case);
    let mut transcripts = vec![host.transcript(case, Vec::new(), 0)];
    for step in &case.steps[1..] {
        let (lines, left) = host.run(&step.call, cuts);
        transcripts.push(host.transcript(case, lines, left));
    }
    transcripts
}

/// Runs the first `count` steps of a case, and `part` sixteenths of the bytes of the next one. Then the stream ends, more
/// than once. Returns the outcomes.
pub(crate) fn outcomes(case: &Case, count: usize, part: usize) -> Vec<String> {
    let mut host = Host::new(case);
    let mut lines = Vec::new();
    for step in &case.steps[1..count] {
        lines.extend(host.run(&step.call, &mut Cuts::Whole).0);
    }
    if let Some(rest) = case.steps.get(count).and_then(|step| step.call.strip_prefix("receive")) {
        let bytes = bytes(rest);
        lines.extend(host.receive(&bytes[..bytes.len() * part / 16], &mut Cuts::Whole).0);
    }
    lines.extend(host.run("eof", &mut Cuts::Whole).0);
    lines.extend(host.run("eof", &mut Cuts::Whole).0);
    assert_ne!(host.tunnel.state(), State::Connecting, "{}", case.name);
    assert_eq!(host.tunnel.next_deadline(), None, "{}", case.name);
    lines.retain(|line| line == "open" || line.starts_with("closed "));
    lines
}

impl Host {
    fn new(case: &Case) -> Self {
        let text = |text: &str| String::from_utf8(bytes(text)).expect("text");
        let proxy = Proxy::parse(&text(case.setup("url").next().expect("the URL of a proxy"))).expect("a good URL");
        let (host, port) = case.setup("target").next().expect("a target").rsplit_once(' ').expect("host and port");
        let mut config = TunnelConfig::new(&proxy, &text(host), number(port) as u16).expect("a good target");
        for (keyword, rest) in &case.setup {
            let done = match (keyword.as_str(), split_word(rest)) {
                ("option", ("handshake_timeout", value)) => config.set_timeout(ms(number(value))),
                ("option", ("max_head_size", value)) => config.set_max_head_size(number(value)),
                ("option", ("max_line_size", value)) => config.set_max_line_size(number(value)),
                ("option", ("max_headers", value)) => config.set_max_headers(number(value)),
                ("header", (name, value)) => config.add_header(&text(name), bytes(value)),
                ("rfc" | "about" | "role" | "show" | "url" | "target", _) => Ok(()),
                _ => panic!("unknown set-up line: {keyword} {rest}"),
            };
            done.expect("a good set-up line");
        }
        Host {
            tunnel: Tunnel::new(&config, ms(0)).expect("a tunnel"),
            now: 0,
            held: false,
            transport: Transport::Open,
            deadline: None,
            output: Vec::new(),
        }
    }

    /// Returns the events of a step, and how many bytes were not taken.
    fn run(&mut self, call: &str, cuts: &mut Cuts) -> (Vec<String>, usize) {
        let (verb, rest) = split_word(call);
        match verb {
            "receive" => return self.receive(&bytes(rest), cuts),
            "eof" => return (transcript::lines(self.tunnel.receive_eof(ms(self.now)).events), 0),
            "timeout" => return (transcript::lines(self.tunnel.timeout(ms(self.now)).events), 0),
            "time" => self.now = number(rest),
            "hold" => self.held = true,
            "drain" => self.held = false,
            other => panic!("unknown step: {other}"),
        }
        (Vec::new(), 0)
    }

    fn receive(&mut self, bytes: &[u8], cuts: &mut Cuts) -> (Vec<String>, usize) {
        let (mut lines, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let piece = &rest[..cuts.next(rest.len())];
            let received = self.tunnel.receive(piece, ms(self.now));
            let consumed = received.consumed;
            lines.extend(transcript::lines(received.events));
            self.drain();
            rest = &rest[consumed..];
            if consumed < piece.len() {
                break;
            }
        }
        (lines, rest.len())
    }

    fn drain(&mut self) {
        if !self.held {
            self.output.extend_from_slice(self.tunnel.output());
            self.tunnel.written(self.tunnel.output().len()).expect("no more than there is");
        }
    }

    fn transcript(&mut self, case: &Case, mut lines: Vec<String>, left: usize) -> Vec<String> {
        if left > 0 {
            lines.push(format!("left {left}"));
        }
        self.drain();
        let output = std::mem::take(&mut self.output);
        if !output.is_empty() {
            lines.push(format!("out {}", show(&output)));
        }
        if self.tunnel.transport() != self.transport {
            self.transport = self.tunnel.transport();
            lines.push("transport close".into());
        }
        let deadline = self.tunnel.next_deadline().map(|deadline| deadline.as_millis() as u64);
        if case.shows("deadline") && deadline != self.deadline {
            self.deadline = deadline;
            lines.push(deadline.map_or("deadline never".into(), |deadline| format!("deadline {deadline}")));
        }
        lines
    }
}

fn bytes(text: &str) -> Vec<u8> {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}
