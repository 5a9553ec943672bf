"""The host of a session over a Curio socket: a task that reads, and one that writes and keeps time."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import Any

import curio
from curio.traps import _future_wait

from .._connection import Connection
from .._enums import Transport
from .._progress import Patience, patience_of, reached_by
from .._session import Session
from .._settings import Settings
from .._websocket import WebSocket as _WebSocket

__all__ = ["SocketHost", "WebSocket"]

_PIECE = 64 * 1024


async def spawn(steps: Callable[[], Awaitable[None]]) -> Any:
    """Starts a task that can be cancelled.

    Curio keeps the task that it has woken last, and a task keeps the last answer of the kernel. If that were an
    exception, its traceback would keep the session.
    """
    return await curio.spawn(_until_cancelled, steps, daemon=True)


async def _until_cancelled(steps: Callable[[], Awaitable[None]]) -> None:
    with suppress(curio.CancelledError):
        await steps()
    await curio.clock()


class WebSocket(_WebSocket):
    """A connection over Curio. ``connect`` yields one, and ``serve`` passes one to its handler."""

    def __init__(self, session: Session, sock: Any) -> None:
        super().__init__(session)
        self._addresses = sock.getsockname(), sock.getpeername()

    @property
    def local_address(self) -> Any:
        """The address of our end, as the socket has it."""
        return self._addresses[0]

    @property
    def remote_address(self) -> Any:
        """The address of the peer's end, as the socket has it."""
        return self._addresses[1]


class SocketHost:
    """Drives a session.

    Curio's own events are set by coroutines only. A future is what it has for all else that ends a wait.
    """

    def __init__(self, connection: Connection, settings: Settings, sock: Any) -> None:
        self.session = Session(
            connection, self, settings.max_queue, settings.parts, close_timeout=settings.close_timeout
        )
        self.settings, self.sock = settings, sock
        self.patience: Patience | None = None
        self.websocket = WebSocket(self.session, sock)
        self.waiters: set[Future[None]] = set()
        self.is_reading = True
        self.due: int | None = None

    task: Any
    writer: Any

    async def start(self) -> None:
        """Starts to drive."""
        self.task = await spawn(self.run)

    async def abort(self) -> None:
        """Ends the connection at once."""
        await self.task.cancel()

    # What the session asks for

    def changed(self) -> None:
        """Lets all tasks look again."""
        waiters, self.waiters = self.waiters, set()
        for waiter in waiters:
            self.wake(waiter)

    sent = changed

    def new_waiter(self) -> Future[None]:
        """A future ends a wait."""
        return Future()

    def wake(self, waiter: Future[None]) -> None:
        """Ends a wait."""
        if not waiter.done():
            waiter.set_result(None)

    def wait(self, waiter: Future[None]) -> Awaitable[None]:
        """Waits."""
        return _future_wait(waiter)  # type: ignore[no-any-return]

    # What a host does

    async def run(self) -> None:
        """Drives the session until its transport is closed."""
        self.writer = await spawn(self.write)
        others = [await spawn(each) for each in (self.read, self.keep_time)]
        try:
            await self.writer.wait()
        finally:
            async with curio.disable_cancellation():
                for task in (self.writer, *others):
                    await task.cancel()
                self.end()
                await self.sock.close()
                self.session.lost()

    def end(self) -> None:
        """Tells the peer that TLS ends, if there is room for that."""
        if isinstance(self.sock._socket, ssl.SSLSocket):
            with suppress(OSError, ValueError):
                self.sock._socket.unwrap()

    async def read(self) -> None:
        """Reads, while the session lets it."""
        session, is_ended = self.session, False
        while not is_ended:
            while not session.may_read:
                if self.is_reading:
                    self.is_reading = False
                    session.pause()
                await self.until_change()
            if not self.is_reading:
                self.is_reading = True
                session.resume()
            try:
                data = await self.sock.recv(_PIECE)
            except OSError:
                data = b""
            is_ended = not data
            session.receive_eof() if is_ended else session.receive(data)
            self.changed()

    async def keep_time(self) -> None:
        """Tells the engine when its deadline has come, and ends a writer that nothing is left for."""
        session = self.session
        while session.transport is not Transport.CLOSE or session.connection.pending_output:
            self.due = due = session.next_deadline
            if due is None:
                await self.until_change()
                continue
            if self.patience is not None:
                due = self.patience.postponed(session, due)
            await curio.ignore_after(max(0.0, due / 1000 - monotonic()), self.until_change)
            if due / 1000 <= monotonic():
                self.keep_patience()
                if self.patience is None:
                    session.timeout()
                    self.changed()
        await self.writer.cancel()

    def keep_patience(self) -> None:
        """Looks at a peer that may read slowly."""
        now = int(monotonic() * 1000)
        self.patience = patience_of(self.patience, self.session, self.settings, now, lambda: reached_by(self.sock))

    async def write(self) -> None:
        """Writes the output, until the transport is to be closed."""
        session, connection, is_shut_down = self.session, self.session.connection, False
        while True:
            output = connection.output(_PIECE)
            if output:
                await self.write_some(output)
            elif session.transport is Transport.CLOSE:
                return
            elif session.transport is Transport.SHUTDOWN_WRITE and not is_shut_down:
                is_shut_down = True
                if not await self.shut_down_writing():
                    return
            else:
                await self.until_change()

    async def write_some(self, output: bytes) -> None:
        """Writes as much as the socket takes."""
        session, connection = self.session, self.session.connection
        try:
            written = await self.sock.send(output)
        except OSError:
            session.receive_eof()
            written = connection.pending_output
        # A fault may have dropped the rest.
        connection.written(min(written, connection.pending_output))
        session.wrote()
        if session.next_deadline != self.due:
            # What has been written may start a deadline.
            self.changed()

    async def shut_down_writing(self) -> bool:
        """Ends our stream. Returns whether the peer's can still be read: TLS knows no half."""
        if isinstance(self.sock._socket, ssl.SSLSocket):
            return False
        with suppress(OSError):
            await self.sock.shutdown(socket.SHUT_WR)
        return True

    async def until_change(self) -> None:
        """Waits until something has changed."""
        waiter = self.new_waiter()
        self.waiters.add(waiter)
        try:
            await self.wait(waiter)
        finally:
            self.waiters.discard(waiter)
