"""Packs the crates, checks their files, and runs a program with each in an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from package import (
    BILL,
    LICENCES,
    OUTPUT,
    ROOT,
    check,
    clear,
    expect,
    program,
    read_tar,
    removed_on_failure,
    repository_files,
    run,
    user_builds,
)
from version import agreed

# Made by cargo.
GENERATED = (".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig")
# Their folders, and how large they may be, in the order in which they are published.
CRATES = {"sansock": ("core", 173_000), "sansock-tokio": ("bindings/tokio", 82_000)}

MANIFEST = """\
[package]
name = "sansock-user"
version = "0.0.0"
edition = "2024"

[dependencies]
sansock = { path = "../sansock", features = ["getrandom"] }
"""
MANIFEST_TOKIO = """\
[package]
name = "sansock-user"
version = "0.0.0"
edition = "2024"

[dependencies]
sansock-tokio = { path = "../sansock-tokio" }
tokio = { version = "1", features = ["macros", "rt"] }

# Until it is published.
[patch.crates-io]
sansock = { path = "../sansock" }
"""
PROGRAM_TOKIO = """\
use sansock_tokio::{Config, Connector, Error, accept};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (near, far) = tokio::io::duplex(1024);
    let connector = Connector::new(Config::client("ws://localhost/"))?;
    let (client, server) = tokio::join!(connector.handshake(near), accept(far));
    client?.send("hello").await?;
    if let Some(message) = server?.recv().await {
        println!("{}", message?.as_text().unwrap_or_default());
    }
    Ok(())
}
"""


def publishable() -> list[str]:
    """The crates that cargo would publish."""
    text = run("cargo", "metadata", "--no-deps", "--format-version=1", folder=ROOT)
    return [package["name"] for package in json.loads(text)["packages"] if package["publish"] is None]


def forget() -> None:
    """Removes what cargo has unpacked of these crates before: it takes the same version for the same sources."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    for name in CRATES:
        # The registry that cargo packs with has no name.
        for old in home.glob(f"registry/src/-*/{name}-{agreed()}"):
            shutil.rmtree(old)


def pack() -> dict[str, Path]:
    """Has cargo pack the crates together, and build what it has packed: one needs the other, which no registry has yet."""
    forget()
    chosen = [word for name in CRATES for word in ("-p", name)]
    run(
        *("cargo", "package", "--quiet", "--allow-dirty", *chosen),
        folder=ROOT,
        CARGO_TARGET_DIR=str(ROOT / "target"),
    )
    clear("*.crate")
    archives = {name: f"{name}-{agreed()}.crate" for name in CRATES}
    packed = ROOT / "target" / "package"
    return {name: Path(shutil.copy(packed / archive, OUTPUT / archive)) for name, archive in archives.items()}


def check_files(name: str, path: Path) -> None:
    """The sources, the page and the licences; no tests, vectors or benches."""
    folder, limit = CRATES[name]
    sources = {source.removeprefix(f"{folder}/") for source in repository_files(f"{folder}/src")}
    same = {file: f"{folder}/{file}" for file in ("README.md", BILL)} | {"Cargo.toml.orig": f"{folder}/Cargo.toml"}
    same |= {licence: licence for licence in LICENCES} | {source: f"{folder}/{source}" for source in sources}
    check(path, read_tar(path), {*GENERATED, *same}, same, limit)


def use(name: str, manifest: str, source: str, paths: dict[str, Path]) -> None:
    """Runs a program in a new project, with the versions that cargo has packed."""
    with tempfile.TemporaryDirectory() as place, user_builds() as variables:
        folder = Path(place)
        for crate, path in paths.items():
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
            (folder / path.stem).rename(folder / crate)
        project = folder / "user"
        (project / "src").mkdir(parents=True)
        (project / "Cargo.toml").write_text(manifest, "utf-8")
        (project / "src" / "main.rs").write_text(source, "utf-8")
        shutil.copy(folder / name / "Cargo.lock", project)
        expect(name, run("cargo", "run", "--quiet", folder=project, **variables), "hello")


if __name__ == "__main__":
    expect("crates to publish", " ".join(publishable()), " ".join(CRATES))
    packed = pack()
    with removed_on_failure(*packed.values()):
        for crate, archive in packed.items():
            check_files(crate, archive)
        use("sansock", MANIFEST, program("core/README.md", "rust"), packed)
        use("sansock-tokio", MANIFEST_TOKIO, PROGRAM_TOKIO, packed)
