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


def check_answers(port: int, context: ssl.SSLContext | None, failure: type[Exception]) -> None:
    """What comes with a Close is answered before it, also if the end of the stream is right behind."""
    payload = b"z" * 300
    frames = b"\x82\xfe" + struct.pack(">H", len(payload)) + bytes(4) + payload
    echo = b"\x82\x7e" + struct.pack(">H", len(payload)) + payload
    wanted = echo * 3 + b"\x88\x00"
    for ends in (False, True):
        with socket.create_connection(("localhost", port), 30) as plain:
            # Over TLS the end of one direction is that of both.
            stream = context.wrap_socket(plain, server_hostname="localhost") if context else plain
            stream.sendall(REQUEST)
            head = b""
            while b"\r\n\r\n" not in head:
                head += stream.recv(65536)
            stream.sendall(frames * 3 + CLOSE)
            if ends and not context:
                stream.shutdown(socket.SHUT_WR)
            found = b""
            with suppress(OSError):
                while chunk := stream.recv(65536):
                    found += chunk
            if found != wanted:
                raise failure(f"{len(found)} bytes of {len(wanted)} answer what came before a Close")
