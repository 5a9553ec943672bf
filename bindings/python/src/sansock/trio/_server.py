"""Serving with Trio."""

from __future__ import annotations

import signal
import ssl as tls
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Callable

import trio

from .._broadcasting import broadcast
from .._connection import Connection
from .._serving import check, end_connection, serve_connection
from .._settings import ServerSettings, Settings, describe, server_settings
from ._transport import StreamHost, WebSocket, alone, milliseconds

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Server", "broadcast", "open_server", "serve"]

Handler = Callable[[WebSocket], Awaitable[None]]


class Server:
    """A server that accepts connections.

    Attributes:
        listeners: What it listens on.
    """

    handler: Handler
    settings: Settings
    listeners: list[Any]

    def __init__(self, handler: Handler, settings: Settings, listeners: list[Any]) -> None:
        self.handler, self.settings, self.listeners = handler, settings, listeners
        self.hosts: set[StreamHost] = set()
        self._accepting = trio.CancelScope()

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are open, or being opened or closed."""
        return [host.websocket for host in self.hosts]

    async def serve(self, *, task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED) -> None:
        """Accepts connections until the server is closed, and waits for their handlers to end."""
        async with trio.open_nursery() as handlers:
            task_status.started(self)
            with self._accepting:
                await trio.serve_listeners(self._serve, self.listeners, handler_nursery=handlers)

    def close(self, code: int = 1001, reason: str = "") -> None:
        """Accepts no more, and closes all connections with this code. Next: ``serve`` ends when their handlers have.

        A request that has not been answered is refused with 503.
        """
        self._accepting.cancel()
        for host in list(self.hosts):
            end_connection(host.session, code, reason)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        host = StreamHost(Connection.server(now=milliseconds(), **self.settings.engine), self.settings, stream)
        self.hosts.add(host)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(host.run)
                await serve_connection(host.session, host.websocket, self.settings, self.handler)
        finally:
            self.hosts.discard(host)


@describe("server")
@asynccontextmanager
async def open_server(
    handler: Handler,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: tls.SSLContext | None = None,
    path: str | None = None,
    backlog: int = 100,
    **options: Unpack[ServerSettings],
) -> AsyncIterator[Server]:
    """Serves WebSocket connections in the background of a block, as an async context manager.

    The end of the block closes the server. The handler is an async function, which is called with each
    :class:`WebSocket`; when it returns, the connection is closed with 1000, and with 1011 if it fails.

    Raises:
        InvalidArgument: An option is not allowed.
        OSError: The address cannot be listened on.

    Args:
        handler: An async function that is given the connection.
        host: The address to listen on. Default: all of them.
        port: The port; 0 takes a free one.
        ssl: The TLS context of a server for ``wss:``. Default: no TLS.
        path: The path of a Unix socket to listen on instead.
        backlog: How many connections may wait to be accepted.
    """
    settings = server_settings(options, secure=ssl is not None)
    check(settings)
    listeners: list[Any] = await _listen(host, port, path, backlog)
    if ssl is not None:
        listeners = [trio.SSLListener(listener, ssl, https_compatible=True) for listener in listeners]
    server = Server(handler, settings, listeners)
    async with alone(), trio.open_nursery() as nursery:
        await nursery.start(server.serve)
        try:
            yield server
        finally:
            server.close()


async def _listen(host: str | None, port: int, path: str | None, backlog: int) -> list[Any]:
    if path is None:
        return list(await trio.open_tcp_listeners(port, host=host, backlog=backlog))
    sock = trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_STREAM)
    await sock.bind(path)
    sock.listen(backlog)
    return [trio.SocketListener(sock)]


@describe("server")
async def serve(
    handler: Handler,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: tls.SSLContext | None = None,
    path: str | None = None,
    backlog: int = 100,
    **options: Unpack[ServerSettings],
) -> None:
    """Serves WebSocket connections until it is cancelled, or the process is told to end by SIGTERM; then closes.

    Signals are those of the main thread. Arguments: as for :func:`open_server`.
    """
    async with open_server(handler, host, port, ssl=ssl, path=path, backlog=backlog, **options):
        if threading.current_thread() is not threading.main_thread():
            await trio.sleep_forever()
        with trio.open_signal_receiver(signal.SIGTERM) as signals:
            await signals.__anext__()
