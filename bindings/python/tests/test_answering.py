"""The answer to a request is sent as a whole, or not at all: what is refused leaves nothing for the next answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sansock import (
    BadHandle,
    Closed,
    Connection,
    InvalidArgument,
    InvalidState,
    NoMemory,
    Open,
    Rejected,
    SansockError,
    State,
    Text,
    _ffi,
)

from conftest import URL

Call = Callable[[Any], Any]


class Interrupted(BaseException):
    """Like ``KeyboardInterrupt``: no ``Exception``."""


def interrupted() -> Iterator[tuple[str, str]]:
    yield "X-First", "1"
    raise Interrupted


FIRST = ("X-First", "1")
REFUSED: dict[str, tuple[type[BaseException], Call]] = {
    "accept: header of two lines": (InvalidArgument, lambda c: c.accept(None, [FIRST, ("X", "1\r\nY: 2")], 0)),
    "accept: name that is no token": (InvalidArgument, lambda c: c.accept(None, [FIRST, ("A B", "1")], 0)),
    "accept: header of the handshake": (InvalidArgument, lambda c: c.accept(None, [FIRST, ("Upgrade", "x")], 0)),
    "accept: header not in ISO 8859-1": (InvalidArgument, lambda c: c.accept(None, [FIRST, ("X", "\u20ac")], 0)),
    "accept: pair of three": (TypeError, lambda c: c.accept(None, [FIRST, ("X", "1", "2")], 0)),
    "accept: pair that is a str": (TypeError, lambda c: c.accept(None, [FIRST, "AB"], 0)),
    "accept: value of 42": (TypeError, lambda c: c.accept(None, {"X-First": "1", "X": 42}, 0)),
    "accept: headers of None": (TypeError, lambda c: c.accept(None, None, 0)),
    "accept: iteration that fails": (Interrupted, lambda c: c.accept(None, interrupted(), 0)),
    "accept: subprotocol that is not offered": (InvalidArgument, lambda c: c.accept("echo", [FIRST], 0)),
    "accept: empty subprotocol": (InvalidArgument, lambda c: c.accept("", [FIRST], 0)),
    "accept: subprotocol of bytes": (TypeError, lambda c: c.accept(b"chat", [FIRST], 0)),
    "accept: time below 0": (InvalidArgument, lambda c: c.accept(None, [FIRST], -1)),
    "accept: time that is a str": (TypeError, lambda c: c.accept(None, [FIRST], "0")),
    "accept: deflate of 2": (InvalidArgument, lambda c: c.accept(None, [FIRST], 0, deflate=2)),
    "accept: deflate of None": (TypeError, lambda c: c.accept(None, [FIRST], 0, deflate=None)),
    "accept: window of 7": (InvalidArgument, lambda c: c.accept(None, [FIRST], 0, server_max_window_bits=7)),
    "accept: window of 16": (InvalidArgument, lambda c: c.accept(None, [FIRST], 0, client_max_window_bits=16)),
    "accept: window of 15.0": (TypeError, lambda c: c.accept(None, [FIRST], 0, client_max_window_bits=15.0)),
    "accept: limits and a subprotocol": (InvalidArgument, lambda c: c.accept("echo", [FIRST], 0, deflate=False)),
    "reject: header of two lines": (InvalidArgument, lambda c: c.reject(403, [FIRST, ("X", "1\r\nY: 2")], now=0)),
    "reject: header of the body": (InvalidArgument, lambda c: c.reject(403, [FIRST, ("Content-Length", "0")], now=0)),
    "reject: pair of three": (TypeError, lambda c: c.reject(403, [FIRST, ("X", "1", "2")], now=0)),
    "reject: value of None": (TypeError, lambda c: c.reject(403, [FIRST, ("X", None)], now=0)),
    "reject: iteration that fails": (Interrupted, lambda c: c.reject(403, interrupted(), now=0)),
    "reject: status 101": (InvalidArgument, lambda c: c.reject(101, [FIRST], now=0)),
    "reject: status 600": (InvalidArgument, lambda c: c.reject(600, [FIRST], now=0)),
    "reject: status 65536 + 403": (InvalidArgument, lambda c: c.reject(65536 + 403, [FIRST], now=0)),
    "reject: status that is a str": (TypeError, lambda c: c.reject("403", [FIRST], now=0)),
    "reject: body of a 204": (InvalidArgument, lambda c: c.reject(204, [FIRST], b"x", now=0)),
    "reject: body of a 304": (InvalidArgument, lambda c: c.reject(304, [FIRST], b"x", now=0)),
    "reject: body that is a str": (TypeError, lambda c: c.reject(403, [FIRST], "no", now=0)),
    "reject: body that is None": (TypeError, lambda c: c.reject(403, [FIRST], None, now=0)),
    "reject: time below 0": (InvalidArgument, lambda c: c.reject(403, [FIRST], now=-1)),
    "respond: header of two lines": (InvalidArgument, lambda c: c.respond(200, "", [FIRST, ("X", "1\r\nY: 2")], now=0)),
    "respond: header of the body": (InvalidArgument, lambda c: c.respond(200, "", [FIRST, ("Content-Length", "0")])),
    "respond: value of None": (TypeError, lambda c: c.respond(200, "", [FIRST, ("X", None)], now=0)),
    "respond: iteration that fails": (Interrupted, lambda c: c.respond(200, "", interrupted(), now=0)),
    "respond: status 101": (InvalidArgument, lambda c: c.respond(101, "", [FIRST], now=0)),
    "respond: status that is a str": (TypeError, lambda c: c.respond("200", "", [FIRST], now=0)),
    "respond: reason of two lines": (InvalidArgument, lambda c: c.respond(200, "Fine\r\nX: 1", [FIRST], now=0)),
    "respond: reason not in ISO 8859-1": (InvalidArgument, lambda c: c.respond(200, "\u20ac", [FIRST], now=0)),
    "respond: reason that is None": (TypeError, lambda c: c.respond(200, None, [FIRST], now=0)),
    "respond: body of a 204": (InvalidArgument, lambda c: c.respond(204, "", [FIRST], b"x", now=0)),
    "respond: body that is a str": (TypeError, lambda c: c.respond(200, "", [FIRST], "well", now=0)),
    "respond: time that is a str": (TypeError, lambda c: c.respond(200, "", [FIRST], now="0")),
}

ANSWERS: dict[str, Call] = {
    "accept": lambda c: c.accept(headers={"X-Second": "2"}, now=0),
    "reject": lambda c: c.reject(403, {"X-Second": "2"}, now=0),
    "respond": lambda c: c.respond(503, "Later", {"X-Second": "2"}, now=0),
}


def asked() -> tuple[Connection, Connection]:
    """A client, and a server that has its request to answer and one header of its own configuration."""
    client = Connection.client(URL, subprotocols=["chat"], deflate=True, now=0)
    server = Connection.server(headers={"X-Configured": "0"}, deflate=True, now=0)
    server.receive(client.take_output(), 0)
    return client, server


def seen(client: Connection, server: Connection) -> list[str]:
    """Which of the headers above the client gets, in their order."""
    (event, *_) = client.receive(server.take_output(), 0) + client.receive_eof(0)
    assert isinstance(event, (Open, Rejected))
    return [name for name, _ in event.headers if name.startswith("X-")]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("refused", REFUSED)
def test_what_is_refused_leaves_nothing_for_the_next_answer(refused: str, answer: str) -> None:
    client, server = asked()
    server.add_response_header("X-Earlier", "1")
    error, call = REFUSED[refused]
    with pytest.raises(error):
        call(server)
    assert server.state is State.CONNECTING
    assert server.pending_output == 0
    (event,) = ANSWERS[answer](server)
    assert isinstance(event, (Open, Closed))
    assert seen(client, server) == ["X-Configured", "X-Second"]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("name", "call"), [("conn_accept", "accept"), ("conn_respond", "reject"), ("conn_respond", "respond")]
)
def test_an_answer_that_the_engine_refuses(name: str, call: str, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, server = asked()
    with monkeypatch.context() as patch:
        patch.setattr(_ffi, name, lambda *_: NoMemory.status)
        with pytest.raises(NoMemory):
            ANSWERS[call](server)
    ANSWERS[answer](server)
    assert seen(client, server) == ["X-Configured", "X-Second"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_headers_come_in_the_order_added(answer: str) -> None:
    client, server = asked()
    server.add_response_header("X-Earlier", "1")
    ANSWERS[answer](server)
    assert seen(client, server) == ["X-Configured", "X-Earlier", "X-Second"]


def test_a_header_that_is_refused_alone_changes_nothing() -> None:
    client, server = asked()
    server.add_response_header("X-Earlier", "1")
    with pytest.raises(InvalidArgument):
        server.add_response_header("X", "1\r\nY: 2")
    server.accept(now=0)
    assert seen(client, server) == ["X-Configured", "X-Earlier"]


LIMITS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, "permessage-deflate"),
    "defaults": ({"deflate": True, "server_max_window_bits": 15}, "permessage-deflate"),
    "server_no_context_takeover": (
        {"server_no_context_takeover": True},
        "permessage-deflate; server_no_context_takeover",
    ),
    "client_no_context_takeover": ({"client_no_context_takeover": 1}, "permessage-deflate; client_no_context_takeover"),
    "server_max_window_bits": ({"server_max_window_bits": 9}, "permessage-deflate; server_max_window_bits=9"),
    "client_max_window_bits": ({"client_max_window_bits": 10}, "permessage-deflate; client_max_window_bits=10"),
}


@pytest.mark.parametrize("limits", LIMITS)
def test_limits_of_compression(limits: str) -> None:
    client, server = asked()
    options, extension = LIMITS[limits]
    assert server.accept(now=0, **options) == [Open(None, (extension,), ())]
    (opened,) = client.receive(server.take_output(), 0)
    assert isinstance(opened, Open)
    assert opened.extensions == (extension,)
    client.send("a" * 1000)
    assert server.receive(client.take_output(), 0) == [Text("a" * 1000)]


def test_compression_that_is_declined() -> None:
    client, server = asked()
    assert server.accept(now=0, deflate=False) == [Open(None, (), ())]
    client.receive(server.take_output(), 0)
    server.send("a" * 1000)
    assert len(server.take_output()) == 4 + 1000


def test_limits_that_were_refused_are_dropped() -> None:
    _, server = asked()
    with pytest.raises(InvalidArgument, match=r"^subprotocol: "):
        server.accept("echo", now=0, server_max_window_bits=9, client_no_context_takeover=True)
    assert server.accept(now=0) == [Open(None, ("permessage-deflate",), ())]


def test_limits_where_there_is_no_compression() -> None:
    client, server = Connection.client(URL, now=0), Connection.server(now=0)
    server.receive(client.take_output(), 0)
    assert server.accept(now=0, deflate=False, server_max_window_bits=8) == [Open(None, (), ())]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_where_none_is_awaited(answer: str) -> None:
    server = Connection.server(now=0)
    with pytest.raises(InvalidState):
        ANSWERS[answer](server)
    assert server.pending_output == 0
    server.free()
    with pytest.raises(BadHandle):
        ANSWERS[answer](server)


def test_nothing_is_called_before_all_types_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    _, server = asked()
    called: list[str] = []

    def recording(name: str) -> Callable[..., int]:
        function = getattr(_ffi, name)

        def record(*arguments: Any) -> int:
            called.append(name)
            status: int = function(*arguments)
            return status

        return record

    for name in ("conn_add_response_header", "conn_limit_deflate", "conn_accept", "conn_respond"):
        monkeypatch.setattr(_ffi, name, recording(name))
    for error, call in REFUSED.values():
        if not issubclass(error, SansockError):
            with pytest.raises(error):
                call(server)
    assert called == []
