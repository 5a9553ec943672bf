"""Messages for many connections."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sansock import BadHandle, Binary, Connection, InvalidArgument, MessageKind, PreparedMessage, Text, WouldBlock

TEXT = "the quick brown fox jumps over the lazy dog, " * 40


def open_server(**options: Any) -> Connection:
    return Connection.server(start_open=True, now=0, **options)


@pytest.mark.parametrize(
    ("data", "kind", "event"),
    [
        ("é", None, Text("é")),
        (b"\xc3\xa9", MessageKind.TEXT, Text("é")),
        (bytearray(b"\x00\xff"), None, Binary(b"\x00\xff")),
        (b"", None, Binary(b"")),
    ],
)
def test_every_connection_gets_it(data: Any, kind: MessageKind | None, event: Any) -> None:
    message = PreparedMessage(data, kind)
    assert message.kind is (MessageKind.TEXT if isinstance(event, Text) else MessageKind.BINARY)
    for _ in range(3):
        server, client = open_server(), Connection.client(None, start_open=True, now=0)
        server.send_prepared(message)
        assert client.receive(server.take_output(), now=0) == [event]
        client.send_prepared(message)
        assert server.receive(client.take_output(), now=0) == [event]


def test_it_is_compressed_once() -> None:
    message = PreparedMessage(TEXT)
    before, sent, held = message.memory_usage(), set(), set()
    for _ in range(5):
        server = open_server(deflate=True)
        server.send_prepared(message)
        sent.add(server.take_output())
        held.add(message.memory_usage())
    assert len(sent) == 1
    assert len(sent.pop()) < 200
    assert len(held) == 1
    assert held.pop() > before
    open_server(deflate=True, server_max_window_bits=10).send_prepared(message)
    plain = open_server()
    plain.send_prepared(message)
    assert plain.take_output()[4:] == TEXT.encode()


def test_a_refused_one_leaves_nothing_behind() -> None:
    server = open_server(output_hard_limit=100)
    server.send_binary(b"x" * 60)
    message = PreparedMessage(b"y" * 60)
    with pytest.raises(WouldBlock):
        server.send_prepared(message)
    server.take_output()
    server.send_prepared(message)
    assert server.take_output() == b"\x82\x3c" + b"y" * 60


def test_what_is_no_message() -> None:
    with pytest.raises(InvalidArgument):
        PreparedMessage(b"\xff", MessageKind.TEXT)
    for wrong in (None, 5, ["a"]):
        with pytest.raises(TypeError):
            PreparedMessage(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        PreparedMessage("text", MessageKind.BINARY)
    with pytest.raises(ValueError, match="PING"):
        PreparedMessage("text", "PING")  # type: ignore[arg-type]


def test_a_freed_one_is_refused() -> None:
    server = open_server()
    with PreparedMessage("text") as message:
        assert repr(message) == "<PreparedMessage TEXT>"
        server.send_prepared(message)
    message.free()
    assert repr(message) == "<PreparedMessage TEXT freed>"
    for call in (lambda: server.send_prepared(message), message.memory_usage):
        with pytest.raises(BadHandle):
            call()
    assert server.take_output() == b"\x81\x04text"


def test_threads_send_it_and_one_frees_it() -> None:
    message, lengths = PreparedMessage(TEXT), []
    ready = threading.Barrier(5)

    def send() -> None:
        server = open_server(deflate=True)
        ready.wait()
        try:
            while True:
                server.send_prepared(message)
                lengths.append(len(server.take_output()))
        except BadHandle:
            return

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    while len(lengths) < 100:
        pass
    message.free()
    for thread in threads:
        thread.join()
    assert len(set(lengths)) == 1
