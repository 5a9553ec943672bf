"""The enumerations of the public interface. Their values are the engine's numbers."""

from __future__ import annotations

import enum

from . import _numbers

__all__ = ["MessageKind", "OriginRelation", "State", "Transport"]


class State(enum.Enum):
    """The state of a connection."""

    CONNECTING = _numbers.STATE_CONNECTING
    """The opening handshake is under way."""
    OPEN = _numbers.STATE_OPEN
    """Messages may be sent and received."""
    CLOSING = _numbers.STATE_CLOSING
    """A Close frame was sent or received, and the closing handshake is not complete; or a fault is to be answered."""
    CLOSED = _numbers.STATE_CLOSED
    """The ``Closed`` event has been returned, or the next input call returns it."""


class Transport(enum.Enum):
    """What the host does with the transport once all output is written."""

    OPEN = _numbers.TRANSPORT_OPEN
    """Keep reading and writing."""
    SHUTDOWN_WRITE = _numbers.TRANSPORT_SHUTDOWN_WRITE
    """Shut down the writing side. Keep reading until the end of the stream or the next deadline."""
    CLOSE = _numbers.TRANSPORT_CLOSE
    """Close the transport."""


class MessageKind(enum.Enum):
    """The kind of a message that is sent in parts, whose payload the host writes itself, or that a frame belongs to."""

    TEXT = _numbers.KIND_TEXT
    """UTF-8 text."""
    BINARY = _numbers.KIND_BINARY
    """Any bytes."""


class OriginRelation(enum.Enum):
    """How the Origin header of a request relates to the host and port that the request was made to (RFC 6454)."""

    ABSENT = _numbers.ORIGIN_ABSENT
    """The request has no Origin header: the client is not a browser."""
    SAME = _numbers.ORIGIN_SAME
    """The same host and port, and the same scheme if that is known: see the option ``secure``."""
    CROSS = _numbers.ORIGIN_CROSS
    """Another host or port, or the opaque origin ``null``."""
