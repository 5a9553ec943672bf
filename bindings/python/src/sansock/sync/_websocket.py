"""A connection, as threads use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._enums import State
from .._events import Open, Request
from .._session import Message
from .._websocket import WebSocket as _WebSocket
from ._transport import SocketHost

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self

__all__ = ["WebSocket"]


class WebSocket:
    """A connection that is open, or has been. ``connect`` returns one, and ``serve`` passes one to its handler.

    Messages are received by ``for message in websocket``, or with :meth:`recv`: a text as a str, a binary message as
    bytes. One thread may receive at a time, and any number may send.

    Attributes:
        username: Who the client has shown to be, with ``basic_auth``.
    """

    username: str | None = None

    def __init__(self, host: SocketHost) -> None:
        self._host = host
        self._steps = _WebSocket(host.session)
        self._addresses = host.sock.getsockname(), host.sock.getpeername()

    # Receiving

    def recv(self, timeout: float | None = None) -> Message:
        """Returns the next message: a text as a str, a binary message as bytes.

        Args:
            timeout: How long to wait, in seconds. Default: for ever. 0 returns only what is there.

        Raises:
            ConnectionClosed: The connection has ended, and all messages have been returned.
            TimeoutError: No message came in time. None is lost.
            ConcurrencyError: Another thread is receiving.
        """
        return self._host.run(self._steps.recv(), timeout)

    def recv_parts(self) -> Iterator[Message]:
        """Yields the next message as it arrives, in parts that need no memory for the whole.

        The option ``parts`` must be on. Take all of them before the next message.

        Raises:
            ConnectionClosed: The connection has ended.
            InvalidState: The option ``parts`` is off.
        """
        parts = self._steps.recv_parts()
        while True:
            try:
                yield self._host.run(parts.__anext__())  # type: ignore[arg-type]
            except StopAsyncIteration:
                return

    def __iter__(self) -> Iterator[Message]:
        try:
            while True:
                yield self._host.run(self._steps.__anext__())
        except StopAsyncIteration:
            return

    # Sending

    def send(self, message: str | Buffer | Iterable[str | Buffer]) -> None:
        """Sends a message: a str as text, a bytes-like object as binary.

        An iterable of those is sent as one message in fragments, each as it comes. While the peer does not read, it
        blocks.

        Raises:
            ConnectionClosed: The connection has ended, or is closing.
            TooLarge: The message is larger than ``output_hard_limit``: send it in fragments.
            TypeError: The message is none of these.
        """
        self._host.run(self._steps.send(message))

    def ping(self, data: str | Buffer | None = None, timeout: float | None = None) -> float:
        """Sends a ping, waits for its pong, and returns the round-trip time in seconds.

        Args:
            data: Up to 125 bytes. Default: a few random ones.
            timeout: How long to wait, in seconds. Default: as long as the connection lives.

        Raises:
            ConnectionClosed: The connection has ended.
            TimeoutError: No pong came in time.
            InvalidArgument: The payload is longer.
        """
        return self._host.run(self._steps.ping(data), timeout)

    # Closing

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection: sends Close, waits for the peer's, and for the transport to close.

        It takes ``close_timeout`` at most, twice. Messages that were not received before can still be received.

        Args:
            code: 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999.
            reason: Up to 123 bytes in UTF-8.

        Raises:
            InvalidArgument: The code or the reason is not allowed.
        """
        self._host.run(self._steps.close(code, reason))

    def wait_closed(self, timeout: float | None = None) -> None:
        """Waits until the connection has ended, and its socket is closed."""
        self._host.run(self._steps.wait_closed(), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(1000 if kind is None else 1011)

    # State

    @property
    def request(self) -> Request | None:
        """The request of the client; None on a client."""
        return self._steps.request

    @property
    def response(self) -> Open | None:
        """What the server agreed to, with the headers of its response."""
        return self._steps.response

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol agreed on, if any."""
        return self._steps.subprotocol

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self._steps.state

    @property
    def close_code(self) -> int | None:
        """The code that the peer closed with; None while the connection has not ended."""
        return self._steps.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason that the peer closed with; None while the connection has not ended."""
        return self._steps.close_reason

    @property
    def latency(self) -> float:
        """The last round-trip time of a ping, in seconds; 0 before the first. Keepalive measures whole milliseconds."""
        return self._steps.latency

    @property
    def local_address(self) -> Any:
        """The address of our end, as the socket has it."""
        return self._addresses[0]

    @property
    def remote_address(self) -> Any:
        """The address of the peer's end, as the socket has it."""
        return self._addresses[1]

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} {self.state.name}>"
