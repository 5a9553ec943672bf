"""A WebSocket client for asyncio: ``python client.py URL [--subprotocol NAME]... [--commands | --echo]``.

Each line of standard input is sent as a text message, and each message received is printed. With ``--echo`` nothing is
read or printed, but each message is sent back. With ``--commands`` each line is a command instead, and each event is
printed:

    text STR | binary HEX | parts text|binary N STR | ping STR | pong STR | close CODE REASON | wait EVENT

``wait`` holds back the commands behind it until an event of that name has come; each event ends one wait.

DEFLATE=1 in the environment offers compression.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import sansock

from asyncio_host import WebSocketProtocol

READ_AHEAD = 256


class Client(WebSocketProtocol):
    """Prints what happens, and sends what it is told."""

    def __init__(self, connection: sansock.Connection, commands: bool) -> None:
        super().__init__(connection)
        self.commands = commands
        self.clean = False
        self.seen: Counter[str] = Counter()
        self.progress = asyncio.Event()
        self.lost = asyncio.Event()

    def handle(self, event: sansock.Event) -> None:
        """Prints one event."""
        name = type(event).__name__.lower()
        self.seen[name] += 1
        if isinstance(event, sansock.Closed):
            self.clean = event.clean
        if self.commands or isinstance(event, sansock.Closed):
            print(*filter(None, (name, *describe(event))), flush=True)
        elif isinstance(event, (sansock.Text, sansock.Binary)):
            print(*describe(event), flush=True)

    def drive(self, events: list[sansock.Event]) -> None:
        """Wakes the sender besides."""
        super().drive(events)
        self.progress.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        super().connection_lost(exc)
        self.lost.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until the connection has come that far."""
        while not condition():
            self.progress.clear()
            await self.progress.wait()

    def may_send(self) -> bool:
        """Whether the connection is open, or was, and its output has room."""
        return self.connection.state is not sansock.State.CONNECTING and self.connection.writable

    async def run(self, line: bytes) -> None:
        """Carries out one command."""
        words = line.split(b" ", 1)
        if words[0] == b"wait":
            event = words[1].decode()
            await self.until(lambda: self.seen[event] > 0)
            self.seen[event] -= 1
            return
        await self.until(self.may_send)
        match words:
            case [b"text", *text]:
                self.connection.send_text(b"".join(text))
            case [b"binary", *digits]:
                self.connection.send_binary(bytes.fromhex(b"".join(digits).decode()))
            case [b"parts", rest]:
                kind, count, data = rest.split(b" ", 2)
                self.send_parts(sansock.MessageKind[kind.decode().upper()], int(count), data)
            case [b"ping", *payload]:
                self.connection.ping(b"".join(payload))
            case [b"pong", *payload]:
                self.connection.pong(b"".join(payload))
            case [b"close", rest]:
                code, _, reason = rest.partition(b" ")
                self.connection.close(int(code), reason)
            case _:
                raise ValueError(f"not a command: {line!r}")

    def send_parts(self, kind: sansock.MessageKind, count: int, data: bytes) -> None:
        """Sends a message in parts of nearly equal length."""
        for n in range(count):
            part = data[len(data) * n // count : len(data) * (n + 1) // count]
            self.connection.send_part(part, n == count - 1, kind)

    async def run_all(self) -> None:
        """Carries out all lines of standard input, then closes."""
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        room = threading.Semaphore(READ_AHEAD)
        threading.Thread(target=read_lines, args=(self.loop, lines, room), daemon=True).start()
        while (line := await lines.get()) is not None:
            room.release()
            if self.lost.is_set():
                return
            try:
                await self.run(line if self.commands else b"text " + line)
            except (sansock.SansockError, LookupError, ValueError) as error:
                print(f"error: {error}", file=sys.stderr)
            self.drive([])
        await self.until(self.may_send)
        self.connection.close()
        self.drive([])


class EchoClient(Client):
    """Sends every message back, until the connection is closed."""

    async def run_all(self) -> None:
        """Sends nothing else."""

    def handle(self, event: sansock.Event) -> None:
        """Handles one event."""
        match event:
            case sansock.Text(data) | sansock.Binary(data):
                with suppress(sansock.InvalidState):  # after our Close
                    self.connection.send(data)
            case sansock.Closed():
                super().handle(event)


def describe(event: sansock.Event) -> tuple[str | None, ...]:
    """What is printed of an event, behind its name."""
    match event:
        case sansock.Open(subprotocol):
            return (subprotocol,)
        case sansock.Rejected(status):
            return (str(status),)
        case sansock.Text(text):
            return (text,)
        case sansock.Binary(data):
            return (data.hex(),)
        case sansock.Ping(payload) | sansock.Pong(payload):
            return (payload.decode(errors="replace"),)
        case sansock.Closing(code, reason) | sansock.Closed(code, reason):
            return (str(code), reason)
        case _:
            return ()


def read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[bytes | None], room: threading.Semaphore) -> None:
    """Reads standard input in a thread: lines of any length, from files and pipes alike."""
    with open(0, "rb", closefd=False) as stdin:
        for line in stdin:
            room.acquire()
            loop.call_soon_threadsafe(lines.put_nowait, line.rstrip(b"\n"))
    loop.call_soon_threadsafe(lines.put_nowait, None)


async def main(arguments: argparse.Namespace) -> int:
    """Talks to the server. The status is 0 only for a clean close."""
    loop = asyncio.get_running_loop()
    url = sansock.parse_url(arguments.url)
    connection = sansock.Connection.client(
        arguments.url,
        subprotocols=arguments.subprotocol,
        receive_while_closing=True,
        deflate=os.environ.get("DEFLATE") == "1",
    )
    client = (EchoClient if arguments.echo else Client)(connection, arguments.commands)
    tls = ssl.create_default_context() if url.secure else None
    await loop.create_connection(lambda: client, url.host, url.port, ssl=tls)
    sending = asyncio.ensure_future(client.run_all())
    await client.lost.wait()
    sending.cancel()
    return 0 if client.clean else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket client: sends lines, prints messages.")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--subprotocol", metavar="NAME", action="append", default=[])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--commands", action="store_true", help="each line is a command, each event is printed")
    mode.add_argument("--echo", action="store_true", help="each message is sent back")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(asyncio.run(main(parser.parse_args())))
