"""Connecting with Twisted."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionClosed as TransportClosed
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure

from .._connecting import check, establish, opened, proxy_for
from .._connection import Connection
from .._exceptions import InvalidHandshake, InvalidStatus
from .._serving import run_handler
from .._settings import ClientSettings, Settings, client_settings, describe
from .._url import Url, parse_url
from ._transport import Once, WebSocket, WebSocketProtocol, reactor_or_default
from ._tunnel import ProxyEndpoint

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["WebSocketClientFactory", "connect"]


@describe("client")
def connect(
    url: str,
    *,
    reactor: Any = None,
    ssl: Any = None,
    server_hostname: str | None = None,
    path: str | None = None,
    **options: Unpack[ClientSettings],
) -> Deferred[WebSocket]:
    """Connects to a WebSocket server.

    ``await connect(url)`` returns a :class:`WebSocket`; ``async with await connect(url) as websocket`` closes it at the
    end of the block.

    Raises:
        InvalidArgument: The URL or an option is not allowed.
        twisted.internet.error.ConnectError: The network did not connect.
        OpenSSL.SSL.Error: The certificate of the server is not trusted, or TLS failed otherwise.
        TimeoutError: It was not open after ``open_timeout``.
        InvalidStatus: The server answered with another response.
        InvalidHandshake: The opening handshake failed otherwise.

    Args:
        url: A ``ws:`` or ``wss:`` URL.
        reactor: The reactor. Default: the one that Twisted installs.
        ssl: What ``twisted.internet.ssl.optionsForClientTLS`` returns. Default: that, for the host of the URL.
        server_hostname: The name that the certificate must have. Default: the host of the URL.
        path: The path of a Unix socket to connect to. Default: what the URL names.
    """
    settings = client_settings(options)
    check(url, settings)
    reactor = reactor_or_default(reactor)

    async def dial(url: str, engine: dict[str, Any]) -> WebSocket:
        target = parse_url(url)
        endpoint = _endpoint(reactor, target, settings.proxy, path)
        if target.secure:
            endpoint = wrapClientTLS(ssl or _trusting(server_hostname or target.host), endpoint)
        protocol = WebSocketProtocol(lambda _: Connection.client(url, **engine), settings, reactor)
        await endpoint.connect(Once(protocol))
        return await _opened(protocol)

    connecting = Deferred.fromCoroutine(establish(url, settings, dial))
    return connecting.addTimeout(settings.open_timeout, reactor, _too_late)


class WebSocketClientFactory(ClientFactory):
    """Makes the protocols of a client, for an endpoint or a ``ClientService``.

    The transport is theirs: TLS, too. The handler is a function that returns an awaitable, which is called with the
    :class:`WebSocket` once it is open; when it returns, the connection is closed with 1000, and with 1011 if it fails.
    """

    url: str
    handler: Callable[[WebSocket], Awaitable[None]]
    reactor: Any

    noisy = False

    @describe("client")
    def __init__(
        self,
        url: str,
        handler: Callable[[WebSocket], Awaitable[None]],
        *,
        reactor: Any = None,
        **options: Unpack[ClientSettings],
    ) -> None:
        self.url, self.handler = url, handler
        self.settings: Settings = client_settings(options)
        check(url, self.settings)
        self.reactor = reactor_or_default(reactor)

    def buildProtocol(self, addr: Any) -> WebSocketProtocol:  # noqa: N802
        """A protocol for one connection."""
        return _HandledProtocol(self)


class _HandledProtocol(WebSocketProtocol):
    """A connection of a client, with a handler."""

    def __init__(self, factory: WebSocketClientFactory) -> None:
        super().__init__(self.client, factory.settings, factory.reactor)
        self.factory: Any = factory

    def client(self, _: bool) -> Connection:
        return Connection.client(self.factory.url, **self.settings.engine)

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        Deferred.fromCoroutine(self.run())

    async def run(self) -> None:
        if await self.session.until_open() is None:
            return
        self.websocket.response = self.session.opened
        await run_handler(self.websocket, self.factory.handler, self.websocket)


async def _opened(protocol: WebSocketProtocol) -> WebSocket:
    try:
        await opened(protocol.session, protocol.websocket)
    except InvalidHandshake as error:
        protocol.abort()
        reason = protocol.reason
        if isinstance(error, InvalidStatus) or reason is None or reason.check(TransportClosed):
            raise
        # TLS says better what is wrong.
        raise reason.value from None  # type: ignore[misc]
    except BaseException:
        protocol.abort()
        raise
    return protocol.websocket


def _endpoint(reactor: Any, target: Url, proxy: str | bool | None, path: str | None) -> Any:
    """An endpoint that leads to the target, through a proxy if there is one."""
    if path is not None:
        return UNIXClientEndpoint(reactor, path)
    url = proxy_for(target, proxy)
    if url is not None:
        return ProxyEndpoint(reactor, url, target)
    return HostnameEndpoint(reactor, target.host, target.port)


def _trusting(name: str) -> Any:
    from twisted.internet.ssl import optionsForClientTLS

    return optionsForClientTLS(name)


def _too_late(result: Any, _: float) -> Any:
    if isinstance(result, Failure):
        # Whatever it was doing has been cancelled, and says so in its own words: looking up the name, or connecting.
        raise TimeoutError("the connection did not open in time") from None
    return result
