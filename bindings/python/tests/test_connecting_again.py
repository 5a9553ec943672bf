"""Clients that connect again, with a server that comes and goes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("websockets.sync.server")

from test_hosts import peer
from websockets.sync.server import serve

import sansock.sync
from sansock import ConnectionClosed, InvalidStatus, ProxyError
from sansock._connecting import Retries, backoff, is_temporary

from conftest import import_or_skip
from drivers import ADAPTERS, Asyncio, Curio, Threads, Trio


class ComingAndGoing:
    """A server of ``websockets`` that is started and stopped, always at the same port."""

    def __init__(self) -> None:
        self.port = 0
        self.threads: list[threading.Thread] = []
        self.start()
        self.stop()
        self.url = f"ws://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self.join()
        self.server = serve(lambda websocket: websocket.send("hello"), "127.0.0.1", self.port)
        self.port = self.server.socket.getsockname()[1]
        self.run(self.server.serve_forever)

    def stop(self) -> None:
        """Refuses connections from now on. Those that are open are closed meanwhile."""
        self.run(self.server.shutdown)
        self.server.socket_closed.wait(10)

    def run(self, function: Any) -> None:
        self.threads.append(threading.Thread(target=function))
        self.threads[-1].start()

    def join(self) -> None:
        while self.threads:
            self.threads.pop().join()


@pytest.fixture
def server() -> Iterator[ComingAndGoing]:
    server = ComingAndGoing()
    yield server
    server.stop()
    server.join()


DRIVERS = [each for each in ADAPTERS if isinstance(each, (Asyncio, Curio, Threads, Trio))]


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.name)
def driver(request: pytest.FixtureRequest) -> Any:
    if request.param.name not in ("asyncio", "threads"):
        import_or_skip(request.param.name)
    return request.param


def once_and_again(driver: Any, url: str, use: Any) -> None:
    """Calls this with one connection after another, until it raises StopAsyncIteration."""
    with contextlib.suppress(Done):
        if isinstance(driver, Threads):
            for websocket in sansock.sync.connect_again(url):
                with contextlib.suppress(ConnectionClosed):
                    use(websocket.recv())
        elif isinstance(driver, Asyncio):
            driver.run(lambda: again_with_asyncio(url, use))
        else:
            driver.run(lambda: again_with_handler(driver, url, use))


async def again_with_asyncio(url: str, use: Any) -> None:
    async for websocket in sansock.asyncio.connect(url):
        with contextlib.suppress(ConnectionClosed):
            use(await websocket.recv())


async def again_with_handler(driver: Any, url: str, use: Any) -> None:
    async def handler(websocket: Any) -> None:
        use(await websocket.recv())

    await driver.connect_again(handler, url)


class Done(Exception):
    """Enough."""


def delays(monkeypatch: pytest.MonkeyPatch, before: Any, long_enough: float = 0.0) -> None:
    """Waits for nothing, but calls this before each wait, with their number since the last reset.

    ``long_enough`` is how long a connection has to live for a reset.
    """

    def backoff() -> Iterator[float]:
        number = 0
        while True:
            number += 1
            before(number)
            yield 0.0

    monkeypatch.setattr("sansock._connecting.backoff", backoff)
    monkeypatch.setattr("sansock._connecting.LONG_ENOUGH", long_enough)


def test_a_server_that_comes_and_goes(driver: Any, server: ComingAndGoing, monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[Any] = []
    attempts: list[int] = []

    def before(number: int) -> None:
        attempts.append(number)
        if number == 3:
            server.start()

    def use(message: Any) -> None:
        received.append(message)
        if len(received) in (2, 4):
            server.stop()
        if len(received) == 5:
            raise Done

    delays(monkeypatch, before)
    once_and_again(driver, server.url, use)
    assert received == ["hello"] * 5
    assert attempts == [1, 2, 3] * 3


def test_connections_that_end_at_once_are_waited_for(
    driver: Any, server: ComingAndGoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []

    def use(message: Any) -> None:
        if len(waits) == 4:
            raise Done

    delays(monkeypatch, waits.append, long_enough=60.0)
    server.start()
    once_and_again(driver, server.url, use)
    assert waits == [1, 2, 3, 4]


def test_waits_begin_anew_after_a_connection_that_has_lived() -> None:
    clock = [0.0]
    retries = Retries(lambda: clock[0])
    grown = [retries.delay() for _ in range(8)][-1]
    assert grown > 5
    for lived, is_reset in ((0.0, False), (9.5, False), (10.0, True)):
        retries.opened()
        clock[0] += lived
        assert (retries.delay() == 0.0) is is_reset
    assert 0.25 <= retries.delay() <= 0.5
    assert 0.4 <= retries.delay() <= 0.8
    clock[0] += 100
    assert retries.delay() > 0.5


@pytest.mark.parametrize(("status", "is_temporary"), [(503, True), (404, False)])
def test_refusals(driver: Any, status: int, is_temporary: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(websocket: Any, request: Any) -> Any:
        asked.append(request)
        return websocket.respond(status, "") if len(asked) < 3 else None

    def use(message: Any) -> None:
        raise Done

    delays(monkeypatch, lambda _: None)
    with peer(lambda websocket: websocket.send("hello"), process_request=refuse) as url:
        if is_temporary:
            once_and_again(driver, url, use)
            assert len(asked) == 3
        else:
            with pytest.raises(InvalidStatus):
                once_and_again(driver, url, use)
            assert len(asked) == 1


def test_refusals_of_a_proxy() -> None:
    for status, temporary in ((None, True), (502, True), (407, False), (403, False), (1, True)):
        assert is_temporary(ProxyError(None, status)) is temporary


def test_what_the_user_raises_ends_it(driver: Any, server: ComingAndGoing, monkeypatch: pytest.MonkeyPatch) -> None:
    def use(message: Any) -> None:
        raise OSError("of the user's")

    delays(monkeypatch, lambda _: None)
    server.start()
    with pytest.raises(OSError, match="user's"):
        once_and_again(driver, server.url, use)


def test_delays_grow() -> None:
    found = backoff(first=1.0, factor=2.0, most=8.0)
    for most in (1.0, 2.0, 4.0, 8.0, 8.0, 8.0):
        assert most / 2 <= next(found) <= most
