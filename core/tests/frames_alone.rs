//! Frames that belong to no connection, as hosts in other languages write them (RFC 6455 §5.2).

mod common;

use common::frames::{self, CLOSE, CONTINUATION, PING, TEXT};
use sansock::boundary::{Error, encode_frame};

const RSV1: u8 = 0x40;

fn encoded(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let mut output = b"before".to_vec();
    let result = encode_frame(&mut output, first, key, payload);
    let frame = output.strip_prefix(b"before").expect("what was there stays").to_vec();
    assert!(result.is_ok() || frame.is_empty(), "an error changes nothing");
    result.map(|()| frame)
}

/// FIN and the opcode as they are, RSV1 where a compressed message begins, and nothing else.
#[test]
fn section_5_2_every_first_byte() {
    for first in 0..=u8::MAX {
        let (opcode, fin) = (first & 0x0f, first & 0x80 != 0);
        let is_known = matches!(opcode, 0..=2 | 8..=10);
        let is_whole = opcode < 8 || fin;
        let bits = match opcode {
            1 | 2 => first & 0x30,
            _ => first & 0x70,
        };
        let expected = is_known && is_whole && bits == 0;
        assert_eq!(encoded(first, None, b"payload").is_ok(), expected, "{first:#x}");
        if expected {
            assert_eq!(encoded(first, None, b"payload").unwrap(), frames::server(first, b"payload"));
            let key = [first, 1, 2, 3];
            assert_eq!(encoded(first, Some(key), b"payload").unwrap(), frames::client(first, b"payload", key));
        }
    }
}

#[test]
fn section_5_5_control_frames_have_125_bytes_at_most() {
    for (first, len, is_good) in [
        (0x80 | PING, 125, true),
        (0x80 | PING, 126, false),
        (0x80 | CLOSE, 125, true),
        (0x80 | CLOSE, 126, false),
        (0x80 | TEXT, 126, true),
        (0x80 | RSV1 | TEXT, 65_536, true),
        (CONTINUATION, 65_535, true),
    ] {
        let payload = vec![7; len];
        for key in [None, Some([1, 2, 3, 4]), Some([0; 4])] {
            let expected = match key {
                None => frames::server(first, &payload),
                Some(key) => frames::client(first, &payload, key),
            };
            let expected = if is_good { Ok(expected) } else { Err(Error::InvalidArgument) };
            assert!(encoded(first, key, &payload) == expected, "{first:#x} with {len} bytes");
        }
    }
}
