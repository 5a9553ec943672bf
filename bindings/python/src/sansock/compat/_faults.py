"""The close codes of faults that end a connection which has sent its Close before."""

from __future__ import annotations

from sansock._events import Closed, Event

__all__ = ["close_code"]

_CODES = {
    "BAD_CLOSE_REASON": 1007,
    "BAD_COMPRESSED_DATA": 1007,
    "BAD_TEXT": 1007,
    "FRAME_TOO_BIG": 1009,
    "MESSAGE_TOO_BIG": 1009,
    "NO_MEMORY": 1009,
    "TOO_MANY_FRAGMENTS": 1008,
}
_OF_FRAMES = range(200, 400)


def close_code(event: Event) -> int | None:
    """The close code of the fault in ``Closed``, if a frame is at fault.

    The engine reports no fault behind a Close of our own: nothing can answer it, and the connection has ended.
    """
    if not isinstance(event, Closed) or event.fault is None or event.fault.number not in _OF_FRAMES:
        return None
    return _CODES.get(event.fault.name, 1002)
