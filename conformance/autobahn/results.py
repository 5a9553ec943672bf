"""What is kept of the runs: a small file for each host and role, with counts, and every case that is not OK.

{
  "host": "c", "role": "server",
  "versions": {"sansock": .., "host": .., "autobahntestsuite": ..},
  "cases": 517,                                 all that the suite has
  "groups": {
    "1": {"date": "2026-01-31", "behavior": {"OK": 16}, "close": {"OK": 16}},
    ..                                          only groups of which every case was run
  },
  "not_ok": [{"case": "7.1.6", "behavior": .., "close": .., "description": .., "result": .., "result_close": ..}, ..]
}
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "results"

Result = dict[str, Any]
"""One such file."""


def group(case: str) -> str:
    """The group of a case: 7 for 7.1.6."""
    return case.partition(".")[0]


def order(case: str) -> list[int]:
    """Sorts cases by their numbers."""
    return [int(number) for number in case.split(".")]


def path(host: str, role: str) -> Path:
    """Where the result of this host and role is."""
    return FOLDER / f"{host}-{role}.json"


def load_all() -> list[Result]:
    """All results, by host and role."""
    return [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))]


def record(host: str, role: str, versions: dict[str, str], cases: list[str], verdicts: list[dict[str, str]]) -> None:
    """Takes the groups that were run whole into the result. Those of other versions are dropped."""
    whole = Counter(map(group, cases))
    run = Counter(group(verdict["case"]) for verdict in verdicts)
    complete = [name for name in run if run[name] == whole[name]]
    if not complete:
        return
    target = path(host, role)
    old = json.loads(target.read_text()) if target.exists() else {}
    if old.get("versions") != versions or old.get("cases") != len(cases):
        old = {"groups": {}, "not_ok": []}
    groups = dict(old["groups"])
    kept = [verdict for verdict in old["not_ok"] if group(verdict["case"]) not in complete]
    for name in complete:
        mine = [verdict for verdict in verdicts if group(verdict["case"]) == name]
        groups[name] = {
            "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
            "behavior": Counter(verdict["behavior"] for verdict in mine),
            "close": Counter(verdict["close"] for verdict in mine),
        }
        kept += [verdict for verdict in mine if {verdict["behavior"], verdict["close"]} != {"OK"}]
    result = {
        "host": host,
        "role": role,
        "versions": versions,
        "cases": len(cases),
        "groups": dict(sorted(groups.items(), key=lambda item: int(item[0]))),
        "not_ok": sorted(kept, key=lambda verdict: order(verdict["case"])),
    }
    FOLDER.mkdir(exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")


def counts(result: Result, aspect: str) -> Counter[str]:
    """How many cases have which verdict, of ``behavior`` or of ``close``."""
    total: Counter[str] = Counter()
    for part in result["groups"].values():
        total.update(part[aspect])
    return total
