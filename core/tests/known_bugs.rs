//! Bugs that others have had, and the tests that show that each is not here: `conformance/peers/bugs.txt` is complete in
//! itself, and names tests that exist.

mod common;

use std::collections::HashSet;

use common::evidence::{exists, read, vector_cases};

/// One bug.
struct Bug {
    id: String,
    found_in: String,
    bug: String,
    /// Names of tests; or `host:` and why.
    shown_by: String,
}

impl Bug {
    fn parse(line: &str) -> Bug {
        let fields: Vec<String> = line.split('|').map(|field| field.trim().to_owned()).collect();
        let [id, found_in, bug, shown_by] = fields.try_into().unwrap_or_else(|_| panic!("not four fields: {line}"));
        Bug { id, found_in, bug, shown_by }
    }
}

/// Each section by its id, with its bugs.
fn sections() -> Vec<(String, Vec<Bug>)> {
    let mut sections: Vec<(String, Vec<Bug>)> = Vec::new();
    let text = read("conformance/peers/bugs.txt");
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix("section "), sections.last_mut()) {
            (Some(heading), _) => {
                let (id, title) = heading.split_once(' ').expect("a section has a title");
                assert!(!title.is_empty(), "{line}");
                sections.push((id.to_owned(), Vec::new()));
            }
            (None, Some((_, bugs))) => bugs.push(Bug::parse(line)),
            (None, None) => panic!("outside a section: {line}"),
        }
    }
    sections
}

#[test]
fn ids_are_unique_and_count_in_their_section() {
    let sections = sections();
    let names: HashSet<&String> = sections.iter().map(|(section, _)| section).collect();
    assert_eq!(names.len(), sections.len(), "a section comes twice");
    for (section, bugs) in &sections {
        assert!(!bugs.is_empty(), "{section} is empty");
        for (at, bug) in bugs.iter().enumerate() {
            assert_eq!(bug.id, format!("{section}-{}", at + 1));
        }
    }
}

#[test]
fn every_bug_is_told() {
    let sections = sections();
    let bugs: Vec<&Bug> = sections.iter().flat_map(|(_, bugs)| bugs).collect();
    assert!(bugs.len() > 70, "{} bugs", bugs.len());
    for bug in bugs {
        assert!(!bug.found_in.is_empty() && !bug.bug.is_empty() && !bug.shown_by.is_empty(), "{}", bug.id);
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let cases = vector_cases();
    for bug in sections().iter().flat_map(|(_, bugs)| bugs) {
        match bug.shown_by.strip_prefix("host:") {
            Some(why) => assert!(!why.trim().is_empty(), "{}: no reason is given", bug.id),
            None => {
                let mut seen = HashSet::new();
                for test in bug.shown_by.split_whitespace() {
                    assert!(seen.insert(test), "{}: {test} twice", bug.id);
                    assert!(exists(test, &cases), "{}: there is no {test}", bug.id);
                }
            }
        }
    }
}

#[test]
fn every_vector_made_for_a_bug_is_named() {
    let bugs = sections();
    let named: HashSet<&str> = bugs
        .iter()
        .flat_map(|(_, bugs)| bugs)
        .flat_map(|bug| bug.shown_by.split_whitespace())
        .filter_map(|test| test.strip_prefix("vector:"))
        .collect();
    for (name, file) in vector_cases() {
        assert!(file != "peers.vec" || named.contains(name.as_str()), "{name} shows no bug of bugs.txt");
    }
}
