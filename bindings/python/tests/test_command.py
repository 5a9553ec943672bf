"""The command line as people use it: as a program, in a pipe and on a terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

import sansock.sync
from sansock import Closing, Connection, Request, Transport

from drivers import Certificates
from programs import ENVIRONMENT

COMMAND = [sys.executable, "-m", "sansock"]
WAIT = 20


def sansock_command(*arguments: str, lines: str | bytes = "") -> subprocess.CompletedProcess[str]:
    raw = lines.encode() if isinstance(lines, str) else lines
    done = subprocess.run(
        [*COMMAND, *arguments], env=ENVIRONMENT, input=raw, capture_output=True, timeout=60, check=False
    )
    output, errors = (stream.decode().replace("\r\n", "\n") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, output, errors)


def echo_until_bye(websocket: Any) -> None:
    for message in websocket:
        if message in ("bye", b"bye"):
            return
        websocket.send(message)


@contextlib.contextmanager
def serving(handler: Callable[[Any], None] = echo_until_bye, **options: Any) -> Iterator[str]:
    with sansock.sync.serve(handler, "127.0.0.1", 0, **options) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"


@contextlib.contextmanager
def served(*options: str) -> Iterator[str]:
    """The URL of ``sansock serve``, which must end with status 0 and without a word."""
    command = [*COMMAND, "serve", "--port", "0", *options]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("listening on ws"), process.communicate()
            yield line.split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=WAIT)
        assert (process.returncode, output, errors) == (0, "", "")


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="it needs POSIX signals")


# The client


def test_lines(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff" * 3)
    lines = f"héllo\n//slash\n\n/binary 00 fF\n/binary @{tmp_path / 'file'}\nbye\n"
    with serving() as url:
        result = sansock_command(url, "--wait", "20", lines=lines)
    assert (result.returncode, result.stdout, result.stderr) == (0, "héllo\n/slash\n\n00ff\nffffff\n", "")


def test_a_message_is_one_line() -> None:
    def handler(websocket: Any) -> None:
        websocket.send("a\nb\r\n")

    with serving(handler) as url:
        assert sansock_command(url, "--wait", "20").stdout == "a\\nb\\r\\n\n"


def test_send() -> None:
    with serving() as url:
        result = sansock_command(url, "--wait", "20", "--send", "/one", "--send", "two", "--send", "bye", lines="no")
        assert (result.returncode, result.stdout) == (0, "/one\ntwo\n")
        result = sansock_command(url, "--wait", "20", "-b", "--send", "one", "--send", "bye")
        assert (result.returncode, result.stdout) == (0, "6f6e65\n")


def test_what_comes_before_the_answer_to_our_close_is_printed() -> None:
    def serve() -> None:
        sock, server = listener.accept()[0], Connection.server()
        while server.transport is Transport.OPEN:
            for event in server.receive(sock.recv(65536)):
                if isinstance(event, Request):
                    server.accept()
                elif isinstance(event, Closing):
                    server.send("late")
            while server.more:
                server.timeout()
            sock.sendall(server.take_output())
        sock.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        result = sansock_command(f"127.0.0.1:{listener.getsockname()[1]}", "--wait", "0", "--send", "hello")
        thread.join(WAIT)
    assert (result.returncode, result.stdout, result.stderr) == (0, "late\n", "")


def test_ping_and_wrong_commands() -> None:
    with serving() as url:
        result = sansock_command(
            url, "--wait", "20", lines="/ping x\n/binary 0\n/unknown\n/ping " + "p" * 126 + "\nbye\n"
        )
    errors = result.stderr.splitlines()
    assert (result.returncode, result.stdout, len(errors)) == (1, "", 4)
    assert errors[0].startswith("sansock: pong after ")
    assert (
        errors[2] == "sansock: there is no command /unknown: use /binary, /ping, /close, or // for a text with a slash"
    )


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [("/close", 0, ""), ("/close 1001 away", 0, ""), ("/close 4000 so it is", 1, "with code 4000: so it is\n")],
)
def test_close(line: str, status: int, text: str) -> None:
    with serving() as url:
        result = sansock_command(url, lines=line)
    assert result.returncode == status
    assert result.stderr.endswith(text)
    assert bool(result.stderr) is bool(text)


def test_the_server_closes_with_an_error() -> None:
    def handler(websocket: Any) -> None:
        websocket.close(1011, "it failed")

    with serving(handler) as url:
        result = sansock_command(url, "--wait", "20", lines="hello\n")
    assert result.returncode == 1
    assert result.stderr == "sansock: the peer closed the connection with code 1011: it failed\n"


def test_the_request() -> None:
    seen: list[Any] = []

    def handler(websocket: Any) -> None:
        seen.append(websocket.request)

    options = ["--header", "X-One: 1", "-H", "x-two:2", "--subprotocol", "a", "-s", "b", "--no-compression"]
    with serving(handler, subprotocols=["b"], origins=None) as url:
        address = url.removeprefix("ws://") + "path?query"
        assert sansock_command(address, *options, "--origin", "http://other").returncode == 0
    (request,) = seen
    assert {("X-One", "1"), ("x-two", "2")} <= set(request.headers)
    assert (request.target, request.subprotocols) == ("/path?query", ("a", "b"))
    assert (request.origin, request.extensions) == ("http://other", ())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["ws://127.0.0.1:1/"], "connect"),
        (["ws://x y/"], "is no WebSocket URL"),
        (["ftp://localhost/"], "is no WebSocket URL"),
        (["ws://127.0.0.1:1/", "--header", "no colon"], "is not of the form 'NAME: VALUE'"),
        (["ws://127.0.0.1:1/", "--wait", "-1"], "is no number of seconds"),
        (["ws://127.0.0.1:1/", "--proxy", "gopher://x"], "is no URL of a proxy"),
        (["wss://127.0.0.1:1/", "--ca", "/nothing"], "No such file"),
        ([], "required: URL"),
        (["serve", "--command", "/no/such program"], "there is no program"),
        (["serve", "--port", "x"], "invalid int value"),
        (["serve", "--tls", "/no", "/file"], "No such file"),
        (["inspect"], "name one FILE"),
        (["inspect", "/nothing"], "No such file"),
        (["relay"], "required: --to"),
        (["relay", "--to", "http://x"], "is no WebSocket URL"),
        (["relay", "--to", "x", "--listen", "65536"], "is no whole number from 0 to 65535"),
        (["relay", "--to", "x", "--preview", "-1"], "preview"),
        (["relay", "--to", "wss://x", "--listen", "0", "--ca", "/nothing"], "No such file"),
    ],
)
def test_errors_are_one_line(arguments: list[str], text: str) -> None:
    result = sansock_command(*arguments)
    last = result.stderr.splitlines()[-1]
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert last.startswith("sansock")
    assert text.lower() in last.lower()


def test_tls(certificates: Certificates, tmp_path: Path) -> None:
    with serving(ssl=certificates.server) as url:
        secure = url.replace("ws:", "wss:").replace("127.0.0.1", "localhost")
        result = sansock_command(secure, lines="hello\nbye\n")
        assert result.returncode == 1
        assert "certificate" in result.stderr.lower()
        assert len(result.stderr.splitlines()) == 1
        result = sansock_command(secure, "--insecure", "--wait", "20", lines="hello\nbye\n")
        assert (result.returncode, result.stdout, result.stderr) == (0, "hello\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="it needs a POSIX terminal")
def test_on_a_terminal() -> None:
    import pty

    def handler(websocket: Any) -> None:
        assert websocket.recv() == "go"
        websocket.send("\x1b[31mred")

    ours, theirs = pty.openpty()
    with (
        serving(handler) as url,
        subprocess.Popen(
            [*COMMAND, url], env={**ENVIRONMENT, "TERM": "dumb"}, stdin=theirs, stdout=theirs, stderr=theirs
        ) as process,
    ):
        os.close(theirs)
        os.write(ours, b"go\n")
        seen = b""
        with contextlib.suppress(OSError):
            while data := os.read(ours, 4096):
                seen += data
        assert process.wait(WAIT) == 0
    os.close(ours)
    assert b"connected to ws://" in seen
    assert b"\x1b[32m\\x1b[31mred\x1b[0m" in seen
    assert b"code 1000" in seen


def test_it_ends_with_the_connection_while_its_input_goes_on() -> None:
    with serving(lambda websocket: websocket.send("hello")) as url:
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen([*COMMAND, url], env=ENVIRONMENT, **pipes) as process:
            assert process.wait(WAIT) == 0
            assert process.stdout is not None
            assert process.stdout.read().split() == [b"hello"]


def test_help() -> None:
    for command in ([], ["serve"], ["inspect"], ["relay"]):
        result = sansock_command(*command, "--help")
        assert (result.returncode, result.stderr) == (0, "")
        assert "examples:" in result.stdout
    assert sansock_command("--version").stdout == f"sansock {sansock.__version__}\n"


# The server


@POSIX
def test_serve() -> None:
    with served("--greeting", "welcome", "--path", "/chat", "--subprotocol", "x") as url:
        assert url.endswith("/chat")
        with sansock.sync.connect(url, subprotocols=["x"]) as websocket:
            assert websocket.subprotocol == "x"
            websocket.send("hello")
            websocket.send(b"\x00")
            assert [websocket.recv() for _ in range(3)] == ["welcome", "hello", b"\x00"]
        with pytest.raises(sansock.InvalidStatus) as error:
            sansock.sync.connect(url + "/other").__enter__()
        assert error.value.status == 404
        with pytest.raises(sansock.InvalidStatus) as error:
            sansock.sync.connect(url, origin="http://other").__enter__()
        assert error.value.status == 403


@POSIX
def test_serve_a_command() -> None:
    program = 'import sys\nfor line in sys.stdin: print(line.upper(), end="", flush=True); line < "f" and sys.exit(3)'
    with served("--command", f"{sys.executable} -c '{program}'") as url:
        for code in (1011, 1000):
            with sansock.sync.connect(url) as websocket:
                websocket.send("hello")
                websocket.send(b"octets")
                assert [websocket.recv(), websocket.recv()] == ["HELLO", "OCTETS"]
                if code == 1011:
                    websocket.send("end")
                    assert websocket.recv() == "END"
                    with pytest.raises(sansock.ConnectionClosedError):
                        websocket.recv()
            assert websocket.close_code == code


@POSIX
def test_serve_a_command_that_ends() -> None:
    with served("--command", f"{sys.executable} -c 'print(1); print(2)'") as url:
        with sansock.sync.connect(url) as websocket:
            assert list(websocket) == ["1", "2"]
        assert websocket.close_code == 1000
