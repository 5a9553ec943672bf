"""Peers that read slowly: the hosts keep them, and the examples with loops of their own leave little to the system."""

from __future__ import annotations

import select
import socket
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MESSAGE = b"\x82\xff" + struct.pack(">Q", 64 * 1024) + bytes(4) + b"z" * 64 * 1024
WINDOW = 4096
"""The receive buffer of the peer, in bytes."""
MOST_SENT = 64 * 1024 * 1024
STALLED_AFTER = 0.5
"""When a server that takes nothing has stopped reading, in seconds."""
MOST_QUEUED = 512 * 1024
"""What the system may keep for a peer that does not read, in bytes: without a limit it is megabytes."""
TCP_TABLE = Path("/proc/net/tcp")


def run_programs(folder: Path, names: list[str], failure: Callable[[str], Exception]) -> None:
    """Runs the tests that take seconds, at the same time."""
    started = [subprocess.Popen([folder / f"slow-{name}"], stdout=subprocess.PIPE, text=True) for name in names]
    for name, process in zip(names, started):
        output = process.communicate()[0]
        if process.returncode or not output.endswith(" checks, 0 failed\n"):
            raise failure(f"slow-{name}: status {process.returncode}\n{output}")
        print(f"slow readers: {output.strip()}")


def queued_by(server: int, peer: int) -> int:
    """How many bytes the system keeps for the connection from one port to the other."""
    for line in TCP_TABLE.read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(f":{server:04X}") and words[2].endswith(f":{peer:04X}"):
            return int(words[4].split(":")[0], 16)
    raise LookupError("there is no such connection")


def queued_for_a_deaf_peer(port: int) -> int:
    """How many bytes of echoes the system keeps for a peer that sends and does not read, once the server has stopped."""
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        peer.connect(("127.0.0.1", port))
        peer.sendall(REQUEST)
        if not peer.recv(1024).startswith(b"HTTP/1.1 101 "):
            raise LookupError("the server does not accept")
        peer.setblocking(False)
        sent, rest = 0, b""
        while sent < MOST_SENT and select.select([], [peer], [], STALLED_AFTER)[1]:
            rest = rest or MESSAGE
            count = peer.send(rest)
            sent, rest = sent + count, rest[count:]
        return queued_by(port, peer.getsockname()[1])


def check_queue(name: str, port: int, failure: Callable[[str], Exception]) -> None:
    """A server leaves little to the system: what a slow reader takes is progress soon."""
    if not TCP_TABLE.exists():
        print(f"{name}: what the system keeps is not looked at, without {TCP_TABLE}")
        return
    queued = queued_for_a_deaf_peer(port)
    if not 0 < queued < MOST_QUEUED:
        raise failure(f"{name} leaves {queued} bytes to the system for a peer that does not read")
    print(f"{name}: the system keeps {queued} bytes for a peer that does not read")
