//! Events as lines of standard output.

use std::collections::HashMap;
use std::io::{self, Write};

use sansock::{CloseCode, Event};

/// Prints events, and counts them for `wait`.
#[derive(Default)]
pub(crate) struct Printer {
    /// How many events of each name were printed and not taken.
    printed: HashMap<&'static str, usize>,
    /// Whether the connection has ended with a clean close.
    pub(crate) clean: bool,
}

impl Printer {
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

    pub(crate) fn print(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Open(open) => self.line("open", open.subprotocol().unwrap_or_default().as_bytes()),
            Event::Rejected(rejected) => self.line("rejected", rejected.status.to_string().as_bytes()),
            Event::Text(message) => self.line("text", message.text.as_bytes()),
            Event::Binary(message) => self.line("binary", hex(message.data).as_bytes()),
            Event::Ping(ping) => self.line("ping", ping.payload),
            Event::Pong(pong) => self.line("pong", pong.payload),
            Event::Closing(closing) => self.line("closing", ending(closing.code, closing.reason).as_bytes()),
            Event::Closed(closed) => {
                self.clean = closed.clean;
                self.line("closed", ending(closed.code, closed.reason).as_bytes())
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, name: &'static str, detail: &[u8]) -> io::Result<()> {
        *self.printed.entry(name).or_default() += 1;
        if detail.is_empty() { write(&[name.as_bytes()]) } else { write(&[name.as_bytes(), b" ", detail]) }
    }
}

fn write(parts: &[&[u8]]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    parts.iter().try_for_each(|part| output.write_all(part))?;
    output.write_all(b"\n")
}

fn ending(code: CloseCode, reason: &str) -> String {
    let code = code.get();
    if reason.is_empty() { code.to_string() } else { format!("{code} {reason}") }
}

fn hex(data: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    data.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
