"""Measures a host's engines against each other: `run.py FOLDER`, where FOLDER has a peers.json.

Every engine of a cell is a process of its own, which prepares itself and then times one sample for each line that it
is sent. The processes take turns, so that whatever else the machine does falls on all of them.

CELLS narrows the run to the cells whose names match a pattern, ROUNDS sets how many samples each engine gives, and
CLOCK=cpu counts the time of the processor, on a machine that is busy with something else (not for Node, whose collector
works in threads of its own). A run with any of them prints its results and writes nothing.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from cells import Cell, cells, prepare
from page import Results, write

ROUNDS = 9
MEMORY_ROUNDS = 3
ROOT = Path(__file__).resolve().parents[3]

# What keeps luck out of times, where the C library is glibc: the allocator keeps what is freed, or a large message would cost
# what had been allocated before it decides; and memory is copied without an instruction whose speed depends tenfold on
# where the buffers happen to lie.
STEADY = {
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS,-FSRM",
}


class Worker:
    """One engine, in a process of its own."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment},
        )
        self.version = str(self._answer()["version"])

    def sample(self) -> float:
        """Nanoseconds per message, or bytes per connection."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._answer()["result"])

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"error: this failed with status {self._process.wait()}:\n{shlex.join(self._command)}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main() -> None:
    """Runs all cells of a host, and writes its page."""
    folder = Path(sys.argv[1])
    host = json.loads((folder / "peers.json").read_text())
    pattern, rounds = os.environ.get("CELLS"), os.environ.get("ROUNDS")
    results = Results(host)
    for cell in [*cells(), *floors(host)]:
        wanted = fnmatch.fnmatch(cell.name, pattern or "*")
        if wanted and any(takes_part(peer, cell) for peer in host["peers"].values()):
            measure(cell, host, int(rounds or ROUNDS), results)
            print(results.line(cell), flush=True)
    if not results.cells:
        sys.exit(f"error: no cell matches {pattern}")
    if pattern is None and rounds is None and "CLOCK" not in os.environ:
        write(results, folder)


def floors(host: Mapping[str, Any]) -> Iterator[Cell]:
    """What the host itself costs, measured as the engines are."""
    for floor in host["floors"]:
        yield Cell(f"floor-{floor['name']}", "Floors", floor["label"], {"operation": "floor", **floor["arguments"]})


def measure(cell: Cell, host: Mapping[str, Any], rounds: int, results: Results) -> None:
    """Takes the samples of one cell."""
    arguments = prepare(cell, ROOT / "target" / "bench" / host["name"], host["unit"])
    options = [f"{name}={value}" for name, value in arguments.items()]
    peers = {name: peer for name, peer in host["peers"].items() if takes_part(peer, cell)}
    steady = {} if cell.unit == "bytes" else STEADY
    samples: dict[str, list[float]] = {name: [] for name in peers}
    for names in turns(list(peers), MEMORY_ROUNDS if cell.unit == "bytes" else 1):
        with ExitStack() as stack:
            workers = {
                name: stack.enter_context(
                    closing(
                        Worker([*peers[name]["command"], *options], {**steady, **peers[name].get("environment", {})})
                    )
                )
                for name in names
            }
            # Memory is measured once in each process: what was freed is not given back to the system.
            for order in turns(names, 1 if cell.unit == "bytes" else rounds):
                for name in order:
                    samples[name].append(workers[name].sample())
    results.versions.update({name: workers[name].version for name in workers})
    results.add(cell, {name: summary(taken) for name, taken in samples.items()})


def takes_part(peer: Mapping[str, Any], cell: Cell) -> bool:
    """Whether an engine has what a cell measures."""
    return any(fnmatch.fnmatch(cell.name, pattern) for pattern in peer["cells"])


def turns(names: list[str], rounds: int) -> Iterator[list[str]]:
    """The names in every round, each time another one first."""
    for number in range(rounds):
        first = number % len(names)
        yield names[first:] + names[:first]


def summary(samples: list[float]) -> dict[str, float]:
    """The median, and the middle half of the samples."""
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return {"median": round(median, 2), "low": round(low, 2), "high": round(high, 2)}


if __name__ == "__main__":
    main()
