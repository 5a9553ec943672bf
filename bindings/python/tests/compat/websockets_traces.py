"""Conversations with the layer of websockets that does no I/O, and its drop-in."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import InvalidState, ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import Side, State

from conversations import CLOSE, PING, PONG, Conversation, decode
from traces import Entry, Rule, Sent, compressed_ends

LIMIT = 100_000
_ANSWERS = ("sent", PING), ("sent", PONG)


def trace(protocol: Any, conversation: Conversation) -> list[Entry]:
    """What a class with the interface of ``Protocol`` makes of a conversation: what is read, sent, and refused."""
    connection = protocol(Side.CLIENT if conversation.client else Side.SERVER, max_size=LIMIT)
    if conversation.deflate:
        alone = not conversation.takeover
        connection.extensions = [PerMessageDeflate(alone, alone, 15, 15)]
    entries: list[Entry] = []
    sent = Sent(conversation)

    def drain() -> None:
        for event in connection.events_received():
            entries.append(("frame", event.opcode.name, bytes(event.data), event.fin))
        for data in connection.data_to_send():
            if data:
                entries.extend(_without_reason(entry) for entry in sent.entries(data))
            else:
                entries.append(("eof",))

    for step in conversation.steps:
        try:
            if isinstance(step, bytes):
                connection.receive_data(step)
            elif step[0] == "eof":
                connection.receive_eof()
            else:
                _act(connection, *step)
        except (InvalidState, ProtocolError) as error:
            entries.append(("refused", type(error).__name__))
        drain()
    entries.append(("end", connection.state.name, connection.close_expected(), type(connection.parser_exc).__name__))
    if connection.state is State.CLOSED:
        entries.append(("code", connection.close_code, type(connection.close_exc).__name__))
    return entries


def _act(connection: Any, name: str, argument: Any) -> None:
    if name == "text":
        connection.send_text(argument.encode())
    elif name == "binary":
        connection.send_binary(argument)
    elif name == "parts":
        connection.send_text(argument[0].encode(), fin=False)
        for number, part in enumerate(argument[1:], 2):
            connection.send_continuation(part.encode(), fin=number == len(argument))
    elif name == "close":
        connection.send_close(*argument)
    else:
        getattr(connection, f"send_{name}")(argument)


def _without_reason(entry: Entry) -> Entry:
    """A Close for a fault has a reason of the library's."""
    if entry[1] == CLOSE and entry[3][:2] in _CODES:
        return (*entry[:3], _CODES[entry[3][:2]])
    return entry


_CODES = {code.to_bytes(2, "big"): code for code in (1002, 1007, 1009)}


def _fault(entries: list[Entry]) -> int | None:
    """The code of the Close for a fault; 0 for a fault behind a Close of our own."""
    for entry in entries:
        if entry[:3] == ("sent", CLOSE, True) and isinstance(entry[3], int):
            return entry[3]
        if entry[0] == "end" and entry[3] in ("ProtocolError", "PayloadTooBig", "UnicodeDecodeError"):
            return 0
    return None


def _frames(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry[0] == "frame"]


def _without_pings(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry[:2] not in _ANSWERS and entry[0] != "refused"]


def _close_in_message(conversation: Conversation) -> bool:
    inside = False
    for frame in decode(conversation.received):
        if frame.opcode == CLOSE:
            return inside
        if frame.opcode < CLOSE:
            inside = not frame.fin
    return False


RULES = (
    Rule(
        "Close inside a fragmented message is answered as everywhere",
        lambda _ours, _theirs, conversation: _close_in_message(conversation),
    ),
    Rule(
        "when both ends have sent Close, pings and pongs are refused",
        lambda ours, theirs, _: (
            ours[0] == ("refused", "InvalidState") and theirs[0][:2] in (("sent", PING), ("sent", PONG))
        ),
    ),
    Rule(
        "no pong answers a ping when the same read has the answer to our Close",
        lambda ours, theirs, _: theirs[0][:2] == ("sent", PONG) and _without_pings(ours) == _without_pings(theirs),
    ),
    Rule(
        "a length is in its shortest form",
        lambda ours, _, conversation: (
            _fault(ours) == 1002 and not all(frame.minimal for frame in decode(conversation.received))
        ),
    ),
    Rule(
        "compressed data that does not end as it should is not made data of",
        lambda _ours, _theirs, conversation: (
            conversation.changed and bool({"unsound", "last", "empty"} & set(compressed_ends(conversation)))
        ),
    ),
    Rule(
        "text and compressed data are checked as they arrive, and fail with 1007",
        lambda ours, theirs, conversation: (
            conversation.changed and _fault(ours) in (1007, 0) and _fault(theirs) != 1007
        ),
    ),
    Rule(
        "of several rules that are broken, the first one counts",
        lambda ours, theirs, conversation: conversation.changed and None not in (_fault(ours), _fault(theirs)),
    ),
    Rule(
        "a fault is reported with the first byte that shows it",
        lambda ours, theirs, _: _fault(ours) is not None and _frames(theirs) == _frames(ours),
    ),
)
