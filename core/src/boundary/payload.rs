//! Payloads that a host writes itself, where its transport may take a part of them.

use super::Error;
use super::connection::{Connection, message_kind};
#[cfg(doc)]
use super::kind;
#[cfg(doc)]
use crate::send::Sender;

impl Connection {
    /// See [`Sender::check_header`]. `kind` is [`kind::TEXT`] or [`kind::BINARY`].
    ///
    /// # Errors
    ///
    /// As there, and [`Error::InvalidArgument`] for another kind.
    pub fn check_header(&self, kind: u8, len: u64) -> Result<(), Error> {
        Ok(self.0.check_header(message_kind(kind)?, len)?)
    }

    /// See [`Sender::send_rest`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_rest(&mut self, rest: &[u8]) -> Result<(), Error> {
        Ok(self.0.send_rest(rest)?)
    }
}
