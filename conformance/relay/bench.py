"""What looking costs the relays of the packages: ``bench.py [ROUNDS] [RUNTIME ...] [CELL ...]``, on Linux.

``sansock relay`` of each package is compared with a relay of the same runtime that passes bytes on and does no more.
Each passes on echoes: a message there, and the same back. What counts is the processor time of the whole process for
each echo, of all its threads; of several rounds, the median. Rounds take turns among all relays.

Before anything is counted, so much has passed that a relay to whom nobody looks has filled its memory: from there on
each byte that comes has another one passed over. With a viewer so much passes again, and spends what is saved up for
bursts; with ``--all`` the viewer is shown everything.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import sys
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sansock.asyncio import WebSocket, connect, serve

from repository import COMMANDS, PYTHON, ROOT

PROGRAMS = ROOT / "conformance" / "relay" / "programs"
PLAIN = {"python": [PYTHON, str(PROGRAMS / "plain_relay.py")], "node": ["node", str(PROGRAMS / "plain_relay.mjs")]}
NAMES = {"python": "Python", "node": "Node"}
WAYS = ("plain", "nobody", "viewer", "all")
SIZES = {20: "20 B", 1024: "1 KiB", 16 << 10: "16 KiB", 1 << 20: "1 MiB"}
MOST_BYTES = 150 << 20
"""How much is sent in one direction of a cell at most."""
KEPT = 4 << 20
"""What a relay keeps for those who look later, in bytes."""
A_READ = 80
"""What it counts for each read beside the bytes, or less."""
MOST_BEFORE = 90_000


@dataclass(frozen=True)
class Cell:
    """A size of messages, how many are on their way at once over all connections, and how many connections there are."""

    size: int
    at_once: int
    connections: int

    def __str__(self) -> str:
        """As it is shown."""
        return f"{SIZES[self.size]} | {self.at_once} | {self.connections}"

    @property
    def name(self) -> str:
        """As it is chosen: ``1KiB-64-100``."""
        return str(self).replace(" | ", "-").replace(" ", "")

    @property
    def count(self) -> int:
        """How many echoes are counted."""
        return min(6000 if self.at_once == 1 else 60_000, MOST_BYTES // self.size)

    @property
    def before(self) -> int:
        """How many echoes fill what a relay keeps. Where many come with one read, each counts for little, and the first are large."""
        return min(MOST_BEFORE, KEPT * 5 // 4 // (2 * (self.size + A_READ)) + 1)

    @property
    def burst(self) -> int:
        """How many echoes spend what is saved up for looking."""
        return max(self.before, min(6000, 4 * MOST_BYTES // self.size))


CELLS = [Cell(size, at_once, connections) for size in SIZES for at_once in (1, 64) for connections in (1, 100)]


def processor_time(process: int) -> float:
    """What a process has used so far, in seconds."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


async def echo(websocket: WebSocket) -> None:
    """What the server does."""
    async for message in websocket:
        await websocket.send(message)


async def echoes(websockets: list[WebSocket], message: str, at_once: int, count: int) -> None:
    """Sends and waits for what comes back, over the connections in turn."""
    if len(websockets) > 1 or at_once == 1:
        left, free = count, deque(websockets)

        async def lane() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                websocket = free.popleft()
                await websocket.send(message)
                await websocket.recv()
                free.append(websocket)

        await asyncio.gather(*(lane() for _ in range(at_once)))
        return
    (websocket,) = websockets
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


class Viewer:
    """Who looks at a relay, as the page does; or nobody."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def __aenter__(self) -> None:
        self.websocket = await connect(self.address, compression=False, proxy=None, max_size=1 << 26)
        self.reading = asyncio.ensure_future(self.read())

    async def read(self) -> None:
        """Throws away what comes."""
        async for _ in self.websocket:
            pass

    async def __aexit__(self, *error: object) -> None:
        self.reading.cancel()


async def sample(runtime: str, way: str, port: str, cell: Cell) -> float:
    """The processor time of a relay for each echo, in microseconds."""
    ours = [*COMMANDS[runtime], "relay", "--listen", "0", "--to", f"127.0.0.1:{port}", "--quiet"]
    command = [*PLAIN[runtime], port] if way == "plain" else [*ours, "--all"] if way == "all" else ours
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        lines = [await process.stdout.readline() for _ in range(1 if way == "plain" else 2)]
        found = re.search(rb"ws://[\d.]+:\d+", lines[0])
        assert found
        message = os.urandom(cell.size).hex()[: cell.size]
        async with AsyncExitStack() as stack:
            websockets = [
                await stack.enter_async_context(connect(found[0].decode(), compression=False, proxy=None))
                for _ in range(cell.connections)
            ]
            await echoes(websockets, message, cell.at_once, cell.before)
            if way in ("viewer", "all"):
                origin, _, token = lines[1].decode().split()[-1].partition("/#live=")
                await stack.enter_async_context(Viewer(f"{origin.replace('http', 'ws')}/entries?token={token}"))
                await echoes(websockets, message, cell.at_once, cell.burst)
            before = processor_time(process.pid)
            await echoes(websockets, message, cell.at_once, cell.count)
            if way in ("viewer", "all"):
                await asyncio.sleep(0.2)
            return (processor_time(process.pid) - before) / cell.count * 1e6
    finally:
        process.kill()
        await process.wait()


async def main(rounds: int, chosen: list[str]) -> None:
    """Measures, and prints a table."""
    runtimes = [runtime for runtime in COMMANDS if runtime in chosen] or list(COMMANDS)
    cells = [cell for cell in CELLS if cell.name in chosen] or CELLS
    async with serve(echo, "127.0.0.1", 0, compression=False) as server:
        port = str(server.sockets[0].getsockname()[1])
        heads = [f"{NAMES[runtime]}: plain, µs | nobody looks | one viewer | `--all`" for runtime in runtimes]
        print("| message | at once | connections |", " | ".join(heads), "|")
        print("|" + " ---: |" * (3 + len(WAYS) * len(runtimes)))
        for cell in cells:
            times: dict[tuple[str, str], list[float]] = {(runtime, way): [] for runtime in runtimes for way in WAYS}
            for _ in range(rounds):
                for (runtime, way), values in times.items():
                    values.append(await sample(runtime, way, port, cell))
            medians = {key: statistics.median(values) for key, values in times.items()}
            columns: list[Any] = []
            for runtime in runtimes:
                plain = medians[runtime, "plain"]
                columns += [f"{plain:.1f}", *(f"{medians[runtime, way] / plain:.2f}" for way in WAYS[1:])]
            print(f"| {cell} |", " | ".join(columns), "|", flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(main(int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 3, arguments))
