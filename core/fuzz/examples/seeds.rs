//! Writes the first inputs of the corpora, made of the conformance vectors, into a folder for each target.
//!
//! `cargo run --example seeds FOLDER`

#[path = "../../tests/common/bytes.rs"]
#[allow(dead_code, reason = "only the reader is used")]
mod bytes;
#[path = "../../tests/vectors/case.rs"]
#[allow(dead_code, reason = "only the reader is used")]
mod case;

use std::fs;
use std::path::{Path, PathBuf};

use case::{Case, File, split_word};
use sansock_fuzz::plan::{PLAN_LEN, bit};

/// Options of the vectors, by the byte of a plan and the bits that stand for them.
const SWITCHES: [(&str, usize, u8); 13] = [
    ("deflate 1", 0, bit::DEFLATE),
    ("server_no_context_takeover 1", 0, bit::SERVER_ALONE),
    ("client_no_context_takeover 1", 0, bit::CLIENT_ALONE),
    ("parts 1", 0, bit::PARTS),
    ("frames 1", 0, bit::FRAMES),
    ("receive_while_closing 1", 0, bit::WHILE_CLOSING),
    ("allow_non_minimal_length 1", 0, bit::NON_MINIMAL),
    ("require_pong 1", 0, bit::REQUIRE_PONG),
    ("auto_pong 0", 1, bit::FLIP_PONG),
    ("auto_close 0", 1, bit::FLIP_CLOSE),
    ("auto_fail 0", 1, bit::FLIP_FAIL),
    ("close_reason 0", 1, bit::NO_REASON),
    ("deliver_http 1", 1, bit::HTTP),
];

struct Seeds {
    folder: PathBuf,
    count: usize,
}

impl Seeds {
    fn write(&mut self, target: &str, name: &str, parts: &[&[u8]]) {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), parts.concat()).expect("a file");
        self.count += 1;
    }

    fn add(&mut self, case: &Case) {
        let (plan, stream) = (plan(case), stream(case));
        let role = case.setup("role").next().unwrap_or_default();
        let is_open = case.setup("option").any(|option| option == "start_open 1");
        match (role, is_open) {
            ("server", true) => self.write("open_server", &case.name, &[&plan, &stream]),
            ("client", true) => self.write("open_client", &case.name, &[&plan, &stream]),
            ("server", false) => self.write("request_text", &case.name, &[&plan, &[0], &stream]),
            ("client", false) => self.write("response_text", &case.name, &[&plan, &stream]),
            _ => {}
        }
    }
}

fn plan(case: &Case) -> [u8; PLAN_LEN] {
    let mut plan = [0; PLAN_LEN];
    for option in case.setup("option") {
        for (_, byte, bits) in SWITCHES.iter().filter(|(name, ..)| *name == option) {
            plan[*byte] |= bits;
        }
    }
    plan[7] |= u8::from(case.setup("subprotocol").next().is_some());
    plan
}

/// The bytes of all reads.
fn stream(case: &Case) -> Vec<u8> {
    let reads = case.steps.iter().filter_map(|step| match split_word(&step.call) {
        ("receive", rest) => Some(bytes::parse(rest).expect("bytes")),
        _ => None,
    });
    let mut stream = reads.collect::<Vec<_>>().concat();
    stream.truncate(4000);
    stream
}

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder to write to");
    let mut seeds = Seeds { folder: folder.into(), count: 0 };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    for entry in fs::read_dir(vectors).expect("the folder of vectors") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "vec") {
            let text = fs::read_to_string(&path).expect("a text");
            let file = File::parse(&path.file_name().expect("a name").to_string_lossy(), &text);
            file.cases.iter().for_each(|case| seeds.add(case));
        }
    }
    println!("{} seeds", seeds.count);
}
