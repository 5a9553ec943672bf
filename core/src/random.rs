//! Unpredictable bytes for masking keys and handshake keys (RFC 6455 §5.3, §10.3), all from the host's seed.

use chacha20::ChaCha12;
use chacha20::cipher::{KeyIvInit, StreamCipher};

use crate::mask::Key;

/// A stream of keys, the key stream of ChaCha12. Each byte of it is used once.
pub(crate) struct Keys(ChaCha12);

impl Keys {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Keys(ChaCha12::new(&seed.into(), &[0; 12].into()))
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

    #[inline]
    fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        self.0.apply_keystream(&mut bytes);
        bytes
    }
}

/// 32 bytes from the operating system, for [`Connection::new`](crate::Connection::new).
///
/// Use each seed for one connection only.
///
/// # Errors
///
/// [`Error::Entropy`](crate::Error::Entropy) if the operating system has none to give; do not go on with another seed.
#[cfg(feature = "getrandom")]
pub fn random_seed() -> Result<[u8; 32], crate::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| crate::Error::Entropy)?;
    Ok(seed)
}
