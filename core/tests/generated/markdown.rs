//! Tables for people.

use sansock::FaultKind;
use sansock::config::OPTIONS;

use crate::model::{answer, paragraph, sentence};

/// The table of options.
pub(crate) fn options() -> String {
    let mut table = String::from("\n| Option | Default | |\n| --- | --- | --- |\n");
    for option in OPTIONS {
        table.push_str(&format!("| `{}` | {} | {} |\n", option.name, option.default_text, paragraph(option.text)));
    }
    table.push('\n');
    table
}

/// `core/FAULTS.md`.
pub(crate) fn faults() -> String {
    let mut page = String::from(
        "# Faults\n\n\
         What can end a connection other than a closing handshake. Number and name are stable and the same in every language;\n\
         the `closed` event carries the fault, and its text has the numbers of the case. This table is made of\n\
         [`error.rs`](src/error.rs).\n\n\
         | Number | Name | What happened | Rule | The engine sends |\n| --- | --- | --- | --- | --- |\n",
    );
    for kind in FaultKind::ALL {
        page.push_str(&format!(
            "| {} | `{}` | {} | {} | {} |\n",
            kind.number(),
            kind.name(),
            sentence(kind.text()),
            kind.clause(),
            answer(*kind)
        ));
    }
    page
}
