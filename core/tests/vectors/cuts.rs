//! How a read is cut into pieces.

/// A way of cutting, with its state.
pub(crate) enum Cuts {
    /// As it stands.
    Whole,
    /// Into single bytes.
    Bytes,
    /// Anywhere: many short pieces, some long ones.
    Random(u64),
}

impl Cuts {
    /// The length of the next piece of `left` bytes: at least one, if there is one.
    pub(crate) fn next(&mut self, left: usize) -> usize {
        match self {
            Cuts::Whole => left,
            Cuts::Bytes => left.min(1),
            Cuts::Random(state) => {
                // xorshift64: any seed but 0.
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                let longest = 1 << (*state >> 8 & 0xf);
                left.min(1 + (*state >> 16) as usize % longest)
            }
        }
    }
}
