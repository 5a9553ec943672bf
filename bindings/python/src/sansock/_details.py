"""Events that are not messages: records, and the records behind them that tell their details, to values."""

from __future__ import annotations

from typing import Any

from . import _ffi
from ._events import (
    Closed,
    Closing,
    Event,
    Fault,
    Headers,
    Open,
    Ping,
    Pong,
    Rejected,
    SameOrigin,
    late,
    late_request,
)

__all__ = ["DETAILED", "PLAIN_OPEN", "rare_event", "read_fault"]

DETAILED = frozenset((_ffi.KIND_REQUEST, _ffi.KIND_OPEN, _ffi.KIND_REJECTED))
"""Kinds that are followed by details."""

_SIZE, _REGION = _ffi.RECORD_SIZE, _ffi.FLAG_REGION
_CHOSEN = -1
"""Stands for the kind of the subprotocol that will be agreed to."""
_SAME_ORIGIN = tuple(SameOrigin)
PLAIN_OPEN = Open(None, (), ())
_Record = tuple[int, int, int, int, int, int, int]


def rare_event(
    block: _ffi.Block, handle: Any, window: _ffi.Window, record: _Record, raw_details: bytes
) -> Event | None:
    """Any event but a message; None if a later version of the engine added it."""
    kind, flags, code, _, offset, length, extra = record
    if kind in DETAILED:
        return _detailed_event(block, window, record, raw_details)
    payload = _ffi.payload(block, window, flags & _ffi.FLAG_REGION, offset, length)
    if kind == _ffi.KIND_PING:
        return Ping(payload)
    if kind == _ffi.KIND_PONG:
        return Pong(payload, None if extra == _ffi.NEVER else extra)
    if kind == _ffi.KIND_CLOSING:
        return Closing(code, payload.decode())
    if kind == _ffi.KIND_CLOSED:
        clean, by_peer = flags & _ffi.FLAG_CLEAN != 0, flags & _ffi.FLAG_BY_PEER != 0
        return Closed(code, payload.decode(), clean, by_peer, extra or None, read_fault(block, handle))
    return None


def _detailed_event(block: _ffi.Block, window: _ffi.Window, record: _Record, raw_details: bytes) -> Event:
    """An event that is followed by details, which are read when somebody asks for them."""
    kind, flags, code, _, offset, length, _ = record
    if kind == _ffi.KIND_OPEN and not raw_details:
        return PLAIN_OPEN
    regions: dict[int, str] = {}
    # Byte 1 of a record is its flags.
    for number in {flags, *raw_details[1::_SIZE]}:
        region = number & _REGION
        if region not in regions:
            regions[region] = _ffi.whole_region(block, window, region).decode("latin-1")
    details = _Details(raw_details, regions)
    if kind == _ffi.KIND_OPEN:
        return late(Open, details.of_open)
    payload = regions[flags & _REGION][offset : offset + length]
    if kind == _ffi.KIND_REQUEST:
        return late_request(details.of_request, payload, _SAME_ORIGIN[code])
    return Rejected(code, details.headers(), payload.encode("latin-1"), flags & _ffi.FLAG_TRUNCATED != 0)


def read_fault(block: _ffi.Block, handle: Any) -> Fault | None:
    """Why the connection ended, other than by a closing handshake."""
    number = block.fault
    if not number:
        return None
    length = _ffi.Size()
    text = _ffi.conn_fault_text(handle, _ffi.by_reference(length))
    return Fault(number, _ffi.fault_name(number).decode(), _ffi.copy(text, length.value).decode())


class _Details:
    """The details that follow an event, and the text of the regions they lie in."""

    __slots__ = ("_raw", "_regions")

    def __init__(self, raw: bytes, regions: dict[int, str]) -> None:
        self._raw = raw
        self._regions = regions

    def of_request(self) -> dict[str, Any]:
        """The fields of a request that are details."""
        texts = self._texts()
        return {
            "authority": texts.get(_ffi.KIND_AUTHORITY, ("",))[0],
            "origin": texts.get(_ffi.KIND_ORIGIN, (None,))[0],
            "subprotocols": tuple(texts.get(_ffi.KIND_SUBPROTOCOL, ())),
            "extensions": tuple(texts.get(_ffi.KIND_EXTENSION, ())),
            "headers": self.headers(),
            "subprotocol": texts.get(_CHOSEN, (None,))[0],
        }

    def of_open(self) -> dict[str, Any]:
        """The fields of an opening, which are details all."""
        texts = self._texts()
        return {
            "subprotocol": texts.get(_ffi.KIND_SUBPROTOCOL, (None,))[0],
            "extensions": tuple(texts.get(_ffi.KIND_EXTENSION, ())),
            "headers": self.headers(),
        }

    def headers(self) -> Headers:
        """The headers in their order."""
        return tuple(
            (text[name : name + name_length], text[value : value + value_length])
            for kind, flags, _, name_length, name, value_length, value in _ffi.RECORD.iter_unpack(self._raw)
            if kind == _ffi.KIND_HEADER
            for text in (self._regions[flags & _ffi.FLAG_REGION],)
        )

    def _texts(self) -> dict[int, list[str]]:
        """The others, by their kinds."""
        texts: dict[int, list[str]] = {}
        for kind, flags, _, _, offset, length, _ in _ffi.RECORD.iter_unpack(self._raw):
            if kind == _ffi.KIND_HEADER:
                continue
            text = self._regions[flags & _ffi.FLAG_REGION][offset : offset + length]
            texts.setdefault(kind, []).append(text)
            if kind == _ffi.KIND_SUBPROTOCOL and flags & _ffi.FLAG_CHOSEN:
                texts[_CHOSEN] = [text]
        return texts
