"""Reads the conformance vectors, and replays them through the public interface. The format: core/vectors/README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sansock import (
    Binary,
    Closed,
    Closing,
    Connection,
    Event,
    Frame,
    Head,
    InvalidArgument,
    MessageKind,
    Open,
    Ping,
    Pong,
    PreparedMessage,
    Rejected,
    ReportedFault,
    Request,
    SansockError,
    Text,
    Tunnel,
)

SEED = bytes(range(32))
ATOM = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([0-9a-fA-F]+))(?:\*(\d+))?(?:\s+|$)')
ESCAPE = re.compile(rb'\\(x[0-9a-fA-F]{2}|[rnt"\\])')
ESCAPED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b'"': b'"', b"\\": b"\\"}
PRINTED = {number: chr(number) for number in range(0x20, 0x7F)} | {
    34: '\\"',
    92: "\\\\",
    13: "\\r",
    10: "\\n",
    9: "\\t",
}


@dataclass
class Step:
    """A call, and its expected transcript."""

    line: int
    name: str
    arguments: str
    expected: list[str] = field(default_factory=list)


@dataclass
class Case:
    """A conversation with one connection."""

    name: str
    settings: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def whole_only(self) -> bool:
        return ("whole", "") in self.settings


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of a file."""
    case = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("case "):
            if case:
                yield case
            case = Case(line[5:])
            continue
        assert case, f"{path.name}:{number}: a line before the first case"
        if line.startswith("> "):
            name, _, arguments = line[2:].partition(" ")
            case.steps.append(Step(number, name, arguments.strip()))
        elif case.steps:
            case.steps[-1].expected.append(line)
        else:
            name, _, arguments = line.partition(" ")
            case.settings.append((name, arguments.strip()))
    if case:
        yield case


def read_atoms(text: str) -> list[bytes]:
    """The values of the atoms in a text."""
    atoms, position = [], 0
    while position < len(text):
        match = ATOM.match(text, position)
        assert match, f"not an atom: {text[position:]}"
        quoted, digits, times = match.groups()
        atom = bytes.fromhex(digits) if quoted is None else unescape(quoted)
        atoms.append(atom * int(times or 1))
        position = match.end()
    return atoms


def read_bytes(text: str) -> bytes:
    """A value that the format calls BYTES."""
    return b"".join(read_atoms(text))


def unescape(quoted: str) -> bytes:
    """The bytes that a quoted text means."""

    def value(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[1][1:].decode()) if match[1].startswith(b"x") else ESCAPED[match[1]]

    return ESCAPE.sub(value, quoted.encode())


def show(data: bytes) -> str:
    """Bytes as a transcript shows them."""
    if len(data) > 512:
        fnv = 0x811C9DC5
        for byte in data:
            fnv = (fnv ^ byte) * 0x01000193 & 0xFFFFFFFF
        return f"bytes {len(data)} fnv1a={fnv:08x}"
    return '"' + "".join(PRINTED.get(byte, f"\\x{byte:02x}") for byte in data) + '"'


def show_http(text: str) -> str:
    """Text of an HTTP head as a transcript shows it."""
    return show(text.encode("latin-1"))


def show_event(event: Event) -> Iterator[str]:
    """The lines of an event and its details, in the order of the format."""
    if isinstance(event, Request):
        fault = "" if event.fault is None else f" fault={event.fault}"
        yield f"request {show_http(event.target)} origin={event.origin_relation.name.lower()}{fault}"
        if event.method != "GET":
            yield f"method {show_http(event.method)}"
        if event.authority:
            yield f"authority {show_http(event.authority)}"
        if event.origin is not None:
            yield f"origin {show_http(event.origin)}"
        for subprotocol in event.subprotocols:
            yield f"subprotocol {show_http(subprotocol)}" + " chosen" * (subprotocol == event.subprotocol)
        for extension in event.extensions:
            yield f"extension {show_http(extension)}"
        yield from show_headers(event)
    elif isinstance(event, Open):
        yield "open"
        if event.subprotocol is not None:
            yield f"subprotocol {show_http(event.subprotocol)}"
        for extension in event.extensions:
            yield f"extension {show_http(extension)}"
        yield from show_headers(event)
    elif isinstance(event, Rejected):
        yield f"rejected {event.status} {show(event.body)}" + " truncated" * event.truncated
        if event.reason:
            yield f"reason {show_http(event.reason)}"
        yield from show_headers(event)
    elif isinstance(event, Head):
        yield f"head {event.status or 0} {show(event.body)}"
        yield from show_headers(event)
    elif isinstance(event, Text):
        yield f"text {show(event.data.encode())}" + show_part(event)
    elif isinstance(event, Binary):
        yield f"binary {show(event.data)}" + show_part(event)
    elif isinstance(event, Frame):
        words = show_part(event) + " end" * event.frame_end + " compressed" * event.compressed
        yield f"frame {event.kind.name.lower()} {show(event.data)}{words} of={event.frame_len}"
    elif isinstance(event, Ping):
        yield f"ping {show(event.payload)}"
    elif isinstance(event, Pong):
        time = "" if event.round_trip_time is None else f" rtt={event.round_trip_time}"
        yield f"pong {show(event.payload)}{time}"
    elif isinstance(event, Closing):
        yield f"closing {event.code} {show(event.reason.encode())}"
    elif isinstance(event, ReportedFault):
        yield f"fault {event.fault} {event.code}"
    elif isinstance(event, Closed):
        yield show_closed(event)
    else:
        for message in event.messages:
            yield from show_event(Text(message) if isinstance(message, str) else Binary(message))


def show_headers(event: Request | Open | Rejected | Head) -> Iterator[str]:
    return (f"header {show_http(name)} {show_http(value)}" for name, value in event.headers)


def show_part(event: Text | Binary | Frame) -> str:
    if event.first and event.last:
        return ""
    return " first" if event.first else " last" if event.last else " middle"


def show_closed(event: Closed) -> str:
    words = [f"closed {event.code} {show(event.reason.encode())}"]
    words.append("clean" if event.clean else "unclean")
    words.append("by-peer" if event.by_peer else "by-us")
    if event.sent_code is not None:
        words.append(f"sent={event.sent_code}")
    if event.fault is not None:
        words.append(f"fault={event.fault.name}")
    return " ".join(words)


def show_fault(connection: Connection) -> str:
    fault = connection.fault
    if fault is None:
        return ""
    numbers = {"actual": fault.actual, "limit": fault.limit, "position": fault.position}
    return " ".join([fault.name, *(f"{name}={number}" for name, number in numbers.items() if number is not None)])


class Player:
    """Plays the steps of one case."""

    def __init__(self, case: Case, cut: int = 0, read_buffer: bool = False, batches: bool = False) -> None:
        """Pieces are of ``cut`` bytes, 0 for all at once, and come through the read buffer or as bytes."""
        self.case = case
        self.cut = cut
        self.read_buffer = read_buffer
        self.batches = batches
        self.now = 0
        self.held = ("hold", "") in case.settings
        self.limits: dict[str, Any] = {}
        self.fields: list[tuple[bytes, bytes]] = []
        self.through_a_proxy = ("role", "tunnel") in case.settings
        self.showing = {arguments for name, arguments in case.settings if name == "show"}
        self.shown = {"transport": "open", "deadline": "never", "writable": "yes", "fault": ""}

    def play(self) -> None:
        """Plays every step, and compares its transcript."""
        for step in self.case.steps:
            found = list(self.transcript(step))
            assert found == step.expected, f"{self.case.name}, line {step.line}: > {step.name} {step.arguments}"

    def transcript(self, step: Step) -> Iterator[str]:
        events: list[Event] = []
        left = 0
        output = b""
        try:
            if step.name == "start":
                # A tunnel is driven by the same calls, as far as it has them.
                self.connection = cast("Connection", self.start_tunnel()) if self.through_a_proxy else self.start()
            elif step.name == "receive":
                for piece in self.pieces(read_bytes(step.arguments)):
                    # A host writes what there is between two reads.
                    output += self.take_output()
                    events += self.receive(piece)
                    left += self.connection.unconsumed
            else:
                events = getattr(self, "do_" + step.name.replace("-", "_"))(step.arguments) or []
        except SansockError as error:
            yield f"error {error.name}"
        while not self.through_a_proxy and self.connection.more:
            events += self.connection.receive(b"", self.now)
        for event in events:
            yield from show_event(event)
        if left and (self.through_a_proxy or not events):
            yield f"left {left}"
        output += self.take_output()
        if output:
            yield f"out {show(output)}"
        yield from self.changes()

    def take_output(self) -> bytes:
        return b"" if self.held else self.connection.take_output()

    def changes(self) -> Iterator[str]:
        deadline = self.connection.next_deadline
        values = {"transport": self.connection.transport.name.lower().replace("_", "-")}
        if "deadline" in self.showing:
            values["deadline"] = "never" if deadline is None else str(deadline)
        if "writable" in self.showing:
            values["writable"] = "yes" if self.connection.writable else "no"
        if "fault" in self.showing:
            values["fault"] = show_fault(self.connection)
        for name, value in values.items():
            if value != self.shown[name]:
                self.shown[name] = value
                yield f"{name} {value}"

    def start(self) -> Connection:
        options: dict[str, Any] = {"seed": SEED, "now": 0, "batches": self.batches, "subprotocols": [], "headers": []}
        role = url = None
        for name, arguments in self.case.settings:
            if name == "role":
                role = arguments
            elif name == "option":
                option, number = arguments.split()
                options[option] = int(number)
            elif name == "url":
                url = read_bytes(arguments).decode()
            elif name in ("origin", "key"):
                options[name] = read_bytes(arguments).decode()
            elif name == "subprotocol":
                options["subprotocols"].append(read_bytes(arguments).decode())
            elif name == "header":
                options["headers"].append(tuple(read_atoms(arguments)))
            else:
                assert name in ("rfc", "about", "show", "whole", "hold"), f"{self.case.name}: {name}"
        return Connection.client(url, **options) if role == "client" else Connection.server(**options)

    def start_tunnel(self) -> Tunnel:
        options: dict[str, Any] = {"now": 0, "headers": []}
        proxy, host, port = "", "", 0
        for name, arguments in self.case.settings:
            if name == "option":
                option, number = arguments.split()
                options["timeout" if option == "handshake_timeout" else option] = int(number)
            elif name == "url":
                proxy = read_bytes(arguments).decode()
            elif name == "target":
                text, _, number = arguments.rpartition(" ")
                host, port = read_bytes(text).decode(), int(number)
            elif name == "header":
                options["headers"].append(tuple(read_atoms(arguments)))
        return Tunnel(proxy, host, port, **options)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        cut = self.cut or max(len(data), 1)
        return (data[start : start + cut] for start in range(0, max(len(data), 1), cut))

    def receive(self, piece: bytes) -> list[Event]:
        if self.through_a_proxy or not self.read_buffer or len(piece) > len(self.connection.read_buffer):
            return self.connection.receive(piece, self.now)
        self.connection.read_buffer[: len(piece)] = piece
        return self.connection.receive_read_buffer(len(piece), self.now)

    def do_eof(self, _: str) -> list[Event]:
        return self.connection.receive_eof(self.now)

    def do_time(self, arguments: str) -> None:
        self.now = int(arguments)

    def do_timeout(self, _: str) -> list[Event]:
        return self.connection.timeout(self.now)

    def do_accept(self, arguments: str) -> list[Event]:
        subprotocol = read_bytes(arguments).decode() if arguments else None
        return self.connection.accept(subprotocol, now=self.now, **self.limits)

    def do_limit_deflate(self, arguments: str) -> None:
        option, number = arguments.split()
        limit: dict[str, Any] = {option: int(number)}
        # ``accept`` takes all limits. With a subprotocol that nobody offers it judges this one, and accepts nothing.
        try:
            self.connection.accept("not-offered", now=self.now, **limit)
        except InvalidArgument as error:
            if not str(error).startswith("subprotocol: "):
                raise
        self.limits.update(limit)

    def do_field(self, arguments: str) -> None:
        name, value = read_atoms(arguments)
        self.fields.append((name, value))

    def take_fields(self) -> list[tuple[bytes, bytes]]:
        fields, self.fields = self.fields, []
        return fields

    def do_receive_request(self, version: Any) -> list[Event]:
        return self.connection.receive_request(self.take_fields(), version, self.now)

    def do_request_fields(self, version: Any) -> list[Event]:
        return self.connection.request_fields(version, self.now)

    def do_receive_response(self, status: str) -> list[Event]:
        return self.connection.receive_response(int(status), self.take_fields(), self.now)

    def do_response_header(self, arguments: str) -> None:
        name, value = read_atoms(arguments)
        self.connection.add_response_header(name, value)

    def do_reject(self, arguments: str) -> list[Event]:
        status, _, body = arguments.partition(" ")
        return self.connection.reject(int(status), body=read_bytes(body), now=self.now)

    def do_respond(self, arguments: str) -> list[Event]:
        status, _, texts = arguments.partition(" ")
        reason, *body = read_atoms(texts)
        return self.connection.respond(int(status), reason, body=b"".join(body), now=self.now)

    def do_text(self, arguments: str) -> None:
        self.connection.send_text(read_bytes(arguments))

    def do_binary(self, arguments: str) -> None:
        self.connection.send_binary(read_bytes(arguments))

    def do_part(self, arguments: str) -> None:
        kind, _, arguments = arguments.partition(" ")
        data, last = split_last(arguments)
        self.connection.send_part(read_bytes(data), last, MessageKind[kind.upper()])

    def do_prepared(self, arguments: str) -> None:
        kind, _, data = arguments.partition(" ")
        self.connection.send_prepared(PreparedMessage(read_bytes(data), MessageKind[kind.upper()]))

    def do_header(self, arguments: str) -> None:
        kind, _, arguments = arguments.partition(" ")
        length, last = split_last(arguments)
        self.connection.send_header(MessageKind[kind.upper()], int(length), last)

    def do_ping(self, arguments: str) -> None:
        self.connection.ping(read_bytes(arguments), self.now)

    def do_pong(self, arguments: str) -> None:
        self.connection.pong(read_bytes(arguments))

    def do_close(self, arguments: str) -> None:
        code, _, reason = arguments.partition(" ")
        self.connection.close(int(code), read_bytes(reason), self.now)

    def do_fail(self, arguments: str) -> None:
        code, _, reason = arguments.partition(" ")
        self.connection.fail(int(code), read_bytes(reason), self.now)

    def do_pause(self, _: str) -> None:
        self.connection.pause(self.now)

    def do_resume(self, _: str) -> None:
        self.connection.resume(self.now)

    def do_hold(self, _: str) -> None:
        self.held = True

    def do_drain(self, _: str) -> None:
        self.held = False


def split_last(arguments: str) -> tuple[str, bool]:
    """Splits off the word ``last`` at the end."""
    return (arguments[:-4].strip(), True) if arguments.endswith("last") else (arguments, False)
