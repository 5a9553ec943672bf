"""Events: what has happened on a connection. They are values: immutable, hashable, equal if their fields are equal.

Their payloads are copies, so they may be kept. Each works as a class pattern: ``case Text(data):``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Union

__all__ = [
    "Binary",
    "Closed",
    "Closing",
    "Event",
    "Fault",
    "Headers",
    "Open",
    "Ping",
    "Pong",
    "Rejected",
    "Request",
    "SameOrigin",
    "Text",
]

# Names and values in the order received, decoded as ISO 8859-1, so that no byte is lost.
Headers = tuple[tuple[str, str], ...]


class SameOrigin(enum.Enum):
    """How the Origin header of a request relates to its authority. Only ``CROSS`` is false."""

    ABSENT = 0
    """There is no Origin header: the client is not a browser."""
    SAME = 1
    """Same host and port."""
    CROSS = 2
    """Another host or port, or the opaque origin ``null``."""

    def __bool__(self) -> bool:
        return self is not SameOrigin.CROSS


class _Value:
    """Copying and pickling of immutable classes with slots."""

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True)
class Fault(_Value):
    """Why a connection ended other than by a closing handshake.

    Attributes:
        number: Stable, the same in every language. 100 to 199 the opening handshake, 200 to 299 frames, text and
            closing, 300 to 399 limits, 400 to 499 time, EOF and the host.
        name: The name of the rule that was broken, for example ``"UNMASKED"``.
        text: What happened, with the numbers at fault. It holds no byte of the peer's.
    """

    __slots__ = ("number", "name", "text")
    number: int
    name: str
    text: str


@dataclass(frozen=True)
class Request(_Value):
    """A server has read a valid opening request. Call ``accept`` or ``reject``: nothing more arrives until then.

    Attributes:
        target: The request target: a path with its query.
        authority: Host and port the request was made to.
        origin: The Origin header, if there is one.
        same_origin: How ``origin`` relates to ``authority``. A server that talks only to its own pages rejects a
            request for which it is false.
        subprotocols: What the client offers, in its order.
        extensions: The extension offers with their parameters.
        headers: All headers.
        subprotocol: What ``accept`` will agree to unless told otherwise: the first configured one that is offered.
    """

    __slots__ = (
        "target",
        "authority",
        "origin",
        "same_origin",
        "subprotocols",
        "extensions",
        "headers",
        "subprotocol",
    )
    target: str
    authority: str
    origin: str | None
    same_origin: SameOrigin
    subprotocols: tuple[str, ...]
    extensions: tuple[str, ...]
    headers: Headers
    subprotocol: str | None


@dataclass(frozen=True)
class Open(_Value):
    """The connection is open: messages may be sent.

    Attributes:
        subprotocol: The subprotocol agreed on, if any.
        extensions: The extensions agreed on, with their parameters.
        headers: The headers of the response, on a client; empty on a server.
    """

    __slots__ = ("subprotocol", "extensions", "headers")
    subprotocol: str | None
    extensions: tuple[str, ...]
    headers: Headers


@dataclass(frozen=True)
class Rejected(_Value):
    """The server refused a client's request. Closed comes next.

    Attributes:
        status: The HTTP status.
        headers: The headers of the response.
        body: Its body, up to ``max_body_size`` bytes.
        truncated: Whether the body was longer.
    """

    __slots__ = ("status", "headers", "body", "truncated")
    status: int
    headers: Headers
    body: bytes
    truncated: bool


@dataclass(frozen=True, init=False)
class Text(_Value):
    """A text message; or a part of one, if ``parts`` is on. A part never ends inside a code point.

    Attributes:
        data: The text.
        first: Whether it begins a message.
        last: Whether it ends a message.
    """

    __slots__ = ("data", "first", "last")
    data: str
    first: bool
    last: bool

    def __init__(self, data: str, first: bool = True, last: bool = True) -> None:
        _set_text(self, data)
        _set_text_first(self, first)
        _set_text_last(self, last)


@dataclass(frozen=True, init=False)
class Binary(_Value):
    """A binary message; or a part of one, if ``parts`` is on.

    Attributes:
        data: The bytes.
        first: Whether it begins a message.
        last: Whether it ends a message.
    """

    __slots__ = ("data", "first", "last")
    data: bytes
    first: bool
    last: bool

    def __init__(self, data: bytes, first: bool = True, last: bool = True) -> None:
        _set_binary(self, data)
        _set_binary_first(self, first)
        _set_binary_last(self, last)


# The slots of an immutable class can be set through their descriptors alone; looked up once, as messages are many.
_set_text, _set_text_first, _set_text_last = (vars(Text)[name].__set__ for name in Text.__slots__)
_set_binary, _set_binary_first, _set_binary_last = (vars(Binary)[name].__set__ for name in Binary.__slots__)


@dataclass(frozen=True)
class Ping(_Value):
    """A ping from the peer. It is answered already, unless ``auto_pong`` is off: then call ``pong(payload)``."""

    __slots__ = ("payload",)
    payload: bytes


@dataclass(frozen=True)
class Pong(_Value):
    """A pong from the peer.

    Attributes:
        payload: Its payload.
        round_trip_time: Milliseconds since our latest ping, if this answers it.
    """

    __slots__ = ("payload", "round_trip_time")
    payload: bytes
    round_trip_time: int | None


@dataclass(frozen=True)
class Closing(_Value):
    """The peer's Close frame. It is answered already, unless ``auto_close`` is off: then call ``close``.

    Attributes:
        code: Its code, 1005 if it had none.
        reason: Its reason.
    """

    __slots__ = ("code", "reason")
    code: int
    reason: str


@dataclass(frozen=True)
class Closed(_Value):
    """The last event, exactly once. Go on driving the connection until its ``transport`` is ``Transport.CLOSE``.

    Attributes:
        code: The code the peer sent, 1005 for a Close without one, 1006 for no Close.
        reason: The peer's reason.
        clean: Whether a Close frame was sent and one received.
        by_peer: Whether the peer began it, by its Close frame, its fault, or the end of its stream.
        sent_code: The code that was sent to the peer, if any.
        fault: Why the connection ended other than by a closing handshake.
    """

    __slots__ = ("code", "reason", "clean", "by_peer", "sent_code", "fault")
    code: int
    reason: str
    clean: bool
    by_peer: bool
    sent_code: int | None
    fault: Fault | None


Event = Union[Request, Open, Rejected, Text, Binary, Ping, Pong, Closing, Closed]
