"""What a host may do wrong: it gets a clear exception, and the connection goes on."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import sansock
from sansock import (
    BadHandle,
    Connection,
    InvalidArgument,
    InvalidState,
    MessageKind,
    PreparedMessage,
    SansockError,
    Text,
    TooLarge,
    _ffi,
    parse_url,
)

from conftest import SEED, URL, Pair, counts_references

Call = Callable[[Any], Any]

WRONG_TYPES: list[Call] = [
    lambda c: c.receive("text"),
    lambda c: c.receive(None),
    lambda c: c.receive(5),
    lambda c: c.receive_read_buffer("1"),
    lambda c: c.receive_read_buffer(1.0),
    lambda c: c.receive_read_buffer(None),
    lambda c: c.receive_eof("now"),
    lambda c: c.timeout(1.5),
    lambda c: c.accept(5),
    lambda c: c.accept(headers=[(1, 2)]),
    lambda c: c.reject("403"),
    lambda c: c.reject(403, body="text"),
    lambda c: c.respond("200"),
    lambda c: c.receive_request(5),
    lambda c: c.request_fields(None),
    lambda c: c.receive_response(None),
    lambda c: c.send_text(None),
    lambda c: c.send_text(5),
    lambda c: c.send_binary("text"),
    lambda c: c.send_binary(None),
    lambda c: c.send_binary(5),
    lambda c: c.send_binary([1, 2]),
    lambda c: c.send(None),
    lambda c: c.send(5),
    lambda c: c.send_part("text", True, MessageKind.BINARY),
    lambda c: c.send_part(None, True),
    lambda c: c.send_batch(5),
    lambda c: c.send_batch([5]),
    lambda c: c.receive_header("text"),
    lambda c: c.receive_header(b"", "5"),
    lambda c: c.send_prepared("text"),
    lambda c: c.send_prepared(None),
    lambda c: c.send_header(MessageKind.TEXT, "5"),
    lambda c: c.check_header(MessageKind.TEXT, "5"),
    lambda c: c.send_rest("text"),
    lambda c: c.ping("text"),
    lambda c: c.pong("text"),
    lambda c: c.close("1000"),
    lambda c: c.close(1000, None),
    lambda c: c.fail(None),
    lambda c: c.pause("now"),
    lambda c: c.written("1"),
    lambda c: c.written(1.0),
    lambda c: c.output("1"),
]

WRONG_VALUES: list[Call] = [
    lambda c: c.receive_read_buffer(-1),
    lambda c: c.receive_read_buffer(262145),
    lambda c: c.receive_read_buffer(2**64),
    lambda c: c.receive(b"", -1),
    lambda c: c.receive(b"", 2**64),
    lambda c: c.timeout(-1),
    lambda c: c.reject(70_000),
    lambda c: c.respond(199),
    lambda c: c.receive_request([], "1.0"),
    lambda c: c.receive_request([], "2", -1),
    lambda c: c.receive_request([("\u20ac", "")]),
    lambda c: c.request_fields(""),
    lambda c: c.receive_response(-1),
    lambda c: c.receive_response(65536),
    lambda c: c.receive_response(200, [("a", "\u20ac")]),
    lambda c: c.send_text(b"\xff"),
    lambda c: c.ping(bytes(126)),
    lambda c: c.pong(bytes(126)),
    lambda c: c.close(999),
    lambda c: c.close(1005),
    lambda c: c.close(-1),
    lambda c: c.close(65536 + 1000),
    lambda c: c.close(1000, "x" * 124),
    lambda c: c.fail(1006),
    lambda c: c.written(1),
    lambda c: c.written(-1),
    lambda c: c.written(2**64),
    lambda c: c.receive_header(b"", -1),
    lambda c: c.receive_header(b"", 2**64),
    lambda c: c.send_header(MessageKind.TEXT, -1),
    lambda c: c.send_header(MessageKind.TEXT, 2**64),
    lambda c: c.check_header(MessageKind.TEXT, -1),
    lambda c: c.check_header(MessageKind.TEXT, 2**64),
]

WRONG_STATES: list[Call] = [
    lambda c: c.accept(),
    lambda c: c.reject(403),
    lambda c: c.respond(200),
    lambda c: c.add_response_header("A", "b"),
    lambda c: c.receive_request([]),
    lambda c: c.request_fields(),
    lambda c: c.receive_response(200),
]

EVERY_CALL: list[Call] = [
    lambda c: c.read_buffer[:1] and c.receive_read_buffer(1),
    lambda c: c.receive(b"data"),
    lambda c: c.receive_eof(),
    lambda c: c.timeout(),
    lambda c: c.add_response_header("A", "b"),
    lambda c: c.accept(),
    lambda c: c.reject(403),
    lambda c: c.respond(200),
    lambda c: c.receive_request([]),
    lambda c: c.request_fields(),
    lambda c: c.receive_response(200),
    lambda c: c.send_text("text"),
    lambda c: c.send_binary(b"data"),
    lambda c: c.send("text"),
    lambda c: c.send_part("text", True),
    lambda c: c.send_batch(["text"]),
    lambda c: c.receive_header(b""),
    lambda c: c.payload_written(),
    lambda c: c.send_prepared(PreparedMessage("x")),
    lambda c: c.send_header(MessageKind.TEXT, 5),
    lambda c: c.check_header(MessageKind.TEXT, 5),
    lambda c: c.send_rest(b"x"),
    lambda c: c.ping(),
    lambda c: c.pong(),
    lambda c: c.close(),
    lambda c: c.fail(1011),
    lambda c: c.set_compression(False),
    lambda c: c.pause(),
    lambda c: c.resume(),
    lambda c: c.output(),
    lambda c: c.take_output(),
    lambda c: c.written(0),
    lambda c: c.next_deadline,
    lambda c: c.transport,
    lambda c: c.state,
    lambda c: c.pending_output,
    lambda c: c.writable,
    lambda c: c.more,
    lambda c: c.fault,
    lambda c: c.memory_usage(),
]


@pytest.mark.parametrize("call", WRONG_TYPES)
def test_wrong_types(pair: Pair, call: Call) -> None:
    with pytest.raises(TypeError):
        call(pair.server)
    still_works(pair)


@pytest.mark.parametrize("call", WRONG_VALUES)
def test_wrong_values(pair: Pair, call: Call) -> None:
    with pytest.raises(InvalidArgument) as error:
        call(pair.server)
    assert str(error.value)
    assert isinstance(error.value, ValueError)
    still_works(pair)


@pytest.mark.parametrize("call", WRONG_STATES)
def test_wrong_states(pair: Pair, call: Call) -> None:
    with pytest.raises(InvalidState):
        call(pair.server)
    still_works(pair)


def still_works(pair: Pair) -> None:
    assert pair.server.pending_output == 0
    pair.server.send("hello")
    assert pair.to_client() == [Text("hello")]
    pair.client.send("hello")
    assert pair.to_server() == [Text("hello")]


@pytest.mark.parametrize("call", EVERY_CALL)
def test_use_after_free(pair: Pair, call: Call) -> None:
    pair.server.free()
    pair.server.free()
    with pytest.raises(BadHandle, match="freed"):
        call(pair.server)


def test_every_public_member_is_in_the_matrix() -> None:
    classes = [cls for cls in Connection.__mro__ if cls is not object]
    names = {name for cls in classes for name in vars(cls) if not name.startswith("_")}
    called = {name for call in EVERY_CALL for name in call.__code__.co_names}
    assert names - called == {"server", "client", "free", "unconsumed"}


def test_context_manager_frees(pair: Pair) -> None:
    with pair.server as server:
        assert server is pair.server
    with pytest.raises(BadHandle):
        server.send("late")


def test_constructor_is_not_public() -> None:
    with pytest.raises(TypeError, match="server"):
        Connection()


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy, pickle.dumps])
def test_connections_are_not_copied(server: Connection, copying: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="copied"):
        copying(server)


@counts_references
def test_garbage_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []

    def free(address: int) -> None:
        freed.append(address)
        _ffi.conn_free(_ffi.pointer(address))

    gc.collect()
    monkeypatch.setattr(_ffi._LastOfConnection.__del__, "__defaults__", (free, int))
    connection = Connection.server(start_open=True)
    cycle = [connection]
    cycle.append(cycle)  # type: ignore[arg-type]
    reference = weakref.ref(connection)
    del connection, cycle
    gc.collect()
    assert reference() is None
    assert len(freed) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"max_message_size": 0},
        {"max_message_size": -1},
        {"max_message_size": 2**64},
        {"handshake_timeout": 0},
        {"parts": 2},
        {"seed": b"short"},
        {"seed": bytes(33)},
        {"now": -1},
        {"subprotocols": ["two words"]},
        {"subprotocols": ["twice", "twice"]},
        {"headers": [("Bad\r\nName", "x")]},
        {"headers": [("Name", "bad\r\nvalue")]},
        {"headers": [("Connection", "close")]},
    ],
)
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Connection.server(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"max_message_size": "1"},
        {"max_message_size": 1.5},
        {"unknown": 1},
        {"seed": "x" * 32},
        {"now": "now"},
        {"subprotocols": "chat"},
        {"subprotocols": [b"chat"]},
        {"subprotocols": [None]},
        {"headers": [("Name", 1)]},
        {"headers": 5},
    ],
)
def test_options_of_wrong_types(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Connection.server(**options)


def test_the_option_is_named() -> None:
    with pytest.raises(InvalidArgument, match="close_timeout cannot be 0"):
        Connection.server(close_timeout=0)
    with pytest.raises(TypeError, match="max_size"):
        Connection.server(max_size=5)  # type: ignore[call-arg]


def test_options_that_are_none_are_not_set() -> None:
    with Connection.server(max_message_size=None, ping_interval=None, seed=None, now=None) as connection:
        assert connection.next_deadline is not None


@pytest.mark.parametrize(
    "url", ["", "example.com", "http://example.com", "ws://", "ws://a b/", "ws://a/#part", "ws://ü"]
)
def test_wrong_urls(url: str) -> None:
    with pytest.raises(InvalidArgument):
        Connection.client(url)
    with pytest.raises(InvalidArgument):
        parse_url(url)


def test_a_client_needs_a_url() -> None:
    with pytest.raises(InvalidArgument):
        Connection.client()
    with pytest.raises(TypeError):
        Connection.client(b"ws://example.com")  # type: ignore[arg-type]
    with Connection.client(start_open=True) as connection:
        connection.send("hello")


def test_a_server_has_no_origin_and_no_key() -> None:
    for options in ({"origin": "http://example.com"}, {"key": "dGhlIHNhbXBsZSBub25jZQ=="}):
        with pytest.raises(InvalidArgument):
            Connection.server(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==\r\n", "\u20ac"])
def test_wrong_keys(key: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^key"):
        Connection.client(URL, key=key)


def test_lone_surrogates(server: Connection) -> None:
    with pytest.raises(UnicodeEncodeError):
        server.send_text("\ud800")
    assert server.pending_output == 0


def test_too_large() -> None:
    with Connection.server(start_open=True, output_hard_limit=10) as connection, pytest.raises(TooLarge):
        connection.send_binary(bytes(11))


def test_accepting_twice() -> None:
    server = Connection.server(now=0)
    server.receive(Connection.client(URL, seed=SEED, now=0).take_output(), 0)
    with pytest.raises(InvalidArgument):
        server.accept("not offered", now=0)
    server.accept(now=0)
    with pytest.raises(InvalidState):
        server.accept(now=0)


def test_errors_are_one_family() -> None:
    for name in ("InvalidArgument", "InvalidState", "WouldBlock", "TooLarge", "NoMemory", "BadHandle", "Busy"):
        error = getattr(sansock, name)
        assert issubclass(error, SansockError)
        assert error.status < 0
