"""HTTP Basic Authentication of the clients of a server (RFC 7617)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Awaitable, Iterable
from hmac import compare_digest
from inspect import isawaitable
from typing import Any, Callable, Union

from ._serving import Response
from ._settings import ProcessRequest

__all__ = ["Credentials", "basic_auth"]

Check = Callable[[str, str], Union[bool, Awaitable[bool]]]
Credentials = Union[tuple[str, str], Iterable[tuple[str, str]], Check]


def basic_auth(realm: str, credentials: Credentials, then: ProcessRequest | None = None) -> ProcessRequest:
    """Makes a ``process_request`` that asks for a name and a password, and refuses all others with 401.

    The name is the ``username`` of the connection afterwards. Credentials are readable to everybody on the way, so the
    server should have TLS.

    Args:
        realm: What the credentials are for. Browsers show it.
        credentials: A name and a password, or several such pairs, which are compared in constant time; or a function
            of both that returns whether they are right. It may be a coroutine function where the adapter knows them.
        then: Another ``process_request``, which is called with those who have shown their credentials.

    Raises:
        ValueError: The realm cannot be in a header.
        TypeError: The credentials are none of these.
    """
    if not realm.isprintable():
        raise ValueError("the realm has characters that are not printable")
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    refusal = Response(401, {"WWW-Authenticate": f'Basic realm="{quoted}", charset="UTF-8"'})
    check = credentials if callable(credentials) else _comparison(credentials)

    def process_request(websocket: Any) -> Any:
        given = _given(websocket.request.headers)
        if given is None:
            return refusal
        is_right = check(*given)
        return _later(websocket, given, is_right) if isawaitable(is_right) else _decide(websocket, given, is_right)

    def _decide(websocket: Any, given: tuple[str, str], is_right: bool) -> Any:
        if not is_right:
            return refusal
        websocket.username = given[0]
        return None if then is None else then(websocket)

    async def _later(websocket: Any, given: tuple[str, str], is_right: Awaitable[bool]) -> Any:
        result = _decide(websocket, given, await is_right)
        return await result if isawaitable(result) else result

    return process_request


def _comparison(credentials: Any) -> Check:
    """Compares with all pairs, whichever is right."""
    listed = tuple(credentials)
    pairs = [listed] if len(listed) == 2 and isinstance(listed[0], str) else listed
    if isinstance(credentials, str) or not all(_is_pair(pair) for pair in pairs):
        raise TypeError("credentials are a name and a password, several such pairs, or a function")
    encoded = [(name.encode(), password.encode()) for name, password in pairs]

    def check(name: str, password: str) -> bool:
        given, is_right = (name.encode(), password.encode()), False
        for pair in encoded:
            is_right |= compare_digest(pair[0], given[0]) & compare_digest(pair[1], given[1])
        return is_right

    return check


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(each, str) for each in pair)


def _given(headers: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """The name and the password of a request; None if there is not one valid Authorization header."""
    values = [value for name, value in headers if name.lower() == "authorization"]
    scheme, _, encoded = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None
