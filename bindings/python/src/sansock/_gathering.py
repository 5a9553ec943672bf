"""Gathering of small reads: several of them reach the engine in one call.

A call into the engine costs more than the copy of a small read. While a long binary message arrives, the engine says in
its block how many bytes cannot produce an event, output or a fault yet (``payload_remaining``). Reads within that
number are appended to a buffer of the connection. The read that goes beyond it is passed on together with them: they
are copied into the room in front of the read buffer, so that the engine sees one piece.

Gathered bytes arrived before anything that follows, so they are passed on first in every input call. Those of the
opening handshake need not do so: no message is being received before the connection is open. Sending is not affected.

The test whether to gather, and the appending, are in ``Connection.receive_read_buffer``: a function call would cost as
much as gathering saves.
"""

from __future__ import annotations

from typing import Any

from . import _ffi
from ._memory import READ_BUFFER_START, ReadBuffer

__all__ = ["CAPACITY", "LARGEST_READ", "receive_gathered"]

LARGEST_READ = 2048
"""The largest read that is gathered, in bytes. Copying a larger one costs more than a call into the engine."""
CAPACITY = READ_BUFFER_START
"""The most that is gathered, in bytes: the room in front of the read buffer."""


def receive_gathered(
    handle: Any, read_buffer: ReadBuffer, gathered: bytes | bytearray, length: int, time: Any
) -> tuple[int, int]:
    """Passes on what was gathered, followed by the first ``length`` bytes of the read buffer.

    Returns:
        The status of the call, and where its input begins in the memory of the read buffer.
    """
    start = READ_BUFFER_START - len(gathered)
    read_buffer.view[start:READ_BUFFER_START] = gathered
    pointer, total = _ffi.pointer(read_buffer.address + start), len(gathered) + length
    return _ffi.conn_receive(handle, pointer, _ffi.sizes[total], time), start
