//! CONNECT (RFC 9110 §9.3.6, RFC 9112 §3.2.3): the request, and the reading of the answer.

use alloc::string::String;
use alloc::vec::Vec;

use super::proxy::Credentials;
use super::{Step, TunnelConfig};
use crate::error::{Breach, Error, Fault, FaultKind};
use crate::handshake::deliver::{self, Head};
use crate::handshake::fields::Fields;
use crate::handshake::head::{self, FieldRoom, HeadKind, HeadReader};
use crate::handshake::response::Agreed;
use crate::handshake::write::push;
use crate::receive::batch::Batch;
use crate::settings::{MAX_INTERIM, Settings};
use crate::text::decimal;

/// What a request has besides the texts of the host, and some more.
const USUAL_SIZE: usize = 128;

/// The request. The target is host and port, and so is Host, with the port in any case.
pub(super) fn request(config: &TunnelConfig) -> Result<Vec<u8>, Error> {
    let (host, is_bracketed) = config.target().text();
    let (open, close): (&[u8], &[u8]) = if is_bracketed { (b"[", b"]") } else { (b"", b"") };
    let mut authority = Vec::new();
    push(&mut authority, &[open, host.as_bytes(), close, b":", decimal(config.port().into()).as_bytes()]);
    let credentials = config.proxy().credentials.as_ref().map(Credentials::basic);
    let mut output = Vec::new();
    let room = USUAL_SIZE + 2 * authority.len() + credentials.as_ref().map_or(0, String::len) + config.headers().len();
    output.try_reserve(room).map_err(|_| Error::NoMemory)?;
    push(&mut output, &[b"CONNECT ", &authority, b" HTTP/1.1\r\nHost: ", &authority, b"\r\n"]);
    if let Some(credentials) = credentials {
        push(&mut output, &[b"Proxy-Authorization: Basic ", credentials.as_bytes(), b"\r\n"]);
    }
    push(&mut output, &[config.headers(), b"\r\n"]);
    Ok(output)
}

/// The answer, as it is read. Its heads lie in the scratch buffer.
pub(super) struct Answer {
    reader: HeadReader,
    interim: u32,
    settings: Settings,
}

impl Answer {
    pub(super) fn new(config: &TunnelConfig) -> Self {
        Answer { reader: HeadReader::new(HeadKind::Response, 0), interim: 0, settings: config.settings().clone() }
    }

    /// The fault, with the limit that it exceeds.
    pub(super) fn fault(&self, breach: Breach) -> Fault {
        self.settings.fault(breach.into())
    }

    pub(super) fn read(&mut self, byte: u8, batch: &mut Batch) -> Result<Step, Breach> {
        let result = match self.reader.read(&[byte], &mut batch.scratch, &self.settings) {
            Ok((_, true)) => self.read_head(batch),
            Ok((_, false)) => Ok(Step::Wait),
            Err(fault) => Err(fault),
        };
        result.map_err(fault_of_tunnel)
    }

    /// A head is complete at the end of the scratch buffer.
    fn read_head(&mut self, batch: &mut Batch) -> Result<Step, Breach> {
        // Records refer to the head, so it stays where it is.
        let scratch = core::mem::take(&mut batch.scratch);
        let start = self.reader.start();
        let bytes = &scratch[start..];
        let mut room = FieldRoom::new();
        let result = head::parse(bytes, &mut room).and_then(|(line, fields)| {
            let (status, _) = head::parse_status_line(line)?;
            if (200..=299).contains(&status) {
                // No length and no coding announces a body here (RFC 9110 §9.3.6).
                let agreed = Agreed { subprotocol: None, extension: None };
                let head = Head { bytes, start, fields: &Fields::new(fields) };
                deliver::open_client(&head, &agreed, batch).map_err(|_| FaultKind::NoMemory)?;
            }
            Ok(status)
        });
        batch.scratch = scratch;
        let end = batch.scratch.len();
        match result? {
            // Nobody asked to switch protocols.
            101 => Err(FaultKind::BadStatusLine.into()),
            100..=199 => {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Err(Breach::with(FaultKind::TooManyInterim, self.interim.into()));
                }
                self.reader = HeadReader::new(HeadKind::Response, end);
                Ok(Step::Wait)
            }
            200..=299 => Ok(Step::Open),
            status => {
                deliver::refusal(start, end, status, false, batch).map_err(|_| FaultKind::NoMemory)?;
                let kind = if status == 407 { FaultKind::TunnelAuthentication } else { FaultKind::TunnelRefused };
                Ok(Step::Refused(kind, status))
            }
        }
    }
}

/// A limit that is exceeded keeps its own kind; everything else is an answer that is none.
fn fault_of_tunnel(fault: Breach) -> Breach {
    use FaultKind::*;
    match fault.kind {
        HeadTooLarge | RequestLineTooLong | HeaderTooLong | TooManyHeaders | TooManyInterim | NoMemory => fault,
        _ => TunnelBadAnswer.into(),
    }
}
