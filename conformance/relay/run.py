"""The relays of the examples, between clients and servers that are not ours: `websockets` and `ws`, and plain sockets.

Clients and servers offer compression, which a relay declines.
"""

from __future__ import annotations

import itertools
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import frames
import handshake
from frames import BINARY, CLOSE, CONTINUATION, PING, PLAIN_KEY, PONG, TEXT, Frame
from hosts import (
    HostError,
    Server,
    abridged,
    command_client,
    end_orderly_on_sigterm,
    run_client,
    serving,
)
from repository import PROGRAMS_IN_RUST, PYTHON, ROOT

EXAMPLES = ROOT / "examples"
PROGRAMS = ROOT / "conformance" / "relay" / "programs"
RELAYS = {
    "c": [str(ROOT / "target" / "examples" / "c" / "relay")],
    "python": [PYTHON, str(EXAMPLES / "python" / "relay.py")],
    "node": ["node", str(EXAMPLES / "node" / "relay.mjs")],
    "rust": [str(PROGRAMS_IN_RUST / "relay")],
}
SERVERS = {
    "ws": ["node", str(PROGRAMS / "ws_server.mjs")],
    "websockets": [PYTHON, str(PROGRAMS / "websockets_server.py")],
}
PAIRS = (("websockets", "ws"), ("ws", "websockets"))
SECONDS = 10.0
BAD_TEXT = b"\xc3("
MOST_BUFFERED = 24 << 20
"""What systems keep at most for four ends of TCP, and much less than a relay is offered."""
PIECE = 1 << 16
CYCLE = bytes(range(256)) * (PIECE // 256)


class Lines:
    """What a program prints, read by a thread so that it can go on."""

    def __init__(self, server: Server) -> None:
        self.queue: queue.Queue[str] = queue.Queue()
        assert server.process.stdout is not None
        self.stream = server.process.stdout
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.stream:
            self.queue.put(line.decode().rstrip("\n"))

    def expect(self, *lines: str, prefix: str = "") -> None:
        """Wait for these lines. Others between them must not begin with `prefix`."""
        for line in lines:
            try:
                while not (printed := self.queue.get(timeout=SECONDS)).startswith(prefix):
                    pass
            except queue.Empty:
                printed = "nothing"
            expect("a line", printed, line)


def expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise HostError(f"{what}: expected {abridged(repr(expected), 300)}, but found {abridged(repr(found), 300)}")


@dataclass
class Peer:
    """One end of a connection, on a plain socket."""

    sock: socket.socket
    received: bytes = b""

    def read(self) -> bool:
        """Read once; false at the end of the stream."""
        data = self.sock.recv(PIECE)
        self.received += data
        return bool(data)

    def read_head(self) -> bytes:
        while b"\r\n\r\n" not in self.received:
            if not self.read():
                raise HostError(f"the stream ended in the head {self.received!r}")
        head, _, self.received = self.received.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def read_to_the_end(self) -> bytes:
        while self.read():
            pass
        return self.received

    def read_frame(self) -> Frame:
        while not (found := frames.read_frame(self.received, 0)) or found[0].missing:
            if not self.read():
                raise HostError("the stream ended where a frame should be")
        self.received = self.received[found[1] :]
        return found[0]

    def expect(self, *expected: tuple[int, bytes]) -> None:
        """Read frames with these first bytes and payloads."""
        for each in expected:
            frame = self.read_frame()
            expect("a frame", (frame.first, frame.payload), each)

    def expect_close(self, code: int) -> None:
        frame = self.read_frame()
        expect("a Close frame", (frame.opcode, int.from_bytes(frame.payload[:2], "big")), (CLOSE, code))


@contextmanager
def client(relay: Server, target: str = "/", *fields: str, more: bytes = b"") -> Iterator[Peer]:
    """A client on a plain socket, which has sent its request, and `more` behind it."""
    with socket.create_connection(("127.0.0.1", relay.port), timeout=SECONDS) as sock:
        sock.sendall(handshake.request(target, *fields) + more)
        yield Peer(sock)


@contextmanager
def open_client(relay: Server, target: str = "/", *fields: str, more: bytes = b"") -> Iterator[Peer]:
    """The same, when the connection is open."""
    with client(relay, target, *fields, more=more) as peer:
        status = peer.read_head().split(b" ", 2)[1]
        expect("the status", status, b"101")
        yield peer


def message(first: int, payload: bytes = b"", key: bytes = PLAIN_KEY) -> bytes:
    return frames.frame(first, payload, key)


# --- Between the libraries ---


@dataclass
class Between:
    """A relay between a client, which is started for each check, and a server."""

    client: str
    relay: Server
    server: Server
    closed: Lines
    """What the server prints."""

    def converse(self, commands: list[str], expected: list[str], target: str = "/") -> None:
        """Have the client carry out commands, and compare what it prints."""
        command = command_client(self.client, f"{self.relay.url}{target}", "--subprotocol", "echo")
        session = run_client(command, (line.encode() for line in commands), SECONDS)
        if session.timed_out:
            raise HostError(f"not over after {SECONDS:.0f} s; {len(session.lines)} lines, {session.errors}")
        # `ws` shows the pings that it answers.
        printed = [line for line in session.lines if not line.startswith("ping ")]
        for line, other in itertools.zip_longest(printed, expected, fillvalue="nothing"):
            expect("a line of the client", line, other)


def text_of(size: int) -> str:
    """Text of so many bytes, in which most reads and frames cut a character somewhere."""
    return "é世🌍" * (size // 9) + "x" * (size % 9)


def check_messages(it: Between) -> None:
    texts = [text_of(size) for size in (0, 1, 125, 126, 70_000, 1 << 20)]
    commands, expected = ["wait open"], ["open echo"]
    for text in texts:
        data = text.encode().hex()
        for command, event in ((f"text {text}", f"text {text}"), (f"binary {data}", f"binary {data}")):
            commands += [command, f"wait {event.split(' ')[0]}"]
            expected.append(event.rstrip(" "))
    parts = ((7, "Grüße, 世界"), (8, "🦀🌍"), (100, texts[-1]))
    for count, text in parts:
        commands += [f"parts text {count} {text}", "wait text", f"parts binary {count} {text}", "wait binary"]
        expected += [f"text {text}", f"binary {text.encode().hex()}"]
    for payload in ("are you there?", "p" * 125):
        commands += [f"ping {payload}", "wait pong"]
        expected.append(f"pong {payload}")
    commands += ["close 4001 bye ✓", "wait closed"]
    it.converse(commands, [*expected, "closing 4001 bye ✓", "closed 4001 bye ✓"])
    it.closed.expect("closed 4001 bye ✓")


def check_server_begins(it: Between) -> None:
    commands = ["wait open", "text ping p1", "wait text", "text close 4002 done ✓", "wait closed"]
    it.converse(commands, ["open echo", "text pong p1", "closing 4002 done ✓", "closed 4002 done ✓"])
    it.closed.expect("closed 4002 done ✓")


def check_refusal(it: Between) -> None:
    it.converse([], ["rejected 403", "closed 1006"], "/refused")
    with client(it.relay, "/refused") as peer:
        answer = peer.read_to_the_end()
        expect("the refusal", (answer[:23], answer[-12:]), (b"HTTP/1.1 403 Forbidden\r", b"not for you\n"))


def check_request(it: Between) -> None:
    fields = ("Origin: http://a.example", "Sec-WebSocket-Protocol: chat, echo", "Sec-WebSocket-Extensions: x-y")
    told = f"/a/b?c=%20d http://a.example {handshake.KEY} echo".encode()
    # The message comes before the answer of the server.
    with open_client(it.relay, "/a/b?c=%20d", *fields, more=message(0x81, b"tell")) as peer:
        peer.expect((0x81, told))
        peer.sock.sendall(message(0x88))
        peer.expect((0x88, b""))
        expect("the end of the stream", peer.read_to_the_end(), b"")
    it.closed.expect("closed 1005")


def check_bad_text(it: Between) -> None:
    with open_client(it.relay) as peer:
        peer.sock.sendall(message(0x81, b"before"))
        peer.expect((0x81, b"before"))
        peer.sock.sendall(message(0x81, BAD_TEXT))
        peer.expect_close(1007)
        expect("the end of the stream", peer.read_to_the_end(), b"")
    it.closed.expect("closed 1014 the text message is not UTF-8")


def check_lost_client(it: Between) -> None:
    with open_client(it.relay) as peer:
        peer.sock.sendall(message(0x81, b"hello"))
        peer.expect((0x81, b"hello"))
    it.closed.expect("closed 1014 the peer closed the transport without a Close frame")


# --- Before a server on a plain socket ---


@dataclass
class Before:
    """A relay before a server on a plain socket, which accepts one connection for each check."""

    relay: Server
    printed: Lines
    listener: socket.socket
    number: int = 0
    """How many clients there were."""

    def accept(self) -> Peer:
        sock, _ = self.listener.accept()
        sock.settimeout(SECONDS)
        self.number += 1
        return Peer(sock)

    @contextmanager
    def opened(self) -> Iterator[tuple[Peer, Peer]]:
        """A client and the server, with an open connection."""
        with client(self.relay) as one:
            other = self.accept()
            with other.sock:
                other.sock.sendall(handshake.response(handshake.key_of(other.read_head())))
                one.read_head()
                yield one, other

    def expect_printed(self, *lines: str) -> None:
        prefix = f"{self.number} "
        self.printed.expect(*(prefix + line for line in lines), prefix=prefix)


def check_frames(it: Before) -> None:
    with it.opened() as (one, other):
        sent = ((TEXT, b"\xc3"), (0x80 | PING, b"ping"), (CONTINUATION, b""), (0x80, b"\xa9"), (0x80 | BINARY, b"b"))
        one.sock.sendall(b"".join(message(*frame) for frame in sent))
        other.expect(*sent)
        it.expect_printed("> text 1", "> ping 4", "> continuation 0", "> continuation 1 fin", "> binary 1 fin")
        other.sock.sendall(message(0x80 | PONG, b"ping", b"") + message(0x80 | CLOSE, b'\x03\xe8a "quote"', b""))
        one.expect((0x80 | PONG, b"ping"), (0x80 | CLOSE, b'\x03\xe8a "quote"'))
        it.expect_printed("< pong 4", '< close 1000 "a \\"quote\\""')
        one.sock.sendall(message(0x80 | CLOSE, b"\x03\xe8"))
        other.expect((0x80 | CLOSE, b"\x03\xe8"))
        it.expect_printed('> close 1000 ""')
        # The server closes TCP first: the relay for its client, the server here for the relay.
        expect("the end of the stream", one.read_to_the_end(), b"")


def check_data_as_it_arrives(it: Before) -> None:
    """A frame of which the end never comes."""
    with it.opened() as (one, other):
        one.sock.sendall(frames.frame(0x82, b"a" * 1000, PLAIN_KEY, 1 << 40))
        data = b""
        while len(data) < 1000:
            frame = other.read_frame()
            expect("the first byte", frame.first, CONTINUATION if data else BINARY)
            data += frame.payload
        expect("the data", data, b"a" * 1000)
        one.sock.close()
        other.expect_close(1014)


def check_fault_of_server(it: Before) -> None:
    with it.opened() as (one, other):
        other.sock.sendall(message(0x81, BAD_TEXT, b""))
        other.expect_close(1007)
        one.expect_close(1014)
        it.expect_printed("< fault 1007 BAD_TEXT")


def check_lost_server(it: Before) -> None:
    with it.opened() as (one, other):
        other.sock.close()
        one.expect_close(1014)


def check_bad_answer(it: Before) -> None:
    for answer in (b"", b"SSH-2.0\r\n\r\n", handshake.response("AAAAAAAAAAAAAAAAAAAAAA==")):
        with client(it.relay) as one:
            other = it.accept()
            with other.sock:
                other.read_head()
                other.sock.sendall(answer)
                other.sock.shutdown(socket.SHUT_WR)
                expect("the answer", one.read_to_the_end()[:13], b"HTTP/1.1 502 ")


def check_client_that_does_not_wait(it: Before) -> None:
    """The client is gone before the server answers. A relay may see it at once, or when it answers the client."""
    with client(it.relay) as one:
        other = it.accept()
        with other.sock:
            other.read_head()
            one.sock.close()
            with suppress(ConnectionError):
                other.sock.sendall(handshake.response(handshake.KEY))
                if other.read():
                    other.expect_close(1014)


def check_no_room(it: Before) -> None:
    """A peer that does not read stops the other one."""
    with it.opened() as (one, other):
        push(one, other, PLAIN_KEY)
        push(other, one, b"")


def push(sender: Peer, receiver: Peer, key: bytes) -> None:
    """Send until there is no room, then have all of it read."""
    piece = message(0x82, CYCLE, key)
    sent, pieces, rest = 0, 0, memoryview(b"")
    sender.sock.settimeout(0.3)
    try:
        while sent < 2 * MOST_BUFFERED:
            if not rest:
                pieces, rest = pieces + 1, memoryview(piece)
            length = sender.sock.send(rest)
            sent, rest = sent + length, rest[length:]
    except TimeoutError:
        pass
    if sent > MOST_BUFFERED:
        raise HostError(f"the relay took {sent:,} bytes for a peer that does not read")
    sender.sock.settimeout(SECONDS)
    last = threading.Thread(target=sender.sock.sendall, args=(bytes(rest) + message(0x81, b"last", key),), daemon=True)
    last.start()
    count = 0
    while (frame := receiver.read_frame()).opcode != TEXT:
        start = count % len(CYCLE)
        expect("the data", frame.payload, (CYCLE * 2)[start : start + len(frame.payload)])
        count += len(frame.payload)
    last.join()
    expect("the length of what arrives", count, pieces * PIECE)


# --- Without a server ---


def check_nobody(name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with serving(name, [*RELAYS[name], "0", f"ws://127.0.0.1:{port}"]) as relay, client(relay) as peer:
            expect("the answer", peer.read_to_the_end()[:13], b"HTTP/1.1 502 ")


# --- All ---

BETWEEN = (check_messages, check_server_begins, check_refusal, check_request, check_bad_text, check_lost_client)
BEFORE = (
    check_frames,
    check_data_as_it_arrives,
    check_fault_of_server,
    check_lost_server,
    check_bad_answer,
    check_client_that_does_not_wait,
    check_no_room,
)


class Counter:
    """Runs checks and counts failures."""

    def __init__(self) -> None:
        self.failed = self.count = 0

    def run(self, where: str, check: Callable[[], None], name: str) -> None:
        self.count += 1
        try:
            check()
        except (HostError, OSError) as error:
            self.failed += 1
            print(f"{where}: {name.removeprefix('check_').replace('_', ' ')}: {error!r}", flush=True)


def stop(*servers: Server) -> None:
    for server in servers:
        server.stop()
        if errors := server.errors():
            raise HostError(f"{server.host} wrote to its standard error:\n{errors}")


def check_between(counter: Counter, name: str, client: str, server_name: str) -> None:
    where = f"{client} to {server_name} by {name}"
    with ExitStack() as stack:
        server = stack.enter_context(serving(server_name, SERVERS[server_name]))
        relay = stack.enter_context(serving(name, [*RELAYS[name], "0", server.url]))
        it = Between(client, relay, server, Lines(server))
        for check in BETWEEN:
            counter.run(where, partial(check, it), check.__name__)
        counter.run(where, partial(stop, relay, server), "end")


def check_before(counter: Counter, name: str) -> None:
    where = f"plain sockets by {name}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        with serving(name, [*RELAYS[name], "0", url, "--print"]) as relay:
            it = Before(relay, Lines(relay), listener)
            for check in BEFORE:
                counter.run(where, partial(check, it), check.__name__)
            counter.run(where, partial(stop, relay), "end")


def main() -> int:
    end_orderly_on_sigterm()
    os.environ["DEFLATE"] = "1"
    failed = 0
    for name in RELAYS:
        counter, started = Counter(), time.perf_counter()
        for client_name, server in PAIRS:
            check_between(counter, name, client_name, server)
        check_before(counter, name)
        counter.run(name, partial(check_nobody, name), "nobody")
        failed += counter.failed
        passed, seconds = counter.count - counter.failed, time.perf_counter() - started
        print(f"{name}: {passed} of {counter.count} checks of the relay, {seconds:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
