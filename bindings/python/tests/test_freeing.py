"""Freeing at any moment: no method reads memory that was given back, and it is given back as soon as none is running.

What the library would give back is overwritten here instead, with a block that says that there is a message, an output
and a fault, and where. Whoever reads it returns what it never could otherwise.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any, Callable, Union

import pytest

from sansock import BadHandle, Connection, SansockError, Tunnel, _ffi, _memory
from sansock._numbers import ERR_BAD_HANDLE, KIND_TEXT

from conftest import SEED, counts_references, masked

pytestmark = counts_references

Owner = Union[Connection, Tunnel]
Act = Callable[[Any], Any]
PACKAGE = _ffi.__file__.rpartition("_ffi")[0]
TEXT = ctypes.create_string_buffer(b"FREED MEMORY" * 10)
RECORD = ctypes.create_string_buffer(_ffi.RECORD.pack(KIND_TEXT, 0x03 | 0x04, 0, 0, 0, 5, 0))
FREED_BLOCK = _ffi.Block(
    event_count=1,
    transport=1,
    state=2,
    flags=0xFF,
    fault=5,
    consumed=3,
    next_deadline=12345,
    payload_remaining=54321,
    fault_actual=77,
    **dict.fromkeys(("input", "store", "scratch", "output"), ctypes.addressof(TEXT)),
    events=ctypes.addressof(RECORD),
    output_len=7,
    written=1,
)


class Freed:
    """What was freed: overwritten, and given back at the end of the test."""

    def __init__(self) -> None:
        self.addresses: list[int] = []
        self.frees: dict[int, Callable[[Any], None]] = {}
        self.blocks: dict[int, int] = {}
        self.late_calls: list[str] = []

    def conn_free(self, address: int) -> None:
        self._free(address, _ffi.conn_block(_ffi.pointer(address)))
        self.frees[address] = _ffi.conn_free

    def tunnel_free(self, address: int) -> None:
        self._free(address, _ffi.tunnel_block(_ffi.pointer(address)))
        self.frees[address] = _ffi.tunnel_free

    def _free(self, address: int, block: int) -> None:
        assert address not in self.addresses, "it was freed twice"
        self.addresses.append(address)
        self.blocks[address] = block
        ctypes.memmove(block, ctypes.byref(FREED_BLOCK), ctypes.sizeof(FREED_BLOCK))

    def watching(self, name: str, function: Any) -> Any:
        """The function of the library, which a freed handle must not reach."""

        def call(*arguments: Any) -> Any:
            # An argument shows its address when it is converted again.
            first = arguments[0] if arguments else None
            if isinstance(first, type(_ffi.pointer(1))):
                address = ctypes.cast(first, ctypes.c_void_p).value
                if address in self.addresses:
                    self.late_calls.append(name)
                    return ERR_BAD_HANDLE
            return function(*arguments)

        return call


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Freed]:
    gc.collect()
    freed = Freed()
    monkeypatch.setattr(_ffi._LastOfConnection.__del__, "__defaults__", (freed.conn_free, int))
    monkeypatch.setattr(_ffi._LastOfTunnel.__del__, "__defaults__", (freed.tunnel_free, int))
    for name in _ffi.prototypes:
        if name.startswith(("conn_", "tunnel_")) and not name.endswith(("_free", "_block", "_new")):
            monkeypatch.setattr(_ffi, name, freed.watching(name, getattr(_ffi, name)))
    yield freed
    gc.collect()
    assert freed.late_calls == []
    for address in freed.addresses:
        ctypes.memset(freed.blocks[address], 0, ctypes.sizeof(_ffi.Block))
        freed.frees[address](_ffi.pointer(address))


def idle() -> Connection:
    return Connection.server(start_open=True, seed=SEED, now=0)


def sent() -> Connection:
    connection = idle()
    connection.send("hello")
    return connection


def gathering() -> Connection:
    connection = idle()
    connection.receive(masked(0x82, bytes(100))[:20], 0)
    connection.receive(bytes(20), 0)
    return connection


def failed() -> Connection:
    connection = idle()
    connection.receive(b"\xff\xff", 0)
    connection.timeout(0)
    return connection


def tunnel() -> Tunnel:
    return Tunnel("http://proxy/", "example.com", 80, now=0)


MANY = masked(0x81, b"one") * 9 + masked(0x89, b"ping")
LARGE = masked(0x81, b"x" * 9000) + masked(0x01, b"half") + masked(0x80, b"whole")
CASES: dict[str, tuple[Callable[[], Owner], Act]] = {
    "send": (idle, lambda c: c.send("text")),
    "send_binary": (idle, lambda c: c.send_binary(bytearray(b"data"))),
    "send_part": (idle, lambda c: c.send_part("part", True)),
    "send_batch": (idle, lambda c: c.send_batch(["one", b"two"])),
    "send_after_output": (sent, lambda c: (c.take_output(), c.send("more"), c.take_output())),
    "output": (sent, lambda c: c.output()),
    "some_output": (sent, lambda c: c.output(3)),
    "take_output": (sent, lambda c: c.take_output()),
    "take_some_output": (sent, lambda c: c.take_output(3)),
    "receive": (idle, lambda c: c.receive(masked(0x81, b"text"), 0)),
    "receive_now": (idle, lambda c: c.receive(masked(0x82, b"data"))),
    "receive_many": (idle, lambda c: c.receive(MANY, 0)),
    "receive_large": (idle, lambda c: c.receive(LARGE, 0)),
    "receive_fault": (idle, lambda c: c.receive(b"\xff\xff", 0)),
    "gather": (gathering, lambda c: c.receive(bytes(20), 0)),
    "gathered": (gathering, lambda c: c.receive(bytes(60), 0)),
    "gathered_then_timeout": (gathering, lambda c: c.timeout(0)),
    "receive_eof": (idle, lambda c: c.receive_eof(0)),
    "close": (sent, lambda c: (c.close(now=0), c.timeout(0))),
    "fault": (failed, lambda c: c.fault),
    "next_deadline": (sent, lambda c: (c.take_output(), c.next_deadline)),
    "memory_usage": (idle, lambda c: c.memory_usage()),
    "block": (sent, lambda c: (c.more, c.state, c.transport, c.pending_output, c.writable, repr(c))),
    "tunnel_output": (tunnel, lambda t: t.take_output()),
    "tunnel_receive": (tunnel, lambda t: t.receive(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 0)),
    "tunnel_open": (tunnel, lambda t: (t.receive(b"HTTP/1.1 200 OK\r\n\r\nrest", 0), t.unconsumed)),
    "tunnel_end": (tunnel, lambda t: (t.receive_eof(0), t.timeout(0), t.fault, t.state, t.next_deadline)),
}


class Interruption:
    """Runs a function before one step of Python in this package: what a thread or a signal may do there."""

    def __init__(self, step: int, function: Callable[[], None]) -> None:
        self.left = step
        self.function = function

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE) or frame.f_code.co_name == "__del__":
            return None
        frame.f_trace_opcodes = True
        # Lines as well: Python 3.13 leaves out some opcodes.
        if event in ("line", "opcode"):
            self.left -= 1
            if self.left == -1:
                self.function()
        return self

    def run(self, act: Act, owner: Owner) -> Any:
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return act(owner)
        finally:
            sys.settrace(before)


def do_nothing() -> None:
    pass


@pytest.mark.parametrize("case", CASES)
def test_freed_before_any_step(case: str, freed: Freed) -> None:
    create, act = CASES[case]
    expected = Interruption(-1, do_nothing).run(act, create())
    step, ended, freed_within = 0, False, 0
    while not ended:
        owner = create()
        before = len(freed.addresses)
        interruption = Interruption(step, owner.free)
        with contextlib.suppress(BadHandle):
            assert _comparable(interruption.run(act, owner)) == _comparable(expected)
        ended = interruption.left >= 0
        if not ended:
            # Nothing uses it any more, so its memory was given back, though its object is still there.
            assert len(freed.addresses) == before + 1
            freed_within += 1
        step += 1
    assert freed_within >= 5


def _comparable(value: Any) -> Any:
    """The result of a case, without what is another in each connection: its representation after it was freed."""
    return [each for each in value if not isinstance(each, str)] if isinstance(value, tuple) else value


@pytest.mark.parametrize("create", [idle, sent, gathering, failed, tunnel])
def test_memory_is_given_back_at_once(create: Callable[[], Owner], freed: Freed) -> None:
    owner = create()
    assert freed.addresses == []
    owner.free()
    owner.free()
    assert len(freed.addresses) == 1
    with create() as owner:
        pass
    assert len(freed.addresses) == 2
    owner = create()
    del owner
    assert len(freed.addresses) == 3


def test_errors_that_are_kept_do_not_keep_the_memory(freed: Freed) -> None:
    mistakes: list[Act] = [
        lambda c: c.receive("text"),
        lambda c: c.receive_read_buffer(-1),
        lambda c: c.receive_read_buffer(1, -1),
        lambda c: c.receive_read_buffer(None),
        lambda c: c.accept(),
        lambda c: c.send(5),
        lambda c: c.take_output("1"),
        lambda c: c.written(1),
        lambda c: c.close(1),
    ]
    for number, mistake in enumerate(mistakes):
        connection = idle()
        with pytest.raises((SansockError, TypeError)) as kept:
            mistake(connection)
        connection.free()
        assert len(freed.addresses) == number + 1, kept.value


def test_a_finalizer_of_the_same_garbage(freed: Freed) -> None:
    """The garbage collector may call the finalizer of a connection's user after those of all that the user has."""
    seen: list[Any] = []

    class Used(Connection):
        """A connection that refers to its user."""

        user: User

    class User:
        def __init__(self) -> None:
            # One is older than its user, which the garbage collector then finds first, and the others are younger.
            self.connections: list[Used] = []

        def __del__(self) -> None:
            for connection in self.connections:
                connection.send("late")
                seen.append((len(freed.addresses), connection.take_output()))

    def create() -> Used:
        connection = Used.server(start_open=True, seed=SEED, now=0)
        connection.send("hello")
        return connection

    for _ in range(3):
        older = create()
        user = User()
        user.connections += [older, create(), create()]
        for connection in user.connections:
            connection.user = user
        del older, user, connection
        gc.collect()
    assert [output for _, output in seen] == [b"\x81\x05hello\x81\x04late"] * 9
    assert [count for count, _ in seen] == [0] * 3 + [3] * 3 + [6] * 3
    assert len(freed.addresses) == 9


def test_a_finalizer_that_keeps_the_connection(freed: Freed) -> None:
    kept: list[Connection] = []

    class User:
        def __init__(self) -> None:
            self.connection = sent()
            self.cycle = self

        def __del__(self) -> None:
            kept.append(self.connection)

    User()
    gc.collect()
    assert freed.addresses == []
    kept[0].send("kept")
    assert kept.pop().take_output() == b"\x81\x05hello\x81\x04kept"
    gc.collect()
    assert len(freed.addresses) == 1


RACE = """
import sys, threading, time
from sansock import BadHandle, Busy, Connection, InvalidArgument

sys.setswitchinterval(1e-6)
FRAMES = (b"\\x81\\x85\\0\\0\\0\\0hello") * 7
OUTPUT = b"\\x81\\x04text"
unexpected, freed_in_use, end = [], 0, time.monotonic() + 1

def use(connection):
    global freed_in_use
    try:
        for _ in range(100):
            events = connection.receive(FRAMES)
            connection.send("text")
            connection.next_deadline
            output = connection.output()
            taken = connection.take_output()
            if len(events) != 7 or output != OUTPUT or taken != OUTPUT:
                unexpected.append((events, output, taken))
    except BadHandle:
        freed_in_use += 1
    except Exception as error:
        unexpected.append(repr(error))

while time.monotonic() < end:
    connections = [Connection.server(start_open=True) for _ in range(8)]
    users = [threading.Thread(target=use, args=(connection,)) for connection in connections]
    for user in users:
        user.start()
    # Two threads, so that they also free one connection at once.
    freeing = [threading.Thread(target=lambda: [each.free() for each in connections]) for _ in range(2)]
    for thread in freeing:
        thread.start()
    for thread in users + freeing:
        thread.join()
assert not unexpected, unexpected[:3]
assert freed_in_use
"""


def test_freed_by_other_threads() -> None:
    source = PACKAGE.rpartition("sansock")[0]
    environment = {"PYTHONPATH": source, "SANSOCK_LIBRARY": str(_ffi.library_path), "PYTHONFAULTHANDLER": "1"}
    program = [sys.executable, "-c", RACE]
    result = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")


def test_what_is_kept_after_freeing() -> None:
    """Events are copies, and a view of the read buffer is one of the thread's memory."""
    connection = idle()
    view, events = connection.read_buffer, connection.receive(masked(0x81, b"text"), 0)
    connection.free()
    view[:4] = b"mine"
    assert bytes(_memory.thread_local.read_buffer.input_view[:4]) == b"mine"
    assert [event.data for event in events] == ["text"]  # type: ignore[union-attr]
