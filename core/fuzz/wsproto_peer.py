"""What wsproto makes of streams: reads each from standard input, and writes its events to standard output."""

from __future__ import annotations

import struct
import sys

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate


class Answer:
    """The events of one stream, each as a letter, a length and bytes."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.message = bytearray()
        self.is_over = False

    def put(self, kind: bytes, payload: bytes) -> None:
        self.written += kind + struct.pack("<I", len(payload)) + payload

    def end(self, kind: bytes, payload: bytes = b"") -> None:
        self.put(kind, payload)
        self.is_over = True

    def add(self, event: Event, connection: Connection) -> None:
        if isinstance(event, TextMessage | BytesMessage):
            self.message += event.data.encode() if isinstance(event, TextMessage) else event.data
            if event.message_finished:
                self.put(b"t" if isinstance(event, TextMessage) else b"b", bytes(self.message))
                self.message.clear()
        elif isinstance(event, Ping):
            self.put(b"i", bytes(event.payload))
        elif isinstance(event, Pong):
            self.put(b"o", bytes(event.payload))
        elif isinstance(event, CloseConnection):
            # A fault is reported as if the peer had closed, but the state stays.
            if connection.state is ConnectionState.OPEN:
                self.end(b"f")
            else:
                self.end(b"c", struct.pack("<H", event.code))


def answer(is_server: bool, deflate: bool, stream: bytes) -> bytes:
    extension = PerMessageDeflate()
    if deflate and is_server:
        extension.accept("permessage-deflate")
    elif deflate:
        extension.finalize("permessage-deflate")
    role = ConnectionType.SERVER if is_server else ConnectionType.CLIENT
    connection = Connection(role, [extension] if deflate else [])
    result = Answer()
    connection.receive_data(stream)
    for event in connection.events():
        result.add(event, connection)
        if result.is_over:
            return bytes(result.written)
    result.end(b"e")
    return bytes(result.written)


def main() -> None:
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(6):
        is_server, deflate, length = struct.unpack("<??I", head)
        target.write(answer(is_server, deflate, source.read(length)))
        target.flush()


if __name__ == "__main__":
    main()
