#!/usr/bin/env python3
"""Keeps the binary interface: what programs that were built before rely on must stay, or its number must go up.

Recorded for each number are the functions with their types and the layouts of structs (`N.abi`, by libabigail), and the
constants (`N.numbers`). The types are those of the header: a library of empty functions is made of its prototypes, as the
debug information of Rust differs with each compiler. That the real library exports the same functions is checked on it.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "ffi" / "abi"
INCLUDE = ROOT / "include"
sys.path.insert(0, str(ROOT / "ffi" / "install"))


def run(*command: object) -> str:
    """What a command prints. It must succeed."""
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def text_of(path: Path) -> str:
    """A file, without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


def prototypes(include: Path = INCLUDE) -> list[str]:
    """The functions that the header declares."""
    found = re.findall(r"^SANSOCK_API\s+([^;{]+);", text_of(include / "sansock.h"), flags=re.MULTILINE)
    return [" ".join(each.split()) for each in found]


def name_of(prototype: str) -> str:
    """The name of a function."""
    found = re.search(r"(\w+)\(", prototype)
    assert found
    return found[1]


def numbers(include: Path = INCLUDE) -> dict[str, str]:
    """The constants of the headers, without those that only say which release this is."""
    lines = "\n".join(text_of(include / name) for name in ("sansock.h", "sansock_faults.h"))
    found: dict[str, str] = dict(re.findall(r"^#define (SANSOCK_\w+) (\(?-?\w+\)?)$", lines, flags=re.MULTILINE))
    kept = {name: value for name, value in found.items() if not name.startswith("SANSOCK_VERSION")}
    return {name: value.strip("()") for name, value in kept.items() if re.search(r"\d|MAX", value)}


def interface(folder: Path, include: Path = INCLUDE) -> Path:
    """What libabigail says of a library of empty functions."""
    bodies = [f"{each} {{ abort(); }}" for each in prototypes(include)]
    source, library, dump = folder / "interface.c", folder / "libsansock.so", folder / "interface.abi"
    source.write_text("\n".join(["#include <sansock.h>", "#include <stdlib.h>", *bodies, ""]), "utf-8")
    options = ["-std=c11", "-g", "-O0", "-w", "-fPIC", "-shared", f"-I{include}"]
    run("cc", *options, source, "-o", library)
    quiet = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-architecture", "--type-id-style", "hash"]
    run("abidw", *quiet, "--out-file", dump, library)
    return dump


def fields_of_the_block(folder: Path, include: Path = INCLUDE) -> dict[str, str]:
    """Where each field of the block lies, and what it is: offset, size, type."""
    body = re.search(
        r"typedef struct sansock_block \{(.*?)\n\} sansock_block;", text_of(include / "sansock.h"), re.DOTALL
    )
    assert body
    fields = re.findall(r"^\s*([\w ]+?[ *]+)(\w+)(\[\d+\])?;", body[1], flags=re.MULTILINE)
    source, program = folder / "fields.c", folder / "fields"
    lines = [
        f'printf("%zu,%zu,{"".join(kind.split())}\\n", offsetof(sansock_block, {name}), sizeof(((sansock_block *)0)->{name}));'
        for kind, name, _ in fields
    ]
    includes = ["#include <sansock.h>", "#include <stdio.h>"]
    source.write_text("\n".join([*includes, "int main(void) {", *lines, "return 0; }"]), "utf-8")
    run("cc", "-std=c11", "-w", f"-I{include}", source, "-o", program)
    return {f"sansock_block.{name}": line for (_, name, _), line in zip(fields, run(program).split(), strict=True)}


def recordable(folder: Path, include: Path = INCLUDE) -> dict[str, str]:
    """What stands in `N.numbers`: constants, and the fields of the block."""
    return numbers(include) | fields_of_the_block(folder, include)


def broken_types(old: Path, new: Path) -> str:
    """What programs rely on and is not there any more; functions and fields at the end of the block may be added."""
    command = ["abidiff", "--no-added-syms", "--suppressions", str(HERE / "allowed.ini"), str(old), str(new)]
    result = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.stdout if result.returncode else ""


def broken_numbers(old: Path, folder: Path, include: Path = INCLUDE) -> str:
    """Constants and fields that are gone, or mean something else."""
    recorded = dict(line.split() for line in old.read_text("utf-8").splitlines())
    found = recordable(folder, include)
    changed = {name: found.get(name, "gone") for name, value in recorded.items() if found.get(name) != value}
    return "".join(f"{name} was {recorded[name]}, is {value}\n" for name, value in changed.items())


CHANGES = [
    ("SANSOCK_API uint32_t sansock_abi_version(void);", "", True),
    (
        "sansock_conn_pong(struct sansock_conn *conn, const uint8_t *data, size_t len)",
        "sansock_conn_pong(struct sansock_conn *conn, const uint8_t *data, uint32_t len)",
        True,
    ),
    ("    uint8_t kind;\n", "    uint16_t kind;\n", True),
    ("    int32_t status;\n", "    int64_t status;\n", True),
    ("    uint64_t written;\n}", "    uint64_t written;\n    uint64_t more;\n}", False),
    ("    uint64_t extra;\n}", "    uint64_t extra;\n    uint64_t more;\n}", True),
    ("#define SANSOCK_KIND_TEXT 4\n", "#define SANSOCK_KIND_TEXT 40\n", True),
    ("#define SANSOCK_KIND_PING 6\n", "", True),
    ("#define SANSOCK_KIND_PING 6\n", "#define SANSOCK_KIND_PING 6\n#define SANSOCK_KIND_NEW 60\n", False),
    (
        "SANSOCK_API uint32_t sansock_abi_version(void);",
        "SANSOCK_API uint32_t sansock_abi_version(void);\nSANSOCK_API void sansock_new(void);",
        False,
    ),
]
"""Changes of the header, and whether they break programs that were built before."""


def check_the_check(old: Path, old_numbers: Path) -> None:
    """Each change is told from the others, so that a check which finds nothing does not pass for one that is right."""
    header = (INCLUDE / "sansock.h").read_text("utf-8")
    for before, after, breaks in CHANGES:
        with tempfile.TemporaryDirectory(prefix="sansock-abi-") as name:
            folder = Path(name)
            if header.count(before) == 0:
                sys.exit(f"abi: the header has no {before!r}")
            (folder / "sansock.h").write_text(header.replace(before, after, 1), "utf-8")
            shutil.copy(INCLUDE / "sansock_faults.h", folder)
            found = broken_types(old, interface(folder, folder)) + broken_numbers(old_numbers, folder, folder)
            if bool(found) != breaks:
                sys.exit(f"abi: {before!r} to {after!r} is taken for {'no break' if breaks else 'a break'}\n{found}")


def check_number(number: str, library: Path, archive: Path) -> None:
    """One number is in the header, in the name of the library, and in what it says at run time; and the versions agree."""
    from install import Layout  # of ffi/install

    layout = Layout("/usr", "/usr/lib", "/usr/include")
    dynamic = run("readelf", "-d", library)
    soname = re.search(r"soname: \[([^\]]+)\]", dynamic)
    loaded = ctypes.CDLL(str(library))
    loaded.sansock_version.restype = ctypes.c_char_p
    says = {
        "the header": number,
        "the SONAME": soname[1].removeprefix("libsansock.so.") if soname else "none",
        "what is installed": layout.soname.removeprefix("libsansock.so."),
        "sansock_abi_version": str(loaded.sansock_abi_version()),
    }
    if set(says.values()) != {number}:
        sys.exit(f"abi: the number of the binary interface differs: {says}")
    version = loaded.sansock_version().decode()
    if version != layout.version:
        sys.exit(f"abi: the library is {version}, Cargo.toml says {layout.version}")
    declared = {name_of(each) for each in prototypes()}
    for file, symbols in (
        (library, run("nm", "-D", "--defined-only", library)),
        (archive, run("nm", "-g", "--defined-only", archive)),
    ):
        exported = {line.split()[-1] for line in symbols.splitlines() if len(line.split()) == 3}
        if strange := {name for name in exported if not name.startswith("sansock_")}:
            sys.exit(f"abi: {file.name} exports names without the prefix: {sorted(strange)}")
        if exported != declared:
            sys.exit(f"abi: {file.name} and sansock.h differ in {sorted(exported ^ declared)}")


def main() -> None:
    """Checks, and with `bless` records what has been added."""
    bless = sys.argv[1:2] == ["bless"]
    library, archive = ROOT / "target" / "release" / "libsansock.so", ROOT / "target" / "c" / "libsansock.a"
    number = numbers()["SANSOCK_ABI_VERSION"]
    check_number(number, library, archive)
    recorded, recorded_numbers = HERE / f"{number}.abi", HERE / f"{number}.numbers"
    with tempfile.TemporaryDirectory(prefix="sansock-abi-") as folder:
        dump = interface(Path(folder))
        if recorded.exists():
            broken = broken_types(recorded, dump) + broken_numbers(recorded_numbers, Path(folder))
            if broken:
                sys.exit(
                    f"{broken}\nabi: programs built before cannot use this: raise the number {number} (ffi/README.md)"
                )
        elif not bless:
            sys.exit(f"abi: nothing is recorded for the number {number}: make abi BLESS=1")
        if bless:
            recorded.write_text(dump.read_text("utf-8"), "utf-8")
            lines = [f"{name} {value}\n" for name, value in sorted(recordable(Path(folder)).items())]
            recorded_numbers.write_text("".join(lines), "utf-8")
        else:
            known = recorded.read_text("utf-8")
            if added := [name for name in map(name_of, prototypes()) if f"'{name}'" not in known]:
                print(f"abi: added, and not recorded yet: {' '.join(added)} (make abi BLESS=1)")
        check_the_check(recorded, recorded_numbers)
    print(f"abi: {len(prototypes())} functions and {len(numbers())} constants as in interface {number}")


if __name__ == "__main__":
    main()
