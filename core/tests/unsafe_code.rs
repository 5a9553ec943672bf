//! Every use of `unsafe` in the engine is named in `SECURITY.md`.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::evidence::{read, root};

/// How often the keyword stands in the code of a file.
fn count(source: &str) -> usize {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    code.flat_map(|line| line.split(|character| !is_word(character))).filter(|word| *word == "unsafe").count()
}

/// Adds the modules below a folder that have the keyword, as `handshake::url`.
fn collect(folder: &Path, parent: &str, counts: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let module = if parent.is_empty() { name.clone() } else { format!("{parent}::{name}") };
        if path.is_dir() {
            collect(&path, &module, counts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = if name == "mod" { parent.to_owned() } else { module };
            let found = count(&fs::read_to_string(&path).expect("a text"));
            if found > 0 {
                counts.insert(module, found);
            }
        }
    }
}

/// The rows of the table in `SECURITY.md`: "| `module` | number | …".
fn named() -> BTreeMap<String, usize> {
    let text = read("SECURITY.md");
    let row = |line: &str| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let module = cells.next()?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some((module, cells.next()?.parse().ok()?))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn every_unsafe_is_named() {
    let mut counts = BTreeMap::new();
    collect(&root().join("core/src"), "", &mut counts);
    assert!(!counts.is_empty());
    assert_eq!(counts, named(), "`unsafe` in core/src (left), in SECURITY.md (right)");
}
