"""Whether all of the public interface has types, as ``pyright --verifytypes`` sees it: ``verify_types.py``.

Every symbol of every public module counts. What is left out is what other packages have not typed of their own, such as
Twisted's Deferred. But they must be installed: a type that is not found would pass for one of those.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "sansock"
SOURCES = Path(__file__).parents[1] / "src"


def judgement() -> dict[str, Any]:
    """What pyright says of the package."""
    command = [sys.executable, "-m", "pyright", "--verifytypes", PACKAGE, "--ignoreexternal", "--outputjson"]
    # Here pyright asks the first `python` of the path where packages are; it does not read `--pythonpath`.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(SOURCES)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    judged: dict[str, Any] = json.loads(result.stdout)["typeCompleteness"]
    return judged


def public_modules() -> set[str]:
    """The modules without an underscore, as files."""
    paths = (path.relative_to(SOURCES).with_suffix("").parts for path in (SOURCES / PACKAGE).rglob("*.py"))
    names = (parts[:-1] if parts[-1] == "__init__" else parts for parts in paths)
    return {".".join(parts) for parts in names if not any(is_private(part) for part in parts)}


def is_private(name: str) -> bool:
    """Whether others are not to use it."""
    return name.startswith("_") and name != "__main__"


def imported() -> set[str]:
    """The packages that the sources import, wherever they do."""
    nodes = [node for path in SOURCES.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names} - {PACKAGE}


def complaints(symbol: dict[str, Any]) -> list[str]:
    """What is wrong with a symbol: it has no type, or one that checkers may infer in different ways."""
    if symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]:
        return []
    name = symbol["name"]
    return [f"{name}: {each['message']}" for each in symbol["diagnostics"]] or [f"{name}: part of it has no type"]


def main() -> int:
    """Prints what is wrong. Returns the exit status."""
    judged = judgement()
    lines = [line for symbol in judged["symbols"] for line in complaints(symbol)]
    missing = public_modules() - {module["name"] for module in judged["modules"]}
    lines += [f"{name}: pyright has not found this module" for name in sorted(missing)]
    lines += [f"{name}: it is not installed" for name in sorted(imported()) if find_spec(name) is None]
    if judged["completenessScore"] != 1:
        lines.append(f"{judged['completenessScore']:.2%} of the public interface has types")
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
