//! Configurations: options by number, texts, headers.

use sansock::boundary::Config;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::state::{call, produce, whole, with};

/// Creates a configuration with every option at its default. `role`: 0 client, 1 server. Free it with `config_free`.
#[wasm_bindgen]
pub fn config_new(role: u32) -> u32 {
    produce(|state| {
        let config = Config::new(role)?;
        state.configs.insert(config)
    })
}

/// Frees a configuration. Connections made of it keep what they were created with.
#[wasm_bindgen]
pub fn config_free(config: u32) {
    with(|state| state.configs.remove(config));
}

/// Sets an option of [`sansock::boundary::option`]. Infinity stands for the largest value there is.
#[wasm_bindgen]
pub fn config_set(config: u32, option: u32, value: f64) -> i32 {
    call(|state| state.configs.get_mut(config)?.set(option, whole(value)?))
}

/// Sets a text of [`sansock::boundary::text`] to the first `len` bytes of the transfer buffer.
#[wasm_bindgen]
pub fn config_set_text(config: u32, text: u32, len: u32) -> i32 {
    call(|state| state.configs.get_mut(config)?.set_text(text, state.transfer.bytes(len)?))
}

/// Adds a header: its name, then its value, in the transfer buffer.
#[wasm_bindgen]
pub fn config_add_header(config: u32, name_len: u32, value_len: u32) -> i32 {
    call(|state| {
        let (name, value) = state.transfer.pair(name_len, value_len)?;
        state.configs.get_mut(config)?.add_header(name, value)
    })
}
