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
        let name = case.name.as_str();
        let is_open = case.setup("option").any(|option| option == "start_open 1");
        let has_fields = case.steps.iter().any(|step| step.call.starts_with("field "));
        match (case.setup("role").next().unwrap_or_default(), is_open) {
            ("tunnel", _) => self.tunnel(case, &stream),
            ("server", false) if has_fields => {
                self.fields("request_fields", &[&plan[..], &[0]].concat(), case, &stream)
            }
            ("client", false) if has_fields => self.fields("response_fields", &plan, case, &stream),
            (role, true) => self.open(name, role, &plan, &stream),
            (role, false) => self.text(name, role, &plan, &stream),
        }
        for url in case.setup("url") {
            self.write("texts", name, &[&[0], &bytes::parse(url).expect("bytes"), b"\n10.0.0.1"]);
        }
    }

    /// What the inspector is fed: each read of a case, from the end that is not its own.
    fn inspected(&mut self, case: &Case) {
        let is_server = case.setup("role").next() == Some("server");
        let is_open = case.setup("option").any(|option| option == "start_open 1");
        let is_compressed = case.setup("option").any(|option| option == "deflate 1");
        let mut seed = vec![u8::from(is_compressed) | if is_open { 0 } else { 4 }, 1];
        for step in &case.steps {
            let reads = match split_word(&step.call) {
                ("receive", rest) => Some((is_server, bytes::parse(rest).expect("bytes"))),
                _ => None,
            };
            let outputs = step.expected.iter().filter_map(|line| match split_word(line) {
                ("out", rest) => Some((!is_server, bytes::parse(rest).ok()?)),
                _ => None,
            });
            for (is_client, bytes) in reads.into_iter().chain(outputs) {
                seed.push(u8::from(!is_client));
                seed.extend((bytes.len() as u16).to_le_bytes());
                seed.extend(bytes);
            }
        }
        seed.truncate(2000);
        self.write("inspect_feed", &case.name, &[&seed]);
    }

    fn captures(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("the folder of captures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.captures(&path);
            } else if path.extension().is_some_and(|ending| ending == "pcap" || ending == "har" || ending == "txt") {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let mut file = fs::read(&path).expect("a capture");
                file.truncate(6000);
                self.write("inspect", &name, &[&[2], &file]);
            }
        }
    }

    fn open(&mut self, name: &str, role: &str, plan: &[u8], stream: &[u8]) {
        let kind = u8::from(role == "client");
        self.write(&format!("open_{role}"), name, &[plan, stream]);
        self.write("cuts", name, &[&[kind], plan, &[0], stream]);
        self.write("frames_mode", name, &[&[kind], plan, stream]);
        let is_compressed = plan[0] & bit::DEFLATE;
        if is_compressed == 0 {
            self.write("wsproto", name, &[&[kind], stream]);
            self.write("tungstenite", name, &[&[kind], stream]);
            self.write("portable", name, &[&[kind | 16, 2], stream]);
        } else {
            self.write("wsproto", name, &[&[kind | 2], stream]);
        }
        let messages = compressed(stream);
        if !messages.is_empty() {
            self.write("inflate", name, &[&[kind], plan, &messages]);
        }
        if is_compressed != 0 {
            self.write("deflate_pair", name, &[plan, stream]);
        }
        self.write(&format!("frames_{role}"), name, &[plan, stream]);
    }

    fn text(&mut self, name: &str, role: &str, plan: &[u8], stream: &[u8]) {
        let kind = 2 | u8::from(role == "client");
        if role == "server" {
            self.write("request_text", name, &[plan, &[0], stream]);
        } else {
            self.write("response_text", name, &[plan, stream]);
        }
        self.write("cuts", name, &[&[kind], plan, &[0], stream]);
        self.write("portable", name, &[&[kind, 2], stream]);
        let text = String::from_utf8_lossy(stream);
        let lists: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).collect();
        if !lists.is_empty() {
            self.write("extensions", name, &[&[kind & 1], plan, lists.join("\n").as_bytes()]);
        }
    }

    fn fields(&mut self, target: &str, start: &[u8], case: &Case, stream: &[u8]) {
        let (mut version, mut lines, mut seed) = (0, Vec::new(), Vec::new());
        for step in &case.steps {
            let (verb, rest) = split_word(&step.call);
            match verb {
                "field" => {
                    let end = rest[1..].find('"').expect("a closing quote") + 2;
                    let [name, value] = [&rest[..end], &rest[end..]].map(|part| bytes::parse(part).expect("bytes"));
                    lines.extend([&name[..], b"=", &value, b"\n"].concat());
                }
                "receive-request" | "request-fields" => {
                    version = match rest {
                        "1.1" => 0,
                        "2" => 1,
                        _ => 2,
                    };
                }
                "receive-response" => {
                    let status: u16 = split_word(rest).0.parse().expect("a status");
                    seed.extend([&status.to_le_bytes()[..], &std::mem::take(&mut lines), b"\n"].concat());
                }
                _ => {}
            }
        }
        if !lines.is_empty() {
            seed.extend([&lines[..], b"\n"].concat());
        }
        self.write(target, &case.name, &[start, &[version], &seed, stream]);
    }

    fn tunnel(&mut self, case: &Case, stream: &[u8]) {
        let url = bytes::parse(case.setup("url").next().expect("a URL")).expect("bytes");
        let is_http = url.starts_with(b"http");
        let has_name = url.contains(&b'@');
        let which = match &url[..] {
            _ if is_http => u8::from(has_name),
            _ if url.starts_with(b"socks4a") => 2 + u8::from(!has_name),
            _ if url.starts_with(b"socks5:") => 4,
            _ => u8::from(has_name),
        };
        let target = if is_http { "tunnel_http" } else { "tunnel_socks" };
        self.write(target, &case.name, &[&[which, 1, 0, 2], stream]);
    }
}

/// The payloads of whole compressed frames, as the target takes them.
fn compressed(stream: &[u8]) -> Vec<u8> {
    let (mut rest, mut messages) = (stream, Vec::new());
    while let [first, second, ..] = *rest {
        let (len, key) = (usize::from(second & 0x7f), if second & 0x80 == 0 { 0 } else { 4 });
        if len > 125 || rest.len() < 2 + key + len {
            break;
        }
        let (header, payload) = rest[..2 + key + len].split_at(2 + key);
        let mask = if key == 4 { header[2..].to_vec() } else { vec![0] };
        if first & 0x40 != 0 {
            messages.extend([first & 1, len as u8]);
            messages.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        }
        rest = &rest[2 + key + len..];
    }
    messages
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
            file.cases.iter().filter(|case| !case.is_tunnel()).for_each(|case| seeds.inspected(case));
        }
    }
    seeds.captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/captures"));
    println!("{} seeds", seeds.count);
}
