//! Bytes that are written as text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The bytes of a dump; of anything else, the thing itself.
pub(super) fn decode(data: Vec<u8>) -> Vec<u8> {
    let Some(text) = core::str::from_utf8(&data).ok().filter(|text| !text.trim().is_empty()) else { return data };
    let decoded = plain(text).or_else(|| lines(text)).or_else(|| from_base64(text));
    decoded.unwrap_or(data)
}

/// Nothing but hexadecimal digits, in pairs, with white space, `:`, `,`, `0x` or `\x` between them.
pub(super) fn plain(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for word in text.split(|separator: char| separator.is_whitespace() || ":,;".contains(separator)) {
        for word in word.split("\\x") {
            let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            if digits.len() % 2 != 0 || !digits.is_ascii() {
                return None;
            }
            for at in (0..digits.len()).step_by(2) {
                let pair = &digits[at..at + 2];
                bytes.push(u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?);
            }
        }
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// Lines as of `xxd`, `hexdump -C` and Wireshark: an offset, bytes, and the same as characters.
fn lines(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (offset, rest) = line.trim_start().split_once([' ', ':', '\t'])?;
        let offset = usize::from_str_radix(offset.strip_prefix("0x").unwrap_or(offset), 16).ok()?;
        if offset != bytes.len() {
            return None;
        }
        bytes.extend(columns(rest));
    }
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// The bytes of one line: what comes before two spaces in a row, or before a bar, but for the one in the middle of `hexdump -C`.
pub(super) fn columns(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut spaces = 0;
    for word in line.trim_start_matches([' ', ':', '\t']).split(' ') {
        if word.is_empty() {
            spaces += 1;
            continue;
        }
        let is_middle = bytes.len() == 8 && word.len() == 2;
        let pairs = plain(word).filter(|pairs| word.len() == pairs.len() * 2 && (spaces == 0 || is_middle));
        let Some(pairs) = pairs.filter(|pairs| bytes.len() + pairs.len() <= 32) else { break };
        bytes.extend(pairs);
        spaces = 0;
    }
    bytes
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    engines.iter().find_map(|engine| engine.decode(&text).ok())
}
