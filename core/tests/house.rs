//! `ARCHITECTURE.md` draws the same house as the `use` lines: a room uses rooms on lower floors only. And files and functions
//! stay short enough to be read in one go, and every public type has an example.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 450;
const MAX_FUNCTION: usize = 60;

/// Every file of the engine that is not a test: its room, its path and its text.
fn files() -> Vec<(String, PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let within = path.strip_prefix(&source).expect("a path below the sources");
                let room = within.iter().next().expect("a name").to_string_lossy();
                let text = fs::read_to_string(&path).expect("a text");
                files.push((room.trim_end_matches(".rs").to_owned(), within.to_owned(), text));
            }
        }
    }
    files
}

/// The floor of every room, from the table of the page.
fn floors() -> BTreeMap<String, u32> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let text = fs::read_to_string(page).expect("the page");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let floor = cells.next()?.parse().ok()?;
        Some((cells.next()?.trim_matches('`').to_owned(), floor))
    };
    text.lines().filter_map(row).collect()
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The rooms that a file mentions as `crate::room`.
fn used(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    code(text).split("crate::").skip(1).map(name).collect()
}

#[test]
fn every_arrow_of_the_house_points_down() {
    let floors = floors();
    let files = files();
    let rooms: BTreeSet<&String> = files.iter().map(|(room, ..)| room).filter(|room| *room != "lib").collect();
    assert_eq!(rooms, floors.keys().collect(), "the rooms of core/src, and those of ARCHITECTURE.md");
    let mut arrows = 0;
    for (room, path, text) in files.iter().filter(|(room, ..)| room != "lib") {
        for other in used(text).iter().filter(|other| *other != room) {
            let (from, to) = (floors[room], floors.get(other));
            let to = to.unwrap_or_else(|| panic!("{}: crate::{other} is not a room", path.display()));
            assert!(from > *to, "{}: {room} (floor {from}) uses {other} (floor {to})", path.display());
            arrows += 1;
        }
    }
    assert!(arrows > 50, "only {arrows} arrows were found");
}

#[test]
fn files_and_functions_are_short() {
    let mut functions = 0;
    for (_, path, text) in files() {
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() <= MAX_LINES, "{} has {} lines", path.display(), lines.len());
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function = line
                .trim_start()
                .split("fn ")
                .next()
                .is_some_and(|before| line.contains("fn ") && before.split(' ').all(is_qualifier));
            if !is_function || line.trim_end().ends_with([';', '}']) {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let end = lines[start..].iter().position(|line| line.starts_with(&close));
            let len = 1 + end.unwrap_or_else(|| panic!("{}:{}: no end", path.display(), start + 1));
            assert!(len < MAX_FUNCTION, "{}:{}: a function of {len} lines", path.display(), start + 1);
            functions += 1;
        }
    }
    assert!(functions > 300, "only {functions} functions were found");
}

/// Whether a word may stand before `fn`.
fn is_qualifier(word: &str) -> bool {
    word.is_empty() || word.starts_with("pub") || ["const", "unsafe", "in", "crate::"].contains(&word)
}

/// The flat numbers and the boundary are not what Rust users see.
#[test]
fn every_public_type_has_an_example() {
    let mut types = 0;
    for (_, path, text) in files().iter().filter(|(room, ..)| !["abi", "boundary"].contains(&room.as_str())) {
        let mut documented = false;
        for line in text.lines() {
            let is_type = line.starts_with("pub struct ") || line.starts_with("pub enum ");
            assert!(!is_type || documented, "{}: {line} has no example", path.display());
            types += usize::from(is_type);
            documented = (documented || line == "/// ```" || line.starts_with("/// ```no_run"))
                && (line.starts_with("///") || line.starts_with("#["));
        }
    }
    assert!(types > 25, "only {types} public types were found");
}
