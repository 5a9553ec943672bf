"""The examples as people run them: two servers and a client on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sansock.sync
from sansock.sync import Response

from conftest import REPOSITORY, masked
from programs import CAN_RUN, ENVIRONMENT, EXAMPLES, run, serving

CLIENT = EXAMPLES / "client.py"
ENGINE_CLIENT = EXAMPLES / "engine_client.py"
COMMAND_CLIENT = REPOSITORY / "conformance" / "clients" / "python" / "command_client.py"
REQUEST = sansock.Connection.client("ws://127.0.0.1/").take_output()
REFUSAL = Response(403)

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="the examples need match, and POSIX signals")


@pytest.fixture(params=["echo_server.py", "echo_server_threads.py", "engine_server.py"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with serving(request.param) as port:
        yield port


def client(port: int, lines: str, *options: str, program: Path = CLIENT) -> subprocess.CompletedProcess[str]:
    return run(program, lines, f"ws://127.0.0.1:{port}/", *options)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def read_to_the_end(sock: socket.socket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))


@pytest.mark.parametrize("program", [CLIENT, ENGINE_CLIENT], ids=lambda program: program.stem)
def test_lines(port: int, program: Path) -> None:
    lines = "".join(f"line {n}\n" for n in range(2000)) + "ü" * (1 << 20) + "\n"
    result = client(port, lines, program=program)
    assert (result.returncode, result.stdout, result.stderr) == (0, lines + "closed 1000\n", "")


def test_commands(port: int) -> None:
    script = (
        "wait open\ntext héllo\nbinary 00ff\nparts text 4 🦀\nwait text\nwait binary\nwait text\nping p\nwait pong\n"
    )
    script += "close 4001 bye bye\n"
    result = client(port, script, "--subprotocol", "echo", "--subprotocol", "chat", program=COMMAND_CLIENT)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "open chat",
        "text héllo",
        "binary 00ff",
        "text 🦀",
        "pong p",
        "closing 4001 bye bye",
        "closed 4001 bye bye",
    ]


def test_wrong_commands(port: int) -> None:
    script = "parts text\nping " + "p" * 126 + "\nunknown\nbinary 0\nwait\n"
    result = client(port, script, program=COMMAND_CLIENT)
    assert result.returncode == 0
    assert result.stdout.splitlines() == ["open", "closing 1000", "closed 1000"]
    assert len(result.stderr.splitlines()) == 5


def test_hostile_peers(port: int) -> None:
    for data in (b"", b"\x00" * 100, b"GET / HTTP/1.1\r\nHost: x\r\n", REQUEST[:-1], REQUEST + b"\xff" * 100):
        with connect(port) as sock:
            sock.sendall(data)
        with connect(port) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            read_to_the_end(sock)
    assert client(port, "still here\n").stdout == "still here\nclosed 1000\n"


def test_a_peer_that_does_not_read_blocks_nobody(port: int) -> None:
    with connect(port) as sock:
        sock.settimeout(0.5)
        sock.sendall(REQUEST)
        with pytest.raises(socket.timeout):
            sock.sendall(masked(0x82, bytes(65535)) * 1000)
        assert client(port, "hello\n").stdout == "hello\nclosed 1000\n"


def test_the_server_closes_first(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(REQUEST + masked(0x81, b"hi") + masked(0x88, b"\x03\xe8"))
        assert read_to_the_end(sock).endswith(b"\x81\x02hi\x88\x02\x03\xe8")


def test_after_a_fault_the_server_reads_on_and_then_closes(port: int) -> None:
    with connect(port) as sock:
        sock.sendall(REQUEST + b"\x81\x00")
        assert b"\x88" in read_to_the_end(sock)
        sock.sendall(bytes(100_000))


def test_no_server() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        result = client(sock.getsockname()[1], "")
    assert (result.returncode, result.stdout) == (1, "closed 1006\n")
    assert result.stderr.startswith("error: ")


def test_a_line_that_is_no_text(port: int) -> None:
    command = [sys.executable, str(CLIENT), f"ws://127.0.0.1:{port}/"]
    result = subprocess.run(
        command, env=ENVIRONMENT, input=b"\xff\nnext\n", capture_output=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"next\nclosed 1000\n")
    assert result.stderr.startswith(b"error: ")


def test_connecting_again() -> None:
    codes = iter([1011, 1012, 1000])

    def handler(websocket: Any) -> None:
        websocket.send(websocket.recv())
        websocket.close(next(codes))

    with sansock.sync.serve(handler, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        result = run(EXAMPLES / "reconnecting_client.py", "", url, "hello")
    assert (result.returncode, result.stdout) == (0, "hello\n" * 3)
    assert [line.startswith("connecting again: ") for line in result.stderr.splitlines()] == [True, True]


def test_being_refused_for_good() -> None:
    with sansock.sync.serve(lambda websocket: None, "127.0.0.1", 0, process_request=lambda _: REFUSAL) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = run(EXAMPLES / "reconnecting_client.py", "", f"ws://127.0.0.1:{server.socket.getsockname()[1]}/")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: the server answered with HTTP 403 Forbidden\n"


def test_readme() -> None:
    readme = (REPOSITORY / "bindings" / "python" / "README.md").read_text("utf-8")
    program = readme.split("```python\nfrom sansock import Connection")[1].split("```")[0]
    assert (EXAMPLES / "readme.py").read_text("utf-8").endswith("\n\nfrom sansock import Connection" + program)
    command = [sys.executable, str(EXAMPLES / "readme.py")]
    assert subprocess.check_output(command, env=ENVIRONMENT, text=True) == "hello\n"
