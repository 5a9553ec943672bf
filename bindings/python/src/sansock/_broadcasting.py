"""One message for many connections, which waits for none of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Callable, Protocol

from ._errors import SansockError
from ._session import Message, Session

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["broadcast", "to_many"]


class _HasSession(Protocol):
    _session: Session


def broadcast(websockets: Iterable[_HasSession], message: Message) -> None:
    """Sends a message to many connections, and waits for none of them. It is encoded once.

    A connection that has ended, or whose peer does not read so that its output is full, is left out. Each connection
    compresses the message for itself: what they agreed on, and what was sent before, may differ.
    """
    send = to_many(message)
    for websocket in websockets:
        send(websocket._session)


def to_many(message: str | Buffer) -> Callable[[Session], None]:
    """A function that sends a message to a session, if that need not wait. The message is encoded once.

    Raises:
        TypeError: It is neither a str nor a bytes-like object.
    """
    is_text = isinstance(message, str)
    data = message.encode() if isinstance(message, str) else bytes(memoryview(message))

    def send(session: Session) -> None:
        connection = session.connection
        if session.is_sending or session.opened is None or not connection.writable:
            return
        try:
            connection.send_text(data) if is_text else connection.send_binary(data)
        except SansockError:
            # It has ended, or is closing.
            return
        session.host.sent()

    return send
