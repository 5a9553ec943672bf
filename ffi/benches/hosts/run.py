"""Servers beside each other: ``run.py [ROUNDS [CELLS]]`` writes ``results.json`` and the page.

Each server has one processor and the client another. What counts is the processor time of the server for each message
that it receives and sends back, which the system tells, and how many of those it does in a second.
"""

from __future__ import annotations

import fnmatch
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import page
import servers

SECONDS = 0.35
"""How long a sample takes, behind half of that which is not counted."""
SIZES = {"20 B": 20, "125 B": 125, "1 KiB": 1024, "16 KiB": 16384, "1 MiB": 1 << 20}
SERVER, CLIENT = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
"""The processors of both."""
MOST_IN_FLIGHT = 128 << 20
"""How many bytes may be in flight: more than this is a test of memory."""


class Cell(NamedTuple):
    """What is measured."""

    size: str
    connections: int
    in_flight: int

    @property
    def name(self) -> str:
        """How it is called on the command line."""
        return f"{self.size.replace(' ', '')}-{self.connections}-{self.in_flight}"


CELLS = [
    Cell(size, connections, in_flight)
    for in_flight in (1, 64)
    for connections in (1, 100)
    for size in SIZES
    if SIZES[size] * connections * in_flight <= MOST_IN_FLIGHT and (size != "125 B" or connections == 100)
]


@contextmanager
def running(name: str) -> Iterator[tuple[int, int]]:
    """A server on the first processor: its process and its port."""
    os.sched_setaffinity(0, {SERVER})
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(servers.command(name), **pipes) as process:
        os.sched_setaffinity(0, {CLIENT})
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{name} does not listen: status {process.wait()}")
            yield process.pid, int(line.replace(":", " ").split()[-1])
        finally:
            process.kill()


def sample(name: str, cell: Cell) -> tuple[float, float]:
    """Nanoseconds of the server for each message, and messages in a second."""
    with running(name) as (pid, port):
        words = [port, pid, SIZES[cell.size], cell.connections, cell.in_flight, SECONDS]
        load = servers.said(str(servers.TARGET / "bench-hosts" / "load"), *map(str, words))
    messages, nanoseconds, spent = map(int, load.split())
    return spent / messages, messages / nanoseconds * 1e9


def measure(rounds: int, cells: list[Cell]) -> list[dict[str, Any]]:
    """The servers take turns, each round beginning with another one. The median counts."""
    rows = []
    names = servers.NAMES
    for cell in cells:
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for turn in range(rounds):
            first = turn * len(names) // rounds
            for name in names[first:] + names[:first]:
                samples[name].append(sample(name, cell))
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
    return f"{model}, {platform.system()} {platform.release().split('-')[0]} {platform.machine()}"


def main(rounds: int, patterns: list[str]) -> None:
    """Measures, records and writes the page; a part of the cells is only printed."""
    cells = [cell for cell in CELLS if not patterns or any(fnmatch.fnmatch(cell.name, each) for each in patterns)]
    rows = measure(rounds, cells)
    if not patterns:
        results = {"machine": machine(), "rounds": rounds, "versions": servers.versions(), "rows": rows}
        servers.record(results)
        page.write()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:])
