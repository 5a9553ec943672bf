"""Passes the bytes of connections on unchanged, in both directions, and inspects them behind that.

TLS of asyncio knows no half: where the server is reached by TLS, the end of the client's stream ends the connection
some time later, unless the server does.
"""

from __future__ import annotations

import asyncio
from ssl import SSLContext
from typing import Any, Callable, NamedTuple, cast

from .. import Url
from .watching import CLIENT, SERVER, Watch

__all__ = ["Relay", "Target", "authority"]

_LARGE = 64 * 1024
"""A read of so many bytes is large, and the next one probably too: then up to 256 KiB are read at once."""
_LINGER = 10
"""How long a server with TLS may go on sending when its client has ended, in seconds."""
_PATIENCE = 8
"""After so many small reads they are small again."""


class Target(NamedTuple):
    """Where connections are passed on to."""

    url: Url
    tls: SSLContext | None


class _End(asyncio.Protocol):
    """One end of a connection: what it sends goes to the other."""

    other: _End
    transport: asyncio.Transport
    number = small_reads = 0

    def __init__(self, relay: Relay, side: int) -> None:
        self.relay, self.side = relay, side
        self.see = relay.watch.see
        self.is_connected = self.has_ended = False
        self.small = _Small(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.is_connected = True
        self.relay.ends.add(self)
        self.transport.set_protocol(self.small)

    def abort(self) -> None:
        """Ends it at once, and the other with it."""
        for end in (self, self.other):
            end.has_ended = True
            if end.is_connected:
                end.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Of large reads no copy is made: each has a buffer of its own, which is kept."""
        transport = self.other.transport
        if not transport.is_closing():
            transport.write(data)
        self.see(self.number, self.side, data)
        self.small_reads = self.small_reads + 1 if len(data) < _LARGE else 0
        if self.small_reads > _PATIENCE:
            self.small_reads = 0
            self.transport.set_protocol(self.small)

    def eof_received(self) -> bool:
        """An end that has said all may still listen."""
        self.has_ended = True
        self.see(self.number, self.side, None)
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


class _Small(asyncio.BufferedProtocol):
    """The same while reads are small: a copy costs less than a fresh buffer for each, which is then made smaller."""

    def __init__(self, end: _End) -> None:
        self.end, self.buffer = end, end.relay.buffer

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read to: asyncio fills it and reports it without a pause, so all ends share it."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        data, end = bytes(self.buffer[:nbytes]), self.end
        transport = end.other.transport
        if not transport.is_closing():
            transport.write(data)
        end.see(end.number, end.side, data)
        if nbytes == _LARGE:
            end.transport.set_protocol(end)

    def eof_received(self) -> bool:
        return self.end.eof_received()

    def pause_writing(self) -> None:
        self.end.pause_writing()

    def resume_writing(self) -> None:
        self.end.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end.connection_lost(exc)


class _Client(_End):
    """The end that a connection begins with."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay, CLIENT)

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
        watch: It keeps what has been passed on.
        complain: Called with what is wrong and ends no connection but one.
    """

    server: asyncio.AbstractServer

    def __init__(self, target: Target, watch: Watch, complain: Callable[[str], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.target, self.watch, self.complain = target, watch, complain
        self.ends: set[_End] = set()
        self.connecting: set[asyncio.Task[None]] = set()
        self.buffer = memoryview(bytearray(_LARGE))

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
        self.watch.finish()

    def connect(self, client: _End) -> None:
        """Connects a client to a server of its own."""
        server = _End(self, SERVER)
        server.other, client.other = client, server
        peer, url = client.transport.get_extra_info("peername"), self.target.url
        client.number = server.number = self.watch.begin(authority(peer), authority((url.host, url.port)))
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


def authority(address: Any) -> str:
    """Host and port as in a URL."""
    if not address:
        return ""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
