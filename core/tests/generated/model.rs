//! The tables of the engine in one form.

use sansock::boundary::{self, Number};
use sansock::config::{OPTIONS, OptionInfo, Unit};
use sansock::{Answer, FaultKind};

/// A group of numbers.
pub(crate) struct Group {
    /// What names begin with in languages that have one name space for all of them.
    pub(crate) prefix: &'static str,
    /// The type in Rust.
    pub(crate) kind: &'static str,
    pub(crate) items: Vec<Item>,
}

/// One number.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) value: i64,
    /// One paragraph.
    pub(crate) text: String,
}

impl Group {
    /// The name of a number of this group in languages with one name space for all.
    pub(crate) fn name(&self, item: &Item) -> String {
        let is_error = self.prefix.is_empty() && item.value != i64::from(boundary::status::OK);
        format!("{}{}", if is_error { "ERR_" } else { self.prefix }, item.name)
    }
}

fn group(prefix: &'static str, kind: &'static str, numbers: &[Number]) -> Group {
    let item = |number: &Number| Item { name: number.name.into(), value: number.value, text: paragraph(number.text) };
    Group { prefix, kind, items: numbers.iter().map(item).collect() }
}

/// Every group of numbers.
pub(crate) fn groups() -> Vec<Group> {
    let option = |option: &OptionInfo| Item {
        name: option.name.to_uppercase(),
        value: option.number.into(),
        text: format!("{} {}", paragraph(option.text), value_of(option, "0", "1")),
    };
    let fault = |kind: &FaultKind| Item {
        name: kind.name().into(),
        value: kind.number().into(),
        text: format!("{} ({}).", sentence(kind.text()), kind.clause()),
    };
    vec![
        group("", "i32", boundary::status::ALL),
        group("ROLE_", "u32", boundary::role::ALL),
        group("KIND_", "u8", boundary::kind::ALL),
        group("FLAG_", "u8", boundary::flag::ALL),
        group("REGION_", "u8", boundary::region::ALL),
        group("ORIGIN_", "u16", boundary::origin::ALL),
        group("TRANSPORT_", "u8", boundary::transport::ALL),
        group("STATE_", "u8", boundary::state::ALL),
        group("BLOCK_", "u16", boundary::block::ALL),
        group("TEXT_", "u32", boundary::text::ALL),
        group("HTTP_", "u32", boundary::http::ALL),
        Group { prefix: "OPTION_", kind: "u32", items: OPTIONS.iter().map(option).collect() },
        Group { prefix: "FAULT_", kind: "u32", items: FaultKind::ALL.iter().map(fault).collect() },
    ]
}

/// The numbers of a group.
pub(crate) fn items(prefix: &str) -> Vec<Item> {
    groups().into_iter().find(|group| group.prefix == prefix).expect("a group").items
}

/// The doc comment of Rust in one line.
pub(crate) fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// "In bytes; default: 16 MiB." A switch is written in these words.
pub(crate) fn value_of(option: &OptionInfo, off: &str, on: &str) -> String {
    let unit = match option.unit {
        Unit::Bytes => "In bytes".to_owned(),
        Unit::Milliseconds => "In milliseconds".to_owned(),
        Unit::Switch => return format!("Default: {}.", if option.default == Some(1) { on } else { off }),
        Unit::Bits => format!("The base-2 logarithm of its size in bytes, {} to {}", option.min, option.max),
        _ => format!("{} to {}", option.min, option.max),
    };
    format!("{unit}; default: {}.", option.default_text)
}

/// What is sent for a fault, in words.
pub(crate) fn answer(kind: FaultKind) -> String {
    match kind.answer() {
        Answer::Close(code) => format!("Close {}", code.get()),
        Answer::Status(status) => format!("HTTP {status}"),
        Answer::Nothing => "nothing".to_owned(),
    }
}

/// Breaks a paragraph into lines of at most this many columns.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= columns {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Replaces `module::NAME` in a text, as the language writes it.
pub(crate) fn with_names(text: &str, write: impl Fn(&str, &str) -> String) -> String {
    let words = text.split('`').enumerate().map(|(index, piece)| match piece.split_once("::") {
        Some((module, name)) if index % 2 == 1 => format!("`{}`", write(module, name)),
        _ if index % 2 == 1 => format!("`{piece}`"),
        _ => piece.to_owned(),
    });
    words.collect()
}
