"""What the checks of all packages share: files of the repository and of archives, and programs that run somewhere else."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "target" / "packages"
# Where the libraries are built that a user of the packages would build: apart from those of the checkout.
CARGO_OUTPUT = ROOT / "target" / "users"
BILL = "sbom.cdx.json"
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")

# Where things are on this machine, which is nobody's business.
PLACES = {f"{place}/" for place in (ROOT, Path.home(), os.environ.get("CARGO_HOME", Path.home()))}

Files = dict[str, bytes]


def repository_files(*folders: str) -> set[str]:
    """The files of the repository in these folders, from the root, without those that git ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name for name in names if (ROOT / name).exists()}


def clear(pattern: str) -> None:
    """Removes archives of the last time: what lies there is to be published."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for old in OUTPUT.glob(pattern):
        old.unlink()


@contextmanager
def removed_on_failure(*paths: Path) -> Iterator[None]:
    """Keeps archives only if they pass."""
    try:
        yield
    except BaseException:
        for path in paths:
            path.unlink()
        raise


def read_tar(path: Path) -> Files:
    """The files of a .tar.gz, by their names in its one folder."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(path.read_bytes()))) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is None:
                raise SystemExit(f"{path.name}: {member.name} is not a file")
            files[member.name.split("/", 1)[1]] = content.read()
    return files


def read_zip(path: Path) -> Files:
    """The files of a .zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(path: Path, files: Files, wanted: Iterable[str], same: dict[str, str], limit: int) -> None:
    """Holds an archive to its list of files, to those that must be files of the repository, and to its size in bytes; it
    holds no path of this machine.
    """
    names, wanted = set(files), set(wanted)
    faults = [f"{name} is missing" for name in sorted(wanted - names)]
    faults += [f"{name} does not belong there" for name in sorted(names - wanted)]
    for name, source in same.items():
        if name in files and files[name] != (ROOT / source).read_bytes():
            faults.append(f"{name} is not {source}")
    held = ((name, place) for name, content in files.items() for place in PLACES if place.encode() in content)
    faults += [f"{name} holds the path {place}" for name, place in held]
    size = path.stat().st_size
    if size > limit:
        faults.append(f"it has {size} bytes, more than {limit}")
    if faults:
        raise SystemExit("\n".join(f"{path.name}: {fault}" for fault in faults))
    print(f"{path.name}: {len(files)} files, {size:,} bytes, {sum(map(len, files.values())):,} unpacked", flush=True)


def program(page: str, language: str, start: str = "") -> str:
    """The first program in a page of the repository that starts so."""
    match = re.search(rf"(?ms)^```{language}\n({start}.*?)^```$", (ROOT / page).read_text("utf-8"))
    if match is None:
        raise SystemExit(f"{page} has no program")
    return match[1]


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """What a program prints; its errors are shown if it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "SANSOCK_LIBRARY"} | variables
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(what: str, found: str, wanted: str) -> None:
    """Fails if a program printed something else."""
    if found.rstrip("\n") != wanted:
        raise SystemExit(f"{what}: {found!r} instead of {wanted!r}")


@contextmanager
def user_builds() -> Iterator[dict[str, str]]:
    """Variables with which cargo keeps what it builds, but for our crates: their folder is another one each time."""
    try:
        yield {"CARGO_TARGET_DIR": str(CARGO_OUTPUT)}
    finally:
        for path in CARGO_OUTPUT.glob("*/*/*"):
            if re.match(r"(lib)?sansock", path.name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
