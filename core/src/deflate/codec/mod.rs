//! Compressing and inflating, in bounded steps.

mod compress;
mod history;
mod inflate;
mod pool;

pub(crate) use compress::{Compressor, Forms};
pub(crate) use inflate::{Inflater, Target};
pub(crate) use pool::Pool;

use super::Direction;

/// What every message ends with on the stream, and lacks on the wire (RFC 7692 §7.2.1).
const TAIL: &[u8] = &[0x00, 0x00, 0xff, 0xff];
/// What a peer may refer back to at most.
const MAX_WINDOW: usize = 1 << MAX_WINDOW_BITS;
const MAX_WINDOW_BITS: u8 = 15;
/// The smallest step of output, in bytes.
const MIN_STEP: usize = 2048;

impl Direction {
    /// The window, in bytes.
    fn window(self) -> usize {
        1 << self.window_bits
    }
}
