"""Serving with Curio."""

from __future__ import annotations

import logging
import ssl as tls
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Callable

import curio
from curio import socket
from curio.io import Socket

from .._broadcasting import broadcast
from .._connection import Connection
from .._serving import check, end_connection, serve_connection
from .._settings import ServerSettings, Settings, describe, server_settings
from ._transport import SocketHost, WebSocket

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Server", "broadcast", "open_server", "serve"]

Handler = Callable[[WebSocket], Awaitable[None]]

_RESPITE = 0.1
"""How long to wait, in seconds, when there are too many open files to accept another connection."""
logger = logging.getLogger("sansock")


class Server:
    """A server that accepts connections.

    Attributes:
        sockets: What it listens on.
    """

    handler: Handler
    settings: Settings
    sockets: list[Any]
    ssl: tls.SSLContext | None

    def __init__(self, handler: Handler, settings: Settings, sockets: list[Any], ssl: tls.SSLContext | None) -> None:
        self.handler, self.settings, self.sockets, self.ssl = handler, settings, sockets, ssl
        self.hosts: set[SocketHost] = set()
        self._tasks: set[Any] = set()
        self._listeners: list[Any] = []
        self._end: tuple[int, str] | None = None

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are open, or being opened or closed."""
        return [host.websocket for host in self.hosts]

    async def start(self) -> None:
        """Accepts connections from now on."""
        self._listeners = [await curio.spawn(self._accept, sock, daemon=True) for sock in self.sockets]

    async def close(self, code: int = 1001, reason: str = "") -> None:
        """Accepts no more, closes all connections with this code, and waits for their handlers to end.

        A request that has not been answered is refused with 503.
        """
        self._end = code, reason
        for task in self._listeners:
            await task.cancel()
        for host in list(self.hosts):
            end_connection(host.session, code, reason)
        for task in list(self._tasks):
            await task.wait()

    async def _accept(self, listener: Any) -> None:
        async with listener:
            while True:
                try:
                    sock, _ = await listener.accept()
                except OSError:
                    logger.exception("a connection could not be accepted")
                    await curio.sleep(_RESPITE)
                    continue
                self._tasks.add(await curio.spawn(self._serve, sock, daemon=True))

    async def _serve(self, sock: Any) -> None:
        host = None
        try:
            host = await self._accepted(sock)
            if host is not None:
                self.hosts.add(host)
                await host.start()
                if self._end is not None:
                    end_connection(host.session, *self._end)
                await serve_connection(host.session, host.websocket, self.settings, self.handler)
                await host.websocket.wait_closed()
        finally:
            if host is not None:
                await host.abort()
            self.hosts.discard(host)
            self._tasks.discard(await curio.current_task())

    async def _accepted(self, sock: Any) -> SocketHost | None:
        """The host of a connection; None if the client has given up, or does not speak TLS."""
        try:
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.ssl is not None:
                context, plain = self.ssl, sock._socket
                sock = Socket(context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False))
                await curio.timeout_after(self.settings.open_timeout, sock.do_handshake)
            return SocketHost(Connection.server(**self.settings.engine), self.settings, sock)
        except (OSError, curio.TaskTimeout):
            await sock.close()
            return None
        except BaseException:
            await sock.close()
            raise


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
    server = Server(handler, settings, await _listen(host, port, path, backlog), ssl)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def _listen(host: str | None, port: int, path: str | None, backlog: int) -> list[Any]:
    if path is not None:
        return [curio.unix_server_socket(path, backlog=backlog)]
    flags, sockets = socket.AI_PASSIVE, []
    for family, _, _, _, address in await socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags):
        sockets.append(_listener(family, address, backlog))
    return sockets


def _listener(family: int, address: Any, backlog: int) -> Any:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(backlog)
    except BaseException:
        sock._socket.close()
        raise
    return sock


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
    """Serves WebSocket connections until it is cancelled. Arguments: as for :func:`open_server`."""
    async with open_server(handler, host, port, ssl=ssl, path=path, backlog=backlog, **options):
        await curio.Event().wait()
