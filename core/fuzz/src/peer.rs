//! Other implementations, and what may differ between them and the engine.

pub mod tungstenite;
pub mod wsproto;

use sansock::{FaultKind, Role};

use crate::host::Host;
use crate::plan::{PLAN_LEN, Plan, Start, bit};

/// How a stream ends for its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// No rule was broken, and there is no more.
    Eof,
    /// The peer's Close, with its code.
    Closed(u16),
    Fault,
}

/// What a receiver makes of a stream: messages, pings and pongs in their order, and the end.
#[derive(Debug)]
pub struct Verdict {
    pub items: Vec<(&'static str, Vec<u8>)>,
    pub end: End,
}

/// Where another implementation may go on, or end otherwise.
pub enum When {
    /// The engine finds this fault.
    Fault(FaultKind),
    /// The engine takes one of these close codes.
    Codes(std::ops::RangeInclusive<u16>),
}

/// A reason for which the two may differ.
pub struct Difference {
    pub when: When,
    pub why: &'static str,
}

impl Difference {
    fn applies(&self, end: End, fault: Option<FaultKind>) -> bool {
        match &self.when {
            When::Fault(kind) => fault == Some(*kind),
            When::Codes(codes) => matches!(end, End::Closed(code) if codes.contains(&code)),
        }
    }
}

/// What the engine makes of a stream.
fn ours(role: Role, deflate: bool, stream: &[u8]) -> (Verdict, Option<FaultKind>) {
    let mut plan = [0; PLAN_LEN];
    plan[0] = if deflate { bit::DEFLATE } else { 0 };
    let mut host = Host::new(&Plan::of(role, Start::Open, plan));
    host.receive(stream);
    let fault = host.connection.fault().map(|fault| fault.kind);
    let end = match (fault, host.seen.closing()) {
        (Some(_), _) => End::Fault,
        (None, Some(code)) => End::Closed(code),
        (None, None) => End::Eof,
    };
    let is_shown = |name: &str| matches!(name, "text" | "binary" | "ping" | "pong");
    let items = crate::seen::joined(&host.seen.items, false);
    let items = items.into_iter().filter(|item| is_shown(item.name)).map(|item| (item.name, item.bytes)).collect();
    host.finish();
    (Verdict { items, end }, fault)
}

/// The engine and another must agree, but for what is named.
fn compare(role: Role, deflate: bool, stream: &[u8], theirs: &Verdict, differences: &[Difference]) {
    let (ours, fault) = ours(role, deflate, stream);
    let common = ours.items.len().min(theirs.items.len());
    for (ours, theirs) in ours.items.iter().zip(&theirs.items) {
        let [here, there] = [ours, theirs].map(|item| item.1[..item.1.len().min(80)].escape_ascii());
        assert!(ours == theirs, "{} \"{here}\", and {} \"{there}\" there", ours.0, theirs.0);
    }
    let may_differ = differences.iter().any(|difference| difference.applies(ours.end, fault));
    // One that wants a whole frame before it looks at it has not seen the fault yet.
    let waits = ours.end == End::Fault && theirs.end == End::Eof;
    let same_end = ours.end == theirs.end || waits || may_differ;
    assert!(same_end, "{:?} for {fault:?}, and {:?} there", ours.end, theirs.end);
    let same_count = ours.items.len() == theirs.items.len() || may_differ && common == ours.items.len();
    assert!(same_count, "{} delivered for {fault:?}, and {} there", ours.items.len(), theirs.items.len());
}
