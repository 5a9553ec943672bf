"""One conversation in the text forms of the usual tools."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

KEY = bytes.fromhex("37fa213d")

Piece = tuple[bool, bytes]


def _head(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _masked(first: int, payload: bytes) -> bytes:
    masked = bytes(byte ^ KEY[at % 4] for at, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + KEY + masked


def _plain(first: int, payload: bytes) -> bytes:
    return bytes([first, len(payload)]) + payload


# RFC 6455 §1.3. The zeros fill lines that tools leave out; text behind eight bytes looks like bytes.
CONVERSATION: list[Piece] = [
    (
        True,
        _head(
            "GET /chat HTTP/1.1",
            "Host: example.com",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ),
    ),
    (
        False,
        _head(
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ),
    ),
    (True, _masked(0x81, b"Hello")),
    (False, _plain(0x82, bytes(100))),
    (True, _masked(0x82, KEY * 20)),
    (False, _plain(0x01, b"ab cd ef ") + _plain(0x89, b"00 11 22") + _plain(0x80, b"aa bb cc dd ee ff")),
    (True, _masked(0x8A, b"00 11 22")),
    (True, _masked(0x88, b"\x03\xe8bye")),
    (False, _plain(0x88, b"\x03\xe8bye")),
]

TOOLS = {
    "xxd": ["xxd"],
    "xxd-bytes": ["xxd", "-g", "1", "-c", "24"],
    "xxd-plain": ["xxd", "-p"],
    "xxd-include": ["xxd", "-i"],
    "hexdump": ["hexdump", "-C"],
    "od-hexadecimal": ["od", "-A", "x", "-t", "x1z"],
    "od-octal": ["od", "-t", "x1"],
    "od-decimal": ["od", "-A", "d", "-t", "x1", "-v"],
    "base64": ["base64"],
}
PACKETS = {"tcpdump-x": ["-x"], "tcpdump-X": ["-tttt", "-X"], "tcpdump-XX": ["-n", "-XX"]}


def _output(command: list[str], data: bytes = b"") -> str:
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout.decode()


def _arrays() -> str:
    """C arrays, in the form in which Wireshark saves the stream that it follows."""
    text, counts = "", [0, 0]
    for number, (from_client, data) in enumerate(CONVERSATION, 4):
        peer = 0 if from_client else 1
        lines = [", ".join(f"0x{byte:02x}" for byte in data[at : at + 8]) for at in range(0, len(data), 8)]
        body = ", \n".join(lines)
        text += f"char peer{peer}_{counts[peer]}[] = {{ /* Packet {number} */\n{body} }};\n"
        counts[peer] += 1
    return text


def _marked() -> str:
    """Lines that say who sent them, with what one may write between bytes."""
    lines = ["# A conversation, by hand.", ""]
    separators = [" ", "", ":", ", "]
    for number, (from_client, data) in enumerate(CONVERSATION):
        mark = ">" if from_client else "<"
        lines.append(f"{mark} {data.hex(separators[number % 2]) if number % 2 == 0 else data.hex()}")
    return "\n".join(lines) + "\n"


def write(folder: Path, pcap: Path) -> None:
    """Writes all forms. Those of one stream are there for each end."""
    folder.mkdir(exist_ok=True)
    streams = {
        "client": b"".join(data for from_client, data in CONVERSATION if from_client),
        "server": b"".join(data for from_client, data in CONVERSATION if not from_client),
    }
    for name, command in TOOLS.items():
        for end, data in streams.items():
            (folder / f"{name}-{end}.txt").write_text(_output(command, data))
    for end, data in streams.items():
        urls = base64.urlsafe_b64encode(data).decode().rstrip("=")
        (folder / f"base64-urls-{end}.txt").write_text(urls + "\n")
    for name, options in PACKETS.items():
        (folder / f"{name}.txt").write_text(_output(["tcpdump", "-r", str(pcap), *options]))
    (folder / "wireshark-arrays.txt").write_text(_arrays())
    (folder / "marked.txt").write_text(_marked())
