"""Passes the bytes of connections on unchanged, in both directions, and inspects them behind that.

TLS of asyncio knows no half: where the server is reached by TLS, the end of the client's stream ends the connection
some time later, unless the server does.
"""

from __future__ import annotations

import asyncio
from ssl import SSLContext
from typing import Any, Callable, NamedTuple, cast

from .. import SansockError, Url
from ..inspect import Inspector, Side

__all__ = ["Relay", "Target", "authority"]

_DELAY = 0.005
"""How long what has been seen may wait to be looked at with what comes next, in seconds."""
_MOST = 256 * 1024
"""How many bytes may."""
_SLICE = 64 * 1024
"""How many bytes are looked at before the entries are taken: those of tiny frames are hundreds of times as large."""
_BUFFER = 256 * 1024
"""How much is read at once, in bytes."""
_LINGER = 10
"""How long a server with TLS may go on sending when its client has ended, in seconds."""


class Target(NamedTuple):
    """Where connections are passed on to."""

    url: Url
    tls: SSLContext | None


class _Seen(NamedTuple):
    """What one end has sent; None: it has ended its stream."""

    number: int
    side: Side
    data: bytes | None
    now: float


class _End(asyncio.BufferedProtocol):
    """One end of a connection: what it sends goes to the other."""

    other: _End
    transport: asyncio.Transport
    number = 0

    def __init__(self, relay: Relay, side: Side) -> None:
        self.relay, self.side = relay, side
        self.is_connected = self.has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.is_connected = True
        self.relay.ends.add(self)

    def abort(self) -> None:
        """Ends it at once, and the other with it."""
        for end in (self, self.other):
            end.has_ended = True
            if end.is_connected:
                end.transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to: asyncio fills it and reports it without a pause, so all ends share it."""
        return self.relay.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """A copy costs less than a fresh buffer for each read, which is then made smaller."""
        data, transport = bytes(self.relay.buffer[:nbytes]), self.other.transport
        if not transport.is_closing():
            transport.write(data)
        self.relay.see(self.number, self.side, data)

    def eof_received(self) -> bool:
        """An end that has said all may still listen."""
        self.has_ended = True
        self.relay.see(self.number, self.side, None)
        other = self.other
        if other.has_ended:
            self.transport.close()
            other.transport.close()
        elif other.transport.can_write_eof():
            other.transport.write_eof()
        else:
            self.relay.loop.call_later(_LINGER, other.transport.close)
        return self.transport.can_write_eof()

    def pause_writing(self) -> None:
        """It does not read what it is sent: so the other is not read."""
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """An end that fails takes the other with it, with what is on the way to it."""
        self.relay.ends.discard(self)
        if exc is not None:
            self.other.abort()
        elif not self.has_ended:
            # TCP has ended without a word of TLS.
            self.eof_received()


class _Client(_End):
    """The end that a connection begins with."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay, "client")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is not read before there is a server."""
        super().connection_made(transport)
        # Not at once: some versions of asyncio begin to read behind this call, paused or not.
        self.relay.loop.call_soon(self.transport.pause_reading)
        self.relay.connect(self)


class Relay:
    """A server that passes connections on.

    Args:
        target: Where to.
        preview: How many bytes of each payload an entry carries.
        show: Called with what has been seen, soon after it has been passed on: lines of JSON, and the same
            for people, in UTF-8.
        complain: Called with what is wrong and ends no connection but one.
    """

    server: asyncio.AbstractServer

    def __init__(
        self, target: Target, preview: int, show: Callable[[bytes, bytes], None], complain: Callable[[str], None]
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.target = target
        self.inspector: Inspector | None = Inspector(preview=preview)
        self.show, self.complain = show, complain
        self.start = self.loop.time()
        self.ends: set[_End] = set()
        self.connecting: set[asyncio.Task[None]] = set()
        self.buffer = memoryview(bytearray(_BUFFER))
        self.seen: list[_Seen] = []
        self.size = 0
        self.timer: asyncio.TimerHandle | None = None

    async def listen(self, host: str, port: int) -> str:
        """Listens for clients, and says where, as a URL."""
        self.server = await self.loop.create_server(lambda: _Client(self), host, port)
        return f"ws://{authority(self.server.sockets[0].getsockname())}"

    async def close(self) -> None:
        """Listens no longer, and cuts all connections."""
        self.server.close()
        for task in list(self.connecting):
            task.cancel()
        for end in list(self.ends):
            end.abort()
        # Transports report their end in the next round of the loop.
        await asyncio.sleep(0)
        self.look()

    def connect(self, client: _End) -> None:
        """Connects a client to a server of its own."""
        server = _End(self, "server")
        server.other, client.other = client, server
        # What has been seen before is shown before.
        self.look()
        if self.inspector is not None:
            peer, url = client.transport.get_extra_info("peername"), self.target.url
            ends, now = (authority(peer), authority((url.host, url.port))), self.loop.time() - self.start
            client.number = server.number = self.inspector.begin(*ends, now=now)
            self.set_timer()
        task = self.loop.create_task(self.reach(server))
        self.connecting.add(task)
        task.add_done_callback(self.connecting.discard)

    async def reach(self, server: _End) -> None:
        """Connects to the server, and has both ends pass on."""
        (url, tls), client = self.target, server.other
        try:
            await self.loop.create_connection(lambda: server, url.host, url.port, ssl=tls)
        except (OSError, UnicodeError) as error:
            client.abort()
            self.complain(f"connection {client.number}: {error}")
            return
        if client.has_ended:
            server.abort()
        else:
            client.transport.resume_reading()

    def see(self, number: int, side: Side, data: bytes | None) -> None:
        """Remembers what is on its way, to look at it later."""
        if self.inspector is None:
            return
        self.seen.append(_Seen(number, side, data, self.loop.time() - self.start))
        self.size += len(data or b"")
        if self.size >= _MOST:
            self.look()
        elif self.timer is None:
            self.set_timer()

    def set_timer(self) -> None:
        """Has what has been seen looked at soon."""
        if self.timer is None:
            self.timer = self.loop.call_later(_DELAY, self.look)

    def look(self) -> None:
        """Looks at what has been seen, and shows it."""
        if self.timer is not None:
            self.timer.cancel()
        seen, self.seen, self.size, self.timer = self.seen, [], 0, None
        inspector = self.inspector
        if inspector is None:
            return
        try:
            fed = 0
            for number, side, data, now in seen:
                if data is None:
                    inspector.end(number, side, now=now)
                    continue
                for start in range(0, len(data), _SLICE):
                    piece = data[start : start + _SLICE]
                    inspector.feed(number, side, piece, now=now)
                    fed += len(piece)
                    if fed >= _SLICE:
                        fed = 0
                        self.take(inspector)
            self.take(inspector)
        except SansockError as error:
            # What is passed on is worth more than what is seen of it.
            self.inspector = None
            self.complain(f"nothing more is shown: {error}")

    def take(self, inspector: Inspector) -> None:
        """Shows what has been found."""
        for json_lines, lines in inspector._both():
            self.show(json_lines, lines)


def authority(address: Any) -> str:
    """Host and port as in a URL."""
    if not address:
        return ""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
