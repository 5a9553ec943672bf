//! Numbers and bytes as text, written where the WebAssembly module must stay small: without `core::fmt`.

use alloc::string::String;
use alloc::vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A number in decimal.
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

/// Bytes in base64 (RFC 4648 §4), as an array of the length that they take.
pub(crate) fn base64_array<const LEN: usize>(bytes: &[u8]) -> [u8; LEN] {
    let mut text = [0; LEN];
    let written = BASE64.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(LEN));
    text
}

/// Bytes of any length in base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = vec![0; bytes.len().div_ceil(3) * 4];
    let len = BASE64.encode_slice(bytes, &mut text).unwrap_or_default();
    ascii(&text[..len])
}
