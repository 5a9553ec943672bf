"""What the workers are given: messages, and the bytes in which a peer would have sent them. The same in every run."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from frames import BINARY, FIN, FLUSH_TAIL, NO_KEY, RSV1, TEXT, frame
from handshake import KEY

BROWSER_HEADERS = (
    ("Pragma", "no-cache"),
    ("Cache-Control", "no-cache"),
    (
        "User-Agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Accept-Language", "en-GB,en-US;q=0.9,en;q=0.8"),
    ("Cookie", "session=7f3c9a51d2e84b06a1c5e9f7b3d80246; theme=dark; consent=1"),
)
REQUEST = "".join(
    f"{line}\r\n"
    for line in (
        "GET /chat?room=42 HTTP/1.1",
        "Host: www.example.com",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Origin: http://www.example.com",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        *(f"{name}: {value}" for name, value in BROWSER_HEADERS),
        "",
    )
)
"""What a browser sends."""
RESPONSE = "".join(
    f"{line}\r\n"
    for line in (
        "HTTP/1.1 101 Switching Protocols",
        "Server: nginx/1.28.0",
        "Date: Thu, 01 Jan 2026 00:00:00 GMT",
        "Connection: upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Accept: @accept@",
        "",
    )
)
"""What a server behind a proxy answers; `@accept@` is for the worker to fill in."""

CHARACTERS = ("aefn rst", "äßéжя", "世界語文字", "😀🦀🎈")


@dataclass(frozen=True)
class Message:
    """One message, as its sender has it."""

    opcode: int
    payload: bytes


def messages(kind: str, size: int, count: int) -> list[Message]:
    """Messages of one kind and size, each with its own content."""
    source = random.Random(f"{kind} {size}")
    make = {"text": _ascii, "binary": _binary, "utf8": _utf8, "json": _json}[kind]
    opcode = BINARY if kind == "binary" else TEXT
    return [Message(opcode, make(source, size)) for _ in range(count)]


def frames(sent: list[Message], *, masked: bool, fragment: int | None = None, deflate: bool = False) -> Iterator[bytes]:
    """The bytes of each frame of the messages."""
    source = random.Random("masks")
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15, 8) if deflate else None
    for message in sent:
        payload, flags = message.payload, 0
        if compressor is not None:
            payload = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
            payload, flags = payload.removesuffix(FLUSH_TAIL), RSV1
        size = fragment or len(payload)
        for start in range(0, len(payload), size):
            last = FIN if start + size >= len(payload) else 0
            opcode = 0 if start else message.opcode
            key = source.randbytes(4) if masked else NO_KEY
            yield frame(last | flags | opcode, payload[start : start + size], key)


def _ascii(source: random.Random, size: int) -> bytes:
    return bytes(32 + byte % 95 for byte in source.randbytes(size))


def _binary(source: random.Random, size: int) -> bytes:
    return source.randbytes(size)


def _utf8(source: random.Random, size: int) -> bytes:
    """Characters of one to four bytes, each length as often as the others."""
    parts: list[bytes] = []
    length = 0
    while length <= size - 4:
        part = source.choice(source.choice(CHARACTERS)).encode()
        parts.append(part)
        length += len(part)
    return b"".join(parts) + b"." * (size - length)


def _json(source: random.Random, size: int) -> bytes:
    """Records as an application would send them: the same keys, other values."""
    names = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
    items: list[str] = []
    while True:
        item = (
            f'{{"id":{source.randrange(10**9)},"name":"{source.choice(names)}-{source.randrange(10**4)}",'
            f'"price":{source.randrange(10**6) / 100},"active":{source.choice(("true", "false"))}}}'
        )
        if len(",".join([*items, item])) + len('{"items":[],"pad":""}') > size:
            break
        items.append(item)
    body = '{"items":[' + ",".join(items) + '],"pad":"'
    return (body + "x" * (size - len(body) - 2) + '"}').encode()
