//! Files of packets: pcap and pcapng.

use pcap_parser::nom::{Err, IResult};
use pcap_parser::pcapng;
use pcap_parser::{InterfaceDescriptionBlock, LegacyPcapBlock, Linktype, PcapError, PcapHeader, SectionHeaderBlock};

use super::CaptureError;
use super::tcp::Flows;
use crate::Connections;

/// What is below the internet protocol in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// A header of Ethernet.
    Ethernet,
    /// So many bytes of which nothing is needed.
    Skip(usize),
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
    Begin,
    Pcap(PcapHeader),
    PcapNg { is_big_endian: bool, interfaces: Vec<Interface> },
}

/// What pcapng says of the place where packets were captured.
struct Interface {
    link: Linktype,
    /// How its times are counted: so many in a second.
    resolution: u64,
}

/// A packet, and where it was seen.
struct Packet<'a> {
    link: Linktype,
    time: Option<u64>,
    data: &'a [u8],
}

type Parsed<'a, T> = IResult<&'a [u8], T, PcapError<&'a [u8]>>;

/// How the blocks of pcapng begin that are of interest.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

impl Packets {
    /// A reader, if this begins such a file.
    pub(super) fn of(begun: &[u8]) -> Option<Self> {
        let is_known = matches!(
            begun.get(..4)?,
            [0x0a, 0x0d, 0x0d, 0x0a]
                | [0xa1, 0xb2, 0xc3, 0xd4]
                | [0xd4, 0xc3, 0xb2, 0xa1]
                | [0xa1, 0xb2, 0x3c, 0x4d]
                | [0x4d, 0x3c, 0xb2, 0xa1]
        );
        is_known.then(|| Packets { format: Format::Begin, pending: Vec::new(), flows: Flows::default() })
    }

    pub(super) fn push(&mut self, bytes: &[u8], connections: &mut Connections) -> Result<(), CaptureError> {
        let mut pending = core::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut rest = &pending[..];
        while !rest.is_empty() {
            match self.format.next(rest) {
                Ok((left, packet)) => {
                    if let Some((link, packet)) = packet.and_then(|packet| Some((link(packet.link)?, packet))) {
                        self.flows.read(link, packet.data, packet.time, connections);
                    }
                    rest = left;
                }
                Err(Err::Incomplete(_)) if rest.len() < MAX_PACKET => break,
                Err(Err::Incomplete(_)) => {
                    return Err(CaptureError("the capture is broken: a packet is larger than 16 MiB".to_owned()));
                }
                Err(_) => return Err(CaptureError("the capture is broken: a packet has no valid header".to_owned())),
            }
        }
        let read = pending.len() - rest.len();
        pending.drain(..read);
        self.pending = pending;
        Ok(())
    }

    pub(super) fn finish(&mut self, connections: &mut Connections) -> Result<(), CaptureError> {
        self.flows.finish(connections);
        if self.pending.is_empty() { Ok(()) } else { Err(CaptureError("the capture ends inside a packet".to_owned())) }
    }
}

impl Format {
    /// Reads the next piece of the file, and the packet in it if there is one.
    fn next<'a>(&mut self, bytes: &'a [u8]) -> Parsed<'a, Option<Packet<'a>>> {
        match self {
            Format::Begin if bytes.starts_with(&SECTION.to_be_bytes()) => {
                *self = Format::PcapNg { is_big_endian: false, interfaces: Vec::new() };
                self.next(bytes)
            }
            Format::Begin => {
                let (rest, header) = pcap_parser::pcap::parse_pcap_header(bytes)?;
                *self = Format::Pcap(header);
                Ok((rest, None))
            }
            Format::Pcap(header) => {
                let parse = if header.is_bigendian() {
                    pcap_parser::pcap::parse_pcap_frame_be
                } else {
                    pcap_parser::pcap::parse_pcap_frame
                };
                let (rest, packet): (_, LegacyPcapBlock<'a>) = parse(bytes)?;
                let fraction = u64::from(packet.ts_usec) / if header.is_nanosecond_precision() { 1000 } else { 1 };
                let time = Some(u64::from(packet.ts_sec) * 1_000_000 + fraction);
                Ok((rest, Some(Packet { link: header.network, time, data: packet.data })))
            }
            Format::PcapNg { is_big_endian, interfaces } => block(bytes, is_big_endian, interfaces),
        }
    }
}

/// Reads a block of pcapng.
fn block<'a>(
    bytes: &'a [u8],
    is_big_endian: &mut bool,
    interfaces: &mut Vec<Interface>,
) -> Parsed<'a, Option<Packet<'a>>> {
    let Some(kind) = bytes.first_chunk() else { return Err(Err::Incomplete(pcap_parser::nom::Needed::Unknown)) };
    let kind = if *is_big_endian { u32::from_be_bytes(*kind) } else { u32::from_le_bytes(*kind) };
    // The first field of a section reads the same in both orders.
    if kind == SECTION {
        let (rest, section): (_, SectionHeaderBlock<'a>) = pcapng::parse_sectionheaderblock(bytes)?;
        *is_big_endian = section.big_endian();
        interfaces.clear();
        return Ok((rest, None));
    }
    match kind {
        INTERFACE => {
            let parse = if *is_big_endian {
                pcapng::parse_interfacedescriptionblock_be
            } else {
                pcapng::parse_interfacedescriptionblock_le
            };
            let (rest, interface): (_, InterfaceDescriptionBlock<'a>) = parse(bytes)?;
            let resolution = interface.ts_resolution().filter(|resolution| *resolution > 0).unwrap_or(1_000_000);
            interfaces.push(Interface { link: interface.linktype, resolution });
            Ok((rest, None))
        }
        ENHANCED_PACKET => {
            let parse = if *is_big_endian {
                pcapng::parse_enhancedpacketblock_be
            } else {
                pcapng::parse_enhancedpacketblock_le
            };
            let (rest, packet) = parse(bytes)?;
            let Some(interface) = interfaces.get(packet.if_id as usize) else { return Ok((rest, None)) };
            let count = u128::from(packet.ts_high) << 32 | u128::from(packet.ts_low);
            let time = (count * 1_000_000 / u128::from(interface.resolution)) as u64;
            let data = &packet.data[..packet.data.len().min(packet.caplen as usize)];
            Ok((rest, Some(Packet { link: interface.link, time: Some(time), data })))
        }
        SIMPLE_PACKET => {
            let parse =
                if *is_big_endian { pcapng::parse_simplepacketblock_be } else { pcapng::parse_simplepacketblock_le };
            let (rest, packet) = parse(bytes)?;
            let link = interfaces.first().map(|interface| interface.link);
            Ok((rest, link.map(|link| Packet { link, time: None, data: packet.data })))
        }
        _ => {
            let parse = if *is_big_endian { pcapng::parse_unknownblock_be } else { pcapng::parse_unknownblock_le };
            parse(bytes).map(|(rest, _)| (rest, None))
        }
    }
}

/// What is in a packet of such a link, if that can be the internet protocol.
fn link(kind: Linktype) -> Option<Link> {
    match kind {
        Linktype::ETHERNET => Some(Link::Ethernet),
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 => Some(Link::Skip(0)),
        Linktype::NULL | Linktype::LOOP => Some(Link::Skip(4)),
        Linktype::LINUX_SLL => Some(Link::Skip(16)),
        Linktype::LINUX_SLL2 => Some(Link::Skip(20)),
        _ => None,
    }
}
