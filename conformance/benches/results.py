"""What was measured for one host: its results.json, which is committed, and from which its page is made."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cells import Cell, cells

Row = Mapping[str, Mapping[str, float]]
"""By the name of the peer: the median of its samples, and the middle half of them."""


@dataclass
class Results:
    """All rows, in the order of the page. `host` is what peers.json says."""

    host: Mapping[str, Any]
    machine: str
    rows: list[tuple[Cell, Row]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    def ratio(self, row: Row) -> float | None:
        """Ours to the best peer: the fastest way of ours, where there are several."""
        peers = self.host["peers"]
        ours = [values["median"] for name, values in row.items() if peers[name].get("ours")]
        theirs = [values["median"] for name, values in row.items() if not peers[name].get("ours")]
        return min(ours) / min(theirs) if ours and theirs and min(theirs) > 0 else None

    def line(self, cell: Cell, row: Row) -> str:
        """A row for the terminal."""
        values = "  ".join(f"{name} {number(values['median'])}" for name, values in row.items())
        ratio = self.ratio(row)
        return f"{cell.name:32} {'' if ratio is None else f'{ratio:.2f}':>6}  {values} {cell.unit}"


def read_host(folder: Path) -> dict[str, Any]:
    """The engines of a host, and what its page says of them."""
    host: dict[str, Any] = json.loads((folder / "peers.json").read_text())
    return host


def all_cells(host: Mapping[str, Any]) -> list[Cell]:
    """Those that every host has, and what the host itself costs, measured as the engines are."""
    floors = (
        Cell(f"floor-{floor['name']}", "Floors", floor["label"], {"operation": "floor", **floor["arguments"]})
        for floor in host["floors"]
    )
    return [*cells(), *floors]


def load(folder: Path) -> Results:
    """What was recorded."""
    host, recorded = read_host(folder), json.loads((folder / "results.json").read_text())
    known = {cell.name: cell for cell in all_cells(host)}
    rows = [(known[name], entry["results"]) for name, entry in recorded["cells"].items()]
    return Results(host, recorded["machine"], rows, recorded["versions"])


def merge(recorded: Results, new: Results) -> Results:
    """What was recorded, with new rows in place of those of the same cells, or among them."""
    if recorded.machine != new.machine:
        raise SystemExit(f"error: recorded on {recorded.machine}, this is {new.machine}")
    rows = {cell.name: (cell, row) for cell, row in [*recorded.rows, *new.rows]}
    ordered = [rows[cell.name] for cell in all_cells(new.host) if cell.name in rows]
    return Results(new.host, new.machine, ordered, {**recorded.versions, **new.versions})


def record(results: Results, folder: Path) -> None:
    """Writes results.json."""
    entries = {
        cell.name: {"unit": cell.unit, "ratio": results.ratio(row), "results": dict(row)} for cell, row in results.rows
    }
    document = {"machine": results.machine, "versions": dict(sorted(results.versions.items())), "cells": entries}
    (folder / "results.json").write_text(json.dumps(document, indent=2) + "\n")


def turns(names: list[str], rounds: int) -> Iterator[list[str]]:
    """The names in every round, each time another one first."""
    for count in range(rounds):
        first = count % len(names)
        yield names[first:] + names[:first]


def summary(samples: list[float]) -> dict[str, float]:
    """The median, and the middle half of the samples."""
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return {"median": round(median, 2), "low": round(low, 2), "high": round(high, 2)}


def number(value: float) -> str:
    """A number with as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def this_machine() -> str:
    """The processor and the system."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {platform.system()} {platform.machine()}"
