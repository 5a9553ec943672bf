//! The opening handshake (RFC 6455 §4).
//!
//! [`fields`] and [`request`] hold the rules on header fields, whatever carried them; the modules that read and write the
//! text of HTTP/1.1 (RFC 9112) stand above them. A host that speaks HTTP/2 or HTTP/3 (RFC 8441, RFC 9220), or has read the
//! request by other means, checks the fields with [`request::Offer::read`] and starts its connection with the option
//! `START_OPEN`.

pub(crate) mod body;
pub mod fields;
pub(crate) mod head;
pub mod request;
pub(crate) mod response;
pub(crate) mod write;

use alloc::string::String;
use alloc::vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};

/// Appended to the key before hashing (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key` (RFC 6455 §4.2.2).
pub fn accept_for(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    encode(&digest)
}

/// `Sec-WebSocket-Key` for 16 random bytes (RFC 6455 §4.1).
pub(crate) fn key_for(nonce: [u8; 16]) -> [u8; 24] {
    encode(&nonce)
}

fn encode<const LEN: usize>(bytes: &[u8]) -> [u8; LEN] {
    let mut text = [0; LEN];
    let written = BASE64.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(LEN));
    text
}

/// Bytes of any length in base64 (RFC 4648 §4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len().div_ceil(3) * 4];
    let len = BASE64.encode_slice(bytes, &mut text).unwrap_or_default();
    ascii(&text[..len])
}

/// A number in decimal. Numbers are written where the WebAssembly module must stay small: `core::fmt` is not.
pub(crate) fn decimal(number: u64) -> String {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    while rest > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    ascii(&digits[at..])
}

/// Bytes that are known to be ASCII as a string.
pub(crate) fn ascii(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    /// RFC 6455 §1.3.
    #[test]
    fn accept_of_the_example_in_the_rfc() {
        assert_eq!(super::accept_for(b"dGhlIHNhbXBsZSBub25jZQ=="), *b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
