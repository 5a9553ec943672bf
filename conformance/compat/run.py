"""The tests that come with wsproto, websockets and programs over them, with Sansock's drop-ins in their place.

``run.py FOLDER [SUITE...]``: the folder is the one that ``setup`` has filled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGAIN = "--reruns=2"
"""For tests that measure time, and fail now and then where others use the processor."""
NO_ASYNCIO, NO_TRIO, NO_ANYIO = ("-p", "no:asyncio"), ("-p", "no:trio"), ("-p", "no:anyio")


@dataclass(frozen=True)
class Suite:
    """The tests of one package."""

    under: str
    """What is replaced."""
    arguments: tuple[str, ...]
    environment: str = "venv"
    """The folder of its environment."""
    source: str = ""
    """The folder of its tests, if it is not named like the suite."""


WEBSOCKETS = (
    AGAIN,
    *(f"tests/test_{name}.py" for name in ("protocol", "client", "server")),
    "tests/asyncio",
    "tests/sync",
)
SUITES = {
    "wsproto": Suite(
        "wsproto", tuple(f"tests/test_{name}.py" for name in ["client", "server", "connection", "handshake"])
    ),
    "hypercorn": Suite("wsproto", ("tests/protocol", "tests/e2e", "tests/asyncio", "tests/trio")),
    "trio-websocket": Suite("wsproto", (*NO_ASYNCIO, *NO_ANYIO, "-o", "trio_mode=true", "tests")),
    "flows": Suite("wsproto websockets", (*NO_ANYIO, *NO_ASYNCIO, *NO_TRIO, ".")),
    "httpx-ws": Suite("wsproto websockets", (*NO_ASYNCIO, *NO_TRIO, AGAIN, "tests")),
    "uvicorn": Suite("wsproto websockets", (*NO_ASYNCIO, *NO_TRIO, "tests/protocols/test_websocket.py")),
    "sanic": Suite("websockets", (*NO_ANYIO, "tests/test_ws_handlers.py")),
    "gql": Suite(
        "websockets",
        (
            *NO_ANYIO,
            *NO_TRIO,
            "--asyncio-mode=auto",
            *(f"tests/test_websocket_{name}.py" for name in ("exceptions", "query", "subscription")),
            *(f"tests/test_graphqlws_{name}.py" for name in ("exceptions", "subscription")),
            "tests/test_websockets_adapter.py",
        ),
    ),
    "websockets": Suite("websockets", WEBSOCKETS, "venv-websockets"),
    # The same tests with a later version, in which some things are otherwise.
    "websockets-17": Suite("websockets", (*NO_ASYNCIO, *NO_TRIO, "-p", "earlier", *WEBSOCKETS), source="websockets"),
}


def run(folder: Path, name: str) -> bool:
    """Runs a suite, and returns whether all of it went as expected."""
    suite = SUITES[name]
    source = folder / "sources" / (suite.source or name)
    if name == "flows":
        source = HERE / "flows"
    if not source.exists():
        print(f"{name}: left out, as its tests are not here")
        return True
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SANSOCK_COMPAT": name,
        "SANSOCK_COMPAT_UNDER": suite.under,
        # The tests of websockets are made for idle machines, unless this is set.
        "WEBSOCKETS_TESTS_TIMEOUT_FACTOR": "10",
    }
    options = ("-q", "-o", "addopts=", "-p", "plugin", "--timeout", "60", "-W", "ignore", "--no-header")
    python = folder / suite.environment / "bin" / "python"
    command = [str(python), "-m", "pytest", *options, *suite.arguments]
    result = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    lines = result.stdout.strip().splitlines()
    if result.returncode:
        print(result.stdout[-20_000:], result.stderr[-5_000:])
    print(f"{name}: {lines[-1] if lines else 'nothing was run'}", flush=True)
    return result.returncode == 0


def main() -> None:
    """Runs the suites that are named, or all of them."""
    folder, names = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(SUITES)
    failed = [name for name in names if not run(folder, name)]
    if failed:
        sys.exit(f"not as expected: {', '.join(failed)}")


if __name__ == "__main__":
    main()
