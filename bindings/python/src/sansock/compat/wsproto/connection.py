"""A connection that is open: the counterpart of ``wsproto.connection``."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Generator, Iterable
from enum import Enum
from threading import Lock
from typing import Any, Callable

from sansock import _events as engine_events
from sansock._details import frame_event
from sansock._enums import MessageKind
from sansock._errors import InvalidArgument, InvalidState
from sansock._numbers import FLAG_FIRST, FLAG_FRAME_END, FLAG_LAST
from sansock.compat._faults import close_code

from ._engine import Engine, new_engine
from .events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage
from .extensions import Extension, PerMessageDeflate
from .frame_protocol import LOCAL_ONLY_CLOSE_REASONS, MAX_PAYLOAD_NORMAL, CloseReason
from .utilities import LocalProtocolError

__all__ = ["CLIENT", "SERVER", "Connection", "ConnectionState", "ConnectionType"]


class ConnectionState(Enum):
    """The state of a connection, as far as its events have been read."""

    CONNECTING = 0
    """The opening handshake is under way."""
    OPEN = 1
    """Messages may be sent and received."""
    REMOTE_CLOSING = 2
    """The peer has sent Close, and the program has not answered it."""
    LOCAL_CLOSING = 3
    """The program has sent Close, and the peer has not answered it."""
    CLOSED = 4
    """Close was sent and received, or the stream has ended."""
    REJECTING = 5
    """The body of a refusal is under way."""


class ConnectionType(Enum):
    """The two ends of a connection."""

    CLIENT = 1
    SERVER = 2


_new: Callable[[type[Any]], Any] = object.__new__
_OPEN, _LOCAL_CLOSING = ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING
_WHOLE = FLAG_FIRST | FLAG_FRAME_END | FLAG_LAST
_MESSAGES = frozenset({TextMessage, BytesMessage})
CLIENT = ConnectionType.CLIENT
SERVER = ConnectionType.SERVER


class Connection:
    """A connection whose opening handshake is done elsewhere.

    Attributes:
        client: Whether this is the client's end.
    """

    def __init__(
        self,
        connection_type: ConnectionType,
        extensions: list[Extension] | None = None,
        trailing_data: bytes = b"",
    ) -> None:
        """Takes over a stream.

        Args:
            connection_type: Which end this is.
            extensions: Extensions, of which those that are enabled were agreed on.
            trailing_data: What was read behind the handshake.

        Raises:
            LocalProtocolError: An extension that is enabled is not permessage-deflate.
        """
        client = connection_type is CLIENT
        deflate = enabled_deflate(extensions or ())
        self._take_over(new_engine(client, start_open=True, **(deflate.options if deflate else {})), client, ())
        self.receive_data(trailing_data)

    def _take_over(self, engine: Engine, client: bool, events: Iterable[engine_events.Event]) -> None:
        self.client = client
        engine._make_frame = _made_message
        self._engine = engine
        # Some hosts read in one thread and send in another. In wsproto the two share nothing; here, the output.
        self._lock = Lock()
        self._events: deque[engine_events.Event | Message[Any] | None] | None = deque(events)
        self._state = ConnectionState.OPEN
        self._has_failed = False
        self._decode: Callable[[bytes, bool], str] | None = None

    @classmethod
    def over(cls, engine: Engine, client: bool, events: Iterable[engine_events.Event]) -> Connection:
        """A connection whose opening handshake the engine has done, with the events behind it."""
        self = cls.__new__(cls)
        self._take_over(engine, client, events)
        return self

    @property
    def state(self) -> ConnectionState:
        """The state, as far as the events have been read."""
        return self._state

    def send(self, event: Event) -> bytes:
        """The bytes to write for a message, a ping, a pong or a Close.

        Raises:
            LocalProtocolError: The state does not allow the event, or the close code must not be sent.
            TypeError: A message is neither text nor bytes, or continues one of the other kind.
            ValueError: The payload of a ping or a pong is longer than 125 bytes.
        """
        with self._lock:
            self._queue(event)
            return self._engine.take_output()

    def _queue(self, event: Event) -> None:
        is_open = self._state is _OPEN
        if is_open and (event.__class__ in _MESSAGES or isinstance(event, Message)):
            self._send_message(event)
        elif isinstance(event, Ping) and is_open:
            self._engine.ping(event.payload, 0)
        elif isinstance(event, Pong) and is_open:
            self._engine.pong(event.payload)
        elif isinstance(event, CloseConnection) and (is_open or self._state is ConnectionState.REMOTE_CLOSING):
            self._send_close(event)
        else:
            raise LocalProtocolError(f"{event} cannot be sent in the state {self._state.name}")

    def receive_data(self, data: bytes | None) -> None:
        """Takes bytes that were read; None for the end of the stream. Next: read ``events()``.

        Raises:
            LocalProtocolError: The connection is closed.
        """
        if data is None:
            with self._lock:
                self._engine.receive_eof(0)
            self._keep((None,))
            self._state = ConnectionState.CLOSED
        elif self._state is _OPEN or self._state is _LOCAL_CLOSING:
            engine = self._engine
            with self._lock:
                self._keep(engine.receive(data, 0))
                while engine.more:
                    self._keep(engine.timeout(0))
        elif self._state is ConnectionState.CLOSED:
            raise LocalProtocolError("the connection is closed")

    def events(self) -> Generator[Event, None, None]:
        """The events so far. The state changes as they are read."""
        while self._events:
            event: Any = self._events.popleft()
            if event.__class__ not in _MESSAGES:
                event = self._translate(event)
            if event is not None:
                yield event
        self._events = None

    def _keep(self, events: Iterable[engine_events.Event | None]) -> None:
        """Keeps events until they are read. An idle connection has no room for them."""
        if self._events:
            self._events += events
        else:
            self._events = deque(events)

    def _send_message(self, event: Message[Any]) -> None:
        data = event.data
        if isinstance(data, str):
            kind = MessageKind.TEXT
        elif isinstance(data, (bytes, bytearray, memoryview)):
            kind = MessageKind.BINARY
        else:
            raise TypeError("the data of a message is text or bytes")
        if event.message_finished:
            # Most messages are sent whole, which costs less. That there are parts before this one, the engine knows.
            try:
                self._engine.send(data)
            except InvalidState:
                pass
            else:
                return
        try:
            self._engine.send_part(data, event.message_finished, kind)
        except InvalidState as error:
            raise TypeError("a message is either text or binary, in all its parts") from error

    def _send_close(self, event: CloseConnection) -> None:
        code, reason = event.code, (event.reason or "").encode()
        if code is None or code == CloseReason.NO_STATUS_RCVD:
            if reason:
                raise TypeError("a reason needs a code")
            code = 0
        elif code in LOCAL_ONLY_CLOSE_REASONS:
            code = CloseReason.NORMAL_CLOSURE
        try:
            self._engine.close(code, reason[: MAX_PAYLOAD_NORMAL - 2].decode(errors="ignore"), 0)
        except InvalidArgument as error:
            raise LocalProtocolError(f"the close code {code} must not be sent") from error
        is_open = self._state is ConnectionState.OPEN
        self._state = ConnectionState.LOCAL_CLOSING if is_open else ConnectionState.CLOSED

    def _translate(self, event: engine_events.Event | None) -> Event | None:
        """The event of wsproto; None for those of the engine that wsproto has no counterpart of."""
        if isinstance(event, engine_events.Frame):
            if event.kind is MessageKind.BINARY:
                return BytesMessage(event.data, event.frame_end, event.last)
            if self._decode is None:
                self._decode = codecs.getincrementaldecoder("utf-8")().decode
            return TextMessage(self._decode(event.data, event.last), event.frame_end, event.last)
        if isinstance(event, engine_events.Ping):
            return Ping(event.payload)
        if isinstance(event, engine_events.Pong):
            return Pong(event.payload)
        if isinstance(event, engine_events.Closing):
            is_answer = self._state is ConnectionState.LOCAL_CLOSING
            self._state = ConnectionState.CLOSED if is_answer else ConnectionState.REMOTE_CLOSING
            return CloseConnection(_named(event.code), event.reason)
        if event is None:
            return CloseConnection(CloseReason.ABNORMAL_CLOSURE)
        if self._has_failed:
            return None
        code = event.code if isinstance(event, engine_events.ReportedFault) else close_code(event)
        if code is None:
            return None
        self._has_failed = True
        fault = self._engine.fault
        return CloseConnection(_named(code), fault.text if fault else None)


def _made_message(payload: bytes, flags: int, code: int, length: int) -> engine_events.Frame | Message[Any]:
    """The event of a message that comes whole. Others stay pieces of the engine's."""
    if flags & _WHOLE != _WHOLE:
        return frame_event(payload, flags, code, length)
    # The class is frozen, so that its own way to set attributes costs more than all else here.
    if code == 2:
        message: Message[Any] = _new(BytesMessage)
        message.__dict__.update(data=payload, frame_finished=True, message_finished=True)
    else:
        message = _new(TextMessage)
        message.__dict__.update(data=payload.decode(), frame_finished=True, message_finished=True)
    return message


def enabled_deflate(extensions: Iterable[Extension]) -> PerMessageDeflate | None:
    """The compression among extensions, if it was agreed on.

    Raises:
        LocalProtocolError: There is another extension that was agreed on.
    """
    enabled = None
    for extension in extensions:
        if extension.enabled():
            if not isinstance(extension, PerMessageDeflate):
                raise LocalProtocolError(f"the engine does not support the extension {extension.name}")
            enabled = extension
    return enabled


def _named(code: int) -> int:
    try:
        return CloseReason(code)
    except ValueError:
        return code
