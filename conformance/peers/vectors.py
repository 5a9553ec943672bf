"""The cases of core/vectors, read for their bytes and for what the engine does with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from repository import ROOT

FOLDER = ROOT / "core" / "vectors"

ATOM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([0-9a-fA-F]+))(?:\*(\d+))?')
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)")
ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b'"': b'"', b"\\": b"\\"}

FNV_START = 0x811C9DC5
FNV_PRIME = 0x01000193
LONGEST_SHOWN = 512


@dataclass
class Step:
    """A call, and the transcript below it."""

    call: str
    transcript: list[str] = field(default_factory=list)

    @property
    def received(self) -> bytes:
        """The bytes that this step brings."""
        verb, _, rest = self.call.partition(" ")
        return parse_bytes(rest) if verb == "receive" else b""

    @property
    def ends(self) -> bool:
        """Whether the connection has failed or was refused by then."""
        return any(line.startswith("closed ") for line in self.transcript)


@dataclass
class Vector:
    """One case."""

    name: str
    file: str
    role: str = ""
    rfc: str = ""
    about: str = ""
    options: dict[str, int] = field(default_factory=dict)
    subprotocols: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def starts_open(self) -> bool:
        return self.options.get("start_open") == 1

    @property
    def compresses(self) -> bool:
        return self.options.get("deflate") == 1

    @property
    def bytes(self) -> bytes:
        """All that is received; of a handshake, until it is decided."""
        parts = []
        for step in self.steps:
            parts.append(step.received)
            if step.ends and not self.starts_open:
                break
        return b"".join(parts)

    @property
    def transcript(self) -> list[str]:
        return [line for step in self.steps for line in step.transcript]

    def set_up(self, keyword: str, rest: str) -> None:
        """One line before the first step."""
        if keyword == "option":
            name, number = rest.split()
            self.options[name] = int(number)
        elif keyword == "subprotocol":
            self.subprotocols.append(parse_bytes(rest).decode())
        elif keyword in ("role", "rfc", "about"):
            setattr(self, keyword, rest)


def parse_bytes(text: str) -> bytes:
    """BYTES of the grammar."""
    result = bytearray()
    at = 0
    while at < len(text.rstrip()):
        match = ATOM.match(text, at)
        if not match:
            raise ValueError(f"not bytes: {text[at:]}")
        quoted, digits, times = match.groups()
        atom = bytes.fromhex(digits) if quoted is None else unescape(quoted)
        result += atom * int(times or 1)
        at = match.end()
    return bytes(result)


def unescape(text: str) -> bytes:
    def character(match: re.Match[bytes]) -> bytes:
        name = match[1]
        return bytes.fromhex(name[1:].decode()) if name.startswith(b"x") else ESCAPES[name]

    return ESCAPE.sub(character, text.encode())


def show_bytes(data: bytes) -> str:
    """Bytes as a transcript prints them."""
    if len(data) > LONGEST_SHOWN:
        return f"bytes {len(data)} fnv1a={fnv1a(data):08x}"
    names = {value[0]: f"\\{name.decode()}" for name, value in ESCAPES.items()}
    shown = (names.get(byte) or (chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}") for byte in data)
    return f'"{"".join(shown)}"'


def fnv1a(data: bytes) -> int:
    value = FNV_START
    for byte in data:
        value = (value ^ byte) * FNV_PRIME & 0xFFFFFFFF
    return value


def load() -> dict[str, Vector]:
    """Every case, by its name."""
    vectors: dict[str, Vector] = {}
    for path in sorted(FOLDER.glob("*.vec")):
        for line in path.read_text().splitlines():
            keyword, _, rest = line.strip().partition(" ")
            if not keyword or keyword.startswith("#"):
                continue
            if keyword == "case":
                vector = vectors[rest] = Vector(rest, path.name)
            elif keyword == ">":
                vector.steps.append(Step(rest))
            elif vector.steps:
                vector.steps[-1].transcript.append(line.strip())
            else:
                vector.set_up(keyword, rest)
    return vectors
