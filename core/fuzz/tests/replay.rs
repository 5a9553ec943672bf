//! Replays the corpora, and holds the list of targets against the files that repeat it.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sansock_fuzz::peer::wsproto;
use sansock_fuzz::{TARGETS, Target};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn replay(target: &Target) {
    // Only where `make` has not installed it: there it must be.
    if target.name == "wsproto" && !wsproto::is_there() && std::env::var_os("SANSOCK_FUZZ_PYTHON").is_none() {
        eprintln!("wsproto is not installed: its corpus is left out");
        return;
    }
    let files = files(&folder("corpus").join(target.name));
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    for file in files {
        let bytes = fs::read(&file).expect("a file");
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes))).is_err() {
            panic!("{} fails for {}", target.name, file.display());
        }
    }
}

/// In two threads: each takes every second target. SANSOCK_FUZZ_TARGET is for one alone, whose coverage is measured.
#[test]
fn every_corpus_passes() {
    let only = std::env::var("SANSOCK_FUZZ_TARGET").ok();
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| only.as_ref().is_none_or(|name| name == target.name)).collect();
    assert!(!chosen.is_empty(), "no target has this name");
    std::thread::scope(|scope| {
        for start in 0..2 {
            let share = chosen.iter().skip(start).step_by(2);
            scope.spawn(move || share.for_each(|target| replay(target)));
        }
    });
}

#[test]
fn the_lists_of_targets_agree() {
    let named: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(named.len(), TARGETS.len(), "two targets of one name");
    let stem = |file: &PathBuf| file.file_stem().expect("a name").to_string_lossy().into_owned();
    assert_eq!(named, files(&folder("fuzz_targets")).iter().map(stem).collect());
    assert_eq!(named, files(&folder("corpus")).iter().map(stem).collect());
    let manifest = fs::read_to_string(folder("Cargo.toml")).expect("the manifest");
    for target in TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{}.rs\"", target.name)), "{}", target.name);
        let program = fs::read_to_string(folder("fuzz_targets").join(target.name).with_extension("rs"));
        assert!(program.expect("a program").contains(&format!("targets::{}(bytes)", target.name)), "{}", target.name);
    }
    let said: BTreeSet<String> = TARGETS.iter().filter_map(|target| target.dictionary).map(str::to_owned).collect();
    assert_eq!(said, files(&folder("dictionaries")).iter().map(stem).collect());
}
