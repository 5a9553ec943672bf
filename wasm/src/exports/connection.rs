//! Connections.
//!
//! Input calls (`receive`, `receive_eof`, `timeout`, and those of the handshake) replace the events; all others leave them. Payloads
//! in the input region lie in the transfer buffer: copy them out before anything else is written there.
//!
//! The host may report the output that it has written in the next call: it writes the number behind the block.

use std::mem::size_of;

use sansock::boundary::{Block, Connection as Engine, Error};
use wasm_bindgen::prelude::wasm_bindgen;

use super::{act, input, narrow};
use crate::connection::{Connection, find};
use crate::state::{State, call, milliseconds, produce, with};

/// Creates a connection of a configuration. The seed is the first 32 bytes of the transfer buffer: they must be random, and
/// different for each connection. A client's request is in the output at once. Free it with `conn_free`.
#[wasm_bindgen]
pub fn conn_new(config: u32, now: f64) -> u32 {
    produce(|State { transfer, configs, connections, .. }| {
        let config = configs.get_mut(config)?;
        let seed = transfer.bytes(32)?.try_into().map_err(|_| Error::InvalidArgument)?;
        connections.insert(Connection::new(Engine::new(config, seed, milliseconds(now)?)?))
    })
}

/// Frees a connection, a prepared message or a tunnel.
#[wasm_bindgen]
pub fn conn_free(handle: u32) {
    with(|state| {
        state.connections.remove(handle);
        state.prepared.remove(handle);
        #[cfg(feature = "tunnel")]
        state.tunnels.remove(handle);
    });
}

/// The address of the connection's block, the same until the connection is freed; 0 if there is no such connection.
#[wasm_bindgen]
pub fn conn_block(handle: u32) -> u32 {
    produce(|state| Ok(&raw const state.connections.get_mut(handle)?.block as u32))
}

/// Receives bytes from the transport: `len` of the transfer buffer from `offset` on, which is not 0 for what remains after a
/// call that did not consume everything. They are unmasked in place.
#[wasm_bindgen]
pub fn conn_receive(handle: u32, offset: u32, len: u32, now: f64) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = milliseconds(now).and_then(|now| connection.receive(&mut state.transfer, offset, len, now));
        connection.publish(result);
        result
    })
}

/// Reads only the header of a message whose payload the host keeps: see `Connection::receive_header` of the engine. The
/// message begins with the first `len` bytes of the transfer buffer, and its payload has at least `min_payload` bytes.
/// Returns 0 if there is none, otherwise the length of the payload times 16, plus that of the header.
#[wasm_bindgen]
pub fn conn_receive_header(handle: u32, len: u32, min_payload: u32, now: f64) -> f64 {
    with(|State { transfer, connections, .. }| {
        let connection = find(connections, handle).ok()?;
        let lengths =
            connection.engine.receive_header(transfer.bytes(len).ok()?, min_payload.into(), milliseconds(now).ok()?);
        connection.publish(Ok(()));
        lengths
    })
    .map_or(0.0, |(header, payload)| payload as f64 * 16.0 + header as f64)
}

/// The peer's stream has ended.
#[wasm_bindgen]
pub fn conn_receive_eof(handle: u32, now: f64) -> i32 {
    input(handle, |engine, _| {
        engine.receive_eof(milliseconds(now)?);
        Ok(())
    })
}

/// Acts on the deadlines that have passed: call it when the one in the block has.
#[wasm_bindgen]
pub fn conn_timeout(handle: u32, now: f64) -> i32 {
    input(handle, |engine, _| {
        engine.timeout(milliseconds(now)?);
        Ok(())
    })
}

/// Drops the events, which have been handled, and gives back the memory that they hold.
#[wasm_bindgen]
pub fn conn_release(handle: u32) -> i32 {
    act(handle, |engine, _| {
        engine.release();
        Ok(())
    })
}

/// Starts the closing handshake. `code`: 0 for none. The reason is the first `len` bytes of the transfer buffer, UTF-8.
#[wasm_bindgen]
pub fn conn_close(handle: u32, code: u32, len: u32, now: f64) -> i32 {
    act(handle, |engine, transfer| engine.close(narrow(code)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Fails the connection: it does not wait for the peer's Close. `code`: 0 for none.
#[wasm_bindgen]
pub fn conn_fail(handle: u32, code: u32, len: u32, now: f64) -> i32 {
    act(handle, |engine, transfer| engine.fail(narrow(code)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Turns compression off and on for the messages that follow, where it was agreed. It is on at first.
#[wasm_bindgen]
pub fn conn_set_compression(handle: u32, on: bool) -> i32 {
    act(handle, |engine, _| {
        engine.set_compression(on);
        Ok(())
    })
}

/// The host has stopped reading (`on`), or reads again: meanwhile the pong deadline stands still.
#[wasm_bindgen]
pub fn conn_pause(handle: u32, on: bool, now: f64) -> i32 {
    act(handle, |engine, _| {
        let now = milliseconds(now)?;
        if on {
            engine.pause(now);
        } else {
            engine.resume(now);
        }
        Ok(())
    })
}

/// Reports that the first `n` bytes of the output were written.
#[wasm_bindgen]
pub fn conn_written(handle: u32, n: u32) -> i32 {
    act(handle, |engine, _| engine.written(n as usize))
}

/// The memory that the connection holds, in bytes, its block included.
#[wasm_bindgen]
pub fn conn_memory_usage(handle: u32) -> u32 {
    produce(|state| Ok((state.connections.get_mut(handle)?.engine.memory_usage() + size_of::<Block>()) as u32))
}

/// Puts the fault that closed the connection, or prevented the tunnel, in words into the transfer buffer and returns its length in bytes: 0 if there
/// was none.
#[wasm_bindgen]
pub fn conn_fault_text(handle: u32) -> u32 {
    produce(|state| {
        let text = state.fault(handle)?.map(|fault| fault.to_text());
        state.transfer.put(&text.unwrap_or_default())
    })
}
