"""A connection, as users of Twisted have it: what waits returns a Deferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from .._session import Message, Session
from .._websocket import Sendable
from .._websocket import WebSocket as _WebSocket

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["WebSocket"]


class WebSocket(_WebSocket):
    """A connection that is open, or has been. ``connect`` returns one, and a handler is given one.

    Messages are received by ``async for message in websocket``, or with :meth:`recv`: a text as a str, a binary message
    as bytes. One may receive at a time, and any number may send. A Deferred that is cancelled loses nothing.
    """

    def __init__(self, session: Session, transport: Any) -> None:
        super().__init__(session)
        self.transport = transport

    def recv(self) -> Deferred[Message]:  # type: ignore[override]
        """Returns the next message: a text as a str, a binary message as bytes.

        It fails with ConnectionClosed if the connection has ended and all messages have been returned, and with
        ConcurrencyError if another is receiving.
        """
        return Deferred.fromCoroutine(super().recv())

    def send(self, message: Sendable) -> Deferred[None]:  # type: ignore[override]
        """Sends a message: a str as text, a bytes-like object as binary.

        An iterable or an async iterable of those is sent as one message in fragments, each as it comes. The Deferred
        fires when more may be sent: while the peer does not read, wait for it.

        It fails with ConnectionClosed if the connection has ended, or is closing; with TooLarge if the message is
        larger than ``output_hard_limit``; and with TypeError if it is none of these.
        """
        return Deferred.fromCoroutine(super().send(message))

    def ping(self, data: str | Buffer | None = None) -> Deferred[float]:  # type: ignore[override]
        """Sends a ping, waits for its pong, and returns the round-trip time in seconds.

        It fails with ConnectionClosed if the connection has ended, and with InvalidArgument if the payload has more
        than 125 bytes.
        """
        return Deferred.fromCoroutine(super().ping(data))

    def close(self, code: int = 1000, reason: str = "") -> Deferred[None]:  # type: ignore[override]
        """Closes the connection: sends Close, waits for the peer's, and for the transport to close.

        It takes ``close_timeout`` at most, twice. Messages that were not received before can still be received.

        Args:
            code: 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999.
            reason: Up to 123 bytes in UTF-8.
        """
        return Deferred.fromCoroutine(super().close(code, reason))

    def wait_closed(self) -> Deferred[None]:  # type: ignore[override]
        """Waits until the connection has ended, and its transport is closed."""
        return Deferred.fromCoroutine(super().wait_closed())

    @property
    def local_address(self) -> Any:
        """The address of our end: a host and a port, or a path."""
        return _flat(self.transport.getHost())

    @property
    def remote_address(self) -> Any:
        """The address of the peer's end: a host and a port, or a path."""
        return _flat(self.transport.getPeer())


def _flat(address: Any) -> Any:
    """An address of Twisted, as sockets have it."""
    return (address.host, address.port) if hasattr(address, "host") else address.name
