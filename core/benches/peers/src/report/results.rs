//! What was measured, and its JSON.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::cells::Cell;
use crate::measure::{Figure, ratio};

/// A cell, measured.
#[derive(Deserialize)]
pub struct Row {
    pub section: String,
    #[serde(rename = "cell")]
    pub name: String,
    #[serde(rename = "nanoseconds_per_message")]
    pub figures: Vec<Figure>,
}

impl Row {
    pub fn new(cell: &Cell, figures: Vec<Figure>) -> Self {
        Row { section: cell.section.into(), name: cell.name.clone(), figures }
    }

    pub fn median(&self, entry: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.entry == entry).map(|figure| figure.median)
    }
}

/// Cells, measured in one run.
#[derive(Deserialize)]
pub struct Times {
    pub machine: String,
    pub rounds: usize,
    #[serde(rename = "cells")]
    pub rows: Vec<Row>,
}

/// Bytes of an idle connection.
#[derive(Deserialize)]
pub struct Held {
    pub case: String,
    pub entry: String,
    pub bytes: u64,
}

impl Held {
    /// Reads a line of the program `memory`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (case, entry, bytes) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Held { case: case.into(), entry: entry.into(), bytes: bytes.parse().ok()? })
    }
}

#[derive(Deserialize)]
pub struct Memory {
    #[serde(rename = "bytes_per_connection")]
    pub held: Vec<Held>,
}

/// Reads a result back.
pub fn read<T: DeserializeOwned>(folder: &Path, file: &str) -> T {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the figures are of.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = cpu.map_or(std::env::consts::ARCH, |(_, name)| name);
    format!("{cpu}{}, {}, {}", caches(), std::env::consts::OS, env!("RUSTC_VERSION"))
}

/// The sizes of the caches of the first processor, where the system tells them.
fn caches() -> String {
    let folder = Path::new("/sys/devices/system/cpu/cpu0/cache");
    let of = |index: usize, name: &str| {
        let text = std::fs::read_to_string(folder.join(format!("index{index}/{name}"))).unwrap_or_default();
        text.trim().to_string()
    };
    let holds_data = |index: &usize| ["Data", "Unified"].contains(&of(*index, "type").as_str());
    let sizes: Vec<_> = (0..8).filter(holds_data).map(|index| of(index, "size").replace('K', " KiB")).collect();
    if sizes.is_empty() { String::new() } else { format!(" with caches of {}", sizes.join(", ")) }
}

/// Text in JSON: none of ours has a character that must be escaped, besides quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Times {
    pub fn new(rounds: usize, rows: Vec<Row>) -> Self {
        Times { machine: machine(), rounds, rows }
    }

    pub fn json(&self) -> String {
        let figure = |figure: &Figure| {
            let Figure { entry, median, least, most } = figure;
            format!(
                "        {{ \"entry\": {}, \"median\": {median:.2}, \"least\": {least:.2}, \"most\": {most:.2} }}",
                quoted(entry)
            )
        };
        let row = |row: &Row| {
            let figures: Vec<_> = row.figures.iter().map(figure).collect();
            let ratio = ratio(&row.figures).map_or_else(String::new, |(ratio, best)| {
                format!("\n      \"ratio\": {ratio:.3},\n      \"best_peer\": {},", quoted(best))
            });
            format!(
                "    {{\n      \"section\": {},\n      \"cell\": {},{ratio}\n      \"nanoseconds_per_message\": [\n{}\n      ]\n    }}",
                quoted(&row.section),
                quoted(&row.name),
                figures.join(",\n")
            )
        };
        format!(
            "{{\n  \"machine\": {},\n  \"rounds\": {},\n  \"cells\": [\n{}\n  ]\n}}\n",
            quoted(&self.machine),
            self.rounds,
            self.rows.iter().map(row).collect::<Vec<_>>().join(",\n"),
        )
    }
}

impl Memory {
    /// Reads what the program `memory` says.
    pub fn parse(text: &str) -> Self {
        Memory { held: text.lines().filter_map(Held::parse).collect() }
    }

    pub fn json(&self) -> String {
        let held = |held: &Held| {
            let Held { case, entry, bytes } = held;
            format!("    {{ \"case\": {}, \"entry\": {}, \"bytes\": {bytes} }}", quoted(case), quoted(entry))
        };
        let held: Vec<_> = self.held.iter().map(held).collect();
        format!("{{\n  \"bytes_per_connection\": [\n{}\n  ]\n}}\n", held.join(",\n"))
    }

    pub fn bytes(&self, case: &str, entry: &str) -> Option<f64> {
        let held = self.held.iter().find(|held| held.case == case && held.entry == entry);
        held.map(|held| held.bytes as f64)
    }
}
