"""The engine's numbers and options, the same in every language. ``include/sansock.h`` describes each of them.

Constants and tables only. No other module repeats a number of the engine. Made of the engine's tables: do not edit, run
``SANSOCK_BLESS=1 cargo test -p sansock --test generated``.
"""

# ruff: noqa: E501

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict

ABI_VERSION = 1

NEVER = 2**64 - 1

OK = 0
ERR_INVALID_ARGUMENT = -1
ERR_INVALID_STATE = -2
ERR_WOULD_BLOCK = -3
ERR_TOO_LARGE = -4
ERR_NO_MEMORY = -5
ERR_BAD_HANDLE = -6
ERR_BUSY = -7
ERR_POISONED = -8
ERR_ENTROPY = -9

ROLE_CLIENT = 0
ROLE_SERVER = 1

KIND_REQUEST = 1
KIND_OPEN = 2
KIND_REJECTED = 3
KIND_TEXT = 4
KIND_BINARY = 5
KIND_PING = 6
KIND_PONG = 7
KIND_CLOSING = 8
KIND_CLOSED = 9
KIND_HEAD = 10
KIND_FRAME = 11
KIND_FAULT = 12
KIND_HEADER = 16
KIND_AUTHORITY = 17
KIND_ORIGIN = 18
KIND_SUBPROTOCOL = 19
KIND_EXTENSION = 20
KIND_METHOD = 21
KIND_REASON = 22

FLAG_REGION = 3
FLAG_FIRST = 4
FLAG_LAST = 8
FLAG_CLEAN = 16
FLAG_BY_PEER = 32
FLAG_FRAME_END = 16
FLAG_COMPRESSED = 32
FLAG_TRUNCATED = 16
FLAG_CHOSEN = 16

REGION_INPUT = 0
REGION_STORE = 1
REGION_SCRATCH = 2

ORIGIN_ABSENT = 0
ORIGIN_SAME = 1
ORIGIN_CROSS = 2

TRANSPORT_OPEN = 0
TRANSPORT_SHUTDOWN_WRITE = 1
TRANSPORT_CLOSE = 2

STATE_CONNECTING = 0
STATE_OPEN = 1
STATE_CLOSING = 2
STATE_CLOSED = 3

BLOCK_MORE = 1
BLOCK_WRITABLE = 2
BLOCK_DEFER_WRITTEN = 4

TEXT_URL = 1
TEXT_ORIGIN = 2
TEXT_SUBPROTOCOL = 3
TEXT_KEY = 4

HTTP_VERSION_1_1 = 1
HTTP_VERSION_2 = 2
HTTP_VERSION_3 = 3

FaultName = Literal[
    "HEAD_TOO_LARGE",
    "REQUEST_LINE_TOO_LONG",
    "HEADER_TOO_LONG",
    "TOO_MANY_HEADERS",
    "BAD_LINE_END",
    "BAD_REQUEST_LINE",
    "BAD_HEADER",
    "BAD_METHOD",
    "BAD_HTTP_VERSION",
    "HTTP2_PREFACE",
    "BAD_TARGET",
    "BAD_HOST",
    "UNEXPECTED_BODY",
    "NOT_AN_UPGRADE",
    "BAD_KEY",
    "BAD_VERSION",
    "UNSUPPORTED_VERSION",
    "BAD_SUBPROTOCOL",
    "BAD_EXTENSIONS",
    "BAD_ORIGIN",
    "BAD_PSEUDO_HEADERS",
    "NOT_EXTENDED_CONNECT",
    "UNSUPPORTED_PROTOCOL",
    "BAD_STATUS_LINE",
    "HTTP_STATUS",
    "BAD_UPGRADE",
    "BAD_CONNECTION",
    "BAD_ACCEPT",
    "SUBPROTOCOL_NOT_OFFERED",
    "EXTENSION_NOT_OFFERED",
    "BODY_ON_101",
    "TOO_MANY_INTERIM",
    "BAD_BODY",
    "BAD_EXTENSION_PARAMETERS",
    "REFUSED",
    "RESERVED_BITS",
    "RESERVED_OPCODE",
    "UNMASKED",
    "MASKED",
    "NON_MINIMAL_LENGTH",
    "LENGTH_OVERFLOW",
    "CONTROL_TOO_LONG",
    "CONTROL_FRAGMENTED",
    "UNEXPECTED_CONTINUATION",
    "EXPECTED_CONTINUATION",
    "CLOSE_TOO_SHORT",
    "BAD_CLOSE_CODE",
    "BAD_CLOSE_REASON",
    "BAD_TEXT",
    "BAD_COMPRESSED_DATA",
    "MESSAGE_TOO_BIG",
    "FRAME_TOO_BIG",
    "TOO_MANY_FRAGMENTS",
    "NO_MEMORY",
    "EOF_IN_HANDSHAKE",
    "EOF",
    "HANDSHAKE_TIMEOUT",
    "PONG_TIMEOUT",
    "CLOSE_TIMEOUT",
    "FAILED_BY_HOST",
    "DECISION_TIMEOUT",
    "WRITE_TIMEOUT",
    "TUNNEL_REFUSED",
    "TUNNEL_BAD_ANSWER",
    "TUNNEL_AUTHENTICATION",
    "TUNNEL_EOF",
    "TUNNEL_TIMEOUT",
]
"""The names of faults."""

FAULT_STATUSES: dict[FaultName, int] = {
    "HEAD_TOO_LARGE": 431,
    "REQUEST_LINE_TOO_LONG": 414,
    "HEADER_TOO_LONG": 431,
    "TOO_MANY_HEADERS": 431,
    "BAD_LINE_END": 400,
    "BAD_REQUEST_LINE": 400,
    "BAD_HEADER": 400,
    "BAD_METHOD": 405,
    "BAD_HTTP_VERSION": 505,
    "HTTP2_PREFACE": 505,
    "BAD_TARGET": 400,
    "BAD_HOST": 400,
    "UNEXPECTED_BODY": 400,
    "NOT_AN_UPGRADE": 426,
    "BAD_KEY": 400,
    "BAD_VERSION": 400,
    "UNSUPPORTED_VERSION": 426,
    "BAD_SUBPROTOCOL": 400,
    "BAD_EXTENSIONS": 400,
    "BAD_ORIGIN": 400,
    "BAD_PSEUDO_HEADERS": 400,
    "NOT_EXTENDED_CONNECT": 400,
    "UNSUPPORTED_PROTOCOL": 501,
    "HANDSHAKE_TIMEOUT": 408,
    "DECISION_TIMEOUT": 503,
}
"""The HTTP status that refuses a request with a fault."""


class Option(NamedTuple):
    """A row of ``OPTIONS``."""

    number: int
    """The stable number, for ``sansock_config_set``."""
    value_type: type[int]
    """``bool`` for a switch, which the engine takes as 0 or 1; ``int`` for a number."""
    default: int | None
    """The value when the option is not set; None if it is then off or follows from other options."""
    minimum: int
    """The smallest value allowed."""
    maximum: int
    """The largest value allowed."""
    doc: str
    """What it means, its unit and its default."""


OPTIONS: dict[str, Option] = {
    "start_open": Option(
        number=1,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="The stream has been upgraded already: there is no opening handshake. Default: False.",
    ),
    "max_message_size": Option(
        number=2,
        value_type=int,
        default=16777216,
        minimum=1,
        maximum=18446744073709551615,
        doc="The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default: 16 MiB.",
    ),
    "max_frame_size": Option(
        number=3,
        value_type=int,
        default=None,
        minimum=1,
        maximum=18446744073709551615,
        doc="The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection with 1009. In bytes; default: as large as a message.",
    ),
    "max_head_size": Option(
        number=4,
        value_type=int,
        default=16384,
        minimum=1,
        maximum=1048576,
        doc="The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB.",
    ),
    "max_line_size": Option(
        number=5,
        value_type=int,
        default=8192,
        minimum=1,
        maximum=1048576,
        doc="The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the request line. In bytes; default: 8 KiB.",
    ),
    "max_headers": Option(
        number=6,
        value_type=int,
        default=128,
        minimum=1,
        maximum=10000,
        doc="The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128.",
    ),
    "max_body_size": Option(
        number=7,
        value_type=int,
        default=65536,
        minimum=1,
        maximum=1073741824,
        doc="How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB.",
    ),
    "output_soft_limit": Option(
        number=8,
        value_type=int,
        default=65536,
        minimum=1,
        maximum=18446744073709551615,
        doc="Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes; default: 64 KiB.",
    ),
    "output_hard_limit": Option(
        number=9,
        value_type=int,
        default=33554432,
        minimum=1,
        maximum=18446744073709551615,
        doc="Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out. In bytes; default: 32 MiB.",
    ),
    "handshake_timeout": Option(
        number=10,
        value_type=int,
        default=10000,
        minimum=1,
        maximum=4611686018427387903,
        doc="Time for the opening handshake. In milliseconds; default: 10,000 ms.",
    ),
    "close_timeout": Option(
        number=11,
        value_type=int,
        default=10000,
        minimum=1,
        maximum=4611686018427387903,
        doc="Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms.",
    ),
    "ping_interval": Option(
        number=12,
        value_type=int,
        default=None,
        minimum=1,
        maximum=4611686018427387903,
        doc="Time between keepalive pings. In milliseconds; default: no keepalive.",
    ),
    "pong_timeout": Option(
        number=13,
        value_type=int,
        default=20000,
        minimum=1,
        maximum=4611686018427387903,
        doc="Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default: 20,000 ms.",
    ),
    "parts": Option(
        number=14,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point. Default: False.",
    ),
    "auto_pong": Option(
        number=15,
        value_type=bool,
        default=1,
        minimum=0,
        maximum=1,
        doc="Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with ``frames`` it is off unless it is set. Default: True.",
    ),
    "auto_close": Option(
        number=16,
        value_type=bool,
        default=1,
        minimum=0,
        maximum=1,
        doc="Answer the peer's Close automatically. Off for hosts that answer it themselves, with ``close``; with ``frames`` it is off unless it is set. Default: True.",
    ),
    "require_pong": Option(
        number=17,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Only a pong shows that the peer is alive. When off, any byte does. Default: False.",
    ),
    "receive_while_closing": Option(
        number=18,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Deliver messages that arrive after our own Close. When off, they are dropped. Default: False.",
    ),
    "allow_non_minimal_length": Option(
        number=19,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: False.",
    ),
    "deflate": Option(
        number=20,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the parameters that the next four options give. A build without compression refuses it. Default: False.",
    ),
    "server_no_context_takeover": Option(
        number=21,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="The server compresses each message alone: a client asks for it, a server decides it. Default: False.",
    ),
    "client_no_context_takeover": Option(
        number=22,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="The client compresses each message alone: a client announces it, a server asks for it. Default: False.",
    ),
    "server_max_window_bits": Option(
        number=23,
        value_type=int,
        default=15,
        minimum=8,
        maximum=15,
        doc="The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15.",
    ),
    "client_max_window_bits": Option(
        number=24,
        value_type=int,
        default=15,
        minimum=8,
        maximum=15,
        doc="The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15.",
    ),
    "deflate_level": Option(
        number=25,
        value_type=int,
        default=6,
        minimum=1,
        maximum=9,
        doc="How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6.",
    ),
    "deflate_mem_level": Option(
        number=26,
        value_type=int,
        default=8,
        minimum=1,
        maximum=9,
        doc="How much memory to compress with, from 1 to 9. 1 to 9; default: 8.",
    ),
    "deflate_threshold": Option(
        number=27,
        value_type=int,
        default=64,
        minimum=1,
        maximum=18446744073709551615,
        doc="The smallest message that is compressed. In bytes; default: 64 bytes.",
    ),
    "max_fragments": Option(
        number=28,
        value_type=int,
        default=131072,
        minimum=1,
        maximum=18446744073709551615,
        doc="The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with 1008. 1 to 18446744073709551615; default: 131,072.",
    ),
    "write_timeout": Option(
        number=29,
        value_type=int,
        default=60000,
        minimum=1,
        maximum=4611686018427387903,
        doc="Time without progress while output waits to be written; progress is what the host reports as written. Then the connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms.",
    ),
    "deliver_http": Option(
        number=30,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="A server delivers every well-formed request, also one that is no valid opening request, so that the host can serve other pages and health checks on the same port. When off, such requests are refused. Default: False.",
    ),
    "frames": Option(
        number=31,
        value_type=bool,
        default=0,
        minimum=0,
        maximum=1,
        doc="Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the host, unless ``auto_pong``, ``auto_close`` and ``auto_fail`` are turned on. Default: False.",
    ),
    "auto_fail": Option(
        number=32,
        value_type=bool,
        default=1,
        minimum=0,
        maximum=1,
        doc="Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with ``frames`` it is off unless it is set. Default: True.",
    ),
    "close_reason": Option(
        number=33,
        value_type=bool,
        default=1,
        minimum=0,
        maximum=1,
        doc="The Close frame for a fault says in words which it is. When off, its reason is empty. Default: True.",
    ),
    "secure": Option(
        number=34,
        value_type=bool,
        default=None,
        minimum=0,
        maximum=1,
        doc="A server's connections are over TLS, so that a page is of its own origin only if its scheme is ``https``; when off, only if it is ``http``. If it is not set, the scheme is not compared, but for that of a request made of fields. Default: False.",
    ),
}
"""Every option that is a number or a switch, by its name, in the order of the numbers."""


class NumericOptions(TypedDict, total=False):
    """The options of ``OPTIONS`` as keyword arguments. None means the default."""

    start_open: bool | None
    """The stream has been upgraded already: there is no opening handshake. Default: False."""
    max_message_size: int | None
    """The largest message to receive, inclusive, after inflation. A larger one fails the connection with 1009. In bytes; default: 16 MiB."""
    max_frame_size: int | None
    """The largest payload of one frame to receive, inclusive, as it is on the wire. A larger one fails the connection with 1009. In bytes; default: as large as a message."""
    max_head_size: int | None
    """The largest HTTP head to receive. A server answers a larger one with 431. In bytes; default: 16 KiB."""
    max_line_size: int | None
    """The longest line of an HTTP head, without its end. A server answers a longer one with 431, or 414 for the request line. In bytes; default: 8 KiB."""
    max_headers: int | None
    """The largest number of headers in an HTTP head. A server answers more with 431. 1 to 10000; default: 128."""
    max_body_size: int | None
    """How much of the body of a refusal a client keeps. The rest is not read. In bytes; default: 64 KiB."""
    output_soft_limit: int | None
    """Pending output at which the connection is not writable any more, and only the newest ping is answered. In bytes; default: 64 KiB."""
    output_hard_limit: int | None
    """Pending output above which sending fails, as it would block. Pongs wait then, and keepalive pings are left out. In bytes; default: 32 MiB."""
    handshake_timeout: int | None
    """Time for the opening handshake. In milliseconds; default: 10,000 ms."""
    close_timeout: int | None
    """Time for the closing handshake, and then for the end of the peer's stream. In milliseconds; default: 10,000 ms."""
    ping_interval: int | None
    """Time between keepalive pings. In milliseconds; default: no keepalive."""
    pong_timeout: int | None
    """Time in which a keepalive ping must be answered, or the connection fails with 1011. In milliseconds; default: 20,000 ms."""
    parts: bool | None
    """Deliver parts of messages as they arrive, not whole messages. A part of a text never ends inside a code point. Default: False."""
    auto_pong: bool | None
    """Answer pings automatically. Off for proxies and for hosts that answer pings themselves; with ``frames`` it is off unless it is set. Default: True."""
    auto_close: bool | None
    """Answer the peer's Close automatically. Off for hosts that answer it themselves, with ``close``; with ``frames`` it is off unless it is set. Default: True."""
    require_pong: bool | None
    """Only a pong shows that the peer is alive. When off, any byte does. Default: False."""
    receive_while_closing: bool | None
    """Deliver messages that arrive after our own Close. When off, they are dropped. Default: False."""
    allow_non_minimal_length: bool | None
    """Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default: False."""
    deflate: bool | None
    """Offer or accept permessage-deflate (RFC 7692). On a stream that starts open it counts as agreed, with the parameters that the next four options give. A build without compression refuses it. Default: False."""
    server_no_context_takeover: bool | None
    """The server compresses each message alone: a client asks for it, a server decides it. Default: False."""
    client_no_context_takeover: bool | None
    """The client compresses each message alone: a client announces it, a server asks for it. Default: False."""
    server_max_window_bits: int | None
    """The largest window that the server compresses with. A server uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15."""
    client_max_window_bits: int | None
    """The largest window that the client compresses with. A client uses 9 for 8. The base-2 logarithm of its size in bytes, 8 to 15; default: 15."""
    deflate_level: int | None
    """How hard to compress, from 1 (fast) to 9 (small). 1 to 9; default: 6."""
    deflate_mem_level: int | None
    """How much memory to compress with, from 1 to 9. 1 to 9; default: 8."""
    deflate_threshold: int | None
    """The smallest message that is compressed. In bytes; default: 64 bytes."""
    max_fragments: int | None
    """The largest number of frames of one message. A fragment costs no memory, but work; more fail the connection with 1008. 1 to 18446744073709551615; default: 131,072."""
    write_timeout: int | None
    """Time without progress while output waits to be written; progress is what the host reports as written. Then the connection is closed, because the peer does not read. In milliseconds; default: 60,000 ms."""
    deliver_http: bool | None
    """A server delivers every well-formed request, also one that is no valid opening request, so that the host can serve other pages and health checks on the same port. When off, such requests are refused. Default: False."""
    frames: bool | None
    """Deliver the data of each frame as it arrives, not messages: for programs that relay or inspect. A text may end inside a code point, and is validated all the same. Pings, the peer's Close and faults are then left to the host, unless ``auto_pong``, ``auto_close`` and ``auto_fail`` are turned on. Default: False."""
    auto_fail: bool | None
    """Fail the connection for a fault by itself. When off, the host does it when it has seen the fault; with ``frames`` it is off unless it is set. Default: True."""
    close_reason: bool | None
    """The Close frame for a fault says in words which it is. When off, its reason is empty. Default: True."""
    secure: bool | None
    """A server's connections are over TLS, so that a page is of its own origin only if its scheme is ``https``; when off, only if it is ``http``. If it is not set, the scheme is not compared, but for that of a request made of fields. Default: False."""
