"""Runs the examples as people run them: as programs, on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sansock

from conftest import REPOSITORY

EXAMPLES = REPOSITORY / "examples" / "python"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(Path(sansock.__file__).parents[1]), str(EXAMPLES)]),
    "SANSOCK_LIBRARY": str(sansock._ffi.library_path),
}
CAN_RUN = sys.version_info >= (3, 10) and sys.platform != "win32"
"""The examples need match, and POSIX signals."""


def free_port() -> int:
    """A port for a program that has one in its text: others may run the same program at the same time."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextmanager
def serving(program: str, *options: str, scheme: str = "ws") -> Iterator[int]:
    """The port of a server, which must exit with status 0 on SIGTERM, whatever it received."""
    command = [sys.executable, str(EXAMPLES / program), "0", *options]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline().strip()
        try:
            assert line.startswith(f"listening on {scheme}://127.0.0.1:")
            yield int(line.rsplit(":", 1)[1])
        finally:
            server.send_signal(signal.SIGTERM)
            output, errors = server.communicate(timeout=10)
        assert (server.returncode, output, errors) == (0, "", "")


def run(program: Path, lines: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program that has read these lines."""
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(
        command, env=ENVIRONMENT, input=lines, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
