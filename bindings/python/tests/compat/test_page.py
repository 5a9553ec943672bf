"""The programs of COMPAT.md, and the command that it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY

PAGE = (REPOSITORY / "bindings" / "python" / "COMPAT.md").read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
PRINTED = ("GET /chat HTTP/1.1\n", "sansock.compat.wsproto\n", "hello\n")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize(("program", "printed"), list(zip(PROGRAMS, PRINTED)))
def test_programs(tmp_path: Path, program: str, printed: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(program, "utf-8")
    result = run(str(path))
    assert result.stderr == ""
    assert result.stdout.startswith(printed)


def test_all_programs_are_run() -> None:
    assert len(PROGRAMS) == len(PRINTED)


@pytest.mark.parametrize("names", ["wsproto", "websockets", "wsproto,websockets"])
def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    (tmp_path / "shown.py").write_text(
        "import sys, wsproto, websockets.server\n"
        "print(*sys.argv[1:], wsproto.__name__, websockets.server.ServerProtocol.__module__)\n"
    )
    monkeypatch.chdir(tmp_path)
    words = run("-m", "sansock.compat", names, "shown", "a", "b").stdout.split()
    assert words[:2] == ["a", "b"]
    assert [word.startswith("sansock.compat") for word in words[2:]] == ["wsproto" in names, "websockets" in names]


@pytest.mark.parametrize("arguments", [[], ["wsproto"], ["h11", "shown"]])
def test_usage_of_the_command(arguments: list[str]) -> None:
    result = run("-m", "sansock.compat", *arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("usage: ")
