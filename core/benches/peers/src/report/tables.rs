//! Tables of the page.

use std::fmt::Write;

use super::{Memory, Row, Times, number};
use crate::entries::{ALL, Entry};
use crate::idle::{CASES, WINDOW_BITS, window_name};
use crate::measure::ratio;
use crate::serve::Window;

/// A line of a table: what it is called, what it shows, and by what each figure is divided.
pub struct Line<'a> {
    pub label: String,
    pub row: &'a Row,
    pub divisor: f64,
}

/// The entries that have a figure in any of these lines.
pub fn columns(lines: &[Line]) -> Vec<&'static dyn Entry> {
    let figures = |name: &str| lines.iter().any(|line| line.row.median(name).is_some());
    ALL.iter().copied().filter(|entry| figures(entry.name())).collect()
}

fn head(columns: &[String]) -> String {
    format!("| | {} |\n| --- |{}\n", columns.join(" | "), " ---: |".repeat(columns.len()))
}

/// A line with a figure for each column that has one.
pub fn line(label: &str, cells: impl Iterator<Item = Option<f64>>) -> String {
    let cells: Vec<_> = cells.map(|value| value.map_or_else(String::new, number)).collect();
    format!("| {label} | {} |\n", cells.join(" | "))
}

/// A table of figures, with the ratio to the fastest peer.
pub fn figures(lines: &[Line]) -> String {
    let columns = columns(lines);
    let heads = columns.iter().map(|entry| match entry.is_floor() {
        true => format!("*{}*", entry.name()),
        false => entry.name().to_string(),
    });
    let mut text = head(&std::iter::once("ratio".to_string()).chain(heads).collect::<Vec<_>>());
    for Line { label, row, divisor } in lines {
        let ratio = ratio(&row.figures).map_or_else(String::new, |(ratio, _)| format!("**{ratio:.2}**"));
        let figures = columns.iter().map(|entry| row.median(entry.name()).map(|median| median / divisor));
        text += &line(&format!("{label} | {ratio}"), figures);
    }
    text
}

/// A table for each section.
pub fn times(times: &Times) -> String {
    let mut text = String::new();
    for rows in times.rows.chunk_by(|one, other| one.section == other.section) {
        let section = &rows[0].section;
        let title = section[..1].to_uppercase() + &section[1..];
        let lines: Vec<_> = rows.iter().map(|row| Line { label: row.name.clone(), row, divisor: 1.0 }).collect();
        write!(text, "### {title}\n\n{}\n", figures(&lines)).expect("memory");
    }
    text
}

/// The entries of which there is a figure in any of these cases.
fn holders(memory: &Memory, cases: &[String]) -> Vec<&'static str> {
    let held = |name: &&str| cases.iter().any(|case| memory.bytes(case, name).is_some());
    ALL.iter().map(|entry| entry.name()).filter(held).collect()
}

/// Bytes of connections without compression, and with compression as it comes.
pub fn memory(memory: &Memory) -> String {
    let cases: Vec<_> = CASES.iter().map(|(name, _)| name.to_string()).collect();
    let entries = holders(memory, &cases);
    let mut text = head(&entries.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    for case in &cases {
        text += &line(case, entries.iter().map(|entry| memory.bytes(case, entry)));
    }
    text
}

/// Bytes of connections by the size of their windows.
pub fn windows(memory: &Memory) -> String {
    let name = |bits, takeover| window_name(Window { bits, takeover });
    let entries = holders(memory, &WINDOW_BITS.map(|bits| name(bits, true)).collect::<Vec<_>>());
    let columns: Vec<_> = entries.iter().flat_map(|entry| [true, false].map(|takeover| (*entry, takeover))).collect();
    let title = |(entry, takeover): &(&str, bool)| match takeover {
        true => entry.to_string(),
        false => format!("{entry}, no takeover"),
    };
    let mut text = head(&columns.iter().map(title).collect::<Vec<_>>());
    for bits in WINDOW_BITS {
        let cells = columns.iter().map(|(entry, takeover)| memory.bytes(&name(bits, *takeover), entry));
        text += &line(&format!("{bits} bits, {} bytes", number(f64::from(1 << bits))), cells);
    }
    text
}
