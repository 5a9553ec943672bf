"""Connections that move between threads: each thread has its own read buffer, and no bytes of another's are taken."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

import sansock
from sansock import Binary, Closed, Connection, Event, InvalidState, Text, _ffi, _memory

from conftest import SEED, masked

Run = Callable[..., Any]
FIN_BINARY, FIN_TEXT = 0x82, 0x81


@pytest.fixture(scope="module")
def threads() -> Iterator[tuple[Run, Run]]:
    """Two threads. Each runs a function and returns its result."""
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:

        def run(pool: ThreadPoolExecutor) -> Run:
            return lambda function, *arguments: pool.submit(function, *arguments).result()

        yield run(first), run(second)


def create(**options: Any) -> Connection:
    return Connection.server(start_open=True, seed=SEED, now=0, **options)


def put(view: memoryview, data: bytes) -> None:
    view[: len(data)] = data


def take(connection: Connection) -> memoryview:
    return connection.read_buffer


def test_bytes_in_the_read_buffer_of_another_thread(threads: tuple[Run, Run]) -> None:
    acceptor = create()
    put(acceptor.read_buffer, masked(FIN_TEXT, b"OLD!"))
    data = masked(FIN_TEXT, b"mine")

    def worker() -> None:
        view = create().read_buffer
        put(view, data)
        with pytest.raises(InvalidState, match="thread"):
            acceptor.receive_read_buffer(len(data), 0)
        with pytest.raises(InvalidState, match="thread"):
            acceptor.receive_read_buffer(len(data))
        assert acceptor.read_buffer.obj is view.obj
        assert acceptor.receive_read_buffer(len(data), 0) == [Text("mine")]

    threads[0](worker)
    with pytest.raises(InvalidState, match="thread"):
        acceptor.receive_read_buffer(len(data), 0)
    put(acceptor.read_buffer, masked(FIN_TEXT, b"back"))
    assert acceptor.receive_read_buffer(len(data), 0) == [Text("back")]


# What a thread does: it gets the read buffer of a connection, fills the one that it got last, or passes that on.
Step = tuple[str, int, int]
STEPS: list[Step] = [(act, thread, which) for act in ("take", "receive") for thread in (0, 1) for which in (0, 1)]
STEPS += [("fill", thread, 0) for thread in (0, 1)]


@pytest.mark.parametrize("first", STEPS)
def test_every_order_of_take_fill_and_receive(threads: tuple[Run, Run], first: Step) -> None:
    length = len(masked(FIN_BINARY, bytes(8)))
    number = itertools.count()
    seen = {"right": 0, "refused": 0}
    for following in itertools.product(STEPS, repeat=3):
        # Each connection is made in the thread of its number, and each read buffer has a message of its own in it.
        connections = [threads[thread](create) for thread in (0, 1)]
        user, filled, views = [0, 1], [b"", b""], [threads[n](take, connections[n]) for n in (0, 1)]
        for act, thread, which in (("fill", 0, 0), ("fill", 1, 0), first, *following):
            run, connection = threads[thread], connections[which]
            if act == "take":
                views[thread] = run(take, connection)
                user[which] = thread
            elif act == "fill":
                filled[thread] = next(number).to_bytes(8, "big")
                run(put, views[thread], masked(FIN_BINARY, filled[thread]))
            elif user[which] == thread:
                assert run(connection.receive_read_buffer, length, 0) == [Binary(filled[thread])]
                seen["right"] += 1
            else:
                with pytest.raises(InvalidState, match="thread"):
                    run(connection.receive_read_buffer, length, 0)
                seen["refused"] += 1
    assert min(seen.values()) > 100


class Stream:
    """A binary message that arrives at a connection in small reads, each of them in any thread."""

    def __init__(self, threads: tuple[Run, Run], now: int | None) -> None:
        self.threads, self.now = threads, now
        self.connection = threads[0](create)
        self.user = 0
        self.length = 4000
        self.payload = b""
        self.receive(0, masked(FIN_BINARY, bytes(self.length))[:8])

    def receive(self, thread: int, data: bytes) -> list[Event]:
        """By ``receive``, which copies into the buffer of its thread."""
        self.user = thread
        events: list[Event] = self.threads[thread](self.connection.receive, data, self.now)
        return events

    def read(self, thread: int, data: bytes) -> list[Event]:
        """By the read buffer, in a thread that gets it first."""
        self.user = thread
        self.threads[thread](lambda: put(self.connection.read_buffer, data))
        events: list[Event] = self.threads[thread](self.connection.receive_read_buffer, len(data), self.now)
        return events

    def read_elsewhere(self, thread: int, data: bytes) -> list[Event]:
        """By the read buffer of another connection, which has the same one if the thread is the same."""

        def fill() -> None:
            put(create().read_buffer, data)

        self.threads[thread](fill)
        if self.user != thread:
            with pytest.raises(InvalidState, match="thread"):
                self.threads[thread](self.connection.receive_read_buffer, len(data), self.now)
            return self.read(thread, data)
        events: list[Event] = self.threads[thread](self.connection.receive_read_buffer, len(data), self.now)
        return events

    def timeout(self, thread: int) -> list[Event]:
        """Passes on what was gathered, and leaves the connection with the thread that has it."""
        events: list[Event] = self.threads[thread](self.connection.timeout, 0)
        return events


@pytest.mark.parametrize("now", [0, None])
@pytest.mark.parametrize("seed", range(10))
def test_gathered_bytes_of_a_connection_that_moves(threads: tuple[Run, Run], seed: int, now: int | None) -> None:
    choices = random.Random(seed)
    stream = Stream(threads, now)
    gathered = 0
    while len(stream.payload) < stream.length:
        feed = choices.choice([stream.receive, stream.read, stream.read_elsewhere])
        data = choices.randbytes(min(choices.choice([1, 16, 90]), stream.length - len(stream.payload)))
        stream.payload += data
        events = feed(choices.randrange(2), data)
        if len(stream.payload) < stream.length:
            assert events == []
            gathered += bool(stream.connection._gathered)
            if choices.random() < 0.2:
                assert stream.timeout(choices.randrange(2)) == []
                assert not stream.connection._gathered
    assert events == [Binary(stream.payload)]
    assert gathered > 20


def test_gathering_refuses_another_threads_bytes(threads: tuple[Run, Run]) -> None:
    connection = create()
    threads[0](create)
    data = masked(FIN_BINARY, bytes(range(100)))
    connection.receive(data[:50], 0)
    put(connection.read_buffer, data[50:60])
    connection.receive_read_buffer(10, 0)
    before = bytes(connection._gathered)
    assert before
    for now in (0, None):
        with pytest.raises(InvalidState, match="thread"):
            threads[0](connection.receive_read_buffer, 10, now)
    assert connection._gathered == before
    assert connection.receive(data[60:], 0) == [Binary(bytes(range(100)))]


def test_a_timer_in_another_thread_does_not_move_a_connection(threads: tuple[Run, Run]) -> None:
    connection = create()
    data = masked(FIN_BINARY, bytes(range(100)))
    view = connection.read_buffer
    for start in range(0, 100, 10):
        put(view, data[start : start + 10])
        assert connection.receive_read_buffer(10, 0) == []
        assert threads[start // 10 % 2](connection.timeout, 0) == []
    put(view, data[100:])
    assert connection.receive_read_buffer(len(data) - 100, 0) == [Binary(bytes(range(100)))]


def test_the_end_of_the_stream_in_another_thread(threads: tuple[Run, Run]) -> None:
    connection = create(parts=True)
    connection.receive(masked(FIN_BINARY, bytes(100))[:50], 0)
    (closed,) = threads[0](connection.receive_eof, 0)
    assert isinstance(closed, Closed)
    plain = create()
    plain.receive(masked(FIN_BINARY, bytes(100))[:50], 0)
    plain.receive(bytes(10), 0)
    assert plain._gathered
    (closed,) = threads[0](plain.receive_eof, 0)
    assert isinstance(closed, Closed)
    assert not plain._gathered


def test_handshakes_in_one_thread_and_messages_in_another(threads: tuple[Run, Run]) -> None:
    client, server = Connection.client("ws://a/", now=0), Connection.server(now=0)
    server.receive(client.take_output(), 0)
    threads[0](server.accept)
    threads[1](client.receive, server.take_output(), 0)
    client.send("to a thread")
    assert threads[1](server.receive, client.take_output(), 0) == [Text("to a thread")]
    server.send_batch(["x" * 40_000, "y" * 40_000])
    assert threads[0](client.receive, server.take_output(), 0) == [Text("x" * 40_000), Text("y" * 40_000)]


def test_what_does_not_fit_into_a_batch(threads: tuple[Run, Run]) -> None:
    count = 3000
    connection, data = create(), b"".join(masked(FIN_BINARY, number.to_bytes(2, "big")) for number in range(3000))

    def read() -> list[Event]:
        put(connection.read_buffer, data)
        return connection.receive_read_buffer(len(data), 0)

    events = threads[0](read)
    while connection.more:
        events += threads[1](connection.timeout, 0)
    assert events == [Binary(number.to_bytes(2, "big")) for number in range(count)]


def test_the_buffer_of_a_thread_that_has_ended() -> None:
    connection, data = create(), masked(FIN_TEXT, b"text")
    views: list[Any] = []

    def fill() -> None:
        views.append(connection.read_buffer)
        put(views[0], data)

    def receive_late() -> None:
        # The identifier of a thread that has ended is often given to the next one.
        with pytest.raises(InvalidState, match="thread"):
            connection.receive_read_buffer(len(data), 0)
        assert connection.read_buffer.obj is not views[0].obj
        put(connection.read_buffer, data)
        views.append(connection.receive_read_buffer(len(data), 0))

    for function in (fill, receive_late):
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()
    assert views[1:] == [[Text("text")]]


def test_many_threads_at_once() -> None:
    """Connections that are made here, and then read in threads that run at the same time."""
    payloads = [bytes([number]) * 50_000 for number in range(8)]
    connections = [create() for _ in payloads]
    events: list[list[Event]] = [[] for _ in payloads]

    def read(number: int) -> None:
        data = masked(FIN_BINARY, payloads[number]) * 4
        for start in range(0, len(data), 999):
            piece = data[start : start + 999]
            put(connections[number].read_buffer, piece)
            events[number] += connections[number].receive_read_buffer(len(piece), 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))
    assert events == [[Binary(payload)] * 4 for payload in payloads]


ALONE = """
import json, threading
from sansock import Connection, InvalidState, Text, _memory

connection = Connection.server(start_open=True)
frame = bytes([0x81, 0x84, 0, 0, 0, 0]) + b"text"
view = connection.read_buffer
assert not _memory.several_read_buffers
seen = []

def receive():
    view[: len(frame)] = frame
    for now in {times}:
        try:
            seen.append(connection.receive_read_buffer(len(frame), now))
        except InvalidState as error:
            seen.append(str(error))

thread = threading.Thread(target=receive)
thread.start()
thread.join()
print(json.dumps([text == [Text("text")] or text[:13] for text in seen]))
"""


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("[0]", [{"the bytes are"}]),
        ("[None]", [{True, "the bytes are"}]),
        ("[0, None]", [{"the bytes are"}] * 2),
    ],
)
def test_a_thread_that_has_no_read_buffer_in_a_process_with_one(times: str, expected: list[set[Any]]) -> None:
    source = str(Path(sansock.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "SANSOCK_LIBRARY": str(_ffi.library_path)}
    program = ALONE.replace("{times}", times)
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert len(found) == len(expected)
    assert all(each in allowed for each, allowed in zip(found, expected))


def test_several_read_buffers_are_known(threads: tuple[Run, Run]) -> None:
    create()
    threads[0](create)
    assert _memory.several_read_buffers
