"""WebSocket clients and servers for threads.

>>> with connect("wss://example.com/feed") as websocket:
...     for message in websocket:
...         print(message)

>>> def echo(websocket):
...     for message in websocket:
...         websocket.send(message)
>>> with serve(echo, "127.0.0.1", 8765) as server:
...     server.serve_forever()
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
from ._server import Server, broadcast, serve
from ._websocket import WebSocket

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
    "serve",
]
