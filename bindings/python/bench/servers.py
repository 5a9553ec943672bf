"""uvicorn with our protocol and with its own: `servers.py [ROUNDS]` prints a page, which is kept in servers.md.

Each server runs on one core and the same client on another. What counts is the processor time of the server for each
message that it receives and sends, which it tells by itself, so that neither the client nor what else the machine does
is in the figure.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import sansock
from sansock.asyncio import connect

PROTOCOLS = {
    "sansock": "sansock.uvicorn:WebSocketProtocol",
    "websockets": "websockets-sansio",
    "wsproto": "wsproto",
}
SIZES = {"20 B": 20, "1 KiB": 1024, "16 KiB": 16384}
ENOUGH = 0.4
"""Seconds of processor time that a sample takes, about."""


class Cell(NamedTuple):
    """What is measured: echoes of text, each sent when the one before has come back."""

    size: str
    connections: int
    compression: bool

    def __str__(self) -> str:
        many = "1 connection" if self.connections == 1 else f"{self.connections} connections"
        return f"{self.size}, {many}"


CELLS = [Cell(size, count, deflate) for deflate in (False, True) for count in (1, 100) for size in SIZES]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The application: echoes messages, and answers a request with the processor time used so far."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(time.process_time_ns()).encode()})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


@contextmanager
def server(protocol: str) -> Iterator[int]:
    """The port of a uvicorn."""
    options = ["--port", "0", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(__file__).parent), "--ws", protocol, *options]
    with subprocess.Popen([*command, "servers:app"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            line = next(line for line in process.stderr if "running on" in line)
            # A server whose log is not read would stop.
            threading.Thread(target=process.stderr.read).start()
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
            yield int(re.findall(r":(\d+)", line)[-1])
        finally:
            process.terminate()
            process.wait()


def processor_time(port: int) -> int:
    """What the server has used so far, in nanoseconds."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as response:
        return int(response.read())


def texts(size: int) -> list[str]:
    """Messages of this size that are like each other, as those of an application are."""
    made = []
    for number in range(16):
        items = (f'{{"id":{number * 7919 + n * 31},"name":"item {n}","price":{n * n % 9973}}},' for n in range(1000))
        made.append("".join(items)[:size])
    return made


async def echo(websockets: list[Any], messages: list[str], count: int) -> None:
    """Sends so many messages on each connection."""

    async def one(websocket: Any) -> None:
        for message in islice(cycle(messages), count):
            await websocket.send(message)
            if await websocket.recv() != message:
                raise ValueError("it is no echo")

    await asyncio.gather(*map(one, websockets))


async def sample(port: int, cell: Cell, seconds: float) -> float:
    """Nanoseconds of the server for each message. The first messages say how many there will be."""
    messages, url = texts(SIZES[cell.size]), f"ws://127.0.0.1:{port}/"
    websockets = [await connect(url, compression=cell.compression) for _ in range(cell.connections)]
    try:
        count = max(1, 300 // cell.connections)
        for _ in range(2):
            start = await asyncio.to_thread(processor_time, port)
            await echo(websockets, messages, count)
            each = (await asyncio.to_thread(processor_time, port) - start) / (count * cell.connections)
            count = max(3, int(seconds * 1e9 / each / cell.connections))
        return each
    finally:
        await asyncio.gather(*(websocket.close() for websocket in websockets))


def measure(rounds: int) -> dict[Cell, dict[str, float]]:
    """The servers take turns. The median counts."""
    found: dict[Cell, dict[str, list[float]]] = {cell: {name: [] for name in PROTOCOLS} for cell in CELLS}
    with ExitStack() as running:
        ports = {name: running.enter_context(server(protocol)) for name, protocol in PROTOCOLS.items()}
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        for _ in range(rounds):
            for cell, figures in found.items():
                for name, port in ports.items():
                    figures[name].append(asyncio.run(sample(port, cell, ENOUGH)))
    return {cell: {name: statistics.median(each) for name, each in figures.items()} for cell, figures in found.items()}


def page(found: dict[Cell, dict[str, float]]) -> Iterator[str]:
    """The lines of the page."""
    names = "uvicorn", "websockets", "wsproto", "uvloop", "httptools"
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    yield "# uvicorn: Sansock and uvicorn's own protocols"
    yield ""
    yield "Microseconds of the server's processor for each message, received and sent back by an ASGI application. The"
    yield "client is the same, on another core, and sends a text when the one before has come back. The ratio is ours"
    yield "to the better other. `make bench-python-servers` runs it again and writes this page."
    yield ""
    yield f"sansock {sansock.__version__}, {versions}, Python {sys.version.split()[0]}."
    for compression, title in ((False, "Without compression"), (True, "With compression")):
        yield from ("", f"## {title}", "")
        yield f"|  | {' | '.join(PROTOCOLS)} | Ratio |"
        yield "| --- | " + "---: | " * len(PROTOCOLS) + "---: |"
        for cell, figures in found.items():
            if cell.compression is compression:
                ours, *others = figures.values()
                row = " | ".join(f"{each / 1000:.1f}" for each in figures.values())
                yield f"| {cell} | {row} | **{ours / min(others):.2f}** |"


if __name__ == "__main__":
    for line in page(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)):
        print(line)
