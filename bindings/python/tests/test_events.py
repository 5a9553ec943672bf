"""Events are values."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
import typing

import pytest

from sansock import (
    Batch,
    Binary,
    Closed,
    Closing,
    Event,
    Fault,
    Frame,
    Head,
    MessageKind,
    Open,
    OriginRelation,
    Ping,
    Pong,
    Rejected,
    ReportedFault,
    Request,
    Text,
    Url,
)

EXAMPLES: list[object] = [
    Request("/", "a", None, OriginRelation.ABSENT, ("chat",), (), (("Host", "a"),), "chat", "GET", None),
    Open("chat", ("permessage-deflate",), ()),
    Rejected(403, (), b"no", False, "Forbidden"),
    Head(403, (("content-length", "2"),), b"no"),
    Text("hello"),
    Binary(b"hello"),
    Batch(("hello", b"hello")),
    Binary(b"hello", True, False),
    Frame(MessageKind.TEXT, b"hello", True, True, True, False, 5),
    Ping(b""),
    Pong(b"", 5),
    Closing(1000, "bye"),
    ReportedFault("UNMASKED", 1002),
    Closed(1006, "", False, True, None, Fault(401, "EOF", "the peer is gone", None, None, None)),
    Fault(202, "UNMASKED", "a frame from the client is not masked", None, None, 0),
    Url(True, "example.com", 443),
]


@pytest.mark.parametrize("value", EXAMPLES)
def test_values(value: typing.Any) -> None:
    assert not hasattr(value, "__dict__")
    names = [field.name for field in dataclasses.fields(value)]
    for name in names:
        with pytest.raises(AttributeError):
            setattr(value, name, None)
        with pytest.raises(AttributeError):
            delattr(value, name)
    with pytest.raises((AttributeError, TypeError)):
        value.another = 1
    for twin in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert twin == value
        assert hash(twin) == hash(value)
    changed = type(value)(*(getattr(value, name) for name in names[:-1]), "something else")
    assert changed != value
    assert repr(value).startswith(type(value).__name__ + "(")
    if sys.version_info >= (3, 10):
        assert type(value).__match_args__ == tuple(names)


def test_every_event_is_an_example() -> None:
    assert set(typing.get_args(Event)) <= {type(value) for value in EXAMPLES}


def test_kinds_are_not_equal() -> None:
    ping: object = Ping(b"x")
    assert ping != Binary(b"x")
    assert len({Text("x"), Text("x"), Text("y")}) == 2


def test_only_another_origin_is_not_the_same() -> None:
    requests = [Request("/", "a", None, relation, (), (), (), None, "GET", None) for relation in OriginRelation]
    assert [request.same_origin for request in requests] == [True, True, False]


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match came with Python 3.10")
def test_match() -> None:
    # The statement is compiled here, so that this file can be read by Python 3.9.
    namespace: dict[str, typing.Any] = {"Text": Text, "Pong": Pong, "Closed": Closed}
    exec(
        "def name(event):\n"
        "    match event:\n"
        "        case Text(data): return data\n"
        "        case Pong(payload, round_trip_time=int(time)): return payload, time\n"
        "        case Closed(code, reason, clean=False): return code, reason\n"
        "        case _: return None\n",
        namespace,
    )
    found = [namespace["name"](event) for event in EXAMPLES]
    assert [name for name in found if name is not None] == ["hello", (b"", 5), (1006, "")]
