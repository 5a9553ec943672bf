//! `bindings/python/src/sansock/_numbers.py`.

use sansock::boundary::ABI_VERSION;
use sansock::config::{OPTIONS, OptionInfo, Unit};
use sansock::{Answer, FaultKind};

use crate::model::{Group, groups, paragraph, value_of};

const HEAD: &str = r#""""The engine's numbers and options, the same in every language. ``include/sansock.h`` describes each of them.

Constants and tables only. No other module repeats a number of the engine. Made of the engine's tables: do not edit, run
``SANSOCK_BLESS=1 cargo test -p sansock --test generated``.
"""

# ruff: noqa: E501

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict

"#;

const OPTION: &str = r#"

class Option(NamedTuple):
    """A row of ``OPTIONS``."""

    number: int
    """The stable number, for ``sansock_config_set``."""
    value_type: type[int]
    """``bool`` for a switch, which the engine takes as 0 or 1; ``int`` for a number."""
    default: int | None
    """The value when the option is not set; None if it is then off or follows from other options."""
    minimum: int
    """The smallest value allowed."""
    maximum: int
    """The largest value allowed."""
    doc: str
    """What it means, its unit and its default."""


OPTIONS: dict[str, Option] = {
"#;

const TYPED: &str = r#"}
"""Every option that is a number or a switch, by its name, in the order of the numbers."""


class NumericOptions(TypedDict, total=False):
    """The options of ``OPTIONS`` as keyword arguments. None means the default."""

"#;

/// The module.
pub(crate) fn numbers() -> String {
    let mut text = String::from(HEAD);
    text.push_str(&format!("ABI_VERSION = {ABI_VERSION}\n\nNEVER = 2**64 - 1\n"));
    for group in groups().iter().filter(|group| !matches!(group.prefix, "OPTION_" | "FAULT_")) {
        text.push('\n');
        for item in &group.items {
            text.push_str(&format!("{} = {}\n", Group::name(group, item), item.value));
        }
    }
    text.push_str("\nFaultName = Literal[\n");
    FaultKind::ALL.iter().for_each(|kind| text.push_str(&format!("    \"{}\",\n", kind.name())));
    text.push_str("]\n\"\"\"The names of faults.\"\"\"\n\nFAULT_STATUSES: dict[FaultName, int] = {\n");
    for kind in FaultKind::ALL {
        if let Answer::Status(status) = kind.answer() {
            text.push_str(&format!("    \"{}\": {status},\n", kind.name()));
        }
    }
    text.push_str("}\n\"\"\"The HTTP status that refuses a request with a fault.\"\"\"\n");
    text.push_str(OPTION);
    OPTIONS.iter().for_each(|option| text.push_str(&row(option)));
    text.push_str(TYPED);
    for option in OPTIONS {
        let kind = if option.unit == Unit::Switch { "bool" } else { "int" };
        text.push_str(&format!("    {}: {kind} | None\n    \"\"\"{}\"\"\"\n", option.name, doc(option)));
    }
    text
}

fn row(option: &OptionInfo) -> String {
    let kind = if option.unit == Unit::Switch { "bool" } else { "int" };
    let default = option.default.map_or("None".to_owned(), |default| default.to_string());
    // A number that a build of the engine restricts is not restricted in the table of all builds.
    let maximum = if option.unit == Unit::Switch { 1 } else { option.max };
    format!(
        "    \"{}\": Option(\n        number={},\n        value_type={kind},\n        default={default},\n        minimum={},\n        \
         maximum={maximum},\n        doc=\"{}\",\n    ),\n",
        option.name,
        option.number,
        option.min,
        doc(option).replace('"', "'"),
    )
}

/// What an option means, as Python says it.
fn doc(option: &OptionInfo) -> String {
    let unit = value_of(option, "False", "True");
    format!("{} {unit}", paragraph(option.text)).replace('`', "``").replace(" §", " section ")
}
