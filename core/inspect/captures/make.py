#!/usr/bin/env python3
"""Makes the captures anew: ``make captures``, as root, with what README.md names."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

import dumps
import exchanges
from har import archive

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent.parent
# Nothing, ASCII, code points of each length, what compresses well, and the length forms of 7 and 16 bits.
MESSAGES = ["Hello", "Grüße, 世界 🎉", "", "0123456789" * 13, "the same again and " * 20]
BINARY = bytes(range(64))


def write_expected(name: str, *, deflate: bool, messages: list[str | bytes], close: tuple[int, str]) -> None:
    """Writes what was sent, each way: the servers echo."""
    sent = [{"hex": item.hex()} if isinstance(item, bytes) else {"text": item} for item in messages]
    expected = {"deflate": deflate, "messages": sent, "close": list(close)}
    (FOLDER / f"{name}.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n")


@asynccontextmanager
async def capturing(name: str, port: int, interface: str = "lo") -> AsyncIterator[None]:
    """Captures what goes to and from a port of loopback, also as one sees it on any interface."""
    command = ["tcpdump", "-i", interface, "-s", "0", "-U", "-w", "-", f"tcp port {port}"]
    with (FOLDER / f"{name}.pcap").open("wb") as file:
        tool = await asyncio.create_subprocess_exec(*command, stdout=file, stderr=subprocess.PIPE)
        assert tool.stderr is not None
        while b"listening on" not in (line := await tool.stderr.readline()):
            assert line, "tcpdump has ended"
        yield
        # The last packets are on their way to the tool.
        size = -1
        while size != (size := file.seek(0, os.SEEK_END)):
            await asyncio.sleep(2)
        tool.terminate()
        await tool.wait()


async def run(*command: str, text: str, **variables: str) -> None:
    """Runs a program to its end, with a text as its input."""
    pipe = subprocess.PIPE
    environment = os.environ | variables
    program = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment, cwd=ROOT)
    await program.communicate(text.encode())
    assert program.returncode == 0, f"{command}: {program.returncode}"


@asynccontextmanager
async def serving(*command: str, **variables: str) -> AsyncIterator[int]:
    """Runs a server, which prints its port."""
    environment = os.environ | variables
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    assert server.stdout is not None
    numbers = re.findall(r"\d+", (await server.stdout.readline()).decode())
    try:
        yield int(numbers[-1])
    finally:
        server.terminate()
        await server.wait()


async def echo(websocket: ServerConnection) -> None:
    async for message in websocket:
        await websocket.send(message)


async def with_ws(name: str, *, deflate: bool) -> None:
    peers = ["node", str(FOLDER / "peers.mjs")]
    flag = str(int(deflate))
    async with serving(*peers, "serve", flag) as port, capturing(name, port):
        await run(*peers, "connect", flag, f"ws://127.0.0.1:{port}/chat", text=json.dumps(MESSAGES))
    write_expected(name, deflate=deflate, messages=[*MESSAGES], close=(1000, "done"))


async def with_websockets(name: str, *, deflate: bool, proxied: bool = False) -> None:
    compression = "deflate" if deflate else None
    async with serve(echo, "127.0.0.1", 0, compression=compression) as server, proxy() as proxy_port:
        port = server.sockets[0].getsockname()[1]
        through = f"http://127.0.0.1:{proxy_port}" if proxied else None
        async with capturing(name, proxy_port if proxied else port):
            url = f"ws://127.0.0.1:{port}/chat"
            async with connect(url, compression=compression, proxy=through) as websocket:
                messages: list[str | bytes] = [*MESSAGES, BINARY]
                for message in messages:
                    await websocket.send(message)
                    await websocket.recv()
                await websocket.ping()
                await websocket.close(1000, "done")
    write_expected(name, deflate=deflate, messages=[*MESSAGES, BINARY], close=(1000, "done"))


async def with_ours(name: str, host: str, *, deflate: bool) -> None:
    flag = {"DEFLATE": "1"} if deflate else {}
    program = str(ROOT / "examples" / "run")
    interface = "any" if host == "c" else "lo"
    async with serving(program, "serve", host, "0", **flag) as port, capturing(name, port, interface):
        lines = "".join(f"{message}\n" for message in MESSAGES)
        await run(program, "client", host, f"ws://127.0.0.1:{port}/", text=lines, **flag)
    write_expected(name, deflate=deflate, messages=[*MESSAGES], close=(1000, ""))


@asynccontextmanager
async def proxy() -> AsyncIterator[int]:
    """A proxy for CONNECT, which carries bytes both ways."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        host, port = head.split()[1].decode().rsplit(":", 1)
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))
        inner_writer.close()
        writer.close()

    server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def browser() -> AsyncIterator[str]:
    """Runs Chromium, and gives the URL of its DevTools."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
        options += ["--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"]
        command = ["chromium", *options, f"--user-data-dir={profile}", "about:blank"]
        chromium = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert chromium.stderr is not None
        url = ""
        while not url:
            line = (await chromium.stderr.readline()).decode()
            assert line, "Chromium has ended"
            url = line.strip().partition("DevTools listening on ")[2]
        try:
            yield url
        finally:
            chromium.terminate()
            await chromium.wait()


PAGE = """
new Promise((resolve) => {
  const socket = new WebSocket(URL);
  socket.binaryType = "arraybuffer";
  const messages = [...MESSAGES, Uint8Array.from(BINARY)];
  let left = messages.length;
  socket.onopen = () => messages.forEach((message) => socket.send(message));
  socket.onmessage = () => { left -= 1; if (left === 0) socket.close(1000, "done"); };
  socket.onclose = resolve;
})
"""


async def drive(devtools: str, script: str) -> list[dict[str, Any]]:
    """Has a page run a script, and returns the events of its network."""
    events = []
    async with websockets.connect(devtools, max_size=None) as connection:
        count = 0

        async def call(method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
            nonlocal count
            count += 1
            request = {"id": count, "method": method, "params": params} | ({"sessionId": session} if session else {})
            await connection.send(json.dumps(request))
            while True:
                answer = json.loads(await connection.recv())
                if answer.get("id") == count:
                    assert "error" not in answer, answer
                    result: dict[str, Any] = answer["result"]
                    return result
                events.append(answer)

        target = (await call("Target.createTarget", url="about:blank"))["targetId"]
        session = (await call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        await call("Network.enable", session)
        await call("Runtime.evaluate", session, expression=script, awaitPromise=True)
    return [event for event in events if event.get("method", "").startswith("Network.webSocket")]


async def with_chromium(name: str, *, deflate: bool) -> None:
    peers = ["node", str(FOLDER / "peers.mjs")]
    async with browser() as devtools, serving(*peers, "serve", str(int(deflate))) as port, capturing(name, port):
        script = PAGE.replace("URL", json.dumps(f"ws://127.0.0.1:{port}/chat"), 1)
        script = script.replace("MESSAGES", json.dumps(MESSAGES), 1).replace("BINARY", json.dumps([*BINARY]), 1)
        events = await drive(devtools, script)
    (FOLDER / f"{name}.har").write_text(json.dumps(archive(events), ensure_ascii=False, indent=1) + "\n")
    write_expected(name, deflate=deflate, messages=[*MESSAGES, BINARY], close=(1000, "done"))


async def with_dumps() -> None:
    """One conversation, byte for byte the same each time, as a capture and in all forms of text."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for from_client, data in dumps.CONVERSATION:
            if from_client:
                await reader.readexactly(len(data))
            else:
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.relpath(Path(folder) / "dump", FOLDER)
        async with server, capturing(name, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for from_client, data in dumps.CONVERSATION:
                if from_client:
                    writer.write(data)
                    await writer.drain()
                else:
                    await reader.readexactly(len(data))
            await reader.read()
            writer.close()
        shutil.rmtree(FOLDER / "dumps", ignore_errors=True)
        dumps.write(FOLDER / "dumps", Path(folder) / "dump.pcap")


async def with_exchanges() -> None:
    """A page and a refusal, and then a conversation, on one connection."""
    server = await asyncio.start_server(exchanges.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, capturing("exchanges/websockets", port):
        await exchanges.ask(port, ["Hello", "Grüße, 世界 🎉"])


async def main() -> None:
    wanted = sys.argv[1:]
    for deflate in (False, True):
        ending = "deflate" if deflate else "plain"
        makers = {"ws": with_ws, "websockets": with_websockets, "chromium": with_chromium}
        for name, maker in makers.items():
            if not wanted or name in wanted:
                await maker(f"{name}-{ending}", deflate=deflate)
        for host in ("python", "node", "c"):
            if not wanted or host in wanted:
                await with_ours(f"sansock-{host}-{ending}", host, deflate=deflate)
    if not wanted or "proxy" in wanted:
        await with_websockets("proxy-deflate", deflate=True, proxied=True)
    if not wanted or "dumps" in wanted:
        await with_dumps()
    if not wanted or "exchanges" in wanted:
        await with_exchanges()


if __name__ == "__main__":
    asyncio.run(main())
