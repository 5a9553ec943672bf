"""What only Twisted has: factories for endpoints, Deferreds in callbacks and generators."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("twisted")
pytest.importorskip("websockets.sync.client")

from test_hosts import connect_peer, echo, echo_peer, peer
from twisted.application.internet import ClientService
from twisted.internet import defer, endpoints
from twisted.internet.threads import blockingCallFromThread

from sansock import ConnectionClosedOK, InvalidArgument
from sansock.twisted import WebSocketClientFactory, WebSocketServerFactory, connect

from drivers import ADAPTERS, Certificates, Twisted

DRIVER = next(adapter for adapter in ADAPTERS if isinstance(adapter, Twisted))


@contextlib.contextmanager
def listening(factory: Any) -> Iterator[str]:
    """An endpoint that listens with this factory."""
    reactor = DRIVER.reactor()
    endpoint = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1")
    port: Any = blockingCallFromThread(reactor, endpoint.listen, factory)
    try:
        yield f"ws://127.0.0.1:{port.getHost().port}/"
    finally:
        blockingCallFromThread(reactor, port.stopListening)
        blockingCallFromThread(reactor, factory.close)


def run(function: Any, *arguments: Any) -> Any:
    return blockingCallFromThread(DRIVER.reactor(), lambda: DRIVER.limited(function(*arguments), 20))


def test_a_factory_of_servers() -> None:
    factory = WebSocketServerFactory(echo)
    with listening(factory) as url, connect_peer(url) as client:
        client.send("hello")
        assert client.recv() == "hello"
        assert len(factory.connections) == 1
    assert factory.connections == []


def test_options_are_checked_by_a_factory() -> None:
    with pytest.raises(InvalidArgument):
        WebSocketServerFactory(echo, max_size=0)
    with pytest.raises(InvalidArgument):
        WebSocketClientFactory("http://a/", echo)


def test_small_messages_are_not_held_back(certificates: Certificates) -> None:
    delays: list[Any] = []

    async def note(websocket: Any) -> None:
        delays.append(websocket.transport.getTcpNoDelay())

    with DRIVER.serve(note) as server:
        connect_peer(server.url).close()
    with DRIVER.serve(note, ssl=certificates.server) as server:
        connect_peer(server.url.replace("ws:", "wss:"), ssl=certificates.peer).close()
    assert [bool(each) for each in delays] == [True, True]


def test_a_handler_with_inline_callbacks() -> None:
    @defer.inlineCallbacks
    def shout(websocket: Any) -> Any:
        while True:
            message = yield websocket.recv()
            yield websocket.send(message.upper())

    with listening(WebSocketServerFactory(shout)) as url, connect_peer(url) as client:
        client.send("hello")
        assert client.recv() == "HELLO"


def test_callbacks() -> None:
    def use(websocket: Any) -> Any:
        sent = websocket.send("hello").addCallback(lambda _: websocket.recv())
        return sent.addBoth(lambda result: websocket.close().addCallback(lambda _: result))

    with peer(echo_peer) as url:
        assert run(lambda: connect(url).addCallback(use)) == "hello"


def test_a_deferred_that_is_cancelled_loses_nothing() -> None:
    async def use(url: str) -> None:
        async with await connect(url) as websocket:
            receiving = websocket.recv()
            receiving.cancel()
            with pytest.raises(defer.CancelledError):
                await receiving
            await websocket.send("hello")
            assert await websocket.recv() == "hello"

    with peer(echo_peer) as url:
        run(lambda: defer.ensureDeferred(use(url)))


def test_a_deferred_may_fire_within_the_handling_of_another() -> None:
    async def use(url: str) -> Any:
        async with await connect(url) as websocket:
            order: list[str] = []

            def go_on(_: Any, name: str) -> Any:
                # It uses the connection while the session wakes those behind it.
                order.append(name)
                return websocket.send(name)

            await defer.gatherResults([websocket.ping(name).addCallback(go_on, name) for name in "abc"])
            return order, [await websocket.recv() for _ in "abc"]

    with peer(echo_peer) as url:
        assert run(lambda: defer.ensureDeferred(use(url))) == (["a", "b", "c"], ["a", "b", "c"])


def test_a_factory_of_clients_connects_again_with_a_service() -> None:
    connected: list[Any] = []
    received: list[Any] = []
    enough: defer.Deferred[None] = defer.Deferred()

    async def receive(websocket: Any) -> None:
        connected.append(websocket)
        with contextlib.suppress(ConnectionClosedOK):
            received.append(await websocket.recv())
        if len(connected) == 3:
            enough.callback(None)

    def start(url: str) -> Any:
        reactor = DRIVER.reactor()
        endpoint = endpoints.clientFromString(reactor, f"tcp:127.0.0.1:{url.split(':')[2].strip('/')}")
        factory: Any = WebSocketClientFactory(url, receive)
        service = ClientService(endpoint, factory, retryPolicy=lambda _: 0.0)
        service.startService()
        return enough.addCallback(lambda _: service.stopService())

    with peer(lambda websocket: websocket.send("hello")) as url:
        run(start, url)
    assert received == ["hello"] * 3
