"""What a relay has passed on: kept as it was, and inspected when somebody looks."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Callable, NamedTuple, Union

from .._errors import SansockError, check
from ..inspect import Inspector, Side, _library
from ..inspect._inspector import _JSON

__all__ = ["CLIENT", "SERVER", "Watch"]

CLIENT, SERVER = 0, 1
_KEPT = 4 << 20
"""How much is kept for those who look later, in bytes."""
_READ = 200
"""What a read takes beside its bytes."""
_SPARE = 1 << 20
"""How much more may be kept before what is oldest is passed over, in bytes."""
_TURN_READS = 512
"""How many reads are inspected before the connections have their turn."""
_DELAY = 0.005
"""How long what has been seen may wait to be looked at with what comes next, in seconds."""
_SLICE = 64 * 1024
"""How many bytes are inspected before the entries are taken: those of tiny frames are hundreds of times as large."""
_TURN = 0.004
"""How long is inspected before the connections have their turn, in seconds."""
_SHARE = 0.02
"""How much of the time looking may take."""
_SAVED = 0.1
"""How much of it is saved up at most, for what comes in a burst, in seconds."""
_ENOUGH = 0.02
"""How much there must be before looking goes on once all is spent, so that what is shown hangs together, in seconds."""
_WAIT = 0.05
"""How long is waited for time to look, in seconds."""
_SIDES: tuple[Side, Side] = ("client", "server")


class _Begun(NamedTuple):
    """A connection begins, between these addresses."""

    client: str
    server: str


_What = Union[bytes, _Begun, None]
"""Bytes that an end has sent; None: it has ended its stream."""


class _Budget:
    """What looking may cost those who are looked at: a small share of the time."""

    def __init__(self, now: float) -> None:
        self.left, self.last, self.is_spent = _SAVED, now, False

    def allows(self, now: float) -> bool:
        """Whether somebody may look."""
        self.left = min(_SAVED, self.left + (now - self.last) * _SHARE)
        self.last = now
        self.is_spent = self.left < (_ENOUGH if self.is_spent else 0)
        return not self.is_spent


class Watch:
    """Keeps what has been passed on for as long as nobody looks, and inspects it when somebody does.

    What is kept is bounded. What is older is passed over: the inspector follows it, and tells no messages of it. So is
    what does not fit in the time that looking may take, unless somebody wants to see all: then that is waited for.

    Args:
        preview: How many bytes of each payload an entry carries.
        lines: Whether lines for people are wanted as well as lines of JSON.
        show: Called with what has been seen: lines of JSON, and the same for people, in UTF-8.
        complain: Called when nothing more can be inspected.
        kept: How much is kept for those who look later, in bytes.
    """

    def __init__(
        self,
        preview: int,
        *,
        lines: bool,
        show: Callable[[bytes, bytes], None],
        complain: Callable[[str], None],
        kept: int = _KEPT,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.inspector: Inspector | None = Inspector(preview=preview)
        self.lines, self.show, self.complain, self.kept = lines, show, complain, kept
        self.now, self.start = self.loop.time, self.loop.time()
        self.connections = self.lookers = self.complete = self.size = self.fed = 0
        self.budget = _Budget(self.start)
        self.seen: deque[tuple[int, int, _What, float]] = deque()
        self.handle: asyncio.Handle | None = None
        self.has_skipped = False

    def begin(self, client: str, server: str) -> int:
        """A connection begins. Returns its number."""
        self.connections += 1
        self.see(self.connections, CLIENT, _Begun(client, server))
        return self.connections

    def see(self, number: int, side: int, what: _What) -> None:
        """Keeps what an end has sent, or that it has ended."""
        if self.inspector is None:
            return
        now = self.now()
        self.seen.append((number, side, what, now))
        self.size += _READ + len(what) if isinstance(what, bytes) else _READ
        is_looking = self.is_looking(now)
        while is_looking and self.size > self.kept:
            # More comes than is inspected, so that has to wait.
            self.look()
            is_looking = self.is_looking(self.now())
        if self.size > self.kept + _SPARE:
            self.skip()
        elif is_looking and self.handle is None:
            self.handle = self.loop.call_later(_DELAY, self.turn)

    def watch(self, *, everything: bool) -> None:
        """Somebody looks, until ``unwatch`` is called as often: at everything, or at what there is time for."""
        self.lookers += 1
        self.complete += everything
        if self.lookers == 1 or everything:
            self.turn()

    def unwatch(self, *, everything: bool) -> None:
        """One of those looks no more."""
        self.lookers -= 1
        self.complete -= everything

    def finish(self) -> None:
        """Inspects all that there is, if somebody looks."""
        while self.seen and self.lookers and self.inspector is not None:
            self.look()

    def is_looking(self, now: float) -> bool:
        """Whether somebody looks, and there is time for that."""
        return self.lookers > 0 and (self.complete > 0 or self.budget.allows(now))

    def turn(self) -> None:
        """Inspects some of what has been seen, and has the rest inspected soon."""
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None
        end = monotonic() + _TURN
        while self.is_looking(self.now()):
            self.look()
            if not self.seen:
                return
            if monotonic() >= end:
                self.handle = self.loop.call_soon(self.turn)
                return
        if self.lookers:
            self.handle = self.loop.call_later(_WAIT, self.turn)

    def look(self) -> None:
        """Inspects a slice of what has been seen, and shows it."""
        start = self.now()
        if self.has_skipped and self.inspector is not None:
            self.inspector.tell_skipped(now=start - self.start)
        self.has_skipped = False
        self.inspect(self.feed, max(0, self.size - _SLICE))
        if not self.complete:
            self.budget.left -= self.now() - start

    def skip(self) -> None:
        """Passes over what is oldest."""
        self.has_skipped = True
        self.inspect(self.pass_over, self.kept)

    def inspect(self, read: Callable[[Inspector, int, int, bytes, int], None], limit: int) -> None:
        """Inspects what is oldest until so much is left, or for one turn."""
        inspector, seen, start = self.inspector, self.seen, self.start
        if inspector is None:
            return
        try:
            for _ in range(_TURN_READS):
                if self.size <= limit:
                    break
                number, side, what, now = seen.popleft()
                self.size -= _READ
                if isinstance(what, bytes):
                    self.size -= len(what)
                    read(inspector, number, side, what, int((now - start) * 1_000_000))
                    continue
                if what is None:
                    inspector.end(number, _SIDES[side], now=now - start)
                else:
                    inspector.begin(what.client, what.server, now=now - start)
                self.take(inspector)
            if self.fed:
                self.take(inspector)
        except SansockError as error:
            # What is passed on is worth more than what is seen of it.
            self.inspector = None
            self.seen.clear()
            self.size = 0
            self.complain(f"nothing more is shown: {error}")

    def feed(self, inspector: Inspector, number: int, side: int, data: bytes, time: int) -> None:
        """Reads what somebody looks at."""
        for at in range(0, len(data), _SLICE):
            piece = data[at : at + _SLICE]
            check(_library.feed(inspector._handle, number, side, piece, len(piece), time))
            self.fed += len(piece)
            if self.fed >= _SLICE:
                self.take(inspector)

    def pass_over(self, inspector: Inspector, number: int, side: int, data: bytes, time: int) -> None:
        """Reads what nobody looks at, and of it shows what is more than data."""
        while status := _library.skip(inspector._handle, number, side, data, len(data), time):
            check(min(status, 0))
            self.take(inspector)
            if status == 1:
                break
            data = data[1 - status :]

    def take(self, inspector: Inspector) -> None:
        """Shows what has been found."""
        self.fed = 0
        if self.lines:
            for json_lines, lines in inspector._both():
                self.show(json_lines, lines)
        else:
            for json_lines in inspector._pieces(_JSON):
                self.show(json_lines, b"")
