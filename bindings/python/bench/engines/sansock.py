"""Sansock, through its package: data is read into the read buffer, as with `recv_into`."""

from __future__ import annotations

from collections.abc import Callable

from workloads import Message, Spec

import sansock
from sansock import Batch, Connection, Request, Transport

VERSION = sansock.__version__

LARGEST = 1 << 24
OPEN = Transport.OPEN
"""At hand: members of an enumeration take longer to find than to compare."""


def carry_all(connection: Connection) -> None:
    """What a host does after every call: write the output, set its timer, obey the transport instruction."""
    if connection.pending_output:
        connection.take_output()
    deadline = connection.next_deadline
    if deadline is not None and deadline <= 0:
        raise SystemExit("a deadline is due")
    if connection.transport is not OPEN:
        raise SystemExit(f"closed: {connection.fault}")


def open_connection(spec: Spec) -> Connection:
    """A connection that is open."""
    make = Connection.server if spec.server else Connection.client
    return make(start_open=True, batches=True, deflate=bool(spec.deflate), max_message_size=LARGEST)


def receiver(spec: Spec, connection: Connection | None = None) -> Callable[[memoryview], list[str | bytes]]:
    """Takes reads."""
    opened = open_connection(spec) if connection is None else connection

    def feed(chunk: memoryview) -> list[str | bytes]:
        length = len(chunk)
        opened.read_buffer[:length] = chunk
        events = opened.receive_read_buffer(length)
        carry_all(opened)
        messages: list[str | bytes] = []
        for event in events:
            if isinstance(event, Batch):
                messages += event.messages
        return messages

    return feed


def sender(spec: Spec, output: list[Message], connection: Connection | None = None) -> Callable[[Message], None]:
    """Sends messages."""
    opened = open_connection(spec) if connection is None else connection
    write = output.append

    def send(payload: Message) -> None:
        opened.send(payload)
        write(opened.take_output())

    return send


def batch_sender(spec: Spec, output: list[Message]) -> Callable[[list[Message]], None]:
    """Sends messages with one call."""
    opened = open_connection(spec)
    write = output.append

    def send_batch(payloads: list[Message]) -> None:
        opened.send_batch(payloads)
        write(opened.take_output())

    return send_batch


class Endpoint:
    """Both, over one connection."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        opened = open_connection(spec)
        self.receive = receiver(spec, opened)
        self.send = sender(spec, output, opened)


def server_handshake() -> Callable[[bytes], bytes]:
    """Opens a server's end."""

    def opening(request: bytes) -> bytes:
        connection = Connection.server()
        for event in connection.receive(request):
            if isinstance(event, Request) and event.same_origin:
                connection.accept()
        return connection.take_output()

    return opening


def client_handshake(spec: Spec) -> Callable[[], tuple[bytes, Callable[[bytes], bool]]]:
    """Opens a client's end."""
    headers = spec.header_fields()

    def opening() -> tuple[bytes, Callable[[bytes], bool]]:
        connection = Connection.client(
            "ws://www.example.com/chat?room=42", origin="http://www.example.com", headers=headers
        )

        def receive(response: bytes) -> bool:
            (event,) = connection.receive(response)
            return isinstance(event, sansock.Open)

        return connection.take_output(), receive

    return opening
