"""Puts the Rust library into the wheel, one wheel for each platform and all Pythons, and its sources into the sdist."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
NAME = {"win32": "sansock.dll", "darwin": "libsansock.dylib"}.get(sys.platform, "libsansock.so")
MEMBERS = ("core", "ffi")
# What cargo needs to build the library, and the headers for those who build it for C.
SOURCES = ("core/Cargo.toml", "core/src", "ffi/Cargo.toml", "ffi/build.rs", "ffi/src", "include")


class SansockBuildHook(BuildHookInterface[Any]):
    """Adds the library to a wheel and the Rust workspace to an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds files that lie outside this folder."""
        if self.target_name == "sdist":
            self.manifests = tempfile.TemporaryDirectory()
            build_data["force_include"] = {
                **without_links(build_data["force_include"]),
                **rust_sources(find_workspace(), Path(self.manifests.name)),
            }
            return
        library = find_library()
        if version == "editable":
            shutil.copyfile(library, HERE / "src" / "sansock" / NAME)
        else:
            build_data["force_include"][str(library)] = f"sansock/{NAME}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes what only the archive needed."""
        if self.target_name == "sdist":
            self.manifests.cleanup()


def without_links(included: dict[str, str]) -> dict[str, str]:
    """The same files; the licences are links to those of the repository, and an archive would keep the links."""
    return {os.path.realpath(source): target for source, target in included.items()}


def rust_sources(workspace: Path, manifests: Path) -> dict[str, str]:
    """The workspace with only the crates that the library is made of: paths, and their names in the archive."""
    included = {name: str(workspace / name) for name in SOURCES}
    write_manifests(workspace, manifests)
    for name in ("Cargo.toml", "Cargo.lock"):
        included[name] = str(manifests / name)
    return {path: name for name, path in included.items()}


def write_manifests(workspace: Path, folder: Path) -> None:
    """Writes `Cargo.toml` with fewer members, and `Cargo.lock` with what these need, in the versions it has now."""
    manifest = (workspace / "Cargo.toml").read_text("utf-8")
    members = ", ".join(f'"{member}"' for member in MEMBERS)
    manifest, count = re.subn(r"(?m)^members = \[.*\]$", f"members = [{members}]", manifest)
    if count != 1:
        raise SystemExit(f"{workspace / 'Cargo.toml'} does not have its members on one line.")
    (folder / "Cargo.toml").write_text(manifest, "utf-8")
    shutil.copyfile(workspace / "Cargo.lock", folder / "Cargo.lock")
    for member in MEMBERS:
        (folder / member / "src").mkdir(parents=True)
        (folder / member / "src" / "lib.rs").touch()
        (folder / member / "build.rs").touch()
        shutil.copyfile(workspace / member / "Cargo.toml", folder / member / "Cargo.toml")
    # Drops what no member needs, and leaves every version as it is.
    cargo(["update", "--quiet", "--workspace"], folder)


def find_library() -> Path:
    """The library that SANSOCK_LIBRARY names, or else one that is built now."""
    named = os.environ.get("SANSOCK_LIBRARY")
    if not named:
        return build_library(find_workspace())
    library = Path(named).resolve()
    if not library.is_file():
        raise SystemExit(f"SANSOCK_LIBRARY names {library}, which is not a file.")
    return library


def find_workspace() -> Path:
    """The Rust workspace: in an sdist this folder, in a checkout one above it."""
    for folder in (HERE, *HERE.parents):
        if (folder / "Cargo.toml").is_file() and (folder / "ffi" / "Cargo.toml").is_file():
            return folder
    raise SystemExit(
        "The Rust sources of Sansock are neither in this folder nor above it. Install a wheel, build from an sdist or a"
        " checkout of the whole repository, or set SANSOCK_LIBRARY to a libsansock that is built already."
    )


def build_library(workspace: Path) -> Path:
    """Builds the release library with cargo, and asks cargo where it is."""
    command = ["build", "--locked", "--release", "-p", "sansock-ffi", "--message-format=json-render-diagnostics"]
    for line in cargo(command, workspace).splitlines():
        for file in json.loads(line).get("filenames", ()):
            if Path(file).name == NAME:
                return Path(file)
    raise SystemExit(f"cargo built no {NAME}.")


def cargo(arguments: list[str], folder: Path) -> bytes:
    """The output of cargo."""
    environment = {**os.environ, "CARGO_BUILD_RUSTFLAGS": release_flags()}
    try:
        return subprocess.run(
            ["cargo", *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, check=True
        ).stdout
    except FileNotFoundError:
        raise SystemExit(
            "cargo is missing: install Rust (https://rustup.rs), or set SANSOCK_LIBRARY to a built libsansock."
        ) from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            f"cargo {arguments[0]} failed for the library of Sansock (status {error.returncode})."
        ) from None


def release_flags() -> str:
    """Flags of the Rust compiler: what the library is built of has the same name on every machine."""
    home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    return f"--remap-path-prefix={home}/registry/src=crates"


def platform_tag() -> str:
    """The platform of this Python. auditwheel and delocate widen it to what the library really needs."""
    if sys.platform == "darwin":
        # The interpreter may be universal; the library is for this machine, and as old as Rust's targets allow.
        machine = platform.machine()
        return f"macosx_{'11_0' if machine == 'arm64' else '10_12'}_{machine}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
