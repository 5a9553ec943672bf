//! Checks of arguments. Nothing is coerced: what is of the wrong type is refused, with the argument's name.

use std::time::Duration;

use js_sys::{Array, Reflect, try_iter};
use sansock::{HttpVersion, MessageKind};
use wasm_bindgen::prelude::*;

use super::errors::invalid;

/// 2^53 - 1: up to here a JavaScript number holds every integer.
pub(super) const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

#[wasm_bindgen]
extern "C" {
    /// Runs getters of the caller's, which may throw.
    #[wasm_bindgen(catch, js_namespace = Object, js_name = entries)]
    fn entries_of(object: &JsValue) -> Result<Array, JsValue>;
    /// Runs code of the caller's if the object is a `Proxy`.
    #[wasm_bindgen(catch, js_namespace = Object, js_name = getPrototypeOf)]
    fn prototype_of(object: &JsValue) -> Result<JsValue, JsValue>;
    /// Throws unless this is a string or a `String`, whatever it says that it is.
    #[wasm_bindgen(catch, js_namespace = ["String", "prototype", "valueOf"], js_name = call)]
    fn string_of(value: &JsValue) -> Result<JsValue, JsValue>;
}

/// A time in milliseconds, whose fraction is dropped.
pub(super) fn time(now: &JsValue) -> Result<Duration, JsValue> {
    match now.as_f64() {
        Some(now) if (0.0..=MAX_SAFE_INTEGER).contains(&now) => Ok(Duration::from_millis(now as u64)),
        _ => Err(invalid("now", "must be a number of milliseconds, 0 or more")),
    }
}

/// A whole number from `min` to `max`.
pub(super) fn integer(name: &str, value: &JsValue, min: u64, max: u64) -> Result<u64, JsValue> {
    let whole = value.as_f64().filter(|value| value.trunc() == *value && *value >= min as f64 && *value <= max as f64);
    whole.map(|value| value as u64).ok_or_else(|| invalid(name, &format!("must be a whole number from {min} to {max}")))
}

/// A whole number or Infinity, which stands for the largest.
pub(super) fn integer_or_infinity(name: &str, value: &JsValue) -> Result<u64, JsValue> {
    match value.as_f64() {
        Some(f64::INFINITY) => Ok(u64::MAX),
        Some(value) if (0.0..=MAX_SAFE_INTEGER).contains(&value) && value.trunc() == value => Ok(value as u64),
        _ => Err(invalid(name, "must be a whole number, 0 or more, or Infinity")),
    }
}

/// A status of HTTP, or a close code: whatever fits is for the engine to judge.
pub(super) fn narrow(name: &str, value: &JsValue) -> Result<u16, JsValue> {
    integer(name, value, 0, u64::from(u16::MAX)).map(|value| value as u16)
}

pub(super) fn boolean(name: &str, value: &JsValue) -> Result<bool, JsValue> {
    value.as_bool().ok_or_else(|| invalid(name, "must be true or false"))
}

/// Lone surrogates become U+FFFD.
pub(super) fn string(name: &str, value: &JsValue) -> Result<String, JsValue> {
    value.as_string().ok_or_else(|| invalid(name, "must be a string"))
}

pub(super) fn message_kind(value: &JsValue) -> Result<MessageKind, JsValue> {
    match value.as_string().as_deref() {
        Some("text") => Ok(MessageKind::Text),
        Some("binary") => Ok(MessageKind::Binary),
        _ => Err(invalid("kind", "must be \"text\" or \"binary\"")),
    }
}

pub(super) fn http_version(value: &JsValue) -> Result<HttpVersion, JsValue> {
    match value.as_string().as_deref() {
        Some("1.1") => Ok(HttpVersion::Http11),
        Some("2") => Ok(HttpVersion::Http2),
        Some("3") => Ok(HttpVersion::Http3),
        _ => Err(invalid("httpVersion", "must be \"1.1\", \"2\" or \"3\"")),
    }
}

/// Whether this is an object without a class, such as `{ a: 1 }`, of any realm.
pub(super) fn is_plain_object(value: &JsValue) -> Result<bool, JsValue> {
    if !value.is_object() {
        return Ok(false);
    }
    let prototype = prototype_of(value)?;
    Ok(prototype.is_null() || prototype_of(&prototype)?.is_null())
}

/// The properties of a plain object, read once, because they may be getters. Undefined stands for an object without any.
pub(super) fn properties(name: &str, value: &JsValue) -> Result<Vec<(String, JsValue)>, JsValue> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    if !is_plain_object(value)? {
        return Err(invalid(name, "must be a plain object"));
    }
    entries(value)
}

/// The properties of an object.
pub(super) fn entries(object: &JsValue) -> Result<Vec<(String, JsValue)>, JsValue> {
    let pairs = entries_of(object)?;
    let pair = |pair: JsValue| {
        let pair: Array = pair.unchecked_into();
        (pair.get(0).as_string().unwrap_or_default(), pair.get(1))
    };
    Ok(pairs.iter().map(pair).collect())
}

/// What an iterable object gives; `None` if it is none. A string, and a `String`, is none: it would be cut into characters.
pub(super) fn items(value: &JsValue) -> Result<Option<Vec<JsValue>>, JsValue> {
    if !value.is_object() || string_of(value).is_ok() {
        return Ok(None);
    }
    match try_iter(value)? {
        Some(iterator) => iterator.collect::<Result<_, _>>().map(Some),
        None => Ok(None),
    }
}

/// The text of a URL: a string, or an object with `href`, as a `URL` has it.
pub(super) fn url_text(name: &str, url: &JsValue) -> Result<String, JsValue> {
    let text = match url.is_object() {
        true => Reflect::get(url, &JsValue::from_str("href"))?.as_string(),
        false => url.as_string(),
    };
    text.ok_or_else(|| invalid(name, "must be a string or a URL"))
}
