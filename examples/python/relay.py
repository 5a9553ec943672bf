"""A WebSocket relay for asyncio, and an inspector: ``python relay.py PORT URL [--print]``.

For each client it connects to the server at the ``ws:`` URL, with the client's target, subprotocols, origin and key,
and answers the client as the server answers. Then it passes on what arrives, in both directions: the data of each
frame, as it arrives, as a frame of its own; pings, pongs and Close. It answers none of them itself, and keeps no more
than its last read. A side that breaks a rule is failed with the code of that fault, and the other is closed with 1014.

With ``--print`` it prints a line for each frame: the number of the client, the direction (``>`` is from the client),
the opcode, the length of the payload, and ``fin`` if the frame ends a message. Of Close it prints code and reason.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import signal
from contextlib import suppress

from sansock import (
    Closed,
    Closing,
    Connection,
    Event,
    Fault,
    Frame,
    InvalidArgument,
    InvalidState,
    Open,
    Ping,
    Pong,
    Rejected,
    ReportedFault,
    Request,
    parse_url,
)

from asyncio_host import WebSocketProtocol

BAD_GATEWAY = 1014
NO_CODE = 1005
LONGEST_REASON = 123
# The size of a message matters to the ends alone.
UNLIMITED = 2**64 - 1


class Side(WebSocketProtocol):
    """One of the two connections of a relay: passes on to the other side what arrives."""

    def __init__(self, connection: Connection, log: Log) -> None:
        super().__init__(connection)
        self.log = log
        self.other: Side | None = None
        self.due: list[Event] | None = None
        """Not None once the other side has made a call on this connection: the events of that call."""

    def handle(self, event: Event) -> None:
        """Passes on one event. Only calls on the two connections are made here; ``drive`` does what follows them."""
        self.log.show(event)
        match event:
            case ReportedFault(code=code):
                self.connection.fail(code, self.reason(self.connection.fault))
            case _ if self.other:
                # After our Close nothing is sent to that side, and it is sent no second one.
                with suppress(InvalidState):
                    self.pass_on(event, self.other.connection)
                self.other.due = self.other.due or []

    def pass_on(self, event: Event, to: Connection) -> None:
        """Passes on what belongs to an open connection, and the end of one."""
        match event:
            case Frame(kind, data):
                to.send_part(data, event.last, kind)
            case Ping(payload):
                to.ping(payload)
            case Pong(payload):
                to.pong(payload)
            case Closing(code, reason):
                to.close(0 if code == NO_CODE else code, reason)
            case Closed(fault=Fault() as fault):
                to.close(BAD_GATEWAY, self.reason(fault))

    def reason(self, fault: Fault | None) -> str:
        """A fault in words, for a Close frame."""
        return fault.text[:LONGEST_REASON] if fault else ""

    def may_read(self) -> bool:
        """Reads no faster than the other side can be written to."""
        return self.other is None or self.other.connection.writable

    def drive(self, events: list[Event]) -> None:
        """Drives both sides, until neither has anything to do for the other."""
        super().drive(events)
        while self.other and (self.due is not None or self.other.due is not None):
            for side in (self, self.other):
                due, side.due = side.due, None
                WebSocketProtocol.drive(side, due or [])
        if self.other:
            self.regulate()
            self.other.regulate()

    def connection_lost(self, exc: Exception | None) -> None:
        """This side is gone, and the other has been told by its last event."""
        super().connection_lost(exc)
        if self.other:
            other, self.other = self.other, None
            other.other = None
            due, other.due = other.due, None
            other.drive(due or [])


class Front(Side):
    """The client's side."""

    def __init__(self, upstream: str, log: Log) -> None:
        super().__init__(Connection.server(frames=True, max_message_size=UNLIMITED), log)
        self.upstream = upstream
        self.connecting: asyncio.Task[None] | None = None
        self.waits = False
        """Whether a request is to be answered."""

    def handle(self, event: Event) -> None:
        """Handles the request."""
        match event:
            case Request():
                self.waits = True
                self.connecting = self.loop.create_task(self.connect(event))
            case Closed() if self.waits and self.connecting:
                self.waits = False
                self.connecting.cancel()
        super().handle(event)

    async def connect(self, request: Request) -> None:
        """Connects to the server as the client would."""
        keys = [value for name, value in request.headers if name.lower() == "sec-websocket-key"]
        try:
            connection = Connection.client(
                self.upstream + request.target,
                subprotocols=request.subprotocols,
                origin=request.origin,
                key=keys[0],
                frames=True,
                max_message_size=UNLIMITED,
            )
        except InvalidArgument:
            return self.drive(self.respond(400))
        url = parse_url(self.upstream)
        try:
            await self.loop.create_connection(lambda: Back(connection, self), url.host, url.port)
        except OSError:
            self.drive(self.respond(502))

    def accept(self, subprotocol: str | None) -> list[Event]:
        """Accepts the request. The events are still to be handled."""
        self.waits = False
        return self.connection.accept(subprotocol)

    def respond(self, status: int, reason: str = "", body: bytes = b"") -> list[Event]:
        """Refuses the request. The events are still to be handled."""
        self.waits = False
        return self.connection.respond(status, reason, body=body)

    def may_read(self) -> bool:
        """Reads nothing before the request is answered."""
        return not self.waits and super().may_read()


class Back(Side):
    """The server's side."""

    def __init__(self, connection: Connection, front: Front) -> None:
        super().__init__(connection, Log(front.log.number, "<", front.log.prints))
        self.front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """From now on the two know each other, if the client still waits."""
        if not self.front.waits:
            return transport.close()
        self.other, self.front.other = self.front, self
        super().connection_made(transport)

    def handle(self, event: Event) -> None:
        """Answers the client as the server has answered."""
        front = self.front
        if not front.waits:
            return super().handle(event)
        match event:
            case Open(subprotocol):
                front.due = front.accept(subprotocol)
            case Rejected(status, _, body) if 200 <= status < 600:
                front.due = front.respond(status, event.reason, b"" if status in (204, 304) else body)
            case Closed():
                front.due = front.respond(502)


class Log:
    """Prints the frames of one direction, if that is wanted."""

    def __init__(self, number: int, direction: str, prints: bool) -> None:
        self.number, self.direction, self.prints = number, direction, prints
        self.opcode = ""

    def show(self, event: Event) -> None:
        """Prints a line at the end of a frame."""
        if not self.prints:
            return
        match event:
            case Frame():
                # Its data may come in several events.
                self.opcode = event.kind.name.lower() if event.first else self.opcode or "continuation"
                if event.frame_end:
                    self.line(self.opcode, event.frame_len, *(["fin"] if event.last else []))
                    self.opcode = ""
            case Ping(payload) | Pong(payload):
                self.line(type(event).__name__.lower(), len(payload))
            case Closing(code, reason):
                self.line("close", code, json.dumps(reason, ensure_ascii=False))
            case ReportedFault(fault, code):
                self.line("fault", code, fault)

    def line(self, *words: str | int) -> None:
        """Prints a line."""
        print(self.number, self.direction, *words, flush=True)


async def main(port: int, upstream: str, prints: bool) -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    numbers = itertools.count(1)
    server = await loop.create_server(lambda: Front(upstream, Log(next(numbers), ">", prints)), "127.0.0.1", port)
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A WebSocket relay.")
    parser.add_argument("port", type=int, help="0 takes a free one")
    parser.add_argument("url", metavar="URL", help="where the server is, without a path: ws://HOST:PORT")
    parser.add_argument("--print", action="store_true", dest="prints", help="print a line for each frame")
    arguments = parser.parse_args()
    if parse_url(arguments.url).secure:
        parser.error("this relay speaks ws: only")
    asyncio.run(main(arguments.port, arguments.url.rstrip("/"), arguments.prints))
