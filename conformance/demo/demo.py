"""Every client host talks to every server host on loopback; each line that comes back is checked.

    python demo.py [--servers HOST,...] [--clients HOST,...]

In each cell the command client of a host, if it has one, goes through the whole conversation, and the client of its
example through the lines. Prints the matrix, then one conversation. Status 0 only if every cell holds.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from conversation import COMMANDS, LINES, OUTPUT, STEPS, SUBPROTOCOLS, is_message
from hosts import (
    OUR_CLIENTS,
    OUR_SERVERS,
    PEERS,
    HostError,
    Server,
    Session,
    abridged,
    command_client,
    end_orderly_on_sigterm,
    exchange_lines,
    run_client,
    serving,
)

CELL_SECONDS = 20.0
TRACE_WIDTH = 70
DIFFERENCE_LINES = 16
"""What is shown of a difference: behind the first few lines the rest only follows from them."""


@dataclass
class Cell:
    """One conversation: how it went, and, if it went wrong, why."""

    session: Session
    failure: str = ""

    def __str__(self) -> str:
        if self.failure:
            return "FAILED"
        sent = sum(map(is_message, COMMANDS))
        received = sum(map(is_message, self.session.lines))
        return f"{sent + received} {self.milliseconds:4.0f} ms"

    @property
    def milliseconds(self) -> float:
        """From the open connection to the closed one: without the start of the program."""
        return (self.session.times[-1] - self.session.times[0]) * 1000


def converse(client: str, server: Server) -> Cell:
    """The whole conversation, by the command client."""
    commands = (command.encode() for command in COMMANDS)
    session = run_client(command_client(client, server.url, *SUBPROTOCOLS), commands, CELL_SECONDS)
    reasons = []
    if session.timed_out:
        reasons.append(f"not over after {CELL_SECONDS:.0f} s")
    elif session.status != 0:
        reasons.append(f"client ended with status {session.status}")
    if session.lines != list(OUTPUT):
        reasons.append("the lines differ")
        reasons += list(difference(session.lines))[:DIFFERENCE_LINES]
    if reasons and session.errors:
        reasons += ["standard error of the client:", *session.errors.splitlines()[-20:]]
    return Cell(session, "\n  ".join(reasons))


def failure_in_lines(client: str, server: Server) -> str:
    """Lines in, lines out, by the client that users are shown. Returns what went wrong, if something did."""
    try:
        exchange_lines(client, server, LINES, CELL_SECONDS)
    except HostError as error:
        return f"in lines: {error}"
    return ""


def converse_in_all_ways(client: str, server: Server) -> Cell:
    """By both clients of a host."""
    cell = converse(client, server)
    cell.failure = cell.failure or failure_in_lines(client, server)
    return cell


def difference(lines: list[str]) -> Iterator[str]:
    expected, found = [[abridged(line) for line in side] for side in (OUTPUT, lines)]
    if expected == found:  # A long line differs beyond what is shown of it.
        for want, have in zip(OUTPUT, lines):
            if want != have:
                at = next(i for i, (a, b) in enumerate(zip(want, have)) if a != b)
                yield f"{abridged(want)}: at character {at:,} {want[at : at + 20]!r} became {have[at : at + 20]!r}"
    yield from difflib.unified_diff(expected, found, "expected", "printed", lineterm="", n=1)


def table(servers: list[str], clients: list[str], cells: dict[tuple[str, str], Cell]) -> Iterator[str]:
    width = max(len("server \\ client"), *map(len, servers))
    yield " ".join(["server \\ client".ljust(width), *(client.rjust(11) for client in clients)])
    for server in servers:
        shown = (str(cells[server, client]).rjust(11) for client in clients)
        yield " ".join([server.ljust(width), *shown])


def trace(session: Session) -> Iterator[str]:
    """Commands and events in the order in which `wait` ties them together."""
    received = list(zip(session.times, session.lines))
    start = session.times[0]
    for step in STEPS:
        yield f"  {step.title}"
        for command in step.commands:
            verb, _, awaited = command.partition(" ")
            if verb != "wait":
                yield f"                  -> {abridged(command, TRACE_WIDTH)}"
                continue
            event = ""
            while received and event != awaited:
                moment, line = received.pop(0)
                event = line.split(" ", 1)[0]
                yield f"    {(moment - start) * 1000:8.2f} ms   <- {abridged(line, TRACE_WIDTH)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=",".join((*OUR_SERVERS, *PEERS)))
    parser.add_argument("--clients", default=",".join((*OUR_CLIENTS, *PEERS)))
    options = parser.parse_args()
    end_orderly_on_sigterm()
    servers, clients = options.servers.split(","), options.clients.split(",")

    started = time.perf_counter()
    cells: dict[tuple[str, str], Cell] = {}
    failures: list[str] = []
    for name in servers:
        print(f"{name} server:", end="", flush=True)
        try:
            with serving(name) as server:
                for client in clients:
                    print(f" {client}", end="", flush=True)
                    cell = cells[name, client] = converse_in_all_ways(client, server)
                    if cell.failure:
                        failures.append(f"{client} client with {name} server: {cell.failure}")
                server.stop()
        except HostError as error:
            failures.append(str(error))
        print()
        for client in clients:
            cells.setdefault((name, client), Cell(Session(), "not run"))

    print(f"\nMessages exchanged, and time from open to closed ({sum(map(is_message, COMMANDS))} messages each way):\n")
    print("\n".join(table(servers, clients, cells)))

    whole = (pair for pair, cell in cells.items() if not cell.failure)
    good = next((pair for pair in whole if pair[0] != pair[1]), None)
    if good is not None:
        print(f"\nOne of these conversations: {good[1]} client, {good[0]} server\n")
        print("\n".join(trace(cells[good].session)))

    for failure in failures:
        print(f"\nFAILED: {failure}")
    held = sum(not cell.failure for cell in cells.values())
    print(f"\ndemo: {held} of {len(cells)} conversations hold, {time.perf_counter() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
