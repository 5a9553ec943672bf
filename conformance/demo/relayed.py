"""The demo through ``sansock relay``: every client host talks to every server host, and no byte may be changed.

    python relayed.py [--relays python,node] [--servers HOST,...] [--clients HOST,...]

What passes is recorded before the relay and behind it, in both directions, and compared. The relay looks at all of it
meanwhile and prints what it sees. Status 0 only if every conversation holds and every byte is the same.
"""

from __future__ import annotations

import argparse
import copy
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from demo import converse_in_all_ways
from hosts import OUR_CLIENTS, OUR_SERVERS, PEERS, HostError, Server, end_orderly_on_sigterm, serving
from repository import COMMANDS

SECONDS = 10.0
PIECE = 1 << 16


@dataclass
class Passed:
    """What has passed on one connection."""

    to_server: bytearray = field(default_factory=bytearray)
    to_client: bytearray = field(default_factory=bytearray)
    ends: list[threading.Thread] = field(default_factory=list)


class Tap:
    """Passes connections on to a port, and records them in the order in which they come. Create one with `tapping`."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.connections: list[Passed] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):  # Until the listener is closed.
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                passed = Passed()
                for source, sink, record in ((client, server, passed.to_server), (server, client, passed.to_client)):
                    passed.ends.append(threading.Thread(target=pump, args=(source, sink, record), daemon=True))
                    passed.ends[-1].start()
                self.connections.append(passed)

    def take(self) -> list[Passed]:
        """What has passed since the last call, once all of it is over."""
        taken, self.connections = self.connections, []
        for end in (end for passed in taken for end in passed.ends):
            end.join(SECONDS)
            if end.is_alive():
                raise HostError("a connection is still open")
        return taken


def pump(source: socket.socket, sink: socket.socket, record: bytearray) -> None:
    """One direction of a connection, until its end."""
    with suppress(ConnectionError):  # An end that was reset has no more to say.
        while data := source.recv(PIECE):
            record += data
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def tapping(port: int) -> Iterator[Tap]:
    tap = Tap(port)
    try:
        yield tap
    finally:
        tap.listener.close()


@dataclass
class Path:
    """From a client to a server: a tap, a relay, a second tap."""

    server: Server
    before: Tap
    behind: Tap
    compared: int = 0
    """How many bytes were the same."""

    def failure(self, client: str) -> str:
        """Has a client hold its conversations. Returns what went wrong, if something did."""
        seen = copy.copy(self.server)
        seen.url = f"ws://127.0.0.1:{self.before.port}"
        if failure := converse_in_all_ways(client, seen).failure:
            return failure
        before, behind = self.before.take(), self.behind.take()
        if not before or len(before) != len(behind):
            return f"{len(before)} connections before the relay, {len(behind)} behind it"
        for one, other in zip(before, behind):
            for way in ("to_server", "to_client"):
                if difference := first_difference(getattr(one, way), getattr(other, way)):
                    return f"{way.replace('_', ' the ')}: {difference}"
        self.compared += sum(len(passed.to_server) + len(passed.to_client) for passed in before)
        return ""


def first_difference(before: bytearray, behind: bytearray) -> str:
    """Where two records differ; empty if they do not."""
    if before == behind:
        return ""
    shorter = min(len(before), len(behind))
    at = next((index for index in range(shorter) if before[index] != behind[index]), shorter)
    return f"{len(before):,} bytes before the relay, {len(behind):,} behind it, which differ from byte {at:,} on"


@contextmanager
def path(relay: str, server: Server) -> Iterator[Path]:
    """A relay before a server, with all that is recorded."""
    with tapping(server.port) as behind:
        command = [*COMMANDS[relay], "relay", "--listen", "0", "--to", f"127.0.0.1:{behind.port}"]
        with relaying(relay, command) as port, tapping(port) as before:
            yield Path(server, before, behind)


@contextmanager
def relaying(name: str, command: list[str]) -> Iterator[int]:
    """A relay that looks at what passes and prints it. Yields its port; sees to it that it has printed something."""
    with serving(f"{name} relay", command) as relay:
        printed: list[bytes] = []
        assert relay.process.stdout is not None
        reader = threading.Thread(target=lambda stream: printed.extend(stream), args=(relay.process.stdout,))
        reader.start()
        # Behind the address it says for whom it listens.
        relay.url = relay.url.split(",")[0]
        yield relay.port
        relay.stop()
        reader.join(SECONDS)
        if not any(b"hello" in line for line in printed):
            raise HostError(f"the {name} relay did not see the conversation")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relays", default=",".join(COMMANDS))
    parser.add_argument("--servers", default=",".join((*OUR_SERVERS, *PEERS)))
    parser.add_argument("--clients", default=",".join((*OUR_CLIENTS, *PEERS)))
    options = parser.parse_args()
    end_orderly_on_sigterm()
    relays, servers, clients = (getattr(options, each).split(",") for each in ("relays", "servers", "clients"))

    started = time.perf_counter()
    failures, compared = [], 0
    for name in servers:
        for relay in relays:
            print(f"{name} server, {relay} relay:", end="", flush=True)
            try:
                with serving(name) as server, path(relay, server) as way:
                    for client in clients:
                        print(f" {client}", end="", flush=True)
                        if failure := way.failure(client):
                            failures.append(f"{client} client, {relay} relay, {name} server: {failure}")
                    compared += way.compared
            except HostError as error:
                failures.append(f"{relay} relay, {name} server: {error}")
            print()
    for failure in failures:
        print(f"\nFAILED: {failure}")
    cells = len(servers) * len(relays) * len(clients)
    held = "no byte is changed" if not failures else f"{len(failures)} fail"
    seconds = time.perf_counter() - started
    print(f"\nrelayed: {cells} conversations, {compared:,} bytes compared, {held}, {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
