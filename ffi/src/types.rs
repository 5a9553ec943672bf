//! What C sees: opaque handles, plain structs, and numbers. Structs and numbers mirror the engine's, as is checked below.

use std::mem::{offset_of, size_of};

use sansock::batch;

/// A configuration, from which any number of connections are made.
///
/// May move between threads. Several threads may create connections from it at the same time, but none may change it
/// meanwhile.
pub struct Config(());

/// One WebSocket connection.
///
/// Used by one thread at a time; may move between threads.
pub struct Conn(());

/// One event, or one detail of the event before it: 32 bytes, without padding. The accessors sansock_record_* read it;
/// the fields are for hosts that read records as bytes.
#[repr(C)]
pub struct Record {
    /// What it is: one of SANSOCK_KIND_*. Skip a kind that you do not know.
    pub kind: u8,
    /// SANSOCK_FLAG_* bits; the region of the payload is among them.
    pub flags: u8,
    /// REQUEST: SANSOCK_ORIGIN_*. REJECTED: HTTP status. CLOSING, CLOSED: close code. Otherwise 0.
    pub code: u16,
    /// REQUEST, OPEN, REJECTED: number of details that follow. HEADER: length of the name in bytes. CLOSED: fault.
    /// Otherwise 0.
    pub aux: u32,
    /// Where the payload begins in its region, in bytes. HEADER: where the name begins.
    pub offset: u64,
    /// Length of the payload in bytes. HEADER: length of the value.
    pub len: u64,
    /// PONG: round-trip time in milliseconds, or UINT64_MAX. CLOSED: the close code that was sent, or 0. HEADER: where
    /// the value begins in the region, in bytes. Otherwise 0.
    pub extra: u64,
}

/// What there is to do after a call on a connection. It stays at one address until the connection is freed.
///
/// Read it after every call: write `output`, handle `events`, set the timer to `next_deadline`, obey `transport`.
#[repr(C)]
pub struct Block {
    /// What the last call returned.
    pub status: i32,
    /// Number of records at `events`: events and their details.
    pub event_count: u32,
    /// What to do with the transport once all output is written: one of SANSOCK_TRANSPORT_*.
    pub transport: u8,
    /// One of SANSOCK_STATE_*.
    pub state: u8,
    /// SANSOCK_BLOCK_* bits. See sansock_block_has_more and sansock_block_is_writable.
    pub flags: u16,
    /// The number of the fault that ended the connection, or 0. See sansock_fault_name and sansock_conn_fault_text.
    pub fault: u32,
    /// Number of input bytes that the last receive consumed. If it is less than was passed, handle the events, then
    /// pass the rest.
    pub consumed: u64,
    /// When to call sansock_conn_timeout, in milliseconds of your clock; SANSOCK_NEVER if there is no deadline.
    pub next_deadline: u64,
    /// Number of bytes that you may gather before the next receive: the rest of the payload of an uncompressed binary
    /// frame, which cannot produce an event or a fault before the frame ends. 0 if any byte may matter. This is for
    /// hosts where calls are expensive and reads are small; others may ignore it.
    pub payload_remaining: u64,
    /// The events of the last input call. Valid until the next input call.
    pub events: *const Record,
    /// Where each region begins; see sansock_record_payload. Valid until the next input call.
    pub regions: [*const u8; 3],
    /// Length of each region in bytes.
    pub region_lens: [usize; 3],
    /// Bytes to write to the transport. Valid until the next call on this connection.
    pub output: *const u8,
    /// Number of bytes of output. Report how many you wrote with sansock_conn_written.
    pub output_len: usize,
    /// The one field that you may write, and only while sansock_block_may_defer_written is true: the number of output
    /// bytes that you wrote, instead of a call to sansock_conn_written. The next call on the connection that may change
    /// it reports them first and sets this to 0; if they are more than `output_len`, that call fails with
    /// SANSOCK_ERR_INVALID_ARGUMENT. Until then, no other field reflects them.
    pub written: u64,
}

/// Where a ws: or wss: URL points to.
#[repr(C)]
pub struct Url {
    /// 1 for wss: (connect with TLS), 0 for ws:.
    pub secure: u8,
    /// The port: the one in the URL, else 80 for ws: or 443 for wss:.
    pub port: u16,
    /// Where the host begins in the URL that was parsed, in bytes. The brackets of an IPv6 address are left out.
    pub host_offset: usize,
    /// Length of the host in bytes.
    pub host_len: usize,
}

/// The number of the binary interface that this header describes. The shared library has it in its name
/// (libsansock.so.1). A program that loads the library at run time compares it with sansock_abi_version().
pub const SANSOCK_ABI_VERSION: u32 = 1;
/// As a deadline: there is none.
pub const SANSOCK_NEVER: u64 = u64::MAX;

/// Success.
pub const SANSOCK_OK: i32 = 0;
/// An argument is outside what the protocol, the option or this header allows.
pub const SANSOCK_ERR_INVALID_ARGUMENT: i32 = -1;
/// The connection is in a state that does not allow this call.
pub const SANSOCK_ERR_INVALID_STATE: i32 = -2;
/// The output is at its hard limit: write it, report it with sansock_conn_written, and call again.
pub const SANSOCK_ERR_WOULD_BLOCK: i32 = -3;
/// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
pub const SANSOCK_ERR_TOO_LARGE: i32 = -4;
/// Memory could not be allocated.
pub const SANSOCK_ERR_NO_MEMORY: i32 = -5;
/// The handle is NULL, was freed, or is of another type.
pub const SANSOCK_ERR_BAD_HANDLE: i32 = -6;
/// The handle is in use by another thread.
pub const SANSOCK_ERR_BUSY: i32 = -7;
/// The library failed in this call or an earlier one on this handle, which can only be freed now.
pub const SANSOCK_ERR_POISONED: i32 = -8;
/// The operating system supplied no random bytes.
pub const SANSOCK_ERR_ENTROPY: i32 = -9;

/// The end that sends the opening request, and masks its frames.
pub const SANSOCK_ROLE_CLIENT: u32 = 0;
/// The end that accepts or rejects the request.
pub const SANSOCK_ROLE_SERVER: u32 = 1;

/// A server has read a valid opening request: accept or reject it. Payload: the request target. See
/// sansock_record_same_origin. Details: AUTHORITY, ORIGIN, SUBPROTOCOL, EXTENSION, HEADER.
pub const SANSOCK_KIND_REQUEST: u8 = 1;
/// The connection is open. Details: SUBPROTOCOL and EXTENSION if agreed; on a client, the HEADERs of the response.
pub const SANSOCK_KIND_OPEN: u8 = 2;
/// The server refused the client's request; CLOSED comes next. Payload: the body of the response. See
/// sansock_record_http_status and sansock_record_is_truncated. Details: the HEADERs of the response.
pub const SANSOCK_KIND_REJECTED: u8 = 3;
/// A text message, or a part of one: always valid UTF-8.
pub const SANSOCK_KIND_TEXT: u8 = 4;
/// A binary message, or a part of one.
pub const SANSOCK_KIND_BINARY: u8 = 5;
/// A ping from the peer. It is answered automatically, unless SANSOCK_OPTION_AUTO_PONG is off.
pub const SANSOCK_KIND_PING: u8 = 6;
/// A pong from the peer. See sansock_record_round_trip_ms.
pub const SANSOCK_KIND_PONG: u8 = 7;
/// The peer's Close frame. Payload: its reason, UTF-8. See sansock_record_close_code. It is not answered yet, so you
/// can still send. The next input call, which is due at once, answers it and brings CLOSED; where
/// SANSOCK_OPTION_AUTO_CLOSE is off, sansock_conn_close answers it.
pub const SANSOCK_KIND_CLOSING: u8 = 8;
/// The last event of every connection. Payload: the reason in the peer's Close frame, UTF-8. See
/// sansock_record_close_code, _close_sent, _is_clean, _by_peer and _fault.
pub const SANSOCK_KIND_CLOSED: u8 = 9;
/// Detail: a header of the request or response. See sansock_record_header_name and sansock_record_header_value. The
/// kinds from this one on are details.
pub const SANSOCK_KIND_HEADER: u8 = 16;
/// Detail: the host, and the port if it was named, that the request was made to.
pub const SANSOCK_KIND_AUTHORITY: u8 = 17;
/// Detail: the value of the Origin header.
pub const SANSOCK_KIND_ORIGIN: u8 = 18;
/// Detail of REQUEST: a subprotocol that the client offers (see sansock_record_is_chosen). Detail of OPEN: the
/// subprotocol agreed.
pub const SANSOCK_KIND_SUBPROTOCOL: u8 = 19;
/// Detail of REQUEST: an extension that the client offers, with its parameters. Detail of OPEN: the extension agreed,
/// with its parameters.
pub const SANSOCK_KIND_EXTENSION: u8 = 20;

/// Mask of the region's number.
pub const SANSOCK_FLAG_REGION: u8 = 0x03;
/// On TEXT and BINARY: the payload begins a message. Always set on a whole message.
pub const SANSOCK_FLAG_FIRST: u8 = 0x04;
/// On TEXT and BINARY: the payload ends a message. Always set on a whole message.
pub const SANSOCK_FLAG_LAST: u8 = 0x08;
/// On CLOSED: a Close frame was sent and one received.
pub const SANSOCK_FLAG_CLEAN: u8 = 0x10;
/// On CLOSED: the peer ended the connection, by its Close frame, its fault, or the end of its stream.
pub const SANSOCK_FLAG_BY_PEER: u8 = 0x20;
/// On REJECTED: the body is incomplete, because it exceeds its limit or the stream ended early.
pub const SANSOCK_FLAG_TRUNCATED: u8 = 0x10;
/// On SUBPROTOCOL of a REQUEST: the first of your configured subprotocols that the client offers.
pub const SANSOCK_FLAG_CHOSEN: u8 = 0x10;

/// The bytes that were passed to receive.
pub const SANSOCK_REGION_INPUT: u8 = 0;
/// The connection's store, for messages that were joined or inflated.
pub const SANSOCK_REGION_STORE: u8 = 1;
/// The connection's scratch buffer, for HTTP heads and for what was cut by the ends of reads.
pub const SANSOCK_REGION_SCRATCH: u8 = 2;

/// There is no Origin header: the client is not a browser.
pub const SANSOCK_ORIGIN_ABSENT: u16 = 0;
/// The Origin has the host and the port that the request was made to.
pub const SANSOCK_ORIGIN_SAME: u16 = 1;
/// The Origin has another host or port, or is the opaque origin `null`.
pub const SANSOCK_ORIGIN_CROSS: u16 = 2;

/// Go on reading and writing.
pub const SANSOCK_TRANSPORT_OPEN: u8 = 0;
/// Shut down the writing side, and go on reading until the stream ends or the next deadline comes.
pub const SANSOCK_TRANSPORT_SHUTDOWN_WRITE: u8 = 1;
/// Close the transport.
pub const SANSOCK_TRANSPORT_CLOSE: u8 = 2;

/// The opening handshake is under way.
pub const SANSOCK_STATE_CONNECTING: u8 = 0;
/// Messages can be sent and received.
pub const SANSOCK_STATE_OPEN: u8 = 1;
/// A Close frame was sent or received.
pub const SANSOCK_STATE_CLOSING: u8 = 2;
/// The connection has ended: the CLOSED event was delivered, or is waiting.
pub const SANSOCK_STATE_CLOSED: u8 = 3;

/// Something is waiting: more events than fit in one batch, the answer to the peer's Close or fault, or CLOSED. Handle
/// the events, then call receive with the input that is left (or with none), or timeout, which is due at once.
pub const SANSOCK_BLOCK_MORE: u16 = 0x0001;
/// The output is below its soft limit. While it is not, stop reading from the peer, or stop sending to it.
pub const SANSOCK_BLOCK_WRITABLE: u16 = 0x0002;
/// To report output as written would change nothing now but free its bytes, so the report may wait for the next call:
/// write the number to `written` instead of calling sansock_conn_written.
pub const SANSOCK_BLOCK_DEFER_WRITTEN: u16 = 0x0004;

/// Whether the stream is upgraded already, so that there is no opening handshake. 0 or 1, default 0.
pub const SANSOCK_OPTION_START_OPEN: u32 = 1;
/// The largest message received, after inflation; a larger one fails the connection (1009). Bytes, default 16 MiB.
pub const SANSOCK_OPTION_MAX_MESSAGE_SIZE: u32 = 2;
/// The largest payload of a frame received, before inflation; a larger one fails the connection (1009). Bytes, default:
/// as SANSOCK_OPTION_MAX_MESSAGE_SIZE.
pub const SANSOCK_OPTION_MAX_FRAME_SIZE: u32 = 3;
/// The largest HTTP head received. Bytes, default 16 KiB.
pub const SANSOCK_OPTION_MAX_HEAD_SIZE: u32 = 4;
/// The longest line of an HTTP head received, without its end. Bytes, default 8 KiB.
pub const SANSOCK_OPTION_MAX_LINE_SIZE: u32 = 5;
/// The largest number of headers in an HTTP head received. Default 128.
pub const SANSOCK_OPTION_MAX_HEADERS: u32 = 6;
/// How much of the body of a refusal a client keeps; the rest is not read. Bytes, default 64 KiB.
pub const SANSOCK_OPTION_MAX_BODY_SIZE: u32 = 7;
/// Unwritten output from which sansock_block_is_writable is false, and only the newest ping is answered. Bytes, default
/// 64 KiB.
pub const SANSOCK_OPTION_OUTPUT_SOFT_LIMIT: u32 = 8;
/// Unwritten output above which sending fails with SANSOCK_ERR_WOULD_BLOCK. Bytes, default: twice
/// SANSOCK_OPTION_MAX_MESSAGE_SIZE.
pub const SANSOCK_OPTION_OUTPUT_HARD_LIMIT: u32 = 9;
/// How long the opening handshake may take. Milliseconds, default 10,000.
pub const SANSOCK_OPTION_HANDSHAKE_TIMEOUT: u32 = 10;
/// How long the closing handshake may take, and then the end of the peer's stream. Milliseconds, default 10,000.
pub const SANSOCK_OPTION_CLOSE_TIMEOUT: u32 = 11;
/// The time between keepalive pings. Milliseconds, default: no keepalive.
pub const SANSOCK_OPTION_PING_INTERVAL: u32 = 12;
/// How long a keepalive ping may go unanswered. Milliseconds, default 20,000.
pub const SANSOCK_OPTION_PONG_TIMEOUT: u32 = 13;
/// Whether parts of messages are delivered as they arrive, and not whole messages. 0 or 1, default 0.
pub const SANSOCK_OPTION_PARTS: u32 = 14;
/// Whether pings are answered automatically. 0 or 1, default 1.
pub const SANSOCK_OPTION_AUTO_PONG: u32 = 15;
/// Whether the peer's Close is answered automatically. 0 or 1, default 1.
pub const SANSOCK_OPTION_AUTO_CLOSE: u32 = 16;
/// Whether only a pong, and not any byte, shows that the peer is alive. 0 or 1, default 0.
pub const SANSOCK_OPTION_REQUIRE_PONG: u32 = 17;
/// Whether messages are delivered that arrive after our own Close. 0 or 1, default 0.
pub const SANSOCK_OPTION_RECEIVE_WHILE_CLOSING: u32 = 18;
/// Whether frame lengths may be longer than their shortest form (RFC 6455 section 5.2). 0 or 1, default 0.
pub const SANSOCK_OPTION_ALLOW_NON_MINIMAL_LENGTH: u32 = 19;
/// Whether to offer or accept permessage-deflate (RFC 7692); with START_OPEN, whether it is agreed. 0 or 1, default 0.
pub const SANSOCK_OPTION_DEFLATE: u32 = 20;
/// Whether the server compresses each message on its own. 0 or 1, default 0.
pub const SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER: u32 = 21;
/// Whether the client compresses each message on its own. 0 or 1, default 0.
pub const SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER: u32 = 22;
/// The largest window in which the server compresses: its base-2 logarithm, 8 to 15, default 15.
pub const SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS: u32 = 23;
/// The largest window in which the client compresses: its base-2 logarithm, 8 to 15, default 15.
pub const SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS: u32 = 24;
/// The compression level, from 1 (fast) to 9 (small), default 6.
pub const SANSOCK_OPTION_DEFLATE_LEVEL: u32 = 25;
/// How much memory to compress with, from 1 to 9, default 8.
pub const SANSOCK_OPTION_DEFLATE_MEM_LEVEL: u32 = 26;
/// The smallest message that is compressed. Bytes, default 64.
pub const SANSOCK_OPTION_DEFLATE_THRESHOLD: u32 = 27;

/// The ws: or wss: URL of a client's request. A `user:password@` in it becomes a Basic Authorization header (RFC 7617).
pub const SANSOCK_TEXT_URL: u32 = 1;
/// The Origin header of a client's request.
pub const SANSOCK_TEXT_ORIGIN: u32 = 2;
/// A subprotocol that a client offers or a server supports. It may be set several times, the preferred one first.
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
