"""Sansock, where the host keeps payloads: the engine reads headers, and payloads are read straight to their place.

The package has no such call, so it is the one of the C library inside it. The places are two buffers that are used in
turn, as targets of ``recv_into`` would be, and messages are views of them: a read may end one and begin another.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_size_t, c_uint64

from workloads import Spec

import engines.sansock as ordinary
from engines.sansock import LARGEST, VERSION, carry_all, open_connection
from sansock import _ffi

__all__ = ["VERSION", "receiver"]

HEADER_MAX = 10
"""The longest header of a frame that is not masked (RFC 6455 section 5.2)."""

Messages = list[str | bytes | memoryview]


def receiver(spec: Spec) -> Callable[[memoryview], Messages]:
    """Takes reads."""
    connection = open_connection(spec)
    receive = ordinary.receiver(spec, connection)
    receive_header = _ffi._library["sansock_conn_receive_header"]
    handle = connection._handle
    place, other = (memoryview(bytearray(LARGEST)) for _ in range(2))
    header_length, payload_length = c_size_t(), c_uint64()
    lengths = byref(header_length), byref(payload_length)
    length = filled = 0

    def feed(chunk: memoryview) -> Messages:
        nonlocal length, filled, place, other
        messages: Messages = []
        at, end = 0, len(chunk)
        while at < end:
            if filled == length:
                start = bytes(chunk[at : at + HEADER_MAX])
                receive_header(handle, start, c_size_t(len(start)), c_uint64(0), _ffi.now(), *lengths)
                if not header_length.value:
                    # A read has cut the header: the engine takes the message.
                    return messages + receive(chunk[at:])
                at += header_length.value
                length, filled = payload_length.value, 0
            taken = min(length - filled, end - at)
            place[filled : filled + taken] = chunk[at : at + taken]
            filled += taken
            at += taken
            if filled == length:
                messages.append(place[:length])
                place, other = other, place
        carry_all(connection)
        return messages

    return feed
