"""Puts the Rust library into the wheel, one wheel for each platform and all Pythons."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
NAME = {"win32": "sansock.dll", "darwin": "libsansock.dylib"}.get(sys.platform, "libsansock.so")


class LibraryBuildHook(BuildHookInterface[Any]):
    """Builds the library, or takes the one that SANSOCK_LIBRARY names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the library beside the modules: inside the wheel, or, for an editable install, in the source tree."""
        library = find_library()
        if version == "editable":
            shutil.copyfile(library, HERE / "src" / "sansock" / NAME)
        else:
            build_data["force_include"][str(library)] = f"sansock/{NAME}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"


def find_library() -> Path:
    """The library to ship."""
    named = os.environ.get("SANSOCK_LIBRARY")
    if not named:
        return build_library(find_workspace())
    library = Path(named).resolve()
    if not library.is_file():
        raise SystemExit(f"SANSOCK_LIBRARY names {library}, which is not a file.")
    return library


def find_workspace() -> Path:
    """The checkout around this package, which has the Rust sources."""
    for folder in HERE.parents:
        if (folder / "Cargo.toml").is_file() and (folder / "ffi" / "Cargo.toml").is_file():
            return folder
    raise SystemExit(
        "The Rust sources of Sansock are not around this package. Install a wheel, or from a checkout of the whole"
        " repository, or set SANSOCK_LIBRARY to a libsansock that is built already."
    )


def build_library(workspace: Path) -> Path:
    """Builds the release library with cargo, which tells where it is."""
    command = ["cargo", "build", "--release", "-p", "sansock-ffi", "--message-format=json-render-diagnostics"]
    try:
        built = subprocess.run(command, cwd=workspace, stdout=subprocess.PIPE, check=True)
    except FileNotFoundError:
        raise SystemExit("cargo is missing: install Rust, or set SANSOCK_LIBRARY to a built libsansock.") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"cargo could not build the library of Sansock (status {error.returncode}).") from None
    for line in built.stdout.splitlines():
        for file in json.loads(line).get("filenames", ()):
            if Path(file).name == NAME:
                return Path(file)
    raise SystemExit(f"cargo built no {NAME}.")


def platform_tag() -> str:
    """The platform of this Python. auditwheel and delocate widen it to what the library really needs."""
    if sys.platform == "darwin":
        # The interpreter may be universal; the library is for this machine, and as old as Rust's targets allow.
        machine = platform.machine()
        return f"macosx_{'11_0' if machine == 'arm64' else '10_12'}_{machine}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
