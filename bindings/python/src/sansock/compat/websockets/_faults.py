"""Faults of the peer, as the exceptions of websockets. Their texts are those that its users meet."""

from __future__ import annotations

from websockets.exceptions import PayloadTooBig, ProtocolError

from sansock._events import Fault

__all__ = ["exception"]

_TEXTS = {
    "BAD_CLOSE_CODE": "invalid status code",
    "BAD_COMPRESSED_DATA": "decompression failed",
    "CLOSE_TOO_SHORT": "close frame too short",
    "CONTROL_FRAGMENTED": "fragmented control frame",
    "CONTROL_TOO_LONG": "control frame too long",
    "EXPECTED_CONTINUATION": "expected a continuation frame",
    "MASKED": "incorrect masking",
    "RESERVED_BITS": "reserved bits must be 0",
    "RESERVED_OPCODE": "invalid opcode",
    "UNEXPECTED_CONTINUATION": "unexpected continuation frame",
    "UNMASKED": "incorrect masking",
}


def exception(fault: Fault | None) -> Exception:
    """The exception for a fault. Its text becomes the reason in the Close frame."""
    if fault is None:
        return ProtocolError("the connection has failed")
    if fault.name in ("MESSAGE_TOO_BIG", "FRAME_TOO_BIG"):
        return PayloadTooBig(fault.actual, fault.limit)
    return ProtocolError(_TEXTS.get(fault.name, fault.text))
