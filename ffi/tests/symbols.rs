//! What the libraries export: the functions of the header, no more and no less. The shared one has a name of its own.

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use support::{WARNINGS, fresh_dir, library, root, run_ok};

/// The names in `exports.txt`: one a line, sorted.
fn listed() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("ffi/exports.txt")).expect("ffi/exports.txt");
    text.lines().map(str::to_owned).collect()
}

fn as_text(names: impl IntoIterator<Item = String>) -> String {
    names.into_iter().map(|name| name + "\n").collect()
}

#[test]
fn the_shared_library_exports_the_list() {
    let library = library().dir().join("libsansock.so");
    let symbols = run_ok(Command::new("nm").args(["-D", "--defined-only"]).arg(library));
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    assert_eq!(as_text(exported), as_text(listed()), "exported (left), ffi/exports.txt (right)");
}

#[test]
fn the_static_library_exports_the_list() {
    let symbols = run_ok(Command::new("nm").args(["-g", "--defined-only"]).arg(library().archive()));
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect();
    assert_eq!(as_text(exported), as_text(listed()), "exported (left), ffi/exports.txt (right)");
}

#[test]
fn the_debian_package_has_the_list() {
    let path = root().join("ffi/debian/libsansock1.symbols");
    let text = std::fs::read_to_string(path).expect("the symbols of the package");
    let symbols = text.lines().filter_map(|line| line.strip_prefix(' ')?.split('@').next());
    let symbols = symbols.map(str::to_owned);
    assert_eq!(as_text(symbols), as_text(listed()), "ffi/debian/libsansock1.symbols (left), ffi/exports.txt (right)");
}

/// The names that stand before `(` in the lines of the header that begin with one of `starts`.
fn functions_of_the_header(starts: &[&str]) -> BTreeSet<String> {
    let header = header();
    // A prototype that is too long stands on the line after its attributes.
    let lines = header.lines().zip(std::iter::once("").chain(header.lines()));
    let begins = |line: &str| starts.iter().any(|start| line.starts_with(start));
    lines
        .filter(|(line, before)| begins(line) || (begins(before) && !before.contains('(')))
        .filter_map(|(line, _)| line.split_once('(')?.0.rsplit([' ', '*']).next())
        .map(str::to_owned)
        .collect()
}

fn header() -> String {
    std::fs::read_to_string(root().join("include/sansock.h")).expect("include/sansock.h")
}

#[test]
fn the_header_declares_the_list() {
    let declared = functions_of_the_header(&["SANSOCK_API"]);
    assert_eq!(as_text(declared), as_text(listed()), "declared (left), ffi/exports.txt (right)");
}

#[test]
fn every_accessor_has_a_test() {
    let accessors = functions_of_the_header(&["SANSOCK_INLINE"]);
    assert!(accessors.len() > 20, "{accessors:?}");
    assert!(!header().contains("\nstatic inline"), "a copy for each translation unit in C++ too: write SANSOCK_INLINE");
    let test = std::fs::read_to_string(root().join("ffi/tests/c/accessors.c")).expect("accessors.c");
    let missing: Vec<_> = accessors.iter().filter(|name| !test.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "not in ffi/tests/c/accessors.c: {missing:?}");
}

/// The name that the shared library is loaded under: the number in it is that of the header.
fn soname() -> String {
    let header = header();
    let number = header.lines().find_map(|line| line.strip_prefix("#define SANSOCK_ABI_VERSION "));
    format!("libsansock.so.{}", number.expect("SANSOCK_ABI_VERSION"))
}

#[test]
fn the_library_has_a_name_and_is_never_unloaded() {
    let dynamic = run_ok(Command::new("readelf").arg("-d").arg(library().dir().join("libsansock.so")));
    assert!(dynamic.contains(&format!("soname: [{}]", soname())), "the name is not {}:\n{dynamic}", soname());
    assert!(dynamic.contains("NODELETE"), "not linked with -z nodelete:\n{dynamic}");
}

#[test]
fn a_linked_program_finds_the_library_by_its_name() {
    let dir = fresh_dir("linked");
    let source = dir.join("linked.c");
    let text = "#include <sansock.h>\n#include <stdio.h>\nint main(void) { return puts(sansock_version()) < 0; }\n";
    std::fs::write(&source, text).expect("a source file");
    let rpath = format!("-Wl,-rpath,{}", library().dir().display());
    for (name, extra) in [("by-path", None), ("by-rpath", Some(rpath))] {
        let program = dir.join(name);
        let mut command = Command::new("gcc");
        command.arg("-std=c11").args(WARNINGS).arg("-I").arg(root().join("include")).arg(&source);
        command.arg("-L").arg(library().dir()).arg("-lsansock").args(&extra).arg("-o").arg(&program);
        run_ok(&mut command);
        let dynamic = run_ok(Command::new("readelf").arg("-d").arg(&program));
        assert!(dynamic.contains(&format!("Shared library: [{}]", soname())), "{name} does not load it:\n{dynamic}");
        // Nothing but the directory in which cargo has put the library.
        let path = if extra.is_none() { library().dir().as_os_str() } else { "".as_ref() };
        let out = run_ok(Command::new(&program).env_clear().env("LD_LIBRARY_PATH", path));
        assert_eq!(out.trim_end(), env!("CARGO_PKG_VERSION"), "{name}");
    }
}
