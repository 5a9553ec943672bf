"""Servers in Python beside each other: ``run.py [ROUNDS [CELLS]]`` writes ``results.json`` and the page.

Each server has one processor and the client another. What counts is the processor time of the server for each message
that it receives and sends back, which the system tells, and how many of those it does in a second.
"""

from __future__ import annotations

import fnmatch
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import page
import server
from load import Frames, Load

FOLDER = Path(__file__).parent
SECONDS = 0.4
"""How long a sample takes."""
SIZES = {"20 B": 20, "1 KiB": 1024, "16 KiB": 16384, "1 MiB": 1 << 20}
SERVER, CLIENT = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
"""The processors of both."""
MOST_IN_FLIGHT = 128 << 20
"""How many bytes may be in flight: more than this is a test of memory."""
MOST_COMPRESSED = 16 << 20
"""The same with compression, which takes seconds for more."""


class Cell(NamedTuple):
    """What is measured."""

    size: str
    connections: int
    in_flight: int
    deflate: bool

    @property
    def name(self) -> str:
        """How it is called on the command line."""
        return f"{self.size.replace(' ', '')}-{self.connections}-{self.in_flight}{'-deflate' if self.deflate else ''}"


CELLS = [
    Cell(size, connections, in_flight, deflate)
    for deflate in (False, True)
    for in_flight in (1, 64)
    for connections in (1, 100)
    for size in SIZES
    if SIZES[size] * connections * in_flight <= (MOST_COMPRESSED if deflate else MOST_IN_FLIGHT)
]


class Server:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.pid, self.port = process.pid, port

    def spent(self) -> int:
        """The processor time that it has used, in nanoseconds."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with suppress(FileNotFoundError):
                total += int(Path(f"/proc/{self.pid}/task/{task}/schedstat").read_text().split()[0])
        return total

    def resident(self) -> int:
        """The memory that it holds, in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running(name: str, deflate: bool = False) -> Iterator[Server]:
    """A server over this library, on the first processor."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, str(FOLDER / "server.py"), name, *(["deflate"] if deflate else [])]
    environment = {**os.environ, "PORT": str(port)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if line.strip().isdigit()), "")
            os.sched_setaffinity(process.pid, {SERVER})
            yield Server(process, int(line))
        finally:
            process.kill()


def sample(name: str, cell: Cell, frames: dict[bool, Frames]) -> tuple[float, float]:
    """Nanoseconds of the server for each message, and messages in a second."""
    with running(name, cell.deflate) as served:
        load = Load(served.port, frames, cell.connections, cell.in_flight, cell.deflate)
        try:
            load.verify()
            load.run(sys.maxsize, SECONDS / 2)
            before = served.spent()
            count, seconds = load.run(sys.maxsize, SECONDS)
            return (served.spent() - before) / count, count / seconds
        except (OSError, ValueError) as error:
            raise RuntimeError(f"{name} at {cell.name}") from error
        finally:
            load.close()


def measure(rounds: int, cells: list[Cell]) -> list[dict[str, Any]]:
    """The servers take turns. The median counts."""
    rows = []
    os.sched_setaffinity(0, {CLIENT})
    for cell in cells:
        frames = {takeover: Frames(SIZES[cell.size], cell.deflate, takeover) for takeover in (True, False)}
        samples: dict[str, list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for name in (*server.HOSTS, *server.UVICORN):
                if cell.deflate and name == "picows":
                    continue
                samples.setdefault(name, []).append(sample(name, cell, frames))
        figures = {
            name: {
                "nanoseconds": round(statistics.median(each for each, _ in found)),
                "per_second": round(statistics.median(each for _, each in found)),
            }
            for name, found in samples.items()
        }
        rows.append({**cell._asdict(), "figures": figures})
        print(cell.name, {name: figure["nanoseconds"] / 1000 for name, figure in figures.items()}, file=sys.stderr)
    return rows


def machine() -> str:
    """What it was measured on."""
    models = [line.partition(":")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    model = models[0].strip() if models else platform.machine()
    return f"{model}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main(rounds: int, patterns: list[str]) -> None:
    """Measures, records and writes the page; a part of the cells is only printed."""
    cells = [cell for cell in CELLS if not patterns or any(fnmatch.fnmatch(cell.name, each) for each in patterns)]
    rows = measure(rounds, cells)
    if not patterns:
        path = FOLDER / "results.json"
        old = json.loads(path.read_text()) if path.exists() else {}
        # What was said of the last run.
        old.pop("note", None)
        results = {**old, "machine": machine(), "versions": server.versions(), "rows": rows}
        path.write_text(json.dumps(results, indent=1) + "\n")
        page.write()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:])
