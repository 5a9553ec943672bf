"""Memory that this package shares with the engine: the read buffer, and the regions where payloads are.

A payload is in one of three regions: the input (the bytes that were passed), the connection's store of messages, or its
scratch memory. Until the next input call, the engine's block says where each of them is.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
import threading
from ctypes import c_char
from typing import Any

from ._ffi import Block, pointer
from ._numbers import REGION_INPUT, REGION_STORE

READ_BUFFER_SIZE = 262144
"""How much a host can read at once."""
READ_BUFFER_START = 8192
"""How much room is in front of the read buffer, for bytes that were gathered: see ``_gathering``."""

# One array type serves every length; ctypes would keep a type for each.
_Memory: Any = c_char * sys.maxsize


def view_at(address: int) -> memoryview:
    """The memory from an address on, without a copy. Only what the block says is there may be read."""
    return memoryview(_Memory.from_address(address)).cast("B")


def copy(address: int, length: int) -> bytes:
    """A copy of memory, in half the time of ``ctypes.string_at``."""
    data: bytes = _Memory.from_address(address)[:length]
    return data


class ReadBuffer:
    """A buffer that transports are read into and that the engine unmasks in place, with room in front of it.

    Attributes:
        memory: The room and the buffer. Slices of it are exact ``bytes``, which is faster than copying from a view.
        view: A view of the same.
        input: The buffer alone.
        input_view: A view of the same, which the host fills.
        address: The address of ``memory``.
        pointer: The address of ``input``, as an argument.
    """

    __slots__ = ("address", "input", "input_view", "memory", "pointer", "view")

    def __init__(self) -> None:
        self.memory: Any = (c_char * (READ_BUFFER_START + READ_BUFFER_SIZE))()
        self.view = memoryview(self.memory).cast("B")
        self.input: Any = (c_char * READ_BUFFER_SIZE).from_buffer(self.memory, READ_BUFFER_START)
        # No slice of the other view: PyPy's sockets do not read into one.
        self.input_view = memoryview(self.input).cast("B")
        self.address = ctypes.addressof(self.memory)
        self.pointer = pointer(self.address + READ_BUFFER_START)

    def since(self, start: int) -> Any:
        """The memory from an offset on."""
        return self.input if start == READ_BUFFER_START else _Memory.from_address(self.address + start)


several_read_buffers = False
"""Whether more than one thread has had a read buffer."""
_number = itertools.count()


class _ThreadLocal(threading.local):
    def __init__(self) -> None:
        global several_read_buffers
        self.read_buffer = ReadBuffer()
        if next(_number):
            several_read_buffers = True


# A thread handles one read at a time, so all its connections share one read buffer.
thread_local = _ThreadLocal()


def payload(block: Block, read_buffer: ReadBuffer, region: int, offset: int, length: int) -> bytes:
    """A copy of a payload, whichever region it is in."""
    if region == REGION_INPUT:
        start = block.input - read_buffer.address + offset
        data: bytes = read_buffer.memory[start : start + length]
        return data
    return copy((block.store if region == REGION_STORE else block.scratch) + offset, length)


def whole_region(block: Block, read_buffer: ReadBuffer, region: int) -> bytes:
    """A copy of a region."""
    if region == REGION_INPUT:
        return payload(block, read_buffer, region, 0, block.input_len)
    return copy(block.store, block.store_len) if region == REGION_STORE else copy(block.scratch, block.scratch_len)
