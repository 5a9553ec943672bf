"""Headers, subprotocols and other lists of a host's: every form that is right, and what is refused by its name."""

from __future__ import annotations

import email.message
import wsgiref.headers
from array import array
from collections import ChainMap, OrderedDict, UserString, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from sansock import Binary, Connection, InvalidArgument, MessageKind, Request, Text, parse_url

from conftest import URL, Pair

Pairs = list[tuple[str, str]]
Send = Callable[[Any], Pairs]
# These take arguments of wrong types below.
CLIENT: Any = Connection.client
PARSE: Any = parse_url


class OwnMapping(Mapping[str, str]):
    """A mapping with the methods of ``collections.abc`` only."""

    def __getitem__(self, name: str) -> str:
        return {"X-One": "1", "X-Two": "2"}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("X-One", "X-Two"))

    def __len__(self) -> int:
        return 2


class MultiDict(dict[str, str]):
    """A mapping whose ``items`` repeat a name, as those of several packages do."""

    def items(self) -> Any:
        return [("X-One", "1"), ("X-One", "2")]


def message() -> email.message.Message:
    """What ``http.client`` and ``http.server`` keep headers in. It is no ``Mapping``."""
    headers = email.message.Message()
    headers.add_header("X-One", "1")
    headers.add_header("X-One", "2")
    return headers


def pairs() -> Iterator[tuple[str, str]]:
    yield "X-One", "1"
    yield "X-Two", "2"


Named = namedtuple("Named", ["name", "value"])
ONE: Pairs = [("X-One", "1")]
BOTH: Pairs = [*ONE, ("X-Two", "2")]
REPEATED: Pairs = [*ONE, ("X-One", "2")]

HEADERS: dict[str, tuple[Callable[[], Any], Pairs]] = {
    "dict": (lambda: {"X-One": "1", "X-Two": "2"}, BOTH),
    "dict of bytes": (lambda: {b"X-One": b"1"}, ONE),
    "empty dict": (dict, []),
    "OrderedDict": (lambda: OrderedDict([("X-Two", "2"), ("X-One", "1")]), BOTH[::-1]),
    "ChainMap": (lambda: ChainMap({"X-One": "1"}), ONE),
    "MappingProxyType": (lambda: MappingProxyType({"X-One": "1"}), ONE),
    "mapping of a class": (OwnMapping, BOTH),
    "mapping that repeats a name": (MultiDict, REPEATED),
    "email.message.Message": (message, REPEATED),
    "wsgiref.headers.Headers": (lambda: wsgiref.headers.Headers([*REPEATED]), REPEATED),
    "items of a dict": (lambda: {"X-One": "1"}.items(), ONE),
    "list of tuples": (lambda: [*REPEATED], REPEATED),
    "tuple of lists": (lambda: (["X-One", "1"], ["X-Two", "2"]), BOTH),
    "named tuples": (lambda: [Named("X-One", "1")], ONE),
    "generator": (pairs, BOTH),
    "zip": (lambda: zip(["X-One", "X-Two"], "12"), BOTH),
    "empty tuple": (tuple, []),
    "bytearray and memoryview": (lambda: [(bytearray(b"X-One"), memoryview(b"1"))], ONE),
    "two characters": (lambda: [("A", "b")], [("A", "b")]),
    "ISO 8859-1": (lambda: [("X-One", "\xe9")], [("X-One", "\xe9")]),
}

WRONG_HEADERS: dict[str, tuple[Any, str]] = {
    "str": ("AB", "headers must be a mapping or an iterable of pairs, not str"),
    "empty str": ("", "headers must be a mapping or an iterable of pairs, not str"),
    "bytes": (b"AB", "headers must be a mapping or an iterable of pairs, not bytes"),
    "bytearray": (bytearray(b"AB"), "headers must be .*, not bytearray"),
    "memoryview": (memoryview(b"AB"), "headers must be .*, not memoryview"),
    "number": (42, "headers must be .*, not int"),
    "class": (dict, "headers must be .*, not type"),
    "function": (pairs, "headers must be .*, not function"),
    "one pair": (("X-One", "1"), r"headers\[0\] must be a pair of name and value, not str"),
    "names": (["X-One"], r"headers\[0\] must be a pair of name and value, not str"),
    "pair that is a str": (["AB"], r"headers\[0\] must be a pair of name and value, not str"),
    "pair that is bytes": ([b"AB"], r"headers\[0\] must be a pair of name and value, not bytes"),
    "pair that is a set": ([{"A", "b"}], r"headers\[0\] must be a pair of name and value, not set"),
    "pair that is a dict": ([{"A": "a", "B": "b"}], r"headers\[0\] must be a pair of name and value, not dict"),
    "pair that is None": ([("A", "b"), None], r"headers\[1\] must be a pair of name and value, not NoneType"),
    "pair of one": ([("A",)], r"headers\[0\] must be a pair of name and value, not 1 elements"),
    "pair of three": ([("A", "b"), ["A", "b", "c"]], r"headers\[1\] must be a pair of name and value, not 3 elements"),
    "empty pair": ([()], r"headers\[0\] must be a pair of name and value, not 0 elements"),
    "value of 42": ([("X", 42)], r"headers\[0\]: value must be a str or bytes, not int"),
    "value of None": ([("X", None)], r"headers\[0\]: value must be a str or bytes, not NoneType"),
    "value of True": ([("X", True)], r"headers\[0\]: value must be a str or bytes, not bool"),
    "value that is a list": ([("X", ["1"])], r"headers\[0\]: value must be a str or bytes, not list"),
    "name of 42": ([(42, "x")], r"headers\[0\]: name must be a str or bytes, not int"),
    "name of None": ([(None, "x")], r"headers\[0\]: name must be a str or bytes, not NoneType"),
    "mapping to a number": ({"A": "b", "X": 42}, r"headers\[1\]: value must be a str or bytes, not int"),
    "mapping to lists": ({"X": ["1", "2"]}, r"headers\[0\]: value must be a str or bytes, not list"),
    "mapping to None": ({"X": None}, r"headers\[0\]: value must be a str or bytes, not NoneType"),
    "mapping of numbers": ({42: "x"}, r"headers\[0\]: name must be a str or bytes, not int"),
}

HEADERS_NOT_ALLOWED: dict[str, tuple[Any, str]] = {
    "not in ISO 8859-1": ([("A", "b"), ("X", "\u20ac")], r"headers\[1\]: value .* ISO 8859-1"),
    "name not in ISO 8859-1": ([("\u20ac", "x")], r"headers\[0\]: name .* ISO 8859-1"),
    "two lines": ([("A", "b"), ("X", "1\r\nY: 2")], r"headers\[1\]"),
    "empty name": ([("", "x")], r"headers\[0\]"),
    "of the handshake": ({"Sec-WebSocket-Accept": "x"}, r"headers\[0\]"),
}

WRONG_SUBPROTOCOLS: dict[str, tuple[Any, str]] = {
    "str": ("chat", "subprotocols must be an iterable of str, not str"),
    "empty str": ("", "subprotocols must be an iterable of str, not str"),
    "bytes": (b"chat", "subprotocols must be an iterable of str, not bytes"),
    "bytearray": (bytearray(b"chat"), "subprotocols must be an iterable of str, not bytearray"),
    "array": (array("b", b"chat"), "subprotocols must be an iterable of str, not array"),
    "number": (5, "subprotocols must be an iterable of str, not int"),
    "UserString": (UserString("chat"), r"subprotocols\[0\] must be a str, not UserString"),
    "bytes inside": (["chat", b"echo"], r"subprotocols\[1\] must be a str, not bytes"),
    "None inside": (["chat", None], r"subprotocols\[1\] must be a str, not NoneType"),
    "number inside": ([5], r"subprotocols\[0\] must be a str, not int"),
    "list inside": ([["chat"]], r"subprotocols\[0\] must be a str, not list"),
}


def by_client(headers: Any) -> Pairs:
    (request,) = Connection.server().receive(Connection.client(URL, headers=headers).take_output())
    assert isinstance(request, Request)
    return list(request.headers)


def asked(**options: Any) -> Connection:
    """A server that has a request to answer."""
    server = Connection.server(now=0, **options)
    server.receive(Connection.client(URL, subprotocols=["chat"], now=0).take_output(), 0)
    return server


def answer_of(server: Connection) -> Pairs:
    """The headers of its response."""
    lines = server.take_output().decode("latin-1").split("\r\n\r\n")[0].split("\r\n")[1:]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def by_server(headers: Any) -> Pairs:
    server = asked(headers=headers)
    server.accept(now=0)
    return answer_of(server)


def by_accept(headers: Any) -> Pairs:
    server = asked()
    server.accept(headers=headers, now=0)
    return answer_of(server)


def by_reject(headers: Any) -> Pairs:
    server = asked()
    server.reject(403, headers=headers, now=0)
    return answer_of(server)


def by_respond(headers: Any) -> Pairs:
    server = asked()
    server.respond(200, headers=headers, now=0)
    return answer_of(server)


SENDS = pytest.mark.parametrize("send", [by_client, by_server, by_accept, by_reject, by_respond])


@SENDS
@pytest.mark.parametrize("form", HEADERS)
def test_forms_of_headers(send: Send, form: str) -> None:
    make, expected = HEADERS[form]
    for _ in range(2):
        assert [pair for pair in send(make()) if pair[0].startswith("X-") or pair[0] == "A"] == expected


@SENDS
@pytest.mark.parametrize("form", WRONG_HEADERS)
def test_headers_of_a_wrong_type(send: Send, form: str) -> None:
    headers, text = WRONG_HEADERS[form]
    for _ in range(2):
        with pytest.raises(TypeError, match=f"^{text}$"):
            send(headers)


@SENDS
@pytest.mark.parametrize("form", HEADERS_NOT_ALLOWED)
def test_headers_that_are_not_allowed(send: Send, form: str) -> None:
    headers, text = HEADERS_NOT_ALLOWED[form]
    with pytest.raises(InvalidArgument, match=f"^{text}"):
        send(headers)


@pytest.mark.parametrize("send", [by_accept, by_reject, by_respond])
def test_an_answer_has_no_headers_of_none(send: Send) -> None:
    with pytest.raises(TypeError, match=r"^headers must be .*, not NoneType$"):
        send(None)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (42, "x", "name must be a str or bytes, not int"),
        ("X", 42, "value must be a str or bytes, not int"),
        ("X", None, "value must be a str or bytes, not NoneType"),
        ("X", ["1"], "value must be a str or bytes, not list"),
    ],
)
def test_a_header_of_a_wrong_type(name: Any, value: Any, text: str) -> None:
    with pytest.raises(TypeError, match=f"^{text}$"):
        asked().add_response_header(name, value)


@pytest.mark.parametrize("create", [Connection.server, lambda **options: Connection.client(URL, **options)])
@pytest.mark.parametrize("form", WRONG_SUBPROTOCOLS)
def test_subprotocols_of_a_wrong_type(create: Callable[..., Connection], form: str) -> None:
    subprotocols, text = WRONG_SUBPROTOCOLS[form]
    create(subprotocols=["chat"])
    for _ in range(2):
        with pytest.raises(TypeError, match=f"^{text}$"):
            create(subprotocols=subprotocols)


@pytest.mark.parametrize("make", [list, tuple, iter, dict.fromkeys])
def test_forms_of_subprotocols(make: Callable[[Iterable[str]], Any]) -> None:
    (request,) = Connection.server().receive(Connection.client(URL, subprotocols=make(["b", "a"])).take_output())
    assert isinstance(request, Request)
    assert request.subprotocols == ("b", "a")


@pytest.mark.parametrize("names", [["two words"], ["a", "a"], ["a", ""], ["a", "\u20ac"], ["a", "\ud800"]])
def test_subprotocols_that_are_not_allowed(names: list[str]) -> None:
    with pytest.raises(InvalidArgument, match=rf"^subprotocols\[{len(names) - 1}\]"):
        Connection.client(URL, subprotocols=names)


@pytest.mark.parametrize(
    ("subprotocol", "text"),
    [
        (b"chat", "subprotocol must be a str, not bytes"),
        (["chat"], "subprotocol must be a str, not list"),
        (5, "subprotocol must be a str, not int"),
    ],
)
def test_a_choice_of_a_wrong_type(subprotocol: Any, text: str) -> None:
    with pytest.raises(TypeError, match=f"^{text}$"):
        asked().accept(subprotocol, now=0)


@pytest.mark.parametrize("subprotocol", ["", "echo", "\u20ac", "\ud800"])
def test_a_choice_that_is_not_offered(subprotocol: str) -> None:
    with pytest.raises(InvalidArgument, match=r"^subprotocol"):
        asked(subprotocols=["chat"]).accept(subprotocol, now=0)


WRONG_MESSAGES: dict[str, tuple[Any, str]] = {
    "str": ("hello", "messages must be an iterable of str and bytes-like objects, not str"),
    "empty str": ("", "messages must be .*, not str"),
    "bytes": (b"hello", "messages must be .*, not bytes"),
    "bytearray": (bytearray(b"hello"), "messages must be .*, not bytearray"),
    "memoryview": (memoryview(b"hello"), "messages must be .*, not memoryview"),
    "array": (array("b", b"hello"), "messages must be .*, not array"),
    "number": (5, "messages must be .*, not int"),
    "None": (None, "messages must be .*, not NoneType"),
    "number inside": (["one", 5], r"messages\[1\] must be a str or a bytes-like object, not int"),
    "None inside": ([b"one", None], r"messages\[1\] must be a str or a bytes-like object, not NoneType"),
    "list inside": ([["one"]], r"messages\[0\] must be a str or a bytes-like object, not list"),
}


@pytest.mark.parametrize("form", WRONG_MESSAGES)
def test_messages_of_a_wrong_type(pair: Pair, form: str) -> None:
    messages, text = WRONG_MESSAGES[form]
    with pytest.raises(TypeError, match=f"^{text}$"):
        pair.server.send_batch(messages)
    assert pair.server.pending_output == 0


def test_forms_of_messages(pair: Pair) -> None:
    forms: list[Iterable[Any]] = [["a", b"b"], ("a", b"b"), iter(["a", b"b"]), {"a": 1, b"b": 2}]
    for form in forms:
        pair.server.send_batch(form)
        assert pair.to_client() == [Text("a"), Binary(b"b")]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda c: PARSE(b"ws://a/"), "url must be a str, not bytes"),
        (lambda c: PARSE(None), "url must be a str, not NoneType"),
        (lambda c: CLIENT(b"ws://a/"), "url must be a str, not bytes"),
        (lambda c: CLIENT(["ws://a/"]), "url must be a str, not list"),
        (lambda c: CLIENT(UserString(URL)), "url must be a str, not UserString"),
        (lambda c: CLIENT(URL, origin=b"http://a"), "origin must be a str, not bytes"),
        (lambda c: CLIENT(URL, origin=["http://a"]), "origin must be a str, not list"),
        (lambda c: CLIENT(URL, key=bytes(16)), "key must be a str, not bytes"),
        (lambda c: CLIENT(URL, seed="x" * 32), "seed must be a bytes-like object, not str"),
        (lambda c: CLIENT(URL, seed=[0] * 32), "seed must be a bytes-like object, not list"),
        (lambda c: CLIENT(URL, seed=32), "seed must be a bytes-like object, not int"),
        (lambda c: CLIENT(URL, now=0.5), "now must be an int, not float"),
        (lambda c: CLIENT(URL, max_message_size="1"), "max_message_size must be an int, not str"),
        (lambda c: c.receive("text"), "data must be a bytes-like object, not str"),
        (lambda c: c.receive([1, 2]), "data must be a bytes-like object, not list"),
        (lambda c: c.timeout("now"), "now must be an int, not str"),
        (lambda c: c.send(5), "message must be a str or a bytes-like object, not int"),
        (lambda c: c.send_text(["a"]), "text must be a str or a bytes-like object, not list"),
        (lambda c: c.send_binary("text"), "data must be a bytes-like object, not str"),
        (lambda c: c.send_part(5, True, MessageKind.TEXT), "data must be a str or a bytes-like object, not int"),
        (lambda c: c.send_part("text", True, MessageKind.BINARY), "data must be a bytes-like object, not str"),
        (lambda c: c.ping("text"), "payload must be a bytes-like object, not str"),
        (lambda c: c.pong([1]), "payload must be a bytes-like object, not list"),
        (lambda c: c.close(1000, 5), "reason must be a str or a bytes-like object, not int"),
        (lambda c: c.close("1000"), "code must be an int, not str"),
        (lambda c: c.fail(1011, ["r"]), "reason must be a str or a bytes-like object, not list"),
        (lambda c: c.written("1"), "length must be an int, not str"),
        (lambda c: c.reject("403"), "status must be an int, not str"),
        (lambda c: c.reject(403, body="text"), "body must be a bytes-like object, not str"),
        (lambda c: c.reject(403, body=[1]), "body must be a bytes-like object, not list"),
        (lambda c: c.respond(200, 5), "reason must be a str or bytes, not int"),
        (lambda c: c.accept(deflate="no"), "deflate must be an int, not str"),
        (lambda c: c.accept(client_max_window_bits=None), "client_max_window_bits must be an int, not NoneType"),
        (lambda c: c.receive_request(None), "fields must be a mapping or an iterable of pairs, not NoneType"),
        (lambda c: c.receive_request([], 2), "http_version must be a str, not int"),
        (lambda c: c.receive_request([], b"2"), "http_version must be a str, not bytes"),
        (lambda c: c.receive_request([], "2", "now"), "now must be an int, not str"),
        (lambda c: c.request_fields(1.1), "http_version must be a str, not float"),
        (lambda c: c.request_fields("2", "now"), "now must be an int, not str"),
        (lambda c: c.receive_response("200"), "status must be an int, not str"),
        (lambda c: c.receive_response(200, [("a", 1)]), r"fields\[0\]: value must be a str or bytes, not int"),
        (lambda c: c.receive_response(200, now="now"), "now must be an int, not str"),
    ],
)
def test_other_arguments_of_a_wrong_type(pair: Pair, call: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(TypeError, match=f"^{text}$"):
        call(pair.server)
    assert pair.server.pending_output == 0


def test_a_kind_of_message_of_a_wrong_type(server: Connection) -> None:
    kind: Any = "text"
    with pytest.raises(ValueError, match="'text' is not a valid MessageKind"):
        server.send_part(b"x", True, kind)
    with pytest.raises(ValueError, match="'text' is not a valid MessageKind"):
        server.send_header(kind, 1)
    assert server.pending_output == 0


def test_urls_with_lone_surrogates() -> None:
    for use in (parse_url, Connection.client):
        with pytest.raises(InvalidArgument, match=r"^url has a lone surrogate"):
            use("ws://a/\ud800")
