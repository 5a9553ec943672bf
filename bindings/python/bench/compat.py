"""The drop-ins beside the libraries that they stand in for: processor time for each message, per layer and direction.

``compat.py [ROUNDS]`` writes the page to the standard output. The two implementations of a layer take turns.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from time import process_time_ns
from typing import Any, NamedTuple

import websockets.protocol
import websockets.version
import wsproto
import wsproto.connection
import wsproto.events
import wsproto.extensions
from websockets.extensions.permessage_deflate import PerMessageDeflate
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


def main() -> None:
    """Prints the page."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(HEAD)
    print("| Layer | Messages | | Sansock | Original | Ratio |\n| --- | --- | --- | ---: | ---: | ---: |")
    layers: tuple[tuple[str, Any, Any, Any], ...] = (
        (f"wsproto {wsproto.__version__}", wsproto_runs, sansock.compat.wsproto, wsproto),
        (
            f"websockets {websockets.version.version}",
            websockets_runs,
            sansock.compat.websockets.Protocol,
            websockets.protocol.Protocol,
        ),
    )
    for layer, runs, ours, theirs in layers:
        for cell in CELLS:
            of_ours, of_theirs = runs(ours, cell), runs(theirs, cell)
            for direction in of_ours:
                mine, other = measure(of_ours[direction], of_theirs[direction], rounds)
                print(
                    f"| {layer} | {cell.name} | {direction} | {mine:,.0f} | {other:,.0f} | {mine / other:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
