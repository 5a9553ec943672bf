"""Numbers of the frame protocol: the counterpart of ``wsproto.frame_protocol``, whose parsers are the engine's here."""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "LOCAL_ONLY_CLOSE_REASONS",
    "MAX_CLOSE_REASON",
    "MAX_PAYLOAD_NORMAL",
    "MIN_CLOSE_REASON",
    "CloseReason",
    "Opcode",
    "ParseFailed",
]

MIN_CLOSE_REASON, MAX_CLOSE_REASON = 1000, 4999
MAX_PAYLOAD_NORMAL = 125
"""The largest payload of a control frame, in bytes."""


class Opcode(IntEnum):
    """The opcodes of frames (RFC 6455 section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA

    def iscontrol(self) -> bool:
        """Whether it is that of a control frame."""
        return self >= Opcode.CLOSE


class CloseReason(IntEnum):
    """Close codes (RFC 6455 section 7.4.1, and the registry of IANA)."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS_RCVD = 1005
    ABNORMAL_CLOSURE = 1006
    INVALID_FRAME_PAYLOAD_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXT = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    TLS_HANDSHAKE_FAILED = 1015


LOCAL_ONLY_CLOSE_REASONS = (
    CloseReason.NO_STATUS_RCVD,
    CloseReason.ABNORMAL_CLOSURE,
    CloseReason.TLS_HANDSHAKE_FAILED,
)
"""Codes that are reported, and never sent."""


class ParseFailed(Exception):
    """Exists for programs that name it; the engine reports faults of the peer as ``CloseConnection``."""

    def __init__(self, msg: str, code: CloseReason = CloseReason.PROTOCOL_ERROR) -> None:
        super().__init__(msg)
        self.code = code
