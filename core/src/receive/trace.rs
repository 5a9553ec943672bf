//! Which row of the table of messages a frame takes, for programs that show connections: the feature `trace`.

use super::FrameReader;
use crate::error::FaultKind;
use crate::frame;
use crate::send::Sender;

impl FrameReader {
    /// Notes the row of the frame whose header ends in these bytes, which are read next: unless a rule is broken that is not the
    /// table's.
    pub(super) fn note_header(&self, bytes: &[u8], sender: &mut Sender) {
        let (mut header, begun) = (self.header, usize::from(self.header_len));
        let len = header.len().min(begun + bytes.len());
        header[begun..len].copy_from_slice(&bytes[..len - begun]);
        if len == 0 || !sender.trace.is_on() {
            return;
        }
        let is_noted = match frame::decode(&header[..len], self.rules(sender)) {
            Ok(decoded) => decoded.is_some(),
            Err(breach) => matches!(
                breach.kind,
                FaultKind::ReservedOpcode
                    | FaultKind::ControlFragmented
                    | FaultKind::UnexpectedContinuation
                    | FaultKind::ExpectedContinuation
            ),
        };
        if is_noted {
            sender.note_frame(self.message.is_some(), header[0]);
        }
    }
}
