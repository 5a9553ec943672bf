"""The cells: what is measured, the same for every host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from messages import BROWSER_HEADERS, REQUEST, RESPONSE, Message, frames, messages

SIZES = (20, 125, 1024, 16384, 1048576)
LARGE = (65536, 1048576, 16777216)
"""Messages that a read does not hold."""
BATCH = 64
"""Messages that are sent at once."""
READ = 65536
"""Bytes of one read from the transport."""
PASS = 262144
"""Bytes of payload in one pass over the input, or four messages if they are larger."""
CONNECTIONS = {"plain": 5000, "deflate": 500}
"""How many connections are held at once to see what one of them costs."""


@dataclass(frozen=True)
class Cell:
    """One thing that is measured."""

    name: str
    group: str
    label: str
    arguments: dict[str, str | int] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What a result counts."""
        return "bytes" if self.arguments["operation"] == "memory" else "ns"


def cells() -> list[Cell]:
    """All of them, in the order of the page."""
    return [*_receive(), *_large(), *_send(), *_batch(), *_deflate(), *_handshake(), *_memory()]


def _size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB" if size >= 1 << 10 else f"{size} B"


def _receive() -> Iterator[Cell]:
    shapes = (("text", "server"), ("binary", "server"), ("binary", "client"))
    for kind, role in shapes:
        masked = "masked" if role == "server" else "unmasked"
        for size in SIZES:
            yield _receive_cell(f"{masked}-{kind}-{size}", f"{masked} {kind}, {_size(size)}", kind, size, role=role)
    yield _receive_cell("utf8-16384", "masked text of 1 to 4 byte characters, 16 KiB", "utf8", 16384)
    yield _receive_cell("fragments", "masked binary, 16 KiB in frames of 64 B", "binary", 16384, fragment=64)
    for read in (1460, 16):
        yield _receive_cell(f"reads-{read}", f"masked binary, 1 KiB, in reads of {read} B", "binary", 1024, read=read)


def _large() -> Iterator[Cell]:
    """What a server sends, which is not masked: a host may read it straight to where it wants it."""
    for size in LARGE:
        cell = _receive_cell(f"{size}", f"unmasked binary, {_size(size)}", "binary", size, role="client")
        yield Cell(f"large-{size}", "Receive large messages of a server", cell.label, cell.arguments)


def _receive_cell(
    name: str, label: str, kind: str, size: int, role: str = "server", read: int = READ, fragment: int = 0
) -> Cell:
    arguments: dict[str, str | int] = {
        "operation": "receive",
        "role": role,
        "kind": kind,
        "size": size,
        "read": read,
        "fragment": fragment,
        "deflate": 0,
    }
    return Cell(f"receive-{name}", "Receive", label, arguments)


def _send() -> Iterator[Cell]:
    for role, masked in (("client", "masked"), ("server", "unmasked")):
        for kind in ("text", "binary"):
            for size in SIZES:
                arguments: dict[str, str | int] = {
                    "operation": "send",
                    "role": role,
                    "kind": kind,
                    "size": size,
                    "deflate": 0,
                }
                yield Cell(f"send-{masked}-{kind}-{size}", "Send", f"{masked} {kind}, {_size(size)}", arguments)


def _batch() -> Iterator[Cell]:
    for role, masked in (("client", "masked"), ("server", "unmasked")):
        for size in SIZES[:2]:
            arguments: dict[str, str | int] = {
                "operation": "batch",
                "role": role,
                "kind": "text",
                "size": size,
                "deflate": 0,
                "batch": BATCH,
            }
            label = f"{masked} text, {_size(size)}, {BATCH} at once"
            yield Cell(f"batch-{masked}-{size}", "Send many messages", label, arguments)


def _deflate() -> Iterator[Cell]:
    shape: dict[str, str | int] = {"role": "server", "kind": "json", "size": 1024, "deflate": 1}
    receive: dict[str, str | int] = {"operation": "receive", "read": READ, "fragment": 0, **shape}
    yield Cell("deflate-receive", "Compression", "receive JSON of 1 KiB", receive)
    yield Cell("deflate-send", "Compression", "send JSON of 1 KiB", {"operation": "send", **shape})


def _handshake() -> Iterator[Cell]:
    for role in ("server", "client"):
        arguments: dict[str, str | int] = {"operation": "handshake", "role": role}
        yield Cell(f"handshake-{role}", "Opening handshake", f"{role}, a browser's request", arguments)


def _memory() -> Iterator[Cell]:
    for deflate, (name, count) in enumerate(CONNECTIONS.items()):
        label = "compression used once each way" if deflate else "no compression"
        arguments: dict[str, str | int] = {
            "operation": "memory",
            "role": "server",
            "kind": "json",
            "size": 1024,
            "read": READ,
            "fragment": 0,
            "deflate": deflate,
            "connections": count,
        }
        yield Cell(f"memory-{name}", "Memory of an idle connection", label, arguments)


def prepare(cell: Cell, folder: Path, unit: str) -> dict[str, str | int]:
    """Writes the files that a cell needs, and returns the arguments of its workers."""
    given = cell.arguments
    folder.mkdir(parents=True, exist_ok=True)
    if given["operation"] == "handshake":
        headers = "".join(f"{name}: {value}\n" for name, value in BROWSER_HEADERS)
        texts = {"request": REQUEST, "response": RESPONSE, "headers": headers}
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        return {**given, **{name: str(folder / name) for name in texts}}
    if given["operation"] == "floor":
        return dict(given)
    size = int(given["size"])
    # One connection sees one message; a pass sees many.
    count = 1 if given["operation"] == "memory" else max(4, PASS // size)
    sent = messages(str(given["kind"]), size, count)
    payloads, received = folder / f"{cell.name}.payloads", folder / f"{cell.name}.frames"
    payloads.write_bytes(b"".join(message.payload for message in sent))
    if given["operation"] not in ("send", "batch"):
        deflate, fragment = bool(given["deflate"]), int(given["fragment"])
        masked = given["role"] == "server"
        received.write_bytes(b"".join(frames(sent, masked=masked, fragment=fragment or None, deflate=deflate)))
    text = "text" if given["kind"] != "binary" else "binary"
    check = sum(checksum(message, unit if text == "text" else "bytes") for message in sent)
    paths = {"payloads": str(payloads), "frames": str(received)}
    return {**given, **paths, "kind": text, "messages": count, "check": check}


def checksum(message: Message, unit: str) -> int:
    """Length, first and last unit of a message as a host delivers it."""
    if unit == "bytes":
        units = list(message.payload)
    elif unit == "points":
        units = [ord(character) for character in message.payload.decode()]
    else:
        encoded = message.payload.decode().encode("utf-16-le")
        units = [int.from_bytes(encoded[at : at + 2], "little") for at in range(0, len(encoded), 2)]
    return len(units) + units[0] + units[-1]
