#!/usr/bin/env python3
"""Measures which branches of the engine the tests take by public calls alone, and writes that into SAFETY.md."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import TypedDict

import page
from lcov import (
    COMPILE_TIME,
    INSTRUMENTED,
    ROOT,
    SOURCE,
    File,
    commit_of,
    files_of,
    function_of,
    output_of,
    report_of,
    rooms_of,
    share,
    table_of,
    total_of,
)

BUILD = ROOT / "target" / "coverage"
UNTAKEN = Path(__file__).resolve().parent / "untaken.json"
# Why a branch is not taken.
KINDS = {
    "constant": "of conditions that are constant in this build, or on this processor",
    "assertion": "of assertions of the debug build",
    "guard": "guards: what stands elsewhere in the engine rules them out, in a way that the types do not say",
    "memory": "of requests for little memory that fail",
}
CARGO = ("cargo", "+nightly", "test", "--package", "sansock", "--all-features")


class Place(TypedDict):
    """The outcomes of a line that are not taken."""

    file: str
    function: str
    line: str
    # For each: which condition of the line, counted from 1, and the outcome that it never has.
    never: list[str]


class Reason(Place):
    """Why they are not."""

    kind: str
    reason: str


def programs_of(*arguments: str, variables: dict[str, str]) -> list[str]:
    """Builds tests. Returns their programs."""
    lines = output_of(*CARGO, *arguments, "--no-run", "--message-format=json", variables=variables).splitlines()
    return [json.loads(line)["executable"] for line in lines if '"executable":"' in line]


def measure() -> list[File]:
    """Runs the integration tests and the doc tests, but not the tests that stand in the engine."""
    profiles, documented = BUILD / "profiles", BUILD / "doctests"
    for folder in (profiles, documented):
        shutil.rmtree(folder, ignore_errors=True)
    documented.mkdir(parents=True)
    variables = {
        "CARGO_TARGET_DIR": str(BUILD),
        "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
        "RUSTFLAGS": INSTRUMENTED,
        "RUSTDOCFLAGS": f"{INSTRUMENTED} -Z unstable-options --persist-doctests {documented}",
        "LLVM_PROFILE_FILE": str(profiles / "%p-%m.profraw"),
    }
    programs = programs_of("--test", "*", variables=variables)
    output_of(*CARGO, "--quiet", "--test", "*", variables=variables)
    output_of(*CARGO, "--quiet", "--doc", variables=variables)
    programs += sorted(str(program) for program in documented.glob("*/rust_out"))
    return files_of(report_of(profiles, programs))


def places_of(files: list[File]) -> list[Place]:
    """Every line with an outcome that no test has."""
    places: dict[tuple[str, str, str], set[str]] = {}
    for file in files:
        lines = file.path.read_text().splitlines()
        for branch in file.branches:
            if not branch.taken:
                name = str(file.path.relative_to(SOURCE))
                key = (name, function_of(lines, branch.line), lines[branch.line - 1].strip())
                places.setdefault(key, set()).add(f"{branch.condition + 1} {str(branch.outcome).lower()}")
    keys = sorted(places)
    return [Place(file=key[0], function=key[1], line=key[2], never=sorted(places[key])) for key in keys]


def compare(places: list[Place], reasons: list[Reason]) -> list[str]:
    """What one list has and the other lacks."""

    def key(place: Place | Reason) -> str:
        return f"{place['file']}, {place['function']}: {place['line']}: never {', '.join(place['never'])}"

    measured, known = {key(place) for place in places}, {key(reason) for reason in reasons}
    return [
        *(f"without a reason: {text}" for text in sorted(measured - known)),
        *(f"a reason for what is taken, or is not there: {text}" for text in sorted(known - measured)),
    ]


def section(files: list[File], reasons: list[Reason]) -> list[str]:
    rooms = rooms_of(files)
    _, _, count, taken = total_of(rooms)
    kinds = Counter(reason["kind"] for reason in reasons for _ in reason["never"])
    possible = count - sum(kinds[kind] for kind in ("constant", "assertion", "guard"))
    return [
        f"Of {datetime.now(timezone.utc):%Y-%m-%d}, for the sources of commit {commit_of('core/src')} and the tests of",
        f"commit {commit_of('core/tests')}, by `make coverage`.",
        "It runs the integration tests of `core/tests` and the programs in the documentation, which use public calls",
        "alone, with all features; the tests that stand inside the engine do not run. A branch is an outcome of a",
        "condition. Functions that run only while the engine is compiled do not count: "
        + ", ".join(f"`{name}`" for name in COMPILE_TIME)
        + ".",
        "",
        *table_of(rooms),
        "",
        f"Of {count} branches {count - taken} are not taken ({share(count, taken)} are):",
        "",
        *(f"- {kinds[kind]} {text}" for kind, text in KINDS.items()),
        "",
        f"Of those that can be taken, {share(possible, taken)} are. The command fails if a branch that is not taken is not in this",
        "list, or if one of this list is taken.",
        "",
        "| File | Function | Line | Never | Why |",
        "| --- | --- | --- | --- | --- |",
        *(row_of(reason) for reason in sorted(reasons, key=lambda reason: (reason["file"], reason["function"]))),
    ]


def row_of(reason: Reason) -> str:
    cells = [f"`{reason['file']}`", f"`{reason['function']}`", page.code(reason["line"])]
    return f"| {' | '.join(cells)} | {', '.join(reason['never'])} | {page.cell(reason['reason'])} |"


def main() -> None:
    files = measure()
    reasons: list[Reason] = json.loads(UNTAKEN.read_text())
    differences = compare(places_of(files), reasons)
    differences += [f"of no kind: {reason['line']}" for reason in reasons if reason["kind"] not in KINDS]
    if differences:
        print("\n".join(differences), file=sys.stderr)
        sys.exit(f"error: {UNTAKEN.relative_to(ROOT)} is not what was measured")
    page.write_section("Coverage by the tests", section(files, reasons))


if __name__ == "__main__":
    main()
