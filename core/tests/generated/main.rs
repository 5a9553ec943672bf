//! The numbers, options and faults of the engine in the form of every other language, and the tables of the documentation.
//! They are made here, of the engine's own tables.
//!
//! With `SANSOCK_BLESS=1` the files are written; without it, a file that is stale fails.

mod c;
mod markdown;
mod model;
mod python;
mod typescript;

use std::fs;
use std::path::Path;

/// A file of the repository, of which all, or what lies between two markers, is made here.
fn check(path: &str, wanted: impl FnOnce(&str) -> String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let found = fs::read_to_string(&file).unwrap_or_default();
    let wanted = wanted(&found);
    if std::env::var_os("SANSOCK_BLESS").is_some() {
        fs::write(&file, &wanted).expect("a file that can be written");
    } else {
        assert!(found == wanted, "{path} is stale: run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`");
    }
}

/// The text of a file with another body between the lines that contain these markers.
fn between(text: &str, start: &str, end: &str, body: &str) -> String {
    let from = text.find(start).unwrap_or_else(|| panic!("no line with {start}"));
    let from = from + text[from..].find('\n').expect("the end of the line") + 1;
    let to = from + text[from..].find(end).unwrap_or_else(|| panic!("no line with {end} behind {start}"));
    let to = text[..to].rfind('\n').expect("the line before") + 1;
    format!("{}{body}{}", &text[..from], &text[to..])
}

#[test]
fn the_numbers_of_the_c_header() {
    check("ffi/src/numbers.rs", |_| c::numbers());
    check("include/sansock_faults.h", |_| c::faults());
}

#[test]
fn the_enumerations_of_the_cpp_header() {
    check("include/sansock.hpp", |text| {
        c::ENUMERATIONS.iter().fold(text.to_owned(), |text, name| {
            let start = format!("// <generated: {name}>");
            between(&text, &start, "// </generated>", &c::enumeration(name))
        })
    });
}

#[test]
fn the_numbers_of_the_python_package() {
    check("bindings/python/src/sansock/_numbers.py", |_| python::numbers());
}

#[test]
fn the_numbers_of_the_javascript_package() {
    check("bindings/js/src/numbers.ts", |_| typescript::numbers());
    check("bindings/js/src/options.ts", |_| typescript::options());
    check("bindings/js/src/hosts/fault-statuses.ts", |_| typescript::statuses());
    check("bindings/js/src/hosts/defaults.ts", |_| typescript::defaults());
}

#[test]
fn the_types_of_the_module_with_objects() {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings/js/src/events.ts");
    let events = fs::read_to_string(events).expect("the events of the JavaScript package");
    check("wasm/src/objects/shared.d.ts", |_| typescript::objects(&events));
}

#[test]
fn the_tables_of_the_documentation() {
    check("README.md", |text| between(text, "<!-- generated: options -->", "<!-- end -->", &markdown::options()));
    check("core/FAULTS.md", |_| markdown::faults());
}
