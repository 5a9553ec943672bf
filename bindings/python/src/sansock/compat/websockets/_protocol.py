"""``Protocol``, ``ClientProtocol`` and ``ServerProtocol`` of websockets, with the engine in them.

They are subclasses of the originals, which keep the opening handshake with its hooks, and the names that hosts read.
Everything behind the handshake is the engine's: frames, masks, messages, compression, limits, the order of closing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from websockets import client, protocol, server
from websockets.exceptions import InvalidState, ProtocolError
from websockets.extensions import ClientExtensionFactory, ServerExtensionFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Side, State
from websockets.streams import StreamReader

from sansock import _events as events
from sansock._arguments import octets
from sansock._connection import Connection
from sansock._details import frame_event
from sansock._enums import MessageKind
from sansock._errors import InvalidArgument
from sansock._errors import InvalidState as EngineInvalidState
from sansock._numbers import FLAG_FIRST, FLAG_FRAME_END, FLAG_LAST, OPTIONS
from sansock.compat._faults import close_code

from ._faults import exception

if TYPE_CHECKING:
    from websockets.typing import BytesLike

__all__ = ["ClientProtocol", "Protocol", "ServerProtocol"]

_OPEN = State.OPEN
_CONT, _TEXT, _BINARY, _PING, _CLOSE = Opcode.CONT, Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE
_BEGINS_AND_ENDS, _LAST = FLAG_FIRST | FLAG_FRAME_END, FLAG_LAST
_new: Any = object.__new__
_LARGE = 8192
"""The least length of a payload, in bytes, that costs less to join to its header than to copy twice."""
_COMPRESS_SETTINGS = {"level": "deflate_level", "memLevel": "deflate_mem_level"}


class Protocol(protocol.Protocol):
    """A connection, either end: bytes in, frames out, and the answers to pings, Close and faults.

    Its deadlines are the host's, as those of the original are: every call of the engine passes 0 as the time.
    """

    # The dictionary of the original has room for its own attributes; more would make it several times as large.
    __slots__ = ("_engine", "_has_ended", "_is_open", "_kind", "_pieces")
    _engine: Connection
    """The engine, made with the first frame, when the extensions are known."""
    _has_ended: bool
    """Whether what is received is discarded: after the peer's Close, or when the connection has failed."""
    _is_open: bool
    """Whether what is received goes to the engine: from the end of the opening handshake to that of the stream."""
    _kind: MessageKind | None
    """The kind of the message that is being sent in fragments."""
    _pieces: list[events.Frame] | None
    """Those of a frame that has come in part."""

    # What hosts read, with the types that the originals have.
    close_rcvd: Close | None
    close_sent: Close | None
    close_rcvd_then_sent: bool | None
    expect_continuation_frame: bool
    parser: Any
    parser_exc: Exception | None
    reader: Any

    _sees_frames = False
    """Whether the class of this connection has a ``recv_frame`` of its own, which is to see all frames."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._sees_frames = cls.recv_frame is not Protocol.recv_frame

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._has_ended = self._is_open = False
        self._kind = self._pieces = None
        super().__init__(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        """Called for what there is not: at first, the engine."""
        if name != "_engine":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        self._engine = self._new_engine()
        return self._engine

    def _new_engine(self) -> Connection:
        options: dict[str, Any] = {
            "start_open": True,
            "frames": True,
            "receive_while_closing": True,
            "max_message_size": _limit(self, "max_message_size", "max_size"),
            "max_frame_size": _limit(self, "max_fragment_size"),
            "max_fragments": OPTIONS["max_fragments"].maximum,
            "output_hard_limit": OPTIONS["output_hard_limit"].maximum,
            "now": 0,
            **_deflate_options(self.extensions, self.side is Side.CLIENT),
        }
        engine = Connection.client(**options) if self.side is Side.CLIENT else Connection.server(**options)
        engine._make_frame = _made_frame
        return engine

    # Extensions

    @property
    def available_extensions(self) -> Any:
        """The factories of extensions to negotiate.

        Raises:
            NotImplementedError: One of them is not that of permessage-deflate.
        """
        return self._available_extensions

    @available_extensions.setter
    def available_extensions(
        self, factories: Sequence[ClientExtensionFactory] | Sequence[ServerExtensionFactory] | None
    ) -> None:
        for factory in factories or ():
            if factory.name != PerMessageDeflate.name:
                raise NotImplementedError(f"the engine has no way for the extension {factory.name} to see frames")
        self._available_extensions = factories

    # Receiving

    def receive_data(self, data: bytes | bytearray) -> None:
        """Takes what was read from the transport. Raises what the original does."""
        if not self._is_open:
            super().receive_data(data)
            return
        engine = self._engine
        self._receive(engine.receive(data, 0))
        while engine.more and not self._has_ended:
            self._receive(engine.timeout(0))

    def receive_eof(self) -> None:
        """Takes the end of what was read from the transport. Raises what the original does."""
        if not self._is_open:
            super().receive_eof()
            return
        self.reader = StreamReader()
        self.reader.feed_eof()
        self._receive_end()

    def parse(self) -> Generator[None]:
        """Begins when the opening handshake has ended, and passes what came behind it to the engine."""
        reader = self.reader
        if not (yield from reader.at_eof()):
            # What comes from here on is not parsed, so neither this generator nor the reader is needed.
            self._is_open = True
            self.reader = self.parser = None
            Protocol.receive_data(self, reader.buffer)
        else:
            self._receive_end()
        # Another generator has taken the place of this one, or none.
        yield

    def _receive_end(self) -> None:
        if self.debug:
            self.logger.debug("< EOF")
        self._engine.receive_eof(0)
        self._fail(CloseCode.ABNORMAL_CLOSURE, EOFError("unexpected end of stream"))

    def _receive(self, received: Iterable[events.Event | Frame]) -> None:
        is_seen = self._sees_frames or self.debug
        for event in received:
            if isinstance(event, Frame) and not is_seen:
                # It has data, which nothing answers.
                self.events.append(event)
            else:
                self._receive_other(event)
                if self._has_ended:
                    return

    def _receive_other(self, event: events.Event | Frame) -> None:
        if isinstance(event, Frame):
            self._receive_frame(event)
        elif isinstance(event, events.Frame):
            self._receive_data_frame(event)
        elif isinstance(event, events.Ping):
            self._receive_frame(Frame(Opcode.PING, event.payload))
        elif isinstance(event, events.Pong):
            self._receive_frame(Frame(Opcode.PONG, event.payload))
        elif isinstance(event, events.Closing):
            has_code = event.code != CloseCode.NO_STATUS_RCVD
            payload = Close(event.code, event.reason).serialize() if has_code else b""
            self._receive_frame(Frame(Opcode.CLOSE, payload))
        else:
            code = event.code if isinstance(event, events.ReportedFault) else close_code(event)
            if code is not None:
                self._fail(code, exception(self._engine.fault))

    def _receive_data_frame(self, event: events.Frame) -> None:
        """Joins the pieces of a frame, because hosts expect whole frames."""
        first, data = event.first, event.data
        if self._pieces or not event.frame_end:
            pieces = self._pieces = self._pieces or []
            pieces.append(event)
            if not event.frame_end:
                return
            first, data = pieces[0].first, b"".join([piece.data for piece in pieces])
            self._pieces = None
        opcode = _CONT if not first else _TEXT if event.kind is MessageKind.TEXT else _BINARY
        self._receive_frame(Frame(opcode, data, event.last))

    def _receive_frame(self, frame: Frame) -> None:
        if self.debug:
            self.logger.debug("< %s", frame)
        self.recv_frame(frame)

    def recv_frame(self, frame: Frame) -> None:
        """Answers a frame, and keeps it for ``events_received``."""
        opcode = frame.opcode
        if opcode is _PING:
            # No pong is due when the same read brought the peer's answer to our Close (RFC 6455 section 5.5.2).
            with contextlib.suppress(EngineInvalidState):
                self._engine.pong(frame.data)
                self._write(Opcode.PONG, frame.data)
        elif opcode is _CLOSE:
            self._receive_close(frame)
        self.events.append(frame)

    def _receive_close(self, frame: Frame) -> None:
        self.close_rcvd = close = Close.parse(frame.data)
        self.close_rcvd_then_sent = self.state is State.OPEN
        if self.state is State.OPEN:
            self._engine.close(close.code if frame.data else 0, close.reason, 0)
            self._write(Opcode.CLOSE, frame.data)
            self.close_sent = close
            self.state = State.CLOSING
        self._stop_reading()

    def _fail(self, code: int, error: Exception) -> None:
        self.fail(code, str(error))
        self.parser_exc = error

    def _stop_reading(self) -> None:
        """A server closes the transport first, and a client waits for that (RFC 6455 section 7.1.1)."""
        self._has_ended = True
        self._is_open = False
        self.reader = self.reader or StreamReader()
        if self.side is Side.SERVER and not self.eof_sent:
            self.send_eof()
        self.parser = self.discard()
        next(self.parser)

    # Sending

    def send_continuation(self, data: BytesLike, fin: bool) -> None:
        """Sends a further frame of a message.

        Raises:
            ProtocolError: No message is being sent, or the text so far is not UTF-8.
            InvalidState: The connection is not open.
        """
        if self._kind is None:
            raise ProtocolError("unexpected continuation frame")
        self._send_data(_CONT, self._kind, data, fin)

    def send_text(self, data: BytesLike, fin: bool = True) -> None:
        """Sends the first frame of a text message.

        Raises:
            ProtocolError: Another message is not finished, or the text is not UTF-8.
            InvalidState: The connection is not open.
        """
        self._send_first(_TEXT, MessageKind.TEXT, data, fin)

    def send_binary(self, data: BytesLike, fin: bool = True) -> None:
        """Sends the first frame of a binary message. Raises what :meth:`send_text` does."""
        self._send_first(_BINARY, MessageKind.BINARY, data, fin)

    def _send_first(self, opcode: Opcode, kind: MessageKind, data: BytesLike, fin: bool) -> None:
        if self._kind is not None:
            raise ProtocolError("expected a continuation frame")
        if not fin:
            self._send_data(opcode, kind, data, fin)
            return
        if self.state is not _OPEN:
            raise self._invalid_state()
        engine, payload = self._engine, b""
        try:
            if opcode is _TEXT:
                engine.send_text(data)
            elif len(data) < _LARGE or self.side is Side.CLIENT or self.extensions:
                engine.send_binary(data)
            else:
                # What is neither masked nor compressed need not go through the engine.
                payload = octets(data)
                engine.send_header(kind, len(payload))
        except InvalidArgument as error:
            raise ProtocolError("the text is not UTF-8") from error
        if self.debug:
            self.logger.debug("> %s", Frame(opcode, data))
        self.writes.append(engine.take_output() + payload)

    def _send_data(self, opcode: Opcode, kind: MessageKind, data: BytesLike, fin: bool) -> None:
        if self.state is not _OPEN:
            raise self._invalid_state()
        try:
            self._engine.send_part(data, fin, kind)
        except InvalidArgument as error:
            raise ProtocolError("the text is not UTF-8") from error
        self._kind = None if fin else kind
        self.expect_continuation_frame = not fin
        self._write(opcode, data, fin)

    def send_close(self, code: CloseCode | int | None = None, reason: str = "") -> None:
        """Starts the closing handshake.

        Raises:
            ProtocolError: The code must not be sent, or the reason has no code or is too long.
            InvalidState: The connection is not open.
        """
        if self.state is not _OPEN:
            raise self._invalid_state()
        if code is None and reason:
            raise ProtocolError("cannot send a reason without a code")
        close = Close(CloseCode.NO_STATUS_RCVD if code is None else code, reason)
        try:
            self._engine.close(code or 0, reason, 0)
        except InvalidArgument as error:
            raise ProtocolError("invalid status code") from error
        self._write(Opcode.CLOSE, b"" if code is None else close.serialize())
        self.close_sent = close
        self.state = State.CLOSING

    def send_ping(self, data: BytesLike) -> None:
        """Sends a ping of up to 125 bytes.

        Raises:
            ProtocolError: The payload is longer.
            InvalidState: The connection is closed, or both ends have sent Close.
        """
        self._send_control(Opcode.PING, data)

    def send_pong(self, data: BytesLike) -> None:
        """Sends a pong of up to 125 bytes. Raises what :meth:`send_ping` does."""
        self._send_control(Opcode.PONG, data)

    def _send_control(self, opcode: Opcode, data: BytesLike) -> None:
        if self.state is not _OPEN and self.state is not State.CLOSING:
            raise self._invalid_state()
        try:
            if opcode is Opcode.PING:
                self._engine.ping(data, 0)
            else:
                self._engine.pong(data)
        except InvalidArgument as error:
            raise ProtocolError("control frame too long") from error
        except EngineInvalidState as error:
            raise InvalidState("both ends have sent Close") from error
        self._write(opcode, data)

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        """Fails the connection (RFC 6455 section 7.1.7): sends Close, unless the code is 1006, and reads no more.

        Raises:
            ProtocolError: The code must not be sent, or the reason is too long.
        """
        if self.state is State.OPEN and code != CloseCode.ABNORMAL_CLOSURE:
            try:
                self._engine.fail(code, reason, 0)
            except InvalidArgument as error:
                raise ProtocolError("invalid status code") from error
            self.close_sent = close = Close(code, reason)
            self._write(Opcode.CLOSE, close.serialize())
            self.state = State.CLOSING
        self._stop_reading()

    def _invalid_state(self) -> InvalidState:
        return InvalidState(f"connection is {self.state.name.lower()}")

    def _write(self, opcode: Opcode, data: BytesLike, fin: bool = True) -> None:
        """Takes the frame that the engine has just made. Hosts rely on one element of the list for each frame."""
        if self.debug:
            self.logger.debug("> %s", Frame(opcode, data, fin))
        self.writes.append(self._engine.take_output())


class ClientProtocol(client.ClientProtocol, Protocol):
    """A client's end: the opening handshake of websockets, and then the engine."""


class ServerProtocol(server.ServerProtocol, Protocol):
    """A server's end: the opening handshake of websockets, and then the engine."""


def _made_frame(payload: bytes, flags: int, code: int, length: int) -> Frame | events.Frame:
    """A frame that comes whole and begins a message, as hosts want it. Others stay pieces."""
    if flags & _BEGINS_AND_ENDS == _BEGINS_AND_ENDS:
        # The reserved bits are not set: their values are those of the class.
        frame: Frame = _new(Frame)
        frame.opcode = _BINARY if code == 2 else _TEXT
        frame.data = payload
        frame.fin = flags & _LAST != 0
        return frame
    return frame_event(payload, flags, code, length)


def _limit(connection: protocol.Protocol, *names: str) -> int:
    """A limit in bytes. websockets 15 has one, by another name."""
    limit = next((getattr(connection, name) for name in names if hasattr(connection, name)), None)
    return OPTIONS["max_message_size"].maximum if limit is None else max(limit, 1)


def _deflate_options(extensions: Iterable[Any], client: bool) -> dict[str, Any]:
    """The options of the engine for the extensions that were agreed on.

    Raises:
        NotImplementedError: One of them is not permessage-deflate, or has settings that the engine does not know.
    """
    options: dict[str, Any] = {}
    for extension in extensions:
        if not isinstance(extension, PerMessageDeflate):
            raise NotImplementedError(f"the engine has no way for the extension {extension.name} to see frames")
        local, remote = ("client", "server") if client else ("server", "client")
        options = {
            "deflate": True,
            "deflate_threshold": 1,
            f"{local}_no_context_takeover": extension.local_no_context_takeover,
            f"{remote}_no_context_takeover": extension.remote_no_context_takeover,
            f"{local}_max_window_bits": extension.local_max_window_bits,
            f"{remote}_max_window_bits": extension.remote_max_window_bits,
        }
        # Those of zlib, which are most of what an idle connection would hold.
        extension.__dict__.update(encoder=None, decoder=None)
        for name, value in extension.compress_settings.items():
            if name not in _COMPRESS_SETTINGS:
                raise NotImplementedError(f"the engine does not know the setting {name} of zlib")
            # -1 is zlib's default.
            options[_COMPRESS_SETTINGS[name]] = None if value == -1 else value
    return options
