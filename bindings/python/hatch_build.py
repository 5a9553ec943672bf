"""Puts the Rust libraries into the wheel, one wheel for each platform, and their sources into the sdist."""

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
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
FORM = {"win32": "{}.dll", "darwin": "lib{}.dylib"}.get(sys.platform, "lib{}.so")
MEMBERS = ("core", "core/inspect", "ffi", "ffi/inspect")
# What cargo needs to build the libraries, and the headers for those who build the first for C.
SOURCES = (
    *(f"{member}/{name}" for member in MEMBERS for name in ("Cargo.toml", "src")),
    "ffi/build.rs",
    "include",
)


PAGE = "inspector.html"
"""The page that the relay serves."""


class Library(NamedTuple):
    """A library of the wheel."""

    crate: str
    name: str
    variable: str
    """The variable of the environment that names one which is built already."""


ENGINE = Library("sansock-ffi", FORM.format("sansock"), "SANSOCK_LIBRARY")
INSPECTOR = Library("sansock-inspect-ffi", FORM.format("sansock_inspect"), "SANSOCK_INSPECT_LIBRARY")


class SansockBuildHook(BuildHookInterface[Any]):
    """Adds the libraries to a wheel and the Rust workspace to an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds files that lie outside this folder."""
        if self.target_name == "sdist":
            self.manifests = tempfile.TemporaryDirectory()
            build_data["force_include"] = {
                **without_links(build_data["force_include"]),
                **rust_sources(find_workspace(), Path(self.manifests.name)),
                **{str(page): name for name, page in find_page().items()},
            }
            return
        for name, path in {**find_libraries(), **find_page()}.items():
            if version == "editable":
                shutil.copyfile(path, HERE / "src" / "sansock" / name)
            else:
                build_data["force_include"][str(path)] = f"sansock/{name}"
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
    """The workspace with only the crates that the libraries are made of: paths, and their names in the archive."""
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


def find_page() -> dict[str, Path]:
    """The page of the inspector by its name: in an sdist in this folder; in a checkout where it has been built."""
    places = (HERE / PAGE, *(folder / "examples" / "inspector" / "dist" / PAGE for folder in list(HERE.parents)[:2]))
    for place in places:
        if place.is_file():
            return {PAGE: place}
    print("The package is built without the inspector's page: `make inspector` builds that.", file=sys.stderr)
    return {}


def find_libraries() -> dict[str, Path]:
    """The libraries by their names: those that the environment names, or else ones that are built now.

    Who names the engine's alone may have no Rust: such a package has no inspector.
    """
    found = {library: named_library(library) for library in (ENGINE, INSPECTOR)}
    missing = [library for library, path in found.items() if path is None]
    if missing == [INSPECTOR]:
        print(f"The package is built without {INSPECTOR.name}: set {INSPECTOR.variable} as well.", file=sys.stderr)
    elif missing:
        found |= build_libraries(find_workspace(), missing)
    return {library.name: path for library, path in found.items() if path is not None}


def named_library(library: Library) -> Path | None:
    """The library that is built already, if the environment names one."""
    named = os.environ.get(library.variable)
    if not named:
        return None
    path = Path(named).resolve()
    if not path.is_file():
        raise SystemExit(f"{library.variable} names {path}, which is not a file.")
    return path


def find_workspace() -> Path:
    """The Rust workspace: in an sdist this folder, in a checkout one above it."""
    for folder in (HERE, *HERE.parents):
        if (folder / "Cargo.toml").is_file() and (folder / "ffi" / "Cargo.toml").is_file():
            return folder
    raise SystemExit(
        "The Rust sources of Sansock are neither in this folder nor above it. Install a wheel, build from an sdist or a"
        " checkout of the whole repository, or set SANSOCK_LIBRARY to a libsansock that is built already."
    )


def build_libraries(workspace: Path, libraries: list[Library]) -> dict[Library, Path]:
    """Builds release libraries with cargo, and asks cargo where they are."""
    built = {}
    for library in libraries:
        # One at a time: what both are made of has other features for each.
        command = ["build", "--locked", "--release", "-p", library.crate, "--message-format=json-render-diagnostics"]
        messages = map(json.loads, cargo(command, workspace).splitlines())
        files = (Path(file) for message in messages for file in message.get("filenames", ()))
        path = next((file for file in files if file.name == library.name), None)
        if path is None:
            raise SystemExit(f"cargo built no {library.name}.")
        built[library] = path
    return built


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
            f"cargo {arguments[0]} failed for the libraries of Sansock (status {error.returncode})."
        ) from None


def release_flags() -> str:
    """Flags of the Rust compiler: what the libraries are built of has the same name on every machine."""
    home = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    return f"--remap-path-prefix={home}/registry/src=crates"


def platform_tag() -> str:
    """The platform of this Python. auditwheel and delocate widen it to what the library really needs."""
    if sys.platform == "darwin":
        # The interpreter may be universal; the library is for this machine, and as old as Rust's targets allow.
        machine = platform.machine()
        return f"macosx_{'11_0' if machine == 'arm64' else '10_12'}_{machine}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
