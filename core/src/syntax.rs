//! The grammar that header fields and URLs share: classes of characters, tokens, host and port (RFC 9110 §5.6, RFC 3986).

/// What a byte may be part of: one bit for each class.
const TOKEN: u8 = 1;
const HOST: u8 = 2;
const TARGET: u8 = 4;
const BASE64: u8 = 8;

/// The classes of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let alphanumeric = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    put(&mut classes, alphanumeric, TOKEN | HOST | TARGET | BASE64);
    put(&mut classes, b"!#$%&'*+-.^_`|~", TOKEN);
    // The grammar allows a comma in a name, but no host has one: it is the mark of two Host fields joined into one.
    put(&mut classes, b"-._~%!$&'()*+;=", HOST);
    put(&mut classes, b"!$%&'()*+,-./:;=?@[\\]^_`{|}~", TARGET);
    put(&mut classes, b"+/", BASE64);
    classes
};

const fn put(classes: &mut [u8; 256], bytes: &[u8], class: u8) {
    let mut at = 0;
    while at < bytes.len() {
        classes[bytes[at] as usize] |= class;
        at += 1;
    }
}

/// Whether all bytes are of this class. It never stops early: the bytes are few, and mostly valid.
fn are_of(class: u8, bytes: &[u8]) -> bool {
    bytes.iter().fold(class, |common, byte| common & CLASSES[usize::from(*byte)]) != 0
}

/// Whether the bytes are a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && are_of(TOKEN, bytes)
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// The token that the bytes begin with, which may be empty, and the rest.
pub(crate) fn split_token(bytes: &[u8]) -> (&[u8], &[u8]) {
    let len = bytes.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(bytes.len());
    bytes.split_at(len)
}

/// Whether the bytes are the value of a field (RFC 9110 §5.5): visible bytes, spaces and tabs, and no white space at the
/// ends.
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    let white = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    is_text(bytes) && !white(bytes.first()) && !white(bytes.last())
}

/// Whether all bytes may stand in a line of a head.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    blocks.iter().all(is_text_block)
        && match bytes.last_chunk() {
            // The last block overlaps the one before it.
            Some(end) => is_text_block(end),
            None => rest.iter().copied().all(is_text_byte),
        }
}

/// It never stops early, so that the compiler checks all the bytes at once.
#[cfg_attr(not(target_family = "wasm"), inline)]
fn is_text_block(block: &[u8; 16]) -> bool {
    block.iter().fold(true, |good, byte| good & is_text_byte(*byte))
}

/// A byte that may stand in a line of a head: HTAB, SP, VCHAR, obs-text.
pub(crate) fn is_text_byte(byte: u8) -> bool {
    (byte == b'\t') | (byte >= b' ') & (byte != 0x7f)
}

/// Whether the bytes may be the path and query of a request target or URL: visible ASCII without `#` and the characters that
/// every client percent-encodes. Browsers send some others as they are that RFC 3986 excludes (`|`, `^`, `{`).
pub(crate) fn is_target(bytes: &[u8]) -> bool {
    are_of(TARGET, bytes)
}

/// Whether the bytes are digits of base64 (RFC 4648 §4).
pub(crate) fn is_base64(digits: &[u8]) -> bool {
    are_of(BASE64, digits)
}

/// Without the white space at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let white = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !white(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !white(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Host and port, as in a Host field or a URL (RFC 3986 §3.2, without userinfo).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// IPv6 addresses are in brackets.
    pub(crate) host: &'a [u8],
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let end = match bytes.first()? {
            b'[' => bytes.iter().position(|byte| *byte == b']')? + 1,
            _ => bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len()),
        };
        let (host, rest) = bytes.split_at(end);
        let port = match rest {
            [] | [b':'] => None,
            [b':', digits @ ..] => Some(parse_port(digits)?),
            _ => return None,
        };
        is_host(host).then_some(Authority { host, port })
    }

    /// Whether both name the same host and port. `default` is the port of an authority that names none.
    pub(crate) fn same(&self, other: &Self, default: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host) && self.port.unwrap_or(default) == other.port.unwrap_or(default)
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |port, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        port.checked_mul(10)?.checked_add(digit as u16)
    })
}

fn is_host(host: &[u8]) -> bool {
    match host {
        [b'[', address @ .., b']'] => is_ipv6(address),
        _ => !host.is_empty() && are_of(HOST, host) && (!host.contains(&b'%') || encodes_plain_bytes(host)),
    }
}

fn encodes_plain_bytes(host: &[u8]) -> bool {
    percent_decoded(host).all(|byte| byte.is_some_and(is_plain))
}

/// Whether a byte means nothing in an authority: it is neither a control character nor `%`, nor a delimiter.
fn is_plain(byte: u8) -> bool {
    !byte.is_ascii_control() && !b"%:/?#[]@\\".contains(&byte)
}

/// What bytes stand for, where `%` stands before two hexadecimal digits (RFC 3986 §2.1); `None` for a `%` that does not.
pub(crate) fn percent_decoded(bytes: &[u8]) -> impl Iterator<Item = Option<u8>> {
    let mut bytes = bytes.iter();
    core::iter::from_fn(move || {
        let byte = *bytes.next()?;
        let mut digit = || bytes.next().and_then(|byte| char::from(*byte).to_digit(16));
        let mut encoded = || Some((digit()? << 4 | digit()?) as u8);
        Some(if byte == b'%' { encoded() } else { Some(byte) })
    })
}

/// Whether this is an IPv6 address (RFC 3986 §3.2.2): eight groups of up to four hexadecimal digits, or fewer with one `::`
/// for those left out; the last two may be an IPv4 address. (The parser of the standard library takes a twentieth of the WebAssembly module.)
pub(crate) fn is_ipv6(address: &[u8]) -> bool {
    let mut groups = 0;
    let mut gap = false;
    let mut rest = address;
    if let [b':', b':', after @ ..] = rest {
        gap = true;
        rest = after;
    }
    while !rest.is_empty() {
        let len = rest.iter().position(|byte| *byte == b':').unwrap_or(rest.len());
        let (group, after) = rest.split_at(len);
        if group.contains(&b'.') {
            groups += 2;
            if !after.is_empty() || !is_ipv4(group) {
                return false;
            }
        } else {
            groups += 1;
            if !(1..=4).contains(&len) || !group.iter().all(u8::is_ascii_hexdigit) {
                return false;
            }
        }
        rest = match after {
            [b':', b':', after @ ..] if !gap => {
                gap = true;
                after
            }
            [b':', after @ ..] if !after.is_empty() => after,
            [] => after,
            _ => return false,
        };
    }
    if gap { groups < 8 } else { groups == 8 }
}

fn is_ipv4(address: &[u8]) -> bool {
    let byte = |digits: &[u8]| match digits {
        [b'0', _, ..] => false,
        _ => digits.len() <= 3 && parse_port(digits).is_some_and(|number| !digits.is_empty() && number <= 255),
    };
    address.split(|byte| *byte == b'.').count() == 4 && address.split(|byte| *byte == b'.').all(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn classes_are_what_the_grammars_leave_of_visible_ascii() {
        for byte in 0..=u8::MAX {
            let without = |delimiters: &[u8]| byte.is_ascii_graphic() && !delimiters.contains(&byte);
            assert_eq!(is_token(&[byte]), without(b"\"(),/:;<=>?@[\\]{}"), "RFC 9110 §5.6.2: {byte}");
            assert_eq!(is_host(&[byte]), without(b":/?#[]@\"<>\\^`{|},%"), "RFC 3986 §3.2.2: {byte}");
            assert_eq!(is_target(&[byte]), without(b"#\"<>"), "{byte}");
            assert_eq!(is_base64(&[byte]), byte.is_ascii_alphanumeric() || b"+/".contains(&byte), "{byte}");
        }
    }

    #[test]
    fn percent_signs_of_a_host_encode_plain_bytes() {
        for byte in 0..=u8::MAX {
            let upper = alloc::format!("a%{byte:02X}b");
            let is_plain = !byte.is_ascii_control() && !b"%:/?#[]@\\".contains(&byte);
            assert_eq!(is_host(upper.as_bytes()), is_plain, "RFC 3986 §2.1: {upper}");
            assert_eq!(is_host(upper.to_ascii_lowercase().as_bytes()), is_plain, "RFC 3986 §2.1: {upper}");
        }
        for host in ["%", "a%", "%4", "a%4", "%zz", "%4g", "%g4", "%%41", "%-1", "%+1", "% 1"] {
            assert!(!is_host(host.as_bytes()), "RFC 3986 §2.1: {host}");
        }
    }

    #[test]
    fn one_bad_byte_spoils_a_text_of_any_length() {
        for len in 0..70 {
            let mut text = alloc::vec![b'a'; len];
            assert!(is_text(&text));
            for at in 0..len {
                for (byte, good) in
                    [(b'\t', true), (0x80, true), (0xff, true), (0x1f, false), (0x7f, false), (0, false)]
                {
                    text[at] = byte;
                    assert_eq!(is_text(&text), good, "{byte} at {at} of {len}");
                }
                text[at] = b' ';
            }
        }
    }

    #[test]
    fn ipv6_addresses_are_those_of_the_standard_library() {
        let pieces = ["", "1", "abcd", "12345", "g", "1.2.3.4", "1.2.3", "01.2.3.4", "256.1.1.1", ":"];
        let mut tried = 0;
        for len in 1..=4 {
            for index in 0..pieces.len().pow(len) {
                let parts: Vec<&str> =
                    (0..len).map(|place| pieces[index / pieces.len().pow(place) % pieces.len()]).collect();
                let short = parts.join(":");
                for text in [short.clone(), alloc::format!("1:2:3:4:{short}"), alloc::format!("1:2:3:4:5:6:{short}")] {
                    assert_eq!(is_ipv6(text.as_bytes()), text.parse::<core::net::Ipv6Addr>().is_ok(), "{text}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 30_000);
    }

    #[test]
    fn authorities() {
        let parse = |text: &'static str| Authority::parse(text.as_bytes());
        assert_eq!(parse("example.com"), Some(Authority { host: b"example.com", port: None }));
        assert_eq!(parse("[::1]:8080"), Some(Authority { host: b"[::1]", port: Some(8080) }));
        assert_eq!(parse("a:"), Some(Authority { host: b"a", port: None }));
        for bad in ["", ":80", "a b", "a,b", "a:99999", "a:x", "a:+1", "[::1", "[g::]", "[::1]x", "u@a", "a/b", "a:1:2"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
