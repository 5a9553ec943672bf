//! What C sees: opaque handles, plain structs, and numbers. Structs and numbers mirror the engine's, as is checked below.

use core::ffi::c_char;
use core::mem::{offset_of, size_of};

use sansock::boundary;

/// A configuration, from which any number of connections are made.
///
/// May move between threads. Several threads may create connections from it at the same time, but none may change it
/// meanwhile.
pub struct Config(());

/// One WebSocket connection.
///
/// Used by one thread at a time; may move between threads.
pub struct Conn(());

/// A message for many connections.
///
/// May move between threads. Several threads may send it at the same time, each with a connection of its own.
pub struct Prepared(());

/// The configuration of tunnels: a proxy, and where to lead through it. The same rules for threads as for
/// sansock_config.
pub struct TunnelConfig(());

/// One tunnel through a proxy. Used by one thread at a time; may move between threads.
pub struct Tunnel(());

/// One event, or one detail of the event before it: 32 bytes, without padding. The accessors sansock_record_* read it;
/// the fields are for hosts that read records as bytes.
#[repr(C)]
pub struct Record {
    /// What it is: one of SANSOCK_KIND_*. Skip a kind that you do not know.
    pub kind: u8,
    /// SANSOCK_FLAG_* bits; the region of the payload is among them.
    pub flags: u8,
    /// REQUEST: SANSOCK_ORIGIN_*. REJECTED, HEAD: HTTP status. CLOSING, CLOSED, FAULT: close code. FRAME: 1 for text, 2
    /// for binary. Otherwise 0.
    pub code: u16,
    /// REQUEST, OPEN, REJECTED, HEAD: number of details that follow. HEADER: length of the name in bytes. CLOSED, FAULT:
    /// fault. Otherwise 0.
    pub aux: u32,
    /// Where the payload begins in its region, in bytes. HEADER: where the name begins.
    pub offset: u64,
    /// Length of the payload in bytes. HEADER: length of the value.
    pub len: u64,
    /// PONG: round-trip time in milliseconds, or UINT64_MAX. CLOSED: the close code that was sent, or 0. REQUEST: fault, or
    /// 0. FRAME: length of the frame in bytes. HEADER: where the value begins in the region, in bytes. Otherwise 0.
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
    /// The number of the fault that ended the connection, or that you are to answer; or 0. See sansock_fault_name and sansock_conn_fault_text.
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
    /// The number at fault: a size in bytes, a count, a status, an opcode, as the fault says. 0 if there is none.
    pub fault_actual: u64,
    /// The limit that was exceeded. 0 if there is none.
    pub fault_limit: u64,
    /// Where the frame at fault begins, in bytes from the end of the handshake. UINT64_MAX if it is no fault of a frame.
    pub fault_position: u64,
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

/// A header field: pointers to bytes of yours, which are not changed.
#[repr(C)]
pub struct Field {
    /// The name. One that begins with a colon is a pseudo-header field.
    pub name: *const c_char,
    /// Length of the name in bytes.
    pub name_len: usize,
    /// The value, without white space around it.
    pub value: *const c_char,
    /// Length of the value in bytes.
    pub value_len: usize,
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

/// What to connect to for the URL of a proxy.
#[repr(C)]
pub struct Proxy {
    /// 1 for https: (connect with TLS), otherwise 0.
    pub secure: u8,
    /// 1 if the proxy takes names and resolves them; 0 for socks5: resolve names yourself, and pass addresses.
    pub resolves_names: u8,
    /// The port: the one in the URL, else 80 for http:, 443 for https:, 1080 for SOCKS.
    pub port: u16,
    /// Where the host begins in the URL that was parsed, in bytes. The brackets of an IPv6 address are left out.
    pub host_offset: usize,
    /// Length of the host in bytes.
    pub host_len: usize,
}

/// The mirrors are the engine's, byte for byte.
const _: () = {
    macro_rules! same_layout {
        ($mirror:ident: $($field:ident)* $(, then $own:ident: $own_type:ty)?) => {
            assert!(size_of::<$mirror>() == size_of::<boundary::$mirror>() $(+ size_of::<$own_type>())?);
            $(assert!(offset_of!($mirror, $own) == size_of::<boundary::$mirror>());)?
            assert!(align_of::<$mirror>() == align_of::<boundary::$mirror>());
            $(assert!(offset_of!($mirror, $field) == offset_of!(boundary::$mirror, $field));)*
        };
    }
    same_layout!(Record: kind flags code aux offset len extra);
    same_layout!(Block: status event_count transport state flags fault consumed next_deadline payload_remaining
        fault_actual fault_limit fault_position events regions region_lens output output_len, then written: u64);
};
