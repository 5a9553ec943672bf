"""Progress of what is written: who reads slowly, but steadily, is not to be taken for one who does not read.

The engine ends a connection if none of its output is reported as written for ``write_timeout``. Two buffers can hide
from an adapter that bytes leave all the time. That of the system: Linux lets more be written when a third of it is
free, which may be a megabyte and more. And that of a transport which takes all that it is given, such as those of
asyncio. Trio limits the former by itself, and has none of the latter.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from typing import Any, Callable

from ._connection import Connection
from ._enums import State
from ._numbers import OPTIONS
from ._settings import Settings

__all__ = ["Backlog", "acknowledged", "limit_unsent"]

UNSENT = 64 * 1024
"""How many bytes the system is to keep that are not sent yet. Less costs fast readers wake-ups, more slow ones time."""
_LIMIT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", 0x201 if sys.platform == "darwin" else None)
_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_ACKNOWLEDGED = slice(120, 128)
"""Where struct tcp_info of Linux has the number of bytes that the peer has acknowledged."""


def limit_unsent(sock: Any) -> None:
    """Has the system take more to be written whenever it has little left to send, if it is a socket of TCP.

    Where that cannot be set, as on Windows, nothing happens.
    """
    if _LIMIT is not None and sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, _LIMIT, UNSENT)


def acknowledged(sock: Any) -> int | None:
    """How many bytes the peer has acknowledged. None where the system does not say: other systems than Linux."""
    if _INFO is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        count: bytes = sock.getsockopt(socket.IPPROTO_TCP, _INFO, _ACKNOWLEDGED.stop)[_ACKNOWLEDGED]
    except OSError:
        return None
    return int.from_bytes(count, sys.byteorder) if len(count) == 8 else None


class Backlog:
    """What a transport with a full buffer has still to write. While that becomes less, deadlines wait.

    The engine cannot know of it: what the transport holds was reported as written, and what waits behind it cannot be
    reported. Nor can a peer answer a ping that waits behind it. So only ``write_timeout`` counts, from when something
    was written last. A closing handshake has its time all the same. Times are in milliseconds.
    """

    __slots__ = ("_measure", "_patience", "_seen", "_until")
    _until: int

    def __init__(self, measure: Callable[[], int], settings: Settings, now: int) -> None:
        """Args: tells how far the transport has come, and never goes back; the options; the time."""
        self._measure, self._seen = measure, measure()
        patience: Any = settings.engine.get("write_timeout") or OPTIONS["write_timeout"].default
        self._patience: int = patience
        self._until = now + self._patience

    def holds(self, connection: Connection, now: int) -> bool:
        """Whether a deadline that has come must wait."""
        if connection.state is not State.OPEN:
            return False
        reached = self._measure()
        if reached > self._seen:
            self._seen, self._until = reached, now + self._patience
        return now < self._until

    def postponed(self, connection: Connection, due: int) -> int:
        """When to look at a deadline."""
        return max(due, self._until) if connection.state is State.OPEN else due
