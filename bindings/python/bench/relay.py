"""What inspecting costs a relay: ``relay.py [ROUNDS]``, on Linux.

`sansock relay` is compared with relays on asyncio that do not look: one of protocols, as ours is, and one of streams.
Each passes one connection of echoes on. What counts is the processor time of the relay for each echo, which is two
messages; of several rounds, the median.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from sansock.asyncio import connect, serve

CELLS = ((125, 1, 6000), (125, 64, 30_000), (65536, 1, 1500), (65536, 16, 3000))
"""The size of a message, how many are on their way at once, and how many are sent."""
QUIET = ("--listen", "0", "--quiet")


class End(asyncio.Protocol):
    """One end of a connection that is passed on."""

    transport: Any

    def __init__(self, port: int, other: End | None = None) -> None:
        self.port, self.other = port, other or End(port, self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client waits for its server."""
        self.transport = transport
        if not hasattr(self.other, "transport"):
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


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes one direction on."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def plain(kind: str, port: int) -> None:
    """A relay that does not look."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, theirs[1]), pump(theirs[0], writer))

    loop = asyncio.get_running_loop()
    is_protocol = kind == "protocols"
    start = loop.create_server(lambda: End(port), "127.0.0.1", 0) if is_protocol else None
    server = await (start or asyncio.start_server(accept, "127.0.0.1", 0))
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]},", flush=True)
    await server.serve_forever()


def processor_time(process: int) -> float:
    """What a process has used so far, in seconds."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def echoes(port: int, size: int, at_once: int, count: int) -> None:
    """Sends, and waits for what comes back."""
    message = (os.urandom(size).hex())[:size]
    async with connect(f"ws://127.0.0.1:{port}/", compression=False, proxy=None) as websocket:
        room = asyncio.Semaphore(at_once)

        async def send() -> None:
            for _ in range(count):
                await room.acquire()
                await websocket.send(message)

        sending = asyncio.ensure_future(send())
        for _ in range(count):
            await websocket.recv()
            room.release()
        await sending


async def sample(command: list[str], size: int, at_once: int, count: int) -> float:
    """The processor time of a relay for each echo, in microseconds."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    found = re.search(rb"ws://[\d.]+:(\d+)", await process.stdout.readline())
    assert found
    await echoes(int(found[1]), size, at_once, count // 10)
    before = processor_time(process.pid)
    await echoes(int(found[1]), size, at_once, count)
    used = processor_time(process.pid) - before
    process.kill()
    await process.wait()
    return used / count * 1e6


async def echo(websocket: Any) -> None:
    """What the server does."""
    async for message in websocket:
        await websocket.send(message)


async def main(rounds: int) -> None:
    """Measures, and prints a table."""
    async with serve(echo, "127.0.0.1", 0, compression=False) as server:
        port = str(server.sockets[0].getsockname()[1])
        ours = [sys.executable, "-m", "sansock", "relay", "--to", f"127.0.0.1:{port}", *QUIET]
        kinds = {kind: [sys.executable, __file__, kind, port] for kind in ("protocols", "streams")}
        kinds |= {"ours": ours, "preview of 256": [*ours, "--preview", "256"]}
        print("| message | at once |", " | ".join(f"{kind}, µs" for kind in kinds), "| ours to protocols |")
        print("| ---: " * (len(kinds) + 3) + "|")
        for size, at_once, count in CELLS:
            times: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(rounds):
                for kind, command in kinds.items():
                    times[kind].append(await sample(command, size, at_once, count))
            medians = {kind: statistics.median(values) for kind, values in times.items()}
            shown = " | ".join(f"{value:.1f}" for value in medians.values())
            ratio = medians["ours"] / medians["protocols"]
            print(f"| {size} B | {at_once} | {shown} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        asyncio.run(plain(sys.argv[1], int(sys.argv[2])))
    else:
        asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 5))
