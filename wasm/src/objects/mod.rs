//! The engine as classes and plain objects, for programs that take what `wasm-pack` makes: feature `objects`.
//!
//! Names, arguments and events are those of the npm package, but every `now` is required, and so is the option `now`: nothing
//! here reads a clock. Arguments are never coerced: they are taken as JavaScript values and checked, all of them before anything
//! changes. Code of the caller's, such as a getter or an iterator, runs only while no connection is borrowed.

mod arguments;
mod bytes;
mod connection;
mod errors;
mod events;
mod frame;
mod headers;
mod options;
mod output;
mod prepared;
mod sending;
mod tunnel;
mod urls;

use wasm_bindgen::prelude::wasm_bindgen;

pub use connection::Connection;
pub use frame::encode_frame;
pub use prepared::PreparedMessage;
pub use tunnel::Tunnel;
pub use urls::{parse_proxy, parse_url};

/// The events, the numeric options and the names of faults, as the npm package has them.
#[wasm_bindgen(typescript_custom_section)]
const SHARED: &str = include_str!("shared.d.ts");

/// What has another form here than in the npm package.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");
