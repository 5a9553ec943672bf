"""Conversations with wsproto and its drop-in."""

from __future__ import annotations

from typing import Any

from conversations import Conversation
from traces import Entry, Rule, Sent, compressed_ends, control_in_compressed_message


def trace(library: Any, conversation: Conversation) -> list[Entry]:
    """What a library with wsproto's interface makes of a conversation: what is read, sent, and refused."""
    events, extensions = library.events, []
    if conversation.deflate:
        extensions.append(_agreed(library, conversation))
    connection = library.connection.Connection(
        library.ConnectionType.CLIENT if conversation.client else library.ConnectionType.SERVER, extensions
    )
    entries: list[Entry] = []
    pieces: list[Any] = []
    sent = Sent(conversation)

    def send(event: Any) -> None:
        try:
            data = connection.send(event)
        except (library.utilities.LocalProtocolError, ValueError) as error:
            kind = "LocalProtocolError" if isinstance(error, library.utilities.LocalProtocolError) else "ValueError"
            entries.append(("refused", kind))
        else:
            entries.extend(sent.entries(data))

    for step in conversation.steps:
        if isinstance(step, tuple) and step[0] != "eof":
            for event in _events(events, *step):
                send(event)
            continue
        try:
            connection.receive_data(None if isinstance(step, tuple) else step)
        except library.utilities.LocalProtocolError:
            entries.append(("refused", "LocalProtocolError"))
            continue
        try:
            for event in connection.events():
                _add(entries, pieces, library, event)
                if isinstance(event, events.Ping) and connection.state is library.connection.ConnectionState.OPEN:
                    send(event.response())
        except Exception as error:
            entries.append(("raised", type(error).__name__))
            return entries
    entries.append(("state", connection.state.name))
    return entries


def _agreed(library: Any, conversation: Conversation) -> Any:
    extension = library.extensions.PerMessageDeflate(
        client_no_context_takeover=not conversation.takeover, server_no_context_takeover=not conversation.takeover
    )
    without = "" if conversation.takeover else "; client_no_context_takeover; server_no_context_takeover"
    if conversation.client:
        extension.finalize(f"permessage-deflate{without}")
    else:
        extension.accept(f"permessage-deflate{without}")
    return extension


def _events(events: Any, name: str, argument: Any) -> list[Any]:
    if name == "text":
        return [events.TextMessage(argument)]
    if name == "binary":
        return [events.BytesMessage(argument)]
    if name == "parts":
        return [events.TextMessage(part, message_finished=number == 2) for number, part in enumerate(argument)]
    if name == "close":
        return [events.CloseConnection(*argument)]
    return [events.Ping(argument) if name == "ping" else events.Pong(argument)]


def _add(entries: list[Entry], pieces: list[Any], library: Any, event: Any) -> None:
    """Adds an event. The pieces of a frame are joined, as reads are cut differently inside."""
    if isinstance(event, library.events.Message):
        pieces.append(event.data)
        if event.frame_finished:
            entries.append(("message", type(pieces[0])().join(pieces), event.message_finished))
            pieces.clear()
    elif isinstance(event, library.events.CloseConnection):
        entries.append(("close", int(event.code), _reason(event)))
    else:
        entries.append((type(event).__name__.lower(), bytes(event.payload)))


def _reason(event: Any) -> str | None:
    """The reason of a Close; that of a fault is a text of the library's."""
    return event.reason if event.code not in (1002, 1007, 1009) else None


_FAULTS = 1002, 1007


def _is_fault(entries: list[Entry]) -> bool:
    return bool(entries) and entries[0][0] == "close" and entries[0][1] in _FAULTS


def _sooner(ours: list[Entry], theirs: list[Entry], _: Conversation) -> bool:
    # Theirs reads nothing more either, but a fault later, or the end.
    read = [entry for entry in theirs if entry[0] in ("message", "ping", "pong", "close")]
    return _is_fault(ours) and all(_is_fault([entry]) or entry[:2] == ("close", 1006) for entry in read)


RULES = (
    Rule("the code 1014 is known", lambda ours, theirs, _: ours[0][:2] == ("close", 1014) and _is_fault(theirs)),
    Rule(
        "control frames inside a fragmented message leave its compression alone",
        lambda _ours, _theirs, conversation: control_in_compressed_message(conversation),
    ),
    Rule(
        "compressed data ends where a block ends",
        lambda ours, _, conversation: (
            ours[0][:2] == ("close", 1007) and bool({"unsound", "last"} & set(compressed_ends(conversation)))
        ),
    ),
    Rule(
        "a block may be the last of its stream, and more follows",
        lambda ours, _, conversation: not _is_fault(ours) and "last" in compressed_ends(conversation),
    ),
    Rule(
        "compressed data of no bytes is an empty message",
        lambda _, theirs, conversation: theirs[0][:2] == ("close", 1007) and "empty" in compressed_ends(conversation),
    ),
    Rule(
        "of several rules that are broken, the first one counts",
        lambda ours, theirs, conversation: conversation.changed and _is_fault(ours) and _is_fault(theirs),
    ),
    Rule("a fault is reported with the first byte that shows it", _sooner),
)
