"""WebSocket clients and servers for Twisted.

What waits returns a Deferred, so that it can be awaited, yielded in ``inlineCallbacks``, or given callbacks.

>>> async def main(reactor):
...     async with await connect("wss://example.com/feed") as websocket:
...         async for message in websocket:
...             print(message)
>>> task.react(lambda reactor: ensureDeferred(main(reactor)))

>>> async def echo(websocket):
...     async for message in websocket:
...         await websocket.send(message)
>>> endpoints.serverFromString(reactor, "tcp:8765").listen(WebSocketServerFactory(echo))
"""

from __future__ import annotations

from .._authentication import basic_auth
from .._exceptions import (
    ConcurrencyError,
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    ProxyError,
)
from .._serving import Response
from ._client import WebSocketClientFactory, connect
from ._server import Server, WebSocketServerFactory, broadcast, serve
from ._transport import WebSocket, WebSocketProtocol

__all__ = [
    "ConcurrencyError",
    "ConnectionClosed",
    "ConnectionClosedError",
    "ConnectionClosedOK",
    "InvalidHandshake",
    "InvalidStatus",
    "ProxyError",
    "Response",
    "Server",
    "WebSocket",
    "WebSocketClientFactory",
    "WebSocketProtocol",
    "WebSocketServerFactory",
    "basic_auth",
    "broadcast",
    "connect",
    "serve",
]
