"""WebSocket clients and servers for Trio.

>>> async with connect("wss://example.com/feed") as websocket:
...     async for message in websocket:
...         print(message)

>>> async def echo(websocket):
...     async for message in websocket:
...         await websocket.send(message)
>>> await serve(echo, "127.0.0.1", 8765)
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
from ._client import connect, connect_again
from ._server import Server, broadcast, open_server, serve
from ._transport import WebSocket

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
    "basic_auth",
    "broadcast",
    "connect",
    "connect_again",
    "open_server",
    "serve",
]
