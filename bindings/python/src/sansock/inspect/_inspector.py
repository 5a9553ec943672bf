"""The inspector as users see it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from ctypes import c_uint32, c_uint64
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable, NoReturn

from .._arguments import elements, octets, string, unsigned
from .._errors import InvalidArgument, check, failure
from .._numbers import ERR_BUSY
from . import _library
from ._entries import Entry, Machine, Side

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["CaptureError", "Inspector"]

_PREVIEW = 256
_PIECE = 1 << 20
"""How much text is taken at once, in bytes."""
_LATEST = 2**64 // 1_000_000
"""Times are below this, in seconds."""
_SIDES = {"client": 0, "server": 1}
_LINES, _JSON, _BOTH = range(3)


class CaptureError(ValueError):
    """A file with a capture is broken. What was found before can still be taken."""


class Inspector:
    """Reads a capture, or connections that are under way. What is found is taken as entries, in the order of sending.

    An inspector may move between threads. The second of two calls at once raises ``Busy``.

    Args:
        preview: How many bytes of each payload an entry carries.
        whole: The ``id`` of each entry that carries its whole payload, up to 64 MiB: read the capture once more for
            them.
        extensions: What had been agreed on where a capture has no opening handshake: the value of
            Sec-WebSocket-Extensions in the response, ``""`` without compression. Default: messages are read as if
            permessage-deflate had been agreed on, and one that cannot be inflated is no fault.

    Raises:
        InvalidArgument: A number is out of range.
    """

    def __init__(self, *, preview: int = _PREVIEW, whole: Iterable[int] = (), extensions: str | None = None) -> None:
        numbers = [unsigned(number, 64, "whole") for number in elements(whole, "whole", "an iterable of int")]
        self._handle = _library.Handle(unsigned(preview, 32, "preview"), numbers)
        check(self._handle.status)
        # The text of a call is there until the next one.
        self._lock = threading.Lock()
        self._start = monotonic()
        if extensions is not None:
            value = string(extensions, "extensions")
            check(_library.assume(self._handle, value, len(value)), "extensions")

    def push(self, data: Buffer) -> None:
        """Reads the next bytes of a capture file, in pieces of any size.

        It is pcap, pcapng or HAR; a dump as of ``xxd``, ``hexdump -C``, ``tcpdump -X`` or Wireshark (C arrays);
        hexadecimal, base64, or the bytes themselves: that is seen from how it begins. In hexadecimal, lines may begin
        with ``>`` if the client sent them and with ``<`` if the server did.

        Args:
            data: The bytes.
        """
        raw = octets(data)
        if raw:
            check(_library.push(self._handle, raw, len(raw)))

    def push_from(self, side: Side, data: Buffer) -> None:
        """Reads the next bytes of a file with what one end has sent, in any of the same forms but those of packets.

        Args:
            side: Who has sent it. Push what the client sent first.
            data: The bytes.
        """
        raw, number = octets(data), _side(side)
        if raw:
            check(_library.push_from(self._handle, number, raw, len(raw)))

    def finish(self) -> None:
        """Says that the capture is over.

        Raises:
            CaptureError: The file is broken. What was found before can still be taken.
        """
        wrong = self._text(_library.finish)
        if wrong:
            raise CaptureError(wrong.decode())

    def begin(self, client: str, server: str, *, now: float | None = None) -> int:
        """Says that a connection begins, with the opening handshake.

        Args:
            client: The address of the client, as it is to be shown.
            server: The address of the server.
            now: The time in seconds, since any moment. Default: since the inspector was made.

        Returns:
            The number of the connection: 1, 2, 3 and so on.
        """
        ends, time = (string(client, "client"), string(server, "server")), self._microseconds(now)
        sized = [each for end in ends for each in (end, len(end))]
        status, number = _library.number_of(_library.begin, c_uint32, self._handle, *sized, time)
        check(status)
        return number

    def feed(self, connection: int, side: Side, data: Buffer, *, now: float | None = None) -> None:
        """Reads what one end of a connection sends.

        Args:
            connection: The number of the connection. The next one that has not been given yet is a connection that may
                have lost its opening handshake.
            side: Who sends it.
            data: The bytes, in pieces of any size.
            now: The time in seconds, since any moment. Default: since the inspector was made. Entries have it in
                microseconds, as ``time``.
        """
        raw, number, end = octets(data), unsigned(connection, 32, "connection"), _side(side)
        time = self._microseconds(now)
        if raw:
            check(_library.feed(self._handle, number, end, raw, len(raw), time))

    def skip(self, connection: int, side: Side, data: Buffer, *, now: float | None = None) -> None:
        """Passes over what one end of a connection sends, so that one can begin to look at any time, with ``feed``.

        Frames and messages of data become no entries. All else is told as ever: heads, control frames, and broken rules
        as far as headers show them. What has been passed over is a note before the next entry of the same sender.

        Args:
            connection: As for ``feed``.
            side: Who sends it.
            data: The bytes, in pieces of any size.
            now: The time in seconds, as for ``feed``.
        """
        raw, number, end = octets(data), unsigned(connection, 32, "connection"), _side(side)
        time = self._microseconds(now)
        if raw:
            check(_library.skip(self._handle, number, end, raw, len(raw), time))

    def tell_skipped(self, *, now: float | None = None) -> None:
        """Says of all connections under way what has been passed over, as notes.

        Args:
            now: The time in seconds, as for ``feed``.
        """
        check(_library.tell_skipped(self._handle, self._microseconds(now)))

    def end(self, connection: int, side: Side, *, now: float | None = None) -> None:
        """Says that one end of a connection that is under way sends nothing more.

        Args:
            connection: The number of the connection.
            side: Whose end it is.
            now: The time in seconds, since any moment. Default: since the inspector was made.
        """
        number = unsigned(connection, 32, "connection")
        check(_library.end(self._handle, number, _side(side), self._microseconds(now)))

    @property
    def faults(self) -> int:
        """How many entries so far were faults, or said that the capture ends inside something."""
        status, number = _library.number_of(_library.faults, c_uint64, self._handle)
        check(status)
        return number

    @property
    def machines(self) -> list[Machine]:
        """The machines of a connection, whose steps entries tell."""
        machines: list[Machine] = json.loads(self._text(_library.machines))
        return machines

    def take(self) -> list[Entry]:
        """The entries since the last call, of this method or of those below.

        Each is a dictionary: see ``Entry``. Its ``time`` is in microseconds.
        """
        return [json.loads(line) for line in self._lines(_JSON)]

    def take_lines(self) -> list[str]:
        """The same as lines for people. The head of an HTTP message has several. Control characters are escaped."""
        return self._lines(_LINES)

    def take_json(self) -> list[str]:
        """The same, each as a line of JSON."""
        return self._lines(_JSON)

    def take_both(self) -> tuple[list[str], list[str]]:
        """The same in both forms: as lines of JSON, and as lines for people."""
        both = list(self._both())
        json_lines, lines = (b"".join(texts).decode().split("\n")[:-1] for texts in (zip(*both) if both else ((), ())))
        return json_lines, lines

    def _both(self) -> Iterator[tuple[bytes, bytes]]:
        """The entries since the last call in both forms, some at a time."""
        for piece in self._pieces(_BOTH):
            # Neither form has a NUL in it.
            json_lines, _, lines = piece.partition(b"\0")
            yield json_lines, lines

    def _lines(self, form: int) -> list[str]:
        # Only a line feed ends a line.
        return b"".join(self._pieces(form)).decode().split("\n")[:-1]

    def _pieces(self, form: int) -> Iterator[bytes]:
        """The entries since the last call as text, some lines at a time."""
        while piece := self._text(_library.take, form, _PIECE):
            yield piece

    def _text(self, call: Callable[..., int], *arguments: Any) -> bytes:
        if not self._lock.acquire(blocking=False):
            raise failure(ERR_BUSY)
        try:
            status, text = _library.text_of(call, self._handle, *arguments)
        finally:
            self._lock.release()
        check(status)
        return text

    def _microseconds(self, now: float | None) -> int:
        seconds = monotonic() - self._start if now is None else now
        if not isinstance(seconds, (int, float)):
            raise TypeError(f"now must be a number of seconds, not {type(now).__name__}")
        if not 0 <= seconds < _LATEST:
            raise InvalidArgument("now must be a number of seconds from 0")
        return int(seconds * 1_000_000)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"an {type(self).__name__} cannot be copied or pickled")


def _side(side: str) -> int:
    try:
        return _SIDES[side]
    except (KeyError, TypeError):
        raise InvalidArgument('a side is "client" or "server"') from None
