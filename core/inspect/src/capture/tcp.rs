//! Connections of TCP, whose packets are put in order.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};

use super::packets::Link;
use super::sender;
use crate::Connections;
use crate::conversation::Origin;
use crate::entry::Side;

/// How much may wait for a packet that is missing, in bytes, before it counts as lost.
const MAX_WAITING: usize = 4 << 20;

/// The addresses of both ends, the lower one first.
type Ends = (SocketAddr, SocketAddr);

/// The connections of a capture.
#[derive(Default)]
pub(super) struct Flows {
    flows: HashMap<Ends, Flow>,
    /// When the capture begins.
    begin: Option<u64>,
}

/// One connection.
struct Flow {
    /// The number under which it is told; none before the first byte.
    number: Option<u32>,
    /// Who is the client: the lower address of the two, or the other. None before that is clear.
    is_lower_client: Option<bool>,
    /// By the lower address, and by the other.
    halves: [Half; 2],
}

/// What one end sends.
#[derive(Default)]
struct Half {
    /// The sequence number of the next byte.
    next: Option<u32>,
    /// What came early, with its sequence number.
    waiting: Vec<(u32, Vec<u8>)>,
    /// How many bytes that is.
    held: usize,
    /// Where the stream ends.
    fin: Option<u32>,
    is_over: bool,
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
        let (syn, ack) = (segment.tcp.syn(), segment.tcp.ack());
        if syn && !ack {
            // The ports are used once more.
            if let Some(mut flow) = self.flows.remove(&ends).filter(|flow| flow.number.is_some()) {
                flow.end(time, connections);
            }
        }
        let flow = self.flows.entry(ends).or_insert_with(Flow::new);
        if syn {
            flow.is_lower_client = Some(is_lower != ack);
        }
        flow.read(ends, is_lower, &segment.tcp, time, connections);
    }

    /// The capture is over.
    pub(super) fn finish(&mut self, connections: &mut Connections) {
        let mut flows: Vec<&mut Flow> = self.flows.values_mut().filter(|flow| flow.number.is_some()).collect();
        flows.sort_unstable_by_key(|flow| flow.number);
        for flow in flows {
            flow.lose(true, None, connections);
            flow.lose(false, None, connections);
        }
    }
}

impl Flow {
    fn new() -> Self {
        Flow { number: None, is_lower_client: None, halves: [Half::default(), Half::default()] }
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
            half.next = Some(sequence);
        }
        if data.is_empty() && !tcp.fin() && !tcp.rst() {
            return;
        }
        let next = *half.next.get_or_insert(sequence);
        if tcp.fin() {
            half.fin = Some(sequence.wrapping_add(data.len() as u32));
        }
        let ahead = sequence.wrapping_sub(next) as i32;
        if ahead <= 0 {
            // What has been sent before is not read again.
            let known = ahead.unsigned_abs() as usize;
            if let Some(fresh) = data.get(known..).filter(|fresh| !fresh.is_empty()) {
                half.next = Some(next.wrapping_add(fresh.len() as u32));
                self.deliver(ends, is_lower, fresh, time, connections);
            }
        } else if !data.is_empty() {
            half.waiting.push((sequence, data.to_vec()));
            half.held += data.len();
        }
        self.deliver_waiting(ends, is_lower, time, connections);
        let half = &mut self.halves[usize::from(!is_lower)];
        if !half.is_over && (tcp.rst() || half.fin.is_some() && half.fin == half.next) {
            half.is_over = true;
            if let Some(number) = self.number {
                connections.end(number, self.side(is_lower), time);
            }
        }
    }

    /// Reads what came early and is next.
    fn deliver_waiting(&mut self, ends: Ends, is_lower: bool, time: Option<u64>, connections: &mut Connections) {
        loop {
            let half = &mut self.halves[usize::from(!is_lower)];
            let Some(next) = half.next else { return };
            let due = half.waiting.iter().position(|(at, _)| next.wrapping_sub(*at) as i32 >= 0);
            if let Some(due) = due {
                let (at, data) = half.waiting.swap_remove(due);
                half.held -= data.len();
                let known = next.wrapping_sub(at) as usize;
                if let Some(fresh) = data.get(known..).filter(|fresh| !fresh.is_empty()) {
                    half.next = Some(at.wrapping_add(data.len() as u32));
                    self.deliver(ends, is_lower, fresh, time, connections);
                }
            } else if half.held > MAX_WAITING {
                self.lose(is_lower, time, connections);
            } else {
                return;
            }
        }
    }

    /// Bytes are not in the capture, if some came that are behind them: what follows cannot be read.
    fn lose(&mut self, is_lower: bool, time: Option<u64>, connections: &mut Connections) {
        let side = self.side(is_lower);
        let half = &mut self.halves[usize::from(!is_lower)];
        let Some(next) = half.next else { return };
        let Some(missing) = half.waiting.iter().map(|(at, _)| at.wrapping_sub(next)).min() else { return };
        half.next = Some(next.wrapping_add(missing));
        if let (Some(number), false) = (self.number, core::mem::replace(&mut half.is_over, true)) {
            let who = if side == Side::Client { "client" } else { "server" };
            connections.note(
                number,
                time,
                &format!("{missing} bytes of the {who} are not in the capture; what follows is not read"),
            );
        }
    }

    fn deliver(&mut self, ends: Ends, is_lower: bool, data: &[u8], time: Option<u64>, connections: &mut Connections) {
        if self.halves[usize::from(!is_lower)].is_over {
            return;
        }
        // Only a SYN says who begins.
        let origin = if self.is_lower_client.is_some() { Origin::Begin } else { Origin::Unknown };
        let is_lower_client = *self.is_lower_client.get_or_insert_with(|| (sender(data) == Side::Client) == is_lower);
        let number = *self.number.get_or_insert_with(|| {
            let (client, server) = if is_lower_client { ends } else { (ends.1, ends.0) };
            connections.begin(Some(client.to_string()), Some(server.to_string()), time, origin)
        });
        connections.receive(number, self.side(is_lower), data, time);
    }

    fn side(&self, is_lower: bool) -> Side {
        if self.is_lower_client.unwrap_or(true) == is_lower { Side::Client } else { Side::Server }
    }

    fn end(&mut self, time: Option<u64>, connections: &mut Connections) {
        self.lose(true, time, connections);
        self.lose(false, time, connections);
        if let Some(number) = self.number {
            connections.end(number, Side::Server, time);
            connections.end(number, Side::Client, time);
        }
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
