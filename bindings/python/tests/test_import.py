"""Loading the library: every failure is one clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sansock
from sansock import _ffi


def run(program: str, library: Path | None = None) -> subprocess.CompletedProcess[str]:
    source = str(Path(sansock.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "SANSOCK_LIBRARY": str(library or _ffi.library_path)}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)


def test_missing_library(tmp_path: Path) -> None:
    result = run("import sansock", tmp_path / "nothing.so")
    assert result.stderr.splitlines()[-1].startswith("ImportError: the Sansock library is missing")


def test_not_a_library(tmp_path: Path) -> None:
    file = tmp_path / "libsansock.so"
    file.write_bytes(b"text")
    assert "is not a Sansock library" in run("import sansock", file).stderr.splitlines()[-1]


def test_another_library() -> None:
    import _ctypes

    other = getattr(_ctypes, "__file__", None)
    if other is None:
        pytest.skip("ctypes is built in")
    assert "is not a Sansock library" in run("import sansock", Path(other)).stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["abi_version", "record_size", "block_size"])
def test_another_version(name: str) -> None:
    program = (
        "import ctypes\n"
        "class Library(getattr(ctypes, 'PyDLL', ctypes.CDLL)):\n"
        "    def __getattr__(self, name):\n"
        f"        return (lambda: 3) if name == 'sansock_{name}' else super().__getattr__(name)\n"
        "ctypes.PyDLL = ctypes.CDLL = Library\n"
        "import sansock\n"
    )
    last = run(program).stderr.splitlines()[-1]
    assert last.startswith("ImportError")
    assert "this package needs ABI 1" in last


def test_exit_with_connections_alive() -> None:
    program = (
        "import sansock, threading, time\n"
        "connections = [sansock.Connection.server(start_open=True) for _ in range(10)]\n"
        "def work():\n"
        "    while True:\n"
        "        connections[0].receive(b'')\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "class Late:\n"
        "    def __init__(self): self.connection = sansock.Connection.server(start_open=True)\n"
        "    def __del__(self): self.connection.send('late'); self.connection.free()\n"
        "late = Late()\n"
    )
    result = run(program)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_fork() -> None:
    program = (
        "import os, sansock\n"
        "before = sansock.Connection.server(start_open=True)\n"
        "child = os.fork()\n"
        "after = sansock.Connection.client('ws://example.com')\n"
        "after.take_output()\n"
        "before.free()\n"
        "if child: assert os.waitpid(child, 0)[1] == 0\n"
    )
    result = run(program)
    assert (result.returncode, result.stderr) == (0, "")


def test_version() -> None:
    project = Path(__file__).resolve().parents[1] / "pyproject.toml"
    assert f'version = "{sansock.__version__}"' in project.read_text("utf-8")


def test_public_names() -> None:
    others = {"asyncio", "compat", "curio", "inspect", "sync", "trio", "twisted", "uvicorn"}
    public = {name for name in vars(sansock) if not name.startswith("_")} - {"annotations"} - others
    assert set(sansock.__all__) == public | {"__version__"}
