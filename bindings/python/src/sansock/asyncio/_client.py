"""Connecting with asyncio."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._connecting import Retries, check, establish, is_temporary, opened, proxy_for
from .._connection import Connection
from .._settings import ClientSettings, client_settings, describe
from .._url import parse_url
from ._transport import Protocol, WebSocket
from ._tunnel import through_proxy

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["connect"]


class connect:  # noqa: N801 - it is called as a function
    """Connects to a WebSocket server.

    ``await connect(url)`` returns a :class:`WebSocket`; ``async with connect(url) as websocket`` closes it at the end
    of the block; and ``async for websocket in connect(url)`` yields one connection after another: it connects again
    when the last one has ended, at once if that has lived for 10 s, and after a wait that grows each time if not.

    Raises:
        InvalidArgument: The URL or an option is not allowed.
        OSError: The network did not connect. It is TimeoutError after ``open_timeout``.
        InvalidStatus: The server answered with another response.
        InvalidHandshake: The opening handshake failed otherwise.

    Args:
        url: A ``ws:`` or ``wss:`` URL.
        ssl: The TLS context for ``wss:``. Default: ``ssl.create_default_context()``.
        server_hostname: The name that the certificate must have. Default: the host of the URL.
        path: The path of a Unix socket to connect to. Default: what the URL names.
    """

    @describe("client")
    def __init__(
        self,
        url: str,
        *,
        ssl: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        path: str | None = None,
        **options: Unpack[ClientSettings],
    ) -> None:
        self._url = url
        self._ssl, self._server_hostname, self._path = ssl, server_hostname, path
        self._settings = client_settings(options)
        check(url, self._settings)
        self._websocket: WebSocket | None = None

    def __await__(self) -> Generator[Any, None, WebSocket]:
        return self._connect().__await__()

    async def __aenter__(self) -> WebSocket:
        self._websocket = await self._connect()
        return self._websocket

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._websocket is not None:
            await self._websocket.__aexit__(kind, error, trace)

    async def __aiter__(self) -> AsyncIterator[WebSocket]:
        retries = Retries(asyncio.get_running_loop().time)
        while True:
            try:
                websocket = await self._connect()
            except Exception as error:
                if not is_temporary(error):
                    raise
            else:
                retries.opened()
                try:
                    yield websocket
                finally:
                    await _closed(websocket)
            await asyncio.sleep(retries.delay())

    async def _connect(self) -> WebSocket:
        try:
            connecting = establish(self._url, self._settings, self._dial)
            return await asyncio.wait_for(connecting, self._settings.open_timeout)
        except asyncio.TimeoutError:
            raise TimeoutError("the connection did not open in time") from None

    async def _dial(self, url: str, engine: dict[str, Any]) -> WebSocket:
        """Connects once."""
        target, loop = parse_url(url), asyncio.get_running_loop()
        tls: dict[str, Any] = {}
        if target.secure:
            context = self._ssl or ssl.create_default_context()
            tls = {"ssl": context, "server_hostname": self._server_hostname or target.host}

        def protocol() -> Protocol:
            return Protocol(Connection.client(url, **engine), self._settings)

        proxy = proxy_for(target, self._settings.proxy)
        if self._path is not None:
            _, made = await loop.create_unix_connection(protocol, self._path, **tls)
        elif proxy is None:
            _, made = await loop.create_connection(protocol, target.host, target.port, **tls)
        else:
            made = protocol()
            await through_proxy(proxy, target, made, **tls)
        try:
            await opened(made.session, made.websocket)
        except BaseException:
            made.transport.abort()
            raise
        return made.websocket


async def _closed(websocket: WebSocket) -> None:
    """Closes a connection, at once if there is no time: the loop may end where an iteration was left."""
    try:
        await websocket.close()
    except BaseException:
        websocket.transport.abort()
        raise
