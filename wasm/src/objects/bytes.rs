//! Bytes in and out: always copies, because linear memory may move.

use js_sys::{Array, ArrayBuffer, Function, Object, Reflect, SharedArrayBuffer, Uint8Array};
use sansock::boundary::Error;
use wasm_bindgen::prelude::*;

use super::errors::{invalid, refused};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Uint8Array)]
    type Bytes;
    /// Throws for a buffer that is detached.
    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn of(buffer: &JsValue) -> Result<Bytes, JsValue>;
    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn view(buffer: &JsValue, offset: u32, len: u32) -> Result<Bytes, JsValue>;
    /// A copy of a piece of linear memory. Throws where there is no memory for it.
    #[wasm_bindgen(catch, constructor, js_class = "Uint8Array")]
    fn copy(bytes: &[u8]) -> Result<Bytes, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_namespace = Uint8Array, js_name = prototype)]
    static ARRAY: JsValue;
    #[wasm_bindgen(thread_local_v2, js_namespace = DataView, js_name = prototype)]
    static DATA_VIEW: JsValue;
    #[wasm_bindgen(thread_local_v2, js_namespace = ArrayBuffer, js_name = prototype)]
    static ARRAY_BUFFER: JsValue;
    /// Reads a property as a class of the language has it, whatever the object says. Throws if it is not of that class.
    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = get)]
    fn read(class: &JsValue, name: &str, object: &JsValue) -> Result<JsValue, JsValue>;
}

/// Bytes for JavaScript.
pub(super) fn array(bytes: &[u8]) -> Result<JsValue, JsValue> {
    Bytes::copy(bytes).map(JsValue::from)
}

/// Bytes from JavaScript: an `ArrayBuffer`, or any view of one. `needed` is what the argument must be.
pub(super) fn bytes(name: &str, value: &JsValue, needed: &str) -> Result<Vec<u8>, JsValue> {
    let source = source(name, value, needed)?;
    let mut bytes = Vec::new();
    let len = source.length() as usize;
    bytes.try_reserve_exact(len).map_err(|_| refused(Error::NoMemory, ""))?;
    bytes.resize(len, 0);
    source.copy_to(&mut bytes);
    Ok(bytes)
}

/// Bytes, or a string as UTF-8. Undefined stands for none.
pub(super) fn bytes_or_string(name: &str, value: &JsValue) -> Result<Vec<u8>, JsValue> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    match value.as_string() {
        Some(text) => Ok(text.into_bytes()),
        None => bytes(name, value, "a string or bytes"),
    }
}

/// One byte for each character, as HTTP headers are sent.
pub(super) fn byte_string(name: &str, text: &str) -> Result<Vec<u8>, JsValue> {
    let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    bytes.map_err(|_| invalid(name, "a character is above U+00FF"))
}

/// One character for each byte.
pub(super) fn characters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes as an array of the language's own class. Which bytes a view has is found out without calling anything of the
/// caller's.
fn source(name: &str, value: &JsValue, needed: &str) -> Result<Uint8Array, JsValue> {
    let is_view = ArrayBuffer::is_view(value);
    let (class, buffer) = if is_view { class_of(value)? } else { (JsValue::NULL, value.clone()) };
    let Ok(buffer_len) = ARRAY_BUFFER.with(|class| read(class, "byteLength", &buffer)) else {
        let is_shared = is_view || value.is_instance_of::<SharedArrayBuffer>();
        let why = if is_shared { String::from("the buffer is shared") } else { format!("must be {needed}") };
        return Err(invalid(name, &why));
    };
    // The length of a detached buffer is 0, but no view of it can be made.
    Bytes::of(&buffer).map_err(|_| invalid(name, "the buffer is detached"))?;
    let bytes = if is_view { extent(value, &class, &buffer) } else { Bytes::view(&buffer, 0, number(&buffer_len)) };
    let bytes = bytes.map_err(|_| invalid(name, "the view is out of bounds of its buffer"))?;
    Ok(bytes.unchecked_into())
}

/// What has the properties of a view, and its buffer.
fn class_of(view: &JsValue) -> Result<(JsValue, JsValue), JsValue> {
    let arrays: Object = ARRAY.with(|array| array.clone().unchecked_into());
    let arrays = Reflect::get_prototype_of(&arrays)?.into();
    if let Ok(buffer) = read(&arrays, "buffer", view) {
        return Ok((arrays, buffer));
    }
    let views = DATA_VIEW.with(JsValue::clone);
    let buffer = read(&views, "buffer", view)?;
    Ok((views, buffer))
}

/// The bytes of a view. Throws for one that is out of bounds.
fn extent(view: &JsValue, class: &JsValue, buffer: &JsValue) -> Result<Bytes, JsValue> {
    let offset = number(&read(class, "byteOffset", view)?);
    let len = number(&read(class, "byteLength", view)?);
    if len == 0 && DATA_VIEW.with(|views| class != views) {
        // That of an array that cannot be read is 0, too, but its methods throw.
        let at: Function = Reflect::get(class, &JsValue::from_str("at"))?.unchecked_into();
        Reflect::apply(&at, view, &Array::of1(&JsValue::from(0)))?;
    }
    Bytes::view(buffer, offset, len)
}

fn number(value: &JsValue) -> u32 {
    value.as_f64().unwrap_or_default() as u32
}
