//! What an engine writes, read by the rules of RFC 6455 §5 alone: it must be well-formed at every byte.

use std::collections::VecDeque;

use sansock::Role;

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;
pub const FIN: u8 = 0x80;
pub const RSV1: u8 = 0x40;

/// A frame as its sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub payload: Vec<u8>,
}

/// Writes a frame to an engine of this role: masked to a server.
pub fn write(role: Role, first: u8, payload: &[u8], key: [u8; 4], bytes: &mut Vec<u8>) {
    write_header(role == Role::Server, first, payload.len() as u64, false, bytes);
    if role == Role::Client {
        return bytes.extend_from_slice(payload);
    }
    bytes.extend_from_slice(&key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Writes first byte and length, the latter perhaps longer than it need be.
pub fn write_header(masked: bool, first: u8, len: u64, long: bool, bytes: &mut Vec<u8>) {
    let mask = if masked { 0x80 } else { 0 };
    bytes.push(first);
    match len {
        0..=125 if !long => bytes.push(mask | len as u8),
        0..=0xffff => {
            bytes.push(mask | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
    }
}

/// Where the reader of an output is.
#[derive(PartialEq, Eq)]
enum At {
    Head,
    /// The body of a response, with so many bytes to come.
    Body(usize),
    Frames,
}

/// Reads the output of an engine as it is written.
pub struct Wire {
    role: Role,
    at: At,
    bytes: Vec<u8>,
    deflate: bool,
    /// Whether a message is under way, and is an uncompressed text.
    message: Option<bool>,
    text: Vec<u8>,
    pub is_closed: bool,
    pub frames: Vec<Frame>,
    /// All that was written.
    pub all: Vec<u8>,
    /// Payloads that the host writes itself, each with its place in the output.
    own: VecDeque<(usize, Vec<u8>)>,
    from_engine: usize,
    keeps: bool,
}

impl Wire {
    pub fn new(role: Role, has_head: bool, deflate: bool) -> Self {
        Wire {
            role,
            at: if has_head { At::Head } else { At::Frames },
            bytes: Vec::new(),
            deflate,
            message: None,
            text: Vec::new(),
            is_closed: false,
            frames: Vec::new(),
            all: Vec::new(),
            own: VecDeque::new(),
            from_engine: 0,
            keeps: false,
        }
    }

    /// Keeps frames and bytes, for those who compare them.
    pub fn keeping(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// The host writes these bytes when so many of the engine's have been written from now on.
    pub fn insert(&mut self, pending: usize, payload: Vec<u8>) {
        self.own.push_back((self.from_engine + pending, payload));
    }

    /// The handshake is made of fields after all.
    pub fn has_no_head(&mut self) {
        self.at = At::Frames;
    }

    /// Takes bytes that the engine has given to the host.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while let Some((place, _)) = self.own.front().filter(|(place, _)| *place <= self.from_engine + bytes.len()) {
            let (before, after) = bytes.split_at(place - self.from_engine);
            self.push(before);
            let (_, payload) = self.own.pop_front().expect("it is there");
            self.bytes.extend_from_slice(&payload);
            bytes = after;
        }
        self.push(bytes);
        self.read();
    }

    fn push(&mut self, bytes: &[u8]) {
        self.from_engine += bytes.len();
        self.bytes.extend_from_slice(bytes);
        if self.keeps {
            self.all.extend_from_slice(bytes);
        }
    }

    /// Whether the output may end here.
    pub fn is_whole(&self) -> bool {
        match self.at {
            At::Body(left) => left == 0,
            At::Head | At::Frames => self.bytes.is_empty(),
        }
    }

    fn read(&mut self) {
        loop {
            let done = match self.at {
                At::Head => self.head(),
                At::Frames => self.frame(),
                At::Body(left) => {
                    assert!(self.bytes.len() <= left, "a body longer than it says");
                    self.at = At::Body(left - self.bytes.len());
                    return self.bytes.clear();
                }
            };
            match done {
                Some(count) => drop(self.bytes.drain(..count)),
                None => return,
            }
        }
    }

    /// Reads the head of a request or a response. Returns its length.
    fn head(&mut self) -> Option<usize> {
        let len = 4 + self.bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
        // Values that the host has added may have bytes above ASCII.
        let head = String::from_utf8_lossy(&self.bytes[..len - 4]);
        let mut lines = head.split("\r\n");
        let first = lines.next().expect("a first line");
        let is_control = |byte: u8| byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n' | b'\t');
        assert!(!head.bytes().any(is_control), "control characters in a head");
        let mut body = 0;
        for line in lines {
            let (name, value) =
                line.split_once(": ").or(line.strip_suffix(':').map(|name| (name, ""))).expect("a header");
            assert!(!name.is_empty() && !name.contains([' ', '\t']) && !value.contains(['\r', '\n']), "{line:?}");
            if name == "Content-Length" {
                body = value.parse().expect("a length");
            }
        }
        self.at = match self.role {
            Role::Client => {
                assert!(first.starts_with("GET ") && first.ends_with(" HTTP/1.1"), "{first:?}");
                At::Frames
            }
            Role::Server if first.starts_with("HTTP/1.1 101 ") => At::Frames,
            Role::Server => {
                let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
                assert!(status.is_some_and(|status: u16| (200..600).contains(&status)), "{first:?}");
                At::Body(if self.bytes.len() == len { 0 } else { body })
            }
        };
        Some(len)
    }

    /// Reads a frame. Returns its length.
    fn frame(&mut self) -> Option<usize> {
        let (header, masked, len) = header(&self.bytes)?;
        assert_eq!(masked, self.role == Role::Client, "masking");
        let end = header.checked_add(usize::try_from(len).expect("a length")).filter(|end| *end <= self.bytes.len())?;
        let mut payload = self.bytes[header..end].to_vec();
        if masked {
            let key: [u8; 4] = self.bytes[header - 4..header].try_into().expect("a key");
            payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        let first = self.bytes[0];
        self.check(first, &payload);
        if self.keeps {
            self.frames.push(Frame { first, payload });
        }
        Some(end)
    }

    fn check(&mut self, first: u8, payload: &[u8]) {
        let (fin, opcode) = (first & FIN != 0, first & 0xf);
        let compressed = first & RSV1 != 0;
        assert_eq!(first & 0x30, 0, "reserved bits");
        assert!(!compressed || self.deflate && matches!(opcode, TEXT | BINARY), "a compressed frame");
        assert!(!self.is_closed || matches!(opcode, PING | PONG), "data follows Close");
        match opcode {
            TEXT | BINARY | CONTINUATION => {
                assert_eq!(opcode == CONTINUATION, self.message.is_some(), "a message inside another");
                let is_text = self.message.unwrap_or(opcode == TEXT && !compressed);
                self.message = (!fin).then_some(is_text);
                if is_text {
                    self.text.extend_from_slice(payload);
                }
                if fin {
                    std::str::from_utf8(&self.text).expect("a text in UTF-8");
                    self.text.clear();
                }
            }
            CLOSE => {
                self.is_closed = true;
                close(payload);
                assert!(fin);
            }
            PING | PONG => assert!(fin && payload.len() <= 125, "a control frame"),
            other => panic!("opcode {other}"),
        }
    }
}

/// The length of a whole frame header, whether it is masked, and the length of the payload.
pub fn header(bytes: &[u8]) -> Option<(usize, bool, u64)> {
    let second = *bytes.get(1)?;
    let masked = second & 0x80 != 0;
    let (at, len) = match second & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        len => (2, u64::from(len)),
    };
    assert!(at == 2 || at == 4 && len > 125 || len > 0xffff, "a length that is not in its shortest form");
    let at = if masked { at + 4 } else { at };
    (bytes.len() >= at).then_some((at, masked, len))
}

fn close(payload: &[u8]) {
    match payload {
        [] => {}
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            assert!(matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999), "code {code}");
            assert!(payload.len() <= 125 && std::str::from_utf8(reason).is_ok(), "a reason");
        }
        [_] => panic!("a Close with one byte"),
    }
}
