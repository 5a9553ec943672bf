"""The command client (see ../README.md) with `websockets`: python command_client.py URL [--subprotocol NAME]...

Pings from the server are answered but not printed: the library shows them to nobody.
"""

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import BinaryIO

from websockets import ClientConnection, ConnectionClosed, InvalidStatus, Subprotocol, connect


class Printed:
    """What was printed, one line an event; `wait` consumes events by name."""

    def __init__(self) -> None:
        self.unawaited: Counter[str] = Counter()
        self.changed = asyncio.Condition()

    async def event(self, name: str, detail: str = "") -> None:
        print(f"{name} {detail}" if detail else name, flush=True)
        async with self.changed:
            self.unawaited[name] += 1
            self.changed.notify_all()

    async def wait(self, name: str) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.unawaited[name] > 0)
            self.unawaited[name] -= 1


async def lines(source: BinaryIO) -> AsyncIterator[str]:
    """Lines of any length, read by a thread so that the connection goes on meanwhile."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, source.readline):
        yield line.decode().removesuffix("\n")


def pieces(data: bytes, count: int) -> list[bytes]:
    return [data[len(data) * i // count : len(data) * (i + 1) // count] for i in range(count)]


async def show_pong(printed: Printed, pong: Awaitable[float], payload: str) -> None:
    await pong
    await printed.event("pong", payload)


class Client:
    def __init__(self, connection: ClientConnection, printed: Printed) -> None:
        self.connection = connection
        self.printed = printed
        self.tasks: set[asyncio.Task[None]] = set()

    async def run_commands(self) -> None:
        """Do what standard input says, then close."""
        async for line in lines(sys.stdin.buffer):
            await self.command(line)
        await self.connection.close()

    async def command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        match name:
            case "text":
                await self.connection.send(rest)
            case "binary":
                await self.connection.send(bytes.fromhex(rest))
            case "parts":
                kind, count, text = rest.split(" ", 2)
                await self.connection.send(pieces(text.encode(), int(count)), text=kind == "text")
            case "ping":
                pong = await self.connection.ping(rest.encode())
                task = asyncio.create_task(show_pong(self.printed, pong, rest))
                self.tasks.add(task)
            case "pong":
                await self.connection.pong(rest.encode())
            case "close":
                code, _, reason = rest.partition(" ")
                await self.connection.close(int(code), reason)
            case "wait":
                await self.printed.wait(rest)
            case _:
                raise SystemExit(f"unknown command: {name}")

    async def show_messages(self) -> ConnectionClosed:
        """Print messages until the connection is closed, and return how it was."""
        try:
            while True:
                message = await self.connection.recv()
                kind, text = ("text", message) if isinstance(message, str) else ("binary", message.hex())
                await self.printed.event(kind, text)
        except ConnectionClosed as closed:
            return closed


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--subprotocol", action="append", type=Subprotocol)
    options = parser.parse_args()

    printed = Printed()
    try:
        connection = await connect(
            options.url,
            subprotocols=options.subprotocol,
            compression="deflate" if os.environ.get("DEFLATE") == "1" else None,
            max_size=16 * 1024 * 1024,
            ping_interval=None,
            proxy=None,
        )
    except InvalidStatus as refusal:
        await printed.event("rejected", str(refusal.response.status_code))
        await printed.event("closed", "1006")
        return 1

    await printed.event("open", connection.subprotocol or "")
    client = Client(connection, printed)
    running = asyncio.create_task(client.run_commands())
    closed = await client.show_messages()
    running.cancel()
    if closed.rcvd is None:
        await printed.event("closed", "1006")
        return 1
    code, reason = closed.rcvd.code, closed.rcvd.reason
    detail = f"{code} {reason}" if reason else str(code)
    await printed.event("closing", detail)
    await printed.event("closed", detail)
    return 0 if closed.sent else 1


status = asyncio.run(main())
sys.stdout.flush()
# The thread that reads standard input may still be in a read: do not wait for it.
os._exit(status)
