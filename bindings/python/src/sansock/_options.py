"""Options: the keyword arguments of a new connection, and how a configuration is given each of them.

The engine validates the values. 0 never means "no limit".
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _ffi
from ._arguments import HeadersInput, header_pairs, string, unsigned
from ._errors import InvalidArgument, check
from ._numbers import OPTIONS, TEXT_KEY, TEXT_ORIGIN, TEXT_SUBPROTOCOL, TEXT_URL, NumericOptions

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ClientOptions", "ServerOptions", "deflate_limits", "set_option", "set_url"]

_TEXTS = {"origin": TEXT_ORIGIN, "key": TEXT_KEY}
"""Options that are a text."""
_LIMITS = tuple(
    (name, OPTIONS[name], widest)
    for name, widest in (
        ("deflate", True),
        ("server_no_context_takeover", False),
        ("client_no_context_takeover", False),
        ("server_max_window_bits", 15),
        ("client_max_window_bits", 15),
    )
)
"""Options that ``accept`` may narrow, each with the value that narrows nothing."""


class ServerOptions(NumericOptions, total=False):
    """The keyword arguments of ``Connection.server``. None means the default.

    Attributes:
        subprotocols: Subprotocols, the preferred one first. A client offers them; a server chooses the first of them
            that the client offers.
        headers: Headers to add to a client's request, or to a server's response when it accepts: a mapping, or an
            iterable of pairs of a name and a value. If the ``items`` of a mapping repeat a name, so do the headers.
        batches: Whether whole messages that arrive together are returned as one ``Batch``, which costs less than an
            event for each. Default: False.
        seed: 32 random bytes for the key and the masks. Default: from the operating system. Fix them in tests only.
        now: The time, in milliseconds of a monotonic clock. Default: ``time.monotonic_ns() // 1_000_000``.
    """

    subprotocols: Iterable[str] | None
    headers: HeadersInput | None
    batches: bool | None
    seed: Buffer | None
    now: int | None


class ClientOptions(ServerOptions, total=False):
    """The keyword arguments of ``Connection.client``: those of a server, and two more. None means the default.

    Attributes:
        origin: The Origin header of the request. Browsers send one; other clients need not.
        key: The Sec-WebSocket-Key of the request: 16 bytes in base64. Default: a random one, as RFC 6455 requires; a
            proxy passes on that of its client.
    """

    origin: str | None
    key: str | None


def _describe_options() -> None:
    """Adds the numeric options to the docstring that ``help`` shows: a TypedDict has no other place for them."""
    texts = [f"{name}: {option.doc}" for name, option in OPTIONS.items()]
    lines = [textwrap.fill(text, 110, initial_indent=" " * 4, subsequent_indent=" " * 8) for text in texts]
    ServerOptions.__doc__ = "\n".join([inspect.cleandoc(ServerOptions.__doc__ or ""), *lines])


_describe_options()


def set_url(config: _ffi.Handle, url: bytes) -> None:
    """Sets the URL of a client."""
    _set_text(config, TEXT_URL, url, "url")


def set_option(config: _ffi.Handle, name: str, value: Any) -> None:
    """Sets one option, other than those that are not the configuration's."""
    if name == "subprotocols":
        for number, subprotocol in enumerate(value):
            where = f"subprotocols[{number}]"
            _set_text(config, TEXT_SUBPROTOCOL, string(subprotocol, where), where)
    elif name == "headers":
        for number, (header_name, header_value) in enumerate(header_pairs(value)):
            lengths = _ffi.sizes[len(header_name)], _ffi.sizes[len(header_value)]
            status = _ffi.config_add_header(config, header_name, lengths[0], header_value, lengths[1])
            check(status, f"headers[{number}]")
    elif name in _TEXTS:
        _set_text(config, _TEXTS[name], string(value, name), name)
    elif name in OPTIONS:
        _set_number(config, name, value)
    else:
        raise TypeError(f"there is no option {name}")


def deflate_limits(*values: int) -> list[tuple[int, int]]:
    """The numbers and the values of the options that ``accept`` narrows; ``values`` are in the order of ``_LIMITS``."""
    limits = []
    for (name, option, widest), value in zip(_LIMITS, values):
        if value is not widest:
            number = unsigned(value, 64, name)
            if not option.minimum <= number <= option.maximum:
                raise _not_in_range(name, value)
            if number != widest:
                limits.append((option.number, number))
    return limits


def _set_text(config: _ffi.Handle, text: int, value: bytes, name: str) -> None:
    check(_ffi.config_set_text(config, text, value, _ffi.sizes[len(value)]), name)


def _set_number(config: _ffi.Handle, name: str, value: Any) -> None:
    option = OPTIONS[name]
    try:
        check(_ffi.config_set(config, option.number, unsigned(value, 64, name)))
    except InvalidArgument as error:
        raise _not_in_range(name, value) from error


def _not_in_range(name: str, value: Any) -> InvalidArgument:
    option = OPTIONS[name]
    return InvalidArgument(f"{name} cannot be {value}: it must be from {option.minimum} to {option.maximum}")
