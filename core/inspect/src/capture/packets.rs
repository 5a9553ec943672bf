//! Files of packets: pcap and pcapng.

use core::time::Duration;

use pcap_file::pcap::PcapParser;
use pcap_file::pcapng::{Block, PcapNgParser};
use pcap_file::{DataLink, PcapError};

use super::CaptureError;
use super::tcp::Flows;
use crate::Connections;

/// What is below the internet protocol in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// Nothing, or so many bytes of which nothing is needed.
    Ip,
    /// A header of this many bytes.
    Behind(usize),
}

/// The largest packet that is waited for. The tools that capture write at most 256 KiB.
const MAX_PACKET: usize = 16 << 20;

/// A file of packets that is being read.
pub(super) struct Packets {
    format: Format,
    /// What has come and could not be read yet.
    pending: Vec<u8>,
    flows: Flows,
}

enum Format {
    Begin { is_next_generation: bool },
    Pcap(PcapParser),
    PcapNg(Box<PcapNgParser>),
}

impl Packets {
    /// A reader, if this begins such a file.
    pub(super) fn of(begun: &[u8]) -> Option<Self> {
        let is_next_generation = match begun.get(..4)? {
            [0x0a, 0x0d, 0x0d, 0x0a] => true,
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1] => false,
            _ => return None,
        };
        Some(Packets { format: Format::Begin { is_next_generation }, pending: Vec::new(), flows: Flows::default() })
    }

    pub(super) fn push(&mut self, bytes: &[u8], connections: &mut Connections) -> Result<(), CaptureError> {
        let mut pending = core::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut rest = &pending[..];
        loop {
            let before = rest.len();
            match self.next(rest, connections) {
                Ok(left) => rest = left,
                Err(PcapError::IncompleteBuffer) if rest.len() < MAX_PACKET => break,
                Err(error) => {
                    let text = match error {
                        PcapError::IncompleteBuffer => "a packet is larger than 16 MiB".to_owned(),
                        error => error.to_string(),
                    };
                    return Err(CaptureError(format!("the capture is broken: {text}")));
                }
            }
            if rest.is_empty() || rest.len() == before && !matches!(self.format, Format::Begin { .. }) {
                break;
            }
        }
        let read = pending.len() - rest.len();
        pending.drain(..read);
        self.pending = pending;
        Ok(())
    }

    /// Reads the next piece of the file, and returns what is behind it.
    fn next<'a>(&mut self, bytes: &'a [u8], connections: &mut Connections) -> Result<&'a [u8], PcapError> {
        match &mut self.format {
            Format::Begin { is_next_generation: true } => {
                let (rest, parser) = PcapNgParser::new(bytes)?;
                self.format = Format::PcapNg(Box::new(parser));
                Ok(rest)
            }
            Format::Begin { is_next_generation: false } => {
                let (rest, parser) = PcapParser::new(bytes)?;
                self.format = Format::Pcap(parser);
                Ok(rest)
            }
            Format::Pcap(parser) => {
                let (rest, packet) = parser.next_packet(bytes)?;
                if let Some(link) = link(parser.header().datalink) {
                    self.flows.read(link, &packet.data, Some(microseconds(packet.timestamp)), connections);
                }
                Ok(rest)
            }
            Format::PcapNg(parser) => {
                let (rest, block) = parser.next_block(bytes)?;
                let (interface, data, time) = match &block {
                    Block::EnhancedPacket(packet) => {
                        (packet.interface_id as usize, &packet.data, Some(microseconds(packet.timestamp)))
                    }
                    Block::SimplePacket(packet) => (0, &packet.data, None),
                    _ => return Ok(rest),
                };
                if let Some(link) = parser.interfaces().get(interface).and_then(|interface| link(interface.linktype)) {
                    self.flows.read(link, data, time, connections);
                }
                Ok(rest)
            }
        }
    }

    pub(super) fn finish(&mut self, connections: &mut Connections) -> Result<(), CaptureError> {
        self.flows.finish(connections);
        if self.pending.is_empty() { Ok(()) } else { Err(CaptureError("the capture ends inside a packet".to_owned())) }
    }
}

fn microseconds(time: Duration) -> u64 {
    time.as_micros() as u64
}

/// What is in a packet of such a link, if that can be the internet protocol.
fn link(kind: DataLink) -> Option<Link> {
    match kind {
        DataLink::ETHERNET => Some(Link::Ethernet),
        DataLink::RAW | DataLink::IPV4 | DataLink::IPV6 => Some(Link::Ip),
        DataLink::NULL | DataLink::LOOP => Some(Link::Behind(4)),
        DataLink::LINUX_SLL => Some(Link::Behind(16)),
        DataLink::LINUX_SLL2 => Some(Link::Behind(20)),
        _ => None,
    }
}
