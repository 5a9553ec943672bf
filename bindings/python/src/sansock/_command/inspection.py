"""``sansock inspect``: shows the frames of a capture."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Callable

from .. import Closing, Connection, Event, Frame, MessageKind, Ping, Pong, ReportedFault
from .terminal import printable, utf8_streams

__all__ = ["parser", "run"]

_SHOWN = 100
"""How many characters of a payload are shown."""
_EPILOG = """\
A capture is the bytes of one direction, as they are or in hexadecimal, plain or as xxd writes it. Whose bytes they
are is seen from the handshake or from the first frame, which only a client masks. Both directions are two files; or
one in hexadecimal, in which each line begins with > if the client sent it, and with < if the server did.

Without a response of the server in the capture, compressed messages are read as if the defaults had been agreed on.
The exit status is 1 if the capture breaks a rule, or ends inside a frame.

examples:
  sansock inspect dump.xxd
  sansock inspect --client sent.bin --server received.bin --json
"""
_PARAMETERS = frozenset(
    {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"}
)
_PINGS = {"client": b"\x89\x80\x00\x00\x00\x00", "server": b"\x89\x00"}
_PLAIN = re.compile(rb"[0-9A-Fa-f\s]*\Z")
_XXD = re.compile(rb"[0-9A-Fa-f]+: ?((?:[0-9A-Fa-f]{2,8} )+)")
_MARKED = re.compile(rb"\s*[<>][\s0-9A-Fa-f:]")


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "sansock inspect",
        description="Shows the handshake and the frames of a capture, one a line.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE", help="the capture; - is standard input")
    add("--client", metavar="FILE", help="what the client sent")
    add("--server", metavar="FILE", help="what the server sent")
    add("--json", action="store_true", help="write each as an object, with its whole payload; binary in hexadecimal")
    return parser


def run(options: argparse.Namespace) -> int:
    """Shows the capture, and returns the status."""
    utf8_streams()
    if (options.file is None) is (options.client is options.server is None):
        raise ValueError("name one FILE, or --client, --server or both")
    conversation = _Conversation()
    for line in conversation.run(_pieces(options)):
        print(json.dumps(line, ensure_ascii=False) if options.json else _text(line))
    return 1 if conversation.has_failed else 0


# What is in the files


def _pieces(options: argparse.Namespace) -> Iterator[tuple[bool, bytes]]:
    """What was sent, in order, each with whether the client sent it."""
    if options.file is None:
        halves = {
            is_client: _split(_bytes(_read(name)))
            for is_client, name in ((True, options.client), (False, options.server))
            if name is not None
        }
        for part in (0, 1):
            yield from ((is_client, half[part]) for is_client, half in halves.items())
        return
    data = _read(options.file)
    if _MARKED.match(data):
        for line in filter(None, map(bytes.strip, data.splitlines())):
            if line[:1] not in (b"<", b">"):
                raise ValueError("each line of a capture of both directions begins with > or <")
            yield line[:1] == b">", _bytes(line[1:].strip())
        return
    data = _bytes(data)
    yield _is_clients(data), data


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _bytes(data: bytes) -> bytes:
    """The bytes of a dump; of anything else, the thing itself."""
    if data and _PLAIN.match(data):
        return bytes.fromhex(data.decode())
    lines = data.splitlines()
    matches = [_XXD.match(line) for line in lines]
    if lines and all(matches):
        return b"".join(bytes.fromhex(match[1].decode()) for match in matches if match)
    return data


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The head of an HTTP message, if there is one, and the rest."""
    if not data.startswith((b"GET ", b"HTTP/")):
        return b"", data
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head + end, rest) if end else (b"", data)


def _is_clients(data: bytes) -> bool:
    return data.startswith(b"GET ") or (not data.startswith(b"HTTP/") and len(data) > 1 and data[1] >= 0x80)


# What they say


class _Conversation:
    """Both directions. What the response agrees on is true of the frames of both."""

    def __init__(self) -> None:
        self.deflate: dict[str, Any] = {"deflate": True}
        self.streams: dict[bool, _Stream] = {}
        self.has_failed = False

    def run(self, pieces: Iterable[tuple[bool, bytes]]) -> Iterator[dict[str, Any]]:
        for is_client, data in pieces:
            stream = self.streams.setdefault(is_client, _Stream(self, is_client))
            yield from self.checked(stream.receive(data))
        for stream in self.streams.values():
            yield from self.checked(stream.end())

    def checked(self, lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for line in lines:
            self.has_failed |= line["type"] in ("fault", "incomplete")
            yield line


class _Stream:
    """What one end has sent. The engine reads it as the other end does, and reports instead of answering."""

    def __init__(self, conversation: _Conversation, is_client: bool) -> None:
        self.conversation = conversation
        self.sender = "client" if is_client else "server"
        self.head = b""
        self.connection: Connection | None = None
        self.data = b""
        self.is_fragmented = False
        self.is_over = False

    def receive(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The lines for what comes next."""
        if self.connection is None:
            self.head += data
            if not self.head or self.is_over:
                return
            if b"GET ".startswith(self.head[:4]) or b"HTTP/".startswith(self.head[:5]):
                head, data = _split(self.head)
                if not head:
                    return
                yield self.line("head", lines=self.read_head(head))
            else:
                data = self.head
            self.head = b""
            if self.is_over:
                return
            create = Connection.server if self.sender == "client" else Connection.client
            self.connection = create(start_open=True, frames=True, now=0, **self.conversation.deflate)
        yield from self.lines(self.connection.receive(data, 0))
        while self.connection.more:
            yield from self.lines(self.connection.timeout(0))

    def end(self) -> Iterator[dict[str, Any]]:
        """The line for what is missing at the end."""
        if self.head:
            yield self.line("incomplete", text="it ends inside the handshake")
        elif self.connection is not None and not self.is_over:
            # A ping can follow every frame, so one that is not seen has become part of another.
            is_complete = any(isinstance(event, Ping) for event in self.connection.receive(_PINGS[self.sender], 0))
            if not is_complete or self.is_fragmented:
                yield self.line("incomplete", text=f"it ends inside a {'message' if is_complete else 'frame'}")

    def read_head(self, head: bytes) -> list[str]:
        """The lines of a head. Those of a response say how messages are compressed."""
        lines = head.decode("latin-1").split("\r\n")[:-2]
        if self.sender == "server":
            values = [line.partition(":")[2] for line in lines if line.lower().startswith("sec-websocket-extensions:")]
            self.conversation.deflate = _deflate(",".join(values))
            # What follows another response is its body.
            self.is_over = not re.match("HTTP/1.1 101\\b", lines[0])
        return lines

    def lines(self, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
        """The lines for some events."""
        for event in events:
            if isinstance(event, Frame):
                yield from self.frame(event)
            elif isinstance(event, (Ping, Pong)):
                yield self.line(type(event).__name__.lower(), **_payload(event.payload))
            elif isinstance(event, Closing):
                self.is_over = True
                yield self.line("close", code=event.code, reason=event.reason)
            elif isinstance(event, ReportedFault):
                self.is_over = True
                yield self.fault(event)

    def frame(self, frame: Frame) -> Iterator[dict[str, Any]]:
        """The line for a frame, when all of it has come."""
        self.data += frame.data
        if not frame.frame_end:
            return
        data, self.data = self.data, b""
        is_continued, self.is_fragmented = self.is_fragmented, not frame.last
        yield self.line(
            "frame",
            kind=frame.kind.name.lower(),
            fin=frame.last,
            continuation=is_continued,
            compressed=frame.compressed,
            length=frame.frame_len,
            **_payload(data, frame.kind),
        )

    def fault(self, event: ReportedFault) -> dict[str, Any]:
        assert self.connection is not None
        fault = self.connection.fault
        position = None if fault is None else fault.position
        text = "" if fault is None else fault.text
        return self.line("fault", fault=event.fault, code=event.code, position=position, text=text)

    def line(self, what: str, **values: Any) -> dict[str, Any]:
        return {"from": self.sender, "type": what, **values}


def _deflate(extensions: str) -> dict[str, Any]:
    """What a response says about compression, as options of the engine."""
    name, *parameters = (part.strip() for part in extensions.split(",")[0].split(";"))
    if name.lower() != "permessage-deflate":
        return {"deflate": False}
    options: dict[str, Any] = {"deflate": True}
    for parameter in parameters:
        key, _, value = (part.strip(' "') for part in parameter.partition("="))
        if key not in _PARAMETERS:
            raise ValueError(f"the response has a parameter of permessage-deflate that does not exist: {key!r}")
        options[key] = int(value) if value else True
    return options


def _payload(data: bytes, kind: MessageKind = MessageKind.BINARY) -> dict[str, str]:
    """Text as it is; a code point that a frame cuts is shown as bytes."""
    if kind is MessageKind.TEXT:
        return {"text": data.decode(errors="backslashreplace")}
    return {"hex": data.hex()}


# How it is shown


def _text(line: dict[str, Any]) -> str:
    words = [">" if line["from"] == "client" else "<", _KINDS[line["type"]](line)]
    return " ".join(words)


def _head_text(line: dict[str, Any]) -> str:
    return printable("\n  ".join(line["lines"]), True).replace("\\n", "\n")


def _frame_text(line: dict[str, Any]) -> str:
    words = ["continuation of" if line["continuation"] else "", line["kind"], "" if line["fin"] else "to be continued"]
    words += ["compressed" if line["compressed"] else "", f"{line['length']} bytes", _shown(line)]
    return " ".join(filter(None, words))


def _fault_text(line: dict[str, Any]) -> str:
    where = "" if line["position"] is None else f" in the frame at byte {line['position']}"
    return f"fault {line['fault']}{where}: {line['text']}; it calls for {line['code']}"


def _shown(line: dict[str, Any]) -> str:
    text = printable(line["text"], True) if "text" in line else line.get("hex", "")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


_KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "head": _head_text,
    "frame": _frame_text,
    "ping": lambda line: f"ping {_shown(line)}".rstrip(),
    "pong": lambda line: f"pong {_shown(line)}".rstrip(),
    "close": lambda line: f"close {line['code']} {printable(line['reason'], True)}".rstrip(),
    "fault": _fault_text,
    "incomplete": lambda line: f"incomplete: {line['text']}",
}
