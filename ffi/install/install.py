#!/usr/bin/env python3
"""Installs the C library: headers, shared and static library, and what pkg-config and CMake read; or removes it.

All paths in the files that it writes are relative, so the installed tree may be moved.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted(path.relative_to(ROOT / "include") for path in (ROOT / "include").rglob("*.h*"))


def number(file: str, pattern: str) -> str:
    """What a pattern finds in a file of the repository."""
    found = re.search(pattern, (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)
    if not found:
        raise SystemExit(f"install: {file} has no {pattern}")
    return found[1]


class Layout:
    """Where everything goes, below the destination."""

    def __init__(self, prefix: str, libdir: str, includedir: str) -> None:
        self.version = number("Cargo.toml", r'^version = "([^"]+)"')
        self.abi = number("include/sansock.h", r"^#define SANSOCK_ABI_VERSION (\d+)")
        self.prefix, self.libdir, self.includedir = Path(prefix), Path(libdir), Path(includedir)
        self.mandir = self.prefix / "share" / "man"
        if not all(each.is_absolute() for each in (self.prefix, self.libdir, self.includedir)):
            raise SystemExit("install: PREFIX, LIBDIR and INCLUDEDIR are absolute paths")
        is_mac = sys.platform == "darwin"
        self.built = "libsansock.dylib" if is_mac else "libsansock.so"
        self.soname = f"libsansock.{self.abi}.dylib" if is_mac else f"libsansock.so.{self.abi}"
        self.shared = f"libsansock.{self.abi}.{self.version}.dylib" if is_mac else f"{self.soname}.{self.version}"
        self.private = ("-framework Security -framework CoreFoundation " if is_mac else "") + "-lpthread -ldl -lm"

    def filled(self, template: str, folder: Path) -> str:
        """A template with its values. It lies in a folder, from which the prefix is found."""
        values = {
            "VERSION": self.version,
            "SHARED": self.shared,
            "SONAME": self.soname,
            "LIBDIR": os.path.relpath(self.libdir, self.prefix),
            "INCLUDEDIR": os.path.relpath(self.includedir, self.prefix),
            "UP_FROM_PKGCONFIG": os.path.relpath(self.prefix, folder),
            "UP_FROM_CMAKE": os.path.relpath(self.prefix, folder),
            "PRIVATE": self.private.replace(" ", ";") if template.endswith(".cmake.in") else self.private,
        }
        text = (ROOT / "ffi" / "install" / template).read_text("utf-8")
        return re.sub(r"@([A-Z_]+)@", lambda name: values[name[1]], text)

    def texts(self) -> dict[Path, str]:
        """The files that are written."""
        pkgconfig, cmake = self.libdir / "pkgconfig", self.libdir / "cmake" / "sansock"
        return {
            pkgconfig / "sansock.pc": self.filled("sansock.pc.in", pkgconfig),
            cmake / "sansockConfig.cmake": self.filled("sansockConfig.cmake.in", cmake),
            cmake / "sansockConfigVersion.cmake": self.filled("sansockConfigVersion.cmake.in", cmake),
        }

    def copies(self, shared: Path, static: Path, manual: Path) -> dict[Path, Path]:
        """The files that are copied, and where they come from."""
        headers = {self.includedir / name: ROOT / "include" / name for name in HEADERS}
        licences = self.prefix / "share" / "doc" / "sansock"
        texts = {licences / name: ROOT / name for name in ("LICENSE-MIT", "LICENSE-APACHE", "SECURITY.md")}
        pages = {self.mandir / page.relative_to(manual): page for page in sorted(manual.rglob("*.[37]"))}
        return {self.libdir / self.shared: shared, self.libdir / "libsansock.a": static, **headers, **texts, **pages}

    def links(self) -> dict[Path, str]:
        """The links, and what they lead to: the name that programs load, and the one that linkers look for."""
        return {self.libdir / self.soname: self.shared, self.libdir / self.built: self.soname}


def below(destination: str, path: Path) -> Path:
    """The path below the destination, which may be empty."""
    return Path(destination + str(path)) if destination else path


def main() -> None:
    """Installs, or removes what was installed with the same paths."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("action", choices=["install", "uninstall"])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--libdir", required=True)
    parser.add_argument("--includedir", required=True)
    parser.add_argument("--destdir", default="")
    parser.add_argument("--built", type=Path, required=True, help="the folder with the shared library")
    parser.add_argument("--static", type=Path, required=True)
    parser.add_argument("--manual", type=Path, required=True, help="the folder with man3 and man7")
    options = parser.parse_args()
    layout = Layout(options.prefix, options.libdir, options.includedir)
    texts, links = layout.texts(), layout.links()
    copies = layout.copies(options.built / layout.built, options.static, options.manual)
    if options.action == "uninstall":
        for path in (*texts, *links, *copies):
            below(options.destdir, path).unlink(missing_ok=True)
        headers = layout.includedir / "sansock"
        documents = layout.prefix / "share" / "doc" / "sansock"
        for path in (layout.libdir / "cmake" / "sansock", documents, headers / "detail", headers):
            folder = below(options.destdir, path)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return
    for path in (*texts, *links, *copies):
        below(options.destdir, path).parent.mkdir(parents=True, exist_ok=True)
    for path, source in copies.items():
        place = below(options.destdir, path)
        place.unlink(missing_ok=True)
        shutil.copyfile(source, place)
        place.chmod(0o755 if path.name == layout.shared else 0o644)
    for path, text in texts.items():
        below(options.destdir, path).write_text(text, "utf-8")
    for path, target in links.items():
        link = below(options.destdir, path)
        link.unlink(missing_ok=True)
        link.symlink_to(target)


if __name__ == "__main__":
    main()
