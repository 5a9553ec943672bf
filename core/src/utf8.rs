//! Incremental UTF-8 validation, which fails at the first byte that cannot occur there (RFC 3629, RFC 6455 §8.1).

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

/// A validator of text that arrives in pieces. It holds the code point that the last piece left incomplete.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Utf8 {
    pending: [u8; 4],
    len: u8,
}

/// A code point that was cut and is joined again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joined {
    bytes: [u8; 4],
    len: u8,
}

impl Joined {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Utf8 {
    /// Whether the text so far ends at the end of a code point.
    pub(crate) fn is_complete(&self) -> bool {
        self.len == 0
    }

    /// Validates the next piece.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Invalid> {
        let (_, used) = self.join(bytes)?;
        self.bulk(&bytes[used..]).map(|_| ())
    }

    /// Uses the first of `bytes` to complete the incomplete code point. Returns it if it is complete now, and how many bytes
    /// were used.
    pub(crate) fn join(&mut self, bytes: &[u8]) -> Result<(Option<Joined>, usize), Invalid> {
        let mut used = 0;
        while self.len > 0 {
            let Some(&byte) = bytes.get(used) else { return Ok((None, used)) };
            self.pending[usize::from(self.len)] = byte;
            self.len += 1;
            used += 1;
            match check(&self.pending[..usize::from(self.len)]) {
                Ok(()) => {
                    let joined = Joined { bytes: self.pending, len: self.len };
                    self.len = 0;
                    return Ok((Some(joined), used));
                }
                Err(Stop::Unfinished) => {}
                Err(Stop::Invalid) => return Err(Invalid),
            }
        }
        Ok((None, 0))
    }

    /// Validates bytes that begin at the start of a code point, and keeps an incomplete one at the end. Returns how many
    /// bytes belong to complete code points.
    pub(crate) fn bulk(&mut self, bytes: &[u8]) -> Result<usize, Invalid> {
        debug_assert!(self.is_complete() || bytes.is_empty());
        if bytes.is_empty() {
            return Ok(0);
        }
        let (whole, tail) = bytes.split_at(bytes.len() - unfinished(bytes));
        if !is_valid(whole) {
            return Err(Invalid);
        }
        if let Err(Stop::Invalid) = check(tail) {
            return Err(Invalid);
        }
        self.pending[..tail.len()].copy_from_slice(tail);
        self.len = tail.len() as u8;
        Ok(whole.len())
    }
}

/// How many bytes at the end belong to an incomplete code point: at most three.
fn unfinished(bytes: &[u8]) -> usize {
    let last = &bytes[bytes.len().saturating_sub(3)..];
    let lead = last.iter().rposition(|byte| *byte >= 0xc0);
    let needed = |lead: u8| 2 + usize::from(lead >= 0xe0) + usize::from(lead >= 0xf0);
    match lead.map(|at| (last.len() - at, needed(last[at]))) {
        Some((have, needed)) if have < needed => have,
        _ => 0,
    }
}

/// Whether these bytes are valid UTF-8.
#[inline]
pub(crate) fn is_valid(bytes: &[u8]) -> bool {
    view(bytes).is_some()
}

/// Bytes as text, without validation.
///
/// # Safety
///
/// They must be valid UTF-8.
#[allow(unsafe_code)]
#[inline]
pub(crate) unsafe fn view_unchecked(bytes: &[u8]) -> &str {
    debug_assert!(core::str::from_utf8(bytes).is_ok());
    // SAFETY: promised by the caller.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}

/// Bytes as text, if they are valid UTF-8.
#[inline]
pub(crate) fn view(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "std")]
    if bytes.len() >= VECTORISE_FROM {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    core::str::from_utf8(bytes).ok()
}

/// Why validation stopped.
enum Stop {
    /// The last bytes are the beginning of a code point.
    Unfinished,
    Invalid,
}

/// Below this length the setup of the vectorised check costs more than it saves.
#[cfg(feature = "std")]
const VECTORISE_FROM: usize = 64;

/// Validates a few bytes.
fn check(bytes: &[u8]) -> Result<(), Stop> {
    core::str::from_utf8(bytes).map(|_| ()).map_err(|error| match error.error_len() {
        Some(_) => Stop::Invalid,
        None => Stop::Unfinished,
    })
}

#[cfg(kani)]
mod proofs {
    use super::*;

    #[kani::proof]
    #[kani::unwind(8)]
    fn agrees_with_the_standard_library_wherever_a_string_is_cut() {
        let text: [u8; 4] = kani::any();
        let (cut, len): (usize, usize) = (kani::any(), kani::any());
        kani::assume(cut <= len && len <= text.len());
        let mut utf8 = Utf8::default();
        let pushed = utf8.push(&text[..cut]).and_then(|()| utf8.push(&text[cut..len]));
        assert_eq!(pushed.is_ok() && utf8.is_complete(), core::str::from_utf8(&text[..len]).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// All strings of four bytes drawn from the bytes where the rules of RFC 3629 §4 change, cut everywhere.
    #[test]
    fn agrees_with_the_standard_library_for_every_cut() {
        let bytes: [u8; 22] = [
            0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0,
            0xf1, 0xf4, 0xf5, 0xff,
        ];
        for index in 0..bytes.len().pow(4) {
            let text: Vec<u8> = (0..4).map(|place| bytes[index / bytes.len().pow(place) % bytes.len()]).collect();
            let expected = core::str::from_utf8(&text).is_ok();
            for cut in 0..=4 {
                let mut utf8 = Utf8::default();
                let actual =
                    utf8.push(&text[..cut]).and_then(|()| utf8.push(&text[cut..])).is_ok() && utf8.is_complete();
                assert_eq!(actual, expected, "{text:02x?} cut at {cut}");
            }
            let mut utf8 = Utf8::default();
            let fails_at = text.iter().position(|byte| utf8.push(&[*byte]).is_err());
            let expected = match core::str::from_utf8(&text) {
                Err(error) if error.error_len().is_some() => Some(error.valid_up_to() + error.error_len().unwrap_or(0)),
                _ => None,
            };
            // The standard library reports the length of the valid prefix; the byte after it is the impossible one,
            // or the first byte itself when it cannot begin a code point.
            match (fails_at, expected) {
                (Some(at), Some(end)) => assert!(at == end || at + 1 == end, "{text:02x?}: {at}, {end}"),
                (at, end) => assert_eq!(at.is_some(), end.is_some(), "{text:02x?}"),
            }
        }
    }

    #[test]
    fn long_texts_take_the_same_path_to_the_same_end() {
        let text = "añ水🍣".repeat(40);
        for cut in 0..text.len() {
            let mut utf8 = Utf8::default();
            utf8.push(&text.as_bytes()[..cut]).expect("a prefix of a text");
            assert_eq!(utf8.is_complete(), text.is_char_boundary(cut));
            utf8.push(&text.as_bytes()[cut..]).expect("the rest of it");
            assert!(utf8.is_complete());
        }
    }
}
