//! The Python package `wsproto`, behind the handshake: one process for all inputs, that answers over pipes.

use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use sansock::{FaultKind, Role};

use super::{Difference, End, Verdict, When, compare};

const DIFFERENCES: &[Difference] = &[
    Difference { when: When::Codes(1012..=1014), why: "it does not know the codes that were registered last" },
    Difference { when: When::Fault(FaultKind::MessageTooBig), why: "it has no limit" },
];

pub fn run(role: Role, deflate: bool, stream: &[u8]) {
    let theirs = peer().lock().expect("no panic before").ask(role, deflate, stream).expect("an answer of wsproto");
    compare(role, deflate, stream, &theirs, DIFFERENCES);
}

/// Whether there is a Python with the package. `SANSOCK_FUZZ_PYTHON` names another than that of `make setup`.
pub fn is_there() -> bool {
    let check = Command::new(python()).args(["-c", "import wsproto"]).stderr(Stdio::null()).status();
    check.is_ok_and(|status| status.success())
}

fn python() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    env::var_os("SANSOCK_FUZZ_PYTHON").map_or_else(own, PathBuf::from)
}

fn peer() -> &'static Mutex<Peer> {
    static PEER: OnceLock<Mutex<Peer>> = OnceLock::new();
    PEER.get_or_init(|| {
        assert!(is_there(), "wsproto cannot be found: `make setup` installs it");
        Mutex::new(Peer::start().expect("a process"))
    })
}

struct Peer {
    /// Ends when its input does.
    _child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Peer {
    fn start() -> io::Result<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("wsproto_peer.py");
        let mut child = Command::new(python()).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Ok(Peer { _child: child, to, from })
    }

    /// Sends role, compression and the stream; reads the answer, item by item.
    fn ask(&mut self, role: Role, deflate: bool, stream: &[u8]) -> io::Result<Verdict> {
        self.to.write_all(&[u8::from(role == Role::Server), u8::from(deflate)])?;
        self.to.write_all(&(stream.len() as u32).to_le_bytes())?;
        self.to.write_all(stream)?;
        self.to.flush()?;
        let mut items = Vec::new();
        loop {
            let mut head = [0; 5];
            self.from.read_exact(&mut head)?;
            let mut bytes = vec![0; u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize];
            self.from.read_exact(&mut bytes)?;
            let name = match head[0] {
                b't' => "text",
                b'b' => "binary",
                b'i' => "ping",
                b'o' => "pong",
                b'e' => return Ok(Verdict { items, end: End::Eof }),
                b'f' => return Ok(Verdict { items, end: End::Fault }),
                b'c' => return Ok(Verdict { items, end: End::Closed(u16::from_le_bytes([bytes[0], bytes[1]])) }),
                other => panic!("an answer of kind {other}"),
            };
            items.push((name, bytes));
        }
    }
}
