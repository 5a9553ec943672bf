"""Handshakes made of fields: two ends that pass each other heads, and what a host may do wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sansock import (
    Binary,
    Closed,
    Connection,
    Event,
    Head,
    Headers,
    HttpVersion,
    InvalidArgument,
    InvalidState,
    Open,
    OriginRelation,
    Rejected,
    Request,
    State,
    Text,
    Transport,
    _ffi,
)

from conftest import SEED, URL, everything, masked

VERSIONS: list[HttpVersion] = ["1.1", "2", "3"]
# The example of RFC 8441 section 5.1, in the form in which h2 and ASGI servers have fields.
EXTENDED_CONNECT = [
    (b":method", b"CONNECT"),
    (b":protocol", b"websocket"),
    (b":scheme", b"https"),
    (b":path", b"/chat"),
    (b":authority", b"server.example.com"),
    (b"sec-websocket-protocol", b"chat, superchat"),
    (b"sec-websocket-extensions", b"permessage-deflate"),
    (b"sec-websocket-version", b"13"),
    (b"origin", b"http://www.example.com"),
]


def head_of(events: list[Event]) -> Head:
    """The head that comes first."""
    head = events[0]
    assert isinstance(head, Head)
    return head


def client_for(version: HttpVersion, **options: Any) -> tuple[Connection, Headers]:
    """A client and the fields of its request."""
    client = Connection.client("wss://example.com/chat?a=b", seed=SEED, now=0, **options)
    head = head_of(client.request_fields(version, 0))
    assert (head.status, head.body, client.pending_output) == (None, b"", 0)
    return client, head.headers


@pytest.mark.parametrize("version", VERSIONS)
def test_conversation(version: HttpVersion) -> None:
    client, fields = client_for(version, subprotocols=["chat"], deflate=True, headers={"X-Name": "\xe9"})
    server = Connection.server(seed=SEED, subprotocols=["chat"], deflate=True, now=0)
    (request,) = server.receive_request(fields, version, 0)
    assert isinstance(request, Request)
    assert (request.target, request.authority, request.fault) == ("/chat?a=b", "example.com", None)
    assert request.method == ("GET" if version == "1.1" else "CONNECT")
    assert ("x-name", "\xe9") in request.headers
    head, opened = server.accept(headers={"X-Answer": "\xff"}, now=0)
    assert isinstance(head, Head)
    assert (head.status, head.body) == (101 if version == "1.1" else 200, b"")
    assert ("x-answer", "\xff") in head.headers
    assert opened == Open("chat", ("permessage-deflate",), ())
    assert server.pending_output == 0
    (opened,) = client.receive_response(head.status or 0, head.headers, 0)
    assert isinstance(opened, Open)
    assert (opened.subprotocol, opened.extensions) == ("chat", ("permessage-deflate",))
    assert opened.headers == head.headers
    client.send("a" * 1000)
    client.close(4000, "bye", 0)
    events = everything(server, server.receive(client.take_output(), 0))
    assert events[0] == Text("a" * 1000)
    assert isinstance(events[-1], Closed)
    assert server.transport is Transport.CLOSE
    events = everything(client, client.receive(server.take_output(), 0))
    assert isinstance(events[-1], Closed)
    assert events[-1].clean


@pytest.mark.parametrize(
    "fields",
    [
        EXTENDED_CONNECT,
        dict(EXTENDED_CONNECT),
        iter(EXTENDED_CONNECT),
        tuple([name.decode(), value.decode()] for name, value in EXTENDED_CONNECT),
        [(bytearray(name), memoryview(value)) for name, value in EXTENDED_CONNECT],
    ],
    ids=["bytes", "dict", "iterator", "str", "bytes-like"],
)
def test_forms_of_fields(fields: Any) -> None:
    (request,) = Connection.server(subprotocols=["superchat"], now=0).receive_request(fields, "2", 0)
    assert request == Request(
        "/chat",
        "server.example.com",
        "http://www.example.com",
        OriginRelation.CROSS,
        ("chat", "superchat"),
        ("permessage-deflate",),
        tuple((name.decode(), value.decode()) for name, value in EXTENDED_CONNECT[5:]),
        "superchat",
        "CONNECT",
        None,
    )


@pytest.mark.parametrize("fields", [{":status": "200"}, [(b":status", b"200"), (b"date", b"")], {}, ()])
def test_forms_of_fields_of_a_response(fields: Any) -> None:
    client, _ = client_for("2")
    (opened,) = client.receive_response(200, fields, 0)
    assert isinstance(opened, Open)
    assert client.state is State.OPEN


def test_bytes_behind_the_request() -> None:
    server = Connection.server(now=0)
    server.receive_request(EXTENDED_CONNECT, "2", 0)
    assert server.receive(masked(0x82, b"early"), 0) == []
    head, *events = server.accept(now=0)
    assert isinstance(head, Head)
    assert events == [Open(None, (), ()), Binary(b"early")]


def test_refusal_by_the_host() -> None:
    client, fields = client_for("2")
    server = Connection.server(now=0)
    server.receive_request(fields, "2", 0)
    head, closed = server.respond(404, "No Such Page", {"Content-Type": "text/plain"}, b"none\n", 0)
    assert head == Head(404, (("content-type", "text/plain"), ("content-length", "5")), b"none\n")
    assert isinstance(closed, Closed)
    assert (server.pending_output, server.transport) == (0, Transport.SHUTDOWN_WRITE)
    assert client.receive_response(404, head.headers, 0) == []
    rejected, closed = client.receive(head.body, 0)
    assert rejected == Rejected(404, head.headers, b"none\n", False, "")
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert (closed.fault.name, closed.fault.actual) == ("HTTP_STATUS", 404)


def test_refusal_by_the_engine() -> None:
    server = Connection.server(now=0)
    fields = [(name, value) for name, value in EXTENDED_CONNECT if name != b"sec-websocket-version"]
    head, closed = server.receive_request(fields, "2", 0)
    assert isinstance(head, Head)
    assert head.status == 400
    assert isinstance(closed, Closed)
    assert closed.fault is not None


def test_a_response_that_accepts_wrongly() -> None:
    client, _ = client_for("3")
    rejected, closed = client.receive_response(200, {"sec-websocket-protocol": "chat"}, 0)
    assert isinstance(rejected, Rejected)
    assert rejected.status == 200
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "SUBPROTOCOL_NOT_OFFERED"


def test_what_comes_before_the_response_is_not_consumed() -> None:
    client, _ = client_for("2")
    assert client.receive(b"\x81\x02hi", 0) == []
    assert client.unconsumed == 4
    client.receive_response(200, now=0)
    assert client.receive(b"\x81\x02hi", 0) == [Text("hi")]
    assert client.unconsumed == 0


def test_interim_responses() -> None:
    client, _ = client_for("2")
    assert client.receive_response(103, {"link": "</a>"}, 0) == []
    (opened,) = client.receive_response(200, now=0)
    assert isinstance(opened, Open)


def test_more_fields_than_are_allowed() -> None:
    head, closed = Connection.server(now=0).receive_request([*EXTENDED_CONNECT, *[("x", "y")] * 200], "2", 0)
    assert isinstance(head, Head)
    assert head.status == 431
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert (closed.fault.name, closed.fault.actual, closed.fault.limit) == ("TOO_MANY_HEADERS", 204, 128)


WRONG_FIELDS: dict[str, tuple[type[Exception], Any, str]] = {
    "None": (TypeError, None, "fields must be a mapping or an iterable of pairs, not NoneType"),
    "str": (TypeError, "AB", "fields must be .*, not str"),
    "bytes": (TypeError, b"AB", "fields must be .*, not bytes"),
    "pair that is a str": (TypeError, [("a", "b"), "AB"], r"fields\[1\] must be a pair of name and value, not str"),
    "pair of three": (TypeError, [("a", "b", "c")], r"fields\[0\] must be a pair of name and value, not 3 elements"),
    "value of 42": (TypeError, {"a": 42}, r"fields\[0\]: value must be a str or bytes, not int"),
    "name of None": (TypeError, [(None, "b")], r"fields\[0\]: name must be a str or bytes, not NoneType"),
    "not in ISO 8859-1": (InvalidArgument, {"a": "\u20ac"}, r"fields\[0\]: value has a character .* ISO 8859-1"),
}
FIELDS_CALLS: dict[str, tuple[Callable[[], Connection], Callable[[Any, Any], Any]]] = {
    "receive_request": (lambda: Connection.server(now=0), lambda c, fields: c.receive_request(fields, "2", 0)),
    "receive_response": (lambda: client_for("2")[0], lambda c, fields: c.receive_response(200, fields, 0)),
}


@pytest.mark.parametrize("call", FIELDS_CALLS)
@pytest.mark.parametrize("wrong", WRONG_FIELDS)
def test_fields_that_are_refused(wrong: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, receive = FIELDS_CALLS[call]
    connection = make()
    error, fields, text = WRONG_FIELDS[wrong]
    with monkeypatch.context() as patch:
        patch.setattr(_ffi, "conn_" + call, None)
        with pytest.raises(error, match=f"^{text}$"):
            receive(connection, fields)
    assert connection.state is State.CONNECTING
    (event,) = receive(connection, EXTENDED_CONNECT if call == "receive_request" else ())
    assert isinstance(event, (Request, Open))


@pytest.mark.parametrize("version", ["1.0", "1", "2.0", "h2", "", "\ud800"])
def test_versions_that_do_not_exist(version: Any) -> None:
    client, server = Connection.client(URL, now=0), Connection.server(now=0)
    with pytest.raises(InvalidArgument, match=r'^http_version must be "1\.1", "2" or "3"$'):
        server.receive_request(EXTENDED_CONNECT, version, 0)
    with pytest.raises(InvalidArgument, match=r"^http_version"):
        client.request_fields(version, 0)
    head_of(client.request_fields("2", 0))
    (request,) = server.receive_request(EXTENDED_CONNECT, "2", 0)
    assert isinstance(request, Request)


def read_from() -> Connection:
    server = Connection.server(now=0)
    server.receive(b"GET ", 0)
    return server


def asked() -> Connection:
    server = Connection.server(now=0)
    server.receive_request(EXTENDED_CONNECT, "2", 0)
    return server


def written() -> Connection:
    client = Connection.client(URL, now=0)
    client.take_output()
    return client


@pytest.mark.parametrize(
    ("make", "call"),
    [
        (read_from, lambda c: c.receive_request(EXTENDED_CONNECT, "2", 0)),
        (asked, lambda c: c.receive_request(EXTENDED_CONNECT, "2", 0)),
        (asked, lambda c: c.receive_response(200, now=0)),
        (written, lambda c: c.request_fields("2", 0)),
        (written, lambda c: c.receive_response(200, now=0)),
        (lambda: Connection.client(URL, now=0), lambda c: c.receive_request(EXTENDED_CONNECT, "2", 0)),
        (lambda: Connection.client(URL, now=0), lambda c: c.receive_response(200, now=0)),
    ],
)
def test_calls_that_come_too_late_or_at_the_other_end(
    make: Callable[[], Connection], call: Callable[[Connection], Any]
) -> None:
    connection = make()
    pending = connection.pending_output
    with pytest.raises(InvalidState):
        call(connection)
    assert (connection.state, connection.pending_output) == (State.CONNECTING, pending)


def test_fields_are_passed_byte_by_byte() -> None:
    values = [bytes([byte]) * byte for byte in (0x21, 0x7E, 0xFF)] + [b""]
    fields = [*EXTENDED_CONNECT[:5], (b"sec-websocket-version", b"13"), *[(b"x", value) for value in values]]
    (request,) = Connection.server(now=0).receive_request(fields, "2", 0)
    assert isinstance(request, Request)
    assert [value.encode("latin-1") for name, value in request.headers if name == "x"] == values
