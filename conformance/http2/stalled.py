"""A client that reads one stream and not the other: the one that it reads must work as if it were alone."""

from __future__ import annotations

import socket

import h2.config
import h2.connection
import h2.events

import frames
from frames import BINARY, PLAIN_KEY, TEXT
from hosts import HostError

SECONDS = 10.0
PIECE = frames.frame(0x80 | BINARY, bytes(16_000), PLAIN_KEY)
MOST_TAKEN = 8 << 20
"""A server that takes so much for a peer that does not read has no limit."""
ROUND_TRIPS = 3
"""So often the window must still be closed when a ping has come back, until the stream counts as stalled."""


class Client:
    """A connection of HTTP/2 in clear text, with streams that carry WebSocket."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self.h2.initiate_connection()
        self.received: dict[int, bytes] = {}
        self.statuses: dict[int, bytes] = {}
        self.pongs = 0

    def read(self) -> None:
        """Write what h2 has to write, and read once. Streams get no window back, the connection does."""
        self.sock.sendall(self.h2.data_to_send())
        data = self.sock.recv(65536)
        if not data:
            raise HostError("the server has closed the connection")
        for event in self.h2.receive_data(data):
            match event:
                case h2.events.DataReceived(stream_id=stream):
                    self.received[stream] = self.received.get(stream, b"") + event.data
                    if event.flow_controlled_length:
                        self.h2.increment_flow_control_window(event.flow_controlled_length)
                case h2.events.ResponseReceived(stream_id=stream):
                    self.statuses[stream] = dict(event.headers)[b":status"]
                case h2.events.PingAckReceived():
                    self.pongs += 1
                case h2.events.StreamReset(stream_id=stream):
                    raise HostError(f"stream {stream} was reset")

    def open(self) -> int:
        """Open a WebSocket on a new stream."""
        while not self.h2.remote_settings.enable_connect_protocol:
            self.read()
        stream = self.h2.get_next_available_stream_id()
        request = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "http"),
            (":path", "/"),
            (":authority", "localhost"),
            ("sec-websocket-version", "13"),
        ]
        self.h2.send_headers(stream, request)
        while stream not in self.statuses:
            self.read()
        if self.statuses[stream] != b"200":
            raise HostError(f"the status is {self.statuses[stream]!r}")
        return stream

    def send(self, stream: int, data: bytes) -> bytes:
        """Send what the window has room for. Returns the rest."""
        while data and (room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)) > 0:
            self.h2.send_data(stream, data[:room])
            data = data[room:]
        return data

    def round_trip(self) -> None:
        """Wait for the answer to a ping."""
        pongs = self.pongs
        self.h2.ping(b"the same")
        while self.pongs == pongs:
            self.read()


def check_stalled(port: int) -> None:
    """Send on a stream until the server takes no more, then have another one echo."""
    client = Client(port)
    with client.sock:
        stalled = client.open()
        taken, waits, rest = 0, 0, b""
        while waits < ROUND_TRIPS:
            rest = rest or PIECE
            left = client.send(stalled, rest)
            taken, waits, rest = taken + len(rest) - len(left), waits + 1 if len(left) == len(rest) else 0, left
            client.round_trip()
            if taken > MOST_TAKEN:
                raise HostError(f"the server took {taken:,} bytes for a peer that does not read")
        other = client.open()
        expected = frames.frame(0x80 | TEXT, b"hello", b"")
        for _ in range(3):
            client.received[other] = b""
            if client.send(other, frames.frame(0x80 | TEXT, b"hello", PLAIN_KEY)):
                raise HostError("a stream that is not read has closed the window of the connection")
            while len(client.received[other]) < len(expected):
                client.read()
            if client.received[other] != expected:
                raise HostError(f"the other stream has {client.received[other]!r}")
