"""Errors: misuse of a call by the host. What the peer does wrong is never an exception; it is in the Closed event."""

from __future__ import annotations

from typing import ClassVar

from . import _ffi

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
    "WouldBlock",
]


class SansockError(Exception):
    """A call that could not be carried out. The connection is as it was before the call.

    Attributes:
        status: The number of the error, the same in every language.
        name: Its name in the conformance vectors.
        sent: After ``send_batch``, how many messages were queued before the error.
    """

    status: ClassVar[int] = 0
    name: ClassVar[str] = ""
    sent: int = 0


class InvalidArgument(SansockError, ValueError):
    """An argument is outside what the protocol or the option allows."""

    status, name = -1, "INVALID_ARGUMENT"


class InvalidState(SansockError):
    """The connection is not in a state in which the call means anything: sending after Close, accepting twice."""

    status, name = -2, "INVALID_STATE"


class WouldBlock(SansockError):
    """The output is at its hard limit. Write it, report it with ``written``, and call again."""

    status, name = -3, "WOULD_BLOCK"


class TooLarge(SansockError):
    """The payload alone is larger than the hard limit of the output. Send it in parts, or raise the limit."""

    status, name = -4, "TOO_LARGE"


class NoMemory(SansockError, MemoryError):
    """Memory could not be allocated."""

    status, name = -5, "NO_MEMORY"


class BadHandle(SansockError):
    """The connection was freed."""

    status, name = -6, "BAD_HANDLE"


class Busy(SansockError):
    """The connection is in use by another thread."""

    status, name = -7, "BUSY"


class Poisoned(SansockError):
    """The engine failed in an earlier call on this connection, which can only be freed now."""

    status, name = -8, "POISONED"


class Entropy(SansockError):
    """The operating system offered no random bytes."""

    status, name = -9, "ENTROPY"


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


def failure(status: int) -> SansockError:
    """The exception for a status that is not 0."""
    return _CLASSES.get(status, SansockError)(_ffi.error_text(status).decode())


def check(status: int) -> None:
    """Raises the exception for a status, unless it is 0."""
    if status:
        raise failure(status)
