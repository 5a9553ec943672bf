r"""The inspector: what is on the wire, from captures and from connections that are under way.

Bytes go in, in pieces of any size; entries come out, each a dictionary: heads with each line judged, frames field by
field, the messages that a host gets, the rules that are broken, and what their breaker is answered::

    from sansock.inspect import Inspector

    inspector = Inspector()
    inspector.push(b"< 81 02 68 69\n< c1 00")
    inspector.finish()
    for entry in inspector.take():
        print(entry["type"])

``python -m sansock inspect`` shows a capture, and ``python -m sansock relay`` what passes through it.

The decoder is a second library inside the wheel. Importing this module raises ``ImportError`` where the package was
built without it; ``SANSOCK_INSPECT_LIBRARY`` is the path of one that takes its place.
"""

from ._entries import (
    AnswerEntry,
    ClosedEntry,
    ConnectionEntry,
    Deadline,
    Deadlines,
    Entry,
    EofEntry,
    FaultEntry,
    FrameEntry,
    HeadEntry,
    HeadLine,
    Machine,
    MachineRow,
    MessageEntry,
    Payload,
    Side,
    Step,
    TextEntry,
)
from ._inspector import CaptureError, Inspector

__all__ = [
    "AnswerEntry",
    "CaptureError",
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
    "Inspector",
    "Machine",
    "MachineRow",
    "MessageEntry",
    "Payload",
    "Side",
    "Step",
    "TextEntry",
]
