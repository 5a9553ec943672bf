//! What the shared library exports: the functions of the header, no more and no less, under a name of its own.

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use support::{library_dir, root, run_ok};

/// The names in `exports.txt`: one a line, sorted.
fn listed() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("ffi/exports.txt")).expect("ffi/exports.txt");
    text.lines().map(str::to_owned).collect()
}

fn as_text(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().map(|name| name + "\n").collect()
}

#[test]
fn the_library_exports_the_list() {
    let library = library_dir().join("libsansock.so");
    let symbols = run_ok(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    assert_eq!(as_text(exported), as_text(listed()), "exported (left), ffi/exports.txt (right)");
}

#[test]
fn the_header_declares_the_list() {
    let header = std::fs::read_to_string(root().join("include/sansock.h")).expect("include/sansock.h");
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with(['/', '*'])).collect();
    let declared: BTreeSet<String> = code
        .iter()
        .filter_map(|line| line.split_once('('))
        .filter_map(|(before, _)| before.rsplit([' ', '*']).next())
        .filter(|name| name.starts_with("sansock_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(as_text(declared), as_text(listed()), "declared (left), ffi/exports.txt (right)");
}

#[test]
fn the_library_has_a_name_and_is_never_unloaded() {
    let dynamic = run_ok(Command::new("readelf").arg("-d").arg(library_dir().join("libsansock.so")));
    assert!(dynamic.contains("[libsansock.so.0]"), "no SONAME libsansock.so.0:\n{dynamic}");
    assert!(dynamic.contains("NODELETE"), "not linked with -z nodelete:\n{dynamic}");
}
