"""The hosts that the demo, the interop and the soak runs drive, all by the same command line (`examples/run`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

RUN = Path(__file__).resolve().parent.parent / "run"

OUR_CLIENTS = ("rust", "c", "cpp", "python", "node", "deno", "bun")
OUR_SERVERS = ("rust", "c", "cpp", "python", "python-threads", "node", "deno", "bun")
PEERS = ("websockets", "ws")

START_SECONDS = 20.0
STOP_SECONDS = 10.0


class HostError(Exception):
    """A program did not do what every host must do: start, say where it listens, end when told to."""


class Server:
    """The echo server of a host. Create one with `serving`."""

    def __init__(self, host: str, errors: IO[bytes]) -> None:
        self.host = host
        self._errors = errors
        self.process = subprocess.Popen(
            [str(RUN), "serve", host, "0"],
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
        if not line.startswith(f"{prefix}ws://127.0.0.1:"):
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
def serving(host: str) -> Iterator[Server]:
    """The echo server of a host, listening; killed at the end of the `with` block, whatever its state."""
    with tempfile.TemporaryFile() as errors:
        server = Server(host, errors)
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


def run_client(
    host: str,
    url: str,
    arguments: Iterable[str],
    commands: Iterable[bytes],
    seconds: float,
    received: Callable[[str], None] = lambda line: None,
) -> Session:
    """Run the client of a host, feed it `commands` while reading what it prints, and kill it after `seconds`.

    `received` sees each line as it comes; an exception from it ends the session and passes through.
    """
    session = Session()
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(RUN), "client", host, url, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        feeder = threading.Thread(target=feed, args=(process.stdin, iter(commands)), daemon=True)
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


def feed(target: IO[bytes], commands: Iterator[bytes]) -> None:
    """Write each command as a line, then close. The other end may be gone at any moment."""
    try:
        with target:
            for command in commands:
                target.write(command + b"\n")
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
