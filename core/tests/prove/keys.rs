//! `Sec-WebSocket-Key` (RFC 6455 §4.2.1): a value that is 16 bytes when it is decoded as base64 (RFC 4648 §4), and its answer
//! (§4.2.2).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sansock::Config;
use sha1::{Digest, Sha1};

use crate::common::drive::{HEADERS, Host};
use crate::{proved, step};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY: &[u8; 24] = b"dGhlIHNhbXBsZSBub25jZQ==";

/// RFC 4648 §3.5 leaves it to decoders what they make of bits that pad the last digit; the RFC asks for 16 bytes only.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// What a server does with a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It answers with this `Sec-WebSocket-Accept`.
    Accepted(String),
    /// It is the key that is bad.
    BadKey,
    /// The head is malformed.
    BadHead,
}

fn expected(value: &[u8]) -> Verdict {
    // RFC 9110 §5.5: what a value may have. RFC 9112 §2.2: CR and LF end lines.
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Verdict::BadHead;
    }
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_white(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_white(byte)).map_or(start, |last| last + 1);
    let key = &value[start..end];
    match BASE64.decode(key) {
        Ok(bytes) if bytes.len() == 16 => {
            let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
            Verdict::Accepted(BASE64.encode(digest))
        }
        _ => Verdict::BadKey,
    }
}

fn actual(config: &Config, value: &[u8]) -> Verdict {
    let lines = [&HEADERS[..3], &HEADERS[4..]].concat().join("\r\n");
    let mut request = format!("GET / HTTP/1.1\r\n{lines}\r\nSec-WebSocket-Key: ").into_bytes();
    request.extend_from_slice(value);
    request.extend_from_slice(b"\r\n\r\n");
    let mut host = Host::of(config);
    host.receive(&request);
    match host.fault().map(|kind| kind.name()) {
        None => {
            host.accept();
            let answer = String::from_utf8(host.take_output()).expect("a text");
            let line = answer.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Accept: "));
            Verdict::Accepted(line.expect("the answer to the key").to_owned())
        }
        Some("BAD_KEY") => Verdict::BadKey,
        Some(_) => Verdict::BadHead,
    }
}

#[test]
fn a_key_is_sixteen_bytes_in_base64() {
    let config = Config::server().build().expect("a good configuration");
    let mut cases = 0;
    let mut check = |value: &[u8]| {
        assert_eq!(actual(&config, value), expected(value), "{}", value.escape_ascii());
        cases += 1;
    };
    for at in 0..KEY.len() {
        for byte in (0..=u8::MAX).step_by(step(3)) {
            let mut key = *KEY;
            key[at] = byte;
            check(&key);
        }
    }
    for len in 0..=64_usize {
        for pads in 0..=len.min(4) {
            let digits = [b"A", b"/", b"z"].map(|digit| digit.repeat(len - pads));
            digits.iter().for_each(|digits| check(&[&digits[..], &b"===="[..pads]].concat()));
        }
    }
    proved("Sec-WebSocket-Key: every byte at every place, and lengths 0 to 64 with 0 to 4 pads", cases);
}
