"""A WebSocket echo server for asyncio: ``python echo_server.py PORT``.

With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
"""

from __future__ import annotations

import asyncio
import os
import sys

from sansock.asyncio import Response, WebSocket, serve

from pages import page_for

DEFLATE = os.environ.get("DEFLATE") == "1"
HTTP = os.environ.get("HTTP") == "1"


async def echo(websocket: WebSocket) -> None:
    """Sends every message back."""
    async for message in websocket:
        await websocket.send(message)


def decide(websocket: WebSocket) -> Response | None:
    """Answers what opens no connection."""
    assert websocket.request is not None
    return page_for(websocket.request)


async def main(port: int) -> None:
    """Serves pages of its own origin, and programs, until SIGTERM or SIGINT."""
    async with serve(
        echo,
        "127.0.0.1",
        port,
        backlog=1024,
        subprotocols=["chat", "echo"],
        compression=DEFLATE,
        process_request=decide if HTTP else None,
    ) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
