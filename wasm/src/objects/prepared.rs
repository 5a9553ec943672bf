//! Messages for many connections.

use wasm_bindgen::prelude::*;

use super::arguments::message_kind;
use super::bytes::bytes;
use super::connection::Connection;
use super::errors::refused;
use super::sending::utf8;

/// A message for many connections: each sends it with `sendPrepared`. It is compressed once for all that agreed to the same window
/// and have the same options of compression.
///
/// `free` it when it has been sent to all; what was sent is not affected.
#[wasm_bindgen]
pub struct PreparedMessage(sansock::PreparedMessage);

#[wasm_bindgen]
impl PreparedMessage {
    /// Copies the message: a string as text, bytes as binary. `kind` is needed for text that is bytes.
    ///
    /// Throws `INVALID_ARGUMENT` if it is neither a string nor bytes, or text that is not UTF-8; `NO_MEMORY`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "string | Bytes")] data: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "\"text\" | \"binary\"")] kind: &JsValue,
    ) -> Result<PreparedMessage, JsValue> {
        let is_text = match kind.is_undefined() {
            true => data.is_string(),
            false => message_kind(kind)? == sansock::MessageKind::Text,
        };
        let given = match data.as_string() {
            Some(text) => text.into_bytes(),
            None => bytes("data", data, "a string or bytes")?,
        };
        let message = if is_text {
            sansock::PreparedMessage::text(&utf8("data", given)?)
        } else {
            sansock::PreparedMessage::binary(&given)
        };
        message.map(PreparedMessage).map_err(|error| refused(error, "data"))
    }

    /// Text or binary.
    #[wasm_bindgen(getter, unchecked_return_type = "\"text\" | \"binary\"")]
    pub fn kind(&self) -> String {
        String::from(if self.0.kind() == sansock::MessageKind::Text { "text" } else { "binary" })
    }
}

#[wasm_bindgen]
impl Connection {
    /// Sends a message that was made for many connections. It is compressed where `sendText` would compress it.
    ///
    /// Throws as `sendText`; an `Error` of wasm-bindgen's if the message was freed, or is none.
    #[wasm_bindgen(js_name = sendPrepared)]
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), JsValue> {
        self.call("message", |engine| engine.engine.send_prepared(&message.0))
    }
}
