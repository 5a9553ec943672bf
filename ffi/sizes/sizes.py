#!/usr/bin/env python3
"""Prints the sizes of the C library in all its builds, holds them to limits, and small builds to the speed of the others."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "target"
KIB = 1024

LIMITS = {
    "release": 670 * KIB,
    "release, without deflate": 510 * KIB,
    "small": 450 * KIB,
    "small, without deflate": 250 * KIB,
    "bare": 120 * KIB,
    "bare, the whole example": 120 * KIB,
}
"""The largest sizes in bytes: of the shared library without symbols; of what is loaded of the static library, and of a program."""
SLOWER = 1.02
"""How many times as many instructions a small build may take."""
CELLS = ((20, 0), (1024, 0), (1024, 1))
"""Lengths of messages, and whether they are compressed."""


def run(*command: object) -> str:
    """What a command prints. It must succeed."""
    words = [str(word) for word in command]
    result = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(words)}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def stripped(library: Path, folder: Path) -> int:
    """The size of a shared library without its symbols."""
    copy = folder / "stripped.so"
    shutil.copy(library, copy)
    run("strip", "--strip-unneeded", copy)
    return copy.stat().st_size


def loaded(file: Path) -> int:
    """What of an object or a program for the bare machine is loaded: code and data, without what is zero."""
    text, data = run("arm-none-eabi-size", file).splitlines()[1].split()[:2]
    return int(text) + int(data)


def instructions(archive: Path, length: int, deflate: int, folder: Path) -> int:
    """Instructions for a message from a client to a server, with this library."""
    program = folder / "counts"
    options = ["-std=c11", "-O2", f"-I{ROOT / 'include'}"]
    run("cc", *options, ROOT / "ffi" / "sizes" / "counts.c", archive, "-lpthread", "-ldl", "-lm", "-o", program)
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program]
    counted = []
    for messages in (200, 600):
        found = re.search(r"Collected : (\d+)", run(*valgrind, messages, length, deflate))
        if not found:
            sys.exit("sizes: valgrind has counted nothing")
        counted.append(int(found[1]))
    return (counted[1] - counted[0]) // 400


def compare_speed(folder: Path) -> bool:
    """Whether small builds take about as many instructions."""
    good = True
    print(f"\n{'instructions for a message':34}{'release':>10}{'small':>10}")
    for length, deflate in CELLS:
        small = TARGET / "small" / ("deflate" if deflate else "plain") / "c" / "libsansock.a"
        release = TARGET / "c" / "libsansock.a"
        before, after = (instructions(each, length, deflate, folder) for each in (release, small))
        good &= after <= before * SLOWER
        verdict = "" if after <= before * SLOWER else f"  more than {SLOWER:.2f} times"
        print(
            f"{length} bytes{', compressed' if deflate else '':22}"[:34].ljust(34) + f"{before:10,}{after:10,}{verdict}"
        )
    return good


def main() -> None:
    """Measures what the Makefile has built."""
    good = True
    with tempfile.TemporaryDirectory(prefix="sansock-sizes-") as name:
        folder = Path(name)
        sizes = {
            "release": stripped(TARGET / "release" / "libsansock.so", folder),
            "release, without deflate": stripped(TARGET / "sizes" / "release" / "libsansock.so", folder),
            "small": stripped(TARGET / "small" / "deflate" / "c" / "libsansock.so", folder),
            "small, without deflate": stripped(TARGET / "small" / "plain" / "c" / "libsansock.so", folder),
            "bare": loaded(TARGET / "bare" / "libsansock.a"),
            "bare, the whole example": loaded(TARGET / "bare" / "conversation.elf"),
        }
        print(f"{'build':34}{'bytes':>10}{'at most':>10}")
        for build, limit in LIMITS.items():
            good &= sizes[build] <= limit
            print(f"{build:34}{sizes[build]:10,}{limit:10,}{'' if sizes[build] <= limit else '  too large'}")
        good &= compare_speed(folder)
    if not good:
        sys.exit("sizes: a limit is exceeded")


if __name__ == "__main__":
    main()
