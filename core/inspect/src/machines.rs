//! The machines as data for those who draw them, and what an engine says of itself.

use core::fmt::Write;
use core::time::Duration;

use sansock::Timer;
use sansock::states::trace::{self, Machine, Name};
use serde::Serialize;

use crate::course::deadline;
use crate::entry::{Deadline, Side, Step};

/// The machines of a connection as JSON: a list of objects with `name`, the states that it `begins` in (the handshake in the first
/// as a client, in the second as a server), and `rows`, which have `from`, `on`, `to` and `does`.
///
/// ```
/// assert!(sansock_inspect::machines().starts_with(r#"[{"name":"handshake","begins":["response","request"],"rows":[{"#));
/// ```
pub fn machines() -> String {
    let mut json = String::new();
    for machine in Machine::ALL {
        let _ = write!(json, "{}{{\"name\":\"{}\",\"begins\":", separator(&json), machine.name());
        push_names(machine.begins(), &mut json);
        json.push_str(",\"rows\":");
        for (index, row) in machine.rows().iter().enumerate() {
            json.push(if index == 0 { '[' } else { ',' });
            let _ = write!(json, r#"{{"from":"{}","on":"{}","to":"{}","does":"#, row.from, row.on, row.to);
            push_names(row.effects, &mut json);
            json.push('}');
        }
        json.push_str("]}");
    }
    json.push(']');
    json
}

fn separator(json: &str) -> char {
    if json.is_empty() { '[' } else { ',' }
}

/// Names are letters and spaces, which JSON has as they are.
fn push_names(names: &[Name], json: &mut String) {
    json.push('[');
    for (index, name) in names.iter().enumerate() {
        let _ = write!(json, "{}\"{name}\"", if index == 0 { "" } else { "," });
    }
    json.push(']');
}

#[derive(Serialize)]
struct Course {
    steps: Vec<Step>,
    deadlines: Vec<Deadline>,
}

/// What an engine that a program runs itself has done, and which deadlines run: as JSON, an object with `steps` and `deadlines` as
/// entries have them, but that the transport is not told of. `now` is in milliseconds.
///
/// ```
/// use sansock_inspect::Side;
/// assert_eq!(sansock_inspect::course(Side::Client, &[], &[], 0), r#"{"steps":[],"deadlines":[]}"#);
/// ```
pub fn course(end: Side, steps: &[trace::Step], running: &[(Timer, Duration)], now: u64) -> String {
    let step = |step: &trace::Step| Step { end, machine: step.machine, row: step.row, transport: None };
    let shown = |running: &(Timer, Duration)| deadline(*running, Duration::from_millis(now), true);
    let course = Course { steps: steps.iter().map(step).collect(), deadlines: running.iter().map(shown).collect() };
    serde_json::to_string(&course).unwrap_or_default()
}
