"""Messages to records, and records to events: the flat form that the engine reads and leaves behind a call.

Most of what a connection does is in here, so this is written for speed. Python's price is the number of steps, not of
bytes: where many messages of one kind lie in one read, every step is taken for all of them at once.
"""

from __future__ import annotations

import struct
from array import array
from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING, Any, Callable

from . import _ffi
from ._arguments import utf8
from ._details import DETAILED, PLAIN_OPEN, rare_event
from ._events import Batch, Binary, Event, Text, set_binary, set_messages, set_text

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["decode", "encode"]

_MANY = 6
"""From so many messages of one kind on, they are taken all at once."""
_SHORT = 512
"""Texts up to this length, on average, are decoded all at once."""
_LONG, _VERY_LONG = 3072, 65536
"""From these lengths of a text on, a view costs less than another copy: of the window, and of the store."""

_OPEN, _TEXT, _BINARY = _ffi.KIND_OPEN, _ffi.KIND_TEXT, _ffi.KIND_BINARY
_INPUT, _STORE, _REGION = _ffi.REGION_INPUT, _ffi.REGION_STORE, _ffi.FLAG_REGION
_FIRST, _LAST = _ffi.FLAG_FIRST, _ffi.FLAG_LAST
_WHOLE = _FIRST | _LAST
_WHOLE_IN_INPUT = _WHOLE | _INPUT
_WHOLE_IN_STORE = _WHOLE | _STORE

_SIZE = _ffi.RECORD.size
_read_record = _ffi.RECORD.unpack_from
_read_message = struct.Struct("=BB6xQQ8x").unpack_from
"""Kind, flags, offset and length of a record."""
_read_place = struct.Struct("=8xQQ8x").unpack_from
_read_places = struct.Struct("=8xQQ8x").iter_unpack
"""Offset and length of each record."""
_SIZE_T = next(code for code in "QLI" if array(code).itemsize == _ffi.SIZE_BITS // 8)
"""A size_t in an array."""
_new: Callable[[type[Any]], Any] = object.__new__


def encode(messages: Iterable[str | Buffer]) -> tuple[int, bytes, int, bytes]:
    """Messages to send: their kind and lengths, or 0 and their records; how many they are; their payloads, in a row."""
    listed: list[Any] = list(messages)
    try:
        text = "".join(listed)
    except TypeError:
        if set(map(type, listed)) == {bytes}:
            return _encode_of_one_kind(_BINARY, listed)
        return _encode_mixed(listed)
    if text.isascii():
        return _TEXT, array(_SIZE_T, map(len, listed)).tobytes(), len(listed), text.encode()
    return _encode_of_one_kind(_TEXT, list(map(str.encode, listed)))


def _encode_of_one_kind(kind: int, payloads: list[bytes]) -> tuple[int, bytes, int, bytes]:
    return kind, array(_SIZE_T, map(len, payloads)).tobytes(), len(payloads), b"".join(payloads)


def _encode_mixed(messages: list[str | Buffer]) -> tuple[int, bytes, int, bytes]:
    records, payloads, offset = bytearray(), list(map(utf8, messages)), 0
    for message, payload in zip(messages, payloads):
        kind = _TEXT if isinstance(message, str) else _BINARY
        records += _ffi.RECORD.pack(kind, 0, 0, 0, offset, len(payload), 0)
        offset += len(payload)
    return 0, bytes(records), len(payloads), b"".join(payloads)


def decode(
    block: _ffi.Block, handle: Any, raw: bytes, window: _ffi.Window, base: int, store: Any, batches: bool
) -> list[Event]:
    """Takes the events of an input call out of the engine's memory and the window.

    Args:
        block: The connection's block, as the call left it.
        handle: The connection's handle.
        raw: The records.
        window: Where the input of the call was, if it had one.
        base: Where in the window's memory the input began.
        store: The pointer to the store of messages.
        batches: Whether whole messages become one event.
    """
    if len(raw) > _SIZE:
        few = len(raw) < _MANY * _SIZE and _decode_few(raw, window, base, store, batches)
        return few or _decode_many(block, handle, raw, window, base, store, batches)
    # What most reads bring, without the detours that others take.
    kind, flags, offset, length = _read_message(raw)
    if flags == _WHOLE_IN_INPUT and length < _LONG and kind in _MESSAGES:
        offset += base
        data = window.memory[offset : offset + length]
    elif flags == _WHOLE_IN_STORE and length < _VERY_LONG and kind in _MESSAGES:
        data = store[offset : offset + length]
    elif kind == _OPEN:
        return [PLAIN_OPEN]
    else:
        return _decode_many(block, handle, raw, window, base, store, batches)
    if kind == _TEXT:
        data = data.decode()
    if batches:
        event = _new(Batch)
        set_messages(event, (data,))
    elif kind == _TEXT:
        event = _new(Text)
        set_text(event, data)
    else:
        event = _new(Binary)
        set_binary(event, data)
    return [event]


def _decode_few(raw: bytes, window: _ffi.Window, base: int, store: Any, batches: bool) -> list[Event]:
    """The same for a few records, without what pays for many; nothing if one of them is not of a message."""
    messages: list[Any] = []
    for at in range(0, len(raw), _SIZE):
        kind, flags, offset, length = _read_message(raw, at)
        if kind not in _MESSAGES:
            return []
        if flags == _WHOLE_IN_INPUT:
            offset += base
            if kind == _TEXT and length >= _LONG:
                messages.append(_long_text(window, offset, length))
                continue
            data = window.memory[offset : offset + length]
        elif flags == _WHOLE_IN_STORE and length < _VERY_LONG:
            data = store[offset : offset + length]
        else:
            return []
        messages.append(data.decode() if kind == _TEXT else data)
    if batches:
        return [_batch(messages)]
    events: list[Event] = []
    for kind, data in zip(raw[::_SIZE], messages):
        cls, set_data, _ = _MESSAGES[kind]
        event = _new(cls)
        set_data(event, data)
        events.append(event)
    return events


def _decode_many(
    block: _ffi.Block, handle: Any, raw: bytes, window: _ffi.Window, base: int, store: Any, batches: bool
) -> list[Event]:
    """The same for any records: as many messages at once as can be."""
    events: list[Event] = []
    messages: list[str | bytes] = []
    at, count = 0, len(raw) // _SIZE
    # Bytes 0 and 1 of a record are its kind and its flags.
    kinds, all_flags = (raw[::_SIZE], raw[1::_SIZE]) if count >= _MANY else (b"", b"")
    while at < count:
        run = _run(kinds[at:], all_flags[at:]) if count - at >= _MANY and kinds[at] in _MESSAGES else 0
        if run:
            cls, set_data, take_all = _MESSAGES[kinds[at]]
            payloads = take_all(raw[at * _SIZE : (at + run) * _SIZE], window, base)
            at += run
            if batches:
                messages += payloads
            else:
                made = list(map(_new, repeat(cls, run)))
                deque(map(set_data, made, payloads), 0)
                events += made
            continue
        record = _read_record(raw, at * _SIZE)
        kind, flags, _, aux, offset, length, _ = record
        at += 1
        if kind in _MESSAGES:
            data = _data(block, window, base, store, kind, flags & _REGION, offset, length)
            cls, set_data, _ = _MESSAGES[kind]
            if flags & _WHOLE != _WHOLE:
                event = cls(data, flags & _FIRST != 0, flags & _LAST != 0)
            elif batches:
                messages.append(data)
                continue
            else:
                event = _new(cls)
                set_data(event, data)
        else:
            details = raw[at * _SIZE : (at + aux) * _SIZE] if kind in DETAILED else b""
            at += len(details) // _SIZE
            event = rare_event(block, handle, window, record, details)
        if messages:
            events.append(_batch(messages))
            messages.clear()
        if event is not None:
            events.append(event)
    if messages:
        events.append(_batch(messages))
    return events


def _run(kinds: bytes, flags: bytes) -> int:
    """How many messages of one kind are in front, whole and in the input; 0 if they are not many."""
    last = _MANY - 1
    if kinds[0] != kinds[last] or not flags[0] == flags[last] == _WHOLE_IN_INPUT:
        return 0
    run = len(kinds) - max(len(kinds.lstrip(kinds[:1])), len(flags.lstrip(flags[:1])))
    return run if run >= _MANY else 0


def _texts(raw: bytes, window: _ffi.Window, base: int) -> list[str]:
    """Texts that lie in the input. Short ones are cut out of all of it, decoded as if it were ISO 8859-1."""
    end, memory = sum(_read_place(raw, len(raw) - _SIZE)), window.since(base)
    if end * _SIZE > len(raw) * _LONG:
        return [_long_text(window, base + offset, length) for offset, length in _read_places(raw)]
    if end * _SIZE > len(raw) * _SHORT:
        return [memory[offset : offset + length].decode() for offset, length in _read_places(raw)]
    text = memory[:end].decode("latin-1")
    texts = [text[offset : offset + length] for offset, length in _read_places(raw)]
    if "".join(texts).isascii():
        return texts
    return [text if text.isascii() else text.encode("latin-1").decode() for text in texts]


def _binaries(raw: bytes, window: _ffi.Window, base: int) -> list[bytes]:
    """Binary messages that lie in the input. Short ones are cut out of a copy of all of it."""
    end, memory = sum(_read_place(raw, len(raw) - _SIZE)), window.since(base)
    data = memory if end * _SIZE > len(raw) * _SHORT else memory[:end]
    return [data[offset : offset + length] for offset, length in _read_places(raw)]


_MESSAGES: dict[int, tuple[type[Any], Callable[[Any, Any], None], Callable[[bytes, _ffi.Window, int], list[Any]]]] = {
    _TEXT: (Text, set_text, _texts),
    _BINARY: (Binary, set_binary, _binaries),
}
"""The class of an event, how to store the payload of a whole message in it, and how to take the payloads of many."""


def _batch(messages: Iterable[str | bytes]) -> Batch:
    event: Batch = _new(Batch)
    set_messages(event, tuple(messages))
    return event


def _data(
    block: _ffi.Block, window: _ffi.Window, base: int, store: Any, kind: int, region: int, offset: int, length: int
) -> str | bytes:
    """The payload of one message, wherever it lies."""
    if kind == _TEXT and region == _INPUT and length >= _LONG:
        return _long_text(window, base + offset, length)
    if kind == _TEXT and region == _STORE and length >= _VERY_LONG:
        return str(_ffi.memory(block.store)[offset : offset + length], "utf-8")
    data = store[offset : offset + length] if region == _STORE else _ffi.payload(block, window, region, offset, length)
    return data.decode() if kind == _TEXT else data


def _long_text(window: _ffi.Window, start: int, length: int) -> str:
    """A text that lies in the input."""
    return str(window.view[start : start + length], "utf-8")
