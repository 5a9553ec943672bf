#!/usr/bin/env python3
"""What `meson install` does: `make install`, with what Meson has built and its paths."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """The build folder, the folder of libraries and that of headers are arguments, the rest is in variables of Meson's."""
    build, libdir, includedir = sys.argv[1:]
    manual = Path(build) / "man"
    subprocess.run([sys.executable, ROOT / "ffi" / "man" / "man.py", manual], check=True)
    paths = ["--prefix", os.environ["MESON_INSTALL_PREFIX"], "--libdir", libdir, "--includedir", includedir]
    paths += ["--destdir", os.environ.get("DESTDIR", ""), "--built", build]
    paths += ["--static", str(Path(build) / "libsansock.a"), "--manual", str(manual)]
    subprocess.run([sys.executable, ROOT / "ffi" / "install" / "install.py", "install", *paths], check=True)


if __name__ == "__main__":
    main()
