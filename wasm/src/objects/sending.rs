//! The calls of a connection that add to its output.

use sansock::{CloseCode, MessageKind};
use wasm_bindgen::prelude::*;

use super::arguments::{MAX_SAFE_INTEGER, boolean, integer, items, message_kind, narrow, time};
use super::bytes::{bytes, bytes_or_string};
use super::connection::Connection;
use super::errors::{invalid, refused_after};

/// A message of a batch.
enum Message {
    Text(String),
    Binary(Vec<u8>),
}

/// Sending. None of these calls affects events.
#[wasm_bindgen]
impl Connection {
    /// Sends a text message. Lone surrogates of a string are sent as U+FFFD; bytes must be UTF-8.
    ///
    /// Throws `INVALID_STATE` before the connection is open, after our own Close, or while another message is sent in parts;
    /// `WOULD_BLOCK` while the output is full; `TOO_LARGE` if the message alone is larger than the output may be; `NO_MEMORY`;
    /// `INVALID_ARGUMENT` if bytes are not UTF-8.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes")] text: &JsValue,
    ) -> Result<(), JsValue> {
        let text = match text.as_string() {
            Some(text) => text,
            None => utf8("text", bytes("text", text, "a string or bytes")?)?,
        };
        self.call("text", |engine| engine.engine.send_text(&text))
    }

    /// Sends a binary message.
    ///
    /// Throws as `sendText`; `INVALID_ARGUMENT` if these are not bytes, their buffer is detached or shared, or they are out of bounds
    /// of their buffer.
    #[wasm_bindgen(js_name = sendBinary)]
    pub fn send_binary(&self, #[wasm_bindgen(unchecked_param_type = "Bytes")] data: &JsValue) -> Result<(), JsValue> {
        let data = bytes("data", data, "bytes")?;
        self.call("data", |engine| engine.engine.send_binary(&data))
    }

    /// Sends a string as a text message, bytes as a binary message. Throws as `sendText` and `sendBinary`.
    pub fn send(&self, #[wasm_bindgen(unchecked_param_type = "string | Bytes")] data: &JsValue) -> Result<(), JsValue> {
        match message("data", data, "a string or bytes")? {
            Message::Text(text) => self.call("data", |engine| engine.engine.send_text(&text)),
            Message::Binary(data) => self.call("data", |engine| engine.engine.send_binary(&data)),
        }
    }

    /// Sends a part of a message, as one frame (RFC 6455 section 5.4). Parts of other messages must not come in between.
    ///
    /// `last` says whether this part ends the message. `kind` is the same for all parts of the message: by default `text` for a
    /// string, `binary` for bytes. It is needed to send text as bytes, which may end inside a code point.
    ///
    /// Throws as `sendText`; `INVALID_STATE` if the message under way is of the other kind.
    #[wasm_bindgen(js_name = sendPart)]
    pub fn send_part(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes")] data: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "boolean")] last: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "\"text\" | \"binary\"")] kind: &JsValue,
    ) -> Result<(), JsValue> {
        let kind = match (kind.is_undefined(), data.is_string()) {
            (true, true) => MessageKind::Text,
            (true, false) => MessageKind::Binary,
            (false, _) => message_kind(kind)?,
        };
        let last = boolean("last", last)?;
        let data = match message("data", data, "a string or bytes")? {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(data) => data,
        };
        self.call("data", |engine| engine.engine.send_part(kind, &data, last))
    }

    /// Sends many messages: strings as text, bytes as binary. Returns how many. The iterable is run to its end before any of them is
    /// read.
    ///
    /// Throws as `sendText`, for the first message that is refused; the error's `sent` says how many were queued before it.
    #[wasm_bindgen(js_name = sendBatch)]
    pub fn send_batch(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Iterable<string | Bytes>")] messages: &JsValue,
    ) -> Result<u32, JsValue> {
        let Some(messages) = items(messages)? else {
            return Err(invalid("messages", "must be an iterable of strings and bytes"));
        };
        let read = |each: &JsValue| message("messages", each, "strings and bytes");
        let messages: Vec<Message> = messages.iter().map(read).collect::<Result<_, _>>()?;
        self.with(|engine| {
            for (sent, message) in messages.iter().enumerate() {
                let result = match message {
                    Message::Text(text) => engine.engine.send_text(text),
                    Message::Binary(data) => engine.engine.send_binary(data),
                };
                result.map_err(|error| refused_after(sent, error, "messages"))?;
            }
            Ok(messages.len() as u32)
        })?
    }

    /// Sends the header of a message, or of a part of one, whose payload you write to the transport yourself. Write all output, then
    /// the payload, before you make another call that adds output.
    ///
    /// `length` is that of the payload in bytes. `last` says whether this part ends the message; by default it does.
    ///
    /// Throws as `sendPart`; `INVALID_STATE` on a client, whose payloads must be masked; `INVALID_ARGUMENT` if the length is not
    /// allowed.
    #[wasm_bindgen(js_name = sendHeader)]
    pub fn send_header(
        &self,
        #[wasm_bindgen(unchecked_param_type = "\"text\" | \"binary\"")] kind: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] length: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "boolean")] last: &JsValue,
    ) -> Result<(), JsValue> {
        let kind = message_kind(kind)?;
        let length = integer("length", length, 0, MAX_SAFE_INTEGER as u64)?;
        let last = last.is_undefined() || boolean("last", last)?;
        self.call("length", |engine| engine.engine.send_header(kind, length, last))
    }

    /// Reports that a piece of such a payload has been written, so that `writeTimeout` starts anew. For transports that take a payload
    /// in several writes: report the last byte of its header (`written`) only when all of it is written, so that the deadlines wait.
    #[wasm_bindgen(js_name = payloadWritten)]
    pub fn payload_written(&self) -> Result<(), JsValue> {
        self.with(|engine| engine.engine.payload_written())
    }

    /// Sends a ping. The `pong` that answers it carries the round-trip time. The payload has up to 125 bytes, which the pong repeats.
    ///
    /// Throws as `sendText`, but allowed between the parts of a message; `INVALID_ARGUMENT` if the payload is longer.
    pub fn ping(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes | undefined")] payload: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<(), JsValue> {
        let payload = bytes_or_string("payload", payload)?;
        let now = time(now)?;
        self.call("payload", |engine| engine.engine.ping(&payload, now))
    }

    /// Sends a pong: an answer if `autoPong` is off, with the payload of the ping, else an unsolicited one (RFC 6455 section 5.5.3).
    ///
    /// Throws as `ping`.
    pub fn pong(
        &self,
        #[wasm_bindgen(unchecked_optional_param_type = "string | Bytes")] payload: &JsValue,
    ) -> Result<(), JsValue> {
        let payload = bytes_or_string("payload", payload)?;
        self.call("payload", |engine| engine.engine.pong(&payload))
    }

    /// Starts the closing handshake (RFC 6455 section 7.1.2), or answers the peer's Close. The event `closed` follows the peer's
    /// Close, the end of its stream, or `closeTimeout`, whichever is first. During the opening handshake the connection ends at
    /// once; after our own Close the call does nothing.
    ///
    /// `code` is 1000 to 1003, 1007 to 1014, or 3000 to 4999, or 0 for none; undefined stands for 1000. `reason` has up to 123 bytes
    /// of UTF-8, and none if there is no code.
    ///
    /// Throws `INVALID_ARGUMENT` if code or reason is not allowed.
    pub fn close(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number | undefined")] code: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes | undefined")] reason: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<(), JsValue> {
        let (code, reason) = why(code, CloseCode::NORMAL_CLOSURE, reason)?;
        let now = time(now)?;
        self.call("code, reason", |engine| engine.engine.close(code, &reason, now))
    }

    /// Fails the connection (RFC 6455 section 7.1.7): sends Close unless one was sent, and does not wait for the peer's. The event
    /// `closed` comes from `timeout`, which is due at once. An undefined code stands for 1011.
    ///
    /// Throws as `close`; `INVALID_STATE` if the connection is closed.
    pub fn fail(
        &self,
        #[wasm_bindgen(unchecked_param_type = "number | undefined")] code: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | Bytes | undefined")] reason: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] now: &JsValue,
    ) -> Result<(), JsValue> {
        let (code, reason) = why(code, CloseCode::INTERNAL_ERROR, reason)?;
        let now = time(now)?;
        self.call("code, reason", |engine| engine.engine.fail(code, &reason, now))
    }

    /// Turns compression on or off for the messages that follow. It is on at first, and applies where permessage-deflate was
    /// agreed on and a message has at least `deflateThreshold` bytes. Turn it off for a secret next to text that somebody else
    /// chooses (RFC 7692 section 8).
    #[wasm_bindgen(js_name = setCompression)]
    pub fn set_compression(
        &self,
        #[wasm_bindgen(unchecked_param_type = "boolean")] on: &JsValue,
    ) -> Result<(), JsValue> {
        let on = boolean("on", on)?;
        self.with(|engine| engine.engine.set_compression(on))
    }
}

fn message(name: &str, data: &JsValue, needed: &str) -> Result<Message, JsValue> {
    match data.as_string() {
        Some(text) => Ok(Message::Text(text)),
        None => bytes(name, data, needed).map(Message::Binary),
    }
}

/// Code and reason of a Close frame.
fn why(code: &JsValue, usual: CloseCode, reason: &JsValue) -> Result<(Option<CloseCode>, String), JsValue> {
    let code = if code.is_undefined() { usual.get() } else { narrow("code", code)? };
    let reason = utf8("code, reason", bytes_or_string("reason", reason)?)?;
    Ok(((code != 0).then(|| code.into()), reason))
}

pub(super) fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, JsValue> {
    String::from_utf8(bytes).map_err(|_| invalid(name, "these bytes are not UTF-8"))
}
