"""Messages to records, and records to events. Records are the flat form in which the engine takes and returns them.

Every message passes through here, so this is written for speed. Python's cost is the number of steps, not of bytes:
where one read holds many messages of one kind, each step is done for all of them at once.
"""

from __future__ import annotations

import struct
from array import array
from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import TYPE_CHECKING, Any, Callable

from . import _memory, _numbers
from ._arguments import elements, utf8
from ._details import DETAILED, PLAIN_OPEN, rare_event
from ._events import Batch, Binary, Event, Text, set_binary, set_messages, set_text
from ._ffi import RECORD, RECORD_SIZE, SIZE_BITS, Block, conn_release
from ._memory import ReadBuffer

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["decode", "encode"]

_MANY = 6
"""The least number of messages of one kind that are decoded together."""
_SHORT = 512
"""The largest average length of texts that are decoded together."""
_LONG, _VERY_LONG = 3072, 65536
"""The least lengths of a text at which a view costs less than another copy: of the read buffer, and of the store."""

_OPEN, _TEXT, _BINARY = _numbers.KIND_OPEN, _numbers.KIND_TEXT, _numbers.KIND_BINARY
_FRAME = _numbers.KIND_FRAME
_INPUT, _STORE, _REGION = _numbers.REGION_INPUT, _numbers.REGION_STORE, _numbers.FLAG_REGION
_FIRST, _LAST = _numbers.FLAG_FIRST, _numbers.FLAG_LAST
_WHOLE = _FIRST | _LAST
_WHOLE_IN_INPUT = _WHOLE | _INPUT
_WHOLE_IN_STORE = _WHOLE | _STORE

_SIZE = RECORD_SIZE
_read_record, _read_records = RECORD.unpack_from, RECORD.iter_unpack
_read_message = struct.Struct("=BB6xQQ8x").unpack_from
"""The kind, flags, offset and length of a record."""
_read_place = struct.Struct("=8xQQ8x").unpack_from
_read_places = struct.Struct("=8xQQ8x").iter_unpack
"""The offset and length of each record."""
_SIZE_T = next(code for code in "QLI" if array(code).itemsize == SIZE_BITS // 8)
"""The type code of an array of size_t."""
_new: Callable[[type[Any]], Any] = object.__new__
_MESSAGES_TYPE = "an iterable of str and bytes-like objects"


def _joins_all() -> bool:
    """Whether joining texts lets a bytearray pass for one, as it does in PyPy."""
    try:
        "".join([bytearray()])  # type: ignore[list-item]
    except TypeError:
        return False
    return True


_JOINS_ALL = _joins_all()


def encode(messages: Iterable[str | Buffer]) -> tuple[int, bytes, int, bytes]:
    """Encodes messages to send.

    Returns:
        For messages of one kind: the kind, and their lengths as an array of size_t. Otherwise: 0, and their records.
        Then the number of messages, and their payloads one after the other.
    """
    listed: list[Any] = list(messages if isinstance(messages, list) else elements(messages, "messages", _MESSAGES_TYPE))
    try:
        if _JOINS_ALL and not all(isinstance(each, str) for each in listed):
            raise TypeError
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
    payloads = [utf8(message, f"messages[{number}]") for number, message in enumerate(messages)]
    records, offset = bytearray(), 0
    for message, payload in zip(messages, payloads):
        kind = _TEXT if isinstance(message, str) else _BINARY
        records += RECORD.pack(kind, 0, 0, 0, offset, len(payload), 0)
        offset += len(payload)
    return 0, bytes(records), len(payloads), b"".join(payloads)


def decode(
    block: Block,
    handle: Any,
    raw: bytes,
    read_buffer: ReadBuffer,
    base: int,
    store: Any,
    batches: bool,
    make_frame: Callable[[bytes, int, int, int], Any],
) -> list[Event]:
    """Makes the events of an input call from its records, copying payloads out of shared memory.

    Args:
        block: The connection's block, as the call left it.
        handle: The connection's handle.
        raw: The records.
        read_buffer: Where the input of the call is, if it had any.
        base: Where the input begins in the memory of the read buffer.
        store: The pointer to the store of messages.
        batches: Whether whole messages become one event.
        make_frame: Makes the event of a frame that comes alone: see ``_details.frame_event``.
    """
    if len(raw) > _SIZE:
        if raw[0] == _FRAME and (frames := _decode_frames(raw, read_buffer, base, make_frame)):
            return frames
        few = len(raw) < _MANY * _SIZE and _decode_few(raw, read_buffer, base, store, batches)
        return few or _decode_many(block, handle, raw, read_buffer, base, store, batches, make_frame)
    # Most reads bring one message, so that case comes first and takes the fewest steps.
    kind, flags, code, _, offset, length, extra = _read_record(raw)
    if flags == _WHOLE_IN_INPUT and length < _LONG and kind in _MESSAGES:
        offset += base
        data = read_buffer.memory[offset : offset + length]
    elif flags == _WHOLE_IN_STORE and length < _VERY_LONG and kind in _MESSAGES:
        data = store[offset : offset + length]
    elif kind == _FRAME and length < _VERY_LONG:
        if flags & _REGION == _INPUT:
            offset += base
            data = read_buffer.memory[offset : offset + length]
        else:
            data = _memory.payload(block, read_buffer, flags & _REGION, offset, length)
        return [make_frame(data, flags, code, extra)]
    elif kind == _OPEN:
        return [PLAIN_OPEN]
    else:
        return _decode_many(block, handle, raw, read_buffer, base, store, batches, make_frame)
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


def _decode_frames(
    raw: bytes, read_buffer: ReadBuffer, base: int, make_frame: Callable[[bytes, int, int, int], Any]
) -> list[Event]:
    """The same for data of frames in the input; an empty list if one of the records is anything else."""
    memory = read_buffer.since(base)
    frames = []
    for kind, flags, code, _, offset, length, extra in _read_records(raw):
        if kind != _FRAME or flags & _REGION != _INPUT:
            return []
        frames.append(make_frame(memory[offset : offset + length], flags, code, extra))
    return frames


def _decode_few(raw: bytes, read_buffer: ReadBuffer, base: int, store: Any, batches: bool) -> list[Event]:
    """The same for a few records, one by one; an empty list if one of them is not a message."""
    messages: list[Any] = []
    for at in range(0, len(raw), _SIZE):
        kind, flags, offset, length = _read_message(raw, at)
        if kind not in _MESSAGES:
            return []
        if flags == _WHOLE_IN_INPUT:
            offset += base
            if kind == _TEXT and length >= _LONG:
                messages.append(_long_text(read_buffer, offset, length))
                continue
            data = read_buffer.memory[offset : offset + length]
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
    block: Block,
    handle: Any,
    raw: bytes,
    read_buffer: ReadBuffer,
    base: int,
    store: Any,
    batches: bool,
    make_frame: Callable[[bytes, int, int, int], Any],
) -> list[Event]:
    """The same for any records, decoding as many messages together as possible.

    The memory of large messages is given back at once, because they have been copied.
    """
    events: list[Event] = []
    messages: list[str | bytes] = []
    at, count, is_large = 0, len(raw) // _SIZE, False
    # Bytes 0 and 1 of a record are its kind and its flags.
    kinds, all_flags = (raw[::_SIZE], raw[1::_SIZE]) if count >= _MANY else (b"", b"")
    while at < count:
        run = _run(kinds[at:], all_flags[at:]) if count - at >= _MANY and kinds[at] in _MESSAGES else 0
        if run:
            cls, set_data, read_all = _MESSAGES[kinds[at]]
            payloads = read_all(raw[at * _SIZE : (at + run) * _SIZE], read_buffer, base)
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
        if length >= _VERY_LONG and flags & _REGION == _STORE:
            is_large = True
        if kind in _MESSAGES:
            data = _data(block, read_buffer, base, store, kind, flags & _REGION, offset, length)
            cls, set_data, _ = _MESSAGES[kind]
            if flags & _WHOLE != _WHOLE:
                event = cls(data, flags & _FIRST != 0, flags & _LAST != 0)
            elif batches:
                messages.append(data)
                continue
            else:
                event = _new(cls)
                set_data(event, data)
        elif kind == _FRAME:
            data = _memory.payload(block, read_buffer, flags & _REGION, offset, length)
            event = make_frame(data, flags, record[2], record[6])
        else:
            details = raw[at * _SIZE : (at + aux) * _SIZE] if kind in DETAILED else b""
            at += len(details) // _SIZE
            event = rare_event(block, handle, read_buffer, record, details)
        if messages:
            events.append(_batch(messages))
            messages.clear()
        if event is not None:
            events.append(event)
    if messages:
        events.append(_batch(messages))
    if is_large:
        conn_release(handle)
    return events


def _run(kinds: bytes, flags: bytes) -> int:
    """How many records at the start are whole messages of one kind in the input; 0 if they are fewer than ``_MANY``."""
    last = _MANY - 1
    if kinds[0] != kinds[last] or not flags[0] == flags[last] == _WHOLE_IN_INPUT:
        return 0
    run = len(kinds) - max(len(kinds.lstrip(kinds[:1])), len(flags.lstrip(flags[:1])))
    return run if run >= _MANY else 0


def _texts(raw: bytes, read_buffer: ReadBuffer, base: int) -> list[str]:
    """Texts in the input. Short ones are slices of the whole input, which is decoded as ISO 8859-1 first."""
    end, memory = sum(_read_place(raw, len(raw) - _SIZE)), read_buffer.since(base)
    if end * _SIZE > len(raw) * _LONG:
        return [_long_text(read_buffer, base + offset, length) for offset, length in _read_places(raw)]
    if end * _SIZE > len(raw) * _SHORT:
        return [memory[offset : offset + length].decode() for offset, length in _read_places(raw)]
    text = memory[:end].decode("latin-1")
    texts = [text[offset : offset + length] for offset, length in _read_places(raw)]
    if "".join(texts).isascii():
        return texts
    return [text if text.isascii() else text.encode("latin-1").decode() for text in texts]


def _binaries(raw: bytes, read_buffer: ReadBuffer, base: int) -> list[bytes]:
    """Binary messages in the input. Short ones are slices of one copy of it."""
    end, memory = sum(_read_place(raw, len(raw) - _SIZE)), read_buffer.since(base)
    data = memory if end * _SIZE > len(raw) * _SHORT else memory[:end]
    return [data[offset : offset + length] for offset, length in _read_places(raw)]


_MESSAGES: dict[int, tuple[type[Any], Callable[[Any, Any], None], Callable[[bytes, ReadBuffer, int], list[Any]]]] = {
    _TEXT: (Text, set_text, _texts),
    _BINARY: (Binary, set_binary, _binaries),
}
"""By kind: the event's class, the function that stores a whole payload in it, and the one that reads many payloads."""


def _batch(messages: Iterable[str | bytes]) -> Batch:
    event: Batch = _new(Batch)
    set_messages(event, tuple(messages))
    return event


def _data(
    block: Block, read_buffer: ReadBuffer, base: int, store: Any, kind: int, region: int, offset: int, length: int
) -> str | bytes:
    """The payload of one message, whichever region it is in."""
    if kind == _TEXT and region == _INPUT and length >= _LONG:
        return _long_text(read_buffer, base + offset, length)
    if kind == _TEXT and region == _STORE and length >= _VERY_LONG:
        return str(_memory.view_at(block.store)[offset : offset + length], "utf-8")
    data: bytes
    if region == _STORE:
        data = store[offset : offset + length]
    else:
        data = _memory.payload(block, read_buffer, region, offset, length)
    return data.decode() if kind == _TEXT else data


def _long_text(read_buffer: ReadBuffer, start: int, length: int) -> str:
    """A text in the input."""
    return str(read_buffer.view[start : start + length], "utf-8")
