//! Every vector of `core/vectors`, read as a capture, shows the messages and the fault that the vector states.

#[path = "../../tests/common/bytes.rs"]
#[expect(dead_code, reason = "bytes are shown by the replayers alone")]
mod bytes;
#[path = "../../tests/vectors/case.rs"]
#[expect(dead_code, reason = "cases are written by the replayers alone")]
mod case;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use case::{Case, File, split_word};
use sansock_inspect::entry::Payload;
use sansock_inspect::{Entry, Inspector, Side, What};

/// What a conversation comes to for the end that the vector is about.
#[derive(Debug, Default, PartialEq)]
struct Told {
    /// Kind and payload of each whole message, ping, pong and Close.
    messages: Vec<(String, Vec<u8>)>,
    fault: Option<String>,
}

/// The capture of a case, and what it comes to. None if it cannot be seen on the wire.
struct Seen {
    sent: Vec<(Side, Vec<u8>)>,
    told: Told,
}

fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let paths = fs::read_dir(folder).expect("the vectors").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|extension| extension == "vec")).collect();
    paths.sort();
    let parse = |path: &std::path::PathBuf| {
        File::parse(&path.file_name().expect("a name").to_string_lossy(), &fs::read_to_string(path).expect("a text"))
    };
    paths.iter().map(parse).collect()
}

/// Why the wire alone does not show what a case comes to.
fn is_beyond_the_wire(case: &Case) -> bool {
    let has = |name: &str| case.setup("option").any(|option| split_word(option).0 == name);
    let calls = |word: &str| case.steps.iter().any(|step| split_word(&step.call).0 == word);
    // Limits, leniency, parts and frames are the host's; fields travel in another protocol; deflate is agreed on elsewhere.
    let options = ["parts", "frames", "allow_non_minimal_length", "deliver_http", "receive_while_closing"];
    let steps = ["receive-request", "request-fields", "receive-response"];
    // An end that has sent Close drops what comes.
    let is_dropped = case.name == "data-does-not-move-the-close-deadline";
    case.is_tunnel() || is_dropped || options.iter().any(|name| has(name)) || steps.iter().any(|step| calls(step))
}

/// A fault that anybody sees who reads the bytes.
fn is_on_the_wire(fault: &str) -> bool {
    let own = ["EOF", "EOF_IN_HANDSHAKE", "FAILED_BY_HOST", "REFUSED", "NO_MEMORY"];
    let is_limit = fault.ends_with("_TIMEOUT")
        || fault.contains("TOO_") && !["CONTROL_TOO_LONG", "CLOSE_TOO_SHORT"].contains(&fault);
    !own.contains(&fault) && !is_limit
}

fn see(case: &Case) -> Option<Seen> {
    let own = if case.setup("role").next()? == "server" { Side::Server } else { Side::Client };
    let mut seen = Seen { sent: Vec::new(), told: Told::default() };
    for step in &case.steps {
        let (call, rest) = split_word(&step.call);
        if call == "receive" {
            seen.sent.push((own.other(), bytes::parse(rest).expect("bytes")));
        }
        for line in &step.expected {
            let (word, rest) = split_word(line);
            match word {
                "out" => seen.sent.push((own, bytes::parse(rest).ok()?)),
                "text" | "binary" | "ping" | "pong" => {
                    let end = rest.rfind('"').map_or(rest.len(), |at| at + 1);
                    seen.told.messages.push((word.to_owned(), bytes::parse(&rest[..end]).ok()?));
                }
                "closed" => {
                    let fault = rest.split_once("fault=").map(|(_, name)| name.to_owned());
                    seen.told.fault = fault.filter(|fault| is_on_the_wire(fault));
                }
                _ => {}
            }
        }
    }
    Some(seen)
}

fn inspect(case: &Case, sent: &[(Side, Vec<u8>)], own: Side) -> Told {
    let is_open = case.setup("option").any(|option| option == "start_open 1");
    let mut inspector = Inspector::with(1 << 20, []);
    if is_open {
        inspector.assume(&extensions(case));
    } else {
        inspector.begin("client", "server", 0);
    }
    for (from, bytes) in sent {
        inspector.feed(1, *from, bytes, 0);
    }
    inspector.finish().expect("bytes are no file that can be broken");
    let mut told = Told::default();
    let entries: Vec<Entry> = inspector.take().collect();
    hold_continuity(case, &entries);
    for entry in entries.into_iter().filter(|entry| entry.from == Some(own.other())) {
        match entry.what {
            What::Message(message) => told.messages.push((message.kind.to_owned(), carried(message.payload))),
            What::Frame(frame) if matches!(frame.kind, "ping" | "pong") && frame.fin => {
                told.messages.push((frame.kind.to_owned(), carried(frame.payload)));
            }
            What::Fault(fault) => told.fault = Some(fault.fault.to_owned()),
            _ => {}
        }
    }
    told
}

/// Each step of an end's machine begins where the one before it has ended.
fn hold_continuity(case: &Case, entries: &[Entry]) {
    let mut states = HashMap::new();
    for step in entries.iter().flat_map(|entry| &entry.steps) {
        let state = states.insert((step.end, step.machine), step.row.to);
        assert!(state.is_none_or(|state| state == step.row.from), "{}: {step:?} in {state:?}", case.name);
    }
}

/// What the options of a case agree on.
fn extensions(case: &Case) -> String {
    let options = case.setup("option").map(split_word);
    let words = options.filter_map(|(name, value)| match name {
        "server_max_window_bits" | "client_max_window_bits" => Some(format!("{name}={value}")),
        "server_no_context_takeover" | "client_no_context_takeover" if value == "1" => Some(name.to_owned()),
        _ => None,
    });
    let is_compressed = case.setup("option").any(|option| option == "deflate 1");
    let words: Vec<String> = std::iter::once("permessage-deflate".to_owned()).chain(words).collect();
    if is_compressed { words.join("; ") } else { String::new() }
}

/// The bytes of a payload that is shown whole.
fn carried(payload: Payload) -> Vec<u8> {
    payload.text.map(String::into_bytes).or(payload.hex.map(|hex| from_hex(&hex))).unwrap_or_default()
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits")).collect()
}

#[test]
fn every_vector_shows_what_it_states() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files() {
        for case in file.cases.iter().filter(|case| !is_beyond_the_wire(case)) {
            let Some(expected) = see(case) else { continue };
            let own = if case.setup("role").any(|role| role == "server") { Side::Server } else { Side::Client };
            let told = inspect(case, &expected.sent, own);
            seen += 1;
            let has_begun = told.messages.starts_with(&expected.told.messages);
            if !has_begun || expected.told.fault.is_some() && told.fault != expected.told.fault {
                wrong.push(format!(
                    "{} {}\n  expected {:?}\n  told     {:?}",
                    file.name, case.name, expected.told, told
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 500, "{seen} vectors");
}
