"""The way through a proxy with Twisted: an endpoint."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from zope.interface import alsoProvides, implementer

from .._connecting import open_tunnel
from .._tunnel import Tunnel, parse_proxy
from .._url import Url
from ._transport import Once

__all__ = ["ProxyEndpoint"]


class _Protocol(Protocol):
    """Reads for a tunnel until it is open, and then for the protocol that it was opened for."""

    transport: Any
    inner: Any = None

    def __init__(self) -> None:
        self.input: DeferredQueue[bytes] = DeferredQueue()

    async def send(self, data: bytes) -> None:
        self.transport.write(data)

    def receive(self, _: int) -> Deferred[bytes]:
        return self.input.get()

    def hand_over(self, inner: Any) -> Any:
        """Lets another protocol have the transport."""
        self.inner = inner
        if IHalfCloseableProtocol.providedBy(inner):
            alsoProvides(self, IHalfCloseableProtocol)
        inner.makeConnection(self.transport)
        return inner

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.inner.dataReceived(data) if self.inner else self.input.put(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self.inner.connectionLost(reason) if self.inner else self.input.put(b"")

    def readConnectionLost(self) -> None:  # noqa: N802
        self.inner.readConnectionLost()

    def writeConnectionLost(self) -> None:  # noqa: N802
        self.inner.writeConnectionLost()


@implementer(IStreamClientEndpoint)
class ProxyEndpoint:
    """Connects to a target through a proxy. TLS inside the tunnel is wrapped around it, as around any endpoint."""

    def __init__(self, reactor: Any, url: str, target: Url) -> None:
        self.reactor, self.url, self.target = reactor, url, target

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:  # noqa: N803
        """Connects. It fails with ProxyError if the proxy refuses, or its answer is wrong."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: Any) -> Any:
        proxy = parse_proxy(self.url)
        host = self.target.host if proxy.resolves_names else await self._address()
        tunnel = Tunnel(self.url, host, self.target.port)
        endpoint: Any = HostnameEndpoint(self.reactor, proxy.host, proxy.port)
        if proxy.secure:
            from twisted.internet.ssl import optionsForClientTLS

            endpoint = wrapClientTLS(optionsForClientTLS(proxy.host), endpoint)
        protocol = _Protocol()
        await endpoint.connect(Once(protocol))
        try:
            await open_tunnel(tunnel, protocol.send, protocol.receive)
        except BaseException:
            protocol.transport.abortConnection()
            raise
        return protocol.hand_over(factory.buildProtocol(protocol.transport.getPeer()))

    async def _address(self) -> Any:
        look_up, where = socket.getaddrinfo, (self.target.host, self.target.port)
        pool = self.reactor.getThreadPool()
        return (await deferToThreadPool(self.reactor, pool, look_up, *where, type=socket.SOCK_STREAM))[0][4][0]
