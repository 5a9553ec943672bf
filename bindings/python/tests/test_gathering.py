"""Small reads are gathered before the engine sees them, and nothing else shows that they are."""

from __future__ import annotations

import random
from typing import Any, Callable

import pytest

from sansock import Binary, Closed, Closing, Connection, Event, InvalidArgument, Ping, State, Text, _ffi, _gathering

from conftest import SEED, masked

Feed = Callable[[Connection, bytes, int], list[Event]]
BINARY, TEXT, PING, CONTINUATION, CLOSE, FIN = 2, 1, 9, 0, 8, 0x80
MASK = b"\x01\x80\x7f\xff"


def open_server(**options: Any) -> Connection:
    return Connection.server(start_open=True, seed=SEED, now=0, **options)


def by_bytes(connection: Connection, data: bytes, now: int) -> list[Event]:
    return connection.receive(data, now)


def by_read_buffer(connection: Connection, data: bytes, now: int) -> list[Event]:
    connection.read_buffer[: len(data)] = data
    return connection.receive_read_buffer(len(data), now)


def drained(connection: Connection) -> list[Event]:
    """The events that are ready after those of the last call."""
    events: list[Event] = []
    while connection.more:
        events += connection.timeout(0)
    return events


FEEDS = pytest.mark.parametrize("feed", [by_bytes, by_read_buffer])
STREAM = b"".join(
    masked(first, payload, MASK)
    for first, payload in (
        (FIN | TEXT, "grüße".encode() * 60),
        (BINARY, b"\x01" * 70),
        (FIN | PING, b"between"),
        (FIN | CONTINUATION, b"\x02" * 90),
        (FIN | BINARY, bytes(range(256)) * 8),
        (FIN | BINARY, b""),
        (FIN | BINARY, bytes(20_000)),
        (FIN | TEXT, b"last"),
        (FIN | CLOSE, b"\x03\xe8"),
    )
)
EXPECTED: list[Event] = [
    Text("grüße" * 60),
    Ping(b"between"),
    Binary(b"\x01" * 70 + b"\x02" * 90),
    Binary(bytes(range(256)) * 8),
    Binary(b""),
    Binary(bytes(20_000)),
    Text("last"),
    Closing(1000, ""),
]


@FEEDS
@pytest.mark.parametrize("cut", [1, 2, 3, 7, 16, 100, 1000, 1460, 8191, 8192, 8193, 60_000])
def test_every_cut_makes_the_same_events(feed: Feed, cut: int) -> None:
    server = open_server()
    events: list[Event] = []
    for start in range(0, len(STREAM), cut):
        events += feed(server, STREAM[start : start + cut], 0)
        assert server.unconsumed == 0
    assert events == EXPECTED
    assert server.take_output() == b"\x8a\x07between"


@FEEDS
def test_random_cuts_make_the_same_events(feed: Feed) -> None:
    choices = random.Random(7)
    for _ in range(50):
        server, at = open_server(), 0
        events: list[Event] = []
        while at < len(STREAM):
            length = choices.choice((0, 1, 5, 16, 300, 5000, 30_000))
            events += feed(server, STREAM[at : at + length], 0)
            at += length
        assert events == EXPECTED


@FEEDS
def test_no_call_while_no_event_is_possible(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    server = open_server()
    data = masked(FIN | BINARY, bytes(1024))
    feed(server, data[:16], 0)
    called: list[str] = []

    def watch(name: str, function: Any) -> None:
        def call(*arguments: Any) -> Any:
            called.append(name)
            return function(*arguments)

        monkeypatch.setattr(_ffi, name, call)

    for name in ("conn_receive", "conn_receive_read_buffer"):
        watch(name, getattr(_ffi, name))
    for start in range(16, 1024, 16):
        assert feed(server, data[start : start + 16], 0) == []
    assert called == []
    assert feed(server, data[1024:], 0) == [Binary(bytes(1024))]
    assert called == ["conn_receive"]


@FEEDS
def test_gathering_has_a_limit_and_counts_as_memory(feed: Feed) -> None:
    server = open_server(max_message_size=1 << 20)
    data = masked(FIN | BINARY, bytes(1 << 20))
    feed(server, data[:14], 0)
    before = server.memory_usage()
    feed(server, data[14:1014], 0)
    assert server.memory_usage() == before + 1000
    at, most = 1014, 0
    while at < len(data) - 1:
        assert feed(server, data[at : at + 999], 0) == [] or at + 999 >= len(data)
        at += 999
        most = max(most, len(server._gathered))
    assert 999 < most <= _gathering.CAPACITY
    assert not server._gathered


@FEEDS
@pytest.mark.parametrize(("length", "gathers"), [(2048, True), (2049, False), (65_536, False)])
def test_large_reads_are_not_gathered(feed: Feed, length: int, gathers: bool) -> None:
    server = open_server()
    payload = bytes(range(250)) * 264
    data = masked(FIN | BINARY, payload, MASK)
    feed(server, data[:100], 0)
    assert feed(server, data[100 : 100 + length], 0) == []
    assert bool(server._gathered) is gathers
    assert feed(server, data[100 + length :], 0) == [Binary(payload)]


@FEEDS
def test_a_fault_after_gathered_bytes(feed: Feed) -> None:
    server = open_server()
    data = masked(FIN | BINARY, b"whole" * 20) + b"\xf0\x80"
    events: list[Event] = []
    for start in range(0, len(data), 7):
        events += feed(server, data[start : start + 7], 0)
    events += drained(server)
    assert events[0] == Binary(b"whole" * 20)
    assert isinstance(events[1], Closed)
    assert events[1].fault is not None
    assert events[1].fault.name == "RESERVED_BITS"
    assert len(events) == 2


@FEEDS
def test_text_that_is_not_utf8_is_a_fault_at_once(feed: Feed) -> None:
    server = open_server()
    data = masked(FIN | TEXT, b"abc\xf4\x90" + b"x" * 95, b"\0\0\0\0")
    events: list[Event] = []
    for number in range(11):
        events += feed(server, data[number : number + 1], 0)
    (closed,) = events + drained(server)
    assert isinstance(closed, Closed)
    assert closed.sent_code == 1007


@FEEDS
def test_end_of_stream_after_gathered_bytes(feed: Feed) -> None:
    server = open_server()
    data = masked(FIN | BINARY, bytes(100))
    for start in range(0, 60, 10):
        feed(server, data[start : start + 10], 0)
    assert server._gathered
    (closed,) = server.receive_eof(0)
    assert not server._gathered
    assert isinstance(closed, Closed)
    assert closed.code == 1006
    assert server.receive_eof(0) == []


@FEEDS
def test_gathered_bytes_show_that_the_peer_is_alive(feed: Feed) -> None:
    gathering, other = (open_server(ping_interval=100, pong_timeout=50) for _ in range(2))
    data = masked(FIN | BINARY, bytes(100))
    for server in (gathering, other):
        feed(server, data[:50], 0)
        server.timeout(100)
        assert server.take_output().startswith(b"\x89")
        assert server.next_deadline == 150
        feed(server, data[50:60], 140)
    assert gathering._gathered
    assert gathering.timeout(150) == []
    assert gathering.state is State.OPEN
    assert gathering.next_deadline == 200
    assert feed(gathering, data[60:], 160) == [Binary(bytes(100))]
    # Without a byte in between, the connection ends.
    silent = open_server(ping_interval=100, pong_timeout=50)
    silent.timeout(100)
    assert silent.take_output()
    assert [type(event) for event in silent.timeout(150)] == [Closed]


@FEEDS
@pytest.mark.parametrize("late", [False, True])
def test_closing_between_gathered_bytes_and_what_follows(feed: Feed, late: bool) -> None:
    server = open_server(receive_while_closing=late)
    data = masked(FIN | BINARY, bytes(100)) + masked(FIN | CLOSE, b"\x03\xe8")
    for start in range(0, 60, 10):
        feed(server, data[start : start + 10], 0)
    assert server._gathered
    server.close(now=0)
    events: list[Event] = []
    for start in range(60, len(data), 10):
        events += feed(server, data[start : start + 10], 0)
        assert not server._gathered
    events += drained(server)
    assert [type(event) for event in events] == [Binary] * late + [Closing, Closed]
    assert isinstance(events[-1], Closed)
    assert events[-1].clean


@FEEDS
def test_failing_in_the_middle(feed: Feed) -> None:
    server = open_server()
    feed(server, masked(FIN | BINARY, bytes(100))[:20], 0)
    feed(server, bytes(10), 0)
    server.fail(1011, now=0)
    (closed,) = server.timeout(0)
    assert isinstance(closed, Closed)
    assert closed.sent_code == 1011
    assert server.memory_usage() > 0


def test_connections_that_share_the_read_buffer_gather_apart() -> None:
    servers = [open_server() for _ in range(3)]
    payloads = [bytes([number]) * 300 for number in range(3)]
    streams = [masked(FIN | BINARY, payload, MASK) for payload in payloads]
    events: list[list[Event]] = [[], [], []]
    for start in range(0, len(streams[0]), 11):
        for server, stream, seen in zip(servers, streams, events):
            seen += by_read_buffer(server, stream[start : start + 11], 0)
    assert events == [[Binary(payload)] for payload in payloads]


def test_batches_and_parts() -> None:
    data = masked(FIN | BINARY, bytes(100))
    parts = open_server(parts=True)
    events = [event for start in range(0, len(data), 10) for event in parts.receive(data[start : start + 10], 0)]
    assert not parts._gathered
    assert b"".join(event.data for event in events if isinstance(event, Binary)) == bytes(100)
    assert len(events) > 5


@pytest.mark.parametrize("length", [-1, 262_145, 1 << 64])
def test_wrong_lengths_while_gathering(length: int) -> None:
    server = open_server(max_message_size=1 << 20)
    server.receive(masked(FIN | BINARY, bytes(1 << 20))[:100], 0)
    server.receive(bytes(20), 0)
    with pytest.raises(InvalidArgument):
        server.receive_read_buffer(length, 0)
    with pytest.raises(TypeError):
        server.receive_read_buffer(1.0, 0)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        server.receive(b"x", -1)
    assert len(server._gathered) == 20
