"""What was seen, as results/PEER-ROLE.json, which are committed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from outcome import Outcome

FOLDER = Path(__file__).resolve().parent / "results"
VERSIONS = FOLDER / "versions.json"


def record(peer: str, role: str, outcomes: dict[str, Outcome]) -> None:
    """Writes what a peer did in each case: what differs from the defaults of an outcome."""
    FOLDER.mkdir(exist_ok=True)
    entries = {}
    for name, outcome in outcomes.items():
        plain = asdict(Outcome())
        entries[name] = {key: value for key, value in asdict(outcome).items() if key == "end" or value != plain[key]}
    lines = (f" {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in entries.items())
    path_of(peer, role).write_text("{\n" + ",\n".join(lines) + "\n}\n")


def record_versions(tried: dict[str, str]) -> None:
    """Writes the versions of the peers that were tried; those of others stay."""
    known = versions() if VERSIONS.exists() else {}
    VERSIONS.write_text(json.dumps(known | tried, indent=1) + "\n")


def versions() -> dict[str, str]:
    known: dict[str, str] = json.loads(VERSIONS.read_text())
    return known


def load(peer: str, role: str) -> dict[str, Outcome]:
    """What a peer did in each case."""
    entries = json.loads(path_of(peer, role).read_text())
    return {name: Outcome(**entry) for name, entry in entries.items()}


def path_of(peer: str, role: str) -> Path:
    return FOLDER / f"{peer.lower()}-{role}.json"
