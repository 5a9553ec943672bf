"""Events that are not messages. Some are followed by detail records, such as the headers of a request."""

from __future__ import annotations

from typing import Any, Callable

from . import _ffi, _memory, _numbers
from ._enums import MessageKind, OriginRelation
from ._errors import failure
from ._events import (
    Closed,
    Closing,
    Event,
    Fault,
    Frame,
    Head,
    Headers,
    Open,
    Ping,
    Pong,
    Rejected,
    ReportedFault,
    lazy,
    lazy_request,
)

__all__ = ["DETAILED", "PLAIN_OPEN", "frame_event", "rare_event", "read_fault"]

DETAILED = frozenset((_numbers.KIND_REQUEST, _numbers.KIND_OPEN, _numbers.KIND_REJECTED, _numbers.KIND_HEAD))
"""Kinds that are followed by details."""
PLAIN_OPEN = Open(None, (), ())
"""The event that most servers get."""

_SIZE, _REGION = _ffi.RECORD_SIZE, _numbers.FLAG_REGION
_CHOSEN = -1
"""In place of a kind: the subprotocol that ``accept`` chooses by default."""
_ORIGIN_RELATIONS = tuple(OriginRelation)
_KINDS_OF_FRAMES = {1: MessageKind.TEXT, 2: MessageKind.BINARY}
_FIRST, _LAST = _numbers.FLAG_FIRST, _numbers.FLAG_LAST
_FRAME_END, _COMPRESSED = _numbers.FLAG_FRAME_END, _numbers.FLAG_COMPRESSED
_new_frame: Callable[[type[Frame]], Frame] = object.__new__
# Slots of an immutable class can be set only through their descriptors.
_set_kind, _set_data, _set_first, _set_last, _set_frame_end, _set_compressed, _set_frame_len = (
    vars(Frame)[name].__set__ for name in Frame.__slots__
)
_Record = tuple[int, int, int, int, int, int, int]


def rare_event(
    block: _ffi.Block,
    handle: Any,
    read_buffer: _memory.ReadBuffer,
    record: _Record,
    raw_details: bytes,
    fault_text: Callable[..., Any] = _ffi.conn_fault_text,
) -> Event | None:
    """Any event but a message; None for a kind that a later version of the engine added."""
    kind, flags, code, aux, offset, length, extra = record
    if kind in DETAILED:
        return _detailed_event(block, read_buffer, record, raw_details)
    payload = _memory.payload(block, read_buffer, flags & _REGION, offset, length)
    if kind == _numbers.KIND_PING:
        return Ping(payload)
    if kind == _numbers.KIND_PONG:
        return Pong(payload, None if extra == _numbers.NEVER else extra)
    if kind == _numbers.KIND_CLOSING:
        return Closing(code, payload.decode())
    if kind == _numbers.KIND_FAULT:
        return ReportedFault(_fault_name(aux), code)
    if kind == _numbers.KIND_CLOSED:
        clean, by_peer = flags & _numbers.FLAG_CLEAN != 0, flags & _numbers.FLAG_BY_PEER != 0
        return Closed(code, payload.decode(), clean, by_peer, extra or None, read_fault(block, handle, fault_text))
    return None


def frame_event(payload: bytes, flags: int, code: int, length: int) -> Frame:
    """Data of a frame. Relays get one for each, so it is made without the checks of its class."""
    frame = _new_frame(Frame)
    _set_kind(frame, _KINDS_OF_FRAMES[code])
    _set_data(frame, payload)
    _set_first(frame, flags & _FIRST != 0)
    _set_last(frame, flags & _LAST != 0)
    _set_frame_end(frame, flags & _FRAME_END != 0)
    _set_compressed(frame, flags & _COMPRESSED != 0)
    _set_frame_len(frame, length)
    return frame


def _detailed_event(block: _ffi.Block, read_buffer: _memory.ReadBuffer, record: _Record, raw_details: bytes) -> Event:
    """An event that is followed by details, which are decoded when one of them is first used."""
    kind, flags, code, _, offset, length, extra = record
    if kind == _numbers.KIND_OPEN and not raw_details:
        return PLAIN_OPEN
    regions: dict[int, str] = {}
    # Byte 1 of a record is its flags.
    for number in {flags, *raw_details[1::_SIZE]}:
        region = number & _REGION
        if region not in regions:
            regions[region] = _memory.whole_region(block, read_buffer, region).decode("latin-1")
    details = _Details(raw_details, regions)
    if kind == _numbers.KIND_OPEN:
        return lazy(Open, details.of_open)
    payload = regions[flags & _REGION][offset : offset + length]
    if kind == _numbers.KIND_REQUEST:
        fault = _fault_name(extra) if extra else None
        return lazy_request(details.of_request, payload, _ORIGIN_RELATIONS[code], fault)
    headers, body = details.headers(), payload.encode("latin-1")
    if kind == _numbers.KIND_HEAD:
        return Head(code or None, headers, body)
    return Rejected(code, headers, body, flags & _numbers.FLAG_TRUNCATED != 0, details.reason())


def read_fault(block: _ffi.Block, handle: Any, fault_text: Callable[..., Any] = _ffi.conn_fault_text) -> Fault | None:
    """Why the connection ended, or is to be ended, other than by a closing handshake; or why there is no tunnel."""
    number = block.fault
    if not number:
        return None
    if handle is None:
        # It was freed after the caller had the block.
        raise failure(_numbers.ERR_BAD_HANDLE)
    length = _ffi.Size()
    text = _memory.copy(fault_text(handle, _ffi.by_reference(length)), length.value).decode()
    position = None if block.fault_position == _numbers.NEVER else block.fault_position
    return Fault(number, _fault_name(number), text, block.fault_actual or None, block.fault_limit or None, position)


def _fault_name(number: int) -> _numbers.FaultName:
    name: _numbers.FaultName = _ffi.fault_name(number).decode()
    return name


class _Details:
    """The details that follow an event, and the text of the regions that they are in."""

    __slots__ = ("_raw", "_regions")

    def __init__(self, raw: bytes, regions: dict[int, str]) -> None:
        self._raw = raw
        self._regions = regions

    def of_request(self) -> dict[str, Any]:
        """The fields of a request that are details."""
        texts = self._texts()
        return {
            "authority": texts.get(_numbers.KIND_AUTHORITY, ("",))[0],
            "origin": texts.get(_numbers.KIND_ORIGIN, (None,))[0],
            "subprotocols": tuple(texts.get(_numbers.KIND_SUBPROTOCOL, ())),
            "extensions": tuple(texts.get(_numbers.KIND_EXTENSION, ())),
            "headers": self.headers(),
            "subprotocol": texts.get(_CHOSEN, (None,))[0],
            "method": texts.get(_numbers.KIND_METHOD, ("GET",))[0],
        }

    def of_open(self) -> dict[str, Any]:
        """The fields of ``Open``, all of which are details."""
        texts = self._texts()
        return {
            "subprotocol": texts.get(_numbers.KIND_SUBPROTOCOL, (None,))[0],
            "extensions": tuple(texts.get(_numbers.KIND_EXTENSION, ())),
            "headers": self.headers(),
        }

    def reason(self) -> str:
        """The reason phrase of a response."""
        return self._texts().get(_numbers.KIND_REASON, ("",))[0]

    def headers(self) -> Headers:
        """The headers, in the order received."""
        return tuple(
            (text[name : name + name_length], text[value : value + value_length])
            for kind, flags, _, name_length, name, value_length, value in _ffi.RECORD.iter_unpack(self._raw)
            if kind == _numbers.KIND_HEADER
            for text in (self._regions[flags & _REGION],)
        )

    def _texts(self) -> dict[int, list[str]]:
        """The other details, by kind."""
        texts: dict[int, list[str]] = {}
        for kind, flags, _, _, offset, length, _ in _ffi.RECORD.iter_unpack(self._raw):
            if kind == _numbers.KIND_HEADER:
                continue
            text = self._regions[flags & _REGION][offset : offset + length]
            texts.setdefault(kind, []).append(text)
            if kind == _numbers.KIND_SUBPROTOCOL and flags & _numbers.FLAG_CHOSEN:
                texts[_CHOSEN] = [text]
        return texts
