"""The way through a proxy with asyncio."""

from __future__ import annotations

import asyncio
import ssl as tls
from typing import Any, cast

from .._connecting import proxy_error
from .._tunnel import Tunnel, parse_proxy
from .._url import Url
from ._transport import Protocol

__all__ = ["through_proxy"]


class _Host(asyncio.Protocol):
    """Drives a tunnel until it is open, or is known not to be."""

    transport: asyncio.Transport

    def __init__(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel
        self.outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.tunnel.take_output())

    def data_received(self, data: bytes) -> None:
        events = self.tunnel.receive(data)
        if events:
            # What follows the answer is for the next layer, which begins with what we write to it.
            self.transport.pause_reading()
            self.end(events)
        else:
            self.transport.write(self.tunnel.take_output())

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(self.tunnel.receive_eof())

    def end(self, events: list[Any]) -> None:
        if not self.outcome.done():
            self.outcome.set_result(events)


async def through_proxy(
    url: str, target: Url, protocol: Protocol, ssl: tls.SSLContext | None = None, server_hostname: str | None = None
) -> None:
    """Connects a protocol to the target through a proxy, with TLS inside the tunnel if there is a context for it.

    Raises:
        ProxyError: The proxy refused, or its answer is wrong.
    """
    proxy, loop = parse_proxy(url), asyncio.get_running_loop()
    host: Any = target.host
    if not proxy.resolves_names:
        host = (await loop.getaddrinfo(host, target.port, type=1))[0][4][0]
    tunnel = Tunnel(url, host, target.port)
    context = tls.create_default_context() if proxy.secure else None
    transport, made = await loop.create_connection(lambda: _Host(tunnel), proxy.host, proxy.port, ssl=context)
    try:
        error = proxy_error(await made.outcome)
        if error is not None:
            raise error
        if ssl is not None:
            transport = cast(Any, await loop.start_tls(transport, protocol, ssl, server_hostname=server_hostname))
        else:
            transport.set_protocol(protocol)
    except BaseException:
        transport.abort()
        raise
    protocol.connection_made(transport)
    transport.resume_reading()
