"""One message for many connections, which waits for none of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Callable, Protocol, TypeVar

from ._errors import SansockError
from ._prepared import PreparedMessage
from ._session import Message, Session

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["broadcast", "to_many"]


class _HasSession(Protocol):
    _session: Session


_Connection = TypeVar("_Connection", bound=_HasSession)


def broadcast(websockets: Iterable[_Connection], message: Message) -> list[_Connection]:
    """Sends a message to many connections, and waits for none of them.

    It is encoded once, and compressed once for all that agreed to the same window and have the same options of
    compression. A connection that has ended is left out. So is one that would have to wait, because its peer does not
    read or because a message is being sent in parts: those are returned, for the application to close or to send to
    later.
    """
    send = to_many(message)
    return [websocket for websocket in websockets if not send(websocket._session)]


def to_many(message: str | Buffer) -> Callable[[Session], bool]:
    """A function that sends a message to a session, unless that has to wait. The message is encoded once.

    It returns whether it need not be sent to that session any more.

    Raises:
        TypeError: It is neither a str nor a bytes-like object.
    """
    prepared = PreparedMessage(message)

    def send(session: Session) -> bool:
        connection = session.connection
        if session.opened is None or session.closed is not None:
            return True
        if session.is_sending or not connection.writable:
            return False
        try:
            connection.send_prepared(prepared)
        except SansockError:
            # It is closing.
            return True
        session.host.sent()
        return True

    return send
