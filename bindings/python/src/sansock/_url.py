"""WebSocket URLs: where a client connects to."""

from __future__ import annotations

from dataclasses import dataclass

from . import _ffi
from ._arguments import string
from ._errors import check
from ._events import _Value

__all__ = ["Url", "parse_url"]


@dataclass(frozen=True)
class Url(_Value):
    """Where to connect for a ``ws:`` or ``wss:`` URL. Credentials, path and query are not kept.

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
    """Reads a URL by the rules of RFC 6455 section 3, to know where to connect.

    Next: connect the transport, with TLS if the URL is secure, and call ``Connection.client`` with the same URL. If the
    URL has the form ``ws://user:password@host/``, the request then carries a Basic Authorization header (RFC 7617).

    Raises:
        InvalidArgument: It is not a valid ``ws:`` or ``wss:`` URL.
        TypeError: It is not a str.
    """
    data, parts = string(url, "url"), _ffi.UrlParts()
    check(_ffi.url_parse(data, len(data), _ffi.by_reference(parts)), "url")
    host = data[parts.host_offset : parts.host_offset + parts.host_len]
    return Url(bool(parts.secure), host.decode(), parts.port)
