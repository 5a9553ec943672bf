"""What may go wrong with a connection that a host of this package drives, as a small tree of exceptions.

``ConnectionClosed`` and ``InvalidHandshake`` say what the peer or the network did, with the engine's fault.
"""

from __future__ import annotations

from ._errors import WebSocketError
from ._events import Closed, Fault, Headers

__all__ = [
    "ConcurrencyError",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "InvalidHandshake",
    "InvalidStatus",
    "ProxyError",
    "closed_error",
    "handshake_error",
]

_NORMAL = frozenset({1000, 1001, 1005})
"""The close codes of a connection that was not ended by a fault: normal, going away, none."""


class ConnectionClosed(WebSocketError):
    """The connection has ended. No message that arrived before its end is lost: ``recv`` returns those first.

    Attributes:
        code: The close code that the peer sent; 1005 for a Close frame without one, 1006 for no Close frame.
        reason: The reason that the peer sent.
        sent_code: The code that was sent to the peer; None if no Close frame was sent.
        clean: Whether a Close frame was sent and one was received.
        by_peer: Whether the peer ended it.
        fault: Which rule was broken, if any; else None.
    """

    code: int
    reason: str
    sent_code: int | None
    clean: bool
    by_peer: bool
    fault: Fault | None

    def __init__(self, closed: Closed) -> None:
        super().__init__(_describe(closed))
        self.closed = closed
        self.code = closed.code
        self.reason = closed.reason
        self.sent_code = closed.sent_code
        self.clean = closed.clean
        self.by_peer = closed.by_peer
        self.fault = closed.fault

    def __reduce__(self) -> tuple[type[ConnectionClosed], tuple[Closed]]:
        return type(self), (self.closed,)


class ConnectionClosedOK(ConnectionClosed):
    """The connection was closed by a closing handshake, with the codes 1000 or 1001, or without one."""


class ConnectionClosedError(ConnectionClosed):
    """The connection was closed with another code, or not by a closing handshake."""


class InvalidHandshake(WebSocketError):
    """The opening handshake failed.

    Attributes:
        fault: Which rule was broken.
    """

    def __init__(self, fault: Fault | None, text: str | None = None) -> None:
        super().__init__(text or (fault.text if fault else "the connection ended before it was open"))
        self.fault = fault
        self._text = text

    def __reduce__(self) -> tuple[type[InvalidHandshake], tuple[object, ...]]:
        return type(self), (self.fault, self._text)


class InvalidStatus(InvalidHandshake):
    """The server answered the opening request with another response than 101.

    Attributes:
        status: The HTTP status.
        reason: The reason phrase.
        headers: The headers of the response.
        body: The beginning of its body: up to ``max_body_size`` bytes.
        fault: Which rule was broken.
    """

    def __init__(self, fault: Fault | None, status: int, reason: str, headers: Headers, body: bytes) -> None:
        super().__init__(fault, f"the server answered with HTTP {status}{reason and ' '}{reason}")
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body

    def __reduce__(self) -> tuple[type[InvalidHandshake], tuple[object, ...]]:
        return type(self), (self.fault, self.status, self.reason, self.headers, self.body)


class ProxyError(InvalidHandshake):
    """The proxy made no tunnel.

    Attributes:
        status: The HTTP status of its refusal, or the code of a SOCKS reply; None if there was no refusal.
        fault: Which rule was broken.
    """

    def __init__(self, fault: Fault | None, status: int | None) -> None:
        super().__init__(fault)
        self.status = status

    def __reduce__(self) -> tuple[type[InvalidHandshake], tuple[object, ...]]:
        return type(self), (self.fault, self.status)


class ConcurrencyError(WebSocketError):
    """Two tasks or threads receive from the same connection at the same time. One may; any number may send."""


def closed_error(closed: Closed) -> ConnectionClosed:
    """The exception for the end of a connection."""
    is_normal = closed.clean and closed.code in _NORMAL and closed.sent_code in _NORMAL
    return ConnectionClosedOK(closed) if is_normal else ConnectionClosedError(closed)


def handshake_error(closed: Closed) -> InvalidHandshake:
    """The exception for the end of a connection that had not been open."""
    return InvalidHandshake(closed.fault)


def _describe(closed: Closed) -> str:
    if closed.fault is not None:
        return closed.fault.text
    who = "the peer closed the connection" if closed.by_peer else "the connection was closed"
    reason = f": {closed.reason}" if closed.reason else ""
    return f"{who} with code {closed.code}{reason}"
