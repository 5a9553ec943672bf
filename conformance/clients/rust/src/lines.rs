//! Lines of standard output, one for each event.

use std::collections::HashMap;
use std::io::{self, Write};

use sansock::CloseCode;

/// Prints events, and counts them for `wait`.
#[derive(Default)]
pub(crate) struct Lines {
    /// How many events of each name were printed and not taken.
    printed: HashMap<&'static str, usize>,
}

impl Lines {
    /// Takes one printed event of this name, if there is one that nobody took.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        match self.printed.get_mut(name) {
            Some(count @ 1..) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    /// Prints an event, with what there is to say of it.
    pub(crate) fn print(&mut self, name: &'static str, detail: &[u8]) -> io::Result<()> {
        *self.printed.entry(name).or_default() += 1;
        if detail.is_empty() { write(&[name.as_bytes()]) } else { write(&[name.as_bytes(), b" ", detail]) }
    }
}

fn write(parts: &[&[u8]]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    parts.iter().try_for_each(|part| output.write_all(part))?;
    output.write_all(b"\n")
}

/// A close code and a reason.
pub(crate) fn ending(code: CloseCode, reason: &str) -> String {
    let code = code.get();
    if reason.is_empty() { code.to_string() } else { format!("{code} {reason}") }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(data: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    data.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
