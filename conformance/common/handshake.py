"""The opening handshake, written without the engine."""

from __future__ import annotations

import base64
import hashlib
import re

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""That of RFC 6455 §1.3."""


def request(target: str = "/", *fields: str) -> bytes:
    """A request that every server accepts, with more fields."""
    head = (f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade")
    return _lines(*head, f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *fields)


def response(key: str, *fields: str) -> bytes:
    """The response that opens the connection of a client with this key, with more fields."""
    head = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade")
    return _lines(*head, f"Sec-WebSocket-Accept: {accept_of(key)}", *fields)


def key_of(head: bytes) -> str:
    """The key of a request."""
    found = re.search(rb"(?i)\r\nsec-websocket-key: *(\S+)\r\n", head)
    if found is None:
        raise ValueError(f"no key in {head!r}")
    return found[1].decode("latin-1")


def accept_of(key: str) -> str:
    """Sec-WebSocket-Accept for this Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode("latin-1")).digest()).decode()


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()
