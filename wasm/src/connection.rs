//! Connections.
//!
//! The output that a host has taken it may report in the next call: it writes how much behind the block.
//!
//! Input calls (`receive`, `receive_eof`, `timeout`, `accept`, `reject`) replace the events; all others leave them.
//! Payloads in the input region lie in the transfer buffer: copy them out before anything else is written there.

use std::mem::{size_of, take};
use std::ptr::null;

use sansock::batch::status::{DEFER_WRITTEN, WRITABLE};
use sansock::batch::{Block, Record, kind, region};
use sansock::{Connection as Engine, Error};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::slots::Slots;
use crate::state::{State, call, milliseconds, number, produce, whole, with};
use crate::transfer::TransferBuffer;

/// A connection with its block. It lives in a box: the address of the block is the host's.
#[repr(C)]
pub(crate) struct Connection {
    block: Block,
    /// Written by the host, behind the block: how much of the output it has taken. The next call reports it first.
    written: u32,
    engine: Engine,
}

impl Connection {
    fn new(engine: Engine) -> Box<Self> {
        let block = Block {
            status: 0,
            event_count: 0,
            transport: 0,
            state: 0,
            flags: 0,
            fault: 0,
            consumed: 0,
            next_deadline: 0,
            payload_remaining: 0,
            events: null(),
            regions: [null(); region::COUNT],
            region_lens: [0; region::COUNT],
            output: null(),
            output_len: 0,
        };
        let mut connection = Box::new(Connection { block, written: 0, engine });
        connection.publish(0);
        connection
    }

    fn receive(&mut self, transfer: &mut TransferBuffer, offset: u32, len: u32, now: f64) -> Result<(), Error> {
        let now = milliseconds(now)?;
        let bytes = transfer.bytes_mut(offset, len)?;
        let consumed = self.engine.receive(bytes, now);
        self.set_input(bytes.as_ptr(), bytes.len(), consumed);
        Ok(())
    }

    /// Says where the input of the events lies, and how much of it was taken.
    fn set_input(&mut self, input: *const u8, len: usize, consumed: usize) {
        let region = usize::from(region::INPUT);
        self.block.regions[region] = input;
        self.block.region_lens[region] = len;
        self.block.consumed = consumed as u64;
    }

    /// Brings up to date what a message that is sent changes.
    #[inline(never)]
    fn publish_output(&mut self, status: i32) {
        let output = self.engine.output();
        self.block.status = status;
        self.block.output = output.as_ptr();
        self.block.output_len = output.len();
        if !self.engine.writable() {
            self.block.flags &= !(WRITABLE | DEFER_WRITTEN);
        }
    }

    /// Brings the block up to date.
    #[inline(never)]
    fn publish(&mut self, status: i32) {
        let region = usize::from(region::INPUT);
        let (input, len) = (self.block.regions[region], self.block.region_lens[region]);
        let consumed = self.block.consumed as usize;
        self.engine.block(&mut self.block, input, len, consumed, status);
    }
}

/// The connection of a handle, once the output that its host has taken is reported.
#[inline(never)]
fn find(connections: &mut Slots<Box<Connection>>, handle: u32) -> Result<&mut Connection, Error> {
    let connection = connections.get_mut(handle)?;
    match take(&mut connection.written) {
        0 => {}
        written => connection.engine.written(written as usize)?,
    }
    Ok(connection)
}

/// Runs a call that sends a message, or the header of one: nothing changes but the output.
fn send(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        connection.publish_output(number(result));
        result
    })
}

/// Runs a call that leaves the events in place.
fn act(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        connection.publish(number(result));
        result
    })
}

/// Runs a call that replaces the events by some that have no input.
fn input(handle: u32, body: impl FnOnce(&mut Engine, &TransferBuffer) -> Result<(), Error>) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = body(&mut connection.engine, &state.transfer);
        if result.is_ok() {
            connection.set_input(null(), 0, 0);
        }
        connection.publish(number(result));
        result
    })
}

fn narrow(code: u32) -> Result<u16, Error> {
    u16::try_from(code).map_err(|_| Error::InvalidArgument)
}

fn kind_of(number: u32) -> Result<u8, Error> {
    u8::try_from(number).map_err(|_| Error::InvalidArgument)
}

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

/// Frees a connection.
#[wasm_bindgen]
pub fn conn_free(handle: u32) {
    with(|state| state.connections.remove(handle));
}

/// The address of the connection's block, the same until the connection is freed; 0 if there is no such connection.
#[wasm_bindgen]
pub fn conn_block(handle: u32) -> u32 {
    produce(|state| Ok(&raw const state.connections.get_mut(handle)?.block as u32))
}

/// Takes in bytes from the transport: `len` of the transfer buffer from `offset` on, which is not 0 for the rest after a call that
/// did not take all. They are unmasked in place.
#[wasm_bindgen]
pub fn conn_receive(handle: u32, offset: u32, len: u32, now: f64) -> i32 {
    call(|state| {
        let connection = find(&mut state.connections, handle)?;
        let result = connection.receive(&mut state.transfer, offset, len, now);
        connection.publish(number(result));
        result
    })
}

/// Reads only the header of a message whose payload the host keeps: see `Connection::receive_header` of the engine. Its
/// first `len` bytes are those of the transfer buffer, and its payload has at least `min_payload`. 0 if there is none; else the
/// length of the payload times 16, plus that of the header.
#[wasm_bindgen]
pub fn conn_receive_header(handle: u32, len: u32, min_payload: u32, now: f64) -> f64 {
    with(|State { transfer, connections, .. }| {
        let connection = find(connections, handle).ok()?;
        let lengths =
            connection.engine.receive_header(transfer.bytes(len).ok()?, min_payload.into(), milliseconds(now).ok()?);
        connection.publish(0);
        lengths
    })
    .map_or(0.0, |(header, payload)| payload as f64 * 16.0 + header as f64)
}

/// Takes in the end of the transport's stream.
#[wasm_bindgen]
pub fn conn_receive_eof(handle: u32, now: f64) -> i32 {
    input(handle, |engine, _| {
        engine.receive_eof(milliseconds(now)?);
        Ok(())
    })
}

/// Does what is due: call it when the deadline in the block has come.
#[wasm_bindgen]
pub fn conn_timeout(handle: u32, now: f64) -> i32 {
    input(handle, |engine, _| {
        engine.timeout(milliseconds(now)?);
        Ok(())
    })
}

/// Adds a header to the answer that `conn_accept` or `conn_reject` will give: its name, then its value, in the transfer buffer.
#[wasm_bindgen]
pub fn conn_add_response_header(handle: u32, name_len: u32, value_len: u32) -> i32 {
    act(handle, |engine, transfer| {
        let (name, value) = transfer.pair(name_len, value_len)?;
        engine.add_response_header(name, value)
    })
}

/// Accepts the request with the subprotocol in the first `len` bytes of the transfer buffer; with 0, the engine's choice.
#[wasm_bindgen]
pub fn conn_accept(handle: u32, len: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| {
        let subprotocol = (len > 0).then(|| transfer.bytes(len)).transpose()?;
        engine.accept(subprotocol, milliseconds(now)?)
    })
}

/// Rejects the request with an HTTP status, and the first `len` bytes of the transfer buffer as the body.
#[wasm_bindgen]
pub fn conn_reject(handle: u32, status: u32, len: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| engine.reject(narrow(status)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Sends a message of kind TEXT, which must be UTF-8, or BINARY, or a PING or PONG of 125 bytes at most: the first `len`
/// bytes of the transfer buffer. `now`: for PING.
#[wasm_bindgen]
pub fn conn_send(handle: u32, message_kind: u32, len: u32, now: f64) -> i32 {
    send(handle, |engine, transfer| {
        let payload = transfer.bytes(len)?;
        match kind_of(message_kind)? {
            kind::TEXT => engine.send_text_bytes(payload),
            kind::BINARY => engine.send_binary(payload),
            kind::PING => engine.ping(payload, milliseconds(now)?),
            kind::PONG => engine.pong(payload),
            _ => Err(Error::InvalidArgument),
        }
    })
}

/// Sends a part of a message of kind TEXT or BINARY. A part of text may end inside a code point. `last`: not 0 ends it.
#[wasm_bindgen]
pub fn conn_send_part(handle: u32, message_kind: u32, len: u32, last: u32) -> i32 {
    act(handle, |engine, transfer| engine.send_part(kind_of(message_kind)?, transfer.bytes(len)?, last != 0))
}

/// Sends many: `count` records of kind TEXT, BINARY, PING or PONG at the beginning of the transfer buffer, and behind them
/// `data_len` bytes in which their payloads lie. Stops at the first error; `last_count` says how many were queued.
#[wasm_bindgen]
pub fn conn_send_batch(handle: u32, count: u32, data_len: u32) -> i32 {
    call(|State { transfer, connections, count: queued, .. }| {
        *queued = 0;
        let records_len = count.checked_mul(size_of::<Record>() as u32).ok_or(Error::InvalidArgument)?;
        let (bytes, data) = transfer.pair(records_len, data_len)?;
        let mut records = Vec::new();
        records.try_reserve_exact(count as usize).map_err(|_| Error::NoMemory)?;
        records.extend(bytes.chunks_exact(size_of::<Record>()).map(record));
        let connection = find(connections, handle)?;
        let (sent, result) = connection.engine.send_batch(&records, data);
        *queued = sent as u32;
        connection.publish(number(result));
        result
    })
}

/// Reads a record that the host wrote.
fn record(bytes: &[u8]) -> Record {
    let word = |at: usize| bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    Record {
        kind: bytes[0],
        flags: bytes[1],
        code: u16::from_le_bytes([bytes[2], bytes[3]]),
        aux: u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
        offset: word(8),
        len: word(16),
        extra: word(24),
    }
}

/// Sends the header of a frame whose payload of `len` bytes the host writes itself, after the output. Servers only.
#[wasm_bindgen]
pub fn conn_send_header(handle: u32, message_kind: u32, len: f64, last: u32) -> i32 {
    send(handle, |engine, _| engine.send_header(kind_of(message_kind)?, whole(len)?, last != 0))
}

/// Begins the closing handshake. `code`: 0 for none. The reason is the first `len` bytes of the transfer buffer, UTF-8.
#[wasm_bindgen]
pub fn conn_close(handle: u32, code: u32, len: u32, now: f64) -> i32 {
    act(handle, |engine, transfer| engine.close(narrow(code)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Ends the connection without waiting for the peer's Close. `code`: 0 for none.
#[wasm_bindgen]
pub fn conn_fail(handle: u32, code: u32, len: u32, now: f64) -> i32 {
    act(handle, |engine, transfer| engine.fail(narrow(code)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Says whether messages from here on are compressed, where that was agreed and they are long enough. They are at first.
#[wasm_bindgen]
pub fn conn_set_compression(handle: u32, on: bool) -> i32 {
    act(handle, |engine, _| {
        engine.set_compression(on);
        Ok(())
    })
}

/// Says that the host has stopped reading, or that it reads again: in between the peer's silence does not count against it.
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

/// Says that the first `n` bytes of the output are written.
#[wasm_bindgen]
pub fn conn_written(handle: u32, n: u32) -> i32 {
    act(handle, |engine, _| engine.written(n as usize))
}

/// The memory that the connection holds, in bytes, its block included.
#[wasm_bindgen]
pub fn conn_memory_usage(handle: u32) -> u32 {
    produce(|state| Ok((state.connections.get_mut(handle)?.engine.memory_usage() + size_of::<Block>()) as u32))
}

/// Puts the fault that ended the connection, in words, into the transfer buffer and returns its length in bytes: 0 if none did.
#[wasm_bindgen]
pub fn conn_fault_text(handle: u32) -> u32 {
    produce(|state| {
        let text = state.connections.get_mut(handle)?.engine.fault().map(|fault| fault.to_text());
        state.transfer.put(&text.unwrap_or_default())
    })
}
