//! The transfer buffer, versions, sizes, and what the numbers mean in words.

use std::mem::size_of;

use sansock::boundary::{ABI_VERSION, Block, Error, Record};
use sansock::{FaultKind, Url};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::state::{call, produce, with};

/// The version of this border. A host that knows another must not go on.
#[wasm_bindgen]
pub fn abi_version() -> u32 {
    ABI_VERSION
}

/// The size of a record in bytes.
#[wasm_bindgen]
pub fn record_size() -> u32 {
    size_of::<Record>() as u32
}

/// The size of a block in bytes.
#[wasm_bindgen]
pub fn block_size() -> u32 {
    size_of::<Block>() as u32
}

/// Puts what a status means into the transfer buffer and returns its length in bytes.
#[wasm_bindgen]
pub fn error_text(status: i32) -> u32 {
    let known = Error::ALL.iter().find(|error| error.number() == status);
    let text = match (status, known) {
        (0, _) => "success",
        (_, Some(error)) => error.text(),
        (_, None) => "unknown error",
    };
    produce(|state| state.transfer.put(text))
}

/// Puts the name of a fault, as `BAD_TEXT`, into the transfer buffer and returns its length in bytes: 0 if there is none.
#[wasm_bindgen]
pub fn fault_name(number: u32) -> u32 {
    produce(|state| state.transfer.put(FaultKind::from_number(number).map_or("", FaultKind::name)))
}

/// Puts what a fault means into the transfer buffer and returns its length in bytes: 0 if there is none.
#[wasm_bindgen]
pub fn fault_text(number: u32) -> u32 {
    produce(|state| state.transfer.put(FaultKind::from_number(number).map_or("", FaultKind::text)))
}

/// Takes apart the `ws:` or `wss:` URL in the first `len` bytes of the transfer buffer, and puts `host NUL port NUL secure` in
/// their place: the host without brackets, the port in decimal, 1 for `wss:` or 0.
#[wasm_bindgen]
pub fn url_parse(len: u32) -> i32 {
    call(|state| {
        let text = str::from_utf8(state.transfer.bytes(len)?).map_err(|_| Error::InvalidArgument)?;
        let Url { host, port, secure, .. } = Url::parse(text).map_err(Error::from)?;
        let parts = [host.as_str(), &port.to_string(), if secure { "1" } else { "0" }];
        state.transfer.put(&parts.join("\0"))?;
        Ok(())
    })
}

/// Makes room for at least `len` bytes and returns where the transfer buffer begins: 0 if there is no memory for it.
///
/// What is in the first `len` bytes stays. A transfer buffer that grew beyond 4 MiB shrinks when less is asked for.
#[wasm_bindgen]
pub fn transfer_reserve(len: u32) -> u32 {
    produce(|state| {
        state.transfer.reserve(len)?;
        Ok(state.transfer.address())
    })
}

/// The status of the last call that returned something other than a status.
#[wasm_bindgen]
pub fn last_status() -> i32 {
    with(|state| state.status)
}

/// How many messages the last `conn_send_batch` queued.
#[wasm_bindgen]
pub fn last_count() -> u32 {
    with(|state| state.count)
}
