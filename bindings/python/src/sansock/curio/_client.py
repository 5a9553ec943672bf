"""Connecting with Curio."""

from __future__ import annotations

import ssl as tls
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Callable

import curio
from curio import socket
from curio.io import Socket

from .._connecting import check, check_layers, establish, handle_again, open_tunnel, opened, proxy_for
from .._connection import Connection
from .._settings import ClientSettings, client_settings, describe
from .._tunnel import Tunnel, parse_proxy
from .._url import Url, parse_url
from ._transport import SocketHost, WebSocket

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

    async def dial(url: str, engine: dict[str, Any]) -> WebSocket:
        target = parse_url(url)
        sock = await _connected(target, settings.proxy, path)
        if target.secure:
            sock = await _secured(sock, ssl or tls.create_default_context(), server_hostname or target.host)
        host = SocketHost(Connection.client(url, **engine), settings, sock)
        await host.start()
        try:
            await opened(host.session, host.websocket)
        except BaseException:
            await host.abort()
            raise
        return host.websocket

    try:
        websocket = await curio.timeout_after(settings.open_timeout, establish, url, settings, dial)
    except curio.TaskTimeout:
        raise TimeoutError("the connection did not open in time") from None
    async with websocket:
        yield websocket


async def connect_again(handler: Callable[[WebSocket], Awaitable[None]], url: str, **options: Any) -> None:
    """Calls a handler with one connection after another, until it is cancelled or the handler fails.

    It connects again when the handler has returned, or its connection has ended: at once if that has lived for 10 s,
    and after a wait that grows each time if not. Arguments: as for :func:`connect`.
    """
    await handle_again(lambda: connect(url, **options), handler, curio.sleep)


async def _connected(target: Url, proxy: str | bool | None, path: str | None) -> Any:
    """A socket that leads to the target, through a proxy if there is one."""
    if path is not None:
        return await _opened(socket.AF_UNIX, path)
    url = proxy_for(target, proxy)
    if url is not None:
        return await _through_proxy(url, target)
    return await _resolved(target.host, target.port)


async def _resolved(host: str, port: int) -> Any:
    """A socket that is connected to the first address that can be reached."""
    failure: OSError | None = None
    for family, _, _, _, address in await socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            return await _opened(family, address)
        except OSError as error:
            failure = error
    raise failure or OSError(f"{host} has no address")


async def _opened(family: int, address: Any) -> Any:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        await sock.connect(address)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        await sock.close()
        raise
    return sock


async def _secured(sock: Any, context: tls.SSLContext, name: str) -> Any:
    """The socket with TLS, once its peer has shown its certificate."""
    try:
        check_layers(sock._socket)
        sock = Socket(context.wrap_socket(sock._socket, server_hostname=name, do_handshake_on_connect=False))
        await sock.do_handshake()
    except BaseException:
        await sock.close()
        raise
    return sock


async def _through_proxy(url: str, target: Url) -> Any:
    proxy = parse_proxy(url)
    host: Any = target.host
    if not proxy.resolves_names:
        host = (await socket.getaddrinfo(host, target.port, type=socket.SOCK_STREAM))[0][4][0]
    tunnel = Tunnel(url, host, target.port)
    sock = await _resolved(proxy.host, proxy.port)
    if proxy.secure:
        sock = await _secured(sock, tls.create_default_context(), proxy.host)
    try:
        await open_tunnel(tunnel, sock.sendall, sock.recv)
    except BaseException:
        await sock.close()
        raise
    return sock
