"""What users of a connection call, whatever the library that does the I/O.

Every method that waits is a coroutine, and waits only for what its host provides: under asyncio, Trio and Curio that is
a wait of theirs; with threads it blocks, so that the coroutine never suspends.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable
from secrets import token_bytes
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable, Union

from ._enums import MessageKind, State
from ._errors import InvalidState, WouldBlock
from ._events import Open, Request
from ._exceptions import ConnectionClosedOK
from ._session import Message, Session

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

__all__ = ["Sendable", "WebSocket"]

Sendable = Union[str, "Buffer", Iterable[Union[str, "Buffer"]], AsyncIterable[Union[str, "Buffer"]]]
_USUAL = frozenset({str, bytes})
_WHOLE = (str, bytes, bytearray, memoryview)


class WebSocket:
    """A connection that is open, or has been.

    Messages are received by ``async for message in websocket``, or with :meth:`recv`: a text as a str, a binary message
    as bytes. One task may receive at a time, and any number may send.

    Attributes:
        request: The request of the client; None on a client.
        response: What the server agreed to, with the headers of its response.
        username: Who the client has shown to be, with ``basic_auth``.
    """

    request: Request | None = None
    response: Open | None = None
    username: str | None = None

    def __init__(self, session: Session) -> None:
        self._session = session

    # Receiving

    async def recv(self) -> Message:
        """Returns the next message: a text as a str, a binary message as bytes.

        It may be cancelled, or time out, and loses nothing.

        Raises:
            ConnectionClosed: The connection has ended, and all messages have been returned.
            ConcurrencyError: Another task is receiving.
        """
        session = self._session
        if not session.messages:
            await session.until_message()
        if session.parts:
            return await self._join()
        message: Message = session.pop()
        return message

    async def recv_parts(self) -> AsyncIterator[Message]:
        """Yields the next message as it arrives, in parts that need no memory for the whole.

        The option ``parts`` must be on. Take all of them before the next message.

        Raises:
            ConnectionClosed: The connection has ended.
            InvalidState: The option ``parts`` is off.
        """
        session = self._session
        if not session.parts:
            raise InvalidState("messages are received in parts with the option parts=True")
        last = False
        while not last:
            if not session.messages:
                await session.until_message()
            part = session.pop()
            last = part.last
            yield part.data

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        session = self._session
        try:
            if not session.messages:
                await session.until_message()
            message: Message = await self._join() if session.parts else session.pop()
        except ConnectionClosedOK:
            raise StopAsyncIteration from None
        session.is_unanswered = True
        return message

    async def _join(self) -> Message:
        """Returns a message whose parts arrive one by one. They are kept, so that being cancelled loses none."""
        session = self._session
        parts = session.partial
        while not parts or not parts[-1].last:
            if not session.messages:
                await session.until_message()
            parts.append(session.pop())
        session.partial = []
        message: Message = type(parts[0].data)().join(part.data for part in parts)
        return message

    # Sending

    async def send(self, message: Sendable) -> None:
        """Sends a message: a str as text, a bytes-like object as binary.

        An iterable or an async iterable of those is sent as one message in fragments, each as it comes. While the peer
        does not read, it waits; when it returns, the message has been handed on, and will be written.

        Raises:
            ConnectionClosed: The connection has ended, or is closing.
            TooLarge: The message is larger than ``output_hard_limit``: send it in fragments.
            TypeError: The message is none of these.
        """
        session = self._session
        if message.__class__ not in _USUAL and not isinstance(message, _WHOLE):
            await self._send_parts(message)
            return
        if session.is_sending:
            await session.take_turn()
            session.end_turn()
        connection = session.connection
        while True:
            try:
                if session.send_large is None or not session.send_large(message):
                    connection.send(message)
                break
            except WouldBlock:
                session.host.changed()
                await session.until_room()
            except InvalidState as error:
                raise await self._ended(error) from None
        session.is_unanswered = False
        session.host.sent()
        if not connection.writable:
            # It is enough to be written now, without what else may be sent.
            session.host.changed()
            await session.until_room()

    async def _send_parts(self, parts: Any) -> None:
        session = self._session
        if isinstance(parts, dict) or not (hasattr(parts, "__iter__") or hasattr(parts, "__aiter__")):
            raise TypeError(f"a message is a str, bytes-like, or an iterable of those, not {type(parts).__name__}")
        await session.take_turn()
        sent, kind = False, None
        try:
            each = _iterator(parts)
            while (part := await each()) is not None:
                if not isinstance(part, _WHOLE):
                    raise TypeError(f"a part of a message is a str or bytes-like, not {type(part).__name__}")
                kind = MessageKind.TEXT if isinstance(part, str) else MessageKind.BINARY
                await self._send_part(part, False, kind)
                sent = True
                await session.until_room()
            if sent:
                await self._send_part(b"", True, kind)
                sent = False
                await session.until_room()
        except BaseException:
            if sent and session.closed is None:
                # The message cannot be taken back, nor be completed (RFC 6455 section 5.4).
                self._session.close(1011, "")
            raise
        finally:
            session.end_turn()

    async def _send_part(self, part: Any, last: bool, kind: MessageKind | None) -> None:
        """Has the engine take a part. Being cancelled before that changes nothing."""
        session = self._session
        while True:
            try:
                session.connection.send_part(part, last, kind)
                break
            except WouldBlock:
                session.host.changed()
                await session.until_room()
            except InvalidState as error:
                raise await self._ended(error) from None
        session.is_unanswered = False
        session.host.sent()

    async def _ended(self, error: InvalidState) -> Exception:
        """What to raise where nothing can be sent: how the connection ended, for which it waits while it is closing."""
        if self._session.connection.state in (State.CLOSING, State.CLOSED):
            await self._session.until_closed()
        return self._session.refused(error)

    # Control frames

    async def ping(self, data: str | Buffer | None = None) -> float:
        """Sends a ping, waits for its pong, and returns the round-trip time in seconds.

        Args:
            data: Up to 125 bytes. Default: a few random ones.

        Raises:
            ConnectionClosed: The connection has ended.
            InvalidArgument: The payload is longer, or a ping with it awaits its pong.
        """
        session = self._session
        payload = token_bytes(4) if data is None else data.encode() if isinstance(data, str) else bytes(data)
        while True:
            try:
                session.connection.ping(payload, session.now())
                break
            except WouldBlock:
                await session.until_room()
            except InvalidState as error:
                raise await self._ended(error) from None
        start = monotonic()
        session.host.changed()
        await session.pong_to(payload)
        session.latency = monotonic() - start
        return session.latency

    # Closing

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection: sends Close, waits for the peer's, and for the transport to close.

        It takes ``close_timeout`` at most, twice. Messages that were not received before can still be received.

        Args:
            code: 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999.
            reason: Up to 123 bytes in UTF-8.

        Raises:
            InvalidArgument: The code or the reason is not allowed.
        """
        self._session.close(code, reason)
        await self._session.until_lost()

    async def wait_closed(self) -> None:
        """Waits until the connection has ended, and its transport is closed."""
        self._session.come_back()
        await self._session.until_lost()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.close(1000 if kind is None else 1011)

    # State

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol agreed on, if any."""
        return self.response.subprotocol if self.response else None

    @property
    def state(self) -> State:
        """The state of the connection."""
        return State.CLOSED if self._session.closed is not None else self._session.connection.state

    @property
    def close_code(self) -> int | None:
        """The code that the peer closed with; None while the connection has not ended."""
        return self._session.closed.code if self._session.closed else None

    @property
    def close_reason(self) -> str | None:
        """The reason that the peer closed with; None while the connection has not ended."""
        return self._session.closed.reason if self._session.closed else None

    @property
    def latency(self) -> float:
        """The last round-trip time of a ping, in seconds; 0 before the first. Keepalive measures whole milliseconds."""
        return self._session.latency

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} {self.state.name}>"


def _iterator(parts: Any) -> Callable[[], Awaitable[Any]]:
    """A coroutine function for the next part of an iterable or an async iterable; None after the last."""
    if hasattr(parts, "__aiter__"):
        asynchronous = parts.__aiter__()

        async def step() -> Any:
            try:
                return await asynchronous.__anext__()
            except StopAsyncIteration:
                return None

    else:
        plain = iter(parts)

        async def step() -> Any:
            return next(plain, None)

    return step
