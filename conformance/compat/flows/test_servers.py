"""Servers that ``python -m sansock.compat`` has started, with nothing in the application that tells of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.sync.client import connect

APPLICATION = """
import sys

async def app(scope, receive, send):
    await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        text = (await receive())["text"]
        modules = sys.modules["wsproto"].__name__, sys.modules["websockets.server"].ServerProtocol.__module__
        await send({"type": "websocket.send", "text": " ".join((text, *modules))})
        await receive()
"""


@pytest.mark.parametrize(
    ("under", "protocol", "modules"),
    [
        ("wsproto", "wsproto", ["sansock.compat.wsproto", "websockets.server"]),
        ("websockets", "websockets-sansio", ["wsproto", "sansock.compat.websockets._protocol"]),
    ],
)
def test_uvicorn(tmp_path: Path, under: str, protocol: str, modules: list[str]) -> None:
    (tmp_path / "example.py").write_text("import websockets.server, wsproto\n" + APPLICATION)
    command = ["uvicorn", "--ws", protocol, "--port", "0", "--lifespan", "off", "example:app"]
    with subprocess.Popen(
        [sys.executable, "-m", "sansock.compat", under, *command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = next(found[1] for line in server.stdout if (found := re.search(r"http://(127\.0\.0\.1:\d+)", line)))
        with connect(f"ws://{url}/") as client:
            client.send("hello")
            assert client.recv(timeout=10).split() == ["hello", *modules]
        server.terminate()
        server.stdout.read()
