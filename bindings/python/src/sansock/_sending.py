"""The outgoing half of a connection: messages, control frames, closing, and the output they become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from . import _ffi
from ._arguments import milliseconds, octets, unsigned, utf8
from ._enums import MessageKind
from ._errors import check, failure
from ._numbers import BLOCK_DEFER_WRITTEN, BLOCK_WRITABLE
from ._owner import Owner
from ._prepared import PreparedMessage, handle_of
from ._records import encode

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Sender"]

_sizes = _ffi.sizes
_MOST_DEFERRED = 256
"""The most output, in bytes, whose report may wait. Until the report, the engine keeps the memory of the output."""


class Sender(Owner):
    """The outgoing half of a :class:`Connection`. Every call here only adds to the output, which the host writes."""

    __slots__ = ()

    # Messages

    def send_text(self, text: str | Buffer) -> None:
        """Sends a text message. Next: write the output.

        Args:
            text: A str, or UTF-8 that is encoded already.

        Raises:
            InvalidArgument: The bytes are not UTF-8.
            InvalidState: The connection is not open, or a message sent in parts is not finished.
            WouldBlock: The output is full. Write it, and call again.
            TooLarge: The text is larger than ``output_hard_limit``. Send it in parts.
            NoMemory: There is no memory for it.
        """
        data = text.encode() if isinstance(text, str) else text if text.__class__ is bytes else utf8(text, "text")
        status = _ffi.conn_send_text(self._handle, data, _sizes[len(data)])
        if status:
            raise failure(status)

    def send_binary(self, data: Buffer) -> None:
        """Sends any bytes-like object as a binary message. Next: write the output.

        Raises what :meth:`send_text` does.
        """
        raw = data if data.__class__ is bytes else octets(data)
        status = _ffi.conn_send_binary(self._handle, raw, _sizes[len(raw)])
        if status:
            raise failure(status)

    def send(self, message: str | Buffer) -> None:
        """Sends a str as text, or a bytes-like object as binary. Next: write the output.

        Raises what :meth:`send_text` does.
        """
        if isinstance(message, str):
            data = message.encode()
            status = _ffi.conn_send_text(self._handle, data, _sizes[len(data)])
        else:
            data = message if message.__class__ is bytes else utf8(message, "message")
            status = _ffi.conn_send_binary(self._handle, data, _sizes[len(data)])
        if status:
            raise failure(status)

    def send_part(self, data: str | Buffer, last: bool, kind: MessageKind | None = None) -> None:
        """Sends a part of a message, as one frame (RFC 6455 section 5.4). Next: write the output; send the other parts.

        Args:
            data: The part.
            last: Whether it ends the message.
            kind: The kind of the message. Default: text for a str, else binary. A part of text that is bytes may end
                inside a code point.

        Raises:
            InvalidArgument: The text so far is not UTF-8.
            InvalidState: The connection is not open, or the message began with another kind.
            WouldBlock: The output is full. Write it, and call again.
            TooLarge: The part is larger than ``output_hard_limit``. Send smaller parts.
            NoMemory: There is no memory for it.
        """
        if kind is None:
            kind = MessageKind.TEXT if isinstance(data, str) else MessageKind.BINARY
        elif kind.__class__ is not MessageKind:
            kind = MessageKind(kind)
        raw = utf8(data) if kind is MessageKind.TEXT else octets(cast("Buffer", data))
        check(_ffi.conn_send_part(self._handle, kind.value, raw, len(raw), bool(last)))

    def send_batch(self, messages: Iterable[str | Buffer]) -> None:
        """Sends many messages with one call into the engine: a str as text, a bytes-like object as binary.

        Next: write the output.

        Raises:
            SansockError: As for :meth:`send_text`. Its ``sent`` is the number of messages queued before the error.
        """
        (kind, table, count, data), sent = encode(messages), _ffi.Size()
        where = table, _sizes[count], data, _sizes[len(data)], _ffi.by_reference(sent)
        status = _ffi.conn_send_many(self._handle, kind, *where) if kind else _ffi.conn_send_batch(self._handle, *where)
        if status:
            error = failure(status)
            error.sent = sent.value
            raise error

    def send_prepared(self, message: PreparedMessage) -> None:
        """Sends a message that was made for many connections. Next: write the output.

        It is compressed where :meth:`send_text` would compress it, and then refers to no message before: the same bytes
        serve all connections that agreed to the same window (RFC 7692 section 7.1.1).

        Raises what :meth:`send_text` does, and ``BadHandle`` also if the message was freed.
        """
        handle = handle_of(message)
        status = _ffi.conn_send_prepared(self._handle, handle.address)
        if status:
            raise failure(status)

    def send_header(self, kind: MessageKind, length: int, last: bool = True) -> None:
        """Sends only the header of a frame. The host writes the payload itself, which saves a server a copy of it.

        Next: write the output, then exactly ``length`` bytes of payload, before any other call on this connection.

        Args:
            kind: The kind of the message.
            length: The length of the payload, in bytes.
            last: Whether the frame ends the message.

        Raises:
            InvalidArgument: The length is 2**63 or more.
            InvalidState: The connection is a client's, whose payloads are masked; or as for :meth:`send_part`.
            WouldBlock: The output is full. Write it, and call again.
        """
        number = kind.value if kind.__class__ is MessageKind else MessageKind(kind).value
        size = _ffi.uint64(unsigned(length, 64, "length"))
        status = _ffi.conn_send_header(self._handle, number, size, bool(last))
        if status:
            raise failure(status)

    def check_header(self, kind: MessageKind, length: int) -> None:
        """Checks that a whole message may be sent by :meth:`send_header` in place of :meth:`send`.

        Next: ``send_header`` if it returns, and otherwise ``send``.

        Args:
            kind: The kind of the message.
            length: The length of its payload, in bytes.

        Raises:
            InvalidState: The connection is a client's, or would compress the message; or as for :meth:`send`.
            WouldBlock: The output is full. Write it, and call again.
            TooLarge: The message is larger than ``output_hard_limit``.
        """
        check(_ffi.conn_check_header(self._handle, MessageKind(kind).value, unsigned(length, 64, "length")))

    def send_rest(self, data: Buffer) -> None:
        """Copies the rest of such a payload to the output, if the transport has not taken all of it.

        Call it before any other call that adds output. Next: :meth:`written` with what was written of the output before
        it; then write the output.

        Raises:
            InvalidState: The connection is a client's, or the output is empty: there is no header in front of the rest.
            WouldBlock: The output would exceed ``output_hard_limit``, which :meth:`check_header` foretells.
            NoMemory: There is no memory for it.
        """
        raw = octets(data)
        check(_ffi.conn_send_rest(self._handle, raw, len(raw)))

    def payload_written(self) -> None:
        """Reports that a piece of such a payload has been written, so that ``write_timeout`` starts anew.

        For hosts whose transport takes a payload in several writes. Report the last byte of its header
        (:meth:`written`) only when all of it is written, so that the deadlines wait.
        """
        check(_ffi.conn_payload_written(self._handle))

    def set_compression(self, on: bool) -> None:
        """Sets whether the messages sent from now on are compressed. At first they are.

        This matters only if compression was agreed on, and for messages of ``deflate_threshold`` bytes or more. Turn it
        off for secrets next to text that somebody else chooses (RFC 7692 section 8).
        """
        check(_ffi.conn_set_compression(self._handle, bool(on)))

    # Control frames

    def ping(self, payload: Buffer = b"", now: int | None = None) -> None:
        """Sends a ping. Next: write the output. The peer's answer is a ``Pong`` event with the round-trip time.

        Args:
            payload: Up to 125 bytes.
            now: The time, in milliseconds.

        Raises:
            InvalidArgument: The payload is longer.
            InvalidState: The connection is not open.
            WouldBlock: The output is full. Write it, and call again.
        """
        raw, now = octets(payload, "payload"), milliseconds(now)
        check(_ffi.conn_ping(self._handle, raw, len(raw), now))

    def pong(self, payload: Buffer = b"") -> None:
        """Sends a pong of up to 125 bytes. Next: write the output. Raises what :meth:`ping` does.

        Pings are answered automatically, unless the option ``auto_pong`` is off.
        """
        raw = octets(payload, "payload")
        check(_ffi.conn_pong(self._handle, raw, len(raw)))

    def close(self, code: int = 1000, reason: str | Buffer = "", now: int | None = None) -> None:
        """Starts the closing handshake, or answers the peer's Close (RFC 6455 section 7.1.2) or a ``ReportedFault``.

        Next: write the output, set the timer, and keep reading until ``transport`` is ``Transport.CLOSE``. If there is
        nothing to wait for, because the peer's Close has arrived or the connection was not open yet, ``more`` is true,
        and ``timeout`` returns ``Closed``. If our Close was sent before, this does nothing.

        Args:
            code: 1000 to 1003, 1007 to 1014, or 3000 to 4999; 0 sends no code.
            reason: Up to 123 bytes of UTF-8.
            now: The time, in milliseconds.

        Raises:
            InvalidArgument: The code must not be sent, or the reason is too long, is not UTF-8, or has no code.
        """
        code, raw, now = unsigned(code, 16, "code"), utf8(reason, "reason"), milliseconds(now)
        check(_ffi.conn_close(self._handle, code, raw, len(raw), now))

    def fail(self, code: int, reason: str | Buffer = "", now: int | None = None) -> None:
        """Fails the connection (RFC 6455 section 7.1.7): sends Close, and does not wait for the peer's.

        It is the answer to a ``ReportedFault``, with the code that this has.

        Next: write the output, call ``timeout`` for the ``Closed`` event, obey ``transport``. Arguments: as for
        :meth:`close`.

        Raises:
            InvalidArgument: As for :meth:`close`.
            InvalidState: The connection has ended.
        """
        code, raw, now = unsigned(code, 16, "code"), utf8(reason, "reason"), milliseconds(now)
        check(_ffi.conn_fail(self._handle, code, raw, len(raw), now))

    # Output

    def written(self, length: int) -> None:
        """Reports that the first ``length`` bytes of the output were written. Next: obey ``transport``.

        Raises:
            InvalidArgument: There is less output.
        """
        check(_ffi.conn_written(self._handle, _sizes[unsigned(length, _ffi.SIZE_BITS, "length")]))

    def take_output(self, limit: int | None = None) -> bytes:
        """Returns the bytes to write, up to ``limit`` of them, and reports them as written.

        For transports that accept all they are given, such as those of asyncio. Next: write the bytes.
        """
        if limit is not None:
            part = self.output(limit)
            if part:
                self.written(len(part))
            return part
        block = self._block
        length = block.output_len
        if not length:
            return b""
        data: bytes = self._output[:length]
        if length <= _MOST_DEFERRED and block.flags & BLOCK_DEFER_WRITTEN:
            # The report would only free these bytes, so it waits for the next call, which finds it in the block. That
            # saves half the calls of a connection that sends small messages.
            block.written, block.output_len = length, 0
            return data
        status = _ffi.conn_written(self._handle, _sizes[length])
        if status:
            raise failure(status)
        # A pong may have been waiting for room.
        return data + self.take_output() if block.output_len else data

    @property
    def writable(self) -> bool:
        """Whether the pending output is below ``output_soft_limit``. While it is not, send less, or stop reading."""
        return self._block.flags & BLOCK_WRITABLE != 0
