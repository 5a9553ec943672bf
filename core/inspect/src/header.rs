//! The fields of a frame's header as they are drawn (RFC 6455 §5.2). What is wrong with them is for the engine to say.

use crate::entry::Frame;
use crate::gathered::hex;

/// What has come of a header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    /// The longest has 2 bytes, 8 of the length, and 4 of the key.
    room: [u8; 14],
    len: usize,
}

impl Header {
    /// Takes what belongs to it from the bytes, and returns how much that is.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while taken < bytes.len() && !self.is_complete() {
            let missing = self.needed() - self.len;
            let piece = &bytes[taken..][..missing.min(bytes.len() - taken)];
            self.room[self.len..][..piece.len()].copy_from_slice(piece);
            self.len += piece.len();
            taken += piece.len();
        }
        taken
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.len == self.needed()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.room[..self.len]
    }

    /// How many bytes there are to it, as far as those that have come say.
    fn needed(&self) -> usize {
        match self.bytes().get(1) {
            None => 2,
            Some(second) => 2 + usize::from(length_bytes(*second)) + if second & 0x80 == 0 { 0 } else { 4 },
        }
    }

    pub(crate) fn first(&self) -> u8 {
        self.bytes().first().copied().unwrap_or_default()
    }

    pub(crate) fn is_masked(&self) -> bool {
        self.second() & 0x80 != 0
    }

    /// The lengths of header and payload, if all of a header is here that begins like one of those `known`, and has no fault in
    /// the form of its length.
    pub(crate) fn of_message(bytes: &[u8], known: &[(u8, bool)]) -> Option<(usize, u64)> {
        let [first, second, ..] = *bytes else { return None };
        let is_masked = second & 0x80 != 0;
        if !known.contains(&(first, is_masked)) {
            return None;
        }
        let mut header = Header::default();
        header.take(&bytes[..bytes.len().min(header.room.len())]);
        let length = header.payload_length();
        let shortest = [0, 126, 1 << 16][usize::from(second & 0x7f).saturating_sub(125)];
        let is_sound = header.is_complete() && (shortest..=i64::MAX as u64).contains(&length);
        is_sound.then_some((header.len, length))
    }

    fn second(&self) -> u8 {
        self.bytes().get(1).copied().unwrap_or_default()
    }

    pub(crate) fn opcode(&self) -> u8 {
        self.first() & 15
    }

    pub(crate) fn is_control(&self) -> bool {
        self.opcode() >= 8
    }

    pub(crate) fn fin(&self) -> bool {
        self.first() & 0x80 != 0
    }

    pub(crate) fn rsv1(&self) -> bool {
        self.first() & 0x40 != 0
    }

    /// The length of the payload. The top bit of one of 64 bits is at fault: the engine reads no further.
    pub(crate) fn payload_length(&self) -> u64 {
        let length = self.bytes().get(2..).unwrap_or_default();
        let length = &length[..length.len().min(length_bytes(self.second()).into())];
        match self.second() & 0x7f {
            126 | 127 => length.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            length => length.into(),
        }
    }

    /// The masking key, once all of it has come.
    pub(crate) fn key(&self) -> Option<[u8; 4]> {
        let has_key = self.is_masked() && self.is_complete();
        has_key.then(|| self.bytes()[self.bytes().len() - 4..].try_into().unwrap_or_default())
    }

    /// The frame with these fields.
    pub(crate) fn frame(&self) -> Frame {
        Frame {
            header: hex(self.bytes()),
            fin: self.fin(),
            rsv1: self.rsv1(),
            rsv2: self.first() & 0x20 != 0,
            rsv3: self.first() & 0x10 != 0,
            opcode: self.opcode(),
            kind: KINDS[usize::from(self.opcode())],
            masked: self.is_masked(),
            length_form: [7, 16, 64][usize::from(self.second() & 0x7f).saturating_sub(125)],
            payload_length: self.payload_length(),
            key: self.key().map(|key| hex(&key)),
            ..Frame::default()
        }
    }
}

/// By opcode (RFC 6455 §11.8).
const KINDS: [&str; 16] = [
    "continuation",
    "text",
    "binary",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "close",
    "ping",
    "pong",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
    "reserved",
];

/// How many bytes behind the second say the length.
fn length_bytes(second: u8) -> u8 {
    [0, 2, 8][usize::from(second & 0x7f).saturating_sub(125)]
}
