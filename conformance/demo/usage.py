"""Memory and open descriptors of a server, as /proc says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from hosts import Server

GROWTH_LIMIT = 48 << 20
"""Growth of memory from the end of the warm-up to the end, in bytes."""
DESCRIPTOR_SLACK = 8
"""Descriptors that a runtime may open once and keep: for a timer, a pipe, a thread."""


@dataclass(frozen=True)
class Usage:
    """What the process tree of a server holds."""

    memory: int
    descriptors: int


def usage(pid: int) -> Usage:
    memory = descriptors = 0
    for process in tree(pid):
        try:
            status = Path(f"/proc/{process}/status").read_text()
            memory += int(status.split("VmRSS:")[1].split()[0]) * 1024
            descriptors += sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
        except (FileNotFoundError, IndexError):
            pass  # It ended meanwhile.
    return Usage(memory, descriptors)


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for process in found:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except FileNotFoundError:
                pass
    return found


def usage_when_quiet(server: Server, descriptors: int) -> Usage:
    """Usage once the connections of the past are gone, or after the close deadline and a little more."""
    give_up = time.monotonic() + 12
    while usage(server.process.pid).descriptors > descriptors and time.monotonic() < give_up:
        time.sleep(0.2)
    time.sleep(0.5)
    return usage(server.process.pid)
