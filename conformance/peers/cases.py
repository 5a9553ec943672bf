"""The cases of cases.txt: which vectors are tried on which peers, and what the RFC allows besides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vectors import Vector, load

FILE = Path(__file__).resolve().parent / "cases.txt"
ALLOWED = {"-", "fails", "accepts", "differs", "agrees", "refused", "silent"}
STEPS = {"start", "receive", "accept", "text", "binary", "eof"}
"""Of vectors that can be tried: what a host does by itself in them, the peers do too."""
OPTIONS = {"start_open", "deflate"}
"""Of vectors that can be tried: everything else is at its default."""


@dataclass
class Case:
    """One row."""

    vector: Vector
    section: str
    roles: list[str]
    """Of the peers."""
    observed: bool
    """Whether what the program of the peer prints is compared, and not its echoes."""
    ends: bool
    """Whether a handshake that fails must end TCP; without it, not opening will do."""
    allowed: list[str]
    """Besides what the vector demands."""
    note: str

    @property
    def tolerated(self) -> list[str]:
        """What is right besides, in the words of `outcome.kind`."""
        return self.allowed if self.ends else [*self.allowed, "lingers"]

    @property
    def is_choice(self) -> bool:
        return bool(self.allowed)


def read_cases() -> list[Case]:
    """All cases, in order."""
    vectors = load()
    cases: list[Case] = []
    section = ""
    for line in FILE.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("section "):
            section = line.removeprefix("section ")
            continue
        name, roles, allowed, note = (field.strip() for field in line.split("|"))
        vector = vectors[name]
        verbs = {step.call.split(" ")[0] for step in vector.steps}
        if not (set(allowed.split()) <= ALLOWED and verbs <= STEPS and set(vector.options) <= OPTIONS):
            raise ValueError(f"{name}: not to be tried so")
        words = [word for word in allowed.split() if word != "-"]
        flags = roles.split()
        cases.append(Case(vector, section, flags, "observed" in flags, "ends" in flags, words, note))
    return cases
