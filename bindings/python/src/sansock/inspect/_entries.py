"""What the inspector tells, as types of dictionaries. What there is not has no key: no value is None."""

from __future__ import annotations

from typing import Literal, TypedDict, Union

__all__ = [
    "AnswerEntry",
    "ClosedEntry",
    "ConnectionEntry",
    "Deadline",
    "Deadlines",
    "Entry",
    "EofEntry",
    "FaultEntry",
    "FrameEntry",
    "HeadEntry",
    "HeadLine",
    "Machine",
    "MachineRow",
    "MessageEntry",
    "Payload",
    "Side",
    "Step",
    "TextEntry",
]

Side = Literal["client", "server"]
"""An end of a connection: the client is the one that masks its frames."""
_Kind = Literal["text", "binary"]


class _Numbers(TypedDict):
    """What every entry has."""

    id: int
    connection: int


_MachineName = Literal["handshake", "message", "closing"]

# One of the keys is a word of Python.
_StepStates = TypedDict("_StepStates", {"from": str, "on": str, "to": str})


class _Step(_StepStates):
    end: Side
    machine: _MachineName


class Step(_Step, total=False):
    """A transition of one of the machines of an end, which are those of ``Inspector.machines``.

    Attributes:
        end: Which end.
        machine: ``handshake``, ``message`` (frames to messages) or ``closing`` (the states of the connection).
        from: The state before.
        on: The input: ``peer close``.
        to: The state behind.
        transport: What the end's host is to do with the transport from here on, if that is something else than before.
    """

    transport: Literal["open", "shut down writing", "close"]


class _Deadline(TypedDict):
    timer: Literal["handshake", "ping", "pong", "close", "write"]
    option: str
    after: int


class Deadline(_Deadline, total=False):
    """A deadline that runs.

    Attributes:
        timer: What for. A pong is waited for as if the ping were the keepalive's; what is to be written is the answer
            that an engine gives.
        option: The option that says how long: ``close_timeout``.
        after: How long it still runs, in milliseconds.
        at: When it ends, in microseconds on the clock of ``time``, if the capture has times.
    """

    at: int


class Deadlines(TypedDict, total=False):
    """The deadlines that run behind an entry: of each end that has others than before, all of them.

    Attributes:
        client: Those of the client.
        server: Those of the server.
    """

    client: list[Deadline]
    server: list[Deadline]


_RowStates = TypedDict("_RowStates", {"from": str, "on": str, "to": str})


class MachineRow(_RowStates):
    """In the state ``from``, on the input ``on``, do what ``does`` says, in this order, and go to the state ``to``.

    Attributes:
        from: The state before.
        on: The input.
        to: The state behind.
        does: What is done.
    """

    does: list[str]


class Machine(TypedDict):
    """A machine of a connection, with all transitions that there are. What is not listed changes nothing.

    Attributes:
        name: ``handshake``, ``message`` or ``closing``.
        begins: The states that it begins in: the handshake in the first as a client, in the second as a server.
        rows: The transitions.
    """

    name: _MachineName
    begins: list[str]
    rows: list[MachineRow]


# The first key is a word of Python.
_Sender = TypedDict(
    "_Sender",
    {"from": Side, "time": int, "offset": int, "length": int, "steps": list[Step], "deadlines": Deadlines},
    total=False,
)


class _Common(_Numbers, _Sender):
    pass


class _PayloadSize(TypedDict):
    size: int
    cut: bool


class Payload(_PayloadSize, total=False):
    r"""The payload of a frame or a message: ``text``, or else ``hex``.

    Attributes:
        size: How many bytes it has, inflated.
        text: As text. Bytes that are no UTF-8, also of a code point that ends in another frame, are escaped as
            ``\xNN``.
        hex: As bytes, in hexadecimal.
        wire: As it is on the wire, masked and compressed, in hexadecimal. Frames have it, messages do not.
        cut: Whether the end of it is left out here.
    """

    text: str
    hex: str
    wire: str


class _Connection(_Common):
    type: Literal["connection"]


class ConnectionEntry(_Connection, total=False):
    """A connection begins.

    Every entry has ``id`` (1, 2, 3 and so on over the whole capture, the same each time that it is read) and
    ``connection`` (the number of its connection, from 1). It may have ``from``, who sent it: ``"client"`` or
    ``"server"``; ``time``, when its last byte came, in microseconds; ``offset``, where it begins in what its sender
    sent, in bytes; ``length``, how many bytes it has on the wire; ``steps``, what it makes the machines of the ends do;
    and ``deadlines``, which run behind it where those are others than before, as if the ends had the default options.

    Attributes:
        client: Address and port of the client, if the capture has them.
        server: The same of the server.
    """

    client: str
    server: str


class _HeadLine(TypedDict):
    text: str
    verdict: Literal["needed", "known", "unknown", "fault"]


class HeadLine(_HeadLine, total=False):
    r"""A line of a head, with what it is for the opening handshake.

    Attributes:
        text: The line. What is no ASCII is escaped as ``\xNN``.
        verdict: ``needed``: there is no WebSocket without it. ``known``: it means something to WebSocket.
            ``unknown``: it means nothing to it. ``fault``: it breaks a rule.
        note: What it does, or what is wrong.
        rule: Where that is written: ``RFC 6455 §4.1``.
    """

    note: str
    rule: str


class HeadEntry(_Common):
    """The head of an HTTP message.

    Attributes:
        kind: ``request`` or ``response``.
        lines: Its lines, from the first to the last before the empty one.
    """

    type: Literal["head"]
    kind: Literal["request", "response"]
    lines: list[HeadLine]


class _Frame(_Common):
    type: Literal["frame"]
    header: str
    fin: bool
    rsv1: bool
    rsv2: bool
    rsv3: bool
    opcode: int
    kind: Literal["continuation", "text", "binary", "close", "ping", "pong", "reserved"]
    masked: bool
    length_form: Literal[7, 16, 64]
    payload_length: int
    compressed: bool
    payload: Payload


class FrameEntry(_Frame, total=False):
    """A frame, field by field (RFC 6455 section 5.2).

    Attributes:
        header: What is before the payload, in hexadecimal: 2 to 14 bytes, fewer if the capture ends in it.
        fin: Whether it is the last of its message.
        rsv1: The first reserved bit: the message is compressed (RFC 7692 section 6).
        rsv2: The second.
        rsv3: The third.
        opcode: The opcode, from 0 to 15.
        kind: The opcode in words.
        masked: Whether it is masked.
        length_form: How many bits say the length.
        payload_length: The length of the payload on the wire, in bytes.
        compressed: Whether the message that it belongs to is compressed.
        payload: What it carries, unmasked and inflated.
        message_kind: Of the message that a data frame belongs to.
        key: The masking key, in hexadecimal.
        code: The code of a Close frame; 1005 if it has none.
        reason: The reason of a Close frame.
    """

    message_kind: _Kind
    key: str
    code: int
    reason: str


class MessageEntry(_Common):
    """A message, as the host at the receiving end gets it.

    Attributes:
        kind: ``text`` or ``binary``.
        frames: How many frames it has; 0 where the capture is one of messages.
        size: How many bytes it has for the host.
        wire: How many bytes its payload has on the wire.
        compressed: Whether it is compressed.
        payload: What is in it.
    """

    type: Literal["message"]
    kind: _Kind
    frames: int
    size: int
    wire: int
    compressed: bool
    payload: Payload


class _Fault(_Common):
    type: Literal["fault"]
    fault: str
    number: int
    rule: str
    text: str
    position: int


class FaultEntry(_Fault, total=False):
    """A rule is broken.

    Attributes:
        fault: Its name, the same in every language: ``RESERVED_BITS``.
        number: Its number.
        rule: Where the rule is written: ``RFC 6455 §5.2``.
        text: What happened.
        position: The byte at fault, counted in what its sender sent; where that cannot be told, where the frame or the
            head begins.
        frame: The ``id`` of the entry that it is in.
        code: The close code that it calls for.
        status: The HTTP status that it calls for.
        answer: What its sender is answered: a frame in hexadecimal, or the text of a response.
    """

    frame: int
    code: int
    status: int
    answer: str


class AnswerEntry(_Common):
    """What an engine that receives this sends.

    Attributes:
        what: ``pong`` or ``close``.
        hex: The frame, in hexadecimal.
    """

    type: Literal["answer"]
    what: Literal["pong", "close"]
    hex: str


class ClosedEntry(_Common):
    """What the host at the receiving end is told at last.

    Attributes:
        code: The code of the Close frame received; 1005 if it had none, 1006 if there was no such frame.
        reason: Its reason.
        clean: Whether a Close frame was sent and one received.
        by_peer: Whether the sender began it.
    """

    type: Literal["closed"]
    code: int
    reason: str
    clean: bool
    by_peer: bool


class EofEntry(_Common):
    """What the sender sends ends here: in TCP, with a FIN."""

    type: Literal["eof"]


class TextEntry(_Common):
    """The capture ends inside something; or something to know when one reads the rest.

    Attributes:
        text: Inside what; or what to know.
    """

    type: Literal["incomplete", "note"]
    text: str


Entry = Union[
    ConnectionEntry, HeadEntry, FrameEntry, MessageEntry, FaultEntry, AnswerEntry, ClosedEntry, EofEntry, TextEntry
]
"""One thing that is on the wire, or that follows from it: ``entry["type"]`` says what it is."""
