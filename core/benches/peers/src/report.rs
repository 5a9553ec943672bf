//! What a run writes: JSON for each of its parts and, from all of them, a page with tables and charts.

use std::path::Path;

use crate::idle::CONNECTIONS;

mod chart;
mod lines;
mod results;
mod scale;
mod tables;

pub use results::{Memory, Row, Times};

/// The results on which the page stands, by file.
pub const COMPARE: &str = "results/rust.json";
pub const SCALE: &str = "results/scale.json";
pub const MEMORY: &str = "results/memory.json";

/// Writes the page and its charts from the results in the folder.
pub fn write_page(folder: &Path) {
    let compare: Times = results::read(folder, COMPARE);
    let scale: Times = results::read(folder, SCALE);
    let memory: Memory = results::read(folder, MEMORY);
    let page = include_str!("report/page.md")
        .replace("{machine}", &compare.machine)
        .replace("{rounds}", &compare.rounds.to_string())
        .replace("{peers}", &peers())
        .replace("{times}", tables::times(&compare).trim_end())
        .replace("{idle_connections}", &CONNECTIONS.to_string())
        .replace("{memory}", tables::memory(&memory).trim_end())
        .replace("{windows}", tables::windows(&memory).trim_end());
    write(folder, "README.md", &scale::page(page, &scale, &memory));
    write(folder, "rust.svg", &chart::svg(&compare));
    write(folder, "connections.svg", &scale::connections_chart(&scale));
    write(folder, "sizes.svg", &scale::sizes_chart(&scale));
}

/// Writes a file of the folder.
pub fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(path, text).expect("the file can be written");
}

/// The version of a package, as locked.
fn version(package: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&name).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(version, _)| version)
}

fn peers() -> String {
    const PACKAGES: [&str; 6] =
        ["tungstenite", "fastwebsockets", "tokio-websockets", "sockudo-ws", "yawc", "web-socket"];
    PACKAGES.map(|package| format!("{package} {}", version(package))).join(", ")
}

/// A number with as many digits as it deserves, and spaces between thousands.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("\u{202f}")
}
