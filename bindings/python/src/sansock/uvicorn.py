"""WebSocket for uvicorn: ``uvicorn --ws sansock.uvicorn:WebSocketProtocol example:app``.

It follows uvicorn's own options and answers an application as uvicorn's own protocols do. The differences: an
application that ends without ``websocket.close`` closes with 1000, or with 1011 if it failed; up to ``ws_max_queue``
messages are read ahead of the application; and no data is lost at the end, whoever closes.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache
from typing import Any, Callable, NamedTuple
from urllib.parse import unquote

from uvicorn.protocols.utils import (
    ClientDisconnected,
    get_client_addr,
    get_local_addr,
    get_path_with_query_string,
    get_remote_addr,
    is_ssl,
)

from ._connection import Connection
from ._errors import TooLarge
from ._exceptions import ConnectionClosed
from ._numbers import OPTIONS
from ._session import Session
from ._settings import Settings, server_settings
from .asyncio._transport import Protocol

__all__ = ["WebSocketProtocol"]

_TRACE = 5
"""uvicorn's level of logging for what it does with connections."""
_NEVER = float(2**40)
"""A time in seconds that does not come."""
_PIECE = 1 << 20
"""The size of the parts of a message that is larger than the output may become."""
_WRITTEN_BY_THE_ENGINE = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_WITHOUT_BODY = frozenset({204, 304})


class _Session(Session):
    """A session that ends for the application when that has closed it, before the peer has answered."""

    __slots__ = ("disconnect", "max_messages")
    disconnect: dict[str, Any] | None
    max_messages: int

    @property
    def is_full(self) -> bool:
        return self._queued > self.max_queue or 0 < self.max_messages <= len(self.messages)

    def end(self, **disconnect: Any) -> None:
        """Nothing arrives any more. The first reason counts."""
        if self.disconnect is None:
            self.disconnect = {"type": "websocket.disconnect", **disconnect}
            if self._reader is not None:
                self.host.wake(self._reader)

    def ended(self) -> dict[str, Any] | None:
        """The event by which the application learns that nothing arrives any more, if that is so."""
        closed = self.closed
        if closed is not None and self.disconnect is None:
            if self.opened is None or (closed.code == 1006 and closed.sent_code is None):
                self.end(code=1006)
            elif closed.code == 1006:
                self.end(code=closed.sent_code, reason=closed.fault.text if closed.fault else "")
            else:
                self.end(code=closed.code, reason=closed.reason)
        return self.disconnect

    async def until_message(self) -> None:
        """Waits for a message, or the end."""
        while not self.messages and not self.ended():
            self._reader = waiter = self.host.new_waiter()
            try:
                await self.host.wait(waiter)
            finally:
                self._reader = None


class _Stage(NamedTuple):
    """What an application may send, and what it is told if it sends anything else."""

    steps: dict[str, Callable[[WebSocketProtocol, Any], Any]]
    otherwise: str


class WebSocketProtocol(Protocol):
    """One connection, from the request that uvicorn has read until its end, and the task of its application."""

    session: _Session
    session_class: type[Session] = _Session
    logger: logging.Logger
    stage: _Stage
    is_told: bool
    receiving: asyncio.Lock
    client: tuple[str, int] | None

    def __init__(
        self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        if not config.loaded:
            config.load()
        settings = _settings(
            config.ws_max_size, config.ws_ping_interval, config.ws_ping_timeout, config.ws_per_message_deflate
        )
        super().__init__(Connection.server(**settings.engine), settings)
        self.session.max_messages, self.session.disconnect = config.ws_max_queue or 0, None
        self.session.is_handled = True
        self.config = config
        self.app_state = app_state
        self.server_state = server_state
        self.logger = logging.getLogger("uvicorn.error")
        self.stage = _CONNECTING
        self.is_told = False
        self.receiving = asyncio.Lock()
        self.response: tuple[int, list[tuple[bytes, bytes]], list[bytes]] | None = None
        self.scope: dict[str, Any] = {}

    # What uvicorn and asyncio call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there. The request comes next, by ``data_received``."""
        super().connection_made(transport)
        self.client = get_remote_addr(self.transport)
        self.server_state.connections.add(self)
        self.trace("WebSocket connection made")

    def data_received(self, data: bytes) -> None:
        """Takes the request, as uvicorn has read it; what comes after it is read into the read buffer."""
        self.session.receive(data)
        if self.session.request is not None and not self.scope:
            self.scope = self.new_scope(self.session.request)
            task = self.loop.create_task(self.run())
            self.server_state.tasks.add(task)
            task.add_done_callback(self.server_state.tasks.discard)
        self.drive()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        super().connection_lost(exc)
        self.server_state.connections.discard(self)
        self.trace("WebSocket connection lost")

    def shutdown(self) -> None:
        """The server ends: so does every connection, with 1012, and a request that was not answered is refused."""
        if self.session.closed is not None:
            return
        if self.stage is _OPEN:
            self.session.end(code=1012)
            self.session.close(1012, "")
        elif self.stage is _CONNECTING and self.scope:
            self.respond(500, [], b"Internal Server Error")

    # The application

    def new_scope(self, request: Any) -> dict[str, Any]:
        """What the application is told about the connection."""
        path, _, query = request.target.partition("?")
        transport, root = self.transport, self.config.root_path
        return {
            "type": "websocket",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(transport) else "ws",
            "server": get_local_addr(transport),
            "client": self.client,
            "root_path": root,
            "path": root + unquote(path),
            "raw_path": (root + path).encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
            "subprotocols": list(request.subprotocols),
            "state": self.app_state.copy(),
            "extensions": {"websocket.http.response": {}},
        }

    async def run(self) -> None:
        """Runs the application, and does what it has left undone."""
        code = 1011
        try:
            result = await self.config.loaded_app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
        else:
            code = 1000 if result is None else 1011
            if self.stage is _CONNECTING:
                self.logger.error("ASGI callable returned without completing handshake.")
            elif result is not None:
                self.logger.error("ASGI callable should return None, but returned '%s'.", result)
        if self.session.closed is not None:
            return
        if self.stage is _OPEN:
            self.end(code, "")
        elif self.stage is _CONNECTING:
            self.respond(500, [], b"Internal Server Error")
        elif self.stage is _RESPONDING:
            self.send_response()

    async def receive(self) -> dict[str, Any]:
        """Returns the next event of the connection: what arrived, or its end."""
        if not self.is_told:
            self.is_told = True
            return {"type": "websocket.connect"}
        session = self.session
        while not session.messages:
            session.come_back()
            disconnect = session.ended()
            if disconnect is not None:
                # An application that goes on asking must not stop all others.
                await asyncio.sleep(0)
                return disconnect
            async with self.receiving:
                await session.until_message()
        message = session.pop()
        if not self.is_reading:
            self.drive()
        return {"type": "websocket.receive", "text" if message.__class__ is str else "bytes": message}

    async def send(self, message: Any) -> None:
        """Does what the application asks for.

        Raises:
            ClientDisconnected: The connection has ended.
            RuntimeError: The application may not ask for this now.
        """
        session = self.session
        while not self.may_write and session.closed is None:
            await session.until_written()
        if session.is_lost or (self.stage is not _DONE and session.ended()):
            raise ClientDisconnected
        step = self.stage.steps.get(message["type"])
        if step is None:
            raise RuntimeError(self.stage.otherwise % message["type"])
        waiting = step(self, message)
        if waiting is not None:
            await waiting

    # What it may ask for

    def accept(self, message: Any) -> None:
        """Opens the connection."""
        headers = [*self.server_state.default_headers, *message.get("headers", ())]
        events = self.session.connection.accept(message.get("subprotocol"), headers)
        self.log("[accepted]")
        self.stage = _OPEN
        self.session.handle(events)
        self.drive()

    def reject(self, message: Any) -> None:
        """Refuses it."""
        self.log("403")
        self.respond(403, [], b"")

    async def send_message(self, message: Any) -> None:
        """Sends a message, and waits while there is no room for it."""
        data = message.get("bytes")
        if data is None:
            data = message["text"]
        try:
            try:
                await self.websocket.send(data)
            except TooLarge:
                await self.websocket.send(_pieces(data))
        except ConnectionClosed:
            raise ClientDisconnected from None

    def close_connection(self, message: Any) -> None:
        """Starts the closing handshake. The application may be gone before the peer answers."""
        self.end(message.get("code", 1000), message.get("reason") or "")

    def start_response(self, message: Any) -> None:
        """Begins a response that opens no connection."""
        status = message["status"]
        if not 200 <= status < 600:
            raise RuntimeError(f"Invalid HTTP status code '{status}' in response.")
        self.log(str(status))
        self.response = status, [(name, value) for name, value in message.get("headers", ())], []
        self.stage = _RESPONDING

    def continue_response(self, message: Any) -> None:
        """Takes a part of its body. It is sent when it is complete, with its length."""
        assert self.response is not None
        self.response[2].append(message.get("body", b""))
        if not message.get("more_body", False):
            self.send_response()

    # How it is done

    def end(self, code: int, reason: str) -> None:
        """Closes the connection."""
        self.session.close(code, reason)
        self.session.end(code=code, reason=reason)
        self.stage = _DONE

    def send_response(self) -> None:
        """Sends the application's response; 500 if it is not one that can be sent."""
        assert self.response is not None
        (status, headers, parts), self.response, self.stage = self.response, None, _CONNECTING
        kept = [pair for pair in headers if pair[0].lower() not in _WRITTEN_BY_THE_ENGINE]
        if not any(name.lower() == b"content-type" for name, _ in kept):
            kept.append((b"content-type", b"text/plain; charset=utf-8"))
        self.respond(status, kept, b"" if status in _WITHOUT_BODY else b"".join(parts))

    def respond(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Refuses the request with this response, and uvicorn's headers where it has none of that name."""
        names = {name.lower() for name, _ in headers}
        added = [pair for pair in self.server_state.default_headers if pair[0].lower() not in names]
        self.session.handle(self.session.connection.respond(status, "", [*added, *headers], body))
        self.stage = _DONE
        self.drive()

    # Logging

    def log(self, outcome: str) -> None:
        """The line of the access log."""
        where = get_client_addr(self.scope), get_path_with_query_string(self.scope)  # type: ignore[arg-type]
        self.logger.info(f'%s - "WebSocket %s" {outcome}', *where)

    def trace(self, text: str) -> None:
        """A line about the transport, if uvicorn logs those."""
        if self.logger.level <= _TRACE:
            self.logger.log(_TRACE, "%s%s", "{}:{} - ".format(*self.client) if self.client else "", text)


_CONNECTING = _Stage(
    {
        "websocket.accept": WebSocketProtocol.accept,
        "websocket.close": WebSocketProtocol.reject,
        "websocket.http.response.start": WebSocketProtocol.start_response,
    },
    "Expected ASGI message 'websocket.accept', 'websocket.close' or 'websocket.http.response.start' but got '%s'.",
)
_OPEN = _Stage(
    {"websocket.send": WebSocketProtocol.send_message, "websocket.close": WebSocketProtocol.close_connection},
    "Expected ASGI message 'websocket.send' or 'websocket.close', but got '%s'.",
)
_RESPONDING = _Stage(
    {"websocket.http.response.body": WebSocketProtocol.continue_response},
    "Expected ASGI message 'websocket.http.response.body' but got '%s'.",
)
_DONE = _Stage({}, "Unexpected ASGI message '%s', after sending 'websocket.close'.")


@lru_cache(maxsize=8)
def _settings(
    max_size: int | None, ping_interval: float | None, ping_timeout: float | None, compression: bool
) -> Settings:
    """The options of uvicorn as ours. The request is there at once, and the application may take its time to answer."""
    return server_settings(
        {
            "compression": compression,
            "max_size": max_size or OPTIONS["max_message_size"].maximum,
            "ping_interval": ping_interval or None,
            "ping_timeout": ping_timeout or _NEVER,
            "open_timeout": _NEVER,
            "engine": {name: OPTIONS[name].maximum for name in ("max_head_size", "max_line_size", "max_headers")},
        }
    )


def _pieces(data: Any) -> Any:
    """A message in parts, none of which is too large."""
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
