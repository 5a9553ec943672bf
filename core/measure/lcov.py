"""Coverage of the engine: how it is measured, and a report of llvm-cov as lines and branches of core/src."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "core" / "src"
TRIPLE = "x86_64-unknown-linux-gnu"
# What the nightly compiler is told.
INSTRUMENTED = "-C instrument-coverage -Z coverage-options=branch"
# The modules that read what a peer sends.
PARSERS = ("receive", "handshake", "deflate", "tunnel", "frame", "mask", "utf8", "close", "close_payload", "syntax")
# Their tables are made by these functions.
COMPILE_TIME = ("steps", "step", "put", "in_build")

# Lines, lines covered, branches, branches covered.
Counts = list[int]


@dataclass(frozen=True)
class Branch:
    """One outcome of one of the conditions of a line."""

    line: int
    # Which condition of the line, from 0.
    condition: int
    outcome: bool
    taken: bool


@dataclass
class File:
    """What has been counted in a file of core/src."""

    path: Path
    lines: dict[int, bool] = field(default_factory=dict)
    branches: list[Branch] = field(default_factory=list)

    @property
    def room(self) -> str:
        return self.path.relative_to(SOURCE).parts[0].removesuffix(".rs")


def output_of(*command: str, cwd: Path = ROOT, variables: dict[str, str] | None = None) -> str:
    """What a command writes."""
    environment = os.environ | (variables or {})
    run = subprocess.run(command, cwd=cwd, env=environment, check=False, stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        print(run.stdout, file=sys.stderr)
        sys.exit(f"error: {' '.join(command)}")
    return run.stdout


def commit_of(*paths: str) -> str:
    """The commit that last changed these."""
    return output_of("git", "log", "-1", "--format=%h", "--", *paths).strip()


def report_of(profiles: Path, programs: list[str]) -> str:
    """What programs have left in a folder of profiles, in the form of lcov."""
    tools = Path(output_of("rustc", "+nightly", "--print", "sysroot").strip()) / "lib" / "rustlib" / TRIPLE / "bin"
    profile = profiles.parent / "profile"
    raw = [str(file) for file in sorted(profiles.rglob("*.profraw"))]
    output_of(str(tools / "llvm-profdata"), "merge", "-sparse", *raw, "-o", str(profile))
    first, *others = programs
    objects = [argument for program in others for argument in ("-object", program)]
    export = ("export", "-format=lcov", f"-instr-profile={profile}", first, *objects)
    return output_of(str(tools / "llvm-cov"), *export)


def compile_time(path: Path) -> set[int]:
    """The lines of functions that run only while the engine is compiled, where no profile sees them."""
    lines: set[int] = set()
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        inside = inside or any(line.startswith(f"const fn {name}(") for name in COMPILE_TIME)
        if inside:
            lines.add(number)
        inside = inside and line != "}"
    return lines


def files_of(report: str) -> list[File]:
    """The files of the engine in a report; the outcomes of all instances of a generic function count together. A crate that is
    made of the same files, and leaves features out, covers lines of the engine and has none of its own."""
    lines: dict[Path, dict[int, bool]] = {}
    branches: dict[Path, dict[tuple[int, int, bool], bool]] = {}
    path, skipped, is_engine = Path(), set[int](), False
    for entry in report.splitlines():
        key, _, value = entry.partition(":")
        if key == "SF":
            path = Path(value)
            is_engine = SOURCE in path.resolve().parents
            skipped = compile_time(path) if is_engine else set()
        elif is_engine and key in ("DA", "BRDA"):
            numbers = value.split(",")
            number = int(numbers[0])
            if number in skipped:
                continue
            if key == "DA":
                lines.setdefault(path, {})[number] = numbers[1] != "0"
            else:
                # Of each condition the outcome that it holds stands first.
                outcome = (number, int(numbers[1]), int(numbers[2]) % 2 == 0)
                branches.setdefault(path, {})[outcome] = numbers[3] not in ("0", "-")
    for counts in (lines, branches):
        merge(counts)
    return [
        File(path, of_file, [Branch(*outcome, taken) for outcome, taken in branches.get(path, {}).items()])
        for path, of_file in lines.items()
    ]


def merge(counts: dict[Path, dict[Any, bool]]) -> None:
    """Adds what is counted under another name of a file to what the file has."""
    for other in [path for path in counts if path != path.resolve()]:
        of_file = counts.get(other.resolve(), {})
        for place, is_covered in counts.pop(other).items():
            if place in of_file:
                of_file[place] |= is_covered


def rooms_of(files: list[File]) -> dict[str, Counts]:
    """What is covered of each room of the engine."""
    rooms: dict[str, Counts] = {}
    for file in files:
        counts = rooms.setdefault(file.room, [0, 0, 0, 0])
        taken = [branch.taken for branch in file.branches]
        of_file = [len(file.lines), sum(file.lines.values()), len(taken), sum(taken)]
        counts[:] = [before + more for before, more in zip(counts, of_file, strict=True)]
    return rooms


def total_of(rooms: dict[str, Counts]) -> Counts:
    return [sum(column) for column in zip(*rooms.values(), strict=True)]


def share(count: int, covered: int) -> str:
    """A share in per cent, rounded down, so that 100 means all."""
    return f"{1000 * covered // count / 10:.1f} %" if count else "-"


def row(name: str, counts: Counts) -> str:
    lines, lines_covered, branches, branches_covered = counts
    return f"| {name} | {lines} | {share(lines, lines_covered)} | {branches} | {share(branches, branches_covered)} |"


def table_of(rooms: dict[str, Counts]) -> list[str]:
    """A table of rooms in Markdown, those that read what a peer sends first."""
    parsers = {name: counts for name, counts in rooms.items() if name in PARSERS}
    others = {name: counts for name, counts in rooms.items() if name not in PARSERS}
    return [
        "| Room | Lines | Covered | Branches | Covered |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(row(f"`{name}`", parsers[name]) for name in sorted(parsers)),
        row("together", total_of(parsers)),
        *(row(f"`{name}`", others[name]) for name in sorted(others)),
        row("all", total_of(rooms)),
    ]


def function_of(lines: list[str], number: int) -> str:
    """The function that a line of a file stands in."""
    for line in reversed(lines[:number]):
        found = re.match(r"\s*(?:pub(?:\([^)]*\))? )?(?:const )?(?:unsafe )?fn (\w+)", line)
        if found:
            return found[1]
    return "-"
