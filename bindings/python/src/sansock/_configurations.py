"""The cache of configurations: connections that are created with the same options share one configuration.

A server creates connection after connection with the same options. Setting each option is a call into the library,
which a cached configuration saves. And a configuration passes large buffers on from one of its connections to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from . import _ffi
from ._arguments import HeadersInput, header_elements, milliseconds_argument, octets, string, subprotocol_elements
from ._errors import InvalidArgument, check
from ._options import set_option, set_url

__all__ = ["new_connection"]

_KEPT = 4
"""How many configurations are kept. Each may hold 24 MiB of buffers for its next connection."""
_NOT_OF_THE_CONFIGURATION = frozenset(("seed", "now", "batches"))
"""Options of one connection."""

_Options = tuple[tuple[str, type, Any], ...]


def new_connection(role: int, url: str | None, options: Mapping[str, Any]) -> int:
    """Creates a connection with these options, and returns the address of its handle."""
    seed = options.get("seed")
    if seed is not None:
        seed = octets(seed, "seed")
        if len(seed) != 32:
            raise InvalidArgument(f"the seed must be 32 bytes, not {len(seed)}")
    raw_url = None if url is None else string(url, "url")
    configuration, handle = _configuration(role, raw_url, options), _ffi.Handle()
    time = milliseconds_argument(options.get("now"))
    check(_ffi.conn_new(configuration.handle, seed, time, _ffi.by_reference(handle)))
    return handle.value or 0


class _Configuration:
    """The handle of a configuration."""

    __slots__ = ("handle",)

    def __init__(self, role: int, url: bytes | None, options: _Options) -> None:
        self.handle = _ffi.Handle()
        check(_ffi.config_new(role, _ffi.by_reference(self.handle)))
        if url is not None:
            set_url(self.handle, url)
        for name, _, value in options:
            set_option(self.handle, name, value)

    def __del__(self, config_free: Callable[[Any], None] = _ffi.config_free) -> None:
        """Frees it. Connections keep what they need of it."""
        config_free(self.handle)


_kept = lru_cache(_KEPT)(_Configuration)


def _configuration(role: int, url: bytes | None, options: Mapping[str, Any]) -> _Configuration:
    """The configuration for these options: the one in the cache, or a new one."""
    # The types are part of the key: 1.0 equals 1, but is not a valid option.
    values = tuple(
        [
            (name, value.__class__, _FREEZERS[name](value) if name in _FREEZERS else value)
            for name, value in options.items()
            if value is not None and name not in _NOT_OF_THE_CONFIGURATION
        ]
    )
    if options.get("key") is not None:
        # No two connections have the same key: what is kept for one would only displace others.
        return _Configuration(role, url, values)
    try:
        hash(values)
    except TypeError:
        return _Configuration(role, url, values)
    return _kept(role, url, values)


def _frozen_headers(headers: HeadersInput) -> tuple[Any, ...]:
    return tuple([tuple(pair) if isinstance(pair, list) else pair for pair in header_elements(headers)])


def _frozen_subprotocols(names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(subprotocol_elements(names))


_FREEZERS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "subprotocols": _frozen_subprotocols,
    "headers": _frozen_headers,
}
"""Makes an option hashable, so that it can be a part of the key. What is in it is checked when it is set."""
