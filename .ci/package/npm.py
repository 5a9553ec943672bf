"""Packs the npm package, checks its files, and uses it in an empty folder: with Node, and in the types' eyes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    removed_on_failure,
    repository_files,
    run,
)
from version import agreed

HERE = "bindings/js"
MODULES = ("sansock", "slim")
# With the inspector: its module and its page are more than the rest.
LIMIT = 1_080_000

# What bundlers and runtimes without a loader of their own do.
SUBPATHS = """\
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { connect, serve } from "sansock/node";
import * as slim from "sansock/slim";
import { Inspector, loadModule } from "sansock/inspect";
import { WebSocketServer } from "sansock/ws";

const modules = ["sansock/sansock.wasm", "sansock/slim.wasm", "sansock/inspect.wasm"].map((name) => fileURLToPath(import.meta.resolve(name)));
const compiled = await Promise.all(modules.map(async (path) => WebAssembly.compile(await readFile(path))));
const server = await serve({ hostname: "127.0.0.1" }, async (connection) => connection.send("served"));
const client = await connect(server.url);
const seen = new Inspector(loadModule()).take();
console.log(typeof slim.Connection.server, compiled.length, await client.receive(), typeof WebSocketServer, seen.length);
await server.close();
"""
CONSUMER = """\
import { Connection, type TransportInstruction } from "sansock";
export const transport: TransportInstruction = Connection.server().transport;
for (const event of Connection.server().receive(new Uint8Array())) if (event.type === "text") event.data satisfies string;
"""
# Where TypeScript looks for types, as Node and as bundlers do.
RESOLUTIONS = (
    ("--module", "nodenext"),
    ("--module", "esnext", "--moduleResolution", "bundler"),
    ("--module", "esnext", "--moduleResolution", "bundler", "--customConditions", "browser"),
)


def pack() -> Path:
    """Has npm pack what `npm run build` has made."""
    clear("*.tgz")
    run("npm", "pack", "--ignore-scripts", "--pack-destination", OUTPUT, folder=ROOT / HERE)
    return OUTPUT / f"sansock-{agreed()}.tgz"


def check_files(path: Path) -> None:
    """The compiled modules, the page and the licences."""
    sources = {name.removeprefix(f"{HERE}/src/") for name in repository_files(f"{HERE}/src")}
    stems = [name.removesuffix(".ts") for name in sources if name.endswith(".ts") and not name.endswith(".d.ts")]
    dist = {f"dist/{stem}{ending}" for stem in stems for ending in (".js", ".d.ts")}
    dist |= {f"dist/{module}{ending}" for module in MODULES for ending in (".wasm", "-base64.js")}
    # What `require` gives, and the types for TypeScript before 5.7, which cannot read the others.
    pages = {"browser", "browser-slim", "workerd", "workerd-slim"}
    # Deno and Bun take modules, and the command and what it is made of are modules.
    modern = ("deno/", "bun/", "command/", "inspect/")
    common = [stem for stem in stems if stem not in pages and not stem.startswith(modern)]
    dist |= {f"dist/cjs/{stem}{ending}" for stem in common for ending in (".js", ".d.ts")}
    dist |= {f"dist/cjs/{module}-base64.js" for module in MODULES}
    for stem in (name.removesuffix(".cts") for name in sources if name.endswith(".cts")):
        dist |= {f"dist/cjs/{stem}.cjs", f"dist/cjs/{stem}.d.cts", f"dist/cjs/types/{stem}.d.cts"}
    dist |= {f"dist/types/{stem}.d.ts" for stem in [*stems, "wasm"]} | {
        f"dist/cjs/types/{stem}.d.ts" for stem in common
    }
    dist |= {"dist/inspect.wasm", "dist/inspector.html", "dist/wasm.d.ts", "dist/cjs/package.json"}
    same = {name: f"{HERE}/{name}" for name in ("package.json", "README.md", BILL)} | {name: name for name in LICENCES}
    files = read_tar(path)
    check(path, files, {*same, *dist}, same, LIMIT)
    check_exports(path, files)


def check_exports(path: Path, files: Files) -> None:
    """Every file that `package.json` points to is there."""
    manifest = json.loads(files["package.json"])
    missing = [
        name for name in targets([manifest["types"], manifest["exports"]]) if name.removeprefix("./") not in files
    ]
    if missing:
        raise SystemExit(f"{path.name}: package.json points to {', '.join(missing)}")


def targets(node: Any) -> Iterator[str]:
    """The strings in nested objects and arrays."""
    if isinstance(node, str):
        yield node
    else:
        for value in node.values() if isinstance(node, dict) else node:
            yield from targets(value)


def use(path: Path) -> None:
    """Installs the package and imports it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package.json").write_text('{ "private": true, "type": "module" }\n', "utf-8")
        run("npm", "install", "--offline", "--no-audit", "--no-fund", path, folder=folder)
        (folder / "program.js").write_text(program(f"{HERE}/README.md", "js", r"import \{ Connection"), "utf-8")
        (folder / "subpaths.js").write_text(SUBPATHS, "utf-8")
        (folder / "consumer.ts").write_text(CONSUMER, "utf-8")
        expect(f"{HERE}/README.md", run("node", "program.js", folder=folder), "Hello, 世界")
        expect("subpaths", run("node", "subpaths.js", folder=folder), "function 3 served function 0")
        expect("the command", run("npx", "--no-install", "sansock", "--version", folder=folder), f"sansock {agreed()}")
        tsc = (ROOT / HERE / "node_modules" / ".bin" / "tsc", "--noEmit", "--strict", "--target", "es2022")
        for resolution in RESOLUTIONS:
            run(*tsc, *resolution, "consumer.ts", folder=folder)


if __name__ == "__main__":
    packed = pack()
    with removed_on_failure(packed):
        check_files(packed)
        use(packed)
