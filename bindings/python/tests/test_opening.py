"""The opening handshake: what the server sees of a request, what both ends agree on, and refusals."""

from __future__ import annotations

import pytest

from sansock import Binary, Closed, Connection, Open, OriginRelation, Rejected, Request, State, Transport, parse_url

from conftest import SEED, URL, everything, masked


def test_handshake() -> None:
    client = Connection.client(
        "ws://example.com:8080/chat?room=7",
        origin="http://example.com:8080",
        subprotocols=["chat", "echo"],
        headers=[("X-One", "1"), (b"X-Two", b"\xff")],
        now=0,
    )
    server = Connection.server(subprotocols=["echo"], headers=[("Server", "test")], now=0)
    (request,) = server.receive(client.take_output(), 0)
    assert isinstance(request, Request)
    assert request.target == "/chat?room=7"
    assert request.authority == "example.com:8080"
    assert request.origin == "http://example.com:8080"
    assert request.origin_relation is OriginRelation.SAME
    assert request.same_origin is True
    assert request.subprotocols == ("chat", "echo")
    assert request.subprotocol == "echo"
    assert request.extensions == ()
    assert request.headers[-2:] == (("X-One", "1"), ("X-Two", "\xff"))
    assert server.accept(headers=[("Set-Cookie", "a=b")], now=0) == [Open("echo", (), ())]
    (opened,) = client.receive(server.take_output(), 0)
    assert isinstance(opened, Open)
    assert opened.subprotocol == "echo"
    assert {("Server", "test"), ("Set-Cookie", "a=b")} <= set(opened.headers)
    assert client.state is server.state is State.OPEN


@pytest.mark.parametrize(
    ("origin", "relation", "same_origin"),
    [
        (None, OriginRelation.ABSENT, True),
        ("http://example.com", OriginRelation.SAME, True),
        ("http://example.net", OriginRelation.CROSS, False),
        ("null", OriginRelation.CROSS, False),
    ],
)
def test_origin(origin: str | None, relation: OriginRelation, same_origin: bool) -> None:
    client, server = Connection.client(URL, origin=origin, now=0), Connection.server(now=0)
    (request,) = server.receive(client.take_output(), 0)
    assert isinstance(request, Request)
    assert request.origin == origin
    assert request.origin_relation is relation
    assert request.same_origin is same_origin


@pytest.mark.parametrize(
    ("userinfo", "credentials"),
    [("", None), ("user:password@", "Basic dXNlcjpwYXNzd29yZA=="), ("us%20er@", "Basic dXMgZXI6")],
)
def test_credentials_of_a_url(userinfo: str, credentials: str | None) -> None:
    url = f"ws://{userinfo}example.com/"
    assert parse_url(url) == parse_url("ws://example.com/")
    (request,) = Connection.server(now=0).receive(Connection.client(url, now=0).take_output(), 0)
    assert isinstance(request, Request)
    assert request.authority == "example.com"
    assert dict(request.headers).get("Authorization") == credentials


def test_subprotocol_that_the_host_chooses() -> None:
    client = Connection.client(URL, subprotocols=["chat", "echo"], now=0)
    server = Connection.server(now=0)
    server.receive(client.take_output(), 0)
    assert server.accept("echo", now=0) == [Open("echo", (), ())]


def test_refusal() -> None:
    client, server = Connection.client(URL, now=0), Connection.server(now=0)
    server.receive(client.take_output(), 0)
    (closed,) = server.reject(403, [("Content-Type", "text/plain")], b"no", now=0)
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "REFUSED"
    rejected, ended = client.receive(server.take_output(), 0) + client.receive_eof(0)
    assert isinstance(rejected, Rejected)
    assert rejected.status == 403
    assert rejected.body == b"no"
    assert not rejected.truncated
    assert ("Content-Type", "text/plain") in rejected.headers
    assert isinstance(ended, Closed)
    assert client.transport is Transport.CLOSE


def test_events_behind_the_request() -> None:
    client, server = Connection.client(URL, seed=SEED, now=0), Connection.server(now=0)
    count = 1000
    events = server.receive(client.take_output() + masked(0x82, b"early") * count, 0)
    assert [type(event) for event in events] == [Request]
    assert everything(server, server.accept(now=0)) == [Open(None, (), ()), *[Binary(b"early")] * count]


def test_unconsumed_behind_the_request() -> None:
    client, server = Connection.client(URL, seed=SEED, now=0), Connection.server(now=0)
    frames = masked(0x82, b"m" * 200_000)
    (request,) = server.receive(client.take_output() + frames, 0)
    assert isinstance(request, Request)
    assert server.unconsumed == len(frames) - 65536
    events = server.accept(now=0)
    events += server.receive(frames[-server.unconsumed :], 0)
    assert events == [Open(None, (), ()), Binary(b"m" * 200_000)]
    assert server.unconsumed == 0


def test_closing_before_the_connection_is_open() -> None:
    client = Connection.client(URL, now=0)
    client.close(now=0)
    assert client.state is State.CLOSED
    assert client.more
    (closed,) = client.timeout(0)
    assert isinstance(closed, Closed)
    assert (closed.code, closed.sent_code) == (1006, None)
    client.take_output()
    client.close(now=0)
    assert client.transport is Transport.CLOSE


def test_keys_are_fresh() -> None:
    requests = {Connection.client(URL).take_output() for _ in range(10)}
    assert len(requests) == 10


def test_same_seed_same_bytes() -> None:
    assert len({Connection.client(URL, seed=SEED, now=0).take_output() for _ in range(3)}) == 1


def test_parse_url() -> None:
    url = parse_url("wss://[::1]/x")
    assert (url.secure, url.host, url.port) == (True, "::1", 443)
    assert parse_url("ws://example.com:81") == parse_url("WS://example.com:81/path")
