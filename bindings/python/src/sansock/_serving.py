"""What a server does with a connection, whatever the library that does the I/O: decide, run the handler, close."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from inspect import isawaitable
from re import Pattern
from typing import Any, Callable

from ._arguments import HeadersInput
from ._connection import Connection
from ._errors import SansockError
from ._events import Request
from ._exceptions import ConnectionClosed
from ._numbers import FAULT_STATUSES
from ._session import Session
from ._settings import Origins, Settings
from ._websocket import WebSocket

__all__ = ["Response", "check", "end_connection", "run_handler", "serve_connection"]

Call = Callable[[Callable[[Any], Any], Any], Any]

logger = logging.getLogger("sansock")


@dataclass(frozen=True)
class Response:
    """An HTTP response that opens no connection: a page, a health check, a refusal.

    Attributes:
        status: The HTTP status, 200 to 599.
        headers: Its headers: a mapping, or an iterable of pairs. ``Content-Length`` and ``Connection`` are added.
        body: Its body.
        reason: The reason phrase. Default: the usual one of the status.
    """

    status: int
    headers: HeadersInput = ()
    body: bytes = b""
    reason: str = ""


def check(settings: Settings) -> None:
    """Raises what is wrong with an option, before the first connection."""
    Connection.server(**settings.engine).free()


async def serve_connection(
    session: Session,
    websocket: WebSocket,
    settings: Settings,
    handler: Callable[[Any], Awaitable[None] | None],
    seen: Any = None,
    call: Call = lambda function, argument: function(argument),
) -> None:
    """Answers the request, runs the handler, and closes the connection: with 1011 if the handler fails.

    Args:
        session: The session.
        websocket: The connection.
        settings: The options of the server.
        handler: What the user wrote. It may be a coroutine function.
        seen: What the handler is given; default: the connection.
        call: Calls what the user wrote.
    """
    seen = websocket if seen is None else seen
    # What comes with the request may end with a Close.
    session.is_handled = True
    if await _answer(session, websocket, settings, seen, call):
        await run_handler(websocket, handler, seen, call)


async def run_handler(
    websocket: WebSocket,
    handler: Callable[[Any], Awaitable[None] | None],
    seen: Any,
    call: Call = lambda function, argument: function(argument),
) -> None:
    """Runs a handler, and closes the connection: with 1011 if the handler fails."""
    code, websocket._session.is_handled = 1000, True
    try:
        result = call(handler, seen)
        if isawaitable(result):
            await result
    except ConnectionClosed:
        pass
    except Exception:
        logger.exception("the handler of a connection failed")
        code = 1011
    await websocket.close(code)


def end_connection(session: Session, code: int, reason: str) -> None:
    """Closes a connection because its server ends. A request that has not been answered is refused with 503."""
    with suppress(SansockError):
        if session.opened is None and session.request is not None:
            session.handle(session.connection.reject(503, now=session.now()))
            session.host.changed()
        else:
            session.close(code, reason)


async def _answer(session: Session, websocket: WebSocket, settings: Settings, seen: Any, call: Call) -> bool:
    """Decides on the request. Returns whether the connection is open."""
    request = await session.until_request()
    if request is None:
        return False
    websocket.request = request
    response = await _decide(request, settings, seen, call)
    if session.closed is not None:
        return False
    connection, now = session.connection, session.now()
    if response is None:
        session.handle(connection.accept(now=now))
        websocket.response = session.opened
    else:
        status, headers, body, reason = response.status, response.headers, response.body, response.reason
        session.handle(connection.respond(status, reason, headers, body, now))
    session.host.changed()
    return response is None


async def _decide(request: Request, settings: Settings, seen: Any, call: Call) -> Response | None:
    """The response that is sent instead of a connection, if any."""
    if settings.process_request is not None:
        try:
            response = call(settings.process_request, seen)
            response = await response if isawaitable(response) else response
        except Exception:
            logger.exception("process_request failed")
            response = _plain(500)
        if response is not None:
            return response  # type: ignore[no-any-return]
    if request.fault is not None:
        return _plain(FAULT_STATUSES.get(request.fault, 400))
    return None if is_allowed(request, settings.origins) else _plain(403)


def is_allowed(request: Request, origins: Origins) -> bool:
    """Whether the request comes from a page that may connect (RFC 6455 section 10.2)."""
    if origins is None:
        return True
    if origins == "same":
        return request.same_origin
    allowed: Iterable[str | Pattern[str] | None] = [origins] if isinstance(origins, str) else origins
    return any(_matches(request.origin, each) for each in allowed)


def _matches(origin: str | None, allowed: str | Pattern[str] | None) -> bool:
    if isinstance(allowed, Pattern):
        return origin is not None and allowed.fullmatch(origin) is not None
    return origin == allowed


def _plain(status: int) -> Response:
    text = HTTPStatus(status).phrase
    return Response(status, {"Content-Type": "text/plain"}, f"{text}\n".encode())
