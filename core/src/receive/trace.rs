//! Which row of the table of messages a frame takes, for programs that show connections: the feature `trace`.

use super::FrameReader;
use crate::error::{Breach, FaultKind};
use crate::frame::Header;
use crate::send::Sender;

impl FrameReader {
    /// The first byte of the header that goes on with these bytes, or begins with them; 0 if there is none.
    pub(super) fn first_byte(&self, bytes: &[u8]) -> u8 {
        if self.header_len > 0 { self.header[0] } else { bytes.first().copied().unwrap_or_default() }
    }

    /// Notes the row of a frame whose header has been read: unless a rule is broken that is not the table's.
    pub(super) fn note_header(&self, first: u8, read: &Result<Option<(Header, usize)>, Breach>, sender: &mut Sender) {
        let is_noted = match read {
            Ok(header) => header.is_some(),
            Err(breach) => matches!(
                breach.kind,
                FaultKind::ReservedOpcode
                    | FaultKind::ControlFragmented
                    | FaultKind::UnexpectedContinuation
                    | FaultKind::ExpectedContinuation
            ),
        };
        if is_noted {
            sender.note_frame(self.message.is_some(), first);
        }
    }
}
