//! Errors as they are thrown.

use js_sys::Error as JsError;
use sansock::boundary::{Error, status};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = JsError)]
    type SansockError;
    #[wasm_bindgen(method, setter)]
    fn set_name(this: &SansockError, name: &str);
    #[wasm_bindgen(method, setter)]
    fn set_code(this: &SansockError, code: &str);
    #[wasm_bindgen(method, setter)]
    fn set_number(this: &SansockError, number: i32);
    #[wasm_bindgen(method, setter)]
    fn set_sent(this: &SansockError, sent: u32);
}

/// The error for an argument that is not allowed. Its message begins with the argument's name.
pub(super) fn invalid(name: &str, why: &str) -> JsValue {
    error(Error::InvalidArgument, &format!("{name}: {why}")).into()
}

/// The error for a call that the engine refused. `about` is the argument that it may have refused.
pub(super) fn refused(reason: impl Into<Error>, about: &str) -> JsValue {
    of_reason(reason.into(), about).into()
}

/// The same for a batch of which some messages were sent.
pub(super) fn refused_after(sent: usize, reason: impl Into<Error>, about: &str) -> JsValue {
    let error = of_reason(reason.into(), about);
    error.set_sent(sent as u32);
    error.into()
}

fn of_reason(reason: Error, about: &str) -> SansockError {
    if reason == Error::InvalidArgument && !about.is_empty() {
        return error(reason, &format!("{about}: {}", reason.text()));
    }
    error(reason, reason.text())
}

fn error(reason: Error, message: &str) -> SansockError {
    let error: SansockError = JsError::new(message).unchecked_into();
    let row = status::ALL.iter().find(|row| row.value == i64::from(reason.number()));
    error.set_name("SansockError");
    error.set_code(row.map_or("POISONED", |row| row.name));
    error.set_number(reason.number());
    error
}
