"""Drives a Sansock connection over an asyncio transport: all that a host does, for clients and servers."""

from __future__ import annotations

import asyncio
from typing import cast

from sansock import Connection, Event, Transport

# What a peer has, once we have closed, to read what it is still sent.
LINGER_SECONDS = 10


class WebSocketProtocol(asyncio.BufferedProtocol):
    """One connection. A subclass handles its events, and calls ``drive`` after any call on the connection."""

    transport: asyncio.Transport

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.loop = asyncio.get_running_loop()
        self.may_write = True
        self.deadline: int | None = None
        self.timer: asyncio.TimerHandle | None = None

    def handle(self, event: Event) -> None:
        """Handles one event."""
        raise NotImplementedError

    def drive(self, events: list[Event]) -> None:
        """Does what a host does after any call: handle events, write, set the timer, obey the transport."""
        self.handle_all(events)
        if self.transport.is_closing():
            return
        self.write()
        self.regulate()
        self.set_timer()
        if self.connection.transport is Transport.CLOSE:
            self.close()
        elif self.connection.transport is Transport.SHUTDOWN_WRITE and not self.connection.pending_output:
            self.shut_down_writing()

    def handle_all(self, events: list[Event]) -> None:
        """Handles these events, and those that wait behind them."""
        for event in events:
            self.handle(event)
        while self.connection.more:
            for event in self.connection.timeout():
                self.handle(event)

    def write(self) -> None:
        """Writes the output, unless asyncio's buffer is full."""
        if self.may_write or self.connection.transport is Transport.CLOSE:
            output = self.connection.take_output()
            if output:
                self.transport.write(output)

    def may_read(self) -> bool:
        """Whether to read: not from a peer that does not read. Output that waits in the engine shows it."""
        return self.connection.writable

    def regulate(self) -> None:
        """Stops and goes on reading."""
        if self.transport.is_closing() or self.may_read() == self.transport.is_reading():
            return
        if self.transport.is_reading():
            self.transport.pause_reading()
            self.connection.pause()
        else:
            self.transport.resume_reading()
            self.connection.resume()

    def set_timer(self) -> None:
        """Follows the engine's deadline. The clocks are the same; theirs counts seconds, ours milliseconds."""
        if self.deadline == self.connection.next_deadline:
            return
        self.stop_timer()
        self.deadline = self.connection.next_deadline
        if self.deadline is not None:
            self.timer = self.loop.call_at(self.deadline / 1000, self.time_is_up)

    def stop_timer(self) -> None:
        """Forgets the deadline."""
        if self.timer:
            self.timer.cancel()
        self.deadline = self.timer = None

    def time_is_up(self) -> None:
        """Tells the engine."""
        self.deadline = self.timer = None
        self.drive(self.connection.timeout())

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
        """Closes behind all that was written; a peer that does not read it is not waited for without end."""
        self.stop_timer()
        self.transport.close()
        self.timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there. A client's request is in the output."""
        self.transport = cast(asyncio.Transport, transport)
        self.drive([])

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to: asyncio fills it and reports it without a pause, so all connections may share it."""
        return self.connection.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """That many bytes were read."""
        self.drive(self.connection.receive_read_buffer(nbytes))

    def eof_received(self) -> bool:
        """The peer has ended its stream. True: the engine says when to close, not asyncio (which can, but for TLS)."""
        self.drive(self.connection.receive_eof())
        return self.transport.can_write_eof()

    def pause_writing(self) -> None:
        """The buffer of asyncio is full."""
        self.may_write = False

    def resume_writing(self) -> None:
        """The buffer of asyncio has room again."""
        self.may_write = True
        self.drive([])

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        self.stop_timer()
        self.handle_all(self.connection.receive_eof())
        self.connection.free()
