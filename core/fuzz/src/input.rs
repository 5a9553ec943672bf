//! Choices read from the bytes of a fuzzer.

/// Reads from the front. Behind the end there are zeros, so that every input means something.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Input(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    pub fn long(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// So many bytes, or as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The bytes up to a mark, which is skipped.
    pub fn until(&mut self, mark: u8) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == mark);
        let taken = self.take(end.unwrap_or(self.0.len()));
        self.byte();
        taken
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// After so many pieces the rest is one: short ones have shown what they show.
const MANY: usize = 1 << 13;

/// How a stream is cut into reads.
#[derive(Clone)]
pub struct Cuts {
    way: Way,
    pieces: usize,
}

#[derive(Clone)]
enum Way {
    Whole,
    Bytes,
    /// Anywhere: many short pieces, some long ones.
    Random(u64),
}

impl Cuts {
    pub const WHOLE: Cuts = Cuts { way: Way::Whole, pieces: 0 };
    pub const BYTES: Cuts = Cuts { way: Way::Bytes, pieces: 0 };

    pub fn of(byte: u8) -> Self {
        match byte {
            0 => Cuts::WHOLE,
            1 => Cuts::BYTES,
            seed => Cuts { way: Way::Random(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15)), pieces: 0 },
        }
    }

    /// The length of the next piece of `left` bytes: at least one, if there is one.
    pub fn next(&mut self, left: usize) -> usize {
        self.pieces += 1;
        match &mut self.way {
            _ if self.pieces > MANY => left,
            Way::Whole => left,
            Way::Bytes => left.min(1),
            Way::Random(state) => {
                // xorshift64: any seed but 0.
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                let longest = 1 << (*state >> 8 & 0xb);
                left.min(1 + (*state >> 16) as usize % longest)
            }
        }
    }
}
