//! Writes packets, and files of packets.

use std::net::{IpAddr, SocketAddr};

use sansock_inspect::Side;

use super::Sent;

/// What a packet is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Ethernet,
    Vlan,
    Sll,
    Sll2,
    Loopback,
    Raw,
}

impl Link {
    pub(crate) const ALL: [Link; 6] = [Link::Ethernet, Link::Vlan, Link::Sll, Link::Sll2, Link::Loopback, Link::Raw];

    /// Its number in files.
    pub(crate) fn number(self) -> u32 {
        match self {
            Link::Ethernet | Link::Vlan => 1,
            Link::Sll => 113,
            Link::Sll2 => 276,
            Link::Loopback => 0,
            Link::Raw => 101,
        }
    }

    pub(crate) fn wrap(self, ip: &[u8]) -> Vec<u8> {
        let kind: [u8; 2] = if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] };
        let header = match self {
            Link::Ethernet => [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &kind].concat(),
            Link::Vlan => [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5][..], &kind].concat(),
            Link::Sll => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &kind].concat(),
            Link::Sll2 => [&kind[..], &[0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]].concat(),
            Link::Loopback => vec![if kind == [0x08, 0x00] { 2 } else { 30 }, 0, 0, 0],
            Link::Raw => Vec::new(),
        };
        [header, ip.to_vec()].concat()
    }
}

pub(crate) const SYN: u8 = 2;
pub(crate) const FIN: u8 = 1;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;

/// A packet of TCP, with the header of the internet protocol. Checksums are left out: captures of machines that leave them to
/// their network cards have none.
pub(crate) fn tcp(from: SocketAddr, to: SocketAddr, sequence: u32, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut tcp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    tcp.extend(sequence.to_be_bytes());
    tcp.extend([0, 0, 0, 0, 6 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend([1, 1, 1, 0]);
    tcp.extend_from_slice(data);
    let ip = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let length = (20 + tcp.len() as u16).to_be_bytes();
            let header = [0x45, 0, length[0], length[1], 0, 1, 0x40, 0, 64, 6, 0, 0];
            [&header[..], &from.octets(), &to.octets()].concat()
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let length = (tcp.len() as u16).to_be_bytes();
            [&[0x60, 0, 0, 0, length[0], length[1], 6, 64][..], &from.octets(), &to.octets()].concat()
        }
        _ => panic!("two kinds of addresses"),
    };
    [ip, tcp].concat()
}

/// The packets of a connection.
pub(crate) struct Tcp {
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    /// The sequence numbers of the next bytes.
    pub(crate) next: [u32; 2],
    pub(crate) packets: Vec<Vec<u8>>,
}

impl Tcp {
    pub(crate) fn new(client: &str, server: &str) -> Self {
        let address = |text: &str| text.parse().expect("an address");
        Tcp { client: address(client), server: address(server), next: [1000, 5000], packets: Vec::new() }
    }

    /// A connection between usual addresses.
    pub(crate) fn usual() -> Self {
        Tcp::new("10.0.0.1:50000", "10.0.0.2:80")
    }

    /// A packet that does not move the sequence numbers.
    pub(crate) fn packet(&self, from: Side, sequence: u32, flags: u8, data: &[u8]) -> Vec<u8> {
        match from {
            Side::Client => tcp(self.client, self.server, sequence, flags, data),
            Side::Server => tcp(self.server, self.client, sequence, flags, data),
        }
    }

    pub(crate) fn send(&mut self, from: Side, flags: u8, data: &[u8]) {
        let sequence = self.next[from as usize];
        self.packets.push(self.packet(from, sequence, flags, data));
        let counted = data.len() as u32 + u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
        self.next[from as usize] = sequence.wrapping_add(counted);
    }

    pub(crate) fn open(&mut self) {
        self.send(Side::Client, SYN, b"");
        self.send(Side::Server, SYN | ACK, b"");
        self.send(Side::Client, ACK, b"");
    }

    pub(crate) fn close(&mut self) {
        self.send(Side::Server, FIN | ACK, b"");
        self.send(Side::Client, FIN | ACK, b"");
    }

    /// Data in segments of so many bytes at most.
    pub(crate) fn carry(&mut self, sent: &[Sent], size: usize) {
        for (from, bytes) in sent {
            bytes.chunks(size).for_each(|segment| self.send(*from, ACK, segment));
        }
    }

    /// A whole connection.
    pub(crate) fn whole(sent: &[Sent], size: usize) -> Self {
        let mut tcp = Tcp::usual();
        tcp.open();
        tcp.carry(sent, size);
        tcp.close();
        tcp
    }
}

/// The order of bytes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

impl Order {
    fn u16(self, number: u16) -> [u8; 2] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u64(self, number: u64) -> [u8; 8] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self == Order::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

/// What `if_tsoffset` says.
const LATER: u64 = 1_600_000_000;

/// A millisecond between packets, the first at this second.
const SECOND: u64 = 1_700_000_000;

fn microseconds(at: usize) -> u64 {
    SECOND * 1_000_000 + at as u64 * 1000
}

/// A file of pcap. Packets are captured up to `snap` bytes.
pub(crate) fn pcap(packets: &[Vec<u8>], link: Link, order: Order, is_nano: bool, snap: usize) -> Vec<u8> {
    let magic: u32 = if is_nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    let mut file = order.u32(magic).to_vec();
    file.extend([order.u16(2), order.u16(4)].concat());
    file.extend([0, 0, 65_535, link.number()].map(|number| order.u32(number)).concat());
    for (at, packet) in packets.iter().enumerate() {
        let packet = link.wrap(packet);
        let time = microseconds(at);
        let fraction = (time % 1_000_000) as u32 * if is_nano { 1000 } else { 1 };
        let captured = packet.len().min(snap);
        let header = [(time / 1_000_000) as u32, fraction, captured as u32, packet.len() as u32];
        file.extend(header.map(|number| order.u32(number)).concat());
        file.extend_from_slice(&packet[..captured]);
    }
    file
}

/// The usual file: Ethernet, microseconds, all of each packet.
pub(crate) fn file(packets: &[Vec<u8>]) -> Vec<u8> {
    pcap(packets, Link::Ethernet, Order::Little, false, 65_535)
}

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let length = order.u32(body.len() as u32 + 12);
    [&order.u32(kind)[..], &length, &body, &length].concat()
}

/// An interface of pcapng: its link, and `if_tsresol` if it has that. One that has it counts from a later second, too.
pub(crate) type Interface = (Link, Option<u8>);

/// A file of pcapng. Packets are seen on the interfaces in turn.
pub(crate) fn pcapng(packets: &[Vec<u8>], interfaces: &[Interface], order: Order) -> Vec<u8> {
    let section = [&order.u32(0x1a2b_3c4d)[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
    let mut file = block(order, 0x0a0d_0d0a, &section);
    for (link, resolution) in interfaces {
        let mut body = [&order.u16(link.number() as u16)[..], &[0, 0], &order.u32(0)].concat();
        if let Some(resolution) = resolution {
            body.extend([&order.u16(9)[..], &order.u16(1), &[*resolution, 0, 0, 0]].concat());
            body.extend([&order.u16(14)[..], &order.u16(8), &order.u64(LATER)].concat());
            body.extend([order.u16(0), order.u16(0)].concat());
        }
        file.extend(block(order, 1, &body));
    }
    // Names, statistics, and a block that nobody knows: none of them is a packet.
    file.extend(block(order, 4, &[0; 4]));
    file.extend(block(order, 0x8000_0001, b"whatever"));
    for (at, packet) in packets.iter().enumerate() {
        let number = at % interfaces.len();
        let (link, resolution) = interfaces[number];
        let packet = link.wrap(packet);
        let time = units(microseconds(at), resolution);
        let length = packet.len() as u32;
        let fields = [number as u32, (time >> 32) as u32, time as u32, length, length];
        file.extend(block(order, 6, &[fields.map(|field| order.u32(field)).concat(), packet].concat()));
    }
    file
}

/// A time as `if_tsresol` counts it.
fn units(microseconds: u64, resolution: Option<u8>) -> u64 {
    let later = microseconds - LATER * 1_000_000;
    match resolution {
        None => microseconds,
        Some(power) if power & 0x80 == 0 => (u128::from(later) * 10_u128.pow(power.into()) / 1_000_000) as u64,
        Some(power) => (u128::from(later) * (1 << (power & 0x7f)) / 1_000_000) as u64,
    }
}

/// A packet in a Simple Packet Block, which has no time.
pub(crate) fn simple_packets(packets: &[Vec<u8>], link: Link, order: Order) -> Vec<u8> {
    let mut file = pcapng(&[], &[(link, None)], order);
    for packet in packets {
        let packet = link.wrap(packet);
        file.extend(block(order, 3, &[&order.u32(packet.len() as u32)[..], &packet].concat()));
    }
    file
}
