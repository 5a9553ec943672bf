//! Captures of other programs, in `captures`: what is shown is what they sent.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{connections, faults, notes, read_well, told};
use sansock_inspect::{Entry, What};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

fn read_file(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a file beside a capture says that was sent.
struct Sent {
    deflate: bool,
    messages: Vec<String>,
    close: String,
}

fn sent(name: &str) -> Sent {
    let value: Value = serde_json::from_slice(&read_file(&format!("{name}.json"))).expect("JSON");
    let message = |message: &Value| match (&message["text"], &message["hex"]) {
        (Value::String(text), _) => format!("text {text}"),
        (_, Value::String(hex)) => format!("binary {hex}"),
        _ => panic!("{name}: {message}"),
    };
    let messages: Vec<String> = value["messages"].as_array().expect("messages").iter().map(message).collect();
    assert!(messages.len() >= 5);
    let (code, reason) = (&value["close"][0], value["close"][1].as_str().expect("a reason"));
    Sent { deflate: value["deflate"].as_bool().expect("a flag"), messages, close: format!("close {code} {reason}") }
}

/// What one end sent, as `told` has it, without pings and pongs.
fn of(entries: &[Entry], end: &str) -> Vec<String> {
    let lines = told(entries).into_iter().filter_map(|line| Some(line.strip_prefix(end)?.trim_start().to_owned()));
    lines.filter(|line| !line.starts_with("ping") && !line.starts_with("pong")).collect()
}

/// Names of captures with this ending, without it.
fn names(ending: &str) -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> =
        entries.filter_map(|name| Some(name.to_str()?.strip_suffix(ending)?.to_owned())).collect();
    names.sort();
    names
}

#[test]
fn captures_show_what_was_sent() {
    let names = names(".pcap");
    assert_eq!(
        names,
        [
            "chromium-deflate",
            "chromium-plain",
            "proxy-deflate",
            "sansock-c-deflate",
            "sansock-c-plain",
            "sansock-node-deflate",
            "sansock-node-plain",
            "sansock-python-deflate",
            "sansock-python-plain",
            "websockets-deflate",
            "websockets-plain",
            "ws-deflate",
            "ws-plain",
        ]
    );
    for name in names {
        let (sent, entries) = (sent(&name), read_well(&read_file(&format!("{name}.pcap"))));
        let expected: Vec<String> = [&sent.messages[..], &[sent.close]].concat();
        assert_eq!(of(&entries, "Client"), expected, "{name}");
        assert_eq!(of(&entries, "Server"), expected, "{name}");
        assert_eq!((faults(&entries), notes(&entries)), (vec![], vec![]), "{name}");
        assert_eq!(connections(&entries), 1, "{name}");
        let is_compressed =
            entries.iter().any(|entry| matches!(&entry.what, What::Message(message) if message.compressed));
        assert_eq!(is_compressed, sent.deflate, "{name}");
        let ends = entries.iter().filter(|entry| matches!(entry.what, What::Closed { code: 1000, clean: true, .. }));
        assert_eq!(ends.count(), 2, "{name}");
        let heads = entries.iter().filter(|entry| matches!(entry.what, What::Head(_))).count();
        assert_eq!(heads, if name.starts_with("proxy") { 4 } else { 2 }, "{name}");
    }
}

#[test]
fn archives_show_what_was_sent() {
    let names = names(".har");
    assert_eq!(names, ["chromium-deflate", "chromium-plain"]);
    for name in names {
        let (sent, entries) = (sent(&name), read_well(&read_file(&format!("{name}.har"))));
        assert_eq!(of(&entries, "Client"), sent.messages, "{name}");
        assert_eq!(of(&entries, "Server"), sent.messages, "{name}");
        assert_eq!((faults(&entries), connections(&entries)), (vec![], 1), "{name}");
        assert_eq!(entries.iter().filter(|entry| matches!(entry.what, What::Head(_))).count(), 2, "{name}");
        let times: Vec<u64> = entries.iter().filter_map(|entry| entry.time).collect();
        assert!(times.is_sorted() && times.len() >= 10, "{name}: {times:?}");
    }
}

#[test]
fn captures_are_small() {
    let mut all = 0;
    for folder in [folder(), folder().join("dumps")] {
        for entry in fs::read_dir(folder).expect("the folder") {
            let (path, size) = entry.map(|entry| (entry.path(), entry.metadata().expect("a size"))).expect("an entry");
            if size.is_file() {
                assert!(size.len() <= 20 << 10, "{}", path.display());
                all += size.len();
            }
        }
    }
    assert!(all <= 150 << 10, "{all} bytes");
}
