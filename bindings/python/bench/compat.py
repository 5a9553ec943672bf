"""The drop-ins beside the libraries that they stand in for: processor time for each message, per layer and direction.

``compat.py [ROUNDS]`` writes the page to the standard output. The two implementations of a layer take turns. Then
the memory of connections that do nothing: ``compat.py idle LAYER WHOSE CELL`` is the process that holds them.
"""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns
from typing import Any, NamedTuple

import websockets.protocol
import websockets.server
import websockets.version
import wsproto
import wsproto.connection
import wsproto.events
import wsproto.extensions
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Opcode
from websockets.protocol import Side

import sansock
import sansock.compat.websockets
import sansock.compat.wsproto

HEAD = """# The drop-ins beside the originals

Nanoseconds of processor time for each message, in memory, on one thread, one message in each read; 1 MiB comes in reads
of 64 KiB. The two implementations of a layer take turns, and the medians count. Below 1 ours is faster. websockets has
its C extension. `make bench-python-compat` measures again and writes this page.
"""
IDLE = """
## Idle connections

Bytes of resident memory for each of 5,000 connections of a server, which a browser has opened, after one message each
way; without what hosts keep beside them. Each number is that of a process of its own.

| Layer | Messages | Sansock | Original | Ratio |
| --- | --- | ---: | ---: | ---: |"""
CONNECTIONS = 5000
READ = 65536
SAMPLE = 20_000_000
"""Nanoseconds that a sample takes, about."""


class Cell(NamedTuple):
    """A kind of message."""

    name: str
    message: str | bytes
    deflate: bool = False


CELLS = (
    Cell("text, 20 B", "abcdefghij" * 2),
    Cell("text, 1 KiB", "abcdefgh" * 128),
    Cell("text, 16 KiB", "abcdefgh" * 2048),
    Cell("binary, 1 MiB", bytes(1 << 20)),
    Cell("compressed text, 1 KiB", "the quick brown fox jumps over the lazy dog " * 24, True),
)
Run = Callable[[int], None]


def wsproto_runs(library: Any, cell: Cell) -> dict[str, Run]:
    """What is measured of a library with wsproto's interface."""
    connection, events = library.connection, library.events

    def new(kind: Any) -> Any:
        extensions = []
        if cell.deflate:
            extensions.append(library.extensions.PerMessageDeflate())
            if kind is connection.SERVER:
                extensions[0].accept("permessage-deflate")
            else:
                extensions[0].finalize("permessage-deflate")
        return connection.Connection(kind, extensions)

    message: Any = events.TextMessage if isinstance(cell.message, str) else events.BytesMessage
    wire = wire_of(cell)
    server, sender, client = new(connection.SERVER), new(connection.SERVER), new(connection.CLIENT)
    reads = [wire[at : at + READ] for at in range(0, len(wire), READ)]

    def receive(count: int) -> None:
        for _ in range(count):
            length = 0
            for read in reads:
                server.receive_data(read)
                length += sum(len(event.data) for event in server.events())
            assert length == len(cell.message)

    def send(count: int) -> None:
        for _ in range(count):
            sender.send(message(cell.message))

    def send_masked(count: int) -> None:
        for _ in range(count):
            client.send(message(cell.message))

    return {"received by a server": receive, "sent by a server": send, "sent by a client": send_masked}


def wire_of(cell: Cell) -> bytes:
    """A message as a client sends it alone: without context takeover, so that it can come any number of times."""
    connection = sansock.Connection.client(start_open=True, deflate=cell.deflate, client_no_context_takeover=True)
    connection.send(cell.message)
    return connection.take_output()


def websockets_runs(protocol: Any, cell: Cell) -> dict[str, Run]:
    """What is measured of a class with the interface of ``websockets.protocol.Protocol``."""

    def new(side: Side) -> Any:
        made = protocol(side, max_size=None)
        if cell.deflate:
            made.extensions = [PerMessageDeflate(False, False, 15, 15)]
        return made

    is_text = isinstance(cell.message, str)
    payload = cell.message.encode() if isinstance(cell.message, str) else cell.message
    wire = wire_of(cell)
    server, sender, client = new(Side.SERVER), new(Side.SERVER), new(Side.CLIENT)
    reads = [wire[at : at + READ] for at in range(0, len(wire), READ)]

    def receive(count: int) -> None:
        for _ in range(count):
            length = 0
            for read in reads:
                server.receive_data(read)
                for frame in server.events_received():
                    # Hosts decode text; websockets has not checked it before.
                    length += len(bytes(frame.data).decode() if frame.opcode is Opcode.TEXT else frame.data)
                server.data_to_send()
            assert length == len(payload)

    def sending(connection: Any) -> Run:
        send = connection.send_text if is_text else connection.send_binary

        def run(count: int) -> None:
            for _ in range(count):
                send(payload)
                connection.data_to_send()

        return run

    return {"received by a server": receive, "sent by a server": sending(sender), "sent by a client": sending(client)}


def measure(ours: Run, theirs: Run, rounds: int) -> tuple[float, float]:
    """Nanoseconds for each message: the medians of samples that take turns."""
    counts = []
    for run in (ours, theirs):
        run(3)
        start = process_time_ns()
        run(10)
        counts.append(max(1, SAMPLE * 10 // max(1, process_time_ns() - start)))
    samples: list[list[float]] = [[], []]
    for _ in range(rounds):
        for run, count, into in zip((ours, theirs), counts, samples):
            start = process_time_ns()
            run(count)
            into.append((process_time_ns() - start) / count)
    return statistics.median(samples[0]), statistics.median(samples[1])


def resident() -> int:
    """The memory of this process in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def wsproto_server(library: Any, cell: Cell) -> object:
    """A connection with wsproto's interface, after one message each way."""
    server = library.WSConnection(library.ConnectionType.SERVER)
    server.receive_data(request_of(cell))
    assert list(server.events())
    extensions = [library.extensions.PerMessageDeflate()] if cell.deflate else []
    server.send(library.events.AcceptConnection(extensions=extensions))
    server.receive_data(wire_of(cell))
    assert sum(len(event.data) for event in server.events()) == len(cell.message)
    server.send(library.events.TextMessage(cell.message))
    return server


def websockets_server(library: Any, cell: Cell) -> object:
    """A connection with the interface of ``websockets.server.ServerProtocol``, after one message each way."""
    extensions = [ServerPerMessageDeflateFactory()] if cell.deflate else None
    server = library.ServerProtocol(max_size=None, extensions=extensions)
    server.receive_data(request_of(cell))
    (request,) = server.events_received()
    server.send_response(server.accept(request))
    server.receive_data(wire_of(cell))
    assert len(server.events_received()) == 1
    server.send_text(str(cell.message).encode())
    assert len(server.data_to_send()) == 2
    return server


def request_of(cell: Cell) -> bytes:
    """The request of a browser."""
    fields = (
        "Host: a",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Accept: */*",
        "Accept-Language: en",
        "Origin: http://a",
        *(["Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover"] if cell.deflate else []),
    )
    return ("GET / HTTP/1.1\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n").encode()


def held(layer: int, whose: int, cell: int) -> int:
    """Bytes for each connection of a layer that has received and sent a message."""
    new, *libraries = (
        (wsproto_server, sansock.compat.wsproto, wsproto),
        (websockets_server, sansock.compat.websockets, websockets.server),
    )[layer]
    # What is made once is not counted.
    kept = [new(libraries[whose], CELLS[cell]) for _ in range(100)]
    before = resident()
    kept += [new(libraries[whose], CELLS[cell]) for _ in range(CONNECTIONS)]
    return (resident() - before) // CONNECTIONS


def held_elsewhere(*which: int) -> int:
    """The same, measured by a process of its own."""
    command = [sys.executable, __file__, "idle", *map(str, which)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


LAYERS: tuple[tuple[str, Any, Any, Any], ...] = (
    (f"wsproto {wsproto.__version__}", wsproto_runs, sansock.compat.wsproto, wsproto),
    (
        f"websockets {websockets.version.version}",
        websockets_runs,
        sansock.compat.websockets.Protocol,
        websockets.protocol.Protocol,
    ),
)


def main() -> None:
    """Prints the page."""
    if sys.argv[1:2] == ["idle"]:
        print(held(*map(int, sys.argv[2:])))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(HEAD)
    print("| Layer | Messages | | Sansock | Original | Ratio |\n| --- | --- | --- | ---: | ---: | ---: |")
    for layer, runs, ours, theirs in LAYERS:
        for cell in CELLS:
            of_ours, of_theirs = runs(ours, cell), runs(theirs, cell)
            for direction in of_ours:
                mine, other = measure(of_ours[direction], of_theirs[direction], rounds)
                print(
                    f"| {layer} | {cell.name} | {direction} | {mine:,.0f} | {other:,.0f} | {mine / other:.2f} |",
                    flush=True,
                )
    print(IDLE)
    for layer in range(len(LAYERS)):
        for cell in range(len(CELLS)):
            if CELLS[cell].name.endswith("1 KiB"):
                mine, other = (held_elsewhere(layer, whose, cell) for whose in (0, 1))
                print(
                    f"| {LAYERS[layer][0]} | {CELLS[cell].name} | {mine:,} | {other:,} | {mine / other:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
