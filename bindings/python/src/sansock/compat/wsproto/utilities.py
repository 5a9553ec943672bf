"""Exceptions and helpers: the counterpart of ``wsproto.utilities``."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .events import Event

__all__ = [
    "ACCEPT_GUID",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "generate_accept_token",
    "generate_nonce",
    "normed_header_dict",
    "split_comma_header",
]

ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a server adds to the key of a client (RFC 6455 section 1.3)."""


class ProtocolError(Exception):
    """The root of the errors of this package."""


class LocalProtocolError(ProtocolError):
    """The program asked for something that the state of the connection or the protocol does not allow."""


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule of the opening handshake.

    Attributes:
        event_hint: An event to send in answer, or None.
    """

    def __init__(self, message: str, event_hint: Event | None = None) -> None:
        self.event_hint = event_hint
        super().__init__(message)


def normed_header_dict(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Header fields by name. The values of fields that share a name are joined with commas (RFC 9110 section 5.3)."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return {name: b", ".join(each) for name, each in values.items()}


def split_comma_header(value: bytes) -> list[str]:
    """The elements of a list of tokens. A comma inside a quoted string divides it as well."""
    return [element.strip() for element in value.decode("ascii").split(",")]


def generate_nonce() -> bytes:
    """A new value for ``Sec-WebSocket-Key``: 16 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(16))


def generate_accept_token(token: bytes) -> bytes:
    """The value of ``Sec-WebSocket-Accept`` that answers a key (RFC 6455 section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(token + ACCEPT_GUID).digest())
