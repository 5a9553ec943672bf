"""A chat with rooms, in as many processes as you like: ``python server.py PORT --broker redis://127.0.0.1:6379``.

All processes listen on the same port, and the system shares the connections out among them (``SO_REUSEPORT``). What is
said in a room goes through the broker, Redis or NATS, to every process that has members in it. ``--processes N`` starts
so many and starts those again that end; without it this is one of them.

The path ``/rooms/NAME`` is a room, and ``/`` a page to try it with. A member is told
``{"joined": NAME, "process": PID}`` when it gets all that is said from then on; then every text that it sends goes to
all members, itself among them. A member that does not read is closed with 1013, rather than left with a gap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path

from sansock.asyncio import Response, WebSocket, broadcast, serve

from brokers import Broker, broker_at

PAGE = Path(__file__).with_name("page.html").read_bytes()
ROOM = re.compile(r"/rooms/([A-Za-z0-9_-]{1,64})")
LONGEST = 4096
RESPITE = 1.0


class Chat:
    """The members of this process, by room."""

    broker: Broker

    def __init__(self) -> None:
        self.members: dict[str, set[WebSocket]] = {}
        self.changing = asyncio.Lock()
        self.closing: set[asyncio.Task[None]] = set()

    async def join(self, room: str, member: WebSocket) -> None:
        """Adds a member. When this returns it gets all that is said."""
        async with self.changing:
            if room not in self.members:
                await self.broker.subscribe(room)
            self.members.setdefault(room, set()).add(member)

    async def leave(self, room: str, member: WebSocket) -> None:
        """Removes a member."""
        async with self.changing:
            members = self.members.get(room, set())
            members.discard(member)
            if not members and self.members.pop(room, None) is not None:
                await self.broker.unsubscribe(room)

    def deliver(self, room: str, text: str) -> None:
        """Sends a text to the members of this process."""
        members = self.members.get(room, set())
        for slow in broadcast(members, text):
            members.discard(slow)
            task = asyncio.create_task(slow.close(1013, "you do not read"))
            self.closing.add(task)
            task.add_done_callback(self.closing.discard)

    async def serve(self, member: WebSocket) -> None:
        """The handler of a connection."""
        assert member.request is not None
        match = ROOM.fullmatch(member.request.target)
        assert match
        room = match[1]
        await self.join(room, member)
        try:
            await member.send(json.dumps({"joined": room, "process": os.getpid()}))
            async for text in member:
                if isinstance(text, str):
                    await self.broker.publish(room, text)
        finally:
            await self.leave(room, member)


def decide(member: WebSocket) -> Response | None:
    """Answers what is no room."""
    request = member.request
    assert request is not None
    if request.target == "/" and request.method == "GET":
        return Response(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE)
    if ROOM.fullmatch(request.target) is None:
        return Response(404, {"Content-Type": "text/plain"}, b"there is no such page\n")
    return None


async def run(port: int, url: str) -> None:
    """Serves until SIGTERM, or until the broker is lost."""
    chat = Chat()
    chat.broker = await broker_at(url, chat.deliver)
    receiving = asyncio.create_task(chat.broker.run())
    async with serve(
        chat.serve,
        "127.0.0.1",
        port,
        reuse_port=True,
        backlog=1000,
        process_request=decide,
        max_size=LONGEST,
    ) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        serving = asyncio.create_task(server.serve_forever())
        await asyncio.wait([receiving, serving], return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            await server.close(1012, "the broker is lost")
    receiving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await chat.broker.close()
    if receiving.done() and not receiving.cancelled() and receiving.exception():
        sys.exit(f"error: {receiving.exception()}")


async def supervise(port: int, url: str, count: int) -> None:
    """Keeps so many processes running, until SIGTERM."""
    # As long as this is bound, the port is ours; it does not listen, so it gets no connections.
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", port))
        port = sock.getsockname()[1]
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        keepers = [asyncio.create_task(keep(port, url)) for _ in range(count)]
        print(f"listening on ws://127.0.0.1:{port}", flush=True)
        await stop.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def keep(port: int, url: str) -> None:
    """Starts a process, and another one whenever it has ended."""
    command = [sys.executable, __file__, str(port), "--broker", url]
    while True:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        try:
            await process.wait()
            await asyncio.sleep(RESPITE)
        except asyncio.CancelledError:
            if process.returncode is None:
                process.terminate()
                await process.wait()
            raise


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="A chat with rooms, in many processes.")
    parser.add_argument("port", type=int)
    parser.add_argument("--broker", required=True, metavar="URL", help="redis://HOST:PORT or nats://HOST:PORT")
    parser.add_argument("--processes", type=int, default=0, metavar="N")
    arguments = parser.parse_args()
    if arguments.processes:
        asyncio.run(supervise(arguments.port, arguments.broker, arguments.processes))
    else:
        asyncio.run(run(arguments.port, arguments.broker))


if __name__ == "__main__":
    main()
