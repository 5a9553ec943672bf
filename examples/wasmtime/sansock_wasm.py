"""The C library as a plain WebAssembly module in Wasmtime: bytes in, events and bytes out, and no import at all.

The module is the C library, compiled for ``wasm32-unknown-unknown``: its functions are those of the header, which is
the manual, and pointers are numbers into its memory. A host needs memory of its own in there, to pass buffers and to
receive handles: it grows the memory by whole pages, and the pages are its own, because the library's allocator takes
only what it has grown itself.

Input calls return the events, as copies. A refused call raises ``SansockError``, and has changed nothing. A trap means
that the library itself has failed: the instance must not be called again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wasmtime import Engine, Func, Instance, Memory, Module, Store

ABI_VERSION = 1
PAGE = 65536
NEVER = (1 << 64) - 1

ROLES = {"client": 0, "server": 1}
TEXTS = {"url": 1, "origin": 2, "subprotocol": 3, "key": 4}
# KIND_*
KINDS = {
    1: "request",
    2: "open",
    3: "rejected",
    4: "text",
    5: "binary",
    6: "ping",
    7: "pong",
    8: "closing",
    9: "closed",
    10: "head",
    11: "frame",
    12: "fault",
    16: "header",
    17: "authority",
    18: "origin",
    19: "subprotocol",
    20: "extension",
    21: "method",
    22: "reason",
}
NUMBERS = {name: number for number, name in KINDS.items()}
HAS_DETAILS = ("request", "open", "rejected", "head")
TRANSPORTS = ("open", "shutdown-write", "close")
STATES = ("connecting", "open", "closing", "closed")
# ERR_*, from -1 down
ERRORS = (
    "INVALID_ARGUMENT",
    "INVALID_STATE",
    "WOULD_BLOCK",
    "TOO_LARGE",
    "NO_MEMORY",
    "BAD_HANDLE",
    "BUSY",
    "POISONED",
    "ENTROPY",
)
# FLAG_*: the region of the payload is in the low bits.
REGION, FIRST, LAST, BIT_4, BIT_5 = 3, 4, 8, 16, 32
MORE, WRITABLE = 1, 2

RECORD = struct.Struct("<BBHIQQQ")
BLOCK = struct.Struct("<iIBBHIQQQQQQI3I3III4xQ")
"""The block where pointers and sizes have four bytes."""


class SansockError(Exception):
    """A call was refused. ``name`` is that of the error in the header, such as ``INVALID_STATE``."""

    def __init__(self, status: int) -> None:
        self.name = ERRORS[-status - 1]
        super().__init__(self.name)


@dataclass
class Event:
    """An event or a detail of one: the numbers of its record, and copies of its bytes."""

    kind: str
    flags: int
    code: int
    aux: int
    extra: int
    payload: bytes
    name: bytes = b""
    details: list[Event] = field(default_factory=list)

    def has(self, flag: int) -> bool:
        """Whether a flag is set."""
        return bool(self.flags & flag)


@dataclass
class Block:
    """What there is to do after a call."""

    event_count: int
    transport: str
    state: str
    more: bool
    writable: bool
    fault: int
    consumed: int
    next_deadline: int
    fault_numbers: tuple[int, int, int]
    events: int
    regions: tuple[int, ...]
    output: int
    output_len: int


class Library:
    """One instance of the module. All that is made of it lives in its memory, and ends with it at the latest."""

    def __init__(self, path: Path) -> None:
        engine = Engine()
        module = Module.from_file(engine, str(path))
        self.store = Store(engine)
        exports = Instance(self.store, module, []).exports(self.store)
        memory = exports["memory"]
        assert isinstance(memory, Memory)
        self.memory = memory
        self.functions = {name: item for name, item in exports.items() if isinstance(item, Func)}
        self.page, self.page_size = self.memory.grow(self.store, 1) * PAGE, PAGE
        if self.number("abi_version") != ABI_VERSION:
            raise RuntimeError("the module has another binary interface")
        if self.number("record_size") != RECORD.size or self.number("block_size") < BLOCK.size:
            raise RuntimeError("the module has other records or blocks")

    def number(self, name: str, *arguments: int) -> int:
        """Calls a function, and returns its number."""
        result = self.functions[f"sansock_{name}"](self.store, *map(signed, arguments))
        return result if isinstance(result, int) else 0

    def call(self, name: str, *arguments: int) -> None:
        """Calls a function that returns a status."""
        status = self.number(name, *arguments)
        if status != 0:
            raise SansockError(status)

    def create(self, name: str, *arguments: int) -> int:
        """Calls a function whose last argument receives a handle."""
        self.call(name, *arguments, self.page)
        return int.from_bytes(self.read(self.page, 4), "little")

    def place(self, *buffers: bytes) -> list[int]:
        """Copies buffers into pages of the host's own, where they stay until the next time; address and length of each.

        The first eight bytes of the pages receive handles.
        """
        needed = 16 + sum(len(buffer) + 8 for buffer in buffers)
        if needed > self.page_size:
            self.page_size = (2 * needed // PAGE + 1) * PAGE
            self.page = self.memory.grow(self.store, self.page_size // PAGE) * PAGE
        at, placed = self.page + 16, []
        for buffer in buffers:
            self.memory.write(self.store, buffer, at)
            placed += [at if buffer else 0, len(buffer)]
            at += (len(buffer) + 7) // 8 * 8
        return placed

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the instance's memory."""
        return bytes(self.memory.read(self.store, address, address + size))

    def text(self, address: int) -> str:
        """A static text of the library, which ends with NUL."""
        size = 0
        while self.read(address + size, 1) != b"\0":
            size += 1
        return self.read(address, size).decode()

    def fault_name(self, fault: int) -> str:
        """The name of a fault, such as ``MESSAGE_TOO_BIG``."""
        return self.text(self.number("fault_name", fault))


def signed(number: int) -> int:
    """WebAssembly's 64-bit integers have no sign; Wasmtime takes them as if they had one."""
    return number - (1 << 64) if number >= 1 << 63 else number


class Handle:
    """What the library makes and frees. The functions that take one have its prefix."""

    prefix: str

    def __init__(self, library: Library, handle: int) -> None:
        self.library, self.handle = library, handle

    def call(self, name: str, *arguments: int) -> None:
        """Calls a function on the handle."""
        self.library.call(f"{self.prefix}_{name}", self.handle, *arguments)

    def free(self) -> None:
        """Frees it. May be called again."""
        self.library.number(f"{self.prefix}_free", self.handle)
        self.handle = 0

    def set(self, option: int, value: int) -> None:
        """Sets an option, by its number in the header."""
        self.call("set", option, value)

    def add_header(self, name: bytes, value: bytes) -> None:
        """Adds a header."""
        self.call("add_header", *self.library.place(name, value))


class Config(Handle):
    """A configuration, from which any number of connections are made."""

    prefix = "config"

    def __init__(self, library: Library, role: str) -> None:
        super().__init__(library, library.create("config_new", ROLES[role]))

    def set_text(self, name: str, value: bytes) -> None:
        """Sets a text; ``subprotocol`` adds to a list."""
        self.call("set_text", TEXTS[name], *self.library.place(value))


class PreparedMessage(Handle):
    """A message for many connections, ``text`` or ``binary``."""

    prefix = "prepared"

    def __init__(self, library: Library, kind: str, data: bytes) -> None:
        super().__init__(library, library.create("prepared_new", NUMBERS[kind], *library.place(data)))


class TunnelConfig(Handle):
    """The configuration of tunnels through the proxy at a URL, to a host and port."""

    prefix = "tunnel_config"

    def __init__(self, library: Library, proxy: bytes, host: bytes, port: int) -> None:
        super().__init__(library, library.create("tunnel_config_new", *library.place(proxy, host), port))


class Machine(Handle):
    """What connections and tunnels have in common: their block, and what is received."""

    def __init__(self, library: Library, handle: int) -> None:
        super().__init__(library, handle)
        self.address = library.number(f"{self.prefix}_block", handle)

    @property
    def block(self) -> Block:
        """The block, as it is after the last call."""
        fields = BLOCK.unpack(self.library.read(self.address, BLOCK.size))
        return Block(
            event_count=fields[1],
            transport=TRANSPORTS[fields[2]],
            state=STATES[fields[3]],
            more=bool(fields[4] & MORE),
            writable=bool(fields[4] & WRITABLE),
            fault=fields[5],
            consumed=fields[6],
            next_deadline=fields[7],
            fault_numbers=fields[9:12],
            events=fields[12],
            regions=fields[13:16],
            output=fields[19],
            output_len=fields[20],
        )

    def input(self, name: str, *arguments: int) -> list[Event]:
        """An input call: it returns the events."""
        self.call(name, *arguments)
        block = self.block
        records = self.library.read(block.events, block.event_count * RECORD.size)
        events: list[Event] = []
        missing = 0
        for fields in RECORD.iter_unpack(records):
            event = self.event(block, *fields)
            if missing > 0:
                events[-1].details.append(event)
                missing -= 1
                continue
            events.append(event)
            missing = event.aux if event.kind in HAS_DETAILS else 0
        return events

    def event(self, block: Block, kind: int, flags: int, code: int, aux: int, at: int, size: int, extra: int) -> Event:
        """The event of a record."""
        region = block.regions[flags & REGION]
        event = Event(KINDS.get(kind, "unknown"), flags, code, aux, extra, b"")
        if event.kind == "header":
            event.name = self.library.read(region + at, aux)
            event.payload = self.library.read(region + extra, size)
        else:
            event.payload = self.library.read(region + at, size)
        return event

    def receive(self, data: bytes, now: int) -> list[Event]:
        """Receives bytes. Pass what was not ``consumed`` again, when the events are handled."""
        return self.input("receive", *self.library.place(data), now)

    def receive_eof(self, now: int) -> list[Event]:
        """Reports that the peer has ended its stream."""
        return self.input("receive_eof", now)

    def timeout(self, now: int) -> list[Event]:
        """Acts on the deadlines that have passed."""
        return self.input("timeout", now)

    def take_output(self) -> bytes:
        """All output, which is reported as written."""
        output = b""
        while (block := self.block).output_len:
            output += self.library.read(block.output, block.output_len)
            self.call("written", block.output_len)
        return output


class Connection(Machine):
    """One WebSocket connection. ``seed``: 32 random bytes, which the module has nowhere to ask for."""

    prefix = "conn"

    def __init__(self, config: Config, seed: bytes, now: int) -> None:
        library = config.library
        address, _ = library.place(seed)
        super().__init__(library, library.create("conn_new", config.handle, address, now))

    def send(self, kind: str, data: bytes) -> None:
        """Sends a ``text`` or a ``binary`` message."""
        self.call(f"send_{kind}", *self.library.place(data))

    def send_part(self, kind: str, data: bytes, last: bool) -> None:
        """Sends a part of a message."""
        self.call("send_part", NUMBERS[kind], *self.library.place(data), last)

    def send_prepared(self, message: PreparedMessage) -> None:
        """Sends a message that was made for many connections."""
        self.call("send_prepared", message.handle)

    def send_header(self, kind: str, payload_len: int, last: bool) -> None:
        """Server only: queues just the header of a frame."""
        self.call("send_header", NUMBERS[kind], payload_len, last)

    def ping(self, data: bytes, now: int) -> None:
        """Sends a ping."""
        self.call("ping", *self.library.place(data), now)

    def pong(self, data: bytes) -> None:
        """Sends a pong."""
        self.call("pong", *self.library.place(data))

    def close(self, code: int, reason: bytes, now: int) -> None:
        """Starts the closing handshake, or answers the peer's Close. Code 0 sends no code."""
        self.call("close", code, *self.library.place(reason), now)

    def fail(self, code: int, reason: bytes, now: int) -> None:
        """Fails the connection (RFC 6455 section 7.1.7)."""
        self.call("fail", code, *self.library.place(reason), now)

    def pause(self, now: int) -> None:
        """Reports that nothing is read from the transport."""
        self.call("pause", now)

    def resume(self, now: int) -> None:
        """Reports that the transport is read again."""
        self.call("resume", now)

    def add_response_header(self, name: bytes, value: bytes) -> None:
        """Adds a header to the coming response."""
        self.call("add_response_header", *self.library.place(name, value))

    def limit_deflate(self, option: int, value: int) -> None:
        """Declines or narrows the compression of this connection."""
        self.call("limit_deflate", option, value)

    def accept(self, subprotocol: bytes, now: int) -> list[Event]:
        """Accepts the request, with a subprotocol that it offers; an empty one for the first of the configured ones."""
        return self.input("accept", *self.library.place(subprotocol), now)

    def reject(self, status: int, body: bytes, now: int) -> list[Event]:
        """Refuses the request."""
        return self.input("reject", status, *self.library.place(body), now)

    def respond(self, status: int, reason: bytes, body: bytes, now: int) -> list[Event]:
        """Answers the request with a response that opens no connection."""
        return self.input("respond", status, *self.library.place(reason, body), now)

    def receive_request(self, version: int, fields: Sequence[tuple[bytes, bytes]], now: int) -> list[Event]:
        """Receives a request as fields."""
        return self.input("receive_request", version, *self.place_fields(fields), now)

    def request_fields(self, version: int, now: int) -> list[Event]:
        """Gives the request as fields."""
        return self.input("request_fields", version, now)

    def receive_response(self, status: int, fields: Sequence[tuple[bytes, bytes]], now: int) -> list[Event]:
        """Receives the response to a request that was sent as fields."""
        return self.input("receive_response", status, *self.place_fields(fields), now)

    def place_fields(self, fields: Sequence[tuple[bytes, bytes]]) -> tuple[int, int]:
        """Copies fields into the pages: an array of addresses and lengths, and what they point to."""
        strings = [string for pair in fields for string in pair]
        array = bytes(16 * len(fields))  # first of all, for its place; then filled in
        placed = self.library.place(array, *strings)
        self.library.memory.write(self.library.store, struct.pack(f"<{len(placed) - 2}I", *placed[2:]), placed[0])
        return placed[0], len(fields)


class Tunnel(Machine):
    """One tunnel through a proxy."""

    prefix = "tunnel"

    def __init__(self, config: TunnelConfig, now: int) -> None:
        super().__init__(config.library, config.library.create("tunnel_new", config.handle, now))
