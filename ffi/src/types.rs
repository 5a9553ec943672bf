//! What C sees: opaque handles, plain structs, and numbers. They mirror the engine's, which is checked below.

use std::mem::{offset_of, size_of};

use sansock::batch;

/// A configuration, from which any number of connections are made.
///
/// May move between threads. Several threads may create connections from it at once; nobody may change it meanwhile.
pub struct Config(());

/// One WebSocket connection.
///
/// One thread at a time; may move between threads.
pub struct Conn(());

/// One event, or one detail of the event before it. 32 bytes, without padding.
#[repr(C)]
pub struct Record {
    /// What happened: one of SANSOCK_KIND_*. Skip a kind you do not know.
    pub kind: u8,
    /// The region of the payload (mask with SANSOCK_FLAG_REGION), and SANSOCK_FLAG_*.
    pub flags: u8,
    /// Close code, HTTP status, or SANSOCK_ORIGIN_*, as the kind says; otherwise 0.
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

/// The answer to every call on a connection, at one address for the connection's whole life.
///
/// Read it after every call: write `output`, handle `events`, set the timer to `next_deadline`, obey `transport`.
#[repr(C)]
pub struct Block {
    /// What the last call returned.
    pub status: i32,
    /// How many records `events` points at.
    pub event_count: u32,
    /// What to do with the transport once all output is written: one of SANSOCK_TRANSPORT_*.
    pub transport: u8,
    /// One of SANSOCK_STATE_*.
    pub state: u8,
    /// SANSOCK_BLOCK_* bits.
    pub flags: u16,
    /// The number of the fault that ended the connection, or 0. See sansock_fault_name and sansock_conn_fault_text.
    pub fault: u32,
    /// How many bytes the last receive took. Fewer than were passed: handle the events, then pass the rest.
    pub consumed: u64,
    /// When to call sansock_conn_timeout, in milliseconds of your clock; SANSOCK_NEVER for never.
    pub next_deadline: u64,
    /// How many bytes you may gather before the next receive, as nothing can come of them, not even a fault: payload of a
    /// binary frame under way that is not compressed.
    /// 0 if any byte may matter. For hosts whose reads are small and whose calls are dear; others need not look.
    pub payload_remaining: u64,
    /// The events of the last input call. Valid until the next input call.
    pub events: *const Record,
    /// Where each region begins: payload of `r` = regions[r.flags & SANSOCK_FLAG_REGION] + r.offset.
    pub regions: [*const u8; 3],
    /// How long each region is, in bytes.
    pub region_lens: [usize; 3],
    /// Bytes to write to the transport. Valid until the next call on this connection.
    pub output: *const u8,
    /// How many. Report those you wrote with sansock_conn_written.
    pub output_len: usize,
    /// Yours to write, in place of a call of sansock_conn_written, while `flags` has SANSOCK_BLOCK_DEFER_WRITTEN: how
    /// many bytes of the output you have written. The next call that takes a connection that is not const reports them
    /// first, and sets this to 0; more than there are make it fail with SANSOCK_ERR_INVALID_ARGUMENT. Until then the
    /// other fields do not reflect it.
    pub written: u64,
}

/// Where a ws: or wss: URL points to.
#[repr(C)]
pub struct Url {
    /// 1 for wss: connect with TLS.
    pub secure: u8,
    /// The port: as given, else 80 or 443.
    pub port: u16,
    /// Where the host begins in the URL that was parsed, without the brackets of an IPv6 address.
    pub host_offset: usize,
    /// Length of the host in bytes.
    pub host_len: usize,
}

/// Compare with sansock_abi_version() if you load the library at run time.
pub const SANSOCK_ABI_VERSION: u32 = 1;
/// A deadline that never comes.
pub const SANSOCK_NEVER: u64 = u64::MAX;

/// Success.
pub const SANSOCK_OK: i32 = 0;
/// An argument is outside what the protocol or this option allows.
pub const SANSOCK_ERR_INVALID_ARGUMENT: i32 = -1;
/// The connection is not in a state in which this call means anything.
pub const SANSOCK_ERR_INVALID_STATE: i32 = -2;
/// The output is at its hard limit: write it, report it with sansock_conn_written, and call again.
pub const SANSOCK_ERR_WOULD_BLOCK: i32 = -3;
/// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
pub const SANSOCK_ERR_TOO_LARGE: i32 = -4;
/// Memory could not be allocated.
pub const SANSOCK_ERR_NO_MEMORY: i32 = -5;
/// The handle is NULL, freed, or of another kind.
pub const SANSOCK_ERR_BAD_HANDLE: i32 = -6;
/// The handle is in use by another thread.
pub const SANSOCK_ERR_BUSY: i32 = -7;
/// The engine failed in an earlier call on this handle, which can only be freed now.
pub const SANSOCK_ERR_POISONED: i32 = -8;
/// The operating system offered no random bytes.
pub const SANSOCK_ERR_ENTROPY: i32 = -9;

/// Opens the connection.
pub const SANSOCK_ROLE_CLIENT: u32 = 0;
/// Accepts or rejects it.
pub const SANSOCK_ROLE_SERVER: u32 = 1;

/// A server has read a valid opening request: accept or reject it. Payload: the request target. code: SANSOCK_ORIGIN_*.
/// aux: how many details follow: AUTHORITY, ORIGIN, SUBPROTOCOL, EXTENSION, HEADER.
pub const SANSOCK_KIND_REQUEST: u8 = 1;
/// The connection is open. aux: how many details follow: SUBPROTOCOL and EXTENSION if agreed; for a client, HEADER.
pub const SANSOCK_KIND_OPEN: u8 = 2;
/// The server refused the request. code: the HTTP status. Payload: the body, cut at its limit if TRUNCATED.
/// aux: how many HEADER details follow. CLOSED comes next.
pub const SANSOCK_KIND_REJECTED: u8 = 3;
/// A text message, or a part of one, always valid UTF-8.
pub const SANSOCK_KIND_TEXT: u8 = 4;
/// A binary message, or a part of one.
pub const SANSOCK_KIND_BINARY: u8 = 5;
/// A ping from the peer, answered already unless automatic pongs are off.
pub const SANSOCK_KIND_PING: u8 = 6;
/// A pong from the peer. extra: round-trip time in milliseconds if it answers our latest ping, else UINT64_MAX.
pub const SANSOCK_KIND_PONG: u8 = 7;
/// The peer's Close frame. code: its code, 1005 if it had none. Payload: its reason, UTF-8. You can still send; the
/// next input call, which is due at once, answers it and brings CLOSED, unless automatic Close is off.
pub const SANSOCK_KIND_CLOSING: u8 = 8;
/// The last event. code: the code the peer sent, 1005 for an empty Close, 1006 for no Close. Payload: the peer's
/// reason. aux: the fault number, or 0. extra: the code that was sent to the peer, or 0.
pub const SANSOCK_KIND_CLOSED: u8 = 9;
/// Detail: a header. Name: offset, length aux. Value: offset extra, length len.
pub const SANSOCK_KIND_HEADER: u8 = 16;
/// Detail: host and port the request was made to.
pub const SANSOCK_KIND_AUTHORITY: u8 = 17;
/// Detail: the Origin header.
pub const SANSOCK_KIND_ORIGIN: u8 = 18;
/// Detail: a subprotocol the client offered (CHOSEN marks the one agreed if you name none), or the one agreed.
pub const SANSOCK_KIND_SUBPROTOCOL: u8 = 19;
/// Detail: an extension offer with its parameters, or the one agreed.
pub const SANSOCK_KIND_EXTENSION: u8 = 20;

/// Mask of the region's number in the flags.
pub const SANSOCK_FLAG_REGION: u8 = 0x03;
/// The payload begins a message. Always set on a whole message.
pub const SANSOCK_FLAG_FIRST: u8 = 0x04;
/// The payload ends a message. Always set on a whole message.
pub const SANSOCK_FLAG_LAST: u8 = 0x08;
/// On CLOSED: a Close frame was sent and one received.
pub const SANSOCK_FLAG_CLEAN: u8 = 0x10;
/// On CLOSED: the peer began it.
pub const SANSOCK_FLAG_BY_PEER: u8 = 0x20;
/// On REJECTED: the body was longer than its limit.
pub const SANSOCK_FLAG_TRUNCATED: u8 = 0x10;
/// On SUBPROTOCOL: the choice by the configured preference.
pub const SANSOCK_FLAG_CHOSEN: u8 = 0x10;

/// The bytes passed to receive.
pub const SANSOCK_REGION_INPUT: u8 = 0;
/// The connection's message store.
pub const SANSOCK_REGION_STORE: u8 = 1;
/// The connection's side buffer.
pub const SANSOCK_REGION_SCRATCH: u8 = 2;

/// There is no Origin header: the client is not a browser.
pub const SANSOCK_ORIGIN_ABSENT: u16 = 0;
/// Same host and port.
pub const SANSOCK_ORIGIN_SAME: u16 = 1;
/// Another host or port, or the opaque origin `null`.
pub const SANSOCK_ORIGIN_CROSS: u16 = 2;

/// Go on reading and writing.
pub const SANSOCK_TRANSPORT_OPEN: u8 = 0;
/// Shut down the writing side, go on reading until EOF or the next deadline.
pub const SANSOCK_TRANSPORT_SHUTDOWN_WRITE: u8 = 1;
/// Close it.
pub const SANSOCK_TRANSPORT_CLOSE: u8 = 2;

/// The opening handshake is under way.
pub const SANSOCK_STATE_CONNECTING: u8 = 0;
/// Messages flow.
pub const SANSOCK_STATE_OPEN: u8 = 1;
/// A Close frame was sent or received.
pub const SANSOCK_STATE_CLOSING: u8 = 2;
/// The CLOSED event has been delivered, or waits to be.
pub const SANSOCK_STATE_CLOSED: u8 = 3;

/// More events are ready than one batch holds, the peer's Close or fault waits for its answer, or CLOSED waits: handle
/// the events, then call receive with the rest of the input (or with none), or timeout, which is due at once.
pub const SANSOCK_BLOCK_MORE: u16 = 0x0001;
/// The output is below its soft limit. While it is not: stop reading from the peer, or sending to it.
pub const SANSOCK_BLOCK_WRITABLE: u16 = 0x0002;
/// Reporting the output as written would change nothing now but free its bytes: you may write the number to `written`
/// instead of calling sansock_conn_written.
pub const SANSOCK_BLOCK_DEFER_WRITTEN: u16 = 0x0004;

/// Boolean, 0: the stream is upgraded already, there is no handshake.
pub const SANSOCK_OPTION_START_OPEN: u32 = 1;
/// Bytes, 16 MiB: a message that is longer ends the connection with 1009.
pub const SANSOCK_OPTION_MAX_MESSAGE_SIZE: u32 = 2;
/// Bytes, as the message: the same for one frame.
pub const SANSOCK_OPTION_MAX_FRAME_SIZE: u32 = 3;
/// Bytes, 16 KiB: the HTTP head.
pub const SANSOCK_OPTION_MAX_HEAD_SIZE: u32 = 4;
/// Bytes, 8 KiB: one line of the HTTP head.
pub const SANSOCK_OPTION_MAX_LINE_SIZE: u32 = 5;
/// 128: headers in the HTTP head.
pub const SANSOCK_OPTION_MAX_HEADERS: u32 = 6;
/// Bytes, 64 KiB: what a client keeps of the body of a refusal.
pub const SANSOCK_OPTION_MAX_BODY_SIZE: u32 = 7;
/// Bytes, 64 KiB: pending output from which SANSOCK_BLOCK_WRITABLE is clear.
pub const SANSOCK_OPTION_OUTPUT_SOFT_LIMIT: u32 = 8;
/// Bytes, twice the message: pending output from which sending is refused.
pub const SANSOCK_OPTION_OUTPUT_HARD_LIMIT: u32 = 9;
/// Milliseconds, 10 s: the opening handshake.
pub const SANSOCK_OPTION_HANDSHAKE_TIMEOUT: u32 = 10;
/// Milliseconds, 10 s: the closing handshake, and the wait for EOF.
pub const SANSOCK_OPTION_CLOSE_TIMEOUT: u32 = 11;
/// Milliseconds, unset: the time between pings. Unset, there is no keepalive.
pub const SANSOCK_OPTION_PING_INTERVAL: u32 = 12;
/// Milliseconds, 20 s: how long a ping may go unanswered.
pub const SANSOCK_OPTION_PONG_TIMEOUT: u32 = 13;
/// Boolean, 0: deliver parts of messages as they arrive.
pub const SANSOCK_OPTION_PARTS: u32 = 14;
/// Boolean, 1: answer pings.
pub const SANSOCK_OPTION_AUTO_PONG: u32 = 15;
/// Boolean, 1: answer the peer's Close.
pub const SANSOCK_OPTION_AUTO_CLOSE: u32 = 16;
/// Boolean, 0: only a pong, not any byte, shows that the peer lives.
pub const SANSOCK_OPTION_REQUIRE_PONG: u32 = 17;
/// Boolean, 0: deliver messages that arrive after our own Close.
pub const SANSOCK_OPTION_RECEIVE_WHILE_CLOSING: u32 = 18;
/// Boolean, 0: accept frames whose length is not in its shortest form.
pub const SANSOCK_OPTION_ALLOW_NON_MINIMAL_LENGTH: u32 = 19;
/// Boolean, 0: offer or accept permessage-deflate (RFC 7692). With START_OPEN it counts as agreed.
pub const SANSOCK_OPTION_DEFLATE: u32 = 20;
/// Boolean, 0: the server compresses each message alone.
pub const SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER: u32 = 21;
/// Boolean, 0: the client compresses each message alone.
pub const SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER: u32 = 22;
/// 8 to 15, 15: the base-2 logarithm of the largest window that the server compresses in.
pub const SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS: u32 = 23;
/// 8 to 15, 15: the base-2 logarithm of the largest window that the client compresses in.
pub const SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS: u32 = 24;
/// 1 to 9, 6: how hard to compress, from fast to small.
pub const SANSOCK_OPTION_DEFLATE_LEVEL: u32 = 25;
/// 1 to 9, 8: how much memory to compress with.
pub const SANSOCK_OPTION_DEFLATE_MEM_LEVEL: u32 = 26;
/// Bytes, 64: the smallest message that is compressed.
pub const SANSOCK_OPTION_DEFLATE_THRESHOLD: u32 = 27;

/// The ws: or wss: URL of a client's request.
pub const SANSOCK_TEXT_URL: u32 = 1;
/// The Origin header of a client's request.
pub const SANSOCK_TEXT_ORIGIN: u32 = 2;
/// A subprotocol that a client offers or a server accepts; may be set several times, the preferred one first.
pub const SANSOCK_TEXT_SUBPROTOCOL: u32 = 3;

/// The mirrors are the engine's, byte for byte.
const _: () = {
    macro_rules! same_layout {
        ($mirror:ident: $($field:ident)* $(, then $own:ident: $own_type:ty)?) => {
            assert!(size_of::<$mirror>() == size_of::<batch::$mirror>() $(+ size_of::<$own_type>())?);
            $(assert!(offset_of!($mirror, $own) == size_of::<batch::$mirror>());)?
            assert!(align_of::<$mirror>() == align_of::<batch::$mirror>());
            $(assert!(offset_of!($mirror, $field) == offset_of!(batch::$mirror, $field));)*
        };
    }
    same_layout!(Record: kind flags code aux offset len extra);
    same_layout!(Block: status event_count transport state flags fault consumed next_deadline payload_remaining events regions
        region_lens output output_len, then written: u64);
};

/// The numbers are the engine's, one by one.
const _: () = {
    use batch::{flag, kind, origin, region, state, status, transport};
    macro_rules! same {
        ($($mirror:ident = $engine:expr;)*) => { $(assert!($mirror == $engine);)* };
    }
    same! {
        SANSOCK_ABI_VERSION = sansock::ABI_VERSION;
        SANSOCK_NEVER = sansock::NEVER;
        SANSOCK_ERR_INVALID_ARGUMENT = sansock::Error::InvalidArgument.number();
        SANSOCK_ERR_INVALID_STATE = sansock::Error::InvalidState.number();
        SANSOCK_ERR_WOULD_BLOCK = sansock::Error::WouldBlock.number();
        SANSOCK_ERR_TOO_LARGE = sansock::Error::TooLarge.number();
        SANSOCK_ERR_NO_MEMORY = sansock::Error::NoMemory.number();
        SANSOCK_ERR_BAD_HANDLE = sansock::Error::BadHandle.number();
        SANSOCK_ERR_BUSY = sansock::Error::Busy.number();
        SANSOCK_ERR_POISONED = sansock::Error::Poisoned.number();
        SANSOCK_ERR_ENTROPY = sansock::Error::Entropy.number();
        SANSOCK_KIND_REQUEST = kind::REQUEST;
        SANSOCK_KIND_OPEN = kind::OPEN;
        SANSOCK_KIND_REJECTED = kind::REJECTED;
        SANSOCK_KIND_TEXT = kind::TEXT;
        SANSOCK_KIND_BINARY = kind::BINARY;
        SANSOCK_KIND_PING = kind::PING;
        SANSOCK_KIND_PONG = kind::PONG;
        SANSOCK_KIND_CLOSING = kind::CLOSING;
        SANSOCK_KIND_CLOSED = kind::CLOSED;
        SANSOCK_KIND_HEADER = kind::HEADER;
        SANSOCK_KIND_AUTHORITY = kind::AUTHORITY;
        SANSOCK_KIND_ORIGIN = kind::ORIGIN;
        SANSOCK_KIND_SUBPROTOCOL = kind::SUBPROTOCOL;
        SANSOCK_KIND_EXTENSION = kind::EXTENSION;
        SANSOCK_FLAG_REGION = flag::REGION;
        SANSOCK_FLAG_FIRST = flag::FIRST;
        SANSOCK_FLAG_LAST = flag::LAST;
        SANSOCK_FLAG_CLEAN = flag::CLEAN;
        SANSOCK_FLAG_BY_PEER = flag::BY_PEER;
        SANSOCK_FLAG_TRUNCATED = flag::TRUNCATED;
        SANSOCK_FLAG_CHOSEN = flag::CHOSEN;
        SANSOCK_REGION_INPUT = region::INPUT;
        SANSOCK_REGION_STORE = region::STORE;
        SANSOCK_REGION_SCRATCH = region::SCRATCH;
        SANSOCK_ORIGIN_ABSENT = origin::ABSENT;
        SANSOCK_ORIGIN_SAME = origin::SAME;
        SANSOCK_ORIGIN_CROSS = origin::CROSS;
        SANSOCK_TRANSPORT_OPEN = transport::OPEN;
        SANSOCK_TRANSPORT_SHUTDOWN_WRITE = transport::SHUTDOWN_WRITE;
        SANSOCK_TRANSPORT_CLOSE = transport::CLOSE;
        SANSOCK_STATE_CONNECTING = state::CONNECTING;
        SANSOCK_STATE_OPEN = state::OPEN;
        SANSOCK_STATE_CLOSING = state::CLOSING;
        SANSOCK_STATE_CLOSED = state::CLOSED;
        SANSOCK_BLOCK_MORE = status::MORE;
        SANSOCK_BLOCK_WRITABLE = status::WRITABLE;
        SANSOCK_BLOCK_DEFER_WRITTEN = status::DEFER_WRITTEN;
    }
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    /// The constants of this file whose names begin with `prefix`: name and number.
    fn constants(prefix: &str) -> BTreeMap<String, u32> {
        include_str!("types.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("pub const ")?.strip_prefix(prefix)?.strip_suffix(';'))
            .map(|line| {
                let (name, value) = line.split_once(": u32 = ").expect("a u32 constant");
                (name.to_owned(), value.parse().expect("a number"))
            })
            .collect()
    }

    #[test]
    fn options_are_those_of_the_engine() {
        let engine = sansock::config::OPTIONS.iter().map(|option| (option.name.to_uppercase(), option.number));
        assert_eq!(constants("SANSOCK_OPTION_"), engine.collect());
    }
}
