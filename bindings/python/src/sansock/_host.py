"""What a session needs of the adapter that drives it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

__all__ = ["Host"]


class Host(Protocol):
    """What a session needs of its host: a way to wait, and an ear."""

    def changed(self) -> None:
        """There may be output to write, or another deadline, or room to read, or a transport to close."""

    def sent(self) -> None:
        """There is output to write. Nothing else has changed, so this may wait for more output a moment."""

    def new_waiter(self) -> Any:
        """Something to wait for, once."""

    def wake(self, waiter: Any) -> None:
        """Ends the wait for it. It may have ended already."""

    def wait(self, waiter: Any) -> Awaitable[Any]:
        """Waits until it is woken."""
