"""The hosts that the demo, the interop, the soak and the conformance runs drive.

Each host of ours has an echo server and a client in `examples`, all with the same command line (`examples/run`). What a
client there cannot be told to do, the command client of the host does (`conformance/clients`), which peers have too.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from repository import PYTHON, ROOT

EXAMPLE = str(ROOT / "examples" / "run")
COMMAND_CLIENT = str(ROOT / "conformance" / "clients" / "run")
PROGRAMS = ROOT / "conformance" / "peers" / "programs"

LANGUAGES = tuple(subprocess.check_output(ROOT / "examples" / "languages", text=True).split())
"""Hosts whose compiler or interpreter need not be there: those that are."""
OUR_CLIENTS = ("rust", "rust-tokio", "c", "cpp", "python", "node", "deno", "bun", *LANGUAGES)
OUR_SERVERS = ("rust", "rust-tokio", "c", "cpp", "python", "python-threads", "node", "deno", "bun", *LANGUAGES)
PEER_SERVERS = {
    "websockets": [PYTHON, str(PROGRAMS / "websockets_server.py")],
    "ws": ["node", str(PROGRAMS / "ws_server.mjs")],
}
PEERS = tuple(PEER_SERVERS)
DROPS_ECHOES = "websockets"
"""A server that, once it is asked to close, no longer echoes what came before: fair, but echoes are counted here."""

START_SECONDS = 20.0
STOP_SECONDS = 10.0


class HostError(Exception):
    """A program did not do what every host must do: start, say where it listens, end when told to."""


class Server:
    """The echo server of a host or of a peer. Create one with `serving`."""

    def __init__(self, host: str, command: Sequence[str], errors: IO[bytes]) -> None:
        self.host = host
        self._errors = errors
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        self.url = ""

    def await_url(self) -> None:
        """Wait until the server says where it listens."""
        assert self.process.stdout is not None
        with deadline(START_SECONDS, self.kill):
            line = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
        prefix = "listening on "
        if not line.startswith((f"{prefix}ws://127.0.0.1:", f"{prefix}wss://127.0.0.1:")):
            raise HostError(f"{self.host} server did not say where it listens, but {line!r}\n{self.errors()}")
        self.url = line[len(prefix) :]

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def errors(self) -> str:
        """What the server wrote to its standard error, the last 4000 bytes of it."""
        return tail(self._errors)

    def stop(self) -> None:
        """End the server as an operator would, and insist on status 0."""
        if self.process.poll() is not None:
            raise HostError(f"{self.host} server ended by itself, status {self.process.returncode}\n{self.errors()}")
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise HostError(f"{self.host} server still runs {STOP_SECONDS:.0f} s after SIGTERM") from None
        if status != 0:
            raise HostError(f"{self.host} server ended on SIGTERM with status {status}, not 0\n{self.errors()}")

    def kill(self) -> None:
        """End the server and everything it started, whatever their state."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


@contextmanager
def serving(host: str, command: Sequence[str] = ()) -> Iterator[Server]:
    """The echo server of a host, or the server that a command starts, listening; killed at the end of the `with` block,
    whatever its state.
    """
    with tempfile.TemporaryFile() as errors:
        server = Server(host, command or PEER_SERVERS.get(host) or [EXAMPLE, "serve", host, "0"], errors)
        try:
            server.await_url()
            yield server
        finally:
            server.kill()


def end_orderly_on_sigterm() -> None:
    """Let SIGTERM end this program as an exception, so that no server outlives it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


@dataclass
class Session:
    """What a client printed, when, and how it ended."""

    lines: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """Seconds from the start of the program, one for each line."""
    status: int | None = None
    timed_out: bool = False
    errors: str = ""


def example_client(host: str, url: str) -> list[str]:
    """The client that users are shown: sends lines, prints messages."""
    return [EXAMPLE, "client", host, url]


def command_client(host: str, url: str, *arguments: str) -> list[str]:
    """The client that does everything: carries out commands, prints events."""
    return [COMMAND_CLIENT, host, url, *arguments]


def run_client(
    command: list[str],
    lines: Iterable[bytes],
    seconds: float,
    received: Callable[[str], None] = lambda line: None,
) -> Session:
    """Run a client, feed it `lines` while reading what it prints, and kill it after `seconds`.

    `received` sees each line as it comes; an exception from it ends the session and passes through.
    """
    session = Session()
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        feeder = threading.Thread(target=feed, args=(process.stdin, iter(lines)), daemon=True)
        feeder.start()
        try:
            with deadline(seconds, process.kill) as limit:
                for line in process.stdout:
                    session.lines.append(line.decode(errors="replace").rstrip("\n"))
                    session.times.append(time.perf_counter() - started)
                    received(session.lines[-1])
                session.status = process.wait()
            session.timed_out = limit.passed
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        session.errors = tail(errors)
    return session


def exchange_lines(host: str, server: Server, lines: Sequence[str], seconds: float) -> Session:
    """Have the example's client of a host send lines, the end of its input right behind them, and check each echo:
    none may be lost to the closing handshake. A peer has no example; its command client does the same.

    Raises `HostError` if something else comes back.
    """
    if host in PEERS:
        command, before, prefix = command_client(host, server.url), ["open"], "text "
        ending = ["closing 1000", "closed 1000"]
    else:
        command, before, prefix = example_client(host, server.url), [], ""
        ending = ["closed 1000"]
    expected = iter([*before, *((prefix + line).rstrip(" ") for line in lines), *ending])
    echoed = threading.Event()
    missing = len(before) + len(lines)

    def sent() -> Iterator[bytes]:
        yield from ((prefix + line).encode() for line in lines)
        if server.host == DROPS_ECHOES:
            echoed.wait(seconds)

    def check(line: str) -> None:
        nonlocal missing
        wanted = next(expected, "nothing")
        if line != wanted:
            raise HostError(f"expected {abridged(wanted)!r}, but the client printed {abridged(line)!r}")
        missing -= 1
        if missing == 0:
            echoed.set()

    session = run_client(command, sent(), seconds, check)
    left = sum(1 for _ in expected)
    if session.timed_out or session.status != 0 or left:
        how = f"not over after {seconds:.0f} s" if session.timed_out else f"status {session.status}"
        raise HostError(f"{left} lines missing, {how}\n{session.errors}")
    return session


def feed(target: IO[bytes], lines: Iterator[bytes]) -> None:
    """Write each line, then close. The other end may be gone at any moment."""
    try:
        with target:
            for line in lines:
                target.write(line + b"\n")
                target.flush()
    except (BrokenPipeError, ValueError):
        pass


@dataclass
class Deadline:
    """Whether the time was up."""

    passed: bool = False


@contextmanager
def deadline(seconds: float, action: Callable[[], None]) -> Iterator[Deadline]:
    """Call `action` if the `with` block takes longer than `seconds`."""
    state = Deadline()

    def pass_() -> None:
        state.passed = True
        action()

    timer = threading.Timer(seconds, pass_)
    timer.daemon = True
    timer.start()
    try:
        yield state
    finally:
        timer.cancel()


def tail(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 4000))
    return stream.read().decode(errors="replace").rstrip()


def abridged(line: str, length: int = 100) -> str:
    """A line short enough to show: of a long one its beginning and its size."""
    size = len(line.encode())
    return (
        line if size <= length else f"{line.encode()[: length - 24].decode(errors='ignore')}... {size:,} bytes in all"
    )
