"""The page of a host: results.json, README.md with its tables, and the chart."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from cells import Cell

Row = Mapping[str, Mapping[str, float]]

ROW, BAR, LABELS, PLOT, MARGIN = 18, 12, 330, 420, 60
FLOORS = "Floors"
UNITS = {
    "receive": "Nanoseconds for each message",
    "send": "Nanoseconds for each message",
    "batch": "Nanoseconds for each message",
    "handshake": "Nanoseconds for each connection",
    "memory": "Bytes for each connection",
}


@dataclass
class Results:
    """What was measured for one host."""

    host: Mapping[str, Any]
    cells: list[tuple[Cell, Row]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, cell: Cell, row: Row) -> None:
        """Adds the row of a cell."""
        self.cells.append((cell, row))

    def line(self, cell: Cell) -> str:
        """The row of a cell, for the terminal."""
        row = next(row for candidate, row in self.cells if candidate == cell)
        values = "  ".join(f"{name} {number(values['median'])}" for name, values in row.items())
        ratio = self.ratio(row)
        return f"{cell.name:32} {'' if ratio is None else f'{ratio:.2f}':>6}  {values} {cell.unit}"

    def ratio(self, row: Row) -> float | None:
        """Ours to the best peer: the fastest way of ours, where there are several."""
        peers = self.host["peers"]
        ours = [values["median"] for name, values in row.items() if peers[name].get("ours")]
        theirs = [values["median"] for name, values in row.items() if not peers[name].get("ours")]
        return min(ours) / min(theirs) if ours and theirs and min(theirs) > 0 else None


def write(results: Results, folder: Path) -> None:
    """Writes the three files."""
    (folder / "results.json").write_text(json.dumps(document(results), indent=2) + "\n")
    (folder / "chart.svg").write_text(chart(results))
    (folder / "README.md").write_text("\n".join(readme(results)) + "\n")


def document(results: Results) -> dict[str, Any]:
    """Everything, for programs."""
    cells = {
        cell.name: {"unit": cell.unit, "ratio": results.ratio(row), "results": dict(row)} for cell, row in results.cells
    }
    return {"machine": machine(), "versions": dict(sorted(results.versions.items())), "cells": cells}


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
    yield "sums are verified. For all of them glibc is told to keep freed memory, as the heap of a busy server does, and to copy"
    yield "without `rep movsb`: both would decide cells by luck."
    yield ""
    yield f"Measured on {machine()}."
    yield ""
    yield "| Engine | Version | Set-up |"
    yield "| --- | --- | --- |"
    for name, peer in peers.items():
        if name in results.versions and "note" in peer:
            yield f"| {peer['label']} | {results.versions[name]} | {peer['note']} |"
    yield ""
    yield "![Time of Sansock in relation to the best other engine](chart.svg)"
    for group in dict.fromkeys(cell.group for cell, _ in results.cells):
        rows = [(cell, row) for cell, row in results.cells if cell.group == group]
        yield ""
        yield f"## {group}"
        yield ""
        yield from table(results, group, rows)
    yield from ["", "## What limits the rest", ""]
    yield from (f"- {limit}" for limit in host["limits"])


def table(results: Results, group: str, rows: list[tuple[Cell, Row]]) -> Iterator[str]:
    """The rows of a group."""
    peers = results.host["peers"]
    names = [name for name in peers if any(name in row for _, row in rows)]
    if group == FLOORS:
        yield "Nanoseconds for each call: what no engine in this host can do without."
        columns = ["", "ns"]
    else:
        ours = "the fastest of ours" if sum(bool(peers[name].get("ours")) for name in names) > 1 else "ours"
        yield f"{UNITS[str(rows[0][0].arguments['operation'])]}. The ratio is {ours} to the best other."
        columns = ["", *(peers[name]["label"] for name in names), "Ratio"]
    yield ""
    yield f"| {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * (len(columns) - 1)}"
    for cell, row in rows:
        values = [number(row[name]["median"]) if name in row else "" for name in names]
        ratio = results.ratio(row)
        last = [] if group == FLOORS else ["" if ratio is None else f"**{ratio:.2f}**"]
        yield f"| {' | '.join([cell.label, *values, *last])} |"


def number(value: float) -> str:
    """A number with as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def machine() -> str:
    """The processor and the system."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {platform.system()} {platform.machine()}"


def chart(results: Results) -> str:
    """Bars of the ratios, on a logarithmic scale around 1: to the left ours takes less, to the right more."""
    entries = [(cell, ratio) for cell, row in results.cells if (ratio := results.ratio(row)) is not None]
    reach = max(2, *(math.ceil(abs(math.log2(ratio))) for _, ratio in entries))
    groups = list(dict.fromkeys(cell.group for cell, _ in entries))
    height = 50 + ROW * (len(entries) + len(groups)) + 20
    width = LABELS + PLOT + MARGIN
    middle, step = LABELS + PLOT / 2, PLOT / 2 / reach
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'role="img" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Sansock in relation to the best other engine: less is better</title>",
        "<style>",
        "text{fill:#1f2328}.quiet{fill:#59636e}.grid{stroke:#d1d9e0}.one{stroke:#59636e}",
        ".less{fill:#1a7f37}.more{fill:#bc4c00}",
        "@media(prefers-color-scheme:dark){",
        "text{fill:#f0f6fc}.quiet{fill:#9198a1}.grid{stroke:#3d444d}.one{stroke:#9198a1}",
        ".less{fill:#3fb950}.more{fill:#f0883e}}",
        "</style>",
    ]
    for power in range(-reach, reach + 1):
        x = middle + power * step
        label = f"{2**power}" if power >= 0 else f"1/{2**-power}"
        parts.append(f'<text class="quiet" x="{x:.1f}" y="32" text-anchor="middle">{label}</text>')
        style = "one" if power == 0 else "grid"
        parts.append(f'<line class="{style}" x1="{x:.1f}" y1="38" x2="{x:.1f}" y2="{height - 12}"/>')
    parts.append(
        f'<text class="quiet" x="{middle:.1f}" y="14" text-anchor="middle">ours / best other: less is better</text>'
    )
    y = 50
    for group in groups:
        parts.append(f'<text x="8" y="{y + BAR - 2}" font-weight="600">{escape(group)}</text>')
        y += ROW
        for cell, ratio in entries:
            if cell.group == group:
                parts.extend(bar(cell, ratio, y, middle, step))
                y += ROW
    return "\n".join([*parts, "</svg>"]) + "\n"


def bar(cell: Cell, ratio: float, y: int, middle: float, step: float) -> Iterator[str]:
    """One bar with its label and its number."""
    length = math.log2(ratio) * step
    start = middle + min(0.0, length)
    style = "less" if ratio <= 1 else "more"
    text, anchor = (middle + length - 4, "end") if ratio <= 1 else (middle + length + 4, "start")
    yield f'<text x="20" y="{y + BAR - 2}">{escape(cell.label)}</text>'
    yield f'<rect class="{style}" x="{start:.1f}" y="{y}" width="{abs(length):.1f}" height="{BAR}"/>'
    yield f'<text class="quiet" x="{text:.1f}" y="{y + BAR - 2}" text-anchor="{anchor}">{ratio:.2f}</text>'
