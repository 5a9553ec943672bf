"""Conversations for the drop-ins and the originals: what a peer sends, in pieces, and what the program does between.

They are drawn from a seed. Most are valid; the others are valid ones with a change: a bit, a byte, a frame.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from vectors import read_bytes, read_cases

VECTORS = Path(__file__).resolve().parents[4] / "core" / "vectors"
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WORDS = ("hello", "世界", "🙂", "x" * 40, "", "ñ", "\u00ff", "abc " * 60, "0123456789" * 700)


class WireFrame(NamedTuple):
    """A frame as it is on the wire, with its payload unmasked, and whether its length is in its shortest form."""

    fin: bool
    rsv: int
    opcode: int
    payload: bytes
    minimal: bool = True


@dataclass
class Conversation:
    """What happens at one end of a connection that is open.

    Attributes:
        client: Whether this end is the client.
        deflate: Whether permessage-deflate was agreed on.
        takeover: Whether it was agreed on with context takeover.
        steps: Bytes to receive; or the name of a thing to do, with its argument.
        frames: What the peer meant to send.
        changed: Whether that was changed.
    """

    client: bool
    deflate: bool
    takeover: bool
    steps: list[bytes | tuple[str, object]] = field(default_factory=list)
    frames: list[WireFrame] = field(default_factory=list)
    changed: bool = False

    @staticmethod
    def inflater() -> Any:
        """What inflates messages."""
        return zlib.decompressobj(wbits=-15)

    @property
    def received(self) -> bytes:
        """All that is received."""
        return b"".join(step for step in self.steps if isinstance(step, bytes))


def encode(frame: WireFrame, mask: bytes | None) -> bytes:
    """A frame on the wire; a client's has a mask."""
    length, bit = len(frame.payload), 128 if mask is not None else 0
    first = frame.fin << 7 | frame.rsv << 4 | frame.opcode
    if length < 126:
        head = bytes((first, bit | length))
    elif length < 65536:
        head = struct.pack(">BBH", first, bit | 126, length)
    else:
        head = struct.pack(">BBQ", first, bit | 127, length)
    return head + frame.payload if mask is None else head + mask + masked(frame.payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def decode(data: bytes) -> Iterator[WireFrame]:
    """The frames in bytes, up to one that is not whole."""
    while len(data) >= 2:
        length, at = data[1] & 127, 2
        if length > 125:
            at = 4 if length == 126 else 10
            length = int.from_bytes(data[2:at], "big")
        minimal = at == (2 if length < 126 else 4 if length < 65536 else 10)
        mask = b""
        if data[1] & 128:
            mask, at = data[at : at + 4], at + 4
        payload = data[at : at + length]
        if len(payload) < length:
            return
        payload = masked(payload, mask) if mask else payload
        yield WireFrame(bool(data[0] & 128), data[0] >> 4 & 7, data[0] & 15, payload, minimal)
        data = data[at + length :]


def converse(seed: int) -> Conversation:
    """The conversation of a seed."""
    draw = random.Random(seed)
    conversation = Conversation(draw.random() < 0.5, draw.random() < 0.4, draw.random() < 0.7)
    _add_frames(conversation, draw)
    pieces = [encode(frame, None if conversation.client else draw.randbytes(4)) for frame in conversation.frames]
    if draw.random() < 0.6:
        conversation.changed = True
        _change(pieces, draw)
    _cut(conversation, pieces, draw)
    return conversation


def _add_frames(conversation: Conversation, draw: random.Random) -> None:
    frames, compressor = conversation.frames, zlib.compressobj(wbits=-15)
    for _ in range(draw.randrange(1, 6)):
        text = draw.random() < 0.6
        message = "".join(draw.choices(WORDS, k=draw.randrange(4)))
        payload, rsv = message.encode() if text else draw.randbytes(len(message)), 0
        if conversation.deflate and draw.random() < 0.8:
            if not conversation.takeover:
                compressor = zlib.compressobj(wbits=-15)
            payload, rsv = (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4], 4
        cuts = sorted(draw.randrange(len(payload) + 1) for _ in range(draw.choice((0, 0, 1, 2, 4))))
        for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(payload)])):
            opcode = CONT if number else TEXT if text else BINARY
            frames.append(WireFrame(number == len(cuts), 0 if number else rsv, opcode, payload[start:end]))
            if draw.random() < 0.25:
                frames.append(WireFrame(True, 0, draw.choice((PING, PONG)), draw.randbytes(draw.randrange(20))))
    if draw.random() < 0.5:
        code = draw.choice((1000, 1001, 1011, 1014, 3000, 4999))
        reason = draw.choice(("", "bye", "またね")).encode()
        frames.append(WireFrame(True, 0, CLOSE, draw.choice((b"", struct.pack(">H", code) + reason))))
        if draw.random() < 0.2:
            frames.append(WireFrame(True, 0, PING, b"late"))


def _change(pieces: list[bytes], draw: random.Random) -> None:
    """Changes something, most often near the beginning of a frame."""
    at = draw.randrange(len(pieces))
    piece, change = bytearray(pieces[at]), draw.randrange(7)
    place = min(draw.choice((0, 0, 1, 1, 2, 6, 7, 9, 40)), len(piece) - 1)
    if change < 3:
        piece[place] ^= 1 << draw.randrange(8)
    elif change == 3:
        del piece[place]
    elif change == 4:
        piece[place:place] = draw.randbytes(1)
    elif change == 5:
        pieces.insert(at, pieces[draw.randrange(len(pieces))])
        return
    else:
        del piece[place:]
    pieces[at] = bytes(piece)


def _cut(conversation: Conversation, pieces: list[bytes], draw: random.Random) -> None:
    """Cuts the bytes into reads, and puts what the program does between them."""
    data, steps = b"".join(pieces), conversation.steps
    cuts = sorted(draw.randrange(len(data) + 1) for _ in range(draw.choice((0, 1, 3, 10))))
    if draw.random() < 0.2:
        cuts = list(range(1, min(len(data), 300)))
    for start, end in zip([0, *cuts], [*cuts, len(data)]):
        if start < end:
            steps.append(data[start:end])
        if len(cuts) < 20 and draw.random() < 0.3:
            steps.append(_action(draw))
    if draw.random() < 0.3:
        steps.append(("eof", None))


def _action(draw: random.Random) -> tuple[str, object]:
    name = draw.choice(("text", "text", "binary", "parts", "ping", "pong", "close"))
    if name == "text":
        return name, draw.choice(WORDS)
    if name == "binary":
        return name, draw.randbytes(draw.choice((0, 5, 125, 126, 65536)))
    if name == "parts":
        return name, draw.choices(WORDS[:6], k=3)
    if name == "close":
        return name, (draw.choice((1000, 1001, 3000)), draw.choice(("", "done")))
    return name, draw.randbytes(draw.choice((0, 4, 125, 126)))


def recorded() -> Iterator[tuple[str, Conversation]]:
    """The conversations of the vectors that begin with an open connection, and what is received in them."""
    for path in sorted(VECTORS.glob("*.vec")):
        for case in read_cases(path):
            settings = dict(case.settings)
            options = dict(value.split() for name, value in case.settings if name == "option")
            if options.get("start_open") != "1" or not options.keys() <= {"start_open", "deflate"}:
                continue
            conversation = Conversation(settings["role"] == "client", "deflate" in options, True, changed=True)
            for step in case.steps:
                if step.name == "receive":
                    conversation.steps.append(read_bytes(step.arguments))
                elif step.name == "eof":
                    conversation.steps.append(("eof", None))
                    break
            yield f"{path.stem}: {case.name}", conversation
