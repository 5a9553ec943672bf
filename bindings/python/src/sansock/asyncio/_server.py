"""Serving with asyncio."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Generator, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable

from .._broadcasting import broadcast
from .._connection import Connection
from .._serving import check, end_connection, serve_connection
from .._settings import ServerSettings, Settings, describe, server_settings
from ._transport import Protocol, WebSocket

if TYPE_CHECKING:
    import ssl as tls

    from typing_extensions import Unpack

__all__ = ["Server", "broadcast", "serve"]

Handler = Callable[[WebSocket], Awaitable[None]]


class _ServerProtocol(Protocol):
    """A connection of a server, with the task that serves it."""

    def __init__(self, server: Server) -> None:
        super().__init__(Connection.server(**server.settings.engine), server.settings)
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.task = self.loop.create_task(self.serve())
        self.server.tasks[self.task] = self
        self.task.add_done_callback(self.server.tasks.pop)
        if self.server.end is not None:
            # It was accepted before the server ended, and its TLS is ready only now.
            end_connection(self.session, *self.server.end)

    async def serve(self) -> None:
        await serve_connection(self.session, self.websocket, self.server.settings, self.server.handler)


class Server:
    """A server that accepts connections.

    Attributes:
        sockets: The sockets that it listens on.
    """

    handler: Handler
    settings: Settings

    def __init__(self, handler: Handler, settings: Settings) -> None:
        self.handler, self.settings = handler, settings
        self.tasks: dict[asyncio.Task[None], _ServerProtocol] = {}
        self.listener: asyncio.AbstractServer | None = None
        self.end: tuple[int, str] | None = None

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are open, or being opened or closed."""
        return [protocol.websocket for protocol in self.tasks.values()]

    @property
    def sockets(self) -> tuple[Any, ...]:
        return tuple(getattr(self.listener, "sockets", ()))

    async def serve_forever(self) -> None:
        """Serves until it is cancelled, or the process is told to end by SIGTERM or SIGINT; then closes."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        caught = []
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, stop.set)
                caught.append(number)
            except (NotImplementedError, RuntimeError, ValueError):
                # Not in this thread, or not on this system.
                pass
        try:
            await stop.wait()
        finally:
            for number in caught:
                loop.remove_signal_handler(number)
            await self.close()

    async def close(self, code: int = 1001, reason: str = "") -> None:
        """Accepts no more, closes all connections with this code, and waits for their handlers to end.

        A request that has not been answered is refused with 503.
        """
        self.end = code, reason
        if self.listener is not None:
            self.listener.close()
        tasks = list(self.tasks)
        for protocol in list(self.tasks.values()):
            end_connection(protocol.session, code, reason)
        if tasks:
            await asyncio.wait(tasks)


class serve:  # noqa: N801 - it is called as a function
    """Serves WebSocket connections.

    ``async with serve(handler, host, port) as server`` closes the server at the end of the block, ``await serve(...)``
    returns the :class:`Server`. The handler is a coroutine function, which is called with each :class:`WebSocket`; when
    it returns, the connection is closed with 1000, and with 1011 if it fails.

    Raises:
        InvalidArgument: An option is not allowed.
        OSError: The address cannot be listened on.

    Args:
        handler: A coroutine function that is given the connection.
        host: The address to listen on, or several. Default: all of them.
        port: The port; 0 takes a free one.
        ssl: The TLS context of a server for ``wss:``. Default: no TLS.
        path: The path of a Unix socket to listen on instead.
        sock: A socket that listens already.
        backlog: How many connections may wait to be accepted.
        reuse_port: Whether other processes may listen on the same port.
    """

    @describe("server")
    def __init__(
        self,
        handler: Handler,
        host: str | Iterable[str] | None = None,
        port: int | None = None,
        *,
        ssl: tls.SSLContext | None = None,
        path: str | None = None,
        sock: Any = None,
        backlog: int = 100,
        reuse_port: bool | None = None,
        **options: Unpack[ServerSettings],
    ) -> None:
        settings = server_settings(options, secure=ssl is not None)
        self._server = Server(handler, settings)
        self._where: dict[str, Any] = {"ssl": ssl, "backlog": backlog}
        self._path = path
        if sock is not None:
            self._where["sock"] = sock
        elif path is None:
            self._where.update(host=host, port=port, reuse_port=reuse_port)

    def __await__(self) -> Generator[Any, None, Server]:
        return self._start().__await__()

    async def __aenter__(self) -> Server:
        return await self._start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.close()

    async def _start(self) -> Server:
        loop, server = asyncio.get_running_loop(), self._server

        def protocol() -> _ServerProtocol:
            return _ServerProtocol(server)

        check(server.settings)
        if self._path is not None:
            server.listener = await loop.create_unix_server(protocol, self._path, **self._where)
        else:
            server.listener = await loop.create_server(protocol, **self._where)
        return server
