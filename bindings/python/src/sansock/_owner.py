"""What connections and tunnels share: the handle of one, what its block says, and its end."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from . import _ffi
from ._arguments import unsigned
from ._enums import State, Transport
from ._errors import BadHandle, failure
from ._memory import pointer_at
from ._numbers import ERR_BAD_HANDLE

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["FREED", "NEVER", "Owner"]

_TRANSPORTS, _STATES = tuple(Transport), tuple(State)
NEVER = -1
"""The deadline that never comes, as a signed number."""


class _Freed:
    """Takes the place of the block of what was freed."""

    def __getattr__(self, name: str) -> NoReturn:
        raise failure(ERR_BAD_HANDLE)


FREED = cast(_ffi.Block, _Freed())


class Owner:
    """The owner of a handle of the library, with its block. Reading the block calls no function."""

    __slots__ = ("_block", "_handle", "_output")
    _block: _ffi.Block
    _handle: Any
    _output: Any

    def _own(self, address: int, block: int) -> None:
        """Takes over the handle at an address, with its block at another."""
        self._handle = _ffi.pointer(address)
        self._block = _ffi.block_at(block)
        self._output = pointer_at(block + _ffi.OUTPUT_OFFSET)

    def output(self, limit: int | None = None) -> bytes:
        """Returns a copy of the bytes to write, up to ``limit`` of them.

        Next: write them, and report how many were written with :meth:`written`.
        """
        length = self._block.output_len
        if limit is not None and limit < length:
            length = unsigned(limit, 64, "limit")
        if not length:
            return b""
        data: bytes = self._output[:length]
        return data

    @property
    def pending_output(self) -> int:
        """How many bytes wait to be written."""
        return self._block.output_len

    @property
    def transport(self) -> Transport:
        """What to do with the transport once all output is written."""
        return _TRANSPORTS[self._block.transport]

    @property
    def state(self) -> State:
        """The state of the connection or the tunnel."""
        return _STATES[self._block.state]

    def free(self) -> None:
        """Frees the memory. Any later call raises ``BadHandle``; freeing it again does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.free()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled")

    def __repr__(self) -> str:
        try:
            state = self.state.name
        except BadHandle:
            state = "FREED"
        return f"<{type(self).__module__}.{type(self).__name__} {state}>"
