//! Where a connection stands, what its host does with the transport, and how it ended.

use alloc::boxed::Box;

use crate::batch::flag;
use crate::error::Fault;

/// Where a connection stands, for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// The opening handshake is under way.
    Connecting = crate::batch::state::CONNECTING,
    /// Messages flow.
    Open = crate::batch::state::OPEN,
    /// A Close frame was sent or received, the connection has not ended.
    Closing = crate::batch::state::CLOSING,
    /// The connection has ended: `Closed` is delivered, or comes with the next input call.
    Closed = crate::batch::state::CLOSED,
}

/// What the host does with the transport once all output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Transport {
    /// Go on.
    Open = crate::batch::transport::OPEN,
    /// Shut down the writing side; go on reading, or wait, until EOF or the next deadline. A host whose transport cannot
    /// be closed by halves (TLS in some libraries) goes on reading.
    ShutdownWrite = crate::batch::transport::SHUTDOWN_WRITE,
    /// Close it.
    Close = crate::batch::transport::CLOSE,
}

/// How a connection ended, until the event that says so is delivered.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) code: u16,
    pub(crate) reason: Box<str>,
    pub(crate) clean: bool,
    pub(crate) by_peer: bool,
    pub(crate) sent: Option<u16>,
    pub(crate) fault: Option<Fault>,
}

impl Ending {
    /// The flags of the CLOSED record.
    pub(crate) fn flags(&self) -> u8 {
        let clean = if self.clean { flag::CLEAN } else { 0 };
        let by_peer = if self.by_peer { flag::BY_PEER } else { 0 };
        clean | by_peer
    }
}
