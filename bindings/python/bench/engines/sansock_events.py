"""Sansock, with an event for each message."""

from __future__ import annotations

from collections.abc import Callable

from workloads import Spec

from engines.sansock import LARGEST, VERSION, carry_all
from sansock import Binary, Connection, Text

__all__ = ["VERSION", "receiver"]


def receiver(spec: Spec) -> Callable[[memoryview], list[str | bytes]]:
    """Takes reads."""
    make = Connection.server if spec.server else Connection.client
    opened = make(start_open=True, deflate=bool(spec.deflate), max_message_size=LARGEST)

    def feed(chunk: memoryview) -> list[str | bytes]:
        length = len(chunk)
        opened.read_buffer[:length] = chunk
        events = opened.receive_read_buffer(length)
        carry_all(opened)
        return [event.data for event in events if isinstance(event, (Text, Binary))]

    return feed
