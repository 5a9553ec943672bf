//! The codec of a build without compression. The option that would negotiate the extension is refused, so that nothing here
//! is ever called.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{Direction, Effort};
use crate::buffers::Buffers;
use crate::error::{Breach, Error, FaultKind};
use crate::utf8::Utf8;

#[derive(Debug, Default)]
pub(crate) struct Pool {}

#[derive(Default)]
pub(crate) struct Compressor {}

impl Compressor {
    pub(crate) fn compress(&mut self, _: &[u8], _: bool, _: Direction, _: Effort, _: &Pool) -> Result<Vec<u8>, Error> {
        Err(Error::InvalidState)
    }

    pub(crate) fn bound(len: usize, _: Direction, _: Effort) -> usize {
        len
    }

    pub(crate) fn pass(&mut self, _: &[u8], _: Direction, _: &Pool) {}

    pub(crate) fn heap(&self) -> usize {
        0
    }
}

#[derive(Default)]
pub(crate) struct Forms {}

impl Forms {
    pub(crate) fn get(&self, _: &[u8], _: Direction, _: Effort, _: &Pool) -> Result<Arc<[u8]>, Error> {
        Err(Error::InvalidState)
    }

    pub(crate) fn heap(&self) -> usize {
        0
    }
}

#[derive(Default)]
pub(crate) struct Inflater {}

#[allow(dead_code)]
pub(crate) struct Target<'a> {
    pub(crate) store: &'a mut Vec<u8>,
    pub(crate) buffers: &'a Buffers,
    pub(crate) start: usize,
    pub(crate) leaves: bool,
    pub(crate) left: u64,
    pub(crate) limit: u64,
    pub(crate) utf8: Option<&'a mut Utf8>,
}

impl Inflater {
    pub(crate) fn inflate(
        &mut self,
        _: &[u8],
        _: bool,
        _: &mut Target<'_>,
        _: Direction,
        _: &Pool,
    ) -> Result<(), Breach> {
        Err(FaultKind::BadCompressedData.into())
    }

    pub(crate) fn heap(&self) -> usize {
        0
    }
}
