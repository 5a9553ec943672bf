"""The page of the servers, made from what was recorded: ``page.py [--check]``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spent import PARTS

from servers import FAMILIES, Family

FOLDER = Path(__file__).parent


def write() -> None:
    """Writes the page."""
    (FOLDER / "README.md").write_text(text())


def text() -> str:
    """The page."""
    return "\n".join(lines(json.loads((FOLDER / "results.json").read_text()))) + "\n"


def lines(results: dict[str, Any]) -> Iterator[str]:
    """Its lines."""
    yield from INTRODUCTION.strip().splitlines()
    yield ""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    yield f"Measured on {results['machine']}, {results['rounds']} rounds: {versions}."
    for family in FAMILIES:
        yield from ("", f"## {family.title}", "")
        yield f"Ratios are to {NAMED[family.title]}."
        yield ""
        yield from table(family, results["rows"])
    yield from ("", "## Where the time goes", "")
    yield from PROFILES.strip().splitlines()
    for row in results["profiles"]:
        yield from ("", f"### {label(row)}", "")
        yield from profile_table(row["servers"])
    yield ""
    yield from LIMITS.strip().splitlines()


def table(family: Family, rows: list[dict[str, Any]]) -> Iterator[str]:
    """A row for each cell."""
    names = (*family.ours, *family.others)
    yield f"| | {' | '.join(names)} |"
    yield "| --- | " + " | ".join(["---:"] * len(names)) + " |"
    for row in rows:
        best = min(row["figures"][name]["nanoseconds"] for name in family.best_of)
        cells = [figure(row["figures"][name], best if name in family.ours else None) for name in names]
        yield f"| {label(row)} | {' | '.join(cells)} |"


def label(row: dict[str, Any]) -> str:
    """What a row measures."""
    many = "1 connection" if row["connections"] == 1 else f"{row['connections']} connections"
    return f"{row['size']}, {many}, {row['in_flight']} in flight"


def figure(found: dict[str, int], best: int | None) -> str:
    """The numbers of a server, with the ratio for one of ours."""
    ratio = "" if best is None else f" **{found['nanoseconds'] / best:.2f}**"
    return f"{found['nanoseconds'] / 1000:,.2f}{ratio}<br>{found['per_second'] / 1000:,.1f}"


def profile_table(found: dict[str, Any]) -> Iterator[str]:
    """A row for each server: microseconds of each part, for each message."""
    parts = {name: title for name, title in PARTS.items() if any(name in server["shares"] for server in found.values())}
    yield f"| | all | {' | '.join(parts.values())} |"
    yield "| --- | " + " | ".join(["---:"] * (len(parts) + 1)) + " |"
    for name, server in found.items():
        each = [server["nanoseconds"] * server["shares"].get(part, 0) / 100 for part in parts]
        figures = " | ".join(f"{one / 1000:,.2f}" if one else "" for one in each)
        yield f"| {name} | {server['nanoseconds'] / 1000:,.2f} | {figures} |"


NAMED = {
    "C": "libwebsockets",
    "C++": "Beast; uWebSockets, which brings a loop of its own, is beside it",
    "Rust": "the best of the three others",
}
INTRODUCTION = """
# Servers in C, C++ and Rust

Echo servers over loopback, each in a process of its own on one processor, and one client program on another. The client
sends frames that are made before, and counts what comes back; what comes in the time before the measurement is compared
with what was sent. What counts is the processor time of the server, as the system tells it, for each binary message that
it receives and sends back: system calls and the event loop are in it.

Figures are microseconds of the server's processor for each message, the median of all rounds, and below it thousands of
messages in a second, which depend on the client too. Bold are ratios of processor time: below 1, ours takes less. All
have `TCP_NODELAY` (ours set it themselves), no compression, and no log. Ours are the programs of `examples`; the servers in
Rust are those of `bindings/tokio/benches`, on one thread, each in the way of its library that writes when nothing more has
arrived, if it has one.

`make bench-hosts` runs all of it again and writes this page; `make bench-hosts CELLS='20B-*' ROUNDS=1` runs a part and
prints it.
"""
PROFILES = """
Microseconds for each message, in the parts in which `perf` sees the processor of the server; the kernel's are named after the call
that it is in. All were measured anew, so that they are not those above. `make bench-hosts-profiles` writes this part.
"""
LIMITS = """
## What limits the rest

- **One message at a time.** Each server makes the same three calls of the system for a message, and these are most of its time: of
  125 B on a hundred connections 85 to 90 % in C, 78 % over tokio, 68 % over Asio. The kernel's part alone is 0.8 of all that
  the fastest server takes. What differs from run to run is more than what differs between the libraries.
- **1 MiB.** A message is copied twice: out of the kernel to where the engine joins it (`sansock_conn_lend`), and into the kernel; over
  Asio once more, into the message of the program, where Beast has it read. What is read at first, and all that the ring of io_uring
  reads, is copied on the way to its place. With several in flight the kernel does not take all of a message at once, and the rest is
  copied to wait. With 100 of them in memory none fits the caches, unless each is read to its end before the next one: so do the
  servers that read by themselves, and not the ring. The tables are of servers that did not read to that place yet: beside those, the
  ones over epoll, libuv and libevent take 0.93 to 0.96 with one message in flight, 0.75 to 0.80 with 64, and 0.86 to 0.87 on 100
  connections, and over Asio 0.88 to 0.92.
- **Rust.** Of 16 KiB one at a time the kernel's part of ours is 0.89 of all that fastwebsockets takes, and of 1 MiB too: for 0.95, ours
  would have to do with a third of the time that the fastest has outside the kernel, and to unmask is in that. Ours copies 16 KiB that a
  read cuts; the libraries that are faster pass on what they have read by reference, and write it from there.
"""

if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if (FOLDER / "README.md").read_text() == text() else "the page is stale: make bench-hosts-page")
    write()
