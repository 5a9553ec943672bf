//! The events of a batch as lines of text (`core/vectors/README.md`).

use sansock::batch::{Record, flag, kind, origin, region};
use sansock::{Connection, FaultKind};

use super::bytes::show;

/// The events of the current batch. `input` is what was passed to the `receive` that made it.
pub(crate) fn lines(connection: &Connection, input: &[u8]) -> Vec<String> {
    let reader = Reader { connection, input };
    connection.records().iter().map(|record| reader.line(record)).collect()
}

struct Reader<'a> {
    connection: &'a Connection,
    input: &'a [u8],
}

impl Reader<'_> {
    fn line(&self, record: &Record) -> String {
        let payload = || show(self.slice(record, record.offset, record.len));
        match record.kind {
            kind::REQUEST => format!("request {} origin={}", payload(), relation(record.code)),
            kind::OPEN => "open".into(),
            kind::REJECTED => {
                format!("rejected {} {}{}", record.code, payload(), mark(record, flag::TRUNCATED, " truncated"))
            }
            kind::TEXT => format!("text {}{}", payload(), part(record)),
            kind::BINARY => format!("binary {}{}", payload(), part(record)),
            kind::PING => format!("ping {}", payload()),
            kind::PONG if record.extra == u64::MAX => format!("pong {}", payload()),
            kind::PONG => format!("pong {} rtt={}", payload(), record.extra),
            kind::CLOSING => format!("closing {} {}", record.code, payload()),
            kind::CLOSED => self.closed(record),
            kind::HEADER => {
                let name = self.slice(record, record.offset, record.aux.into());
                let value = self.slice(record, record.extra, record.len);
                format!("  header {} {}", show(name), show(value))
            }
            kind::AUTHORITY => format!("  authority {}", payload()),
            kind::ORIGIN => format!("  origin {}", payload()),
            kind::SUBPROTOCOL => format!("  subprotocol {}{}", payload(), mark(record, flag::CHOSEN, " chosen")),
            kind::EXTENSION => format!("  extension {}", payload()),
            other => panic!("unknown kind {other}"),
        }
    }

    fn closed(&self, record: &Record) -> String {
        let clean = if record.flags & flag::CLEAN != 0 { "clean" } else { "unclean" };
        let who = if record.flags & flag::BY_PEER != 0 { "by-peer" } else { "by-us" };
        let sent = if record.extra == 0 { String::new() } else { format!(" sent={}", record.extra) };
        let fault = match record.aux {
            0 => String::new(),
            number => format!(" fault={}", FaultKind::from_number(number).expect("a known fault").name()),
        };
        let reason = show(self.slice(record, record.offset, record.len));
        format!("closed {} {reason} {clean} {who}{sent}{fault}", record.code)
    }

    fn slice(&self, record: &Record, offset: u64, len: u64) -> &[u8] {
        let region = match record.flags & flag::REGION {
            region::INPUT => self.input,
            other => self.connection.region(other),
        };
        &region[offset as usize..(offset + len) as usize]
    }
}

fn mark(record: &Record, flag: u8, text: &'static str) -> &'static str {
    if record.flags & flag != 0 { text } else { "" }
}

fn part(record: &Record) -> &'static str {
    match (record.flags & flag::FIRST != 0, record.flags & flag::LAST != 0) {
        (true, true) => "",
        (true, false) => " first",
        (false, true) => " last",
        (false, false) => " middle",
    }
}

fn relation(code: u16) -> &'static str {
    match code {
        origin::ABSENT => "absent",
        origin::SAME => "same",
        origin::CROSS => "cross",
        other => panic!("unknown origin relation {other}"),
    }
}
