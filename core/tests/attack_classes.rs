//! `conformance/attacks.md`: every class of attack is told, and names tests that exist.

mod common;

use std::collections::HashSet;

use common::evidence::{exists, read, vector_cases};

/// One class: the cells of its row.
struct Class {
    name: String,
    advisories: Vec<String>,
    answer: String,
    tests: Vec<String>,
}

fn classes() -> Vec<Class> {
    let text = read("conformance/attacks.md");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| --- ") && !line.starts_with("| Class "));
    rows.map(class).collect()
}

fn class(row: &str) -> Class {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [name, advisories, _rule, answer, tests] = cells[..] else { panic!("not five cells: {row}") };
    Class {
        name: name.to_owned(),
        advisories: advisories.split(", ").filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        answer: answer.to_owned(),
        tests: tests.split("<br>").map(|test| test.trim_matches('`').to_owned()).collect(),
    }
}

#[test]
fn every_class_is_told_once() {
    let classes = classes();
    assert!(classes.len() >= 94, "{} classes", classes.len());
    let mut names = HashSet::new();
    for Class { name, answer, .. } in &classes {
        assert!(!name.is_empty() && !answer.is_empty(), "{name}");
        assert!(names.insert(name), "{name}: twice");
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let cases = vector_cases();
    for Class { name, tests, .. } in classes() {
        let mut seen = HashSet::new();
        for test in tests {
            assert!(exists(&test, &cases), "{name}: there is no {test}");
            assert!(seen.insert(test.clone()), "{name}: {test} twice");
        }
    }
}

/// CVE-2026-48779, RUSTSEC-2026-0258, GHSA-jf24-p9p9-4rjh.
#[test]
fn advisories_have_the_form_of_their_registry() {
    let classes = classes();
    let ids: Vec<&String> = classes.iter().flat_map(|class| &class.advisories).collect();
    assert!(ids.len() >= 50, "{} advisories", ids.len());
    for id in ids {
        let parts: Vec<&str> = id.split('-').collect();
        let are_digits = |parts: &[&str]| parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let is_good = match parts[..] {
            ["CVE" | "RUSTSEC", year, number] => year.len() == 4 && number.len() >= 4 && are_digits(&[year, number]),
            ["GHSA", one, two, three] => [one, two, three].iter().all(|part| part.len() == 4),
            _ => false,
        };
        assert!(is_good, "{id}");
    }
}

/// What a user gets with the engine. Whoever adds one gives a reason here, and in the commit.
#[test]
fn the_engine_uses_few_libraries() {
    let manifest = read("core/Cargo.toml");
    let names: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .take_while(|line| *line != "[dev-dependencies]")
        .filter(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .collect();
    let wanted = [
        "base64",
        "bytes",
        "chacha20",
        "getrandom",
        "httparse",
        "memchr",
        "sha1",
        "simdutf8",
        "zlib-rs",
        "crossbeam-utils",
    ];
    assert_eq!(names, wanted);
}
