"""The page of the servers, made from what was recorded: ``page.py [--check]``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
OURS, UVICORN = "sansock", "uvicorn-sansock"
LIBRARIES = ("websockets", "aiohttp", "picows", "socketify")
PROTOCOLS = ("uvicorn-websockets", "uvicorn-wsproto")


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
    yield f"Measured on {results['machine']}: {versions}. {results.get('note', '')}".rstrip()
    for deflate, title in ((False, "Without compression"), (True, "With compression")):
        rows = [row for row in results["rows"] if row["deflate"] is deflate]
        yield from ("", f"## {title}", "")
        yield "Microseconds of the server's processor for each message, and below it thousands of messages in a second."
        yield ""
        yield from table(rows)
    if "idle" in results:
        yield from ("", "## Idle connections", "")
        count = f"{results['idle']['connections']:,}"
        yield f"Bytes of resident memory for each of {count} connections, after one message each way."
        yield ""
        names = list(results["idle"]["bytes"])
        yield f"| | {' | '.join(names)} |"
        yield "| --- | " + " | ".join(["---:"] * len(names)) + " |"
        for title, key in (("without compression", "bytes"), ("with compression", "deflate")):
            found = results["idle"][key]
            yield f"| {title} | {' | '.join(f'{found[name]:,}' if name in found else '' for name in names)} |"
    yield ""
    yield from LIMITS.strip().splitlines()


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A row for each cell, with the ratios."""
    names = [OURS, *LIBRARIES, UVICORN, *PROTOCOLS]
    titles = [name.replace("uvicorn-", "uvicorn, ") for name in names]
    yield f"| | {' | '.join(titles)} | of websockets | of picows | of the best | uvicorn: of the best |"
    yield "| --- | " + " | ".join(["---:"] * (len(names) + 4)) + " |"
    for row in rows:
        figures = row["figures"]
        cells = [figure(figures[name]) if name in figures else "" for name in names]
        ratios = (
            ratio(figures, OURS, ("websockets",)),
            ratio(figures, OURS, ("picows",)),
            ratio(figures, OURS, LIBRARIES),
            ratio(figures, UVICORN, PROTOCOLS),
        )
        yield f"| {label(row)} | {' | '.join(cells)} | {' | '.join(ratios)} |"


def label(row: dict[str, Any]) -> str:
    """What a row measures."""
    many = "1 connection" if row["connections"] == 1 else f"{row['connections']} connections"
    return f"{row['size']}, {many}, {row['in_flight']} in flight"


def figure(found: dict[str, int]) -> str:
    """The two numbers of a server."""
    return f"{found['nanoseconds'] / 1000:,.1f}<br>{found['per_second'] / 1000:,.1f}"


def ratio(figures: dict[str, Any], ours: str, others: tuple[str, ...]) -> str:
    """How much of their processor time ours takes."""
    found = [figures[name]["nanoseconds"] for name in others if name in figures]
    return f"**{figures[ours]['nanoseconds'] / min(found):.2f}**" if found else ""


INTRODUCTION = """
# Servers in Python

Echo servers over loopback, each in a process of its own on one processor, and one client program on another. The client
sends frames that are made before, and counts what comes back; on one connection it compares that with what was sent.
What counts is the processor time of the server, as the system tells it, for each binary message that it receives and
sends back: system calls and the event loop are in it. How many messages a second has depends on the client too, where
the server is fast.

Ratios are of processor time: below 1, ours takes less. The allocator is the system's, the event loop that of asyncio,
but for socketify, which brings its own. `make bench-python-hosts` runs all of it again and writes this page;
`CELLS='20B-*' ROUNDS=1 make bench-python-hosts` runs a part and prints it.
"""
LIMITS = """
## What limits the rest

- **One message at a time.** Where the time of a 20-byte echo on 100 connections is spent, as `perf` sees it:

  | | kernel | Python's interpreter and asyncio | foreign calls (ctypes, libffi) | libsansock | picows, compiled |
  | --- | ---: | ---: | ---: | ---: | ---: |
  | sansock | 28 % | 66 % | 4 % | 2 % | |
  | websockets | 45 % | 55 % | | | |
  | picows | 60 % | 24 % | | | 16 % |

  picows is compiled, and so is the transport that it brings instead of asyncio's; it calls the application from within
  the read, and has no task to wake. Without a socket, our part of an echo is 3.8 microseconds: 1.3 the call into the
  engine and the message made of its record, 1.2 asyncio's future, callback and step of the task, 0.5 the frame that is
  sent, and the rest the coroutine of the application and its `send`. A server in Python whose application is a
  coroutine that waits for messages cannot do without asyncio's part. An extension module in place of ctypes could save
  of the 13 microseconds no more than the first and the third, a seventh if it took no time at all: so there is none.
- **One connection, one message**: both sides sleep until the other has sent, and waking is most of the time.
- **16 KiB.** A read is copied out of the read buffer into the message, the message into the output, and the output into
  what asyncio writes; what the socket does not take at once, asyncio 3.11 copies again, and moves with each write.
  picows sends from where it has read.
- **1 MiB.** Payloads of 128 KiB and more are written from where they are, behind a header of the engine's. What arrives
  is gathered by the engine and copied into the message; picows lets the application see its own buffer.
- **Compression** is that of zlib-rs at the engine's level; aiohttp compresses at a lower level (1).
"""

if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(None if (FOLDER / "README.md").read_text() == text() else "the page is stale: make bench-python-hosts")
    write()
