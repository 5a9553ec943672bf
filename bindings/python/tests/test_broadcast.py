"""One message for many connections, under every adapter."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

pytest.importorskip("websockets.sync.client")

from test_hosts import connect_peer
from test_session import Link

from sansock import Connection, PreparedMessage
from sansock._broadcasting import broadcast, to_many


class TestBroadcast:
    @pytest.mark.parametrize("compression", [True, False])
    def test_all_get_it(self, adapter: Any, compression: bool) -> None:
        members: list[Any] = []

        async def tell_all(websocket: Any) -> None:
            members.append(websocket)
            async for message in websocket:
                adapter.broadcast(members, message)

        with adapter.serve(tell_all, compression=compression) as server, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect_peer(server.url)) for _ in range(5)]
            for client in clients:
                client.ping().wait(10)
            while len(members) < len(clients):
                clients[0].ping().wait(10)
            for message in ("héllo " * 100, b"\x00\xff" * 100, ""):
                clients[2].send(message)
                assert [client.recv() for client in clients] == [message] * 5

    def test_who_has_gone_is_left_out(self, adapter: Any) -> None:
        members: list[Any] = []

        async def tell_all(websocket: Any) -> None:
            members.append(websocket)
            async for message in websocket:
                adapter.broadcast(members, message)

        with adapter.serve(tell_all) as server, connect_peer(server.url) as client:
            connect_peer(server.url).close()
            client.send("hello")
            assert client.recv() == "hello"

    def test_what_is_no_message(self, adapter: Any) -> None:
        with pytest.raises(TypeError):
            adapter.broadcast([], 5)
        with pytest.raises(TypeError):
            adapter.broadcast([], ["a", "b"])


def test_it_is_encoded_and_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    links, sent = [Link(client={"deflate": True}, server={"deflate": True}) for _ in range(3)], []
    send_prepared = Connection.send_prepared

    def note(connection: Connection, message: PreparedMessage) -> None:
        send_prepared(connection, message)
        sent.append((message, message.memory_usage()))

    monkeypatch.setattr(Connection, "send_prepared", note)
    text = "héllo, " * 100
    send = to_many(text)
    for link in links:
        send(link.client.session)
        link.move()
        assert link.server.do(link.server.websocket.recv()) == text
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert len(text.encode()) < sent[0][1] < len(text.encode()) + 200


def test_who_does_not_read_is_left_out() -> None:
    link = Link(client={"output_soft_limit": 1000})
    send = to_many(b"m" * 900)
    for _ in range(10):
        send(link.client.session)
    assert link.client.session.connection.pending_output < 2000
    link.move()
    assert len(link.server.session.messages) == 2
    send(link.client.session)
    link.move()
    assert len(link.server.session.messages) == 3


def test_who_sends_fragments_is_left_out() -> None:
    link = Link()
    link.client.do(link.client.session.take_turn())
    to_many("hello")(link.client.session)
    assert link.client.session.connection.pending_output == 0
    link.client.session.end_turn()
    to_many("hello")(link.client.session)
    link.move()
    assert link.server.do(link.server.websocket.recv()) == "hello"


def test_who_would_have_to_wait_is_returned() -> None:
    full, free, sending, ended = (Link(server={"output_soft_limit": 100}) for _ in range(4))
    full.server.session.connection.send("x" * 100)
    sending.server.session.is_sending = True
    ended.server.session.lost()
    everyone = [link.server.websocket for link in (full, free, sending, ended)]
    assert broadcast(everyone, "hello") == [full.server.websocket, sending.server.websocket]
    free.move()
    assert free.client.do(free.client.websocket.recv()) == "hello"
    full.move()
    assert broadcast(everyone, "again") == [sending.server.websocket]
