//! The table of what is measured.

use crate::codec::Compressor;
use crate::wire::{Kind, Role, Wire, WireBuilder, ascii, json, mixed, noise};

/// Frames to read.
#[derive(Clone)]
pub struct Receive {
    pub role: Role,
    pub kind: Kind,
    pub wire: Wire,
    /// Bytes that a read of the transport brings at most.
    pub read: usize,
    pub deflate: bool,
}

/// Messages to send.
pub struct Send {
    pub role: Role,
    pub kind: Kind,
    pub payloads: Vec<Vec<u8>>,
    /// How often a pass sends them all.
    pub repeat: usize,
    /// Whether the payload is to be copied behind its header. If not, header and payload are written as two slices.
    pub copy: bool,
    /// Whether each message is written before the next is sent.
    pub alone: bool,
    pub deflate: bool,
}

/// Connections to a server, each of which is read and answered in its turn.
pub struct Connections {
    /// What a turn reads: one message.
    pub message: Receive,
    pub count: usize,
    /// How often a pass visits them all.
    pub laps: usize,
}

pub enum Task {
    Receive(Receive),
    Send(Send),
    Connections(Connections),
    /// So many opening handshakes in this role.
    Handshake(Role, u64),
}

pub struct Cell {
    pub section: &'static str,
    pub name: String,
    /// Messages in a pass.
    pub messages: u64,
    pub task: Task,
}

/// Bytes on the wire in a pass, at least.
const PASS: usize = 256 * 1024;
const READ: usize = 64 * 1024;
const SIZES: [usize; 5] = [20, 125, 1024, 16 * 1024, 1024 * 1024];
/// Numbers of connections, and sizes of messages, over which the growth of a cost is shown.
pub const COUNTS: [usize; 5] = [1, 10, 100, 1000, 10_000];
pub const MESSAGE_SIZES: [usize; 8] = [1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];
/// Messages in a pass over connections.
const TURNS: usize = 10_000;

pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// How the payload of a cell is made.
type Maker = fn(usize) -> Vec<u8>;

struct ReceiveRow {
    section: &'static str,
    role: Role,
    kind: Kind,
    payload: Maker,
    sizes: &'static [usize],
    fragment: usize,
    read: usize,
}

const RECEIVE: ReceiveRow = ReceiveRow {
    section: "",
    role: Role::Server,
    kind: Kind::Text,
    payload: ascii,
    sizes: &SIZES,
    fragment: usize::MAX,
    read: READ,
};

const RECEIVES: &[ReceiveRow] = &[
    ReceiveRow { section: "receive masked text", ..RECEIVE },
    ReceiveRow { section: "receive masked binary", kind: Kind::Binary, payload: noise, ..RECEIVE },
    ReceiveRow {
        section: "receive unmasked binary",
        role: Role::Client,
        kind: Kind::Binary,
        payload: noise,
        ..RECEIVE
    },
    ReceiveRow {
        section: "receive masked text of 1- to 4-byte code points",
        payload: mixed,
        sizes: &[16 * 1024],
        ..RECEIVE
    },
    ReceiveRow { section: "receive masked text in 64-byte fragments", sizes: &[16 * 1024], fragment: 64, ..RECEIVE },
    ReceiveRow { section: "receive masked text in reads of 1460 bytes", sizes: &[1024], read: 1460, ..RECEIVE },
    ReceiveRow { section: "receive masked text in reads of 16 bytes", sizes: &[1024], read: 16, ..RECEIVE },
    ReceiveRow {
        section: "receive masked binary in reads of 16 bytes",
        kind: Kind::Binary,
        payload: noise,
        sizes: &[1024],
        read: 16,
        ..RECEIVE
    },
];

struct SendRow {
    section: &'static str,
    role: Role,
    kind: Kind,
    payload: Maker,
    copy: bool,
    alone: bool,
}

const SEND: SendRow =
    SendRow { section: "", role: Role::Client, kind: Kind::Text, payload: ascii, copy: true, alone: false };

const SENDS: &[SendRow] = &[
    SendRow { section: "send masked text", ..SEND },
    SendRow { section: "send masked binary", kind: Kind::Binary, payload: noise, ..SEND },
    SendRow { section: "send unmasked text", role: Role::Server, ..SEND },
    SendRow { section: "send unmasked binary", role: Role::Server, kind: Kind::Binary, payload: noise, ..SEND },
    SendRow {
        section: "send unmasked binary, payload not copied",
        role: Role::Server,
        kind: Kind::Binary,
        payload: noise,
        copy: false,
        ..SEND
    },
];

/// Of 1 KiB, as a host sends them that has one at a time.
const ALONE: &[(&str, SendRow)] = {
    const ROW: SendRow = SendRow { section: "send 1 KiB, a write after each message", alone: true, ..SEND };
    &[
        ("masked text", ROW),
        ("masked binary", SendRow { kind: Kind::Binary, payload: noise, ..ROW }),
        ("unmasked text", SendRow { role: Role::Server, ..ROW }),
        ("unmasked binary", SendRow { role: Role::Server, kind: Kind::Binary, payload: noise, ..ROW }),
    ]
};

impl ReceiveRow {
    fn cell(&self, bytes: usize) -> Cell {
        self.named(bytes, size(bytes))
    }

    fn named(&self, bytes: usize, name: String) -> Cell {
        let payload = (self.payload)(bytes);
        let mut wire = WireBuilder::to(self.role);
        for _ in 0..(PASS / bytes).max(1) {
            wire.message(self.kind, &payload, self.fragment);
        }
        let wire = wire.build();
        Cell {
            section: self.section,
            name,
            messages: wire.expected.messages,
            task: Task::Receive(Receive { role: self.role, kind: self.kind, wire, read: self.read, deflate: false }),
        }
    }
}

impl SendRow {
    fn cell(&self, bytes: usize) -> Cell {
        self.named(bytes, size(bytes))
    }

    fn named(&self, bytes: usize, name: String) -> Cell {
        let repeat = (PASS / bytes).max(1);
        Cell {
            section: self.section,
            name,
            messages: repeat as u64,
            task: Task::Send(Send {
                role: self.role,
                kind: self.kind,
                payloads: vec![(self.payload)(bytes)],
                repeat,
                copy: self.copy,
                alone: self.alone,
                deflate: false,
            }),
        }
    }
}

const DEFLATE: &str = "permessage-deflate, 1 KiB of JSON";
const RECORDS: u64 = 256;

fn records() -> Vec<Vec<u8>> {
    (0..RECORDS).map(json).collect()
}

fn inflate() -> Cell {
    let mut wire = WireBuilder::to(Role::Server);
    let mut compressor = Compressor::default();
    let mut data = vec![0; 4096];
    for record in records() {
        let len = compressor.compress(&record, &mut data);
        wire.compressed(Kind::Text, &data[..len], &record);
    }
    let wire = wire.build();
    let task = Receive { role: Role::Server, kind: Kind::Text, wire, read: READ, deflate: true };
    Cell { section: DEFLATE, name: "receive masked text".into(), messages: RECORDS, task: Task::Receive(task) }
}

fn deflate() -> Cell {
    let task = Send {
        role: Role::Server,
        kind: Kind::Text,
        payloads: records(),
        repeat: 1,
        copy: true,
        alone: false,
        deflate: true,
    };
    Cell { section: DEFLATE, name: "send unmasked text".into(), messages: RECORDS, task: Task::Send(task) }
}

fn handshake(role: Role) -> Cell {
    const HANDSHAKES: u64 = 64;
    let name = match role {
        Role::Server => "server",
        Role::Client => "client, and a server's answer",
    };
    let task = Task::Handshake(role, HANDSHAKES);
    Cell { section: "opening handshake", name: name.into(), messages: HANDSHAKES, task }
}

pub const CONNECTIONS: &str = "connections";
pub const RECEIVE_BY_SIZE: &str = "receive masked binary by size";
pub const SEND_BY_SIZE: &str = "send masked binary by size";

fn connections(count: usize) -> Cell {
    const TEXT: usize = 125;
    let laps = TURNS / count;
    let mut wire = WireBuilder::to(Role::Server);
    wire.message(Kind::Text, &ascii(TEXT), usize::MAX);
    let message = Receive { role: Role::Server, kind: Kind::Text, wire: wire.build(), read: READ, deflate: false };
    let task = Task::Connections(Connections { message, count, laps });
    Cell { section: CONNECTIONS, name: count.to_string(), messages: (count * laps) as u64, task }
}

pub fn message_of(bytes: usize) -> String {
    format!("message of {}", size(bytes))
}

/// The cells that show how costs grow.
pub fn scale() -> impl Iterator<Item = Cell> {
    const IN: ReceiveRow = ReceiveRow { section: RECEIVE_BY_SIZE, kind: Kind::Binary, payload: noise, ..RECEIVE };
    const OUT: SendRow = SendRow { section: SEND_BY_SIZE, kind: Kind::Binary, payload: noise, ..SEND };
    let received = MESSAGE_SIZES.into_iter().map(|bytes| IN.named(bytes, message_of(bytes)));
    let sent = MESSAGE_SIZES.into_iter().map(|bytes| OUT.named(bytes, message_of(bytes)));
    // The connections last: the heap that they leave behind has its own ideas of how large messages grow.
    received.chain(sent).chain(COUNTS.into_iter().map(connections))
}

/// The cells that compare, most of them built when their turn comes.
pub fn compare() -> impl Iterator<Item = Cell> {
    let receives = RECEIVES.iter().flat_map(|row| row.sizes.iter().map(|bytes| row.cell(*bytes)));
    let sends = SENDS.iter().flat_map(|row| SIZES.iter().map(|bytes| row.cell(*bytes)));
    let alone = ALONE.iter().map(|(name, row)| row.named(1024, (*name).into()));
    let handshakes = [Role::Server, Role::Client].into_iter().map(handshake);
    receives.chain(sends).chain(alone).chain([inflate as fn() -> Cell, deflate].map(|cell| cell())).chain(handshakes)
}
