//! Replays `core/vectors/*.vec`: as they stand, byte by byte, and cut at random.
//!
//! With `SANSOCK_BLESS=1` the transcripts in the files are replaced by what the engine does. Read the difference
//! before it is kept: the vectors are the specification. `SANSOCK_CASE=NAME` replays only cases with NAME in their name.

#[path = "../common/mod.rs"]
mod common;

mod case;
mod cuts;
mod files;
mod replay;
#[cfg(feature = "tunnel")]
mod tunnel;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use case::{Case, File};
use cuts::Cuts;
use files::files;
use sansock::{FaultKind, Transport};

const RANDOM_RUNS: u64 = 20;

fn replay(case: &Case, mut cuts: Cuts) -> Result<Vec<Vec<String>>, String> {
    let replay = || {
        #[cfg(feature = "tunnel")]
        if case.is_tunnel() {
            return tunnel::replay(case, &mut cuts);
        }
        replay::replay(case, &mut cuts)
    };
    catch_unwind(AssertUnwindSafe(replay)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// What differs, for people: the steps that agree in one line, the others with both transcripts.
fn difference(case: &Case, actual: &[Vec<String>]) -> Option<String> {
    let mut report = String::new();
    let mut differs = case.steps.len() != actual.len();
    for (at, step) in case.steps.iter().enumerate() {
        let lines = actual.get(at).map_or(&[][..], Vec::as_slice);
        report.push_str(&format!("    > {}\n", shorten(&step.call)));
        if lines.iter().map(|line| line.trim()).eq(step.expected.iter().map(String::as_str)) {
            continue;
        }
        differs = true;
        step.expected.iter().for_each(|line| report.push_str(&format!("      expected  {}\n", line.trim())));
        lines.iter().for_each(|line| report.push_str(&format!("      actual    {}\n", line.trim())));
        if lines.is_empty() {
            report.push_str("      actual    nothing\n");
        }
    }
    differs.then_some(report)
}

fn shorten(call: &str) -> String {
    if call.len() <= 160 { call.into() } else { format!("{}... ({} characters)", &call[..150], call.len()) }
}

fn check(file: &File, case: &Case, how: &str, cuts: Cuts, failures: &mut Vec<String>) -> bool {
    let problem = match replay(case, cuts) {
        Ok(actual) => difference(case, &actual),
        Err(panic) => Some(format!("    panicked: {panic}\n")),
    };
    let good = problem.is_none();
    failures.extend(problem.map(|problem| format!("  {}: {} ({how})\n{problem}", file.name, case.name)));
    good
}

fn bless(path: &Path, file: &File) {
    let mut transcripts = Vec::new();
    for case in &file.cases {
        match replay(case, Cuts::Whole) {
            Ok(actual) => transcripts.extend(actual),
            Err(panic) => panic!("{}: {}: {panic}", file.name, case.name),
        }
    }
    std::fs::write(path, file.with_transcripts(&transcripts)).expect("a writable file");
}

#[test]
fn every_vector_whole_and_cut() {
    let files = files();
    if std::env::var_os("SANSOCK_BLESS").is_some_and(|value| value == "1") {
        files.iter().for_each(|(path, file)| bless(path, file));
        return;
    }
    let only = std::env::var("SANSOCK_CASE").unwrap_or_default();
    let mut failures = Vec::new();
    for (file, case) in files.iter().flat_map(|(_, file)| file.cases.iter().map(move |case| (file, case))) {
        if !case.name.contains(&only) || !check(file, case, "whole", Cuts::Whole, &mut failures) || case.is_whole() {
            continue;
        }
        // One difference is enough to read.
        let _ = check(file, case, "byte by byte", Cuts::Bytes, &mut failures)
            && (1..=RANDOM_RUNS).all(|run| {
                let seed = run.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                check(file, case, &format!("cut at random, run {run}"), Cuts::Random(seed), &mut failures)
            });
    }
    assert!(failures.is_empty(), "{} cases differ\n{}", failures.len(), failures.join("\n"));
}

/// The end of the stream after each step, and inside each read, ends a connection once and for all.
#[test]
fn every_vector_may_end_anywhere() {
    for (_, file) in files() {
        for case in &file.cases {
            for (count, part) in (1..=case.steps.len()).flat_map(|count| (0..16).map(move |part| (count, part))) {
                let is_receive = case.steps.get(count).is_some_and(|step| step.call.starts_with("receive "));
                if part > 0 && !is_receive {
                    continue;
                }
                #[cfg(feature = "tunnel")]
                if case.is_tunnel() {
                    let outcomes = tunnel::outcomes(case, count, part);
                    assert_eq!(outcomes.len(), 1, "{}, {count} steps and {part}/16: {outcomes:?}", case.name);
                    continue;
                }
                let host = replay::replay_to_the_end(case, count, part);
                let closed = host.events.iter().filter(|event| event.starts_with("closed ")).count();
                assert_eq!(closed, 1, "{}, {count} steps and {part}/16: {:?}", case.name, host.events);
                assert!(host.events.last().is_some_and(|event| event.starts_with("closed ")), "{}", case.name);
                assert_eq!(host.transport(), Transport::Close, "{}", case.name);
                assert_eq!(host.connection.next_deadline(), None, "{}", case.name);
            }
        }
    }
}

#[test]
fn the_vectors_are_well_formed() {
    let files = files();
    let mut names: Vec<&str> = files.iter().flat_map(|(_, file)| &file.cases).map(|case| case.name.as_str()).collect();
    assert!(names.len() >= 200, "only {} cases", names.len());
    names.sort_unstable();
    names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "two cases of one name"));
    for (_, file) in &files {
        for case in &file.cases {
            assert!(case.setup("rfc").next().is_some(), "{}: names no clause", case.name);
            assert_eq!(case.setup("role").count(), 1, "{}: one role", case.name);
            assert_eq!(case.steps.first().map(|step| step.call.as_str()), Some("start"), "{}", case.name);
        }
    }
}

/// One fault per clause, and one case at least for each fault. Memory cannot be made short here.
#[test]
fn every_fault_has_a_vector() {
    let files = files();
    let lines: Vec<&str> = files.iter().flat_map(|(_, file)| &file.lines).map(|line| line.trim()).collect();
    for kind in FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::NoMemory) {
        let shown = format!("fault={}", kind.name());
        assert!(lines.iter().any(|line| line.starts_with("closed ") && line.ends_with(&shown)), "{shown}: no case");
    }
}

#[test]
fn blessing_keeps_everything_but_the_transcript() {
    let text =
        "# top\n\ncase a\nrole server\n> start\n> receive 00\n# why\nold 1\nold 2\n\n# next\ncase b\n> start\nold 3\n";
    let file = File::parse("x", text);
    assert_eq!(file.cases[0].steps[1].expected, ["old 1", "old 2"]);
    let blessed = file.with_transcripts(&[vec![], vec!["new".into()], vec![]]);
    assert_eq!(blessed, "# top\n\ncase a\nrole server\n> start\n> receive 00\nnew\n# why\n\n# next\ncase b\n> start\n");
}
