//! What entries tell of the machines of both ends, and of their deadlines.

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{conversation, read_well};
use sansock::states::trace::Machine;
use sansock_inspect::{Entry, Inspector, Side, What};

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The entries of lines such as `> 81 00`, a millisecond after each other.
fn told(lines: &[(Side, &[u8])]) -> Vec<Entry> {
    let mut inspector = Inspector::new();
    inspector.assume("");
    for (at, (from, bytes)) in lines.iter().enumerate() {
        inspector.feed(1, *from, bytes, 1000 * at as u64);
    }
    inspector.take().collect()
}

/// Steps as `server closing: open + peer close = close received`.
fn steps(entries: &[Entry], machine: Machine) -> Vec<String> {
    let of = entries.iter().flat_map(|entry| &entry.steps).filter(|step| step.machine == machine);
    of.map(|step| {
        let transport = step.transport.map_or(String::new(), |transport| format!(", {transport:?}"));
        format!("{:?}: {} + {} = {}{transport}", step.end, step.row.from, step.row.on, step.row.to)
    })
    .collect()
}

/// Deadlines as `Client close 10000`, of the entries that have some.
fn deadlines(entries: &[Entry]) -> Vec<Vec<String>> {
    let told = entries.iter().filter_map(|entry| entry.deadlines.as_ref());
    told.map(|told| {
        let ends = [(Side::Client, &told.client), (Side::Server, &told.server)];
        let line = |(end, deadlines): (Side, &Option<Vec<_>>)| {
            let deadlines = deadlines.as_ref()?;
            let words: Vec<String> = deadlines
                .iter()
                .map(|each: &sansock_inspect::entry::Deadline| format!("{} {}", each.timer, each.after))
                .collect();
            Some(format!("{end:?} {}", words.join(", ")).trim_end().to_owned())
        };
        ends.into_iter().filter_map(line).collect()
    })
    .collect()
}

/// Each step begins where the one before it has ended, at each end and in each machine.
fn hold_continuity(name: &str, entries: &[Entry]) -> usize {
    let mut states = HashMap::new();
    let mut count = 0;
    for (entry, step) in entries.iter().flat_map(|entry| entry.steps.iter().map(move |step| (entry, step))) {
        let state = states.insert((entry.connection, step.end, step.machine), step.row.to);
        assert!(state.is_none_or(|state| state == step.row.from), "{name}, {}: {step:?} in {state:?}", entry.id);
        count += 1;
    }
    count
}

#[test]
fn the_tables_are_those_of_the_page() {
    let page = fs::read_to_string(core().join("states/README.md")).expect("the page");
    for machine in Machine::ALL {
        let begin = format!("<!-- table: {} -->", machine.name());
        let table = page.split(&begin).nth(1).and_then(|rest| rest.split("<!-- end -->").next()).expect("a table");
        let expected: Vec<&str> = table.trim().lines().skip(2).collect();
        let rows = machine.rows().iter().map(|row| {
            let effects: Vec<String> = row.effects.iter().map(ToString::to_string).collect();
            format!("| {} | {} | {} | {} |", row.from, row.on, effects.join(", "), row.to)
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{}", machine.name());
        for begin in machine.begins() {
            assert!(machine.rows().iter().any(|row| row.from == *begin), "{begin}");
        }
    }
}

#[test]
fn a_conversation_goes_from_the_request_to_the_end_of_both_streams() {
    let mut inspector = Inspector::new();
    inspector.begin("client", "server", 0);
    for (from, bytes) in conversation(true) {
        inspector.feed(1, from, &bytes, 1_000_000);
    }
    inspector.end(1, Side::Server, 2_000_000);
    inspector.end(1, Side::Client, 3_000_000);
    let entries: Vec<Entry> = inspector.take().collect();
    hold_continuity("conversation", &entries);
    assert_eq!(
        steps(&entries, Machine::Handshake),
        [
            "Server: request + valid request = decision",
            "Server: decision + host accept = open",
            "Client: response + switching protocols = open",
        ]
    );
    assert_eq!(
        steps(&entries, Machine::Closing),
        [
            "Server: connecting + handshake complete = open",
            "Client: connecting + handshake complete = open",
            "Server: open + peer close = close received",
            "Client: open + host close = close sent",
            "Client: close sent + peer close = closed",
            "Server: close received + close reply = closed, Close",
            "Client: closed + eof = closed, Close",
            "Server: closed + eof = closed",
        ]
    );
    assert!(
        steps(&entries, Machine::Message)
            .contains(&"Client: between messages + first fragment = in message".to_owned())
    );
    assert_eq!(
        deadlines(&entries),
        [
            vec!["Client handshake 9000", "Server handshake 9000"],
            vec!["Client", "Server"],
            vec!["Client write 60000", "Server pong 20000"],
            vec!["Client", "Server"],
            vec!["Client close 10000", "Server close 10000, write 60000"],
            vec!["Server"],
            vec!["Client"],
        ]
    );
}

#[test]
fn a_fault_goes_to_closed_and_waits_for_the_end() {
    let entries = told(&[(Side::Client, b"\x81\x80\0\0\0\0"), (Side::Client, b"\xc1\x80\0\0\0\0")]);
    assert_eq!(steps(&entries, Machine::Closing), ["Server: open + fault = closed, ShutdownWrite"]);
    assert_eq!(steps(&entries, Machine::Message), ["Server: between messages + message = between messages"]);
    assert_eq!(deadlines(&entries), [["Server write 60000"]]);
    let entries = told(&[(Side::Server, b"\0\0")]);
    assert_eq!(steps(&entries, Machine::Message), ["Client: between messages + fragment = failed"]);
}

#[test]
fn a_fault_is_answered_and_the_close_deadline_runs() {
    let entries = told(&[(Side::Client, b"\xc1\x80\0\0\0\0"), (Side::Server, b"\x88\x02\x03\xea")]);
    assert_eq!(
        deadlines(&entries),
        [vec!["Server write 60000"], vec!["Client close 10000, write 60000", "Server close 10000"]]
    );
}

#[test]
fn a_refusal_fails_both_ends() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let response = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let entries =
        told(&[(Side::Client, request), (Side::Server, b"HTTP/1.1 103 Early\r\n\r\n"), (Side::Server, response)]);
    assert_eq!(
        steps(&entries, Machine::Handshake),
        [
            "Server: request + valid request = decision",
            "Client: response + interim response = response",
            "Server: decision + host reject = failed",
            "Client: response + refusal head = refusal",
            "Client: refusal + body end = failed",
        ]
    );
    assert_eq!(
        steps(&entries, Machine::Closing),
        [
            "Server: connecting + handshake refused = closed, ShutdownWrite",
            "Client: connecting + handshake failed = closed, Close",
        ]
    );
}

#[test]
fn a_capture_of_packets_has_its_ends() {
    let file = fs::read(core().join("inspect/captures/ws-plain.pcap")).expect("a capture");
    let entries = read_well(&file);
    let ends: Vec<_> = entries.iter().filter(|entry| entry.what == What::Eof).map(|entry| entry.from).collect();
    assert_eq!(ends, [Some(Side::Server), Some(Side::Client)]);
}

#[test]
fn steps_follow_each_other_in_every_capture() {
    let mut count = 0;
    for entry in fs::read_dir(core().join("inspect/captures")).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "pcap" || extension == "har") {
            count += hold_continuity(&path.display().to_string(), &read_well(&fs::read(&path).expect("a file")));
        }
    }
    assert!(count > 300, "{count} steps");
}

#[test]
fn json_has_them_in_words() {
    let mut inspector = Inspector::new();
    inspector.assume("");
    inspector.feed(1, Side::Server, b"\x88\0", 7_000_000);
    let mut text = String::new();
    inspector.take_lines(sansock_inspect::Form::Json, 1 << 20, &mut text);
    let steps = r#""steps":[{"end":"client","machine":"message","from":"between messages","on":"control","to":"between messages"},{"end":"client","machine":"closing","from":"open","on":"peer close","to":"close received"}]"#;
    let deadlines = r#""deadlines":{"client":[{"timer":"close","option":"close_timeout","after":10000,"at":17000000},{"timer":"write","option":"write_timeout","after":60000,"at":67000000}]}"#;
    assert!(text.contains(&format!("{steps},{deadlines}}}\n")), "{text}");
}
