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
pub(crate) fn read_all(bytes: &[u8]) -> Vec<Frame> {
    let (frames, rest) = read_whole(bytes);
    assert!(rest.is_empty(), "the output ends inside a frame");
    frames
}

/// Reads the whole frames of an engine's output, and what is left behind them.
pub(crate) fn read_whole(mut bytes: &[u8]) -> (Vec<Frame>, &[u8]) {
    let mut frames = Vec::new();
    while bytes.len() >= 2 {
        let (first, masked) = (bytes[0], bytes[1] & 0x80 != 0);
        let field = match bytes[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mut at = 2 + field;
        if bytes.len() < at + if masked { 4 } else { 0 } {
            break;
        }
        let len = match field {
            0 => usize::from(bytes[1] & 0x7f),
            _ => bytes[2..at].iter().fold(0, |len, byte| len << 8 | usize::from(*byte)),
        };
        assert!(field == 0 || (field == 2 && len > 125) || len > 0xffff, "the length is not in its shortest form");
        let mut key = [0; 4];
        if masked {
            key.copy_from_slice(&bytes[at..at + 4]);
            at += 4;
        }
        let Some((payload, rest)) = bytes[at..].split_at_checked(len) else { break };
        let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.push(Frame { first, masked, payload });
        bytes = rest;
    }
    (frames, bytes)
}
