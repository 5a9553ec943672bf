"""Clients written with `websockets`: each line of standard input is ``URL [SUBPROTOCOL...]``. Each echoes what it
receives, and prints ``URL text STRING`` or ``URL binary HEX`` for it.
"""

import asyncio
import contextlib
import sys

from websockets import ConnectionClosed, Subprotocol, connect


async def converse(url: str, subprotocols: list[Subprotocol]) -> None:
    async with connect(
        url, subprotocols=subprotocols or None, max_size=16 * 1024 * 1024, ping_interval=None, proxy=None
    ) as connection:
        async for message in connection:
            text = f"text {message[:100]}" if isinstance(message, str) else f"binary {message[:50].hex()}"
            print(url, text, flush=True)
            # What has come is shown to the end, though the connection may have failed by then.
            with contextlib.suppress(ConnectionClosed):
                await connection.send(message)


async def main() -> None:
    loop = asyncio.get_running_loop()
    conversations = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        url, *subprotocols = line.split()
        conversations.append(asyncio.create_task(converse(url, [Subprotocol(name) for name in subprotocols])))
    # What websockets raises ends its own connection, and not the others.
    await asyncio.gather(*conversations, return_exceptions=True)


asyncio.run(main())
