#!/usr/bin/env python3
"""Changes the engine in one place after another, records which changes the tests notice, and writes that into SAFETY.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypedDict

import page
from lcov import ROOT, commit_of, output_of, share

HERE = Path(__file__).resolve().parent
BUILD = ROOT / "target" / "mutants"
RESULTS = HERE / "mutants.json"
REASONS = HERE / "missed.json"
CONFIG = HERE / "mutants.toml"
COMMAND = ("cargo", "mutants", "--package", "sansock")

# These tests judge first, because they take little time and notice most; the next judge what they have missed, and at last
# all that there are.
STAGES: list[tuple[str, ...]] = [
    ("--test=attacks", "--test=vectors"),
    (
        "--test=addresses",
        "--test=closing",
        "--test=dynamic_blocks",
        "--test=events",
        "--test=flat",
        "--test=frames_alone",
        "--test=held",
        "--test=host_keeps",
        "--test=hosts",
        "--test=keepalive",
        "--test=memory",
        "--test=opening",
        "--test=texts",
        "--test=trace",
        "--test=window",
    ),
    (),
]
# What stands above a function that is not compiled on this machine.
NOT_COMPILED = ('#[cfg(target_family = "wasm")]', '#[cfg(not(all(feature = "std"', "#[cfg(not(feature")
# Of each run, in seconds. A change may keep a loop from ending, or have it ask for all the memory that there is.
TIMEOUT = 120
MEMORY = 8 << 30

OUTCOMES = {"CaughtMutant": "caught", "MissedMutant": "missed", "Unviable": "unviable", "Timeout": "timed out"}


class Mutant(TypedDict):
    """A change, without its place in the file, which moves."""

    file: str
    change: str
    # The text of the line that is changed, and which of the same changes of the same text it is.
    line: str
    number: int


class Result(Mutant):
    """What came of it, and with the sources and tests of which commit."""

    outcome: str
    commit: str


class Reason(Mutant):
    """Why no test can notice it."""

    reason: str


Key = tuple[str, str, str, int]


def key_of(mutant: Mutant) -> Key:
    return (mutant["file"], mutant["change"], mutant["line"], mutant["number"])


def is_compiled(lines: list[str], function: dict[str, Any] | None) -> bool:
    """Whether a function is compiled here, as far as its attributes say."""
    if function is None:
        return True
    number = function["span"]["start"]["line"] - 1
    first = number
    while first > 0 and lines[first - 1].lstrip().startswith(("#", "//")):
        first -= 1
    while lines[number].lstrip().startswith(("#", "//")):
        number += 1
    return not any(line.lstrip().startswith(NOT_COMPILED) for line in lines[first:number])


def mutants() -> dict[str, Mutant]:
    """All mutants, by the names that cargo-mutants gives them, in its order."""
    listed = json.loads(output_of(*COMMAND, "--config", str(CONFIG), "--list", "--json"))
    texts: dict[str, list[str]] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[str, Mutant] = {}
    for entry in listed:
        name, file = entry["name"], entry["file"]
        lines = texts.setdefault(file, (ROOT / file).read_text().splitlines())
        # Some files are modules twice, by features.
        if name in found or not is_compiled(lines, entry["function"]):
            continue
        change = name.split(": ", 1)[1]
        line = lines[entry["span"]["start"]["line"] - 1].strip()
        of_file = file.removeprefix("core/src/")
        seen[of_file, change, line] += 1
        found[name] = Mutant(file=of_file, change=change, line=line, number=seen[of_file, change, line])
    return found


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def try_out(names: list[str], known: dict[str, Mutant], tests: tuple[str, ...]) -> dict[str, str]:
    """What these tests, or all that judge, make of these mutants."""
    output = BUILD / "output"
    shutil.rmtree(output, ignore_errors=True)
    before = output / "mutants.out"
    before.mkdir(parents=True)
    # Its patterns do not reach all kinds of changes. So it is told that it has tried all the others.
    listed = json.loads(output_of(*COMMAND, "--config", str(CONFIG), "--list", "--json"))
    others = {entry["name"] for entry in listed} - set(names)
    (before / "caught.txt").write_text("".join(f"{name}\n" for name in sorted(others)))
    text = CONFIG.read_text()
    if tests:
        start, mark, rest = text.partition("additional_cargo_args = [")
        text = f"{start}{mark}{', '.join(json.dumps(test) for test in tests)}]{rest.partition(']')[2]}"
    config = output / "mutants.toml"
    config.write_text(text)
    variables = {
        "CARGO_TARGET_DIR": str(BUILD / "target"),
        "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
        "CARGO_PROFILE_DEV_DEBUG": "0",
    }
    options = ("--jobs=1", "--no-shuffle", "--iterate", f"--timeout={TIMEOUT}", f"--output={output}")
    command = (*COMMAND, "--config", str(config), *options)
    # It also returns an error if mutants are missed.
    subprocess.run(command, cwd=ROOT, env=os.environ | variables, preexec_fn=limit_memory, check=False)
    return outcomes_of(before / "outcomes.json", known)


def outcomes_of(file: Path, known: dict[str, Mutant]) -> dict[str, str]:
    """What cargo-mutants has written. Of a file that is a module twice, a change counts as caught if it is in either."""
    found: dict[str, str] = {}
    for outcome in json.loads(file.read_text())["outcomes"]:
        if outcome["scenario"] == "Baseline":
            if outcome["summary"] != "Success":
                sys.exit(f"error: the tests fail without a change; see {file.parent / 'log'}")
            continue
        name = outcome["scenario"]["Mutant"]["name"]
        summary = OUTCOMES.get(outcome["summary"])
        if summary and name in known and found.get(name) != "caught":
            found[name] = summary
    return found


def record(outcomes: dict[str, str], known: dict[str, Mutant]) -> None:
    """Adds outcomes to those on record, in place of older ones, and drops what is no mutant any more."""
    commit = commit_of("core/src", "core/tests")
    places = {key_of(mutant): number for number, mutant in enumerate(known.values())}
    results = {key_of(result): result for result in results_on_record()}
    for name, outcome in outcomes.items():
        results[key_of(known[name])] = Result(**known[name], outcome=outcome, commit=commit)
    kept = sorted((key for key in results if key in places), key=lambda key: places[key])
    RESULTS.write_text(json.dumps([results[key] for key in kept], indent=1, ensure_ascii=False) + "\n")


def results_on_record() -> list[Result]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def judge(names: list[str], known: dict[str, Mutant], stages: list[tuple[str, ...]]) -> None:
    """Tries mutants, and records what came of it."""
    for tests in stages:
        if names:
            outcomes = try_out(names, known, tests)
            record(outcomes, known)
            names = [name for name, outcome in outcomes.items() if outcome == "missed"]


def sample(wanted: str, known: dict[str, Mutant]) -> list[str]:
    """The mutants of a sample, but for those on record."""
    start, _, step = wanted.partition("/")
    if not (start.isdigit() and step.isdigit() and int(start) < int(step)):
        sys.exit(f"error: {wanted} is no sample; 3/14 is every fourteenth mutant from the fourth on")
    done = {key_of(result) for result in results_on_record()}
    return [name for name in list(known)[int(start) :: int(step)] if key_of(known[name]) not in done]


def reasons() -> dict[Key, str]:
    return {key_of(reason): reason["reason"] for reason in json.loads(REASONS.read_text())}


def section(known: dict[str, Mutant]) -> list[str]:
    keys = {key_of(mutant) for mutant in known.values()}
    results = [result for result in results_on_record() if key_of(result) in keys]
    why = reasons()
    missed = {key_of(result): result for result in results if result["outcome"] == "missed"}
    check_reasons(why, set(missed))
    count = Counter(result["outcome"] for result in results)
    viable = len(results) - count["unviable"]
    caught = count["caught"] + count["timed out"]
    explained = len(missed.keys() & why.keys())
    return [
        f"Of {datetime.now(timezone.utc):%Y-%m-%d}, for the sources of commit {commit_of('core/src')}, by `make mutants`.",
        "cargo-mutants changes one place of the engine, and the tests of `core/tests` and those inside the engine should",
        "notice: [core/measure](core/measure/README.md) says which. What a loop that does not end delays is noticed, too.",
        "[mutants.toml](core/measure/mutants.toml) names the kinds of changes that are not made, because they change nothing",
        "or only speed.",
        "",
        "| Mutants | |",
        "| --- | ---: |",
        f"| there are | {len(known):,} |",
        f"| tried | {len(results):,} |",
        f"| not viable: they do not compile | {count['unviable']:,} |",
        f"| viable | {viable:,} |",
        f"| caught by a test that fails | {count['caught']:,} |",
        f"| caught by a test that does not end | {count['timed out']:,} |",
        f"| missed, because nothing changes that a test could see | {explained:,} |",
        f"| missed otherwise | {len(missed) - explained:,} |",
        f"| caught, of those that are viable | {share(viable, caught)} |",
        f"| caught, of those that change something | {share(viable - explained, caught)} |",
        "",
        "Those that were missed, each with what keeps tests from seeing it:",
        "",
        "| File | Line | Change | Why |",
        "| --- | --- | --- | --- |",
        *(row_of(result, why.get(key, "open")) for key, result in missed.items()),
    ]


def row_of(result: Result, reason: str) -> str:
    cells = [f"`{result['file']}`", page.code(result["line"]), page.code(result["change"])]
    return f"| {' | '.join(cells)} | {page.cell(reason)} |"


def check_reasons(why: dict[Key, str], missed: set[Key]) -> None:
    """A reason is for a mutant that was missed."""
    stale = sorted(why.keys() - missed)
    if stale:
        print("\n".join(f"a reason for what is not missed: {key}" for key in stale), file=sys.stderr)
        sys.exit(f"error: {REASONS.relative_to(ROOT)} is not what was found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["sample", "again", "report"])
    parser.add_argument("sample", nargs="?", default="0/14")
    arguments = parser.parse_args()
    known = mutants()
    if arguments.action == "sample":
        judge(sample(arguments.sample, known), known, STAGES)
    elif arguments.action == "again":
        missed = {key_of(result) for result in results_on_record() if result["outcome"] == "missed"}
        open_ones = missed - reasons().keys()
        judge([name for name, mutant in known.items() if key_of(mutant) in open_ones], known, STAGES[1:])
    page.write_section("Mutation score", section(known))


if __name__ == "__main__":
    main()
