"""The peers: how their programs are started, and their versions."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from hosts import START_SECONDS, HostError, command_client, run_client, serving, tail
from repository import BUN, DENO, PYTHON, ROOT, first_line, sansock_version

PROGRAMS = Path(__file__).resolve().parent / "programs"
CONVERSATION_SECONDS = 60.0
DEATH_SECONDS = 0.3
"""How long the end of a process may be behind the end of its connections."""


@dataclass(frozen=True)
class Peer:
    """One column: how its programs are run. Of a host of ours, its echo server and its command client are run."""

    name: str
    server: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    ours: bool = False

    @property
    def roles(self) -> list[str]:
        return [role for role in ("server", "client") if self.ours or getattr(self, role)]


def script(*command: str) -> tuple[str, ...]:
    return (*command[:-1], str(PROGRAMS / command[-1]))


RUN_DENO = (DENO, "run", "--quiet", "--allow-all", "--no-config")
RUN_BUN = (BUN, "run")

OURS = tuple(Peer(host, ours=True) for host in ("rust", "node", "python"))
OTHERS = (
    Peer("ws", script("node", "ws_server.mjs"), script("node", "ws_client.mjs")),
    Peer("websockets", script(PYTHON, "websockets_server.py"), script(PYTHON, "websockets_client.py")),
    Peer("wsproto", script(PYTHON, "wsproto_server.py"), script(PYTHON, "wsproto_client.py")),
    Peer("undici", (), script("node", "undici_client.mjs")),
    Peer("Deno", script(*RUN_DENO, "deno_server.ts"), script(*RUN_DENO, "standard_client.mjs")),
    Peer("Bun", script(*RUN_BUN, "bun_server.ts"), script(*RUN_BUN, "standard_client.mjs")),
)


def versions(tried: set[str]) -> dict[str, str]:
    """What is compared: each of these peers, and what it runs on."""
    node = first_line("node", "--version").removeprefix("v")
    ws, undici = npm_version("ws"), npm_version("undici")
    known = {
        "Sansock": sansock_version(),
        "ws": f"{ws}, Node {node}",
        "websockets": f"{version('websockets')}, Python {first_line(PYTHON, '--version').split()[1]}",
        "wsproto": f"{version('wsproto')}, h11 {version('h11')}",
        "undici": f"{undici}, Node {node}",
        "Deno": first_line(DENO, "--version").split()[1],
        "Bun": first_line(BUN, "--version"),
    }
    return {name: known[name] for name in known if name in tried}


def npm_version(package: str) -> str:
    manifest = ROOT / "conformance" / "node_modules" / package / "package.json"
    known: dict[str, str] = json.loads(manifest.read_text())
    return known["version"]


@contextmanager
def server_port(peer: Peer) -> Iterator[int]:
    """The echo server of a peer, as long as the `with` block lasts."""
    if peer.ours:
        with serving(peer.name) as server:
            yield server.port
        return
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            peer.server, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            found = re.fullmatch(r"listening on ws://127\.0\.0\.1:(\d+)\n", line)
            if not found:
                raise HostError(f"{peer.name} server did not say where it listens, but {line!r}\n{tail(errors)}")
            yield int(found[1])
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Clients:
    """The clients of a peer: a process for each connection of a host of ours, one process for all of another peer."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.process: asyncio.subprocess.Process | None = None
        self.processes = 0
        self.running: set[asyncio.Task[object]] = set()
        self.printed: defaultdict[str, list[str]] = defaultdict(list)
        """The messages that were received, by the URL of their connection: `text STRING`, `binary HEX`."""

    async def connect(self, url: str, subprotocols: list[str], observed: bool) -> None:
        """Makes a client connect, and echo what it receives. When it is to be observed, a client of ours prints that
        instead; others do both.
        """
        if self.peer.ours:
            mode = [] if observed else ["--echo"]
            offered = [word for name in subprotocols for word in ("--subprotocol", name)]
            command = command_client(self.peer.name, url, *mode, *offered)
            lines = [b"wait closed"] if observed else []
            run = partial(run_client, received=partial(self.take, url)) if observed else run_client
            self.keep(asyncio.to_thread(run, command, lines, CONVERSATION_SECONDS))
            return
        if self.process is None:
            await self.start()
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(f"{' '.join([url, *subprotocols])}\n".encode())

    def keep(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def take(self, url: str, line: str) -> None:
        """A client has printed this."""
        if line.startswith(("text ", "binary ")):
            self.printed[url].append(line)

    async def read(self, output: asyncio.StreamReader) -> None:
        """Takes what the program prints, `URL LINE` each."""
        while line := await output.readline():
            url, _, message = line.decode(errors="replace").rstrip("\n").partition(" ")
            self.take(url, message)

    async def start(self) -> None:
        self.processes += 1
        self.process = await asyncio.create_subprocess_exec(
            *self.peer.client,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.keep(self.read(self.process.stdout))

    async def died(self) -> bool:
        """Whether the process has ended by itself; the next connection starts another."""
        if self.process is None:
            return False
        try:
            async with asyncio.timeout(DEATH_SECONDS):
                await self.process.wait()
        except TimeoutError:
            return False
        self.process = None
        return True

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self.peer.ours and self.running:
            await asyncio.wait(self.running, timeout=START_SECONDS)


@asynccontextmanager
async def clients_of(peer: Peer) -> AsyncIterator[Clients]:
    """The clients of a peer, ready to be told where to connect."""
    clients = Clients(peer)
    try:
        yield clients
    finally:
        await clients.stop()
