//! The same bytes mean the same, however they are cut and whatever form they are delivered in.

use sansock::{Role, Transport};

use super::streams::Answer;
use crate::host::Host;
use crate::input::{Cuts, Input};
use crate::plan::{PLAN_LEN, Plan, Start, bit};
use crate::seen::{Item, joined};

/// Events, output, transport and fault.
type Outcome = (Vec<Item>, Vec<u8>, Transport, Option<sansock::FaultKind>);

/// An output that is never full, and a host that sends nothing of its own.
fn quiet(plan: &mut [u8; PLAN_LEN]) {
    plan[1] &= !(bit::ECHO | bit::HELD);
    plan[4] &= 0xf0;
    plan[6] &= 4;
}

fn outcome(plan: &Plan, answer: Answer, stream: &[u8], cuts: Cuts) -> Outcome {
    let mut host = Host::new(&Plan { cuts, ..plan.clone() });
    let left = host.receive(stream);
    if host.seen.asked {
        answer.give(&mut host);
        let left = host.receive(&stream[stream.len() - left..]);
        assert!(left == 0 || host.seen.is_closed, "an open connection takes all");
    }
    host.eof();
    host.take_more();
    host.drain();
    let fault = host.connection.fault().map(|fault| fault.kind);
    (settled(&host.seen.items), host.wire.all, host.connection.transport(), fault)
}

/// The events without the part of a frame before a fault in it: how much of that is delivered depends on the reads.
fn settled(items: &[Item]) -> Vec<Item> {
    let mut items = joined(items, true);
    let ends = |item: &Item| matches!(item.name, "closed" | "fault");
    let end = items.iter().position(ends).unwrap_or(items.len());
    if end > 0 && items[end - 1].is_part() {
        items.remove(end - 1);
    }
    items
}

/// However cut: the same events, the same output, the same end.
pub fn cuts(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let kind = input.byte();
    let role = if kind & 1 == 0 { Role::Server } else { Role::Client };
    let start = if kind & 2 == 0 { Start::Open } else { Start::Text };
    let mut plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    quiet(&mut plan);
    let plan = Plan::of(role, start, plan);
    let answer = Answer::draw(&mut input);
    let stream = input.rest();
    let whole = outcome(&plan, answer, stream, Cuts::WHOLE);
    for cuts in [plan.cuts.clone(), Cuts::BYTES] {
        let cut = outcome(&plan, answer, stream, cuts);
        assert_eq!(cut.0, whole.0, "events");
        assert!(cut.1 == whole.1, "output: {} and {} bytes", cut.1.len(), whole.1.len());
        assert_eq!((cut.2, cut.3), (whole.2, whole.3));
    }
}

/// Whole messages, parts and frames: the same messages, the same output, the same fault.
pub fn frames_mode(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let role = if input.byte() & 1 == 0 { Role::Server } else { Role::Client };
    let mut plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    quiet(&mut plan);
    plan[1] &= !(bit::FLIP_PONG | bit::FLIP_CLOSE | bit::FLIP_FAIL);
    let stream = input.rest();
    let forms = [0, bit::PARTS, bit::FRAMES].map(|form| {
        let mut plan = plan;
        plan[0] = plan[0] & !(bit::PARTS | bit::FRAMES) | form;
        if form == bit::FRAMES {
            plan[1] |= bit::FLIP_PONG | bit::FLIP_CLOSE | bit::FLIP_FAIL;
        }
        let mut host = Host::new(&Plan::of(role, Start::Open, plan));
        host.receive(stream);
        let messages = host.seen.messages();
        let rest: Vec<Item> =
            host.seen.items.iter().filter(|item| !matches!(item.name, "text" | "binary")).cloned().collect();
        let fault = host.connection.fault().map(|fault| fault.kind);
        host.finish();
        (messages, rest, fault, host.wire.all)
    });
    assert_eq!(forms[1], forms[0], "parts are not the messages");
    assert_eq!(forms[2], forms[0], "frames are not the messages");
    alone(role, plan, stream);
}

/// A host that answers for itself: nothing is sent that it does not send.
fn alone(role: Role, mut plan: [u8; PLAN_LEN], stream: &[u8]) {
    plan[0] |= bit::FRAMES;
    let mut host = Host::new(&Plan::of(role, Start::Open, plan));
    host.receive(stream);
    assert!(host.wire.frames.is_empty() || plan[1] & bit::KEEPALIVE != 0, "{:?}", host.wire.frames);
    if host.seen.count("closing") + host.seen.count("fault") > 0 && !host.seen.is_closed {
        let _ = host.call(|connection, now| connection.close(sansock::CloseCode::from(1000), "", now));
    }
    host.finish();
}
