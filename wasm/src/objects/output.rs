//! What a connection says of its output, of time and of its transport.

use sansock::{State, Transport};
use wasm_bindgen::prelude::*;

use super::arguments::{integer, integer_or_infinity, time};
use super::bytes::array;
use super::connection::Connection;
use super::events::{fault_object, nullable};

/// Output, time and transport.
#[wasm_bindgen]
impl Connection {
    /// Reports that you have stopped reading from the transport. The deadline for a pong stands still until `resume`. Either may be
    /// called again.
    pub fn pause(&self, #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue) -> Result<(), JsValue> {
        let now = time(now)?;
        self.with(|engine| engine.engine.pause(now))
    }

    /// Reports that you are reading again.
    pub fn resume(&self, #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue) -> Result<(), JsValue> {
        let now = time(now)?;
        self.with(|engine| engine.engine.resume(now))
    }

    /// A copy of the bytes to write to the transport. Report what you wrote with `written`.
    ///
    /// `limit` is how many bytes at most; by default all. `from` is how many bytes to leave out at the beginning, such as those that
    /// are being written; by default none.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array")]
    pub fn output(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "number")] from: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let limit = output_limit(limit)?;
        let from = if from.is_undefined() { 0 } else { integer("from", from, 0, u64::from(u32::MAX))? as usize };
        self.with(|engine| {
            let output = engine.engine.output();
            let output = output.get(from..).unwrap_or_default();
            array(&output[..limit.min(output.len())])
        })?
    }

    /// Reports the first `count` bytes of the output as written.
    ///
    /// Throws `INVALID_ARGUMENT` if there are fewer.
    pub fn written(&self, #[wasm_bindgen(unchecked_param_type = "number")] count: &JsValue) -> Result<(), JsValue> {
        let count = integer("count", count, 0, u64::from(u32::MAX))? as usize;
        self.call("count", |engine| engine.engine.written(count))
    }

    /// The bytes to write to the transport, which are yours now and count as written. Repeat until there are none.
    #[wasm_bindgen(js_name = takeOutput, unchecked_return_type = "Uint8Array")]
    pub fn take_output(&self) -> Result<JsValue, JsValue> {
        let (output, len) = self.with(|engine| (array(engine.engine.output()), engine.engine.output().len()))?;
        let output = output?;
        self.call("", |engine| engine.engine.written(len))?;
        Ok(output)
    }

    /// When to call `timeout`, in milliseconds of the clock of `now`; 0, in the past, while `more` is true; null for never.
    #[wasm_bindgen(getter, js_name = nextDeadline, unchecked_return_type = "number | null")]
    pub fn next_deadline(&self) -> Result<JsValue, JsValue> {
        let deadline = self.with(|engine| engine.engine.next_deadline())?;
        Ok(nullable(deadline.map(|deadline| deadline.as_millis() as f64)))
    }

    /// What to do with the transport once all output is written.
    #[wasm_bindgen(getter, unchecked_return_type = "TransportInstruction")]
    pub fn transport(&self) -> Result<String, JsValue> {
        self.with(|engine| transport_name(engine.engine.transport()))
    }

    /// The state of the connection.
    #[wasm_bindgen(getter, unchecked_return_type = "ConnectionState")]
    pub fn state(&self) -> Result<String, JsValue> {
        self.with(|engine| state_name(engine.engine.state()))
    }

    /// How many bytes of output wait to be written.
    #[wasm_bindgen(getter, js_name = pendingOutput)]
    pub fn pending_output(&self) -> Result<u32, JsValue> {
        self.with(|engine| engine.engine.pending_output() as u32)
    }

    /// Whether the pending output is below `outputSoftLimit`. While it is not, stop reading and sending.
    #[wasm_bindgen(getter)]
    pub fn writable(&self) -> Result<bool, JsValue> {
        self.with(|engine| engine.engine.writable())
    }

    /// Whether something is ready that needs no input: events, the answer to the peer's Close, or the event `closed`. Handle the
    /// events that you have, then call `timeout`, which is due at once; any other input call does the same.
    #[wasm_bindgen(getter)]
    pub fn more(&self) -> Result<bool, JsValue> {
        self.with(|engine| engine.engine.has_more())
    }

    /// How many bytes at the end of the last chunk `receive` did not consume.
    #[wasm_bindgen(getter)]
    pub fn unconsumed(&self) -> Result<u32, JsValue> {
        self.with(|engine| engine.unconsumed as u32)
    }

    /// Why the connection ended other than by a closing handshake, or the fault that is left to you; null if there is none.
    #[wasm_bindgen(getter, unchecked_return_type = "Fault | null")]
    pub fn fault(&self) -> Result<JsValue, JsValue> {
        self.with(|engine| nullable(engine.engine.fault().as_ref().map(fault_object)))
    }

    /// The memory that the connection holds in the module, in bytes.
    #[wasm_bindgen(js_name = memoryUsage)]
    pub fn memory_usage(&self) -> Result<u32, JsValue> {
        self.with(|engine| engine.engine.memory_usage() as u32)
    }
}

/// How much of the output is wanted.
pub(super) fn output_limit(limit: &JsValue) -> Result<usize, JsValue> {
    match limit.is_undefined() {
        true => Ok(usize::MAX),
        false => integer_or_infinity("limit", limit).map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
    }
}

pub(super) fn transport_name(transport: Transport) -> String {
    String::from(match transport {
        Transport::Open => "open",
        Transport::ShutdownWrite => "shutdown-write",
        Transport::Close => "close",
    })
}

pub(super) fn state_name(state: State) -> String {
    String::from(match state {
        State::Connecting => "connecting",
        State::Open => "open",
        State::Closing => "closing",
        State::Closed => "closed",
    })
}
