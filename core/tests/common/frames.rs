//! Frames as the peer would write them, from RFC 6455 §5.2 alone.

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;
/// The FIN bit, to be added to an opcode.
pub(crate) const FIN: u8 = 0x80;

/// A frame with the given first byte, as a server sends it.
pub(crate) fn server(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    frame.extend(length(payload.len(), 0));
    frame.extend_from_slice(payload);
    frame
}

/// The same as a client sends it.
pub(crate) fn client(first: u8, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    frame.extend(length(payload.len(), 0x80));
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A frame to an engine of this role: masked to a server, with a key of zeros, and unmasked to a client.
pub(crate) fn to(role: sansock::Role, first: u8, payload: &[u8]) -> Vec<u8> {
    match role {
        sansock::Role::Server => client(first, payload, [0; 4]),
        sansock::Role::Client => server(first, payload),
    }
}

fn length(len: usize, mask: u8) -> Vec<u8> {
    match len {
        0..=125 => vec![mask | len as u8],
        126..=0xffff => [&[mask | 126][..], &(len as u16).to_be_bytes()].concat(),
        _ => [&[mask | 127][..], &(len as u64).to_be_bytes()].concat(),
    }
}

/// The payload of a Close frame.
pub(crate) fn close(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
}

/// One frame of an engine's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

/// Reads an engine's output: whole frames in their shortest form, or a panic.
pub(crate) fn read_all(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (first, masked) = (bytes[0], bytes[1] & 0x80 != 0);
        let (len, mut at) = match bytes[1] & 0x7f {
            126 => (u64::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (u64::from_be_bytes(bytes[2..10].try_into().expect("eight bytes")), 10),
            short => (short.into(), 2),
        };
        assert!(at == 2 || (at == 4 && len > 125) || len > 0xffff, "the length is not in its shortest form");
        let mut key = [0; 4];
        if masked {
            key.copy_from_slice(&bytes[at..at + 4]);
            at += 4;
        }
        let (payload, rest) = bytes[at..].split_at(len as usize);
        let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.push(Frame { first, masked, payload });
        bytes = rest;
    }
    frames
}
