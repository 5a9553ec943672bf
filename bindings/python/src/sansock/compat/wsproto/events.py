"""Events, which a program both receives and sends: the counterpart of ``wsproto.events``."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar, Union

if TYPE_CHECKING:
    from .extensions import Extension
    from .typing import Headers

__all__ = [
    "AcceptConnection",
    "BytesMessage",
    "CloseConnection",
    "Event",
    "Message",
    "Ping",
    "Pong",
    "RejectConnection",
    "RejectData",
    "Request",
    "TextMessage",
]

T = TypeVar("T", bound=Union[bytes, bytearray, str])


class Event(ABC):  # noqa: B024
    """The base class of all events."""


@dataclass(frozen=True)
class Request(Event):
    """The request that opens a connection: a client sends it, a server receives it.

    Attributes:
        host: The value of the Host header. A name outside ASCII is encoded for it, and decoded from it.
        target: The path, with its query.
        extensions: To send: the extensions to offer. Received: what the client offers, as text.
        extra_headers: Further header fields. Those that are received have names in lower case.
        subprotocols: The subprotocols that the client offers, in its order.
    """

    host: str
    target: str
    extensions: Sequence[Extension] | Sequence[str] = field(default_factory=list)
    extra_headers: Headers = field(default_factory=list)
    subprotocols: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class AcceptConnection(Event):
    """The response that accepts a request: a server sends it, a client receives it.

    Attributes:
        subprotocol: The subprotocol agreed on, if any.
        extensions: To send: the extensions that the server knows. Received: those agreed on.
        extra_headers: Further header fields.
    """

    subprotocol: str | None = None
    extensions: list[Extension] = field(default_factory=list)
    extra_headers: Headers = field(default_factory=list)


@dataclass(frozen=True)
class RejectConnection(Event):
    """A response that refuses a request.

    Attributes:
        status_code: The HTTP status.
        headers: The header fields.
        has_body: Whether ``RejectData`` follows. It is always true of a refusal that is received.
    """

    status_code: int = 400
    headers: Headers = field(default_factory=list)
    has_body: bool = False


@dataclass(frozen=True)
class RejectData(Event):
    """A piece of the body of a refusal.

    Attributes:
        data: The bytes.
        body_finished: Whether it is the last piece.
    """

    data: bytes
    body_finished: bool = True


@dataclass(frozen=True)
class CloseConnection(Event):
    """A Close frame (RFC 6455 section 5.5.1), a fault of the peer, or the end of its stream.

    Nothing answers it but the program: send ``response()``, unless a ``CloseConnection`` was sent before.

    Attributes:
        code: The close code. 1005: the frame has none. 1006: the stream ended without a frame.
        reason: The reason, or what the peer did wrong.
    """

    code: int
    reason: str | None = None

    def response(self) -> CloseConnection:
        """The answer to it, with the same code and reason."""
        return CloseConnection(self.code, self.reason)


@dataclass(frozen=True)
class Message(Event, Generic[T]):
    """A piece of a message, as it arrives: join the pieces to get the message.

    Attributes:
        data: The text or the bytes.
        frame_finished: Whether it ends a frame.
        message_finished: Whether it ends the message.
    """

    data: T
    frame_finished: bool = True
    message_finished: bool = True


@dataclass(frozen=True)
class TextMessage(Message[str]):
    """A piece of a text message. It never ends inside a code point."""


@dataclass(frozen=True)
class BytesMessage(Message[Union[bytes, bytearray]]):
    """A piece of a binary message."""


@dataclass(frozen=True)
class Ping(Event):
    """A ping (RFC 6455 section 5.5.2). Nothing answers it but the program: send ``response()``.

    Attributes:
        payload: Up to 125 bytes.
    """

    payload: bytes = b""

    def response(self) -> Pong:
        """The pong that answers it."""
        return Pong(self.payload)


@dataclass(frozen=True)
class Pong(Event):
    """A pong (RFC 6455 section 5.5.3).

    Attributes:
        payload: Up to 125 bytes.
    """

    payload: bytes = b""
