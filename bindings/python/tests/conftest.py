"""Helpers of the tests: where the repository is, and two connections that are open to each other."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sansock import Connection, Event

from drivers import ADAPTERS, Certificates, Twisted

# A shell that starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[3]
SEED = bytes(range(32))
URL = "ws://example.com/"

counts_references = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="without reference counts nothing says when garbage is freed"
)
if not all(find_spec(name) for name in ("trio", "websockets", "wsproto")):
    # What these compare with is not there for every Python.
    collect_ignore = ["compat"]


def import_or_skip(name: str) -> Any:
    """A module, unless it is not there, or not for this Python: Curio fails in other ways than by ImportError."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        pytest.skip(f"{name} cannot be imported: {error}")


class Pair:
    """A client and a server, without a transport between them."""

    def __init__(self, client: dict[str, Any], server: dict[str, Any]) -> None:
        self.client = Connection.client(URL, seed=SEED, now=0, **client)
        self.server = Connection.server(seed=SEED, now=0, **server)
        self.server.receive(self.client.take_output(), 0)
        self.server.accept(now=0)
        self.client.receive(self.server.take_output(), 0)

    def to_server(self, now: int = 0) -> list[Event]:
        return self.server.receive(self.client.take_output(), now)

    def to_client(self, now: int = 0) -> list[Event]:
        return self.client.receive(self.server.take_output(), now)


@pytest.fixture
def pair() -> Pair:
    return Pair({}, {})


@pytest.fixture
def server() -> Iterator[Connection]:
    with Connection.server(start_open=True, seed=SEED, now=0) as connection:
        yield connection


def everything(connection: Connection, events: list[Event]) -> list[Event]:
    """These events, and the ones that are ready after them."""
    while connection.more:
        assert connection.next_deadline == 0
        events += connection.timeout(0)
    return events


def masked(first: int, payload: bytes, mask: bytes = b"\x00" * 4) -> bytes:
    """A client's frame, written by hand."""
    if len(payload) < 126:
        length = bytes([0x80 | len(payload)])
    elif len(payload) < 65536:
        length = bytes([0xFE]) + len(payload).to_bytes(2, "big")
    else:
        length = bytes([0xFF]) + len(payload).to_bytes(8, "big")
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return bytes([first]) + length + mask + mixed.to_bytes(len(payload), "big")


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> Any:
    if request.param.name not in ("asyncio", "threads"):
        import_or_skip(request.param.name)
    return request.param


@pytest.fixture(scope="session", autouse=True)
def _reactor() -> Iterator[None]:
    yield
    for adapter in ADAPTERS:
        if isinstance(adapter, Twisted):
            adapter.stop()


@pytest.fixture(scope="session")
def certificates() -> Certificates:
    return Certificates()
