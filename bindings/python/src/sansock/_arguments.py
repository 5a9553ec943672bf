"""Arguments, checked and converted: on its own, ctypes truncates numbers and takes None for an empty buffer."""

from __future__ import annotations

from operator import index
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from . import _ffi
from ._errors import InvalidArgument

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["http_text", "milliseconds", "milliseconds_argument", "octets", "unsigned", "utf8"]


def milliseconds(now: int | None) -> int:
    """The time of a call, in milliseconds: the one given, or else that of the monotonic clock."""
    return monotonic_ns() // 1_000_000 if now is None else unsigned(now, 64, "now")


def milliseconds_argument(now: int | None) -> Any:
    """The same as an argument of functions that do not convert theirs."""
    return _ffi.now() if now is None else _ffi.uint64(unsigned(now, 64, "now"))


def unsigned(value: int, bits: int, name: str) -> int:
    """A number that fits into so many bits; ``name`` is the argument that an exception names."""
    number = index(value)
    if not 0 <= number < 1 << bits:
        raise InvalidArgument(f"{name} must be from 0 to 2**{bits} - 1, not {number}")
    return number


def octets(data: Buffer) -> bytes:
    """The content of any bytes-like object as exact ``bytes``. A str or a number is a TypeError."""
    return data if data.__class__ is bytes else memoryview(data).tobytes()


def utf8(text: str | Buffer) -> bytes:
    """Text for a frame: a str is encoded; bytes are UTF-8 already, and the engine validates them."""
    return text.encode() if isinstance(text, str) else octets(text)


def http_text(text: str | Buffer) -> bytes:
    """Text for an HTTP head: a str is encoded as ISO 8859-1, so that every byte can be written."""
    return text.encode("latin-1") if isinstance(text, str) else octets(text)
