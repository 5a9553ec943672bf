"""Clients and servers of ours over sockets, under every adapter: no other library is needed, so any Python will do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sansock import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from sansock.asyncio import Response

MESSAGES = ["", "héllo", b"", b"\x00\xff" * 3, "x" * 125, "y" * 126, b"z" * 65_536, "large " * 100_000]


async def echo(websocket: Any) -> None:
    async for message in websocket:
        await websocket.send(message)


@pytest.mark.parametrize("compression", [True, False])
def test_messages_come_back(adapter: Any, compression: bool) -> None:
    async def test() -> None:
        async with adapter.connect(server.url, compression=compression) as websocket:
            for message in MESSAGES:
                await websocket.send(message)
                assert await websocket.recv() == message
            # All at once: reads bring several, and pieces of the next.
            for message in MESSAGES:
                await websocket.send(message)
            assert [await websocket.recv() for _ in MESSAGES] == MESSAGES

    with adapter.serve(echo, compression=compression) as server:
        adapter.run(test)


def test_fragments_are_one_message(adapter: Any) -> None:
    async def pieces() -> AsyncIterator[str]:
        for piece in ("hé", "", "llo"):
            yield piece

    async def test() -> None:
        async with adapter.connect(server.url) as websocket:
            await websocket.send(pieces())
            assert await websocket.recv() == "héllo"
            await websocket.send([b"\x00", b"\xff"])
            assert await websocket.recv() == b"\x00\xff"

    with adapter.serve(echo) as server:
        adapter.run(test)


def test_parts_arrive_before_the_end(adapter: Any) -> None:
    async def handler(websocket: Any) -> None:
        await websocket.send(message)

    async def test() -> None:
        async with adapter.connect(server.url, parts=True) as websocket:
            parts = [part async for part in websocket.recv_parts()]
        assert len(parts) > 1
        assert "".join(parts) == message

    message = "é" * 500_000
    with adapter.serve(handler) as server:
        adapter.run(test)


def test_pings(adapter: Any) -> None:
    async def handler(websocket: Any) -> None:
        assert 0 <= await websocket.ping() < 10
        await websocket.send("answered")
        await echo(websocket)

    async def test() -> None:
        async with adapter.connect(server.url) as websocket:
            assert await websocket.recv() == "answered"
            time = await websocket.ping("payload")
            assert 0 < time < 10
            assert websocket.latency == time

    with adapter.serve(handler) as server:
        adapter.run(test)


@pytest.mark.parametrize(
    ("code", "error"), [(1000, ConnectionClosedOK), (1001, ConnectionClosedOK), (4321, ConnectionClosedError)]
)
def test_either_end_closes(adapter: Any, code: int, error: type[Exception]) -> None:
    ended: list[Any] = []

    async def handler(websocket: Any) -> None:
        if await websocket.recv() == "close":
            await websocket.close(code, "enough")
        else:
            await websocket.wait_closed()
        ended.append((websocket.close_code, websocket.close_reason))

    async def test() -> None:
        async with adapter.connect(server.url) as websocket:
            await websocket.send("close")
            with pytest.raises(error) as caught:
                await websocket.recv()
            closed: Any = caught.value
            assert (closed.code, closed.reason, closed.by_peer, closed.clean) == (code, "enough", True, True)
        async with adapter.connect(server.url) as websocket:
            await websocket.send("stay")
            await websocket.close(code, "enough")
            assert websocket.close_code == code

    with adapter.serve(handler) as server:
        adapter.run(test)
    assert ended == [(code, "enough")] * 2


def test_a_fault_of_the_peer_fails_the_connection(adapter: Any) -> None:
    async def test() -> None:
        async with adapter.connect(server.url) as websocket:
            await websocket.send(b"x" * 101)
            with pytest.raises(ConnectionClosedError) as caught:
                await websocket.recv()
            assert caught.value.code == 1009

    with adapter.serve(echo, max_size=100) as server:
        adapter.run(test)


def test_a_refusal(adapter: Any) -> None:
    def decide(websocket: Any) -> Response | None:
        return None if websocket.request.target == "/" else Response(404, {"X-Why": "no"}, b"there is nothing")

    async def test() -> None:
        with pytest.raises(InvalidStatus) as caught:
            async with adapter.connect(server.url + "elsewhere"):
                pass
        assert (caught.value.status, caught.value.body) == (404, b"there is nothing")
        async with adapter.connect(server.url, subprotocols=["a", "b"]) as websocket:
            assert websocket.subprotocol == "b"

    with adapter.serve(echo, process_request=decide, subprotocols=["b"]) as server:
        adapter.run(test)


def test_a_timeout_loses_no_message(adapter: Any) -> None:
    async def test() -> None:
        async with adapter.connect(server.url) as websocket:
            with pytest.raises(TimeoutError):
                await adapter.at_most(0.05, websocket.recv())
            await websocket.send("late")
            assert await websocket.recv() == "late"

    with adapter.serve(echo) as server:
        adapter.run(test)


def test_a_broadcast_reaches_all(adapter: Any) -> None:
    members: list[Any] = []

    async def tell_all(websocket: Any) -> None:
        members.append(websocket)
        await websocket.send("welcome")
        async for message in websocket:
            adapter.broadcast(members, message)

    async def test() -> None:
        async with adapter.connect(server.url) as one, adapter.connect(server.url) as other:
            assert [await one.recv(), await other.recv()] == ["welcome"] * 2
            for message in ("to all", b"\x00" * 3000):
                await one.send(message)
                assert [await one.recv(), await other.recv()] == [message] * 2

    with adapter.serve(tell_all) as server:
        adapter.run(test)


def test_many_connections_at_once(adapter: Any) -> None:
    async def talk(number: int) -> None:
        async with adapter.connect(server.url) as websocket:
            for count in range(20):
                await websocket.send(f"{number} {count}")
                assert await websocket.recv() == f"{number} {count}"

    async def test() -> None:
        await adapter.at_once(*[talk(number) for number in range(10)])

    with adapter.serve(echo) as server:
        adapter.run(test)
