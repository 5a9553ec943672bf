//! The outgoing half, reached through the connection.

use core::time::Duration;

use super::Connection;
use crate::close::CloseCode;
use crate::error::{Error, Fault};
use crate::frame::MessageKind;
use crate::send::closing::{State, Transport};
use crate::send::{Output, PreparedMessage, Sender};

macro_rules! delegate {
    ($([$this:ident: $receiver:ty] $name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        /// The same calls as on [`Sender`], where they are described.
        impl Connection {
            $(#[doc = concat!("See [`Sender::", stringify!($name), "`].")]
            #[allow(clippy::missing_errors_doc)]
            #[inline]
            pub fn $name($this: $receiver, $($argument: $kind),*) $(-> $result)? {
                $this.sender.$name($($argument),*)
            })*
        }
    };
}

delegate! {
    [self: &mut Self] send_text(text: &str) -> Result<(), Error>;
    [self: &mut Self] send_binary(data: &[u8]) -> Result<(), Error>;
    [self: &mut Self] send_part(kind: MessageKind, data: &[u8], last: bool) -> Result<(), Error>;
    [self: &mut Self] send_prepared(message: &PreparedMessage) -> Result<(), Error>;
    [self: &mut Self] send_header(kind: MessageKind, len: u64, last: bool) -> Result<(), Error>;
    [self: &Self] check_header(kind: MessageKind, len: u64) -> Result<(), Error>;
    [self: &mut Self] send_rest(rest: &[u8]) -> Result<(), Error>;
    [self: &mut Self] payload_written();
    [self: &Self] output_limits() -> (u64, u64);
    [self: &Self] would_compress(len: usize) -> bool;
    [self: &mut Self] ping(payload: &[u8], now: Duration) -> Result<(), Error>;
    [self: &mut Self] pong(payload: &[u8]) -> Result<(), Error>;
    [self: &mut Self] close(code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error>;
    [self: &mut Self] fail(code: impl Into<Option<CloseCode>>, reason: &str, now: Duration) -> Result<(), Error>;
    [self: &mut Self] set_compression(on: bool);
    [self: &mut Self] pause(now: Duration);
    [self: &mut Self] resume(now: Duration);
    [self: &Self] output() -> &[u8];
    [self: &mut Self] output_buf() -> Output<'_>;
    [self: &mut Self] written(count: usize) -> Result<(), Error>;
    [self: &Self] pending_output() -> usize;
    [self: &Self] writable() -> bool;
    [self: &Self] transport() -> Transport;
    [self: &Self] state() -> State;
    [self: &Self] fault() -> Option<Fault>;
}

impl Connection {
    /// The outgoing half.
    pub fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }
}
