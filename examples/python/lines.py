"""Standard input for asyncio, which cannot wait for files."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

READ_AHEAD = 256


async def lines() -> AsyncIterator[bytes]:
    """The lines of standard input, read by a thread: lines of any length, from files and pipes alike."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()
    room = threading.Semaphore(READ_AHEAD)

    def read() -> None:
        with open(0, "rb", closefd=False) as stdin:
            for line in stdin:
                room.acquire()
                loop.call_soon_threadsafe(queue.put_nowait, line.rstrip(b"\n"))
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await queue.get()) is not None:
        room.release()
        yield line
