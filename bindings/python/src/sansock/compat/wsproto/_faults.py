"""Faults of the opening handshake, as wsproto's exceptions. Their texts are those that programs compare."""

from __future__ import annotations

from sansock import _events as engine_events

from .events import RejectConnection
from .utilities import RemoteProtocolError

__all__ = ["request_error", "response_error"]

_REQUESTS = {
    "BAD_KEY": "Missing header, 'Sec-WebSocket-Key'",
    "BAD_METHOD": "Request method must be GET",
    "BAD_VERSION": "Missing header, 'Sec-WebSocket-Version'",
    "UNSUPPORTED_VERSION": "Missing header, 'Sec-WebSocket-Version'",
}
_RESPONSES = {
    "BAD_ACCEPT": "Bad accept token",
    "BAD_CONNECTION": "Missing header, 'Connection: Upgrade'",
    "BAD_UPGRADE": "Missing header, 'Upgrade: websocket'",
    "EXTENSION_NOT_OFFERED": "unrecognized extension {}",
    "SUBPROTOCOL_NOT_OFFERED": "unrecognized subprotocol {}",
}
_HEADERS = {
    "EXTENSION_NOT_OFFERED": "sec-websocket-extensions",
    "SUBPROTOCOL_NOT_OFFERED": "sec-websocket-protocol",
}
"""Headers whose first value is at fault."""


def request_error(request: engine_events.Request) -> RemoteProtocolError:
    """What is wrong with a request that has a fault."""
    fault, hint = request.fault or "", RejectConnection()
    text = _REQUESTS.get(fault, "Bad HTTP message")
    if fault == "NOT_AN_UPGRADE":
        # The engine has one fault for both headers.
        upgrades = {value.strip().lower() for value in _values(request.headers, "upgrade")}
        text = _RESPONSES["BAD_CONNECTION"] if upgrades == {"websocket"} else _RESPONSES["BAD_UPGRADE"]
    elif fault in ("BAD_VERSION", "UNSUPPORTED_VERSION"):
        status = 426 if fault == "UNSUPPORTED_VERSION" else 400
        hint = RejectConnection(status, [(b"Sec-WebSocket-Version", b"13")])
    return RemoteProtocolError(text, hint)


def response_error(response: engine_events.Rejected, fault: engine_events.Fault | None) -> RemoteProtocolError:
    """What is wrong with a response that accepts, and breaks a rule."""
    name = fault.name if fault else ""
    text = _RESPONSES.get(name) or (fault.text if fault else "Bad HTTP message")
    values = _values(response.headers, _HEADERS.get(name, ""))
    return RemoteProtocolError(text.format(*values[:1]), RejectConnection())


def _values(headers: engine_events.Headers, name: str) -> list[str]:
    """The elements of a header that is a list, without their parameters."""
    return [
        element.partition(";")[0].strip()
        for each, value in headers
        if each.lower() == name
        for element in value.split(",")
    ]
