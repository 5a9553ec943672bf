"""A WebSocket client that connects again: ``python reconnecting_client.py URL [TEXT]``.

It sends the text whenever it has connected, such as what it subscribes to, and prints each message as a line. When
the connection is lost, or the server cannot be reached, it tries again, each time after a longer wait. The status is 0
when the server has closed the connection with 1000 or 1001, and 1 when the server refuses it for good.
"""

from __future__ import annotations

import asyncio
import sys

from sansock.asyncio import ConnectionClosedError, InvalidHandshake, WebSocket, connect


async def follow(websocket: WebSocket, text: str | None) -> None:
    """Prints what comes, until the connection has ended."""
    if text is not None:
        await websocket.send(text)
    async for message in websocket:
        print(message if isinstance(message, str) else message.hex(), flush=True)


async def main(url: str, text: str | None = None) -> None:
    """Connects as often as it takes. ``connect`` knows how long to wait."""
    async for websocket in connect(url):
        try:
            await follow(websocket, text)
        except ConnectionClosedError as error:
            print(f"connecting again: {error}", file=sys.stderr)
        else:
            break


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:3]))
    except InvalidHandshake as error:
        sys.exit(f"error: {error}")
