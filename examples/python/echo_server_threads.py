"""A WebSocket echo server with plain sockets, a thread for each: ``python echo_server_threads.py PORT``.

With DEFLATE=1 in the environment it compresses, with HTTP=1 it also answers plain HTTP.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress

from sansock import Binary, Connection, Event, InvalidState, Request, Text, Transport

from answer import answer

DEFLATE = os.environ.get("DEFLATE") == "1"
HTTP = os.environ.get("HTTP") == "1"
WRITE_SIZE = 65536


def step(sock: socket.socket, connection: Connection) -> list[Event]:
    """Writes some output, or else waits for input; no longer than until the deadline."""
    deadline = connection.next_deadline
    seconds = None if deadline is None else deadline / 1000 - time.monotonic()
    if seconds is not None and seconds <= 0:
        return connection.timeout()
    sock.settimeout(seconds)
    try:
        if connection.pending_output:
            connection.written(sock.send(connection.output(WRITE_SIZE)))
            return []
        length = sock.recv_into(connection.read_buffer)
    except TimeoutError:
        return connection.timeout()
    return connection.receive_read_buffer(length) if length else connection.receive_eof()


def handle(connection: Connection, events: list[Event]) -> None:
    """Accepts requests of its own origin, and sends every message back."""
    for event in events:
        match event:
            case Request():
                handle(connection, answer(connection, event))
            case Text(data) | Binary(data):
                with suppress(InvalidState):  # after our Close
                    connection.send(data)


def serve(sock: socket.socket) -> None:
    """Serves one peer. While there is output nothing is read, so a peer that does not read is not read from."""
    with sock, Connection.server(subprotocols=["chat", "echo"], deflate=DEFLATE, deliver_http=HTTP) as connection:
        writing = True
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.pending_output or connection.transport is not Transport.CLOSE:
                if writing and not connection.pending_output and connection.transport is Transport.SHUTDOWN_WRITE:
                    sock.shutdown(socket.SHUT_WR)
                    writing = False
                handle(connection, step(sock, connection))
        except OSError:
            # The peer is gone.
            handle(connection, connection.receive_eof())


def main(port: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        print(f"listening on ws://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            try:
                sock, _ = listener.accept()
                threading.Thread(target=serve, args=(sock,), daemon=True).start()
            except (OSError, RuntimeError):
                # Out of files or threads: those in use become free again.
                time.sleep(0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
