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
    /// Whether there was a packet of a link that is read.
    is_known: bool,
    /// A link that is not.
    unknown: Option<Linktype>,
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
    /// What is to be added to them, in seconds.
    offset: i64,
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
        is_known.then(|| Packets {
            format: Format::Begin,
            pending: Vec::new(),
            is_known: false,
            unknown: None,
            flows: Flows::default(),
        })
    }

    /// Reads the next bytes. What is behind an error cannot be read.
    pub(super) fn push(&mut self, bytes: &[u8], connections: &mut Connections) -> Result<(), CaptureError> {
        let mut pending = core::mem::take(&mut self.pending);
        if pending.is_empty() {
            let read = self.read_all(bytes, connections)?;
            pending.extend_from_slice(&bytes[read..]);
        } else {
            pending.extend_from_slice(bytes);
            let read = self.read_all(&pending, connections)?;
            pending.drain(..read);
        }
        self.pending = pending;
        Ok(())
    }

    /// Reads all that is whole, and returns how many bytes that is.
    fn read_all(&mut self, bytes: &[u8], connections: &mut Connections) -> Result<usize, CaptureError> {
        let mut rest = bytes;
        let what = loop {
            if rest.is_empty() {
                return Ok(bytes.len());
            }
            match self.format.next(rest) {
                Ok((left, packet)) => {
                    if let Some(packet) = packet {
                        self.read(&packet, connections);
                    }
                    rest = left;
                }
                Err(Err::Incomplete(_)) if rest.len() < MAX_PACKET => return Ok(bytes.len() - rest.len()),
                Err(Err::Incomplete(_)) => break "a packet is larger than 16 MiB",
                Err(_) => break "a packet has no valid header",
            }
        };
        self.flows.finish(connections);
        Err(CaptureError(format!("the capture is broken: {what}")))
    }

    fn read(&mut self, packet: &Packet<'_>, connections: &mut Connections) {
        match link(packet.link) {
            Some(link) => {
                self.is_known = true;
                self.flows.read(link, packet.data, packet.time, connections);
            }
            None => self.unknown = Some(packet.link),
        }
    }

    pub(super) fn finish(&mut self, connections: &mut Connections) -> Result<(), CaptureError> {
        self.flows.finish(connections);
        match (&self.format, self.unknown) {
            (Format::Begin, _) => Err(CaptureError("the capture ends inside its header".to_owned())),
            _ if !self.pending.is_empty() => Err(CaptureError("the capture ends inside a packet".to_owned())),
            (_, Some(link)) if !self.is_known => {
                Err(CaptureError(format!("the packets of the capture are of link type {}, which is not read", link.0)))
            }
            _ => Ok(()),
        }
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
            let resolution = resolution(interface.if_tsresol);
            // The library reads it in one order only.
            let offset = interface.if_tsoffset;
            let offset = if *is_big_endian { offset.swap_bytes() } else { offset };
            interfaces.push(Interface { link: interface.linktype, resolution, offset });
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
            let time = time.saturating_add_signed(interface.offset.saturating_mul(1_000_000));
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

/// How many units of time there are in a second: a power of ten or of two, or the default for one that is too large.
fn resolution(exponent: u8) -> u64 {
    let power = u32::from(exponent & 0x7f);
    let units = if exponent & 0x80 == 0 { 10_u64.checked_pow(power) } else { 1_u64.checked_shl(power) };
    units.unwrap_or(1_000_000)
}

/// What is in a packet of such a link, if that can be the internet protocol.
fn link(kind: Linktype) -> Option<Link> {
    match kind {
        Linktype::ETHERNET => Some(Link::Ethernet),
        // 12 and 14 are what some systems write for the first of these.
        Linktype::RAW | Linktype(12 | 14) | Linktype::IPV4 | Linktype::IPV6 => Some(Link::Skip(0)),
        Linktype::NULL | Linktype::LOOP => Some(Link::Skip(4)),
        Linktype::LINUX_SLL => Some(Link::Skip(16)),
        Linktype::LINUX_SLL2 => Some(Link::Skip(20)),
        _ => None,
    }
}
