"""Messages for many connections."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from . import _ffi
from ._arguments import octets, utf8
from ._enums import MessageKind
from ._errors import BadHandle, check

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

__all__ = ["PreparedMessage"]


class PreparedMessage:
    """A message for many connections: each sends it with ``send_prepared``.

    It is compressed once for all that agreed to the same window and have the same options of compression. Several
    threads may send it at the same time. Its memory is given back when it is garbage, or by :meth:`free`; what was sent
    is not affected.

    Args:
        data: The message, which is copied.
        kind: The kind of the message. Default: text for a str, else binary.

    Raises:
        TypeError: It is neither a str nor a bytes-like object.
        InvalidArgument: It is text that is not UTF-8.
        NoMemory: There is no memory for it.
    """

    __slots__ = ("_handle", "kind")
    kind: MessageKind
    _handle: Any

    def __init__(self, data: str | Buffer, kind: MessageKind | None = None) -> None:
        if kind is None:
            kind = MessageKind.TEXT if isinstance(data, str) else MessageKind.BINARY
        self._handle = None
        self.kind = kind = MessageKind(kind)
        raw = utf8(data) if kind is MessageKind.TEXT else octets(cast("Buffer", data))
        handle = _ffi.Handle()
        check(_ffi.prepared_new(kind.value, raw, len(raw), _ffi.by_reference(handle)))
        self._handle = _Handle(handle)

    def memory_usage(self) -> int:
        """How many bytes it holds: the message, and what that was compressed to."""
        usage: int = _ffi.prepared_memory_usage(handle_of(self).address)
        return usage

    def free(self) -> None:
        """Frees the memory, as soon as no other thread is sending it. To send it raises ``BadHandle`` from then on."""
        self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.free()

    def __repr__(self) -> str:
        return f"<PreparedMessage {self.kind.name}{'' if self._handle else ' freed'}>"


class _Handle:
    """The handle of a message. Whoever sends the message holds this, so that no other thread frees it meanwhile."""

    __slots__ = ("address",)

    def __init__(self, address: Any) -> None:
        self.address = address

    def __del__(self, prepared_free: Callable[[Any], None] = _ffi.prepared_free) -> None:
        """Frees it. The default argument is still there when the interpreter exits and this module is gone."""
        prepared_free(self.address)


def handle_of(message: PreparedMessage) -> _Handle:
    """What to hold while the message is sent."""
    if not isinstance(message, PreparedMessage):
        raise TypeError(f"message must be a PreparedMessage, not {type(message).__name__}")
    handle: _Handle | None = message._handle
    if handle is None:
        raise BadHandle("the message was freed")
    return handle
