"""What connections and tunnels share: the handle of one, what its block says, and its end."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from . import _ffi
from ._arguments import unsigned
from ._enums import State, Transport
from ._errors import BadHandle, failure
from ._numbers import ERR_BAD_HANDLE

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["FREED", "NEVER", "Owner"]

_EVENTS, _STORE, _OUTPUT = _ffi.EVENTS, _ffi.STORE, _ffi.OUTPUT
_TRANSPORTS, _STATES = tuple(Transport), tuple(State)
NEVER = -1
"""The deadline that never comes, as a signed number."""


class _Freed:
    """Takes the place of the block and the pointers of what was freed."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        raise failure(ERR_BAD_HANDLE)

    __getattr__ = __setattr__ = __getitem__ = _refuse


FREED: Any = _Freed()


class Owner:
    """The owner of a handle of the library, with its block. Reading the block calls no function.

    Any thread may free it between two steps of a method. So each method takes what it needs from these attributes, and
    holds no address for longer than it holds what the address was taken from: see ``_ffi.Memory``.
    """

    __slots__ = ("_block", "_handle", "_output", "_records", "_store")
    _block: _ffi.Block
    _handle: Any
    _output: Any
    _records: Any
    _store: Any

    def _own(self, address: int, block: int, memory: _ffi.Memory) -> None:
        """Takes over the handle at an address. Its block is at another, and so is its memory."""
        memory.address = address
        self._handle = _ffi.by_reference(memory, address - block)
        self._block, pointers = memory.block, memory.pointers
        self._output, self._records, self._store = pointers[_OUTPUT], pointers[_EVENTS], pointers[_STORE]

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
        """Frees the memory. Any later call raises ``BadHandle``; freeing it again does nothing.

        Any thread may call it at any time, and so may a signal handler or a finalizer. A call that is in progress then
        ends as if it had come before, or raises ``BadHandle``. On CPython, the memory is given back when that call has
        ended, and at once if there is none; on an interpreter without reference counts, at its next garbage collection.
        """
        self._handle = None
        self._block = self._output = self._records = self._store = FREED

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
