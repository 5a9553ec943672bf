"""The page of a host, made from what was recorded: `page.py [--check] FOLDER...`, where a FOLDER has a results.json.

Writes README.md and chart.svg; with --check it only says whether they are up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import chart
from cells import Cell
from markdown import table
from results import Results, Row, load, number

FLOORS = "Floors"
UNITS = {
    "receive": "Nanoseconds for each message",
    "send": "Nanoseconds for each message, which is written before the next is sent",
    "batch": "Nanoseconds for each message",
    "handshake": "Nanoseconds for each connection",
    "memory": "Bytes for each connection",
}


def main(arguments: list[str]) -> int:
    """Writes the pages, or checks them."""
    check = arguments[:1] == ["--check"]
    stale = []
    for folder in map(Path, arguments[1:] if check else arguments):
        results = load(folder)
        if check:
            stale += [path for path, text in files(results, folder) if path.read_text() != text]
        else:
            write(results, folder)
    for path in stale:
        print(f"{path} is not what results.json and peers.json say: make bench-pages", file=sys.stderr)
    return 1 if stale else 0


def write(results: Results, folder: Path) -> None:
    """Writes the page and its chart."""
    for path, text in files(results, folder):
        path.write_text(text)


def files(results: Results, folder: Path) -> Iterator[tuple[Path, str]]:
    """What is to be in which file."""
    yield folder / "chart.svg", chart.draw(results)
    yield folder / "README.md", "\n".join(readme(results)) + "\n"


def readme(results: Results) -> Iterator[str]:
    """The page."""
    host = results.host
    peers = host["peers"]
    yield f"# {host['title']}: Sansock and other engines"
    yield ""
    yield from host["introduction"]
    yield ""
    yield f"`{host['command']}` runs all of it again and writes this page; `CELLS='receive-*' ROUNDS=3 {host['command']}`"
    yield "runs a part, prints it and writes nothing."
    yield ""
    yield "The engines take turns, and the median of their samples counts. Everything happens in memory, on one thread. Each"
    yield "message is delivered whole, as the host's own kind of value, and its length, first and last unit are read; counts and"
    yield "sums are verified. The allocator and `memcpy` are the system's, at their defaults."
    yield ""
    yield f"Measured on {results.machine}."
    yield ""
    noted = ((name, peer) for name, peer in peers.items() if name in results.versions and "note" in peer)
    engines = ([peer["label"], results.versions[name], peer["note"]] for name, peer in noted)
    yield table(["Engine", "Version", "Set-up"], engines)
    yield "![Time of Sansock in relation to the best other engine](chart.svg)"
    for group in dict.fromkeys(cell.group for cell, _ in results.rows):
        rows = [(cell, row) for cell, row in results.rows if cell.group == group]
        yield ""
        yield f"## {group}"
        yield ""
        yield from measured(results, group, rows)
    yield from ["", "## What limits the rest", ""]
    yield from (f"- {limit}" for limit in host["limits"])


def measured(results: Results, group: str, rows: list[tuple[Cell, Row]]) -> Iterator[str]:
    """The rows of a group."""
    peers = results.host["peers"]
    names = [name for name in peers if any(name in row for _, row in rows)]
    if group == FLOORS:
        yield "Nanoseconds for each call: what no engine in this host can do without."
        head = ["", "ns"]
    else:
        ours = "the fastest of ours" if sum(bool(peers[name].get("ours")) for name in names) > 1 else "ours"
        yield f"{UNITS[str(rows[0][0].arguments['operation'])]}. The ratio is {ours} to the best other."
        head = ["", *(peers[name]["label"] for name in names), "Ratio"]
    yield ""
    yield table(head, (values(results, cell, row, names) for cell, row in rows), numbers=1).rstrip("\n")


def values(results: Results, cell: Cell, row: Row, names: list[str]) -> list[str]:
    """The cells of a row."""
    medians = [number(row[name]["median"]) if name in row else "" for name in names]
    ratio = results.ratio(row)
    last = [] if cell.group == FLOORS else ["" if ratio is None else f"**{ratio:.2f}**"]
    return [cell.label, *medians, *last]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
