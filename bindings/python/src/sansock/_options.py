"""Options: what a connection is created with. The engine validates them; 0 never means "no limit"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

from . import _ffi
from ._arguments import http_text, milliseconds, octets, unsigned
from ._errors import InvalidArgument, check

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ClientOptions", "ServerOptions", "create"]


class ServerOptions(TypedDict, total=False):
    """The keyword arguments of ``Connection.server``. None stands for the default."""

    start_open: bool | None
    """The stream is upgraded already: there is no opening handshake. Default False."""
    max_message_size: int | None
    """The largest message to receive, in bytes. Default 16 MiB. A larger one ends the connection with 1009."""
    max_frame_size: int | None
    """The largest payload of one frame to receive, in bytes. Default: as large as a message."""
    max_head_size: int | None
    """The largest HTTP head to receive, in bytes. Default 16 KiB."""
    max_line_size: int | None
    """The longest line of an HTTP head, in bytes. Default 8 KiB."""
    max_headers: int | None
    """The largest number of headers in an HTTP head. Default 128."""
    max_body_size: int | None
    """How much of the body of a refusal a client keeps, in bytes. Default 64 KiB."""
    output_soft_limit: int | None
    """Pending output, in bytes, at which the connection is not ``writable``. Default 64 KiB."""
    output_hard_limit: int | None
    """Pending output, in bytes, above which sending raises ``WouldBlock``. Default: twice a message."""
    handshake_timeout: int | None
    """Time for the opening handshake, in milliseconds. Default 10,000."""
    close_timeout: int | None
    """Time for the closing handshake and for the peer's end of the stream, in milliseconds. Default 10,000."""
    ping_interval: int | None
    """Time between keepalive pings, in milliseconds. Default: no keepalive."""
    pong_timeout: int | None
    """Time in which a keepalive ping must be answered, in milliseconds. Default 20,000."""
    parts: bool | None
    """Deliver parts of messages as they arrive, not whole messages. Default False."""
    batches: bool | None
    """Deliver whole messages that come together as one ``Batch``, for less than an event each costs. Default False."""
    auto_pong: bool | None
    """Answer pings. Default True."""
    auto_close: bool | None
    """Answer the peer's Close. Default True."""
    require_pong: bool | None
    """Only a pong shows that the peer is alive, not any byte. Default False."""
    receive_while_closing: bool | None
    """Deliver messages that arrive after our own Close. Default False."""
    allow_non_minimal_length: bool | None
    """Accept frame lengths that are not in their shortest form, against RFC 6455 section 5.2. Default False."""
    deflate: bool | None
    """Offer or accept permessage-deflate (RFC 7692). Default False. With ``start_open`` it is agreed."""
    server_no_context_takeover: bool | None
    """The server compresses each message alone. Default False."""
    client_no_context_takeover: bool | None
    """The client compresses each message alone. Default False."""
    server_max_window_bits: int | None
    """The base-2 logarithm of the window that the server compresses in, 8 to 15. Default 15. A server takes 9 for 8."""
    client_max_window_bits: int | None
    """The base-2 logarithm of the window that the client compresses in, 8 to 15. Default 15. A client takes 9 for 8."""
    deflate_level: int | None
    """How hard to compress, from 1, fast, to 9, small. Default 6."""
    deflate_mem_level: int | None
    """How much memory to compress with, from 1 to 9. Default 8."""
    deflate_threshold: int | None
    """The smallest message that is compressed, in bytes. Default 64."""
    subprotocols: Iterable[str]
    """Subprotocols, the preferred one first: a client offers them, a server agrees to the first one offered."""
    headers: Iterable[tuple[str | bytes, str | bytes]]
    """Headers to add to a client's request, or to a server's response when it accepts."""
    seed: Buffer | None
    """32 random bytes for the key and the masks. Default: from the operating system. Fix it only in tests."""
    now: int | None
    """Milliseconds of a monotonic clock. Default: ``time.monotonic_ns() // 1_000_000``."""


class ClientOptions(ServerOptions, total=False):
    """The keyword arguments of ``Connection.client``."""

    origin: str | None
    """The Origin header of the request. Browsers send one; other clients need not."""


_Options = tuple[tuple[str, type, Any], ...]
_NOT_OF_THE_ENGINE = frozenset(("seed", "now", "batches"))
_NUMBERS = {
    "start_open": 1,
    "max_message_size": 2,
    "max_frame_size": 3,
    "max_head_size": 4,
    "max_line_size": 5,
    "max_headers": 6,
    "max_body_size": 7,
    "output_soft_limit": 8,
    "output_hard_limit": 9,
    "handshake_timeout": 10,
    "close_timeout": 11,
    "ping_interval": 12,
    "pong_timeout": 13,
    "parts": 14,
    "auto_pong": 15,
    "auto_close": 16,
    "require_pong": 17,
    "receive_while_closing": 18,
    "allow_non_minimal_length": 19,
    "deflate": 20,
    "server_no_context_takeover": 21,
    "client_no_context_takeover": 22,
    "server_max_window_bits": 23,
    "client_max_window_bits": 24,
    "deflate_level": 25,
    "deflate_mem_level": 26,
    "deflate_threshold": 27,
}


_KEPT = 4
"""How many configurations are kept: each may hold buffers of 24 MiB for its next connection."""


def create(role: int, url: str | None, options: Mapping[str, Any]) -> int:
    """The address of a connection that is made with these options."""
    seed = options.get("seed")
    if seed is not None:
        seed = octets(seed)
        if len(seed) != 32:
            raise InvalidArgument(f"the seed must be 32 bytes, not {len(seed)}")
    configuration, handle = _configuration(role, url, options), _ffi.Handle()
    time = milliseconds(options.get("now"))
    check(_ffi.conn_new(configuration.handle, seed, time, _ffi.by_reference(handle)))
    return handle.value or 0


class _Configuration:
    """What connections with the same options are made of."""

    __slots__ = ("handle",)

    def __init__(self, role: int, url: str | None, options: _Options) -> None:
        self.handle = _ffi.Handle()
        check(_ffi.config_new(role, _ffi.by_reference(self.handle)))
        if url is not None:
            _set_text(self.handle, _ffi.TEXT_URL, url)
        for name, _, value in options:
            _set(self.handle, name, value)

    def __del__(self, config_free: Callable[[Any], None] = _ffi.config_free) -> None:
        """Frees it; the connections made of it need it no more."""
        config_free(self.handle)


_kept = lru_cache(_KEPT)(_Configuration)


def _configuration(role: int, url: str | None, options: Mapping[str, Any]) -> _Configuration:
    """The configuration for these options: the same one as before, if it is kept."""
    # The types are told apart: 1.0 is equal to 1, but is no option.
    values = tuple(
        [
            (name, value.__class__, _FREEZERS[name](value) if name in _FREEZERS else value)
            for name, value in options.items()
            if value is not None and name not in _NOT_OF_THE_ENGINE
        ]
    )
    try:
        hash(values)
    except TypeError:
        return _Configuration(role, url, values)
    return _kept(role, url, values)


def _frozen_texts(texts: Iterable[Any]) -> tuple[Any, ...]:
    if isinstance(texts, str):
        raise TypeError("expected an iterable of str, not a str")
    return tuple(texts)


def _frozen_pairs(pairs: Iterable[Iterable[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(map(tuple, pairs))


_FREEZERS: dict[str, Callable[[Any], tuple[Any, ...]]] = {"subprotocols": _frozen_texts, "headers": _frozen_pairs}


def _set(config: _ffi.Handle, name: str, value: Any) -> None:
    if name == "subprotocols":
        for subprotocol in value:
            _set_text(config, _ffi.TEXT_SUBPROTOCOL, subprotocol)
    elif name == "headers":
        for header in value:
            header_name, header_value = map(http_text, header)
            lengths = _ffi.sizes[len(header_name)], _ffi.sizes[len(header_value)]
            check(_ffi.config_add_header(config, header_name, lengths[0], header_value, lengths[1]))
    elif name == "origin":
        _set_text(config, _ffi.TEXT_ORIGIN, value)
    elif name in _NUMBERS:
        try:
            check(_ffi.config_set(config, _NUMBERS[name], unsigned(value, 64, name)))
        except InvalidArgument as error:
            raise InvalidArgument(f"{name} cannot be {value}") from error
    else:
        raise TypeError(f"there is no option {name}")


def _set_text(config: _ffi.Handle, text: int, value: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"expected a str, not {type(value).__name__}")
    data = value.encode()
    check(_ffi.config_set_text(config, text, data, _ffi.sizes[len(data)]))
