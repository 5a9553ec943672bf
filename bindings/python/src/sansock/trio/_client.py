"""Connecting with Trio."""

from __future__ import annotations

import ssl as tls
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Callable

import trio

from .._connecting import check, establish, handle_again, open_tunnel, opened, proxy_for
from .._connection import Connection
from .._settings import ClientSettings, client_settings, describe
from .._tunnel import Tunnel, parse_proxy
from .._url import Url, parse_url
from ._transport import StreamHost, WebSocket, alone, milliseconds

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["connect", "connect_again"]


@describe("client")
@asynccontextmanager
async def connect(
    url: str,
    *,
    ssl: tls.SSLContext | None = None,
    server_hostname: str | None = None,
    path: str | None = None,
    **options: Unpack[ClientSettings],
) -> AsyncIterator[WebSocket]:
    """Connects to a WebSocket server, as an async context manager. The end of the block closes the connection.

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
    settings = client_settings(options)
    check(url, settings)
    async with alone(), trio.open_nursery() as nursery:

        async def dial(url: str, engine: dict[str, Any]) -> WebSocket:
            target = parse_url(url)
            stream: trio.abc.Stream = await _connected(target, settings.proxy, path)
            if target.secure:
                context = ssl or tls.create_default_context()
                name = server_hostname or target.host
                stream = await _secured(trio.SSLStream(stream, context, server_hostname=name, https_compatible=True))
            host = StreamHost(Connection.client(url, now=milliseconds(), **engine), settings, stream)
            nursery.start_soon(host.run)
            await opened(host.session, host.websocket)
            return host.websocket

        try:
            with trio.fail_after(settings.open_timeout):
                websocket = await establish(url, settings, dial)
        except trio.TooSlowError:
            nursery.cancel_scope.cancel()
            raise TimeoutError("the connection did not open in time") from None
        async with websocket:
            yield websocket


async def _secured(stream: trio.SSLStream[Any]) -> trio.abc.Stream:
    """The stream, once its peer has shown its certificate."""
    try:
        await stream.do_handshake()
    except BaseException as error:
        await trio.aclose_forcefully(stream)
        if isinstance(error, trio.BrokenResourceError) and error.__cause__ is not None:
            raise error.__cause__ from None
        raise
    return stream


async def connect_again(handler: Callable[[WebSocket], Awaitable[None]], url: str, **options: Any) -> None:
    """Calls a handler with one connection after another, until it is cancelled or the handler fails.

    It connects again when the handler has returned, or its connection has ended: at once if that has lived for 10 s,
    and after a wait that grows each time if not. Arguments: as for :func:`connect`.
    """
    await handle_again(lambda: connect(url, **options), handler, trio.sleep, trio.current_time)


async def _connected(target: Url, proxy: str | bool | None, path: str | None) -> trio.abc.Stream:
    """A stream that leads to the target, through a proxy if there is one."""
    if path is not None:
        return await trio.open_unix_socket(path)
    url = proxy_for(target, proxy)
    if url is not None:
        return await _through_proxy(url, target)
    return await trio.open_tcp_stream(target.host, target.port)


async def _through_proxy(url: str, target: Url) -> trio.abc.Stream:
    proxy = parse_proxy(url)
    host: Any = target.host
    if not proxy.resolves_names:
        host = (await trio.socket.getaddrinfo(host, target.port, type=trio.socket.SOCK_STREAM))[0][4][0]
    tunnel = Tunnel(url, host, target.port)
    stream: trio.abc.Stream = await trio.open_tcp_stream(proxy.host, proxy.port)
    try:
        if proxy.secure:
            stream = trio.SSLStream(stream, tls.create_default_context(), server_hostname=proxy.host)
        gone = OSError, trio.BrokenResourceError
        await open_tunnel(tunnel, stream.send_all, stream.receive_some, gone)  # type: ignore[arg-type]
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return stream
