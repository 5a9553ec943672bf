//! Line charts: a panel for each table, a line for each entry. Both axes are logarithmic.

use std::fmt::Write;

use super::number;
use crate::entries::{ALL, is_floor, is_variant};

/// The figures of one entry, from left to right.
pub struct Line {
    pub name: &'static str,
    pub points: Vec<f64>,
}

pub struct Panel {
    pub title: String,
    /// What the figures are of, from left to right: each so many times the one before it, so all at the same distance.
    pub labels: Vec<String>,
    pub lines: Vec<Line>,
}

const WIDTH: f64 = 960.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 764.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 314.0;
const HEIGHT: f64 = BOTTOM + 38.0;
const CAPTION: f64 = 26.0;
/// From one name beside the lines to the next, and where they begin.
const GAP: f64 = 16.0;
const NAMES: f64 = RIGHT + 32.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#1f2328}.title{font-weight:bold}.number{fill:#59636e}\
.end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#d1d9e0}path{fill:none}.line{stroke-width:1.5;stroke-linejoin:round}\
.ours{stroke:#0969da}.line.ours{stroke-width:3}.line.variant{stroke-width:1.5}.floor{stroke:#818b98}.line.floor{stroke-dasharray:4 4}.lead{opacity:.6}\
.p1{stroke:#bc4c00}.p2{stroke:#1a7f37}.p3{stroke:#8250df}.p4{stroke:#bf3989}.p5{stroke:#cf222e}.p6{stroke:#9a6700}.p7{stroke:#1b7c83}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.number{fill:#9198a1}.grid{stroke:#3d444d}.ours{stroke:#4493f8}.floor{stroke:#7d8590}\
.p1{stroke:#f0883e}.p2{stroke:#3fb950}.p3{stroke:#a371f7}.p4{stroke:#f778ba}.p5{stroke:#ff7b72}.p6{stroke:#d29922}.p7{stroke:#39c5cf}}";

pub fn svg(caption: &str, panels: &[Panel]) -> String {
    let mut body = format!("<text class=\"number\" x=\"4\" y=\"18\">{caption}</text>");
    for (number, panel) in panels.iter().enumerate() {
        let top = CAPTION + number as f64 * HEIGHT;
        write!(body, "<g transform=\"translate(0 {top})\">{}</g>", panel.svg()).expect("memory");
    }
    let height = CAPTION + panels.len() as f64 * HEIGHT;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\
         <title>{caption}</title><style>{STYLE}</style>{body}</svg>\n"
    )
}

impl Panel {
    fn svg(&self) -> String {
        let axis = Axis::of(self.lines.iter().flat_map(|line| &line.points));
        let mut text = format!("<text class=\"title\" x=\"4\" y=\"18\">{}</text>", self.title);
        for tick in axis.ticks() {
            let y = axis.y(tick);
            write!(
                text,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text class=\"number end\" x=\"{}\" y=\"{:.1}\">{tick}</text>",
                LEFT - 8.0,
                y + 4.0,
            )
            .expect("memory");
        }
        for (at, label) in self.labels.iter().enumerate() {
            let (x, y) = (self.x(at), BOTTOM + 18.0);
            write!(text, "<text class=\"number middle\" x=\"{x:.1}\" y=\"{y}\">{label}</text>").expect("memory");
        }
        // The engine's line, which is the first, is drawn over the others.
        for (line, name_y) in self.lines.iter().zip(self.names(&axis)).rev() {
            text += &self.line(line, name_y, &axis);
        }
        text
    }

    fn x(&self, at: usize) -> f64 {
        const MARGIN: f64 = 24.0;
        let steps = self.labels.len().saturating_sub(1).max(1);
        LEFT + MARGIN + at as f64 / steps as f64 * (RIGHT - LEFT - 2.0 * MARGIN)
    }

    /// The line, its name at this height, and what leads from one to the other.
    fn line(&self, line: &Line, name_y: f64, axis: &Axis) -> String {
        let class = class(line.name);
        let points: Vec<_> = line
            .points
            .iter()
            .enumerate()
            .map(|(at, value)| format!("{:.1} {:.1}", self.x(at), axis.y(*value)))
            .collect();
        let last = line.points[line.points.len() - 1];
        let (end_x, end_y) = (self.x(line.points.len() - 1), axis.y(last));
        let (name, value) = (line.name, number(last));
        format!(
            "<path class=\"line {class}\" d=\"M{}\"/><path class=\"lead {class}\" d=\"M{end_x:.1} {end_y:.1}L{:.1} {name_y:.1}\"/>\
             <text x=\"{NAMES}\" y=\"{:.1}\">{name} <tspan class=\"number\">{value}</tspan></text>",
            points.join("L"),
            NAMES - 6.0,
            name_y + 4.0,
        )
    }

    /// Where the names stand: beside the ends of their lines, as far as they leave each other room.
    fn names(&self, axis: &Axis) -> Vec<f64> {
        let mut places: Vec<_> =
            self.lines.iter().enumerate().map(|(at, line)| (axis.y(line.points[line.points.len() - 1]), at)).collect();
        places.sort_by(|one, other| one.0.total_cmp(&other.0));
        for at in 1..places.len() {
            places[at].0 = places[at].0.max(places[at - 1].0 + GAP);
        }
        let mut lowest = BOTTOM;
        for place in places.iter_mut().rev() {
            place.0 = place.0.min(lowest);
            lowest = place.0 - GAP;
        }
        places.sort_by_key(|place| place.1);
        places.into_iter().map(|place| place.0).collect()
    }
}

fn class(name: &str) -> String {
    match ALL.iter().position(|entry| entry.name() == name) {
        Some(0) => "ours".into(),
        Some(_) if is_variant(name) => "ours variant".into(),
        Some(at) if !is_floor(name) => format!("p{at}"),
        _ => "floor".into(),
    }
}

/// The axis of the figures.
struct Axis {
    least: f64,
    most: f64,
}

impl Axis {
    fn of<'a>(values: impl Iterator<Item = &'a f64>) -> Self {
        const ROOM: f64 = 1.1;
        let (least, most) =
            values.fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
        Axis { least: least / ROOM, most: most * ROOM }
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (value / self.least).ln() / (self.most / self.least).ln() * (BOTTOM - TOP)
    }

    /// Round numbers: 1, 2 and 5 of each power of ten.
    fn ticks(&self) -> impl Iterator<Item = f64> {
        let all = (0..12).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
        all.filter(|tick| (self.least..=self.most).contains(tick))
    }
}
