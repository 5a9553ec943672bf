"""``Protocol``, ``ClientProtocol`` and ``ServerProtocol`` of websockets, with the engine in them.

They are subclasses of the originals, which keep the opening handshake with its hooks, and the names that hosts read.
Everything behind the handshake is the engine's: frames, masks, messages, compression, limits, the order of closing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from websockets import client, protocol, server
from websockets.exceptions import InvalidState, ProtocolError
from websockets.extensions import ClientExtensionFactory, ServerExtensionFactory
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import Side, State

from sansock import _events as events
from sansock._connection import Connection
from sansock._enums import MessageKind
from sansock._errors import InvalidArgument
from sansock._errors import InvalidState as EngineInvalidState
from sansock._numbers import OPTIONS
from sansock.compat._faults import close_code

from ._faults import exception

if TYPE_CHECKING:
    from websockets.typing import BytesLike

__all__ = ["ClientProtocol", "Protocol", "ServerProtocol"]

_OPEN = State.OPEN
_CONT, _TEXT, _BINARY, _PING, _CLOSE = Opcode.CONT, Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE
_COMPRESS_SETTINGS = {"level": "deflate_level", "memLevel": "deflate_mem_level"}


class Protocol(protocol.Protocol):
    """A connection, either end: bytes in, frames out, and the answers to pings, Close and faults.

    Its deadlines are the host's, as those of the original are: every call of the engine passes 0 as the time.
    """

    # What hosts read, with the types that the originals have.
    close_rcvd: Close | None
    close_sent: Close | None
    close_rcvd_then_sent: bool | None
    expect_continuation_frame: bool
    parser: Generator[None]
    parser_exc: Exception | None

    _kind: MessageKind | None = None
    """The kind of the message that is being sent in fragments."""
    _has_ended = False
    """Whether what is received is discarded: after the peer's Close, or when the connection has failed."""

    @cached_property
    def _engine(self) -> Connection:
        """The engine, made with the first frame, when the extensions are known."""
        self._pieces: list[events.Frame] = []
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
        return Connection.client(**options) if self.side is Side.CLIENT else Connection.server(**options)

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

    def parse(self) -> Generator[None]:
        """Passes what is received to the engine. It runs until it waits for more, or the connection has ended."""
        reader = self.reader
        while not (yield from reader.at_eof()):
            data, reader.buffer = reader.buffer, bytearray()
            self._receive(self._engine.receive(data, 0))
            while self._engine.more and not self._has_ended:
                self._receive(self._engine.timeout(0))
        if self.debug:
            self.logger.debug("< EOF")
        self._engine.receive_eof(0)
        self._fail(CloseCode.ABNORMAL_CLOSURE, EOFError("unexpected end of stream"))
        # ``fail`` has replaced this generator.
        yield

    def _receive(self, received: Iterable[events.Event]) -> None:
        for event in received:
            if self._has_ended:
                return
            if isinstance(event, events.Frame):
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
            self._pieces.append(event)
            if not event.frame_end:
                return
            first, data = self._pieces[0].first, b"".join([piece.data for piece in self._pieces])
            self._pieces.clear()
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
        self._send_data(opcode, kind, data, fin)

    def _send_data(self, opcode: Opcode, kind: MessageKind, data: BytesLike, fin: bool) -> None:
        if self.state is not _OPEN:
            raise self._invalid_state()
        engine = self._engine
        try:
            if not fin or opcode is _CONT:
                engine.send_part(data, fin, kind)
            elif opcode is _TEXT:
                engine.send_text(data)
            else:
                engine.send_binary(data)
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
        for name, value in extension.compress_settings.items():
            if name not in _COMPRESS_SETTINGS:
                raise NotImplementedError(f"the engine does not know the setting {name} of zlib")
            # -1 is zlib's default.
            options[_COMPRESS_SETTINGS[name]] = None if value == -1 else value
    return options
