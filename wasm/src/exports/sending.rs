//! Sending. None of these calls disturbs the events.

use std::mem::size_of;

use sansock::boundary::{Error, Record, encode_frame, prepare};
use wasm_bindgen::prelude::wasm_bindgen;

use super::{act, send};
use crate::connection::find;
use crate::state::{State, call, milliseconds, produce, whole};
use crate::transfer::TransferBuffer;

fn kind_of(number: u32) -> Result<u8, Error> {
    u8::try_from(number).map_err(|_| Error::InvalidArgument)
}

/// Sends a message of kind TEXT, which must be UTF-8, or BINARY, or a PING or PONG of at most 125 bytes: the first `len`
/// bytes of the transfer buffer. `now` is for PING.
#[wasm_bindgen]
pub fn conn_send(handle: u32, message_kind: u32, len: u32, now: f64) -> i32 {
    send(handle, |engine, transfer| engine.send(kind_of(message_kind)?, transfer.bytes(len)?, milliseconds(now)?))
}

/// Sends a part of a message of kind TEXT or BINARY. A part of text may end inside a code point. `last`: not 0 ends it.
#[wasm_bindgen]
pub fn conn_send_part(handle: u32, message_kind: u32, len: u32, last: u32) -> i32 {
    act(handle, |engine, transfer| engine.send_part(kind_of(message_kind)?, transfer.bytes(len)?, last != 0))
}

/// Sends many messages: `count` records of kind TEXT, BINARY, PING or PONG at the beginning of the transfer buffer, and
/// behind them `data_len` bytes in which their payloads lie. Stops at the first error; `last_count` returns how many were
/// queued.
#[wasm_bindgen]
pub fn conn_send_batch(handle: u32, count: u32, data_len: u32) -> i32 {
    call(|State { transfer, connections, count: queued, .. }| {
        *queued = 0;
        let (records, data) = records(transfer, count)?;
        let data = data.get(..data_len as usize).ok_or(Error::InvalidArgument)?;
        let connection = find(connections, handle)?;
        let (sent, result) = connection.engine.send_batch(&records, data);
        *queued = sent as u32;
        connection.publish(result);
        result
    })
}

/// The records at the beginning of the transfer buffer, and what lies behind them.
pub(super) fn records(transfer: &TransferBuffer, count: u32) -> Result<(Vec<Record>, &[u8]), Error> {
    let len = count.checked_mul(size_of::<Record>() as u32).ok_or(Error::InvalidArgument)?;
    let (bytes, data) = transfer.split(len)?;
    let mut records = Vec::new();
    records.try_reserve_exact(count as usize).map_err(|_| Error::NoMemory)?;
    records.extend(bytes.chunks_exact(size_of::<Record>()).map(record));
    Ok((records, data))
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

/// Reports that a piece of the payload behind such a header has been written.
#[wasm_bindgen]
pub fn conn_payload_written(handle: u32) -> i32 {
    act(handle, |engine, _| {
        engine.payload_written();
        Ok(())
    })
}

/// Creates a message for many connections, of kind TEXT, which must be UTF-8, or BINARY: the first `len` bytes of the transfer
/// buffer. Free it with `conn_free`.
#[wasm_bindgen]
pub fn prepared_new(message_kind: u32, len: u32) -> u32 {
    produce(|state| state.prepared.insert(prepare(kind_of(message_kind)?, state.transfer.bytes(len)?)?))
}

/// Sends such a message.
#[wasm_bindgen]
pub fn conn_send_prepared(handle: u32, prepared: u32) -> i32 {
    call(|State { prepared: messages, connections, .. }| {
        let message = messages.get_mut(prepared)?;
        let connection = find(connections, handle)?;
        let result = connection.engine.send_prepared(message);
        connection.publish_output(result);
        result
    })
}

/// Makes a frame that belongs to no connection, and puts it into the transfer buffer; returns its length. Before that, the buffer
/// has the four bytes of the key, which count if `masked` is not 0, and `len` bytes of payload. `first`: the frame's first byte.
#[wasm_bindgen]
pub fn frame_encode(first: u32, masked: u32, len: u32) -> u32 {
    produce(|State { transfer, .. }| {
        let (key, payload) = transfer.pair(4, len)?;
        let key = key.first_chunk().filter(|_| masked != 0).copied();
        let mut frame = Vec::new();
        encode_frame(&mut frame, kind_of(first)?, key, payload)?;
        transfer.put_bytes(&frame)
    })
}

/// Sends the header of a frame whose payload of `len` bytes the host writes itself, after the output. Servers only.
#[wasm_bindgen]
pub fn conn_send_header(handle: u32, message_kind: u32, len: f64, last: u32) -> i32 {
    send(handle, |engine, _| engine.send_header(kind_of(message_kind)?, whole(len)?, last != 0))
}
