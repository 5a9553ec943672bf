"""Events: what has happened on a connection. They are values: immutable, hashable, equal if their fields are equal.

Their payloads are copies, so they may be kept. Each works as a class pattern: ``case Text(data):``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Callable, TypeVar, Union

__all__ = [
    "Batch",
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


_Late = TypeVar("_Late", bound="_ReadLate")


class _ReadLate(_Value):
    """What Request and Open share: fields that are read when somebody asks for one of them, as most hosts do not."""

    __slots__ = ("_read",)
    _read: Callable[[], dict[str, Any]]

    def __getattr__(self, name: str) -> Any:
        # Only what is not set comes here.
        if name not in self.__slots__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        values = self._read()
        for each, value in values.items():
            object.__setattr__(self, each, value)
        return values[name]


_set_read = vars(_ReadLate)["_read"].__set__


def late(cls: type[_Late], read: Callable[[], dict[str, Any]]) -> _Late:
    """An event whose fields are not set; ``read`` returns those that nobody sets."""
    event = object.__new__(cls)
    _set_read(event, read)
    return event


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
class Request(_ReadLate):
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


_set_target, _set_same_origin = (vars(Request)[name].__set__ for name in ("target", "same_origin"))


def late_request(read: Callable[[], dict[str, Any]], target: str, same_origin: SameOrigin) -> Request:
    """A request of which only this has been read."""
    request = late(Request, read)
    _set_target(request, target)
    _set_same_origin(request, same_origin)
    return request


@dataclass(frozen=True)
class Open(_ReadLate):
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


class _Message(_Value):
    """What Text and Binary share.

    Most messages are whole, and there are many: those store their payload alone. The rest are of a class that also
    stores ``first`` and ``last``, and looks the same.
    """

    __slots__ = ()
    data: Any
    first: bool
    last: bool

    def __reduce__(self) -> tuple[Any, ...]:
        return _CLASSES.get(type(self), type(self)), (self.data, self.first, self.last)


def _new_message(cls: type[Any], part: type[Any], data: Any, first: bool, last: bool) -> Any:
    if first is last is True:
        whole = object.__new__(cls)
        object.__setattr__(whole, "data", data)
        return whole
    message = object.__new__(part)
    for name, value in (("data", data), ("first", first), ("last", last)):
        object.__setattr__(message, name, value)
    return message


@dataclass(frozen=True, init=False)
class Text(_Message):
    """A text message; or a part of one, if ``parts`` is on. A part never ends inside a code point.

    Attributes:
        data: The text.
        first: Whether it begins a message.
        last: Whether it ends a message.
    """

    __slots__ = ("data",)
    data: str
    first: bool = True
    last: bool = True

    def __new__(cls, data: str, first: bool = True, last: bool = True) -> Text:
        message: Text = _new_message(Text, _TextPart, data, first, last)
        return message


@dataclass(frozen=True, init=False)
class Binary(_Message):
    """A binary message; or a part of one, if ``parts`` is on.

    Attributes:
        data: The bytes.
        first: Whether it begins a message.
        last: Whether it ends a message.
    """

    __slots__ = ("data",)
    data: bytes
    first: bool = True
    last: bool = True

    def __new__(cls, data: bytes, first: bool = True, last: bool = True) -> Binary:
        message: Binary = _new_message(Binary, _BinaryPart, data, first, last)
        return message


class _TextPart(Text):
    __slots__ = ("first", "last")


class _BinaryPart(Binary):
    __slots__ = ("first", "last")


_CLASSES: dict[type, type] = {_TextPart: Text, _BinaryPart: Binary}
for _part, _whole in _CLASSES.items():
    _part.__name__, _part.__qualname__ = _whole.__name__, _whole.__qualname__


@dataclass(frozen=True)
class Batch(_Value):
    """Whole messages that came together, in place of a ``Text`` or ``Binary`` for each, if ``batches`` is on.

    Attributes:
        messages: They in their order: a text as a str, a binary message as bytes.
    """

    __slots__ = ("messages",)
    messages: tuple[str | bytes, ...]


# The slot of an immutable class can be set through its descriptor alone.
set_text, set_binary = vars(Text)["data"].__set__, vars(Binary)["data"].__set__
set_messages = vars(Batch)["messages"].__set__


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


Event = Union[Request, Open, Rejected, Text, Binary, Batch, Ping, Pong, Closing, Closed]
