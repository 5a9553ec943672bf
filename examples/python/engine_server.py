"""A WebSocket echo server on the bare engine, with asyncio around it: ``python engine_server.py PORT``.

``sansock.asyncio`` is what servers use. This one shows what a host does, for readers of the engine and for those whose
I/O is their own. With DEFLATE=1 in the environment it compresses.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

from sansock import Binary, Connection, Event, InvalidState, Request, Text

from asyncio_host import WebSocketProtocol

DEFLATE = os.environ.get("DEFLATE") == "1"


class Echo(WebSocketProtocol):
    """Accepts requests of its own origin, and sends every message back."""

    def __init__(self) -> None:
        super().__init__(Connection.server(subprotocols=["chat", "echo"], deflate=DEFLATE))

    def handle(self, event: Event) -> None:
        """Handles one event."""
        match event:
            case Request():
                self.drive(self.connection.accept() if event.same_origin else self.connection.reject(403))
            case Text(data) | Binary(data):
                with suppress(InvalidState):  # after our Close
                    self.connection.send(data)


async def main(port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(Echo, "127.0.0.1", port)
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
