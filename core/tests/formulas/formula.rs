//! What a connection holds at most, and what its configuration does besides, in bytes: the tables of `SECURITY.md`.

use std::collections::BTreeMap;

use sansock::config::OPTIONS;
use sansock::{Config, ConfigBuilder, Connection, Role};

use super::common::options;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Bytes of complete messages that end a batch.
const STORED: u64 = MIB;
/// What a byte is inflated to at most.
const RATIO: u64 = 1032;
/// An inflater of zlib-rs.
const INFLATER: u64 = 47_680;
/// What a connection that compresses keeps of what it sent.
const PRIMED: u64 = 8 * KIB;
/// All buffers in the pool of a configuration.
const POOL: u64 = 24 * MIB;
/// The largest warm buffer.
const WARM: u64 = 128 * KIB;

/// What a server keeps of what follows a request.
const BACKLOG: u64 = 64 * KIB;
/// 256 records, one more and room for as many, and pieces that reads have cut.
const EVENTS: Term = Term("events", 512 * 32 + 2 * KIB);

/// A configuration, and how its host uses it.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) role: Role,
    /// Options without a default are in it only if they are set.
    options: BTreeMap<&'static str, u64>,
    set: Vec<&'static str>,
    /// The most bytes that the host passes in one call.
    pub(crate) passed: u64,
    /// Other connections of the configuration have left buffers.
    pub(crate) warm: bool,
}

/// A term of a formula.
#[derive(Clone, Copy)]
pub(crate) struct Term(pub(crate) &'static str, pub(crate) u64);

pub(crate) fn sum(terms: &[Term]) -> u64 {
    terms.iter().map(|term| term.1).sum()
}

impl Setup {
    pub(crate) fn new(role: Role) -> Self {
        let options = OPTIONS.iter().filter_map(|option| Some((option.name, option.default?))).collect();
        Setup { role, options, set: Vec::new(), passed: u64::MAX, warm: false }
    }

    pub(crate) fn with(mut self, options: &[(&str, u64)]) -> Self {
        for (name, value) in options {
            let option = OPTIONS.iter().find(|option| option.name == *name).expect("an option");
            self.options.insert(option.name, *value);
            self.set.push(option.name);
        }
        self
    }

    pub(crate) fn option(&self, name: &str) -> u64 {
        self.options[name]
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.option(name) == 1
    }

    pub(crate) fn build(&self, start: ConfigBuilder) -> Config {
        let set = |config, name: &&str| options::set(config, name, self.option(name));
        self.set.iter().fold(start, set).build().expect("a good configuration")
    }

    /// The windows of the two directions: what is received, what is sent.
    fn windows(&self) -> [u64; 2] {
        let mut windows = ["client_max_window_bits", "server_max_window_bits"].map(|name| 1 << self.option(name));
        if self.role == Role::Client {
            windows.reverse();
        }
        windows
    }

    /// What one connection holds at most. It is in one of three phases.
    pub(crate) fn connection(&self) -> Vec<Term> {
        let mut terms =
            vec![Term("itself", size_of::<Connection>() as u64 + 2 * KIB), Term("pings of the host", 64 * (125 + 48))];
        let phases = [self.opening(), self.accepting(), self.open()];
        terms.extend(phases.into_iter().max_by_key(|phase| sum(phase)).unwrap_or_default());
        terms.extend(self.sending());
        terms
    }

    fn opening(&self) -> Vec<Term> {
        let (head, headers) = (self.option("max_head_size"), self.option("max_headers").max(6));
        // Fields twice while they are parsed, then fields and records.
        let parsed = 64 * (headers + 84);
        match self.role {
            _ if self.is("start_open") => Vec::new(),
            Role::Server => {
                let waiting = 32 * (headers + 84) + head + 3 * KIB + 2 * BACKLOG;
                vec![Term("head", 2 * head), Term("parsed, or backlog", (parsed + head).max(waiting))]
            }
            Role::Client => {
                let body = self.option("max_body_size");
                vec![Term("head and body", 2 * (head + body)), Term("parsed", parsed)]
            }
        }
    }

    fn has_backlog(&self) -> bool {
        self.role == Role::Server && !self.is("start_open")
    }

    /// While what was sent behind the request is read.
    fn accepting(&self) -> Vec<Term> {
        if !self.has_backlog() {
            return Vec::new();
        }
        let joined = BACKLOG.min(self.option("max_message_size"));
        vec![EVENTS, Term("backlog", 3 * BACKLOG + joined)]
    }

    fn open(&self) -> Vec<Term> {
        let mut terms = vec![EVENTS];
        let passed = self.passed.saturating_add(if self.has_backlog() { BACKLOG } else { 0 });
        if !self.is("parts") && !self.is("frames") || self.is("deflate") || self.has_backlog() {
            terms.extend(self.messages(passed));
        }
        if self.is("deflate") {
            terms.push(Term("window received", self.windows()[0] + KIB));
            terms.push(Term("inflater", INFLATER));
        }
        terms
    }

    fn messages(&self, passed: u64) -> [Term; 2] {
        let message = self.option("max_message_size");
        let most_inflated = passed.saturating_mul(RATIO).min(message.max(64 * KIB));
        let inflated = if self.is("deflate") { most_inflated } else { 0 };
        let complete = STORED.min(message.saturating_add(passed).saturating_add(inflated));
        let announced = message.min(passed.saturating_mul(4).max(KIB));
        let doubled = 2 * (complete + announced + inflated);
        let joined = (message + 1).max(doubled.min(complete + message + 1));
        let small = self.warm && message >= 8 * KIB;
        let pooled = if small { passed.saturating_mul(16).min(4 * message).min(self.left()) } else { 0 };
        let next = announced.max(pooled);
        let both = joined.max(joined.min(4 * MIB + 128 * KIB) + next);
        [Term("messages", joined), Term("next message", both - joined)]
    }

    fn sending(&self) -> Vec<Term> {
        let limit = self.option("output_hard_limit");
        let mut output = (limit + limit / 4).max(limit + 160);
        if self.warm {
            output = output.max(WARM);
        }
        let mut terms = vec![Term("output", output)];
        if self.is("deflate") {
            terms.push(Term("compressed output", limit.max(2 * KIB)));
            terms.push(Term("window sent", self.windows()[1].min(PRIMED) + 128));
        }
        terms
    }

    /// The largest buffer that other connections can have left.
    fn left(&self) -> u64 {
        let limit = self.option("output_hard_limit");
        POOL.min((self.option("max_message_size") + STORED).max(limit + limit / 4))
    }

    /// What a configuration holds besides itself for all its connections.
    pub(crate) fn configuration(&self) -> Vec<Term> {
        let mut terms = vec![Term("pool of buffers", POOL + 4 * KIB), Term("warm buffers", 9 * WARM + 4 * KIB)];
        if self.is("deflate") {
            terms.push(Term("inflaters", 8 * (INFLATER + 64)));
            terms.push(Term("compressors", 8 * 512 * KIB));
        }
        terms
    }
}
