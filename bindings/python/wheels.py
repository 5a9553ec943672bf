"""Wheels that any Linux of this processor takes: ``wheels.py FOLDER``. `make wheels` calls it, with zig for a linker.

One is for systems with the C library of GNU from version 2.17 of 2012 on (``manylinux2014``), one for those with musl,
such as Alpine (``musllinux_1_2``). What the libraries inside need is compared with what the tag promises.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parents[1]
MACHINE = platform.machine()


class Kind(NamedTuple):
    """A kind of Linux."""

    target: str
    """Rust's name for it."""
    built_for: str
    """The same for zig, with the version of the C library."""
    tag: str
    flags: str = ""


KINDS = (
    Kind(f"{MACHINE}-unknown-linux-gnu", f"{MACHINE}-unknown-linux-gnu.2.17", f"manylinux_2_17_{MACHINE}"),
    Kind(
        f"{MACHINE}-unknown-linux-musl",
        f"{MACHINE}-unknown-linux-musl",
        f"musllinux_1_2_{MACHINE}",
        "-C target-feature=-crt-static",
    ),
)


def run(*command: str | Path, **variables: str) -> str:
    """What a command prints. The tools of this Python's environment come first."""
    tools = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", **variables}
    return subprocess.run(command, cwd=WORKSPACE, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


# The crates of the libraries, and what names those libraries to the build of the package.
LIBRARIES = {
    "libsansock.so": ("sansock-ffi", "SANSOCK_LIBRARY"),
    "libsansock_inspect.so": ("sansock-inspect-ffi", "SANSOCK_INSPECT_LIBRARY"),
}


def library_for(kind: Kind, name: str, folder: Path) -> Path:
    """A library, built for this kind."""
    flags = f"{run(WORKSPACE / '.ci' / 'release-flags').strip()} {kind.flags}".strip()
    package = ("--quiet", "--locked", "--release", "-p", LIBRARIES[name][0])
    run("cargo", "zigbuild", *package, "--target", kind.built_for, CARGO_BUILD_RUSTFLAGS=flags)
    target = Path(os.environ.get("CARGO_TARGET_DIR", WORKSPACE / "target"))
    library = folder / name
    shutil.copyfile(target / kind.target / "release" / name, library)
    if "musl" in kind.target:
        # The name that musl itself has for it, by which auditwheel knows it.
        run("patchelf", "--replace-needed", "libc.so", f"libc.musl-{MACHINE}.so.1", library)
    run("patchelf", "--set-soname", name, library)
    return library


def wheel_for(kind: Kind, output: Path) -> Path:
    """A wheel with these libraries, whose tag auditwheel has found to be right."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        libraries = {name: library_for(kind, name, folder) for name in LIBRARIES}
        run(
            sys.executable,
            "-m",
            "build",
            "--no-isolation",
            "--wheel",
            "--outdir",
            folder,
            HERE,
            **{LIBRARIES[name][1]: str(library) for name, library in libraries.items()},
        )
        (built,) = folder.glob("*.whl")
        if "musl" in kind.target:
            # auditwheel knows the rules of musl where musl is the C library only: nothing else may be needed.
            for library in libraries.values():
                needed = run("patchelf", "--print-needed", library).split()
                if needed != [f"libc.musl-{MACHINE}.so.1"]:
                    raise SystemExit(f"{library.name} needs {needed}")
            run(sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", kind.tag, built)
            (tagged,) = folder.glob("*.whl")
        else:
            repair = (sys.executable, "-m", "auditwheel", "repair", "--plat", kind.tag, "--only-plat")
            run(*repair, "--wheel-dir", folder / "tagged", built)
            (tagged,) = (folder / "tagged").glob("*.whl")
        return Path(shutil.copy(tagged, output))


def use(wheel: Path) -> None:
    """Installs a wheel of this system's kind into an empty environment, and asks for its version."""
    with tempfile.TemporaryDirectory() as name:
        python = Path(name) / "bin" / "python"
        run(sys.executable, "-m", "venv", "--without-pip", name)
        pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
        print(run(python, "-I", "-m", "sansock", "--version").strip(), "from", wheel.name)
        run(python, "-I", "-c", "import sansock.inspect")


PROBE = """
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **arguments) {
    if (count != 3) return 1;
    void *library = dlopen(arguments[1], RTLD_NOW), *inspector = dlopen(arguments[2], RTLD_NOW);
    if (library == NULL || inspector == NULL) return puts(dlerror()), 1;
    const char *(*version)(void) = (const char *(*)(void))dlsym(library, "sansock_version");
    return version == NULL || dlsym(inspector, "sansock_inspector_new") == NULL || puts(version()) < 0;
}
"""


def load(wheel: Path) -> None:
    """Has a program of musl load the libraries of a wheel, where there is a compiler for such programs."""
    if shutil.which("musl-gcc") is None:
        print(wheel.name)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.unpack_archive(wheel, folder, "zip")
        (folder / "probe.c").write_text(PROBE)
        run("musl-gcc", folder / "probe.c", "-o", folder / "probe")
        libraries = [folder / "sansock" / name for name in LIBRARIES]
        print("sansock", run(folder / "probe", *libraries).strip(), "from", wheel.name)


def main(output: Path) -> None:
    """The command."""
    output.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        wheel = wheel_for(kind, output)
        if kind.tag.startswith("musl") is (platform.libc_ver()[0] != "glibc"):
            use(wheel)
        elif kind.tag.startswith("musl"):
            load(wheel)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
