"""A relay as its users start it, with ends that a test drives byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any, Callable

from sansock.asyncio import connect

from programs import ENVIRONMENT

COMMAND = [sys.executable, "-m", "sansock", "relay", "--listen", "0"]
WAIT = 30


class Relayed:
    """A relay that runs."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[str]) -> None:
        self.process, self.lines = process, lines
        address = re.fullmatch(r"listening on ws://127\.0\.0\.1:(\d+), for (\S+)\n", lines[0])
        view = re.fullmatch(r"look at (http://127\.0\.0\.1:\d+/)#live=([0-9a-f]{32})\n", lines[1])
        assert address
        assert view
        self.port, self.to = int(address[1]), address[2]
        self.page, self.token = view[1], view[2]
        self.output = ""

    @property
    def entries_url(self) -> str:
        return f"{self.page.replace('http:', 'ws:')}entries?token={self.token}"

    async def entries(self, is_last: Callable[[Any], bool]) -> list[Any]:
        """What a viewer gets, up to an entry."""
        entries: list[Any] = []
        async with connect(self.entries_url, proxy=None) as viewer:
            while not any(map(is_last, entries)):
                message = await asyncio.wait_for(viewer.recv(), WAIT)
                assert isinstance(message, str)
                assert message.endswith("\n")
                entries += map(json.loads, message.split("\n")[:-1])
        return entries


@contextlib.asynccontextmanager
async def relaying(to: str, *options: str) -> AsyncIterator[Relayed]:
    """A relay, which must end by SIGTERM with status 0 and without a word of complaint."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "--to",
        to,
        *options,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    assert process.stdout is not None
    try:
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        relay = Relayed(process, lines)
        yield relay
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), WAIT)
    relay.output = output.decode()
    assert (process.returncode, errors.decode()) == (0, "")


@contextlib.asynccontextmanager
async def behind(relay_options: list[str], **server_options: Any) -> AsyncIterator[tuple[Relayed, Any, Any]]:
    """A relay, and both ends of one connection through it: pairs of a reader and a writer."""
    accepted: asyncio.Queue[Any] = asyncio.Queue()
    server = await asyncio.start_server(lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0, **server_options)
    scheme, port = "wss" if server_options.get("ssl") else "ws", server.sockets[0].getsockname()[1]
    async with relaying(f"{scheme}://127.0.0.1:{port}", *relay_options) as relay:
        client = await asyncio.open_connection("127.0.0.1", relay.port)
        theirs = await asyncio.wait_for(accepted.get(), WAIT)
        yield relay, client, theirs
        for _, writer in (client, theirs):
            writer.close()
        server.close()
