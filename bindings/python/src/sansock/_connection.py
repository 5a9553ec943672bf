"""One WebSocket connection, either end."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from operator import index
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from . import _ffi
from ._arguments import clock, http_text, milliseconds, octets, unsigned, utf8
from ._batch import decode, encode
from ._details import read_fault
from ._errors import BadHandle, InvalidArgument, check, failure
from ._events import Event, Fault
from ._options import ClientOptions, ServerOptions, create

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self, Unpack

__all__ = ["Connection", "MessageKind", "State", "Transport"]


class Transport(enum.Enum):
    """What the host does with the transport once all output is written."""

    OPEN = 0
    """Go on reading and writing."""
    SHUTDOWN_WRITE = 1
    """Shut down the writing side. Go on reading, until the end of the stream or the next deadline."""
    CLOSE = 2
    """Close it."""


class State(enum.Enum):
    """How far a connection has come."""

    CONNECTING = 0
    """The opening handshake is under way."""
    OPEN = 1
    """Messages flow."""
    CLOSING = 2
    """A Close frame was sent or received."""
    CLOSED = 3
    """The Closed event was delivered, or waits to be."""


class MessageKind(enum.Enum):
    """The kind of a message that is sent in parts, or whose payload the host writes itself."""

    TEXT = _ffi.KIND_TEXT
    BINARY = _ffi.KIND_BINARY


_TRANSPORTS, _STATES = tuple(Transport), tuple(State)
_NEVER = -1
"""No deadline, as a number with a sign."""
_DEFER_WRITTEN = _ffi.BLOCK_DEFER_WRITTEN
_sizes, _thread_local = _ffi.sizes, _ffi.thread_local
_RECORD_SIZE, _WINDOW_SIZE, _ROOM = _ffi.RECORD_SIZE, _ffi.WINDOW_SIZE, _ffi.WINDOW_START
_SMALL = 2048
"""Reads up to this length are gathered: copying a larger one costs more than a call into the engine."""
_LEFT = 256
"""Output up to this many bytes may stay in the engine's memory until the next call."""


class _Freed:
    """Stands in for the block of a connection that was freed."""

    def __getattr__(self, name: str) -> NoReturn:
        raise failure(_ffi.ERR_BAD_HANDLE)


_FREED = cast(_ffi.Block, _Freed())


class Connection:
    """One WebSocket connection: bytes in, events and bytes out, no I/O.

    Make one with :meth:`server` or :meth:`client`. Then, after any call: write the output, handle the events that the
    call returned (and while there is :attr:`more`, those of :meth:`timeout`), set a timer to :attr:`next_deadline`, and
    obey :attr:`transport` once all output is written.

    Input calls return events: ``receive``, ``receive_read_buffer``, ``receive_eof``, ``timeout``, ``accept``,
    ``reject``. No event is an exception: what the peer does wrong ends in a ``Closed`` event with a fault. A call that
    the host should not have made raises a :class:`SansockError` and changes nothing.

    Every ``now`` is in milliseconds of a monotonic clock; left out, it is ``time.monotonic_ns() // 1_000_000``.

    A connection is used by one thread at a time, and may move between threads. After a fork it is used by one of the
    processes only: both would send the same masks. Its memory is given back by :meth:`free`, at the end of a ``with``
    block, or when it is garbage.

    Attributes:
        unconsumed: How many bytes at the end of the last input were not taken, because a request awaits its decision:
            pass them again after ``accept`` or ``reject``. Almost always 0, as 64 KiB are kept for you.
    """

    __slots__ = (
        "__weakref__",
        "_batches",
        "_block",
        "_events",
        "_gathered",
        "_handle",
        "_output",
        "_store",
        "_window",
        "unconsumed",
    )
    _batches: bool
    _block: _ffi.Block
    _events: Any
    _gathered: bytes | bytearray
    _handle: Any
    _output: Any
    _store: Any
    _window: _ffi.Window
    unconsumed: int

    def __new__(cls) -> Self:
        """There are two ends."""
        raise TypeError("use Connection.server() or Connection.client(url)")

    @classmethod
    def server(cls, **options: Unpack[ServerOptions]) -> Self:
        """Creates a server's end of a connection that was accepted.

        Call :meth:`receive` next. A ``Request`` event comes; answer it with :meth:`accept` or :meth:`reject`.

        Args:
            **options: See :class:`ServerOptions`.

        Raises:
            InvalidArgument: An option has a value that is not allowed.
        """
        return cls._create(create(_ffi.ROLE_SERVER, None, options), options.get("batches"))

    @classmethod
    def client(cls, url: str | None = None, **options: Unpack[ClientOptions]) -> Self:
        """Creates a client's end of a connection. Its request is in the output at once: write it.

        The transport connects to where :func:`parse_url` says, with TLS if the URL is secure.

        Args:
            url: A ``ws:`` or ``wss:`` URL. Required unless ``start_open`` is set.
            **options: See :class:`ClientOptions`.

        Raises:
            InvalidArgument: The URL or an option is not allowed.
        """
        return cls._create(create(_ffi.ROLE_CLIENT, url, options), options.get("batches"))

    @classmethod
    def _create(cls, address: int, batches: bool | None) -> Self:
        self = object.__new__(cls)
        self._handle = _ffi.pointer(address)
        block = _ffi.conn_block(self._handle)
        self._block = _ffi.block_at(block)
        self._events = _ffi.pointer_at(block + _ffi.EVENTS_OFFSET)
        self._store = _ffi.pointer_at(block + _ffi.STORE_OFFSET)
        self._output = _ffi.pointer_at(block + _ffi.OUTPUT_OFFSET)
        self._gathered = b""
        self._batches = bool(batches)
        self.unconsumed = 0
        self._use_window(_thread_local.window)
        return self

    # Input

    @property
    def window(self) -> memoryview:
        """A buffer of 64 KiB to read the transport into, for :meth:`receive_read_buffer`.

        All connections of a thread share it. Fill it and pass it on at once, with no ``await`` in between. It is fit
        for ``socket.recv_into``, and for ``get_buffer`` of an asyncio ``BufferedProtocol``.
        """
        window = _thread_local.window
        if window is not self._window:
            self._use_window(window)
        return window.inlet

    def receive_read_buffer(self, length: int, now: int | None = None) -> list[Event]:
        """Takes the first ``length`` bytes of :attr:`window`. The fastest way in: nothing is copied before the engine.

        But for small reads, up to 2 KiB, of payload of which nothing can come yet: up to 8 KiB are gathered for a call.
        See :meth:`receive` for what to do next. If :attr:`unconsumed` is not 0, copy those bytes out of the window.
        """
        block, gathered = self._block, self._gathered
        total = len(gathered) + length
        if total < block.payload_remaining and total <= _ROOM and 0 <= length <= _SMALL:
            # Nothing can come of it yet, so it needs no call of its own.
            if now is not None:
                unsigned(now, 64, "now")
            if gathered:
                gathered += self._window.input[:length]
            else:
                self._gathered, self.unconsumed = bytearray(self._window.input[:length]), 0
            return []
        if not 0 <= index(length) <= _WINDOW_SIZE:
            raise InvalidArgument(f"the window has {_WINDOW_SIZE} bytes, not {length}")
        time = _ffi.now() if now is None else milliseconds(now)
        if gathered:
            status = self._receive_gathered(length, time)
        else:
            status = _ffi.conn_receive_read_buffer(self._handle, _sizes[length], time)
        if status:
            raise failure(status)
        events: list[Event] = []
        count = block.event_count
        if count:
            raw, base = self._events[: count * _RECORD_SIZE], _ROOM + length - total
            events = decode(block, self._handle, raw, self._window, base, self._store, self._batches)
        left = total - block.consumed
        if left:
            left = self._receive_rest(length, left, time, events)
        self.unconsumed = left
        return events

    def receive(self, data: Buffer, now: int | None = None) -> list[Event]:
        """Takes bytes that were read from the transport, and returns the events they complete.

        Next: write the output, handle the events, set the timer, obey :attr:`transport`. On a ``Request``, decide; if
        :attr:`unconsumed` is not 0 then, pass that many bytes from the end of ``data`` again afterwards.

        Args:
            data: Any bytes-like object. It is copied, and may be empty.
            now: The time in milliseconds.
        """
        data = data if isinstance(data, (bytes, bytearray)) else octets(data)
        length, window = len(data), self.window
        if length <= _ffi.WINDOW_SIZE:
            window[:length] = data
            return self.receive_read_buffer(length, now)
        events: list[Event] = []
        now = clock(now)
        for start in range(0, length, _ffi.WINDOW_SIZE):
            piece = data[start : start + _ffi.WINDOW_SIZE]
            window[: len(piece)] = piece
            events += self.receive_read_buffer(len(piece), now)
            if self.unconsumed:
                self.unconsumed += length - start - len(piece)
                break
            if self.more and self.state is State.CLOSING:
                break  # The peer's Close is to be answered, after the caller has; what follows it is not data.
        return events

    def receive_eof(self, now: int | None = None) -> list[Event]:
        """Tells that the peer has ended its stream: a read returned nothing, or failed. Always legal, and twice.

        Next: write the output, handle the events (``Closed`` comes if it has not come yet), obey :attr:`transport`.
        """
        now = clock(now)
        events = self._receive_only_gathered(_ffi.uint64(now))
        check(_ffi.conn_receive_eof(self._handle, now))
        return events + self._decode()

    def timeout(self, now: int | None = None) -> list[Event]:
        """Tells that time has passed. Call it when :attr:`next_deadline` has come; too early, it does nothing.

        Next: write the output, handle the events, set the timer, obey :attr:`transport`.
        """
        time = milliseconds(now)
        events = self._receive_only_gathered(time)
        check(_ffi.conn_timeout(self._handle, time))
        return events + self._decode()

    def add_response_header(self, name: str | bytes, value: str | bytes) -> None:
        """Adds a header to the response of the coming :meth:`accept` or :meth:`reject`.

        Raises:
            InvalidArgument: It could end the line, or the handshake writes this header itself.
        """
        raw_name, raw_value = http_text(name), http_text(value)
        check(_ffi.conn_add_response_header(self._handle, raw_name, len(raw_name), raw_value, len(raw_value)))

    def accept(
        self,
        subprotocol: str | None = None,
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        now: int | None = None,
    ) -> list[Event]:
        """Accepts the request. Returns ``Open``, and the events of what had arrived behind the request.

        Next: write the output, handle the events, set the timer.

        Args:
            subprotocol: One that the client offered. Left out: the first configured one that it offered, if any.
            headers: Added to the response, as by :meth:`add_response_header`.
            now: The time in milliseconds.

        Raises:
            InvalidState: No request awaits a decision.
            InvalidArgument: The client did not offer the subprotocol, or a header is not allowed.
        """
        time = milliseconds(now)
        self._add_response_headers(headers)
        choice = b"" if subprotocol is None else http_text(subprotocol)
        check(_ffi.conn_accept(self._handle, choice, _sizes[len(choice)], time))
        return self._decode()

    def reject(
        self,
        status: int,
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        body: Buffer = b"",
        now: int | None = None,
    ) -> list[Event]:
        """Refuses the request. Returns ``Closed``.

        Next: write the output, obey :attr:`transport`, set the timer.

        Args:
            status: An HTTP status from 200 to 599. 403 is the one for an origin that is not allowed.
            headers: Added to the response, as by :meth:`add_response_header`.
            body: The body of the response. 204 and 304 have none.
            now: The time in milliseconds.

        Raises:
            InvalidState: No request awaits a decision.
            InvalidArgument: The status or a header is not allowed.
        """
        now, status, raw = clock(now), unsigned(status, 16, "status"), octets(body)
        self._add_response_headers(headers)
        check(_ffi.conn_reject(self._handle, status, raw, len(raw), now))
        return self._decode()

    # Output

    def send_text(self, text: str | Buffer) -> None:
        """Sends a text message. Next: write the output.

        Args:
            text: A str, or UTF-8 that is encoded already.

        Raises:
            InvalidState: The connection is not open, or a message sent in parts is not finished.
            WouldBlock: The output is full.
            TooLarge: The text is larger than the output may be.
        """
        data = text.encode() if isinstance(text, str) else octets(text)
        status = _ffi.conn_send_text(self._handle, data, _sizes[len(data)])
        if status:
            raise failure(status)

    def send_binary(self, data: Buffer) -> None:
        """Sends a binary message: any bytes-like object. Next: write the output. Raises what :meth:`send_text` does."""
        raw = data if data.__class__ is bytes else octets(data)
        status = _ffi.conn_send_binary(self._handle, raw, _sizes[len(raw)])
        if status:
            raise failure(status)

    def send(self, message: str | Buffer) -> None:
        """Sends a str as text, a bytes-like object as binary. Next: write the output."""
        if isinstance(message, str):
            data = message.encode()
            status = _ffi.conn_send_text(self._handle, data, _sizes[len(data)])
        else:
            data = message if message.__class__ is bytes else octets(message)
            status = _ffi.conn_send_binary(self._handle, data, _sizes[len(data)])
        if status:
            raise failure(status)

    def send_part(self, data: str | Buffer, last: bool, kind: MessageKind | None = None) -> None:
        """Sends one part of a message, as a frame. Next: write the output; then the other parts.

        Args:
            data: The part.
            last: Whether it ends the message.
            kind: Left out: text for a str, else binary. UTF-8 sent as text may be cut inside a code point.

        Raises:
            InvalidState: The connection is not open, or the message began with another kind.
            WouldBlock: The output is full.
            TooLarge: The part is larger than the output may be.
        """
        if kind is None:
            kind = MessageKind.TEXT if isinstance(data, str) else MessageKind.BINARY
        raw = utf8(data) if kind is MessageKind.TEXT else octets(cast("Buffer", data))
        check(_ffi.conn_send_part(self._handle, kind.value, raw, len(raw), bool(last)))

    def send_batch(self, messages: Iterable[str | Buffer]) -> None:
        """Sends many messages with one call into the engine: a str as text, a bytes-like object as binary.

        Next: write the output.

        Raises:
            SansockError: As for :meth:`send_text`. Its ``sent`` tells how many messages were queued before.
        """
        (kind, table, count, data), sent = encode(messages), _ffi.Size()
        where = table, _sizes[count], data, _sizes[len(data)], _ffi.by_reference(sent)
        status = _ffi.conn_send_many(self._handle, kind, *where) if kind else _ffi.conn_send_batch(self._handle, *where)
        if status:
            error = failure(status)
            error.sent = sent.value
            raise error

    def send_header(self, kind: MessageKind, length: int, last: bool = True) -> None:
        """Sends the header of a frame whose payload the host writes itself: a server saves a copy that way.

        Next: write the output, then exactly ``length`` bytes of payload, before any other call on this connection.

        Raises:
            InvalidState: The connection is a client's, whose payloads are masked; or as for :meth:`send_part`.
        """
        number = kind.value if kind.__class__ is MessageKind else MessageKind(kind).value
        size = _ffi.uint64(unsigned(length, 64, "length"))
        status = _ffi.conn_send_header(self._handle, number, size, bool(last))
        if status:
            raise failure(status)

    def ping(self, payload: Buffer = b"", now: int | None = None) -> None:
        """Sends a ping of up to 125 bytes. Next: write the output. The answer is a ``Pong`` with the time it took."""
        raw, now = octets(payload), clock(now)
        check(_ffi.conn_ping(self._handle, raw, len(raw), now))

    def pong(self, payload: Buffer = b"") -> None:
        """Sends a pong of up to 125 bytes. Next: write the output. Only needed if ``auto_pong`` is off."""
        raw = octets(payload)
        check(_ffi.conn_pong(self._handle, raw, len(raw)))

    def close(self, code: int = 1000, reason: str | Buffer = "", now: int | None = None) -> None:
        """Begins the closing handshake, or answers the peer's Close. Once closing, it does nothing.

        Next: write the output, set the timer, and go on until :attr:`transport` is ``CLOSE``. Before the connection is
        open this gives it up: see :attr:`more`.

        Args:
            code: 1000 to 1003, 1007 to 1014, or 3000 to 4999; 0 sends no code.
            reason: Up to 123 bytes of UTF-8.
            now: The time in milliseconds.

        Raises:
            InvalidArgument: The code must not be sent, or the reason is too long.
        """
        code, raw, now = unsigned(code, 16, "code"), utf8(reason), clock(now)
        check(_ffi.conn_close(self._handle, code, raw, len(raw), now))

    def fail(self, code: int, reason: str | Buffer = "", now: int | None = None) -> None:
        """Ends the connection without waiting for the peer's Close (RFC 6455 section 7.1.7).

        Next: write the output, call :meth:`timeout` for the ``Closed`` event, obey :attr:`transport`.
        """
        code, raw, now = unsigned(code, 16, "code"), utf8(reason), clock(now)
        check(_ffi.conn_fail(self._handle, code, raw, len(raw), now))

    def set_compression(self, on: bool) -> None:
        """Says whether messages from here on are compressed, where that was agreed and they are long enough.

        They are at first. Secrets beside text that somebody else chooses should not be (RFC 7692 section 8).
        """
        check(_ffi.conn_set_compression(self._handle, bool(on)))

    def pause(self, now: int | None = None) -> None:
        """Tells that the host stops reading. The pong time stands still until :meth:`resume`. Next: set the timer."""
        check(_ffi.conn_pause(self._handle, clock(now)))

    def resume(self, now: int | None = None) -> None:
        """Tells that the host reads again. Next: set the timer."""
        check(_ffi.conn_resume(self._handle, clock(now)))

    def output(self, limit: int | None = None) -> bytes:
        """Returns a copy of the bytes to write, up to ``limit``. Report what was written with :meth:`written`."""
        length = self._block.output_len
        if limit is not None and limit < length:
            length = unsigned(limit, 64, "limit")
        if not length:
            return b""
        data: bytes = self._output[:length]
        return data

    def written(self, length: int) -> None:
        """Tells that ``length`` bytes of the output were written. Next: obey :attr:`transport` if all of it was.

        Raises:
            InvalidArgument: There is not that much output.
        """
        check(_ffi.conn_written(self._handle, _sizes[unsigned(length, _ffi.SIZE_BITS, "length")]))

    def take_output(self, limit: int | None = None) -> bytes:
        """Returns the bytes to write, up to ``limit``, and forgets them: for transports that take all they get."""
        block = self._block
        length = block.output_len
        if not length:
            return b""
        if limit is not None:
            part = self.output(limit)
            self.written(len(part))
            return part
        data: bytes = self._output[:length]
        if length <= _LEFT and block.flags & _DEFER_WRITTEN:
            # The next call tells the engine: it would do nothing else than to forget the bytes.
            block.written, block.output_len = length, 0
            return data
        status = _ffi.conn_written(self._handle, _sizes[length])
        if status:
            raise failure(status)
        # A pong may have waited for room.
        return data + self.take_output() if block.output_len else data

    # State. None of these is a call into the engine, but for memory_usage and the text of a fault.

    @property
    def next_deadline(self) -> int | None:
        """When to call :meth:`timeout`, in milliseconds of the clock of ``now``; at once if it is past; None: never."""
        deadline = self._block.next_deadline
        if deadline >= 0:
            return deadline
        return None if deadline == _NEVER else deadline + 2**64

    @property
    def transport(self) -> Transport:
        """What to do with the transport once all output is written."""
        return _TRANSPORTS[self._block.transport]

    @property
    def state(self) -> State:
        """How far the connection has come."""
        return _STATES[self._block.state]

    @property
    def pending_output(self) -> int:
        """How many bytes wait to be written."""
        return self._block.output_len

    @property
    def writable(self) -> bool:
        """Whether the pending output is below its soft limit. If not, send less, or stop reading until it is."""
        return self._block.flags & _ffi.BLOCK_WRITABLE != 0

    @property
    def more(self) -> bool:
        """Whether to call :meth:`timeout` at once, when the events so far are handled.

        There are more of them than were returned; or the peer's Close waits for its answer, which goes out only then so
        that the host can answer the messages before it; or ``Closed`` waits to be told.
        """
        return self._block.flags & _ffi.BLOCK_MORE != 0

    @property
    def fault(self) -> Fault | None:
        """Why the connection ended, other than by a closing handshake; None until then."""
        return read_fault(self._block, self._handle)

    def memory_usage(self) -> int:
        """How many bytes are held for this connection: by the engine, and gathered before it."""
        if self._handle is None:
            raise failure(_ffi.ERR_BAD_HANDLE)
        usage: int = _ffi.conn_memory_usage(self._handle)
        return usage + len(self._gathered)

    # Lifetime

    def free(self) -> None:
        """Gives the memory back. Any later call raises ``BadHandle``; freeing again does nothing."""
        handle, self._handle = self._handle, None
        self._block = _FREED
        self._events = self._store = self._output = None
        self._gathered = b""
        _ffi.conn_free(handle)

    def __del__(self, conn_free: Callable[[Any], None] = _ffi.conn_free) -> None:
        """Frees it. The function is at hand even when this module is half gone."""
        conn_free(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.free()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Connection cannot be copied or pickled")

    def __repr__(self) -> str:
        try:
            state = self.state.name
        except BadHandle:
            state = "FREED"
        return f"<{type(self).__module__}.{type(self).__name__} {state}>"

    # Inside

    def _use_window(self, window: _ffi.Window) -> None:
        check(_ffi.conn_set_read_buffer(self._handle, window.pointer, _sizes[_ffi.WINDOW_SIZE]))
        self._window = window

    def _add_response_headers(self, headers: Iterable[tuple[Any, Any]]) -> None:
        for name, value in headers:
            self.add_response_header(name, value)

    def _receive_gathered(self, length: int, time: Any) -> int:
        """Passes on what was gathered, right before the window, and that much of the window. Returns the status."""
        window, waiting = self._window, len(self._gathered)
        start = _ROOM - waiting
        window.view[start:_ROOM] = self._gathered
        self._gathered = b""
        pointer = _ffi.pointer(window.address + start)
        status: int = _ffi.conn_receive(self._handle, pointer, _sizes[waiting + length], time)
        return status

    def _receive_only_gathered(self, time: Any) -> list[Event]:
        """What was gathered, before an input call that has no input: it arrived earlier, and shows that the peer lives.

        ``accept`` and ``reject`` need none of it: no payload is under way before the connection is open.
        """
        waiting = len(self._gathered)
        if not waiting:
            return []
        window = _thread_local.window
        if window is not self._window:
            self._use_window(window)
        check(self._receive_gathered(0, time))
        return self._decode(_ROOM - waiting)

    def _receive_rest(self, length: int, left: int, time: Any, events: list[Event]) -> int:
        """Passes what did not fit into a batch, until all is taken or a decision is due. Returns how much is left."""
        while left:
            start = _ROOM + length - left
            check(_ffi.conn_receive(self._handle, _ffi.pointer(self._window.address + start), _sizes[left], time))
            new, taken = self._decode(start), self._block.consumed
            if not new and not taken:
                break
            events += new
            left -= taken
        return left

    def _decode(self, base: int = 0) -> list[Event]:
        """The events of the last input call, whose input began there in the memory of the window, if it had any."""
        block = self._block
        count = block.event_count
        if not count:
            return []
        raw = self._events[: count * _RECORD_SIZE]
        return decode(block, self._handle, raw, self._window, base, self._store, self._batches)
