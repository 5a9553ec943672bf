"""The version of all packages. `version.py` prints it if all files agree, `version.py X.Y.Z` writes another one into them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NUMBER = r"(\d+\.\d+\.\d+)"
SHAPE = re.compile(r"\d+\.\d+\.\d+")

# The header has it in its three parts too; a test holds them together.
HEADER = "include/sansock.h"
PARTS = ("MAJOR", "MINOR", "PATCH")

# Every place that has the version: a file, a pattern whose group is the version, and how often the file has it; 0: any number.
PLACES = (
    ("Cargo.toml", rf'(?m)^version = "{NUMBER}"$', 1),
    ("Cargo.toml", rf'(?m)^sansock = \{{ path = "core", version = "{NUMBER}"', 1),
    ("Cargo.toml", rf'(?m)^sansock-inspect = \{{ path = "core/inspect", version = "{NUMBER}"', 1),
    ("Cargo.toml", rf'(?m)^sansock-tokio = \{{ path = "bindings/tokio", version = "{NUMBER}"', 1),
    # The crates of the workspace, which have no source.
    ("Cargo.lock", rf'(?m)^name = ".+"\nversion = "{NUMBER}"\n(?!source)', 0),
    ("core/benches/Cargo.lock", rf'(?m)^name = "sansock"\nversion = "{NUMBER}"$', 1),
    ("core/fuzz/Cargo.lock", rf'(?m)^name = "sansock"\nversion = "{NUMBER}"$', 1),
    ("bindings/tokio/benches/Cargo.lock", rf'(?m)^name = "sansock(?:-tokio)?"\nversion = "{NUMBER}"$', 2),
    (HEADER, rf'(?m)^#define SANSOCK_VERSION "{NUMBER}"$', 1),
    ("ffi/debian/changelog", rf"\Asansock \({NUMBER}-1\)", 1),
    ("bindings/python/pyproject.toml", rf'(?m)^version = "{NUMBER}"$', 1),
    ("bindings/js/package.json", rf'(?m)^  "version": "{NUMBER}",$', 1),
    ("bindings/js/package-lock.json", rf'"name": "sansock",\s+"version": "{NUMBER}"', 2),
)


def found() -> list[tuple[str, str]]:
    """Each file with a version in it."""
    versions = []
    for name, pattern, count in PLACES:
        matches = re.findall(pattern, (ROOT / name).read_text("utf-8"))
        if not matches or (count and len(matches) != count):
            raise SystemExit(f"{name} has a version in {len(matches)} places of {count}: {pattern}")
        versions += [(name, version) for version in matches]
    return versions


def agreed() -> str:
    """The version, if there is only one."""
    versions = found()
    if len({version for _, version in versions}) != 1:
        raise SystemExit("The versions differ:\n" + "\n".join(f"  {version}  {name}" for name, version in versions))
    return versions[0][1]


def write(version: str) -> None:
    """Writes a version everywhere."""

    def replaced(match: re.Match[str]) -> str:
        start, end = match.span(1)
        return match[0][: start - match.start()] + version + match[0][end - match.start() :]

    for name, pattern, _ in PLACES:
        path = ROOT / name
        path.write_text(re.sub(pattern, replaced, path.read_text("utf-8")), "utf-8")
    header = ROOT / HEADER
    text = header.read_text("utf-8")
    for part, number in zip(PARTS, version.split("."), strict=True):
        text = re.sub(rf"(?m)^(#define SANSOCK_VERSION_{part}) \d+$", rf"\1 {number}", text)
    header.write_text(text, "utf-8")


def main(arguments: list[str]) -> None:
    """The command."""
    found()
    if arguments:
        (version,) = arguments
        if not SHAPE.fullmatch(version):
            raise SystemExit(f"{version} is not a version: X.Y.Z")
        write(version)
    print(agreed())


if __name__ == "__main__":
    main(sys.argv[1:])
