"""A relay on asyncio that does not look: ``plain_relay.py PORT`` passes connections on to that port."""

from __future__ import annotations

import asyncio
import sys
from typing import cast


class End(asyncio.Protocol):
    """One end of a connection that is passed on."""

    transport: asyncio.Transport

    def __init__(self, port: int, other: End | None = None) -> None:
        self.port = port
        self.is_client = other is None
        self.other = other or End(port, self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client waits for its server."""
        self.transport = cast(asyncio.Transport, transport)
        if self.is_client:
            self.transport.pause_reading()
            self.task = asyncio.ensure_future(self.reach())

    async def reach(self) -> None:
        """Connects to the server."""
        await asyncio.get_running_loop().create_connection(lambda: self.other, "127.0.0.1", self.port)
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """It goes to the other."""
        self.other.transport.write(data)

    def eof_received(self) -> bool:
        """The other may still send."""
        self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        """The other waits."""
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """The other goes on."""
        self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Both end."""
        self.other.transport.close()


async def main(port: int) -> None:
    """Listens, and says where."""
    server = await asyncio.get_running_loop().create_server(lambda: End(port), "127.0.0.1", 0)
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
