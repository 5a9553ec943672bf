//! What the formula needs of the engine's tests.

#[path = "../../tests/common/options.rs"]
pub(crate) mod options;

pub(crate) mod drive {
    pub(crate) use crate::host::ms;
}
