"""Opening handshakes that wsproto and its drop-in both read: valid ones, and ones with a fault that has a name."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

import pytest
import wsproto

import sansock.compat.wsproto as ours

for _module in ("events", "extensions", "utilities"):
    importlib.import_module(f"wsproto.{_module}")

COUNT = 200
Lines = list[bytes]
Change = Callable[[Lines, random.Random], None]


def replace(old: bytes, new: bytes) -> Change:
    """A change of the line that has some bytes in it."""

    def change(lines: Lines, _: random.Random) -> None:
        at = next(number for number, line in enumerate(lines) if old in line)
        lines[at] = lines[at].replace(old, new, 1)

    return change


def remove(name: bytes) -> Change:
    """Leaves out a header."""

    def change(lines: Lines, _: random.Random) -> None:
        lines[1:] = [line for line in lines[1:] if not line.lower().startswith(name.lower() + b":")]

    return change


def add(*new: bytes) -> Change:
    """Adds headers."""
    return lambda lines, _: lines.extend(new)


STRICT = "RFC 9112 and RFC 6455 forbid it, and wsproto overlooks it"
REQUESTS: dict[str, tuple[Change, str | None]] = {
    # What is changed, and why the two differ in it; None if they do not.
    "nothing": (lambda *_: None, None),
    "method": (replace(b"GET", b"POST"), None),
    "method in small letters": (replace(b"GET", b"get"), None),
    "version of HTTP": (replace(b"HTTP/1.1", b"HTTP/2.0"), STRICT),
    "no version of HTTP": (replace(b" HTTP/1.1", b""), None),
    "two spaces": (replace(b"GET ", b"GET  "), None),
    "HTTP/1.0": (replace(b"HTTP/1.1", b"HTTP/1.0"), STRICT),
    "no host": (remove(b"host"), None),
    "two hosts": (add(b"Host: example.net"), None),
    "no connection": (remove(b"connection"), None),
    "another connection": (replace(b"Upgrade", b"close"), None),
    "no upgrade": (remove(b"upgrade"), None),
    "another upgrade": (replace(b"websocket", b"h2c"), None),
    "no key": (remove(b"sec-websocket-key"), None),
    "short key": (replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25j"), STRICT),
    "no version": (remove(b"sec-websocket-version"), None),
    "another version": (replace(b": 13", b": 12"), None),
    "space before the colon": (add(b"X-A : b"), None),
    "no colon": (add(b"X-A"), None),
    "control in a value": (add(b"X-A: a\0b"), None),
    "folded line": (add(b"X-A: a", b" b"), STRICT),
    "subprotocol that is no token": (add(b"Sec-WebSocket-Protocol: a b"), STRICT),
    "extensions that are none": (add(b"Sec-WebSocket-Extensions: ;"), STRICT),
    "body": (add(b"Content-Length: 5"), STRICT),
}
RESPONSES: dict[str, tuple[Change, str | None]] = {
    "nothing": (lambda *_: None, None),
    "version of HTTP": (replace(b"HTTP/1.1", b"HTTP/2"), None),
    "no connection": (remove(b"connection"), None),
    "another connection": (replace(b"Upgrade", b"close"), None),
    "no upgrade": (remove(b"upgrade"), None),
    "another upgrade": (replace(b"websocket", b"h2c"), None),
    "no accept": (remove(b"sec-websocket-accept"), None),
    "another accept": (replace(b"sec-websocket-accept: ", b"sec-websocket-accept: A"), None),
    "subprotocol that was not offered": (add(b"Sec-WebSocket-Protocol: z"), None),
    "extension that was not offered": (add(b"Sec-WebSocket-Extensions: z"), None),
    "no colon": (add(b"X-A"), None),
    "folded line": (add(b"X-A: a", b" b"), STRICT),
    "interim response": (lambda lines, _: lines.__setitem__(0, b"HTTP/1.1 102 Processing"), "it is passed over"),
    "refusal": (lambda lines, _: lines.__setitem__(slice(None), [b"HTTP/1.1 403 No", b"content-length: 0"]), None),
}


def vary(lines: Lines, draw: random.Random) -> Lines:
    """The same head in another form: order, case and white space."""
    headers = lines[1:]
    if not any(line.startswith(b" ") for line in headers):
        draw.shuffle(headers)
    varied = [lines[0]]
    for line in headers:
        name, colon, value = line.partition(b":")
        if not name.endswith(b" ") and colon and draw.random() < 0.3:
            name = draw.choice((name.lower(), name.upper()))
            value = draw.choice((b"", b" ", b"\t  ")) + value.strip() + draw.choice((b"", b"  "))
        varied.append(name + colon + value)
    return varied


def feed(connection: Any, library: Any, head: Lines, draw: random.Random) -> list[Any]:
    """Passes a head in pieces. Returns the events, or what was raised."""
    data = b"\r\n".join([*head, b"", b""])
    cuts = sorted(draw.randrange(1, len(data)) for _ in range(draw.randrange(4)))
    try:
        for start, end in zip([0, *cuts], [*cuts, len(data)]):
            if start < end:
                connection.receive_data(data[start:end])
    except library.utilities.RemoteProtocolError as error:
        hint = error.event_hint
        return ["raised", str(error).partition(",")[2], hint and hint.status_code]
    return [describe(event) for event in connection.events()] + [connection.state.name]


def describe(event: Any) -> Any:
    """An event in a form in which those of two libraries can be compared."""
    fields = dict(vars(event))
    for name in ("extra_headers", "headers"):
        if name in fields:
            fields[name] = sorted((bytes(key), bytes(value)) for key, value in fields[name])
    return type(event).__name__, fields


def read_request(library: Any, change: Change, seed: int) -> list[Any]:
    draw = random.Random(seed)
    lines = [
        b"GET /chat?room=1 HTTP/1.1",
        b"Host: example.com:8000",
        b"Connection: " + draw.choice((b"Upgrade", b"keep-alive, Upgrade")),
        b"Upgrade: websocket",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Version: 13",
    ]
    if draw.random() < 0.5:
        lines += [
            b"Sec-WebSocket-Protocol: a, b",
            b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        ]
    if draw.random() < 0.5:
        lines += [b"Origin: https://example.com", b"Cookie: a=b", b"Cookie: c=d"]
    change(lines, draw)
    connection = library.WSConnection(library.ConnectionType.SERVER)
    result = feed(connection, library, vary(lines, draw), draw)
    if result[0] != "raised" and len(result) == 2:
        accepted = connection.send(library.events.AcceptConnection(extra_headers=[(b"x-b", b"c")]))
        result.append(sorted(accepted.split(b"\r\n")))
    return result


def read_response(library: Any, change: Change, seed: int) -> list[Any]:
    draw = random.Random(seed)
    connection = library.WSConnection(library.ConnectionType.CLIENT)
    sent = connection.send(library.events.Request("example.com", "/", subprotocols=["a", "b"]))
    key = next(line for line in sent.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")).split()[1]
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"sec-websocket-accept: " + library.utilities.generate_accept_token(key),
        b"Server: a",
    ]
    change(lines, draw)
    if draw.random() < 0.5 and not any(line.startswith(b"Sec-WebSocket-Protocol") for line in lines):
        lines.append(b"Sec-WebSocket-Protocol: b")
    return feed(connection, library, vary(lines, draw), draw)


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
@pytest.mark.parametrize("end", ["CLIENT", "SERVER"])
def test_end_of_the_stream(end: str, head: bytes) -> None:
    results = []
    for library in (ours, wsproto):
        connection = library.WSConnection(getattr(library.ConnectionType, end))
        if end == "CLIENT":
            connection.send(library.events.Request("example.com", "/"))
            head = head.replace(b"GET / HTTP/1.1", b"HTTP/1.1 101 Switching Protocols")
        try:
            if head:
                connection.receive_data(head)
            connection.receive_data(None)
            results.append("nothing")
        except library.utilities.RemoteProtocolError as error:
            results.append(str(error))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("read", "name", "change", "reason"),
    [
        pytest.param(read, name, change, reason, id=f"{read.__name__}: {name}")
        for read, changes in ((read_request, REQUESTS), (read_response, RESPONSES))
        for name, (change, reason) in changes.items()
    ],
)
def test_heads(read: Any, name: str, change: Change, reason: str | None) -> None:
    different = [
        (seed, mine, theirs)
        for seed in range(COUNT)
        for mine, theirs in [(read(ours, change, seed), read(wsproto, change, seed))]
        if mine != theirs
    ]
    if reason is None:
        assert different == []
    else:
        assert different, f"{name} makes no difference"
