"""Messages to records, and records to events: the flat form that the engine reads and leaves behind a call.

Most of what a connection does is in here, so this is written for speed. Python's price is the number of steps, not of
bytes: where many messages of one kind lie in one read, every step is taken for all of them at once.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections import deque
from collections.abc import Iterable
from itertools import accumulate, repeat
from typing import TYPE_CHECKING, Any, Callable

from . import _ffi
from ._arguments import utf8
from ._details import DETAILED, rare_event
from ._events import Batch, Binary, Event, Text, set_binary, set_messages, set_text

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["decode", "encode"]

_MANY = 3
"""From so many messages of one kind on, they are taken all at once."""
_SHORT = 512
"""Texts up to this length, on average, are decoded all at once."""
_LONG = 4096
"""From this length of a text on, another copy costs more than a view that saves it."""

_TEXT, _BINARY = _ffi.KIND_TEXT, _ffi.KIND_BINARY
_INPUT, _REGION = _ffi.REGION_INPUT, _ffi.FLAG_REGION
_FIRST, _LAST = _ffi.FLAG_FIRST, _ffi.FLAG_LAST
_WHOLE = _FIRST | _LAST
_WHOLE_IN_INPUT = _WHOLE | _INPUT

_SIZE = _ffi.RECORD.size
_read_record = _ffi.RECORD.unpack_from
_read_message = struct.Struct("=BB6xQQ8x").unpack
"""Kind, flags, offset and length of a record."""
_read_places = struct.Struct("=8xQQ8x").iter_unpack
"""Offset and length of each record."""
_HEAD_OF_TEXT, _HEAD_OF_BINARY = (
    int.from_bytes(_ffi.RECORD.pack(kind, 0, 0, 0, 0, 0, 0)[:8], sys.byteorder) for kind in (_TEXT, _BINARY)
)
"""The first quarter of a record of a message to send."""
_new: Callable[[type[Any]], Any] = object.__new__


def encode(messages: Iterable[str | Buffer]) -> tuple[bytes, list[bytes]]:
    """The records of messages to send, and their payloads, which lie one behind the other."""
    listed = list(messages)
    heads, payloads = _ENCODERS.get(frozenset(map(type, listed)), _encode_each)(listed)
    lengths = array("Q", map(len, payloads))
    records = array("Q", bytes(len(listed) * _SIZE))
    records[0::4], records[1::4], records[2::4] = heads, array("Q", accumulate(lengths, initial=0))[:-1], lengths
    return records.tobytes(), payloads


def _encode_texts(messages: list[str]) -> tuple[array[int], list[bytes]]:
    return array("Q", [_HEAD_OF_TEXT]) * len(messages), list(map(str.encode, messages))


def _encode_binaries(messages: list[bytes]) -> tuple[array[int], list[bytes]]:
    return array("Q", [_HEAD_OF_BINARY]) * len(messages), messages


def _encode_each(messages: list[str | Buffer]) -> tuple[array[int], list[bytes]]:
    heads = [_HEAD_OF_TEXT if isinstance(message, str) else _HEAD_OF_BINARY for message in messages]
    return array("Q", heads), [utf8(message) for message in messages]


_ENCODERS: dict[frozenset[type], Callable[[list[Any]], tuple[array[int], list[bytes]]]] = {
    frozenset((str,)): _encode_texts,
    frozenset((bytes,)): _encode_binaries,
}
"""What begins the records of messages of these types, and their payloads."""


def decode(block: _ffi.Block, handle: Any, raw: bytes, window: _ffi.Window, batches: bool, events: list[Event]) -> None:
    """Takes the events of an input call out of the engine's memory and the window.

    Args:
        block: The connection's block, as the call left it.
        handle: The connection's handle.
        raw: The records.
        window: Where the input of the call was, if it had one.
        batches: Whether whole messages become one event.
        events: Where the events go.
    """
    if len(raw) == _SIZE:
        kind, flags, offset, length = _read_message(raw)
        if flags == _WHOLE_IN_INPUT and length < _LONG and kind in _MESSAGES:
            # What most reads bring, without the detours that others take.
            offset += block.input - window.address
            payload = window.buffer[offset : offset + length]
            data = payload.decode() if kind == _TEXT else payload
            if batches:
                events.append(_batch((data,)))
            else:
                cls, set_data, _ = _MESSAGES[kind]
                event = _new(cls)
                set_data(event, data)
                events.append(event)
            return
    messages: list[str | bytes] = []
    at, count = 0, len(raw) // _SIZE
    # Bytes 0 and 1 of a record are its kind and its flags.
    kinds, all_flags = (raw[::_SIZE], raw[1::_SIZE]) if count >= _MANY else (b"", b"")
    while at < count:
        run = _run(kinds[at:], all_flags[at:]) if count - at >= _MANY else 0
        if run:
            cls, set_data, take_all = _MESSAGES[kinds[at]]
            payloads = take_all(raw[at * _SIZE : (at + run) * _SIZE], window, block.input - window.address)
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
            data = _data(block, window, kind, flags & _REGION, offset, length)
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


def _run(kinds: bytes, flags: bytes) -> int:
    """How many messages of one kind are in front, whole and in the input; 0 if they are not many."""
    last = _MANY - 1
    if kinds[0] != kinds[last] or kinds[0] not in _MESSAGES or not flags[0] == flags[last] == _WHOLE_IN_INPUT:
        return 0
    run = len(kinds) - max(len(kinds.lstrip(kinds[:1])), len(flags.lstrip(flags[:1])))
    return run if run >= _MANY else 0


def _texts(raw: bytes, window: _ffi.Window, base: int) -> list[str]:
    """Texts that lie in the input. Short ones are cut out of all of it, decoded as if it were ISO 8859-1."""
    ((offset, length),) = _read_places(raw[-_SIZE:])
    end = offset + length
    if end * _SIZE > len(raw) * _SHORT:
        view = window.view[base:]
        return [str(view[offset : offset + length], "utf-8") for offset, length in _read_places(raw)]
    text = window.buffer[base : base + end].decode("latin-1")
    texts = [text[offset : offset + length] for offset, length in _read_places(raw)]
    if "".join(texts).isascii():
        return texts
    return [text if text.isascii() else text.encode("latin-1").decode() for text in texts]


def _binaries(raw: bytes, window: _ffi.Window, base: int) -> list[bytes]:
    """Binary messages that lie in the input."""
    data = window.buffer
    if base:
        return [data[base + offset : base + offset + length] for offset, length in _read_places(raw)]
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


def _data(block: _ffi.Block, window: _ffi.Window, kind: int, region: int, offset: int, length: int) -> str | bytes:
    """The payload of one message."""
    if kind == _BINARY:
        return _ffi.payload(block, window, region, offset, length)
    if length < _LONG:
        return _ffi.payload(block, window, region, offset, length).decode()
    return str(_ffi.payload_view(block, window, region, offset, length), "utf-8")
