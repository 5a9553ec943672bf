//! What the pages of the packages say in their registries: the program of each is one that is compiled and run, and their
//! links lead somewhere from there. And what is in the bill of materials of each. With `SANSOCK_BLESS=1` the programs are written into the pages.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::evidence::{read, root};

/// The page of a package, the language of its program, and the program.
const PAGES: [(&str, &str, &str); 4] = [
    ("core/README.md", "rust", "examples/rust/src/bin/readme.rs"),
    ("bindings/python/README.md", "python", "examples/python/readme.py"),
    ("bindings/js/README.md", "js", "examples/node/readme.mjs"),
    ("bindings/tokio/README.md", "rust,no_run", "examples/rust/tokio/src/bin/readme.rs"),
];
/// What a page says besides: how to install the package, where it comes from, and its licences.
const SAID: [(&str, &[&str]); 4] = [
    ("core/README.md", &["\ncargo add sansock", "(https://docs.rs/sansock)"]),
    ("bindings/python/README.md", &["\npip install sansock\n", "help(sansock)"]),
    ("bindings/js/README.md", &["\nnpm install sansock\n", "`dist/*.d.ts`"]),
    ("bindings/tokio/README.md", &["\ncargo add sansock-tokio\n", "(https://docs.rs/sansock-tokio)"]),
];
const REPOSITORY: &str = "https://github.com/sansock/sansock";

/// The program as the package's users write it, without the comment that says what it is.
fn program(path: &str) -> String {
    let text = read(path).replace("\"../js/sansock.mjs\"", "\"sansock\"");
    let (comment, program) = text.split_once("\n\n").expect("a comment, and a program behind it");
    assert!(["//", "\"\"\""].iter().any(|start| comment.starts_with(start)), "{path} does not begin with a comment");
    program.trim_matches('\n').to_owned()
}

#[test]
fn the_pages_show_programs_that_are_run() {
    for (page, language, path) in PAGES {
        let (text, program) = (read(page), program(path));
        // Other programs may stand before it.
        let first = program.lines().next().unwrap_or_default();
        let start = format!("```{language}\n{first}\n");
        let (before, behind) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no program"));
        let (_, after) = behind.split_once("```\n").expect("the end of the program");
        let wanted = format!("{before}```{language}\n{program}\n```\n{after}");
        if std::env::var_os("SANSOCK_BLESS").is_some() {
            std::fs::write(root().join(page), &wanted).expect("a file that can be written");
        } else {
            assert!(
                text == wanted,
                "{page} does not show {path}: run `SANSOCK_BLESS=1 cargo test -p sansock --test packages`"
            );
        }
    }
}

/// The bill of a package, and what cargo is asked for what the package is compiled of: the crates, features, targets.
const BILLS: [(&str, &[&str], &[&str]); 4] = [
    ("core/sbom.cdx.json", &["sansock"], &["--all-features", "--target=all"]),
    ("bindings/tokio/sbom.cdx.json", &["sansock-tokio"], &["--all-features", "--target=all"]),
    ("bindings/python/sbom.cdx.json", &["sansock-ffi", "sansock-inspect-ffi"], &["--target=all"]),
    (
        "bindings/js/sbom.cdx.json",
        &["sansock-wasm"],
        &["--features=deflate,fields,inspect,tunnel", "--target=wasm32-unknown-unknown"],
    ),
];

/// Names and versions of the crates that a crate is compiled of, without its own; macros run in the compiler.
fn compiled(package: &str, options: &[&str]) -> BTreeSet<String> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["tree", "--locked", "--edges=normal,no-proc-macro", "--prefix=none"]);
    let output = cargo.args(["--format={p}", "--package", package]).args(options).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let crate_of = |line: &str| {
        let mut words = line.split_whitespace();
        format!("{}@{}", words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_start_matches('v'))
    };
    text.lines().skip(1).map(crate_of).collect()
}

/// The checksum of each crate of `Cargo.lock`; empty for ours.
fn locked() -> BTreeMap<String, String> {
    let lock = read("Cargo.lock");
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let entries = lock.split("[[package]]\n").skip(1);
    entries
        .map(|entry| (format!("{}@{}", value(entry, "name"), value(entry, "version")), value(entry, "checksum")))
        .collect()
}

/// The values of a key in JSON that has each on a line of its own.
fn values<'a>(json: &'a str, key: &str) -> Vec<&'a str> {
    let start = format!("\"{key}\": \"");
    json.lines().filter_map(|line| line.trim().strip_prefix(&start)?.trim_end_matches(',').strip_suffix('"')).collect()
}

#[test]
fn the_bills_name_the_crates_that_are_compiled() {
    let locked = locked();
    for (path, packages, options) in BILLS {
        let bill = read(path);
        let purls = values(&bill, "purl");
        let named: Vec<&str> = purls.iter().filter_map(|purl| purl.strip_prefix("pkg:cargo/")).collect();
        // A crate's own bill begins with itself.
        let inside: Vec<&str> = named.iter().copied().skip(usize::from(purls[0].starts_with("pkg:cargo/"))).collect();
        let wanted: BTreeSet<_> = packages.iter().flat_map(|package| compiled(package, options)).collect();
        assert_eq!(inside.len(), wanted.len(), "{path} names a crate twice, or not: run `make sbom`");
        assert_eq!(
            inside.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(),
            wanted,
            "{path}: `make sbom`"
        );
        let version = format!("@{}", sansock::VERSION);
        assert!(purls[0].ends_with(&version), "{path} is of {}, not of {version}: run `make sbom`", purls[0]);
        let hashes = inside.iter().map(|name| locked[*name].as_str()).filter(|hash| !hash.is_empty());
        assert!(
            values(&bill, "content").into_iter().eq(hashes),
            "{path} has other hashes than Cargo.lock: `make sbom`"
        );
    }
}

#[test]
fn the_bills_say_nothing_of_the_machine_or_the_moment() {
    for (path, ..) in BILLS {
        let bill = read(path);
        for word in ["serialNumber", "timestamp", "file:", "/home", "/tmp"] {
            assert!(!bill.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn the_pages_can_be_read_in_a_registry() {
    for (page, said) in SAID {
        let text = read(page);
        for said in said.iter().copied().chain([REPOSITORY, "LICENSE-MIT)", "LICENSE-APACHE)"]) {
            assert!(text.contains(said), "{page} does not say {said:?}");
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            assert!(link.starts_with("https://"), "{page} links to {link}, which is not there in a registry");
            let Some((_, path)) = link.strip_prefix(REPOSITORY).and_then(|path| path.split_once("/main/")) else {
                continue;
            };
            let path = path.split('#').next().unwrap_or_default();
            assert!(root().join(path).exists(), "{page} links to {path}, which the repository does not have");
        }
    }
}
