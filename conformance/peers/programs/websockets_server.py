"""Echo server written with `websockets`: python websockets_server.py [PORT]

With DEFLATE=1 in the environment it compresses.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from websockets import ServerConnection, Subprotocol, serve

SUBPROTOCOLS = (Subprotocol("chat"), Subprotocol("echo"))


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next((name for name in SUBPROTOCOLS if name in offered), None)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    async with serve(
        echo,
        "127.0.0.1",
        port,
        select_subprotocol=choose_subprotocol,
        subprotocols=SUBPROTOCOLS,
        max_size=16 * 1024 * 1024,
        compression="deflate" if os.environ.get("DEFLATE") == "1" else None,
        ping_interval=None,
        close_timeout=1,
    ) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await terminated.wait()


asyncio.run(main())
