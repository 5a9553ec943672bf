//! A tunnel whose calls take and return flat data.

use super::connection::{deadline, time};
use super::{Block, Error, NEVER, block, string};
use crate::error::Fault;
use crate::tunnel::{self, Proxy};

/// The choices for a tunnel, set by number. Tunnels keep what they were created with.
#[derive(Clone, Debug)]
pub struct TunnelConfig(tunnel::TunnelConfig);

impl TunnelConfig {
    /// See [`Proxy::parse`] and [`tunnel::TunnelConfig::new`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn new(proxy: &[u8], host: &[u8], port: u16) -> Result<Self, Error> {
        let proxy = Proxy::parse(string(proxy)?)?;
        Ok(TunnelConfig(tunnel::TunnelConfig::new(&proxy, string(host)?, port)?))
    }

    /// Sets the [`option`](super::option) with this number.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless it is `HANDSHAKE_TIMEOUT`, `MAX_HEAD_SIZE`, `MAX_LINE_SIZE` or `MAX_HEADERS`, and the
    /// value is within its range.
    pub fn set(&mut self, option: u32, value: u64) -> Result<(), Error> {
        Ok(self.0.set(option, value)?)
    }

    /// See [`tunnel::TunnelConfig::add_header`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        Ok(self.0.add_header(string(name)?, value)?)
    }
}

/// A tunnel whose calls take and return flat data.
pub struct Tunnel(tunnel::Tunnel);

impl Tunnel {
    /// See [`tunnel::Tunnel::new`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn new(config: &TunnelConfig, now: u64) -> Result<Self, Error> {
        Ok(Tunnel(tunnel::Tunnel::new(&config.0, time(now))?))
    }

    /// See [`tunnel::Tunnel::receive`]. Returns how many bytes were consumed.
    pub fn receive(&mut self, input: &[u8], now: u64) -> usize {
        self.0.receive_bytes(input, now)
    }

    /// See [`tunnel::Tunnel::receive_eof`].
    pub fn receive_eof(&mut self, now: u64) {
        let _ = self.0.receive_eof(time(now));
    }

    /// See [`tunnel::Tunnel::timeout`].
    pub fn timeout(&mut self, now: u64) {
        let _ = self.0.timeout(deadline(now));
    }

    /// See [`tunnel::Tunnel::written`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn written(&mut self, count: usize) -> Result<(), Error> {
        Ok(self.0.written(count)?)
    }

    /// See [`tunnel::Tunnel::fault`].
    pub fn fault(&self) -> Option<Fault> {
        self.0.fault()
    }

    /// Fills the block, as [`Connection::block`](super::Connection::block) does. No payload lies in the input.
    pub fn block(&self, block: &mut Block, consumed: usize, status: i32) {
        self.0.mark_read();
        let (batch, output) = (self.0.batch(), self.0.output());
        let fault = self.0.fault();
        let [fault_actual, fault_limit, fault_position] = fault.map_or([0, 0, NEVER], |fault| fault.numbers());
        *block = Block {
            status,
            event_count: batch.records.len() as u32,
            transport: self.0.transport() as u8,
            state: self.0.state() as u8,
            flags: block::WRITABLE,
            fault: fault.map_or(0, |fault| fault.kind.number()),
            fault_actual,
            fault_limit,
            fault_position,
            consumed: consumed as u64,
            next_deadline: self.0.deadline(),
            events: batch.records.as_ptr(),
            regions: [batch.store.as_ptr(), batch.store.as_ptr(), batch.scratch.as_ptr()],
            region_lens: [0, 0, batch.scratch.len()],
            output: output.as_ptr(),
            output_len: output.len(),
            ..Block::EMPTY
        };
    }
}
