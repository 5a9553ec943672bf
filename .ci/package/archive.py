"""Packs the C library for one target as `make install` gives it, checks what is in the archive, and builds programs with it.

`archive.py [TARGET]`: a target of Rust's for Linux with glibc, by default that of this machine. It is linked by zig, for glibc 2.17
and later. The same commit gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from package import LICENCES, OUTPUT, PLACES, ROOT, check, removed_on_failure, run
from version import agreed

sys.path.insert(0, str(ROOT / "ffi" / "install"))

NATIVE = f"{platform.machine()}-unknown-linux-gnu"
GLIBC = (2, 17)
LIMIT = 1_200_000
"""Bytes of the archive."""
NOTICE = """\
The libraries in this archive contain parts of the crates below, under these licences, and of the standard library of Rust, which is
under the MIT licence or the Apache License 2.0 (https://github.com/rust-lang/rust/blob/master/COPYRIGHT).
"""


def build(target: str) -> Path:
    """What cargo builds with zig for a linker: the folder with the libraries."""
    flags = run(ROOT / ".ci" / "release-flags", folder=ROOT).strip()
    tools = ROOT / ".tools" / "wheels" / "bin"
    variables = {"PATH": f"{tools}:{os.environ['PATH']}", "CARGO_BUILD_RUSTFLAGS": flags}
    variables["CARGO_TARGET_DIR"] = str(ROOT / "target")
    versioned = f"{target}.{GLIBC[0]}.{GLIBC[1]}"
    command = ("cargo", "zigbuild", "--quiet", "--locked", "--release", "-p", "sansock-ffi", "--target", versioned)
    run(*command, folder=ROOT, **variables)
    return ROOT / "target" / target / "release"


def binutils(target: str) -> dict[str, str]:
    """Programs for the objects of a target: those of this machine, or of a cross compiler."""
    prefix = "" if target == NATIVE else target.replace("-unknown", "") + "-"
    return {tool.upper(): prefix + tool for tool in ("ld", "objcopy", "nm", "ar", "strip", "objdump", "readelf")}


def stage(target: str, folder: Path) -> Path:
    """Installs into a folder, without symbols for debuggers, and with the licences of all that is inside."""
    built, tools = build(target), binutils(target)
    static, manual, tree = folder / "libsansock.a", folder / "man", folder / "stage"
    run(ROOT / "ffi" / "localize", built / "libsansock.a", static, folder=ROOT, **tools)
    run("python3", ROOT / "ffi" / "man" / "man.py", manual, folder=ROOT, SOURCE_DATE_EPOCH=str(epoch()))
    name = f"sansock-{agreed()}-{target}"
    places = ("--prefix", f"/{name}", "--libdir", f"/{name}/lib", "--includedir", f"/{name}/include")
    sources = ("--built", built, "--static", static, "--manual", manual)
    script = ROOT / "ffi" / "install" / "install.py"
    run("python3", script, "install", *places, "--destdir", str(tree), *sources, folder=ROOT)
    (shared,) = (tree / name / "lib").glob("libsansock.so.*.*.*.*")
    run(tools["STRIP"], "--strip-unneeded", shared, folder=ROOT)
    run(
        tools["STRIP"],
        "--strip-debug",
        "--enable-deterministic-archives",
        tree / name / "lib" / "libsansock.a",
        folder=ROOT,
    )
    (tree / name / "share" / "doc" / "sansock" / "THIRD-PARTY").write_text(third_parties(target), "utf-8")
    return tree / name


def third_parties(target: str) -> str:
    """The licences of the crates that are compiled in."""
    tree = ("cargo", "tree", "--locked", "-p", "sansock-ffi", "--edges", "normal,no-proc-macro", "--target", target)
    listed = run(*tree, "--prefix", "none", "--format", "{p}", folder=ROOT)
    names = {tuple(line.split()[:2]) for line in listed.splitlines()}
    metadata = json.loads(run("cargo", "metadata", "--locked", "--format-version=1", folder=ROOT))
    texts = [NOTICE]
    for package in sorted(metadata["packages"], key=lambda each: str(each["name"])):
        if (package["name"], f"v{package['version']}") not in names or package["source"] is None:
            continue
        folder = Path(package["manifest_path"]).parent
        files = sorted(path for path in folder.iterdir() if re.match("(?i)licen[cs]e|copying|unlicense", path.name))
        # Where one may choose, the shorter licence.
        chosen = [path for path in files if "MIT" in path.name] or files
        if not chosen:
            raise SystemExit(f"{package['name']} has no licence")
        head = f"{package['name']} {package['version']}: {package['license']}"
        texts += ["\n" + "=" * 100, head, "=" * 100, *(path.read_text("utf-8").strip() for path in chosen)]
    return "\n".join(texts) + "\n"


def epoch() -> int:
    """The time of everything in the archive: SOURCE_DATE_EPOCH, or that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or run("git", "log", "-1", "--format=%ct", folder=ROOT))


def pack(tree: Path) -> bytes:
    """The archive: in order, of nobody, of one time."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in [tree, *sorted(tree.rglob("*"))]:
            member = archive.gettarinfo(path, str(path.relative_to(tree.parent)))
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = epoch()
            executable = path.is_dir() or ".so." in path.name
            member.mode = 0o755 if executable or path.is_symlink() else 0o644
            archive.addfile(member, io.BytesIO(path.read_bytes()) if member.isfile() else None)
    return gzip.compress(raw.getvalue(), 9, mtime=0)


def check_archive(path: Path, tree: Path, target: str) -> None:
    """What must be in it, what must not, and which system it needs."""
    with tarfile.open(path) as archive:
        links = {member.name.split("/", 1)[1]: member.linkname for member in archive if member.issym()}
        if {member.mtime for member in archive} != {epoch()}:
            raise SystemExit(f"{path.name}: its times differ")
    if links != {"lib/libsansock.so": "libsansock.so.1", "lib/libsansock.so.1": f"libsansock.so.1.{agreed()}"}:
        raise SystemExit(f"{path.name}: {links}")
    headers = (str(header.relative_to(ROOT)) for header in (ROOT / "include").rglob("*.h*"))
    same = {name: name for name in headers}
    same |= {f"share/doc/sansock/{name}": name for name in (*LICENCES, "SECURITY.md")}
    libraries = {"lib/libsansock.a", f"lib/libsansock.so.1.{agreed()}"}
    described = {"lib/pkgconfig/sansock.pc", "share/doc/sansock/THIRD-PARTY"}
    described |= {f"lib/cmake/sansock/sansockConfig{kind}.cmake" for kind in ("", "Version")}
    files = files_of(path)
    pages = {name for name in files if name.startswith("share/man/")}
    check(path, files, {*same, *libraries, *described, *pages}, same, LIMIT)
    if len(pages) < 50 or len(files["share/doc/sansock/THIRD-PARTY"]) < 5000:
        raise SystemExit(f"{path.name}: manual pages or licences are missing")
    library = tree / "lib" / f"libsansock.so.1.{agreed()}"
    tools = binutils(target)
    needs = re.findall(r"\(?GLIBC_(\d+)\.(\d+)", run(tools["OBJDUMP"], "-T", library, folder=ROOT))
    newest = max((int(major), int(minor)) for major, minor in needs)
    dynamic = run(tools["READELF"], "-d", library, folder=ROOT)
    if newest > GLIBC or "soname: [libsansock.so.1]" not in dynamic or "NODELETE" not in dynamic:
        raise SystemExit(f"{path.name}: glibc {newest}\n{dynamic}")
    print(f"{path.name}: for glibc {newest[0]}.{newest[1]} and later", flush=True)


def files_of(path: Path) -> dict[str, bytes]:
    """The files; links and folders are checked by themselves."""
    with tarfile.open(path) as archive:
        contents = ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        return {name.split("/", 1)[1]: content.read() for name, content in contents if content}


def use(path: Path) -> None:
    """Programs in C and C++, by pkg-config and CMake, shared and static, with what is unpacked in an empty folder."""
    from test import by_cmake, by_pkg_config, versions  # of ffi/install

    with tempfile.TemporaryDirectory(prefix="sansock-archive-") as name:
        folder = Path(name)
        run("sha256sum", "--check", "--quiet", f"{path.name}.sha256", folder=path.parent)
        run("tar", "-xf", path, folder=folder)
        (prefix,) = folder.iterdir()
        libdir = prefix / "lib"
        count = versions(folder, libdir) + by_pkg_config(folder, libdir) + by_cmake(folder / "cmake", libdir)
    print(f"{path.name}: {count} programs built with it, and run", flush=True)


def main(target: str) -> None:
    """Packs, checks and uses; and packs again, for the same bytes."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    path = OUTPUT / f"sansock-{agreed()}-{target}.tar.gz"
    digest = path.with_name(path.name + ".sha256")
    with tempfile.TemporaryDirectory(prefix="sansock-archive-") as name:
        folder = Path(name)
        tree = stage(target, folder)
        PLACES.add(f"{folder}/")
        content = pack(tree)
        path.write_bytes(content)
        digest.write_text(f"{hashlib.sha256(content).hexdigest()}  {path.name}\n", "utf-8")
        with removed_on_failure(path, digest):
            check_archive(path, tree, target)
            (folder / "again").mkdir()
            os.umask(0o077)
            if pack(stage(target, folder / "again")) != content:
                raise SystemExit(f"{path.name}: other bytes each time")
            if target == NATIVE:
                use(path)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:] or [NATIVE])
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd}: {error.stderr}") from error
