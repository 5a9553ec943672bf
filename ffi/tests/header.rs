//! The header is what cbindgen makes of the crate, with the accessors at its end; it is short, and compiles alone,
//! without a warning, everywhere.

mod support;

use std::path::Path;
use std::process::Command;

use support::{WARNINGS, fresh_dir, root, run_ok};

fn generate() -> String {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(crate_dir.join("cbindgen.toml")).expect("a valid cbindgen.toml");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(crate_dir.join("src/lib.rs"))
        .generate()
        .expect("cbindgen reads the crate");
    let mut text = Vec::new();
    bindings.write(&mut text);
    let declarations: String =
        String::from_utf8(text).expect("the header is UTF-8").lines().map(parenthesised).collect();
    with_version(&with_accessors(&declarations, crate_dir))
}

/// The version of the crate, where cbindgen.toml leaves room for it.
fn with_version(header: &str) -> String {
    let parts = [
        ("@VERSION@", env!("CARGO_PKG_VERSION")),
        ("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR")),
        ("@MINOR@", env!("CARGO_PKG_VERSION_MINOR")),
        ("@PATCH@", env!("CARGO_PKG_VERSION_PATCH")),
    ];
    parts.iter().fold(header.to_owned(), |text, (place, value)| {
        assert_eq!(text.matches(place).count(), 1, "{place} in cbindgen.toml");
        text.replace(place, value)
    })
}

/// The accessors are C, and stand at the end of the include guard.
fn with_accessors(declarations: &str, crate_dir: &Path) -> String {
    let accessors = std::fs::read_to_string(crate_dir.join("accessors.h")).expect("ffi/accessors.h");
    let end = declarations.rfind("#endif").expect("an include guard");
    format!("{}{accessors}\n{}", &declarations[..end], &declarations[end..])
}

/// cbindgen writes negative numbers bare: `x-SANSOCK_ERR_BUSY` would then be `x--7`.
fn parenthesised(line: &str) -> String {
    match line.strip_prefix("#define ").and_then(|define| define.split_once(' ')) {
        Some((name, number)) if number.starts_with('-') => format!("#define {name} ({number})\n"),
        _ => format!("{line}\n"),
    }
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let path = root().join("include/sansock.h");
    let generated = generate();
    if std::env::var_os("SANSOCK_BLESS").is_some() {
        // In one step: other tests may be reading the header.
        let written = path.with_extension("h.new");
        std::fs::write(&written, &generated).expect("the header can be written");
        std::fs::rename(&written, &path).expect("the header can be replaced");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = generated.lines().zip(committed.lines()).find(|(new, old)| new != old);
    assert!(
        generated == committed,
        "include/sansock.h is not what ffi/src says; first difference (generated, committed): {difference:?}.\n\
         Regenerate: SANSOCK_BLESS=1 cargo test -p sansock-ffi --test header"
    );
}

#[test]
fn the_header_is_short() {
    let lines = generate().lines().count();
    assert!(lines < 1_300, "{lines} lines");
}

/// Warnings that a user may ask for, and that the inline code of a header must not give.
const STRICT: [&str; 4] = ["-Wconversion", "-Wsign-conversion", "-Wcast-qual", "-Wshadow"];

/// Compiles `#include <header>` alone.
fn compiles_alone(compilers: &[&str], language: &str, standards: &[&str], header: &str, extra: &[&str]) {
    let dir = fresh_dir(&format!("alone-{language}-{header}"));
    let source = dir.join("alone.txt");
    std::fs::write(&source, format!("#include <{header}>\n")).expect("a source file");
    for compiler in compilers {
        for standard in standards {
            let mut command = Command::new(compiler);
            command.args(WARNINGS).args(extra).arg(format!("-std={standard}"));
            // Not a system directory: warnings in those are silent.
            command.arg("-I").arg(root().join("include")).args(["-fsyntax-only", "-x", language]).arg(&source);
            run_ok(&mut command);
        }
    }
}

#[test]
fn the_c_header_compiles_alone_as_c() {
    let extra = [&STRICT[..], &["-Wstrict-prototypes", "-Wmissing-prototypes"]].concat();
    compiles_alone(&["gcc", "clang"], "c", &["c99", "c11", "c17"], "sansock.h", &extra);
}

#[test]
fn the_c_header_compiles_alone_as_cpp() {
    let extra = [&STRICT[..], &["-Wold-style-cast"]].concat();
    compiles_alone(&["g++", "clang++"], "c++", &["c++11", "c++17", "c++20", "c++2b"], "sansock.h", &extra);
}

#[test]
fn the_cpp_header_compiles_alone() {
    let extra = [&STRICT[..], &["-Wold-style-cast", "-fno-exceptions", "-fno-rtti"]].concat();
    compiles_alone(&["g++", "clang++"], "c++", &["c++17", "c++20", "c++2b"], "sansock.hpp", &extra);
}

#[test]
fn the_cpp_header_has_all_of_the_c_header() {
    let read = |name: &str| std::fs::read_to_string(root().join("include").join(name)).expect("a header");
    let (c, cpp) = (read("sansock.h"), read("sansock.hpp"));
    // What a C++ program asks through the C function, or has no use for.
    let apart = [
        "sansock_abi_version",
        "sansock_block_size",
        "sansock_conn_receive_read_buffer",
        "sansock_conn_set_read_buffer",
        "sansock_fault_name",
        "sansock_fault_text",
        "sansock_random_seed",
        "sansock_record_size",
        "sansock_version",
    ];
    let prefixes =
        ["OPTION", "ERR", "STATE", "TRANSPORT", "ORIGIN", "ROLE", "KIND"].map(|topic| format!("SANSOCK_{topic}_"));
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    let (declared, used) = (words(&c), words(&cpp));
    let constant =
        |word: &str| prefixes.iter().any(|prefix| word.len() > prefix.len() && word.starts_with(prefix.as_str()));
    let exports = std::fs::read_to_string(root().join("ffi/exports.txt")).expect("ffi/exports.txt");
    let missing: Vec<&str> = declared
        .iter()
        .map(String::as_str)
        .filter(|word| constant(word) || (exports.lines().any(|export| export == *word) && !apart.contains(word)))
        .filter(|word| !used.contains(*word))
        .collect();
    assert!(missing.is_empty(), "not in sansock.hpp: {missing:?}");
}
