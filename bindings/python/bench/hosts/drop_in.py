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
LIMITS = """
## What limits the rest

- **A frame that is sent** costs a call of the engine through ctypes, and a copy of its output. websockets puts a
  header of two to ten bytes in front of the payload; it has no limit on output, and does not look whether a text is
  UTF-8. From 8 KiB on, binary messages of a server do not pass the engine.
- **A frame that is received** is in the engine, the call included, for a sixth of the time of 20 bytes. The rest is
  Python: the record is read, and both layers make websockets' `Frame` and its lists of events and of bytes to
  write.
- **Whole servers.** Of an echo of 20 bytes on 100 connections the layer of websockets is a fifth, and the rest its
  asyncio connection, asyncio and the kernel. Where many messages are in flight, it is a half. asyncio reads into 256
  KiB, which it then cuts to size; glibc maps memory anew for each of them until it has seen so large a block freed.
  Which of the two servers gets there is chance, so that a row may be off by a third.
- **Memory without compression**: 700 bytes are the engine's, and 1,000 the objects through which ctypes sees it.

An extension module would be faster than ctypes here. There is none, because one wheel without it serves every
Python on a platform, PyPy too; a program that wants more speed has it from `sansock.asyncio`, with an interface
that is almost the same."""
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
    print(LIMITS)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
