"""Arguments, checked and converted: on its own, ctypes truncates numbers and takes None for an empty buffer.

What is of the wrong type is a TypeError that names the argument. Its value is not shown: it may be a secret.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from operator import index
from time import monotonic_ns
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, Union

from . import _ffi
from ._errors import InvalidArgument
from ._numbers import HTTP_VERSION_1_1, HTTP_VERSION_2, HTTP_VERSION_3

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "HeadersInput",
    "HttpVersion",
    "chosen_subprotocol",
    "elements",
    "header",
    "header_elements",
    "header_pairs",
    "http_version_number",
    "milliseconds",
    "milliseconds_argument",
    "octets",
    "response",
    "string",
    "subprotocol_elements",
    "unsigned",
    "utf8",
]

_HeaderText = Union[str, bytes]


class _HasItems(Protocol):
    """A mapping, or a class like one, whose ``items`` may repeat a name."""

    def items(self) -> Iterable[tuple[_HeaderText, _HeaderText]]: ...


HeadersInput = Union[_HasItems, Iterable[tuple[_HeaderText, _HeaderText]]]
"""Headers as an argument: a mapping, or pairs of a name and a value. A str is encoded as ISO 8859-1."""

HttpVersion = Literal["1.1", "2", "3"]
"""The version of HTTP of a handshake that is made of fields: RFC 9112, RFC 8441 or RFC 9220."""

_HTTP_VERSIONS: dict[str, int] = {"1.1": HTTP_VERSION_1_1, "2": HTTP_VERSION_2, "3": HTTP_VERSION_3}
_MOST = 2**64 - 1
"""The latest time."""
_CUT = (str, bytes, bytearray, memoryview, array)
"""Types whose elements are characters or numbers, so that an argument of them is never a list of anything else."""


def milliseconds(now: int | None) -> int:
    """The time of a call, in milliseconds: the one given, or else that of the monotonic clock."""
    return monotonic_ns() // 1_000_000 if now is None else unsigned(now, 64, "now")


_last: tuple[int, Any] = 0, _ffi.uint64(0)
"""The last time and its argument: within a millisecond it is used again."""


def milliseconds_argument(now: int | None) -> Any:
    """The same as an argument of functions that do not convert theirs."""
    global _last
    if now is None:
        return _ffi.now()
    number, argument = _last
    if number != now or type(now) is not int:
        number = now if type(now) is int and 0 <= now <= _MOST else unsigned(now, 64, "now")
        argument = _ffi.uint64(number)
        _last = number, argument
    return argument


def unsigned(value: int, bits: int, name: str) -> int:
    """A number that fits into so many bits; ``name`` is the argument that an exception names."""
    try:
        number = index(value)
    except TypeError:
        _refuse(name, "an int", value)
    if not 0 <= number < 1 << bits:
        raise InvalidArgument(f"{name} must be from 0 to 2**{bits} - 1, not {number}")
    return number


def octets(data: Buffer, name: str = "data", expected: str = "a bytes-like object") -> bytes:
    """The content of any bytes-like object as exact ``bytes``. A str or a number is a TypeError."""
    if data.__class__ is bytes:
        return data
    try:
        view = memoryview(data)
    except TypeError:
        _refuse(name, expected, data)
    return view.tobytes()


def utf8(text: str | Buffer, name: str = "data") -> bytes:
    """Text for a frame: a str is encoded; bytes are UTF-8 already, and the engine validates them."""
    return text.encode() if isinstance(text, str) else octets(text, name, "a str or a bytes-like object")


def string(text: str, name: str) -> bytes:
    """Text that must be a str, for the library."""
    if not isinstance(text, str):
        _refuse(name, "a str", text)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} has a lone surrogate") from error


def elements(values: Iterable[Any], name: str, expected: str) -> Iterator[Any]:
    """Iterates over an argument. Text and bytes are refused, as they would be cut into characters."""
    if isinstance(values, _CUT):
        _refuse(name, expected, values)
    try:
        return iter(values)
    except TypeError:
        _refuse(name, expected, values)


def chosen_subprotocol(name: str) -> bytes:
    """The subprotocol to accept. The library takes an empty one for none, but no client offers that."""
    raw = string(name, "subprotocol")
    if not raw:
        raise InvalidArgument("subprotocol must not be empty")
    return raw


def response(status: int, reason: _HeaderText, body: Buffer) -> tuple[int, bytes, bytes]:
    """The status, the reason phrase and the body of a response that opens no connection."""
    number, phrase, raw = unsigned(status, 16, "status"), _http_text(reason, "", "reason"), octets(body, "body")
    if not 200 <= number <= 599:
        raise InvalidArgument(f"status must be from 200 to 599, not {number}")
    if raw and number in (204, 304):
        raise InvalidArgument(f"body must be empty, because a response with status {number} has none")
    return number, phrase, raw


def http_version_number(version: str) -> int:
    """The number of a version of HTTP."""
    if not isinstance(version, str):
        _refuse("http_version", "a str", version)
    if version not in _HTTP_VERSIONS:
        raise InvalidArgument('http_version must be "1.1", "2" or "3"')
    return _HTTP_VERSIONS[version]


def subprotocol_elements(names: Iterable[str]) -> Iterator[Any]:
    """Iterates over the option ``subprotocols``."""
    return elements(names, "subprotocols", "an iterable of str")


def header_elements(headers: HeadersInput, argument: str = "headers") -> Iterator[Any]:
    """Iterates over headers. What comes may still be of any type."""
    items = None if isinstance(headers, type) else getattr(headers, "items", None)
    pairs: Any = items() if callable(items) else headers
    return elements(pairs, argument, "a mapping or an iterable of pairs")


def header_pairs(headers: HeadersInput, argument: str = "headers") -> tuple[tuple[bytes, bytes], ...]:
    """Headers as bytes. Every type is checked, and the rest is left to the engine."""
    if headers.__class__ is tuple and not headers:
        return ()
    pairs = enumerate(header_elements(headers, argument))
    return tuple([_header_pair(pair, f"{argument}[{number}]") for number, pair in pairs])


def header(name: _HeaderText, value: _HeaderText, where: str = "") -> tuple[bytes, bytes]:
    """The name and the value of one header as bytes. An exception begins with ``where``."""
    return _http_text(name, where, "name"), _http_text(value, where, "value")


def _header_pair(pair: Any, where: str) -> tuple[bytes, bytes]:
    if not isinstance(pair, (tuple, list)):
        _refuse(where, "a pair of name and value", pair)
    if len(pair) != 2:
        raise TypeError(f"{where} must be a pair of name and value, not {len(pair)} elements")
    return header(pair[0], pair[1], where + ": ")


def _http_text(text: _HeaderText, where: str, name: str) -> bytes:
    """Text for an HTTP head: a str is encoded as ISO 8859-1, so that every byte can be written."""
    if not isinstance(text, str):
        return octets(text, where + name, "a str or bytes")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{where}{name} has a character that is not in ISO 8859-1") from error


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    raise TypeError(f"{name} must be {expected}, not {type(value).__name__}") from None
