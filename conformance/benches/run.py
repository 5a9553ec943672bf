"""Measures a host's engines against each other: `run.py FOLDER`, where FOLDER has a peers.json.

Every engine of a cell is a process of its own, which prepares itself and then times one sample for each line that it
is sent. The processes take turns, so that whatever else the machine does falls on all of them.

CELLS narrows the run to the cells whose names match a pattern, ROUNDS sets how many samples each engine gives, and
CLOCK=cpu counts the time of the processor, on a machine that is busy with something else (for Node in all threads, of which
its collector has some, and much less evenly). A run with any of them prints its results and writes nothing, unless RECORD=1 asks for its
cells to be written among those on record, which must be of the same machine.
"""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import page
from cells import Cell, prepare
from repository import ROOT
from results import Results, all_cells, load, merge, read_host, record, summary, this_machine, turns
from sent import verify

ROUNDS = 9
MEMORY_ROUNDS = 3
COMMON = str(ROOT / "conformance" / "common")
"""Workers in Python import from it."""


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
    """Runs all cells of a host, and writes its results and its page."""
    folder = Path(sys.argv[1])
    host = read_host(folder)
    pattern, rounds = os.environ.get("CELLS"), os.environ.get("ROUNDS")
    results = Results(host, this_machine())
    for cell in all_cells(host):
        wanted = fnmatch.fnmatch(cell.name, pattern or "*")
        if wanted and any(takes_part(peer, cell) for peer in host["peers"].values()):
            measure(cell, int(rounds or ROUNDS), results)
            print(results.line(*results.rows[-1]), flush=True)
    if not results.rows:
        sys.exit(f"error: no cell matches {pattern}")
    if os.environ.get("RECORD") == "1":
        results = merge(load(folder), results)
        record(results, folder)
        page.write(results, folder)
    elif pattern is None and rounds is None and "CLOCK" not in os.environ:
        record(results, folder)
        page.write(results, folder)


def measure(cell: Cell, rounds: int, results: Results) -> None:
    """Takes the samples of one cell."""
    host = results.host
    folder = ROOT / "target" / "bench" / host["name"]
    arguments = prepare(cell, folder, host["unit"])
    names = [name for name, peer in host["peers"].items() if takes_part(peer, cell)]
    samples: dict[str, list[float]] = {name: [] for name in names}
    for starting in turns(names, MEMORY_ROUNDS if cell.unit == "bytes" else 1):
        with ExitStack() as stack:
            workers = {name: stack.enter_context(closing(start(host, name, cell, arguments))) for name in starting}
            # Memory is measured once in each process: what was freed is not given back to the system.
            for order in turns(starting, 1 if cell.unit == "bytes" else rounds):
                for name in order:
                    samples[name].append(workers[name].sample())
    results.versions.update({name: workers[name].version for name in workers})
    results.rows.append((cell, {name: summary(taken) for name, taken in samples.items()}))


def start(host: Mapping[str, Any], name: str, cell: Cell, arguments: Mapping[str, str | int]) -> Worker:
    """The worker of an engine, when it is ready. What it sends, it has written to a file by then, once."""
    peer = host["peers"][name]
    sent = ROOT / "target" / "bench" / host["name"] / f"{cell.name}.{name}.sent"
    options = [f"{key}={value}" for key, value in {**arguments, "sent": str(sent)}.items()]
    command = shlex.split(host["worker"].format(engine=peer.get("engine", name)))
    worker = Worker([*command, *options], {"PYTHONPATH": COMMON, **peer.get("environment", {})})
    if cell.arguments["operation"] in ("send", "batch"):
        try:
            verify(sent, arguments)
        except ValueError as error:
            sys.exit(f"error: {name} in {cell.name}: {error}")
    return worker


def takes_part(peer: Mapping[str, Any], cell: Cell) -> bool:
    """Whether an engine has what a cell measures."""
    return any(fnmatch.fnmatch(cell.name, pattern) for pattern in peer["cells"])


if __name__ == "__main__":
    main()
