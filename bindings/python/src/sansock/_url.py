"""WebSocket URLs: where to connect to."""

from __future__ import annotations

from dataclasses import dataclass

from . import _ffi
from ._errors import check
from ._events import _Value

__all__ = ["Url", "parse_url"]


@dataclass(frozen=True)
class Url(_Value):
    """Where a ``ws:`` or ``wss:`` URL points to.

    Attributes:
        secure: True for ``wss:``. Connect with TLS.
        host: The host, without the brackets of an IPv6 address.
        port: The port: as given, else 80 or 443.
    """

    __slots__ = ("secure", "host", "port")
    secure: bool
    host: str
    port: int


def parse_url(url: str) -> Url:
    """Reads a URL, to know where to connect before ``Connection.client(url)``.

    Raises:
        InvalidArgument: It is not a valid ``ws:`` or ``wss:`` URL.
    """
    data, parts = url.encode(), _ffi.UrlParts()
    check(_ffi.url_parse(data, len(data), _ffi.by_reference(parts)))
    host = data[parts.host_offset : parts.host_offset + parts.host_len]
    return Url(bool(parts.secure), host.decode(), parts.port)
