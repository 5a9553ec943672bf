//! Connections of one configuration, which share buffers, compressors and inflaters.

use sansock::{Role, Transport};

use super::sequences::{Cut, Peer};
use crate::host::Host;
use crate::input::Input;
use crate::plan::{PLAN_LEN, Plan, Start, bit};
use crate::seen::Item;
use crate::wire::{self, BINARY, FIN, PING, RSV1, TEXT};

/// More than there are compressors in a pool.
const CONNECTIONS: usize = 12;

/// What happens to one of them.
struct Step {
    of: usize,
    /// Bytes of its peer, and a message of its own.
    stream: Vec<u8>,
    message: Vec<u8>,
}

/// Each connection does what it would do alone.
pub fn shared(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let role = if input.byte() & 1 == 0 { Role::Server } else { Role::Client };
    let mut plan: [u8; PLAN_LEN] = std::array::from_fn(|_| input.byte());
    plan[1] &= !bit::ECHO;
    let deflate = plan[0] & bit::DEFLATE != 0;
    let steps = steps(role, deflate, &mut input);
    let plan = || Plan { shared: true, ..Plan::of(role, Start::Open, plan) };
    let together = run(&plan(), &steps, |_| true);
    for of in 0..CONNECTIONS {
        // A configuration of its own.
        let alone = run(&plan(), &steps, |step| step.of == of);
        assert_eq!(alone[of].0, together[of].0, "the events of connection {of}");
        assert!(alone[of].1 == together[of].1 && alone[of].2 == together[of].2, "the output of connection {of}");
    }
}

fn steps(role: Role, deflate: bool, input: &mut Input<'_>) -> Vec<Step> {
    let mut peers: Vec<Peer> = (0..CONNECTIONS).map(|_| Peer::new(role, deflate)).collect();
    let mut steps = Vec::new();
    while !input.is_empty() && steps.len() < 200 {
        let (of, how, len) = (usize::from(input.byte()) % CONNECTIONS, input.byte(), input.byte());
        let data = input.take(usize::from(len & 31)).repeat(1 << (how & 7));
        let peer = &mut peers[of];
        let (mut stream, mut message) = (Vec::new(), Vec::new());
        let kind = if how & 64 == 0 { BINARY } else { TEXT };
        match how >> 3 & 7 {
            0 | 1 => message = data,
            2 => peer.message(kind, &data, &Cut::Whole, &mut stream),
            3 => peer.message(kind, &data, &Cut::InTwo(len), &mut stream),
            4 if deflate => {
                // A message that ends later.
                let payload = peer.compress(&data);
                peer.message(kind | RSV1, &payload, &Cut::InTwo(len), &mut stream);
                stream.truncate(stream.len() - stream.len().min(3));
            }
            4 | 5 => wire::write(role, FIN | PING, &data[..data.len().min(125)], [how; 4], &mut stream),
            _ => {
                let payload = if deflate { peer.compress(&data) } else { data };
                let kind = if deflate { kind | RSV1 } else { kind };
                peer.message(kind, &payload, &Cut::InTwo(len >> 5), &mut stream);
            }
        }
        steps.push(Step { of, stream, message });
    }
    steps
}

/// Events, output and transport of each connection.
fn run(plan: &Plan, steps: &[Step], takes: impl Fn(&Step) -> bool) -> Vec<(Vec<Item>, Vec<u8>, Transport)> {
    let mut hosts: Vec<Host> = (0..CONNECTIONS).map(|_| Host::new(plan)).collect();
    for step in steps.iter().filter(|step| takes(step)) {
        let host = &mut hosts[step.of];
        host.receive(&step.stream);
        if !step.message.is_empty() {
            let _ = host.call(|connection, _| connection.send_binary(&step.message));
        }
    }
    let over = |mut host: Host| {
        host.drain();
        (host.seen.items, host.wire.all, host.connection.transport())
    };
    hosts.into_iter().map(over).collect()
}
