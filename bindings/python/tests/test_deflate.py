"""permessage-deflate against Python's zlib: 10,000 messages each way, in every window, with takeover and without."""

from __future__ import annotations

import random
import zlib
from itertools import product

import pytest

from sansock import Binary, Closed, Connection, Event, Open, Text

TAIL = b"\x00\x00\xff\xff"
MESSAGES = 360


def message(numbers: random.Random) -> bytes:
    """Noise, few letters, repeated JSON, or zeros."""
    kind = numbers.randrange(4)
    if kind == 0:
        return numbers.randbytes(numbers.randrange(1, 3000))
    if kind == 1:
        return bytes(numbers.choices(b"abcd", k=numbers.randrange(1, 20_000)))
    if kind == 2:
        return b'{"id":%d,"list":[1,2,3]}' % numbers.randrange(10**6) * numbers.randrange(1, 60)
    return bytes(numbers.randrange(1, 100_000))


def masked(payload: bytes) -> bytes:
    """A compressed binary frame from a client, with a key of zeros."""
    length = len(payload)
    if length < 126:
        head = bytes([0xC2, 0x80 | length])
    elif length < 65536:
        head = b"\xc2\xfe" + length.to_bytes(2, "big")
    else:
        head = b"\xc2\xff" + length.to_bytes(8, "big")
    return head + bytes(4) + payload


def payload_of(frame: bytes) -> bytes:
    """The payload of a compressed binary frame from a server."""
    assert frame[0] == 0xC2
    size = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[size:]


@pytest.mark.parametrize(("bits", "alone", "memory"), list(product(range(9, 16), (False, True), (1, 8))))
def test_agrees_with_zlib(bits: int, alone: bool, memory: int) -> None:
    numbers = random.Random(bits * 4 + alone * 2 + memory)
    connection = Connection.server(
        start_open=True,
        deflate=True,
        server_max_window_bits=bits,
        client_max_window_bits=bits,
        server_no_context_takeover=alone,
        client_no_context_takeover=alone,
        deflate_level=numbers.randrange(1, 10),
        deflate_mem_level=memory,
        deflate_threshold=1,
        now=0,
    )
    level = numbers.randrange(1, 10)
    for count in range(MESSAGES):
        if alone or count == 0:
            compressor = zlib.compressobj(level, zlib.DEFLATED, -bits, memory)
            inflater = zlib.decompressobj(-bits)
        data = message(numbers)
        sent = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
        assert sent.endswith(TAIL)
        assert connection.receive(masked(sent[: -len(TAIL)]), now=0) == [Binary(data)]
        connection.send_binary(data)
        assert inflater.decompress(payload_of(connection.take_output()) + TAIL) == data


def test_two_ends_agree_and_compress() -> None:
    server = Connection.server(deflate=True, now=0)
    client = Connection.client("ws://example.com/", deflate=True, server_no_context_takeover=True, now=0)
    server.receive(client.take_output(), now=0)
    agreed = Open(None, ("permessage-deflate; server_no_context_takeover",), ())
    assert server.accept(now=0) == [agreed]
    (opened,) = client.receive(server.take_output(), now=0)
    assert isinstance(opened, Open)
    assert opened.extensions == agreed.extensions
    before = client.memory_usage()
    client.send("hello " * 1000)
    assert client.pending_output < 100
    assert client.memory_usage() > before
    client.set_compression(False)
    client.take_output()
    client.send("hello " * 1000)
    assert client.pending_output > 6000


@pytest.mark.parametrize(("reads", "frames"), [(1, 1), (100, 1), (1, 40), (100, 40)])
def test_a_bomb_is_refused_within_its_limit(reads: int, frames: int) -> None:
    limit = 16 << 20
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = (bomb.compress(bytes(limit + 1)) + bomb.flush(zlib.Z_SYNC_FLUSH))[: -len(TAIL)]
    assert len(payload) < limit / 900
    wire = b"".join(fragments(payload, frames))
    connection = Connection.server(start_open=True, deflate=True, now=0)
    events: list[Event] = []
    for read in pieces(wire, reads):
        events += connection.receive(read, now=0)
        assert connection.memory_usage() <= limit + 64 * 1024
    (closed,) = events
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert (closed.code, closed.sent_code, closed.fault.name) == (1006, 1009, "MESSAGE_TOO_BIG")


def test_the_frame_limit_counts_bytes_on_the_wire() -> None:
    connection = Connection.server(start_open=True, deflate=True, max_frame_size=100, now=0)
    client = Connection.client(start_open=True, deflate=True, now=0)
    client.send("x" * 10_000)
    assert client.pending_output < 100
    assert connection.receive(client.take_output(), now=0) == [Text("x" * 10_000)]
    client.set_compression(False)
    client.send("x" * 101)
    (closed,) = connection.receive(client.take_output(), now=0)
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "FRAME_TOO_BIG"


def pieces(data: bytes, count: int) -> list[bytes]:
    size = -(-len(data) // count)
    return [data[start : start + size] for start in range(0, len(data), size)]


def fragments(payload: bytes, count: int) -> list[bytes]:
    """One compressed message in frames: RSV1 on the first, continuations after it, FIN on the last."""
    frames = [bytearray(masked(piece)) for piece in pieces(payload, count)]
    for index, frame in enumerate(frames):
        frame[0] = (0x42 if index == 0 else 0x00) | (0x80 if index == len(frames) - 1 else 0x00)
    return [bytes(frame) for frame in frames]
