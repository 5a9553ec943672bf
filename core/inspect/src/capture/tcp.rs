//! Connections of TCP, whose packets are put in order.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};

use super::packets::Link;
use super::sender;
use crate::Connections;
use crate::conversation::Origin;
use crate::entry::Side;

/// How much may wait for a packet that is missing, in bytes, before it counts as lost.
const MAX_WAITING: usize = 4 << 20;

/// What a packet that waits takes beside its bytes.
const PACKET: usize = 64;

/// The lowest port of those that clients are given (RFC 6335 §6 and what systems do): servers listen below.
const FIRST_OF_CLIENTS: u16 = 32_768;

/// The addresses of both ends, the lower one first.
type Ends = (SocketAddr, SocketAddr);

/// The connections of a capture.
#[derive(Default)]
pub(super) struct Flows {
    flows: HashMap<Ends, Flow>,
    /// How many packets have been read.
    count: u64,
    /// When the capture begins.
    begin: Option<u64>,
}

/// One connection.
#[derive(Default)]
struct Flow {
    /// Which one it is of all flows: the order at the end of a capture.
    order: u64,
    /// The number under which it is told; none before the first byte.
    number: Option<u32>,
    /// Who is the client: the lower address of the two, or the other. None before that is clear.
    is_lower_client: Option<bool>,
    /// Whether a SYN said so.
    is_from_begin: bool,
    /// By the lower address, and by the other.
    halves: [Half; 2],
}

/// What one end sends. Its bytes are counted from a first one; where a sequence number stands among them is told by which byte is next.
#[derive(Default)]
struct Half {
    /// The sequence number that the SYN had.
    syn: Option<u32>,
    /// The sequence number of the first byte.
    first: Option<u32>,
    /// The next byte.
    next: u64,
    /// What came early, by its first byte.
    waiting: BTreeMap<u64, Vec<u8>>,
    /// How much that is.
    held: usize,
    /// Where the stream ends.
    fin: Option<u64>,
    is_over: bool,
}

impl Half {
    /// Which byte has a sequence number: the one near the next. None if that is before the first.
    fn at(&mut self, sequence: u32) -> Option<u64> {
        let first = *self.first.get_or_insert(sequence);
        let next = first.wrapping_add(self.next as u32);
        self.next.checked_add_signed((sequence.wrapping_sub(next) as i32).into())
    }

    /// Keeps what came early.
    fn keep(&mut self, at: u64, data: &[u8]) {
        if self.waiting.get(&at).is_none_or(|known| known.len() < data.len()) {
            self.held += data.len() + PACKET;
            if let Some(known) = self.waiting.insert(at, data.to_vec()) {
                self.held -= known.len() + PACKET;
            }
        }
    }

    /// Takes what came early and begins at the next byte, or before it.
    fn take_due(&mut self) -> Option<(u64, Vec<u8>)> {
        let due = self.waiting.first_entry().filter(|early| *early.key() <= self.next)?;
        let (at, data) = due.remove_entry();
        self.held -= data.len() + PACKET;
        Some((at, data))
    }
}

/// What of a packet matters here.
struct Segment<'a> {
    source: SocketAddr,
    destination: SocketAddr,
    tcp: TcpSlice<'a>,
}

impl Flows {
    /// Reads a packet.
    pub(super) fn read(&mut self, link: Link, packet: &[u8], time: Option<u64>, connections: &mut Connections) {
        let begin = *self.begin.get_or_insert(time.unwrap_or_default());
        let time = time.map(|time| time.saturating_sub(begin));
        let Some(segment) = segment(link, packet) else { return };
        let is_lower = segment.source <= segment.destination;
        let ends = if is_lower { (segment.source, segment.destination) } else { (segment.destination, segment.source) };
        let tcp = &segment.tcp;
        if tcp.syn() && self.flows.get(&ends).is_some_and(|flow| flow.is_another(is_lower, tcp)) {
            // The ports are used once more.
            if let Some(mut flow) = self.flows.remove(&ends) {
                flow.end(ends, time, connections);
            }
        }
        self.count += 1;
        let flow = self.flows.entry(ends).or_insert_with(|| Flow { order: self.count, ..Flow::default() });
        if tcp.syn() {
            flow.is_lower_client = Some(is_lower != tcp.ack());
            flow.is_from_begin = true;
        }
        flow.read(ends, is_lower, tcp, time, connections);
    }

    /// The capture is over.
    pub(super) fn finish(&mut self, connections: &mut Connections) {
        let mut flows: Vec<(Ends, Flow)> = self.flows.drain().collect();
        flows.sort_unstable_by_key(|(_, flow)| flow.order);
        for (ends, mut flow) in flows {
            flow.lose(ends, true, None, connections);
            flow.lose(ends, false, None, connections);
        }
    }
}

impl Flow {
    /// Whether a SYN begins another connection, and is not that of this one once more.
    fn is_another(&self, is_lower: bool, tcp: &TcpSlice<'_>) -> bool {
        let half = &self.halves[usize::from(!is_lower)];
        let is_same = half.syn == Some(tcp.sequence_number());
        let has_begun = half.first.is_some() || half.syn.is_some() || !tcp.ack() && self.number.is_some();
        has_begun && !is_same
    }

    fn read(
        &mut self,
        ends: Ends,
        is_lower: bool,
        tcp: &TcpSlice<'_>,
        time: Option<u64>,
        connections: &mut Connections,
    ) {
        let half = &mut self.halves[usize::from(!is_lower)];
        let data = tcp.payload();
        let sequence = tcp.sequence_number().wrapping_add(u32::from(tcp.syn()));
        if tcp.syn() {
            half.syn = Some(tcp.sequence_number());
            half.first.get_or_insert(sequence);
        }
        if half.is_over || data.is_empty() && !tcp.fin() && !tcp.rst() {
            return;
        }
        if let Some(at) = half.at(sequence) {
            let end = at + data.len() as u64;
            if tcp.fin() {
                half.fin = Some(end);
            }
            if at <= half.next {
                self.deliver(ends, is_lower, at, data, time, connections);
            } else if !data.is_empty() {
                half.keep(at, data);
            }
        } else if !data.is_empty() {
            // Some of it is from before the capture.
            let half = &self.halves[usize::from(!is_lower)];
            let before = half.first.unwrap_or_default().wrapping_sub(sequence) as usize;
            let data = data.get(before..).unwrap_or_default();
            self.deliver(ends, is_lower, 0, data, time, connections);
        }
        self.deliver_waiting(ends, is_lower, time, connections);
        if tcp.rst() {
            self.lose(ends, is_lower, time, connections);
        }
        let half = &mut self.halves[usize::from(!is_lower)];
        if !half.is_over && (tcp.rst() || half.fin == Some(half.next)) {
            half.is_over = true;
            if let Some(number) = self.number {
                connections.end(number, self.side(is_lower), time);
            }
        }
    }

    /// Reads what came early and is next.
    fn deliver_waiting(&mut self, ends: Ends, is_lower: bool, time: Option<u64>, connections: &mut Connections) {
        while let Some((at, data)) = self.halves[usize::from(!is_lower)].take_due() {
            self.deliver(ends, is_lower, at, &data, time, connections);
        }
        if self.halves[usize::from(!is_lower)].held > MAX_WAITING {
            self.lose(ends, is_lower, time, connections);
        }
    }

    /// Bytes are not in the capture, if some came that are behind them: what follows cannot be read.
    fn lose(&mut self, ends: Ends, is_lower: bool, time: Option<u64>, connections: &mut Connections) {
        let half = &mut self.halves[usize::from(!is_lower)];
        let Some((at, data)) = half.waiting.pop_first() else { return };
        let missing = at - half.next;
        half.waiting.clear();
        (half.held, half.is_over) = (0, true);
        let number = self.number(ends, is_lower, &data, time, connections);
        connections.lose(number, self.side(is_lower), missing, time);
    }

    /// Reads what begins at the next byte, or before it: what has been sent before is not read again.
    fn deliver(
        &mut self,
        ends: Ends,
        is_lower: bool,
        at: u64,
        data: &[u8],
        time: Option<u64>,
        connections: &mut Connections,
    ) {
        let half = &mut self.halves[usize::from(!is_lower)];
        let known = usize::try_from(half.next - at).unwrap_or(usize::MAX);
        let Some(fresh) = data.get(known..).filter(|fresh| !fresh.is_empty()) else { return };
        half.next += fresh.len() as u64;
        let number = self.number(ends, is_lower, fresh, time, connections);
        connections.receive(number, self.side(is_lower), fresh, time);
    }

    /// The number of the connection, which begins with this data of one end if it has none.
    fn number(
        &mut self,
        ends: Ends,
        is_lower: bool,
        data: &[u8],
        time: Option<u64>,
        connections: &mut Connections,
    ) -> u32 {
        let is_lower_client = *self
            .is_lower_client
            .get_or_insert_with(|| (probable_sender(ends, is_lower, data) == Side::Client) == is_lower);
        let origin = if self.is_from_begin { Origin::Begin } else { Origin::Middle };
        *self.number.get_or_insert_with(|| {
            let (client, server) = if is_lower_client { ends } else { (ends.1, ends.0) };
            connections.begin(Some(client.to_string()), Some(server.to_string()), time, origin)
        })
    }

    fn side(&self, is_lower: bool) -> Side {
        if self.is_lower_client.unwrap_or(true) == is_lower { Side::Client } else { Side::Server }
    }

    fn end(&mut self, ends: Ends, time: Option<u64>, connections: &mut Connections) {
        self.lose(ends, true, time, connections);
        self.lose(ends, false, time, connections);
        if let Some(number) = self.number {
            connections.end(number, Side::Server, time);
            connections.end(number, Side::Client, time);
        }
    }
}

/// Who sends this on a connection whose begin is not in the capture.
fn probable_sender(ends: Ends, is_lower: bool, data: &[u8]) -> Side {
    let (own, other) = if is_lower { ends } else { (ends.1, ends.0) };
    let is_given = |end: SocketAddr| end.port() >= FIRST_OF_CLIENTS;
    match (is_given(own), is_given(other)) {
        _ if crate::head::is_begun(data) == Some(true) => sender(data),
        (true, false) => Side::Client,
        (false, true) => Side::Server,
        _ => sender(data),
    }
}

fn segment(link: Link, packet: &[u8]) -> Option<Segment<'_>> {
    let sliced = match link {
        Link::Ethernet => LaxSlicedPacket::from_ethernet(packet).ok()?,
        Link::Skip(header) => LaxSlicedPacket::from_ip(packet.get(header..)?).ok()?,
    };
    let (source, destination): (IpAddr, IpAddr) = match sliced.net? {
        LaxNetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Arp(_) => return None,
    };
    let TransportSlice::Tcp(tcp) = sliced.transport? else { return None };
    let source = SocketAddr::new(source, tcp.source_port());
    let destination = SocketAddr::new(destination, tcp.destination_port());
    Some(Segment { source, destination, tcp })
}
