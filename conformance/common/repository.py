"""Where things are in the repository, and which versions."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
JS_TOOLS = ROOT / "bindings" / "js" / "node_modules" / ".bin"
COMMANDS = {
    "python": [PYTHON, "-m", "sansock"],
    "node": ["node", str(ROOT / "bindings" / "js" / "dist" / "command" / "main.js")],
}
"""The command `sansock` of each package that has it."""
PROGRAMS_IN_RUST = ROOT / "target" / os.environ.get("PROGRAMS_IN", "programs")
DENO, BUN = str(JS_TOOLS / "deno"), str(JS_TOOLS / "bun")


def sansock_version() -> str:
    """The version of the workspace."""
    found = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert found
    return found[1]


def first_line(*command: str) -> str:
    """The first line that a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0].strip()
