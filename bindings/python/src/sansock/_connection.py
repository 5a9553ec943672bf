"""One WebSocket connection, either end."""

from __future__ import annotations

from operator import index
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable

from . import _ffi, _memory
from ._arguments import milliseconds, milliseconds_argument, octets, unsigned
from ._configurations import new_connection
from ._details import frame_event, read_fault
from ._enums import State
from ._errors import InvalidArgument, InvalidState, check, failure
from ._events import Event, Fault
from ._gathering import CAPACITY, LARGEST_READ, receive_gathered
from ._memory import READ_BUFFER_SIZE, READ_BUFFER_START, ReadBuffer, thread_local
from ._numbers import BLOCK_MORE, ERR_BAD_HANDLE, ROLE_CLIENT, ROLE_SERVER
from ._opening import Opening
from ._options import ClientOptions, ServerOptions
from ._owner import FREED, NEVER
from ._records import decode

if TYPE_CHECKING:
    from typing_extensions import Buffer, Self, Unpack

__all__ = ["Connection"]

_OTHER_THREAD = (
    "the bytes are not in this thread's read buffer: use read_buffer of this connection in the thread that reads"
)
_sizes, _RECORD_SIZE = _ffi.sizes, _ffi.RECORD_SIZE
_HEADER = 10
"""The longest header of a frame that is not masked, in bytes."""


class Connection(Opening):
    """One WebSocket connection: bytes in, events and bytes out, no I/O.

    Create one with :meth:`server` or :meth:`client`. After any call: write the output, handle the events that the
    call returned (and while there is :attr:`more`, those of :meth:`timeout`), set a timer to :attr:`next_deadline`, and
    obey :attr:`transport` once all output is written.

    Input calls return events: ``receive``, ``receive_read_buffer``, ``receive_eof``, ``timeout``, ``accept``,
    ``reject``, ``respond``; and where the host has an HTTP of its own, ``receive_request``, ``request_fields``,
    ``receive_response``. What the peer does wrong is never an exception: it leads to a ``Closed`` event with a fault. A
    call that the host should not have made raises a :class:`SansockError` and changes nothing.

    Every ``now`` is in milliseconds of a monotonic clock; its default is ``time.monotonic_ns() // 1_000_000``.

    A connection is used by one thread at a time, and may move between threads: see :attr:`read_buffer`. After a fork
    only one of the processes may use it: both would send the same masks. Its memory is freed by :meth:`free`, at the
    end of a ``with`` block, or when the object is garbage. Of all calls, only :meth:`free` may come while another
    thread is in a call.

    Attributes:
        unconsumed: How many bytes at the end of the last input were not consumed, because a request awaits its
            decision: pass them again after ``accept``. Almost always 0, as the engine keeps 64 KiB of them itself. A
            client that awaits its response as fields consumes nothing until ``receive_response``.
    """

    __slots__ = ("__weakref__", "_batches", "_gathered", "_make_frame", "_read_buffer", "unconsumed")
    _batches: bool
    _make_frame: Callable[[bytes, int, int, int], Any]
    _gathered: bytes | bytearray
    _read_buffer: ReadBuffer
    unconsumed: int

    def __new__(cls) -> Self:
        """Raises TypeError: a connection is created with ``server`` or ``client``."""
        raise TypeError("use Connection.server() or Connection.client(url)")

    @classmethod
    def server(cls, **options: Unpack[ServerOptions]) -> Self:
        """Creates the server's end of a connection, when its transport was accepted.

        Next: pass what arrives to :meth:`receive`, until it returns a ``Request``. Answer that with :meth:`accept` or
        :meth:`reject`.

        Args:
            **options: See :class:`ServerOptions`.

        Raises:
            InvalidArgument: The value of an option is not allowed.
            TypeError: There is no such option, or its value is of another type.
            NoMemory: There is no memory for it.
            Entropy: The operating system provided no random bytes.
        """
        return cls._create(new_connection(ROLE_SERVER, None, options), options.get("batches"))

    @classmethod
    def client(cls, url: str | None = None, **options: Unpack[ClientOptions]) -> Self:
        """Creates the client's end of a connection. The request is in its output, or comes from :meth:`request_fields`.

        Next: connect the transport to where :func:`parse_url` says, with TLS if the URL is secure. Write the
        output to it, and pass what arrives to :meth:`receive`, until that returns ``Open``.

        Args:
            url: A ``ws:`` or ``wss:`` URL. It is required unless ``start_open`` is set. ``user:password@`` in front of
                its host becomes a Basic Authorization header of the request (RFC 7617); no other can be added then.
            **options: See :class:`ClientOptions`.

        Raises:
            InvalidArgument: The URL or the value of an option is not allowed.
            TypeError: There is no such option, or its value is of another type.
            NoMemory: There is no memory for it.
            Entropy: The operating system provided no random bytes.
        """
        return cls._create(new_connection(ROLE_CLIENT, url, options), options.get("batches"))

    @classmethod
    def _create(cls, address: int, batches: bool | None) -> Self:
        self = object.__new__(cls)
        block = _ffi.conn_block(_ffi.pointer(address))
        self._own(address, block, _ffi.connection_memory_at(block))
        self._gathered = b""
        self._batches = bool(batches)
        self._make_frame = frame_event
        self.unconsumed = 0
        self._use(thread_local.read_buffer)
        return self

    # Input

    @property
    def read_buffer(self) -> memoryview:
        """A buffer of 256 KiB to read the transport into. Next: call :meth:`receive_read_buffer`.

        It is the calling thread's, and all its connections share it. Fill it and pass it on at once, with no ``await``
        in between. It suits ``socket.recv_into``, and ``get_buffer`` of an asyncio ``BufferedProtocol``.

        Where a connection moves between threads, use this attribute for each read, and not a view that was kept:
        reading it makes the connection take its input from the buffer of the thread that called.
        """
        read_buffer = thread_local.read_buffer
        if read_buffer is not self._read_buffer:
            self._use(read_buffer)
        return read_buffer.input_view

    def receive_read_buffer(self, length: int, now: int | None = None) -> list[Event]:
        """Takes the first ``length`` bytes of :attr:`read_buffer`, and returns the events that they complete.

        This is the fastest input call: it does not copy the bytes, except for reads of up to 2 KiB that cannot produce
        an event yet, of which it gathers up to 8 KiB. Next: as after :meth:`receive`. If :attr:`unconsumed` is not 0,
        copy those bytes, which end at ``length``, out of the read buffer before anything else is read into it.

        Args:
            length: How many bytes were read into the read buffer, 0 to 262,144.
            now: The time, in milliseconds.

        Raises:
            InvalidArgument: The length is not within the read buffer.
            InvalidState: The calling thread is not the one that used :attr:`read_buffer` or :meth:`receive` of this
                connection last (at first: the one that created it). As long as the process has had only one read
                buffer, so that the bytes can be nowhere else, this is checked about once in a millisecond.
        """
        gathered, read_buffer = self._gathered, self._read_buffer
        total = len(gathered) + length
        if total < self._block.payload_remaining and total <= CAPACITY and 0 <= length <= LARGEST_READ:
            # These bytes cannot produce an event yet, so they need no call of their own: see _gathering.
            if _memory.several_read_buffers and read_buffer is not thread_local.read_buffer:
                raise InvalidState(_OTHER_THREAD)
            if now is not None:
                unsigned(now, 64, "now")
            if gathered:
                gathered += read_buffer.input[:length]
            else:
                self._gathered, self.unconsumed = bytearray(read_buffer.input[:length]), 0
            return []
        if not 0 <= index(length) <= READ_BUFFER_SIZE:
            raise InvalidArgument(f"the read buffer has {READ_BUFFER_SIZE} bytes, not {length}")
        time, until = _ffi.tick
        if now is not None or _memory.several_read_buffers or monotonic() >= until:
            # Looking up the thread takes a tenth of this call. As long as there was only one read buffer, the bytes can
            # be nowhere else, so it is looked up about once in a millisecond.
            if read_buffer is not thread_local.read_buffer:
                raise InvalidState(_OTHER_THREAD)
            time = milliseconds_argument(now)
        if gathered:
            self._gathered = b""
            status, start = receive_gathered(self._handle, read_buffer, gathered, length, time)
        else:
            status, start = _ffi.conn_receive_read_buffer(self._handle, _sizes[length], time), READ_BUFFER_START
        if status:
            raise failure(status)
        return self._received(read_buffer, start, length, total, time)

    def receive(self, data: Buffer, now: int | None = None) -> list[Event]:
        """Takes bytes that were read from the transport, and returns the events that they complete.

        Next: write the output, handle the events, set the timer, obey :attr:`transport`. After a ``Request``, call
        :meth:`accept`, :meth:`reject` or :meth:`respond`; if :attr:`unconsumed` is not 0 then, pass that many bytes
        from the end of ``data`` again.

        Args:
            data: Any bytes-like object. It is copied, and may be empty.
            now: The time, in milliseconds.
        """
        data = data if isinstance(data, (bytes, bytearray)) else octets(data)
        length, read_buffer = len(data), thread_local.read_buffer
        if read_buffer is not self._read_buffer:
            self._use(read_buffer)
        if length <= READ_BUFFER_SIZE:
            read_buffer.input_view[:length] = data
            if self._gathered or self._block.payload_remaining:
                return self.receive_read_buffer(length, now)
            time = milliseconds_argument(now)
            status = _ffi.conn_receive_read_buffer(self._handle, _sizes[length], time)
            if status:
                raise failure(status)
            return self._received(read_buffer, READ_BUFFER_START, length, length, time)
        events: list[Event] = []
        now = milliseconds(now)
        for start in range(0, length, READ_BUFFER_SIZE):
            piece = data[start : start + READ_BUFFER_SIZE]
            read_buffer.input_view[: len(piece)] = piece
            events += self.receive_read_buffer(len(piece), now)
            if self.unconsumed:
                self.unconsumed += length - start - len(piece)
                break
            if self.more and self.state is State.CLOSING:
                # The next input call answers the peer's Close, so the caller comes first. What follows it is ignored.
                break
        return events

    def receive_header(self, data: Buffer, min_payload: int = 0, now: int | None = None) -> tuple[int, int] | None:
        """Client only: reads just the header of a message whose payload the host reads from the transport itself.

        It saves a copy of large messages, and is the counterpart of :meth:`send_header`. If an uncompressed binary
        message in one frame starts at ``data``, within the limits, and nothing else is under way, the result is the
        length of its header and that of its payload, in bytes. Next: read both from the transport, in as many reads as
        it takes, and pass on only what follows; or pass the message to :meth:`receive` after all.

        None changes nothing: pass the bytes to :meth:`receive`. A server always gets it.

        Args:
            data: The start of what has arrived; 10 bytes are enough.
            min_payload: The length of the payload, in bytes, from which on it is wanted.
            now: The time, in milliseconds.
        """
        if self._gathered:
            return None
        raw, header, payload = octets(data)[:_HEADER], _ffi.Size(), _ffi.Number()
        least, time = unsigned(min_payload, 64, "min_payload"), milliseconds(now)
        found = _ffi.by_reference(header), _ffi.by_reference(payload)
        check(_ffi.conn_receive_header(self._handle, raw, len(raw), least, time, *found))
        return (header.value, payload.value) if header.value else None

    def receive_eof(self, now: int | None = None) -> list[Event]:
        """Reports that the peer has ended its stream: a read returned nothing, or failed.

        It may be called in every state, any number of times. Next: write the output, handle the events (``Closed`` is
        among them unless it came before), obey :attr:`transport`.
        """
        now = milliseconds(now)
        events = self._receive_gathered(_ffi.uint64(now))
        check(_ffi.conn_receive_eof(self._handle, now))
        return events + self._events()

    def timeout(self, now: int | None = None) -> list[Event]:
        """Acts on the deadlines that have passed, and returns the events that are ready.

        Call it when :attr:`next_deadline` has come, and at once while there is :attr:`more`. It is harmless to call it
        early. Next: write the output, handle the events, set the timer, obey :attr:`transport`.
        """
        time = milliseconds_argument(now)
        events = self._receive_gathered(time)
        check(_ffi.conn_timeout(self._handle, time))
        return events + self._events()

    def pause(self, now: int | None = None) -> None:
        """Reports that the host stops reading. Next: set the timer.

        The pong deadline is suspended until :meth:`resume`, because no pong can be received. Either may be called
        again.
        """
        check(_ffi.conn_pause(self._handle, milliseconds(now)))

    def resume(self, now: int | None = None) -> None:
        """Reports that the host reads again. Next: set the timer."""
        check(_ffi.conn_resume(self._handle, milliseconds(now)))

    # State. None of these calls the engine, except memory_usage, the text of a fault, and next_deadline after a report.

    @property
    def next_deadline(self) -> int | None:
        """When to call :meth:`timeout`, in milliseconds of the clock of ``now``. None: never. In the past: at once."""
        if self._block.written:
            # What has been written changes it.
            check(_ffi.conn_written(self._handle, _sizes[0]))
        deadline = self._block.next_deadline
        if deadline >= 0:
            return deadline
        return None if deadline == NEVER else deadline + 2**64

    @property
    def more(self) -> bool:
        """Whether to call :meth:`timeout` at once, after the events so far are handled.

        It is true while more events are ready than were returned, while the peer's Close or its fault waits for an
        answer, and while ``Closed`` waits to be returned. That answer is sent by the next input call and not before, so
        that the host can still reply to the messages that arrived before it.
        """
        return self._block.flags & BLOCK_MORE != 0

    @property
    def fault(self) -> Fault | None:
        """Why the connection ended, if not by a closing handshake; None until then.

        If the option ``auto_fail`` is off, it is set by the time of the ``ReportedFault``.
        """
        return read_fault(self._block, self._handle)

    def memory_usage(self) -> int:
        """How many bytes are held for this connection: in the engine, and gathered in front of it."""
        handle = self._handle
        if handle is None:
            raise failure(ERR_BAD_HANDLE)
        usage: int = _ffi.conn_memory_usage(handle)
        return usage + len(self._gathered)

    # Lifetime

    def free(self) -> None:
        """Frees the memory of the connection. Any later call raises ``BadHandle``; freeing it again does nothing.

        Any thread may call it at any time, and so may a signal handler or a finalizer. A call that is in progress then
        ends as if it had come before, or raises ``BadHandle``. On CPython, the memory is given back when that call has
        ended, and at once if there is none; on an interpreter without reference counts, at its next garbage collection.
        """
        self._handle = None
        self._block = self._output = self._records = self._store = FREED
        self._gathered = b""

    # Private

    def _use(self, read_buffer: ReadBuffer) -> None:
        """Makes the engine read from this thread's read buffer."""
        check(_ffi.conn_set_read_buffer(self._handle, read_buffer.pointer, _sizes[READ_BUFFER_SIZE]))
        self._read_buffer = read_buffer

    def _receive_gathered(self, time: Any) -> list[Event]:
        """Passes on what was gathered, before an input call without input: it arrived earlier."""
        gathered = self._gathered
        if not gathered:
            return []
        # The room in front of any read buffer of this thread will do, so the connection keeps the one it has.
        read_buffer = thread_local.read_buffer
        self._gathered = b""
        status, start = receive_gathered(self._handle, read_buffer, gathered, 0, time)
        check(status)
        return self._events(start, read_buffer)

    def _received(self, read_buffer: ReadBuffer, start: int, length: int, total: int, time: Any) -> list[Event]:
        """The events of a call that had the first ``length`` bytes of the read buffer as its input.

        With what was gathered before, that was ``total`` bytes, from ``start`` on. Passes what is left of them.
        """
        events: list[Event] = []
        block = self._block
        count = block.event_count
        if count:
            raw = self._records[: count * _RECORD_SIZE]
            make = self._make_frame
            events = decode(block, self._handle, raw, read_buffer, start, self._store, self._batches, make)
        left = total - block.consumed
        if left:
            left = self._receive_left(length, left, time, events)
        self.unconsumed = left
        return events

    def _receive_left(self, length: int, left: int, time: Any, events: list[Event]) -> int:
        """Passes input that did not fit into a batch, until all is consumed or a request awaits its decision.

        Adds to the events, and returns how many bytes are left then.
        """
        while left:
            start = READ_BUFFER_START + length - left
            check(_ffi.conn_receive(self._handle, _ffi.pointer(self._read_buffer.address + start), _sizes[left], time))
            new, consumed = self._events(start), self._block.consumed
            if not new and not consumed:
                break
            events += new
            left -= consumed
        return left

    def _events(self, start: int = 0, read_buffer: ReadBuffer | None = None) -> list[Event]:
        """The events of the last input call.

        Its input, if any, began at ``start`` in the memory of ``read_buffer``. Default: the one of the connection.
        """
        count = self._block.event_count
        if not count:
            return []
        raw = self._records[: count * _RECORD_SIZE]
        where = read_buffer or self._read_buffer, start, self._store
        return decode(self._block, self._handle, raw, *where, self._batches, self._make_frame)
