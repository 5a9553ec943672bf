"""Captures in every form that the inspector reads, made of one conversation."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, Callable

from sansock import Connection

from conftest import SEED, URL


def conversation(deflate: bool) -> list[tuple[str, bytes]]:
    """What a client and a server say to each other: who, and the bytes."""
    client = Connection.client(URL, deflate=deflate, seed=SEED, now=0)
    server = Connection.server(deflate=deflate, seed=SEED, now=0)
    said = []

    def move(sender: Connection, receiver: Connection) -> None:
        data = sender.take_output()
        said.append((">" if sender is client else "<", data))
        receiver.receive(data, 0)

    move(client, server)
    server.accept(now=0)
    move(server, client)
    client.send("hällo " * 20)
    client.send(b"\x00\xff")
    move(client, server)
    server.send_part("a\n", False)
    server.ping(b"\x01")
    server.send_part("b", True)
    move(server, client)
    client.close(4000, "bye")
    move(client, server)
    server.timeout(0)
    move(server, client)
    return said


def halves(said: list[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """What the client sent, and what the server sent."""
    client, server = (b"".join(data for sender, data in said if sender == mark) for mark in "><")
    return client, server


def xxd(data: bytes) -> bytes:
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:08x}: {row.hex(' ', -2):<39}  {text}\n")
    return "".join(lines).encode()


HALF: dict[str, Callable[[bytes], bytes]] = {
    "raw": lambda data: data,
    "hex": lambda data: data.hex().encode(),
    "xxd": xxd,
    "base64": base64.b64encode,
}
"""Forms of what one end has sent."""


def marked(said: list[tuple[str, bytes]]) -> bytes:
    """Lines of hexadecimal, with who sent them."""
    return "".join(f"{sender} {data.hex(' ')}\n" for sender, data in said).encode()


def arrays(said: list[tuple[str, bytes]]) -> bytes:
    """Arrays of C, as Wireshark writes them."""
    texts = []
    for number, (sender, data) in enumerate(said):
        peer = 0 if sender == ">" else 1
        body = ", ".join(f"0x{byte:02x}" for byte in data)
        texts.append(f"char peer{peer}_{number}[] = {{ /* Packet {number + 1} */\n{body} }};\n")
    return "".join(texts).encode()


def _headers(lines: list[str]) -> list[dict[str, str]]:
    pairs = (line.split(": ", 1) for line in lines)
    return [{"name": name, "value": value} for name, value in pairs]


def har(said: list[tuple[str, bytes]]) -> bytes:
    """What browsers save: messages, not frames."""
    messages = [
        {"type": "send", "time": 1.5, "opcode": 1, "data": "hällo"},
        {"type": "receive", "time": 2.25, "opcode": 2, "data": base64.b64encode(b"\x00\xff").decode()},
    ]
    asked, answered = (data.decode().split("\r\n")[1:-2] for _, data in said[:2])
    request = {"method": "GET", "url": "ws://example.com/", "httpVersion": "HTTP/1.1", "headers": _headers(asked)}
    response = {
        "status": 101,
        "statusText": "Switching Protocols",
        "httpVersion": "HTTP/1.1",
        "headers": _headers(answered),
    }
    entry = {
        "startedDateTime": "2020-01-01T00:00:00.000Z",
        "_resourceType": "websocket",
        "request": request,
        "response": response,
        "_webSocketMessages": messages,
    }
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode()


def _packets(said: list[tuple[str, bytes]]) -> list[bytes]:
    """IPv4 packets with TCP segments, one for each thing that was said."""
    ports, sequence = {">": 50000, "<": 80}, {">": 1000, "<": 2000}
    packets = []

    def add(sender: str, flags: int, data: bytes) -> None:
        other = "<" if sender == ">" else ">"
        addresses = bytes([10, 0, 0, 1 if sender == ">" else 2, 10, 0, 0, 2 if sender == ">" else 1])
        numbers = ports[sender], ports[other], sequence[sender], sequence[other], 0x50, flags, 65535, 0, 0
        segment = struct.pack(">HHIIBBHHH", *numbers) + data
        packets.append(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0) + addresses + segment)
        sequence[sender] += len(data) + (1 if flags & 3 else 0)

    add(">", 0x02, b"")
    add("<", 0x12, b"")
    for sender, data in said:
        add(sender, 0x18, data)
    add("<", 0x11, b"")
    add(">", 0x11, b"")
    return packets


def pcap(said: list[tuple[str, bytes]]) -> bytes:
    """A file of packets, without a link layer, each a millisecond after the one before."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)]
    for number, packet in enumerate(_packets(said)):
        parts += [struct.pack("<IIII", 1_000_000, number * 1000, len(packet), len(packet)), packet]
    return b"".join(parts)


def pcapng(said: list[tuple[str, bytes]]) -> bytes:
    """The same in the later format."""

    def block(kind: int, body: bytes) -> bytes:
        body += b"\x00" * (-len(body) % 4)
        length = len(body) + 12
        return struct.pack("<II", kind, length) + body + struct.pack("<I", length)

    parts = [
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(1, struct.pack("<HHI", 101, 0, 65535)),
    ]
    for number, packet in enumerate(_packets(said)):
        high, low = divmod(10**12 + number * 1000, 2**32)
        parts.append(block(6, struct.pack("<IIIII", 0, high, low, len(packet), len(packet)) + packet))
    return b"".join(parts)


WHOLE: dict[str, Callable[[Any], bytes]] = {
    "marked": marked,
    "arrays": arrays,
    "har": har,
    "pcap": pcap,
    "pcapng": pcapng,
}
"""Forms of what both ends have said."""
