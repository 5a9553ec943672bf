"""Holds bugs.txt and what was measured against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from outcome import RIGHT, WRONG, Verdict

FILE = Path(__file__).resolve().parent / "bugs.txt"
MEASURED = "measured: "

Measured = dict[tuple[str, str], list[Verdict]]
"""By the name of the peer and of the case: in each role in which it was tried."""


@dataclass
class Bug:
    """What a line says of cases and peers."""

    id: str
    peers: list[str]
    """In which it was measured."""
    vectors: list[str]


def read_bugs() -> Iterator[Bug]:
    """All bugs; core/tests/known_bugs.rs checks the file as such."""
    for line in FILE.read_text().splitlines():
        if " | " in line and not line.startswith("#"):
            name, found_in, _, shown_by = line.split(" | ")
            peers = [
                peer.strip()
                for item in found_in.split(";")
                if item.strip().startswith(MEASURED)
                for peer in item.strip().removeprefix(MEASURED).split(",")
            ]
            tests = (test.partition(":") for test in shown_by.split())
            yield Bug(name, peers, [test for kind, _, test in tests if kind == "vector"])


def disagreements(measured: Measured) -> list[str]:
    """What is said to be measured and was not, and what was measured wrong and is not told."""
    bugs = list(read_bugs())
    unseen = [
        f"{bug.id}: {peer} does right in all of its cases"
        for bug in bugs
        for peer in bug.peers
        if not any(notable(verdict) for vector in bug.vectors for verdict in measured.get((peer, vector), []))
    ]
    told = {(peer, vector) for bug in bugs for peer in bug.peers for vector in bug.vectors}
    untold = [
        f"{vector}: no bug tells of {peer}"
        for (peer, vector), verdicts in measured.items()
        if (peer, vector) not in told and any(verdict.mark == WRONG for verdict in verdicts)
    ]
    return unseen + untold


def notable(verdict: Verdict) -> bool:
    """Whether a peer does it wrong, or in a way of its own where the RFC leaves one; the status of a refusal is none."""
    plain = not verdict.words or re.fullmatch(r"\d{3}", verdict.words)
    return verdict.mark == WRONG or (verdict.mark == RIGHT and not plain)
