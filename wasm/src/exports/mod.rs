//! What the module exports. Each call finds its handle, calls the engine once, and brings the block up to date.

pub mod config;
pub mod connection;
pub mod handshake;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod sending;
pub mod texts;
#[cfg(feature = "tunnel")]
pub mod tunnel;

use sansock::boundary::{Connection as Engine, Error};

use crate::connection::find;
use crate::state::call;
use crate::transfer::TransferBuffer;

/// Runs a call that sends a message, or the header of one: nothing changes but the output.
fn send(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        connection.publish_output(result);
        result
    })
}

/// Runs a call that leaves the events in place.
fn act(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        connection.publish(result);
        result
    })
}

/// Runs a call that replaces the events by events without an input.
fn input(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        if result.is_ok() {
            connection.clear_input();
        }
        connection.publish(result);
        result
    })
}

fn narrow(code: u32) -> Result<u16, Error> {
    u16::try_from(code).map_err(|_| Error::InvalidArgument)
}
