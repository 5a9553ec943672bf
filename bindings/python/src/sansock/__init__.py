"""Sansock: WebSocket (RFC 6455) without the socket. Bytes in, events and bytes out.

A connection does no I/O and starts no thread. The host reads and writes the transport, and keeps one timer. After any
call on a connection, it does four things:

1. write the output: ``take_output()``, or ``output()`` and then ``written(n)``;
2. handle the events that the call returned; and while there is ``more``, those that ``timeout()`` returns;
3. set the timer to ``next_deadline``, in milliseconds, and call ``timeout()`` when it has come;
4. obey ``transport`` once all output is written: shut down the writing side, or close the transport.

Where an HTTP of the host's carries the handshake, ``Connection.receive_request`` and ``Connection.request_fields`` say
how it is passed on.

Start with ``Connection.server`` or ``Connection.client``. Options are described in ``ServerOptions`` and
``ClientOptions``, events in their classes. ``Tunnel`` leads to a server through a proxy.
"""

from __future__ import annotations

from . import _ffi
from ._arguments import HeadersInput, HttpVersion
from ._connection import Connection
from ._enums import MessageKind, OriginRelation, State, Transport
from ._errors import (
    BadHandle,
    Busy,
    Entropy,
    InvalidArgument,
    InvalidState,
    NoMemory,
    Poisoned,
    SansockError,
    TooLarge,
    WebSocketError,
    WouldBlock,
)
from ._events import (
    Batch,
    Binary,
    Closed,
    Closing,
    Event,
    Fault,
    Frame,
    Head,
    Headers,
    Open,
    Ping,
    Pong,
    Rejected,
    ReportedFault,
    Request,
    Text,
)
from ._exceptions import (
    ConcurrencyError,
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    ProxyError,
)
from ._options import ClientOptions, ServerOptions
from ._prepared import PreparedMessage
from ._tunnel import Proxy, Tunnel, parse_proxy
from ._url import Url, parse_url

__version__: str = _ffi.version_text

__all__ = [
    "BadHandle",
    "Batch",
    "Binary",
    "Busy",
    "ClientOptions",
    "Closed",
    "Closing",
    "ConcurrencyError",
    "Connection",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "Entropy",
    "Event",
    "Fault",
    "Frame",
    "Head",
    "Headers",
    "HeadersInput",
    "HttpVersion",
    "InvalidArgument",
    "InvalidHandshake",
    "InvalidState",
    "InvalidStatus",
    "MessageKind",
    "NoMemory",
    "Open",
    "OriginRelation",
    "Ping",
    "Poisoned",
    "Pong",
    "PreparedMessage",
    "Proxy",
    "ProxyError",
    "Rejected",
    "ReportedFault",
    "Request",
    "SansockError",
    "ServerOptions",
    "State",
    "Text",
    "TooLarge",
    "Transport",
    "Tunnel",
    "Url",
    "WebSocketError",
    "WouldBlock",
    "__version__",
    "parse_proxy",
    "parse_url",
]
