#!/usr/bin/env python3
"""Builds programs that have the source tree of Sansock inside their own: by CMake and Meson, shared and static, C and C++.

`tree.py` takes the checkout as it is, with what cargo has built there. `tree.py archive` makes an archive of it, as a release has
one, which CMake's FetchContent and a wrap of Meson unpack, and cargo builds in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from test import PROGRAMS, ROOT, check, make, run

COMPILERS = (("gcc", "g++"), ("clang", "clang++"))
CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(test LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
{source}
add_executable(c-shared readme.c)
add_executable(c-static readme.c)
add_executable(cpp-shared readme.cpp)
add_executable(cpp-static readme.cpp)
foreach(kind shared static)
  target_link_libraries(c-${{kind}} PRIVATE sansock::${{kind}})
  target_link_libraries(cpp-${{kind}} PRIVATE sansock::${{kind}})
endforeach()
"""
FETCH = """\
include(FetchContent)
FetchContent_Declare(sansock URL "{archive}" URL_HASH SHA256={digest})
FetchContent_MakeAvailable(sansock)"""
MESON = """\
project('test', 'c', 'cpp', default_options : ['cpp_std=c++17', 'werror=true', 'warning_level=3'])
shared = dependency('sansock', version : '>=0.1', static : false)
static = dependency('sansock', version : '>=0.1', static : true)
foreach kind, sansock : {'shared' : shared, 'static' : static}
  executable('c-' + kind, 'readme.c', dependencies : sansock)
  executable('cpp-' + kind, 'readme.cpp', dependencies : sansock)
endforeach
"""
PROVIDE = "\n[provide]\ndependency_names = sansock\n"


def project(folder: Path, file: str, text: str) -> None:
    """The folder of a program, with what builds it."""
    folder.mkdir()
    (folder / file).write_text(text, "utf-8")
    for program in PROGRAMS.values():
        shutil.copy(program, folder)


def run_programs(folder: Path) -> int:
    """The programs that were built, which find the shared library by themselves, and need none if they are static."""
    for language in PROGRAMS:
        for kind in ("shared", "static"):
            program = folder / f"{language}-{kind}"
            check(program, language, Path("/nowhere"))
            needs = run("readelf", "-d", program)
            if ("libsansock.so" in needs) != (kind == "shared"):
                sys.exit(f"{program} has the wrong libraries:\n{needs}")
    return 2 * len(PROGRAMS)


def by_cmake(folder: Path, source: str, output: Path, generators: tuple[str, str]) -> int:
    """With each compiler."""
    project(folder, "CMakeLists.txt", CMAKE.format(source=source))
    count = 0
    for (c, cxx), generator in zip(COMPILERS, generators, strict=True):
        build = folder / f"build-{c}"
        options = [f"-DCMAKE_C_COMPILER={c}", f"-DCMAKE_CXX_COMPILER={cxx}", f"-DSANSOCK_CARGO_OUTPUT={output}"]
        options.append(f"-DFETCHCONTENT_BASE_DIR={folder / 'fetched'}")
        run("cmake", "-G", generator, "-S", folder, "-B", build, *options)
        run("cmake", "--build", build)
        count += run_programs(build)
    return count


def by_meson(folder: Path, wrap: str, output: Path, source: Path | None) -> int:
    """With each compiler."""
    project(folder, "meson.build", MESON)
    subprojects = folder / "subprojects"
    subprojects.mkdir()
    (subprojects / "sansock.wrap").write_text(wrap + PROVIDE, "utf-8")
    if source:
        (subprojects / "sansock").symlink_to(source)
    count = 0
    for c, cxx in COMPILERS:
        build = folder / f"build-{c}"
        option = f"-Dsansock:cargo_output={output}"
        run("meson", "setup", build, folder, option, variables={"CC": c, "CXX": cxx})
        run("meson", "compile", "-C", build)
        count += run_programs(build)
    return count


def installs_the_same(folder: Path, output: Path) -> None:
    """CMake and Meson install the same files as make."""
    paths = {"prefix": "/opt/sansock", "libdir": "/opt/sansock/lib64", "includedir": "/opt/sansock/include"}
    stages = {tool: folder / tool for tool in ("make", "cmake", "meson")}
    make("install", DESTDIR=stages["make"], **{name.upper(): path for name, path in paths.items()})
    build = folder / "build-cmake"
    options = [f"-DCMAKE_INSTALL_{name.upper()}={path}" for name, path in paths.items()]
    run("cmake", "-S", ROOT, "-B", build, f"-DSANSOCK_CARGO_OUTPUT={output}", *options)
    run("cmake", "--build", build)
    run("cmake", "--install", build, variables={"DESTDIR": str(stages["cmake"])})
    build = folder / "build-meson"
    run(
        "meson", "setup", build, ROOT, f"-Dcargo_output={output}", *(f"--{name}={path}" for name, path in paths.items())
    )
    run("meson", "install", "-C", build, variables={"DESTDIR": str(stages["meson"])})
    files = {tool: contents(stage) for tool, stage in stages.items()}
    for tool in ("cmake", "meson"):
        if files[tool] != files["make"]:
            sys.exit(f"{tool} installs something else: {sorted(set(files[tool].items()) ^ set(files['make'].items()))}")


def contents(stage: Path) -> dict[str, str]:
    """The files and links below a folder, with digests and targets."""
    return {
        str(path.relative_to(stage)): str(path.readlink())
        if path.is_symlink()
        else f"{path.stat().st_mode & 0o777:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(stage.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def archive_of_the_tree(folder: Path) -> Path:
    """The files of the repository in one folder, as an archive of a release has them."""
    archive = folder / "sansock-source.tar.gz"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    names = [name for name in listed.decode().split("\0") if name and (ROOT / name).exists()]
    (folder / "names").write_text("\n".join(names), "utf-8")
    run("tar", "-czf", archive, "--transform=s,^,sansock-source/,", "-T", folder / "names", cwd=ROOT)
    return archive


def main() -> None:
    """Both ways."""
    with tempfile.TemporaryDirectory(prefix="sansock-tree-") as name:
        folder = Path(name)
        cmake, meson = folder / "cmake", folder / "meson"
        if sys.argv[1:2] == ["archive"]:
            archive = archive_of_the_tree(folder)
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            output = ROOT / "target" / "tree"
            # What was built of another archive is not taken for what this one gives.
            for built in (output / "release" / ".fingerprint").glob("sansock*"):
                shutil.rmtree(built)
            wrap = ["[wrap-file]", "directory = sansock-source", f"source_url = {archive.as_uri()}"]
            wrap += ["source_filename = sansock-source.tar.gz", f"source_hash = {digest}"]
            count = by_cmake(cmake, FETCH.format(archive=archive, digest=digest), output, ("Ninja", "Ninja"))
            count += by_meson(meson, "\n".join(wrap), output, None)
        else:
            output = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
            count = by_cmake(cmake, f'add_subdirectory("{ROOT}" sansock)', output, ("Unix Makefiles", "Ninja"))
            count += by_meson(meson, "[wrap-file]\ndirectory = sansock", output, ROOT)
            installs_the_same(folder / "installed", output)
    print(f"tree: {count} programs built with the source tree inside their own, and run")


if __name__ == "__main__":
    main()
