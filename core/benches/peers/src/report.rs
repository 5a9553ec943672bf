//! What a run writes: JSON, a page with tables, and a chart.

use std::fmt::Write;

use crate::cells::Cell;
use crate::entries::ALL;
use crate::measure::{Figure, ratio};

pub mod chart;

/// A cell, measured.
pub struct Row {
    pub section: &'static str,
    pub name: String,
    pub figures: Vec<Figure>,
}

impl Row {
    pub fn new(cell: &Cell, figures: Vec<Figure>) -> Self {
        Row { section: cell.section, name: cell.name.clone(), figures }
    }

    fn median(&self, entry: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.entry == entry).map(|figure| figure.median)
    }
}

/// Bytes of an idle connection.
pub struct Memory {
    pub case: String,
    pub entry: String,
    pub bytes: u64,
}

impl Memory {
    /// Reads a line of the program `memory`.
    pub fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (case, entry, bytes) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Memory { case: case.into(), entry: entry.into(), bytes: bytes.parse().ok()? })
    }
}

pub struct Results {
    pub rounds: usize,
    pub rows: Vec<Row>,
    pub memory: Vec<Memory>,
}

/// What the figures are of.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = cpu.map_or(std::env::consts::ARCH, |(_, name)| name);
    format!("{cpu}, {}, {}", std::env::consts::OS, env!("RUSTC_VERSION"))
}

/// The version of a package, as locked.
fn version(package: &str) -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    lock.split_once(&name).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(version, _)| version)
}

/// Text in JSON: none of ours has a character that must be escaped, besides quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Results {
    pub fn json(&self) -> String {
        let figure = |figure: &Figure| {
            let Figure { entry, median, least, most, .. } = figure;
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
                quoted(row.section),
                quoted(&row.name),
                figures.join(",\n")
            )
        };
        let memory = |memory: &Memory| {
            let Memory { case, entry, bytes } = memory;
            format!("    {{ \"case\": {}, \"entry\": {}, \"bytes\": {bytes} }}", quoted(case), quoted(entry))
        };
        format!(
            "{{\n  \"machine\": {},\n  \"rounds\": {},\n  \"cells\": [\n{}\n  ],\n  \"idle_connection\": [\n{}\n  ]\n}}\n",
            quoted(&machine()),
            self.rounds,
            self.rows.iter().map(row).collect::<Vec<_>>().join(",\n"),
            self.memory.iter().map(memory).collect::<Vec<_>>().join(",\n"),
        )
    }

    /// The page: a text with a place for what was measured.
    pub fn page(&self) -> String {
        include_str!("report/page.md")
            .replace("{machine}", &machine())
            .replace("{rounds}", &self.rounds.to_string())
            .replace("{peers}", &peers())
            .replace("{times}", self.times().trim_end())
            .replace("{memory}", self.memory_table().trim_end())
    }

    fn times(&self) -> String {
        let mut text = String::new();
        for rows in self.rows.chunk_by(|one, other| one.section == other.section) {
            let of = |entry: &str| rows.iter().any(|row| row.median(entry).is_some());
            let columns: Vec<_> = ALL.iter().filter(|entry| of(entry.name())).collect();
            let heads = columns.iter().map(|entry| match entry.is_floor() {
                true => format!("*{}*", entry.name()),
                false => entry.name().to_string(),
            });
            let section = rows[0].section;
            let title = section[..1].to_uppercase() + &section[1..];
            write!(text, "### {title}\n\n| | ratio | {} |\n|", heads.collect::<Vec<_>>().join(" | ")).expect("memory");
            text += &" ---: |".repeat(columns.len() + 2).replacen("---:", "---", 1);
            text.push('\n');
            for row in rows {
                let ratio = ratio(&row.figures).map_or_else(String::new, |(ratio, _)| format!("**{ratio:.2}**"));
                let cells = columns.iter().map(|entry| row.median(entry.name()).map_or_else(String::new, number));
                writeln!(text, "| {} | {ratio} | {} |", row.name, cells.collect::<Vec<_>>().join(" | "))
                    .expect("memory");
            }
            text.push('\n');
        }
        text
    }

    fn memory_table(&self) -> String {
        let mut entries: Vec<_> = self.memory.iter().map(|memory| memory.entry.as_str()).collect();
        entries.dedup();
        let columns: Vec<_> = ALL.iter().map(|entry| entry.name()).filter(|name| entries.contains(name)).collect();
        let mut text = format!("| | {} |\n|", columns.join(" | "));
        text += &" ---: |".repeat(columns.len() + 1).replacen("---:", "---", 1);
        text.push('\n');
        for rows in self.memory.chunk_by(|one, other| one.case == other.case) {
            let bytes =
                |name: &&str| rows.iter().find(|memory| memory.entry == **name).map(|memory| memory.bytes as f64);
            let cells = columns.iter().map(|name| bytes(name).map_or_else(String::new, number));
            writeln!(text, "| {} | {} |", rows[0].case, cells.collect::<Vec<_>>().join(" | ")).expect("memory");
        }
        text
    }
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
