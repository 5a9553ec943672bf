"""A WebSocket session: what every host does around the engine, without I/O.

It keeps the messages that have arrived until they are asked for, stops reading while they are too many, makes senders
wait while the peer does not read, and tells everyone who waits when the connection ends. It reads no clock of its own
and waits for nothing by itself: the *host* reads, writes and waits.

A host calls the input methods with what it read, and after each of them, and whenever it is told that something has
``changed``, it writes the output, follows ``next_deadline``, stops or goes on reading as ``may_read`` says, and obeys
``transport``. When the transport is gone it calls ``lost``.

**The answer to the peer's Close**, and the Close for its fault, end the connection for both. So they wait until the
messages that came before have been answered (RFC 6455 section 5.5.1 allows the delay), which is

- while there are messages that somebody receives, and then until who received the last one comes back for more;
- and while a message has been received, but nothing was sent since, if who received it is known to come back: a loop
  over the messages, or the handler of a server. One that has been sent something counts as answered, so that the Close
  ends what sends without end, such as a feed.

Coming back for more, closing and waiting for the end give the answer. So does half of ``close_timeout``: the peer,
whose time for closing is about the same, is to get it in time. Meanwhile nothing is read, as nothing may follow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Union

from ._arguments import milliseconds
from ._connection import Connection
from ._enums import State, Transport
from ._errors import InvalidState
from ._events import PART_CLASSES, Batch, Binary, Closed, Closing, Event, Open, Ping, Pong, Rejected, Request, Text
from ._exceptions import ConcurrencyError, closed_error
from ._host import Host
from ._numbers import BLOCK_MORE, BLOCK_WRITABLE
from ._waiting import Waiting

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["MAX_QUEUE", "Message", "Session"]

Message = Union[str, bytes]

MAX_QUEUE = 256 * 1024
"""How many bytes of messages may wait to be received before reading stops, unless the user says otherwise."""
_QUIET = BLOCK_MORE | BLOCK_WRITABLE
_MESSAGE_COST = 64
"""What a message counts for besides its payload."""


class Session(Waiting):
    """One connection, as its users see it, and what its host must know.

    Attributes:
        connection: The engine.
        messages: Messages, or parts if the option ``parts`` is on, that have arrived and were not received yet.
        partial: The parts of a message that ``recv`` has taken while the last one has not arrived.
        request: The request that a server got, once it has arrived.
        opened: What was agreed on, once the connection is open.
        rejected: The response that a client got instead.
        closed: How the connection ended, once it has.
        is_lost: Whether the transport is gone.
        latency: The last round-trip time of a ping, in seconds; 0 before the first.
        is_handled: Whether this is the connection of a handler, which receives and answers until it returns.
        is_unanswered: Whether a message was received by who comes back for more, and nothing was sent since.
        send_large: Has the host write a message itself, behind its header; returns whether it has.
        held_until: When the answer that ends the connection is given at the latest, in milliseconds, while it waits.
    """

    __slots__ = (
        "_backlog",
        "_has_received",
        "_is_closing",
        "_is_eof_held",
        "_queued",
        "_reader",
        "close_timeout",
        "connection",
        "held_until",
        "is_handled",
        "is_sending",
        "is_unanswered",
        "max_queue",
        "messages",
        "now",
        "partial",
        "parts",
        "rejected",
        "send_large",
    )
    connection: Connection
    max_queue: int
    parts: bool
    now: Callable[[], int | None]
    close_timeout: float
    is_sending: bool
    is_handled: bool
    is_unanswered: bool
    is_lost: bool
    latency: float

    def __init__(
        self,
        connection: Connection,
        host: Host,
        max_queue: int = MAX_QUEUE,
        parts: bool = False,
        now: Callable[[], int | None] = lambda: None,
        close_timeout: float = 10.0,
    ) -> None:
        """Creates a session around a connection.

        Args:
            connection: The engine. Its option ``batches`` should be on, which costs less, unless ``parts`` is.
            host: Who drives it.
            max_queue: How many bytes of messages may wait before reading stops.
            parts: Whether the option ``parts`` of the connection is on.
            now: The time in milliseconds. The default leaves it to the engine.
            close_timeout: The option, in seconds.
        """
        self.connection = connection
        self.host = host
        self.max_queue = max_queue
        self.parts = parts
        self.now = now
        self.close_timeout = close_timeout
        self.messages: deque[Any] = deque()
        self.partial: list[Any] = []
        self.request: Request | None = None
        self.opened: Open | None = None
        self.rejected: Rejected | None = None
        self.closed: Closed | None = None
        self.is_lost = False
        self.is_sending = False
        self.latency = 0.0
        self.is_handled = self.is_unanswered = False
        self.held_until: int | None = None
        self.send_large: Callable[[Any], bool] | None = None
        self._has_received = self._is_eof_held = self._is_closing = False
        self._backlog = b""
        self._queued = 0
        self._reader: Any = None
        self._room: list[Any] = []
        self._state: list[Any] = []
        self._turns: list[Any] = []
        self._pings: dict[bytes, list[Any]] = {}

    # For the host: input

    def receive_read_buffer(self, length: int) -> None:
        """Takes what was read into the read buffer of the connection."""
        if self.held_until is not None:
            self._keep(self.connection.read_buffer[:length])
            return
        connection = self.connection
        events = connection.receive_read_buffer(length, self.now())
        if events:
            self.handle(events)
        elif connection.unconsumed:
            self._backlog += connection.read_buffer[length - connection.unconsumed : length]

    def receive_messages(self, length: int) -> bool:
        """The same for a host that leaves the time to the engine. Returns whether it has nothing to do.

        That is so after most reads: messages have come, there is no output, and no deadline comes earlier for them.
        """
        if self.held_until is not None:
            self._keep(self.connection.read_buffer[:length])
            return True
        connection = self.connection
        events = connection.receive_read_buffer(length)
        if len(events) == 1 and events[0].__class__ is Batch:
            self._queue(events[0].messages)
            if self._reader is not None:
                self.host.wake(self._reader)
        elif events or connection.unconsumed:
            if connection.unconsumed:
                self._backlog += connection.read_buffer[length - connection.unconsumed : length]
            self.handle(events)
            return False
        block = connection._block
        if block.output_len or block.flags & _QUIET != BLOCK_WRITABLE:
            self.handle([])
            return False
        return not self.is_full

    def receive(self, data: Buffer) -> None:
        """Takes bytes that were read."""
        if self.held_until is not None:
            self._keep(data)
            return
        connection = self.connection
        events = connection.receive(data, self.now())
        if connection.unconsumed:
            self._backlog += memoryview(data).cast("B")[-connection.unconsumed :]
        self.handle(events)

    def _keep(self, data: Buffer) -> None:
        """Keeps what a host had read already. Nothing may follow a Close, but messages may come with the request."""
        if self.connection.state is State.OPEN:
            self._backlog += bytes(data)

    def receive_eof(self) -> None:
        """The peer has ended its stream, or reading failed."""
        if self.held_until is not None:
            # The peer may still read what it is sent. If it does not, the transport will be lost.
            self._is_eof_held = True
        else:
            self.handle(self.connection.receive_eof(self.now()))

    def timeout(self) -> None:
        """The deadline has come."""
        if self.held_until is None:
            self.handle(self.connection.timeout(self.now()))
        elif milliseconds(self.now()) >= self.held_until:
            self.go_on()
        self._wake(self._room)

    def lost(self) -> None:
        """The transport is closed, by whomever. Nothing follows."""
        self.held_until = None
        self.receive_eof()
        self.is_lost = True
        self._wake_all()

    @property
    def has_senders(self) -> bool:
        """Whether somebody waits for room for output."""
        return bool(self._room)

    def wrote(self) -> None:
        """Output was written: senders may go on."""
        if self._room and self.connection.writable:
            self._wake(self._room)

    # For the host: what to do

    @property
    def may_read(self) -> bool:
        """Whether to read.

        A peer whose messages are not received is not read, but for the answer to our Close; nor one that has sent more
        behind its request than the engine keeps until that is answered; nor one whose Close is to be answered.
        """
        if self._backlog or self.held_until is not None:
            return False
        return not self.is_full or self.connection.state is not State.OPEN

    @property
    def is_full(self) -> bool:
        """Whether too many messages wait to be received."""
        return self._queued > self.max_queue

    def pause(self) -> None:
        """The host has stopped reading."""
        self.connection.pause(self.now())

    def resume(self) -> None:
        """The host reads again."""
        self.connection.resume(self.now())

    @property
    def next_deadline(self) -> int | None:
        """When to call ``timeout``, in milliseconds. None: never."""
        return self.connection.next_deadline if self.held_until is None else self.held_until

    @property
    def transport(self) -> Transport:
        """What to do with the transport, once all output is written."""
        return self.connection.transport

    # Receiving

    def pop(self) -> Any:
        """The next message, which must be there."""
        message = self.messages.popleft()
        self._has_received, self.is_unanswered = True, self.is_handled
        kind = message.__class__
        before = self._queued
        self._queued = left = before - _MESSAGE_COST - len(message if kind is str or kind is bytes else message.data)
        if before > self.max_queue >= left:
            self.host.changed()
        return message

    async def until_message(self) -> None:
        """Waits for a message or a part; raises ConnectionClosed if none will come."""
        self.is_unanswered = False
        if self.held_until is not None:
            self.come_back()
        while not self.messages:
            if self.closed is not None:
                raise closed_error(self.closed)
            if self._reader is not None:
                raise ConcurrencyError("another task or thread is receiving from this connection")
            self._reader = waiter = self.host.new_waiter()
            try:
                await self.host.wait(waiter)
            finally:
                self._reader = None

    def come_back(self) -> None:
        """Who received a message is done with it: asks for another where there is none, or waits for the end."""
        self.is_unanswered = False
        if self.held_until is not None:
            self.go_on()
            self.host.changed()

    def go_on(self) -> None:
        """Gives the answer that has waited."""
        if self.held_until is not None:
            self.held_until = None
            self.handle(self.connection.timeout(self.now()))
            if self._is_eof_held:
                self.receive_eof()

    # Sending

    def check_open(self) -> None:
        """Raises what is wrong, if nothing can be sent any more."""
        if self.closed is not None:
            raise closed_error(self.closed)

    def refused(self, error: InvalidState) -> Exception:
        """What to raise where the engine refuses to send because of its state."""
        return error if self.closed is None else closed_error(self.closed)

    async def until_room(self) -> None:
        """Waits until there is room for output, or the connection has ended."""
        while not self.connection.writable and not self.is_lost:
            await self._wait(self._room)

    async def until_written(self) -> None:
        """Waits until some output was written and there is room for more, or the connection has ended."""
        await self._wait(self._room)

    async def take_turn(self) -> None:
        """Waits until no message is being sent in parts, and lets no other be sent until ``end_turn``."""
        while self.is_sending:
            await self._wait(self._turns)
        self.is_sending = True

    def end_turn(self) -> None:
        """Others may send."""
        self.is_sending = False
        self._wake(self._turns)

    # Closing

    def close(self, code: int, reason: str) -> None:
        """Starts the closing handshake, unless it has begun. The peer's is answered with this code, or with its own."""
        if self.held_until is None or code != 1000 or reason:
            self.connection.close(code, reason, self.now())
        self._is_closing = True
        self.go_on()
        self.handle([])
        self.host.changed()

    # Events

    def handle(self, events: list[Event]) -> None:
        """Takes events of the engine, and those that are ready behind them."""
        self._take(events)
        while self.connection.more and not self._holds():
            self._take(self.connection.timeout(self.now()))
        if self._backlog and self.held_until is None and self.connection.state is not State.CONNECTING:
            backlog, self._backlog = self._backlog, b""
            self.receive(backlog)

    def _holds(self) -> bool:
        """Whether the next step, which ends the connection, waits for who answers the messages before it."""
        if self._is_closing or self.connection.state is State.CLOSED:
            return False
        is_received = self.is_handled or self._has_received or self._reader is not None
        if self.held_until is None and (self.is_unanswered or (self.messages and is_received)):
            self.held_until = milliseconds(self.now()) + int(self.close_timeout * 500)
        return self.held_until is not None

    def _take(self, events: list[Event]) -> None:
        for event in events:
            kind = event.__class__
            if kind is Batch:
                self._queue(event.messages)  # type: ignore[union-attr]
            else:
                _HANDLERS[kind](self, event)
        if self.messages and self._reader is not None:
            self.host.wake(self._reader)

    def _queue(self, messages: tuple[Message, ...]) -> None:
        if len(messages) == 1:
            self.messages.append(messages[0])
            self._queued += _MESSAGE_COST + len(messages[0])
        else:
            self.messages.extend(messages)
            self._queued += _MESSAGE_COST * len(messages) + sum(map(len, messages))

    def _on_message(self, event: Text | Binary) -> None:
        message = event if self.parts else event.data
        self.messages.append(message)
        self._queued += _cost(message)

    def _on_request(self, request: Request) -> None:
        self.request = request
        self._wake(self._state)

    def _on_open(self, opened: Open) -> None:
        self.opened = opened
        if self.request is not None and not opened.extensions:
            # A server's payloads are sent as they are (RFC 6455 section 5.3).
            self.send_large = getattr(self.host, "send_large", None)
        self._wake(self._state)

    def _on_rejected(self, rejected: Rejected) -> None:
        self.rejected = rejected

    def _on_closed(self, closed: Closed) -> None:
        self.closed = closed
        self._wake_all()

    def _ignore(self, event: Event) -> None:
        """The engine answers it."""

    # Waking

    def _wake_all(self) -> None:
        if self._reader is not None:
            self.host.wake(self._reader)
        for waiters in (self._room, self._state, self._turns, *self._pings.values()):
            self._wake(waiters)


def _cost(message: Any) -> int:
    """What a message counts for in the queue, in bytes; a text for its characters."""
    kind = message.__class__
    return _MESSAGE_COST + len(message if kind is str or kind is bytes else message.data)


_HANDLERS: dict[type, Callable[[Session, Any], None]] = {
    **dict.fromkeys((Text, Binary, *PART_CLASSES), Session._on_message),
    Request: Session._on_request,
    Open: Session._on_open,
    Rejected: Session._on_rejected,
    Ping: Session._ignore,
    Pong: Session._on_pong,
    Closing: Session._ignore,
    Closed: Session._on_closed,
}
