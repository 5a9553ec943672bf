"""The host of a session over a Trio stream: a task that reads, one that writes, and one that keeps time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import trio

from .._connection import Connection
from .._enums import Transport
from .._session import Session
from .._settings import Settings
from .._websocket import WebSocket as _WebSocket

__all__ = ["StreamHost", "WebSocket", "alone", "milliseconds"]

_PIECE = 64 * 1024


def milliseconds() -> int:
    """Trio's time, as the engine takes it. It is simulated where Trio's is."""
    return int(trio.current_time() * 1000)


@asynccontextmanager
async def alone() -> AsyncIterator[None]:
    """Lets an exception of the block out of the groups of the nurseries in it, if it is the only one."""
    try:
        yield
    except BaseException as error:
        only: Any = error
        while len(getattr(only, "exceptions", ())) == 1:
            only = only.exceptions[0]
        if only is error:
            raise
        raise only from None


class WebSocket(_WebSocket):
    """A connection over Trio. ``connect`` yields one, and ``serve`` passes one to its handler."""

    def __init__(self, session: Session, stream: trio.abc.Stream) -> None:
        super().__init__(session)
        sock = getattr(getattr(stream, "transport_stream", stream), "socket", None)
        self._addresses = (sock.getsockname(), sock.getpeername()) if sock is not None else (None, None)

    @property
    def local_address(self) -> Any:
        """The address of our end, as the socket has it."""
        return self._addresses[0]

    @property
    def remote_address(self) -> Any:
        """The address of the peer's end, as the socket has it."""
        return self._addresses[1]


class StreamHost:
    """Drives a session."""

    def __init__(self, connection: Connection, settings: Settings, stream: trio.abc.Stream) -> None:
        self.session = Session(
            connection, self, settings.max_queue, settings.parts, milliseconds, settings.close_timeout
        )
        self.websocket = WebSocket(self.session, stream)
        self.stream = stream
        self.change = trio.Event()
        self.is_reading = True
        self.due: int | None = None
        self.writing = trio.CancelScope()

    # What the session asks for

    def changed(self) -> None:
        """Lets all tasks look again."""
        self.change.set()
        self.change = trio.Event()

    sent = changed

    def new_waiter(self) -> trio.Event:
        """An event ends a wait."""
        return trio.Event()

    def wake(self, waiter: trio.Event) -> None:
        """Ends a wait."""
        waiter.set()

    def wait(self, waiter: trio.Event) -> Awaitable[None]:
        """Waits."""
        return waiter.wait()

    # What a host does

    async def run(self) -> None:
        """Drives the session until its transport is closed."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.read)
                nursery.start_soon(self.keep_time)
                with self.writing:
                    await self.write()
                nursery.cancel_scope.cancel()
        finally:
            with trio.move_on_after(0.1, shield=True):
                await self.stream.aclose()
            self.session.lost()

    async def read(self) -> None:
        """Reads, while the session lets it."""
        session, is_ended = self.session, False
        while not is_ended:
            while not session.may_read:
                if self.is_reading:
                    self.is_reading = False
                    session.pause()
                await self.change.wait()
            if not self.is_reading:
                self.is_reading = True
                session.resume()
            try:
                data = await self.stream.receive_some(_PIECE)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                data = b""
            is_ended = not data
            session.receive_eof() if is_ended else session.receive(data)
            self.changed()

    async def keep_time(self) -> None:
        """Tells the engine when its deadline has come, and ends a writer that nothing is left for."""
        session = self.session
        while session.transport is not Transport.CLOSE or session.connection.pending_output:
            self.due = due = session.next_deadline
            with trio.move_on_at(float("inf") if due is None else due / 1000):
                await self.change.wait()
                continue
            session.timeout()
            self.changed()
        self.writing.cancel()

    async def write(self) -> None:
        """Writes the output, until the transport is to be closed."""
        session, connection = self.session, self.session.connection
        try:
            while True:
                output = connection.output(_PIECE)
                if output:
                    await self.stream.send_all(output)
                    # A fault may have dropped the rest.
                    connection.written(min(len(output), connection.pending_output))
                    session.wrote()
                    if session.next_deadline != self.due:
                        # What has been written may start a deadline.
                        self.changed()
                    continue
                if session.transport is Transport.CLOSE:
                    return
                if session.transport is Transport.SHUTDOWN_WRITE:
                    if not isinstance(self.stream, trio.abc.HalfCloseableStream):
                        return
                    await self.stream.send_eof()
                    await self.until_close()
                    return
                await self.change.wait()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            session.receive_eof()

    async def until_close(self) -> None:
        """Waits until the engine says that the transport is to be closed."""
        while self.session.transport is not Transport.CLOSE:
            await self.change.wait()
