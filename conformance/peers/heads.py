"""Heads of requests and responses, as much of them as a probe must read."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from handshake import accept_of


@dataclass
class Head:
    """The start line and the fields."""

    start: str
    fields: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def tokens(self, name: str) -> set[str]:
        """The elements of a list field, in lower case."""
        return {token.strip().lower() for value in self.all(name) for token in value.split(",")} - {""}

    @property
    def status(self) -> int:
        words = self.start.split(" ")
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def read_head(data: bytes) -> Head:
    start, *lines = data.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return Head(start, [(name.strip().lower(), value.strip()) for name, _, value in pairs])


def parameters(head: Head) -> dict[str, str] | None:
    """Of permessage-deflate as first offered or agreed to: its parameters."""
    for value in head.all("sec-websocket-extensions"):
        for extension in value.split(","):
            name, *rest = (part.strip() for part in extension.split(";"))
            if name.lower() == "permessage-deflate":
                pairs = (part.partition("=") for part in rest)
                return {name.strip().lower(): value.strip(' "') for name, _, value in pairs}
    return None


def faults_of_request(head: Head) -> list[str]:
    """What a client's request must have and this one has not (RFC 6455 §4.1)."""
    keys = head.all("sec-websocket-key")
    checks = {
        "its request is not GET of HTTP/1.1": head.start.startswith("GET /") and head.start.endswith(" HTTP/1.1"),
        "its request has no Host, or two": len(head.all("host")) == 1,
        "its request has no Upgrade: websocket": "websocket" in head.tokens("upgrade"),
        "its request has no Connection: Upgrade": "upgrade" in head.tokens("connection"),
        "its key is not 16 bytes": len(keys) == 1 and len(base64.b64decode(keys[0])) == 16,
        "its version is not 13": head.all("sec-websocket-version") == ["13"],
    }
    return [fault for fault, passed in checks.items() if not passed]


def faults_of_response(head: Head, key: str, offered_subprotocols: set[str]) -> list[str]:
    """What a server's 101 must have and this one has not (RFC 6455 §4.2.2)."""
    subprotocols = head.all("sec-websocket-protocol")
    checks = {
        "its answer has no Upgrade: websocket": "websocket" in head.tokens("upgrade"),
        "its answer has no Connection: Upgrade": "upgrade" in head.tokens("connection"),
        "its Sec-WebSocket-Accept is wrong": head.all("sec-websocket-accept") == [accept_of(key)],
        "it chooses a subprotocol that was not offered": len(subprotocols) < 2
        and set(subprotocols) <= offered_subprotocols,
    }
    return [fault for fault, passed in checks.items() if not passed]


def faults_of_agreement(request: Head, agreed: dict[str, str] | None) -> list[str]:
    """What a server agreed to and was not offered (RFC 7692 §7.1.2.1): a larger window, or one it does not name."""
    offered = (parameters(request) or {}).get("server_max_window_bits", "")
    if agreed is None or not offered.isdigit() or not 8 <= int(offered) <= 15:
        return []
    bits = agreed.get("server_max_window_bits", "")
    return (
        [] if bits.isdigit() and 8 <= int(bits) <= int(offered) else ["it agrees to another window than it was offered"]
    )


def faults_of_refusal(request: Head, refusal: Head) -> list[str]:
    """A server that knows no such version must name those it knows (RFC 6455 §4.2.2)."""
    asked = request.all("sec-websocket-version")
    unknown = len(asked) == 1 and asked[0].isdigit() and asked[0] != "13"
    return ["its refusal names no version"] if unknown and not refusal.all("sec-websocket-version") else []
