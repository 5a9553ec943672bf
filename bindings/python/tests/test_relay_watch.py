"""What a relay keeps while nobody looks: who looks later sees the same, and what does not fit is said."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any, Callable

import pytest

pytest.importorskip("sansock.inspect", exc_type=ImportError)

from sansock import Connection, Request
from sansock._command.watching import CLIENT, SERVER, Watch
from sansock.inspect import Inspector

KEPT = 1 << 20
SPARE = (1 << 20) + (1 << 18)
SIDES: dict[int, Any] = {CLIENT: "client", SERVER: "server"}


class Ends:
    """Two ends that speak through a watch, with a clock of their own."""

    def __init__(self, deflate: bool = False) -> None:
        self.shown: list[bytes] = []
        self.time = 0.0
        # How long it takes to show something, and how long nothing happens between two reads.
        self.cost, self.pause = 0.0, 0.25
        self.watch = Watch(64, kept=KEPT, lines=False, show=self.show, complain=pytest.fail)
        self.watch.now, self.watch.start, self.watch.budget.last = self.clock, 0.0, 0.0
        self.inspector = Inspector(preview=64)
        self.client = Connection.client("ws://example.com/", seed=bytes(32), deflate=deflate)
        self.server = Connection.server(deflate=deflate)
        self.number = self.watch.begin("client", "server")
        assert self.inspector.begin("client", "server", now=0) == self.number
        self.carry()
        self.carry()

    def clock(self) -> float:
        return self.time

    def show(self, text: bytes, _: bytes) -> None:
        self.time += self.cost
        self.shown.append(text)

    def send(self, side: int, data: bytes) -> None:
        """Shows what an end sends to the watch and to the inspector."""
        self.time += self.pause
        now = self.time
        self.watch.see(self.number, side, data)
        self.inspector.feed(self.number, SIDES[side], data, now=now)

    def carry(self) -> None:
        """Carries what both have to send."""
        for side, one, other in ((CLIENT, self.client, self.server), (SERVER, self.server, self.client)):
            data = bytes(one.take_output())
            if data:
                self.send(side, data)
                events = other.receive(data)
                if any(isinstance(event, Request) for event in events):
                    other.accept()

    def talk(self, text: str, count: int = 1) -> None:
        """The client sends, and the server echoes."""
        for _ in range(count):
            self.client.send(text)
            self.server.send(text)
            self.carry()

    def look(self) -> list[Any]:
        """What somebody sees who comes."""
        self.watch.watch(everything=True)
        self.watch.finish()
        self.watch.unwatch(everything=True)
        return self.entries()

    def entries(self) -> list[Any]:
        return [json.loads(line) for line in b"".join(self.shown).decode().split("\n")[:-1]]


def run(body: Callable[[], None]) -> None:
    async def main() -> None:
        body()

    asyncio.run(main())


def is_message(entry: Any) -> bool:
    return bool(entry["type"] == "message")


def notes(entries: list[Any]) -> list[str]:
    return [entry["text"] for entry in entries if entry["type"] == "note"]


@pytest.mark.parametrize("deflate", [False, True])
def test_who_comes_late_sees_what_an_inspector_sees(deflate: bool) -> None:
    def body() -> None:
        ends = Ends(deflate)
        ends.talk("hello", 20)
        ends.client.ping(b"there?")
        ends.talk("x" * 300_000)
        assert ends.shown == []
        wanted: list[Any] = ends.inspector.take()
        assert ends.look() == wanted
        # And who looked away, and comes again.
        ends.talk("more", 3)
        ends.client.close(1000, "bye")
        ends.carry()
        assert ends.entries() == wanted
        wanted += ends.inspector.take()
        assert ends.look() == wanted

    run(body)


def test_entries_come_while_somebody_looks() -> None:
    async def main() -> None:
        ends = Ends()
        ends.watch.watch(everything=False)
        while ends.watch.seen:
            await asyncio.sleep(0)
        before = len(ends.entries())
        ends.talk("hello")
        assert len(ends.entries()) == before
        ends.watch.finish()
        assert [entry["size"] for entry in ends.entries() if is_message(entry)] == [5, 5]

    asyncio.run(main())


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("everything", [False, True])
def test_looking_takes_a_share_of_the_time_unless_all_is_wanted(everything: bool, deflate: bool) -> None:
    def body() -> None:
        ends = Ends(deflate)
        ends.watch.watch(everything=everything)
        ends.cost, ends.pause = 0.002, 0.005
        text = random.Random(1).randbytes(50_000).hex()
        for number in range(300):
            ends.talk(f"{text}{number}")
        before = len(ends.shown)
        assert before > 250 if everything else 60 < before < 250
        ends.watch.finish()
        entries = ends.entries()
        told = list(filter(is_message, entries))
        wanted = [entry["time"] for entry in ends.inspector.take() if is_message(entry)]
        left_out = sum(int(text.split()[5]) for text in notes(entries) if text.startswith("passed over"))
        assert len(told) + left_out == len(wanted)
        assert (left_out > 300) is not everything
        # Looking went on in between, from the beginning of a message.
        places = [wanted.index(entry["time"]) for entry in told]
        assert all(place > last for last, place in zip(places, places[1:]))
        gaps = sum(place > last + 1 for last, place in zip(places, places[1:]))
        assert gaps > 1 or everything
        assert ends.watch.size == 0

    run(body)


@pytest.mark.parametrize(("size", "count"), [(10, 8000), (300_000, 6)])
def test_what_is_kept_is_bounded_and_what_is_dropped_is_said(size: int, count: int) -> None:
    def body() -> None:
        ends = Ends()
        ends.talk("x" * size, count)
        assert KEPT * 2 // 3 < ends.watch.size <= KEPT + SPARE
        # The opening handshake is told, and no message.
        before = ends.entries()
        assert [entry["type"] for entry in before] == ["connection", "head", "head"]
        entries = ends.look()
        passed = [text for text in notes(entries) if text.startswith("passed over")]
        assert len(passed) == 2
        messages = list(filter(is_message, entries))
        assert 0 < len(messages) < 2 * count
        # No byte is left out without a word, and the rest is what it would have been.
        left_out = sum(int(text.split()[5]) for text in passed)
        assert left_out + len(messages) == 2 * count
        rest = [entry for entry in ends.inspector.take() if is_message(entry)][left_out:]

        def plain(entry: Any) -> Any:
            return {key: value for key, value in entry.items() if key != "id"}

        for side in ("client", "server"):
            last = [plain(entry) for entry in messages if entry["from"] == side]
            assert last == [plain(entry) for entry in rest if entry["from"] == side][-len(last) :]
        assert ends.watch.size == 0

    run(body)


def test_what_is_compressed_can_be_read_behind_what_was_dropped() -> None:
    def body() -> None:
        ends = Ends(deflate=True)
        text = random.Random(1).randbytes(300_000).hex()
        ends.talk(text, 4)
        entries = ends.look()
        assert any(text.startswith("passed over") for text in notes(entries))
        assert {entry["payload"]["text"] for entry in entries if is_message(entry)} == {text[:64]}
        assert not [entry for entry in entries if entry["type"] == "fault"]

    run(body)


def test_control_frames_and_the_end_are_told_of_what_is_dropped() -> None:
    def body() -> None:
        ends = Ends()
        ends.client.ping(b"first")
        ends.talk("hello")
        ends.talk("x" * 300_000, 6)
        entries = ends.entries()
        assert [entry["kind"] for entry in entries if entry["type"] == "frame"] == ["ping", "pong"]
        ends.client.close(1000)
        ends.carry()
        # The answer waits for the next call.
        ends.server.timeout()
        ends.carry()
        # Another connection, and nobody looks at it either.
        number = ends.watch.begin("other", "server")
        for _ in range(10):
            ends.watch.see(number, CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + bytes(300_000))
        entries = [entry for entry in ends.entries() if entry["connection"] == ends.number]
        assert [entry["kind"] for entry in entries if entry["type"] == "frame"] == ["ping", "pong", "close", "close"]
        assert [entry["code"] for entry in entries if entry["type"] == "closed"] == [1000, 1000]

    run(body)


def test_a_flood_of_pings_is_taken_in_pieces() -> None:
    def body() -> None:
        ends = Ends()
        ping = b"\x89\x00"
        for _ in range(10):
            ends.watch.see(ends.number, SERVER, ping * 120_000)
            assert max(map(len, ends.shown), default=0) < 2 << 20
            ends.shown[3:] = []
        assert ends.watch.size <= KEPT + SPARE

    run(body)
