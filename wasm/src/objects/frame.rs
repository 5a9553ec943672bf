//! Frames that belong to no connection.

use sansock::boundary;
use wasm_bindgen::prelude::*;

use super::arguments::{boolean, properties};
use super::bytes::{array, bytes, bytes_or_string};
use super::errors::{invalid, refused};

const FIN: u8 = 0x80;
/// RSV1, which marks the first frame of a compressed message (RFC 7692 §6).
const COMPRESSED: u8 = 0x40;

/// Makes one frame (RFC 6455 section 5.2) that belongs to no connection: for tests, for tools, and to write the same bytes to many
/// transports. A frame for a connection is made by its own `send`, `sendPart`, `ping` or `close`.
///
/// Throws `INVALID_ARGUMENT` if an argument is not allowed, or no connection could send the frame: a control frame that is longer
/// than 125 bytes, not the last, or compressed, and a compressed frame that is not the first of its message; `NO_MEMORY`.
#[wasm_bindgen(js_name = encodeFrame, unchecked_return_type = "Uint8Array")]
pub fn encode_frame(
    #[wasm_bindgen(unchecked_param_type = "FrameKind")] kind: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string | Bytes")] payload: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "FrameOptions")] options: &JsValue,
) -> Result<JsValue, JsValue> {
    let opcode = match kind.as_string().as_deref() {
        Some("continuation") => 0,
        Some("text") => 1,
        Some("binary") => 2,
        Some("close") => 8,
        Some("ping") => 9,
        Some("pong") => 10,
        _ => return Err(invalid("kind", "must be the name of an opcode")),
    };
    let (mut first, mut key) = (FIN | opcode, None);
    for (name, value) in properties("options", options)?.iter().filter(|(_, value)| !value.is_undefined()) {
        match name.as_str() {
            "fin" if !boolean("fin", value)? => first &= !FIN,
            "compressed" if boolean("compressed", value)? => first |= COMPRESSED,
            "key" => key = Some(mask("key", value)?),
            _ => {}
        }
    }
    let payload = bytes_or_string("payload", payload)?;
    let mut frame = Vec::new();
    boundary::encode_frame(&mut frame, first, key, &payload).map_err(|error| refused(error, "the frame"))?;
    array(&frame)
}

fn mask(name: &str, value: &JsValue) -> Result<[u8; 4], JsValue> {
    bytes(name, value, "bytes")?.try_into().map_err(|_| invalid(name, "must have four bytes"))
}
