"""The client of all servers: it sends frames that are made before, and counts those that come back.

It knows no more of WebSocket than that: frames that it sends are masked, those that it gets are not. What it does for
each message is the same whatever the server, and little.
"""

from __future__ import annotations

import select
import socket
import time
import zlib
from typing import Any

from sansock import Connection

READ = 1 << 18
PONG = b"\x8a%c\0\0\0\0"
"""The header of a pong, whose mask changes nothing."""


def payloads(size: int) -> list[bytes]:
    """Messages of this size that are like each other, as those of an application are."""
    made = []
    for number in range(16):
        count = size // 40 + 1
        items = (f'{{"id":{number * 7919 + n * 31},"name":"item {n}","price":{n * n % 9973}}},' for n in range(count))
        text = "".join(items).encode()
        made.append((text + bytes(size))[:size])
    return made


class Frames:
    """The frames that every connection sends, in this order: made when they are wanted, by an engine of our own."""

    def __init__(self, size: int, deflate: bool, takeover: bool = True) -> None:
        self.payloads = payloads(size)
        self.engine = opened(deflate, takeover)
        self.made: list[bytes] = []

    def upto(self, count: int) -> list[bytes]:
        """At least so many of them."""
        while len(self.made) < count:
            self.engine.send(self.payloads[len(self.made) % len(self.payloads)])
            self.made.append(self.engine.take_output())
        return self.made

    def expected(self, number: int) -> bytes:
        """The payload of a message."""
        return self.payloads[number % len(self.payloads)]


def opened(deflate: bool, takeover: bool) -> Connection:
    """A client's end, which has agreed on compression if that is wanted."""
    options: dict[str, Any] = {"deflate": deflate, "output_hard_limit": 1 << 26, "ping_interval": None}
    client = Connection.client("ws://localhost/", **options, client_no_context_takeover=not takeover)
    server = Connection.server(deflate=deflate)
    server.receive(client.take_output())
    server.accept()
    client.receive(server.take_output())
    return client


class Peer:
    """One connection: what it has sent, and what has come back."""

    def __init__(self, port: int, deflate: bool) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else ""
        request = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
        )
        self.sock.sendall(request.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.sock.recv(65536)
        self.head = head.lower()
        if b" 101 " not in head or (b"permessage-deflate" in self.head) is not deflate:
            raise ValueError(head.decode())
        self.sent = self.received = self.left = 0
        self.rest = b""
        self.unsent = memoryview(b"")
        self.kept: list[bytes] | None = None
        self.sock.setblocking(False)

    def take(self, data: bytes) -> None:
        """Counts the frames that end in this read."""
        if self.kept is not None:
            self.kept.append(data)
        at = self.left
        if at > len(data):
            self.left -= len(data)
            return
        if self.left:
            self.received += 1
        data = self.rest + data[at:]
        at, end = 0, len(data)
        while at < end:
            header = header_at(data, at)
            if header is None:
                break
            start, length, opcode = header
            at = start + length
            if opcode == 9 and at <= end:
                self.unsent = memoryview(bytes(self.unsent) + PONG % (0x80 | length) + data[start:at])
            elif opcode & 8:
                raise ValueError(f"a control frame of opcode {opcode}")
            else:
                self.received += at <= end
        self.left = max(0, at - end)
        self.rest = data[at:] if at < end else b""

    def flush(self) -> bool:
        """Writes what waits. Returns whether all is written."""
        while self.unsent:
            try:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
            except BlockingIOError:
                return False
        return True


def header_at(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Where the payload of a frame begins, its length and its opcode; None if the header is not complete."""
    if len(data) - at < 2:
        return None
    length = data[at + 1]
    if length < 126:
        return at + 2, length, data[at] & 15
    size = 2 if length == 126 else 8
    if len(data) - at < 2 + size:
        return None
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size], "big"), data[at] & 15


class Load:
    """So many connections with so many messages in flight on each."""

    def __init__(self, port: int, frames: dict[bool, Frames], connections: int, in_flight: int, deflate: bool) -> None:
        self.in_flight, self.deflate = in_flight, deflate
        self.peers = [Peer(port, deflate) for _ in range(connections)]
        # Some servers allow no history between messages.
        self.frames = frames[b"client_no_context_takeover" not in self.peers[0].head]
        self.poll = select.epoll()
        self.by_number = {peer.sock.fileno(): peer for peer in self.peers}
        for number in self.by_number:
            self.poll.register(number, select.EPOLLIN)

    def run(self, messages: int, seconds: float) -> tuple[int, float]:
        """Sends for so long, or so many on each connection, and waits for the last echo.

        Returns how many messages have come back, and in which time.
        """
        before = sum(peer.received for peer in self.peers)
        start = time.perf_counter()
        end = start + seconds
        most = self.peers[0].sent + messages
        for peer in self.peers:
            self.send(peer, most)
        while any(peer.received < peer.sent for peer in self.peers):
            for number, events in self.poll.poll(30):
                peer = self.by_number[number]
                if events & select.EPOLLIN:
                    data = peer.sock.recv(READ)
                    if not data:
                        raise ValueError("the server has closed")
                    peer.take(data)
                if time.perf_counter() < end:
                    self.send(peer, most)
                elif events & select.EPOLLOUT:
                    self.write(peer)
        return sum(peer.received for peer in self.peers) - before, time.perf_counter() - start

    def send(self, peer: Peer, most: int) -> None:
        """Sends as many as may be in flight."""
        upto = min(peer.received + self.in_flight, most)
        if upto > peer.sent:
            frames = self.frames.upto(upto)
            data = frames[peer.sent] if upto == peer.sent + 1 else b"".join(frames[peer.sent : upto])
            peer.unsent = memoryview(bytes(peer.unsent) + data) if peer.unsent else memoryview(data)
            peer.sent = upto
        self.write(peer)

    def write(self, peer: Peer) -> None:
        """Writes what waits, and says whether to be told when there is room."""
        events = select.EPOLLIN if peer.flush() else select.EPOLLIN | select.EPOLLOUT
        self.poll.modify(peer.sock.fileno(), events)

    def verify(self) -> None:
        """Compares what came back on one connection with what was sent."""
        peer = self.peers[0]
        peer.kept = []
        first = peer.sent
        if self.deflate and first:
            raise ValueError("compressed messages are compared from the first one")
        self.run(min(20, self.in_flight * 4), 10.0)
        data, peer.kept = b"".join(peer.kept), None
        found = list(messages(data, self.deflate))
        if found != [self.frames.expected(first + number) for number in range(len(found))]:
            raise ValueError("it is no echo")

    def close(self) -> None:
        """Ends all connections."""
        self.poll.close()
        for peer in self.peers:
            peer.sock.close()


def messages(data: bytes, deflate: bool) -> Any:
    """The messages in these frames."""
    inflater = zlib.decompressobj(-15)
    at = 0
    while at < len(data):
        header = header_at(data, at)
        assert header is not None
        start, length, _ = header
        payload = data[start : start + length]
        if deflate and data[at] & 0x40:
            payload = inflater.decompress(payload + b"\x00\x00\xff\xff")
        yield payload
        at = start + length
