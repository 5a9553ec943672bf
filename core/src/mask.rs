//! XOR masking of payloads (RFC 6455 §5.3).

/// Four bytes that repeat over a payload.
pub(crate) type Key = [u8; 4];

/// Masks or unmasks `data` in place, its first byte with the first byte of `key`.
///
/// Returns the key for the byte after `data`, so that a payload that arrives in pieces goes on where it stopped.
pub(crate) fn apply(key: Key, data: &mut [u8]) -> Key {
    let word = u64::from(u32::from_ne_bytes(key));
    let word = word << 32 | word;
    if word != 0 {
        let (blocks, rest) = data.as_chunks_mut::<64>();
        for block in blocks {
            xor_words(word, block.as_chunks_mut::<8>().0);
        }
        let (words, tail) = rest.as_chunks_mut::<8>();
        xor_words(word, words);
        for (byte, mask) in tail.iter_mut().zip(key.iter().cycle()) {
            *byte ^= mask;
        }
    }
    let mut next = key;
    next.rotate_left(data.len() & 3);
    next
}

fn xor_words(word: u64, words: &mut [[u8; 8]]) {
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// RFC 6455 §5.3: octet i of the result is octet i of the data XOR octet (i mod 4) of the key.
    #[test]
    fn equals_the_definition_for_every_length_alignment_and_cut() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let source: Vec<u8> = (0..320).map(|i| (i * 7 + 3) as u8).collect();
        for start in 0..64 {
            for len in 0..=256 {
                let plain = &source[start..start + len];
                let expected: Vec<u8> = plain.iter().enumerate().map(|(i, b)| b ^ key[i % 4]).collect();
                let mut data = source.clone();
                apply(key, &mut data[start..start + len]);
                assert_eq!(data[start..start + len], expected[..], "start {start}, length {len}");
                assert_eq!(data[..start], source[..start]);
                assert_eq!(data[start + len..], source[start + len..]);
                if len < 70 {
                    for cut in 0..=len {
                        let mut data = plain.to_vec();
                        let next = apply(key, &mut data[..cut]);
                        apply(next, &mut data[cut..]);
                        assert_eq!(data, expected, "cut {cut} of {len}");
                    }
                }
            }
        }
    }
}
