"""The half of a session in which its users wait: for a stage of the connection, for room, for a pong."""

from __future__ import annotations

from typing import Any

from ._events import Closed, Open, Pong, Request
from ._exceptions import closed_error
from ._host import Host

__all__ = ["Waiting"]


class Waiting:
    """Lists of those who wait. The attributes are those of the session."""

    __slots__ = (
        "_pings",
        "_room",
        "_state",
        "_turns",
        "closed",
        "host",
        "is_lost",
        "latency",
        "opened",
        "request",
    )
    host: Host
    request: Request | None
    opened: Open | None
    closed: Closed | None
    is_lost: bool
    latency: float
    _room: list[Any]
    _state: list[Any]
    _turns: list[Any]
    _pings: dict[bytes, list[Any]]

    async def until_request(self) -> Request | None:
        """Waits for the request that a server gets. None: there was no valid one."""
        while self.request is None and self.closed is None:
            await self._wait(self._state)
        return self.request

    async def until_open(self) -> Open | None:
        """Waits until the connection is open, or will not be: None."""
        while self.opened is None and self.closed is None:
            await self._wait(self._state)
        return self.opened

    async def until_closed(self) -> Closed | None:
        """Waits until the connection has ended."""
        while self.closed is None:
            await self._wait(self._state)
        return self.closed

    async def until_lost(self) -> None:
        """Waits until the transport is gone."""
        while not self.is_lost:
            await self._wait(self._state)

    async def pong_to(self, payload: bytes) -> None:
        """Waits for the pong with this payload, or a later one. Raises ConnectionClosed if none comes."""
        waiters = self._pings.setdefault(payload, [])
        try:
            await self._wait(waiters)
            if self.closed is not None and self._pings.get(payload) is waiters:
                raise closed_error(self.closed)
        finally:
            if not waiters:
                self._pings.pop(payload, None)

    def _on_pong(self, pong: Pong) -> None:
        if pong.round_trip_time is not None:
            self.latency = pong.round_trip_time / 1000
        if pong.payload in self._pings:
            # It answers the pings before its own as well (RFC 6455 section 5.5.3).
            for payload in list(self._pings):
                self._wake(self._pings.pop(payload))
                if payload == pong.payload:
                    break

    async def _wait(self, waiters: list[Any]) -> None:
        waiter = self.host.new_waiter()
        waiters.append(waiter)
        try:
            await self.host.wait(waiter)
        finally:
            if waiter in waiters:
                waiters.remove(waiter)

    def _wake(self, waiters: list[Any]) -> None:
        for waiter in waiters:
            self.host.wake(waiter)
        waiters.clear()
