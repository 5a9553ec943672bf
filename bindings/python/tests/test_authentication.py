"""Basic Authentication, under every adapter and alone."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("websockets.sync.client")

from test_hosts import connect_peer, echo, fetch
from websockets.exceptions import InvalidStatus as PeerRefused

import sansock
import sansock.asyncio
import sansock.sync
from sansock.asyncio import Response, basic_auth


async def tell(websocket: Any) -> None:
    await websocket.send(str(websocket.username))


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def knows(name: str, password: str) -> bool:
    return password == name * 2


CHECKS = {
    "pair": ("ann", "annann"),
    "pairs": [("bob", "bobbob"), ("ann", "annann")],
    "function": lambda name, password: password == name * 2,
    "coroutine": knows,
}


class TestServers:
    @pytest.mark.parametrize("credentials", CHECKS.values(), ids=CHECKS.keys())
    def test_who_knows_the_password(self, adapter: Any, credentials: Any) -> None:
        with adapter.serve(tell, process_request=basic_auth("a realm", credentials)) as server:
            with connect_peer(server.url, additional_headers=basic("ann:annann")) as client:
                assert client.recv() == "ann"
            for wrong in (basic("ann:wrong"), basic("eve:annann"), {}):
                with pytest.raises(PeerRefused, match="401") as caught:
                    connect_peer(server.url, additional_headers=wrong)
                headers = caught.value.response.headers
                assert headers["WWW-Authenticate"] == 'Basic realm="a realm", charset="UTF-8"'

    def test_credentials_of_a_url(self, adapter: Any) -> None:
        async def test() -> None:
            url = f"ws://ann:ann%3Aann@127.0.0.1:{server.address[1]}/"
            async with adapter.connect(url) as websocket:
                assert await websocket.recv() == "ann"
            with pytest.raises(sansock.InvalidStatus) as caught:
                async with adapter.connect(server.url):
                    pass
            assert caught.value.status == 401

        with adapter.serve(tell, process_request=basic_auth("a", ("ann", "ann:ann"))) as server:
            adapter.run(test)

    def test_another_hook_follows(self, adapter: Any) -> None:
        def decide(websocket: Any) -> Any:
            seen.append(websocket.username)
            return Response(200, body=b"well\n") if websocket.request.target == "/health" else None

        async def decide_later(websocket: Any) -> Any:
            return decide(websocket)

        for then in (decide, decide_later):
            seen: list[Any] = []
            hook = basic_auth("a", ("ann", "annann"), then)
            with adapter.serve(echo, process_request=hook) as server:
                assert fetch(server, "/health")[0] == 401
                assert seen == []
                with connect_peer(server.url, additional_headers=basic("ann:annann")) as client:
                    client.send("hello")
                    assert client.recv() == "hello"
                assert seen == ["ann"]
                assert fetch(server, "/health", headers=basic("ann:annann")) == (200, b"well\n")


def decided(credentials: Any, *values: str) -> tuple[Any, Any]:
    """What becomes of a request with these Authorization headers: the status, if any, and the user."""
    headers = [("Host", "a"), *(("AUTHORIZATION", value) for value in values)]
    websocket: Any = SimpleNamespace(request=SimpleNamespace(headers=headers), username=None)
    response: Any = basic_auth("a", credentials)(websocket)
    return response and response.status, websocket.username


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["Basic " + encoded(b"ann:p:w")], "ann"),
        (["basic  " + encoded(b"ann:p:w")], "ann"),
        (["Basic " + encoded("ü:€".encode())], "ü"),
        (["Basic " + encoded(b":")], ""),
    ],
)
def test_headers_that_are_valid(values: list[str], name: str) -> None:
    pairs = [("ann", "p:w"), ("ü", "€"), ("", "")]
    assert decided(pairs, *values) == (None, name)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["Basic"],
        ["Basic ?" + encoded(b"ann:p:w")],
        ["Basic " + encoded(b"ann:p:w")[:-1]],
        ["Basic " + encoded(b"annpw")],
        ["Basic " + encoded(b"ann:\xff")],
        ["Bearer " + encoded(b"ann:p:w")],
        ["Basic " + encoded(b"ann:p:w")] * 2,
    ],
)
def test_headers_that_are_not_valid(values: list[str]) -> None:
    assert decided([("ann", "p:w")], *values) == (401, None)


def test_every_pair_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("sansock._authentication.compare_digest", compare)
    pairs = [(name, name) for name in "abc"]
    for name in "abcd":
        compared.clear()
        decided(pairs, "Basic " + encoded(f"{name}:{name}".encode()))
        assert len(compared) == 6


@pytest.mark.parametrize("credentials", [5, "ann", ("ann",), ("ann", 5), [("ann", b"x")], ["ab", "cd", "ef"]])
def test_credentials_that_are_none(credentials: Any) -> None:
    with pytest.raises(TypeError):
        basic_auth("a", credentials)


def test_realms() -> None:
    with pytest.raises(ValueError, match="realm"):
        basic_auth("a\r\nX: b", ("a", "b"))
    websocket: Any = SimpleNamespace(request=SimpleNamespace(headers=[]))
    response: Any = basic_auth('say "a\\b"', ("a", "b"))(websocket)
    assert response.headers["WWW-Authenticate"] == 'Basic realm="say \\"a\\\\b\\"", charset="UTF-8"'


def test_it_is_the_same_everywhere() -> None:
    assert sansock.asyncio.basic_auth is sansock.sync.basic_auth
