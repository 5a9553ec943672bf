"""Packs the crate `sansock`, checks its files, and builds the program of its page against it in an empty folder."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from pathlib import Path

from package import (
    BILL,
    LICENCES,
    OUTPUT,
    ROOT,
    check,
    clear,
    expect,
    program,
    read_tar,
    removed_on_failure,
    repository_files,
    run,
    user_builds,
)
from version import agreed

# Made by cargo.
GENERATED = (".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig")
LIMIT = 170_000

MANIFEST = """\
[package]
name = "sansock-user"
version = "0.0.0"
edition = "2024"

[dependencies]
sansock = {{ path = {path}, features = ["getrandom"] }}
"""


def publishable() -> list[str]:
    """The crates that cargo would publish."""
    text = run("cargo", "metadata", "--no-deps", "--format-version=1", folder=ROOT)
    return [package["name"] for package in json.loads(text)["packages"] if package["publish"] is None]


def pack() -> Path:
    """Has cargo pack the crate, and build what it has packed."""
    run(
        "cargo",
        "package",
        "--quiet",
        "--allow-dirty",
        "-p",
        "sansock",
        folder=ROOT,
        CARGO_TARGET_DIR=str(ROOT / "target"),
    )
    name = f"sansock-{agreed()}.crate"
    clear("*.crate")
    return Path(shutil.copy(ROOT / "target" / "package" / name, OUTPUT / name))


def check_files(path: Path) -> None:
    """The sources, the page and the licences; no tests, vectors or benches."""
    sources = {name.removeprefix("core/") for name in repository_files("core/src")}
    same = {name: f"core/{name}" for name in ("README.md", BILL)} | {"Cargo.toml.orig": "core/Cargo.toml"}
    same |= {licence: licence for licence in LICENCES} | {name: f"core/{name}" for name in sources}
    check(path, read_tar(path), {*GENERATED, *same}, same, LIMIT)


def use(path: Path) -> None:
    """Runs the program of the page in a new project, with the versions that cargo has packed."""
    with tempfile.TemporaryDirectory() as name, user_builds() as variables:
        folder = Path(name)
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        crate, project = folder / path.stem, folder / "user"
        (project / "src").mkdir(parents=True)
        (project / "Cargo.toml").write_text(MANIFEST.format(path=json.dumps(str(crate))), "utf-8")
        (project / "src" / "main.rs").write_text(program("core/README.md", "rust"), "utf-8")
        shutil.copy(crate / "Cargo.lock", project)
        expect("core/README.md", run("cargo", "run", "--quiet", folder=project, **variables), "hello")


if __name__ == "__main__":
    expect("crates to publish", " ".join(publishable()), "sansock")
    packed = pack()
    with removed_on_failure(packed):
        check_files(packed)
        use(packed)
