"""Connections that end badly: in the middle of a request, of TLS or of a message, by a reset, or while echoes wait."""

from __future__ import annotations

import random
import socket
import ssl
import struct
from contextlib import suppress

CONNECTIONS = 200
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MESSAGE = b"\x82\xff" + struct.pack(">Q", 300_000) + bytes(4) + b"z" * 300_000
RESERVED_OPCODE = b"\x83\x80" + bytes(4)
CLOSE = b"\x88\x80" + bytes(4)


def sent(choice: random.Random) -> bytes:
    """What a connection sends before it ends."""
    return choice.choice(
        [
            b"",
            REQUEST[: choice.randrange(len(REQUEST))],
            REQUEST,
            REQUEST + MESSAGE[: choice.randrange(1, len(MESSAGE))],
            REQUEST + MESSAGE * 3,
            REQUEST + MESSAGE + RESERVED_OPCODE,
            REQUEST + MESSAGE + CLOSE,
        ]
    )


def assault(port: int, context: ssl.SSLContext | None) -> list[socket.socket]:
    """Makes the connections. A third of them is returned, and still there."""
    choice = random.Random(1)
    left = []
    for number in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.settimeout(5)
        with suppress(OSError):
            # One in five does not speak TLS to a server that does.
            if context and number % 5:
                connection = context.wrap_socket(connection, server_hostname="localhost")
            connection.sendall(sent(choice))
            if choice.random() < 0.2:
                connection.shutdown(socket.SHUT_WR)
        if number % 3 == 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close resets it
        if number % 3 < 2:
            connection.close()
        else:
            left.append(connection)
    return left
