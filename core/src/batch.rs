//! The flat form of events, which every language reads.
//!
//! A batch is an array of [`Record`]s: 32 bytes each, no pointer, no padding, native byte order. A payload is a place in
//! one of three regions, `offset` and `len` in bytes: the input that the host passed, the connection's message store, or
//! its side buffer. Kinds and flags are plain numbers: a reader skips the kinds it does not know.
//!
//! Records and the bytes they refer to are valid until the next *input* call on that connection: `receive`,
//! `receive_eof`, `timeout`, `accept`, `reject`. Sending, closing, failing, pausing and reporting output as written leave
//! them in place.

/// One event, or one detail of the event before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// What happened: one of [`kind`]. Skip a kind you do not know.
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
    /// Round-trip time, offset of a header's value, or the close code that was sent, as the kind says; otherwise 0.
    pub extra: u64,
}

/// Numbers of [`Record::kind`]. Below 16 are events, from 16 on details of the event before.
pub mod kind {
    /// A server has read a valid opening request: accept or reject it. Payload: the request target. `code`: one of
    /// [`origin`](super::origin). `aux`: how many details follow: AUTHORITY, ORIGIN, SUBPROTOCOL, EXTENSION, HEADER.
    pub const REQUEST: u8 = 1;
    /// The connection is open. `aux`: how many details follow: SUBPROTOCOL and EXTENSION if one was agreed; for a client,
    /// HEADER.
    pub const OPEN: u8 = 2;
    /// The server refused a client's request. `code`: the HTTP status. Payload: the body, cut at its limit if
    /// [`TRUNCATED`](super::flag::TRUNCATED). `aux`: how many HEADER details follow. CLOSED comes next.
    pub const REJECTED: u8 = 3;
    /// A text message, or a part of one, always valid UTF-8.
    pub const TEXT: u8 = 4;
    /// A binary message, or a part of one.
    pub const BINARY: u8 = 5;
    /// A ping from the peer. It is answered already unless automatic pongs are off.
    pub const PING: u8 = 6;
    /// A pong from the peer. `extra`: round-trip time in milliseconds if it answers our latest ping, else `u64::MAX`.
    pub const PONG: u8 = 7;
    /// The peer's Close frame. `code`: its code, 1005 if it had none. Payload: its reason, UTF-8. The host can still send;
    /// the next input call, which is due at once, answers it and brings CLOSED, unless automatic Close is off.
    pub const CLOSING: u8 = 8;
    /// The last event. `code`: the code the peer sent, 1005 for an empty Close, 1006 for no Close. Payload: the peer's
    /// reason. `aux`: the fault number, or 0. `extra`: the code that was sent to the peer, or 0.
    pub const CLOSED: u8 = 9;
    /// A header. Name: `offset`, length `aux`. Value: offset `extra`, length `len`. Bytes, as received, without the
    /// white space around the value.
    pub const HEADER: u8 = 16;
    /// Payload: host and port the request was made to (from the target if absolute, else from Host).
    pub const AUTHORITY: u8 = 17;
    /// Payload: the Origin header.
    pub const ORIGIN: u8 = 18;
    /// Payload: a subprotocol the client offered, in its order; or, after OPEN, the one agreed.
    /// [`CHOSEN`](super::flag::CHOSEN) marks the one that will be agreed if the host names none.
    pub const SUBPROTOCOL: u8 = 19;
    /// Payload: an extension offer with its parameters, as text; or, after OPEN, the one agreed.
    pub const EXTENSION: u8 = 20;
}

/// Bits of [`Record::flags`].
pub mod flag {
    /// Mask of the region's number.
    pub const REGION: u8 = 0x03;
    /// The payload begins a message. Always set on a whole message.
    pub const FIRST: u8 = 0x04;
    /// The payload ends a message. Always set on a whole message.
    pub const LAST: u8 = 0x08;
    /// On CLOSED: a Close frame was sent and one received.
    pub const CLEAN: u8 = 0x10;
    /// On CLOSED: the peer began it, by its Close frame, its fault, or the end of its stream.
    pub const BY_PEER: u8 = 0x20;
    /// On REJECTED: the body was longer than its limit.
    pub const TRUNCATED: u8 = 0x10;
    /// On SUBPROTOCOL: the choice by the configured preference.
    pub const CHOSEN: u8 = 0x10;
}

/// Where a payload lies.
pub mod region {
    /// The bytes passed to `receive`.
    pub const INPUT: u8 = 0;
    /// The connection's message store.
    pub const STORE: u8 = 1;
    /// The connection's side buffer: heads, control frames cut by reads, code points cut by parts.
    pub const SCRATCH: u8 = 2;
    /// How many there are.
    pub const COUNT: usize = 3;
}

/// Numbers of [`Record::code`] on a REQUEST: how Origin relates to the authority.
pub mod origin {
    /// There is no Origin header: the client is not a browser.
    pub const ABSENT: u16 = 0;
    /// Same host and port.
    pub const SAME: u16 = 1;
    /// Another host or port, or the opaque origin `null`.
    pub const CROSS: u16 = 2;
}

/// What the host does with the transport, once all output is written.
pub mod transport {
    /// Go on reading and writing.
    pub const OPEN: u8 = 0;
    /// Shut down the writing side, go on reading (and dropping) until EOF or the next deadline.
    pub const SHUTDOWN_WRITE: u8 = 1;
    /// Close it.
    pub const CLOSE: u8 = 2;
}

/// Numbers of the state of a connection.
pub mod state {
    /// The opening handshake is under way.
    pub const CONNECTING: u8 = 0;
    /// Messages flow.
    pub const OPEN: u8 = 1;
    /// A Close frame was sent or received.
    pub const CLOSING: u8 = 2;
    /// The CLOSED event has been delivered, or waits to be.
    pub const CLOSED: u8 = 3;
}

/// Bits of [`Block::flags`].
pub mod status {
    /// More events are ready than one batch holds, the peer's Close or fault waits for its answer, or the end waits to be
    /// told: call `receive` with the rest of the input (or with none), or `timeout`, which is due at once.
    pub const MORE: u16 = 0x0001;
    /// The output is below its soft limit.
    pub const WRITABLE: u16 = 0x0002;
    /// Reporting the output as written would change nothing now but free its bytes: the report may wait for the next call.
    pub const DEFER_WRITTEN: u16 = 0x0004;
}

/// The answer to every call on a connection, at one address for its whole life.
///
/// Fields are ordered so that there is no padding in the middle; the size is 112 bytes with 64-bit pointers, 80 on wasm32.
#[derive(Debug)]
#[repr(C)]
pub struct Block {
    /// 0, or the negative number of the [`Error`](crate::Error) of the last call.
    pub status: i32,
    /// How many records `events` points at.
    pub event_count: u32,
    /// One of [`transport`].
    pub transport: u8,
    /// One of [`state`].
    pub state: u8,
    /// Bits of [`status`](mod@status).
    pub flags: u16,
    /// The number of the [`FaultKind`](crate::FaultKind) that ended the connection, or 0.
    pub fault: u32,
    /// How many bytes of the input the last `receive` took. Fewer than were passed: handle the events, then pass the rest.
    pub consumed: u64,
    /// When to call `timeout`, in milliseconds of the host's clock; `u64::MAX` for never.
    pub next_deadline: u64,
    /// How many bytes may be gathered before the next `receive`, as nothing can come of them: see
    /// [`payload_remaining`](crate::Connection::payload_remaining).
    pub payload_remaining: u64,
    /// The records.
    pub events: *const Record,
    /// Where each region begins. The input region is where the last `receive` call's bytes were.
    pub regions: [*const u8; region::COUNT],
    /// How long each region is, in bytes.
    pub region_lens: [usize; region::COUNT],
    /// Bytes to write to the transport.
    pub output: *const u8,
    /// How many.
    pub output_len: usize,
}

const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<Record>() == 32);
    assert!(offset_of!(Record, code) == 2 && offset_of!(Record, aux) == 4 && offset_of!(Record, offset) == 8);
    assert!(offset_of!(Record, len) == 16 && offset_of!(Record, extra) == 24);
    let pointer = size_of::<usize>();
    assert!(offset_of!(Block, fault) == 12 && offset_of!(Block, consumed) == 16);
    assert!(offset_of!(Block, next_deadline) == 24 && offset_of!(Block, payload_remaining) == 32);
    assert!(offset_of!(Block, events) == 40 && offset_of!(Block, regions) == 40 + pointer);
    assert!(offset_of!(Block, region_lens) == 40 + 4 * pointer);
    assert!(offset_of!(Block, output) == 40 + 7 * pointer);
    assert!(offset_of!(Block, output_len) == 40 + 8 * pointer);
    assert!(size_of::<Block>() == if pointer == 8 { 112 } else { 80 });
};
