"""Builds the Python package as its users do: an sdist, of it a wheel in an empty folder, and that in a new environment."""

from __future__ import annotations

import email.message
import email.parser
import sys
import tarfile
import tempfile
from pathlib import Path

from package import (
    BILL,
    LICENCES,
    OUTPUT,
    ROOT,
    Files,
    check,
    clear,
    expect,
    program,
    read_tar,
    read_zip,
    removed_on_failure,
    repository_files,
    run,
    user_builds,
)
from version import agreed

HERE = "bindings/python"
FORM = {"win32": "{}.dll", "darwin": "lib{}.dylib"}.get(sys.platform, "lib{}.so")
LIBRARIES = [FORM.format(name) for name in ("sansock", "sansock_inspect")]
CRATES = ("core", "core/inspect", "ffi", "ffi/inspect")
RUST = (*(f"{crate}/{name}" for crate in CRATES for name in ("Cargo.toml", "src")), "ffi/build.rs", "include")
# Cut down from those of the repository, and made by hatchling.
GENERATED = ("Cargo.toml", "Cargo.lock", "PKG-INFO")
# A quarter of a megabyte of each is the page of the inspector.
SDIST_LIMIT = 720_000
WHEEL_LIMIT = 1_270_000
PAGE = "inspector.html"


def build(kind: str, pattern: str, folder: Path, **variables: str) -> Path:
    """Has `python -m build` make an archive of a folder, with the tools of this environment."""
    clear(pattern)
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        f"--{kind}",
        "--outdir",
        OUTPUT,
        folder,
        folder=ROOT,
        **variables,
    )
    (path,) = OUTPUT.glob(pattern)
    return path


def modules() -> set[str]:
    """The modules, from the package's folder."""
    return {name.removeprefix(f"{HERE}/") for name in repository_files(f"{HERE}/src")}


def check_sdist(path: Path) -> None:
    """The package, and the crates that its libraries are made of."""
    ours = {*modules(), "README.md", "hatch_build.py", "pyproject.toml", BILL, ".gitignore"}
    same = {name: f"{HERE}/{name}" for name in ours} | {licence: licence for licence in LICENCES}
    same |= {name: name for name in repository_files(*RUST)}
    files = read_tar(path)
    check(path, files, {*GENERATED, PAGE, *same}, same, SDIST_LIMIT)
    check_metadata(path, files["PKG-INFO"])


def check_wheel(path: Path) -> None:
    """The modules and the libraries."""
    info = f"sansock-{agreed()}.dist-info"
    same = {name.removeprefix("src/"): f"{HERE}/{name}" for name in modules()}
    same |= {f"{info}/licenses/{licence}": licence for licence in LICENCES}
    same[f"{info}/sboms/{BILL}"] = f"{HERE}/{BILL}"
    files: Files = read_zip(path)
    wanted = {
        *(f"sansock/{name}" for name in (*LIBRARIES, PAGE)),
        *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")),
        *same,
    }
    check(path, files, wanted, same, WHEEL_LIMIT)
    check_metadata(path, files[f"{info}/METADATA"])


def check_metadata(path: Path, text: bytes) -> None:
    """What an index shows of the package."""
    metadata = email.parser.BytesParser().parsebytes(text)
    wanted = {
        "Name": ["sansock"],
        "Version": [agreed()],
        "License-Expression": ["MIT OR Apache-2.0"],
        "License-File": sorted(LICENCES),
        "Description-Content-Type": ["text/markdown"],
        "Requires-Python": [">=3.9"],
    }
    for field, values in wanted.items():
        expect(f"{path.name}: {field}", " ".join(found(metadata, field)), " ".join(values))
    page = metadata.get_payload(decode=True)
    if page != (ROOT / HERE / "README.md").read_bytes():
        raise SystemExit(f"{path.name}: its description is not {HERE}/README.md")


def found(metadata: email.message.Message, field: str) -> list[str]:
    """The values of a field."""
    return [str(value) for value in metadata.get_all(field, [])]


def use(wheel: Path, folder: Path) -> None:
    """Installs the wheel into an environment that has nothing else, and runs the program of the page there."""
    run(sys.executable, "-m", "venv", "--without-pip", "environment", folder=folder)
    python = folder / "environment" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, folder=folder)
    # The programs before it serve, and connect to that: the tests run them.
    (folder / "program.py").write_text(program(f"{HERE}/README.md", "python", "from sansock import"), "utf-8")
    expect(f"{HERE}/README.md", run(python, "-I", "program.py", folder=folder), "hello")
    expect("the command", run(python, "-I", "-m", "sansock", "--version", folder=folder), f"sansock {agreed()}")
    (folder / "capture").write_text("< 81 02 68 69", "utf-8")
    lines = run(python, "-I", "-m", "sansock", "inspect", "capture", folder=folder).splitlines()
    expect("the inspector", lines[-1].strip(), "1 < text message of 2 bytes: hi")
    version = "import sansock, importlib.metadata; print(sansock.__version__, importlib.metadata.version('sansock'))"
    expect("versions", run(python, "-I", "-c", version, folder=folder), f"{agreed()} {agreed()}")


def main() -> None:
    """The command."""
    sdist = build("sdist", "*.tar.gz", ROOT / HERE)
    with tempfile.TemporaryDirectory() as name, user_builds() as variables, removed_on_failure(sdist):
        check_sdist(sdist)
        folder = Path(name)
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        wheel = build("wheel", "*.whl", folder / sdist.name.removesuffix(".tar.gz"), **variables)
        with removed_on_failure(wheel):
            check_wheel(wheel)
            use(wheel, folder)


if __name__ == "__main__":
    main()
