//! What the test files share. Nothing here uses the engine's own encoders, decoders or tables.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod bytes;
pub(crate) mod deflate;
pub(crate) mod drive;
pub(crate) mod evidence;
pub(crate) mod frames;
pub(crate) mod options;
pub(crate) mod transcript;
