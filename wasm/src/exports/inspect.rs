//! The inspector: captures in, entries out, each a line of JSON. Its sides are 0, the client, and 1, the server.

use sansock::boundary::Error;
use sansock_inspect::{Form, Inspector, Side};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::connection::find;
use crate::state::{State, call, milliseconds, produce, whole, with};

/// Creates an inspector whose entries carry the first `preview` bytes of payloads. The transfer buffer has the numbers of the
/// entries that carry all of it, in decimal, with spaces between them. Free it with `inspector_free`.
#[wasm_bindgen]
pub fn inspector_new(preview: u32, whole_len: u32) -> u32 {
    produce(|State { transfer, inspectors, .. }| {
        let whole = str::from_utf8(transfer.bytes(whole_len)?).map_err(|_| Error::InvalidArgument)?;
        let whole: Result<Vec<u64>, _> = whole.split_ascii_whitespace().map(str::parse).collect();
        let whole = whole.map_err(|_| Error::InvalidArgument)?;
        inspectors.insert(Inspector::with(preview as usize, whole))
    })
}

/// Frees an inspector.
#[wasm_bindgen]
pub fn inspector_free(inspector: u32) {
    with(|state| state.inspectors.remove(inspector));
}

/// Reads the next bytes of a capture file, which are in the transfer buffer.
#[wasm_bindgen]
pub fn inspector_push(inspector: u32, len: u32) -> i32 {
    call(|State { transfer, inspectors, .. }| {
        inspectors.get_mut(inspector)?.push(transfer.bytes(len)?);
        Ok(())
    })
}

/// Reads the next bytes of a file with what one end has sent.
#[wasm_bindgen]
pub fn inspector_push_from(inspector: u32, side: u32, len: u32) -> i32 {
    call(|State { transfer, inspectors, .. }| {
        inspectors.get_mut(inspector)?.push_from(sender(side)?, transfer.bytes(len)?);
        Ok(())
    })
}

/// The capture is over. Puts what is wrong with the file into the transfer buffer, and returns the length of that: 0 if nothing
/// is.
#[wasm_bindgen]
pub fn inspector_finish(inspector: u32) -> u32 {
    produce(|State { transfer, inspectors, .. }| match inspectors.get_mut(inspector)?.finish() {
        Ok(()) => Ok(0),
        Err(error) => transfer.put(&error.to_string()),
    })
}

/// Says what had been agreed on where a capture has no opening handshake: the value of Sec-WebSocket-Extensions, in the transfer
/// buffer.
#[wasm_bindgen]
pub fn inspector_assume(inspector: u32, len: u32) -> i32 {
    call(|State { transfer, inspectors, .. }| {
        let extensions = str::from_utf8(transfer.bytes(len)?).map_err(|_| Error::InvalidArgument)?;
        inspectors.get_mut(inspector)?.assume(extensions);
        Ok(())
    })
}

/// A connection begins, between two addresses in the transfer buffer. Returns its number.
#[wasm_bindgen]
pub fn inspector_begin(inspector: u32, client_len: u32, server_len: u32, now: f64) -> u32 {
    produce(|State { transfer, inspectors, .. }| {
        let (client, server) = transfer.pair(client_len, server_len)?;
        let text = |bytes| str::from_utf8(bytes).map_err(|_| Error::InvalidArgument);
        Ok(inspectors.get_mut(inspector)?.begin(text(client)?, text(server)?, microseconds(now)?))
    })
}

/// Reads what one end of a connection has sent, which is under way. The time is in milliseconds.
#[wasm_bindgen]
pub fn inspector_feed(inspector: u32, connection: u32, side: u32, len: u32, now: f64) -> i32 {
    call(|State { transfer, inspectors, .. }| {
        inspectors.get_mut(inspector)?.feed(connection, sender(side)?, transfer.bytes(len)?, microseconds(now)?);
        Ok(())
    })
}

/// Passes over what one end of a connection has sent: messages become no entries. Returns 1 if there are entries to take.
#[wasm_bindgen]
pub fn inspector_skip(inspector: u32, connection: u32, side: u32, len: u32, now: f64) -> u32 {
    produce(|State { transfer, inspectors, .. }| {
        let inspector = inspectors.get_mut(inspector)?;
        Ok(inspector.skip(connection, sender(side)?, transfer.bytes(len)?, microseconds(now)?).into())
    })
}

/// Says of all connections under way what has been passed over.
#[wasm_bindgen]
pub fn inspector_tell_skipped(inspector: u32, now: f64) -> i32 {
    call(|state| {
        state.inspectors.get_mut(inspector)?.tell_skipped(microseconds(now)?);
        Ok(())
    })
}

/// One end of a connection sends nothing more.
#[wasm_bindgen]
pub fn inspector_end(inspector: u32, connection: u32, side: u32, now: f64) -> i32 {
    call(|state| {
        state.inspectors.get_mut(inspector)?.end(connection, sender(side)?, microseconds(now)?);
        Ok(())
    })
}

/// Puts the next entries into the transfer buffer, one a line, and returns the length: 0 if there are no more. At least one
/// entry comes, and none after `limit` bytes. `form` is 0 for lines that people read, 1 for JSON, and 2 for JSON, a NUL, and the lines that people read.
#[wasm_bindgen]
pub fn inspector_take(inspector: u32, form: u32, limit: u32) -> u32 {
    produce(|State { transfer, inspectors, .. }| {
        let mut text = String::new();
        let form = *[Form::Text, Form::Json, Form::Both].get(form as usize).ok_or(Error::InvalidArgument)?;
        inspectors.get_mut(inspector)?.take_lines(form, limit as usize, &mut text);
        transfer.put(&text)
    })
}

/// How many entries so far were faults, or said that the capture ends inside something.
#[wasm_bindgen]
pub fn inspector_faults(inspector: u32) -> u32 {
    produce(|state| Ok(state.inspectors.get_mut(inspector)?.faults() as u32))
}

/// Puts the machines of a connection, as JSON, into the transfer buffer, and returns the length.
#[wasm_bindgen]
pub fn inspector_machines() -> u32 {
    produce(|State { transfer, .. }| transfer.put(&sansock_inspect::machines()))
}

/// Puts what a connection of this module has done since the last such call, and which deadlines run, into the transfer buffer, as
/// JSON, and returns the length. The first call tells of nothing done. `side` is which end the connection is.
#[wasm_bindgen]
pub fn inspector_course(connection: u32, side: u32, now: f64) -> u32 {
    produce(|State { transfer, connections, .. }| {
        let (end, now) = (sender(side)?, milliseconds(now)?);
        let engine = &mut find(connections, connection)?.engine;
        let steps = engine.take_steps();
        engine.set_trace(true);
        transfer.put(&sansock_inspect::course(end, &steps, &engine.deadlines(), now))
    })
}

fn microseconds(milliseconds: f64) -> Result<u64, Error> {
    whole((milliseconds * 1000.0).trunc())
}

fn sender(side: u32) -> Result<Side, Error> {
    match side {
        0 => Ok(Side::Client),
        1 => Ok(Side::Server),
        _ => Err(Error::InvalidArgument),
    }
}
