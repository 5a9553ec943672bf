"""A WebSocket client on the bare engine, with asyncio around it: ``python engine_client.py URL``.

It does what ``client.py`` does, which is written with ``sansock.asyncio``. This one shows what a host does, and can
react to every event of the engine.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import Callable

import sansock

from asyncio_host import WebSocketProtocol
from lines import lines


class Client(WebSocketProtocol):
    """Prints what it receives, and sends what it reads."""

    def __init__(self, connection: sansock.Connection) -> None:
        super().__init__(connection)
        self.clean = False
        self.progress = asyncio.Event()
        self.lost = asyncio.Event()

    def handle(self, event: sansock.Event) -> None:
        """Prints a message, or how the connection was closed."""
        match event:
            case sansock.Text(text):
                print(text, flush=True)
            case sansock.Binary(data):
                print(data.hex(), flush=True)
            case sansock.Closed(code, reason):
                self.clean = event.clean
                print("closed", code, *filter(None, [reason]), flush=True)

    def drive(self, events: list[sansock.Event]) -> None:
        """Wakes the sender besides."""
        super().drive(events)
        self.progress.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        super().connection_lost(exc)
        self.lost.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until the connection has come that far."""
        while not condition():
            self.progress.clear()
            await self.progress.wait()

    def may_send(self) -> bool:
        """Whether the connection is open, or was, and its output has room."""
        return self.connection.state is not sansock.State.CONNECTING and self.connection.writable

    async def send_line(self, line: bytes) -> None:
        """Sends one line as soon as the connection takes it."""
        await self.until(self.may_send)
        self.connection.send_text(line)

    async def send_lines(self) -> None:
        """Sends all lines of standard input, then closes."""
        async for line in lines():
            if self.lost.is_set():
                return
            try:
                await self.send_line(line)
            except (sansock.SansockError, LookupError, ValueError) as error:
                print(f"error: {error}", file=sys.stderr)
            self.drive([])
        await self.until(self.may_send)
        self.connection.close()
        self.drive([])

    async def run(self, url: sansock.Url) -> int:
        """Talks to the server. The status is 0 only for a clean close."""
        tls = ssl.create_default_context() if url.secure else None
        await self.loop.create_connection(lambda: self, url.host, url.port, ssl=tls)
        sending = asyncio.ensure_future(self.send_lines())
        await self.lost.wait()
        sending.cancel()
        return 0 if self.clean else 1


async def main(url: str) -> int:
    """Runs the client."""
    connection = sansock.Connection.client(
        url,
        receive_while_closing=True,  # for the echoes of what was sent before the end of the input
        deflate=os.environ.get("DEFLATE") == "1",
    )
    return await Client(connection).run(sansock.parse_url(url))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: engine_client.py URL")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(asyncio.run(main(sys.argv[1])))
