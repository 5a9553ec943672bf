"""Two connections back to back, and every call on them."""

from __future__ import annotations

import array
import socket
import threading
from typing import Any

import pytest

from sansock import (
    Batch,
    Binary,
    Connection,
    Event,
    InvalidArgument,
    InvalidState,
    MessageKind,
    Ping,
    Pong,
    State,
    Text,
    TooLarge,
    WouldBlock,
)

from conftest import SEED, Pair, everything, masked


def test_messages_both_ways(pair: Pair) -> None:
    texts = ["", "hello", "ü€𝄞", "x" * 125, "x" * 126, "x" * 65535, "é" * 100_000]
    pair.client.send_batch(texts)
    assert pair.to_server() == [Text(text) for text in texts]
    for text in texts:
        pair.server.send(text)
    assert pair.to_client() == [Text(text) for text in texts]
    blobs = [bytes(range(256)) * n for n in (0, 1, 300, 4096)]
    pair.server.send_batch(blobs)
    assert pair.to_client() == [Binary(blob) for blob in blobs]
    pair.client.send_batch(blobs)
    assert pair.to_server() == [Binary(blob) for blob in blobs]


def test_payloads_are_exact_types(pair: Pair) -> None:
    pair.client.send_batch(["a", b"b"])
    pair.client.ping(b"c")
    text, binary, ping = pair.to_server()
    assert isinstance(text, Text)
    assert isinstance(binary, Binary)
    assert isinstance(ping, Ping)
    assert (type(text.data), type(binary.data), type(ping.payload)) == (str, bytes, bytes)


TEXTS = ["", "a", "hello", "é", "日本語", "𝄞" * 10, "x" * 100, "mixed é"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 64, 255, 256, 257, 700])
@pytest.mark.parametrize("length", [0, 1, 20, 300, 2000])
def test_many_messages_in_one_read(count: int, length: int) -> None:
    pair = Pair({}, {})
    for payloads in (
        [str(number) + "x" * length for number in range(count)],
        [TEXTS[number % len(TEXTS)] + "y" * length for number in range(count)],
        [str(number).encode() + b"\xff" * length for number in range(count)],
        [b"binary" if number % 3 else "text" for number in range(count)],
    ):
        expected = [Text(item) if isinstance(item, str) else Binary(item) for item in payloads]
        pair.client.send_batch(payloads)
        assert pair.to_server() == expected
        for item in payloads:
            pair.client.send(item)
        assert pair.to_server() == expected


def test_messages_of_one_kind_around_other_events(pair: Pair) -> None:
    expected: list[Event] = []
    for number in range(20):
        for text in ("one", "two", "three", "four", "fünf"):
            pair.client.send(text)
            expected.append(Text(text))
        if number % 2:
            pair.client.ping(b"", 0)
            expected.append(Ping(b""))
    assert pair.to_server() == expected


def test_batches() -> None:
    pair = Pair({}, {"batches": True})
    pair.client.send("alone")
    assert pair.to_server() == [Batch(("alone",))]
    pair.client.send_batch(["one", "zwölf", b"three"])
    pair.client.ping(b"", 0)
    pair.client.send_batch([b"five"] * 10)
    pair.client.send_batch(["x" * 400_000])
    assert pair.to_server() == [
        Batch(("one", "zwölf", b"three")),
        Ping(b""),
        Batch((b"five",) * 10),
        Batch(("x" * 400_000,)),
    ]
    pair.client.send_batch([str(number) for number in range(1000)])
    events = pair.to_server()
    assert all(isinstance(event, Batch) for event in events)
    assert [text for event in events if isinstance(event, Batch) for text in event.messages] == [
        str(number) for number in range(1000)
    ]
    pair.server.send("to the client")
    assert pair.to_client() == [Pong(b"", 0), Text("to the client")]


def test_batches_of_whole_messages_between_parts() -> None:
    pair = Pair({}, {"batches": True, "parts": True})
    pair.client.send("one")
    pair.client.send("two")
    pair.client.send_part("three", False)
    pair.client.send_part("four", True)
    pair.client.send("five")
    assert pair.to_server() == [
        Batch(("one", "two")),
        Text("three", True, False),
        Text("four", False, True),
        Batch(("five",)),
    ]


def test_more_events_than_one_batch_holds(pair: Pair) -> None:
    count = 1000
    pair.client.send_batch([b""] * count)
    assert pair.to_server() == [Binary(b"")] * count
    assert pair.server.unconsumed == 0


@pytest.mark.parametrize(
    "convert",
    [bytes, bytearray, memoryview, lambda data: memoryview(b"-" + data)[1:], lambda data: array.array("B", data)],
)
def test_any_bytes_like_input(server: Connection, convert: Any) -> None:
    payload = bytes(range(256)) * 1000
    assert server.receive(convert(masked(0x82, payload)), 0) == [Binary(payload)]
    assert server.receive(convert(b""), 0) == []


@pytest.mark.parametrize("convert", [bytearray, memoryview, lambda data: memoryview(data + b"-")[:-1]])
def test_any_bytes_like_output(pair: Pair, convert: Any) -> None:
    pair.client.send_binary(convert(b"1"))
    pair.client.send(convert(b"2"))
    pair.client.send_part(convert(b"3"), True)
    pair.client.send_batch([convert(b"4")])
    pair.client.send_text(convert(b"5"))
    assert pair.to_server() == [Binary(b"1"), Binary(b"2"), Binary(b"3"), Binary(b"4"), Text("5")]


def test_strided_views_are_flattened(pair: Pair) -> None:
    pair.client.send_binary(memoryview(b"abcdef")[::2])
    data = pair.client.take_output()
    doubled = bytes(byte for byte in data for _ in range(2))
    assert pair.server.receive(memoryview(doubled)[::2], 0) == [Binary(b"ace")]


def test_input_is_not_changed(server: Connection) -> None:
    data = bytearray(masked(0x82, b"payload", b"mask"))
    before = bytes(data)
    assert server.receive(data, 0) == [Binary(b"payload")]
    assert data == before


def test_read_buffer(pair: Pair) -> None:
    left, right = socket.socketpair()
    with left, right:
        pair.client.send("through a socket")
        left.sendall(pair.client.take_output())
        length = right.recv_into(pair.server.read_buffer)
        assert pair.server.receive_read_buffer(length, 0) == [Text("through a socket")]


def test_read_buffer_is_shared_by_the_connections_of_a_thread(pair: Pair) -> None:
    assert pair.server.read_buffer is pair.client.read_buffer
    buffers = []
    thread = threading.Thread(target=lambda: buffers.append(pair.server.read_buffer))
    thread.start()
    thread.join()
    assert buffers[0] is not pair.client.read_buffer
    assert pair.server.read_buffer is pair.client.read_buffer


def test_a_connection_moves_between_threads(pair: Pair) -> None:
    results = []

    def work() -> None:
        pair.client.send("from another thread")
        results.extend(pair.to_server())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [Text("from another thread")]
    pair.client.send("and back")
    assert pair.to_server() == [Text("and back")]


def test_parts() -> None:
    pair = Pair({}, {"parts": True})
    pair.client.send_part("Hel", False)
    assert pair.to_server() == [Text("Hel", True, False)]
    pair.client.send_part(b"l\xc3", False, MessageKind.TEXT)
    pair.client.send_part(b"\xb6", True, MessageKind.TEXT)
    events = pair.to_server()
    assert "".join(event.data for event in events if isinstance(event, Text)) == "lö"
    assert [(event.first, event.last) for event in events if isinstance(event, Text)][-1] == (False, True)


def test_header_of_a_payload_that_the_host_writes(pair: Pair) -> None:
    pair.server.send_header(MessageKind.BINARY, 5)
    assert pair.client.receive(pair.server.take_output() + b"bytes", 0) == [Binary(b"bytes")]


def test_rest_of_a_payload_that_the_transport_did_not_take(pair: Pair) -> None:
    pair.server.send_header(MessageKind.BINARY, 5)
    written = pair.server.output() + b"by"  # what the transport has taken
    pair.server.send_rest(b"tes")
    pair.server.written(2)
    pair.server.send(b"next")
    assert pair.client.receive(written + pair.server.take_output(), 0) == [Binary(b"bytes"), Binary(b"next")]


def test_limits_of_a_payload_that_the_host_writes() -> None:
    server = Connection.server(start_open=True, output_soft_limit=500, output_hard_limit=1000, now=0)
    server.check_header(MessageKind.BINARY, 996)
    with pytest.raises(TooLarge):
        server.check_header(MessageKind.BINARY, 997)
    with pytest.raises(InvalidState):
        server.send_rest(b"no header")
    server.ping(b"")
    with pytest.raises(WouldBlock):
        server.check_header(MessageKind.BINARY, 996)
    with pytest.raises(WouldBlock):
        server.send_rest(bytes(1000))
    client = Connection.client("ws://a/", start_open=True, now=0)
    with pytest.raises(InvalidState):
        client.check_header(MessageKind.BINARY, 5)


def test_ping_and_pong(pair: Pair) -> None:
    pair.client.ping(b"are you there", 10)
    assert pair.to_server(20) == [Ping(b"are you there")]
    assert pair.to_client(35) == [Pong(b"are you there", 25)]
    pair.client.pong(b"unasked")
    assert pair.to_server() == [Pong(b"unasked", None)]


def test_deadlines() -> None:
    server = Connection.server(ping_interval=1000, start_open=True, seed=SEED, now=500)
    assert server.next_deadline == 1500
    assert server.timeout(1499) == []
    assert server.pending_output == 0
    server.timeout(1500)
    assert server.take_output().startswith(b"\x89")
    server.pause(1600)
    assert server.next_deadline is None or server.next_deadline > 10**6
    server.resume(1700)
    assert server.next_deadline is not None


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, 2**64 - 2), (2**64 - 2, 2**64 - 2)])
def test_clocks_at_both_ends_of_their_range(start: int, end: int) -> None:
    server = Connection.server(ping_interval=1, pong_timeout=1, start_open=True, seed=SEED, now=start)
    for _ in range(5):
        server.timeout(end)
        server.take_output()
    assert (server.state is State.CLOSED) is (end > 0)


def test_a_deadline_that_never_comes_is_no_time() -> None:
    server = Connection.server(ping_interval=1000, start_open=True, seed=SEED, now=0)
    assert server.timeout(2**64 - 1) == []
    assert server.next_deadline == 1000


def test_the_clock_is_monotonic_by_default() -> None:
    server = Connection.server(ping_interval=60_000, start_open=True)
    assert server.next_deadline is not None
    assert server.timeout() == []
    assert server.pending_output == 0


def test_output_in_pieces(pair: Pair) -> None:
    pair.server.send_binary(b"0123456789")
    total = pair.server.pending_output
    first = pair.server.output(4)
    assert len(first) == 4
    assert pair.server.output()[:4] == first
    pair.server.written(3)
    assert pair.server.pending_output == total - 3
    second = pair.server.take_output(2)
    assert len(second) == 2
    events = pair.client.receive(first[:3] + second + pair.server.take_output(), 0)
    assert events == [Binary(b"0123456789")]
    assert pair.server.take_output() == b""


def test_output_that_was_written_is_gone(pair: Pair) -> None:
    pair.server.send("one")
    assert pair.server.take_output() == b"\x81\x03one"
    assert pair.server.pending_output == 0
    assert pair.server.output() == pair.server.take_output() == b""
    with pytest.raises(InvalidArgument):
        pair.server.written(1)
    pair.server.written(0)
    pair.server.send("two")
    assert pair.server.pending_output == 5
    assert pair.server.take_output(2) + pair.server.take_output() == b"\x81\x03two"
    pair.server.send("three")
    pair.server.take_output()
    pair.server.close(now=0)
    assert pair.server.take_output() == b"\x88\x02\x03\xe8"


@pytest.mark.parametrize("size", [0, 1, 100, 125, 126, 200, 252, 253, 1000, 70_000])
def test_output_that_was_written_is_not_sent_twice(size: int) -> None:
    pair = Pair({"ping_interval": 1000}, {})
    messages: list[Event] = []
    for number in range(5):
        pair.client.send(bytes([number]) * size)
        messages += pair.server.receive(pair.client.take_output(), 0)
        pair.client.timeout(number * 1000)
        pair.server.receive(pair.client.take_output(), 0)
        pair.to_client(number * 1000)
        assert pair.client.pending_output == 0
    assert messages == [Binary(bytes([number]) * size) for number in range(5)]


def test_more_written_than_there_is(pair: Pair) -> None:
    pair.server.send("one")
    pair.server._block.written = 6
    with pytest.raises(InvalidArgument):
        pair.server.send("two")
    assert pair.server.take_output() == b"\x81\x03one"
    assert pair.server._block.written == 5
    pair.server.send("three")
    assert pair.server._block.written == 0
    assert pair.to_client() == [Text("three")]


def test_back_pressure() -> None:
    pair = Pair({}, {"output_soft_limit": 100, "output_hard_limit": 1000})
    assert pair.server.writable
    pair.server.send_binary(bytes(200))
    assert not pair.server.writable
    with pytest.raises(WouldBlock) as error:
        pair.server.send_batch([bytes(300)] * 5)
    assert error.value.sent == 2
    assert len(pair.to_client()) == 3
    assert pair.server.writable


def test_memory_usage(pair: Pair) -> None:
    idle = pair.server.memory_usage()
    pair.server.send_binary(bytes(100_000))
    assert pair.server.memory_usage() > idle + 90_000


@pytest.mark.parametrize("message", ["é" * 500_000, bytes(1_000_000)], ids=["text", "binary"])
@pytest.mark.parametrize("batches", [False, True])
def test_the_memory_of_a_large_message_is_given_back_at_once(message: str | bytes, batches: bool) -> None:
    pair = Pair({}, {"batches": batches})
    pair.to_server()
    idle = pair.server.memory_usage()
    pair.client.send(message)
    events: list[Any] = everything(pair.server, pair.to_server())
    (event,) = events
    assert message == (event.messages[0] if isinstance(event, Batch) else event.data)
    assert pair.server.memory_usage() <= idle + 100
    assert pair.server.next_deadline is None


def test_repr_shows_the_state() -> None:
    connection = Connection.server(start_open=True)
    assert repr(connection) == "<sansock._connection.Connection OPEN>"
    connection.free()
    assert repr(connection) == "<sansock._connection.Connection FREED>"


class TestReceiveHeader:
    MESSAGE = b"\x82\x7e\x03\xe8" + b"m" * 1000

    def test_the_payload_stays_with_the_host(self) -> None:
        client = Connection.client(None, start_open=True, now=0)
        assert client.receive_header(self.MESSAGE[:7], now=0) == (4, 1000)
        assert client.receive_header(memoryview(self.MESSAGE), 1000, now=0) == (4, 1000)
        # What follows the message is passed on.
        assert client.receive(b"\x82\x01x", now=0) == [Binary(b"x")]
        assert client.receive(self.MESSAGE, now=0) == [Binary(b"m" * 1000)]

    def test_what_it_leaves_to_receive(self) -> None:
        client = Connection.client(None, start_open=True, max_message_size=1000, now=0)
        too_small, text, part = self.MESSAGE, b"\x81\x7e\x03\xe8", b"\x02\x7e\x03\xe8"
        assert client.receive_header(too_small, 1001, now=0) is None
        for start in (b"", b"\x82\x7e\x03", text, part, b"\x82\x7e\x03\xe9"):
            assert client.receive_header(start, now=0) is None
        assert client.receive(self.MESSAGE[:5], now=0) == []
        assert client.receive_header(self.MESSAGE, now=0) is None
        assert client.receive(self.MESSAGE[5:], now=0) == [Binary(b"m" * 1000)]
        assert Connection.server(start_open=True, now=0).receive_header(self.MESSAGE, now=0) is None

    def test_what_was_gathered_counts_as_under_way(self) -> None:
        client = Connection.client(None, start_open=True, now=0)
        for byte in self.MESSAGE[:100]:
            client.read_buffer[:1] = bytes([byte])
            assert client.receive_read_buffer(1, now=0) == []
        assert client.receive_header(self.MESSAGE, now=0) is None


def test_pieces_of_a_payload_are_progress() -> None:
    server = Connection.server(start_open=True, write_timeout=1000, now=0)
    server.send_header(MessageKind.BINARY, 70_000)
    server.written(9)
    for now in (900, 1800, 2700):
        server.timeout(now)
        assert server.state is State.OPEN
        server.payload_written()
    for now in (3000, 3699):
        server.timeout(now)
        assert server.state is State.OPEN
    while server.state is State.OPEN:
        server.timeout(server.next_deadline)
    assert server.fault is not None
    assert server.fault.name == "WRITE_TIMEOUT"
