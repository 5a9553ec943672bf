//! The first bytes of a payload that is under way, and how bytes are shown.

use core::fmt::Write;

use crate::entry::Payload;

/// The first bytes of something longer.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    bytes: Vec<u8>,
    size: u64,
}

impl Gathered {
    pub(crate) fn add(&mut self, bytes: &[u8], limit: usize) {
        self.size += bytes.len() as u64;
        let room = limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..room.min(bytes.len())]);
    }

    /// The same for bytes that are masked, if there is a key. `from` is how many bytes of the frame came before (RFC 6455 §5.3).
    pub(crate) fn add_masked(&mut self, bytes: &[u8], key: Option<[u8; 4]>, from: u64, limit: usize) {
        self.size += bytes.len() as u64;
        let room = limit.saturating_sub(self.bytes.len());
        self.bytes.extend(unmasked(&bytes[..room.min(bytes.len())], key, from));
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// What there is, up to a limit.
    pub(crate) fn first(&self, limit: usize) -> &[u8] {
        &self.bytes[..limit.min(self.bytes.len())]
    }

    pub(crate) fn payload(&self, is_text: bool, limit: usize) -> Payload {
        of(self.first(limit), self.size, is_text)
    }
}

/// The first bytes of so many, as text or in hexadecimal.
pub(crate) fn of(first: &[u8], size: u64, is_text: bool) -> Payload {
    let cut = (first.len() as u64) < size;
    let (text, hex) = if is_text { (Some(shown(first, cut)), None) } else { (None, Some(hex(first))) };
    Payload { size, text, hex, wire: None, cut }
}

/// Bytes without their mask, of which so many came before in the frame.
pub(crate) fn unmasked(bytes: &[u8], key: Option<[u8; 4]>, from: u64) -> Vec<u8> {
    let mut key = key.unwrap_or_default();
    key.rotate_left((from % 4) as usize);
    bytes.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Bytes as text, with what is no UTF-8 escaped. Of a text that was cut, the last code point is left out if it is not whole.
pub(crate) fn shown(bytes: &[u8], cut: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes.len();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        rest -= chunk.valid().len() + chunk.invalid().len();
        let is_begun =
            cut && rest == 0 && core::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        if !is_begun {
            for byte in chunk.invalid() {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text
}
