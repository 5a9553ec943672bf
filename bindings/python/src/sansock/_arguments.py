"""Arguments as the engine takes them: ctypes alone cuts a number to its width, and takes None for an empty buffer."""

from __future__ import annotations

from operator import index
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from . import _ffi
from ._errors import InvalidArgument

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["clock", "http_text", "milliseconds", "octets", "unsigned", "utf8"]


def clock(now: int | None) -> int:
    """The time of a call: the one given, or that of the monotonic clock."""
    return monotonic_ns() // 1_000_000 if now is None else unsigned(now, 64, "now")


def milliseconds(now: int | None) -> Any:
    """The same for functions that do not convert."""
    return _ffi.now() if now is None else _ffi.uint64(unsigned(now, 64, "now"))


def unsigned(value: int, bits: int, name: str) -> int:
    """A number that fits."""
    number = index(value)
    if not 0 <= number < 1 << bits:
        raise InvalidArgument(f"{name} must be from 0 to 2**{bits} - 1, not {number}")
    return number


def octets(data: Buffer) -> bytes:
    """Exact ``bytes`` with the content of any bytes-like object; never of a str or a number."""
    return data if data.__class__ is bytes else memoryview(data).tobytes()


def utf8(text: str | Buffer) -> bytes:
    """Text for a frame: a str, or UTF-8 already encoded, which the engine validates."""
    return text.encode() if isinstance(text, str) else octets(text)


def http_text(text: str | Buffer) -> bytes:
    """Text for an HTTP head, which is bytes that nobody declares an encoding of."""
    return text.encode("latin-1") if isinstance(text, str) else octets(text)
