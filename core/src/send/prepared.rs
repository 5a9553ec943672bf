//! Messages for many connections.

use alloc::vec::Vec;
use core::fmt;

use super::Sender;
use crate::deflate::codec::Forms;
use crate::error::Error;
use crate::frame::{self, MessageKind};

/// A message for many connections, which compress it together: see [`Sender::send_prepared`].
///
/// It stays in use for as long as it is wanted, with connections of any configuration and of both roles, and by several
/// threads at once.
///
/// ```
/// # use core::time::Duration;
/// # use sansock::{Config, Connection, Role};
/// # let config = Config::builder(Role::Server).start_open(true).build()?;
/// # let mut connections = Vec::new();
/// # for _ in 0..3 { connections.push(Connection::new(&config, [0; 32], Duration::ZERO)?); }
/// use sansock::PreparedMessage;
///
/// let message = PreparedMessage::text("hello")?;
/// for connection in &mut connections {
///     connection.send_prepared(&message)?;
///     assert_eq!(connection.output(), b"\x81\x05hello");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PreparedMessage {
    kind: MessageKind,
    payload: Vec<u8>,
    forms: Forms,
}

impl PreparedMessage {
    /// A text message.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`].
    pub fn text(text: &str) -> Result<Self, Error> {
        Self::new(MessageKind::Text, text.as_bytes())
    }

    /// A binary message.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`].
    pub fn binary(data: &[u8]) -> Result<Self, Error> {
        Self::new(MessageKind::Binary, data)
    }

    fn new(kind: MessageKind, data: &[u8]) -> Result<Self, Error> {
        let mut payload = Vec::new();
        payload.try_reserve_exact(data.len()).map_err(|_| Error::NoMemory)?;
        payload.extend_from_slice(data);
        Ok(PreparedMessage { kind, payload, forms: Forms::default() })
    }

    /// Text or binary.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// The payload, not compressed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The text, if it is a text message.
    pub fn as_text(&self) -> Option<&str> {
        (self.kind == MessageKind::Text).then(|| core::str::from_utf8(&self.payload).unwrap_or_default())
    }

    /// How many bytes it holds: the payload, and what it was compressed to.
    pub fn memory_usage(&self) -> usize {
        self.payload.capacity() + self.forms.heap()
    }
}

impl fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedMessage")
            .field("kind", &self.kind)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl Sender {
    /// Sends a message that was made for many connections. It is compressed where [`send_text`](Self::send_text) would
    /// compress it, but once for all connections that agreed to the same window and have the same level of compression.
    ///
    /// So that all can send the same bytes, these refer to no message before, with or without context takeover
    /// (RFC 7692 §7.1.1). The messages that the connection compresses for itself may go on referring to each other, and to
    /// this one.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        let (opcode, payload) = (message.kind.opcode(), &message.payload[..]);
        if !self.may_send() || self.parts.is_some() {
            return Err(Error::InvalidState);
        }
        if !self.compresses(payload.len(), true) {
            self.check_room(payload.len() as u64)?;
            return self.frame(opcode, true, payload);
        }
        let form = self.compression.form(&message.forms, payload, &self.shared.settings, &self.shared.pool)?;
        self.check_room(form.len() as u64)?;
        self.write_frame(opcode, frame::COMPRESSED, true, &form)?;
        self.compression.pass(payload, &self.shared.pool);
        Ok(())
    }
}
