"""Frames as bytes, written and read without the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
RSV1 = 0x40
MASKED = 0x80
FLUSH_TAIL = b"\x00\x00\xff\xff"
"""What ends a compressed message, and is not sent (RFC 7692 §7.2.1)."""
NO_KEY = b""
PLAIN_KEY = bytes(4)


@dataclass
class Frame:
    """A frame, its payload unmasked. `missing` bytes of the payload have not come."""

    first: int
    key: bytes
    payload: bytes
    length_field: bytes
    missing: int

    @property
    def opcode(self) -> int:
        return self.first & 0x0F

    @property
    def fin(self) -> bool:
        return bool(self.first & FIN)

    @property
    def minimal(self) -> bool:
        """Whether the length is in its shortest form."""
        return self.length_field == shortest_length(len(self.payload) + self.missing)

    def encoded(self, key: bytes) -> bytes:
        """The same frame with another masking key, or with none; a length keeps its form."""
        form = bytes([self.length_field[0] | (MASKED if key else 0)]) + self.length_field[1:]
        return bytes([self.first]) + form + key + masked(self.payload, key)


def shortest_length(length: int) -> bytes:
    if length < 126:
        return bytes([length])
    return b"\x7e" + length.to_bytes(2, "big") if length < 1 << 16 else b"\x7f" + length.to_bytes(8, "big")


def masked(payload: bytes, key: bytes) -> bytes:
    if not any(key) or not payload:
        return payload
    mask = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(payload), "big")


def frame(first: int, payload: bytes, key: bytes = NO_KEY, length: int | None = None) -> bytes:
    """The bytes of a frame, which may claim another length than that of its payload."""
    field = shortest_length(len(payload) if length is None else length)
    return Frame(first, key, payload, field, 0).encoded(key)


def message(opcode: int, payload: bytes, key: bytes) -> bytes:
    """A whole message, or a control frame."""
    return frame(FIN | opcode, payload, key)


def read_frame(data: bytes, at: int) -> tuple[Frame, int] | None:
    """The frame that begins here, and where it ends; nothing if its header is not whole."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    extra = {126: 2, 127: 8}.get(second & 0x7F, 0)
    payload_at = at + 2 + extra + (4 if second & MASKED else 0)
    if len(data) < payload_at:
        return None
    field = bytes([second & 0x7F]) + data[at + 2 : at + 2 + extra]
    length = int.from_bytes(field[1:] or field, "big")
    key = data[at + 2 + extra : payload_at]
    payload = data[payload_at : payload_at + length]
    return Frame(first, key, masked(payload, key), field, length - len(payload)), payload_at + len(payload)


@dataclass
class Written:
    """Frames, and the start of one whose header is not whole."""

    frames: list[Frame]
    rest: bytes

    def encoded(self, key: bytes) -> bytes:
        return b"".join(frame.encoded(key) for frame in self.frames) + self.rest

    @property
    def cut(self) -> bool:
        return bool(self.rest) or any(frame.missing for frame in self.frames)

    @property
    def inside_a_message(self) -> bool:
        """Whether a fragmented message is not finished."""
        data = [frame for frame in self.frames if frame.opcode < CLOSE]
        return bool(data) and not data[-1].fin

    @property
    def close_codes(self) -> Iterator[bytes]:
        """The first two bytes of each Close."""
        return (frame.payload[:2] for frame in self.frames if frame.opcode == CLOSE)


def read_frames(data: bytes) -> Written:
    """All frames in these bytes."""
    frames = []
    at = 0
    while found := read_frame(data, at):
        frame, at = found
        frames.append(frame)
    return Written(frames, data[at:])
