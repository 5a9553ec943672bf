//! The events of the engine as lines of standard output.

use std::io;

use sansock::Event;

use crate::lines::{Lines, ending, hex};

/// Prints events.
#[derive(Default)]
pub(crate) struct Printer {
    pub(crate) lines: Lines,
    /// Whether the connection has ended with a clean close.
    pub(crate) clean: bool,
}

impl Printer {
    pub(crate) fn print(&mut self, event: &Event<'_>) -> io::Result<()> {
        let lines = &mut self.lines;
        match event {
            Event::Open(open) => lines.print("open", open.subprotocol().unwrap_or_default().as_bytes()),
            Event::Rejected(rejected) => lines.print("rejected", rejected.status.to_string().as_bytes()),
            Event::Text(message) => lines.print("text", message.text.as_bytes()),
            Event::Binary(message) => lines.print("binary", hex(message.data).as_bytes()),
            Event::Ping(ping) => lines.print("ping", ping.payload),
            Event::Pong(pong) => lines.print("pong", pong.payload),
            Event::Closing(closing) => lines.print("closing", ending(closing.code, closing.reason).as_bytes()),
            Event::Closed(closed) => {
                self.clean = closed.clean;
                lines.print("closed", ending(closed.code, closed.reason).as_bytes())
            }
            _ => Ok(()),
        }
    }
}
