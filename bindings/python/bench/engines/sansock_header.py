"""Sansock, where the host writes the payload itself: only the header comes from the engine."""

from __future__ import annotations

from collections.abc import Callable

from workloads import Message, Spec

from engines.sansock import VERSION, open_connection
from sansock import MessageKind

__all__ = ["VERSION", "sender"]


def sender(spec: Spec, output: list[Message]) -> Callable[[Message], None]:
    """Sends messages."""
    connection = open_connection(spec)
    write = output.append
    kind = MessageKind.TEXT if spec.text else MessageKind.BINARY

    def send(message: Message) -> None:
        payload = message.encode() if isinstance(message, str) else message
        connection.send_header(kind, len(payload))
        write(connection.take_output())
        write(payload)

    return send
