//! Header fields as they are passed in.

use js_sys::Array;
use sansock::boundary::Field;
use wasm_bindgen::prelude::*;

use super::arguments::{entries, is_plain_object, items, string};
use super::bytes::byte_string;
use super::errors::invalid;

/// One header, with one byte for each character.
#[derive(PartialEq)]
pub(super) struct Header {
    /// What errors call it, such as `headers[0]`.
    pub(super) label: String,
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Header {
    /// The name for calls that take text. The engine refuses every name that is not ASCII.
    pub(super) fn name_text(&self) -> Result<&str, JsValue> {
        str::from_utf8(&self.name).map_err(|_| invalid(&self.label, "the name is no token"))
    }
}

/// Checks headers: pairs in any iterable, or a plain object in which an array of values repeats the name. Undefined stands for
/// none. `argument` is what errors call them.
pub(super) fn headers(argument: &str, value: &JsValue) -> Result<Vec<Header>, JsValue> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    if let Some(pairs) = items(value)? {
        let pair = |(index, pair)| pair_of(format!("{argument}[{index}]"), &pair);
        return pairs.into_iter().enumerate().map(pair).collect();
    }
    if !is_plain_object(value)? {
        return Err(invalid(argument, "must be pairs of strings, or a plain object"));
    }
    let mut headers = Vec::new();
    for (name, value) in entries(value)? {
        let label = format!("{argument}[{name:?}]");
        if Array::is_array(&value) {
            for (index, value) in value.unchecked_into::<Array>().iter().enumerate() {
                headers.push(header(format!("{label}[{index}]"), Some(name.clone()), value.as_string())?);
            }
        } else {
            headers.push(header(label, Some(name), value.as_string())?);
        }
    }
    Ok(headers)
}

/// Checks one header, of which name and value were passed.
pub(super) fn single(name: &JsValue, value: &JsValue) -> Result<Header, JsValue> {
    let (name, value) = (string("name", name)?, string("value", value)?);
    let label = String::from("name, value");
    Ok(Header { label, name: byte_string("name", &name)?, value: byte_string("value", &value)? })
}

/// Headers as the fields of a handshake.
pub(super) fn fields(headers: &[Header]) -> Vec<Field<'_>> {
    headers.iter().map(|Header { name, value, .. }| Field { name, value }).collect()
}

fn pair_of(label: String, pair: &JsValue) -> Result<Header, JsValue> {
    let pair = pair.dyn_ref::<Array>().filter(|pair| pair.length() == 2);
    let part = |index| pair.and_then(|pair| pair.get(index).as_string());
    header(label, part(0), part(1))
}

fn header(label: String, name: Option<String>, value: Option<String>) -> Result<Header, JsValue> {
    let (Some(name), Some(value)) = (name, value) else {
        return Err(invalid(&label, "must be a pair of strings, name and value"));
    };
    Ok(Header { name: byte_string(&label, &name)?, value: byte_string(&label, &value)?, label })
}
