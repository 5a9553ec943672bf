"""Whether all of the public interface has types, as ``pyright --verifytypes`` sees it: ``verify_types.py``.

Classes that are derived from Twisted's cannot have: those are made by decorators of zope.interface, which has no types.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parents[1] / "src"
OF_TWISTED = (
    "sansock.twisted.",
    ("WebSocketClientFactory", "WebSocketProtocol", "WebSocketServerFactory", "Server.__init__"),
)


def without_types() -> list[str]:
    """What has no type, or one that checkers may infer in different ways."""
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    options = ["--verifytypes", "sansock", "--ignoreexternal", "--outputjson"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    result = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    found = json.loads(result.stdout)["typeCompleteness"]
    if not found["symbols"]:
        sys.exit("pyright has found no package")
    return [line for symbol in found["symbols"] for line in complaints(symbol)]


def complaints(symbol: dict[str, Any]) -> list[str]:
    """What is wrong with a symbol."""
    name = str(symbol["name"])
    if symbol["isTypeKnown"] and not symbol.get("isTypeAmbiguous"):
        return []
    package, names = OF_TWISTED
    if name.startswith(package) and any(part in name for part in names):
        return []
    return [f"{name}: {each['message']}" for each in symbol.get("diagnostics", [])]


if __name__ == "__main__":
    lines = without_types()
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(1 if lines else 0)
