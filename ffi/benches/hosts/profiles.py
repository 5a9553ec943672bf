"""Where the servers spend their time, as ``perf`` sees it: ``profiles.py [CELLS]`` adds to ``results.json`` and the page."""

from __future__ import annotations

import fnmatch
import json
import sys
from typing import Any

from spent import shares, watched

import page
import run
import servers

SECONDS = 1.5
"""How long a server is watched, and half of that before."""
WATCHED = ("125B-100-1", "16KiB-1-1", "16KiB-1-64", "1MiB-1-1", "1MiB-1-64", "1MiB-100-1")
"""Cells of each kind in which one of ours is above its goal."""


def profile(name: str, cell: run.Cell) -> dict[str, Any]:
    """Nanoseconds of the server for each message, and the shares of its parts."""
    with run.running(name) as (process, port):
        words = [port, process, run.SIZES[cell.size], cell.connections, cell.in_flight, SECONDS]
        load = [str(servers.TARGET / "bench-hosts" / "load"), *map(str, words)]
        messages, _, spent = map(int, servers.said(*load).split())
        with watched(process) as samples:
            servers.said(*load)
    return {"nanoseconds": round(spent / messages), "samples": sum(samples.values()), "shares": shares(samples)}


def main(patterns: list[str]) -> None:
    """Watches, records and writes the page; other cells are only printed."""
    profiles = []
    for cell in run.CELLS:
        if any(fnmatch.fnmatch(cell.name, each) for each in patterns or WATCHED):
            found = {name: profile(name, cell) for name in servers.NAMES}
            profiles.append({**cell._asdict(), "servers": found})
            for name, server in found.items():
                print(cell.name, name, json.dumps(server), file=sys.stderr)
    if not patterns:
        servers.record({"profiles": profiles})
        page.write()


if __name__ == "__main__":
    main(sys.argv[1:])
