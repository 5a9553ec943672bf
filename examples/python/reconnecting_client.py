"""A WebSocket client that connects again: ``python reconnecting_client.py URL [TEXT] [--proxy URL]``.

It sends the text whenever it has connected, such as what it subscribes to, and prints each message as a line. When
the connection is lost, or the server or the proxy cannot be reached, it tries again, each time after a longer wait. The
status is 0 when the server has closed the connection with 1000 or 1001, and 1 when it or the proxy refuses it for good.

The proxy is the one that the environment names (``https_proxy``, ``all_proxy``), or that of the option: ``http:``,
``https:``, ``socks5:``, ``socks5h:`` or ``socks4a:``, with ``user:password@`` if it wants that.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from sansock.asyncio import ConnectionClosedError, InvalidHandshake, WebSocket, connect


async def follow(websocket: WebSocket, text: str | None) -> None:
    """Prints what comes, until the connection has ended."""
    if text is not None:
        await websocket.send(text)
    async for message in websocket:
        print(message if isinstance(message, str) else message.hex(), flush=True)


async def main(url: str, text: str | None, proxy: str | bool) -> None:
    """Connects as often as it takes. ``connect`` knows how long to wait."""
    async for websocket in connect(url, proxy=proxy):
        try:
            await follow(websocket, text)
        except ConnectionClosedError as error:
            print(f"connecting again: {error}", file=sys.stderr)
        else:
            break


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket client that connects again.")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("text", metavar="TEXT", nargs="?")
    parser.add_argument("--proxy", metavar="URL", default=True)
    arguments = parser.parse_args()
    try:
        asyncio.run(main(arguments.url, arguments.text, arguments.proxy))
    except InvalidHandshake as error:
        sys.exit(f"error: {error}")
