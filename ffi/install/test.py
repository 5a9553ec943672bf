#!/usr/bin/env python3
"""Builds programs against the installed package: by pkg-config, CMake and Meson, shared and static, C and C++."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"c": ROOT / "examples" / "c" / "readme.c", "cpp": ROOT / "examples" / "cpp" / "readme.cpp"}
PRINTS = {"c": "HTTP/1.1 101 Switching Protocols", "cpp": "hello"}
COMPILERS = {"c": ("gcc", "clang"), "cpp": ("g++", "clang++")}
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(test LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(sansock 0.1 CONFIG REQUIRED)
add_executable(c-shared readme.c)
add_executable(c-static readme.c)
add_executable(cpp-shared readme.cpp)
add_executable(cpp-static readme.cpp)
foreach(kind shared static)
  target_link_libraries(c-${kind} PRIVATE sansock::${kind})
  target_link_libraries(cpp-${kind} PRIVATE sansock::${kind})
endforeach()
"""
MESON = """\
project('test', 'c', 'cpp', default_options : ['cpp_std=c++17', 'werror=true', 'warning_level=3'])
sansock = dependency('sansock', version : '>=0.1')
executable('c-shared', 'readme.c', dependencies : sansock)
executable('cpp-shared', 'readme.cpp', dependencies : sansock)
"""


def run(*command: object, cwd: Path | None = None, variables: dict[str, str] | None = None) -> str:
    """What a command prints. It must succeed."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words,
        check=False,
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
    )
    if result.returncode:
        sys.exit(f"{' '.join(words)}: status {result.returncode}\n{result.stdout}")
    return result.stdout


def make(action: str, **variables: object) -> None:
    """Installs or removes the package, as its users do."""
    run("make", "--no-print-directory", action, *(f"{name}={value}" for name, value in variables.items()), cwd=ROOT)


@contextmanager
def installed(folder: Path, libdir: str) -> Iterator[Path]:
    """A tree that was installed below DESTDIR, and then moved. The end of the block removes it again."""
    stage, prefix = folder / "stage", folder / "moved"
    paths = {"DESTDIR": stage, "PREFIX": "/opt/sansock", "LIBDIR": f"/opt/sansock/{libdir}"}
    make("install", **paths)
    shutil.move(str(stage / "opt" / "sansock"), prefix)
    yield prefix
    shutil.move(str(prefix), stage / "opt" / "sansock")
    make("uninstall", **paths)
    left = [path for path in stage.rglob("*") if not path.is_dir()]
    if left:
        sys.exit(f"uninstall leaves {left}")


def check(program: Path, language: str, libdir: Path) -> None:
    """Runs a program with the shared library in its place."""
    output = run(program, variables={"LD_LIBRARY_PATH": str(libdir), "DYLD_LIBRARY_PATH": str(libdir)})
    if PRINTS[language] not in output:
        sys.exit(f"{program} prints {output!r}")


def by_pkg_config(folder: Path, libdir: Path) -> int:
    """Each language, each compiler, shared and static."""
    variables = {"PKG_CONFIG_PATH": str(libdir / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "sansock", variables=variables).split()
    shared = run("pkg-config", "--libs", "sansock", variables=variables).split()
    static = run("pkg-config", "--libs", "--static", "sansock", variables=variables).split()
    static = [f"{libdir}/libsansock.a" if word == "-lsansock" else word for word in static]
    count = 0
    for language, compilers in COMPILERS.items():
        standard = "-std=c11" if language == "c" else "-std=c++17"
        for compiler in filter(shutil.which, compilers):
            for kind, libraries in (("shared", shared), ("static", static)):
                program = folder / f"{language}-{compiler}-{kind}"
                run(compiler, standard, *STRICT, PROGRAMS[language], *flags, *libraries, "-o", program)
                check(program, language, libdir)
                count += 1
    return count


VERSIONS = """\
#include <sansock.h>
#include <stdio.h>
int main(void) {
    printf("%s\\n%d.%d.%d\\n", SANSOCK_VERSION, SANSOCK_VERSION_MAJOR, SANSOCK_VERSION_MINOR, SANSOCK_VERSION_PATCH);
    printf("%d.%d.%d\\n", SANSOCK_VERSION_NUMBER / 1000000, SANSOCK_VERSION_NUMBER / 1000 % 1000, SANSOCK_VERSION_NUMBER % 1000);
    printf("%s\\n%d %u\\n", sansock_version(), SANSOCK_ABI_VERSION, sansock_abi_version());
    return 0;
}
"""


def versions(folder: Path, libdir: Path) -> int:
    """One version is in Cargo.toml, the header, the library, and what pkg-config and CMake read; and one number of the binary
    interface in the header, the library, its SONAME and the names of its files."""
    source, program, script = folder / "versions.c", folder / "versions", folder / "versions.cmake"
    source.write_text(VERSIONS)
    variables = {"PKG_CONFIG_PATH": str(libdir / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "sansock", variables=variables).split()
    run("gcc", "-std=c11", *STRICT, source, *flags, "-o", program)
    said = run(program, variables={"LD_LIBRARY_PATH": str(libdir)}).splitlines()
    script.write_text(
        f'include("{libdir}/cmake/sansock/sansockConfigVersion.cmake")\nmessage("${{PACKAGE_VERSION}}")\n'
    )
    metadata = json.loads(run("cargo", "metadata", "--no-deps", "--format-version=1", "--locked", cwd=ROOT))
    release = {
        "Cargo.toml": next(each["version"] for each in metadata["packages"] if each["name"] == "sansock-ffi"),
        "SANSOCK_VERSION": said[0],
        "its parts": said[1],
        "SANSOCK_VERSION_NUMBER": said[2],
        "sansock_version()": said[3],
        "pkg-config": run("pkg-config", "--modversion", "sansock", variables=variables).strip(),
        "CMake": run("cmake", "-P", script).strip(),
    }
    soname = re.search(r"soname: \[([^\]]+)\]", run("readelf", "-d", libdir / "libsansock.so"))
    number, loaded = said[4].split()
    file = f"libsansock.so.{number}.{said[0]}"
    names = {"SONAME": soname and soname[1], "the link": (libdir / "libsansock.so").readlink().name}
    if len(set(release.values())) != 1 or set(names.values()) != {f"libsansock.so.{number}"} or loaded != number:
        sys.exit(f"the versions differ: {release} {names} {said[4]}")
    if not (libdir / file).is_file():
        sys.exit(f"{file} is not installed")
    return 1


def hosts(folder: Path, libdir: Path) -> int:
    """The headers of the hosts: a program with sansock/asio.hpp, and one with sansock/client.h, which say what is wrong with
    their arguments; and the manual pages are there."""
    variables = {"PKG_CONFIG_PATH": str(libdir / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "sansock", variables=variables).split()
    examples = ROOT / "examples"
    client, server = folder / "client_tls", folder / "asio_echo_server"
    run("gcc", "-std=c11", *STRICT, examples / "c" / "client_tls.c", *flags, "-lssl", "-lcrypto", "-o", client)
    standalone = ["-std=c++20", "-DSANSOCK_STANDALONE_ASIO", *STRICT]
    run("g++", *standalone, examples / "cpp" / "asio_echo_server.cpp", *flags, "-lssl", "-lcrypto", "-o", server)
    for program, arguments, says in ((client, ["http://localhost/"], "URL: "), (server, [], "usage: ")):
        result = subprocess.run(
            [program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "LD_LIBRARY_PATH": str(libdir)},
        )
        if result.returncode == 0 or not result.stderr.startswith(says):
            sys.exit(f"{program} says {result.stderr!r}")
    manual = libdir
    while not (manual / "share").is_dir():
        manual = manual.parent
    for page in ("man3/sansock_conn.3", "man3/sansock_conn_pong.3", "man3/sansock_client.3", "man7/sansock.7"):
        if not (manual / "share" / "man" / page).is_file():
            sys.exit(f"{page} is not installed")
    return 2


def by_cmake(folder: Path, libdir: Path) -> int:
    """Both targets in both languages; and a version that is not there is not found."""
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(CMAKE)
    for program in PROGRAMS.values():
        shutil.copy(program, folder)
    place = f"-Dsansock_DIR={libdir}/cmake/sansock"
    run("cmake", "-S", folder, "-B", folder / "build", place)
    run("cmake", "--build", folder / "build")
    for language in PROGRAMS:
        for kind in ("shared", "static"):
            check(folder / "build" / f"{language}-{kind}", language, libdir)
    (folder / "CMakeLists.txt").write_text(CMAKE.replace("sansock 0.1", "sansock 0.2"))
    wrong = ["cmake", "-S", str(folder), "-B", str(folder / "wrong"), place]
    if subprocess.run(wrong, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        sys.exit("CMake finds a version that is not there")
    return 4


def by_meson(folder: Path, libdir: Path) -> int:
    """Both languages, through pkg-config."""
    folder.mkdir()
    (folder / "meson.build").write_text(MESON)
    for program in PROGRAMS.values():
        shutil.copy(program, folder)
    run("meson", "setup", folder / "build", folder, variables={"PKG_CONFIG_PATH": str(libdir / "pkgconfig")})
    run("meson", "compile", "-C", folder / "build")
    for language in PROGRAMS:
        check(folder / "build" / f"{language}-shared", language, libdir)
    return 2


def main() -> None:
    """Installs twice: into the usual places, and where Debian has its libraries."""
    count = 0
    for libdir in ("lib", "lib/x86_64-linux-gnu"):
        with tempfile.TemporaryDirectory(prefix="sansock-install-") as name:
            folder = Path(name)
            with installed(folder, libdir) as prefix:
                place = prefix / libdir
                count += versions(folder, place) + by_pkg_config(folder, place) + by_cmake(folder / "cmake", place)
                count += by_meson(folder / "meson", place) + hosts(folder, place)
    print(f"install: {count} programs built against the installed package, and run")


if __name__ == "__main__":
    main()
