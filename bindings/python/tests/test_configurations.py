"""Connections with the same options share a configuration, and nothing else."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from sansock import ClientOptions, Connection, InvalidArgument, Request, Text, _ffi, _numbers

from conftest import URL


def request_of(**options: Any) -> Request:
    """What a server sees of a client with these options."""
    (request,) = Connection.server().receive(Connection.client(URL, **options).take_output())
    assert isinstance(request, Request)
    return request


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The roles of the configurations that are made."""
    roles: list[int] = []
    config_new = _ffi.config_new

    def counting(role: int, configuration: Any) -> Any:
        roles.append(role)
        return config_new(role, configuration)

    monkeypatch.setattr(_ffi, "config_new", counting)
    return roles


def test_the_same_options_make_one_configuration(made: list[int]) -> None:
    options: ClientOptions = {"max_message_size": 12_345, "subprotocols": ["a", "b"], "headers": [("X-Kept", "1")]}
    for _ in range(3):
        Connection.client(URL, **options)
    assert made == [_numbers.ROLE_CLIENT]
    Connection.client(URL + "other", **options)
    Connection.server(max_message_size=12_345)
    assert made == [_numbers.ROLE_CLIENT, _numbers.ROLE_CLIENT, _numbers.ROLE_SERVER]


def test_what_is_not_an_option_of_the_engine_makes_none(made: list[int]) -> None:
    for now, seed in ((1, bytes(32)), (2, None)):
        Connection.server(max_message_size=23_456, now=now, seed=seed, batches=now == 2, ping_interval=None)
    assert made == [_numbers.ROLE_SERVER]


def test_a_client_with_a_key_displaces_nobody(made: list[int]) -> None:
    Connection.client(URL, max_message_size=34_567)
    for number in range(10):
        Connection.client(URL, key=b64encode(bytes([number] * 16)).decode(), max_message_size=34_567)
    assert len(made) == 1 + 10
    Connection.client(URL, key=None, max_message_size=34_567)
    assert len(made) == 1 + 10


def test_changed_options_take_effect() -> None:
    headers, subprotocols = [("X-One", "1")], ["a"]
    assert request_of(headers=headers, subprotocols=subprotocols).subprotocols == ("a",)
    headers.append(("X-Two", "2"))
    subprotocols[0] = "b"
    request = request_of(headers=headers, subprotocols=subprotocols)
    assert request.subprotocols == ("b",)
    assert ("X-Two", "2") in request.headers
    assert request_of(origin="http://a").origin == "http://a"
    assert request_of(origin="http://b").origin == "http://b"
    assert request_of().origin is None


@pytest.mark.parametrize(
    "headers", [[["X-One", "1"]], (("X-One", b"1"),), [(b"X-One", bytearray(b"1"))], {"X-One": "1"}.items()]
)
def test_forms_of_headers(headers: Any) -> None:
    for _ in range(2):
        assert ("X-One", "1") in request_of(headers=headers).headers
    assert ("X-One", "1") in request_of(headers=iter(headers)).headers


def test_equal_values_of_other_types_are_other_options() -> None:
    Connection.server(parts=True, max_message_size=1)
    with pytest.raises(TypeError):
        Connection.server(parts=1.0, max_message_size=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Connection.client(URL, subprotocols="chat")


def test_a_mistake_raises_each_time() -> None:
    for _ in range(2):
        with pytest.raises(InvalidArgument):
            Connection.server(max_headers=0)


def test_connections_of_one_configuration_are_apart() -> None:
    servers = [Connection.server(start_open=True) for _ in range(2)]
    servers[0].close()
    client = Connection.client(start_open=True)
    client.send("text")
    assert servers[1].receive(client.take_output()) == [Text("text")]


def test_more_configurations_than_are_kept() -> None:
    connections = [Connection.server(start_open=True, max_message_size=size) for size in range(1, 20)]
    for size, connection in enumerate(connections, 1):
        client = Connection.client(start_open=True)
        client.send_batch(["x" * size, "y" * (size + 1)])
        events = connection.receive(client.take_output())
        while connection.more:
            events += connection.timeout()
        assert events[0] == Text("x" * size)
        assert connection.fault is not None
        assert connection.fault.name == "MESSAGE_TOO_BIG"
