//! The static library in one program with another one that the same Rust compiler has made.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Library, WARNINGS, fresh_dir, hooked_library, root, run_ok};

fn source(name: &str) -> PathBuf {
    root().join("ffi/tests/static_library").join(name)
}

/// The compiler that makes our library too: it is of the same toolchain as cargo.
fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// The other library. With `lto`, all of the runtime lies in one object, as in ours of the release profile.
fn other_library(dir: &Path, lto: &str) -> PathBuf {
    let library = dir.join(format!("libother-{lto}.a"));
    let mut command = rustc();
    command.args(["--edition", "2024", "--crate-type", "staticlib", "-O", "-C"]).arg(format!("lto={lto}"));
    run_ok(command.arg(source("other.rs")).arg("-o").arg(&library));
    library
}

/// Links the program with both libraries in this order, and runs it.
fn link_and_run(object: &Path, libraries: [&Path; 2]) {
    let program = object.with_file_name("program");
    let mut command = Command::new("gcc");
    command.arg(object).args(libraries).args(["-lpthread", "-ldl", "-lm", "-o"]).arg(&program);
    run_ok(&mut command);
    let out = run_ok(Command::new(&program).env("RUST_BACKTRACE", "0"));
    assert!(out.starts_with("two_libraries: ") && out.ends_with(" 0 failed\n"), "{libraries:?}\n{out}");
}

/// Panics reach only the library that they begin in, whichever library comes first.
fn stands_beside_another(ours: &Library, name: &str) {
    let dir = fresh_dir(name);
    let object = dir.join("two_libraries.o");
    let mut command = Command::new("gcc");
    command.args(["-std=c11", "-c"]).args(WARNINGS).arg("-I").arg(root().join("include"));
    run_ok(command.arg(source("two_libraries.c")).arg("-o").arg(&object));
    for lto in ["off", "fat"] {
        let other = other_library(&dir, lto);
        link_and_run(&object, [ours.archive(), &other]);
        link_and_run(&object, [&other, ours.archive()]);
    }
}

/// Every global symbol is a function of ours, and no section group may be taken from elsewhere.
fn exports_only_names_of_ours(ours: &Library) {
    let symbols = run_ok(Command::new("nm").args(["-g", "--defined-only"]).arg(ours.archive()));
    let names: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert!(names.contains(&"sansock_conn_receive"), "{names:?}");
    let foreign: Vec<_> = names.iter().filter(|name| !name.starts_with("sansock_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let groups = run_ok(Command::new("readelf").arg("-g").arg(ours.archive()));
    assert!(groups.contains("There are no section groups in this file."), "{groups}");
}

/// The runtime of a Rust program is another one too.
fn is_linked_to_a_rust_program(ours: &Library, name: &str) {
    let program = fresh_dir(name).join("program");
    let mut command = rustc();
    command.args(["--edition", "2024", "-l", "static=sansock", "-L"]);
    command.arg(ours.archive().parent().expect("a folder")).arg(source("program.rs")).arg("-o").arg(&program);
    run_ok(&mut command);
    run_ok(&mut Command::new(program));
}

#[test]
fn several_rust_libraries_may_be_in_one_program() {
    // The objects of one are those of the crates; of the other, link-time optimization leaves one object.
    for profile in ["dev", "release"] {
        let ours = hooked_library(profile);
        exports_only_names_of_ours(&ours);
        stands_beside_another(&ours, &format!("two-libraries-{profile}"));
        is_linked_to_a_rust_program(&ours, &format!("rust-program-{profile}"));
    }
}
