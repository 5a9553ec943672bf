"""The programs of the pages in ``docs``, as printed. A comment above each says how it is run.

- ``program``: alone. ``module``: it defines something, which is used.
- ``server``: it serves at port 8765, and echoes; ``server: hello /health``: it says hello, and has a page.
- ``client``: it connects there, to an echo server; ``client: feed``: to one whose first connection ends at once.
- ``asgi``: its ``app`` is served by uvicorn, and echoes; behind a colon is the package that it needs.

What stands below a program as ``text`` is what it prints.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import sansock.asyncio
import sansock.sync

from conftest import REPOSITORY, import_or_skip
from programs import CAN_RUN, ENVIRONMENT, free_port

DOCS = REPOSITORY / "bindings" / "python" / "docs"
ADDRESS = "127.0.0.1:8765"
PROGRAM = re.compile(r"(?:<!-- (.+?) -->\n)?```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
KINDS = {"asgi", "client", "module", "program", "server"}
WAIT = 30
UVICORN = """
import sys
import uvicorn
import program
options = {"ws": "sansock.uvicorn:WebSocketProtocol", "log_level": "error"}
uvicorn.run(program.app, port=int(sys.argv[1]), **options)
"""

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="they end by signals")


class Snippet(NamedTuple):
    """A program of a page."""

    page: str
    number: int
    kind: str
    detail: str
    code: str
    output: str


def snippets() -> Iterator[Snippet]:
    for path in sorted(DOCS.rglob("*.md")):
        page = str(path.relative_to(DOCS).with_suffix(""))
        for number, (comment, code, output) in enumerate(PROGRAM.findall(path.read_text("utf-8"))):
            kind, _, detail = comment.partition(": ")
            yield Snippet(page, number, kind, detail, code, output)


ALL = list(snippets())


def of(kind: str) -> pytest.MarkDecorator:
    found = [each for each in ALL if each.kind == kind]
    assert found
    return pytest.mark.parametrize("snippet", found, ids=lambda each: f"{each.page}-{each.number}")


def test_each_program_says_how_it_is_run() -> None:
    assert [each for each in ALL if each.kind not in KINDS] == []
    assert sum(path.read_text("utf-8").count("```python") for path in DOCS.rglob("*.md")) == len(ALL)


def needed(code: str) -> None:
    """Skips what needs a library that is not there."""
    for name in ("trio", "curio", "twisted"):
        if f"import {name}" in code or f"from {name}" in code or f"sansock.{name}" in code:
            import_or_skip(name)
    if "sansock.inspect" in code:
        pytest.importorskip("sansock.inspect", exc_type=ImportError)


def run(code: str) -> str:
    """What a program prints, which has nothing to complain of."""
    command = [sys.executable, "-W", "error::SyntaxWarning", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=WAIT, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@contextlib.contextmanager
def started(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """A server, once it listens. It ends by SIGTERM."""
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{ENVIRONMENT['PYTHONPATH']}:{folder}"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not listens(port):
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=WAIT)
    assert process.returncode in (0, -signal.SIGTERM), errors


def listens(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), WAIT):
        return True
    return False


def check_echo(port: int) -> None:
    with sansock.sync.connect(f"ws://127.0.0.1:{port}/") as websocket:
        for message in ("hello", "héllo €"):
            websocket.send(message)
            assert websocket.recv(timeout=WAIT) == message


@of("program")
def test_programs(snippet: Snippet) -> None:
    needed(snippet.code)
    assert run(snippet.code) == snippet.output != ""


@of("module")
def test_modules(snippet: Snippet, tmp_path: Path) -> None:
    needed(snippet.code)
    names: dict[str, Any] = {}
    exec(snippet.code, names)
    use = next(use for name, use in MODULES.items() if name in names)
    use(names, tmp_path)


def serve_one(names: dict[str, Any], _: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: names["serve"](listener.accept()[0]))
        thread.start()
        check_echo(listener.getsockname()[1])
        thread.join(WAIT)


def serve_securely(names: dict[str, Any], folder: Path) -> None:
    trustme = pytest.importorskip("trustme")
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    # It listens when it is awaited.
    server = names["secure_server"](print, str(folder / "cert.pem"), str(folder / "key.pem"))
    assert isinstance(server, sansock.asyncio.serve)


def follow_service(names: dict[str, Any], _: Path) -> None:
    assert not names["service"]("127.0.0.1", free_port()).running


MODULES = {"secure_server": serve_securely, "service": follow_service, "serve": serve_one}
"""What is done with each, by what it defines: the first of these."""


@of("server")
def test_servers(snippet: Snippet, tmp_path: Path) -> None:
    needed(snippet.code)
    port = free_port()
    assert "8765" in snippet.code
    with started([sys.executable, "-c", snippet.code.replace("8765", str(port))], port, tmp_path):
        if not snippet.detail:
            check_echo(port)
            return
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)) as plain:
            plain.request("GET", "/health")
            assert plain.getresponse().read() == b"well\n"
        with sansock.sync.connect(f"ws://127.0.0.1:{port}/", origin="https://example.com") as websocket:
            assert websocket.recv(timeout=WAIT) == "hello"
        with pytest.raises(sansock.InvalidStatus):
            sansock.sync.connect(f"ws://127.0.0.1:{port}/", origin="https://example.org")


@of("client")
def test_clients(snippet: Snippet) -> None:
    needed(snippet.code)
    is_first = [snippet.detail == "feed"]

    def echo(websocket: Any) -> None:
        if is_first[0]:
            is_first[0] = False
            return
        for message in websocket:
            websocket.send(message)

    with sansock.sync.serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        where = f"127.0.0.1:{server.socket.getsockname()[1]}"
        assert ADDRESS in snippet.code
        assert run(snippet.code.replace(ADDRESS, where)) == snippet.output != ""
    thread.join()


@of("asgi")
def test_applications(snippet: Snippet, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", exc_type=ImportError)
    if snippet.detail:
        pytest.importorskip(snippet.detail, exc_type=ImportError)
    port = free_port()
    (tmp_path / "program.py").write_text(snippet.code)
    (tmp_path / "server.py").write_text(textwrap.dedent(UVICORN))
    with started([sys.executable, str(tmp_path / "server.py"), str(port)], port, tmp_path):
        check_echo(port)
