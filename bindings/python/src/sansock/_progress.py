"""Patience with peers that read slowly, but steadily: they are not to be taken for peers that do not read.

The engine ends a connection if none of its output is reported as written for ``write_timeout``, or if a ping is not
answered in time. Between an adapter and the peer are buffers which can hide that bytes leave all the time: that of the
system, of megabytes, to which Linux lets more be written when a third of it is free; and that of a transport which
takes all that it is given, such as those of asyncio. So when a deadline has come, the adapter looks how far the peer
has come, which costs nothing before. To have the system keep less (TCP_NOTSENT_LOWAT) would tell too, and Trio does so;
but each wake-up costs time in Python, and messages of 1 MiB took asyncio several times as long with 64 KiB.
"""

from __future__ import annotations

import socket
import sys
from typing import Any, Callable, NamedTuple

from ._enums import State
from ._numbers import OPTIONS
from ._session import Session
from ._settings import Settings

__all__ = ["Patience", "Reached", "patience_of", "reached_by"]

_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_ACKNOWLEDGED, _UNSENT = slice(120, 128), slice(144, 148)
"""Where struct tcp_info of Linux has how many bytes were acknowledged, and how many wait to be sent."""


class Reached(NamedTuple):
    """How far a peer has come with what was written."""

    mark: int
    """A number that changes when it has come on."""
    unsent: int
    """How many bytes wait for it."""


def reached_by(sock: Any) -> Reached | None:
    """How far the peer of a socket has come. None where the system does not say: all but TCP on Linux 4.6 and later."""
    if _INFO is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        info: bytes = sock.getsockopt(socket.IPPROTO_TCP, _INFO, _UNSENT.stop)
    except OSError:
        return None
    if len(info) < _UNSENT.stop:
        return None
    return Reached(int.from_bytes(info[_ACKNOWLEDGED], sys.byteorder), int.from_bytes(info[_UNSENT], sys.byteorder))


class Patience:
    """How long the deadlines of a connection wait for a peer that reads slowly. Times are in milliseconds.

    While something waits for the peer and it comes on, they all wait: the engine cannot be told of progress with what
    was reported as written before, and a ping that waits behind it cannot be answered. It ends ``write_timeout`` after
    the peer was seen to come on, so that one which stops is ended within twice that time. A closing handshake has its
    time all the same.
    """

    __slots__ = ("_mark", "_until")
    _mark: int | None
    _until: int

    def __init__(self) -> None:
        self._mark, self._until = None, 0

    def holds(self, session: Session, settings: Settings, now: int, reached: Reached | None) -> bool:
        """Whether a deadline that has come must wait."""
        if reached is None or reached.unsent == 0 or session.connection.state is not State.OPEN:
            return False
        if reached.mark != self._mark:
            patience: Any = settings.engine.get("write_timeout") or OPTIONS["write_timeout"].default
            self._mark, self._until = reached.mark, now + patience
        return now < self._until

    def postponed(self, session: Session, due: int) -> int:
        """When to look at a deadline."""
        return max(due, self._until) if session.connection.state is State.OPEN else due


def patience_of(
    patience: Patience | None, session: Session, settings: Settings, now: int, measure: Callable[[], Reached | None]
) -> Patience | None:
    """The patience by which a deadline that has come must wait; None if it need not. There may have been one before."""
    due = session.next_deadline
    if due is None or due > now:
        return patience
    patience = patience or Patience()
    return patience if patience.holds(session, settings, now, measure()) else None
