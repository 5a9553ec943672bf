"""A client and a server in one WebAssembly instance, joined back to back: ``python back_to_back.py MODULE [TEXT]``.

Sends a text, prints the echo, and closes. There is no socket: the output of each end is the input of the other, and the
time stands still.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from sansock_wasm import Config, Connection, Event, Library

NOW = 0


class End:
    """One end of a connection, and what it received."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self.ended = False

    def receive(self, data: bytes) -> None:
        """Receives all of these bytes, answers a request, and sends messages back if this is a server."""
        while True:
            events = self.connection.receive(data, NOW)
            block = self.connection.block
            data = data[block.consumed :]
            self.handle(events)
            if not self.connection.block.more and not (data and (block.consumed or events)):
                return

    def handle(self, events: list[Event]) -> None:
        """Keeps the events."""
        self.events += events

    def end(self) -> None:
        """Receives the end of the peer's stream."""
        if not self.ended:
            self.ended = True
            self.handle(self.connection.receive_eof(NOW))


class EchoServer(End):
    """Accepts what it is asked for, and sends every message back."""

    def handle(self, events: list[Event]) -> None:
        """Answers."""
        for event in events:
            if event.kind == "request":
                super().handle(self.connection.accept(b"", NOW))
            elif event.kind in ("text", "binary"):
                self.connection.send(event.kind, event.payload)
        super().handle(events)


def join(client: End, server: End) -> None:
    """Carries bytes between both ends until none has any, and does what they say about their transport."""
    moved = True
    while moved:
        moved = False
        for sender, receiver in ((client, server), (server, client)):
            output = sender.connection.take_output()
            if output:
                receiver.receive(output)
            if sender.connection.block.transport != "open" and not receiver.ended:
                receiver.end()
                output += b"\0"  # an end is a move as well
            moved = moved or bool(output)


def closed(end: End) -> str:
    """How a connection was closed."""
    event = end.events[-1]
    assert event.kind == "closed"
    return f"{event.code} {event.payload.decode()}".strip() + (" clean" if event.has(16) else " unclean")


def main(module: Path, text: str) -> None:
    """Runs the conversation."""
    library = Library(module)
    client_config, server_config = Config(library, "client"), Config(library, "server")
    client_config.set_text("url", b"ws://localhost/")
    for config in (client_config, server_config):
        config.set_text("subprotocol", b"echo")
    client = End(Connection(client_config, secrets.token_bytes(32), NOW))
    server = EchoServer(Connection(server_config, bytes(32), NOW))
    join(client, server)
    client.connection.send("text", text.encode())
    join(client, server)
    print(client.events[-1].payload.decode())
    client.connection.close(1000, b"bye", NOW)
    join(client, server)
    print(f"client closed {closed(client)}, server closed {closed(server)}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: back_to_back.py MODULE [TEXT]")
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else "Hello, 世界")
