//! How costs grow, as the page shows it.

use super::lines::{self, Panel};
use super::number;
use super::results::{Memory, Row, Times};
use super::tables::{self, Line};
use crate::cells::{CONNECTIONS, COUNTS, MESSAGE_SIZES, RECEIVE_BY_SIZE, SEND_BY_SIZE, message_of, size};
use crate::entries::ALL;
use crate::idle::CASES;

const CACHE_LINE: f64 = 64.0;

/// Fills the places of the page that are about growth.
pub fn page(page: String, times: &Times, memory: &Memory) -> String {
    let held = memory.bytes(CASES[0].0, ALL[0].name()).expect("the engine's bytes");
    let most = COUNTS[COUNTS.len() - 1] as f64;
    page.replace("{scale_machine}", &times.machine)
        .replace("{scale_rounds}", &times.rounds.to_string())
        .replace("{connections}", connections_table(times).trim_end())
        .replace("{received}", tables::figures(&by_size(times, RECEIVE_BY_SIZE)).trim_end())
        .replace("{sent}", tables::figures(&by_size(times, SEND_BY_SIZE)).trim_end())
        .replace("{held}", &number(held))
        .replace("{held_lines}", &(held / CACHE_LINE).ceil().to_string())
        .replace("{held_by_all}", &format!("{:.1} MiB", held * most / f64::from(1 << 20)))
}

fn row<'a>(times: &'a Times, section: &str, name: &str) -> &'a Row {
    let found = times.rows.iter().find(|row| row.section == section && row.name == name);
    found.unwrap_or_else(|| panic!("there is no result of {section}, {name}"))
}

fn connections(times: &Times) -> Vec<Line<'_>> {
    let label = |count: usize| if count < 100 { count.to_string() } else { number(count as f64) };
    let line =
        |count: usize| Line { label: label(count), row: row(times, CONNECTIONS, &count.to_string()), divisor: 1.0 };
    COUNTS.map(line).into()
}

/// Figures for each KiB of a message.
fn by_size<'a>(times: &'a Times, section: &str) -> Vec<Line<'a>> {
    let line = |bytes: usize| Line {
        label: size(bytes),
        row: row(times, section, &message_of(bytes)),
        divisor: bytes as f64 / 1024.0,
    };
    MESSAGE_SIZES.map(line).into()
}

/// Ends with what the most connections cost above one.
fn connections_table(times: &Times) -> String {
    let lines = connections(times);
    let (first, last) = (&lines[0], &lines[lines.len() - 1]);
    let growth = |name| Some(last.row.median(name)? - first.row.median(name)?);
    let columns = tables::columns(&lines);
    let label = format!("*{} less {}* | ", last.label, first.label);
    tables::figures(&lines) + &tables::line(&label, columns.iter().map(|entry| growth(entry.name())))
}

fn panel(title: &str, lines: &[Line]) -> Panel {
    let points = |name| {
        let medians = lines.iter().map(|line| Some(line.row.median(name)? / line.divisor));
        medians.collect::<Option<Vec<_>>>()
    };
    let lined = ALL.iter().filter_map(|entry| Some(lines::Line { name: entry.name(), points: points(entry.name())? }));
    Panel { title: title.into(), labels: lines.iter().map(|line| line.label.clone()).collect(), lines: lined.collect() }
}

pub fn connections_chart(times: &Times) -> String {
    let panel = panel("Receive 125 bytes of masked text and echo it", &connections(times));
    lines::svg(
        "Nanoseconds per message, by the number of connections; lower is better; both axes are logarithmic",
        &[panel],
    )
}

pub fn sizes_chart(times: &Times) -> String {
    let panels = [("Receive masked binary", RECEIVE_BY_SIZE), ("Send masked binary", SEND_BY_SIZE)]
        .map(|(title, section)| panel(title, &by_size(times, section)));
    lines::svg("Nanoseconds per KiB, by the size of the message; lower is better; both axes are logarithmic", &panels)
}
