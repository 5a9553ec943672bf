"""Writes what is inside the packages, in CycloneDX: the crates that each is compiled of. Needs cargo-cyclonedx.

There are no times and no random numbers in it, so that it is the same every time; a test holds it to Cargo.lock.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from package import ROOT, repository_files, run
from version import agreed

Json = dict[str, Any]

# What cargo-cyclonedx is told, by the file that is written: the crates, the package and its kind, and features and targets,
# which are those of the build.
BILLS = {
    "core/sbom.cdx.json": (("core",), "cargo/sansock", ("--all-features", "--target", "all")),
    "bindings/tokio/sbom.cdx.json": (("bindings/tokio",), "cargo/sansock-tokio", ("--all-features", "--target", "all")),
    "bindings/python/sbom.cdx.json": (("ffi", "ffi/inspect"), "pypi/sansock", ("--target", "all")),
    "bindings/js/sbom.cdx.json": (
        ("wasm",),
        "npm/sansock",
        ("--features", "deflate,fields,inspect,tunnel", "--target", "wasm32-unknown-unknown"),
    ),
}


def copy(folder: Path) -> None:
    """The files of the repository in a folder, as the tool writes beside them."""
    names = "\0".join(sorted(repository_files(".")))
    tar = ("tar", "--create", "--null", "--files-from=-")
    packed = subprocess.run(tar, cwd=ROOT, input=names.encode(), check=True, capture_output=True).stdout
    subprocess.run(("tar", "--extract"), cwd=folder, input=packed, check=True)


def compiled(crate: str, options: tuple[str, ...]) -> set[str]:
    """Names and versions of what is compiled into the package: no macros, which run in the compiler."""
    tree = ("cargo", "tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}")
    manifest = str(ROOT / crate / "Cargo.toml")
    lines = run(*tree, "--manifest-path", manifest, *options, folder=ROOT).splitlines()
    return {"@".join(line.split()[:2]).replace("@v", "@") for line in lines}


def bill(crates: tuple[str, ...], package: str, options: tuple[str, ...]) -> Json:
    """The bill of a package: of its first crate, and with what is inside the others."""
    first, *others = (bill_of(crate, package, options) for crate in crates)
    root = first["metadata"]["component"]["bom-ref"]
    components = {component["bom-ref"]: component for component in first["components"]}
    needs = {node["ref"]: set(node.get("dependsOn", ())) for node in first["dependencies"]}
    for other in others:
        own = other["metadata"]["component"]["bom-ref"]
        components |= {component["bom-ref"]: component for component in other["components"]}
        for node in other["dependencies"]:
            reference = root if node["ref"] == own else node["ref"]
            needs.setdefault(reference, set()).update(node.get("dependsOn", ()))
    if others:
        first["components"] = [components[reference] for reference in sorted(components)]
        nodes = ((reference, sorted(needs[reference])) for reference in sorted(needs))
        first["dependencies"] = [{"ref": ref} | ({"dependsOn": names} if names else {}) for ref, names in nodes]
    return first


def bill_of(crate: str, package: str, options: tuple[str, ...]) -> Json:
    """The bill of a crate: what the tool writes, without what is of this machine or of this moment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy(folder)
        command = ("cargo", "cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--no-build-deps")
        manifest = ("--manifest-path", str(folder / crate / "Cargo.toml"), "--override-filename", "bill")
        run(*command, *manifest, *options, folder=folder, SOURCE_DATE_EPOCH="0")
        text = (folder / crate / "bill.json").read_text("utf-8")
        text = text.replace(f"path+file://{folder}/", "")
    found: Json = json.loads(text)
    root = found["metadata"]["component"]
    reference = root["bom-ref"]
    del found["metadata"]["timestamp"], root["components"]
    root |= {"name": package.split("/")[1], "version": agreed(), "purl": f"pkg:{package}@{agreed()}"}
    inside = compiled(crate, options)
    found["components"] = [crate for crate in found["components"] if f"{crate['name']}@{crate['version']}" in inside]
    for component in found["components"]:
        component.pop("author", None)
        component["purl"] = component["purl"].split("?")[0]
    known = {reference, *(component["bom-ref"] for component in found["components"])}
    found["dependencies"] = [
        node | {"dependsOn": [name for name in node["dependsOn"] if name in known]} if "dependsOn" in node else node
        for node in found["dependencies"]
        if node["ref"] in known
    ]
    return found


if __name__ == "__main__":
    for path, (crates, package, options) in BILLS.items():
        content = bill(crates, package, options)
        (ROOT / path).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"{path}: {len(content['components'])} crates", flush=True)
