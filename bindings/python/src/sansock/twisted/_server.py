"""Serving with Twisted."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, UNIXServerEndpoint
from twisted.internet.protocol import ServerFactory

from .._broadcasting import broadcast
from .._connection import Connection
from .._serving import check, end_connection, serve_connection
from .._settings import ServerSettings, Settings, describe, server_settings
from ._transport import WebSocket, WebSocketProtocol, reactor_or_default

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

__all__ = ["Server", "WebSocketServerFactory", "broadcast", "serve"]

Handler = Callable[[WebSocket], Awaitable[None]]


class WebSocketServerFactory(ServerFactory):
    """Makes the protocols of a server, for an endpoint: ``endpoint.listen(WebSocketServerFactory(handler))``.

    The transport is the endpoint's: TLS, too. The handler is a function that returns an awaitable, such as an async
    function, or one with ``inlineCallbacks``. It is called with each :class:`WebSocket`; when it is done, the
    connection is closed with 1000, and with 1011 if it fails.

    Raises:
        InvalidArgument: An option is not allowed.
    """

    reactor: Any

    noisy = False

    @describe("server")
    def __init__(self, handler: Handler, *, reactor: Any = None, **options: Unpack[ServerSettings]) -> None:
        self.handler = handler
        self.settings: Settings = server_settings(options)
        check(self.settings)
        self.reactor = reactor_or_default(reactor)
        self.tasks: dict[WebSocketProtocol, Deferred[None]] = {}

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are open, or being opened or closed."""
        return [protocol.websocket for protocol in self.tasks]

    def buildProtocol(self, addr: Any) -> WebSocketProtocol:  # noqa: N802 - Twisted's name
        """A protocol for one connection."""
        return _ServerProtocol(self)

    def close(self, code: int = 1001, reason: str = "") -> Deferred[None]:
        """Closes all connections with this code, and waits for their handlers to end.

        A request that has not been answered is refused with 503. Stop listening before.
        """
        tasks = list(self.tasks.values())
        for protocol in list(self.tasks):
            end_connection(protocol.session, code, reason)
        return DeferredList(tasks).addCallback(lambda _: None)


class _ServerProtocol(WebSocketProtocol):
    """A connection of a server, with what serves it."""

    def __init__(self, factory: WebSocketServerFactory) -> None:
        super().__init__(self.server, factory.settings, factory.reactor)
        self.factory: Any = factory

    def server(self, secure: bool) -> Connection:
        return Connection.server(**{"secure": secure, **self.settings.engine})

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self.factory.tasks[self] = task = Deferred.fromCoroutine(self.serve())
        task.addBoth(self.done)

    async def serve(self) -> None:
        await serve_connection(self.session, self.websocket, self.settings, self.factory.handler)
        await self.websocket.wait_closed()

    def done(self, result: Any) -> Any:
        self.factory.tasks.pop(self, None)
        return result


class Server:
    """A server that accepts connections.

    Attributes:
        port: What it listens on: an ``IListeningPort``.
    """

    factory: WebSocketServerFactory
    port: Any

    def __init__(self, factory: WebSocketServerFactory, port: Any) -> None:
        self.factory, self.port = factory, port
        self._is_closed = False

    @property
    def connections(self) -> list[WebSocket]:
        """The connections that are open, or being opened or closed."""
        return self.factory.connections

    def close(self, code: int = 1001, reason: str = "") -> Deferred[None]:
        """Accepts no more, closes all connections with this code, and waits for their handlers to end.

        A request that has not been answered is refused with 503.
        """
        if self._is_closed:
            return self.factory.close(code, reason)
        self._is_closed = True
        return maybeDeferred(self.port.stopListening).addCallback(lambda _: self.factory.close(code, reason))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@describe("server")
def serve(
    handler: Handler,
    host: str | None = None,
    port: int = 0,
    *,
    reactor: Any = None,
    ssl: Any = None,
    path: str | None = None,
    backlog: int = 100,
    **options: Unpack[ServerSettings],
) -> Deferred[Server]:
    """Serves WebSocket connections. The Deferred fires with the :class:`Server` when it listens.

    ``async with await serve(handler, host, port)`` closes the server at the end of the block. For any other endpoint
    there is :class:`WebSocketServerFactory`, which says what a handler is.

    Raises:
        InvalidArgument: An option is not allowed.
        twisted.internet.error.CannotListenError: The address cannot be listened on.

    Args:
        handler: A function that is given the connection, and returns an awaitable.
        host: The address to listen on. Default: all of them.
        port: The port; 0 takes a free one.
        reactor: The reactor. Default: the one that Twisted installs.
        ssl: The options of TLS: ``twisted.internet.ssl.CertificateOptions``. Default: no TLS.
        path: The path of a Unix socket to listen on instead.
        backlog: How many connections may wait to be accepted.
    """
    reactor = reactor_or_default(reactor)
    factory = WebSocketServerFactory(handler, reactor=reactor, **options)
    listening = _endpoint(reactor, host or "", port, path, backlog).listen(_secured(factory, ssl))
    return listening.addCallback(lambda port: Server(factory, port))  # type: ignore[no-any-return]


def _endpoint(reactor: Any, host: str, port: int, path: str | None, backlog: int) -> Any:
    if path is not None:
        return UNIXServerEndpoint(reactor, path, backlog)
    kind = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
    return kind(reactor, port, backlog, host)


def _secured(factory: WebSocketServerFactory, ssl: Any) -> Any:
    if ssl is None:
        return factory
    from twisted.protocols.tls import TLSMemoryBIOFactory

    wrapped: Any = factory
    return TLSMemoryBIOFactory(ssl, False, wrapped, factory.reactor)
