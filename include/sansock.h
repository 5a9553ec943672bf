/*
 * Sansock: WebSocket (RFC 6455) without the socket. Bytes in, events and bytes out.
 *
 * The library does no I/O, has no clock and starts no thread. You read and write the transport, and keep one timer for
 * each connection. After EVERY call on a connection, read its block (sansock_conn_block) and do four things:
 *
 *   1. Write `output` to the transport, and report what was written with sansock_conn_written.
 *   2. Handle `events`, which are those of the last input call. Then pass the input that was not `consumed`; and while
 *      sansock_block_has_more, call receive again, even with no input left.
 *   3. Set the timer to `next_deadline`, and call sansock_conn_timeout when it has come.
 *   4. Once all output is written, do what `transport` says: go on, shut down the writing side, or close. If you close
 *      earlier, the peer may lose the last messages.
 *
 * The CLOSED event comes exactly once, and is the last. Even then, close the transport only when `transport` says so.
 *
 * Input calls replace the events: receive, receive_read_buffer, receive_eof, timeout, accept, reject, respond,
 * receive_request, request_fields, receive_response. All other calls, and all calls on other connections, leave the
 * events and their payloads in place, so you may send while you handle them.
 *
 * Accessors  The functions sansock_record_* and sansock_block_* at the end of this file read records and the block by
 *            name: nobody needs to look at flags, or at fields whose meaning depends on the kind of a record.
 * Ownership  What _new makes, _free frees. Everything else belongs to the library, and you never free it. What you pass
 *            is copied, with two exceptions: the input, which is unmasked in place and must stay until the next input
 *            call; and the read buffer.
 * Lifetime   Events and payloads are valid until the next input call on the connection, the output until the next call
 *            of any kind, the block until the connection is freed. Strings are static, unless said otherwise.
 * Threads    A handle may move between threads, but only one may use it at a time: a second call meanwhile returns
 *            SANSOCK_ERR_BUSY. Different handles are independent.
 * NULL       (NULL, 0) is an empty buffer everywhere. NULL with a length, and lengths above PTRDIFF_MAX, are refused
 *            with SANSOCK_ERR_INVALID_ARGUMENT. Handles and out-parameters must not be NULL, except where it is said.
 * Errors     A call returns SANSOCK_OK or a negative SANSOCK_ERR_*. If it fails, it has changed nothing and written no
 *            out-parameter. What the peer does wrong never makes a call fail: the CLOSED event reports it. If the
 *            library itself fails (it panics, and says why on standard error), the handle is poisoned: every call on it
 *            returns SANSOCK_ERR_POISONED, its block says to close the transport, and it can only be freed.
 * Time       `now` is in milliseconds of a monotonic clock of your choice, the same for all calls on a connection.
 *            Passed to a timeout, SANSOCK_NEVER is no time: the clock stays where it was.
 * Versions   SANSOCK_ABI_VERSION is the number of the binary interface. A program that is linked to the shared library
 *            loads it under a name with this number (libsansock.so.1); one that loads it at run time compares it with
 *            sansock_abi_version(). It goes up when programs that were built before can no longer use the library:
 *            a function, a struct or a number is gone or means something else. It stays when functions, kinds, options,
 *            faults, or fields at the end of the block are added. The version of the release is another number:
 *            SANSOCK_VERSION is that of this header, sansock_version() that of the library that was loaded.
 */

#ifndef SANSOCK_H
#define SANSOCK_H

/* Generated from ffi/src and ffi/accessors.h. Do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* On Windows, define SANSOCK_DLL before you include this file to use the shared library. */
#if defined(_WIN32) && defined(SANSOCK_DLL)
#define SANSOCK_API __declspec(dllimport)
#elif defined(__GNUC__)
#define SANSOCK_API __attribute__((visibility("default")))
#else
#define SANSOCK_API
#endif

/// The version of the release that this header is of, as text. sansock_version() says that of the library that was loaded.
#define SANSOCK_VERSION "0.1.0"

/// The first number of the version.
#define SANSOCK_VERSION_MAJOR 0

/// The second number of the version.
#define SANSOCK_VERSION_MINOR 1

/// The third number of the version.
#define SANSOCK_VERSION_PATCH 0

/// The version as one number, for `#if`: 1.2.3 is 1002003.
#define SANSOCK_VERSION_NUMBER (SANSOCK_VERSION_MAJOR * 1000000 + SANSOCK_VERSION_MINOR * 1000 + SANSOCK_VERSION_PATCH)


/// The number of the binary interface that this header describes. The shared library has it in its name
/// (libsansock.so.1). A program that loads the library at run time compares it with sansock_abi_version().
#define SANSOCK_ABI_VERSION 1

/// A deadline that never comes.
#define SANSOCK_NEVER UINT64_MAX

/// The call succeeded.
#define SANSOCK_OK 0

/// An argument is outside what the protocol or this option allows.
#define SANSOCK_ERR_INVALID_ARGUMENT (-1)

/// The connection is not in a state in which this call means anything.
#define SANSOCK_ERR_INVALID_STATE (-2)

/// The output is at its hard limit: write it, report it as written, and call again.
#define SANSOCK_ERR_WOULD_BLOCK (-3)

/// The payload alone is larger than the hard limit of the output: send it in parts, or raise the limit.
#define SANSOCK_ERR_TOO_LARGE (-4)

/// Memory could not be allocated.
#define SANSOCK_ERR_NO_MEMORY (-5)

/// The handle is null, freed, or of another kind.
#define SANSOCK_ERR_BAD_HANDLE (-6)

/// The handle is in use by another thread.
#define SANSOCK_ERR_BUSY (-7)

/// The engine failed in an earlier call on this handle, which can only be freed now.
#define SANSOCK_ERR_POISONED (-8)

/// The operating system offered no random bytes.
#define SANSOCK_ERR_ENTROPY (-9)

/// The end that sends the opening request and masks its frames.
#define SANSOCK_ROLE_CLIENT 0

/// The end that answers the opening request.
#define SANSOCK_ROLE_SERVER 1

/// A server has read a valid opening request: accept or reject it. Payload: the request target. code: one of
/// SANSOCK_ORIGIN_*. aux: how many details follow: METHOD unless it is GET, AUTHORITY, ORIGIN, SUBPROTOCOL,
/// EXTENSION, HEADER. extra: 0; or, if the option deliver_http is on and this is no valid opening request, the
/// number of the fault: it can be answered with any response, and not be accepted.
#define SANSOCK_KIND_REQUEST 1

/// The connection is open. aux: how many details follow: SUBPROTOCOL and EXTENSION if one was agreed; for a client,
/// HEADER.
#define SANSOCK_KIND_OPEN 2

/// The server refused a client's request, or accepted it wrongly if the status is 101. code: the HTTP status.
/// Payload: the body, cut at its limit if SANSOCK_FLAG_TRUNCATED is set. aux: how many details follow: REASON,
/// HEADER. CLOSED comes next.
#define SANSOCK_KIND_REJECTED 3

/// A text message, or a part of one. Always valid UTF-8.
#define SANSOCK_KIND_TEXT 4

/// A binary message, or a part of one.
#define SANSOCK_KIND_BINARY 5

/// A ping from the peer. It has been answered unless automatic pongs are off.
#define SANSOCK_KIND_PING 6

/// A pong from the peer. extra: the round-trip time in milliseconds if it answers the latest ping, otherwise the
/// largest 64-bit number.
#define SANSOCK_KIND_PONG 7

/// The peer's Close frame. code: its code, 1005 if it had none. Payload: its reason, in UTF-8. The host can still
/// send. The next input call, which is due at once, sends the answer and brings CLOSED, unless automatic Close is
/// off.
#define SANSOCK_KIND_CLOSING 8

/// The last event. code: the code that the peer sent, 1005 for a Close frame without one, 1006 for no Close frame.
/// Payload: the peer's reason. aux: the number of the fault, or 0. extra: the code that was sent to the peer, or 0.
#define SANSOCK_KIND_CLOSED 9

/// A head for the host to send, where the handshake is made of fields. code: the HTTP status of a response, 0 for a
/// client's request. Payload: the body of a response. aux: how many HEADER details follow, with names in lower
/// case: those of a request begin with its pseudo-header fields.
#define SANSOCK_KIND_HEAD 10

/// With the option frames: data of a frame of a message. code: 1 if the message is a text, 2 if it is binary.
/// Payload: the data, after inflation; that of a text may end inside a code point. extra: the length of the frame's
/// payload on the wire. An empty frame has one such event.
#define SANSOCK_KIND_FRAME 11

/// With the option auto_fail off: a rule was broken, and what follows is not read. aux: the number of the fault.
/// code: the close code that it calls for. Answer with fail or close within the close deadline. The peer can still
/// be sent messages before.
#define SANSOCK_KIND_FAULT 12

/// Detail: a header. Name: offset, length aux. Value: offset extra, length len. Bytes as received, without the
/// white space around the value.
#define SANSOCK_KIND_HEADER 16

/// Detail: the host and port that the request was made to, from the target if it is absolute, otherwise from Host.
#define SANSOCK_KIND_AUTHORITY 17

/// Detail: the Origin header.
#define SANSOCK_KIND_ORIGIN 18

/// Detail: a subprotocol that the client offered, in its order of preference (SANSOCK_FLAG_CHOSEN marks the one
/// that is agreed if the host names none); or, after OPEN, the one agreed.
#define SANSOCK_KIND_SUBPROTOCOL 19

/// Detail: an extension that the client offered, with its parameters; or, after OPEN, the one agreed.
#define SANSOCK_KIND_EXTENSION 20

/// Detail: the method of a request other than GET.
#define SANSOCK_KIND_METHOD 21

/// Detail: the reason phrase of a response.
#define SANSOCK_KIND_REASON 22

/// Mask of the number of the payload's region.
#define SANSOCK_FLAG_REGION 3

/// The payload begins a message. Always set on a whole message.
#define SANSOCK_FLAG_FIRST 4

/// The payload ends a message. Always set on a whole message.
#define SANSOCK_FLAG_LAST 8

/// On CLOSED: a Close frame was sent and one received.
#define SANSOCK_FLAG_CLEAN 16

/// On CLOSED: the peer began it, by its Close frame, its fault, or the end of its stream.
#define SANSOCK_FLAG_BY_PEER 32

/// On FRAME: the frame ends with this data.
#define SANSOCK_FLAG_FRAME_END 16

/// On FRAME: the message is compressed on the wire.
#define SANSOCK_FLAG_COMPRESSED 32

/// On REJECTED: the body was longer than its limit, or the stream ended before it did.
#define SANSOCK_FLAG_TRUNCATED 16

/// On SUBPROTOCOL: the choice by the configured preference.
#define SANSOCK_FLAG_CHOSEN 16

/// The bytes passed to receive.
#define SANSOCK_REGION_INPUT 0

/// The connection's message store.
#define SANSOCK_REGION_STORE 1

/// The connection's scratch buffer: HTTP heads, control frames cut by reads, code points cut by parts.
#define SANSOCK_REGION_SCRATCH 2

/// There is no Origin header: the client is not a browser.
#define SANSOCK_ORIGIN_ABSENT 0

/// The same host and port, and the same scheme if that is known: see the option secure.
#define SANSOCK_ORIGIN_SAME 1

/// Another host or port, or the opaque origin null.
#define SANSOCK_ORIGIN_CROSS 2

/// Keep reading and writing.
#define SANSOCK_TRANSPORT_OPEN 0

/// Shut down the writing side, then keep reading and dropping what arrives until EOF or the next deadline.
#define SANSOCK_TRANSPORT_SHUTDOWN_WRITE 1

/// Close the transport.
#define SANSOCK_TRANSPORT_CLOSE 2

/// The opening handshake is under way.
#define SANSOCK_STATE_CONNECTING 0

/// Messages can be sent and received.
#define SANSOCK_STATE_OPEN 1

/// A Close frame was sent or received, or the host is to answer a fault.
#define SANSOCK_STATE_CLOSING 2

/// The connection is closed: the CLOSED event has been delivered, or is about to be.
#define SANSOCK_STATE_CLOSED 3

/// More events are ready than one batch holds, the peer's Close frame or its fault is to be answered, or CLOSED is
/// to be delivered: handle the events, then call receive with the rest of the input (or with none), or timeout,
/// which is due at once.
#define SANSOCK_BLOCK_MORE 1

/// The output is below its soft limit. While it is not, stop reading from the peer and sending to it.
#define SANSOCK_BLOCK_WRITABLE 2

/// Reporting the output as written would change nothing now but release its bytes: the report may wait for the next
/// call.
#define SANSOCK_BLOCK_DEFER_WRITTEN 4

/// The ws: or wss: URL of a client's request. A user name and password in it become a Basic Authorization header
/// (RFC 7617); no other can be added then. Required for a client unless it starts open.
#define SANSOCK_TEXT_URL 1

/// The Origin header of a client's request.
#define SANSOCK_TEXT_ORIGIN 2

/// A subprotocol, added to the list: a client offers them, a server picks the first of its list that was offered.
#define SANSOCK_TEXT_SUBPROTOCOL 3

/// The Sec-WebSocket-Key of a client's request: 16 bytes in base64. If it is not set, it is random, as RFC 6455
/// requires; a proxy passes on that of its client.
#define SANSOCK_TEXT_KEY 4

/// HTTP/1.1 (RFC 9112): the request asks for an upgrade.
#define SANSOCK_HTTP_VERSION_1_1 1

/// HTTP/2 (RFC 8441): the request is an extended CONNECT.
#define SANSOCK_HTTP_VERSION_2 2

/// HTTP/3 (RFC 9220): likewise.
#define SANSOCK_HTTP_VERSION_3 3

/// The stream has been upgraded already: there is no opening handshake. Default: 0.
#define SANSOCK_OPTION_START_OPEN 1

/// The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In
/// bytes; default: 16 MiB.
#define SANSOCK_OPTION_MAX_MESSAGE_SIZE 2

/// The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection
/// with 1009. In bytes; default: as large as a message.
#define SANSOCK_OPTION_MAX_FRAME_SIZE 3

/// The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB.
#define SANSOCK_OPTION_MAX_HEAD_SIZE 4

/// The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the
/// request line. In bytes; default: 8 KiB.
#define SANSOCK_OPTION_MAX_LINE_SIZE 5

/// The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128.
#define SANSOCK_OPTION_MAX_HEADERS 6

/// How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB.
#define SANSOCK_OPTION_MAX_BODY_SIZE 7

/// Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes;
/// default: 64 KiB.
#define SANSOCK_OPTION_OUTPUT_SOFT_LIMIT 8

/// Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out.
/// In bytes; default: 32 MiB.
#define SANSOCK_OPTION_OUTPUT_HARD_LIMIT 9

/// Time for the opening handshake. In milliseconds; default: 10,000 ms.
#define SANSOCK_OPTION_HANDSHAKE_TIMEOUT 10

/// Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms.
#define SANSOCK_OPTION_CLOSE_TIMEOUT 11

/// Time between keepalive pings. In milliseconds; default: no keepalive.
#define SANSOCK_OPTION_PING_INTERVAL 12

/// Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default:
/// 20,000 ms.
#define SANSOCK_OPTION_PONG_TIMEOUT 13

/// Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point.
/// Default: 0.
#define SANSOCK_OPTION_PARTS 14

/// Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with frames it is off
/// unless it is set. Default: 1.
#define SANSOCK_OPTION_AUTO_PONG 15

/// Answer the peer's Close automatically. Off for hosts that answer it themselves, with close; with frames it is
/// off unless it is set. Default: 1.
#define SANSOCK_OPTION_AUTO_CLOSE 16

/// Only a pong shows that the peer is alive. When off, any byte does. Default: 0.
#define SANSOCK_OPTION_REQUIRE_PONG 17

/// Deliver messages that arrive after our own Close. When off, they are dropped. Default: 0.
#define SANSOCK_OPTION_RECEIVE_WHILE_CLOSING 18

/// Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: 0.
#define SANSOCK_OPTION_ALLOW_NON_MINIMAL_LENGTH 19

/// Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the
/// parameters that the next four options give. A build without compression refuses it. Default: 0.
#define SANSOCK_OPTION_DEFLATE 20

/// The server compresses each message alone: a client asks for it, a server decides it. Default: 0.
#define SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER 21

/// The client compresses each message alone: a client announces it, a server asks for it. Default: 0.
#define SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER 22

/// The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in
/// bytes, 8 to 15; default: 15.
#define SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS 23

/// The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in
/// bytes, 8 to 15; default: 15.
#define SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS 24

/// How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6.
#define SANSOCK_OPTION_DEFLATE_LEVEL 25

/// How much memory to compress with, from 1 to 9. 1 to 9; default: 8.
#define SANSOCK_OPTION_DEFLATE_MEM_LEVEL 26

/// The smallest message that is compressed. In bytes; default: 64 bytes.
#define SANSOCK_OPTION_DEFLATE_THRESHOLD 27

/// The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with
/// 1008. 1 to 18446744073709551615; default: 131,072.
#define SANSOCK_OPTION_MAX_FRAGMENTS 28

/// Time without progress while output waits to be written; progress is what the host reports as written. Then the
/// connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms.
#define SANSOCK_OPTION_WRITE_TIMEOUT 29

/// A server delivers every well-formed request, also one that is no valid opening request, so that the host can
/// serve other pages and health checks on the same port. When off, such requests are refused. Default: 0.
#define SANSOCK_OPTION_DELIVER_HTTP 30

/// Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end
/// inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the
/// host, unless auto_pong, auto_close and auto_fail are turned on. Default: 0.
#define SANSOCK_OPTION_FRAMES 31

/// Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with frames it
/// is off unless it is set. Default: 1.
#define SANSOCK_OPTION_AUTO_FAIL 32

/// The Close frame for a fault says in words which it is. When off, its reason is empty. Default: 1.
#define SANSOCK_OPTION_CLOSE_REASON 33

/// A server's connections are over TLS, so that a page is of its own origin only if its scheme is https; when off,
/// only if it is http. If it is not set, the scheme is not compared, but for that of a request made of fields.
/// Default: 0.
#define SANSOCK_OPTION_SECURE 34

/// A configuration, from which any number of connections are made.
///
/// May move between threads. Several threads may create connections from it at the same time, but none may change it
/// meanwhile.
typedef struct sansock_config sansock_config;

/// One WebSocket connection.
///
/// Used by one thread at a time; may move between threads.
typedef struct sansock_conn sansock_conn;

/// A message for many connections.
///
/// May move between threads. Several threads may send it at the same time, each with a connection of its own.
typedef struct sansock_prepared sansock_prepared;

/// One tunnel through a proxy. Used by one thread at a time; may move between threads.
typedef struct sansock_tunnel sansock_tunnel;

/// The configuration of tunnels: a proxy, and where to lead through it. The same rules for threads as for
/// sansock_config.
typedef struct sansock_tunnel_config sansock_tunnel_config;

/// One event, or one detail of the event before it: 32 bytes, without padding. The accessors sansock_record_* read it;
/// the fields are for hosts that read records as bytes.
typedef struct sansock_record {
    /// What it is: one of SANSOCK_KIND_*. Skip a kind that you do not know.
    uint8_t kind;
    /// SANSOCK_FLAG_* bits; the region of the payload is among them.
    uint8_t flags;
    /// REQUEST: SANSOCK_ORIGIN_*. REJECTED, HEAD: HTTP status. CLOSING, CLOSED, FAULT: close code. FRAME: 1 for text, 2
    /// for binary. Otherwise 0.
    uint16_t code;
    /// REQUEST, OPEN, REJECTED, HEAD: number of details that follow. HEADER: length of the name in bytes. CLOSED, FAULT:
    /// fault. Otherwise 0.
    uint32_t aux;
    /// Where the payload begins in its region, in bytes. HEADER: where the name begins.
    uint64_t offset;
    /// Length of the payload in bytes. HEADER: length of the value.
    uint64_t len;
    /// PONG: round-trip time in milliseconds, or UINT64_MAX. CLOSED: the close code that was sent, or 0. REQUEST: fault, or
    /// 0. FRAME: length of the frame in bytes. HEADER: where the value begins in the region, in bytes. Otherwise 0.
    uint64_t extra;
} sansock_record;

/// What there is to do after a call on a connection. It stays at one address until the connection is freed.
///
/// Read it after every call: write `output`, handle `events`, set the timer to `next_deadline`, obey `transport`.
typedef struct sansock_block {
    /// What the last call returned.
    int32_t status;
    /// Number of records at `events`: events and their details.
    uint32_t event_count;
    /// What to do with the transport once all output is written: one of SANSOCK_TRANSPORT_*.
    uint8_t transport;
    /// One of SANSOCK_STATE_*.
    uint8_t state;
    /// SANSOCK_BLOCK_* bits. See sansock_block_has_more and sansock_block_is_writable.
    uint16_t flags;
    /// The number of the fault that ended the connection, or that you are to answer; or 0. See sansock_fault_name and sansock_conn_fault_text.
    uint32_t fault;
    /// Number of input bytes that the last receive consumed. If it is less than was passed, handle the events, then
    /// pass the rest.
    uint64_t consumed;
    /// When to call sansock_conn_timeout, in milliseconds of your clock; SANSOCK_NEVER if there is no deadline.
    uint64_t next_deadline;
    /// Number of bytes that you may gather before the next receive: the rest of the payload of an uncompressed binary
    /// frame, which cannot produce an event or a fault before the frame ends. 0 if any byte may matter. This is for
    /// hosts where calls are expensive and reads are small; others may ignore it.
    uint64_t payload_remaining;
    /// The number at fault: a size in bytes, a count, a status, an opcode, as the fault says. 0 if there is none.
    uint64_t fault_actual;
    /// The limit that was exceeded. 0 if there is none.
    uint64_t fault_limit;
    /// Where the frame at fault begins, in bytes from the end of the handshake. UINT64_MAX if it is no fault of a frame.
    uint64_t fault_position;
    /// The events of the last input call. Valid until the next input call.
    const struct sansock_record *events;
    /// Where each region begins; see sansock_record_payload. Valid until the next input call.
    const uint8_t *regions[3];
    /// Length of each region in bytes.
    size_t region_lens[3];
    /// Bytes to write to the transport. Valid until the next call on this connection.
    const uint8_t *output;
    /// Number of bytes of output. Report how many you wrote with sansock_conn_written.
    size_t output_len;
    /// The one field that you may write, and only while sansock_block_may_defer_written is true: the number of output
    /// bytes that you wrote, instead of a call to sansock_conn_written. The next call on the connection that may change
    /// it reports them first and sets this to 0; if they are more than `output_len`, that call fails with
    /// SANSOCK_ERR_INVALID_ARGUMENT. Until then, no other field reflects them.
    uint64_t written;
} sansock_block;

/// A header field: pointers to bytes of yours, which are not changed.
typedef struct sansock_field {
    /// The name. One that begins with a colon is a pseudo-header field.
    const char *name;
    /// Length of the name in bytes.
    size_t name_len;
    /// The value, without white space around it.
    const char *value;
    /// Length of the value in bytes.
    size_t value_len;
} sansock_field;

/// What to connect to for the URL of a proxy.
typedef struct sansock_proxy {
    /// 1 for https: (connect with TLS), otherwise 0.
    uint8_t secure;
    /// 1 if the proxy takes names and resolves them; 0 for socks5: resolve names yourself, and pass addresses.
    uint8_t resolves_names;
    /// The port: the one in the URL, else 80 for http:, 443 for https:, 1080 for SOCKS.
    uint16_t port;
    /// Where the host begins in the URL that was parsed, in bytes. The brackets of an IPv6 address are left out.
    size_t host_offset;
    /// Length of the host in bytes.
    size_t host_len;
} sansock_proxy;

/// Where a ws: or wss: URL points to.
typedef struct sansock_url {
    /// 1 for wss: (connect with TLS), 0 for ws:.
    uint8_t secure;
    /// The port: the one in the URL, else 80 for ws: or 443 for wss:.
    uint16_t port;
    /// Where the host begins in the URL that was parsed, in bytes. The brackets of an IPv6 address are left out.
    size_t host_offset;
    /// Length of the host in bytes.
    size_t host_len;
} sansock_url;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Creates a configuration with every option at its default.
///
/// `role`: SANSOCK_ROLE_CLIENT or SANSOCK_ROLE_SERVER. `out`: receives the handle; free it with sansock_config_free. A
/// client also needs SANSOCK_TEXT_URL, unless it starts open.
SANSOCK_API int32_t sansock_config_new(uint32_t role, struct sansock_config **out);

/// Frees a configuration. Connections made from it are not affected. NULL does nothing.
SANSOCK_API void sansock_config_free(struct sansock_config *config);

/// Sets an option: one of SANSOCK_OPTION_*. Where 0 is not said to be allowed, it is refused with
/// SANSOCK_ERR_INVALID_ARGUMENT, as are other values out of range: it never means "no limit".
SANSOCK_API int32_t sansock_config_set(struct sansock_config *config, uint32_t option, uint64_t value);

/// Sets a text: one of SANSOCK_TEXT_*. SANSOCK_TEXT_SUBPROTOCOL adds to the list. The text is copied. One that is
/// malformed, or that the role has no use for, is refused with SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API int32_t sansock_config_set_text(struct sansock_config *config, uint32_t text, const char *data, size_t len);

/// Adds a header to the request of a client, or to every response of a server. Name and value are copied.
///
/// Malformed ones, and headers that the handshake writes itself, are refused with SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API
int32_t sansock_config_add_header(struct sansock_config *config,
                                  const char *name,
                                  size_t name_len,
                                  const char *value,
                                  size_t value_len);

/// Creates a connection.
///
/// `seed`: 32 unpredictable bytes for a client's handshake key and masks, used for this connection only; NULL asks the
/// operating system for them (SANSOCK_ERR_ENTROPY if it has none). A server draws nothing from them. `now`: see Time, above. `out`: receives the handle;
/// free it with sansock_conn_free. A client has its request in the output at once: read the block before anything else.
/// SANSOCK_ERR_INVALID_ARGUMENT if a client has no URL, unless it starts open.
SANSOCK_API
int32_t sansock_conn_new(const struct sansock_config *config,
                         const uint8_t *seed,
                         uint64_t now,
                         struct sansock_conn **out);

/// Frees a connection. NULL does nothing, and a handle in use by another thread is left alone.
SANSOCK_API void sansock_conn_free(struct sansock_conn *conn);

/// Returns the block of a connection, or NULL for a bad handle. It stays at one address until the connection is freed,
/// and every call on the connection brings it up to date. The engine reads only `written` from it.
SANSOCK_API struct sansock_block *sansock_conn_block(const struct sansock_conn *conn);

/// Receives bytes that were read from the transport. Replaces the events.
///
/// `data` is unmasked in place, and payloads in the input region point into it: keep it until you have handled the
/// events. If the block's `consumed` is less than `len`, handle the events, then pass the rest. If nothing was
/// consumed, no event has come and nothing is waiting (sansock_block_has_more), answer the request first: 64 KiB behind
/// it are kept for that time.
SANSOCK_API int32_t sansock_conn_receive(struct sansock_conn *conn, uint8_t *data, size_t len, uint64_t now);

/// Sets the buffer that sansock_conn_receive_read_buffer receives from. It is not copied, and must live until another
/// is set or the connection is freed. The connections of one thread may share one. (NULL, 0) unsets it.
SANSOCK_API int32_t sansock_conn_set_read_buffer(struct sansock_conn *conn, uint8_t *data, size_t capacity);

/// The same as sansock_conn_receive with the first `len` bytes of the read buffer. If it is shorter:
/// SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API int32_t sansock_conn_receive_read_buffer(struct sansock_conn *conn, size_t len, uint64_t now);

/// Lends memory to read the transport straight to, without waiting: where the payload of the message under way belongs. That
/// saves a copy of large messages. `place` receives where, and `room` how many bytes may be written there: at least `min`, and at least
/// one. The events are dropped, as by an input call. Next: sansock_conn_receive_lent with what was read, or any other call;
/// the next input call ends the loan.
///
/// Otherwise they receive NULL and 0, and nothing has changed: read to a buffer of your own, and call
/// sansock_conn_receive. There is room while much of a message is missing that is delivered whole and was not compressed:
/// about as much as has come of it.
SANSOCK_API
int32_t sansock_conn_lend(struct sansock_conn *conn,
                          size_t min,
                          uint8_t **place,
                          size_t *room);

/// The same as sansock_conn_receive with the first `len` bytes of what was lent, which have been written there. All of
/// them are consumed. SANSOCK_ERR_INVALID_ARGUMENT if there was less room; SANSOCK_ERR_INVALID_STATE if nothing is lent.
SANSOCK_API
int32_t sansock_conn_receive_lent(struct sansock_conn *conn,
                                  size_t len,
                                  uint64_t now);

/// Client only: reads just the header of a message whose payload you read from the transport yourself. The counterpart
/// of sansock_conn_send_header.
///
/// `data` is the start of what has arrived; 10 bytes are enough. If an uncompressed binary message in one frame starts
/// there, within the limits and with a payload of at least `min_payload` bytes, and nothing else is under way, then
/// `header_len` and `payload_len` receive the lengths of its header and its payload in bytes: read both from the
/// transport, in as many reads as it takes, and pass on only what follows; or pass the message to receive after all.
/// Otherwise they receive 0: pass everything to receive. The events stay.
SANSOCK_API
int32_t sansock_conn_receive_header(struct sansock_conn *conn,
                                    const uint8_t *data,
                                    size_t len,
                                    uint64_t min_payload,
                                    uint64_t now,
                                    size_t *header_len,
                                    uint64_t *payload_len);

/// Reports that the peer has ended its stream: a read returned 0, or failed. Allowed in every state, and again.
/// Replaces the events.
SANSOCK_API int32_t sansock_conn_receive_eof(struct sansock_conn *conn, uint64_t now);

/// Acts on the deadlines that have passed. Call it when `next_deadline` has come; too early, it is harmless. Replaces
/// the events.
SANSOCK_API int32_t sansock_conn_timeout(struct sansock_conn *conn, uint64_t now);

/// Drops the events, which you have handled, and gives back the memory that they hold: at once, and not with the next
/// input call. For hosts that copy what they keep.
SANSOCK_API int32_t sansock_conn_release(struct sansock_conn *conn);

/// Sends a text message. Like everything that is sent, it is copied to the output, and the events stay.
///
/// SANSOCK_ERR_INVALID_ARGUMENT if it is not UTF-8, or lies in this connection's own output. SANSOCK_ERR_INVALID_STATE
/// before the connection is open, after our own Close, and while a message is being sent in parts.
/// SANSOCK_ERR_WOULD_BLOCK or SANSOCK_ERR_TOO_LARGE if the output would exceed its hard limit.
SANSOCK_API int32_t sansock_conn_send_text(struct sansock_conn *conn, const char *text, size_t len);

/// Sends a binary message. Errors as for sansock_conn_send_text.
SANSOCK_API int32_t sansock_conn_send_binary(struct sansock_conn *conn, const uint8_t *data, size_t len);

/// Sends a part of a message, as one frame of several. A part of a text message may end inside a code point.
///
/// `kind`: SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY, the same for all parts (else SANSOCK_ERR_INVALID_STATE). `last`: 1
/// if the message ends with it, else 0. Otherwise as sansock_conn_send_text.
SANSOCK_API
int32_t sansock_conn_send_part(struct sansock_conn *conn,
                               uint8_t kind,
                               const uint8_t *data,
                               size_t len,
                               uint8_t last);

/// Sends a message that was made for many connections (sansock_prepared_new).
///
/// It is compressed where sansock_conn_send_text would compress it, and then refers to no message before: the same bytes
/// serve all connections that agreed to the same window and have the same options of compression (RFC 7692 section 7.1.1).
/// Errors as for sansock_conn_send_text; SANSOCK_ERR_BAD_HANDLE also for the message.
SANSOCK_API
int32_t sansock_conn_send_prepared(struct sansock_conn *conn,
                                   const struct sansock_prepared *prepared);

/// Sends many messages: records of kind TEXT, BINARY, PING or PONG, with `offset` and `len` into `data`.
///
/// Stops at the first that cannot be sent, and returns its error. `sent` receives the number of messages that were
/// queued, in that case too; it is not written if the handle or a pointer is refused.
SANSOCK_API
int32_t sansock_conn_send_batch(struct sansock_conn *conn,
                                const struct sansock_record *records,
                                size_t count,
                                const uint8_t *data,
                                size_t len,
                                size_t *sent);

/// Sends many messages of one kind, SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. Their payloads lie in `data` one after
/// the other, and `lens` holds the length of each in bytes.
///
/// Stops at the first that cannot be sent, and returns its error. `sent`: as for sansock_conn_send_batch.
SANSOCK_API
int32_t sansock_conn_send_many(struct sansock_conn *conn,
                               uint8_t kind,
                               const size_t *lens,
                               size_t count,
                               const uint8_t *data,
                               size_t len,
                               size_t *sent);

/// Server only: queues just the header of a frame. Write all of the output, then the payload unchanged, before any
/// other call that adds output. The payload is neither copied nor compressed, and text is not checked.
///
/// `payload_len` is in bytes. SANSOCK_ERR_INVALID_STATE on a client. Otherwise as sansock_conn_send_part.
SANSOCK_API
int32_t sansock_conn_send_header(struct sansock_conn *conn,
                                 uint8_t kind,
                                 uint64_t payload_len,
                                 uint8_t last);

/// Server only: says whether a whole message may be sent by sansock_conn_send_header in place of sansock_conn_send_text or
/// sansock_conn_send_binary, so that its payload is not copied.
///
/// SANSOCK_OK if it may: it would not be compressed, and has room below the option output_hard_limit, which
/// sansock_conn_send_header does not ask for. SANSOCK_ERR_INVALID_STATE on a client, if it would be compressed, and where
/// those calls return it; SANSOCK_ERR_WOULD_BLOCK and SANSOCK_ERR_TOO_LARGE as from them.
SANSOCK_API
int32_t sansock_conn_check_header(struct sansock_conn *conn,
                                  uint8_t kind,
                                  uint64_t payload_len);

/// Server only: copies the rest of such a payload to the output, if the transport has not taken all of it. Call it before
/// any other call that adds output; and then sansock_conn_written with what was written of the output before it.
///
/// SANSOCK_ERR_INVALID_STATE on a client, and if the output is empty: there is no header in front of the rest.
/// SANSOCK_ERR_WOULD_BLOCK if the output would exceed its hard limit, which sansock_conn_check_header foretells.
SANSOCK_API
int32_t sansock_conn_send_rest(struct sansock_conn *conn,
                               const uint8_t *data,
                               size_t len);

/// Server only: reports that a piece of such a payload has been written, so that the option write_timeout starts anew.
///
/// For hosts whose transport takes a payload in several writes. Report the last byte of its header (sansock_conn_written)
/// only when all of it is written: while the engine knows of output, it has that deadline, and those of a ping or a Close
/// behind the payload wait for it. If there is no output, this does nothing.
SANSOCK_API
int32_t sansock_conn_payload_written(struct sansock_conn *conn);

/// Sends a ping with a payload of at most 125 bytes. The pong that answers it has the round-trip time.
///
/// Errors as for sansock_conn_send_text, but a message may be under way in parts.
SANSOCK_API int32_t sansock_conn_ping(struct sansock_conn *conn, const uint8_t *data, size_t len, uint64_t now);

/// Sends a pong with a payload of at most 125 bytes: the answer to a ping where automatic pongs are off, or an
/// unsolicited one. Errors as for sansock_conn_ping.
SANSOCK_API int32_t sansock_conn_pong(struct sansock_conn *conn, const uint8_t *data, size_t len);

/// Starts the closing handshake, or answers the peer's Close; does nothing if our Close was sent already. Go on
/// receiving until CLOSED. During the opening handshake it ends the connection at once.
///
/// `code`: 1000 or another code that may be sent (RFC 6455 section 7.4), or 0 for none, and then no reason. `reason`:
/// UTF-8, at most 123 bytes. Others are refused with SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API
int32_t sansock_conn_close(struct sansock_conn *conn,
                           uint16_t code,
                           const char *reason,
                           size_t len,
                           uint64_t now);

/// Fails the connection (RFC 6455 section 7.1.7): sends Close unless it was sent, and does not wait for the peer's.
/// CLOSED is waiting then: the next input call, which is due at once, brings it.
///
/// Arguments as for sansock_conn_close. SANSOCK_ERR_INVALID_STATE if the connection has ended.
SANSOCK_API
int32_t sansock_conn_fail(struct sansock_conn *conn,
                          uint16_t code,
                          const char *reason,
                          size_t len,
                          uint64_t now);

/// Chooses whether the messages that follow are compressed, where that was agreed and they are long enough: 1, the
/// default, or 0. Do not compress secrets together with text that an attacker chooses (RFC 7692 section 8).
SANSOCK_API int32_t sansock_conn_set_compression(struct sansock_conn *conn, uint8_t on);

/// Reports that you stop reading from the transport. The pong deadline stands still until sansock_conn_resume. Either may
/// be called again.
SANSOCK_API
int32_t sansock_conn_pause(struct sansock_conn *conn,
                           uint64_t now);

/// Reports that you read from the transport again.
SANSOCK_API int32_t sansock_conn_resume(struct sansock_conn *conn, uint64_t now);

/// Reports that the first `n` bytes of the output were written. If there are fewer: SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API int32_t sansock_conn_written(struct sansock_conn *conn, size_t n);

/// Returns the number of bytes that the connection occupies. 0 if the handle is bad, busy or poisoned.
SANSOCK_API size_t sansock_conn_memory_usage(const struct sansock_conn *conn);

/// Returns what ended the connection: one sentence with the numbers of the case, and no byte of the peer's. `len`,
/// which may be NULL, receives its length in bytes.
///
/// Never NULL, ends with NUL; "" if there was no fault, or the handle is bad, busy or poisoned. Valid until the
/// connection is freed.
SANSOCK_API const char *sansock_conn_fault_text(const struct sansock_conn *conn, size_t *len);

/// Adds a header to the response that the next sansock_conn_accept, sansock_conn_reject or sansock_conn_respond sends.
///
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting. Otherwise as sansock_config_add_header; Allow is allowed here.
SANSOCK_API
int32_t sansock_conn_add_response_header(struct sansock_conn *conn,
                                         const char *name,
                                         size_t name_len,
                                         const char *value,
                                         size_t value_len);

/// Drops all that sansock_conn_add_response_header and sansock_conn_limit_deflate have added. The configuration stays.
///
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
SANSOCK_API int32_t sansock_conn_clear_response(struct sansock_conn *conn);

/// Declines or narrows the compression of this connection; the next sansock_conn_accept takes all limits together.
///
/// `option` and `value`: SANSOCK_OPTION_DEFLATE and 0 for no compression; one of SANSOCK_OPTION_SERVER_NO_CONTEXT_TAKEOVER
/// and SANSOCK_OPTION_CLIENT_NO_CONTEXT_TAKEOVER, and 1; one of SANSOCK_OPTION_SERVER_MAX_WINDOW_BITS and
/// SANSOCK_OPTION_CLIENT_MAX_WINDOW_BITS, and 8 to 15. Others are refused with SANSOCK_ERR_INVALID_ARGUMENT.
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
SANSOCK_API
int32_t sansock_conn_limit_deflate(struct sansock_conn *conn,
                                   uint32_t option,
                                   uint64_t value);

/// Accepts the request. Replaces the events: OPEN, then those of what the client has sent behind its request.
///
/// `subprotocol`: one that the client offers; (NULL, 0) for the first of your configured ones that it offers, or none.
/// SANSOCK_ERR_INVALID_ARGUMENT if it was not offered. SANSOCK_ERR_INVALID_STATE unless a request is waiting, and if
/// sansock_record_fault says why it cannot be accepted.
SANSOCK_API int32_t sansock_conn_accept(struct sansock_conn *conn, const char *subprotocol, size_t len, uint64_t now);

/// Refuses the request with an HTTP status from 200 to 599 and a body. Replaces the events: CLOSED.
///
/// SANSOCK_ERR_INVALID_ARGUMENT for another status, or for a body where the status has none (204, 304).
/// SANSOCK_ERR_INVALID_STATE unless a request is waiting.
SANSOCK_API
int32_t sansock_conn_reject(struct sansock_conn *conn,
                            uint16_t http_status,
                            const char *body,
                            size_t len,
                            uint64_t now);

/// Answers the request with an HTTP response that opens no connection: a page, a health check, a refusal. Replaces the
/// events: CLOSED, with the fault REFUSED. Content-Length and Connection: close are added.
///
/// With SANSOCK_OPTION_DELIVER_HTTP, requests are delivered that are no opening requests; their bodies are not read.
/// If one asks for another version of WebSocket, Sec-WebSocket-Version is added, whatever the status (RFC 6455 §4.4).
/// `http_status`: 200 to 599. `reason`: the reason phrase; (NULL, 0) for the usual one. SANSOCK_ERR_INVALID_ARGUMENT for
/// others, or for a body where the status has none (204, 304). SANSOCK_ERR_INVALID_STATE unless a request is waiting.
SANSOCK_API
int32_t sansock_conn_respond(struct sansock_conn *conn,
                             uint16_t http_status,
                             const char *reason,
                             size_t reason_len,
                             const char *body,
                             size_t len,
                             uint64_t now);

/// Server only: receives a request as fields, from an HTTP implementation of yours, before any other input. Replaces the
/// events: REQUEST, or HEAD with a refusal and CLOSED.
///
/// `version`: one of SANSOCK_HTTP_*. `fields`: pseudo-header fields first: :method and :path (the target), and for
/// HTTP/2 and HTTP/3 :scheme, :authority and :protocol (RFC 8441, RFC 9220). They are copied. Accept, reject and
/// respond then give the response as an event HEAD, and the output holds frames only. Pass on bytes behind the head with
/// sansock_conn_receive. On a stream of HTTP/2 or HTTP/3, SANSOCK_TRANSPORT_SHUTDOWN_WRITE is END_STREAM, and
/// SANSOCK_TRANSPORT_CLOSE too, followed by RST_STREAM with CANCEL if the peer does not end the stream in its turn.
/// SANSOCK_ERR_INVALID_STATE if something was received, or on a client.
SANSOCK_API
int32_t sansock_conn_receive_request(struct sansock_conn *conn,
                                     uint32_t version,
                                     const struct sansock_field *fields,
                                     size_t count,
                                     uint64_t now);

/// Client only: gives the request as fields in an event HEAD, in place of the text in the output, for an HTTP
/// implementation of yours to send. Replaces the events. Call it first; the answer goes to
/// sansock_conn_receive_response.
///
/// `version`: one of SANSOCK_HTTP_*. SANSOCK_ERR_INVALID_STATE if output was written or something received, or on a
/// server.
SANSOCK_API int32_t sansock_conn_request_fields(struct sansock_conn *conn, uint32_t version, uint64_t now);

/// Client only: receives the response to a request that was sent as fields. Replaces the events: OPEN; or nothing until
/// the body of a refusal has come through sansock_conn_receive and has ended, by its Content-Length or with
/// sansock_conn_receive_eof: then REJECTED and CLOSED.
///
/// `http_status`: that of the response; interim responses may be passed on or left out. `fields`: its fields, with or
/// without :status. They are copied. SANSOCK_ERR_INVALID_ARGUMENT if one lies in the request's event HEAD.
/// SANSOCK_ERR_INVALID_STATE if no response is awaited.
SANSOCK_API
int32_t sansock_conn_receive_response(struct sansock_conn *conn,
                                      uint16_t http_status,
                                      const struct sansock_field *fields,
                                      size_t count,
                                      uint64_t now);

/// Creates a message for many connections: each sends it with sansock_conn_send_prepared, and it is compressed once for
/// all that agreed to the same window.
///
/// `kind`: SANSOCK_KIND_TEXT or SANSOCK_KIND_BINARY. The data are copied. `out`: receives the handle; free it with
/// sansock_prepared_free. Connections of any configuration may send it, in several threads at once.
/// SANSOCK_ERR_INVALID_ARGUMENT for another kind, and if a text is not UTF-8.
SANSOCK_API int32_t sansock_prepared_new(uint8_t kind, const uint8_t *data, size_t len, struct sansock_prepared **out);

/// Frees a message. What was sent of it is not affected. NULL does nothing.
SANSOCK_API void sansock_prepared_free(struct sansock_prepared *prepared);

/// How many bytes a message holds: what was passed, and what that was compressed to. 0 for a handle that is refused.
SANSOCK_API size_t sansock_prepared_memory_usage(const struct sansock_prepared *prepared);

/// Says what to connect to for the URL of a proxy: http:, https:, socks4a:, socks5: or socks5h:, perhaps with
/// `user:password@`. SANSOCK_ERR_INVALID_ARGUMENT if the URL is not valid.
SANSOCK_API int32_t sansock_proxy_parse(const char *url, size_t len, struct sansock_proxy *out);

/// Creates the configuration of a tunnel through a proxy, given by its URL, to a host and port.
///
/// `host`: a name, which the proxy resolves, or an address, IPv6 with or without brackets. `out`: receives the handle;
/// free it with sansock_tunnel_config_free. SANSOCK_ERR_INVALID_ARGUMENT if one of them is not valid, or not together:
/// socks5: takes only addresses (see `resolves_names` of sansock_proxy), and socks4a: no IPv6 address.
SANSOCK_API
int32_t sansock_tunnel_config_new(const char *proxy,
                                  size_t proxy_len,
                                  const char *host,
                                  size_t host_len,
                                  uint16_t port,
                                  struct sansock_tunnel_config **out);

/// Frees the configuration of a tunnel. Tunnels made from it are not affected. NULL does nothing.
SANSOCK_API void sansock_tunnel_config_free(struct sansock_tunnel_config *config);

/// Sets an option of a tunnel: SANSOCK_OPTION_HANDSHAKE_TIMEOUT, the time for the proxy to answer, or
/// SANSOCK_OPTION_MAX_HEAD_SIZE, _MAX_LINE_SIZE or _MAX_HEADERS, the limits of an HTTP answer. Other options, 0, and
/// values out of range are refused with SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API int32_t sansock_tunnel_config_set(struct sansock_tunnel_config *config, uint32_t option, uint64_t value);

/// Adds a header to the request to an HTTP proxy. Name and value are copied.
///
/// SANSOCK_ERR_INVALID_ARGUMENT for other proxies, for malformed ones, and for Host, Content-Length, Transfer-Encoding,
/// Connection, and Proxy-Authorization if the URL has a name and password.
SANSOCK_API
int32_t sansock_tunnel_config_add_header(struct sansock_tunnel_config *config,
                                         const char *name,
                                         size_t name_len,
                                         const char *value,
                                         size_t value_len);

/// Creates a tunnel. `out`: receives the handle; free it with sansock_tunnel_free. Its first message to the proxy is in
/// the output at once.
///
/// Drive it as a connection, with a block of its own, until one event: OPEN (the tunnel is through: the bytes that were
/// not consumed, and all that follow, are for TLS or the connection behind it), or CLOSED. Before CLOSED comes REJECTED
/// if the proxy refused: sansock_record_http_status then is the HTTP status, or the reply code of SOCKS.
SANSOCK_API
int32_t sansock_tunnel_new(const struct sansock_tunnel_config *config,
                           uint64_t now,
                           struct sansock_tunnel **out);

/// Frees a tunnel. NULL does nothing, and a handle in use by another thread is left alone.
SANSOCK_API void sansock_tunnel_free(struct sansock_tunnel *tunnel);

/// Returns the block of a tunnel, or NULL for a bad handle. As sansock_conn_block, but nothing is read from it, and
/// there is never more to ask for.
SANSOCK_API const struct sansock_block *sansock_tunnel_block(const struct sansock_tunnel *tunnel);

/// Receives bytes that were read from the proxy, up to the last one of its answer, and none once there is an outcome:
/// see `consumed`. Replaces the events. `data` is not changed, and no event refers to it.
SANSOCK_API
int32_t sansock_tunnel_receive(struct sansock_tunnel *tunnel,
                               const uint8_t *data,
                               size_t len,
                               uint64_t now);

/// Reports that the proxy has ended its stream. Allowed in every state, and again. Replaces the events.
SANSOCK_API int32_t sansock_tunnel_receive_eof(struct sansock_tunnel *tunnel, uint64_t now);

/// Acts on the deadline, if it has passed. Replaces the events.
SANSOCK_API int32_t sansock_tunnel_timeout(struct sansock_tunnel *tunnel, uint64_t now);

/// Reports that the first `n` bytes of the output were written. If there are fewer: SANSOCK_ERR_INVALID_ARGUMENT.
SANSOCK_API int32_t sansock_tunnel_written(struct sansock_tunnel *tunnel, size_t n);

/// Returns why there is no tunnel, as sansock_conn_fault_text does for connections. Valid until the tunnel is freed.
SANSOCK_API const char *sansock_tunnel_fault_text(const struct sansock_tunnel *tunnel, size_t *len);

/// Returns SANSOCK_ABI_VERSION of the library that was loaded.
SANSOCK_API uint32_t sansock_abi_version(void);

/// Returns the version of the library that was loaded, such as "1.2.3". Static, never NULL.
SANSOCK_API const char *sansock_version(void);

/// Returns sizeof(sansock_record) in the library that was loaded.
SANSOCK_API size_t sansock_record_size(void);

/// Returns sizeof(sansock_block) in the library that was loaded. It is larger than the header's if fields were added.
SANSOCK_API size_t sansock_block_size(void);

/// Returns what a status means, in one sentence. Static, never NULL: unknown numbers have a text too.
SANSOCK_API const char *sansock_error_text(int32_t status);

/// Returns the name of a fault, such as "MESSAGE_TOO_BIG". Static, never NULL: "" for 0 and for unknown numbers.
SANSOCK_API const char *sansock_fault_name(uint32_t fault);

/// Returns what a fault means, in one sentence. Static, never NULL: unknown numbers have a text too.
/// sansock_conn_fault_text adds the numbers of the case.
SANSOCK_API const char *sansock_fault_text(uint32_t fault);

/// Asks the operating system for the 32 bytes that a connection is created with. SANSOCK_ERR_ENTROPY if it has none.
SANSOCK_API int32_t sansock_random_seed(uint8_t seed[32]);

/// Says where to connect to for a ws: or wss: URL, which may have a `user:password@`: a client configured with it
/// (SANSOCK_TEXT_URL) sends that as Basic authorization. SANSOCK_ERR_INVALID_ARGUMENT if the URL is not valid.
SANSOCK_API int32_t sansock_url_parse(const char *url, size_t len, struct sansock_url *out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/*
 * Accessors: what records and the block say, by name.
 *
 * They are inline, and cost no more than reading the fields. `block` and `record` must not be NULL, `len` and `ms` may.
 * Each says what kinds of record it is for; a record of another kind gives false, 0 or NULL, unless said otherwise.
 * Payloads and texts do not end with NUL, and are valid as long as the events.
 */

/* In C++, inline functions may call only functions that are the same in all translation units: not static ones. */
#ifdef __cplusplus
#define SANSOCK_INLINE inline
#define SANSOCK_CAST(type, value) static_cast<type>(value)
#else
#define SANSOCK_INLINE static inline
#define SANSOCK_CAST(type, value) ((type)(value))
#endif

/// The payload of an event or a detail, and its length in bytes. A HEADER gives its value.
SANSOCK_INLINE const uint8_t *
sansock_record_payload(const sansock_block *block, const sansock_record *record, size_t *len) {
    uint64_t offset = record->kind == SANSOCK_KIND_HEADER ? record->extra : record->offset;
    if (len) *len = SANSOCK_CAST(size_t, record->len);
    return block->regions[record->flags & SANSOCK_FLAG_REGION] + offset;
}

/// The same payload as characters: the text of TEXT, the target of REQUEST, the reason of CLOSING and CLOSED, details.
SANSOCK_INLINE const char *sansock_record_text(const sansock_block *block, const sansock_record *record, size_t *len) {
    const void *text = sansock_record_payload(block, record, len);
    return SANSOCK_CAST(const char *, text);
}

/// Whether this is a message or a part of one: TEXT or BINARY.
SANSOCK_INLINE bool sansock_record_is_message(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_TEXT || record->kind == SANSOCK_KIND_BINARY;
}

/// TEXT, BINARY and FRAME: whether a message begins with this payload.
SANSOCK_INLINE bool sansock_record_is_first(const sansock_record *record) {
    bool has_data = sansock_record_is_message(record) || record->kind == SANSOCK_KIND_FRAME;
    return has_data && (record->flags & SANSOCK_FLAG_FIRST) != 0;
}

/// TEXT, BINARY and FRAME: whether a message ends with this payload.
SANSOCK_INLINE bool sansock_record_is_last(const sansock_record *record) {
    bool has_data = sansock_record_is_message(record) || record->kind == SANSOCK_KIND_FRAME;
    return has_data && (record->flags & SANSOCK_FLAG_LAST) != 0;
}

/// FRAME: whether the message is a text; its data may begin and end inside a code point.
SANSOCK_INLINE bool sansock_record_is_text_frame(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && record->code == 1;
}

/// FRAME: whether the frame ends with this payload.
SANSOCK_INLINE bool sansock_record_is_frame_end(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && (record->flags & SANSOCK_FLAG_FRAME_END) != 0;
}

/// FRAME: whether the message is compressed on the wire.
SANSOCK_INLINE bool sansock_record_is_compressed(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_FRAME && (record->flags & SANSOCK_FLAG_COMPRESSED) != 0;
}

/// FRAME: the length of the whole frame's payload on the wire in bytes.
SANSOCK_INLINE uint64_t sansock_record_frame_len(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_FRAME) return record->extra;
    return 0;
}

/// TEXT and BINARY: whether the payload is a whole message. It always is, unless SANSOCK_OPTION_PARTS is set.
SANSOCK_INLINE bool sansock_record_is_whole(const sansock_record *record) {
    return sansock_record_is_first(record) && sansock_record_is_last(record);
}

/// REQUEST: how the Origin header relates to the host that the request was made to, one of SANSOCK_ORIGIN_*;
/// SANSOCK_ORIGIN_CROSS for another kind.
SANSOCK_INLINE uint16_t sansock_record_origin_relation(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_REQUEST) return record->code;
    return SANSOCK_ORIGIN_CROSS;
}

/// REQUEST: whether the Origin header is absent (the client is not a browser) or names this host. Unless pages of other
/// sites may connect, reject a request for which this is false with 403 (RFC 6455 section 10.2).
SANSOCK_INLINE bool sansock_record_same_origin(const sansock_record *record) {
    uint16_t relation = sansock_record_origin_relation(record);
    return relation == SANSOCK_ORIGIN_ABSENT || relation == SANSOCK_ORIGIN_SAME;
}

/// REJECTED and HEAD: the HTTP status of the response. 0 for the HEAD of a request.
SANSOCK_INLINE uint16_t sansock_record_http_status(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_REJECTED || record->kind == SANSOCK_KIND_HEAD) return record->code;
    return 0;
}

/// REJECTED: whether the payload is only the beginning of the body.
SANSOCK_INLINE bool sansock_record_is_truncated(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_REJECTED && (record->flags & SANSOCK_FLAG_TRUNCATED) != 0;
}

/// PONG: whether it answers the latest ping. Then `ms` receives the milliseconds since that ping; otherwise it is not
/// written.
SANSOCK_INLINE bool sansock_record_round_trip_ms(const sansock_record *record, uint64_t *ms) {
    if (record->kind != SANSOCK_KIND_PONG || record->extra == UINT64_MAX) return false;
    if (ms) *ms = record->extra;
    return true;
}

/// CLOSING and CLOSED: the code of the peer's Close frame: 1005 if it had none, 1006 if there was no such frame. FAULT: the
/// code that the fault calls for.
SANSOCK_INLINE uint16_t sansock_record_close_code(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_CLOSING:
    case SANSOCK_KIND_CLOSED:
    case SANSOCK_KIND_FAULT: return record->code;
    default: return 0;
    }
}

/// CLOSED: the code of the Close frame that was sent to the peer: 1005 if it had none, 0 if no such frame was sent.
SANSOCK_INLINE uint16_t sansock_record_close_sent(const sansock_record *record) {
    if (record->kind == SANSOCK_KIND_CLOSED) return SANSOCK_CAST(uint16_t, record->extra);
    return 0;
}

/// CLOSED: the number of the fault that ended the connection, or 0. FAULT: of the one that you are to answer. REQUEST: of
/// the one for which it cannot be accepted, or 0. See sansock_fault_name.
SANSOCK_INLINE uint32_t sansock_record_fault(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_CLOSED:
    case SANSOCK_KIND_FAULT: return record->aux;
    case SANSOCK_KIND_REQUEST: return SANSOCK_CAST(uint32_t, record->extra);
    default: return 0;
    }
}

/// CLOSED: whether a Close frame was sent and one received.
SANSOCK_INLINE bool sansock_record_is_clean(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_CLOSED && (record->flags & SANSOCK_FLAG_CLEAN) != 0;
}

/// CLOSED: whether the peer ended the connection: by its Close frame, its fault, or the end of its stream.
SANSOCK_INLINE bool sansock_record_by_peer(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_CLOSED && (record->flags & SANSOCK_FLAG_BY_PEER) != 0;
}

/// Whether this is a detail of the event before it.
SANSOCK_INLINE bool sansock_record_is_detail(const sansock_record *record) {
    return record->kind >= SANSOCK_KIND_HEADER;
}

/// REQUEST, OPEN, REJECTED and HEAD: how many details follow, at record[1] and so on.
SANSOCK_INLINE uint32_t sansock_record_detail_count(const sansock_record *record) {
    switch (record->kind) {
    case SANSOCK_KIND_REQUEST:
    case SANSOCK_KIND_OPEN:
    case SANSOCK_KIND_REJECTED:
    case SANSOCK_KIND_HEAD: return record->aux;
    default: return 0;
    }
}

/// REQUEST, OPEN, REJECTED and HEAD: the first detail of a kind, such as SANSOCK_KIND_SUBPROTOCOL; NULL if there is none.
SANSOCK_INLINE const sansock_record *sansock_record_find_detail(const sansock_record *record, uint8_t kind) {
    const sansock_record *detail = record + 1, *end = detail + sansock_record_detail_count(record);
    for (; detail != end; detail++)
        if (detail->kind == kind) return detail;
    return NULL;
}

/// SUBPROTOCOL of a REQUEST: whether it will be agreed if accept is given no name.
SANSOCK_INLINE bool sansock_record_is_chosen(const sansock_record *record) {
    return record->kind == SANSOCK_KIND_SUBPROTOCOL && (record->flags & SANSOCK_FLAG_CHOSEN) != 0;
}

/// HEADER: its name, as the peer wrote it, and the length in bytes.
SANSOCK_INLINE const char *
sansock_record_header_name(const sansock_block *block, const sansock_record *record, size_t *len) {
    if (record->kind != SANSOCK_KIND_HEADER) {
        if (len) *len = 0;
        return NULL;
    }
    const void *name = block->regions[record->flags & SANSOCK_FLAG_REGION] + record->offset;
    if (len) *len = record->aux;
    return SANSOCK_CAST(const char *, name);
}

/// HEADER: its value, without the white space around it, and the length in bytes.
SANSOCK_INLINE const char *
sansock_record_header_value(const sansock_block *block, const sansock_record *record, size_t *len) {
    if (record->kind != SANSOCK_KIND_HEADER) {
        if (len) *len = 0;
        return NULL;
    }
    return sansock_record_text(block, record, len);
}

/// HEADER: whether it has this name, which ends with NUL. Names are compared without regard to case.
SANSOCK_INLINE bool
sansock_record_header_is(const sansock_block *block, const sansock_record *record, const char *name) {
    size_t i, len;
    const char *found = sansock_record_header_name(block, record, &len);
    for (i = 0; i < len; i++) {
        int letter = found[i] | 0x20, difference = found[i] ^ name[i];
        if (difference != 0 && (difference != 0x20 || letter < 'a' || letter > 'z')) return false;
    }
    return found && name[len] == '\0';
}

/// REQUEST, OPEN, REJECTED and HEAD: the value of the first header with this name (see sansock_record_header_is), and its
/// length in bytes. NULL and 0 if there is none.
SANSOCK_INLINE const char *
sansock_record_find_header(const sansock_block *block, const sansock_record *record, const char *name, size_t *len) {
    const sansock_record *detail = record + 1, *end = detail + sansock_record_detail_count(record);
    for (; detail != end; detail++)
        if (sansock_record_header_is(block, detail, name)) return sansock_record_header_value(block, detail, len);
    if (len) *len = 0;
    return NULL;
}

/// Whether something is waiting: see SANSOCK_BLOCK_MORE.
SANSOCK_INLINE bool sansock_block_has_more(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_MORE) != 0;
}

/// Whether the output is below its soft limit. While it is not, stop reading from the peer, or stop sending to it.
SANSOCK_INLINE bool sansock_block_is_writable(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_WRITABLE) != 0;
}

/// Whether `written` may take the place of a call to sansock_conn_written: see SANSOCK_BLOCK_DEFER_WRITTEN.
SANSOCK_INLINE bool sansock_block_may_defer_written(const sansock_block *block) {
    return (block->flags & SANSOCK_BLOCK_DEFER_WRITTEN) != 0;
}

#undef SANSOCK_INLINE
#undef SANSOCK_CAST

#endif  /* SANSOCK_H */
