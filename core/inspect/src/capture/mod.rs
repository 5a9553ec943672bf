//! Files with captures: what they are, and what is in them.

mod bytes;
mod dump;
mod har;
mod packets;
mod tcp;

use core::fmt;

use crate::Connections;
use crate::entry::Side;
use packets::Packets;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError(pub(crate) String);

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for CaptureError {}

/// The largest file of a kind that is read as a whole. Files of packets can be of any size.
const MAX_WHOLE: usize = 512 << 20;

/// A file that is being read.
#[derive(Default)]
pub(crate) struct Capture {
    kind: Kind,
    /// What came from whom, where each end has a file of its own.
    halves: [Vec<u8>; 2],
}

#[derive(Default)]
enum Kind {
    /// Too little has come to tell.
    #[default]
    Unknown,
    /// The same, with what has come.
    Begun(Vec<u8>),
    Packets(Box<Packets>),
    /// Text, or the bytes themselves: they are read as a whole.
    Whole(Vec<u8>),
    Broken(CaptureError),
}

/// What a file says.
enum Content {
    /// Bytes, in the order in which they were sent.
    Pieces(Vec<Piece>),
    /// Packets of the internet protocol or of Ethernet.
    Packets(Vec<dump::Packet>),
}

/// Bytes that one end has sent.
struct Piece {
    /// Nobody, if the file does not say it.
    from: Option<Side>,
    bytes: Vec<u8>,
}

impl Capture {
    pub(crate) fn push(&mut self, bytes: &[u8], connections: &mut Connections) {
        match &mut self.kind {
            Kind::Packets(packets) => {
                if let Err(error) = packets.push(bytes, connections) {
                    self.kind = Kind::Broken(error);
                }
            }
            Kind::Whole(whole) if whole.len() + bytes.len() <= MAX_WHOLE => whole.extend_from_slice(bytes),
            Kind::Whole(_) => self.kind = Kind::Broken(CaptureError("the file is larger than 512 MiB".to_owned())),
            Kind::Broken(_) => {}
            Kind::Unknown => {
                self.kind = Kind::Begun(Vec::new());
                self.push(bytes, connections);
            }
            Kind::Begun(begun) => {
                begun.extend_from_slice(bytes);
                if begun.len() >= 4 {
                    let begun = core::mem::take(begun);
                    self.kind = match Packets::of(&begun) {
                        Some(packets) => Kind::Packets(Box::new(packets)),
                        None => Kind::Whole(Vec::new()),
                    };
                    self.push(&begun, connections);
                }
            }
        }
    }

    pub(crate) fn push_from(&mut self, from: Side, bytes: &[u8]) {
        let half = &mut self.halves[usize::from(from == Side::Server)];
        if half.len() + bytes.len() <= MAX_WHOLE {
            half.extend_from_slice(bytes);
        } else {
            self.kind = Kind::Broken(CaptureError("the file is larger than 512 MiB".to_owned()));
        }
    }

    /// The file is over.
    pub(crate) fn finish(&mut self, connections: &mut Connections) -> Result<(), CaptureError> {
        let [client, server] = core::mem::take(&mut self.halves);
        for (from, half) in [(Side::Client, client), (Side::Server, server)] {
            if !half.is_empty() {
                let pieces = vec![Piece { from: Some(from), bytes: bytes::decode(half)? }];
                read(Content::Pieces(pieces), connections);
            }
        }
        match core::mem::take(&mut self.kind) {
            Kind::Unknown => Ok(()),
            Kind::Packets(mut packets) => packets.finish(connections),
            Kind::Broken(error) => Err(error),
            Kind::Begun(whole) | Kind::Whole(whole) if har::is_begun(&whole) => har::read(&whole, connections),
            Kind::Begun(whole) | Kind::Whole(whole) => {
                read(dump::decode(whole)?, connections);
                Ok(())
            }
        }
    }
}

fn read(content: Content, connections: &mut Connections) {
    match content {
        Content::Packets(packets) => {
            let mut flows = tcp::Flows::default();
            for packet in packets {
                flows.read(packet.link, &packet.bytes, packet.time, connections);
            }
            flows.finish(connections);
        }
        Content::Pieces(pieces) => {
            for Piece { from, bytes } in pieces {
                let from = from.unwrap_or_else(|| sender(&bytes));
                connections.receive(1, from, &bytes, None);
            }
        }
    }
}

/// Whose bytes these are: a client begins with a request, or masks its frames.
pub(crate) fn sender(bytes: &[u8]) -> Side {
    let is_response = bytes.starts_with(b"HTTP/");
    let is_request = !is_response && crate::head::is_begun(bytes) == Some(true);
    let is_masked = !is_response && bytes.get(1).is_some_and(|second| *second >= 0x80);
    if is_request || is_masked { Side::Client } else { Side::Server }
}
