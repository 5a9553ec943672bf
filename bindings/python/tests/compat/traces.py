"""What an implementation made of a conversation, in a form in which two implementations can be compared."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conversations import CONT, Conversation, WireFrame, decode

Entry = tuple[Any, ...]


class Sent:
    """Reads what was sent, and inflates it, because two compressors do not write the same."""

    def __init__(self, conversation: Conversation) -> None:
        self._takeover = conversation.takeover
        self._inflater = Conversation.inflater()
        self._compressed = False
        self._message: list[bytes] = []

    def entries(self, data: bytes) -> Iterable[Entry]:
        """What the peer reads: control frames, the lengths of fragments left out, and messages."""
        for frame in decode(data):
            if frame.opcode >= 8:
                yield "sent", frame.opcode, frame.fin, frame.payload
            else:
                yield from self._data(frame)

    def _data(self, frame: WireFrame) -> Iterable[Entry]:
        if frame.opcode != CONT:
            self._compressed, self._message = frame.rsv == 4, [bytes([frame.opcode])]
        self._message.append(frame.payload)
        if not frame.fin:
            return
        kind, payload = self._message[0][0], b"".join(self._message[1:])
        if self._compressed:
            payload = self._inflater.decompress(payload + b"\0\0\xff\xff")
            if not self._takeover:
                self._inflater = Conversation.inflater()
        yield "sent", kind, True, payload


class Rule(NamedTuple):
    """A difference that is meant.

    Attributes:
        name: What COMPAT.md says of it.
        applies: Whether it explains a difference: of our trace and theirs, from where they begin to differ.
    """

    name: str
    applies: Callable[[list[Entry], list[Entry], Conversation], bool]


@dataclass
class Comparison:
    """How many conversations went alike, which rules explain others, and what no rule explains."""

    same: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    unexplained: list[tuple[object, list[Entry], list[Entry]]] = field(default_factory=list)

    def add(
        self,
        name: object,
        conversation: Conversation,
        ours: list[Entry],
        theirs: list[Entry],
        rules: Iterable[Rule],
    ) -> None:
        """Compares two traces. What comes behind the first difference follows from it."""
        at = next((at for at, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        ours, theirs = ours[at:], theirs[at:]
        if not ours and not theirs:
            self.same += 1
            return
        for rule in rules:
            if rule.applies(ours, theirs, conversation):
                self.explained[rule.name] = self.explained.get(rule.name, 0) + 1
                return
        self.unexplained.append((name, ours[:2], theirs[:2]))


def control_in_compressed_message(conversation: Conversation) -> bool:
    """Whether a control frame stands between the fragments of a message, where compression was agreed on."""
    inside = False
    for frame in decode(conversation.received):
        if frame.opcode >= 8:
            if inside:
                return conversation.deflate
        else:
            inside = not frame.fin
    return False


def compressed_ends(conversation: Conversation) -> Iterator[str]:
    """How the compressed data of each message ends: "sound", "last" with a last block, "empty" or "unsound".

    It has to end where a block ends (RFC 7692 section 7.2.1), which may be the last of its stream (section 7.2.3.5).
    """
    inflater, compressed, length = Conversation.inflater(), False, 0
    for frame in decode(conversation.received):
        if frame.opcode >= 8:
            continue
        if frame.opcode != CONT:
            compressed, length = frame.rsv == 4, 0
        if not compressed:
            continue
        length += len(frame.payload)
        if frame.fin and not length:
            yield "empty"
            return
        try:
            inflater.decompress(frame.payload + b"\0\0\xff\xff" * frame.fin)
            if frame.fin and not inflater.eof:
                probe = inflater.copy()
                # An empty last block can follow only where a block has ended.
                yield "sound" if not probe.decompress(b"\1\0\0\xff\xff") and probe.eof else "unsound"
        except zlib.error:
            yield "unsound"
            return
        if inflater.eof:
            yield "last"
            return
        if frame.fin and not conversation.takeover:
            inflater = Conversation.inflater()
