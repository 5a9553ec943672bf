//! The opening handshake: the answer to a request, and heads as fields.

#[cfg(feature = "fields")]
use sansock::boundary::{Error, Field, Record};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "fields")]
use super::sending::records;
use super::{act, input, narrow};
use crate::state::milliseconds;

/// Adds a header to the response of the coming `conn_accept` or `conn_respond`: its name, then its value, in the transfer
/// buffer.
#[wasm_bindgen]
pub fn conn_add_response_header(handle: u32, name_len: u32, value_len: u32) -> i32 {
    act(handle, |engine, transfer| {
        let (name, value) = transfer.pair(name_len, value_len)?;
        engine.add_response_header(name, value)
    })
}

/// Drops all that `conn_add_response_header` and `conn_limit_deflate` have added.
#[wasm_bindgen]
pub fn conn_clear_response(handle: u32) -> i32 {
    act(handle, |engine, _| engine.clear_response())
}

/// Accepts the request with the subprotocol in the first `len` bytes of the transfer buffer; with 0, the engine's choice.
#[wasm_bindgen]
pub fn conn_accept(handle: u32, len: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| {
        let subprotocol = (len > 0).then(|| transfer.bytes(len)).transpose()?;
        engine.accept(subprotocol, milliseconds(now)?)
    })
}

/// Declines or narrows compression for this request: see `Connection::limit_deflate` of the engine's boundary.
#[cfg(feature = "deflate")]
#[wasm_bindgen]
pub fn conn_limit_deflate(handle: u32, option: u32, value: u32) -> i32 {
    act(handle, |engine, _| engine.limit_deflate(option, value.into()))
}

/// Answers the request with an HTTP status, a reason phrase and a body: in the transfer buffer, one behind the other. No
/// phrase stands for the usual one.
#[wasm_bindgen]
pub fn conn_respond(handle: u32, status: u32, reason_len: u32, len: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| {
        let (reason, body) = transfer.pair(reason_len, len)?;
        engine.respond(narrow(status)?, reason, body, milliseconds(now)?)
    })
}

/// Receives a request as fields, from the host's own HTTP. `version`: one of `sansock::boundary::http`. The transfer buffer
/// begins with `count` records of kind HEADER, and behind them lie the bytes that they refer to.
#[cfg(feature = "fields")]
#[wasm_bindgen]
pub fn conn_receive_request(handle: u32, version: u32, count: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| {
        let (records, data) = records(transfer, count)?;
        engine.receive_request(version, &fields(&records, data)?, milliseconds(now)?)
    })
}

/// Gives the client's request as fields, in place of the text in the output.
#[cfg(feature = "fields")]
#[wasm_bindgen]
pub fn conn_request_fields(handle: u32, version: u32, now: f64) -> i32 {
    input(handle, |engine, _| engine.request_fields(version, milliseconds(now)?))
}

/// Receives the response to a request that was made of fields: its status, and its fields as for `conn_receive_request`.
#[cfg(feature = "fields")]
#[wasm_bindgen]
pub fn conn_receive_response(handle: u32, status: u32, count: u32, now: f64) -> i32 {
    input(handle, |engine, transfer| {
        let (records, data) = records(transfer, count)?;
        engine.receive_response(narrow(status)?, &fields(&records, data)?, milliseconds(now)?)
    })
}

/// The fields that records of kind HEADER describe.
#[cfg(feature = "fields")]
fn fields<'a>(records: &[Record], data: &'a [u8]) -> Result<Vec<Field<'a>>, Error> {
    let part = |offset: u64, len: u64| {
        let end = offset.checked_add(len).ok_or(Error::InvalidArgument)?;
        data.get(offset as usize..end as usize).ok_or(Error::InvalidArgument)
    };
    let field = |record: &Record| {
        let name = part(record.offset, record.aux.into())?;
        Ok(Field { name, value: part(record.extra, record.len)? })
    };
    records.iter().map(field).collect()
}
