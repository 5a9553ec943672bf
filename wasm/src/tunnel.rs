//! A tunnel with its block.

use sansock::Fault;
use sansock::boundary::{Block, Error, Tunnel as Engine, TunnelConfig, status_of};

/// A tunnel with its block. It lives in a box, because the host keeps the address of the block.
#[repr(C)]
pub(crate) struct Tunnel {
    pub(crate) block: Block,
    engine: Engine,
}

impl Tunnel {
    pub(crate) fn new(config: &TunnelConfig, now: u64) -> Result<Box<Self>, Error> {
        let mut tunnel = Box::new(Tunnel { block: Block::EMPTY, engine: Engine::new(config, now)? });
        tunnel.engine.block(&mut tunnel.block, 0, 0);
        Ok(tunnel)
    }

    /// Runs a call, which returns how many bytes it consumed, and brings the block up to date.
    pub(crate) fn act(&mut self, body: impl FnOnce(&mut Engine) -> Result<usize, Error>) -> Result<(), Error> {
        let result = body(&mut self.engine);
        self.engine.block(&mut self.block, result.unwrap_or(0), status_of(result.map(|_| ())));
        result.map(|_| ())
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.engine.fault()
    }
}
