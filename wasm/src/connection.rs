//! A connection with its block.

use std::mem::take;
use std::ptr::null;

use sansock::boundary::block::{DEFER_WRITTEN, WRITABLE};
use sansock::boundary::{Block, Connection as Engine, Error, region, status_of};

use crate::slots::Slots;
use crate::transfer::TransferBuffer;

/// A connection with its block. It lives in a box, because the host keeps the address of the block.
#[repr(C)]
pub(crate) struct Connection {
    pub(crate) block: Block,
    /// Written by the host, behind the block: how much of the output it has written. The next call reports it first.
    written: u32,
    pub(crate) engine: Engine,
}

impl Connection {
    pub(crate) fn new(engine: Engine) -> Box<Self> {
        let mut connection = Box::new(Connection { block: Block::EMPTY, written: 0, engine });
        connection.publish(Ok(()));
        connection
    }

    pub(crate) fn receive(
        &mut self,
        transfer: &mut TransferBuffer,
        offset: u32,
        len: u32,
        now: u64,
    ) -> Result<(), Error> {
        let bytes = transfer.bytes_mut(offset, len)?;
        let consumed = self.engine.receive(bytes, now);
        self.set_input(bytes.as_ptr(), bytes.len(), consumed);
        Ok(())
    }

    /// The events of the last input call had no input.
    pub(crate) fn clear_input(&mut self) {
        self.set_input(null(), 0, 0);
    }

    /// Records where the input of the events lies, and how much of it was consumed.
    fn set_input(&mut self, input: *const u8, len: usize, consumed: usize) {
        let region = usize::from(region::INPUT);
        self.block.regions[region] = input;
        self.block.region_lens[region] = len;
        self.block.consumed = consumed as u64;
    }

    /// Brings up to date what sending a message changes.
    #[inline(never)]
    pub(crate) fn publish_output(&mut self, result: Result<(), Error>) {
        let output = self.engine.output();
        self.block.status = status_of(result);
        self.block.output = output.as_ptr();
        self.block.output_len = output.len();
        if !self.engine.writable() {
            self.block.flags &= !(WRITABLE | DEFER_WRITTEN);
        }
    }

    /// Brings the block up to date.
    #[inline(never)]
    pub(crate) fn publish(&mut self, result: Result<(), Error>) {
        let region = usize::from(region::INPUT);
        let (input, len) = (self.block.regions[region], self.block.region_lens[region]);
        let consumed = self.block.consumed as usize;
        self.engine.block(&mut self.block, input, len, consumed, status_of(result));
    }
}

/// The connection of a handle, once the output that its host has written is reported.
#[inline(never)]
pub(crate) fn find(connections: &mut Slots<Box<Connection>>, handle: u32) -> Result<&mut Connection, Error> {
    let connection = connections.get_mut(handle)?;
    match take(&mut connection.written) {
        0 => {}
        written => connection.engine.written(written as usize)?,
    }
    Ok(connection)
}
