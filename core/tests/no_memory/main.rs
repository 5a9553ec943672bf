//! Memory that cannot be had. Every request for it is failed once, and once with all that follow it, in conversations of
//! every kind. A call then says so and changes nothing, or the connection ends with the fault that names it, behind the
//! events that came before; or nothing can be seen of it. What was allocated is freed.
//!
//! A failed request for a small size ends the process, as `SECURITY.md` says: those are spared here, unless
//! `SANSOCK_FAULTS=all` asks for them. Then each is failed in a process of its own.

#[path = "../common/mod.rs"]
mod common;

mod allocator;
mod player;
mod scenarios;

use std::env;
use std::process::Command;

use allocator::{Failing, Plan, failed, live, seen, start, stop};
use common::frames::PONG;
use player::Outcome;
use scenarios::Scenario;

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// The largest size for which a failed request may end the process: `SECURITY.md` has it, too.
const SMALL: usize = 16 * 1024;

/// What came of a scenario under a plan, with how many requests were seen. All memory has come back.
fn play(scenario: &Scenario, with: Plan) -> (Outcome, usize, usize) {
    start(with);
    let outcome = (scenario.play)();
    let (seen, failed) = (seen(), failed());
    stop();
    (outcome, seen, failed)
}

/// Whether this may be what came of a scenario in which memory failed, where `good` comes of it otherwise.
fn check(outcome: &Outcome, good: &Outcome, place: &str) {
    if !outcome.ended && !is_without_close(outcome, good) {
        assert_eq!(outcome.events, good.events, "{place}");
        let is_same = outcome.output == good.output || without_pongs(outcome) == without_pongs(good);
        assert!(is_same, "{place}: the output differs");
    }
    if !outcome.ended {
        return;
    }
    let before = outcome.events.iter().take_while(|line| !player::is_no_memory(line)).count();
    let (good_events, bad_events) = outcome.events.split_at(before);
    assert!(good.events.starts_with(good_events), "{place}: {:#?}", outcome.events);
    let blames_peer = |line: &String| line.contains(" by-peer ");
    assert!(!bad_events.iter().any(blames_peer), "{place}: {bad_events:#?}");
    // The last that is sent is a Close frame.
    let sent = outcome.output.len().saturating_sub(CLOSE_FRAME);
    assert!(good.output.starts_with(&outcome.output[..sent]), "{place}: the output differs");
}

/// Whether all is the same but that there was no memory for the Close frame, so that the connection ended without it.
fn is_without_close(outcome: &Outcome, good: &Outcome) -> bool {
    let ([events @ .., closed], [good_events @ .., _]) = (&outcome.events[..], &good.events[..]) else { return false };
    let missing = good.output.len().saturating_sub(outcome.output.len());
    closed.starts_with("closed ")
        && events == good_events
        && (1..=CLOSE_FRAME).contains(&missing)
        && good.output.starts_with(&outcome.output)
}

/// The frames of the output, if pings have come: for want of memory a pong waits, and the answer to a newer ping takes its place.
fn without_pongs(outcome: &Outcome) -> Option<Vec<(u8, Vec<u8>)>> {
    outcome.events.iter().any(|line| line.starts_with("ping ")).then_some(())?;
    let mut frames = Vec::new();
    let mut rest = &outcome.output[..];
    while let [first, second, after @ ..] = rest {
        let (len, after) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([after[0], after[1]])), &after[2..]),
            127 => (u64::from_be_bytes(after[..8].try_into().expect("8 bytes")) as usize, &after[8..]),
            len => (usize::from(len), after),
        };
        let (key, after) = if second & 0x80 == 0 { (&[0; 4][..], after) } else { after.split_at(4) };
        let payload = after[..len].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        if first & 0xf != PONG {
            frames.push((*first, payload.collect()));
        }
        rest = &after[len..];
    }
    Some(frames)
}

/// The longest Close frame.
const CLOSE_FRAME: usize = 2 + 4 + 125;

/// Fails the request of this number.
fn fail(scenario: &Scenario, good: &Outcome, with: Plan) {
    let place = format!("{}, {with:?}", scenario.name);
    let before = live();
    {
        let (outcome, _, failed) = play(scenario, with);
        assert!(failed > 0, "{place}: nothing failed");
        check(&outcome, good, &place);
    }
    assert_eq!(live(), before, "{place}: something is left");
}

/// What comes of a scenario, and how many requests above a size it makes.
fn good(scenario: &Scenario, spared: usize) -> (Outcome, usize) {
    let none = Plan { spared, first: usize::MAX, persists: false };
    let (outcome, seen, _) = play(scenario, none);
    assert!(!outcome.ended && outcome.repeated == 0, "{}", scenario.name);
    (outcome, seen)
}

#[test]
fn memory_that_a_peer_or_a_host_asks_for_may_be_missing() {
    let scenarios = scenarios::all();
    assert!(scenarios.len() >= 200, "{}", scenarios.len());
    let mut requests = 0;
    for scenario in &scenarios {
        let (good, count) = good(scenario, SMALL);
        requests += count;
        for (first, persists) in (0..count).flat_map(|first| [(first, false), (first, true)]) {
            fail(scenario, &good, Plan { spared: SMALL, first, persists });
        }
    }
    eprintln!("{requests} requests in {} scenarios", scenarios.len());
}

/// Set in a process that fails the requests of one scenario: its index, and the number of the first request.
const CHILD: &str = "SANSOCK_FAULTS_OF";

/// Every request, the small ones too. Where one ends the process, it was for a small size.
#[test]
fn a_process_ends_for_want_of_a_small_size_alone() {
    if env::var("SANSOCK_FAULTS").as_deref() != Ok("all") {
        return;
    }
    let scenarios = scenarios::all();
    let (mut requests, mut endings, mut failures) = (0, 0, Vec::new());
    for (index, scenario) in scenarios.iter().enumerate() {
        let (_, count) = good(scenario, 0);
        requests += count;
        let mut first = 0;
        while first < count {
            let (at, why) = run_child(index, first);
            match why {
                Ended::Well => break,
                Ended::ForWantOf(size) if size <= SMALL => endings += 1,
                Ended::ForWantOf(size) => failures.push(format!("{}, request {at}: {size} bytes", scenario.name)),
                Ended::Otherwise(words) => failures.push(format!("{}, request {at}: {words}", scenario.name)),
            }
            first = at + 1;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    println!("{requests} requests in {} scenarios, of which {endings} end the process", scenarios.len());
}

/// How a process came to its end.
enum Ended {
    Well,
    /// For want of so many bytes.
    ForWantOf(usize),
    /// With these words.
    Otherwise(String),
}

/// Fails the requests of a scenario from one on, in another process. Returns the last of them, and what it came to.
fn run_child(index: usize, first: usize) -> (usize, Ended) {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", "in_another_process", "--ignored", "--nocapture"]).env(CHILD, format!("{index} {first}"));
    let output = command.output().expect("a process");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let number = |text: &str, before: &str| {
        let (_, rest) = text.rsplit_once(before)?;
        rest.split_whitespace().next()?.parse::<usize>().ok()
    };
    let ended = match number(&err, "memory allocation of ") {
        _ if output.status.success() => Ended::Well,
        Some(size) => Ended::ForWantOf(size),
        None => Ended::Otherwise(out.lines().chain(err.lines()).filter(|line| line.len() > 20).take(8).collect()),
    };
    (number(&out, "request ").unwrap_or(first), ended)
}

#[test]
#[ignore = "it may end the process"]
fn in_another_process() {
    let of = env::var(CHILD).unwrap_or_default();
    let Some((index, first)) = of.split_once(' ') else { return };
    let scenario = &scenarios::all()[index.parse::<usize>().expect("an index")];
    let first = first.parse().expect("a number");
    let (good, count) = good(scenario, 0);
    for first in first..count {
        println!("request {first}");
        fail(scenario, &good, Plan { spared: 0, first, persists: false });
    }
}
