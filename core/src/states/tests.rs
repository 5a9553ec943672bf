//! The tables are whole, and `core/states` shows them: the diagrams and the tables of its page are made here. With
//! `SANSOCK_BLESS=1` they are written.

use std::collections::HashSet;
use std::fmt::Debug;
use std::fmt::Write as _;
use std::format;
use std::fs;
use std::hash::Hash;
use std::path::Path;
use std::string::String;
use std::vec::Vec;

use layout::adt::dag::NodeHandle;
use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::Transition;
use super::closing::{CLOSING, ConnectionState};
use super::handshake::{HANDSHAKE, Stage};
use super::message::{FragmentState, MESSAGE};

/// A table with its names as text.
struct Machine {
    name: &'static str,
    /// The states it begins in.
    begins: Vec<String>,
    rows: Vec<Row>,
}

struct Row {
    from: String,
    on: String,
    to: String,
    effects: Vec<String>,
}

impl Machine {
    fn new<State: Debug, Input: Debug, Effect: Debug>(
        name: &'static str,
        begins: &[State],
        table: &[Transition<State, Input, Effect>],
    ) -> Machine {
        let row = |row: &Transition<State, Input, Effect>| Row {
            from: words(&row.from),
            on: words(&row.on),
            to: words(&row.to),
            effects: row.effects.iter().map(words).collect(),
        };
        Machine { name, begins: begins.iter().map(words).collect(), rows: table.iter().map(row).collect() }
    }

    /// The states in the order of their first mention.
    fn states(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let named = self.rows.iter().flat_map(|row| [&row.from, &row.to]);
        named.map(String::as_str).filter(|state| seen.insert(*state)).collect()
    }

    /// A drawing: an ellipse for each state, an arrow with its inputs for each pair of states.
    fn draw(&self) -> String {
        let mut graph = VisualGraph::new(Orientation::TopToBottom);
        let states = self.states();
        let nodes: Vec<NodeHandle> = states.iter().map(|state| graph.add_node(ellipse(state))).collect();
        for (from, from_node) in states.iter().zip(&nodes) {
            for (to, to_node) in states.iter().zip(&nodes) {
                let between = self.rows.iter().filter(|row| row.from == *from && row.to == *to);
                let inputs: Vec<&str> = between.map(|row| row.on.as_str()).collect();
                if !inputs.is_empty() {
                    graph.add_edge(arrow(&inputs.join("\n")), *from_node, *to_node);
                }
            }
        }
        let mut writer = SVGWriter::new();
        graph.do_it(false, false, false, &mut writer);
        on_paper(&writer.finalize())
    }

    fn table(&self) -> String {
        let mut table = String::from("| In | when | it does | and goes to |\n| --- | --- | --- | --- |\n");
        for Row { from, on, to, effects } in &self.rows {
            writeln!(table, "| {from} | {on} | {} | {to} |", effects.join(", ")).expect("to a string");
        }
        table
    }
}

/// `CloseSent` as `close sent`; a fault by its name.
fn words(name: &impl Debug) -> String {
    let name = format!("{name:?}");
    let mut text = String::new();
    for character in name.replace(['(', ')'], "").chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(character.to_lowercase());
    }
    text
}

fn look() -> StyleAttr {
    // 15 is the size of the library's own words; of two sizes it lists the styles in no fixed order.
    StyleAttr::new(Color::fast("black"), 1, Some(Color::fast("white")), 0, 15)
}

fn arrow(text: &str) -> Arrow {
    Arrow::new(LineEndKind::None, LineEndKind::Arrow, LineStyleKind::Normal, text, &look(), &None, &None)
}

fn ellipse(text: &str) -> Element {
    let size = Point::new(40.0 + 9.0 * text.len() as f64, 36.0);
    Element::create(ShapeKind::new_circle(text), look(), Orientation::TopToBottom, size)
}

/// With a white ground, so that it can be read wherever it is shown, the words above the lines that they lie on, white
/// around them, and room at the right for those of the last arrow.
fn on_paper(svg: &str) -> String {
    const NAMESPACE: &str = "xmlns=\"http://www.w3.org/2000/svg\"";
    let mut lines = String::new();
    let mut words = String::new();
    for (index, piece) in svg.split("<text ").enumerate() {
        let (text, rest) = if index == 0 { ("", piece) } else { piece.split_once("</text>").expect("its end") };
        lines.push_str(rest);
        if index > 0 {
            write!(words, "<text {text}</text>").expect("to a string");
        }
    }
    let start = lines.find("viewBox=\"0 0 ").expect("its size") + "viewBox=\"0 0 ".len();
    let width: f64 = lines[start..].split(' ').next().and_then(|width| width.parse().ok()).expect("its width");
    let wide = width + 60.0;
    lines
        .replacen(&format!("width=\"{width}\""), &format!("width=\"{wide}\""), 1)
        .replacen(&format!("0 0 {width}"), &format!("0 0 {wide}"), 1)
        .replacen(NAMESPACE, &format!("{NAMESPACE} style=\"background: white\""), 1)
        .replacen("<style>", "<style>\ntext { paint-order: stroke; stroke: white; stroke-width: 6px; }", 1)
        .replacen("</svg>", &format!("{words}\n</svg>"), 1)
}

fn machines() -> [Machine; 3] {
    [
        Machine::new("handshake", &[Stage::Request, Stage::Response], HANDSHAKE),
        Machine::new("message", &[FragmentState::BetweenMessages], MESSAGE),
        Machine::new("closing", &[ConnectionState::Connecting], CLOSING),
    ]
}

fn check(path: &Path, wanted: &str) {
    if std::env::var_os("SANSOCK_BLESS").is_some() {
        fs::write(path, wanted).expect("a file that can be written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} does not show the tables: run again with SANSOCK_BLESS=1", path.display());
}

/// A state and a input have one row.
fn is_unambiguous<State: Copy + Eq + Hash, Input: Copy + Debug, Effect>(table: &[Transition<State, Input, Effect>]) {
    let mut seen = HashSet::new();
    for row in table {
        assert!(seen.insert((row.from, format!("{:?}", row.on))), "two rows for {:?}", row.on);
    }
}

#[test]
fn no_table_says_two_things() {
    is_unambiguous(HANDSHAKE);
    is_unambiguous(MESSAGE);
    is_unambiguous(CLOSING);
}

#[test]
fn every_state_is_reached() {
    for machine in machines() {
        let mut reached: HashSet<&str> = machine.begins.iter().map(String::as_str).collect();
        for _ in 0..machine.rows.len() {
            let next: Vec<&str> =
                machine.rows.iter().filter(|row| reached.contains(row.from.as_str())).map(|row| &*row.to).collect();
            reached.extend(next);
        }
        for state in machine.states() {
            assert!(reached.contains(state), "{}: nothing leads to {state}", machine.name);
        }
    }
}

#[test]
fn the_page_and_its_diagrams_show_the_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("states");
    let page = folder.join("README.md");
    let mut text = fs::read_to_string(&page).expect("a page");
    for machine in machines() {
        check(&folder.join(format!("{}.svg", machine.name)), &machine.draw());
        let opening = format!("<!-- table: {} -->\n", machine.name);
        let start = text.find(&opening).unwrap_or_else(|| panic!("no place for {opening}")) + opening.len();
        let end = start + text[start..].find("<!-- end -->").expect("the end of a table");
        text.replace_range(start..end, &format!("\n{}\n", machine.table()));
    }
    check(&page, &text);
}
