//! XOR masking of payloads (RFC 6455 §5.3).

use alloc::vec::Vec;

/// Four bytes that repeat over a payload.
pub(crate) type Key = [u8; 4];

/// Masks or unmasks `data` in place, its first byte with the first byte of `key`.
///
/// Returns the key as it applies to the byte after `data`, so that a payload that arrives in pieces continues where it
/// stopped.
#[inline]
pub(crate) fn apply(key: Key, data: &mut [u8]) -> Key {
    // Frames from a server are not masked.
    if key != [0; 4] {
        xor::<false>(key, data);
    }
    after(key, data.len())
}

/// The same for text. Also returns whether the result is ASCII.
#[inline]
pub(crate) fn apply_to_text(key: Key, data: &mut [u8]) -> (Key, bool) {
    let any = xor::<true>(key, data);
    (after(key, data.len()), any & HIGH_BITS == 0)
}

/// Appends `data`, masked or unmasked, to `output`, copied and XORed in one pass.
#[inline]
pub(crate) fn append(key: Key, data: &[u8], output: &mut Vec<u8>) {
    append_xor::<false>(key, data, output);
}

/// The same for text. Returns the key as it applies to the byte after `data`, and whether the result is ASCII.
#[inline]
pub(crate) fn append_text(key: Key, data: &[u8], output: &mut Vec<u8>) -> (Key, bool) {
    let any = append_xor::<true>(key, data, output);
    (after(key, data.len()), any & HIGH_BITS == 0)
}

#[inline]
fn append_xor<const COLLECT: bool>(key: Key, data: &[u8], output: &mut Vec<u8>) -> u64 {
    let (any, tail) = if data.len() < APPEND_FROM {
        (0, data)
    } else {
        let (words, tail) = data.as_chunks();
        (append_words::<COLLECT>(repeated(key), words, output), tail)
    };
    if tail.is_empty() {
        return any;
    }
    let start = output.len();
    output.extend_from_slice(tail);
    any | xor::<COLLECT>(key, &mut output[start..])
}

/// Shorter data is copied first and then XORed, and so is all data in WebAssembly, where the size of the code counts for
/// more.
const APPEND_FROM: usize = if cfg!(target_family = "wasm") { usize::MAX } else { 128 };

#[inline]
fn after(key: Key, len: usize) -> Key {
    let mut next = key;
    next.rotate_left(len & 3);
    next
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Returns the bytes of the result ORed together, in no particular order, if `COLLECT` asks for that. In WebAssembly it is
/// not inlined, because the size of the code counts for more than a call.
#[cfg_attr(not(target_family = "wasm"), inline)]
#[cfg_attr(target_family = "wasm", inline(never))]
fn xor<const COLLECT: bool>(key: Key, data: &mut [u8]) -> u64 {
    match data.len() / 8 {
        0..LOOP_FROM => xor_with::<COLLECT>(key, data, xor_words::<COLLECT>),
        LOOP_FROM..ALIGN_FROM => xor_with::<COLLECT>(key, data, xor_many::<COLLECT>),
        _ => xor_aligned::<COLLECT>(key, data),
    }
}

/// From this number of words on, the vectorised loop is faster in spite of its setup.
const LOOP_FROM: usize = 8;
/// From this number of words on it is faster to begin at a boundary, so that nothing which is loaded or stored at once crosses
/// the lines of the cache. In WebAssembly it is not.
const ALIGN_FROM: usize = if cfg!(target_family = "wasm") { usize::MAX } else { 512 };
const ALIGNMENT: usize = 32;

#[inline(never)]
fn xor_aligned<const COLLECT: bool>(key: Key, data: &mut [u8]) -> u64 {
    let before = data.as_ptr().align_offset(ALIGNMENT).min(data.len());
    let (start, rest) = data.split_at_mut(before);
    let any = xor_with::<COLLECT>(key, start, xor_words::<COLLECT>);
    any | xor_with::<COLLECT>(after(key, before), rest, xor_many::<COLLECT>)
}

/// Leaves whole words to `xor_words`.
#[inline(always)]
fn xor_with<const COLLECT: bool>(key: Key, data: &mut [u8], xor_words: impl Fn(u64, &mut [[u8; 8]]) -> u64) -> u64 {
    let half = u32::from_ne_bytes(key);
    let (words, tail) = data.as_chunks_mut::<8>();
    let mut any = xor_words(repeated(key), words);
    let (halves, tail) = tail.as_chunks_mut::<4>();
    if let [bytes] = halves {
        let plain = u32::from_ne_bytes(*bytes) ^ half;
        any |= u64::from(plain);
        *bytes = plain.to_ne_bytes();
    }
    for (byte, mask) in tail.iter_mut().zip(key) {
        *byte ^= mask;
        any |= u64::from(*byte);
    }
    any
}

#[inline]
fn repeated(key: Key) -> u64 {
    let half = u64::from(u32::from_ne_bytes(key));
    half << 32 | half
}

#[inline(never)]
fn xor_many<const COLLECT: bool>(word: u64, words: &mut [[u8; 8]]) -> u64 {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if let Some(any) = avx2::xor::<COLLECT>(word, words) {
        return any;
    }
    #[cfg(target_family = "wasm")]
    let words = if COLLECT { words } else { xor_fours(word, words) };
    xor_words::<COLLECT>(word, words)
}

/// Four words at a time, which compilers for other targets do on their own. Returns the remaining words.
#[cfg(target_family = "wasm")]
fn xor_fours(word: u64, words: &mut [[u8; 8]]) -> &mut [[u8; 8]] {
    let (fours, rest) = words.as_chunks_mut::<4>();
    for [first, second, third, fourth] in fours {
        *first = (u64::from_ne_bytes(*first) ^ word).to_ne_bytes();
        *second = (u64::from_ne_bytes(*second) ^ word).to_ne_bytes();
        *third = (u64::from_ne_bytes(*third) ^ word).to_ne_bytes();
        *fourth = (u64::from_ne_bytes(*fourth) ^ word).to_ne_bytes();
    }
    rest
}

/// The loop of [`append_words`]. It is a macro because a function or closure would be compiled without AVX2.
macro_rules! appending {
    ($word:ident, $words:ident, $output:ident) => {{
        let mut any = 0;
        $output.extend($words.iter().flat_map(|bytes| {
            let plain = u64::from_ne_bytes(*bytes) ^ $word;
            if COLLECT {
                any |= plain;
            }
            plain.to_ne_bytes()
        }));
        any
    }};
}

#[inline(never)]
fn append_words<const COLLECT: bool>(word: u64, words: &[[u8; 8]], output: &mut Vec<u8>) -> u64 {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if let Some(any) = avx2::append::<COLLECT>(word, words, output) {
        return any;
    }
    appending!(word, words, output)
}

/// The same loops in registers twice as wide, which halves the time where memory is not the limit. The compiler cannot see
/// that calling them is sound, because that depends on the processor.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[allow(unsafe_code)]
mod avx2 {
    use alloc::vec::Vec;

    /// `None` if the processor has no AVX2.
    pub(super) fn xor<const COLLECT: bool>(word: u64, words: &mut [[u8; 8]]) -> Option<u64> {
        // SAFETY: the processor has AVX2, as was checked just before.
        std::arch::is_x86_feature_detected!("avx2").then(|| unsafe { wide::<COLLECT>(word, words) })
    }

    /// `None` if the processor has no AVX2.
    pub(super) fn append<const COLLECT: bool>(word: u64, words: &[[u8; 8]], output: &mut Vec<u8>) -> Option<u64> {
        // SAFETY: as above.
        std::arch::is_x86_feature_detected!("avx2").then(|| unsafe { wide_append::<COLLECT>(word, words, output) })
    }

    #[target_feature(enable = "avx2")]
    fn wide_append<const COLLECT: bool>(word: u64, words: &[[u8; 8]], output: &mut Vec<u8>) -> u64 {
        appending!(word, words, output)
    }

    #[target_feature(enable = "avx2")]
    fn wide<const COLLECT: bool>(word: u64, words: &mut [[u8; 8]]) -> u64 {
        super::xor_words::<COLLECT>(word, words)
    }
}

#[inline(always)]
fn xor_words<const COLLECT: bool>(word: u64, words: &mut [[u8; 8]]) -> u64 {
    let mut any = 0;
    for bytes in words {
        let plain = u64::from_ne_bytes(*bytes) ^ word;
        if COLLECT {
            any |= plain;
        }
        *bytes = plain.to_ne_bytes();
    }
    any
}

#[cfg(kani)]
mod proofs {
    use super::*;

    /// RFC 6455 §5.3, for every key and payload, cut anywhere.
    #[kani::proof]
    #[kani::unwind(20)]
    fn a_payload_is_unmasked_octet_by_octet() {
        let key: Key = kani::any();
        let masked: [u8; 16] = kani::any();
        let (cut, len): (usize, usize) = (kani::any(), kani::any());
        kani::assume(cut <= len && len <= masked.len());
        let mut data = masked;
        let next = apply(key, &mut data[..cut]);
        apply(next, &mut data[cut..len]);
        for at in 0..data.len() {
            let mask = if at < len { key[at % 4] } else { 0 };
            assert_eq!(data[at], masked[at] ^ mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];

    /// Masked data that is ASCII once unmasked, but for one byte in a hundred.
    fn masked(len: usize) -> Vec<u8> {
        let plain = |i: usize| if i % 100 == 99 { 0x80 } else { (i * 7 % 128) as u8 };
        (0..len).map(|i| plain(i) ^ KEY[i % 4]).collect()
    }

    /// RFC 6455 §5.3: octet i of the result is octet i of the data XOR octet (i mod 4) of the key.
    fn defined(masked: &[u8]) -> Vec<u8> {
        masked.iter().enumerate().map(|(i, octet)| octet ^ KEY[i % 4]).collect()
    }

    #[test]
    fn equals_the_definition_for_every_length_alignment_and_cut() {
        let source = masked(320);
        for start in 0..64 {
            for len in 0..=256 {
                let plain = &source[start..start + len];
                let expected = defined(plain);
                let mut data = source.clone();
                let (_, is_ascii) = apply_to_text(KEY, &mut data[start..start + len]);
                assert_eq!(data[start..start + len], expected[..], "start {start}, length {len}");
                assert_eq!(is_ascii, expected.is_ascii(), "start {start}, length {len}");
                assert_eq!(data[..start], source[..start]);
                assert_eq!(data[start + len..], source[start + len..]);
                let mut data = source.clone();
                apply(KEY, &mut data[start..start + len]);
                assert_eq!(data[start..start + len], expected[..], "start {start}, length {len}");
                let mut data = source[..start].to_vec();
                let (_, is_ascii) = append_text(KEY, plain, &mut data);
                assert_eq!(data[..start], source[..start]);
                assert_eq!(data[start..], expected[..], "start {start}, length {len}");
                assert_eq!(is_ascii, expected.is_ascii(), "start {start}, length {len}");
                if len < 70 {
                    for cut in 0..=len {
                        let mut data = plain.to_vec();
                        let next = apply(KEY, &mut data[..cut]);
                        apply(next, &mut data[cut..]);
                        assert_eq!(data, expected, "cut {cut} of {len}");
                        let mut data = Vec::new();
                        let (next, _) = append_text(KEY, &plain[..cut], &mut data);
                        append(next, &plain[cut..], &mut data);
                        assert_eq!(data, expected, "cut {cut} of {len}");
                    }
                }
            }
        }
    }

    /// What is unmasked up to a boundary first.
    #[test]
    fn equals_the_definition_for_long_data_of_every_alignment() {
        let source = masked(4096 + 80);
        for start in 0..=ALIGNMENT {
            for len in (4096 - 3..4096 + 40).step_by(3) {
                let expected = defined(&source[start..start + len]);
                let mut data = source.clone();
                let (next, is_ascii) = apply_to_text(KEY, &mut data[start..start + len]);
                assert_eq!(data[start..start + len], expected[..], "start {start}, length {len}");
                assert_eq!(data[..start], source[..start]);
                assert_eq!(data[start + len..], source[start + len..]);
                assert!(!is_ascii);
                assert_eq!(next, after(KEY, len));
                let mut data = source.clone();
                data[start..start + len]
                    .iter_mut()
                    .zip(KEY.iter().cycle())
                    .for_each(|(octet, key)| *octet = b'a' ^ key);
                assert!(apply_to_text(KEY, &mut data[start..start + len]).1);
                assert!(data[start..start + len].iter().all(|octet| *octet == b'a'));
            }
        }
    }
}
