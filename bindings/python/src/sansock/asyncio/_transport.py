"""The host of a session over an asyncio transport: it reads, writes and waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Callable, cast

from .._connection import Connection
from .._enums import MessageKind, Transport
from .._numbers import OPTIONS
from .._progress import Patience, Reached, patience_of, reached_by
from .._session import Session
from .._settings import Settings
from .._websocket import WebSocket as _WebSocket

__all__ = ["Protocol", "WebSocket"]

_LASTING = frozenset({str, bytes})
"""What stays as it is while it waits to be written."""
_LARGE = 128 * 1024
"""The least length of a message whose payload is worth a write of its own."""


class WebSocket(_WebSocket):
    """A connection over asyncio. ``connect`` returns one, and ``serve`` passes one to its handler."""

    def __init__(self, session: Session, transport: asyncio.Transport) -> None:
        super().__init__(session)
        self.transport = transport

    @property
    def local_address(self) -> Any:
        """The address of our end, as the socket has it."""
        return self.transport.get_extra_info("sockname")

    @property
    def remote_address(self) -> Any:
        """The address of the peer's end, as the socket has it."""
        return self.transport.get_extra_info("peername")


class Protocol(asyncio.BufferedProtocol):
    """One connection: what asyncio calls, and what the session asks for."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    session: Session
    websocket: WebSocket
    session_class: type[Session] = Session
    settings: Settings
    linger: float
    may_write: bool
    patience: Patience | None = None
    is_reading: bool
    is_corked: bool
    new_waiter: Callable[[], asyncio.Future[Any]]
    read_buffer: memoryview

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.loop = asyncio.get_running_loop()
        self.session = self.session_class(
            connection, self, settings.max_queue, settings.parts, close_timeout=settings.close_timeout
        )
        self.settings, self.linger = settings, settings.close_timeout
        self.may_write = True
        self.is_reading = True
        self.is_corked = False
        self.due: int | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.new_waiter = self.loop.create_future
        self.read_buffer = connection.read_buffer
        self.largest: Any = settings.engine.get("output_hard_limit") or OPTIONS["output_hard_limit"].default

    # What the session asks for

    def changed(self) -> None:
        """Writes, and does all else that may have become necessary."""
        self.drive()

    def sent(self) -> None:
        """Writes, together with what is sent while the messages that have arrived are handled."""
        session = self.session
        if not session.messages:
            if self.may_write and not self.is_corked and not self.transport.is_closing():
                self.transport.write(session.connection.take_output())
                if session.has_senders:
                    session.wrote()
            else:
                self.write()
        elif not self.is_corked:
            self.is_corked = True
            self.loop.call_soon(self.uncork)

    def send_large(self, message: Any) -> bool:
        """Writes the payload of a large message from where it is, behind its header, which saves two copies of it.

        Returns False where it has not: the transport must take all that it is given, now and later as it was.
        """
        if message.__class__ not in _LASTING or not _LARGE <= len(message) <= self.largest:
            return False
        if not self.may_write or self.transport.is_closing():
            return False
        data, kind = (message.encode(), MessageKind.TEXT) if isinstance(message, str) else (message, MessageKind.BINARY)
        connection = self.session.connection
        connection.send_header(kind, len(data))
        self.transport.write(connection.take_output())
        self.transport.write(data)
        return True

    def wake(self, waiter: asyncio.Future[None]) -> None:
        """Ends a wait."""
        if not waiter.done():
            waiter.set_result(None)

    def wait(self, waiter: asyncio.Future[None]) -> Awaitable[None]:
        """A future is waited for as it is."""
        return waiter

    # What a host does

    def drive(self) -> None:
        """Writes the output, reads or does not, sets the timer, obeys the transport instruction."""
        session = self.session
        if self.transport.is_closing():
            return
        if session.connection.pending_output:
            self.write()
        may_read = session.may_read
        if may_read is not self.is_reading:
            self.regulate(may_read)
        self.follow_deadline()
        instruction = session.transport
        if instruction is Transport.OPEN:
            pass
        elif instruction is Transport.CLOSE:
            self.close()
        elif not session.connection.pending_output:
            self.shut_down_writing()

    def write(self) -> None:
        """Writes the output, unless asyncio's buffer is full."""
        self.is_corked = False
        session = self.session
        connection = session.connection
        if (self.may_write or connection.transport is Transport.CLOSE) and not self.transport.is_closing():
            output = connection.take_output()
            if output:
                self.transport.write(output)
            if session.has_senders:
                session.wrote()
        elif not self.may_write:
            # What waits to be written has a deadline.
            self.follow_deadline()

    def follow_deadline(self) -> None:
        """Sets the timer to the engine's deadline."""
        due = self.session.next_deadline
        # A deadline that has moved on is looked at when the timer for the old one comes.
        if due is not None and (self.due is None or due < self.due):
            self.set_timer(due)

    def uncork(self) -> None:
        """Writes what was sent meanwhile."""
        if self.is_corked:
            self.write()

    def regulate(self, may_read: bool) -> None:
        """Stops or goes on reading."""
        self.is_reading = may_read
        if may_read:
            self.transport.resume_reading()
            self.session.resume()
        else:
            self.transport.pause_reading()
            self.session.pause()

    def set_timer(self, due: int) -> None:
        """Follows the engine's deadline. The clocks are the same; theirs counts seconds, ours milliseconds."""
        if self.patience is not None:
            due = self.patience.postponed(self.session, due)
            if due == self.due:
                return
        if self.timer:
            self.timer.cancel()
        self.due, self.timer = due, self.loop.call_at(due / 1000, self.time_is_up)

    def time_is_up(self) -> None:
        """Tells the engine, unless the deadline has moved on, or the peer reads slowly."""
        self.due = self.timer = None
        now = int(self.loop.time() * 1000)
        self.patience = patience_of(self.patience, self.session, self.settings, now, self.reached)
        if self.patience is None:
            self.session.timeout()
        self.drive()

    def reached(self) -> Reached | None:
        """How far the peer has come: by the system, or else by the buffer of the transport."""
        reached = reached_by(self.transport.get_extra_info("socket"))
        if reached is None:
            size = self.transport.get_write_buffer_size()
            reached = Reached(size, size)
        return reached

    def shut_down_writing(self) -> None:
        """Ends our stream, behind all that was written. The peer's is still read. TLS of asyncio knows no half."""
        if not self.transport.can_write_eof():
            self.close()
            return
        try:
            self.transport.write_eof()
        except OSError:
            self.transport.abort()

    def close(self) -> None:
        """Closes behind all that was written, for which the peer has ``close_timeout`` again."""
        if self.timer:
            self.timer.cancel()
        self.transport.close()
        self.timer = self.loop.call_later(self.linger, self.transport.abort)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there. A client's request is in the output."""
        self.transport = cast(asyncio.Transport, transport)
        self.websocket = WebSocket(self.session, self.transport)
        self.drive()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to: asyncio fills it and reports it without a pause, so all connections may share it."""
        return self.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """That many bytes were read."""
        if not self.session.receive_messages(nbytes):
            self.drive()

    def eof_received(self) -> bool:
        """The peer has ended its stream. True: the engine says when to close, not asyncio (which can, but for TLS)."""
        self.session.receive_eof()
        self.drive()
        return self.transport.can_write_eof()

    def pause_writing(self) -> None:
        """The buffer of asyncio is full."""
        self.may_write = False

    def resume_writing(self) -> None:
        """The buffer of asyncio has room again."""
        self.may_write = True
        # Who waits for room goes on, whether or not there is output.
        self.write()
        self.drive()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        if self.timer:
            self.timer.cancel()
        self.session.lost()
