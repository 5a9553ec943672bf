//! Names of tests in the texts of `conformance`: `vector:NAME`, `test:FILE::NAME`, `code:PATH::TEXT`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file, by its path from the root of the repository.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file of each vector case.
pub(crate) fn vector_cases() -> BTreeMap<String, String> {
    let mut cases = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("core/vectors")).expect("the folder of vectors") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        if name.ends_with(".vec") {
            let text = read(&format!("core/vectors/{name}"));
            cases.extend(text.lines().filter_map(|line| Some((line.strip_prefix("case ")?.into(), name.clone()))));
        }
    }
    cases
}

/// Where FILE of `test:FILE::NAME` is: below `core/tests`, or in `core/src` when it says so; with an ending, its path.
pub(crate) fn path_of(file: &str) -> String {
    if Path::new(file).extension().is_some() {
        file.to_owned()
    } else if file.starts_with("src/") {
        format!("core/{file}.rs")
    } else {
        format!("core/tests/{file}.rs")
    }
}

/// Whether a test of this name exists.
pub(crate) fn exists(test: &str, cases: &BTreeMap<String, String>) -> bool {
    let in_file = |place: &str, shape: fn(&str, &str) -> String| {
        place.split_once("::").is_some_and(|(file, name)| read(&path_of(file)).contains(&shape(file, name)))
    };
    match test.split_once(':') {
        Some(("vector", name)) => cases.contains_key(name),
        Some(("test", place)) => in_file(place, definition),
        Some(("code", place)) => in_file(place, |_, text| text.to_owned()),
        _ => false,
    }
}

/// How a test begins in the language of its file.
fn definition(file: &str, name: &str) -> String {
    match Path::new(file).extension().and_then(|ending| ending.to_str()) {
        Some("py") => format!("def {name}("),
        Some("c") => format!("static void {name}("),
        _ => format!("fn {name}("),
    }
}
