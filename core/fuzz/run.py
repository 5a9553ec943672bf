#!/usr/bin/env python3
"""Runs the fuzz targets, minimises their corpora, and writes what both have shown into SAFETY.md."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lcov
import page
from lcov import (
    COMPILE_TIME,
    INSTRUMENTED,
    ROOT,
    Counts,
    commit_of,
    files_of,
    report_of,
    rooms_of,
    share,
    table_of,
    total_of,
)

FUZZ = Path(__file__).resolve().parent
BUILD = ROOT / "target" / "fuzz"
CORPUS = FUZZ / "corpus"
RUNS = FUZZ / "runs.json"

SEED = "6455"
# A single input takes no longer, in seconds, and no more memory, in MiB.
LIMITS = ["-timeout=30", "-rss_limit_mb=2048", "-malloc_limit_mb=1024"]


def output_of(*command: str, variables: dict[str, str] | None = None) -> str:
    """What a command writes, in the folder of the fuzz targets."""
    return lcov.output_of(*command, cwd=FUZZ, variables={"CARGO_TARGET_DIR": str(BUILD)} | (variables or {}))


def targets() -> dict[str, list[str]]:
    """The options of each target."""
    table = {}
    for line in output_of("cargo", "run", "--quiet", "--example", "table").splitlines():
        name, longest, dictionary = line.split()
        table[name] = [f"-max_len={longest}"]
        if dictionary != "-":
            table[name].append(f"-dict=dictionaries/{dictionary}.dict")
    return table


def chosen(wanted: list[str]) -> dict[str, list[str]]:
    """The targets that were asked for, or all."""
    table = targets()
    for name in wanted:
        if name not in table:
            sys.exit(f"error: {name} is not a target; choose one of: {' '.join(table)}")
    return {name: table[name] for name in wanted or table}


def cargo_fuzz(action: str, target: str, *rest: str) -> list[str]:
    return [
        "cargo",
        "+nightly",
        "fuzz",
        action,
        "--fuzz-dir",
        ".",
        "--features",
        "libfuzzer",
        "--sanitizer=address",
        target,
        *rest,
    ]


SOURCES = ("core/src", "ffi/src")


def engine() -> str:
    """The commit that last changed what is fuzzed."""
    return commit_of(*SOURCES)


def lines_since(commit: str) -> str:
    """How the sources differ from those of a commit."""
    rows = output_of("git", "-C", str(ROOT), "diff", "--numstat", commit, "HEAD", "--", *SOURCES).splitlines()
    added, removed = (sum(int(row.split()[column]) for row in rows) for column in (0, 1))
    return f"{added} lines were added and {removed} removed"


def record(target: str, executions: int, seconds: int) -> None:
    """Adds a run to those of the same commit. Others may end at the same time."""
    with (BUILD / "runs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        runs: dict[str, Any] = json.loads(RUNS.read_text()) if RUNS.exists() else {}
        of_target = runs.setdefault(engine(), {}).setdefault(target, {"executions": 0, "seconds": 0})
        of_target["date"] = f"{datetime.now(timezone.utc):%Y-%m-%d}"
        of_target["executions"] += executions
        of_target["seconds"] += seconds
        RUNS.write_text(json.dumps(runs, indent=1, sort_keys=True) + "\n")


def fuzz(name: str, options: list[str], seconds: int) -> bool:
    """Runs a target. New inputs stay with what is built; false if one fails."""
    found, failures = BUILD / "found" / name, BUILD / "failures" / name
    found.mkdir(parents=True, exist_ok=True)
    failures.mkdir(parents=True, exist_ok=True)
    dirs = [str(found), str(CORPUS / name)]
    flags = [f"-max_total_time={seconds}", f"-seed={SEED}", "-print_final_stats=1", f"-artifact_prefix={failures}/"]
    command = cargo_fuzz("run", name, *dirs, "--", *flags, *LIMITS, *options)
    log = BUILD / f"{name}.log"
    output_of(*cargo_fuzz("build", name))
    start = time.monotonic()
    with log.open("wb") as file:
        environment = os.environ | {"CARGO_TARGET_DIR": str(BUILD)}
        failed = (
            subprocess.run(command, cwd=FUZZ, env=environment, stdout=file, stderr=file, check=False).returncode != 0
        )
    text = log.read_text(errors="replace")
    executions = re.search(r"stat::number_of_executed_units: +(\d+)", text)
    count = int(executions[1]) if executions else 0
    passed = round(time.monotonic() - start)
    if failed:
        print(f"{name}: fails; see {log.relative_to(ROOT)} and {failures.relative_to(ROOT)}", flush=True)
        return False
    record(name, count, passed)
    edges = re.findall(r"cov: (\d+)", text)
    print(f"{name}: {count} executions in {passed} s, {edges[-1] if edges else 0} edges", flush=True)
    return True


def minimise(name: str, options: list[str]) -> None:
    """Replaces a corpus by the smallest one that covers as much, with what runs have found."""
    merged = BUILD / "merged" / name
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    found = BUILD / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    dirs = [str(merged), str(CORPUS / name), str(found)]
    with (BUILD / f"{name}.merge.log").open("wb") as file:
        environment = os.environ | {"CARGO_TARGET_DIR": str(BUILD)}
        command = cargo_fuzz("run", name, *dirs, "--", "-set_cover_merge=1", "-use_counters=0", *LIMITS, *options)
        subprocess.run(command, cwd=FUZZ, env=environment, check=True, stdout=file, stderr=file)
    shutil.rmtree(CORPUS / name)
    merged.rename(CORPUS / name)
    files = [file.stat().st_size for file in (CORPUS / name).iterdir()]
    print(f"{name}: {len(files)} files, {sum(files)} bytes", flush=True)


def coverage(names: list[str]) -> tuple[dict[str, Counts], dict[str, Counts]]:
    """What the corpora cover of the engine: each of them, and all of each room."""
    build = BUILD / "coverage"
    profiles = build / "profiles"
    shutil.rmtree(profiles, ignore_errors=True)
    variables = {"CARGO_TARGET_DIR": str(build), "RUSTFLAGS": INSTRUMENTED}
    # What runs while it is built is not counted.
    unused = {"LLVM_PROFILE_FILE": str(build / "unused.profraw")}
    command = ("cargo", "+nightly", "test", "--test", "replay", "--no-run", "--message-format=json")
    lines = output_of(*command, variables=variables | unused).splitlines()
    program = [json.loads(line).get("executable") for line in lines if '"executable":"' in line][-1]
    each: dict[str, Counts] = {}
    for name in names:
        of_target = {"SANSOCK_FUZZ_TARGET": name, "LLVM_PROFILE_FILE": str(profiles / name / "%p-%m.profraw")}
        output_of(program, "every_corpus_passes", variables=variables | of_target)
        each[name] = total_of(rooms_of(files_of(report_of(profiles / name, [program]))))
    return each, rooms_of(files_of(report_of(profiles, [program])))


def section() -> list[str]:
    """The part of the page that is about fuzzing."""
    runs: dict[str, Any] = json.loads(RUNS.read_text()) if RUNS.exists() else {}
    names = list(targets())
    each, rooms = coverage(names)
    newest, *older = output_of("git", "-C", str(ROOT), "log", "--format=%h", "--", *SOURCES).split()
    ran_with = {name: next(commit for commit in (newest, *older) if name in runs.get(commit, {})) for name in names}
    text = [
        f"Of {datetime.now(timezone.utc):%Y-%m-%d}, for the sources of commit {newest}, by `make safety-report`.",
        "What the targets are and what each asserts: [core/fuzz](core/fuzz/README.md).",
        "",
        "| Target | Inputs kept | Executions | Seconds | Date | Commit | With all commits | Lines | Branches |",
        "| --- | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: |",
    ]
    for name in names:
        inputs = len(list((CORPUS / name).iterdir()))
        now = runs[ran_with[name]][name]
        total = sum(of_commit.get(name, {}).get("executions", 0) for of_commit in runs.values())
        lines, lines_covered, branches, branches_covered = each[name]
        cells = [
            f"`{name}`",
            f"{inputs:,}",
            f"{now['executions']:,}",
            f"{now['seconds']:,}",
            now["date"],
            ran_with[name],
            f"{total:,}",
            share(lines, lines_covered),
            share(branches, branches_covered),
        ]
        text.append(f"| {' | '.join(cells)} |")
    for commit in (commit for commit in older if commit in ran_with.values()):
        text += ["", f"Since {commit} {lines_since(commit)}."]
    text += [
        "",
        "Lines and branches are those of the whole engine that the inputs of this target alone cover. Together they cover of",
        "`core/src` what follows. The rooms that read what a peer sends come first. Functions that",
        f"run only while the engine is compiled do not count: {', '.join(f'`{name}`' for name in COMPILE_TIME)}.",
        "",
        *table_of(rooms),
    ]
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["fuzz", "minimise", "report"])
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    arguments = parser.parse_intermixed_args()
    if arguments.action == "report":
        page.write_section("Fuzzing", section())
        return None
    table = chosen(arguments.targets)
    if arguments.action == "minimise":
        for name, options in table.items():
            minimise(name, options)
        return None
    results = [fuzz(name, options, arguments.seconds) for name, options in table.items()]
    return None if all(results) else sys.exit(1)


if __name__ == "__main__":
    main()
