"""Connecting with threads."""

from __future__ import annotations

import errno
import socket
import ssl as tls
from collections.abc import Iterator
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from .._connecting import (
    Retries,
    check,
    check_layers,
    establish,
    is_temporary,
    opened,
    proxy_error,
    proxy_for,
)
from .._connection import Connection
from .._settings import ClientSettings, Settings, client_settings, describe
from .._tunnel import Tunnel, parse_proxy
from .._url import Url, parse_url
from ._transport import SocketHost, finish
from ._websocket import WebSocket

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["connect", "connect_again"]


@describe("client")
def connect(
    url: str,
    *,
    ssl: tls.SSLContext | None = None,
    server_hostname: str | None = None,
    path: str | None = None,
    **options: Unpack[ClientSettings],
) -> WebSocket:
    """Connects to a WebSocket server. As a context manager, the connection closes at the end of the block.

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
    end = monotonic() + settings.open_timeout

    async def dial(url: str, engine: dict[str, Any]) -> WebSocket:
        target = parse_url(url)
        sock = _connected(target, settings, path, end)
        try:
            if target.secure:
                check_layers(sock)
                context = ssl or tls.create_default_context()
                sock.settimeout(_left(end))
                sock = context.wrap_socket(sock, server_hostname=server_hostname or target.host)
            host = SocketHost(Connection.client(url, **engine), settings, sock)
        except BaseException:
            sock.close()
            raise
        websocket = WebSocket(host)
        if not host.start():
            raise OSError(errno.EAGAIN, "there are too many threads")
        try:
            host.run(opened(host.session, websocket._steps), _left(end))
        except BaseException:
            host.abort()
            raise
        return websocket

    return finish(establish(url, settings, dial))


def connect_again(url: str, **options: Any) -> Iterator[WebSocket]:
    """Yields one connection after another: it connects again when the last one has ended.

    That is at once if the last one has lived for 10 s, and after a wait that grows each time if not. Arguments: as for
    :func:`connect`.
    """
    retries = Retries()
    while True:
        try:
            websocket = connect(url, **options)
        except Exception as error:
            if not is_temporary(error):
                raise
        else:
            retries.opened()
            with websocket:
                yield websocket
        sleep(retries.delay())


def _connected(target: Url, settings: Settings, path: str | None, end: float) -> socket.socket:
    """A socket that leads to the target, through a proxy if there is one."""
    if path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(_left(end))
        sock.connect(path)
        return sock
    proxy = proxy_for(target, settings.proxy)
    if proxy is not None:
        return _through_proxy(proxy, target, end)
    sock = socket.create_connection((target.host, target.port), _left(end))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _through_proxy(url: str, target: Url, end: float) -> socket.socket:
    proxy = parse_proxy(url)
    host: Any = target.host
    if not proxy.resolves_names:
        host = socket.getaddrinfo(host, target.port, type=socket.SOCK_STREAM)[0][4][0]
    tunnel = Tunnel(url, host, target.port)
    sock = socket.create_connection((proxy.host, proxy.port), _left(end))
    try:
        if proxy.secure:
            sock = tls.create_default_context().wrap_socket(sock, server_hostname=proxy.host)
        events: list[Any] = []
        while not events:
            sock.settimeout(_left(end))
            sock.sendall(tunnel.take_output())
            # One byte at a time at the end would be too slow, and more than the answer is the next layer's: the server
            # says nothing before the client does, so there is no more.
            data = sock.recv(4096)
            events = tunnel.receive(data) if data else tunnel.receive_eof()
        error = proxy_error(events)
        if error is not None:
            raise error
    except BaseException:
        sock.close()
        raise
    return sock


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError("the connection did not open in time")
    return left
