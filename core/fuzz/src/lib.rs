//! What fuzzing checks, as functions of bytes: cargo-fuzz calls them with what it makes up, and `tests/replay.rs` with the
//! corpora.

mod common;
#[expect(dead_code, reason = "the engine's tests build configurations by name, and look at what those hold")]
#[path = "../../tests/formulas/formula.rs"]
mod formula;
pub mod host;
pub mod input;
pub mod peer;
pub mod plan;
pub mod seen;
pub mod targets;
pub mod wire;

pub use targets::{TARGETS, Target};
