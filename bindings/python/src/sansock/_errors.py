"""Errors: misuse of a call by the host. What the peer does wrong is never an exception; it is in the Closed event."""

from __future__ import annotations

from typing import ClassVar

from . import _ffi, _numbers

__all__ = [
    "BadHandle",
    "Busy",
    "Entropy",
    "InvalidArgument",
    "InvalidState",
    "NoMemory",
    "Poisoned",
    "SansockError",
    "TooLarge",
    "WebSocketError",
    "WouldBlock",
]


class WebSocketError(Exception):
    """The root of all exceptions of this package.

    They are of two kinds: what the program did, ``SansockError`` and ``ConcurrencyError``; and what the peer or the
    network did, ``ConnectionClosed`` and ``InvalidHandshake``. The engine raises only the first kind.
    """


class SansockError(WebSocketError):
    """A call that could not be carried out. The connection is as it was before the call, with two exceptions.

    See ``sent``; and after ``accept``, ``reject`` or ``respond``, the headers that were added for the answer are
    dropped.

    Attributes:
        status: The number of the error, the same in every language.
        name: Its name, as the conformance vectors write it.
        sent: After ``send_batch``, how many messages were queued before the error. They stay queued.
    """

    status: ClassVar[int] = 0
    name: ClassVar[str] = ""
    sent: int = 0


class InvalidArgument(SansockError, ValueError):
    """An argument is outside what the protocol or the option allows."""

    status: ClassVar[int] = _numbers.ERR_INVALID_ARGUMENT
    name: ClassVar[str] = "INVALID_ARGUMENT"


class InvalidState(SansockError):
    """The state of the connection does not allow the call: sending after Close, accepting twice."""

    status: ClassVar[int] = _numbers.ERR_INVALID_STATE
    name: ClassVar[str] = "INVALID_STATE"


class WouldBlock(SansockError):
    """The output is at its hard limit. Write it, report it with ``written``, and call again."""

    status: ClassVar[int] = _numbers.ERR_WOULD_BLOCK
    name: ClassVar[str] = "WOULD_BLOCK"


class TooLarge(SansockError):
    """The payload alone is larger than the hard limit of the output. Send it in parts, or raise the limit."""

    status: ClassVar[int] = _numbers.ERR_TOO_LARGE
    name: ClassVar[str] = "TOO_LARGE"


class NoMemory(SansockError, MemoryError):
    """Memory could not be allocated."""

    status: ClassVar[int] = _numbers.ERR_NO_MEMORY
    name: ClassVar[str] = "NO_MEMORY"


class BadHandle(SansockError):
    """The connection was freed."""

    status: ClassVar[int] = _numbers.ERR_BAD_HANDLE
    name: ClassVar[str] = "BAD_HANDLE"


class Busy(SansockError):
    """The connection is in use by another thread."""

    status: ClassVar[int] = _numbers.ERR_BUSY
    name: ClassVar[str] = "BUSY"


class Poisoned(SansockError):
    """The engine failed in an earlier call on this connection. Close the transport, and free the connection."""

    status: ClassVar[int] = _numbers.ERR_POISONED
    name: ClassVar[str] = "POISONED"


class Entropy(SansockError):
    """The operating system provided no random bytes. Try again, or pass a ``seed``."""

    status: ClassVar[int] = _numbers.ERR_ENTROPY
    name: ClassVar[str] = "ENTROPY"


_CLASSES: dict[int, type[SansockError]] = {
    error.status: error
    for error in (
        InvalidArgument,
        InvalidState,
        WouldBlock,
        TooLarge,
        NoMemory,
        BadHandle,
        Busy,
        Poisoned,
        Entropy,
    )
}


def failure(status: int, argument: str = "") -> SansockError:
    """The exception for a status that is not 0; ``argument`` is what it names if an argument is not allowed."""
    text = _ffi.error_text(status).decode()
    is_named = argument and status == _numbers.ERR_INVALID_ARGUMENT
    return _CLASSES.get(status, SansockError)(f"{argument}: {text}" if is_named else text)


def check(status: int, argument: str = "") -> None:
    """Raises the exception for a status, unless it is 0."""
    if status:
        raise failure(status, argument)
