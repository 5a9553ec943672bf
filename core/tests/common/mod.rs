//! What the test files share. Nothing here uses the engine's own encoders, decoders or tables.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod bytes;
pub mod drive;
pub mod frames;
pub mod transcript;
