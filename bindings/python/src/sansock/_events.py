"""Events: what arrived on a connection, and how it ended.

They are values: immutable, hashable, and equal if their fields are equal. Payloads are copies, so events may be kept.
Each works as a class pattern: ``case Text(data):``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, TypeVar, Union

from ._enums import MessageKind, OriginRelation
from ._numbers import FaultName

__all__ = [
    "Batch",
    "Binary",
    "Closed",
    "Closing",
    "Event",
    "Fault",
    "Frame",
    "Head",
    "Headers",
    "Open",
    "Ping",
    "Pong",
    "Rejected",
    "ReportedFault",
    "Request",
    "Text",
]

# Names and values in the order received, decoded as ISO 8859-1, so that no byte is lost.
Headers = tuple[tuple[str, str], ...]


class _Value:
    """Copying and pickling of immutable classes with slots."""

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, name) for name in self.__slots__)


_LazyEvent = TypeVar("_LazyEvent", bound="_Lazy")


class _Lazy(_Value):
    """What Request and Open share: fields that are decoded when one of them is first used, as most hosts use none."""

    __slots__ = ("_read",)
    _read: Callable[[], dict[str, Any]]

    def __getattr__(self, name: str) -> Any:
        # Python calls this only for attributes that are not set.
        if name not in self.__slots__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        values = self._read()
        for each, value in values.items():
            object.__setattr__(self, each, value)
        return values[name]


_set_read = vars(_Lazy)["_read"].__set__


def lazy(cls: type[_LazyEvent], read: Callable[[], dict[str, Any]]) -> _LazyEvent:
    """An event with no field set; ``read`` returns the values when they are needed."""
    event = object.__new__(cls)
    _set_read(event, read)
    return event


@dataclass(frozen=True)
class Fault(_Value):
    """Why a connection ended, or is to be ended, other than by a closing handshake.

    Attributes:
        number: Stable, and the same in every language: 100 to 199 for the opening handshake, 200 to 299 for frames,
            text and closing, 300 to 399 for limits, 400 to 499 for deadlines, the end of the stream and the host.
        name: The name of the rule that was broken, for example ``"UNMASKED"``.
        text: The rule in one sentence, with the numbers at fault. It contains no byte from the peer.
        actual: The number at fault, if there is one: a size in bytes, a count, a status, an opcode, as the rule says.
        limit: The limit that was exceeded, if there is one.
        position: Where the frame at fault begins, in bytes from the end of the handshake; None if it is no fault of a
            frame.
    """

    __slots__ = ("number", "name", "text", "actual", "limit", "position")
    number: int
    name: FaultName
    text: str
    actual: int | None
    limit: int | None
    position: int | None


@dataclass(frozen=True)
class Request(_Lazy):
    """A server received a valid opening request (RFC 6455 section 4.2.1). Next: call ``accept`` or ``reject``.

    What follows the request is not read until then. With the option ``deliver_http`` it may be another request, such as
    one for a page: if ``fault`` is not None, call ``respond`` or ``reject``.

    Attributes:
        target: The request target: a path with its query.
        authority: The host and port that the request was made to; empty if a request of HTTP/1.0 does not name them.
        origin: The Origin header, if there is one.
        origin_relation: How ``origin`` relates to ``authority``. See also ``same_origin``.
        subprotocols: The subprotocols that the client offers, in its order.
        extensions: The extensions that the client offers, with their parameters.
        headers: All headers.
        subprotocol: The one that ``accept`` chooses by default: the first configured one that the client offers.
        method: The method: GET, or CONNECT over HTTP/2 and HTTP/3. Others are those of requests with a ``fault``.
        fault: Why this is no valid opening request, and cannot be accepted; None if it is one.
    """

    __slots__ = (
        "target",
        "authority",
        "origin",
        "origin_relation",
        "subprotocols",
        "extensions",
        "headers",
        "subprotocol",
        "method",
        "fault",
    )
    target: str
    authority: str
    origin: str | None
    origin_relation: OriginRelation
    subprotocols: tuple[str, ...]
    extensions: tuple[str, ...]
    headers: Headers
    subprotocol: str | None
    method: str
    fault: FaultName | None

    @property
    def same_origin(self) -> bool:
        """Whether the request comes from a page of the same host and port, or from a client that is not a browser.

        It is false for ``OriginRelation.CROSS`` alone. A server for its own pages rejects such a request with 403.
        """
        return self.origin_relation is not OriginRelation.CROSS


_set_target, _set_origin_relation, _set_fault = (
    vars(Request)[name].__set__ for name in ("target", "origin_relation", "fault")
)


def lazy_request(
    read: Callable[[], dict[str, Any]], target: str, origin_relation: OriginRelation, fault: FaultName | None
) -> Request:
    """A request with only these three fields set."""
    request = lazy(Request, read)
    _set_target(request, target)
    _set_origin_relation(request, origin_relation)
    _set_fault(request, fault)
    return request


@dataclass(frozen=True)
class Open(_Lazy):
    """The connection is open: messages may be sent from now on.

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
    """The server refused a client's request, or a proxy the tunnel. ``Closed`` comes next.

    If the status is 101, or 200 over HTTP/2 and HTTP/3, it accepted the request, and broke a rule, which ``Closed``
    names.

    Attributes:
        status: The HTTP status of the response; of a tunnel through SOCKS, the code of the reply.
        headers: The headers of the response.
        body: The body of the response, up to ``max_body_size`` bytes.
        truncated: Whether the body was longer, or the stream ended before it did.
        reason: The reason phrase, decoded as ISO 8859-1; empty if there is none.
    """

    __slots__ = ("status", "headers", "body", "truncated", "reason")
    status: int
    headers: Headers
    body: bytes
    truncated: bool
    reason: str


@dataclass(frozen=True)
class Head(_Value):
    """A head for the host to send through its own HTTP, where the handshake is made of fields.

    Next: send it. After that of a client's request, pass on the answer with ``receive_response``. After that of a
    response, ``Open`` or ``Closed`` comes next.

    Attributes:
        status: The HTTP status of a server's response; None for a client's request.
        headers: The fields, with names in lower case. Those of a request begin with its pseudo-header fields. Encode
            them as ISO 8859-1.
        body: The body of a response that opens no connection; else empty.
    """

    __slots__ = ("status", "headers", "body")
    status: int | None
    headers: Headers
    body: bytes


class _Message(_Value):
    """What Text and Binary share.

    Most messages are whole, and there are many of them, so they store their payload alone. Parts are of a subclass that
    stores ``first`` and ``last`` as well, and looks the same.
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
    """A text message; or a part of one, if the option ``parts`` is on. A part never ends inside a code point.

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
    """A binary message; or a part of one, if the option ``parts`` is on.

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
PART_CLASSES = tuple(_CLASSES)
for _part, _whole in _CLASSES.items():
    _part.__name__, _part.__qualname__ = _whole.__name__, _whole.__qualname__


@dataclass(frozen=True)
class Batch(_Value):
    """Whole messages that arrived together, in place of a ``Text`` or ``Binary`` for each, if ``batches`` is on.

    Attributes:
        messages: The messages in their order: a text as a str, a binary message as bytes.
    """

    __slots__ = ("messages",)
    messages: tuple[str | bytes, ...]


# Slots of an immutable class can be set only through their descriptors.
set_text, set_binary = vars(Text)["data"].__set__, vars(Binary)["data"].__set__
set_messages = vars(Batch)["messages"].__set__


@dataclass(frozen=True)
class Frame(_Value):
    """Data of a frame, as it arrives and after inflation, if the option ``frames`` is on. An empty frame has one.

    Next: send it on with ``send_part``, if this is a relay. Control frames and faults are left to the host: see
    ``Ping``, ``Closing`` and ``ReportedFault``.

    Attributes:
        kind: The kind of the message. The text of all its frames together is valid so far.
        data: The bytes. Those of a text may begin and end inside a code point.
        first: Whether the data begins a message.
        last: Whether it ends a message.
        frame_end: Whether it ends the frame.
        compressed: Whether the message is compressed on the wire.
        frame_len: The length of the payload of the whole frame on the wire, in bytes.
    """

    __slots__ = ("kind", "data", "first", "last", "frame_end", "compressed", "frame_len")
    kind: MessageKind
    data: bytes
    first: bool
    last: bool
    frame_end: bool
    compressed: bool
    frame_len: int


@dataclass(frozen=True)
class Ping(_Value):
    """A ping from the peer (RFC 6455 section 5.5.2), with up to 125 bytes of payload.

    It is answered automatically: write the output. If the option ``auto_pong`` is off, call ``pong(payload)``.
    """

    __slots__ = ("payload",)
    payload: bytes


@dataclass(frozen=True)
class Pong(_Value):
    """A pong from the peer (RFC 6455 section 5.5.3).

    Attributes:
        payload: The payload, up to 125 bytes.
        round_trip_time: Milliseconds since our latest ping, if this answers it; else None.
    """

    __slots__ = ("payload", "round_trip_time")
    payload: bytes
    round_trip_time: int | None


@dataclass(frozen=True)
class Closing(_Value):
    """The peer's Close frame (RFC 6455 section 5.5.1).

    If it answers our own, ``Closed`` comes next. Otherwise it is not answered yet, and messages may still be sent.

    Next: send them, then call ``timeout`` at once, as always while there is ``more``. That call sends the answer, with
    the same code and reason, and returns ``Closed``. To answer with another code, call ``close`` before it. If
    ``auto_close`` is off, there is no ``more``, and only ``close`` sends the answer.

    Attributes:
        code: The code of the frame, 1005 if it has none.
        reason: The reason in the frame.
    """

    __slots__ = ("code", "reason")
    code: int
    reason: str


@dataclass(frozen=True)
class ReportedFault(_Value):
    """A rule was broken, and the host is to answer that, because the option ``auto_fail`` is off.

    What follows the fault is not read. Next: call ``fail(code)``, or ``close``, before the close deadline; messages may
    be sent before. Then call ``timeout`` for ``Closed``.

    Attributes:
        fault: The name of the rule. The ``fault`` of the connection has its numbers.
        code: The close code that it calls for.
    """

    __slots__ = ("fault", "code")
    fault: FaultName
    code: int


@dataclass(frozen=True)
class Closed(_Value):
    """The connection has ended. This is the last event, and it is returned exactly once.

    Next: keep writing, reading and calling ``timeout`` until ``transport`` is ``Transport.CLOSE``. Then close the
    transport.

    Attributes:
        code: The code that the peer sent; 1005 for a Close frame without one, 1006 for no Close frame.
        reason: The reason that the peer sent.
        clean: Whether a Close frame was sent and one was received.
        by_peer: Whether the peer ended it: by its Close frame, its fault, or the end of its stream.
        sent_code: The code that was sent to the peer, if a Close frame was sent; 1005 if the frame had none.
        fault: Why the connection ended, if not by a closing handshake; else None.
    """

    __slots__ = ("code", "reason", "clean", "by_peer", "sent_code", "fault")
    code: int
    reason: str
    clean: bool
    by_peer: bool
    sent_code: int | None
    fault: Fault | None


Event = Union[Request, Open, Rejected, Head, Text, Binary, Batch, Frame, Ping, Pong, Closing, ReportedFault, Closed]
