"""What a client decides, whatever the library that does the I/O: which proxy, which redirect, when to try again."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from ssl import SSLSocket
from time import monotonic
from typing import Any, Callable, TypeVar
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from ._arguments import header_pairs
from ._connection import Connection
from ._errors import InvalidArgument
from ._events import Closed, Event, Rejected
from ._exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, ProxyError, handshake_error
from ._session import Session
from ._settings import Settings
from ._tunnel import Tunnel
from ._url import Url, parse_url
from ._websocket import WebSocket

__all__ = [
    "Retries",
    "check",
    "check_layers",
    "establish",
    "handle_again",
    "is_temporary",
    "open_tunnel",
    "opened",
    "proxy_error",
    "proxy_for",
]

_WebSocket = TypeVar("_WebSocket")
_Handled = TypeVar("_Handled", bound=WebSocket)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONG_ENOUGH = 10.0
"""How long a connection has to live, in seconds, so that the next one follows it at once."""
_CREDENTIALS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def check(url: str, settings: Settings) -> None:
    """Raises what is wrong with a URL or an option, before anything is connected."""
    Connection.client(url, **settings.engine).free()


def proxy_for(url: Url, proxy: str | bool | None) -> str | None:
    """The URL of the proxy for a URL: the one given, or the one that the environment names."""
    if isinstance(proxy, str):
        return proxy
    if not proxy or proxy_bypass(f"{url.host}:{url.port}"):
        return None
    proxies = getproxies()
    names = ("wss", "https", "socks", "all") if url.secure else ("ws", "http", "socks", "all")
    return next((proxies[name] for name in names if name in proxies), None)


async def open_tunnel(
    tunnel: Tunnel,
    send: Callable[[bytes], Awaitable[Any]],
    receive: Callable[[int], Awaitable[bytes]],
    gone: tuple[type[Exception], ...] = (OSError,),
) -> None:
    """Drives a tunnel over a connection to the proxy, until it is open.

    Args:
        tunnel: The tunnel.
        send: Writes to the proxy.
        receive: Reads from it, so many bytes at most.
        gone: What these raise where the connection has ended.

    Raises:
        ProxyError: The proxy refused, or its answer is wrong.
    """
    events: list[Event] = []
    while not events:
        try:
            await send(tunnel.take_output())
            # The server says nothing before the client does, so this is the proxy's answer and no more.
            data = await receive(4096)
        except gone:
            data = b""
        events = tunnel.receive(data) if data else tunnel.receive_eof()
    error = proxy_error(events)
    if error is not None:
        raise error


def check_layers(sock: object) -> None:
    """Raises InvalidArgument where TLS inside TLS is wanted of a socket, which knows one layer."""
    if isinstance(sock, SSLSocket):
        raise InvalidArgument("proxy: TLS inside the TLS of a proxy needs asyncio, Trio or Twisted")


def proxy_error(events: list[Event]) -> ProxyError | None:
    """What is wrong with a tunnel that gave these events; None if it is open."""
    rejected = next((event for event in events if isinstance(event, Rejected)), None)
    closed = next((event for event in events if isinstance(event, Closed)), None)
    if closed is None:
        return None
    return ProxyError(closed.fault, rejected.status if rejected else None)


async def opened(session: Session, websocket: WebSocket) -> None:
    """Waits until the connection is open.

    Raises:
        InvalidStatus: The server answered with another response.
        InvalidHandshake: The handshake failed otherwise.
    """
    websocket.response = await session.until_open()
    if websocket.response is not None:
        return
    closed, rejected = session.closed, session.rejected
    assert closed is not None
    if rejected is None:
        raise handshake_error(closed)
    raise InvalidStatus(closed.fault, rejected.status, rejected.reason, rejected.headers, rejected.body)


async def establish(
    url: str, settings: Settings, dial: Callable[[str, dict[str, Any]], Awaitable[_WebSocket]]
) -> _WebSocket:
    """Connects, and follows redirects.

    Args:
        url: Where to.
        settings: The options of the client.
        dial: Opens one connection to a URL, with these options of the engine.
    """
    engine = dict(settings.engine)
    for left in range(settings.max_redirects, -1, -1):
        try:
            return await dial(url, engine)
        except InvalidStatus as error:
            target = _location(error)
            if target is None or not left:
                raise
            new = _redirected(url, target, error)
            if _origin(url) != _origin(new) and engine.get("headers"):
                kept = header_pairs(engine["headers"])
                engine["headers"] = [pair for pair in kept if pair[0].lower() not in _CREDENTIALS]
            url = new
    raise AssertionError("unreachable")


def backoff(first: float = 0.5, factor: float = 1.6, most: float = 60.0) -> Iterator[float]:
    """How long to wait before each attempt to connect again, in seconds: longer each time, and never quite the same."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)
        delay = min(delay * factor, most)


class Retries:
    """When to connect again.

    After a connection that has lived for ``LONG_ENOUGH`` that is at once, and the waits begin anew. A server that
    accepts connections only to close them is waited for like one that cannot be reached.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Args: the time in seconds."""
        self._clock = clock
        self._delays = backoff()
        self._opened: float | None = None

    def opened(self) -> None:
        """A connection has opened."""
        self._opened = self._clock()

    def delay(self) -> float:
        """How long to wait before the next attempt, in seconds, after a connection or a failure to connect."""
        opened, self._opened = self._opened, None
        if opened is None or self._clock() - opened < LONG_ENOUGH:
            return next(self._delays)
        self._delays = backoff()
        return 0.0


async def handle_again(
    connect: Callable[[], AbstractAsyncContextManager[_Handled]],
    handler: Callable[[_Handled], Awaitable[None]],
    sleep: Callable[[float], Awaitable[Any]],
    clock: Callable[[], float] = monotonic,
) -> None:
    """Calls a handler with one connection after another. What it raises, but for the end of its connection, ends this.

    Args:
        connect: Connects, as an async context manager.
        handler: What the user wrote.
        sleep: Waits, in seconds.
        clock: The time, in seconds.
    """
    retries = Retries(clock)
    while True:
        is_open = False
        try:
            async with connect() as websocket:
                is_open = True
                retries.opened()
                websocket._session.is_handled = True
                with suppress(ConnectionClosed):
                    await handler(websocket)
        except Exception as error:
            if is_open or not is_temporary(error):
                raise
        await sleep(retries.delay())


def is_temporary(error: Exception) -> bool:
    """Whether connecting again may help: after a failure of the network, or of a server that may recover."""
    if isinstance(error, InvalidStatus):
        return error.status in {500, 502, 503, 504}
    if isinstance(error, ProxyError) and error.status is not None and 400 <= error.status < 500:
        return False
    return isinstance(error, (OSError, EOFError, TimeoutError, InvalidHandshake))


def _location(error: InvalidStatus) -> str | None:
    if error.status not in _REDIRECTS:
        return None
    return next((value for name, value in error.headers if name.lower() == "location"), None)


def _redirected(url: str, target: str, error: InvalidStatus) -> str:
    """The URL that a redirect leads to. From TLS it leads to TLS only."""
    absolute = urlsplit(urljoin(url.replace("ws", "http", 1), target))
    scheme = _SCHEMES.get(absolute.scheme)
    if scheme is None or (scheme == "ws" and parse_url(url).secure):
        raise InvalidHandshake(error.fault, "the server redirects to a URL that is not followed") from error
    return absolute._replace(scheme=scheme, fragment="").geturl()


def _origin(url: str) -> tuple[bool, str, int]:
    parts = parse_url(url)
    return parts.secure, parts.host, parts.port
