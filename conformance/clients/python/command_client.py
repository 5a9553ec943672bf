"""The command client (see ../README.md) in Python: ``engine_client.py`` with every call and every event.

``python command_client.py URL [--subprotocol NAME]... [--echo]``; PYTHONPATH has ``examples/python``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections import Counter
from contextlib import suppress

import sansock

from engine_client import Client


class CommandClient(Client):
    """Prints every event, and carries out what it reads."""

    def __init__(self, connection: sansock.Connection) -> None:
        super().__init__(connection)
        self.printed: Counter[str] = Counter()

    def handle(self, event: sansock.Event) -> None:
        """Prints one event."""
        name = type(event).__name__.lower()
        self.printed[name] += 1
        if isinstance(event, sansock.Closed):
            self.clean = event.clean
        print(*filter(None, (name, *describe(event))), flush=True)

    async def send_line(self, line: bytes) -> None:
        """Carries out one command."""
        words = line.split(b" ", 1)
        if words[0] == b"wait":
            event = words[1].decode()
            await self.until(lambda: self.printed[event] > 0)
            self.printed[event] -= 1
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


class EchoClient(Client):
    """Sends every message back, until the connection is closed."""

    async def send_lines(self) -> None:
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


async def main(arguments: argparse.Namespace) -> int:
    """Runs the client."""
    connection = sansock.Connection.client(
        arguments.url,
        subprotocols=arguments.subprotocol,
        receive_while_closing=True,
        deflate=os.environ.get("DEFLATE") == "1",
    )
    client = EchoClient(connection) if arguments.echo else CommandClient(connection)
    return await client.run(sansock.parse_url(arguments.url))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket client: carries out lines, prints events.")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--subprotocol", metavar="NAME", action="append", default=[])
    parser.add_argument("--echo", action="store_true", help="each message is sent back")
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(asyncio.run(main(parser.parse_args())))
