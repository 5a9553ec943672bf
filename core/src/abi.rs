//! The flat form of events and results, which every language reads: records, the block, and the numbers in them.
//!
//! A batch of events is an array of [`Record`]s: 32 bytes each, no pointers, no padding, native byte order. A payload is
//! named by a region and by `offset` and `len` within it, in bytes: the input that the host passed, the connection's message
//! store, or its scratch buffer. Kinds and flags are plain numbers, and a reader skips the kinds that it does not know.
//!
//! Records and the bytes they refer to are valid until the next *input* call on that connection: `receive`,
//! `receive_eof`, `timeout`, `accept`, `reject`, `respond`, and those of a handshake made of fields. All other calls leave
//! them in place.
//!
//! Each module of numbers lists them in `ALL`, with the text that documents them in every language.

/// The number of this binary interface: records, block, kinds, flags, options, errors and faults. It grows with every
/// change that a host built against an earlier one cannot read.
pub const ABI_VERSION: u32 = 1;

/// A deadline that never comes.
pub const NEVER: u64 = u64::MAX;

/// One event, or one detail of the event before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// What happened: one of [`kind`]. Skip a kind that you do not know.
    pub kind: u8,
    /// The region of the payload in the two low bits ([`flag::REGION`]), and [`flag`]s.
    pub flags: u8,
    /// Close code, HTTP status, or origin relation, as the kind says; otherwise 0.
    pub code: u16,
    /// Number of details that follow, length of a header's name, or fault number, as the kind says; otherwise 0.
    pub aux: u32,
    /// Where the payload begins in its region, in bytes.
    pub offset: u64,
    /// Length of the payload in bytes.
    pub len: u64,
    /// Round-trip time in milliseconds, offset of a header's value, fault number, or the close code that was sent, as the kind
    /// says; otherwise 0.
    pub extra: u64,
}

/// One named number of the interface.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Number {
    /// The name, in upper case.
    pub name: &'static str,
    /// The number.
    pub value: i64,
    /// What it means. Other numbers are mentioned as `module::NAME`.
    pub text: &'static str,
}

macro_rules! numbers {
    ($(#[$doc:meta])* $module:ident: $kind:ty { $($(#[doc = $text:literal])+ $name:ident = $value:expr;)* }) => {
        $(#[$doc])*
        pub mod $module {
            use super::Number;

            $($(#[doc = $text])+ pub const $name: $kind = $value;)*

            /// Every number of this module, in order.
            pub const ALL: &[Number] =
                &[$(Number { name: stringify!($name), value: $value, text: concat!($($text),+) },)*];
        }
    };
}

numbers! {
    /// Numbers of [`Record::kind`]. Below 16 are events, from 16 on details of the event before.
    kind: u8 {
        /// A server has read a valid opening request: accept or reject it. Payload: the request target. `code`: one of
        /// `origin`. `aux`: how many details follow: METHOD unless it is GET, AUTHORITY, ORIGIN, SUBPROTOCOL, EXTENSION,
        /// HEADER. `extra`: 0; or, if the option `deliver_http` is on and this is no valid opening request, the number of
        /// the fault: it can be answered with any response, and not be accepted.
        REQUEST = 1;
        /// The connection is open. `aux`: how many details follow: SUBPROTOCOL and EXTENSION if one was agreed; for a
        /// client, HEADER.
        OPEN = 2;
        /// The server refused a client's request, or accepted it wrongly if the status is 101. `code`: the HTTP status.
        /// Payload: the body, cut at its limit if `flag::TRUNCATED` is set. `aux`: how many details follow: REASON,
        /// HEADER. CLOSED comes next.
        REJECTED = 3;
        /// A text message, or a part of one. Always valid UTF-8.
        TEXT = 4;
        /// A binary message, or a part of one.
        BINARY = 5;
        /// A ping from the peer. It has been answered unless automatic pongs are off.
        PING = 6;
        /// A pong from the peer. `extra`: the round-trip time in milliseconds if it answers the latest ping, otherwise
        /// the largest 64-bit number.
        PONG = 7;
        /// The peer's Close frame. `code`: its code, 1005 if it had none. Payload: its reason, in UTF-8. The host can
        /// still send. The next input call, which is due at once, sends the answer and brings CLOSED, unless automatic
        /// Close is off.
        CLOSING = 8;
        /// The last event. `code`: the code that the peer sent, 1005 for a Close frame without one, 1006 for no Close
        /// frame. Payload: the peer's reason. `aux`: the number of the fault, or 0. `extra`: the code that was sent to
        /// the peer, or 0.
        CLOSED = 9;
        /// A head for the host to send, where the handshake is made of fields. `code`: the HTTP status of a response, 0 for
        /// a client's request. Payload: the body of a response. `aux`: how many HEADER details follow, with names in lower
        /// case: those of a request begin with its pseudo-header fields.
        HEAD = 10;
        /// With the option `frames`: data of a frame of a message. `code`: 1 if the message is a text, 2 if it is binary.
        /// Payload: the data, after inflation; that of a text may end inside a code point. `extra`: the length of the
        /// frame's payload on the wire. An empty frame has one such event.
        FRAME = 11;
        /// With the option `auto_fail` off: a rule was broken, and what follows is not read. `aux`: the number of the
        /// fault. `code`: the close code that it calls for. Answer with `fail` or `close` within the close deadline. The
        /// peer can still be sent messages before.
        FAULT = 12;
        /// Detail: a header. Name: `offset`, length `aux`. Value: offset `extra`, length `len`. Bytes as received,
        /// without the white space around the value.
        HEADER = 16;
        /// Detail: the host and port that the request was made to, from the target if it is absolute, otherwise from
        /// Host.
        AUTHORITY = 17;
        /// Detail: the Origin header.
        ORIGIN = 18;
        /// Detail: a subprotocol that the client offered, in its order of preference (`flag::CHOSEN` marks the one that
        /// is agreed if the host names none); or, after OPEN, the one agreed.
        SUBPROTOCOL = 19;
        /// Detail: an extension that the client offered, with its parameters; or, after OPEN, the one agreed.
        EXTENSION = 20;
        /// Detail: the method of a request other than GET.
        METHOD = 21;
        /// Detail: the reason phrase of a response.
        REASON = 22;
    }
}

numbers! {
    /// Bits of [`Record::flags`].
    flag: u8 {
        /// Mask of the number of the payload's region.
        REGION = 0x03;
        /// The payload begins a message. Always set on a whole message.
        FIRST = 0x04;
        /// The payload ends a message. Always set on a whole message.
        LAST = 0x08;
        /// On CLOSED: a Close frame was sent and one received.
        CLEAN = 0x10;
        /// On CLOSED: the peer began it, by its Close frame, its fault, or the end of its stream.
        BY_PEER = 0x20;
        /// On FRAME: the frame ends with this data.
        FRAME_END = 0x10;
        /// On FRAME: the message is compressed on the wire.
        COMPRESSED = 0x20;
        /// On REJECTED: the body was longer than its limit, or the stream ended before it did.
        TRUNCATED = 0x10;
        /// On SUBPROTOCOL: the choice by the configured preference.
        CHOSEN = 0x10;
    }
}

numbers! {
    /// Numbers of regions: where a payload lies.
    region: u8 {
        /// The bytes passed to `receive`.
        INPUT = 0;
        /// The connection's message store.
        STORE = 1;
        /// The connection's scratch buffer: HTTP heads, control frames cut by reads, code points cut by parts.
        SCRATCH = 2;
    }
}

/// How many regions there are.
pub const REGION_COUNT: usize = region::ALL.len();

numbers! {
    /// Numbers of [`Record::code`] on a REQUEST: how the Origin header relates to the host that the request was made to.
    origin: u16 {
        /// There is no Origin header: the client is not a browser.
        ABSENT = 0;
        /// The same host and port, and the same scheme if that is known: see the option `secure`.
        SAME = 1;
        /// Another host or port, or the opaque origin `null`.
        CROSS = 2;
    }
}

numbers! {
    /// Numbers of [`Block::transport`]: what the host does with the transport once all output is written.
    transport: u8 {
        /// Keep reading and writing.
        OPEN = 0;
        /// Shut down the writing side, then keep reading and dropping what arrives until EOF or the next deadline.
        SHUTDOWN_WRITE = 1;
        /// Close the transport.
        CLOSE = 2;
    }
}

numbers! {
    /// Numbers of [`Block::state`].
    state: u8 {
        /// The opening handshake is under way.
        CONNECTING = 0;
        /// Messages can be sent and received.
        OPEN = 1;
        /// A Close frame was sent or received, or the host is to answer a fault.
        CLOSING = 2;
        /// The connection is closed: the CLOSED event has been delivered, or is about to be.
        CLOSED = 3;
    }
}

numbers! {
    /// Bits of [`Block::flags`].
    block: u16 {
        /// More events are ready than one batch holds, the peer's Close frame or its fault is to be answered, or CLOSED
        /// is to be delivered: handle the events, then call `receive` with the rest of the input (or with none), or
        /// `timeout`, which is due at once.
        MORE = 0x0001;
        /// The output is below its soft limit. While it is not, stop reading from the peer and sending to it.
        WRITABLE = 0x0002;
        /// Reporting the output as written would change nothing now but release its bytes: the report may wait for the
        /// next call.
        DEFER_WRITTEN = 0x0004;
    }
}

numbers! {
    /// Versions of HTTP that carry a handshake made of fields.
    http: u32 {
        /// HTTP/1.1 (RFC 9112): the request asks for an upgrade.
        VERSION_1_1 = 1;
        /// HTTP/2 (RFC 8441): the request is an extended CONNECT.
        VERSION_2 = 2;
        /// HTTP/3 (RFC 9220): likewise.
        VERSION_3 = 3;
    }
}

numbers! {
    /// Numbers of roles.
    role: u32 {
        /// The end that sends the opening request and masks its frames.
        CLIENT = 0;
        /// The end that answers the opening request.
        SERVER = 1;
    }
}

numbers! {
    /// Numbers of the texts of a configuration.
    text: u32 {
        /// The `ws:` or `wss:` URL of a client's request. A user name and password in it become a Basic Authorization
        /// header (RFC 7617); no other can be added then. Required for a client unless it starts open.
        URL = 1;
        /// The Origin header of a client's request.
        ORIGIN = 2;
        /// A subprotocol, added to the list: a client offers them, a server picks the first of its list that was
        /// offered.
        SUBPROTOCOL = 3;
        /// The Sec-WebSocket-Key of a client's request: 16 bytes in base64. If it is not set, it is random, as RFC 6455
        /// requires; a proxy passes on that of its client.
        KEY = 4;
    }
}

numbers! {
    /// Results of a call. A call that failed has changed nothing.
    status: i32 {
        /// The call succeeded.
        OK = 0;
        /// An argument is outside what the protocol or this option allows.
        INVALID_ARGUMENT = -1;
        /// The connection is not in a state in which this call means anything.
        INVALID_STATE = -2;
        /// The output is at its hard limit: write it, report it as written, and call again.
        WOULD_BLOCK = -3;
        /// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
        TOO_LARGE = -4;
        /// Memory could not be allocated.
        NO_MEMORY = -5;
        /// The handle is null, freed, or of another kind.
        BAD_HANDLE = -6;
        /// The handle is in use by another thread.
        BUSY = -7;
        /// The engine failed in an earlier call on this handle, which can only be freed now.
        POISONED = -8;
        /// The operating system offered no random bytes.
        ENTROPY = -9;
    }
}

/// The answer to every call on a connection, at one address for its whole life.
///
/// Fields are ordered so that there is no padding in the middle; the size is 136 bytes with 64-bit pointers, 104 on wasm32.
#[derive(Debug)]
#[repr(C)]
pub struct Block {
    /// The [`status`] of the last call.
    pub status: i32,
    /// How many records `events` points at.
    pub event_count: u32,
    /// One of [`transport`].
    pub transport: u8,
    /// One of [`state`].
    pub state: u8,
    /// Bits of [`block`].
    pub flags: u16,
    /// The number of the [`FaultKind`](crate::FaultKind) that ended the connection, or 0.
    pub fault: u32,
    /// How many bytes of the input the last `receive` consumed. If fewer than were passed: handle the events, then pass
    /// the rest.
    pub consumed: u64,
    /// When to call `timeout`, in milliseconds of the host's clock; [`NEVER`] for never.
    pub next_deadline: u64,
    /// How many bytes may be gathered before the next `receive` without delaying an event: see
    /// [`payload_remaining`](crate::Connection::payload_remaining).
    pub payload_remaining: u64,
    /// The number at fault: a size in bytes, a count, a status, an opcode, as the kind of the fault says; 0 if there is none.
    pub fault_actual: u64,
    /// The limit that was exceeded; 0 if there is none.
    pub fault_limit: u64,
    /// Where the frame at fault begins, in bytes from the end of the handshake; the largest 64-bit number if it is no fault
    /// of a frame.
    pub fault_position: u64,
    /// The records.
    pub events: *const Record,
    /// Where each region begins. The input region is where the last `receive` call's bytes were.
    pub regions: [*const u8; REGION_COUNT],
    /// How long each region is, in bytes.
    pub region_lens: [usize; REGION_COUNT],
    /// Bytes to write to the transport.
    pub output: *const u8,
    /// How many.
    pub output_len: usize,
}

impl Block {
    /// The block of a connection that no call has been made on.
    pub const EMPTY: Block = Block {
        status: status::OK,
        event_count: 0,
        transport: transport::OPEN,
        state: state::CONNECTING,
        flags: 0,
        fault: 0,
        consumed: 0,
        next_deadline: NEVER,
        payload_remaining: 0,
        fault_actual: 0,
        fault_limit: 0,
        fault_position: NEVER,
        events: core::ptr::null(),
        regions: [core::ptr::null(); REGION_COUNT],
        region_lens: [0; REGION_COUNT],
        output: core::ptr::null(),
        output_len: 0,
    };
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<Record>() == 32);
    assert!(offset_of!(Record, code) == 2 && offset_of!(Record, aux) == 4 && offset_of!(Record, offset) == 8);
    assert!(offset_of!(Record, len) == 16 && offset_of!(Record, extra) == 24);
    let pointer = size_of::<usize>();
    assert!(offset_of!(Block, fault) == 12 && offset_of!(Block, consumed) == 16);
    assert!(offset_of!(Block, next_deadline) == 24 && offset_of!(Block, payload_remaining) == 32);
    assert!(offset_of!(Block, fault_actual) == 40 && offset_of!(Block, fault_position) == 56);
    assert!(offset_of!(Block, events) == 64 && offset_of!(Block, regions) == 64 + pointer);
    assert!(offset_of!(Block, region_lens) == 64 + 4 * pointer);
    assert!(offset_of!(Block, output) == 64 + 7 * pointer);
    assert!(offset_of!(Block, output_len) == 64 + 8 * pointer);
    assert!(size_of::<Block>() == if pointer == 8 { 136 } else { 104 });
};
