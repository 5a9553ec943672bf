"""Frames as they arrive, for relays, and faults that the host answers."""

from __future__ import annotations

from typing import Any

import pytest

from sansock import (
    Binary,
    Closed,
    Closing,
    Connection,
    Event,
    Fault,
    Frame,
    MessageKind,
    Ping,
    ReportedFault,
    State,
    Text,
    Transport,
)

from conftest import SEED, everything, masked

FRAMES: dict[str, Any] = {"start_open": True, "seed": SEED, "now": 0}


class Relay:
    """Passes on frames as they are, and control frames without an answer of its own."""

    def __init__(self) -> None:
        self.front = Connection.server(frames=True, **FRAMES)
        self.back = Connection.client(frames=True, **FRAMES)

    def from_client(self, data: bytes) -> bytes:
        self.pass_on(self.front.receive(data, 0), self.front, self.back)
        return self.back.take_output()

    def from_server(self, data: bytes) -> bytes:
        self.pass_on(self.back.receive(data, 0), self.back, self.front)
        return self.front.take_output()

    def pass_on(self, events: list[Event], source: Connection, target: Connection) -> None:
        for event in everything(source, events):
            if isinstance(event, Frame):
                target.send_part(event.data, event.last, event.kind)
            elif isinstance(event, Ping):
                target.ping(event.payload, 0)
            elif isinstance(event, Closing):
                target.close(event.code, event.reason, 0)
            elif isinstance(event, ReportedFault):
                source.fail(event.code, now=0)
                target.close(1001, now=0)


def test_a_relay() -> None:
    relay, server = Relay(), Connection.server(parts=True, **FRAMES)
    sent = masked(0x01, b"\xc3") + masked(0x89, b"p") + masked(0x00, b"") + masked(0x80, b"\xa9!") + masked(0x82, b"b")
    events = server.receive(relay.from_client(sent), 0)
    assert Ping(b"p") in events
    assert "".join(event.data for event in events if isinstance(event, Text)) == "é!"
    assert events[-1] == Binary(b"b")
    server.send("to the client")
    assert b"to the client" in relay.from_server(server.take_output())
    passed = relay.from_client(masked(0x88, b"\x0f\xa0bye"))
    assert everything(server, server.receive(passed, 0))[0] == Closing(4000, "bye")
    assert relay.from_server(server.take_output()).endswith(b"\x88\x05\x0f\xa0bye")


def test_frames() -> None:
    server = Connection.server(frames=True, **FRAMES)
    data = masked(0x01, b"\xc3") + masked(0x80, b"\xa9") + masked(0x82, b"")
    assert server.receive(data + masked(0x02, b"abcd")[:-2], 0) == [
        Frame(MessageKind.TEXT, b"\xc3", True, False, True, False, 1),
        Frame(MessageKind.TEXT, b"\xa9", False, True, True, False, 1),
        Frame(MessageKind.BINARY, b"", True, True, True, False, 0),
        Frame(MessageKind.BINARY, b"ab", True, False, False, False, 4),
    ]
    assert server.receive(b"c", 0) == [Frame(MessageKind.BINARY, b"c", False, False, False, False, 4)]
    assert server.receive(b"d", 0) == [Frame(MessageKind.BINARY, b"d", False, False, True, False, 4)]


def test_a_compressed_frame() -> None:
    server = Connection.server(frames=True, deflate=True, **FRAMES)
    (frame,) = server.receive(masked(0xC1, bytes.fromhex("f248cdc9c90700")), 0)
    assert frame == Frame(MessageKind.TEXT, b"Hello", True, True, True, True, 7)


def test_many_frames_in_one_read() -> None:
    server = Connection.server(frames=True, batches=True, **FRAMES)
    events = everything(server, server.receive(masked(0x82, b"x" * 200) * 300, 0))
    assert events == [Frame(MessageKind.BINARY, b"x" * 200, True, True, True, False, 200)] * 300


@pytest.mark.parametrize("read_buffer", [False, True])
def test_frames_are_not_gathered(read_buffer: bool) -> None:
    server = Connection.server(frames=True, **FRAMES)
    data, got = masked(0x82, bytes(range(200))), b""
    for start in range(0, len(data), 50):
        piece = data[start : start + 50]
        if read_buffer:
            server.read_buffer[: len(piece)] = piece
        events = server.receive_read_buffer(len(piece), 0) if read_buffer else server.receive(piece, 0)
        assert events
        got += b"".join(event.data for event in events if isinstance(event, Frame))
    assert got == bytes(range(200))


def test_a_fault_that_the_host_answers() -> None:
    server = Connection.server(auto_fail=False, **FRAMES)
    assert server.fault is None
    assert server.receive(masked(0x81, b"hi") + masked(0x83, b""), 0) == [
        Text("hi"),
        ReportedFault("RESERVED_OPCODE", 1002),
    ]
    assert server.state is State.CLOSING
    fault = server.fault
    assert fault is not None
    assert (fault.name, fault.actual, fault.limit, fault.position) == ("RESERVED_OPCODE", 3, None, 8)
    assert server.next_deadline == 10_000
    server.send("a last word")
    server.fail(1002, "no such opcode", 0)
    (closed,) = everything(server, [])
    assert closed == Closed(1006, "", False, True, 1002, fault)
    assert server.take_output() == b"\x81\x0ba last word\x88\x10\x03\xeano such opcode"
    assert server.transport is Transport.SHUTDOWN_WRITE


def test_a_fault_that_nobody_answers() -> None:
    server = Connection.server(auto_fail=False, **FRAMES)
    server.receive(masked(0x83, b""), 0)
    (closed,) = server.timeout(10_000)
    assert isinstance(closed, Closed)
    assert closed.sent_code is None
    assert server.transport is Transport.CLOSE


@pytest.mark.parametrize(
    ("options", "data", "expected"),
    [
        ({}, masked(0x83, b""), ("RESERVED_OPCODE", 3, None, 0)),
        ({}, masked(0x82, b"ok") + masked(0x81, b"\xff"), ("BAD_TEXT", None, None, 8)),
        ({"max_message_size": 2}, masked(0x82, b"abc"), ("MESSAGE_TOO_BIG", 3, 2, 0)),
    ],
)
def test_numbers_of_a_fault(
    options: dict[str, Any], data: bytes, expected: tuple[str, int | None, int | None, int | None]
) -> None:
    server = Connection.server(**FRAMES, **options)
    (closed,) = [event for event in everything(server, server.receive(data, 0)) if isinstance(event, Closed)]
    fault = closed.fault
    assert isinstance(fault, Fault)
    assert (fault.name, fault.actual, fault.limit, fault.position) == expected
    assert server.fault == fault


@pytest.mark.parametrize(("close_reason", "reason"), [(True, b"the opcode is reserved"), (False, b"")])
def test_the_close_frame_says_why(close_reason: bool, reason: bytes) -> None:
    server = Connection.server(close_reason=close_reason, **FRAMES)
    everything(server, server.receive(masked(0x83, b""), 0))
    assert server.take_output()[4:] == reason


def test_a_fault_that_is_none_of_a_frame_has_no_position() -> None:
    server = Connection.server(**FRAMES)
    everything(server, server.receive_eof(0))
    assert server.fault is not None
    assert (server.fault.name, server.fault.position) == ("EOF", None)
