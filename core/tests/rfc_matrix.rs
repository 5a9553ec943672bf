//! What the RFCs require, and the tests that show it: `conformance/rfc/requirements.txt` is complete in itself, names
//! tests that exist, and is what `conformance/rfc/README.md` says. With `SANSOCK_BLESS=1` the page is written.

mod common;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use common::evidence::{exists, path_of, read, root, vector_cases};

const LEVELS: [&str; 4] = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT"];
const BINDS: [&str; 4] = ["client", "server", "both", "host"];

/// A section of an RFC, as `6455-5.1`.
struct Section {
    id: String,
    title: String,
    rows: Vec<Row>,
}

/// One requirement.
struct Row {
    id: String,
    binds: String,
    level: String,
    requirement: String,
    /// The names of tests; for `host`, why it is the application's.
    shown_by: String,
}

struct Requirements {
    sections: Vec<Section>,
    /// What no test shows yet, in prose.
    missing: Vec<String>,
}

impl Row {
    fn parse(line: &str) -> Row {
        let fields: Vec<String> = line.split('|').map(|field| field.trim().to_owned()).collect();
        let [id, binds, level, requirement, shown_by] =
            fields.try_into().unwrap_or_else(|_| panic!("not five fields: {line}"));
        Row { id, binds, level, requirement, shown_by }
    }

    fn binds_the_engine(&self) -> bool {
        self.binds != "host"
    }

    fn tests(&self) -> impl Iterator<Item = &str> {
        self.shown_by.split_whitespace().filter(|_| self.binds_the_engine())
    }
}

impl Requirements {
    fn parse(text: &str) -> Requirements {
        let mut all = Requirements { sections: Vec::new(), missing: Vec::new() };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines.by_ref().take_while(|line| *line != "missing") {
            match (line.strip_prefix("section "), all.sections.last_mut()) {
                (Some(heading), _) => {
                    let (id, title) = heading.split_once(' ').expect("a section has a title");
                    all.sections.push(Section { id: id.into(), title: title.into(), rows: Vec::new() });
                }
                (None, Some(section)) => section.rows.push(Row::parse(line)),
                (None, None) => panic!("outside a section: {line}"),
            }
        }
        all.missing = lines.map(str::to_owned).collect();
        all
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }
}

fn requirements() -> Requirements {
    Requirements::parse(&read("conformance/rfc/requirements.txt"))
}

/// `6455-4.2.1-3` as numbers, which are in the order of the text. Of `6455-5`, the section before its subsections.
fn place(id: &str) -> (u32, Vec<u32>, u32) {
    let number = |text: &str| text.parse::<u32>().unwrap_or_else(|_| panic!("not an id: {id}"));
    let mut parts = id.split('-');
    let mut part = || parts.next().unwrap_or_else(|| panic!("not an id: {id}"));
    (number(part()), part().split('.').map(number).collect(), number(part()))
}

#[test]
fn ids_are_unique_and_in_the_order_of_the_text() {
    let all = requirements();
    let places: Vec<_> = all.rows().map(|row| place(&row.id)).collect();
    assert!(places.len() > 100, "{} rows", places.len());
    for pair in places.windows(2) {
        assert!(pair[0] < pair[1], "{:?} is not before {:?}", pair[0], pair[1]);
    }
    for section in &all.sections {
        assert!(!section.rows.is_empty(), "{} is empty", section.id);
        for (at, row) in section.rows.iter().enumerate() {
            assert_eq!(row.id, format!("{}-{}", section.id, at + 1));
        }
    }
}

#[test]
fn every_row_is_filled_in() {
    for row in requirements().rows() {
        assert!(BINDS.contains(&row.binds.as_str()), "{}: binds {}", row.id, row.binds);
        assert!(LEVELS.contains(&row.level.as_str()), "{}: level {}", row.id, row.level);
        assert!(!row.requirement.is_empty(), "{}", row.id);
        assert!(!row.shown_by.is_empty(), "{}: no test shows it, or no reason is given", row.id);
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let cases = vector_cases();
    for row in requirements().rows() {
        let mut seen = HashSet::new();
        for test in row.tests() {
            assert!(seen.insert(test), "{}: {test} twice", row.id);
            assert!(exists(test, &cases), "{}: there is no {test}", row.id);
        }
    }
}

#[test]
fn what_is_missing_is_a_requirement() {
    let all = requirements();
    let ids: HashSet<&str> = all.rows().map(|row| row.id.as_str()).collect();
    for item in &all.missing {
        let id = item.split_whitespace().next().expect("not empty");
        assert!(ids.contains(id), "{item}");
    }
}

const HEAD: &str = "\
# What the RFCs require

<!-- Made of requirements.txt by core/tests/rfc_matrix.rs (SANSOCK_BLESS=1 writes it). Do not edit. -->

Each statement of RFC 6455 (§4 to §8, §9, §9.1, §10.3), RFC 7692 (§5 to §7), RFC 8441 (§4, §5) and RFC 9220 (§3) that binds an endpoint with a key word of
RFC 2119, in our words, and the tests that show it. Cases of [`core/vectors`](../../core/vectors/README.md) are replayed
through every boundary. Where an application is bound and not the engine, the last column says why.
";

fn counts(all: &Requirements) -> String {
    let mut text =
        String::from("\n| Level | Statements | of the engine | of the application |\n| --- | ---: | ---: | ---: |\n");
    for level in LEVELS {
        let of_level: Vec<&Row> = all.rows().filter(|row| row.level == level).collect();
        let engine = of_level.iter().filter(|row| row.binds_the_engine()).count();
        writeln!(text, "| {level} | {} | {engine} | {} |", of_level.len(), of_level.len() - engine).unwrap();
    }
    text
}

fn links(row: &Row, cases: &BTreeMap<String, String>) -> String {
    if !row.binds_the_engine() {
        return row.shown_by.clone();
    }
    let link = |test: &str| match test.split_once(':') {
        Some(("vector", name)) => format!("[`{name}`](../../core/vectors/{})", cases[name]),
        Some((_, path)) => {
            let (file, name) = path.split_once("::").expect("FILE::NAME");
            format!("[`{name}`](../../{})", path_of(file))
        }
        None => panic!("{}: {test}", row.id),
    };
    row.tests().map(link).collect::<Vec<_>>().join(", ")
}

fn page(all: &Requirements) -> String {
    let cases = vector_cases();
    let mut text = format!("{HEAD}{}", counts(all));
    let mut rfc_before = "";
    for section in &all.sections {
        let (rfc, number) = section.id.split_once('-').expect("RFC-section");
        if rfc != rfc_before {
            writeln!(text, "\n## RFC {rfc}").unwrap();
            rfc_before = rfc;
        }
        writeln!(text, "\n### §{number} {}\n", section.title).unwrap();
        text.push_str("| Id | Binds | Level | Requirement | Shown by |\n| --- | --- | --- | --- | --- |\n");
        for row in &section.rows {
            let Row { id, binds, level, requirement, .. } = row;
            writeln!(text, "| {id} | {binds} | {level} | {requirement} | {} |", links(row, &cases)).unwrap();
        }
    }
    if !all.missing.is_empty() {
        text.push_str("\n## Missing\n\nWhat deserves a test of its own:\n\n");
        all.missing.iter().for_each(|item| writeln!(text, "- {item}").unwrap());
    }
    text
}

#[test]
fn the_page_is_made_of_the_requirements() {
    let path = "conformance/rfc/README.md";
    let made = page(&requirements());
    if std::env::var_os("SANSOCK_BLESS").is_some() {
        std::fs::write(root().join(path), &made).expect("the page is written");
    }
    assert!(read(path) == made, "{path} is not what requirements.txt makes: run with SANSOCK_BLESS=1");
}
