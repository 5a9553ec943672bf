"""The programs of the README, as printed but for the port."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
from contextlib import closing
from typing import Any

import pytest

from sansock.sync import connect

from conftest import REPOSITORY
from programs import ENVIRONMENT, free_port

README = (REPOSITORY / "bindings" / "python" / "README.md").read_text("utf-8")
SERVER, CLIENT, HEALTH, INSPECT, _ENGINE = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_the_server_and_the_client() -> None:
    port = str(free_port())
    assert "8765" in SERVER
    assert "8765" in CLIENT
    server_program, client_program = (program.replace("8765", port) for program in (SERVER, CLIENT))
    with subprocess.Popen([sys.executable, "-c", server_program], env=ENVIRONMENT) as server:
        try:
            output = ""
            while not output:
                assert server.poll() is None
                run = [sys.executable, "-c", client_program]
                output = subprocess.run(run, capture_output=True, text=True, env=ENVIRONMENT, timeout=60).stdout
            assert output == "hello\n"
        finally:
            server.terminate()
        assert server.wait(60) == 0


def test_the_health_check() -> None:
    names: dict[str, Any] = {}
    exec(HEALTH, names)
    server = names["server"]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", server.socket.getsockname()[1], timeout=60)) as plain:
            plain.request("GET", "/health")
            assert plain.getresponse().read() == b"well\n"
        with connect(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/") as websocket:
            websocket.wait_closed(60)
    finally:
        server.shutdown()
        thread.join()


def test_the_inspector() -> None:
    pytest.importorskip("sansock.inspect", exc_type=ImportError)
    run = [sys.executable, "-c", INSPECT]
    done = subprocess.run(run, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert (done.stdout, done.stderr) == ("connection\nframe\nmessage\n", "")
