"""Requests for something other than a connection, and answers that open none."""

from __future__ import annotations

import pytest

from sansock import Closed, Connection, Event, InvalidState, Rejected, Request, State, Transport

from conftest import URL

HEALTH_CHECK = b"GET /health HTTP/1.1\r\nHost: example.com\r\n\r\n"


def request_of(events: list[Event]) -> Request:
    (request,) = events
    assert isinstance(request, Request)
    return request


def test_a_health_check() -> None:
    server = Connection.server(deliver_http=True, now=0)
    request = request_of(server.receive(HEALTH_CHECK, 0))
    assert (request.method, request.target, request.authority) == ("GET", "/health", "example.com")
    assert request.fault == "NOT_AN_UPGRADE"
    (closed,) = server.respond(200, "Fine", {"Content-Type": "text/plain"}, b"well\n", 0)
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "REFUSED"
    lines = [b"HTTP/1.1 200 Fine", b"Content-Type: text/plain", b"Connection: close", b"Content-Length: 5"]
    assert server.take_output() == b"\r\n".join([*lines, b"", b"well\n"])
    transports = [server.transport, server.receive_eof(0), server.transport]
    assert transports == [Transport.SHUTDOWN_WRITE, [], Transport.CLOSE]


def test_without_the_option_the_engine_answers() -> None:
    server = Connection.server(now=0)
    (closed,) = server.receive(HEALTH_CHECK, 0)
    assert isinstance(closed, Closed)
    assert server.take_output().startswith(b"HTTP/1.1 426 ")


@pytest.mark.parametrize("option", [False, True])
def test_a_valid_request_has_no_fault(option: bool) -> None:
    client, server = Connection.client(URL, now=0), Connection.server(deliver_http=option, now=0)
    request = request_of(server.receive(client.take_output(), 0))
    assert (request.method, request.fault) == ("GET", None)
    server.accept(now=0)
    assert server.state is State.OPEN


def test_another_method() -> None:
    server = Connection.server(deliver_http=True, now=0)
    request = request_of(server.receive(b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b", 0))
    assert (request.method, request.fault, request.headers[-1]) == ("POST", "BAD_METHOD", ("Content-Length", "3"))
    server.respond(405, headers={"Allow": "GET"}, now=0)
    assert server.take_output().startswith(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n")


def test_no_authority() -> None:
    server = Connection.server(deliver_http=True, now=0)
    assert request_of(server.receive(b"GET / HTTP/1.0\r\n\r\n", 0)).authority == ""


def test_what_is_no_opening_request_cannot_be_accepted() -> None:
    server = Connection.server(deliver_http=True, now=0)
    request_of(server.receive(HEALTH_CHECK, 0))
    with pytest.raises(InvalidState):
        server.accept(now=0)
    assert server.pending_output == 0
    server.reject(404, body=b"no", now=0)
    assert server.take_output().startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize(("reason", "seen"), [("", "Found"), ("Over There", "Over There"), (b"\xfc", "\xfc")])
def test_reasons(reason: str | bytes, seen: str) -> None:
    client, server = Connection.client(URL, now=0), Connection.server(now=0)
    server.receive(client.take_output(), 0)
    server.respond(302, reason, {"Location": "/there"}, now=0)
    rejected, closed = client.receive(server.take_output(), 0)
    assert isinstance(rejected, Rejected)
    assert (rejected.status, rejected.reason, rejected.body) == (302, seen, b"")
    assert ("Location", "/there") in rejected.headers
    assert isinstance(closed, Closed)


def test_a_response_that_accepts_wrongly() -> None:
    client = Connection.client(URL, now=0)
    client.take_output()
    rejected, closed = client.receive(b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 0)
    assert isinstance(rejected, Rejected)
    assert (rejected.status, rejected.reason) == (101, "Go")
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "BAD_ACCEPT"


def test_a_key_that_is_passed_on() -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    server = Connection.server(now=0)
    request = request_of(server.receive(Connection.client(URL, key=key, now=0).take_output(), 0))
    assert ("Sec-WebSocket-Key", key) in request.headers
    server.accept(now=0)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in server.take_output()
