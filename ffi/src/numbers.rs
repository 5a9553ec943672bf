//! The numbers of the header. Made of the engine's tables: do not edit, run
//! `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.
/// The number of the binary interface that this header describes. The shared library has it in its name
/// (libsansock.so.1). A program that loads the library at run time compares it with sansock_abi_version().
pub const SANSOCK_ABI_VERSION: u32 = 1;
/// A deadline that never comes.
pub const SANSOCK_NEVER: u64 = u64::MAX;
/// The call succeeded.
pub const SANSOCK_OK: i32 = 0;
/// An argument is outside what the protocol or this option allows.
pub const SANSOCK_ERR_INVALID_ARGUMENT: i32 = -1;
/// The connection is not in a state in which this call means anything.
pub const SANSOCK_ERR_INVALID_STATE: i32 = -2;
/// The output is at its hard limit: write it, report it as written, and call again.
pub const SANSOCK_ERR_WOULD_BLOCK: i32 = -3;
/// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
pub const SANSOCK_ERR_TOO_LARGE: i32 = -4;
/// Memory could not be allocated.
pub const SANSOCK_ERR_NO_MEMORY: i32 = -5;
/// The handle is null, freed, or of another kind.
pub const SANSOCK_ERR_BAD_HANDLE: i32 = -6;
/// The handle is in use by another thread.
pub const SANSOCK_ERR_BUSY: i32 = -7;
/// The engine failed in an earlier call on this handle, which can only be freed now.
pub const SANSOCK_ERR_POISONED: i32 = -8;
/// The operating system offered no random bytes.
pub const SANSOCK_ERR_ENTROPY: i32 = -9;
/// The end that sends the opening request and masks its frames.
pub const SANSOCK_ROLE_CLIENT: u32 = 0;
/// The end that answers the opening request.
pub const SANSOCK_ROLE_SERVER: u32 = 1;
/// A server has read a valid opening request: accept or reject it. Payload: the request target. code: one of
/// SANSOCK_ORIGIN_*. aux: how many details follow: METHOD unless it is GET, AUTHORITY, ORIGIN, SUBPROTOCOL,
/// EXTENSION, HEADER. extra: 0; or, if the option deliver_http is on and this is no valid opening request, the
/// number of the fault: it can be answered with any response, and not be accepted.
pub const SANSOCK_KIND_REQUEST: u8 = 1;
/// The connection is open. aux: how many details follow: SUBPROTOCOL and EXTENSION if one was agreed; for a client,
/// HEADER.
pub const SANSOCK_KIND_OPEN: u8 = 2;
/// The server refused a client's request, or accepted it wrongly if the status is 101. code: the HTTP status.
/// Payload: the body, cut at its limit if SANSOCK_FLAG_TRUNCATED is set. aux: how many details follow: REASON,
/// HEADER. CLOSED comes next.
pub const SANSOCK_KIND_REJECTED: u8 = 3;
/// A text message, or a part of one. Always valid UTF-8.
pub const SANSOCK_KIND_TEXT: u8 = 4;
/// A binary message, or a part of one.
pub const SANSOCK_KIND_BINARY: u8 = 5;
/// A ping from the peer. It has been answered unless automatic pongs are off.
pub const SANSOCK_KIND_PING: u8 = 6;
/// A pong from the peer. extra: the round-trip time in milliseconds if it answers the latest ping, otherwise the
/// largest 64-bit number.
pub const SANSOCK_KIND_PONG: u8 = 7;
/// The peer's Close frame. code: its code, 1005 if it had none. Payload: its reason, in UTF-8. The host can still
/// send. The next input call, which is due at once, sends the answer and brings CLOSED, unless automatic Close is
/// off.
pub const SANSOCK_KIND_CLOSING: u8 = 8;
/// The last event. code: the code that the peer sent, 1005 for a Close frame without one, 1006 for no Close frame.
/// Payload: the peer's reason. aux: the number of the fault, or 0. extra: the code that was sent to the peer, or 0.
pub const SANSOCK_KIND_CLOSED: u8 = 9;
/// A head for the host to send, where the handshake is made of fields. code: the HTTP status of a response, 0 for a
/// client's request. Payload: the body of a response. aux: how many HEADER details follow, with names in lower
/// case: those of a request begin with its pseudo-header fields.
pub const SANSOCK_KIND_HEAD: u8 = 10;
/// With the option frames: data of a frame of a message. code: 1 if the message is a text, 2 if it is binary.
/// Payload: the data, after inflation; that of a text may end inside a code point. extra: the length of the frame's
/// payload on the wire. An empty frame has one such event.
pub const SANSOCK_KIND_FRAME: u8 = 11;
/// With the option auto_fail off: a rule was broken, and what follows is not read. aux: the number of the fault.
/// code: the close code that it calls for. Answer with fail or close within the close deadline. The peer can still
/// be sent messages before.
pub const SANSOCK_KIND_FAULT: u8 = 12;
/// Detail: a header. Name: offset, length aux. Value: offset extra, length len. Bytes as received, without the
/// white space around the value.
pub const SANSOCK_KIND_HEADER: u8 = 16;
/// Detail: the host and port that the request was made to, from the target if it is absolute, otherwise from Host.
pub const SANSOCK_KIND_AUTHORITY: u8 = 17;
/// Detail: the Origin header.
pub const SANSOCK_KIND_ORIGIN: u8 = 18;
/// Detail: a subprotocol that the client offered, in its order of preference (SANSOCK_FLAG_CHOSEN marks the one
/// that is agreed if the host names none); or, after OPEN, the one agreed.
pub const SANSOCK_KIND_SUBPROTOCOL: u8 = 19;
/// Detail: an extension that the client offered, with its parameters; or, after OPEN, the one agreed.
pub const SANSOCK_KIND_EXTENSION: u8 = 20;
/// Detail: the method of a request other than GET.
pub const SANSOCK_KIND_METHOD: u8 = 21;
/// Detail: the reason phrase of a response.
pub const SANSOCK_KIND_REASON: u8 = 22;
/// Mask of the number of the payload's region.
pub const SANSOCK_FLAG_REGION: u8 = 0x03;
/// The payload begins a message. Always set on a whole message.
pub const SANSOCK_FLAG_FIRST: u8 = 0x04;
/// The payload ends a message. Always set on a whole message.
pub const SANSOCK_FLAG_LAST: u8 = 0x08;
/// On CLOSED: a Close frame was sent and one received.
pub const SANSOCK_FLAG_CLEAN: u8 = 0x10;
/// On CLOSED: the peer began it, by its Close frame, its fault, or the end of its stream.
pub const SANSOCK_FLAG_BY_PEER: u8 = 0x20;
/// On FRAME: the frame ends with this data.
pub const SANSOCK_FLAG_FRAME_END: u8 = 0x10;
/// On FRAME: the message is compressed on the wire.
pub const SANSOCK_FLAG_COMPRESSED: u8 = 0x20;
/// On REJECTED: the body was longer than its limit, or the stream ended before it did.
pub const SANSOCK_FLAG_TRUNCATED: u8 = 0x10;
/// On SUBPROTOCOL: the choice by the configured preference.
pub const SANSOCK_FLAG_CHOSEN: u8 = 0x10;
/// The bytes passed to receive.
pub const SANSOCK_REGION_INPUT: u8 = 0;
/// The connection's message store.
pub const SANSOCK_REGION_STORE: u8 = 1;
/// The connection's scratch buffer: HTTP heads, control frames cut by reads, code points cut by parts.
pub const SANSOCK_REGION_SCRATCH: u8 = 2;
/// There is no Origin header: the client is not a browser.
pub const SANSOCK_ORIGIN_ABSENT: u16 = 0;
/// The same host and port, and the same scheme if that is known: see the option secure.
pub const SANSOCK_ORIGIN_SAME: u16 = 1;
/// Another host or port, or the opaque origin null.
pub const SANSOCK_ORIGIN_CROSS: u16 = 2;
/// Keep reading and writing.
pub const SANSOCK_TRANSPORT_OPEN: u8 = 0;
/// Shut down the writing side, then keep reading and dropping what arrives until EOF or the next deadline.
pub const SANSOCK_TRANSPORT_SHUTDOWN_WRITE: u8 = 1;
/// Close the transport.
pub const SANSOCK_TRANSPORT_CLOSE: u8 = 2;
/// The opening handshake is under way.
pub const SANSOCK_STATE_CONNECTING: u8 = 0;
/// Messages can be sent and received.
pub const SANSOCK_STATE_OPEN: u8 = 1;
/// A Close frame was sent or received, or the host is to answer a fault.
pub const SANSOCK_STATE_CLOSING: u8 = 2;
/// The connection is closed: the CLOSED event has been delivered, or is about to be.
pub const SANSOCK_STATE_CLOSED: u8 = 3;
/// More events are ready than one batch holds, the peer's Close frame or its fault is to be answered, or CLOSED is
/// to be delivered: handle the events, then call receive with the rest of the input (or with none), or timeout,
/// which is due at once.
pub const SANSOCK_BLOCK_MORE: u16 = 0x0001;
/// The output is below its soft limit. While it is not, stop reading from the peer and sending to it.
pub const SANSOCK_BLOCK_WRITABLE: u16 = 0x0002;
/// Reporting the output as written would change nothing now but release its bytes: the report may wait for the next
/// call.
pub const SANSOCK_BLOCK_DEFER_WRITTEN: u16 = 0x0004;
/// The ws: or wss: URL of a client's request. A user name and password in it become a Basic Authorization header
/// (RFC 7617); no other can be added then. Required for a client unless it starts open.
pub const SANSOCK_TEXT_URL: u32 = 1;
/// The Origin header of a client's request.
pub const SANSOCK_TEXT_ORIGIN: u32 = 2;
/// A subprotocol, added to the list: a client offers them, a server picks the first of its list that was offered.
pub const SANSOCK_TEXT_SUBPROTOCOL: u32 = 3;
/// The Sec-WebSocket-Key of a client's request: 16 bytes in base64. If it is not set, it is random, as RFC 6455
/// requires; a proxy passes on that of its client.
pub const SANSOCK_TEXT_KEY: u32 = 4;
/// HTTP/1.1 (RFC 9112): the request asks for an upgrade.
pub const SANSOCK_HTTP_VERSION_1_1: u32 = 1;
/// HTTP/2 (RFC 8441): the request is an extended CONNECT.
pub const SANSOCK_HTTP_VERSION_2: u32 = 2;
/// HTTP/3 (RFC 9220): likewise.
pub const SANSOCK_HTTP_VERSION_3: u32 = 3;
/// The stream has been upgraded already: there is no opening handshake. Default: 0.
pub const SANSOCK_OPTION_START_OPEN: u32 = 1;
/// The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In
/// bytes; default: 16 MiB.
pub const SANSOCK_OPTION_MAX_MESSAGE_SIZE: u32 = 2;
/// The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection
/// with 1009. In bytes; default: as large as a message.
pub const SANSOCK_OPTION_MAX_FRAME_SIZE: u32 = 3;
/// The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB.
pub const SANSOCK_OPTION_MAX_HEAD_SIZE: u32 = 4;
/// The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the
/// request line. In bytes; default: 8 KiB.
pub const SANSOCK_OPTION_MAX_LINE_SIZE: u32 = 5;
/// The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128.
pub const SANSOCK_OPTION_MAX_HEADERS: u32 = 6;
/// How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB.
pub const SANSOCK_OPTION_MAX_BODY_SIZE: u32 = 7;
/// Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes;
/// default: 64 KiB.
pub const SANSOCK_OPTION_OUTPUT_SOFT_LIMIT: u32 = 8;
/// Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out.
/// In bytes; default: 32 MiB.
pub const SANSOCK_OPTION_OUTPUT_HARD_LIMIT: u32 = 9;
/// Time for the opening handshake. In milliseconds; default: 10,000 ms.
pub const SANSOCK_OPTION_HANDSHAKE_TIMEOUT: u32 = 10;
/// Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms.
pub const SANSOCK_OPTION_CLOSE_TIMEOUT: u32 = 11;
/// Time between keepalive pings. In milliseconds; default: no keepalive.
pub const SANSOCK_OPTION_PING_INTERVAL: u32 = 12;
/// Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default:
/// 20,000 ms.
pub const SANSOCK_OPTION_PONG_TIMEOUT: u32 = 13;
/// Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point.
/// Default: 0.
pub const SANSOCK_OPTION_PARTS: u32 = 14;
/// Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with frames it is off
/// unless it is set. Default: 1.
pub const SANSOCK_OPTION_AUTO_PONG: u32 = 15;
/// Answer the peer's Close automatically. Off for hosts that answer it themselves, with close; with frames it is
/// off unless it is set. Default: 1.
pub const SANSOCK_OPTION_AUTO_CLOSE: u32 = 16;
/// Only a pong shows that the peer is alive. When off, any byte does. Default: 0.
pub const SANSOCK_OPTION_REQUIRE_PONG: u32 = 17;
/// Deliver messages that arrive after our own Close. When off, they are dropped. Default: 0.
pub const SANSOCK_OPTION_RECEIVE_WHILE_CLOSING: u32 = 18;
/// Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: 0.
pub const SANSOCK_OPTION_ALLOW_NON_MINIMAL_LENGTH: u32 = 19;
/// Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the
/// parameters that the next four options give. A build without compression refuses it. Default: 0.
pub const SANSOCK_OPTION_DEFLATE: u32 = 20;
/// The server compresses each message alone: a client asks for it, a server decides it. Default: 0.
pub const SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER: u32 = 21;
/// The client compresses each message alone: a client announces it, a server asks for it. Default: 0.
pub const SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER: u32 = 22;
/// The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in
/// bytes, 8 to 15; default: 15.
pub const SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS: u32 = 23;
/// The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in
/// bytes, 8 to 15; default: 15.
pub const SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS: u32 = 24;
/// How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6.
pub const SANSOCK_OPTION_DEFLATE_LEVEL: u32 = 25;
/// How much memory to compress with, from 1 to 9. 1 to 9; default: 8.
pub const SANSOCK_OPTION_DEFLATE_MEM_LEVEL: u32 = 26;
/// The smallest message that is compressed. In bytes; default: 64 bytes.
pub const SANSOCK_OPTION_DEFLATE_THRESHOLD: u32 = 27;
/// The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with
/// 1008. 1 to 18446744073709551615; default: 131,072.
pub const SANSOCK_OPTION_MAX_FRAGMENTS: u32 = 28;
/// Time without progress while output waits to be written; progress is what the host reports as written. Then the
/// connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms.
pub const SANSOCK_OPTION_WRITE_TIMEOUT: u32 = 29;
/// A server delivers every well-formed request, also one that is no valid opening request, so that the host can
/// serve other pages and health checks on the same port. When off, such requests are refused. Default: 0.
pub const SANSOCK_OPTION_DELIVER_HTTP: u32 = 30;
/// Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end
/// inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the
/// host, unless auto_pong, auto_close and auto_fail are turned on. Default: 0.
pub const SANSOCK_OPTION_FRAMES: u32 = 31;
/// Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with frames it
/// is off unless it is set. Default: 1.
pub const SANSOCK_OPTION_AUTO_FAIL: u32 = 32;
/// The Close frame for a fault says in words which it is. When off, its reason is empty. Default: 1.
pub const SANSOCK_OPTION_CLOSE_REASON: u32 = 33;
/// A server's connections are over TLS, so that a page is of its own origin only if its scheme is https; when off,
/// only if it is http. If it is not set, the scheme is not compared, but for that of a request made of fields.
/// Default: 0.
pub const SANSOCK_OPTION_SECURE: u32 = 34;
