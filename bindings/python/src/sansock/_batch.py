"""Records to events: the only reader of the flat form that the engine leaves behind an input call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Callable, Union

from . import _ffi
from ._events import (
    Binary,
    Closed,
    Closing,
    Event,
    Fault,
    Open,
    Ping,
    Pong,
    Rejected,
    Request,
    SameOrigin,
    Text,
)

__all__ = ["decode", "read_fault"]

_INPUT, _STORE, _REGION = _ffi.REGION_INPUT, _ffi.REGION_STORE, _ffi.FLAG_REGION
_FIRST, _LAST = _ffi.FLAG_FIRST, _ffi.FLAG_LAST
_TEXT, _BINARY = _ffi.KIND_TEXT, _ffi.KIND_BINARY
_SAME_ORIGIN = tuple(SameOrigin)
_Record = tuple[int, int, int, int, int, int, int]
_Payload = Union[bytes, memoryview]


def decode(
    block: _ffi.Block,
    handle: _ffi.Handle,
    raw: memoryview,
    window: _ffi.Window,
    append: Callable[[Event], None],
) -> None:
    """Takes the events of an input call out of the engine's memory and the window.

    Args:
        block: The connection's block, as the call left it.
        handle: The connection's handle.
        raw: The records.
        window: Where the input of the call was, if it had one.
        append: Takes each event.
    """
    buffer, base = window.buffer, block.input - window.address
    records = _ffi.RECORD.iter_unpack(raw)
    for record in records:
        kind, flags, _, _, offset, length, _ = record
        payload: _Payload
        if flags & _REGION == _INPUT:
            offset += base
            payload = buffer[offset : offset + length]
        else:
            payload = _payload(block, window, flags, offset, length)
        if kind == _BINARY:
            append(Binary(bytes(payload), flags & _FIRST != 0, flags & _LAST != 0))
        elif kind == _TEXT:
            append(Text(str(payload, "utf-8"), flags & _FIRST != 0, flags & _LAST != 0))
        else:
            event = _rare_event(record, payload, _Details(records, block, window), handle)
            if event is not None:
                append(event)


def read_fault(block: _ffi.Block, handle: _ffi.Handle) -> Fault | None:
    """Why the connection ended, other than by a closing handshake."""
    number = block.fault
    if not number:
        return None
    length = _ffi.Size()
    text = _ffi.conn_fault_text(handle, _ffi.by_reference(length))
    return Fault(number, _ffi.fault_name(number).decode(), _ffi.copy(text, length.value).decode())


def _payload(block: _ffi.Block, window: _ffi.Window, flags: int, offset: int, length: int) -> _Payload:
    """A payload: copied out of the window at once; elsewhere it may be large, and is left to be copied only once."""
    region = flags & _REGION
    if region == _INPUT:
        start = block.input - window.address + offset
        data: bytes = window.buffer[start : start + length]
        return data
    return _ffi.memory(block.store if region == _STORE else block.side)[offset : offset + length]


def _rare_event(record: _Record, payload: _Payload, details: _Details, handle: _ffi.Handle) -> Event | None:
    """Any event but a message; None if a later version of the engine added it."""
    kind, flags, code, aux, _, _, extra = record
    if kind == _ffi.KIND_PING:
        return Ping(bytes(payload))
    if kind == _ffi.KIND_PONG:
        return Pong(bytes(payload), None if extra == _ffi.NEVER else extra)
    if kind == _ffi.KIND_CLOSING:
        return Closing(code, str(payload, "utf-8"))
    if kind == _ffi.KIND_CLOSED:
        clean, by_peer = flags & _ffi.FLAG_CLEAN != 0, flags & _ffi.FLAG_BY_PEER != 0
        return Closed(code, str(payload, "utf-8"), clean, by_peer, extra or None, read_fault(details.block, handle))
    if kind == _ffi.KIND_REQUEST:
        details.read(aux)
        return _request(str(payload, "latin-1"), _SAME_ORIGIN[code], details)
    if kind == _ffi.KIND_OPEN:
        details.read(aux)
        return Open(details.first(_ffi.KIND_SUBPROTOCOL), details.all(_ffi.KIND_EXTENSION), tuple(details.headers))
    if kind == _ffi.KIND_REJECTED:
        details.read(aux)
        return Rejected(code, tuple(details.headers), bytes(payload), flags & _ffi.FLAG_TRUNCATED != 0)
    return None


class _Details:
    """The details that follow an event, as text."""

    def __init__(self, records: Iterator[_Record], block: _ffi.Block, window: _ffi.Window) -> None:
        self.block = block
        self.headers: list[tuple[str, str]] = []
        self.chosen: str | None = None
        self._texts: dict[int, list[str]] = {}
        self._records = records
        self._window = window

    def read(self, count: int) -> None:
        """Takes this many of the records that come next."""
        for kind, flags, _, aux, offset, length, extra in islice(self._records, count):
            if kind == _ffi.KIND_HEADER:
                self.headers.append((self._text(flags, offset, aux), self._text(flags, extra, length)))
                continue
            text = self._text(flags, offset, length)
            self._texts.setdefault(kind, []).append(text)
            if kind == _ffi.KIND_SUBPROTOCOL and flags & _ffi.FLAG_CHOSEN:
                self.chosen = text

    def all(self, kind: int) -> tuple[str, ...]:
        """The texts of one kind."""
        return tuple(self._texts.get(kind, ()))

    def first(self, kind: int) -> str | None:
        """The first, often the only one of a kind."""
        texts = self._texts.get(kind)
        return texts[0] if texts else None

    def _text(self, flags: int, offset: int, length: int) -> str:
        return str(_payload(self.block, self._window, flags, offset, length), "latin-1")


def _request(target: str, same_origin: SameOrigin, details: _Details) -> Request:
    return Request(
        target=target,
        authority=details.first(_ffi.KIND_AUTHORITY) or "",
        origin=details.first(_ffi.KIND_ORIGIN),
        same_origin=same_origin,
        subprotocols=details.all(_ffi.KIND_SUBPROTOCOL),
        extensions=details.all(_ffi.KIND_EXTENSION),
        headers=tuple(details.headers),
        subprotocol=details.chosen,
    )
