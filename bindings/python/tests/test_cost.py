"""What a read costs: calls into the library, and memory."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pytest

from sansock import Binary, Connection, _ffi

from conftest import SEED, URL, masked

# PyPy has none, and no memory that is counted in this way.
tracemalloc: Any = pytest.importorskip("tracemalloc", exc_type=ImportError)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions of the library that are called."""
    called: list[str] = []

    def counting(name: str, function: Any) -> Any:
        def count(*arguments: Any) -> Any:
            called.append(name)
            return function(*arguments)

        return count

    for name in _ffi.prototypes:
        if hasattr(_ffi, name):
            monkeypatch.setattr(_ffi, name, counting(name, getattr(_ffi, name)))
    return called


def test_one_call_for_a_read(server: Connection, calls: list[str]) -> None:
    for _ in range(3):
        data = masked(0x82, b"message") * 100
        server.read_buffer[: len(data)] = data
        calls.clear()
        events = server.receive_read_buffer(len(data), 0)
        host_asks = server.pending_output, server.next_deadline, server.transport, server.state
        assert calls == ["conn_receive_read_buffer"]
        assert len(events) == 100
        assert host_asks[0] == 0


def test_one_call_for_a_message_joined_from_many_reads(server: Connection, calls: list[str]) -> None:
    message = bytes(1_200_000)
    data = masked(0x82, message)
    calls.clear()
    assert server.receive(data, 0) == [Binary(message)]
    assert calls == ["conn_receive_read_buffer"] * 5


def test_one_call_for_a_message_sent(server: Connection, calls: list[str]) -> None:
    calls.clear()
    server.send("text")
    server.send(b"binary")
    assert calls == ["conn_send_text", "conn_send_binary"]
    calls.clear()
    server.send_batch(["one", b"two", "three"])
    assert calls == ["conn_send_batch"]
    calls.clear()
    server.take_output()
    server.take_output()
    assert calls == []
    server.send(bytes(1000))
    server.take_output()
    assert calls == ["conn_send_binary", "conn_written"]


def converse() -> None:
    """Everything from opening to closing, with two connections."""
    client, server = Connection.client(URL, seed=SEED, now=0), Connection.server(now=0)
    server.receive(client.take_output(), 0)
    server.accept(now=0)
    client.receive(server.take_output(), 0)
    for size in (0, 10, 1000, 100_000):
        client.send_batch(["x" * size, b"y" * size])
        server.receive(client.take_output(), 0)
    with pytest.raises(TypeError):
        server.send_binary("text")  # type: ignore[arg-type]
    client.close(now=0)
    server.receive(client.take_output(), 0)
    client.receive(server.take_output(), 0)
    client.free()


def test_nothing_leaks() -> None:
    for _ in range(20):
        converse()
    gc.collect()
    tracemalloc.start()
    try:
        converse()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            converse()
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 10_000


def test_the_library_gives_memory_back() -> None:
    resource = pytest.importorskip("resource")

    def grow() -> int:
        for _ in range(20):
            with Connection.server(start_open=True) as connection:
                connection.send_binary(bytes(8 << 20))
        peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10

    grow()
    first = grow()
    assert grow() - first < 32 << 20


def test_an_idle_connection_is_small(server: Connection) -> None:
    for _ in range(3):
        server.receive(masked(0x82, bytes(100_000)), 0)
        server.send_binary(bytes(100_000))
        server.take_output()
    server.receive(b"", 0)
    assert server.memory_usage() < 1024
