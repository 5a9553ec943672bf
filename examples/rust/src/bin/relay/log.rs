//! What the inspector prints.

use sansock::event::Frame;
use sansock::{Event, MessageKind};

/// The frames of one direction.
pub(crate) struct Log {
    /// Whether that is wanted.
    pub(crate) prints: bool,
    /// That of the client.
    pub(crate) number: usize,
    pub(crate) direction: char,
    /// The opcode of the frame under way, whose data may come in several events.
    pub(crate) opcode: Option<&'static str>,
}

impl Log {
    /// Prints a line at the end of a frame.
    pub(crate) fn show(&mut self, event: &Event<'_>) {
        match event {
            _ if !self.prints => {}
            Event::Frame(frame) => self.show_frame(frame),
            Event::Ping(ping) => self.line(format_args!("ping {}", ping.payload.len())),
            Event::Pong(pong) => self.line(format_args!("pong {}", pong.payload.len())),
            Event::Closing(closing) => self.line(format_args!("close {} {:?}", closing.code.get(), closing.reason)),
            Event::Fault(fault) => self.line(format_args!("fault {} {}", fault.code.get(), fault.kind.name())),
            _ => {}
        }
    }

    fn show_frame(&mut self, frame: &Frame<'_>) {
        let opcode = match (frame.first, frame.kind) {
            (true, MessageKind::Text) => "text",
            (true, MessageKind::Binary) => "binary",
            (false, _) => self.opcode.unwrap_or("continuation"),
        };
        self.opcode = (!frame.frame_end).then_some(opcode);
        if frame.frame_end {
            let fin = if frame.last { " fin" } else { "" };
            self.line(format_args!("{opcode} {}{fin}", frame.frame_len));
        }
    }

    fn line(&self, words: std::fmt::Arguments<'_>) {
        println!("{} {} {words}", self.number, self.direction);
    }
}
