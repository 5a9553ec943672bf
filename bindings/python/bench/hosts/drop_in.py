"""The server of websockets over its own layer and over ours: ``drop_in.py [ROUNDS]`` prints a part of a page."""

from __future__ import annotations

import os
import statistics
import sys

from load import Frames
from run import CLIENT, SIZES, Cell, sample

HEAD = """
## Whole servers

Microseconds of the server's processor for each binary message that it receives and sends back over loopback: the echo
server of websockets over asyncio, with its own layer and with ours under it. Both take turns, each in a process of its
own, as on [the page of whole servers](hosts/README.md), and the medians count.

| Messages | Connections | In flight | Sansock | Original | Ratio |
| --- | ---: | ---: | ---: | ---: | ---: |"""
CELLS = (
    Cell("20 B", 1, 1, False),
    Cell("20 B", 100, 1, False),
    Cell("20 B", 100, 64, False),
    Cell("1 KiB", 100, 1, False),
    Cell("1 KiB", 100, 64, False),
    Cell("16 KiB", 100, 1, False),
    Cell("1 MiB", 1, 1, False),
    Cell("20 B", 100, 1, True),
    Cell("1 KiB", 100, 1, True),
    Cell("1 KiB", 100, 64, True),
    Cell("16 KiB", 100, 1, True),
)
SERVERS = ("websockets-sansock", "websockets")


def main(rounds: int) -> None:
    """Prints the table."""
    print(HEAD)
    os.sched_setaffinity(0, {CLIENT})
    for cell in CELLS:
        frames = {takeover: Frames(SIZES[cell.size], cell.deflate, takeover) for takeover in (True, False)}
        samples: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for name, into in zip(SERVERS, samples):
                into.append(sample(name, cell, frames)[0] / 1000)
        ours, theirs = map(statistics.median, samples)
        name = f"{cell.size}{', compressed' if cell.deflate else ''}"
        row = f"| {name} | {cell.connections} | {cell.in_flight} | {ours:,.1f} | {theirs:,.1f} | {ours / theirs:.2f} |"
        print(row, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
