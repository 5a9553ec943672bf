//! The chart: a panel for each of some cells, a bar for each entry.

use std::fmt::Write;

use super::{Row, Times, number};
use crate::measure::Figure;

/// Cells that are drawn.
const PANELS: &[(&str, &str)] = &[
    ("receive masked text", "20 B"),
    ("receive masked text", "125 B"),
    ("receive masked text", "1 KiB"),
    ("receive masked text", "16 KiB"),
    ("receive masked text of 1- to 4-byte code points", "16 KiB"),
    ("receive masked text in 64-byte fragments", "16 KiB"),
    ("send masked text", "20 B"),
    ("send masked text", "1 KiB"),
    ("send unmasked text", "20 B"),
    ("send unmasked text", "1 KiB"),
];

const WIDTH: usize = 480;
const LINE: usize = 18;
const BAR: f64 = 250.0;
/// A bar that would be longer than this many times the engine's is cut.
const LONGEST: f64 = 4.0;

const CAPTION: &str = "Nanoseconds per message; shorter is better";

const STYLE: &str = "text{font:12px sans-serif;fill:#1f2328}.title{font-weight:bold}.number{fill:#59636e}\
.bar{fill:#8c959f}.ours{fill:#0969da}.cut{stroke:#fff;stroke-width:3}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.number{fill:#9198a1}.bar{fill:#656c76}.ours{fill:#4493f8}.cut{stroke:#0d1117}}";

pub fn svg(times: &Times) -> String {
    let panels = PANELS
        .iter()
        .filter_map(|(section, name)| times.rows.iter().find(|row| row.section == *section && row.name == *name));
    let panels: Vec<_> = panels.collect();
    let mut body = format!("<text class=\"number\" x=\"4\" y=\"{LINE}\">{CAPTION}</text>");
    let mut top = 2 * LINE;
    for pair in panels.chunks(2) {
        for (column, row) in pair.iter().enumerate() {
            write!(body, "<g transform=\"translate({} {top})\">{}</g>", column * WIDTH, panel(row)).expect("memory");
        }
        top += pair.iter().map(|row| height(row)).max().unwrap_or_default();
    }
    let width = 2 * WIDTH;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{top}\" viewBox=\"0 0 {width} {top}\" role=\"img\">\
         <title>{CAPTION}</title><style>{STYLE}</style>{body}</svg>\n"
    )
}

/// Each implementation once.
fn drawn(row: &Row) -> impl Iterator<Item = &Figure> {
    row.figures.iter().filter(|figure| !figure.is_floor() && !figure.is_variant())
}

fn height(row: &Row) -> usize {
    (drawn(row).count() + 3) * LINE
}

fn panel(row: &Row) -> String {
    let figures: Vec<_> = drawn(row).collect();
    let ours = figures[0].median;
    let most = figures.iter().map(|figure| figure.median).fold(ours, f64::max).min(ours * LONGEST);
    let title = format!("{}, {}", row.section, row.name);
    let mut text = format!("<text class=\"title\" x=\"4\" y=\"{LINE}\">{title}</text>");
    for (line, figure) in figures.iter().enumerate() {
        let base = (line + 2) * LINE;
        let len = figure.median.min(most) / most * BAR;
        let class = if line == 0 { "ours" } else { "bar" };
        write!(
            text,
            "<text x=\"4\" y=\"{base}\">{}</text><rect class=\"{class}\" x=\"124\" y=\"{}\" width=\"{len:.1}\" height=\"12\" rx=\"2\"/>",
            figure.entry,
            base - 10,
        )
        .expect("memory");
        if figure.median > most {
            let at = 124.0 + BAR - 14.0;
            write!(text, "<path class=\"cut\" d=\"M{at:.1} {}l6 -16\"/>", base + 4).expect("memory");
        }
        write!(text, "<text class=\"number\" x=\"{:.1}\" y=\"{base}\">{}</text>", 130.0 + len, number(figure.median))
            .expect("memory");
    }
    text
}
