"""A WebSocket client for asyncio: ``python client.py URL``.

Each line of standard input is sent as a text message, and each message received is printed as a line (binary in
hexadecimal). The end of the input closes the connection. The last line printed is ``closed CODE REASON``; the status is
0 only for a clean close.

With DEFLATE=1 in the environment it offers compression.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

from sansock.asyncio import ConnectionClosed, InvalidHandshake, WebSocket, connect

from lines import lines

DEFLATE = os.environ.get("DEFLATE") == "1"
# For the echoes of what was sent before the end of the input.
AFTER_CLOSE = {"receive_while_closing": True}


async def send_lines(websocket: WebSocket) -> None:
    """Sends all lines of standard input, then closes."""
    async for line in lines():
        try:
            await websocket.send(line.decode())
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
    await websocket.close()


async def print_messages(websocket: WebSocket) -> ConnectionClosed:
    """Prints what arrives, and returns how the connection has ended."""
    while True:
        try:
            message = await websocket.recv()
        except ConnectionClosed as closed:
            return closed
        print(message if isinstance(message, str) else message.hex(), flush=True)


async def main(url: str) -> int:
    """Talks to the server. The status is 0 only for a clean close."""
    try:
        async with connect(url, compression=DEFLATE, engine=AFTER_CLOSE) as websocket:
            sending = asyncio.create_task(send_lines(websocket))
            closed = await print_messages(websocket)
            sending.cancel()
            with suppress(asyncio.CancelledError, ConnectionClosed):
                await sending
    except (OSError, InvalidHandshake) as error:
        print(f"error: {error}", file=sys.stderr)
        print("closed 1006")
        return 1
    print("closed", closed.code, *filter(None, [closed.reason]), flush=True)
    return 0 if closed.clean else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: client.py URL")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(asyncio.run(main(sys.argv[1])))
