"""What is measured, the same for every engine. A workload is a list of steps, of which some are timed.

An engine is a module with a VERSION, and where it has them:

receiver(spec)          A function that takes a memoryview, one read, and returns the messages it completes.
sender(spec, output)    A function that sends a message, and adds the pieces of bytes that go out to the list `output`.
batch_sender(spec, output)  The same for a list of messages; without it, they are sent one by one.
Endpoint(spec, output)  An object with both, as `receive` and `send`.
server_handshake()      A function that takes a request and returns the response with which the connection opens.
client_handshake(spec)  A function that returns a request, and one that takes the response and tells if it has opened.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import handshake

HANDSHAKES = 64
"""Handshakes in one pass."""
EARLIER = 100
"""Connections that exist before those that are counted, so that code and caches are not counted."""
CALLS = 2000

Step = tuple[bool, Callable[[], object]]
Message = str | bytes | bytearray | memoryview
TIMED, UNTIMED = True, False


class Workload(NamedTuple):
    """How many messages a pass has, and its steps."""

    messages: int
    steps: Sequence[Step]


@dataclass
class Spec:
    """What a cell asks for."""

    operation: str = ""
    role: str = "server"
    kind: str = "text"
    size: int = 0
    read: int = 0
    fragment: int = 0
    deflate: int = 0
    batch: int = 1
    messages: int = 0
    check: int = 0
    connections: int = 0
    frames: str = ""
    payloads: str = ""
    sent: str = ""
    request: str = ""
    response: str = ""
    headers: str = ""
    what: str = ""

    @classmethod
    def parse(cls, options: Sequence[str]) -> Spec:
        """Reads arguments of the form name=value."""
        numbers = {field.name for field in fields(cls) if isinstance(field.default, int)}
        pairs = (option.split("=", 1) for option in options)
        return cls(**{name: int(value) if name in numbers else value for name, value in pairs})  # type: ignore[arg-type]

    @property
    def server(self) -> bool:
        """Whether the engine is a server's end."""
        return self.role == "server"

    @property
    def text(self) -> bool:
        """Whether messages are text."""
        return self.kind == "text"

    def header_fields(self) -> list[tuple[str, str]]:
        """Headers that a client adds to its request."""
        lines = Path(self.headers).read_text().splitlines()
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def receiving(engine: ModuleType, spec: Spec) -> Workload:
    """Reads from the transport until all messages have come."""
    feed = engine.receiver(spec)
    source = memoryview(Path(spec.frames).read_bytes())
    chunks = [source[start : start + spec.read] for start in range(0, len(source), spec.read)]
    count = total = 0

    def run_text() -> None:
        nonlocal count, total
        count = total = 0
        for chunk in chunks:
            for text in feed(chunk):
                count += 1
                total += len(text) + ord(text[0]) + ord(text[-1])

    def run_binary() -> None:
        nonlocal count, total
        count = total = 0
        for chunk in chunks:
            for data in feed(chunk):
                count += 1
                total += len(data) + data[0] + data[-1]

    def verify() -> None:
        if count != spec.messages or total != spec.check:
            raise SystemExit(f"{count} messages of {spec.messages}, sum {total} of {spec.check}")

    return Workload(spec.messages, [(TIMED, run_text if spec.text else run_binary), (UNTIMED, verify)])


def sending(engine: ModuleType, spec: Spec) -> Workload:
    """Sends messages one by one."""
    output: list[Message] = []
    send = engine.sender(spec, output)
    payloads = messages_to_send(spec)

    def run() -> None:
        for payload in payloads:
            send(payload)

    return checked(run, spec, output)


def sending_many(engine: ModuleType, spec: Spec) -> Workload:
    """Sends messages, some at once."""
    output: list[Message] = []
    make = getattr(engine, "batch_sender", None)
    send_batch = make(spec, output) if make else one_by_one(engine.sender(spec, output))
    payloads = messages_to_send(spec)
    batches = [payloads[start : start + spec.batch] for start in range(0, len(payloads), spec.batch)]

    def run() -> None:
        for batch in batches:
            send_batch(batch)

    return checked(run, spec, output)


def one_by_one(send: Callable[[Message], None]) -> Callable[[list[Message]], None]:
    """How an engine sends many messages that has no call for it."""

    def send_batch(messages: list[Message]) -> None:
        for message in messages:
            send(message)

    return send_batch


def messages_to_send(spec: Spec) -> list[Message]:
    """The payloads, as the host's own kind of value."""
    source = Path(spec.payloads).read_bytes()
    pieces = [source[start : start + spec.size] for start in range(0, len(source), spec.size)]
    return [piece.decode() for piece in pieces] if spec.text else list(pieces)


def checked(run: Callable[[], None], spec: Spec, output: list[Message]) -> Workload:
    """A pass that sends. The first goes to a file, for the runner to verify; of the others, the length counts."""

    def length() -> int:
        return sum(map(len, output))

    run()
    Path(spec.sent).write_bytes(b"".join(map(as_bytes, output)))
    expected = length()
    output.clear()

    def verify() -> None:
        # Later passes compress better, as the compressor has seen the messages.
        if not output or (length() != expected and not spec.deflate):
            raise SystemExit(f"{length()} bytes, not {expected}")
        output.clear()

    return Workload(spec.messages, [(TIMED, run), (UNTIMED, verify)])


def handshakes(engine: ModuleType, spec: Spec) -> Workload:
    """Opens connections."""
    return server_handshakes(engine, spec) if spec.server else client_handshakes(engine, spec)


def server_handshakes(engine: ModuleType, spec: Spec) -> Workload:
    """Opens connections as a server."""
    request = Path(spec.request).read_bytes()
    opening = engine.server_handshake()
    accept = accept_of(request)
    responses: list[bytes] = []

    def run() -> None:
        for _ in range(HANDSHAKES):
            responses.append(opening(request))

    def verify() -> None:
        for response in responses:
            opened = response.startswith(b"HTTP/1.1 101 ") and response.endswith(b"\r\n\r\n")
            if not opened or b": " + accept + b"\r\n" not in response:
                raise SystemExit(f"not opened: {response!r}")
        if len(responses) != HANDSHAKES:
            raise SystemExit(f"{len(responses)} of {HANDSHAKES}")
        responses.clear()

    return Workload(HANDSHAKES, [(TIMED, run), (UNTIMED, verify)])


def client_handshakes(engine: ModuleType, spec: Spec) -> Workload:
    """Opens connections as a client, with a server that answers at once."""
    opening = engine.client_handshake(spec)
    template = Path(spec.response).read_bytes()
    clients: list[tuple[bytes, Callable[[bytes], bool]]] = []
    responses: list[bytes] = []
    opened: list[bool] = []

    def begin() -> None:
        for _ in range(HANDSHAKES):
            clients.append(opening())

    def respond() -> None:
        responses.extend(template.replace(b"@accept@", accept_of(request)) for request, _ in clients)

    def finish() -> None:
        for (_, receive), response in zip(clients, responses):
            opened.append(receive(response))

    def verify() -> None:
        if opened.count(True) != HANDSHAKES:
            raise SystemExit(f"{opened.count(True)} opened of {HANDSHAKES}")
        clients.clear()
        responses.clear()
        opened.clear()

    return Workload(HANDSHAKES, [(TIMED, begin), (UNTIMED, respond), (TIMED, finish), (UNTIMED, verify)])


def connections(engine: ModuleType, spec: Spec) -> float:
    """The memory that one connection holds once it has echoed one message, in bytes."""
    source = memoryview(Path(spec.frames).read_bytes())
    held: list[object] = []
    for count in (EARLIER, spec.connections):
        before = resident()
        for _ in range(count):
            output: list[Message] = []
            connection = engine.Endpoint(spec, output)
            (message,) = connection.receive(source)
            connection.send(message)
            if not output:
                raise SystemExit("no echo")
            output.clear()
            held.append(connection)
    return (resident() - before) / spec.connections


def resident() -> int:
    """The memory of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def floor(engine: ModuleType, spec: Spec) -> Workload:
    """What the host costs."""
    call = engine.call(spec)
    rounds = range(CALLS)

    def run() -> None:
        for _ in rounds:
            call()

    return Workload(CALLS, [(TIMED, run)])


def accept_of(request: bytes) -> bytes:
    """What a server answers to the key of a request."""
    return handshake.accept_of(handshake.key_of(request)).encode()


def as_bytes(data: Message) -> bytes:
    """Any piece of output."""
    return data.encode() if isinstance(data, str) else bytes(data)
