//! Unpredictable bytes for masking keys and handshake keys (RFC 6455 §5.3, §10.3), derived from the host's seed.

use chacha20::cipher::{Array, KeyIvInit, StreamCipherCore};
use chacha20::variants::Ietf;
use chacha20::{ChaChaCore, R12};

#[cfg(feature = "getrandom")]
use crate::error::Error;
use crate::mask::Key;

/// A stream of keys, the key stream of ChaCha12. Each byte of it is used once.
pub(crate) struct Keys {
    stream: ChaChaCore<R12, Ietf>,
    block: [u8; BLOCK],
    /// How many bytes of the block are used.
    used: usize,
}

const BLOCK: usize = 64;

impl Keys {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Keys { stream: ChaChaCore::new(&seed.into(), &[0; 12].into()), block: [0; BLOCK], used: BLOCK }
    }

    /// A fresh key for one frame.
    #[inline]
    pub(crate) fn mask(&mut self) -> Key {
        self.take()
    }

    /// The 16 bytes behind `Sec-WebSocket-Key` (§4.1).
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        self.take()
    }

    /// The next bytes of the stream. `LEN` divides the block.
    #[inline]
    fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        if self.used + LEN > BLOCK {
            let mut block = Array::from(self.block);
            self.stream.write_keystream_block(&mut block);
            self.block = block.into();
            self.used = 0;
        }
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(&self.block[self.used..self.used + LEN]);
        self.used += LEN;
        bytes
    }
}

/// 32 random bytes from the operating system, for a client's [`Connection::new`](crate::Connection::new). Use them for one
/// connection only.
///
/// ```
/// use core::time::Duration;
/// use sansock::{Config, Connection, random_seed};
///
/// let config = Config::client("ws://example.com/chat").build()?;
/// let connection = Connection::new(&config, random_seed()?, Duration::ZERO)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::Entropy`] if the operating system has none to give. Do not use other bytes instead.
#[cfg(feature = "getrandom")]
pub fn random_seed() -> Result<[u8; 32], Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| Error::Entropy)?;
    Ok(seed)
}
