"""Tunnels through proxies: what is refused, what stays for the next layer, and freeing."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from sansock import (
    BadHandle,
    Closed,
    Connection,
    InvalidArgument,
    Open,
    Proxy,
    Rejected,
    SansockError,
    State,
    Transport,
    Tunnel,
    parse_proxy,
)

HTTP = "http://me:secret@proxy.example:3128"
# This takes arguments of wrong types below.
TUNNEL: Any = Tunnel
GOOD = b"HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\n\r\n"


@pytest.fixture
def tunnel() -> Tunnel:
    return Tunnel(HTTP, "example.com", 443, now=0)


def test_parse_proxy() -> None:
    assert parse_proxy("https://me:p%40ss@[::1]:8443/") == Proxy(True, "::1", 8443, True)
    assert parse_proxy("socks5://a") == Proxy(False, "a", 1080, False)
    proxy = parse_proxy("socks5h://a:9")
    assert proxy == pickle.loads(pickle.dumps(proxy)) == Proxy(False, "a", 9, True)
    for url in ("", "a", "ws://a", "http://a/b", "socks5://me@a", "http://a b", "http://\u00fc", "http://\ud800"):
        with pytest.raises(InvalidArgument, match="url"):
            parse_proxy(url)


def test_what_follows_the_answer_is_left(tunnel: Tunnel) -> None:
    assert (tunnel.state, tunnel.transport, tunnel.next_deadline) == (State.CONNECTING, Transport.OPEN, 10_000)
    request = tunnel.output()
    assert request.startswith(b"CONNECT example.com:443 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n" in request
    tunnel.written(8)
    assert tunnel.take_output(11) == b"example.com"
    assert tunnel.pending_output == len(request) - 19
    assert tunnel.take_output() == request[19:]
    with pytest.raises(InvalidArgument):
        tunnel.written(1)
    assert tunnel.receive(bytearray(GOOD + b"next"), 1) == [Open(None, (), (("Via", "1.1 proxy"),))]
    assert (tunnel.unconsumed, tunnel.state, tunnel.next_deadline) == (4, State.OPEN, None)
    assert tunnel.receive(memoryview(b"next layer"), 2) == []
    assert tunnel.unconsumed == 10
    assert tunnel.receive_eof(3) == tunnel.timeout(4) == []
    assert tunnel.fault is None


def test_a_refusal_has_a_code(tunnel: Tunnel) -> None:
    rejected, closed = tunnel.receive(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\n\r\n", 0)
    assert rejected == Rejected(407, (("Proxy-Authenticate", "Basic"),), b"", False, "No")
    assert isinstance(closed, Closed)
    assert closed.fault == tunnel.fault
    assert closed.fault is not None
    assert (closed.code, closed.by_peer, closed.fault.name) == (1006, True, "TUNNEL_AUTHENTICATION")
    assert (tunnel.state, tunnel.transport, tunnel.output()) == (State.CLOSED, Transport.CLOSE, b"")
    socks = Tunnel("socks4a://me@proxy", "example.com", 443)
    rejected, closed = socks.receive(bytes([0, 91, 0, 0, 0, 0, 0, 0]))
    assert rejected == Rejected(91, (), b"", False, "")
    assert socks.fault is not None
    assert (socks.fault.name, socks.fault.text) == ("TUNNEL_REFUSED", "the proxy refused the tunnel: 91")


def test_time_passes() -> None:
    tunnel = Tunnel("socks5h://proxy", "example.com", 443, timeout=100, now=5)
    assert tunnel.next_deadline == 105
    assert tunnel.timeout(104) == []
    (closed,) = tunnel.timeout(105)
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert closed.fault.name == "TUNNEL_TIMEOUT"


def test_a_connection_behind_a_tunnel() -> None:
    server, client = Connection.server(), Connection.client("ws://example.com/")
    tunnel = Tunnel("socks5h://proxy", "example.com", 80)
    assert tunnel.take_output() == b"\x05\x01\x00"
    assert tunnel.receive(b"\x05\x00") == []
    assert tunnel.take_output() == b"\x05\x01\x00\x03\x0bexample.com\x00\x50"
    server.receive(client.take_output())
    server.accept()
    answer = bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]) + server.take_output()
    assert tunnel.receive(answer) == [Open(None, (), ())]
    (event,) = client.receive(answer[-tunnel.unconsumed :])
    assert isinstance(event, Open)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("ws://a", "b", 1), {}, "proxy, host, port"),
        (("http://a", "b c", 1), {}, "proxy, host, port"),
        (("http://a", "b", 0), {}, "proxy, host, port"),
        (("http://a", "b", 65536), {}, "port must be from 0"),
        (("socks5://a", "example.com", 1), {}, "proxy, host, port"),
        (("socks4a://a", "::1", 1), {}, "proxy, host, port"),
        ((HTTP, "b", 1), {"timeout": 0}, "timeout cannot be 0: it must be from 1 to"),
        ((HTTP, "b", 1), {"max_head_size": 0}, "max_head_size cannot be 0"),
        ((HTTP, "b", 1), {"max_line_size": 2**64}, "max_line_size cannot be"),
        ((HTTP, "b", 1), {"max_headers": -1}, "max_headers cannot be -1"),
        ((HTTP, "b", 1), {"now": -1}, "now must be"),
        ((HTTP, "b", 1), {"headers": {"Host": "c"}}, r"headers\[0\]"),
        ((HTTP, "b", 1), {"headers": [("A", "b"), ("Proxy-Authorization", "c")]}, r"headers\[1\]"),
        ((HTTP, "b", 1), {"headers": [("A", "b\r\nc")]}, r"headers\[0\]"),
        (("socks5h://a", "b", 1), {"headers": [("A", "b")]}, r"headers\[0\]"),
    ],
)
def test_values_that_are_refused(arguments: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message) as caught:
        Tunnel(*arguments, **options)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: TUNNEL(1, "b", 1),
        lambda: TUNNEL(b"http://a", "b", 1),
        lambda: TUNNEL("http://a", None, 1),
        lambda: TUNNEL("http://a", "b", "80"),
        lambda: TUNNEL("http://a", "b", 80.0),
        lambda: TUNNEL("http://a", "b", 1, timeout=1.5),
        lambda: TUNNEL("http://a", "b", 1, headers="ab"),
        lambda: TUNNEL("http://a", "b", 1, parts=True),
        lambda: TUNNEL("http://a", "b", 1).receive("text"),
        lambda: TUNNEL("http://a", "b", 1).receive(None),
        lambda: TUNNEL("http://a", "b", 1).timeout("now"),
        lambda: TUNNEL("http://a", "b", 1).written("1"),
        lambda: TUNNEL("http://a", "b", 1).output("1"),
    ],
)
def test_types_that_are_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        call()


CALLS: list[Callable[[Tunnel], Any]] = [
    lambda t: t.receive(b""),
    lambda t: t.receive_eof(),
    lambda t: t.timeout(),
    lambda t: t.output(),
    lambda t: t.written(0),
    lambda t: t.take_output(),
    lambda t: t.pending_output,
    lambda t: t.next_deadline,
    lambda t: t.transport,
    lambda t: t.state,
    lambda t: t.fault,
]


def test_a_freed_tunnel_refuses_every_call(tunnel: Tunnel) -> None:
    with tunnel:
        assert repr(tunnel) == "<sansock._tunnel.Tunnel CONNECTING>"
    tunnel.free()
    assert repr(tunnel) == "<sansock._tunnel.Tunnel FREED>"
    for call in CALLS:
        with pytest.raises(BadHandle):
            call(tunnel)


def test_a_forgotten_tunnel_is_freed(tunnel: Tunnel) -> None:
    reference = weakref.ref(Tunnel(HTTP, "example.com", 443))
    gc.collect()
    assert reference() is None
    with pytest.raises(SansockError):
        Tunnel(HTTP, "", 443)


@pytest.mark.parametrize("copying", [copy.copy, copy.deepcopy, pickle.dumps])
def test_tunnels_are_not_copied(tunnel: Tunnel, copying: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="a Tunnel cannot be copied or pickled"):
        copying(tunnel)
