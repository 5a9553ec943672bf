//! What the inspector tells: entries, each of which is one JSON object.

use core::fmt::Display;

use sansock::Transport;
use sansock::states::trace::{Machine, Row};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The end that sent the opening request, and masks its frames.
    Client,
    /// The other end.
    Server,
}

impl Side {
    /// The end that receives what this one sends.
    pub fn other(self) -> Self {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// One thing that is on the wire, or that follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its number: 1, 2, 3 and so on over the whole capture.
    pub id: u64,
    /// The number of its connection, from 1.
    pub connection: u32,
    /// Who sent it. Of a connection, and of notes on it as a whole, nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// When its last byte came, in microseconds from the begin of the capture, if that has times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// Where it begins in what its sender sent, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// How many bytes it has on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
    /// What it makes the machines of the ends do: those of the receiver, and of the sender where it tells of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Which deadlines run behind it, where those are others than before: at ends that have the engine's default options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlines: Option<Box<Deadlines>>,
}

/// A transition of one of an end's machines, whose tables are in [`sansock::states::trace`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Which end.
    pub end: Side,
    /// Which machine.
    pub machine: Machine,
    /// Which transition.
    pub row: &'static Row,
    /// What the end's host is to do with the transport from here on, if that is something else than before.
    pub transport: Option<Transport>,
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut step = serializer.serialize_struct("Step", 6)?;
        step.serialize_field("end", &self.end)?;
        step.serialize_field("machine", self.machine.name())?;
        step.serialize_field("from", &Words(self.row.from))?;
        step.serialize_field("on", &Words(self.row.on))?;
        step.serialize_field("to", &Words(self.row.to))?;
        if let Some(transport) = self.transport {
            step.serialize_field("transport", transport_name(transport))?;
        }
        step.end()
    }
}

/// A name as it is shown.
pub(crate) struct Words<T>(pub(crate) T);

impl<T: Display> Serialize for Words<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

pub(crate) fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Open => "open",
        Transport::ShutdownWrite => "shut down writing",
        Transport::Close => "close",
    }
}

/// The deadlines that run at the ends: of each end that has others than before, all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deadlines {
    /// Those of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Vec<Deadline>>,
    /// Those of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Vec<Deadline>>,
}

impl Deadlines {
    pub(crate) fn set(&mut self, end: Side, deadlines: Vec<Deadline>) {
        match end {
            Side::Client => self.client = Some(deadlines),
            Side::Server => self.server = Some(deadlines),
        }
    }
}

/// A deadline that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// What for: `handshake`, `pong`, `close` or `write`. A pong is waited for as if the ping were the keepalive's; what is to be
    /// written is the answer that an engine gives.
    pub timer: &'static str,
    /// The option that says how long it runs.
    pub option: &'static str,
    /// How long it still runs, in milliseconds.
    pub after: u64,
    /// When it ends, on the clock of [`Entry::time`], if the capture has times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum What {
    /// A connection begins.
    Connection {
        /// Address and port of the client, if the capture has them.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<String>,
        /// Address and port of the server.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<String>,
    },
    /// The head of an HTTP message.
    Head(Head),
    /// A frame (RFC 6455 §5.2).
    Frame(Box<Frame>),
    /// A message, as the host at the receiving end gets it.
    Message(Message),
    /// A rule is broken.
    Fault(Fault),
    /// What an engine that receives this sends.
    Answer {
        /// `pong` or `close`.
        what: &'static str,
        /// The frame, in hexadecimal.
        hex: String,
    },
    /// What the host at the receiving end is told at last.
    Closed {
        /// The code of the Close frame received; 1005 if it had none, 1006 if there was no such frame.
        code: u16,
        /// Its reason.
        reason: String,
        /// Whether a Close frame was sent and one received.
        clean: bool,
        /// Whether the sender began it.
        by_peer: bool,
    },
    /// What the sender sends ends here (in TCP, with a FIN).
    Eof,
    /// The capture ends inside something.
    Incomplete {
        /// Inside what.
        text: String,
    },
    /// Something to know when one reads the rest.
    Note {
        /// What.
        text: String,
    },
}

/// The head of an HTTP message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Head {
    /// `request` or `response`.
    pub kind: &'static str,
    /// Its lines, from the first to the last before the empty one.
    pub lines: Vec<Line>,
}

/// A line of a head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The line. What is no ASCII is escaped as `\xNN`.
    pub text: String,
    /// What it is for the opening handshake.
    pub verdict: Verdict,
    /// What it does, or what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// Where that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'static str>,
}

/// What a line is for the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// There is no WebSocket without it.
    Needed,
    /// It means something to WebSocket.
    Known,
    /// It means nothing to WebSocket.
    Unknown,
    /// It breaks a rule.
    Fault,
}

/// A frame, field by field (RFC 6455 §5.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frame {
    /// What is before the payload, in hexadecimal.
    pub header: String,
    /// Whether it is the last of its message.
    pub fin: bool,
    /// The first reserved bit: the message is compressed (RFC 7692 §6).
    pub rsv1: bool,
    /// The second.
    pub rsv2: bool,
    /// The third.
    pub rsv3: bool,
    /// The opcode, from 0 to 15.
    pub opcode: u8,
    /// The opcode in words; `reserved` for those without a meaning.
    pub kind: &'static str,
    /// What kind of message a data frame belongs to: `text` or `binary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_kind: Option<&'static str>,
    /// Whether it is masked.
    pub masked: bool,
    /// How many bits say the length: 7, 16 or 64.
    pub length_form: u8,
    /// The length of the payload on the wire, in bytes.
    pub payload_length: u64,
    /// The masking key, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the message that it belongs to is compressed.
    pub compressed: bool,
    /// What it carries, unmasked and inflated.
    pub payload: Payload,
    /// The code of a Close frame; 1005 if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The reason of a Close frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// `text` or `binary`.
    pub kind: &'static str,
    /// How many frames it has; none where the capture is one of messages.
    pub frames: u64,
    /// How many bytes it has for the host.
    pub size: u64,
    /// How many bytes its payload has on the wire.
    pub wire: u64,
    /// Whether it is compressed.
    pub compressed: bool,
    /// What is in it.
    pub payload: Payload,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// Its name, the same in every language.
    pub fault: &'static str,
    /// Its number.
    pub number: u32,
    /// Where the rule is written: `RFC 6455 §5.2`.
    pub rule: &'static str,
    /// What happened.
    pub text: String,
    /// The byte at fault, counted in what its sender sent; where it cannot be told, where the frame or the head begins.
    pub position: u64,
    /// The entry that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// The close code that it calls for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The HTTP status that it calls for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What its sender is answered: a frame in hexadecimal, or the text of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The payload of a frame or a message: text, or else bytes in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Payload {
    /// How many bytes it has, inflated.
    pub size: u64,
    /// As text. Bytes that are no UTF-8, also of a code point that ends in another frame, are escaped as `\xNN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// As it is on the wire, masked and compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// Whether the end of it is left out here.
    pub cut: bool,
}
