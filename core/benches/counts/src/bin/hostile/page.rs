//! The page of what hostile bytes cost.

use std::fmt::Write;

use super::callgrind::{ALLOWANCE, collected, machine};
use super::cells::{self, Cell};

/// How much more a hostile byte may cost than an honest one of its kind.
pub const MOST_TIMES: f64 = 40.0;

/// What a cell costs, in instructions.
struct Row {
    label: String,
    /// For each byte that is received.
    received: f64,
    /// For each byte that a message is inflated to.
    inflated: Option<f64>,
}

/// Compares the page with what is counted now, or writes it.
pub fn compare(file: &str) -> bool {
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let counted = format!("Counted with {}.", machine());
    if !bless && !recorded.contains(&counted) {
        println!("hostile bytes: not compared, for they were counted with another compiler or on another machine");
        return true;
    }
    let only = std::env::var("CELLS").unwrap_or_default();
    let row = |cell: &Cell| match find(&recorded, &cell.label()) {
        Some(row) if !cell.label().contains(&only) => row,
        _ => count(cell),
    };
    let rows: Vec<Row> = cells::all().iter().map(row).collect();
    if bless {
        std::fs::write(file, text(&rows, &counted)).expect("the page can be written");
    }
    let mut passes = true;
    for row in &rows {
        let was = if bless { Some(row.received) } else { find(&recorded, &row.label).map(|row| row.received) };
        let is_same = was.is_some_and(|was| (row.received / was - 1.0).abs() <= ALLOWANCE.max(0.06 / was));
        let times = row.received / honest(&rows, row);
        let verdict = match (is_same, times <= MOST_TIMES) {
            (true, true) => "",
            (false, _) => "  not as recorded",
            (true, false) => "  more than 40 times an honest byte",
        };
        println!("{:<76}{:>9.1}{:>8.1}{verdict}", row.label, row.received, times);
        passes &= verdict.is_empty();
    }
    passes
}

fn count(cell: &Cell) -> Row {
    // A pool that fills takes this many of the largest messages.
    let few = (50_000 / cell.received()).clamp(2, 40);
    let [less, more] = [few, 2 * few].map(|passes| collected(&cell.label(), passes));
    let each = (more - less) as f64 / few as f64;
    let inflated = (cell.is_compressed && cell.delivered() > 0).then(|| each / cell.delivered() as f64);
    Row { label: cell.label(), received: each / cell.received() as f64, inflated }
}

fn kind(label: &str) -> &str {
    label.split_once(": ").map_or(label, |(kind, _)| kind)
}

/// What an honest byte of the same kind costs: its first row.
fn honest(rows: &[Row], row: &Row) -> f64 {
    rows.iter().find(|other| kind(&other.label) == kind(&row.label)).map_or(row.received, |first| first.received)
}

fn text(rows: &[Row], counted: &str) -> String {
    let most = |of: fn(&[Row], &Row) -> f64| rows.iter().map(|row| of(rows, row)).fold(0.0, f64::max);
    let (worst, times) = (most(|_, row| row.received), most(|rows, row| row.received / honest(rows, row)));
    let of_frames = rows.iter().filter(|row| row.label.contains("frames")).map(|row| row.received).fold(0.0, f64::max);
    let fastest = rows.iter().map(|row| row.received).fold(f64::MAX, f64::min);
    let mut text = format!(
        "# What hostile bytes cost\n\n\
         <!-- Written by `make bench-hostile BLESS=1`. -->\n\n\
         Instructions for each byte received, and how many times what an honest byte of the same kind costs: the first row of\n\
         each kind. For compressed messages also the instructions for each byte that they are inflated to.\n\n\
         {counted}\n\n\
         The most for a byte received is {worst:.0} instructions, and the most in comparison {times:.1} times. A frame costs by\n\
         itself, and a call: of frames without compression the most for a byte is {of_frames:.0} instructions, {:.0} times what\n\
         a byte of a message of 1 KiB costs.\n\n\
         | Input | per byte received | times | per byte inflated |\n| --- | ---: | ---: | ---: |\n",
        of_frames / fastest
    );
    for row in rows {
        let inflated = row.inflated.map_or(String::new(), |inflated| format!("{inflated:.1}"));
        let times = row.received / honest(rows, row);
        let _ = writeln!(text, "| {} | {:.2} | {times:.1} | {inflated} |", row.label, row.received);
    }
    text
}

/// A row of the page.
fn find(page: &str, label: &str) -> Option<Row> {
    let row = page.lines().find_map(|line| line.strip_prefix("| ")?.strip_prefix(label)?.strip_prefix(" | "))?;
    let mut cells = row.split('|').map(|cell| cell.trim().parse().ok());
    let (received, inflated) = (cells.next()??, cells.nth(1)?);
    Some(Row { label: label.into(), received, inflated })
}
